//! The first screen.

/// What it is about.
pub const HEADING: &str = "Video recording on this machine, in four steps.";
/// The four steps, each with what it means.
pub const STEPS: [(&str, &str); 4] = [
    ("I look at this machine", "changes nothing"),
    ("You answer a few questions", "every one has a default"),
    ("You see all that I would do", "you can still say no"),
    ("I do it, and show you that it records", "can be undone, survives power cuts"),
];
/// What to have at hand.
pub const AT_HAND: &str = "Have your cameras' addresses at hand, or add them later.";
/// Trying it.
pub const TRY_FIRST: &str = "Try it first";
/// What trying it means.
pub const TRY_MEANS: &str = "nothing is changed";
/// After it was tried.
pub const TRIED: &str = "That was practice. From here on it is real; nothing happens before you say yes to the plan.";
/// In practice.
pub const PRACTICE: &str = "practice: nothing is changed";
/// Where an install stands.
pub const STANDING: &str = "kerbup has been here before.";

/// Another kerbup is at work on a site.
pub const AT_WORK: &str = "another kerbup is at it; you can stop it there";

/// How far an unfinished install came.
pub fn half_done(done: usize, of: usize) -> String {
    format!("{done} of {of} steps are done; nothing of that is lost")
}
