//! A camera's state: from what its Agent says, what the Agent's log says, and what lies in the Agent's folders.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;

use super::{DAY, Reading, Subject, begun};
use crate::model::answers::Record;
use crate::model::health::{CameraHealth, CameraState, ComponentState};
use crate::words::health as words;
use crate::world::World;
use crate::world::engine::LogFrom;

/// The Agent waits 30 s at each start before it opens the camera (measured), so nothing is wrong before this.
const STARTING: f64 = 45.0;

/// A recording lasts at most 30 s, and 20 s follow a movement (the Agent's defaults): a younger one is still being written.
const YOUNG: f64 = 60.0;

/// An Agent that always records and wrote nothing for so long does not record.
const LONG: f64 = 180.0;

/// Shortest time over which a rate is measured.
const MEASURED: f64 = 60.0;

/// Lines of the log that are read.
const LINES: usize = 200;

/// How long the log may take.
const LOG: Duration = Duration::from_secs(2);

/// Recordings of which the size is asked, the newest ones.
const SIZED: usize = 240;

/// What the log tells, from its newest line of each sort.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Log {
    /// The last try to open the camera, if it failed: plain words, and whether it was the login.
    failed: Option<(String, bool)>,
    /// Pictures a second.
    fps: Option<f64>,
    /// When the newest recording began, seconds since 1970.
    saved: Option<f64>,
    /// Its clean-up took a recording that was not handed over, and none was since.
    lost: Option<bool>,
}

/// What the Agent's folders hold.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Folder {
    recordings: Option<u64>,
    waiting: Option<u64>,
    last_saved_seconds: Option<f64>,
    bytes_per_day: Option<f64>,
    oldest: Option<f64>,
}

/// Everything about one camera, and when the oldest recording in its folder began. `reading` is what its recorder answered, `up` the seconds since its present run began.
pub(super) fn health(
    world: &World,
    subject: &Subject,
    name: &str,
    record: Record,
    up: Option<f64>,
    reading: &Reading,
    log: &Log,
) -> (CameraHealth, Option<f64>) {
    let mut folder = subject.agent_folder.as_deref().map(|f| folder(world, f)).unwrap_or_default();
    // A recording that was uploaded is deleted here: then only the log remembers it.
    let logged = log.saved.map(|at| (world.clock.now() - at).max(0.0));
    folder.last_saved_seconds = [folder.last_saved_seconds, logged].into_iter().flatten().min_by(f64::total_cmp);
    let (state, mut evidence) = state(record, reading, up, log, &folder);
    if log.lost == Some(true) {
        evidence.push(words::LOST.into());
    }
    let health = CameraHealth {
        name: name.into(),
        state,
        age_seconds: 0.0,
        fps: log.fps.filter(|_| matches!(state, CameraState::Recording | CameraState::Watching)),
        last_saved_seconds: folder.last_saved_seconds,
        recordings: folder.recordings.or_else(|| reading.agent.as_ref().and_then(|d| d.number_of_recordings)),
        waiting: folder.waiting,
        bytes_per_day: folder.bytes_per_day,
        evidence,
    };
    (health, folder.oldest)
}

fn state(record: Record, reading: &Reading, up: Option<f64>, log: &Log, folder: &Folder) -> (CameraState, Vec<String>) {
    let one = |state, says: &str| (state, vec![says.to_owned()]);
    let online = reading.agent.as_ref().map(|d| d.camera_online);
    match reading.state {
        ComponentState::Stopped | ComponentState::Absent => return one(CameraState::Stopped, words::RECORDER_STOPPED),
        ComponentState::Unknown => return one(CameraState::Unknown, words::RECORDER_UNKNOWN),
        _ => {}
    }
    if online != Some(true) {
        if let Some((says, login)) = &log.failed {
            return one(if *login { CameraState::WrongLogin } else { CameraState::NoPicture }, says);
        }
        if reading.state == ComponentState::Starting || up.is_some_and(|s| s < STARTING) {
            return one(CameraState::Starting, words::CAMERA_WAITS);
        }
        return match (online, reading.state) {
            (Some(_), _) => one(CameraState::NoPicture, words::CAMERA_OFF),
            (None, ComponentState::Down) => one(CameraState::NoPicture, words::RECORDER_DOWN),
            (None, _) => one(CameraState::Unknown, words::RECORDER_UNKNOWN),
        };
    }
    let saved = folder.last_saved_seconds;
    match record {
        // Uploaded recordings are deleted, but one that always records has at all times one in hand.
        Record::Always if folder.recordings.is_some() => match saved.or(up) {
            Some(age) if age > LONG => (CameraState::NoPicture, vec![words::not_saved(age)]),
            _ => one(CameraState::Recording, words::CAMERA_ON),
        },
        Record::Always => one(CameraState::Recording, words::CAMERA_ON),
        Record::Motion if saved.is_some_and(|age| age < YOUNG) => one(CameraState::Recording, words::CAMERA_ON),
        Record::Motion => one(CameraState::Watching, words::CAMERA_ON),
    }
}

