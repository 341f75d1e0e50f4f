//! A run told as lines: its events to the end, what a signal does, and the exit code.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;

use super::setup::Setup;
use crate::cli::Exit;
use crate::drive::Drive;
use crate::drive::install::Finished;
use crate::front::{json, line};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::journal::Ending;
use crate::words::{faults, help};

/// After a signal, what was said last has so long to be printed.
const SOON: Duration = Duration::from_secs(2);

/// Does the work on a site, prints its events, and turns how it ended into an exit code. All that was said is printed before it
/// answers, whichever way the work ended; with JSON the last line is the done event.
pub async fn run<F>(setup: Setup, site: &str, work: impl FnOnce(Drive) -> F) -> Result<i32, Vec<Fault>>
where
    F: Future<Output = Result<Finished, Vec<Fault>>> + Send + 'static,
{
    let Setup { drive, mut events, json, terminal, .. } = setup;
    let quiet = drive.quiet();
    let mut work = tokio::spawn(work(drive));
    // The printer reads a channel of its own, which is closed here: what the work leaves in the background may hold the other one.
    let (told, heard) = unbounded_channel();
    let printing = tokio::spawn(async move {
        if json {
            json::events(heard, &mut std::io::stdout()).await;
        } else {
            let _ = line::unattended(heard, &mut std::io::stderr(), &terminal).await;
        }
    });
    let signal = ended_by_signal();
    tokio::pin!(signal);
    let mut signalled = false;
    let ended = loop {
        tokio::select! {
            Some(event) = events.recv() => {
                let _ = told.send(event);
            }
            result = &mut work => break result.unwrap_or_else(|e| Err(vec![faults::broke_off(&e.to_string(), &go_on(&quiet, site))])),
            code = &mut signal => {
                work.abort();
                signalled = true;
                break Err(vec![cut_short(&quiet, site, code)]);
            }
        }
    };
    while let Ok(event) = events.try_recv() {
        let _ = told.send(event);
    }
    if json && let Err(faults) = &ended {
        for fault in faults {
            let _ = told.send(Event::Failed { fault: fault.clone() });
        }
    }
    drop(told);
    // Who reads may have stopped reading: that holds up no signal, neither one that came nor one that comes now.
    let patience = async {
        if !signalled {
            signal.await;
        }
        quiet.world.clock.sleep(SOON).await;
    };
    tokio::select! {
        _ = printing => {}
        () = patience => {}
    }
    match ended {
        Ok(Finished { ending: Ending::Done, .. }) => Ok(Exit::Done.code()),
        Ok(Finished { ending: Ending::Stopped, .. }) => Ok(Exit::Stopped.code()),
        Ok(Finished { fault, .. }) => Ok(fault.as_ref().map_or(Exit::Failed, Exit::from_fault).code()),
        Err(faults) => Ok(super::refuse(&faults)),
    }
}

/// What a signal leaves: a run that another kerbup carries goes on; one of ours waits for a person where a person ended it. A machine
/// that goes down ends it by TERM, and it goes on by itself.
fn cut_short(drive: &Drive, site: &str, code: Exit) -> Fault {
    let (name, by) = match code {
        Exit::Interrupted => ("INTERRUPTED", "Ctrl-C"),
        _ => ("TERMINATED", "a TERM signal"),
    };
    if drive.attached().is_some() {
        return Fault::new(Whose::Input, name, format!("Ended by {by}.")).cure(help::WINDOW_CLOSED);
    }
    if code == Exit::Interrupted {
        drive.stand_down(site);
    }
    Fault::new(Whose::Input, name, format!("Ended by {by}.")).cure(go_on(drive, site))
}

/// How to go on: a run that was begun is in the journal, with all that was answered.
fn go_on(drive: &Drive, site: &str) -> String {
    match drive.site(Some(site)) {
        Ok(site) if site.receipt.unfinished() => help::goes_on(&site.name),
        _ => help::NOT_BEGUN.into(),
    }
}

/// Ctrl-C and TERM end the program; the journal resumes. A lost line (HUP) does not end a run.
pub(super) async fn ended_by_signal() -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut int), Ok(mut term), Ok(mut hup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return std::future::pending().await;
    };
    loop {
        tokio::select! {
            _ = int.recv() => return Exit::Interrupted,
            _ = term.recv() => return Exit::Terminated,
            _ = hup.recv() => {}
        }
    }
}
