//! A firewall with a name: ufw or firewalld. Rules set by hand cannot be seen without root, and are not looked for.

use crate::model::fact::Fact;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// Looks for a firewall that is on.
pub(crate) async fn look(world: &World) -> Fact<Option<String>> {
    let files = &*world.files;
    let ufw = read::text(files, "/etc/ufw/ufw.conf");
    if ufw.as_deref().is_ok_and(enabled) {
        return Fact::known(Some("ufw".into()), "ENABLED=yes in /etc/ufw/ufw.conf");
    }
    if let Some(how) = firewalld(world).await {
        return Fact::known(Some("firewalld".into()), how);
    }
    match ufw {
        Err(why) if read::there(files, "/etc/ufw/ufw.conf") => Fact::unknown(why),
        _ => Fact::known(None, "ufw is not on and firewalld does not run; rules set by hand are not looked for"),
    }
}

/// firewalld runs: by its unit, else by a process of its name.
async fn firewalld(world: &World) -> Option<&'static str> {
    let files = &*world.files;
    if world.processes.find("firewalld").is_none() && world.processes.find("firewall-cmd").is_none() {
        return None;
    }
    if read::folder(files, "/run/systemd/system")
        && let Ok(output) = read::run(world, "systemctl", &["is-active", "firewalld"], 2).await
    {
        return (output.stdout.trim() == "active").then_some("systemctl is-active firewalld");
    }
    runs(files, "firewalld").then_some("a process of that name runs")
}

/// A process of this name runs.
fn runs(files: &dyn Files, name: &str) -> bool {
    let pids = files.list("/proc").unwrap_or_default();
    pids.iter()
        .filter(|p| p.starts_with(|c: char| c.is_ascii_digit()))
        .any(|p| read::word(files, &format!("/proc/{p}/comm")).as_deref() == Some(name))
}

/// `ENABLED=yes` in ufw.conf.
fn enabled(text: &str) -> bool {
    let on = |line: &str| line.trim().strip_prefix("ENABLED=").is_some_and(|v| v.trim().trim_matches('"').eq_ignore_ascii_case("yes"));
    text.lines().any(on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;

    async fn seen(host: Described) -> Option<Option<String>> {
        look(&host.world()).await.get().cloned()
    }

    #[tokio::test]
    async fn ufw_counts_only_when_it_is_on() {
        let ufw = |text| Described::new().file("/etc/ufw/ufw.conf", text);
        assert_eq!(seen(ufw("# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n")).await, Some(Some("ufw".into())));
        assert_eq!(seen(ufw("ENABLED=no\n")).await, Some(None));
    }

    #[tokio::test]
    async fn firewalld_is_seen_with_and_without_systemd() {
        let fedora = Described::new().program("firewall-cmd").file("/run/systemd/system/x", "");
        assert_eq!(seen(fedora.clone().answer("systemctl is-active firewalld", "active\n")).await, Some(Some("firewalld".into())));
        assert_eq!(seen(fedora.ends("systemctl is-active firewalld", 3, "inactive\n")).await, Some(None));
        assert_eq!(seen(Described::new().program("firewalld").file("/proc/31/comm", "firewalld\n")).await, Some(Some("firewalld".into())));
        assert_eq!(seen(Described::new()).await, Some(None));
    }
}
