//! The first screen.

use super::figures::count;

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
/// What stays in the terminal after a practice of its own.
pub const PRACTISED: &str = "That was practice: nothing on this machine was changed.";
/// In practice.
pub const PRACTICE: &str = "practice: nothing is changed";
/// What a practice is played on; nothing where it is real.
pub fn played_on(machine: &str) -> Option<String> {
    (!machine.is_empty()).then(|| format!("It is played on a machine that is only described: {machine}"))
}

/// The cameras that answer in a practice.
pub fn cameras_to_try(cameras: &[(String, Option<String>)]) -> Option<String> {
    let one = |(address, login): &(String, Option<String>)| match login.as_ref().and_then(|l| l.split_once(':')) {
        Some((user, password)) => format!("{address} (user {user}, password {password})"),
        None => address.clone(),
    };
    let all: Vec<String> =
        cameras.iter().filter(|c| c.1.is_none()).take(1).chain(cameras.iter().filter(|c| c.1.is_some()).take(1)).map(one).collect();
    (!all.is_empty()).then(|| format!("In this practice, cameras answer at {}.", all.join(" and at ")))
}

/// Where an install stands.
pub const STANDING: &str = "kerbup has been here before.";

/// Begin.
pub const START: &str = "Start";
/// Go on with what was typed before.
pub const TAKE_UP: &str = "Go on with your answers";

/// What there is of it.
pub fn take_up_means(cameras: usize) -> String {
    match cameras {
        0 => "as you left them; nothing is installed yet".into(),
        n => format!("{}; nothing is installed yet", count(n, "camera")),
    }
}

/// A further site beside those that stand.
pub const ANOTHER: &str = "Install another site";
/// What that means.
pub const ANOTHER_MEANS: &str = "with its own name, folder and ports";

/// A site stands.
pub fn stands(site: &str) -> String {
    format!("{site} stands on this machine.")
}

/// Another kerbup is at work on it.
pub fn at_work(site: &str) -> String {
    format!("Another kerbup is at work on {site}.")
}

/// It was left half-done.
pub fn half_done(site: &str, done: usize, of: usize) -> String {
    format!("The work on {site} was left half-done: {done} of {of} steps are done.")
}

/// Taking it down was left half-done.
pub fn half_down(site: &str) -> String {
    format!("Taking {site} down was left half-done.")
}

/// The same where only how it is was asked for.
pub fn left_half_done(down: bool, site: &str, done: usize, of: usize) -> String {
    format!("{} To go on: kerbup", if down { half_down(site) } else { half_done(site, done, of) })
}

/// Another kerbup is at work on a site.
pub fn show(site: &str) -> (String, String) {
    (format!("Show the work on {site}"), "another kerbup is at it; you can stop it there".into())
}

/// An install or a change was left half-done.
pub fn go_on(site: &str, done: usize, of: usize) -> (String, String) {
    (format!("Go on with {site}"), format!("{done} of {of} steps are done; nothing of that is lost"))
}

/// Taking down was left half-done.
pub fn finish_down(site: &str) -> (String, String) {
    (format!("Finish taking {site} down"), "not all of it is removed yet".into())
}

/// Look at a site.
pub fn status(site: &str) -> (String, String) {
    (format!("See how {site} is"), "parts, cameras, disk".into())
}

/// Change a site.
pub fn change(site: &str) -> (String, String) {
    (format!("Change {site}"), "cameras, days to keep, who may look".into())
}

/// Repair a site.
pub fn repair(site: &str) -> (String, String) {
    (format!("Repair {site}"), "puts right what is missing; shows the plan first".into())
}

/// Take a site down.
pub fn take_down(site: &str) -> (String, String) {
    (format!("Take {site} down"), "asks first; recordings stay".into())
}
