//! Journal records: small, versioned, append-only. The receipt is their fold.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::plan::Plan;

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Make the site stand as planned.
    Install,
    /// Take it away again.
    Uninstall,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// All done.
    Done,
    /// A step failed.
    Failed,
    /// Stopped by a person.
    Stopped,
}

/// One record. `at` is seconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// A plan was accepted: the whole of it.
    PlanAccepted {
        /// Version of this format, 1.
        version: u32,
        /// Version of kerbup.
        kerbup: String,
        /// When.
        at: f64,
        /// What for.
        purpose: Purpose,
        /// Of an uninstall: recordings and databases go as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        purge: bool,
        /// Of an uninstall: an engine that kerbup installed goes as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        with_engine: bool,
        /// The plan.
        plan: Plan,
    },
    /// A step begins.
    StepStarted {
        /// Step.
        id: String,
        /// When.
        at: f64,
    },
    /// What takes the step back, saved before anything changes. A first one is never overwritten.
    UndoSaved {
        /// Step.
        id: String,
        /// For the kind alone to read.
        undo: Value,
    },
    /// A step is done.
    StepDone {
        /// Step.
        id: String,
        /// When.
        at: f64,
        /// Something was changed.
        changed: bool,
        /// What it made, for the receipt: digests, ids, versions.
        made: Value,
    },
    /// A step failed.
    StepFailed {
        /// Step.
        id: String,
        /// When.
        at: f64,
        /// Why.
        fault: Fault,
    },
    /// A step was taken back.
    StepReverted {
        /// Step.
        id: String,
        /// When.
        at: f64,
    },
    /// A run ended.
    RunEnded {
        /// When.
        at: f64,
        /// How.
        ending: Ending,
    },
}
