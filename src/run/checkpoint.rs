//! Named points at which a test can hold the program, to kill it there for real.

use std::time::Duration;

use crate::world::World;

/// Points of a step at which a cut of the power matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Started, nothing saved yet.
    BeforeUndo,
    /// The undo is saved, nothing changed yet.
    AfterUndo,
    /// Changed, and not yet written down as done.
    AfterApply,
    /// About to be taken back.
    BeforeRevert,
    /// Taken back, and not yet written down.
    AfterRevert,
    /// The state folder of a site that is taken down holds no secret any more.
    Emptied,
    /// That folder is set aside, and still there.
    Aside,
}

impl Point {
    fn name(self) -> &'static str {
        match self {
            Point::BeforeUndo => "before-undo",
            Point::AfterUndo => "after-undo",
            Point::AfterApply => "after-apply",
            Point::BeforeRevert => "before-revert",
            Point::AfterRevert => "after-revert",
            Point::Emptied => "emptied",
            Point::Aside => "aside",
        }
    }
}

/// Where KERBUP_CHECKPOINT is `<step id or kind>:<point>=<file>`, writes that file and stays here until the program is killed.
pub async fn pass(world: &World, id: &str, kind: &str, point: Point) {
    let Some(wanted) = world.files.variable("KERBUP_CHECKPOINT") else { return };
    let Some((place, file)) = wanted.split_once('=') else { return };
    if place == format!("{id}:{}", point.name()) || place == format!("{kind}:{}", point.name()) {
        let _ = world.files.write(file, id.as_bytes(), 0o600);
        loop {
            world.clock.sleep(Duration::from_secs(3600)).await;
        }
    }
}
