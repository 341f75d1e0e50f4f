//! Other programs that matter, with their versions.

use crate::model::fact::Fact;
use crate::model::host::Tools;
use crate::world::World;

use super::read;

/// Seconds for each program to tell its version.
const PATIENCE: u64 = 2;

/// Looks for the programs, all at once.
pub(crate) async fn look(world: &World) -> Tools {
    let (containerd, podman, snapd, microk8s, kubectl, kubeadm, k3s, helm) = tokio::join!(
        ask(world, "containerd", &["--version"], first_number),
        ask(world, "podman", &["--version"], first_number),
        ask(world, "snap", &["version"], snapd_version),
        microk8s(world),
        ask(world, "kubectl", &["version", "--client", "-o", "json"], client_version),
        ask(world, "kubeadm", &["version", "-o", "short"], first_number),
        ask(world, "k3s", &["--version"], first_number),
        ask(world, "helm", &["version", "--short"], first_number),
    );
    Tools { containerd, podman, snapd, microk8s, kubectl, kubeadm, k3s, helm }
}

/// Whether a program is there, and its version as read from what it prints; empty where that did not work.
async fn ask(world: &World, program: &str, args: &[&str], version: fn(&str) -> Option<String>) -> Fact<Option<String>> {
    let Some(path) = world.processes.find(program) else {
        return Fact::known(None, format!("there is no {program} among the programs"));
    };
    match read::run(world, program, args, PATIENCE).await {
        Ok(output) => Fact::known(Some(version(&output.stdout).unwrap_or_default()), format!("{program} {}", args.join(" "))),
        Err(why) => Fact::known(Some(String::new()), format!("{path}; {why}")),
    }
}

/// MicroK8s tells its version in a file of the snap; its command needs a group and takes long.
async fn microk8s(world: &World) -> Fact<Option<String>> {
    const SNAP: &str = "/snap/microk8s/current/meta/snap.yaml";
    match read::text(&*world.files, SNAP) {
        Ok(text) => Fact::known(
            Some(
                text.lines()
                    .find_map(|l| l.strip_prefix("version:"))
                    .map(|v| v.trim().trim_matches(['\'', '"']).to_string())
                    .unwrap_or_default(),
            ),
            SNAP,
        ),
        Err(_) => ask(world, "microk8s", &["version"], first_number).await,
    }
}

/// The first word of the first line that looks like a version: `v1.34.4`, `1.6.20~ds1`, `v3.15.4+gfa9efb0`.
fn first_number(text: &str) -> Option<String> {
    let looks = |word: &&str| {
        let digits = word.strip_prefix('v').unwrap_or(word);
        digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('.')
    };
    text.lines().next()?.split_whitespace().find(looks).map(Into::into)
}

/// `snapd   2.63` among the lines of `snap version`.
fn snapd_version(text: &str) -> Option<String> {
    text.lines().find_map(|l| l.strip_prefix("snapd ")).map(|v| v.trim().to_string()).filter(|v| v != "unavailable" && !v.is_empty())
}

/// `clientVersion.gitVersion` of kubectl's JSON.
fn client_version(text: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    document.get("clientVersion")?.get("gitVersion")?.as_str().map(Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    #[tokio::test]
    async fn versions_are_read_from_real_output() {
        let host = Described::new()
            .answer("containerd --version", "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1\n")
            .answer("podman --version", "podman version 5.4.1\n")
            .answer("snap version", "snap    2.63+24.04\nsnapd   2.63+24.04\nseries  16\n")
            .answer("kubectl version --client -o json", "{\"clientVersion\":{\"gitVersion\":\"v1.32.4\"},\"kustomizeVersion\":\"v5.5.0\"}")
            .answer("kubeadm version -o short", "v1.34.4\n")
            .answer("k3s --version", "k3s version v1.30.4+k3s1 (98262b5d)\ngo version go1.22.5\n")
            .program("helm")
            .file("/snap/microk8s/current/meta/snap.yaml", "name: microk8s\nversion: v1.32.3\nsummary: x\n");
        let tools = look(&host.world()).await;
        let of = |fact: &Fact<Option<String>>| fact.get().unwrap().clone();
        assert_eq!(of(&tools.containerd).as_deref(), Some("1.6.20~ds1"));
        assert_eq!(of(&tools.podman).as_deref(), Some("5.4.1"));
        assert_eq!(of(&tools.snapd).as_deref(), Some("2.63+24.04"));
        assert_eq!(of(&tools.microk8s).as_deref(), Some("v1.32.3"));
        assert_eq!(of(&tools.kubectl).as_deref(), Some("v1.32.4"));
        assert_eq!(of(&tools.kubeadm).as_deref(), Some("v1.34.4"));
        assert_eq!(of(&tools.k3s).as_deref(), Some("v1.30.4+k3s1"));
        assert_eq!(of(&tools.helm).as_deref(), Some(""), "there, with a version that it does not tell");
    }

    #[tokio::test]
    async fn what_is_not_there_is_known_not_to_be() {
        let tools = look(&Described::new().world()).await;
        assert_eq!(tools.k3s.get(), Some(&None));
        assert_eq!(tools.microk8s.get(), Some(&None));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(snapd |v1\\.|\\{|\"|\n|.){0,40}") {
            let _ = (first_number(&text), snapd_version(&text), client_version(&text));
        }
    }
}
