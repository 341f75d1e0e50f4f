//! Plan: an ordered graph of steps. Plain data, a pure function of what went in: same input, same bytes.

use std::collections::BTreeMap;

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

/// The place of a step that changes the machine itself, not only what is in its engine.
pub const HERE: &str = "this machine";

/// What a step will make or change. Figures are measured or absent, never guessed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Where: [`HERE`], `Docker`, `download`.
    pub place: String,
    /// The commands to do it by hand; secrets as shell variables.
    pub by_hand: Vec<String>,
    /// How it is undone, in words.
    pub undo: String,
    /// It downloads something: a figure that is missing here is missing in the sum.
    #[serde(default)]
    pub fetches: bool,
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
pub fn removals(states: &BTreeMap<String, StepState>) -> impl Iterator<Item = (&str, &str)> {
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
    /// Bytes a second that the seconds of its downloads are reckoned with, where that was measured.
    #[serde(default)]
    pub line: Option<f64>,
}

/// At most so many steps at once: pulls share the line, starts share the disk.
pub const AT_ONCE: usize = 4;

impl Plan {
    /// Titles of the steps in which this plan does something else than another one. Figures, reasons and previews may differ.
    pub fn differences(&self, other: &Plan) -> Vec<String> {
        let same = |s: &Step, o: &Step| (&s.kind, &s.with, s.risk) == (&o.kind, &o.with, o.risk);
        let new = self.steps.iter().filter(|s| self.target != other.target || other.step(&s.id).is_none_or(|o| !same(s, o)));
        let gone = other.steps.iter().filter(|o| self.step(&o.id).is_none());
        new.chain(gone).map(|s| s.title.clone()).collect()
    }

    /// Seconds from the first of these steps to the last, as a run does them: each after those it needs, some at once, and all
    /// downloads through one line. Those whose seconds are not known count as none, and the answer then says that it is not all.
    pub fn lasts(&self, seconds: impl Fn(&Step) -> Option<Option<f64>>) -> (f64, bool) {
        let (mut hands, mut line, mut whole) = ([0.0_f64; AT_ONCE], 0.0_f64, true);
        let mut ends: BTreeMap<&str, f64> = BTreeMap::new();
        for s in &self.steps {
            let Some(told) = seconds(s) else { continue };
            whole &= told.is_some();
            let (fetches, took) = (s.preview.download_bytes.is_some_and(|b| b > 0), told.unwrap_or(0.0));
            let needed = s.after.iter().filter_map(|a| ends.get(a.as_str())).fold(0.0_f64, |a, b| a.max(*b));
            let free = hands.iter_mut().min_by(|a, b| a.total_cmp(b));
            let Some(hand) = free else { continue };
            let begin = needed.max(*hand).max(if fetches { line } else { 0.0 });
            let end = begin + took;
            (*hand, line) = (end, if fetches { end } else { line });
            ends.insert(&s.id, end);
        }
        (ends.values().fold(0.0_f64, |a, b| a.max(*b)), whole)
    }

    /// A step by its id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|s| s.id == id)
    }
}

#[cfg(test)]
impl Step {
    /// A step for tests, which says nothing of itself and waits for none.
    pub fn plain(id: &str, kind: &str) -> Step {
        Step {
            id: id.into(),
            kind: kind.into(),
            with: Details::default(),
            title: String::new(),
            why: String::new(),
            after: vec![],
            risk: Risk::None,
            budget: 60,
            preview: Preview::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, after: &[&str], fetched: Option<u64>) -> Step {
        let preview = Preview { download_bytes: fetched, ..Preview::default() };
        Step { after: after.iter().map(|a| (*a).into()).collect(), preview, ..Step::plain(id, "k") }
    }

    #[test]
    fn a_run_lasts_as_long_as_its_longest_way_and_downloads_share_the_line() {
        let mut steps = vec![step("engine", &[], None), step("a", &["engine"], Some(5)), step("b", &["engine"], Some(5))];
        steps.extend([step("start-a", &["a"], None), step("start-b", &["b"], None)]);
        let plan = Plan { steps, ..Plan::default() };
        let ten = |_: &Step| Some(Some(10.0));
        // The engine, both downloads one after the other, the start of the second; the first starts beside it.
        assert_eq!(plan.lasts(ten), (40.0, true));
        assert_eq!(plan.lasts(|s| (s.kind != "k").then_some(None)), (0.0, true), "nothing is to do");
        assert_eq!(plan.lasts(|s| Some((s.id != "start-b").then_some(10.0))), (30.0, false));
        let six: Vec<Step> = (0..6).map(|n| step(&format!("camera-{n}"), &[], None)).collect();
        assert_eq!(Plan { steps: six, ..Plan::default() }.lasts(ten), (20.0, true), "four at once, then two");
    }
}
