//! What each stage is about, and what leaving means.

/// Welcome.
pub const WELCOME: &str =
    "kerbup sets up video recording on this machine and shows how it is. Nothing happens before you said yes to the plan.";
/// Machine.
pub const MACHINE: &str =
    "What this machine is, and what that means. Whatever stands in the way says what to do; the rest is good to know.";
/// Where.
pub const WHERE: &str = "Docker is right for one machine. Small is for little memory: cameras only, without a page to search recordings.";
/// Cameras.
pub const CAMERAS: &str =
    "Each camera is tried as soon as it was typed. One that does not answer now can stay in the list and is watched for.";
/// Storage.
pub const STORAGE: &str = "Recordings older than the days to keep are deleted. At home your router keeps the internet out: open no port in it. A server on the internet would show the page to everybody: choose ‘only this machine’ there.";
/// Review.
pub const REVIEW: &str = "Every step that will be taken, with the commands to do it by hand. Only the button starts it.";
/// Install.
pub const INSTALL: &str = "Each step writes down how to undo it before it changes anything, so a power cut loses nothing.";
/// Done.
pub const DONE: &str = "What was seen when the run ended: cameras that record, addresses that answered. Nothing else is claimed here.";
/// Dashboard.
pub const DASHBOARD: &str = "How every part and camera is, read again every few seconds. A dash is a reading that the stack does not give.";

/// Leaving while a run is under way.
pub const RUN_GOES_ON: &str = "It ends after the step in hand and can go on later from there.";
/// Leaving a stack whose cameras record.
pub const RECORDS_ON: &str = "Recording goes on.";
/// Leaving one that none was seen to record of.
pub const RUNS_ON: &str = "What was set up goes on without this window.";
/// Leaving after a run that did not end well.
pub const DONE_STAYS: &str = "What is done stays. Start kerbup again to go on.";
/// Leaving before anything was done.
pub const NOTHING_CHANGED: &str = "Nothing was changed.";
/// The same where what was typed is kept.
pub const TYPED_IS_KEPT: &str = "Nothing was installed. Your answers are kept for the next start of kerbup.";
/// The same where it is not.
pub const TYPED_IS_LOST: &str = "Nothing was changed. What you typed is not kept.";
/// The screen was closed while a run goes on.
pub const WINDOW_CLOSED: &str = "The run goes on. Start kerbup to see it again.";
/// The screen was closed at once while a run was under way.
pub const CUT_SHORT: &str = "Stopped. Start kerbup again to go on from there.";
/// A run that was begun without a screen was cut off before its first step.
pub const NOT_BEGUN: &str = "Nothing was begun. Give the same command again.";

/// The same, once it had begun.
pub fn goes_on(site: &str) -> String {
    format!("What is done stays done. To go on from there: kerbup resume --site {site}")
}

/// After a first Ctrl-C.
pub const ONCE_MORE: &str = "Ctrl-C once more stops at once.";
/// The cursor is on what needs a look most.
pub const WHAT_TO_DO: &str = "Enter: what to do";
/// It is elsewhere.
pub const GO_THERE: &str = "w: go there";
/// Escape where there is nothing to go back to.
pub const FIRST_SCREEN: &str = "This is the first screen. Ctrl-C leaves.";
/// The same at the end of a run.
pub const LAST_SCREEN: &str = "The run is over, so there is nothing to go back to. Enter goes on, q leaves.";
/// The same while a run is under way.
pub const RUN_HAS_NO_BACK: &str = "There is no way back while it is at work. Ctrl-C asks whether to stop it.";
/// The same where only how it is was asked for.
pub const NO_WAY_BACK: &str = "There is nothing to go back to from here. q leaves.";
/// A text was pasted where none is typed.
pub const PASTE_WHERE: &str = "Open the field that it belongs to, then paste it again.";
/// The terminal is too small.
pub const TOO_SMALL: &str = "Please make this window larger, at least 40x12, or start kerbup with --output plain.";
