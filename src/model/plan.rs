//! Plan: an ordered graph of steps. Plain data, a pure function of what went in: same input, same bytes.

use serde::{Deserialize, Serialize};

use super::details::Details;

/// What may happen to what a person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Adds something that can be removed again.
    None,
    /// Restarts something for a moment.
    Restart,
    /// Changes the machine's own configuration; undone on uninstall.
    Machine,
}

/// One step. `with` belongs to its kind alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `container:mongodb`: unique in the plan, the same in every plan of the site.
    pub id: String,
    /// Its kind: `container`. The list of kinds is in `step`.
    pub kind: String,
    /// What the kind needs to know. Literals and references to secrets, no secret.
    pub with: Details,
    /// What it does, in words: `Start the recordings list`.
    pub title: String,
    /// Why, in one or two sentences.
    pub why: String,
    /// Ids of steps that must be done before.
    pub after: Vec<String>,
    /// Risk.
    pub risk: Risk,
    /// Seconds after which it is given up.
    pub budget: u64,
    /// What it will make or change.
    pub preview: Preview,
}

/// What a step will make or change. Figures are measured or absent, never guessed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Where: `this machine`, `Docker`, `download`.
    pub place: String,
    /// The commands to do it by hand; secrets as shell variables.
    pub by_hand: Vec<String>,
    /// How it is undone, in words.
    pub undo: String,
    /// Bytes to download.
    pub download_bytes: Option<u64>,
    /// Bytes on the disk.
    pub disk_bytes: Option<u64>,
    /// Seconds.
    pub seconds: Option<f64>,
}

/// How things stand for a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum StepState {
    /// Not there: to be made.
    Absent,
    /// There, made by kerbup, as it should be: nothing to do.
    OursAlready,
    /// There, as it should be, made by somebody else: used and left alone on uninstall.
    AlreadyThere,
    /// There, but different.
    Different {
        /// What differs, one a line, without secrets.
        diff: Vec<String>,
    },
    /// Made by an earlier plan, and in this one no more: it is removed when the plan is done. Such a step is not among the plan's.
    Remove {
        /// What that is, in words: `Remove the recorder of yard`.
        title: String,
    },
}

impl StepState {
    /// Nothing is done for a step that stands so.
    pub fn settled(&self) -> bool {
        matches!(self, StepState::OursAlready | StepState::AlreadyThere)
    }
}

/// What is removed when a plan is done, by step id, with its words.
pub fn removals(states: &std::collections::BTreeMap<String, StepState>) -> impl Iterator<Item = (&str, &str)> {
    states.iter().filter_map(|(id, state)| match state {
        StepState::Remove { title } => Some((id.as_str(), title.as_str())),
        _ => None,
    })
}

/// The plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The site.
    pub site: String,
    /// Engine it is for: `docker`.
    pub target: String,
    /// Version of the renderer: a newer kerbup that renders the same thing otherwise counts up.
    pub renderer: u32,
    /// In an order that respects `after`.
    pub steps: Vec<Step>,
    /// Things to say before it starts: choices made for this machine and why.
    pub notes: Vec<String>,
}

impl Plan {
    /// Titles of the steps in which this plan does something else than another one. Figures, reasons and previews may differ.
    pub fn differences(&self, other: &Plan) -> Vec<String> {
        let same = |s: &Step, o: &Step| (&s.kind, &s.with, s.risk) == (&o.kind, &o.with, o.risk);
        let new = self.steps.iter().filter(|s| self.target != other.target || other.step(&s.id).is_none_or(|o| !same(s, o)));
        let gone = other.steps.iter().filter(|o| self.step(&o.id).is_none());
        new.chain(gone).map(|s| s.title.clone()).collect()
    }

    /// A step by its id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }
}
