//! Words of plain mode: for pipes, bad lines and screen readers.

use crate::model::plan::StepState;

/// The steps of the journey by name, in order: "step 4 of 6, storage".
pub const STEPS: [&str; 6] = ["machine", "where", "cameras", "storage", "review", "install"];

/// What happens, before anything does.
pub const WELCOME: &[&str] = &[
    "Video recording on this machine, in four steps.",
    "  1  I look at this machine: changes nothing.",
    "  2  You answer a few questions: every one has a default.",
    "  3  You see all that I would do: you can still say no.",
    "  4  I do it, and show you that it records. It can be undone and survives power cuts.",
    "Have your cameras' addresses at hand, or add them later.",
];
/// Practice mode.
pub const PRACTICE: &str = "This is practice: nothing is changed.";
/// Leave.
pub const LEAVE: &str = "Leave";
/// Back.
pub const BACK: &str = "Go one step back";
/// On.
pub const GO_ON: &str = "Go on";
/// Look at the state.
pub const STATUS: &str = "See how it is";
/// Change answers.
pub const CHANGE: &str = "Change settings";
/// Remove.
pub const REMOVE: &str = "Remove it; recordings stay";
/// All checks.
pub const ALL_CHECKS: &str = "All checks";
/// Report.
pub const REPORT: &str = "Write a report";
/// Looks at the machine.
pub const LOOKING: &str = "I look at this machine. It takes a few seconds.";
/// Makes the plan.
pub const PLANNING: &str = "I make the plan. It takes a few seconds.";
/// Recommended.
pub const RECOMMENDED: &str = "Use what I recommend";
/// Docker, full.
pub const DOCKER: &str = "Docker: each part in its own box, easy to remove";
/// Small.
pub const SMALL: &str = "Small: cameras only, recording to the disk; no library to search";
/// Add a camera.
pub const ADD_CAMERA: &str = "Add a camera";
/// Cameras are asked for their picture.
pub const TRYING: &str = "I try the cameras. It takes a few seconds.";
/// No camera.
pub const NO_CAMERA: &str = "No camera yet. Later is fine.";
/// A folder of one's own.
pub const OTHER_FOLDER: &str = "Another folder";
/// Install button.
pub const INSTALL: &str = "Install now";
/// Look at a step.
pub const LOOK_AT_STEP: &str = "Look at a step";
/// Save answers.
pub const SAVE_SITE: &str = "Write the answers to a file";
/// Save commands.
pub const SAVE_COMMANDS: &str = "Write the commands to a file";
/// File name.
pub const WHICH_FILE: &str = "Which file?";
/// Step number.
pub const WHICH_STEP: &str = "Which step, by its number?";
/// Try again.
pub const RETRY: &str = "Try again";
/// Sure?
pub const SURE: &str = "Are you sure?";
/// No.
pub const NO: &str = "No";
/// Yes.
pub const YES: &str = "Yes";
/// Fresh reading.
pub const AGAIN: &str = "Read it again";
/// A log.
pub const LOG: &str = "Show the log of a part";
/// A restart.
pub const RESTART: &str = "Restart a part";
/// A password.
pub const PASSWORD: &str = "Show the password";
/// Nothing is lost.
pub const NOTHING_LOST: &str = "Nothing is lost: what is done stays done, and kerbup can go on from there.";
/// Not a number of the list.
pub const CHOOSE_NUMBER: &str = "Please write one of the numbers.";
/// The prompt under numbered choices.
pub const CHOOSE: &str = "Choose";
/// What a menu asks.
pub const WHAT_NEXT: &str = "What shall be done next?";
/// The part.
pub const WHICH_PART: &str = "Which part?";
/// The first Ctrl-C during a run.
pub const STOPPING: &str = "It stops after the step in hand. Ctrl-C again stops it at once; both can be resumed.";
/// Where to look later.
pub const SHOWS_IT: &str = "`kerbup status` shows how it is.";

/// What stopping a site means.
pub fn stopping_site(site: &str) -> String {
    format!("Stopping {site} stops every part and every camera's recorder: nothing is recorded until it is started again.")
}

/// It was not stopped.
pub const NOT_STOPPED: &str = "Nothing was stopped.";
/// Nothing was done to a camera.
pub const CAMERA_KEPT: &str = "Nothing was changed.";

/// A camera's user was named without a password; `kept`: there is one already.
pub fn password_of(user: &str, kept: bool) -> String {
    let empty = if kept { "empty leaves it as it is" } else { "empty for none" };
    format!("The camera's password for {user} ({empty}):")
}

/// How a password is given without typing it.
pub const PASSWORD_FILE: &str = "Type the camera's password, or name a file that holds it: --password-file FILE";

/// "kerbup: step 4 of 6, storage."
pub fn step(number: usize) -> String {
    let name = STEPS.get(number.saturating_sub(1)).copied().unwrap_or("end");
    format!("kerbup: step {number} of {}, {name}.", STEPS.len())
}

/// How things stand for a step.
pub fn state(state: &StepState) -> &'static str {
    match state {
        StepState::Absent => "to do",
        StepState::OursAlready => "done already",
        StepState::AlreadyThere => "there already",
        StepState::Different { .. } => "to change",
        StepState::Remove { .. } => "to remove",
    }
}
