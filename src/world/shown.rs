//! What a program's line looks like once a terminal has shown it: colours gone, and only the last of what was written over itself.

/// The line as a person would have seen it. Progress that a program draws over itself with carriage returns is its last state.
pub fn shown(line: &str) -> String {
    let line = line.trim_end_matches(['\n', '\r']);
    let plain = anstream::adapter::strip_str(line.rsplit('\r').next().unwrap_or(line));
    plain.to_string()
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn colours_and_what_was_written_over_are_gone() {
        assert_eq!(shown("\u{1b}[0;1;31mFailed to connect\u{1b}[0m\r\n"), "Failed to connect");
        assert_eq!(
            shown("(Reading database ... \r(Reading database ... 5%\r(Reading database ... 114321 files.)"),
            "(Reading database ... 114321 files.)"
        );
        assert_eq!(shown("plain ✔ text\n"), "plain ✔ text");
        assert_eq!(shown(""), "");
    }
}
