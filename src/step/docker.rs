//! The engine itself: installed from the distribution's packages where it is missing, enabled and started.
//! One that was here before is only enabled and started, and ends as it was.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Kind, file_fault, files, remains, with};
use crate::model::engine::ContainerState;
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::engine::EngineError;
use crate::world::files::Kind as Sort;
use crate::world::processes::{Command, ProcessError};

/// The kind.
pub struct Docker;

/// What it needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct With {
    /// Packages to install; empty where the engine is there and only stopped.
    pub packages: Vec<String>,
    /// `apt` or `dnf`.
    pub manager: String,
    /// Service.
    pub service: String,
    /// Docker's own package repository, for distributions without a Docker of their own: the folder of theirs at
    /// download.docker.com, such as `centos` or `rhel`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// Where dnf looks for repositories.
const REPOSITORIES: &str = "/etc/yum.repos.d";
const REPOSITORY: &str = include_str!("../../assets/docker-ce.repo");

/// The folder where Docker keeps everything, unless it was told another.
const ROOT: &str = "/var/lib/docker";

impl With {
    /// The repository's file and its text.
    fn repository(&self) -> Option<(String, String)> {
        let flavour = self.repository.as_deref()?;
        Some((format!("{REPOSITORIES}/docker-ce.repo"), super::unit::fill(REPOSITORY, &[("flavour", flavour)])))
    }
}

/// The same as a person would type it.
pub fn by_hand(w: &With) -> Vec<String> {
    let mut lines = vec![];
    if let Some((path, _)) = w.repository() {
        lines.push(format!(
            "sudo curl -o {path} https://download.docker.com/linux/{}/docker-ce.repo",
            w.repository.as_deref().unwrap_or_default()
        ));
    }
    lines.extend(commands(w).iter().map(|c| format!("sudo {}", c.by_hand())));
    lines
}

/// The commands.
pub fn commands(w: &With) -> Vec<Command> {
    let mut all = vec![];
    let minutes = Duration::from_secs(900);
    let packages: Vec<&str> = w.packages.iter().map(String::as_str).collect();
    if !packages.is_empty() {
        match w.manager.as_str() {
            "apt" => {
                all.push(Command::new("apt-get", &["update", "-q"]).within(minutes));
                let mut args = vec!["install", "-y", "-q", "--no-install-recommends"];
                args.extend(&packages);
                let mut install = Command::new("apt-get", &args).within(minutes);
                install.env = vec![("DEBIAN_FRONTEND".into(), "noninteractive".into())];
                all.push(install);
            }
            _ => {
                let mut args = vec!["install", "-y"];
                args.extend(&packages);
                all.push(Command::new("dnf", &args).within(minutes));
            }
        }
    }
    all.push(Command::new("systemctl", &["enable", "--now", &w.service]).within(Duration::from_secs(120)));
    all
}

async fn installed(w: &With, cx: &Context) -> Vec<String> {
    let mut there = vec![];
    for package in &w.packages {
        let ask = match w.manager.as_str() {
            "apt" => Command::new("dpkg-query", &["-W", "-f", "${db:Status-Status}", package]),
            _ => Command::new("rpm", &["-q", package]),
        };
        if cx.world.processes.run(&ask, None).await.is_ok_and(|o| o.ok() && (w.manager != "apt" || o.stdout.trim() == "installed")) {
            there.push(package.clone());
        }
    }
    there
}

