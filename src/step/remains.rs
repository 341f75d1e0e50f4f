//! What an engine makes when it runs and its packages leave behind: it goes with them, where it was not there before them.

use std::io::ErrorKind;

use serde_json::{Value, json};

use super::{Context, file_fault, files};
use crate::model::fault::Fault;
use crate::world::files::Kind as Sort;
use crate::world::processes::Command;

/// What the engine makes when it runs, and its packages leave behind: files, then folders that go when they are empty.
const SETTINGS: [&str; 4] = ["/etc/docker/key.json", "/etc/docker", "/etc/cni/net.d", "/etc/cni"];

/// Its data, and whose that is.
const DATA: [(&str, &str); 2] = [("/var/lib/docker", "dockerd"), ("/var/lib/containerd", "containerd")];

/// The group that its packages make.
const GROUP: &str = "docker";

/// What of it is not there yet.
pub(super) fn note(cx: &Context) -> Value {
    let f = &*cx.world.files;
    let all = SETTINGS.into_iter().chain(DATA.map(|(path, _)| path));
    let absent: Vec<&str> = all.filter(|path| !files::there(f, path)).collect();
    json!({ "absent": absent, "group": members(cx).is_none() })
}

/// Removes what the engine made and its packages left, where it was not there before.
pub(super) async fn sweep(noted: &Value, cx: &Context) -> Result<(), Fault> {
    let f = &*cx.world.files;
    let absent: Vec<String> = serde_json::from_value(noted["absent"].clone()).unwrap_or_default();
    let was = |path: &str| !absent.iter().any(|a| a == path);
    for path in SETTINGS.into_iter().filter(|path| !was(path)) {
        let gone = match f.meta(path).map(|m| m.kind) {
            Ok(Sort::Folder) => f.remove_folder(path),
            _ => f.remove_file(path),
        };
        // A folder with something of others in it stays.
        if let Err(e) = gone
            && !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty)
        {
            return Err(file_fault(&e, path));
        }
    }
    for (path, program) in DATA {
        if !was(path) && cx.world.processes.find(program).is_none() {
            files::remove(f, path)?;
        }
    }
    // Whoever was put into the group by hand is not forgotten.
    if noted["group"].as_bool() == Some(true) && members(cx).is_some_and(|m| m.is_empty()) {
        let output = cx.world.processes.run(&Command::new("groupdel", &[GROUP]), None).await;
        if !output.is_ok_and(|o| o.ok()) {
            cx.report.log("kerbup", &format!("the group {GROUP} stays: it could not be removed"));
        }
    }
    Ok(())
}

/// Who is in the engine's group; none where there is no such group.
fn members(cx: &Context) -> Option<String> {
    let groups = cx.world.files.read("/etc/group").unwrap_or_default();
    let text = String::from_utf8_lossy(&groups);
    let line = text.lines().find_map(|l| l.strip_prefix(GROUP)?.strip_prefix(':'))?;
    Some(line.rsplit(':').next().unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::alone;
    use crate::world::fake::{self, Answer, Described, Pace};

    #[tokio::test]
    async fn what_packages_leave_behind_goes_unless_it_was_there_before() {
        let answer = |program: &str| Answer { program: program.into(), ..Answer::default() };
        let programs = vec![answer("groupdel")];
        let described = Described { programs, trouble: vec![], ..fake::named("server").unwrap() };
        let alone = alone::context(fake::paced(described, Pace::Speed(1000.0)).0).0;
        let cx = Context { with_engine: true, ..alone };
        let f = &*cx.world.files;
        let there = |path: &str| files::there(f, path);
        for (path, _) in DATA {
            let _ = f.remove_tree(path);
        }
        f.write("/etc/group", b"root:x:0:\n", 0o644).unwrap();
        files::make(f, "/etc/cni", 0o755).unwrap();
        let noted = note(&cx);
        // What the engine makes, and something of others.
        let runs = || {
            for path in ["/etc/docker", "/etc/cni/net.d", "/var/lib/containerd/opt", "/var/lib/docker"] {
                files::make(f, path, 0o755).unwrap();
            }
            f.write("/etc/docker/key.json", b"{}", 0o600).unwrap();
        };
        runs();
        f.write("/etc/docker/theirs", b"", 0o644).unwrap();
        f.write("/etc/group", b"root:x:0:\ndocker:x:102:\n", 0o644).unwrap();
        assert_eq!(members(&cx).as_deref(), Some(""));
        sweep(&noted, &cx).await.unwrap();
        assert!(!there("/etc/docker/key.json") && there("/etc/docker/theirs") && there("/etc/cni") && !there("/etc/cni/net.d"));
        assert!(!there("/var/lib/containerd") && !there("/var/lib/docker"));
        // Once more, and with all of it there before.
        sweep(&noted, &cx).await.unwrap();
        runs();
        let noted = note(&cx);
        assert_eq!((&noted["absent"], &noted["group"]), (&json!([]), &json!(false)));
        sweep(&noted, &cx).await.unwrap();
        assert!(there("/etc/docker/key.json") && there("/var/lib/containerd/opt"));
        f.write("/etc/group", b"dockers:x:7:\ndocker:x:102:ann,bob\n", 0o644).unwrap();
        assert_eq!(members(&cx).as_deref(), Some("ann,bob"));
    }
}
