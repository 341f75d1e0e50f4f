//! The terminal is lent to a child process that asks something itself, such as sudo for its password, and taken back after it.
//!
//! Whoever starts the program makes a pair, gives the `Seat` to `run` and the `Lease` to the one who starts such children.
//! `release` waits until the terminal is as it was before the full screen; `retake` brings the screen back.

use tokio::sync::{mpsc, oneshot};

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

/// The other end, held by the running screen.
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

    /// Waits until the terminal is free. False where no screen holds it any more: then it is free as well.
    pub async fn release(&self) -> bool {
        let (done, wait) = oneshot::channel();
        self.ask.send(Request::Release(done)).is_ok() && wait.await.is_ok()
    }

    /// Waits until the screen is back. False where there is no screen any more.
    pub async fn retake(&self) -> bool {
        let (done, wait) = oneshot::channel();
        self.ask.send(Request::Retake(done)).is_ok() && wait.await.is_ok()
    }

    /// Ends the screen with `Leave::Elevate`.
    pub fn elevate(&self) {
        // Without a screen there is nothing to end.
        let _ = self.ask.send(Request::Elevate);
    }
}
