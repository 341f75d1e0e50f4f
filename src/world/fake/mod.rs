//! The fake doors: a described machine with a simulated engine. `--practice` runs on it, and so do the tests of flow and run.
//! The same machine and the same keys always end the same.
#![allow(clippy::disallowed_methods)]

mod clock;
mod containers;
mod described;
mod engine;
mod files;
mod logs;
mod machine;
mod network;
mod processes;
mod report;
mod services;
#[cfg(test)]
mod services_tests;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

use std::sync::Arc;
use std::time::Duration;

pub use clock::Pace;
pub use described::{Answer, CameraDescribed, Described, Sort, Trouble, Verb, from_report, named, names};

use super::World;
use super::clock::Clock;
use super::engine::Engine;
use super::files::Files;
use super::network::Network;
use super::processes::Processes;
use crate::model::host::{HostReport, Listener};
use machine::{Machine, Presence};

/// The doors of a described machine, its time as fast as the description says.
pub fn world(described: Described) -> World {
    let pace = Pace::Speed(described.speed);
    paced(described, pace).0
}

/// The same with time of one's choice, and a hand that moves what happens by itself.
pub fn paced(described: Described, pace: Pace) -> (World, Hand) {
    let machine = Machine::new(described, pace);
    let world = World {
        files: Arc::new(files::FakeFiles(machine.clone())) as Arc<dyn Files>,
        processes: Arc::new(processes::FakeProcesses(machine.clone())) as Arc<dyn Processes>,
        network: Arc::new(network::FakeNetwork(machine.clone())) as Arc<dyn Network>,
        engine: Arc::new(engine::FakeEngine(machine.clone())) as Arc<dyn Engine>,
        clock: Arc::new(Told(machine.clone())) as Arc<dyn Clock>,
    };
    (world, Hand(machine))
}

/// The clock of the machine, as a door of its own.
struct Told(Arc<Machine>);

#[async_trait::async_trait]
impl Clock for Told {
    fn now(&self) -> f64 {
        self.0.clock.now()
    }

    fn ticks(&self) -> f64 {
        self.0.clock.ticks()
    }

    async fn sleep(&self, how_long: Duration) {
        self.0.clock.sleep(how_long).await;
    }
}

/// Looks at the machine from outside, and moves what happens to it by itself.
#[derive(Clone)]
pub struct Hand(Arc<Machine>);

impl Hand {
    /// Lets time pass, where it is manual.
    pub fn advance(&self, by: Duration) {
        self.0.clock.advance(by);
    }

    /// A container ends by itself with this exit code.
    pub fn end(&self, container: &str, code: i64) {
        let now = self.0.clock.now();
        self.0.settle();
        if let Some(sim) = self.0.state().sims.get_mut(container) {
            sim.stop(now, code);
        }
    }

    /// What a probe would report now: after an install of Docker the engine is in it.
    pub fn host(&self) -> HostReport {
        report::now(&self.0)
    }

    /// A program begins to listen.
    pub fn listens(&self, listener: Listener) {
        self.0.state().listeners.push(listener);
    }

    /// Nobody listens there any more of those who came since.
    pub fn leaves(&self, port: u16) {
        self.0.state().listeners.retain(|l| l.port != port);
    }

    /// The engine stops or starts to answer.
    pub fn engine(&self, answers: bool) {
        self.0.state().engine = if answers { Presence::Up } else { Presence::Absent };
    }
}
