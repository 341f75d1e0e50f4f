//! The pure state machine that all fronts share: what a person wants and what happened go in, what to do comes out.
//! No IO, no clock, no async, no widgets.

pub mod effect;
pub mod intent;
pub mod stage;
pub mod state;

pub use effect::Effect;
pub use intent::Intent;
pub use stage::Stage;
pub use state::Flow;

use crate::model::event::Event;

/// What can come in.
#[derive(Debug)]
pub enum Input {
    /// A person wants something.
    Intent(Intent),
    /// Something happened.
    Event(Event),
}
