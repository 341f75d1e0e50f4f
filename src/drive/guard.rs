//! Keeps the disk from filling up: fewer days when it does, the planned ones again when there is room. Run by a timer each hour.
//!
//! The store deletes what is too old about once a day, and a day counts up to the next midnight. So what was asked for last is
//! waited for before more is asked, and what was done is remembered in the state folder: `guard.json`.

use serde::{Deserialize, Serialize};

use super::Drive;
use super::sites::Site;
use super::standing::plan_of;
use crate::health::{self, Oldest};
use crate::model::engine::ContainerState;
use crate::model::fault::Fault;
use crate::model::host::SHARE;
use crate::step::{self, bucket, container, engine_fault, file_fault, storage};
use crate::words::figures::{bytes, count};
use crate::world::files::Space;

/// With so much of the disk free again, days are given back one at a time.
const ROOMY: f64 = 0.25;

/// With a day more, so much must still be free: else it would be taken back again soon.
const CALM: f64 = 0.2;

/// Seconds of a day: days change at most once in it.
const DAY: f64 = 86_400.0;

/// What the guard did last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Guarded {
    /// Days that are kept since.
    pub(super) days: u32,
    /// Days of the plan that it went by.
    planned: u32,
    /// When it changed them last, seconds since 1970.
    changed: Option<f64>,
    /// What a person should know, where there is something.
    pub(super) note: Option<String>,
}

/// All that decides.
struct Seen {
    /// Days of the rule.
    now: u32,
    /// Days of the plan.
    planned: u32,
    /// The disk.
    space: Space,
    /// Bytes of it that are the site's own, where all of them were counted.
    own: Option<u64>,
    /// How far back the store goes.
    oldest: Oldest,
    /// Seconds since the days were changed last.
    since: Option<f64>,
}

/// Why so many days.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Why {
    /// Nothing is to be done.
    Fits,
    /// There is room for one more.
    Room,
    /// The disk fills up.
    Fills,
    /// They were changed less than a day ago.
    Today,
    /// The store still holds what is older.
    Behind,
    /// Recordings are not what fills the disk.
    Others,
    /// What is there is too young to go.
    Young,
    /// The store could not be asked.
    Unlisted,
}

impl Seen {
    fn free(&self) -> f64 {
        if self.space.total == 0 { 1.0 } else { self.space.free as f64 / self.space.total as f64 }
    }

    /// Bytes of the disk that are not the site's.
    fn others(&self) -> Option<u64> {
        self.own.map(|own| self.space.total.saturating_sub(self.space.free).saturating_sub(own))
    }

    /// Days from now on, and why.
    fn decide(&self) -> (u32, Why) {
        let today = self.since.is_some_and(|s| s < DAY);
        if tight(&self.space) { self.fewer(today) } else { self.more(today) }
    }

    fn more(&self, today: bool) -> (u32, Why) {
        if self.now >= self.planned || self.free() <= ROOMY {
            return (self.now.min(self.planned), Why::Fits);
        }
        if today {
            return (self.now, Why::Today);
        }
        // What a day takes, at most: all that is used, over the days that are there.
        let used = self.space.total.saturating_sub(self.space.free) as f64;
        let day = match self.oldest {
            Oldest::Nothing => 0.0,
            Oldest::Days(d) => used / d.clamp(1.0, f64::from(self.now)),
            Oldest::Unknown => used / f64::from(self.now.max(1)),
        };
        if self.space.free as f64 - day < self.space.total as f64 * CALM { (self.now, Why::Fits) } else { (self.now + 1, Why::Room) }
    }

    fn fewer(&self, today: bool) -> (u32, Why) {
        // The store refuses what comes: what is old goes for what is new, whoever filled the disk.
        let full = self.space.free < health::full_below(self.space.total);
        let others = self.others().is_some_and(|o| o as f64 > self.space.total as f64 * SHARE);
        let reach = match self.oldest {
            Oldest::Unknown if !full => return (self.now, Why::Unlisted),
            Oldest::Unknown => f64::from(self.now),
            Oldest::Nothing => return (self.now, if others { Why::Others } else { Why::Young }),
            Oldest::Days(d) => d,
        };
        // A recording goes at the midnight after its last day.
        if reach > f64::from(self.now) + 1.0 {
            return (self.now, Why::Behind);
        }
        // Nothing of what was asked for last is still to come, and it is full all the same: it is not waited for tomorrow.
        if today && !(full && self.oldest != Oldest::Unknown && reach <= f64::from(self.now)) {
            return (self.now, Why::Today);
        }
        if others && !full {
            return (self.now, Why::Others);
        }
        // A fifth less of what is there, and at least one day: it is felt at once.
        let there = self.now.min(reach.ceil() as u32).max(1);
        let next = (there - (there / 5).max(1).min(there)).max(1);
        if next >= self.now || reach <= 1.0 { (self.now, Why::Young) } else { (next, Why::Fills) }
    }

