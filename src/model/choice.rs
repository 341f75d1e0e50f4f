//! Choice: where the stack could run on this machine, and what its recordings would need. Filled by rules, shown by fronts.

use serde::{Deserialize, Serialize};

use super::answers::{PlatformKind, Shape};

/// One row of the question where it shall run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlatformChoice {
    /// `Docker`.
    pub title: String,
    /// What it means for a person, in one or two short sentences.
    pub says: String,
    /// It can be taken here, or why not in a few words.
    pub available: Result<(), String>,
    /// Where.
    pub platform: PlatformKind,
    /// How much.
    pub shape: Shape,
    /// It is the one that kerbup would take.
    pub recommended: bool,
    /// Why it is recommended, or what it costs, from what was seen on this machine.
    pub because: String,
}

/// What the recordings will need in the chosen folder, and what there is. Sizes are bytes. What is not measured is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// All bytes of the file system below the folder.
    pub total_bytes: Option<u64>,
    /// Bytes that may still be written there.
    pub free_bytes: Option<u64>,
    /// What it is, in words: `hard disk`, `SD card`.
    pub kind: String,
    /// Bytes a day if all cameras record always, from their measured streams.
    pub bytes_per_day: Option<f64>,
    /// The most that the days to keep can come to.
    pub max_bytes: Option<u64>,
    /// What the days come to for the cameras that were measured, where not all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least_bytes: Option<u64>,
    /// Cameras that were not measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmeasured: Vec<String>,
    /// Days that would fit at most.
    pub fits_days: Option<u32>,
    /// What else to know, one sentence each.
    pub notes: Vec<String>,
}
