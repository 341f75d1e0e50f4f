//! Why the journey does not go on, what can be agreed to, and what was.

use crate::model::answers::Answers;
use crate::model::check::{Check, Fix, Status};
use crate::model::event::PROOF;
use crate::model::fault::Fault;
use crate::words::figures::span;

/// Next was pressed before the checks were run.
pub const STILL_LOOKING: &str = "I am still looking at this machine. It takes a few seconds.";
/// Next was pressed while a plan is made.
pub const STILL_PLANNING: &str = "The plan is being made. It takes a few seconds.";
/// Something was asked that a run stands against.
pub const STILL_RUNNING: &str = "This waits until the run has ended. Ctrl-C stops it after the step in hand.";
/// Next was pressed at Review.
pub const USE_THE_BUTTON: &str = "Nothing is installed until you press the button: Tab, then Enter.";
/// A plan is needed first.
pub const NO_PLAN_YET: &str = "There is no plan yet. Go one step back and on again to make it.";
/// A folder was typed that does not begin at the root.
pub const FOLDER_FROM_ROOT: &str = "The folder needs its whole path, beginning with a slash: /srv/kerberos";
/// There is no recommendation.
pub const NOTHING_RECOMMENDED: &str = "Nothing can be recommended here yet. Please choose one below.";
/// No better disk is known.
pub const NO_OTHER_FOLDER: &str = "No other disk with room is ready on this machine. Type a folder at Storage.";
/// Why something is removed by a plan.
pub const REMOVED: &str = "An earlier plan made it, and this one has no need of it.";
/// Of what is removed, what stays.
pub const REMOVED_KEEPS: &str = "It goes last, once all else is done. Recordings stay.";
/// A plan that does nothing.
pub const NOTHING_TO_CHANGE: &str = "Nothing to change";
/// The run was asked to stop.
pub const STOPPING: &str = "It stops after the step in hand. Start kerbup again to go on from there.";

/// The folder of a site that stands was to be another one.
pub fn folder_stays(folder: &str) -> String {
    format!("Recordings stay in {folder}: kerbup cannot move them yet. Uninstall, which keeps them, frees the choice.")
}

/// A step's line in the log when it begins.
pub fn step_begun(title: &str) -> String {
    format!("{title}: begun")
}

/// The same when it is done.
pub fn step_done(id: &str, title: &str, seconds: f64, changed: bool) -> String {
    match done(id, changed) {
        DONE => format!("{title}: {DONE} in {}", span(seconds)),
        already => format!("{title}: was {already}"),
    }
}

/// What came of a step that ended well. Waiting for a recording changes nothing, and is over all the same.
pub fn done(id: &str, changed: bool) -> &'static str {
    if changed || id == PROOF { DONE } else { "right already" }
}

const DONE: &str = "done";

/// The same when it was taken back.
pub fn step_reverted(title: &str) -> String {
    format!("{title}: done")
}

/// The same when it failed: what, why, and what to do.
pub fn step_failed(title: &str, seconds: f64, fault: &Fault) -> Vec<String> {
    let first = format!("{title}: failed after {}: {} {}", span(seconds), fault.code, fault.says);
    let because = fault.because.iter().map(|b| format!("  because: {b}"));
    let cure = fault.cure.iter().map(|c| format!("  what helps: {c}"));
    [first].into_iter().chain(because).chain(cure).collect()
}

/// A file was written; where that could not be under the name that was asked for, why.
pub fn written(path: &str, taken: Option<&str>) -> String {
    match taken {
        None => format!("Written to {path}."),
        Some(taken) => format!("Written to {path}: {taken} was there already, and stays as it is."),
    }
}

/// A name that another site has.
pub fn name_taken(name: &str) -> String {
    format!("{name} stands already. Please choose another name.")
}

/// A check stands in the way.
pub fn in_the_way(check: &Check) -> String {
    let mut seen = check.seen.trim_end_matches('.').chars();
    let seen = seen.next().map(|c| c.to_uppercase().chain(seen).collect::<String>()).unwrap_or_default();
    if check.advice.is_empty() { format!("{seen}.") } else { format!("{seen}. {}", check.advice) }
}

/// A choice that cannot be taken here.
pub fn not_here(why: &str) -> String {
    format!("Not possible here: {why}.")
}

/// What a check came to, in a word.
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Pass => "fine",
        Status::Skip => "left out",
        Status::Warn => "to know",
        Status::Block => "in the way",
    }
}

/// What can be agreed to.
pub fn fix_offered(fix: Fix) -> &'static str {
    match fix {
        Fix::InstallDocker => "Install Docker, as the first step of the plan",
        Fix::StartDocker => "Start Docker, now and with the machine, as the first step of the plan",
        Fix::OtherPort => "Take other ports that are free",
        Fix::SmallShape => "Take the small shape: cameras only",
        Fix::OtherFolder => "Take the disk with most room",
    }
}

/// What was agreed to.
pub fn fix_taken(fix: Fix, answers: &Answers) -> String {
    match fix {
        Fix::InstallDocker => "Agreed: the plan begins with installing Docker. Nothing is changed before you say yes to it.".into(),
        Fix::StartDocker => {
            "Agreed: the plan begins with letting Docker start, now and with the machine. Nothing is changed before you say yes to it."
                .into()
        }
        Fix::OtherPort => format!("Ports are now {} for the page and {} for the videos.", answers.vault_port, answers.storage_port),
        Fix::SmallShape => "The small shape is taken: cameras only, recording to the disk.".into(),
        Fix::OtherFolder => format!("Recordings now go to {}.", answers.path),
    }
}
