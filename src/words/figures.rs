//! Sizes and times as people read them. Decimal units: what a disk's maker and a network's speed are told in.

/// Bytes in the unit that leaves one to three digits: `512 B`, `140 MB`, `8.0 GB`, `1.8 TB`. Below ten a tenth is told.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    // 999.5 would be printed as 1000, so it is the next unit's 1.0.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    // The same for 9.95, which is ten.
    if unit == 0 || value >= 9.95 { format!("{value:.0} {}", UNITS[unit]) } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Seconds in the largest unit that tells at least one: `58 s`, `6 min`, `2 h`, `3 d`. Negative ones and what is no number count as 0.
pub fn duration(seconds: f64) -> String {
    // NaN is not greater than zero either.
    let seconds = if seconds > 0.0 { seconds.min(1e12) } else { 0.0 };
    let whole = |unit: f64| (seconds / unit).round() as u64;
    if whole(1.0) < 60 {
        format!("{} s", whole(1.0))
    } else if whole(60.0) < 60 {
        format!("{} min", whole(60.0))
    } else if whole(3600.0) < 24 {
        format!("{} h", whole(3600.0))
    } else {
        format!("{} d", whole(86_400.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_at_most_three_digits() {
        let shown: Vec<String> = [
            0,
            512,
            999,
            1000,
            9_949,
            9_950,
            140_000_000,
            999_499_999,
            999_500_000,
            7_980_000_000,
            57_000_000_000,
            1_800_000_000_000,
            u64::MAX,
        ]
        .map(size)
        .into();
        assert_eq!(
            shown,
            ["0 B", "512 B", "999 B", "1.0 kB", "9.9 kB", "10 kB", "140 MB", "999 MB", "1.0 GB", "8.0 GB", "57 GB", "1.8 TB", "18 EB"]
        );
    }

    #[test]
    fn times_are_told_in_one_unit() {
        let shown: Vec<String> =
            [0.0, 0.4, 58.0, 59.6, 360.0, 3570.0, 3599.0, 7200.0, 84_600.0, 259_200.0, -3.0, f64::NAN].map(duration).into();
        assert_eq!(shown, ["0 s", "0 s", "58 s", "1 min", "6 min", "1 h", "1 h", "2 h", "1 d", "3 d", "0 s", "0 s"]);
    }

    proptest! {
        #[test]
        fn any_figure_is_short(bytes in any::<u64>(), seconds in any::<f64>()) {
            prop_assert!(size(bytes).len() <= 6);
            prop_assert!(duration(seconds).len() <= 10);
        }

        #[test]
        fn more_is_never_shown_as_a_lesser_unit(bytes in 0u64..u64::MAX / 1000) {
            let unit = |text: &str| ["B", "kB", "MB", "GB", "TB", "PB", "EB"].iter().position(|u| text.ends_with(&format!(" {u}")));
            prop_assert!(unit(&size(bytes)) < unit(&size(bytes * 1000)) || bytes == 0);
        }
    }
}