    /// What it came to, for the log, and what of it a person should know.
    fn says(&self, days: u32, why: Why) -> (String, Option<String>) {
        let same = format!("{} are kept, as before", count(self.now as usize, "day"));
        let mut says = match why {
            Why::Fits if days == self.now => format!("{same}."),
            Why::Fits | Why::Room | Why::Fills => format!("{} are kept from now on, {} before.", count(days as usize, "day"), self.now),
            Why::Today => format!("{same}: they were changed less than a day ago, and the store deletes about once a day."),
            Why::Behind => format!("{same}: the store has yet to delete what is older. It does so about once a day."),
            Why::Others => format!("{same}: fewer would make no room, since it is not recordings that fill the disk."),
            Why::Young => format!("{same}: what is there is too young for fewer to make room."),
            Why::Unlisted => format!("{same}: the store could not be asked what it holds."),
        };
        // Of little use to know while there is room.
        if let Some(others) = self.others().filter(|o| tight(&self.space) && *o > self.own.unwrap_or(0)) {
            says.push_str(&format!(
                " Other files take {} of the disk, recordings {}: look for what does not belong there, and make room.",
                bytes(others),
                bytes(self.own.unwrap_or(0))
            ));
        }
        let note = (tight(&self.space) || days < self.planned).then(|| {
            let planned = if days < self.planned { format!(" (of {})", self.planned) } else { String::new() };
            format!("{:.0} % of the disk are free{planned}: {says}", self.free() * 100.0)
        });
        (format!("{:.0} % of the disk are free: {says}", self.free() * 100.0), note)
    }
}

fn tight(space: &Space) -> bool {
    space.total > 0 && (space.free as f64) < space.total as f64 * (1.0 - SHARE)
}

impl Drive {
    fn guard_file(&self, site: &str) -> String {
        format!("{}/guard.json", self.state(site))
    }

    /// What the guard did last by this plan. A file that cannot be read is as none: it is written anew.
    pub(super) fn guarded(&self, site: &str, planned: u32) -> Option<Guarded> {
        let bytes = self.world.files.read(&self.guard_file(site)).ok()?;
        serde_json::from_slice::<Guarded>(&bytes).ok().filter(|g| g.planned == planned)
    }

