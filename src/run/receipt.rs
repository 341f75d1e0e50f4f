//! The receipt: the fold of the journal. What stands, what takes it back, what was left half-done. Never written by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal;
use crate::model::fault::{Fault, Whose};
use crate::model::journal::{Ending, Purpose, Record};
use crate::model::plan::{Plan, Step};
use crate::step::{self, file_fault};
use crate::world::files::Files;

/// The receipt as it lies with the recordings: what was made of them, by which rendering. No secret is in it.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    plan: Plan,
    steps: BTreeMap<String, KeptStep>,
}

#[derive(Serialize, Deserialize)]
struct KeptStep {
    undo: Option<Value>,
    made: Option<Value>,
}

/// What is known of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The step as it was planned last.
    pub step: Arc<Step>,
    /// Its first saved undo, since it was last taken back.
    pub undo: Option<Value>,
    /// What it made, when it was done.
    pub made: Option<Value>,
    /// Order in which it was first begun.
    pub order: usize,
}

/// The fold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Receipt {
    /// The plan accepted last.
    pub plan: Option<Plan>,
    /// What that plan was for.
    pub purpose: Option<Purpose>,
    /// It takes the site down with its recordings and databases.
    pub purge: bool,
    /// It takes the site down with an engine that kerbup installed.
    pub with_engine: bool,
    /// How its run ended; none while it runs or when it was cut off.
    pub ending: Option<Ending>,
    /// Steps that were begun and not taken back, by id.
    pub steps: BTreeMap<String, Trace>,
    /// It stood as a whole once, and nobody began to take it down since.
    pub stood: bool,
    /// Seconds that steps took, by sort: newest last.
    pub seconds: BTreeMap<String, Vec<f64>>,
    /// Each download whose size was known beforehand: when it began, when it was done, its bytes.
    pub fetched: Vec<(f64, f64, u64)>,
}

impl Receipt {
    /// Reads and folds the journal of a site.
    pub fn read(f: &dyn Files, state: &str) -> Result<Self, Fault> {
        let mut folding = Folding::default();
        journal::read(f, state, &mut |record| folding.add(record))?;
        Ok(folding.receipt)
    }

    /// The receipt as it was when a run last ended well: what the runs since then are undone to. None where none did, or where
    /// somebody began to take the site down since.
    pub fn before(f: &dyn Files, state: &str) -> Result<Option<Self>, Fault> {
        let (mut folding, mut last) = (Folding::default(), None);
        journal::read(f, state, &mut |record| {
            let ended = matches!(record, Record::RunEnded { .. });
            folding.add(record);
            if !folding.receipt.stood {
                last = None;
            } else if ended && folding.receipt.ending == Some(Ending::Done) {
                last = Some(folding.receipt.clone());
            }
        })?;
        Ok(last)
    }

    /// Writes it down beside recordings, for the day on which the journal is gone and they are not.
    pub fn keep(&self, f: &dyn Files, folder: &str) -> Result<(), Fault> {
        let path = format!("{folder}/receipt.json");
        let step = |t: &Trace| KeptStep { undo: t.undo.clone(), made: t.made.clone() };
        let steps = self.steps.iter().map(|(id, t)| (id.clone(), step(t))).collect();
        let kept = Kept { schema: 1, plan: self.plan.clone().unwrap_or_default(), steps };
        let text = serde_json::to_vec(&kept)
            .map_err(|e| Fault::new(Whose::Ours, "RECEIPT-NOT-WRITTEN", "The receipt could not be written.").because(e.to_string()))?;
        f.write(&path, &text, 0o600).map_err(|e| file_fault(&e, &path))
    }

    /// The plan of such a receipt. One that is not there or not understood is none: the recordings are usable without.
    pub fn kept(f: &dyn Files, folder: &str) -> Option<Plan> {
        let kept: Kept = serde_json::from_slice(&f.read(&format!("{folder}/receipt.json")).ok()?).ok()?;
        (kept.schema == 1).then_some(kept.plan)
    }

    /// Folds records.
    pub fn fold(records: Vec<Record>) -> Self {
        let mut folding = Folding::default();
        records.into_iter().for_each(|record| folding.add(record));
        folding.receipt
    }

    /// A plan was accepted and its run did not come to its end.
    pub fn unfinished(&self) -> bool {
        self.purpose.is_some() && self.ending != Some(Ending::Done)
    }

