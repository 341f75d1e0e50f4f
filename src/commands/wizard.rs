//! The journey with a person: full screen on a terminal, else line by line.
//!
//! A run outlives its terminal: when the window is closed midway (HUP) or the screen is left while it runs, the program stays
//! until the run has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

use super::handover::{self, Again, Given};
use super::setup::Setup;
use crate::cli::{Exit, Globals};
use crate::drive::Drive;
use crate::drive::sites::Site;
use crate::flow::{Effect, Flow, Stage};
use crate::front::lease::{Lease, Leave};
use crate::front::line::record::Record;
use crate::front::{full, line};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::words::{help, root, welcome};

/// The whole journey.
pub async fn wizard(setup: Setup, globals: &Globals) -> Result<i32, Vec<Fault>> {
    let sites = setup.drive.sites().map_err(|f| vec![f])?;
    from(setup, globals, Stage::Welcome, sites).await
}

/// The journey from a stage on, over the sites that stand.
pub async fn from(setup: Setup, globals: &Globals, stage: Stage, sites: Vec<Site>) -> Result<i32, Vec<Fault>> {
    let one = |f: Fault| vec![f];
    if setup.json {
        return Err(one(Fault::new(Whose::Input, "NO-QUESTIONS-IN-JSON", "With --output json nothing is asked.")
            .cure("Use a site file: kerbup install --answers FILE --yes --output json")));
    }
    let drive = setup.drive.clone();
    let standing = drive.standing(&sites);
    let given = globals.handover.as_ref().map(|path| handover::take(&drive, path)).transpose().map_err(one)?;
    let mut answers = match (&given, &globals.site) {
        (Some(Given { wants: Some(_), answers, .. }), _) => {
            drive.load(drive.meant(&sites, Some(&answers.site)).map_err(one)?).map_err(one)?
        }
        (Some(given), _) => given.answers.clone(),
        (None, Some(name)) if !standing.is_empty() => drive.load(drive.meant(&sites, Some(name)).map_err(one)?).map_err(one)?,
        _ => drive.beginning(&sites).map_err(one)?,
    };
    // A journal may be long, and what is shown is long-lived.
    drop(sites);
    if given.is_none() && !(globals.answers.is_empty() && globals.sets.is_empty()) {
        answers = drive.answers(&globals.answers, &globals.sets)?;
    }
    drive.memory().answers = answers.clone();
    if given.is_some() {
        tell(root::LOOKS_AGAIN);
    }
    if given.is_some() || stage == Stage::Where {
        drive.look(&answers).await;
    }
    if given.is_some() {
        drive.told_of_cameras(&answers).await;
    }
    let flow = Flow::new(answers, standing, setup.practice).playing(setup.played.clone());
    let flow = match given {
        Some(Given { wants: Some(wants), .. }) => {
            let intent = wants.intent(&flow.answers.site);
            flow.wanting(intent)
        }
        Some(given) => flow.agreed(given.plan),
        // Only `kerbup change` begins there: the site keeps its name, and the way back leads to how it is.
        None => {
            let note = root::installed(&drive.roots());
            // Whoever names answers wants these, and not those of the last time.
            let named = !globals.answers.is_empty() || !globals.sets.is_empty();
            let draft = if stage == Stage::Welcome && !setup.practice && !named { drive.draft() } else { None };
            Flow { changing: stage == Stage::Where, note, ..flow.drafted(draft).at(stage) }
        }
    };
    let needs_root = setup.root_needed().err();
    let can_be_asked = setup.can_be_asked();
    let again = Again::of(&setup, globals);
    let Setup { events, full: on_screen, look, terminal, .. } = setup;
    let (lease, seat) = Lease::pair();
    let handed = Arc::new(std::sync::Mutex::new(None));
    // Runs that were begun here; each ends with one Done.
    let begun = Arc::new(AtomicUsize::new(0));
    let mut perform = {
        let (drive, handed, begun, again) = (drive.clone(), handed.clone(), begun.clone(), again.clone());
        let elevates = needs_root.is_some();
        move |effect: Effect| {
            let runs = matches!(effect, Effect::Install(_) | Effect::Resume(_) | Effect::Undo | Effect::Uninstall);
            if let Effect::Practise = effect {
                practise(drive.clone(), lease.clone(), again.clone());
            } else if elevates && runs {
                match if can_be_asked { handover::give(&drive, &effect) } else { Ok(None) } {
                    Ok(path) => {
                        *handed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = path;
                        lease.elevate();
                    }
                    Err(fault) => drive.refuse(fault),
                }
            } else {
                begun.fetch_add(usize::from(runs), Ordering::Relaxed);
                drive.perform(effect);
            }
        }
    };
    let mut signalled = signals();
    let (forward, shown) = mpsc::unbounded_channel();
    let seen = tee(events, forward);
    let shows = async {
        if on_screen {
            full::run(flow, look, seat, shown, &mut perform, (&*terminal.now, terminal.zone.clone())).await
        } else {
            line::run(flow, seat, shown, &mut perform, terminal.clone()).await
        }
    };
    // A front does not always learn that its terminal is gone: the signal says so.
    let leave = tokio::select! {
        leave = shows => match leave {
            Ok(leave) => leave,
            // A terminal that cannot be drawn on any more ends no run.
            Err(_) if on_screen && begun.load(Ordering::Relaxed) > seen.borrow().ends => Leave::Lost,
            Err(fault) => return Err(one(fault)),
        },
        by = signalled.wait_for(Option::is_some) => match by.ok().and_then(|by| *by) {
            Some(Signal::Terminate) => Leave::Terminated,
            _ => Leave::Lost,
        },
    };
    let begun = begun.load(Ordering::Relaxed);
    if leave == Leave::Elevate {
        if let Some(fault) = needs_root.filter(|_| !can_be_asked) {
            return Err(one(fault));
        }
        let path = handed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        tell(&root::asks(path.is_some()));
        return again.elevate(path).await.map_err(one);
    }
    if leave == Leave::Terminated {
        // The screen gave the terminal back. A machine that goes down goes on with the run by itself.
        tell("Ended by a TERM signal.");
        if begun > seen.borrow().ends {
            tell(&match drive.attached() {
                Some(_) => help::WINDOW_CLOSED.to_string(),
                None => help::goes_on(&drive.memory().answers.site),
            });
        }
        return Ok(Exit::Terminated.code());
    }
    if leave == Leave::Interrupted {
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
        tokio::select! {
            _ = seen.wait_for(|s| s.ends >= begun) => {}
            _ = signalled.wait_for(|by| matches!(by, Some(Signal::Terminate))) => return Ok(Exit::Terminated.code()),
        }
    }
    let ended = seen.borrow().ended.clone();
    let code = match leave {
        Leave::Quit(code) => code,
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

/// Lends the terminal to a practice; then the journey is where it was.
fn practise(drive: Drive, lease: Lease, again: Again) {
    tokio::spawn(async move {
        lease.release().await;
        let practised = again.practise().await;
        // Said before the terminal is back, so that it stands above what is asked next.
        drive.send(match practised {
            Ok(()) => Event::Note { says: welcome::TRIED.into() },
            Err(fault) => Event::Failed { fault },
        });
        lease.retake().await;
    });
}

fn tell(line: &str) {
    use std::io::Write as _;
    // A terminal that is gone does not matter.
    let _ = writeln!(std::io::stderr(), "{line}");
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

/// What ends a front from outside.
#[derive(Debug, Clone, Copy)]
enum Signal {
    /// The terminal is gone.
    HangUp,
    /// The machine goes down, or somebody wants the program gone.
    Terminate,
}

/// From here on neither ends the program by itself. Tells which of them came.
fn signals() -> watch::Receiver<Option<Signal>> {
    let (sender, came) = watch::channel(None);
    if let (Ok(mut hup), Ok(mut term)) = (signal(SignalKind::hangup()), signal(SignalKind::terminate())) {
        tokio::spawn(async move {
            loop {
                let which = tokio::select! {
                    _ = hup.recv() => Signal::HangUp,
                    _ = term.recv() => Signal::Terminate,
                };
                sender.send_replace(Some(which));
            }
        });
    }
    came
}