#[async_trait]
impl Kind for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn stays(&self) -> bool {
        true
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        Ok(match cx.world.engine.info().await {
            // One that somebody else installed, and that is only to start with the machine.
            Ok(_) if w.packages.is_empty() && enabled(&w.service, cx).await == Some(false) => {
                StepState::Different { diff: vec!["it does not start with the machine".into()] }
            }
            Ok(_) if cx.made.is_some() => StepState::OursAlready,
            Ok(_) => StepState::AlreadyThere,
            Err(_) => StepState::Absent,
        })
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let there = installed(&w, cx).await;
        let new: Vec<&String> = w.packages.iter().filter(|p| !there.contains(p)).collect();
        let own_repository = w.repository().is_some_and(|(path, _)| !files::there(&*cx.world.files, &path));
        // What the packages pull in is told by what was there before.
        let before = if new.is_empty() || w.manager != "apt" { vec![] } else { all_packages(cx).await };
        // How its service was: an engine that was here before ends as it began.
        let (starts, runs) = match w.packages.is_empty() {
            true => (enabled(&w.service, cx).await, Some(cx.world.engine.info().await.is_ok())),
            false => (None, None),
        };
        let remains = if new.is_empty() { Value::Null } else { remains::note(cx) };
        Ok(json!({
            "packages": new, "repository": own_repository, "before": before, "enabled": starts, "ran": runs, "remains": remains
        }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        if w.manager == "apt" {
            // A run that was cut off may have left packages half-done; this finishes them, and does nothing otherwise.
            let _ = cx.world.processes.run(&Command::new("dpkg", &["--configure", "-a"]).within(Duration::from_secs(600)), None).await;
        }
        if let Some((path, text)) = w.repository()
            && !files::there(&*cx.world.files, &path)
        {
            cx.world.files.write(&path, text.as_bytes(), 0o644).map_err(|e| file_fault(&e, &path))?;
        }
        for command in commands(&w) {
            cx.report.progress(0, None, Unit::Seconds, &command.by_hand());
            let report = cx.report.clone();
            let line = move |l: &str| report.log("packages", l);
            let output = cx.world.processes.run(&command, Some(&line)).await.map_err(|e| match e {
                ProcessError::Missing(p) => Fault::new(Whose::Machine, "PROGRAM-MISSING", format!("{p} is not on this machine."))
                    .cure("Install Docker by hand, then run kerbup again: https://docs.docker.com/engine/install/"),
                e => Fault::new(Whose::Machine, "PACKAGES-FAILED", "Docker could not be installed.")
                    .because(e.to_string())
                    .cure("Run kerbup again: it goes on where it stopped."),
            })?;
            if !output.ok() {
                let tail: Vec<&str> = output.stderr.lines().rev().take(3).collect();
                return Err(Fault::new(Whose::Machine, "PACKAGES-FAILED", "Docker could not be installed or started.")
                    .because(format!("{} ended with code {}", command.by_hand(), output.code.unwrap_or(-1)))
                    .because(tail.into_iter().rev().collect::<Vec<_>>().join(" / "))
                    .cure("Mend what stands above, then run kerbup again: it goes on where it stopped."));
            }
        }
        for waited in 0..60u64 {
            match cx.world.engine.info().await {
                Ok(info) => return Ok(json!({ "version": info.version, "packages": w.packages })),
                Err(EngineError::Denied(why)) => return Err(super::engine_fault(EngineError::Denied(why), "Docker")),
                Err(_) => {}
            }
            cx.report.progress(waited, Some(60), Unit::Seconds, "waiting until Docker answers");
            cx.world.clock.sleep(Duration::from_secs(1)).await;
        }
        Err(Fault::new(Whose::Machine, "ENGINE-GONE", "Docker was installed and does not answer.")
            .cure("See what it says: journalctl -u docker -n 50. Then run kerbup again."))
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        let packages: Vec<String> = serde_json::from_value(undo["packages"].clone()).unwrap_or_default();
        if w.packages.is_empty() {
            return as_it_was(&w, undo, cx).await;
        }
        if !cx.with_engine || packages.is_empty() {
            return Ok(());
        }
        if let Some(theirs) = others(cx).await {
            cx.report.log("kerbup", &format!("Docker stays: {theirs} on it that kerbup did not make"));
            return Ok(());
        }
        let _ = cx
            .world
            .processes
            .run(&Command::new("systemctl", &["disable", "--now", &w.service]).within(Duration::from_secs(120)), None)
            .await;
        let mut args = match w.manager.as_str() {
            "apt" => vec!["purge", "-y", "-q"],
            _ => vec!["remove", "-y"],
        };
        args.extend(packages.iter().map(String::as_str));
        remove(cx, &w.manager, &args).await?;
        if w.manager == "apt" {
            let before: BTreeSet<String> = serde_json::from_value(undo["before"].clone()).unwrap_or_default();
            let came = no_longer_needed(cx).await.into_iter().filter(|p| !before.contains(p)).collect::<Vec<_>>();
            // Without the list nobody knows what came with Docker: then it stays.
            if !before.is_empty() && !came.is_empty() {
                let mut args = vec!["purge", "-y", "-q"];
                args.extend(came.iter().map(String::as_str));
                remove(cx, &w.manager, &args).await?;
            }
        }
        if let Some((path, text)) = w.repository()
            && undo["repository"].as_bool() == Some(true)
            && cx.world.files.read(&path).is_ok_and(|now| now == text.as_bytes())
        {
            cx.world.files.remove_file(&path).map_err(|e| file_fault(&e, &path))?;
        }
        remains::sweep(&undo["remains"], cx).await
    }
}

/// Whether a service starts with the machine; none where that is not for an administrator to say, as with a unit that only others
/// start, or where nobody tells.
async fn enabled(service: &str, cx: &Context) -> Option<bool> {
    let ask = Command::new("systemctl", &["is-enabled", service]).within(Duration::from_secs(10));
    // It ends with an error code for anything but enabled; what it prints is the answer.
    match cx.world.processes.run(&ask, None).await.ok()?.stdout.trim() {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    }
}

/// An engine that was here before starts with the machine, and runs, as before. As long as another site of kerbup's needs it, it
/// stays as that one needs it.
async fn as_it_was(w: &With, undo: &Value, cx: &Context) -> Result<(), Fault> {
    let (starts, ran) = (undo["enabled"].as_bool(), undo["ran"].as_bool());
    if starts != Some(false) && ran != Some(false) {
        return Ok(());
    }
    let all = cx.world.engine.containers(None).await.unwrap_or_default();
    if all.iter().any(|c| c.labels.get("io.kerbup.site").is_some_and(|s| *s != cx.site)) {
        cx.report.log("kerbup", "Docker goes on starting with the machine: another site here needs it");
        return Ok(());
    }
    if starts == Some(false) {
        service(&["disable", &w.service], cx).await?;
    }
    if ran == Some(false) && !all.iter().any(|c| c.state == ContainerState::Running) {
        // Its socket starts it again at the next word; not every system has one.
        let _ = service(&["stop", &format!("{}.socket", w.service)], cx).await;
        service(&["stop", &w.service], cx).await?;
    }
    Ok(())
}

/// Tells the service manager something about the engine's service.
async fn service(words: &[&str], cx: &Context) -> Result<(), Fault> {
    let command = Command::new("systemctl", words).within(Duration::from_secs(120));
    let failed = |why: String| {
        Fault::new(Whose::Machine, "SERVICE-NOT-CHANGED", "Docker's service could not be put back to what it was.")
            .because(why)
            .cure(format!("Run this by hand and mend what it says: sudo {}", command.by_hand()))
    };
    let output = cx.world.processes.run(&command, None).await.map_err(|e| failed(e.to_string()))?;
    if output.ok() { Ok(()) } else { Err(failed(output.stderr.lines().last().unwrap_or("it failed without a word").to_string())) }
}

/// Removes packages.
async fn remove(cx: &Context, manager: &str, args: &[&str]) -> Result<(), Fault> {
    let mut command = Command::new(if manager == "apt" { "apt-get" } else { "dnf" }, args).within(Duration::from_secs(600));
    command.env = vec![("DEBIAN_FRONTEND".into(), "noninteractive".into())];
    let failed = |why: String| {
        Fault::new(Whose::Machine, "PACKAGES-FAILED", "Docker could not be removed.")
            .because(why)
            .cure(format!("Run this by hand and mend what it says: sudo {}", command.by_hand()))
    };
    let output = cx.world.processes.run(&command, None).await.map_err(|e| failed(e.to_string()))?;
    if output.ok() { Ok(()) } else { Err(failed(output.stderr.lines().last().unwrap_or("it failed without a word").to_string())) }
}

/// Every package that apt has installed.
async fn all_packages(cx: &Context) -> Vec<String> {
    let ask = Command::new("dpkg-query", &["-W", "-f", "${Package}\n"]);
    let Ok(output) = cx.world.processes.run(&ask, None).await else { return vec![] };
    output.stdout.lines().map(|l| l.trim().to_string()).filter(|l| !l.is_empty()).collect()
}

/// Packages that came because others needed them, and that nothing needs any more.
async fn no_longer_needed(cx: &Context) -> Vec<String> {
    let ask = Command::new("apt-get", &["-s", "-q", "autoremove"]).within(Duration::from_secs(60));
    let Ok(output) = cx.world.processes.run(&ask, None).await else { return vec![] };
    // "Remv containerd [1.6.20~ds1-1+deb12u1]"
    output.stdout.lines().filter_map(|l| l.strip_prefix("Remv ")?.split_whitespace().next().map(str::to_string)).collect()
}

/// What is on the engine that is somebody else's: the site's own parts went before. Removing the packages would take it away,
/// since the purge of Debian's empties Docker's folder; so the folder is looked at, which also works while Docker is stopped.
async fn others(cx: &Context) -> Option<&'static str> {
    let root = cx.world.engine.info().await.map(|i| i.root).ok().filter(|r| !r.is_empty()).unwrap_or_else(|| ROOT.to_string());
    let listed = cx.world.engine.containers(None).await.unwrap_or_default();
    let f = &*cx.world.files;
    let folders = |below: &str| {
        let path = format!("{root}/{below}");
        let names = f.list(&path).unwrap_or_default();
        names.into_iter().filter(|n| f.meta(&format!("{path}/{n}")).is_ok_and(|m| m.kind == Sort::Folder)).count()
    };
    if listed.iter().any(|c| c.labels.get("io.kerbup.site") != Some(&cx.site)) || (listed.is_empty() && folders("containers") > 0) {
        Some("there are containers")
    } else if folders("volumes") > 0 {
        Some("there are volumes")
    } else {
        None
    }
}
