//! Other programs on this machine, each in a process group of its own that ends with it.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::{Pid, Signal};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::world::processes::{Command, Output, ProcessError, Processes};
use crate::world::shown::shown;

/// How long a program may take to end itself after TERM, and how long its output is awaited after its end.
const GRACE: Duration = Duration::from_secs(2);

/// Folders that hold programs although a user's PATH often leaves them out.
const SBIN: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Programs of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealProcesses;

type Line<'a> = Option<&'a (dyn for<'l> Fn(&'l str) + Send + Sync)>;

/// Ends the whole group when it is dropped armed: a future that is cancelled leaves no program behind.
struct Group {
    pid: Option<Pid>,
}

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            // The group may be gone already, which is what is wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Reads to the end, into `text`, and calls `line` for each whole line, the last one also without a line end.
async fn lines(mut from: impl AsyncRead + Unpin, text: &mut String, line: Line<'_>) {
    let mut pending: Vec<u8> = vec![];
    let mut buffer = [0u8; 8192];
    let tell = |bytes: &[u8], text: &mut String, whole: bool| {
        let said = String::from_utf8_lossy(bytes);
        text.push_str(&said);
        if whole {
            text.push('\n');
        }
        if let Some(line) = line {
            line(&shown(&said));
        }
    };
    while let Ok(n) = from.read(&mut buffer).await {
        if n == 0 {
            break;
        }
        pending.extend_from_slice(&buffer[..n]);
        while let Some(end) = pending.iter().position(|b| *b == b'\n') {
            let rest = pending.split_off(end + 1);
            tell(&pending[..end], text, true);
            pending = rest;
        }
    }
    if !pending.is_empty() {
        tell(&pending, text, false);
    }
}

fn runnable(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|m| m.is_file()) && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[async_trait]
impl Processes for RealProcesses {
    fn find(&self, program: &str) -> Option<String> {
        if program.contains('/') {
            return runnable(program).then(|| program.to_owned());
        }
        let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into());
        path.split(':').filter(|f| f.starts_with('/')).chain(SBIN).map(|folder| format!("{folder}/{program}")).find(|p| runnable(p))
    }

    fn hang_up(&self, pid: u32) -> std::io::Result<()> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(rustix::process::kill_process(pid, Signal::HUP)?)
    }

    async fn take_over(&self, command: &Command) -> Result<i32, ProcessError> {
        let name = &command.program;
        let path = self.find(name).ok_or_else(|| ProcessError::Missing(name.clone()))?;
        let ended = tokio::process::Command::new(path).args(&command.args).envs(command.env.iter().map(|(k, v)| (k, v))).status().await;
        Ok(ended.map_err(|e| ProcessError::Failed(name.clone(), e.to_string()))?.code().unwrap_or(1))
    }

    async fn run(&self, command: &Command, line: Line<'_>) -> Result<Output, ProcessError> {
        let name = &command.program;
        let failed = |e: std::io::Error| ProcessError::Failed(name.clone(), e.to_string());
        let path = self.find(name).ok_or_else(|| ProcessError::Missing(name.clone()))?;
        // C: what programs say is read by rules, which know it in one language.
        let mut child = tokio::process::Command::new(path)
            .args(&command.args)
            .env("LC_ALL", "C")
            .envs(command.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let mut group = Group { pid: child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) };
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut output = Output::default();
        let ended = {
            let feed = async {
                if let Some(mut pipe) = stdin {
                    // A program that does not read all of it is no error of ours.
                    drop(pipe.write_all(&command.stdin).await);
                }
            };
            let out = async {
                if let Some(pipe) = stdout {
                    lines(pipe, &mut output.stdout, line).await;
                }
            };
            let err = async {
                if let Some(pipe) = stderr {
                    lines(pipe, &mut output.stderr, line).await;
                }
            };
            let talk = async { tokio::join!(feed, out, err) };
            tokio::pin!(talk);
            let mut talked = false;
            let wait = async {
                let status = loop {
                    tokio::select! {
                        status = child.wait() => break status,
                        _ = &mut talk, if !talked => talked = true,
                    }
                };
                if !talked {
                    // A daemon that it left behind may hold the pipes open for ever.
                    drop(tokio::time::timeout(GRACE, &mut talk).await);
                }
                status
            };
            match command.timeout {
                None => Some(wait.await),
                Some(limit) => tokio::time::timeout(limit, wait).await.ok(),
            }
        };
        match ended {
            Some(status) => {
                // What it left running on purpose (a service it started) stays.
                group.pid = None;
                output.code = status.map_err(failed)?.code();
                Ok(output)
            }
            None => {
                group.signal(Signal::TERM);
                drop(tokio::time::timeout(GRACE, child.wait()).await);
                drop(group);
                drop(tokio::time::timeout(GRACE, child.wait()).await);
                Err(ProcessError::TooLong(name.clone(), command.timeout.unwrap_or_default().as_secs()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn shell(script: &str) -> Command {
        Command::new("sh", &["-c", script])
    }

    #[tokio::test]
    async fn both_outputs_come_line_by_line_in_the_language_c() {
        let seen = Mutex::new(vec![]);
        let note = |l: &str| seen.lock().unwrap().push(l.to_owned());
        let out = RealProcesses.run(&shell("echo one; echo two >&2; printf $LC_ALL; exit 3"), Some(&note)).await.unwrap();
        assert_eq!((out.code, out.stdout.as_str(), out.stderr.as_str()), (Some(3), "one\nC", "two\n"));
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        assert_eq!(seen, ["C", "one", "two"]);
    }

    #[tokio::test]
    async fn it_reads_what_it_is_given_even_when_that_is_much() {
        let mut command = Command::new("cat", &[]);
        command.stdin = vec![b'x'; 300_000];
        assert_eq!(RealProcesses.run(&command, None).await.unwrap().stdout.len(), 300_000);
    }

    #[tokio::test]
    async fn too_long_ends_the_program_and_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("child");
        let script = format!("(sleep 5; touch {}) & echo $!; wait", mark.display());
        let child = Mutex::new(String::new());
        let note = |l: &str| l.clone_into(&mut child.lock().unwrap());
        let got = RealProcesses.run(&shell(&script).within(Duration::from_millis(300)), Some(&note)).await;
        assert!(matches!(got, Err(ProcessError::TooLong(_, _))), "{got:?}");
        let pid = child.into_inner().unwrap();
        // A killed process is gone once it was scheduled again.
        let mut state = String::new();
        for _ in 0..100 {
            state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if state.is_empty() || state.contains(") Z") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the child still runs: {state}");
    }

    #[tokio::test]
    async fn a_daemon_that_keeps_the_pipe_does_not_hold_us() {
        let began = std::time::Instant::now();
        let out = RealProcesses.run(&shell("sleep 8 & echo done"), None).await.unwrap();
        assert_eq!(out.stdout, "done\n");
        assert!(began.elapsed() < Duration::from_secs(6));
    }

    #[tokio::test]
    async fn what_is_not_installed_is_said_so() {
        assert_eq!(
            RealProcesses.run(&Command::new("no-such-program", &[]), None).await,
            Err(ProcessError::Missing("no-such-program".into()))
        );
        assert!(RealProcesses.find("sh").is_some_and(|p| p.ends_with("/sh")));
    }
}
