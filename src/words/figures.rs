//! Figures as people read them: short, with their unit, never more digits than are known.
//!
//! Every size that a person sees goes through `bytes` or `memory`, so that one machine has one figure everywhere. They differ
//! because the trade does: a disk of 1 TB has 1000 GB, and so have `df -H`, a download and a network's speed; memory of 8 GB
//! has 8 times 1024 MB, and so have `free -h`, `docker stats` and what a recipe sets aside.

/// Room on disks and what is downloaded: `1.3 TB`, `140 MB`, `12 B`, in powers of 1000.
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("B");
    if unit >= 3 && value < 9.95 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
}

/// Memory: `8.0 GB`, `180 MB`, in powers of 1024 under the names that it is sold by.
pub fn memory(n: u64) -> String {
    let mb = n as f64 / (1024.0 * 1024.0);
    if mb < 1000.0 { format!("{mb:.0} MB") } else { format!("{:.1} GB", mb / 1024.0) }
}

/// How fast a line is: `24 Mbit/s`, from bytes a second, in the unit that lines are sold by.
pub fn rate(bytes_a_second: f64) -> String {
    let bits = bytes_a_second.max(0.0) * 8.0;
    match bits {
        b if b >= 999.5e6 => format!("{:.1} Gbit/s", b / 1e9),
        b if b >= 9.95e6 => format!("{:.0} Mbit/s", b / 1e6),
        b if b >= 999.5e3 => format!("{:.1} Mbit/s", b / 1e6),
        b => format!("{:.0} kbit/s", b / 1e3),
    }
}

/// How long something lasted or is ago: `8 s`, `4 min`, `2 h`, `3 d`.
pub fn span(seconds: f64) -> String {
    let s = seconds.max(0.0);
    if s < 99.5 {
        format!("{s:.0} s")
    } else if s < 5_400.0 {
        format!("{:.0} min", s / 60.0)
    } else if s < 36.0 * 3_600.0 {
        format!("{:.0} h", s / 3_600.0)
    } else {
        format!("{:.0} d", s / 86_400.0)
    }
}

/// The same in a column, where nothing takes no time at all: `<1 s`.
pub fn takes(seconds: f64) -> String {
    if seconds < 0.95 { "<1 s".into() } else { span(seconds) }
}

/// `1 camera`, `2 cameras`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A value, or the dash that stands for a reading that is not given.
pub fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "–".into())
}

/// A part of a whole from 0 to 100.
pub fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// `98 of 140 MB`: so much of so much, the unit once where it is the same.
pub fn part_of(part: u64, whole: u64) -> String {
    let (part, whole) = (bytes(part), bytes(whole));
    match (part.split_once(' '), whole.split_once(' ')) {
        (Some((n, unit)), Some((_, same))) if unit == same => format!("{n} of {whole}"),
        _ => format!("{part} of {whole}"),
    }
}

/// A path in so many letters; the end of a long one says more than its beginning.
pub fn short_path(path: &str, most: usize) -> String {
    let letters = path.chars().count();
    if letters <= most { path.into() } else { format!("…{}", path.chars().skip(letters + 1 - most).collect::<String>()) }
}

/// Time of the day of an instant in seconds since 1970, in the machine's own zone: `18:02:11`.
pub fn time_of_day(at: f64, zone: &jiff::tz::TimeZone) -> String {
    match jiff::Timestamp::from_second(at as i64) {
        Ok(t) => t.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string(),
        Err(_) => "–".into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_read_as_people_say_them() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(140_000_000), "140 MB");
        assert_eq!(bytes(1_300_000_000_000), "1.3 TB");
        assert_eq!(bytes(999_999_999), "1.0 GB");
        assert_eq!(bytes(21_000_000_000), "21 GB");
        assert_eq!(part_of(98_000_000, 140_000_000), "98 of 140 MB");
        assert_eq!(part_of(98_000, 140_000_000), "98 kB of 140 MB");
        assert_eq!(short_path("192.168.178.20:8080", 10), "…8.20:8080");
        assert_eq!(memory(8 << 30), "8.0 GB");
        assert_eq!(memory(180 << 20), "180 MB");
        assert_eq!((memory(0), bytes(u64::MAX)), ("0 MB".into(), "18 EB".into()));
        assert_eq!(span(8.2), "8 s");
        assert_eq!(span(240.0), "4 min");
        assert_eq!(span(7_300.0), "2 h");
        assert_eq!(span(260_000.0), "3 d");
        assert_eq!(span(-3.0), "0 s");
        assert_eq!((takes(0.2), takes(8.2)), ("<1 s".into(), "8 s".into()));
        let rates = [25_000.0, 130_000.0, 3_000_000.0, 118_000_000.0, 140_000_000.0].map(rate);
        assert_eq!(rates, ["200 kbit/s", "1.0 Mbit/s", "24 Mbit/s", "944 Mbit/s", "1.1 Gbit/s"]);
        assert_eq!(count(1, "camera"), "1 camera");
        assert_eq!(count(0, "camera"), "0 cameras");
        assert_eq!(time_of_day(0.0, &jiff::tz::TimeZone::UTC), "00:00:00");
    }

    proptest! {
        #[test]
        fn any_figure_is_short(n in any::<u64>(), seconds in -1e12..1e12f64) {
            prop_assert!(bytes(n).len() <= 6);
            prop_assert!(span(seconds).len() <= 12);
        }

        #[test]
        fn more_is_never_shown_as_a_lesser_unit(n in 1u64..u64::MAX / 1000) {
            let unit = |text: &str| ["B", "kB", "MB", "GB", "TB", "PB", "EB"].iter().position(|u| text.ends_with(&format!(" {u}")));
            prop_assert!(unit(&bytes(n)) < unit(&bytes(n * 1000)));
        }
    }
}
