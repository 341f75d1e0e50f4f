//! Carries a plan out: order, parallelism, journal, resume, revert, lock.

pub mod checkpoint;
pub mod execute;
pub mod journal;
pub mod receipt;
pub mod revert;

pub use execute::{Control, execute};
pub use receipt::Receipt;
pub use revert::revert;

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use crate::model::event::{Event, Unit};
use crate::secrets::Redactor;
use crate::step::Report;
use crate::world::clock::Clock;

/// Tells the fronts how far a step is. What a step says goes through the redactor, whatever it is.
pub struct Teller {
    id: String,
    events: UnboundedSender<Event>,
    clock: Arc<dyn Clock>,
    redactor: Redactor,
}

impl Report for Teller {
    fn progress(&self, done: u64, total: Option<u64>, unit: Unit, note: &str) {
        let _ = self.events.send(Event::StepProgress { id: self.id.clone(), done, total, unit, note: self.redactor.clean(note) });
    }

    fn log(&self, from: &str, text: &str) {
        let _ = self.events.send(Event::Log { at: self.clock.now(), from: from.into(), text: self.redactor.clean(text) });
    }
}
