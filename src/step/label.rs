//! SELinux: a folder of the machine needs a label before a container may use it, where the engine keeps containers in.

use super::Context;
use crate::world::processes::Command;

/// What containers may read and write, by the policy of Fedora and Red Hat (container_selinux(8)).
const LABEL: &str = "container_file_t";

/// Marks a folder and all in it for containers, where the engine asks for that. A file system that keeps no labels says so itself
/// and has one for all that is on it: the run goes on, and the log names the command.
pub(super) async fn mark(path: &str, cx: &Context) {
    let asked = cx.world.engine.info().await.is_ok_and(|i| i.security_options.iter().any(|o| o == "name=selinux"));
    if !asked {
        return;
    }
    let command = Command::new("chcon", &["-R", "-t", LABEL, path]);
    let why = match cx.world.processes.run(&command, None).await {
        Ok(output) if output.ok() => return,
        Ok(output) => output.stderr.lines().next().unwrap_or("it failed without a word").to_string(),
        Err(e) => e.to_string(),
    };
    cx.report.log("kerbup", &format!("SELinux may keep a part from {path}: {}: {why}", command.by_hand()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::Fact;
    use crate::step::alone;
    use crate::world::fake::{self, Answer, Described, Pace};

    async fn said(selinux: Option<&str>, code: i32) -> Vec<String> {
        let mut described = Described { ..fake::named("server").unwrap() };
        described.host.selinux = Fact::known(selinux.map(str::to_string), "a test");
        let stderr = "chcon: failed to change context of '/srv/x': Operation not supported\n".to_string();
        described.programs =
            vec![Answer { program: "chcon".into(), args: "-R -t container_file_t /srv/x".into(), code, stderr, ..Answer::default() }];
        let (cx, heard) = alone::context(fake::paced(described, Pace::Speed(1000.0)).0);
        mark("/srv/x", &cx).await;
        heard.all()
    }

    #[tokio::test]
    async fn a_folder_is_marked_where_the_engine_asks_for_it_and_a_refusal_is_told() {
        assert!(said(Some("enforcing"), 0).await.is_empty());
        let told = said(Some("enforcing"), 1).await;
        assert!(
            told.len() == 1 && told[0].contains("chcon -R -t container_file_t /srv/x") && told[0].contains("not supported"),
            "{told:?}"
        );
        assert!(said(None, 1).await.is_empty(), "nobody asks for a label there");
    }
}
