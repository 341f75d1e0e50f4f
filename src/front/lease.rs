//! The terminal is lent to a child process that has a conversation of its own, such as a practice, and taken back after it; or it is
//! given up for good, to start again as root.
//!
//! Whoever starts the program makes a pair, gives the `Seat` to the front and the `Lease` to the one who starts such children.
//! `release` waits until the terminal is as it was before the front took it; `retake` brings the front back.

use tokio::sync::{mpsc, oneshot};

/// Why a front was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// With this exit code.
    Quit(i32),
    /// By Ctrl-C, the second one where a run is under way: its journal resumes.
    Interrupted,
    /// The terminal is gone: a run goes on without it.
    Lost,
    /// By a TERM signal: what was begun goes on when kerbup is started again.
    Terminated,
    /// To start again as root.
    Elevate,
}

/// What is asked of the one who holds the terminal.
#[derive(Debug)]
pub(super) enum Request {
    Release(oneshot::Sender<()>),
    Retake(oneshot::Sender<()>),
    Elevate,
}

/// Asks for the terminal.
#[derive(Debug, Clone)]
pub struct Lease {
    ask: mpsc::UnboundedSender<Request>,
}

/// The other end, held by the running front.
#[derive(Debug)]
pub struct Seat {
    pub(super) asked: mpsc::UnboundedReceiver<Request>,
}

impl Lease {
    /// A lease and its seat.
    pub fn pair() -> (Lease, Seat) {
        let (ask, asked) = mpsc::unbounded_channel();
        (Lease { ask }, Seat { asked })
    }

    /// Waits until the terminal is free. False where no front holds it any more: then it is free as well.
    pub async fn release(&self) -> bool {
        let (done, wait) = oneshot::channel();
        self.ask.send(Request::Release(done)).is_ok() && wait.await.is_ok()
    }

    /// Waits until the front is back. False where there is none any more.
    pub async fn retake(&self) -> bool {
        let (done, wait) = oneshot::channel();
        self.ask.send(Request::Retake(done)).is_ok() && wait.await.is_ok()
    }

    /// Ends the front with `Leave::Elevate`.
    pub fn elevate(&self) {
        // Without a front there is nothing to end.
        let _ = self.ask.send(Request::Elevate);
    }
}
