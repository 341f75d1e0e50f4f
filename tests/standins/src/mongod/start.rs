//! Opening the data directory the way mongod does, with its log lines and exit codes.

use super::log;
use super::store::{Store, Trouble};
use super::version::{self, Version};
use rustix::fs::FlockOperation;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

/// The version played: baked into the image.
pub fn version() -> Version {
    let text = std::env::var("STANDIN_VERSION").unwrap_or_else(|_| "8.0.15".into());
    Version::parse(&text).unwrap_or_else(|| {
        crate::out::complain(format!("stand-in: STANDIN_VERSION {text:?} is no version of a known series"));
        std::process::exit(2)
    })
}

/// The data and the lock on it, or the exit code.
pub fn open(directory: &Path) -> Result<(Store, File), u8> {
    if !directory.is_dir() {
        let words = format!(
            "NonExistentPath: Data directory {} not found. Create the missing directory or specify another path using (1) the --dbpath command line option, or (2) by adding the 'storage.dbPath' option in the configuration file.",
            directory.display()
        );
        return Err(refuse(100, &words));
    }
    if rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_err() {
        return Err(refuse(
            100,
            &format!("IllegalOperation: Attempted to create a lock file on a read-only directory: {}", directory.display()),
        ));
    }
    let lock_path = directory.join("mongod.lock");
    let mut lock = match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&lock_path) {
        Ok(lock) => lock,
        Err(error) => {
            let words = format!(
                "DBPathInUse: Unable to create/open the lock file: {} ({}). Ensure the user executing mongod is the owner of the lock file and has the appropriate permissions. Also make sure that another mongod instance is not already running on the {} directory",
                lock_path.display(),
                words(&error),
                directory.display()
            );
            return Err(refuse(100, &words));
        }
    };
    if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        let words = format!(
            "DBPathInUse: Unable to lock the lock file: {} (Resource temporarily unavailable). Another mongod instance is already running on the {} directory",
            lock_path.display(),
            directory.display()
        );
        return Err(refuse(100, &words));
    }
    if lock.metadata().is_ok_and(|found| found.len() > 0) {
        log::line(
            "W",
            "STORAGE",
            22271,
            "initandlisten",
            "Detected unclean shutdown - Lock file is not empty",
            json!({"lockFile": lock_path}),
        );
    }
    let marked = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).and_then(|()| lock.sync_all());
    marked.map_err(|error| fatal("mongod.lock", &error))?;
    let mut store = Store::open(directory).map_err(|trouble| match trouble {
        Trouble::Unreadable(error) => fatal("WiredTiger.wt", &error),
        Trouble::Damaged => {
            storage_error("WT_PANIC: WiredTiger library panic: checksum error");
            14
        }
    })?;
    let version = version();
    match version::check(&mut store, &version).map_err(|error| fatal("WiredTiger.wt", &error))? {
        None => {}
        Some(problem) => {
            log::line("F", "CONTROL", 20573, "initandlisten", "Wrong mongod version", json!({"error": problem}));
            log::info("CONTROL", 23138, "initandlisten", "Shutting down", json!({"exitCode": 62}));
            close(directory);
            return Err(62);
        }
    }
    // Files whose presence tells the entrypoint that the data is initialised.
    for (name, text) in [("WiredTiger", "WiredTiger\nstand-in\n"), ("storage.bson", &version.text)] {
        let path = directory.join(name);
        if !path.exists() {
            std::fs::write(path, text).map_err(|error| fatal(name, &error))?;
        }
    }
    Ok((store, lock))
}

/// A clean end leaves an empty lock file behind.
pub fn close(directory: &Path) {
    let _ = OpenOptions::new().write(true).truncate(true).open(directory.join("mongod.lock"));
}

fn refuse(code: u8, words: &str) -> u8 {
    log::line("E", "CONTROL", 20557, "initandlisten", "DBException in initAndListen, terminating", json!({"error": words}));
    log::info("CONTROL", 23138, "initandlisten", "Shutting down", json!({"exitCode": code}));
    code
}

fn storage_error(message: &str) {
    log::line("E", "WT", 22435, "initandlisten", "WiredTiger error message", json!({"error": 13, "message": message}));
    log::line(
        "F",
        "ASSERT",
        23091,
        "initandlisten",
        "Fatal assertion",
        json!({"msgid": 28595, "file": "src/mongo/db/storage/wiredtiger/wiredtiger_kv_engine.cpp"}),
    );
    log::line("F", "ASSERT", 23092, "initandlisten", "\n\n***aborting after fassert() failure\n\n", json!({}));
}

fn fatal(file: &str, error: &std::io::Error) -> u8 {
    storage_error(&format!("__posix_open_file, 815: /data/db/{file}: handle-open: open: {}", words(error)));
    14
}

fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
