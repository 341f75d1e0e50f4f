//! Event: what happened, as every front shows it. Events hold no secrets.

use serde::{Deserialize, Serialize};

use super::answers::{Answers, Camera};
use super::camera::CameraTried;
use super::check::Check;
use super::choice::{PlatformChoice, Sizing};
use super::fault::Fault;
use super::health::HealthSnapshot;
use super::host::HostReport;
use super::plan::{Plan, StepState};

/// What a step's bar counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds of its budget.
    Seconds,
}

/// Id of what comes after the last step of a plan: the wait for the first recordings. It can be stopped, and not held.
pub const PROOF: &str = "proof";

/// Cameras that record at the end of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraCount {
    /// Seen to record: a file of theirs, not only their picture.
    pub recording: usize,
    /// All.
    pub of: usize,
}

/// An address that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// What is there: `Recordings page`.
    pub title: String,
    /// Where.
    pub url: String,
    /// User; the password is shown on request.
    pub user: Option<String>,
    /// Name of the password's secret.
    pub password: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The host report grew. `pending` names what is still being asked.
    Host {
        /// As far as known.
        report: Box<HostReport>,
        /// What is awaited, in words.
        pending: Vec<String>,
    },
    /// The checks were run.
    Checks {
        /// All of them.
        checks: Vec<Check>,
    },
    /// Where the stack could run here, the recommended first where there is one.
    Choices {
        /// All of them, also those that cannot be taken, with why.
        choices: Vec<PlatformChoice>,
    },
    /// A camera that was typed is understood; its login was split out and kept.
    CameraSet {
        /// Its place in the list; none adds it.
        index: Option<usize>,
        /// The camera, without its login.
        camera: Camera,
        /// What to know about the address; empty when all is well.
        advice: String,
    },
    /// What the recordings will need, and what there is.
    Sizing(Sizing),
    /// What was typed so far was written down for the next time, or could not be.
    AnswersKept {
        /// It was.
        kept: bool,
    },
    /// The answers of a standing site were read, or those that were kept.
    Loaded {
        /// Its answers.
        answers: Box<Answers>,
    },
    /// A camera was tried.
    CameraTried {
        /// What came of it.
        tried: CameraTried,
    },
    /// A plan was made, with the state of each step before it runs.
    Planned {
        /// The plan.
        plan: Box<Plan>,
        /// State by step id.
        states: std::collections::BTreeMap<String, StepState>,
    },
    /// A run begins (or a second program attached to it).
    RunStarted {
        /// Steps in all.
        steps: usize,
    },
    /// A step begins.
    StepStarted {
        /// Step.
        id: String,
        /// Its title.
        title: String,
        /// Seconds since 1970.
        at: f64,
    },
    /// A step moved on.
    StepProgress {
        /// Step.
        id: String,
        /// So far.
        done: u64,
        /// Of so many, where known.
        total: Option<u64>,
        /// What is counted.
        unit: Unit,
        /// What is awaited, in words.
        note: String,
    },
    /// A step is done.
    StepDone {
        /// Step.
        id: String,
        /// Its title.
        title: String,
        /// Seconds it took.
        seconds: f64,
        /// Something was changed; otherwise it was right already.
        changed: bool,
    },
    /// A step failed. The run goes on with what does not depend on it, then ends.
    StepFailed {
        /// Step.
        id: String,
        /// Its title.
        title: String,
        /// Seconds it took.
        seconds: f64,
        /// What and why.
        fault: Fault,
    },
    /// A step was taken back.
    StepReverted {
        /// Step.
        id: String,
        /// What that did: `Remove the network shop-12`.
        title: String,
    },
    /// A line for the log.
    Log {
        /// Seconds since 1970.
        at: f64,
        /// Who says it: `docker`, `apt`, a component.
        from: String,
        /// Without secrets.
        text: String,
    },
    /// A camera's first recording was seen.
    Recorded {
        /// Camera.
        camera: String,
        /// What was seen.
        says: String,
    },
    /// The health of the site.
    Health {
        /// At an instant.
        snapshot: Box<HealthSnapshot>,
    },
    /// Lines of a component's log, redacted.
    LogLines {
        /// Component.
        component: String,
        /// New lines.
        lines: Vec<String>,
    },
    /// A secret that a person asked to see. Fronts show it and never keep it; it is not written to JSON or a log.
    #[serde(skip)]
    Revealed {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// What taking a site down would remove and keep.
    Farewell {
        /// The site.
        site: String,
        /// What is removed, in words.
        goes: Vec<String>,
        /// What stays.
        stays: Vec<String>,
    },
    /// Something that a person asked for was done: saved, copied, restarted.
    Note {
        /// In words.
        says: String,
    },
    /// Something a person asked for failed, outside of a step.
    Failed {
        /// What and why.
        fault: Fault,
    },
    /// The end. Always the last.
    Done {
        /// All is well.
        ok: bool,
        /// It changed something.
        changed: bool,
        /// Cameras.
        cameras: CameraCount,
        /// Addresses that were tried.
        addresses: Vec<Address>,
        /// In words: the lines that stay in the terminal.
        says: Vec<String>,
    },
}