    /// Nothing of the site stands.
    pub fn empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The folder that recordings lie in, once it was prepared.
    pub fn folder(&self) -> Option<String> {
        let storage = self.steps.values().find(|t| t.step.kind == "storage" && t.undo.is_some())?;
        storage.step.with.text("path")
    }

    /// Steps of the plan that are done, of all.
    pub fn done(&self) -> (usize, usize) {
        let steps = self.plan.as_ref().map_or(&[][..], |p| &p.steps);
        (steps.iter().filter(|s| self.steps.get(&s.id).is_some_and(|t| t.made.is_some())).count(), steps.len())
    }

    /// Median seconds by sort of step (`step::sort`), measured on this machine.
    pub fn typical_seconds(&self) -> BTreeMap<String, f64> {
        self.seconds.iter().filter_map(|(kind, all)| Some((kind.clone(), median(all)?))).collect()
    }

    /// Median bytes a second of earlier downloads, unpacking included. Those that ran at the same time shared the line: they count
    /// as one.
    pub fn line_rate(&self) -> Option<f64> {
        let mut all = self.fetched.clone();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut together: Vec<(f64, f64, u64)> = vec![];
        for (since, at, bytes) in all {
            match together.last_mut() {
                Some(last) if since < last.1 => *last = (last.0, last.1.max(at), last.2.saturating_add(bytes)),
                _ => together.push((since, at, bytes)),
            }
        }
        // A moment is too short to measure a line by.
        median(
            &together
                .iter()
                .map(|(since, at, bytes)| (at - since, *bytes as f64))
                .filter(|(s, _)| *s >= 1.0)
                .map(|(s, b)| b / s)
                .collect::<Vec<_>>(),
        )
    }
}

/// A fold under way.
#[derive(Default)]
struct Folding {
    receipt: Receipt,
    /// Steps of all plans so far, as planned last.
    known: BTreeMap<String, Arc<Step>>,
    /// When each was begun last.
    begun: BTreeMap<String, f64>,
    order: usize,
}

impl Folding {
    fn add(&mut self, record: Record) {
        let r = &mut self.receipt;
        match record {
            Record::PlanAccepted { plan, purpose, purge, with_engine, .. } => {
                (r.purge, r.with_engine) = (purge, with_engine);
                for s in plan.steps.iter().cloned().map(Arc::new) {
                    if purpose == Purpose::Install
                        && let Some(trace) = r.steps.get_mut(&s.id)
                    {
                        trace.step = s.clone();
                    }
                    self.known.insert(s.id.clone(), s);
                }
                if purpose == Purpose::Install {
                    r.plan = Some(plan);
                }
                r.stood &= purpose == Purpose::Install;
                r.purpose = Some(purpose);
                r.ending = None;
            }
            Record::StepStarted { id, at } => {
                self.begun.insert(id.clone(), at);
                if let Some(step) = self.known.get(&id) {
                    self.order += 1;
                    r.steps.entry(id).or_insert(Trace { step: step.clone(), undo: None, made: None, order: self.order });
                }
            }
            Record::UndoSaved { id, undo } => {
                if let Some(t) = r.steps.get_mut(&id)
                    && t.undo.is_none()
                {
                    t.undo = Some(undo);
                }
            }
            Record::StepDone { id, at, made, changed } => {
                if let Some(t) = r.steps.get_mut(&id) {
                    if let (Some(since), true) = (self.begun.get(&id), changed) {
                        r.seconds.entry(step::sort(&t.step)).or_default().push((at - since).max(0.0));
                        if let Some(bytes @ 1..) = t.step.preview.download_bytes {
                            r.fetched.push((*since, at, bytes));
                        }
                    }
                    t.made = Some(made);
                }
            }
            Record::StepFailed { .. } => {}
            Record::StepReverted { id, .. } => {
                r.steps.remove(&id);
            }
            Record::RunEnded { ending, .. } => {
                r.stood |= ending == Ending::Done && r.purpose == Some(Purpose::Install);
                r.ending = Some(ending);
            }
        }
    }
}

