//! The look at this machine by a user who is not root: in the engine's group, and in none. What may not be seen is said so, and
//! nothing is changed.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{files, named, program, same};

/// Nobody's number.
const ID: &str = "47111";

/// What `kerbup check` tells a user of these groups besides its own.
fn told(dir: &Path, group: Option<u32>) -> Value {
    let groups = group.map_or("--clear-groups".to_string(), |gid| format!("--groups={gid}"));
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={ID}"), &format!("--regid={ID}"), &groups, "--"]);
    command.arg(dir.join("kerbup")).args(["check", "--output", "json"]).current_dir(dir);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", dir).env("LANG", "C.UTF-8");
    let ran = command.output().unwrap();
    // 3: a check blocks on this very machine, or for this very user.
    assert!(matches!(ran.status.code(), Some(0 | 3)), "{ran:?}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

#[test]
fn users_without_root_see_what_they_may_and_change_nothing() {
    if !named("docker", "probe::users_without_root_see_what_they_may_and_change_nothing") {
        return;
    }
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // The program may lie where no other user looks.
    fs::copy(program(), dir.path().join("kerbup")).unwrap();
    let list = || {
        let mut all = BTreeSet::new();
        files(dir.path(), &mut all);
        all.insert(format!("/var/lib/kerbup {}", Path::new("/var/lib/kerbup").exists()));
        all
    };
    let before = list();
    let socket = fs::metadata("/var/run/docker.sock").unwrap().gid();
    for (group, state) in [(Some(socket), "running"), (None, "no-access")] {
        let said = told(dir.path(), group);
        let host = &said["host"];
        assert_eq!(host["docker"]["value"]["state"], state, "{}", host["docker"]);
        assert_eq!(host["user"]["value"]["uid"], 47111);
        for fact in ["memory", "kernel", "system", "disks", "mounts", "listeners"] {
            assert!(
                host[fact]["value"].is_object() || host[fact]["value"].is_array() || host[fact]["value"].is_string(),
                "{fact}: {}",
                host[fact]
            );
        }
        // What only the engine tells is known, or it is said why not.
        assert_eq!(host["existing"]["unknown"].is_string(), state == "no-access", "{}", host["existing"]);
        let docker: Vec<&Value> = said["checks"].as_array().unwrap().iter().filter(|c| c["id"] == "docker-sock-permission").collect();
        assert!(docker.len() == 1 && (docker[0]["status"] == "pass") == (state == "running"), "{docker:?}");
    }
    same(&before, &list());
}
