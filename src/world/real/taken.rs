//! What a folder takes on its disk: the store of a large site holds millions of files, so the walk is bounded.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::world::files::Taken;

/// A block as stat(2) counts them, whatever the file system's own are.
const BLOCK: u64 = 512;

/// Walks a folder. Blocks are counted, not lengths: that is what the disk gives back.
pub(super) fn taken(path: &str, names: usize, within: Duration) -> io::Result<Taken> {
    let end = Instant::now() + within;
    let top = fs::symlink_metadata(path)?;
    let (mut bytes, mut seen, mut whole) = (top.blocks() * BLOCK, 0, true);
    let mut todo: Vec<PathBuf> = if top.is_dir() { vec![path.into()] } else { vec![] };
    while let Some(folder) = todo.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Recordings come and go while they are counted.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(_) => {
                whole = false;
                continue;
            }
        };
        for entry in entries {
            seen += 1;
            if seen > names || (seen % 256 == 0 && Instant::now() > end) {
                return Ok(Taken { bytes, whole: false });
            }
            match entry.and_then(|e| Ok((e.metadata()?, e))) {
                Ok((m, _)) if m.dev() != top.dev() => {}
                Ok((m, e)) => {
                    bytes += m.blocks() * BLOCK;
                    if m.is_dir() {
                        todo.push(e.path());
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(_) => whole = false,
            }
        }
    }
    Ok(Taken { bytes, whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_tree_is_counted_by_its_blocks_up_to_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().to_str().unwrap();
        let empty = taken(at, 100, LONG).unwrap();
        assert!(empty.whole && empty.bytes < 100_000, "{empty:?}");
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("a/b/video"), vec![7; 1_000_000]).unwrap();
        // As long, and nothing in it: it takes nothing.
        fs::File::create(dir.path().join("a/hole")).unwrap().set_len(50_000_000).unwrap();
        std::os::unix::fs::symlink("/usr", dir.path().join("a/link")).unwrap();
        let all = taken(at, 100, LONG).unwrap();
        assert!(all.whole && (1_000_000..1_200_000).contains(&all.bytes), "{all:?}");
        assert!(!taken(at, 3, LONG).unwrap().whole);
        assert_eq!(taken(&format!("{at}/none"), 3, LONG).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
