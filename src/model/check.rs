//! Check: one rule over the host's facts and the answers, and what it came to.

use serde::{Deserialize, Serialize};

/// What a rule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Right.
    Pass,
    /// Does not apply here, or the fact is unknown; `seen` says which.
    Skip,
    /// To know; nothing stands in the way.
    Warn,
    /// In the way.
    Block,
}

/// Something kerbup can do about it, when asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fix {
    /// Install Docker from the distribution's packages.
    InstallDocker,
    /// Enable and start the Docker service.
    StartDocker,
    /// Take another port for the recordings page or the video store.
    OtherPort,
    /// Use the small shape.
    SmallShape,
    /// Choose another folder for recordings.
    OtherFolder,
}

/// A rule's outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `cpu-no-avx`: stable, used in scripts and in `explain`.
    pub id: String,
    /// `processor`, `memory`, `system`, `disk`, `network`, `docker`, `images`, `cameras`, `answers`.
    pub area: String,
    /// What it came to.
    pub status: Status,
    /// What was seen, one short line. Never a secret.
    pub seen: String,
    /// What to do, in plain words; empty when all is well.
    pub advice: String,
    /// What kerbup may do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Status {
    /// In which order a list has them: what is in the way first, what was left out last.
    pub fn order(self) -> u8 {
        match self {
            Status::Block => 0,
            Status::Warn => 1,
            Status::Pass => 2,
            Status::Skip => 3,
        }
    }
}

impl Check {
    /// What a person can agree to. Where nothing is in the way and the plan sees to it by itself, that is nothing.
    pub fn offer(&self) -> Option<Fix> {
        let by_itself = self.status != Status::Block && matches!(self.fix, Some(Fix::InstallDocker | Fix::StartDocker));
        self.fix.filter(|_| !by_itself)
    }
}

/// The worst of all checks: `pass`, `warn` or `block`.
pub fn verdict(checks: &[Check]) -> Status {
    match checks.iter().map(|c| c.status).max() {
        Some(Status::Block) => Status::Block,
        Some(Status::Warn) => Status::Warn,
        _ => Status::Pass,
    }
}
