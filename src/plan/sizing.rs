//! How much the cameras write, what fits, and how many days are kept. Every figure comes from a measured one.

use std::collections::BTreeMap;

use crate::model::answers::{Answers, Shape};
use crate::model::host::SHARE;
use crate::model::survey::Survey;

/// What the figures come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sizing {
    /// Bytes a day of each camera that was measured. For a camera that records on movement this is the most it can be.
    pub per_day: BTreeMap<String, f64>,
    /// Cameras that were not measured.
    pub unmeasured: Vec<String>,
    /// Bytes that may be used, where the disk is known.
    pub usable: Option<u64>,
    /// Bytes that the days asked for take at most, where all cameras were measured.
    pub needed: Option<u64>,
    /// Days that fit, where disk and all cameras are known.
    pub fits_days: Option<u32>,
    /// Days that are kept: the lesser of asked and fitting, at least one.
    pub keeps_days: u32,
    /// Megabytes each camera's recorder may keep of its own.
    pub agent_megabytes: BTreeMap<String, u64>,
}

/// Works it out.
pub fn sizing(answers: &Answers, survey: &Survey) -> Sizing {
    let mut s = Sizing { keeps_days: answers.retention_days.max(1), ..Sizing::default() };
    for camera in &answers.cameras {
        match survey.cameras.get(&camera.name).and_then(|r| r.bits_per_second) {
            Some(bits) if bits > 0.0 => {
                s.per_day.insert(camera.name.clone(), bits / 8.0 * 86_400.0);
            }
            _ => s.unmeasured.push(camera.name.clone()),
        }
    }
    s.usable = survey.free_bytes.get().zip(survey.total_bytes.get()).map(|(free, total)| {
        // What the site recorded so far goes again by itself: its room is there for what it will record.
        let own = survey.own.bytes.min(total.saturating_sub(*free));
        let other = total.saturating_sub(*free).saturating_sub(own) as f64;
        // Never more than the share of the whole disk, and never more than is free now or own.
        ((*total as f64 * SHARE - other).max(0.0) as u64).min(free.saturating_add(own))
    });
    let daily: f64 = s.per_day.values().sum();
    if s.unmeasured.is_empty() && daily > 0.0 {
        s.needed = Some((daily * f64::from(answers.retention_days)) as u64);
        if let Some(usable) = s.usable {
            let counted = (usable as f64 / daily).floor().min(36_500.0) as u32;
            // What is not known is no reason to delete: where not all could be counted, at least the days that stand fit, and
            // where none stand, the guard sees to it.
            let unknown = if survey.own.missed.is_some() { answers.retention_days } else { 0 };
            let fits = counted.max(survey.least.days.unwrap_or(unknown));
            s.fits_days = survey.own.missed.is_none().then_some(fits);
            s.keeps_days = answers.retention_days.min(fits).max(1);
        }
    }
    if let Some(usable) = s.usable {
        for camera in &answers.cameras {
            // Small: the whole disk is the recorders', by their rates where those are known, else in equal parts. Full: a
            // tenth of it, for what waits to be uploaded while the library does not answer.
            let all = if answers.shape == Shape::Small { usable as f64 } else { usable as f64 * 0.1 };
            let part = match s.per_day.get(&camera.name) {
                Some(rate) if s.unmeasured.is_empty() => rate / daily,
                _ => 1.0 / answers.cameras.len() as f64,
            };
            let least = survey.least.megabytes.get(&camera.name).map_or(0.0, |m| *m as f64 * 1e6);
            let mut bytes = (all * part).max(least);
            if let (Shape::Small, Some(rate)) = (answers.shape, s.per_day.get(&camera.name)) {
                bytes = bytes.min(rate * f64::from(s.keeps_days));
            }
            s.agent_megabytes.insert(camera.name.clone(), ((bytes / 1e6) as u64).max(100));
        }
    }
    s
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::answers::{Camera, Record};
    use crate::model::camera::StreamReading;
    use crate::model::fact::Fact;
    use crate::model::survey::{Least, Own};

    fn survey(bits: f64, free: u64, total: u64) -> Survey {
        let reading =
            StreamReading { codec: "H.264".into(), size: None, fps: None, bits_per_second: Some(bits), seconds: 5.0, audio: false };
        Survey {
            cameras: BTreeMap::from([("a".to_string(), reading)]),
            free_bytes: Fact::known(free, "test"),
            total_bytes: Fact::known(total, "test"),
            ..Survey::default()
        }
    }

    fn answers(days: u32) -> Answers {
        let a = Camera { name: "a".into(), url: "rtsp://x/".into(), sub_url: None, user: None, record: Record::Always };
        Answers { cameras: vec![a], retention_days: days, ..Answers::default() }
    }

    #[test]
    fn days_move_with_the_rate_and_the_disk() {
        // 2 Mbit/s is 21.6 GB a day; 85 % of 1 TB holds 39 days of it.
        let s = sizing(&answers(60), &survey(2e6, 1_000_000_000_000, 1_000_000_000_000));
        assert_eq!((s.fits_days, s.keeps_days), (Some(39), 39));
        let half = sizing(&answers(60), &survey(4e6, 1_000_000_000_000, 1_000_000_000_000));
        assert_eq!(half.fits_days, Some(19));
        let asked = sizing(&answers(7), &survey(2e6, 1_000_000_000_000, 1_000_000_000_000));
        assert_eq!((asked.keeps_days, asked.needed), (7, Some(151_200_000_000)));
    }

    #[test]
    fn what_is_used_already_counts_against_the_share() {
        let s = sizing(&answers(30), &survey(2e6, 200_000_000_000, 1_000_000_000_000));
        assert_eq!(s.usable, Some(50_000_000_000));
    }

    #[test]
    fn own_recordings_do_not_count_against_themselves() {
        // 1 TB with 700 GB of the site's own: 40 days of 21.6 GB do not fit, 39 do, as they would on the empty disk.
        let own = |bytes: u64| Own { bytes, missed: None };
        let mut grown = survey(2e6, 300_000_000_000, 1_000_000_000_000);
        assert_eq!(sizing(&answers(40), &grown).keeps_days, 6, "the files of others");
        grown.own = own(700_000_000_000);
        assert_eq!(sizing(&answers(40), &grown).keeps_days, 39);
        // Others' files still count, and more than is used was never the site's.
        grown.own = own(500_000_000_000);
        assert_eq!(sizing(&answers(40), &grown).usable, Some(650_000_000_000));
        grown.own = own(9_000_000_000_000);
        assert_eq!(sizing(&answers(40), &grown).usable, Some(850_000_000_000));
        // Recorders alone keep what they have as well.
        grown.own = own(700_000_000_000);
        let small = Answers { shape: Shape::Small, ..answers(30) };
        assert_eq!(sizing(&small, &grown).agent_megabytes["a"], 648_000);
    }

    #[test]
    fn what_could_not_be_counted_lowers_nothing_that_stands() {
        let mut s = survey(2e6, 300_000_000_000, 1_000_000_000_000);
        s.own = Own { bytes: 1_000, missed: Some("too many files".into()) };
        let none_stands = sizing(&answers(40), &s);
        assert_eq!((none_stands.keeps_days, none_stands.fits_days), (40, None), "nothing is deleted for what is not known");
        s.least = Least { days: Some(30), megabytes: BTreeMap::from([("a".to_string(), 500_000)]) };
        let stands = sizing(&answers(40), &s);
        assert_eq!((stands.keeps_days, stands.fits_days), (30, None));
        assert_eq!(sizing(&answers(10), &s).keeps_days, 10, "fewer days are fewer");
        let small = |days| sizing(&Answers { shape: Shape::Small, ..answers(days) }, &s).agent_megabytes["a"];
        assert_eq!((small(30), small(10)), (500_000, 216_000));
    }

    #[test]
    fn without_a_measure_nothing_is_promised() {
        let s = sizing(&answers(30), &Survey::default());
        assert_eq!((s.needed, s.fits_days, s.keeps_days, s.unmeasured.len()), (None, None, 30, 1));
    }

    proptest! {
        #[test]
        fn never_more_than_is_free_or_own_and_at_least_a_day(bits in 0f64..1e9, free in 0u64..1u64<<50, own in 0u64..1u64<<50, total in 0u64..1u64<<50, days in 0u32..10_000) {
            let mut learnt = survey(bits, free, total);
            learnt.own.bytes = own;
            let s = sizing(&answers(days), &learnt);
            prop_assert!(s.keeps_days >= 1);
            prop_assert!(s.usable.unwrap_or(0) <= free + own.min(total.saturating_sub(free)));
        }
    }
}
