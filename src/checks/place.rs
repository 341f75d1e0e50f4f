//! Where: what is recommended for this machine and why, and what else could be chosen.

use super::answers::ONLY_DOCKER;
use super::memory::SMALL_ONLY;
use super::outcome::Facts;
use crate::model::answers::{PlatformKind, Shape};
use crate::model::choice::PlatformChoice;
use crate::model::host::KubeContext;
use crate::words::figures;

/// What kerbup recommends for this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Platform.
    pub platform: PlatformKind,
    /// Shape.
    pub shape: Shape,
    /// One or two sentences: why, on this very machine.
    pub because: String,
}

/// Why the full shape cannot run here at all, where that is certain.
fn full_is_out(f: &Facts) -> Option<String> {
    if f.host.cpu.userland_bits.get().is_some_and(|bits| *bits < 64) {
        return Some("this system is 32-bit, and library and database are made for 64-bit only".into());
    }
    let arch = f.host.cpu.arch.get()?;
    let lacking =
        f.needs.images.iter().find(|i| i.part != "agent" && !i.present && i.builds(f.host).is_some_and(|all| !all.contains(arch)))?;
    Some(format!("{} has no build for this processor ({arch})", product(&lacking.part)))
}

fn product(part: &str) -> &str {
    match part {
        "vault" => "the library (Vault)",
        "mongodb" => "the recordings list (MongoDB)",
        "minio" => "the video store (MinIO)",
        "rabbitmq" => "the events (RabbitMQ)",
        other => other,
    }
}

/// The library's image may or may not be made for this processor.
fn library_in_doubt(f: &Facts) -> bool {
    let arm = f.host.cpu.arch.get().is_some_and(|a| a == "arm64");
    let told = f.needs.images.iter().find(|i| i.part == "vault").is_some_and(|i| i.present || i.builds(f.host).is_some());
    arm && !told
}

/// What suits this machine, with the reason.
pub fn recommend(f: &Facts) -> Recommendation {
    let small = |because: String| Recommendation { platform: PlatformKind::Docker, shape: Shape::Small, because };
    if let Some(why) = full_is_out(f) {
        return small(format!("Cameras alone, recording to the disk, because {why}."));
    }
    let memory = f.host.memory.get().map(|m| m.total);
    if let Some(total) = memory.filter(|t| *t <= SMALL_ONLY) {
        return small(format!(
            "Cameras alone, recording to the disk: this machine has {} of memory, and library and database want 2 GB with the cameras.",
            figures::memory(total)
        ));
    }
    let one = match memory {
        Some(total) => {
            format!("One machine with {} of memory: on Docker the whole stack runs with the least to look after.", figures::memory(total))
        }
        None => format!(
            "On Docker the whole stack runs with the least to look after. How much memory there is, I could not see ({}).",
            f.host.memory.how()
        ),
    };
    let doubt = if library_in_doubt(f) {
        " Whether the library (Vault) is made for ARM I do not know yet; I look before anything is changed, and small is there if it is not."
    } else {
        ""
    };
    Recommendation { platform: PlatformKind::Docker, shape: Shape::Full, because: format!("{one}{doubt}") }
}

/// The rows of "Where": the recommended one first, then in the order of how many take them.
pub fn choices(f: &Facts) -> Vec<PlatformChoice> {
    let contexts: &[KubeContext] = f.host.kubeconfig.get().map(Vec::as_slice).unwrap_or_default();
    let not_yet = |what: &str| Err(format!("{ONLY_DOCKER}; {what} comes next"));
    let memory = f.host.memory.get().map(|m| m.total);

    let docker = PlatformChoice {
        platform: PlatformKind::Docker,
        shape: Shape::Full,
        title: "Docker".into(),
        recommended: false,
        because: String::new(),
        says: "One machine, the least to look after, easy to remove.".into(),
        available: match (full_is_out(f), memory.filter(|t| *t <= SMALL_ONLY)) {
            (Some(why), _) => Err(why),
            (None, Some(total)) => {
                Err(format!("{} of memory are too little for library, database and video store", figures::memory(total)))
            }
            (None, None) => Ok(()),
        },
    };
    let installed = matches!(f.host.tools.microk8s.get(), Some(Some(_)));
    let microk8s = PlatformChoice {
        platform: PlatformKind::Microk8s,
        shape: Shape::Full,
        title: "MicroK8s".into(),
        recommended: false,
        because: String::new(),
        says: if installed {
            "Is on this machine already. Worth it if several machines shall join.".into()
        } else {
            "Takes 1.4 GB of memory more. Worth it if several machines shall join.".into()
        },
        available: not_yet("MicroK8s"),
    };
    let clusters: Vec<&str> = contexts.iter().filter(|c| c.provider.is_none()).map(|c| c.name.as_str()).collect();
    let kubernetes = PlatformChoice {
        platform: PlatformKind::Kubernetes,
        shape: Shape::Full,
        title: "Kubernetes".into(),
        recommended: false,
        because: String::new(),
        says: match clusters.as_slice() {
            [] => "A cluster you have (none found here), or a new one on this machine.".into(),
            found => format!("A cluster you have (found: {}), or a new one on this machine.", found.join(", ")),
        },
        available: not_yet("Kubernetes"),
    };
    let clouds: Vec<&KubeContext> = contexts.iter().filter(|c| c.provider.is_some()).collect();
    let managed = PlatformChoice {
        platform: match clouds.first().and_then(|c| c.provider.as_deref()) {
            Some("gke") => PlatformKind::Gke,
            Some("aks") => PlatformKind::Aks,
            _ => PlatformKind::Eks,
        },
        shape: Shape::Full,
        title: "Managed cloud".into(),
        recommended: false,
        because: String::new(),
        says: match clouds.as_slice() {
            [] => "For companies with a cluster at Amazon, Google or Microsoft. None found in your kubeconfig.".into(),
            found => format!(
                "For companies with a cluster at Amazon, Google or Microsoft. Found: {}.",
                found.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
            ),
        },
        available: not_yet("a managed cloud"),
    };
    let agent_out = f.host.cpu.arch.get().and_then(|arch| {
        let agent = f.needs.images.iter().find(|i| i.part == "agent" && !i.present)?;
        agent.builds(f.host).filter(|all| !all.contains(arch)).map(|_| arch.clone())
    });
    let small = PlatformChoice {
        platform: PlatformKind::Docker,
        shape: Shape::Small,
        title: "Small".into(),
        recommended: false,
        because: String::new(),
        says: "Cameras only, no page to search; 1 GB of memory is enough.".into(),
        available: match agent_out {
            Some(arch) => Err(format!("the camera recorder (Agent) has no build for this processor ({arch})")),
            None => Ok(()),
        },
    };
    let best = recommend(f);
    let mut rows = vec![docker, microk8s, kubernetes, managed, small];
    for row in &mut rows {
        row.recommended = row.platform == best.platform && row.shape == best.shape;
        if row.recommended {
            row.because = best.because.clone();
        }
    }
    rows.sort_by_key(|row| !row.recommended);
    rows
}
