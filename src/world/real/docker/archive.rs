//! The archive that the engine answers when a file is asked for: a tar of one entry, read by hand (a tar crate would bring
//! unpacking to a disk, which nobody here wants).

/// What an archive holds at its first entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A file's bytes.
    File(Vec<u8>),
    /// A link to somewhere else.
    Link(String),
    /// A folder or something odder.
    Other,
}

const BLOCK: usize = 512;

/// The first entry, past the headers that only describe it. None where the archive is empty or cut.
pub(super) fn first(tar: &[u8]) -> Option<Entry> {
    let mut at = 0;
    // Size and target from a pax header, which stand before the short ones of the entry itself.
    let (mut pax_size, mut pax_link) = (None, None);
    loop {
        let header = tar.get(at..at + BLOCK)?;
        if header.iter().all(|b| *b == 0) {
            return None;
        }
        let kind = header[156];
        let size = match (kind, pax_size) {
            (b'x' | b'g' | b'L' | b'K', _) | (_, None) => octal(&header[124..136])?,
            (_, Some(size)) => size,
        };
        let start = at + BLOCK;
        let end = start.checked_add(size)?;
        match kind {
            b'0' | 0 | b'7' => return Some(Entry::File(tar.get(start..end)?.to_vec())),
            b'2' => return Some(Entry::Link(pax_link.unwrap_or_else(|| word(&header[157..257])))),
            b'x' => {
                for (key, value) in records(tar.get(start..end)?) {
                    match key.as_str() {
                        "size" => pax_size = value.parse().ok(),
                        "linkpath" => pax_link = Some(value),
                        _ => {}
                    }
                }
            }
            b'K' => pax_link = Some(word(tar.get(start..end)?)),
            b'g' | b'L' => {}
            _ => return Some(Entry::Other),
        }
        at = start.checked_add(size.div_ceil(BLOCK).checked_mul(BLOCK)?)?;
    }
}

fn word(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn octal(field: &[u8]) -> Option<usize> {
    let text = word(field);
    usize::from_str_radix(text.trim(), 8).ok()
}

/// `LENGTH KEY=VALUE\n`, where the length counts the whole record.
fn records(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut all = vec![];
    while let Some(space) = bytes.iter().position(|b| *b == b' ') {
        let Some(length) = std::str::from_utf8(&bytes[..space]).ok().and_then(|t| t.parse::<usize>().ok()) else { break };
        let Some(record) = bytes.get(space + 1..length) else { break };
        if let Some((key, value)) = String::from_utf8_lossy(record).trim_end_matches('\n').split_once('=') {
            all.push((key.to_owned(), value.to_owned()));
        }
        bytes = &bytes[length..];
    }
    all
}

/// Where a link found at `path` leads, as an absolute path inside the image.
pub(super) fn follow(path: &str, target: &str) -> String {
    let joined = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("{}/{target}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
    };
    let mut parts: Vec<&str> = vec![];
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(kind: u8, size: usize, link: &str, body: &[u8]) -> Vec<u8> {
        let mut block = vec![0_u8; BLOCK];
        block[..4].copy_from_slice(b"name");
        block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        block[156] = kind;
        block[157..157 + link.len()].copy_from_slice(link.as_bytes());
        block.extend_from_slice(body);
        block.resize(block.len().div_ceil(BLOCK) * BLOCK, 0);
        block
    }

    #[test]
    fn files_links_and_headers_are_read() {
        assert_eq!(first(&entry(b'0', 5, "", b"hello")), Some(Entry::File(b"hello".to_vec())));
        assert_eq!(first(&entry(b'2', 0, "../usr/x", b"")), Some(Entry::Link("../usr/x".into())));
        assert_eq!(first(&entry(b'5', 0, "", b"")), Some(Entry::Other));
        let record = b"20 linkpath=/long/x\n";
        let both = [entry(b'x', record.len(), "", record), entry(b'2', 0, "short", b"")].concat();
        assert_eq!(first(&both), Some(Entry::Link("/long/x".into())));
        assert_eq!(first(&[0; 1024]), None);
        assert_eq!(first(&entry(b'0', 50_000, "", b"cut")), None);
    }

    #[test]
    fn links_lead_on() {
        assert_eq!(follow("/etc/os-release", "../usr/lib/os-release"), "/usr/lib/os-release");
        assert_eq!(follow("/a/b", "c"), "/a/c");
        assert_eq!(follow("/a/b", "/c/./d"), "/c/d");
        assert_eq!(follow("/a", "../../../x"), "/x");
    }

    proptest! {
        #[test]
        fn wild_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = first(&bytes);
            let _ = records(&bytes);
        }
    }
}
