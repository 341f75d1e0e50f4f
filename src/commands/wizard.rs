//! The journey with a person: full screen on a terminal, else line by line.
//!
//! A run outlives its terminal: when the window is closed midway (HUP) or the screen is left while it runs, the program stays
//! until the run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use super::handover;
use super::setup::Setup;
use crate::cli::{Exit, Globals};
use crate::flow::{Effect, Flow, Stage};
use crate::front::line::record::Record;
use crate::front::{full, line};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};

/// The whole journey.
pub async fn wizard(setup: Setup, globals: &Globals) -> Result<i32, Vec<Fault>> {
    from(setup, globals, Stage::Welcome).await
}

/// The journey from a stage on, over the site that stands where there is one.
pub async fn from(setup: Setup, globals: &Globals, stage: Stage) -> Result<i32, Vec<Fault>> {
    let one = |f: Fault| vec![f];
    if setup.json {
        return Err(one(Fault::new(Whose::Input, "NO-QUESTIONS-IN-JSON", "With --output json nothing is asked.")
            .cure("Use a site file: kerbup install --answers FILE --yes --output json")));
    }
    let drive = setup.drive.clone();
    let standing = drive.standing().map_err(one)?;
    let mut answers = match (&globals.site, standing.is_empty()) {
        (Some(name), false) => drive.load(&drive.site(Some(name)).map_err(one)?).map_err(one)?,
        _ => drive.beginning().map_err(one)?,
    };
    if !globals.answers.is_empty() || !globals.sets.is_empty() {
        answers = drive.answers(&globals.answers, &globals.sets)?;
    }
    let mut stage = stage;
    if let Some(path) = &globals.handover {
        answers = handover::take(&drive, path).map_err(one)?;
        stage = Stage::Review;
    }
    drive.memory().answers = answers.clone();
    if matches!(stage, Stage::Where | Stage::Review) {
        drive.look(&answers).await;
        drive.try_cameras(&answers).await;
    }
    let flow = Flow::new(answers, standing, setup.practice).at(stage);
    let needs_root = setup.root_needed().is_err();
    let Setup { events, full: on_screen, look, terminal, .. } = setup;
    let (lease, seat) = full::Lease::pair();
    let handed = Arc::new(std::sync::Mutex::new(None));
    // Runs that were begun here; each ends with one Done.
    let begun = Arc::new(AtomicUsize::new(0));
    let performer = {
        let (drive, handed, begun) = (drive.clone(), handed.clone(), begun.clone());
        move |effect: Effect| {
            let runs = matches!(effect, Effect::Install(_) | Effect::Resume(_) | Effect::Undo | Effect::Uninstall);
            if needs_root && runs && on_screen {
                match handover::give(&drive, &effect) {
                    Ok(path) => {
                        *handed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = path;
                        lease.elevate();
                    }
                    Err(fault) => drive.send(Event::Failed { fault }),
                }
            } else {
                begun.fetch_add(usize::from(runs), Ordering::Relaxed);
                drive.perform(effect);
            }
        }
    };
    let mut perform = performer;
    if !on_screen {
        let leave = line::run(flow, events, &mut perform, terminal).await.map_err(one)?;
        return Ok(leave.code);
    }
    let mut lost = hang_up();
    let (forward, shown) = mpsc::unbounded_channel();
    let seen = tee(events, forward);
    // The screen does not always learn that its terminal is gone: the signal says so.
    let leave = tokio::select! {
        leave = full::run(flow, look, seat, shown, &mut perform, (&*terminal.now, terminal.zone.clone())) => match leave {
            Ok(leave) => leave,
            // A terminal that cannot be drawn on any more ends no run.
            Err(_) if begun.load(Ordering::Relaxed) > seen.borrow().ends => full::Leave::Lost,
            Err(fault) => return Err(one(fault)),
        },
        _ = lost.wait_for(|lost| *lost) => full::Leave::Lost,
    };
    let begun = begun.load(Ordering::Relaxed);
    if leave == full::Leave::Elevate {
        let path = handed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        return handover::elevate(&drive, path).await.map_err(one);
    }
    if leave == full::Leave::Interrupted {
        if begun > seen.borrow().ends && drive.attached().is_none() {
            // A person ended it: a restart of the machine does not go on by itself.
            let site = drive.memory().answers.site.clone();
            drive.stand_down(&site);
        }
        return Ok(Exit::Interrupted.code());
    }
    let mut seen = seen;
    // Another kerbup's run goes on without this one.
    let outlived = begun > seen.borrow().ends && drive.attached().is_none();
    if outlived {
        say(&["It goes on. You may close this window; start kerbup to see how it is.".to_string()]);
        let _ = seen.wait_for(|s| s.ends >= begun).await;
    }
    let ended = seen.borrow().ended.clone();
    let code = match leave {
        full::Leave::Quit(code) => code,
        _ => Exit::Done.code(),
    };
    // The screen has left its last words in the terminal; those of a run that outlived it are told here.
    match ended {
        Some(done @ Event::Done { ok, .. }) => {
            if outlived {
                say(&Record::new(terminal.zone.clone(), (terminal.now)()).event(&done, (terminal.now)()));
            }
            Ok(if ok { code } else { code.max(Exit::Failed.code()) })
        }
        _ => Ok(code),
    }
}

fn say(lines: &[String]) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    for line in lines {
        // A terminal that is gone does not matter.
        let _ = writeln!(out, "{line}");
    }
}

/// What was seen of a run.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// Ends of runs so far.
    ends: usize,
    /// The last of them.
    ended: Option<Event>,
}

/// Passes events on and remembers how runs ended.
fn tee(mut events: UnboundedReceiver<Event>, forward: UnboundedSender<Event>) -> watch::Receiver<Seen> {
    let (sender, receiver) = watch::channel(Seen::default());
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if matches!(event, Event::Done { .. }) {
                sender.send_modify(|s| {
                    s.ends += 1;
                    s.ended = Some(event.clone());
                });
            }
            // The screen may be closed: the run goes on.
            let _ = forward.send(event);
        }
    });
    receiver
}

/// From here on a lost terminal ends nothing by itself. Says whether it was lost.
fn hang_up() -> watch::Receiver<bool> {
    let (sender, lost) = watch::channel(false);
    if let Ok(mut hup) = signal(SignalKind::hangup()) {
        tokio::spawn(async move {
            while hup.recv().await.is_some() {
                sender.send_replace(true);
            }
        });
    }
    lost
}
