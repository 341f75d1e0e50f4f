//! Reading small files of the machine as text, and saying in plain words why that did not work.

use std::io::ErrorKind;
use std::time::Duration;

use crate::world::World;
use crate::world::files::{Files, Kind};
use crate::world::processes::{Command, Output};

/// The whole file as text, without what is no UTF-8, or why it could not be read.
pub(crate) fn text(files: &dyn Files, path: &str) -> Result<String, String> {
    files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|e| why(path, e.kind()))
}

/// The file as one trimmed word or line, also of those in /proc/device-tree that end in a zero byte. None where it is empty or not there.
pub(crate) fn word(files: &dyn Files, path: &str) -> Option<String> {
    let read = text(files, path).ok()?;
    let word = read.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_string();
    (!word.is_empty()).then_some(word)
}

/// Something is at the path, whatever it is. False also where this user may not look.
pub(crate) fn there(files: &dyn Files, path: &str) -> bool {
    files.meta(path).is_ok()
}

/// A folder (also behind a link) is at the path.
pub(crate) fn folder(files: &dyn Files, path: &str) -> bool {
    match files.meta(path) {
        Ok(meta) if meta.kind == Kind::Link => files.list(path).is_ok(),
        Ok(meta) => meta.kind == Kind::Folder,
        Err(_) => false,
    }
}

/// A sentence for a path that could not be read.
pub(crate) fn why(path: &str, kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => format!("{path} is not there"),
        ErrorKind::PermissionDenied => format!("{path} may not be read by this user"),
        other => format!("{path} could not be read: {other}"),
    }
}

/// Runs a program for at most so many seconds, in the language that its output is read in. Why not, in words.
pub(crate) async fn run(world: &World, program: &str, args: &[&str], seconds: u64) -> Result<Output, String> {
    let mut command = Command::new(program, args).within(Duration::from_secs(seconds));
    command.env.push(("LC_ALL".into(), "C".into()));
    world.processes.run(&command, None).await.map_err(|e| e.to_string())
}

/// Waits for something, but no longer than so many seconds.
pub(crate) async fn within<T>(world: &World, seconds: u64, what: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = what => Some(done),
        () = world.clock.sleep(Duration::from_secs(seconds)) => None,
    }
}
