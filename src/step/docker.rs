//! The engine itself: installed from the distribution's packages where it is missing, enabled and started.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Kind, with};
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::engine::EngineError;
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
}

/// The commands, also as a person would type them.
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

    async fn check(&self, _step: &Step, cx: &Context) -> Result<StepState, Fault> {
        Ok(match cx.world.engine.info().await {
            Ok(_) if cx.made.is_some() => StepState::OursAlready,
            Ok(_) => StepState::AlreadyThere,
            Err(_) => StepState::Absent,
        })
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let there = installed(&w, cx).await;
        let new: Vec<&String> = w.packages.iter().filter(|p| !there.contains(p)).collect();
        Ok(json!({ "packages": new }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        if w.manager == "apt" {
            // A run that was cut off may have left packages half-done; this finishes them, and does nothing otherwise.
            let _ = cx.world.processes.run(&Command::new("dpkg", &["--configure", "-a"]).within(Duration::from_secs(600)), None).await;
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
        if !cx.with_engine || packages.is_empty() {
            return Ok(());
        }
        // Somebody else's containers keep the engine.
        if cx.world.engine.containers(None).await.is_ok_and(|all| all.iter().any(|c| c.labels.get("io.kerbup.site") != Some(&cx.site))) {
            cx.report.log("kerbup", "Docker stays: other containers use it");
            return Ok(());
        }
        let _ = cx
            .world
            .processes
            .run(&Command::new("systemctl", &["disable", "--now", &w.service]).within(Duration::from_secs(120)), None)
            .await;
        let mut args = match w.manager.as_str() {
            "apt" => vec!["purge", "-y", "-q", "--autoremove"],
            _ => vec!["remove", "-y"],
        };
        args.extend(packages.iter().map(String::as_str));
        let mut remove = Command::new(if w.manager == "apt" { "apt-get" } else { "dnf" }, &args).within(Duration::from_secs(600));
        remove.env = vec![("DEBIAN_FRONTEND".into(), "noninteractive".into())];
        let output = cx
            .world
            .processes
            .run(&remove, None)
            .await
            .map_err(|e| Fault::new(Whose::Machine, "PACKAGES-FAILED", "Docker could not be removed.").because(e.to_string()))?;
        if !output.ok() {
            return Err(Fault::new(Whose::Machine, "PACKAGES-FAILED", "Docker could not be removed.")
                .because(remove.by_hand())
                .cure("Run that command by hand and mend what it says."));
        }
        Ok(())
    }
}