/// What the log of a container told so far, and up to when it was read. A copy is the same memory.
#[derive(Debug, Clone, Default)]
pub struct Told(Arc<Mutex<Option<(String, f64, Log)>>>);

impl Told {
    fn before(&self, id: &str) -> Option<(f64, Log)> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.as_ref().filter(|(of, ..)| of == id).map(|(_, upto, log)| (*upto, log.clone()))
    }

    fn keep(&self, id: &str, upto: f64, log: &Log) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((id.to_owned(), upto, log.clone()));
    }
}

/// Reads what came since it was read last; the first time, its last lines.
pub(super) async fn log(world: &World, subject: &Subject, id: &str) -> Log {
    let before = subject.told.before(id);
    let upto = world.clock.now();
    let (from, before) = match before {
        // The engine's clock and this one may differ a little where the engine is a virtual machine's.
        Some((since, log)) => (LogFrom::Since(since - 2.0), log),
        None => (LogFrom::Last(LINES), Log::default()),
    };
    let read = async {
        let mut lines = vec![];
        let mut stream = world.engine.logs(&subject.container, from, false).await.ok()?;
        while let Some(line) = stream.next().await {
            lines.push(line.ok()?.text);
        }
        Some(lines)
    };
    // What could not be read whole is read again.
    let Some(lines) = tokio::time::timeout(LOG, read).await.ok().flatten() else { return before };
    let log = understand(before, lines.iter().map(String::as_str));
    subject.told.keep(id, upto, &log);
    log
}

/// Reads the lines that tell of the camera, newest first, until each sort was found; what they do not tell is as before. Nothing
/// of a line is passed on, since they hold its login.
fn understand<'a>(before: Log, lines: impl DoubleEndedIterator<Item = &'a str>) -> Log {
    let mut log = Log::default();
    let mut tried = false;
    for line in lines.rev() {
        if !tried && let Some(failed) = opened(line) {
            (tried, log.failed) = (true, failed);
        }
        log.fps = log.fps.or_else(|| fps(line));
        if log.saved.is_none() {
            let name = ["recording started: ", "file save: "].iter().find_map(|what| line.split_once(what));
            log.saved = name.and_then(|(_, name)| begun(name));
        }
        log.lost = log.lost.or_else(|| lost(line));
        if tried && log.fps.is_some() && log.saved.is_some() && log.lost.is_some() {
            break;
        }
    }
    Log {
        failed: if tried { log.failed } else { before.failed },
        fps: log.fps.or(before.fps),
        saved: log.saved.or(before.saved),
        lost: log.lost.or(before.lost),
    }
}

/// Whether a line tells of a try to open the camera, and then why it failed, if it did.
fn opened(line: &str) -> Option<Option<(String, bool)>> {
    if line.contains("opened RTSP stream: ") {
        Some(None)
    } else if let Some((_, said)) = line.split_once("error connecting to RTSP stream: ") {
        Some(Some((words::camera_log(said), words::camera_refuses(said))))
    } else if line.contains("no rtsp url found") {
        Some(Some((words::camera_log("no rtsp url"), false)))
    } else if line.contains("no video stream found") {
        Some(Some((words::camera_log("wrong codec"), false)))
    } else {
        None
    }
}

/// Whether a line tells of a recording that was deleted before it was handed over, or of one that was handed over.
fn lost(line: &str) -> Option<bool> {
    if line.contains("STILL PENDING UPLOAD") { Some(true) } else { line.contains("Upload Finished").then_some(false) }
}

/// `15 fps`, `fps: 15.0`, `FPS=15`: the Agent's wording differs by version.
fn fps(line: &str) -> Option<f64> {
    let lower = line.to_ascii_lowercase();
    let (before, after) = lower.split_once("fps")?;
    let number = |text: &str| text.parse::<f64>().ok().filter(|f| *f > 0.0 && *f <= 240.0);
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let behind = after.trim_start_matches([':', '=', ' ', '"', ')']);
    let first: String = behind.chars().take_while(|c| is_part(*c)).collect();
    // `fps` must follow a number with at most a space between, so that no other figure of the line is taken.
    let back = before.strip_suffix(' ').unwrap_or(before);
    let last = back.rsplit(|c| !is_part(c)).next().unwrap_or_default();
    if after.starts_with([':', '=']) { number(first.trim_end_matches('.')) } else { number(last) }
}

