//! Kerberos parts that already stand in the engine, ours or made by hand.

use crate::model::engine::{ContainerState, Observed};
use crate::model::fact::Fact;
use crate::model::host::Existing;
use crate::world::World;
use crate::world::engine::EngineError;

use super::read;

/// The label that all of ours carry.
const LABEL: &str = "io.kerbup.site";

/// Seconds that the engine may take to answer.
const PATIENCE: u64 = 5;

/// Looks through the engine's containers, running or not.
pub(crate) async fn look(world: &World) -> Fact<Vec<Existing>> {
    match read::within(world, PATIENCE, world.engine.containers(None)).await {
        Some(Ok(all)) => Fact::known(all.into_iter().filter_map(part).collect(), "the engine's containers"),
        Some(Err(EngineError::Unreachable(_))) => Fact::unknown("no container engine answers"),
        Some(Err(EngineError::Denied(_))) => Fact::unknown("this user may not talk to the container engine"),
        Some(Err(error)) => Fact::unknown(error.to_string()),
        None => Fact::unknown(format!("the container engine does not answer within {PATIENCE} s")),
    }
}

fn part(container: Observed) -> Option<Existing> {
    let site = container.labels.get(LABEL).cloned();
    if site.is_none() && !kerberos(&container.image) {
        return None;
    }
    let mut ports: Vec<u16> = container.publish.iter().map(|p| p.host).filter(|p| *p > 0).collect();
    ports.sort_unstable();
    ports.dedup();
    let running = matches!(container.state, ContainerState::Running | ContainerState::Restarting | ContainerState::Paused);
    Some(Existing { name: container.name, image: container.image, site, running, ports })
}

/// The image is one of Kerberos.io's, also when it came by way of another registry.
fn kerberos(image: &str) -> bool {
    let name = image.split('@').next().unwrap_or_default();
    let path = match name.split_once('/') {
        // The first part is a registry where it has a dot or a port, or is localhost.
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => name,
    };
    // A colon after the last slash begins the tag.
    let path =
        path.rsplit_once('/').map_or(path.to_string(), |(owner, last)| format!("{owner}/{}", last.split(':').next().unwrap_or_default()));
    let Some((owner, last)) = path.rsplit_once('/') else { return false };
    matches!(owner, "kerberos" | "uugai" | "uug-ai") || (last == "vault" && owner != "hashicorp" && owner != "library")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;
    use crate::model::engine::{EngineInfo, Publish};

    fn container(name: &str, image: &str, site: Option<&str>, state: ContainerState) -> Observed {
        Observed {
            id: name.into(),
            name: name.into(),
            image: image.into(),
            state,
            exit_code: None,
            oom_killed: false,
            error: None,
            restarts: 0,
            started_at: None,
            labels: site.map(|s| (LABEL.to_string(), s.to_string())).into_iter().collect(),
            addresses: Default::default(),
            publish: vec![8080, 8080, 0].into_iter().map(|host| Publish { address: "0.0.0.0".into(), host, container: 80 }).collect(),
            volumes: vec![],
        }
    }

    #[tokio::test]
    async fn ours_and_those_made_by_hand_are_found() {
        let host = Described::new()
            .engine(Ok(EngineInfo::default()))
            .container(container("shop-mongodb", "mongo:4.4.18", Some("shop"), ContainerState::Running))
            .container(container("agent", "kerberos/agent:latest", None, ContainerState::Exited))
            .container(container("db", "mongo:7", None, ContainerState::Running));
        let fact = look(&host.world()).await;
        let found = fact.get().unwrap();
        assert_eq!(
            found.iter().map(|e| (e.name.as_str(), e.site.as_deref(), e.running)).collect::<Vec<_>>(),
            [("shop-mongodb", Some("shop"), true), ("agent", None, false)]
        );
        assert_eq!(found[0].ports, [8080]);
        assert_eq!(look(&Described::new().world()).await.how(), "no container engine answers");
    }

    #[test]
    fn images_are_known_by_their_owner() {
        for image in [
            "kerberos/agent",
            "docker.io/kerberos/agent:v3",
            "uugai/hub-api:1",
            "ghcr.io/uug-ai/vault@sha256:00",
            "localhost:5000/uug-ai/vault:1",
            "kerberos/vault:latest",
            "me/vault",
        ] {
            assert!(kerberos(image), "{image}");
        }
        for image in ["mongo", "hashicorp/vault:1.15", "vault:1.13", "localhost:5000/mongo:4", "sha256:0011", ""] {
            assert!(!kerberos(image), "{image}");
        }
    }
}