fn median(all: &[f64]) -> Option<f64> {
    let mut sorted = all.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Plan {
        Plan { steps: vec![Step::plain("a", "k")], ..Plan::default() }
    }

    fn accepted(purpose: Purpose) -> Record {
        Record::PlanAccepted { version: 1, kerbup: "0".into(), at: 0.0, purpose, purge: false, with_engine: false, plan: plan() }
    }

    #[test]
    fn downloads_at_the_same_time_share_the_line() {
        let receipt = |fetched| Receipt { fetched, ..Receipt::default() };
        assert_eq!(receipt(vec![(0.0, 4.0, 20), (1.0, 4.0, 20), (2.0, 4.0, 40)]).line_rate(), Some(20.0));
        assert_eq!(receipt(vec![(0.0, 4.0, 20), (4.0, 8.0, 40), (9.0, 10.0, 10)]).line_rate(), Some(10.0), "the median of three");
    }

    #[test]
    fn a_first_undo_is_never_overwritten_until_the_step_is_taken_back() {
        let undo = |n: i32| Record::UndoSaved { id: "a".into(), undo: json!(n) };
        let start = || Record::StepStarted { id: "a".into(), at: 1.0 };
        let r = Receipt::fold(vec![accepted(Purpose::Install), start(), undo(1), start(), undo(2)]);
        assert_eq!(r.steps["a"].undo, Some(json!(1)));
        assert!(r.unfinished());
        let r = Receipt::fold(vec![
            accepted(Purpose::Install),
            start(),
            undo(1),
            Record::StepReverted { id: "a".into(), at: 2.0 },
            start(),
            undo(3),
        ]);
        assert_eq!(r.steps["a"].undo, Some(json!(3)));
    }

    #[test]
    fn seconds_are_the_median_of_what_was_measured() {
        let mut records = vec![accepted(Purpose::Install)];
        for (from, to) in [(0.0, 5.0), (10.0, 11.0), (20.0, 22.0)] {
            records.push(Record::StepStarted { id: "a".into(), at: from });
            records.push(Record::StepDone { id: "a".into(), at: to, changed: true, made: json!(null) });
        }
        records.push(Record::RunEnded { at: 30.0, ending: Ending::Done });
        let r = Receipt::fold(records);
        assert_eq!(r.typical_seconds()["k"], 2.0);
        assert!(!r.unfinished());
        assert_eq!(r.done(), (1, 1));
        assert_eq!(r.line_rate(), None);
    }

    #[test]
    fn what_lies_with_the_recordings_tells_the_plan_again() {
        let world = crate::world::fake::paced(crate::world::fake::named("nuc").unwrap(), crate::world::fake::Pace::Manual).0;
        let f = &*world.files;
        crate::step::files::make(f, "/srv/k/.kerbup", 0o700).unwrap();
        assert_eq!(Receipt::kept(f, "/srv/k/.kerbup"), None);
        let done = Record::StepDone { id: "a".into(), at: 2.0, changed: true, made: json!({"days": 12}) };
        let r = Receipt::fold(vec![accepted(Purpose::Install), Record::StepStarted { id: "a".into(), at: 1.0 }, done]);
        r.keep(f, "/srv/k/.kerbup").unwrap();
        assert_eq!((Receipt::kept(f, "/srv/k/.kerbup"), f.meta("/srv/k/.kerbup/receipt.json").unwrap().mode), (r.plan, 0o600));
        let text: Value = serde_json::from_slice(&f.read("/srv/k/.kerbup/receipt.json").unwrap()).unwrap();
        assert_eq!(text["steps"]["a"]["made"]["days"], 12);
        f.write("/srv/k/.kerbup/receipt.json", b"{\"schema\":", 0o600).unwrap();
        assert_eq!(Receipt::kept(f, "/srv/k/.kerbup"), None, "a torn one is none");
    }

    #[test]
    fn the_line_is_measured_by_downloads_of_known_size() {
        let run = |bytes: Option<u64>, begun: f64, seconds: f64| {
            let mut plan = plan();
            plan.steps[0].preview.download_bytes = bytes;
            vec![
                match accepted(Purpose::Install) {
                    Record::PlanAccepted { version, kerbup, at, purpose, purge, with_engine, .. } => {
                        Record::PlanAccepted { version, kerbup, at, purpose, purge, with_engine, plan }
                    }
                    other => other,
                },
                Record::StepStarted { id: "a".into(), at: begun },
                Record::StepDone { id: "a".into(), at: begun + seconds, changed: true, made: json!(null) },
            ]
        };
        let all =
            [run(Some(40_000_000), 0.0, 4.0), run(Some(0), 10.0, 9.0), run(None, 20.0, 9.0), run(Some(5_000_000), 30.0, 0.2)].concat();
        assert_eq!(Receipt::fold(all).line_rate(), Some(10_000_000.0));
    }
}
