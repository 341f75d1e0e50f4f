//! Runs a plan's steps: each after those it needs, as many at once as may be, each written down before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::checkpoint::{self, Point};
use super::{Receipt, Teller, journal::Journal};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::journal::{Ending, Record};
use crate::model::plan::{AT_ONCE, Plan, Step, StepState};
use crate::step::{self, Context};

/// What a person wants of a run that is under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    #[default]
    Run,
    /// Begin no further step for now.
    Pause,
    /// Begin no further step, end after those in hand.
    Stop,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// How.
    pub ending: Ending,
    /// Something was changed.
    pub changed: bool,
    /// Faults of the steps that failed.
    pub faults: Vec<Fault>,
}

/// Runs the plan. Asks every step how things stand, also those that the receipt calls done. The journal is written to before
/// and after each change; `RunEnded` is the caller's, after what it proves.
pub async fn execute(
    plan: &Plan,
    cx: &Context,
    receipt: &Receipt,
    journal: Arc<Journal>,
    events: &UnboundedSender<Event>,
    mut control: watch::Receiver<Control>,
) -> Result<Outcome, Fault> {
    let mut waiting: BTreeMap<usize, &Step> = plan.steps.iter().enumerate().collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut failed: BTreeSet<String> = BTreeSet::new();
    let mut running: JoinSet<(String, Result<bool, Fault>)> = JoinSet::new();
    let mut outcome = Outcome { ending: Ending::Done, changed: false, faults: vec![] };
    let mut alone = None;
    let _ = events.send(Event::RunStarted { steps: plan.steps.len() });
    loop {
        let want = *control.borrow_and_update();
        if want == Control::Run {
            waiting.retain(|_, s| !s.after.iter().any(|a| failed.contains(a)) || !failed.insert(s.id.clone()));
            let ready: Vec<usize> = waiting
                .iter()
                .filter(|(_, s)| s.after.iter().all(|a| done.contains(a) || plan.step(a).is_none()))
                .map(|(n, _)| *n)
                .collect();
            for n in ready.into_iter().take(AT_ONCE.saturating_sub(running.len())) {
                if let Some(s) = waiting.remove(&n) {
                    let mut cx = cx.clone();
                    cx.made = receipt.steps.get(&s.id).and_then(|t| t.made.clone());
                    let saved = receipt.steps.get(&s.id).is_some_and(|t| t.undo.is_some());
                    running.spawn(one(s.clone(), cx, saved, journal.clone(), events.clone()));
                }
            }
        }
        if running.is_empty() {
            if want == Control::Stop && !waiting.is_empty() {
                outcome.ending = Ending::Stopped;
                break;
            }
            if want != Control::Pause {
                break;
            }
        }
        tokio::select! {
            Some(joined) = running.join_next() => match joined {
                Ok((id, Ok(changed))) => {
                    outcome.changed |= changed;
                    done.insert(id);
                }
                Ok((id, Err(fault))) => {
                    outcome.faults.push(fault);
                    failed.insert(id);
                }
                Err(e) => return Err(Fault::new(Whose::Ours, "STEP-BROKE", "A step broke off.").because(e.to_string()).cure("Run kerbup again: it goes on where it stopped.")),
            },
            changed = control.changed() => if changed.is_err() {
                // Nobody is left who could stop or hold it: it goes on.
                let (sender, fresh) = watch::channel(Control::Run);
                alone = Some(sender);
                control = fresh;
            },
        }
    }
    drop(alone);
    if !outcome.faults.is_empty() {
        outcome.ending = Ending::Failed;
    }
    Ok(outcome)
}

/// One step from its check to its record. Says whether it changed something.
async fn one(
    s: Step,
    mut cx: Context,
    undo_saved: bool,
    journal: Arc<Journal>,
    events: UnboundedSender<Event>,
) -> (String, Result<bool, Fault>) {
    let clock = cx.world.clock.clone();
    let since = clock.ticks();
    let _ = events.send(Event::StepStarted { id: s.id.clone(), title: s.title.clone(), at: clock.now() });
    cx.report = Arc::new(Teller { id: s.id.clone(), events: events.clone(), clock: clock.clone(), redactor: cx.secrets.redactor() });
    let result = carry(&s, &cx, undo_saved, &journal).await;
    let seconds = clock.ticks() - since;
    match &result {
        Ok(changed) => {
            let _ = events.send(Event::StepDone { id: s.id.clone(), title: s.title.clone(), seconds, changed: *changed });
        }
        Err(fault) => {
            // A full disk may refuse this record; the step then counts as begun, which is what a resume needs.
            let _ = journal.append(&Record::StepFailed { id: s.id.clone(), at: clock.now(), fault: fault.clone() });
            let _ = events.send(Event::StepFailed { id: s.id.clone(), title: s.title.clone(), seconds, fault: fault.clone() });
        }
    }
    (s.id, result)
}

async fn carry(s: &Step, cx: &Context, undo_saved: bool, journal: &Journal) -> Result<bool, Fault> {
    let kind = step::kind(&s.kind).ok_or_else(|| {
        Fault::new(Whose::Ours, "STEP-NOT-UNDERSTOOD", format!("This kerbup does not know the step {}.", s.kind))
            .cure("Use the kerbup that made this install: a copy lies in its state folder.")
    })?;
    let now = || cx.world.clock.now();
    let state = kind.check(s, cx).await?;
    if state == StepState::OursAlready && cx.made.is_some() {
        return Ok(false);
    }
    journal.append(&Record::StepStarted { id: s.id.clone(), at: now() })?;
    checkpoint::pass(&cx.world, &s.id, &s.kind, Point::BeforeUndo).await;
    if !undo_saved {
        journal.append(&Record::UndoSaved { id: s.id.clone(), undo: kind.prepare(s, cx).await? })?;
    }
    checkpoint::pass(&cx.world, &s.id, &s.kind, Point::AfterUndo).await;
    // There before anything was saved is somebody else's. There after an undo was saved is what a run that was cut off made.
    if state == StepState::AlreadyThere && !undo_saved {
        journal.append(&Record::StepDone { id: s.id.clone(), at: now(), changed: false, made: serde_json::json!({ "already": true }) })?;
        return Ok(false);
    }
    let made = tokio::time::timeout(Duration::from_secs(s.budget), kind.apply(s, cx)).await.map_err(|_| {
        Fault::new(Whose::Machine, "TOOK-TOO-LONG", format!("{}: not done within {} s.", s.title, s.budget))
            .cure("Run kerbup again: it goes on where it stopped.")
    })??;
    checkpoint::pass(&cx.world, &s.id, &s.kind, Point::AfterApply).await;
    journal.append(&Record::StepDone { id: s.id.clone(), at: now(), changed: true, made })?;
    Ok(true)
}
