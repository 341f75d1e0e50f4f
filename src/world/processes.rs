//! The door to other programs.

use std::time::Duration;

use async_trait::async_trait;

/// A program to run. Never a shell, never a secret among the arguments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// Name (looked up in PATH and the sbin folders) or path.
    pub program: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment added to ours.
    pub env: Vec<(String, String)>,
    /// What it reads.
    pub stdin: Vec<u8>,
    /// It is ended after so long. None waits for ever.
    pub timeout: Option<Duration>,
}

impl Command {
    /// A command with a timeout of 10 s.
    pub fn new(program: &str, args: &[&str]) -> Self {
        Command {
            program: program.into(),
            args: args.iter().map(|a| (*a).into()).collect(),
            timeout: Some(Duration::from_secs(10)),
            ..Command::default()
        }
    }

    /// The same with another timeout.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// As a person would type it.
    pub fn by_hand(&self) -> String {
        std::iter::once(&self.program)
            .chain(&self.args)
            .map(|a| {
                if a.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c)) && !a.is_empty() {
                    a.clone()
                } else {
                    format!("'{}'", a.replace('\'', r"'\''"))
                }
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// How it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Exit code 0.
    pub fn ok(&self) -> bool {
        self.code == Some(0)
    }
}

/// Why it did not run to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("{0} is not installed")]
    Missing(String),
    /// It took too long and was ended.
    #[error("{0} did not end within {1} s")]
    TooLong(String, u64),
    /// Something else, in the system's words.
    #[error("{0} could not be run: {1}")]
    Failed(String, String),
}

/// Other programs.
#[async_trait]
pub trait Processes: Send + Sync {
    /// Full path of a program in PATH, /usr/sbin or /sbin.
    fn find(&self, program: &str) -> Option<String>;
    /// Runs it to its end, in a process group of its own so that Ctrl-C does not reach it. `line` gets each line it prints.
    async fn run(&self, command: &Command, line: Option<&(dyn for<'a> Fn(&'a str) + Send + Sync)>) -> Result<Output, ProcessError>;
    /// Sends a process of this machine the signal at which daemons read their settings again (HUP).
    fn hang_up(&self, _pid: u32) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
    /// Gives it our own terminal until it ends; answers its exit code, 1 where a signal ended it. A described machine has none.
    async fn take_over(&self, command: &Command) -> Result<i32, ProcessError> {
        Err(ProcessError::Missing(command.program.clone()))
    }
}
