//! The journal: append-only, each record on the disk before the change it speaks of. One file an accepted plan.
//!
//! A torn last line is what a power cut leaves; it is cut off before the next record is written. Any other line that is
//! not understood stops with a clear error: it would be wrong to guess what was done to a machine.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use crate::model::fault::{Fault, Whose};
use crate::model::journal::{Purpose, Record};
use crate::model::plan::Plan;
use crate::step::{file_fault, files};
use crate::world::files::{Appender, Files};

/// So many bytes are set aside at least, so that a full disk cannot leave a change unrecorded.
const RESERVE: u64 = 256 * 1024;

/// So many bytes a step: what its records say of its beginning, of what was there before it, and of what it made. Docker's step
/// names all packages of the machine, which the least above has room for.
const A_STEP: u64 = 4 * 1024;

/// A journal that is open for additions.
pub struct Journal {
    appender: Mutex<Box<dyn Appender>>,
    path: String,
}

impl Journal {
    /// Begins a new file in the state folder.
    pub fn begin(f: &dyn Files, state: &str) -> Result<Self, Fault> {
        let dir = format!("{state}/journal");
        files::make(f, &dir, 0o700)?;
        let next = names(f, &dir)?.last().and_then(|n| n.split('.').next()?.parse::<u32>().ok()).unwrap_or(0) + 1;
        Self::open(f, &format!("{dir}/{next:04}.ndjson"))
    }

    /// Opens the newest file to go on with it.
    pub fn resume(f: &dyn Files, state: &str) -> Result<Self, Fault> {
        let dir = format!("{state}/journal");
        match names(f, &dir)?.last() {
            Some(name) => {
                let path = format!("{dir}/{name}");
                cut_torn(f, &path)?;
                Self::open(f, &path)
            }
            None => Self::begin(f, state),
        }
    }

    fn open(f: &dyn Files, path: &str) -> Result<Self, Fault> {
        let mut appender = f.append(path).map_err(|e| file_fault(&e, path))?;
        appender.reserve(RESERVE).map_err(|e| file_fault(&e, path))?;
        Ok(Journal { appender: Mutex::new(appender), path: path.into() })
    }

    /// Sets room aside for what so many steps will say, behind what is there by now: the record of a plan is as long as the plan.
    pub fn reserve(&self, steps: usize) -> Result<(), Fault> {
        let bytes = RESERVE.max(steps as u64 * A_STEP);
        self.appender.lock().unwrap_or_else(PoisonError::into_inner).reserve(bytes).map_err(|e| file_fault(&e, &self.path))
    }

    /// Adds a record and waits until it is on the disk.
    pub fn append(&self, record: &Record) -> Result<(), Fault> {
        let mut line = serde_json::to_vec(record)
            .map_err(|e| Fault::new(Whose::Ours, "JOURNAL-NOT-WRITTEN", "The journal could not be written.").because(e.to_string()))?;
        line.push(b'\n');
        self.appender.lock().unwrap_or_else(PoisonError::into_inner).append(&line).map_err(|e| file_fault(&e, &self.path))
    }
}

