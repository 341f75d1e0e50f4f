//! Steps beside the parts: the copy of kerbup, and what looks after the disk when nobody is there.

use super::build::{Wish, one};
use crate::model::fault::Fault;
use crate::model::plan::{HERE, Preview, Risk, Step};
use crate::step::{program, unit};

pub(super) fn copy(wish: &Wish, steps: &[Step]) -> Result<Step, Fault> {
    let with = program::With { copy: format!("{}/kerbup", wish.state), link: wish.link.into() };
    let mut s = one("program", "program".into(), &with)?;
    s.title = "Keep a copy of kerbup".into();
    s.why = "So that there is always one that shows, repairs and removes what it made.".into();
    s.after = steps.iter().filter(|s| s.kind == "storage").map(|s| s.id.clone()).collect();
    s.preview = Preview {
        place: HERE.into(),
        by_hand: vec![format!("sudo install -m 755 kerbup {}", with.copy), format!("sudo ln -s {} {}", with.copy, with.link)],
        undo: "Removes copy and link.".into(),
        ..Preview::default()
    };
    Ok(s)
}

/// Folder of all sites and the program's copy, as the state folder tells them.
fn places<'a>(wish: &Wish<'a>) -> (&'a str, String) {
    let root = wish.state.rsplit_once('/').map_or("", |(root, _)| root);
    (root, format!("{}/kerbup", wish.state))
}

fn looks_after(id: &str, with: &unit::With, after: Vec<String>, undo: &str) -> Result<Step, Fault> {
    let mut s = one("unit", id.into(), with)?;
    s.after = after;
    s.risk = Risk::Machine;
    s.budget = 180;
    s.preview = Preview { place: HERE.into(), by_hand: with.by_hand(), undo: undo.into(), ..Preview::default() };
    Ok(s)
}

pub(super) fn timer(wish: &Wish, kept: String) -> Result<Step, Fault> {
    let (root, program) = places(wish);
    let with = unit::guard(&wish.answers.site, root, &program);
    let mut s = looks_after("unit:guard", &with, vec!["program".into(), kept], "Switches the timer off and removes it.")?;
    s.title = "Look at the disk each hour".into();
    s.why = "When it fills up, fewer days are kept, and the planned ones again when there is room.".into();
    Ok(s)
}

/// Docker tries once when the machine starts: a disk that comes later needs somebody who tries again.
pub(super) fn awaiting(wish: &Wish) -> Result<Step, Fault> {
    let (root, program) = places(wish);
    let with = unit::disk(&wish.answers.site, root, &program);
    let mut s = looks_after("unit:disk", &with, vec!["program".into()], "Switches the service off and removes it.")?;
    s.title = "Wait for the disk at each start".into();
    s.why = "When the machine starts before its disk is there, the parts that record to it start as soon as it is.".into();
    Ok(s)
}

pub(super) fn by_cron(wish: &Wish) -> String {
    let (root, program) = places(wish);
    format!(
        "There is no systemd here, so nothing looks at the disk by itself. Let cron do it each hour, with this line in /etc/crontab: {}",
        unit::cron(&wish.answers.site, root, &program)
    )
}
