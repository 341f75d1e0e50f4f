//! Auto-clean: keeps data/recordings below its limit by deleting the oldest uploaded recording, and
//! when all are pending, the oldest pending one, with a warning.

use super::config::Config;
use super::recorder::{QUEUE, RECORDINGS};
use super::{Agent, log};
use std::path::Path;

const MEGABYTE: u64 = 1024 * 1024;

/// One recording on the disk.
pub struct Recording {
    pub name: String,
    pub size: u64,
    pub pending: bool,
}

/// Recordings, oldest first; the one being written is not among them.
pub fn recordings(agent: &Agent) -> Vec<Recording> {
    let current = agent.current_recording();
    let mut found: Vec<Recording> = std::fs::read_dir(RECORDINGS)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let size = entry.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
            let pending = Path::new(QUEUE).join(&name).exists();
            (current.as_ref() != Some(&name)).then_some(Recording { name, size, pending })
        })
        .collect();
    // Names begin with their time.
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

pub fn run(config: &Config, agent: &Agent) {
    if !config.is("/auto_clean") {
        return;
    }
    let mut kept = recordings(agent);
    while let Some(place) = next(&kept, over(config, &kept)) {
        let gone = kept.remove(place);
        if gone.pending {
            log::line(
                log::Level::Warning,
                &format!("capture.main.CleanupRecordingDirectory(): removing oldest file, STILL PENDING UPLOAD: {}", gone.name),
            );
        } else {
            log::info(&format!("capture.main.CleanupRecordingDirectory(): removing oldest file: {}", gone.name));
        }
        if let Err(error) = std::fs::remove_file(format!("{RECORDINGS}/{}", gone.name)) {
            log::error(&format!("capture.main.CleanupRecordingDirectory(): something went wrong, {}", crate::http::os_text(&error)));
            return;
        }
        let _ = std::fs::remove_file(format!("{QUEUE}/{}", gone.name));
    }
}

/// Whether the limit is passed: of the folder's size, or with none set, of the disk's free space.
fn over(config: &Config, kept: &[Recording]) -> bool {
    let size: u64 = kept.iter().map(|recording| recording.size).sum();
    match config.number("/max_directory_size") {
        0 => match rustix::fs::statvfs(RECORDINGS) {
            Ok(disk) => {
                let total = disk.f_blocks * disk.f_frsize;
                let wanted = config.number_or("/min_free_space", (total / 20 / MEGABYTE).max(1));
                disk.f_bavail * disk.f_frsize < wanted * MEGABYTE
            }
            Err(_) => size > 300 * MEGABYTE,
        },
        limit => size > limit * MEGABYTE,
    }
}

fn next(kept: &[Recording], over: bool) -> Option<usize> {
    if !over || kept.is_empty() {
        return None;
    }
    kept.iter().position(|recording| !recording.pending).or(Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploaded_ones_go_first() {
        let one = |pending| Recording { name: String::new(), size: 1, pending };
        assert_eq!(next(&[one(true), one(false)], true), Some(1));
        assert_eq!(next(&[one(true), one(true)], true), Some(0));
        assert_eq!(next(&[one(true)], false), None);
        assert_eq!(next(&[], true), None);
    }
}
