//! Where answers come from: inquire's prompts on a terminal, plain lines for screen readers and pipes. Reading blocks, so it has
//! a thread of its own that reads only when asked; it never holds up the end of the program.

use std::io::{BufRead, IsTerminal};
use std::sync::{Arc, mpsc};

use async_trait::async_trait;
use inquire::ui::RenderConfig;
use inquire::{InquireError, Password, PasswordDisplayMode, Text};
use tokio::sync::oneshot;

use super::Terminal;
use crate::front::mode::Before;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// With its question mark.
    pub prompt: String,
    /// What an empty line stands for; empty for nothing.
    pub default: String,
    /// Not shown while it is typed.
    pub hidden: bool,
}

/// What came.
#[derive(PartialEq, Eq)]
pub enum Typed {
    /// A line without its end.
    Line(String),
    /// Esc: one step back.
    Back,
    /// Ctrl-C.
    Interrupted,
    /// Nothing more will come.
    End,
}

/// A source of answers.
#[async_trait(?Send)]
pub trait Input {
    /// It draws the prompt itself.
    fn draws(&self) -> bool;
    /// Waits for one answer.
    async fn ask(&mut self, asked: Asked) -> Typed;
}

/// Standard input.
pub struct Stdin {
    ask: mpsc::Sender<(Asked, oneshot::Sender<Typed>)>,
    draws: bool,
    /// The terminal as it was before a password was asked, for the case that we end while it is.
    before: Arc<Before>,
}

impl Stdin {
    /// Starts the thread that reads.
    pub fn start(terminal: &Terminal) -> Self {
        let (ask, asked) = mpsc::channel::<(Asked, oneshot::Sender<Typed>)>();
        if !terminal.colour {
            inquire::set_global_render_config(RenderConfig::empty());
        }
        let draws = terminal.stdin_tty && terminal.stderr_tty && !terminal.accessible;
        let before = Arc::new(Before::new());
        let saved = before.clone();
        std::thread::spawn(move || {
            for (question, answer) in asked {
                let typed = if draws { prompted(&question) } else { read(&question, &saved) };
                // Nobody waits any more when the program ends; then this thread ends with it.
                let _ = answer.send(typed);
            }
        });
        Stdin { ask, draws, before }
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        let _ = self.before.restore();
    }
}

#[async_trait(?Send)]
impl Input for Stdin {
    fn draws(&self) -> bool {
        self.draws
    }

    async fn ask(&mut self, asked: Asked) -> Typed {
        let (answer, typed) = oneshot::channel();
        if self.ask.send((asked, answer)).is_err() {
            return Typed::End;
        }
        typed.await.unwrap_or(Typed::End)
    }
}

/// By inquire.
fn prompted(asked: &Asked) -> Typed {
    let result = if asked.hidden {
        Password::new(&asked.prompt).with_display_mode(PasswordDisplayMode::Masked).without_confirmation().prompt()
    } else if asked.default.is_empty() {
        Text::new(&asked.prompt).prompt()
    } else {
        Text::new(&asked.prompt).with_default(&asked.default).prompt()
    };
    match result {
        Ok(line) => Typed::Line(line),
        Err(InquireError::OperationCanceled) => Typed::Back,
        Err(InquireError::OperationInterrupted) => Typed::Interrupted,
        Err(_) => Typed::End,
    }
}

/// One line. A password is not echoed by the terminal meanwhile.
fn read(asked: &Asked, before: &Before) -> Typed {
    if asked.hidden && std::io::stdin().is_terminal() {
        // Where it cannot be hidden, it is asked for all the same.
        let _ = before.quiet();
    }
    let mut line = vec![];
    let read = std::io::stdin().lock().read_until(b'\n', &mut line);
    // Nothing better can be done where even this fails.
    let _ = before.restore();
    match read {
        Ok(n) if n > 0 => Typed::Line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_string()),
        _ => Typed::End,
    }
}
