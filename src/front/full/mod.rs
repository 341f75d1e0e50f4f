//! The full screen: shows the flow, turns keys into intents, draws only when something changed.

pub mod app;
mod keyboard;
pub mod keys;
pub mod lease;
pub mod part;
mod run;
pub mod screen;
mod terminal;
pub mod theme;

pub use lease::Lease;
pub use run::run;
pub use theme::{Colour, Look};

/// Why the full screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// With this exit code.
    Quit(i32),
    /// By a second Ctrl-C: the run's journal resumes.
    Interrupted,
    /// The terminal is gone: a run goes on without it.
    Lost,
    /// To start again as root.
    Elevate,
}
