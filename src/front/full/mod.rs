//! The full screen: shows the flow, turns keys into intents, draws only when something changed.

pub mod app;
mod keyboard;
pub mod keys;
pub mod part;
mod run;
pub mod screen;
mod terminal;
pub mod theme;

pub use super::lease::{Lease, Leave};
pub use run::run;
pub use theme::{Colour, Look};
