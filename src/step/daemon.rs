//! The Docker that runs: its process, what it was started with, how it reads its settings again.

use std::time::Duration;

use super::{Context, engine_fault};
use crate::model::fault::{Fault, Whose};
use crate::model::registry::takes_plain;
use crate::target::docker::settings::PATH;
use crate::world::files::Files;
use crate::world::processes::Command;

/// Where a Docker that runs says its process.
const PIDS: [&str; 2] = ["/var/run/docker.pid", "/run/docker.pid"];

/// Seconds that Docker may take to read its settings again. A service manager that restarts it instead takes longest.
const PATIENCE: u64 = 20;

/// The process of the Docker that runs, where it says it. A number that now belongs to another program would end that one.
fn daemon(f: &dyn Files) -> Option<u32> {
    PIDS.iter().find_map(|path| {
        let pid: u32 = String::from_utf8_lossy(&f.read(path).ok()?).trim().parse().ok()?;
        (f.read(&format!("/proc/{pid}/comm")).ok()?.trim_ascii() == b"dockerd").then_some(pid)
    })
}

/// A Docker whose command line names registries, or another settings file, must not find ours in its way: it would take nothing
/// from it, and not start again.
pub fn refuse_flags(f: &dyn Files, host: &str) -> Result<(), Fault> {
    let Some(line) = daemon(f).and_then(|pid| f.read(&format!("/proc/{pid}/cmdline")).ok()) else { return Ok(()) };
    let line = String::from_utf8_lossy(&line).into_owned();
    let words: Vec<&str> = line.split('\0').collect();
    let given = |flag: &str| {
        words.iter().enumerate().find_map(|(at, word)| {
            let rest = word.strip_prefix("--").or(word.strip_prefix('-'))?.strip_prefix(flag)?;
            rest.strip_prefix('=').or_else(|| if rest.is_empty() { words.get(at + 1).copied() } else { None })
        })
    };
    let fault = |why: String| {
        Fault::new(Whose::Machine, "DOCKER-SETTINGS-REFUSED", format!("Docker cannot be told here that {host} speaks plain HTTP."))
            .because(why)
            .because("Nothing was changed.")
    };
    if given("insecure-registry").is_some() {
        return Err(fault(format!("It was started with --insecure-registry, and refuses to start when {PATH} names registries as well.")).cure(
            format!(
                "Add --insecure-registry={host} where the others stand (systemctl cat docker shows it) and restart Docker, which stops every \
                 container for a moment. Then run kerbup again."
            ),
        ));
    }
    match given("config-file") {
        Some(other) if other != PATH => Err(fault(format!("It reads its settings from {other}, which kerbup does not touch."))
            .cure(format!("Add \"insecure-registries\": [\"{host}\"] there, then: sudo systemctl reload docker. Then run kerbup again."))),
        _ => Ok(()),
    }
}

/// Registries that the running Docker takes images from without TLS.
pub async fn live(cx: &Context) -> Result<Vec<String>, Fault> {
    Ok(cx.world.engine.info().await.map_err(|e| engine_fault(e, "Docker"))?.insecure_registries)
}

/// Lets Docker read its settings again.
pub async fn reload(cx: &Context, systemd: bool) -> Result<(), String> {
    let command = Command::new("systemctl", &["reload", "docker"]).within(Duration::from_secs(60));
    let mut why = "Docker does not say its process in /var/run/docker.pid".to_string();
    if systemd {
        match cx.world.processes.run(&command, None).await {
            Ok(output) if output.ok() => return Ok(()),
            Ok(output) => why = format!("{}: {}", command.by_hand(), output.stderr.lines().next().unwrap_or("it failed without a word")),
            Err(e) => why = e.to_string(),
        }
    }
    // A Docker that somebody started otherwise, also where systemd is.
    match daemon(&*cx.world.files) {
        Some(pid) => cx.world.processes.hang_up(pid).map_err(|e| format!("kill -HUP {pid}: {e}")),
        None => Err(why),
    }
}

/// Waits until the running Docker names the registry, or no longer any of them.
pub async fn until(cx: &Context, hosts: &[String], named: bool) -> bool {
    for _ in 0..PATIENCE * 2 {
        if let Ok(listed) = live(cx).await {
            let any = hosts.iter().any(|h| if named { takes_plain(&listed, h) } else { listed.contains(h) });
            if any == named {
                return true;
            }
        }
        cx.world.clock.sleep(Duration::from_millis(500)).await;
    }
    false
}
