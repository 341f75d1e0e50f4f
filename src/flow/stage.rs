//! Where in the journey one is.

use serde::{Deserialize, Serialize};

/// The stages of the journey, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// What will happen; an earlier install first.
    Welcome,
    /// The machine's facts and checks.
    Machine,
    /// Docker, a cluster, small.
    Where,
    /// Cameras.
    Cameras,
    /// Folder, days, who may look.
    Storage,
    /// The whole plan.
    Review,
    /// It happens.
    Install,
    /// It records.
    Done,
    /// How it is.
    Dashboard,
}

impl Stage {
    /// The six stages of the wizard's rail.
    pub const RAIL: [Stage; 6] = [Stage::Machine, Stage::Where, Stage::Cameras, Stage::Storage, Stage::Review, Stage::Install];
    /// All stages in order.
    pub const ALL: [Stage; 9] = [
        Stage::Welcome,
        Stage::Machine,
        Stage::Where,
        Stage::Cameras,
        Stage::Storage,
        Stage::Review,
        Stage::Install,
        Stage::Done,
        Stage::Dashboard,
    ];
}
