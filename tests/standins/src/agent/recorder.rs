//! Recordings: what is received goes to a file in data/recordings; a finished one gets its marker in
//! data/cloud, which is the upload queue. The content is the camera's own H.264 or H.265 stream,
//! without the MP4 container around it.

use super::config::Config;
use super::{Agent, clean, log};
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub const RECORDINGS: &str = "./data/recordings";
pub const QUEUE: &str = "./data/cloud";

struct Open {
    name: String,
    file: File,
    since: Instant,
    /// A triggered recording ends here; a continuous one at its full length only.
    until: Option<Instant>,
}

pub struct Recorder {
    config: Config,
    length: Duration,
    after: Duration,
    open: Option<Open>,
    failed: Option<Instant>,
}

impl Recorder {
    pub fn new(config: Config) -> Self {
        let length = Duration::from_secs(config.number_or("/capture/maxlengthrecording", 30));
        let after = Duration::from_secs(config.number_or("/capture/postrecording", 20));
        Recorder { config, length, after, open: None, failed: None }
    }

    pub fn frame(&mut self, agent: &Agent, data: &[u8]) {
        let triggered = agent.take_trigger();
        let continuous = self.config.is("/capture/continuous");
        if self.open.as_ref().is_some_and(|open| open.since.elapsed() >= self.length || open.until.is_some_and(|end| Instant::now() >= end))
        {
            self.finish(agent);
        }
        // "recording" off keeps everything from being written; motion never comes by itself here.
        if self.open.is_none() && self.config.text("/capture/recording") != "false" && (continuous || triggered) {
            self.begin(agent, (!continuous).then(|| Instant::now() + self.after));
        }
        if let Some(open) = &mut self.open
            && let Err(error) = open.file.write_all(data)
        {
            log::error(&format!("capture.main.HandleRecordStream(): error writing recording: {}", crate::http::os_text(&error)));
            self.finish(agent);
            self.failed = Some(Instant::now());
        }
    }

    fn begin(&mut self, agent: &Agent, until: Option<Instant>) {
        if self.failed.is_some_and(|when| when.elapsed() < Duration::from_secs(3)) {
            return;
        }
        clean::run(&self.config, agent);
        let name = name(self.config.text("/name"), SystemTime::now());
        match File::create_new(format!("{RECORDINGS}/{name}")) {
            Ok(file) => {
                log::info(&format!("capture.main.HandleRecordStream(): recording started: {name}"));
                agent.recording(Some(name.clone()));
                self.open = Some(Open { name, file, since: Instant::now(), until });
                self.failed = None;
            }
            Err(error) => {
                log::error(&format!(
                    "capture.main.HandleRecordStream(): error creating file: open {RECORDINGS}/{name}: {}",
                    crate::http::os_text(&error)
                ));
                self.failed = Some(Instant::now());
            }
        }
    }

    fn finish(&mut self, agent: &Agent) {
        let Some(open) = self.open.take() else { return };
        let _ = open.file.sync_all();
        drop(open.file);
        agent.recording(None);
        log::info(&format!("capture.main.HandleRecordStream(): file save: {}", open.name));
        if let Err(error) = File::create(format!("{QUEUE}/{}", open.name)) {
            log::error(&format!("capture.main.HandleRecordStream(): error queueing {}: {}", open.name, crate::http::os_text(&error)));
        }
    }
}

impl Drop for Recorder {
    /// A stream that breaks leaves a shorter recording, queued like any other.
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            let _ = open.file.sync_all();
            let _ = File::create(format!("{QUEUE}/{}", open.name));
        }
    }
}

/// Seconds, digits and value of the milliseconds, camera, region, changes, and an empty last part.
fn name(camera: &str, time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = since.subsec_millis().to_string();
    // A slash in a camera's name must not become a folder.
    format!("{}_{}-{millis}_{}_0-0-0-0_0_0_.mp4", since.as_secs(), millis.len(), camera.replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_measured() {
        let time = UNIX_EPOCH + Duration::from_millis(1_795_371_489_485);
        assert_eq!(name("front", time), "1795371489_3-485_front_0-0-0-0_0_0_.mp4");
        assert_eq!(name("a", UNIX_EPOCH + Duration::from_millis(5)), "0_1-5_a_0-0-0-0_0_0_.mp4");
    }
}