fn folder(world: &World, folder: &str) -> Folder {
    let Ok(names) = world.files.list(&format!("{folder}/recordings")) else {
        return Folder::default();
    };
    let mut starts: Vec<(f64, String)> =
        names.iter().filter(|n| n.ends_with(".mp4")).filter_map(|n| Some((begun(n)?, n.clone()))).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let now = world.clock.now();
    let newest = starts.last().map(|(at, _)| *at);
    let sized = &starts[starts.len().saturating_sub(SIZED)..];
    // The newest is still being written: it ends the measured time and does not count itself.
    let bytes_per_day = match sized {
        [whole @ .., (end, _)] if !whole.is_empty() => {
            let took = end - whole[0].0;
            let bytes: u64 =
                whole.iter().filter_map(|(_, n)| world.files.meta(&format!("{folder}/recordings/{n}")).ok()).map(|m| m.size).sum();
            (took >= MEASURED).then(|| bytes as f64 / took * DAY)
        }
        _ => None,
    };
    Folder {
        recordings: Some(starts.len() as u64),
        waiting: world.files.list(&format!("{folder}/cloud")).ok().map(|all| all.iter().filter(|n| !n.starts_with('.')).count() as u64),
        last_saved_seconds: newest.map(|at| (now - at).max(0.0)),
        bytes_per_day,
        oldest: starts.first().map(|(at, _)| *at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_of_the_log_counts_and_no_login_is_passed_on() {
        let opened = "[INFO] components.Kerberos.RunAgent(): opened RTSP stream: rtsp://view:hunter2@192.0.2.4/s";
        let refused = "[ERRO] components.Kerberos.RunAgent(): error connecting to RTSP stream: bad status code: 401 (Unauthorized)";
        let away = "components.Kerberos.RunAgent(): error connecting to RTSP stream: dial tcp 192.0.2.4:554: i/o timeout";
        assert_eq!(understand(Log::default(), [refused, opened].into_iter()), Log::default());
        let log = understand(Log::default(), [opened, refused].into_iter());
        assert_eq!(log.failed, Some(("The camera answers, but refuses the login.".into(), true)));
        assert_eq!(understand(Log::default(), [refused, away].into_iter()).failed, Some(("The camera does not answer.".into(), false)));
        assert!(!format!("{log:?}").contains("hunter2"));
    }

    #[test]
    fn numbers_of_a_port_or_an_address_are_no_status() {
        for place in ["192.0.2.4:40404", "192.0.2.4:54016", "10.0.40.3:403"] {
            let line = format!("RunAgent(): error connecting to RTSP stream: dial tcp {place}: connect: connection refused");
            let log = understand(Log::default(), [line.as_str()].into_iter());
            assert_eq!(log.failed, Some(("The camera's port is closed.".into(), false)), "{place}");
        }
        let path = "error connecting to RTSP stream: bad status code: 404 (Not Found)";
        let log = understand(Log::default(), [path].into_iter());
        assert_eq!(log.failed, Some(("The camera answers, but has nothing at this path.".into(), false)));
    }

    #[test]
    fn the_log_remembers_a_recording_that_was_uploaded_and_deleted() {
        let lines =
            ["capture.main.HandleRecordStream(): file save: 1795385455_2-75_front_0-0-0-0_0_0_.mp4", "cloud.HandleHeartBeat(): fine"];
        assert_eq!(understand(Log::default(), lines.into_iter()).saved, Some(1_795_385_455.0));
    }

    #[test]
    fn the_picture_rate_is_taken_only_where_it_stands() {
        assert_eq!(fps("capture: 15 fps"), Some(15.0));
        assert_eq!(fps("stream fps: 12.5, lost=3"), Some(12.5));
        assert_eq!(fps("FPS=25"), Some(25.0));
        assert_eq!(fps("port 80, fps unknown"), None);
        assert_eq!(fps("lost=3"), None);
    }

    #[test]
    fn the_second_a_recording_began_stands_first_in_its_name() {
        assert_eq!(begun("1795371489_3-485_front_0-0-0-0_0_0_.mp4"), Some(1_795_371_489.0));
        assert_eq!(begun("notes.mp4"), None);
    }

    #[test]
    fn what_newer_lines_do_not_tell_stays_as_it_was_told() {
        let tell = |before: &Log, line: &'static str| understand(before.clone(), [line].into_iter());
        let refused = tell(&tell(&Log::default(), "fps: 15"), "error connecting to RTSP stream: 401 (Unauthorized)");
        assert!(refused.failed.is_some() && refused.fps == Some(15.0));
        assert_eq!(tell(&refused, "cloud.HandleHeartBeat(): fine"), refused);
        let opened = tell(&refused, "opened RTSP stream: rtsp://192.0.2.4/s");
        assert!(opened.failed.is_none() && opened.fps == Some(15.0));
    }
}
