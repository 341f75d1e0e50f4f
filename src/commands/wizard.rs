//! The journey with a person: full screen on a terminal, else line by line.

use super::setup::Setup;
use crate::cli::{Exit, Globals};
use crate::flow::{Effect, Flow, Stage};
use crate::front::{full, line};
use crate::model::fault::{Fault, Whose};

/// The whole journey.
pub async fn wizard(setup: Setup, globals: &Globals) -> Result<i32, Vec<Fault>> {
    from(setup, globals, Stage::Welcome).await
}

/// The journey from a stage on, over the site that stands where there is one.
pub async fn from(setup: Setup, globals: &Globals, stage: Stage) -> Result<i32, Vec<Fault>> {
    let one = |f: Fault| vec![f];
    if setup.json {
        return Err(one(Fault::new(Whose::Input, "NO-QUESTIONS-IN-JSON", "With --output json nothing is asked.").cure("Use a site file: kerbup install --answers FILE --yes --output json")));
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
    drive.memory().answers = answers.clone();
    let flow = Flow::new(answers, standing, setup.practice).at(stage);
    let Setup { events, full: on_screen, look, terminal, .. } = setup;
    let performer = drive.clone();
    let mut perform = move |effect: Effect| performer.perform(effect);
    if !on_screen {
        let leave = line::run(flow, events, &mut perform, terminal).await.map_err(one)?;
        return Ok(leave.code);
    }
    let (_lease, seat) = full::Lease::pair();
    let leave = full::run(flow, look, seat, events, &mut perform).await.map_err(one)?;
    Ok(match leave {
        full::Leave::Quit(code) => code,
        full::Leave::Interrupted => Exit::Interrupted.code(),
        full::Leave::Elevate => Exit::NeedsRoot.code(),
    })
}
