//! Reads /proc/self/mountinfo: which file systems are mounted where, from what.

/// A line of mountinfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// `major:minor` of the device.
    pub device: String,
    /// The folder of the file system that is mounted here; `/` unless it is a bind mount or a subvolume.
    pub root: String,
    /// Mount point.
    pub path: String,
    /// Options of this mount.
    pub options: Vec<String>,
    /// File system type.
    pub fs: String,
    /// Device or other source.
    pub source: String,
}

/// All lines in the order in which they were mounted; lines that are not understood are left out.
/// Form (proc_pid_mountinfo(5)): `36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
pub(crate) fn parse(text: &str) -> Vec<Line> {
    text.lines().filter_map(line).collect()
}

fn line(text: &str) -> Option<Line> {
    let (left, right) = text.split_once(" - ")?;
    let mut left = left.split(' ').skip(2);
    let (device, root, path, options) = (left.next()?, left.next()?, left.next()?, left.next()?);
    let mut right = right.split(' ');
    let (fs, source) = (right.next()?, right.next()?);
    // What holds for the whole file system (`ro` after an error, say) stands in the last field.
    let mut options: Vec<String> = options.split(',').map(Into::into).collect();
    for option in right.next().unwrap_or_default().split(',').filter(|o| !o.is_empty()) {
        let has = |wanted: &str| options.iter().any(|o| o == wanted);
        // A mount that is read-only stays so, whatever the file system as a whole could.
        let undone = option == "rw" && has("ro");
        if !has(option) && !undone {
            options.push(option.into());
        }
    }
    Some(Line { device: device.into(), root: plain(root), path: plain(path), options, fs: plain(fs), source: plain(source) })
}

/// Undoes the kernel's escapes: a backslash and three octal digits stand for a byte (space, tab, newline, backslash, `#`).
pub(crate) fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 4).filter(|d| byte == b'\\' && d.iter().all(|c| (b'0'..=b'7').contains(c)));
        match digits.map(|d| d.iter().fold(0u32, |n, c| n * 8 + u32::from(c - b'0'))).and_then(|n| u8::try_from(n).ok()) {
            Some(escaped) => {
                out.push(escaped);
                at += 4;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_with_optional_fields_and_escapes_is_read() {
        let lines = parse(
            "29 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n98 29 8:1 / /media/pi/My\\040Disk\\134x rw,nosuid shared:50 - fuseblk /dev/sda1 rw,user_id=0\n31 29 254:0 / /old ro - ext4 /dev/vda rw,discard\nnonsense\n",
        );
        assert_eq!(lines.len(), 3);
        assert_eq!((lines[0].device.as_str(), lines[0].fs.as_str(), lines[0].source.as_str()), ("179:2", "ext4", "/dev/mmcblk0p2"));
        assert_eq!(lines[1].path, "/media/pi/My Disk\\x");
        assert_eq!(lines[2].options, ["ro", "discard"]);
    }

    #[test]
    fn a_file_system_that_went_read_only_is_seen() {
        let lines = parse("29 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root ro,errors=remount-ro\n");
        assert!(lines[0].options.contains(&"ro".to_string()));
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(plain("a\\04"), "a\\04");
        assert_eq!(plain("\\999\\777"), "\\999\\777");
        assert_eq!(plain("\\303\\244"), "ä");
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "([0-9]| |-|:|/|\\\\[0-9]{1,3}|\n|.){0,80}") {
            let _ = (parse(&text), plain(&text));
        }
    }
}