    /// Looks at the disk once and sets the days to keep. Says what it did.
    pub async fn guard(&self, site: &Site) -> Result<String, Fault> {
        let answers = self.load(site)?;
        let plan = plan_of(site)?;
        let Some(s) = plan.steps.iter().find(|s| s.kind == "bucket") else {
            return Ok("The recorders clean up after themselves: nothing to do.".into());
        };
        let with: bucket::With = step::with(s)?;
        if let Some(path) = self.awaited(site)? {
            return Err(storage::missing(&path).cure("Plug in and mount the disk: recording goes on by itself then."));
        }
        // Stopped on purpose, as with `kerbup stop` (one that ended by itself is started again by the engine): nothing is recorded,
        // and nobody could be told to keep less.
        let store = self.world.engine.container(&with.container).await.map_err(|e| engine_fault(e, &with.container))?;
        if store.is_some_and(|c| c.state == ContainerState::Exited) {
            return Ok("The video store is stopped: there is nothing to do until it is started.".into());
        }
        let space = self.world.files.space(&answers.path).map_err(|e| file_fault(&e, &answers.path))?;
        let cx = self.context(site.name.clone());
        let before = self.guarded(&site.name, with.days);
        let mut seen = Seen {
            now: bucket::days_kept(&with, &cx).await?.unwrap_or(with.days),
            planned: with.days,
            space,
            own: None,
            oldest: Oldest::Unknown,
            // A clock that was set back tells nothing.
            since: before.as_ref().and_then(|g| g.changed).map(|at| self.world.clock.now() - at).filter(|s| *s >= 0.0),
        };
        // Asked and counted only where something may come of it.
        if tight(&space) || seen.now != seen.planned {
            let watched = self.watched(&site.name, plan, &answers).await?;
            seen.oldest = health::oldest(&self.world, &watched.subjects).await;
        }
        if tight(&space) {
            let parts = plan.steps.iter().filter(|s| s.kind == "container");
            let parts = parts.map(|s| Ok(step::with::<container::With>(s)?.workload)).collect::<Result<_, Fault>>()?;
            seen.own = Some(self.own_of(parts, &answers.path).await).filter(|o| o.missed.is_none()).map(|o| o.bytes);
        }
        let (days, why) = seen.decide();
        let (says, note) = seen.says(days, why);
        if days != seen.now {
            bucket::keep(&with, &cx, days).await?;
        }
        let changed = if days == seen.now { before.as_ref().and_then(|g| g.changed) } else { Some(self.world.clock.now()) };
        let after = Guarded { days, planned: with.days, changed, note };
        if before.as_ref() != Some(&after) {
            let path = self.guard_file(&site.name);
            let text = serde_json::to_vec(&after).unwrap_or_default();
            self.world.files.write(&path, &text, 0o600).map_err(|e| file_fault(&e, &path))?;
        }
        Ok(says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    /// A disk of 1 TB with so much of it free, all else the site's own.
    fn seen(now: u32, free: u64, oldest: f64) -> Seen {
        let space = Space { total: 1000 * GB, free: free * GB, inodes_free: None };
        Seen { now, planned: 30, space, own: Some((1000 - free) * GB), oldest: Oldest::Days(oldest), since: None }
    }

    #[test]
    fn days_go_down_by_a_fifth_of_what_is_there() {
        assert_eq!(seen(30, 100, 30.5).decide(), (24, Why::Fills));
        assert_eq!(seen(30, 100, 12.0).decide(), (10, Why::Fills), "30 days never fitted: 24 would change nothing");
        assert_eq!(seen(3, 100, 3.2).decide(), (2, Why::Fills));
        assert_eq!(seen(1, 100, 1.5).decide(), (1, Why::Young));
        assert_eq!(seen(30, 100, 0.5).decide(), (30, Why::Young));
        assert_eq!(seen(30, 200, 30.5).decide(), (30, Why::Fits));
    }

    #[test]
    fn what_was_asked_for_is_waited_for() {
        // The store has not deleted what is older than the days that stand.
        assert_eq!(seen(24, 100, 30.0).decide(), (24, Why::Behind));
        assert_eq!(Seen { since: Some(3.0 * DAY), ..seen(24, 100, 30.0) }.decide(), (24, Why::Behind));
        let hours = |hours: f64, free, oldest| Seen { since: Some(hours * 3600.0), ..seen(24, free, oldest) }.decide();
        assert_eq!(hours(1.0, 100, 24.5), (24, Why::Today));
        assert_eq!(hours(25.0, 100, 24.5), (20, Why::Fills));
        // Full, and nothing more is to come of the last time: at once. Else even then it is waited.
        assert_eq!(hours(1.0, 20, 23.9), (20, Why::Fills));
        assert_eq!(hours(1.0, 20, 24.5), (24, Why::Today));
        assert_eq!(hours(1.0, 20, 30.0), (24, Why::Behind));
    }

    #[test]
    fn an_hour_after_an_hour_does_not_run_down_to_one_day() {
        // A full disk whose store deletes nothing: as many lowerings as there are days, not hours.
        let (mut days, mut changed, mut lowered) = (30, None, 0);
        for hour in 0..72 {
            let at = f64::from(hour) * 3600.0;
            let s = Seen { since: changed.map(|c: f64| at - c), ..seen(days, 10, 30.5 + at / DAY) };
            let (next, _) = s.decide();
            if next != days {
                (days, changed, lowered) = (next, Some(at), lowered + 1);
            }
        }
        assert_eq!((days, lowered), (24, 1));
    }

    #[test]
    fn a_disk_that_others_fill_costs_no_recordings_until_the_store_refuses() {
        let others = |free, own: u64| Seen { own: Some(own * GB), ..seen(30, free, 20.0) };
        let (days, why) = others(100, 40).decide();
        assert_eq!((days, why), (30, Why::Others));
        let (says, note) = others(100, 40).says(days, why);
        assert!(says.contains("Other files take 860 GB") && note.is_some_and(|n| n.contains("make room")), "{says}");
        assert_eq!(others(20, 40).decide(), (16, Why::Fills), "full: new recordings go before old ones");
        assert_eq!(others(100, 400).decide(), (16, Why::Fills), "the share is kept");
        // Not counted to the end: then nobody else is blamed.
        assert_eq!(Seen { own: None, ..others(100, 0) }.decide(), (16, Why::Fills));
        let empty = Seen { oldest: Oldest::Nothing, ..others(20, 0) };
        assert_eq!(empty.decide(), (30, Why::Others));
        assert_eq!(Seen { oldest: Oldest::Unknown, ..others(100, 40) }.decide(), (30, Why::Unlisted));
    }

    #[test]
    fn days_come_back_one_a_day_and_do_not_swing() {
        assert_eq!(seen(24, 300, 24.0).decide(), (25, Why::Room));
        assert_eq!(Seen { since: Some(3600.0), ..seen(24, 300, 24.0) }.decide(), (24, Why::Today));
        assert_eq!(seen(30, 900, 24.0).decide(), (30, Why::Fits));
        assert_eq!(seen(40, 900, 24.0).decide(), (30, Why::Fits));
        // A day takes 240 GB here: with one more it would be tight again.
        assert_eq!(seen(3, 280, 3.0).decide(), (3, Why::Fits));
        // At steady rates there is an end to it: each day that is kept takes 30 GB, 24 of them 72 %.
        let (mut days, mut changes) = (24, 0);
        for _ in 0..60 {
            let s = seen(days, 1000 - 30 * u64::from(days), f64::from(days));
            let (next, _) = s.decide();
            changes += u32::from(next != days);
            days = next;
        }
        assert_eq!((days, changes), (25, 1));
    }
}
