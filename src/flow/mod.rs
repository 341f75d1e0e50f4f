//! The pure state machine that all fronts share: what a person wants and what happened go in, what to do comes out.
//! No IO, no clock, no async, no widgets.

mod cameras;
pub mod effect;
mod happen;
pub mod intent;
mod runs;
#[cfg(test)]
mod runs_tests;
mod sites;
#[cfg(test)]
mod sites_tests;
pub mod stage;
pub mod state;
#[cfg(test)]
mod tests;
mod want;
pub mod welcome;

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

impl Flow {
    /// What to do first, at the stage the journey was set down at.
    pub fn start(&mut self) -> Vec<Effect> {
        if let Some(intent) = self.wanted.take() {
            return self.want(intent);
        }
        match self.here() {
            Stage::Dashboard => vec![Effect::Watch],
            Stage::Machine => self.look(),
            Stage::Review if self.plan.is_none() => self.make_plan(),
            _ => vec![],
        }
    }

    /// Takes what came in, changes the state, says what to do. What was said last is forgotten as soon as a person wants
    /// something else; events leave it, so that a reading that comes in does not wipe it away.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = match input {
            Input::Intent(intent) => {
                self.note = None;
                self.fault = None;
                // Whoever wants something else says yes anew.
                self.agreed = None;
                self.want(intent)
            }
            Input::Event(event) => self.happen(event),
        };
        effects.extend(self.keep());
        effects
    }
}
