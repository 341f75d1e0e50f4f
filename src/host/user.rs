//! Who runs kerbup, in which groups, and how sudo would answer.

use crate::model::fact::Fact;
use crate::model::host::{Sudo, User};
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// Looks at the user.
pub(crate) async fn look(world: &World) -> Fact<User> {
    let files = &*world.files;
    let uid = files.uid();
    let status = match read::text(files, "/proc/self/status") {
        Ok(status) => status,
        Err(why) => return Fact::unknown(why),
    };
    let names = read::text(files, "/etc/group").unwrap_or_default();
    let groups =
        group_ids(&status).into_iter().map(|id| entry(&names, id, 2).map_or_else(|| id.to_string(), |e| e[0].to_string())).collect();
    let (sudo, how) = sudo(world, uid, &status).await;
    Fact::known(User { name: name(world, uid).await, uid, groups, sudo }, format!("/proc/self/status, /etc/group and {how}"))
}

/// Login name; the number where it has none.
async fn name(world: &World, uid: u32) -> String {
    let passwd = read::text(&*world.files, "/etc/passwd").unwrap_or_default();
    if let Some(fields) = entry(&passwd, uid, 2) {
        return fields[0].to_string();
    }
    // Users of a company's directory are in no file.
    match read::run(world, "id", &["-un"], 2).await {
        Ok(output) if output.ok() && !output.stdout.trim().is_empty() => output.stdout.trim().to_string(),
        _ => uid.to_string(),
    }
}

/// Home folder: as the environment says, else as /etc/passwd does.
pub(crate) fn home(files: &dyn Files) -> Option<String> {
    if let Some(home) = files.variable("HOME").filter(|h| h.starts_with('/')) {
        return Some(home);
    }
    let passwd = read::text(files, "/etc/passwd").ok()?;
    entry(&passwd, files.uid(), 2)?.get(5).map(|h| (*h).to_string()).filter(|h| h.starts_with('/'))
}

/// Who called sudo, where root runs this for somebody else.
pub(crate) fn caller(files: &dyn Files) -> Option<u32> {
    if files.uid() != 0 {
        return None;
    }
    ["SUDO_UID", "PKEXEC_UID"].iter().find_map(|name| files.variable(name)?.trim().parse().ok()).filter(|uid| *uid != 0)
}

/// Home folders of this user, and of the one who called sudo.
pub(crate) fn homes(files: &dyn Files) -> Vec<String> {
    let passwd = read::text(files, "/etc/passwd").unwrap_or_default();
    let callers = caller(files).and_then(|uid| entry(&passwd, uid, 2)?.get(5).map(|h| (*h).to_string()));
    home(files).into_iter().chain(callers.filter(|h| h.starts_with('/'))).collect()
}

/// The line of passwd(5) or group(5) whose number stands in the given field. It has a name and at least that many fields.
fn entry(text: &str, id: u32, field: usize) -> Option<Vec<&str>> {
    text.lines()
        .map(|l| l.split(':').collect::<Vec<_>>())
        .find(|f| !f[0].is_empty() && f.get(field).and_then(|n| n.parse().ok()) == Some(id))
}

/// Numbers of the effective group and the further groups, each once.
fn group_ids(status: &str) -> Vec<u32> {
    let values = |key: &str| status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or_default().split_whitespace().collect::<Vec<_>>();
    let mut ids: Vec<u32> = Vec::new();
    for id in values("Gid:").get(1).into_iter().chain(&values("Groups:")).filter_map(|n| n.parse().ok()) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// How sudo would answer, and how that was learnt.
async fn sudo(world: &World, uid: u32, status: &str) -> (Sudo, &'static str) {
    if uid == 0 {
        return (Sudo::NotNeeded, "the user is root");
    }
    if world.processes.find("sudo").is_none() {
        return (Sudo::Missing, "sudo is not installed");
    }
    let forbidden = status.lines().find_map(|l| l.strip_prefix("NoNewPrivs:")).is_some_and(|v| v.trim() == "1");
    if forbidden {
        return (Sudo::Missing, "sudo cannot work here, as this process may gain no privileges");
    }
    match read::run(world, "sudo", &["-n", "true"], 2).await {
        Ok(output) if output.ok() => (Sudo::Free, "sudo -n true"),
        _ => (Sudo::Asks, "sudo -n true"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    fn pi() -> Described {
        Described::new().uid(1000).files(&[
            ("/proc/self/status", "Name:\tkerbup\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 998 4242 1000 \nNoNewPrivs:\t0\n"),
            ("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n"),
            ("/etc/group", "root:x:0:\nsudo:x:27:pi\ndocker:x:998:pi\npi:x:1000:\n"),
        ])
    }

    async fn seen(host: Described) -> User {
        look(&host.world()).await.get().unwrap().clone()
    }

    #[tokio::test]
    async fn a_user_with_free_sudo() {
        let user = seen(pi().answer("sudo -n true", "")).await;
        assert_eq!((user.name.as_str(), user.uid, user.sudo), ("pi", 1000, Sudo::Free));
        assert_eq!(user.groups, ["pi", "sudo", "docker", "4242"]);
        assert_eq!(home(&pi()).as_deref(), Some("/home/pi"));
        assert_eq!(home(&pi().variable("HOME", "/srv/pi")).as_deref(), Some("/srv/pi"));
    }

    #[tokio::test]
    async fn the_other_answers_of_sudo() {
        assert_eq!(seen(pi()).await.sudo, Sudo::Missing);
        assert_eq!(seen(pi().ends("sudo -n true", 1, "")).await.sudo, Sudo::Asks);
        assert_eq!(seen(pi().uid(0)).await.sudo, Sudo::NotNeeded);
        let caged = pi().file("/proc/self/status", "Gid:\t1\t1\nNoNewPrivs:\t1\n").answer("sudo -n true", "");
        assert_eq!(seen(caged).await.sudo, Sudo::Missing);
    }

    #[tokio::test]
    async fn a_user_of_a_directory_is_asked_for_by_id() {
        assert_eq!(seen(pi().uid(70001).answer("id -un", "ann\n")).await.name, "ann");
        assert_eq!(seen(pi().uid(70001)).await.name, "70001");
    }

    #[test]
    fn who_called_sudo_is_known_to_root_alone() {
        let sudo = pi().uid(0).variable("HOME", "/root").variable("SUDO_UID", "1000");
        assert_eq!((caller(&sudo), homes(&sudo)), (Some(1000), vec!["/root".to_string(), "/home/pi".into()]));
        assert_eq!((caller(&pi().variable("SUDO_UID", "4242")), homes(&pi())), (None, vec!["/home/pi".to_string()]));
        assert_eq!(caller(&pi().uid(0).variable("SUDO_UID", "0")), None);
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(Gid:|Groups:|[0-9]{1,11}|:|\t|\n|.){0,60}") {
            let _ = (group_ids(&text), entry(&text, 0, 2), entry(&text, 0, 0));
        }
    }
}
