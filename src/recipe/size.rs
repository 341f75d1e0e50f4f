//! Sizes and times as recipes write them: `256Mi`, `2Gi`, `120s`, `2m`.

/// Bytes of a size such as `256Mi` or `1G`.
pub fn bytes(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..at].parse().ok()?;
    let unit: u64 = match &text[at..] {
        "" => 1,
        "K" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Seconds of a time such as `120s`, `4m`, `1h`; a bare number is seconds.
pub fn seconds(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..at].parse().ok()?;
    let unit = match &text[at..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_and_nonsense_is_not() {
        assert_eq!((bytes("256Mi"), bytes("2G"), bytes("x"), bytes("9999999999Ti")), (Some(268_435_456), Some(2_000_000_000), None, None));
        assert_eq!((seconds("120s"), seconds("4m"), seconds("7"), seconds("1 s")), (Some(120), Some(240), Some(7), None));
    }
}
