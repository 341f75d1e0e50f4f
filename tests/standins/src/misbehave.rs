//! Faults on request, the same for every stand-in: `STANDIN_EXIT` ends at once with that code, `STANDIN_SLOW` delays the
//! listening by seconds. Besides: `STANDIN_START_DELAY` (Agent: seconds before the camera is opened, instead of 30).

use std::time::Duration;

/// The exit code asked for, if any.
pub fn at_start() -> Option<u8> {
    if let Some(code) = number("STANDIN_EXIT") {
        crate::out::complain(format!("stand-in: exits with {code}, as asked"));
        return Some(code.min(255) as u8);
    }
    None
}

/// Called before a stand-in listens.
pub async fn slow() {
    if let Some(seconds) = number("STANDIN_SLOW") {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

/// A number from the environment; what is not a number counts as absent.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.trim().parse().ok()
}

/// Resolves at SIGTERM or SIGINT. As process 1 a program gets no default action for them, so each stand-in waits here.
pub async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
}
