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
