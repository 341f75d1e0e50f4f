//! A fact about the machine: known, with how it was learnt, or unknown, with why. Never a guess.

use serde::{Deserialize, Serialize};

/// One thing that was looked for. A rule over an unknown fact must handle that it is unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact<T> {
    /// It was seen.
    Known {
        /// What was seen.
        value: T,
        /// Where: a file, a command, an API call.
        how: String,
    },
    /// It could not be seen.
    Unknown {
        /// Why, in words for people.
        unknown: String,
    },
}

impl<T> Fact<T> {
    /// A fact that was seen.
    pub fn known(value: T, how: impl Into<String>) -> Self {
        Fact::Known { value, how: how.into() }
    }

    /// A fact that could not be seen.
    pub fn unknown(why: impl Into<String>) -> Self {
        Fact::Unknown { unknown: why.into() }
    }

    /// The value, where it is known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Fact::Known { value, .. } => Some(value),
            Fact::Unknown { .. } => None,
        }
    }

    /// How it was learnt, or why it was not.
    pub fn how(&self) -> &str {
        match self {
            Fact::Known { how, .. } => how,
            Fact::Unknown { unknown } => unknown,
        }
    }

    /// The same fact about something derived from the value.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Fact<U> {
        match self {
            Fact::Known { value, how } => Fact::known(f(value), how.clone()),
            Fact::Unknown { unknown } => Fact::unknown(unknown.clone()),
        }
    }
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        Fact::unknown("not looked at yet")
    }
}