fn names(f: &dyn Files, dir: &str) -> Result<Vec<String>, Fault> {
    match f.list(dir) {
        Ok(all) => Ok(all.into_iter().filter(|n| n.ends_with(".ndjson")).collect()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(e) => Err(file_fault(&e, dir)),
    }
}

/// Length of the bytes up to the last whole line, without space that was only set aside.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

fn cut_torn(f: &dyn Files, path: &str) -> Result<(), Fault> {
    let bytes = f.read(path).map_err(|e| file_fault(&e, path))?;
    let end = whole(&bytes);
    if end < bytes.len() {
        f.write(path, &bytes[..end], 0o600).map_err(|e| file_fault(&e, path))?;
    }
    Ok(())
}

/// Hands on each record of one file's text. A last line that is torn is none.
fn parse(bytes: &[u8], path: &str, take: &mut dyn FnMut(Record)) -> Result<(), Fault> {
    for (number, line) in bytes[..whole(bytes)].split(|b| *b == b'\n').enumerate() {
        if line.iter().all(|b| *b == 0 || b.is_ascii_whitespace()) {
            continue;
        }
        let record = record(line).map_err(|e| {
            Fault::new(
                Whose::Machine,
                "JOURNAL-DAMAGED",
                "The journal of this install is damaged, so what was done cannot be told for sure.",
            )
            .because(e.to_string())
            .at(path, number as u32 + 1, e.column() as u32)
            .cure("Keep that file, and ask for help with it. What runs goes on running.")
        })?;
        take(record);
    }
    Ok(())
}

/// How a line begins that holds a plan, as kerbup writes it.
const PLAN: &[u8] = br#"{"record":"plan-accepted","#;

/// The fields of `Record::PlanAccepted`.
#[derive(Deserialize)]
struct Accepted {
    version: u32,
    kerbup: String,
    at: f64,
    purpose: Purpose,
    #[serde(default)]
    purge: bool,
    #[serde(default)]
    with_engine: bool,
    plan: Plan,
}

/// One line. A plan is most of a journal; read as one of several sorts of record it would be held in memory twice, the first time
/// until its sort is known.
fn record(line: &[u8]) -> serde_json::Result<Record> {
    if !line.starts_with(PLAN) {
        return serde_json::from_slice(line);
    }
    let Accepted { version, kerbup, at, purpose, purge, with_engine, plan } = serde_json::from_slice(line)?;
    Ok(Record::PlanAccepted { version, kerbup, at, purpose, purge, with_engine, plan })
}

/// Hands on all records of a site, oldest first, one at a time: each accepted plan is a record, and only the last one is needed.
pub fn read(f: &dyn Files, state: &str, take: &mut dyn FnMut(Record)) -> Result<(), Fault> {
    let dir = format!("{state}/journal");
    for name in names(f, &dir)? {
        let path = format!("{dir}/{name}");
        let mut bytes = f.read(&path).map_err(|e| file_fault(&e, &path))?;
        // What was set aside is most of a young journal.
        bytes.truncate(whole(&bytes));
        parse(&bytes, &path, take)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8], path: &str) -> Result<Vec<Record>, Fault> {
        let mut all = vec![];
        super::parse(bytes, path, &mut |record| all.push(record))?;
        Ok(all)
    }

    fn line(id: &str) -> Vec<u8> {
        let mut l = serde_json::to_vec(&Record::StepStarted { id: id.into(), at: 1.0 }).unwrap();
        l.push(b'\n');
        l
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_any_other_is_an_error() {
        let mut bytes = line("a");
        bytes.extend(line("b"));
        let torn = &bytes[..bytes.len() - 4];
        assert_eq!(parse(torn, "j").unwrap().len(), 1);
        let mut bad = b"{\"record\":\"nope\"}\n".to_vec();
        bad.extend(line("b"));
        let fault = parse(&bad, "j").unwrap_err();
        assert_eq!((fault.code.as_str(), fault.place.unwrap().line), ("JOURNAL-DAMAGED", 1));
    }

    #[test]
    fn room_is_set_aside_for_what_many_steps_will_say_behind_the_plan_itself() {
        use std::os::unix::fs::MetadataExt as _;
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().to_str().unwrap().to_string();
        let f = crate::world::real::files::RealFiles;
        let journal = Journal::begin(&f, &state).unwrap();
        // The record of a plan for 200 cameras is longer than what was set aside at first.
        journal.append(&Record::StepStarted { id: "x".repeat(600_000), at: 1.0 }).unwrap();
        journal.reserve(420).unwrap();
        let file = std::fs::metadata(dir.path().join("journal/0001.ndjson")).unwrap();
        assert!(file.len() > 600_000 && file.blocks() * 512 >= file.len() + 420 * A_STEP, "{} bytes, {} blocks", file.len(), file.blocks());
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let plan = Plan { site: "s".into(), target: "docker".into(), renderer: 1, steps: vec![], notes: vec!["x".into()], line: None };
        let of = |purge: bool| {
            let (kerbup, plan) = ("0.1.0".into(), plan.clone());
            Record::PlanAccepted { version: 1, kerbup, at: 1.5, purpose: Purpose::Uninstall, purge, with_engine: purge, plan }
        };
        for purge in [true, false] {
            let mut bytes = serde_json::to_vec(&of(purge)).unwrap();
            assert!(bytes.starts_with(PLAN), "the short way is taken");
            bytes.push(b'\n');
            assert_eq!(parse(&bytes, "j").unwrap(), [of(purge)]);
        }
        // As an older kerbup wrote it.
        let old = br#"{"record":"plan-accepted","version":1,"kerbup":"0.1.0","at":1.5,"purpose":"uninstall","plan":{"site":"s","target":"docker","renderer":1,"steps":[],"notes":["x"]}}"#;
        assert_eq!(parse(&[&old[..], b"\n"].concat(), "j").unwrap(), [of(false)]);
        // What is missing in it is named with its place.
        let fault = parse(b"{\"record\":\"plan-accepted\",\"version\":1}\n", "j").unwrap_err();
        assert_eq!((fault.code.as_str(), fault.place.unwrap().line), ("JOURNAL-DAMAGED", 1));
    }

    #[test]
    fn space_that_was_set_aside_is_no_record() {
        let mut bytes = line("a");
        bytes.extend([0u8; 100]);
        assert_eq!(parse(&bytes, "j").unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn wild_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes, "j");
        }

        #[test]
        fn a_cut_at_any_byte_keeps_every_whole_record(cut in 0usize..200) {
            let mut bytes = line("one");
            bytes.extend(line("two"));
            let cut = cut.min(bytes.len());
            let lines = bytes[..cut].iter().filter(|b| **b == b'\n').count();
            prop_assert_eq!(parse(&bytes[..cut], "j").unwrap().len(), lines);
        }
    }
}
