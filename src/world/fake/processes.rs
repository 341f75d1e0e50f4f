//! Programs that answer what the description says.

use std::sync::Arc;

use async_trait::async_trait;

use super::described::{Answer, Verb};
use super::machine::{Machine, Presence};
use crate::world::processes::{Command, Output, ProcessError, Processes};

pub(super) struct FakeProcesses(pub(super) Arc<Machine>);

#[async_trait]
impl Processes for FakeProcesses {
    fn find(&self, program: &str) -> Option<String> {
        let name = program.rsplit('/').next().unwrap_or(program);
        self.0.state().programs.contains(name).then(|| format!("/usr/bin/{name}"))
    }

    fn hang_up(&self, pid: u32) -> std::io::Result<()> {
        let says = self.0.state().tree.file("/var/run/docker.pid").map(|b| String::from_utf8_lossy(b).trim().to_owned());
        if says.is_ok_and(|s| s == pid.to_string()) && self.0.state().engine == Presence::Up {
            self.0.read_settings(false);
            return Ok(());
        }
        Err(std::io::Error::other("no such process"))
    }

    async fn run(&self, command: &Command, line: Option<&(dyn for<'a> Fn(&'a str) + Send + Sync)>) -> Result<Output, ProcessError> {
        let name = command.program.rsplit('/').next().unwrap_or(&command.program);
        if self.find(name).is_none() {
            return Err(ProcessError::Missing(command.program.clone()));
        }
        let args = command.args.join(" ");
        let fits = |a: &&Answer| a.program == name && args.contains(&a.args) && a.when.as_ref().is_none_or(|w| self.find(w).is_some());
        let answer = self.0.described.programs.iter().find(fits).cloned().unwrap_or_default();
        if let Some(limit) = command.timeout.filter(|t| t.as_secs_f64() < answer.seconds) {
            self.0.wait(limit.as_secs_f64()).await;
            return Err(ProcessError::TooLong(command.program.clone(), limit.as_secs()));
        }
        if let Some(trouble) = self.0.trouble(Verb::Process, &format!("{name} {args}")) {
            self.0.wait(answer.seconds / 2.0).await;
            if let Some(line) = line {
                trouble.says.lines().for_each(line);
            }
            return Ok(Output { code: Some(1), stdout: String::new(), stderr: trouble.says });
        }
        // Its lines come spread over its time.
        let lines: Vec<&str> = answer.stdout.lines().chain(answer.stderr.lines()).collect();
        let part = answer.seconds / (lines.len() as f64 + 1.0);
        for text in &lines {
            self.0.wait(part).await;
            if let Some(line) = line {
                line(text);
            }
        }
        self.0.wait(part).await;
        if answer.code == 0 {
            let mut state = self.0.state();
            state.programs.retain(|p| !answer.removes.contains(p));
            state.programs.extend(answer.installs);
            let up = state.engine == Presence::Up;
            drop(state);
            match answer.engine {
                Some(true) if up && !args.contains("restart") => {}
                Some(true) => {
                    let starts = self.0.read_settings(true);
                    self.0.state().engine = if starts { Presence::Up } else { Presence::Absent };
                }
                Some(false) => self.0.state().engine = Presence::Absent,
                None if name == "systemctl" && args == "reload docker" && up => drop(self.0.read_settings(false)),
                None => {}
            }
        }
        Ok(Output { code: Some(answer.code), stdout: answer.stdout, stderr: answer.stderr })
    }
}
