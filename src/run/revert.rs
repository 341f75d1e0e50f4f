//! Takes back what the receipt says was done, newest first. What kerbup did not make stays.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::checkpoint::{self, Point};
use super::{Control, Receipt, Teller, journal::Journal};
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::model::journal::Record;
use crate::step::{self, Context};
use crate::words::undo::back;

/// What came of taking back.
#[derive(Debug, Default)]
pub struct Reverted {
    /// All that failed.
    pub faults: Vec<Fault>,
    /// A person ended it before the last step.
    pub stopped: bool,
}

/// Takes back the steps `which` says yes to. Goes on past a failure. Looks before each step whether it is held or to end.
pub async fn revert(
    receipt: &Receipt,
    cx: &Context,
    journal: &Journal,
    events: &UnboundedSender<Event>,
    mut control: watch::Receiver<Control>,
    which: &(dyn Fn(&str) -> bool + Sync),
) -> Reverted {
    let mut traces: Vec<_> = receipt.steps.values().filter(|t| which(&t.step.id)).collect();
    traces.sort_by_key(|t| std::cmp::Reverse(t.order));
    // A step is taken back only after all that were built on it.
    let mut reverted = Reverted::default();
    let mut standing: Vec<&str> = vec![];
    let _ = events.send(Event::RunStarted { steps: traces.len() });
    for trace in order(&traces) {
        // Nobody is left who could stop or hold it: then it goes on.
        if control.wait_for(|want| *want != Control::Pause).await.is_ok_and(|want| *want == Control::Stop) {
            reverted.stopped = true;
            break;
        }
        let s = &trace.step;
        let Some(kind) = step::kind(&s.kind) else { continue };
        if standing.iter().any(|id| receipt.steps.get(*id).is_some_and(|t| t.step.after.contains(&s.id))) {
            standing.push(&s.id);
            continue;
        }
        let mut cx = cx.clone();
        cx.made = trace.made.clone();
        cx.report =
            Arc::new(Teller { id: s.id.clone(), events: events.clone(), clock: cx.world.clock.clone(), redactor: cx.secrets.redactor() });
        let since = cx.world.clock.ticks();
        let title = back(s, trace.undo.as_ref(), cx.purge, cx.with_engine).title();
        let _ = events.send(Event::StepStarted { id: s.id.clone(), title: title.clone(), at: cx.world.clock.now() });
        let undo = trace.undo.clone().unwrap_or_default();
        // Begun without a saved undo: nothing was changed.
        checkpoint::pass(&cx.world, &s.id, &s.kind, Point::BeforeRevert).await;
        let result = if trace.undo.is_some() { kind.revert(s, &undo, &cx).await } else { Ok(()) };
        checkpoint::pass(&cx.world, &s.id, &s.kind, Point::AfterRevert).await;
        match result.and_then(|()| journal.append(&Record::StepReverted { id: s.id.clone(), at: cx.world.clock.now() })) {
            Ok(()) => {
                let _ = events.send(Event::StepReverted { id: s.id.clone(), title });
            }
            Err(fault) => {
                let _ = events.send(Event::StepFailed {
                    id: s.id.clone(),
                    title,
                    seconds: cx.world.clock.ticks() - since,
                    fault: fault.clone(),
                });
                standing.push(&s.id);
                reverted.faults.push(fault);
            }
        }
    }
    reverted
}

/// Dependents first, then newest first.
fn order<'a>(traces: &[&'a super::receipt::Trace]) -> Vec<&'a super::receipt::Trace> {
    let mut rest: Vec<&super::receipt::Trace> = traces.to_vec();
    let mut out = vec![];
    while !rest.is_empty() {
        let at = rest.iter().position(|t| !rest.iter().any(|o| o.step.after.contains(&t.step.id))).unwrap_or(0);
        out.push(rest.remove(at));
    }
    out
}
