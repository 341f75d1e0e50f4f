//! The flow's state and its one function.

use std::collections::BTreeMap;

use super::{Effect, Input, Stage};
use crate::model::answers::Answers;
use crate::model::camera::CameraTried;
use crate::model::check::Check;
use crate::model::event::{Address, CameraCount};
use crate::model::fault::Fault;
use crate::model::health::HealthSnapshot;
use crate::model::host::HostReport;
use crate::model::plan::{Plan, StepState};

/// What is known about an install that stands or was left half-done.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Site.
    pub site: String,
    /// It was left half-done.
    pub unfinished: bool,
    /// Steps done, of.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
}

/// How a step of the run is.
#[derive(Debug, Clone, PartialEq)]
pub enum StepRun {
    /// Waits for its turn.
    Waiting,
    /// Runs since.
    Running {
        /// Seconds since 1970.
        since: f64,
        /// So far, of.
        progress: Option<(u64, Option<u64>, crate::model::event::Unit)>,
        /// What is awaited.
        note: String,
    },
    /// Done.
    Done {
        /// Seconds it took.
        seconds: f64,
        /// Something was changed.
        changed: bool,
    },
    /// Failed.
    Failed {
        /// Seconds it took.
        seconds: f64,
        /// Why.
        fault: Box<Fault>,
    },
    /// Taken back.
    Reverted,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// All is well.
    pub ok: bool,
    /// Cameras.
    pub cameras: CameraCount,
    /// Addresses that were tried.
    pub addresses: Vec<Address>,
    /// The lines that stay in the terminal.
    pub says: Vec<String>,
}

/// Everything that a front may show. Fronts read it and never write it.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Where one is.
    pub stage: Option<Stage>,
    /// A banner that says that nothing is changed.
    pub practice: bool,
    /// Installs that stand or were left half-done.
    pub standing: Vec<Standing>,
    /// The machine, as far as known.
    pub host: HostReport,
    /// What is still being asked.
    pub pending: Vec<String>,
    /// Checks; empty until they were run.
    pub checks: Vec<Check>,
    /// Answers so far.
    pub answers: Answers,
    /// Cameras that were tried, by name; `None` while it is being tried.
    pub tried: BTreeMap<String, Option<CameraTried>>,
    /// The plan at Review.
    pub plan: Option<Plan>,
    /// State of each step before the run.
    pub states: BTreeMap<String, StepState>,
    /// Steps of the run by id.
    pub steps: BTreeMap<String, StepRun>,
    /// Lines of the log, newest last, a bounded number.
    pub log: Vec<(f64, String, String)>,
    /// The run is held.
    pub paused: bool,
    /// A run is under way.
    pub running: bool,
    /// How the run ended.
    pub ended: Option<Ended>,
    /// Health, as last read.
    pub health: Option<HealthSnapshot>,
    /// The log that is followed.
    pub open_log: Option<(String, Vec<String>)>,
    /// A secret that is shown now: name and value.
    pub revealed: Option<(String, String)>,
    /// The last thing that was said, until the next input.
    pub note: Option<String>,
    /// The last thing that failed outside of a step, until the next input.
    pub fault: Option<Fault>,
}

impl Flow {
    /// Takes what came in, changes the state, says what to do.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let _ = input;
        vec![]
    }
}
