//! Figures that kerbup brings along: how long steps took on a machine that is described beside them. What a machine's own journals
//! say goes before them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All of them, with how they came about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Figures {
    /// The machine that they were measured on.
    pub on: String,
    /// How: which runs, read from where.
    pub how: String,
    /// How fast an engine unpacks an image.
    pub unpack: Unpack,
    /// Seconds of steps, by sort: a kind, or `container:<component>`. What could not be measured is not in here.
    pub steps: BTreeMap<String, Took>,
}

/// How fast an engine unpacks an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unpack {
    /// Unpacked bytes a second, median.
    pub bytes_a_second: f64,
    /// Pulls that it is the median of.
    pub of: u32,
}

/// How long a step took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Took {
    /// Seconds, median.
    pub seconds: f64,
    /// Steps that it is the median of.
    pub of: u32,
}
