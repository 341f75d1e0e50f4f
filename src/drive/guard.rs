//! Keeps the disk from filling up: fewer days when it does, the planned ones again when there is room. Run by a timer.

use super::Drive;
use super::sites::Site;
use super::standing::plan_of;
use crate::model::fault::Fault;
use crate::plan::sizing::SHARE;
use crate::step::{self, bucket, file_fault, storage};

/// With so much of the disk free again, days are given back one at a time.
const ROOMY: f64 = 0.25;

/// Days to keep from now on: `used` and `free` are shares of the disk.
fn days(now: u32, planned: u32, free: f64) -> u32 {
    if free < 1.0 - SHARE {
        // A fifth less each time the timer runs, so that it is felt before the disk is full, and at least one day.
        (now - (now / 5).max(1).min(now)).max(1)
    } else if free > ROOMY {
        (now + 1).min(planned)
    } else {
        now.min(planned)
    }
}

impl Drive {
    /// Looks at the disk once and sets the days to keep. Says what it did.
    pub async fn guard(&self, site: &Site) -> Result<String, Fault> {
        let answers = self.load(site)?;
        let Some(s) = plan_of(site)?.steps.iter().find(|s| s.kind == "bucket") else {
            return Ok("The recorders clean up after themselves: nothing to do.".into());
        };
        let with: bucket::With = step::with(s)?;
        if let Some(path) = self.awaited(site)? {
            return Err(storage::missing(&path).cure("Plug in and mount the disk: recording goes on by itself then."));
        }
        let space = self.world.files.space(&answers.path).map_err(|e| file_fault(&e, &answers.path))?;
        let free = if space.total == 0 { 1.0 } else { space.free as f64 / space.total as f64 };
        let cx = self.context(site.name.clone());
        let now = bucket::days_kept(&with, &cx).await?.unwrap_or(with.days);
        let next = days(now, with.days, free);
        if next == now {
            return Ok(format!("{:.0} % of the disk are free: {now} days are kept, as before.", free * 100.0));
        }
        bucket::keep(&with, &cx, next).await?;
        Ok(format!("{:.0} % of the disk are free: {next} days are kept from now on, {now} before.", free * 100.0))
    }
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_go_down_as_the_disk_fills_and_come_back_with_room() {
        assert_eq!((days(30, 30, 0.10), days(3, 30, 0.10), days(1, 30, 0.0)), (24, 2, 1));
        assert_eq!((days(24, 30, 0.2), days(24, 30, 0.5), days(30, 30, 0.5)), (24, 25, 30));
    }
}
