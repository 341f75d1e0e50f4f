//! For tests of steps: one step on a world of its own, and what it says.

use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::{Context, Report, details};
use crate::model::event::Unit;
use crate::model::plan::{Risk, Step};
use crate::secrets::Secrets;
use crate::world::World;

/// Keeps what a step says: what it logs, and while it waits what for.
#[derive(Default)]
pub struct Heard(Mutex<Vec<String>>);

impl Heard {
    /// All of it so far.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Report for Heard {
    fn progress(&self, _done: u64, _total: Option<u64>, unit: Unit, note: &str) {
        if unit == Unit::Seconds {
            self.0.lock().unwrap().push(note.into());
        }
    }
    fn log(&self, _from: &str, text: &str) {
        self.0.lock().unwrap().push(text.into());
    }
}

/// The site `shop` on this world, which no earlier run began.
pub fn context(world: World) -> (Context, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let cx = Context {
        world,
        site: "shop".into(),
        state: "/var/lib/kerbup/shop".into(),
        secrets: Secrets::default(),
        report: heard.clone(),
        purge: false,
        with_engine: false,
        made: None,
        who: |_, _| None,
        neighbours: vec![],
    };
    (cx, heard)
}

/// A step of a kind, that waits for none.
pub fn step(id: &str, kind: &str, with: &impl Serialize) -> Step {
    Step { with: details(with).unwrap(), risk: Risk::Machine, ..Step::plain(id, kind) }
}
