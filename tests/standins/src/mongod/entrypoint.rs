//! The official image's entrypoint: as root it gives the folders to mongodb (999) and starts itself
//! again as that user; on empty data it makes the root user, then starts mongod.

use super::log;
use super::store::Change;
use super::users;
use bson::doc;
use rustix::fs::{Gid, Uid};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

const MONGODB: u32 = 999;

pub fn run(args: &[String]) -> u8 {
    let mut args = args.to_vec();
    if args.first().is_none_or(|first| first.starts_with('-')) {
        args.insert(0, "mongod".into());
    }
    if args[0] != "mongod" {
        let error = std::process::Command::new(&args[0]).args(&args[1..]).exec();
        crate::out::complain(format!("exec: {}: {error}", args[0]));
        return 127;
    }
    if rustix::process::geteuid().is_root() {
        return as_mongodb(&args);
    }
    match prepare(&mut args) {
        Ok(()) => super::run(&args[1..]),
        Err(code) => code,
    }
}

/// chown, then exec this program again without root's rights, as `gosu` does.
fn as_mongodb(args: &[String]) -> u8 {
    for folder in ["/data/configdb", "/data/db"] {
        give(Path::new(folder));
    }
    let (uid, gid) = (Uid::from_raw(MONGODB), Gid::from_raw(MONGODB));
    let dropped = rustix::thread::set_thread_groups(&[gid])
        .and_then(|()| rustix::thread::set_thread_res_gid(gid, gid, gid))
        .and_then(|()| rustix::thread::set_thread_res_uid(uid, uid, uid));
    if let Err(error) = dropped {
        crate::out::complain(format!("error: failed switching to \"mongodb\": {}", error_words(&error.into())));
        return 1;
    }
    let error = std::process::Command::new("/usr/local/bin/docker-entrypoint.sh").args(args).env("HOME", "/data/db").exec();
    crate::out::complain(format!("error: {error}"));
    1
}

/// Gives what is not mongodb's to it; a refusal is printed and passed over, and mongod then fails for itself.
fn give(path: &Path) {
    let Ok(found) = std::fs::symlink_metadata(path) else { return };
    if found.uid() != MONGODB
        && let Err(error) = std::os::unix::fs::lchown(path, Some(MONGODB), None)
    {
        crate::out::complain(format!("chown: changing ownership of '{}': {}", path.display(), error_words(&error)));
    }
    if found.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            give(&entry.path());
        }
    }
}

fn error_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// A variable or the file its `_FILE` twin names; both are an error.
fn file_env(name: &str) -> Result<Option<String>, u8> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = std::env::var(format!("{name}_FILE")).ok().filter(|value| !value.is_empty());
    match (value, file) {
        (Some(_), Some(_)) => {
            crate::out::complain(format!("error: both {name} and {name}_FILE are set (but are exclusive)"));
            Err(1)
        }
        (None, Some(file)) => match std::fs::read_to_string(&file) {
            // The shell's $(<file) drops newlines at the end.
            Ok(text) => Ok(Some(text.trim_end_matches('\n').to_owned())),
            Err(error) => {
                crate::out::complain(format!("/usr/local/bin/docker-entrypoint.sh: line 58: {file}: {}", error_words(&error)));
                Err(1)
            }
        },
        (value, None) => Ok(value),
    }
}

fn prepare(args: &mut Vec<String>) -> Result<(), u8> {
    let user = file_env("MONGO_INITDB_ROOT_USERNAME")?.filter(|user| !user.is_empty());
    let password = file_env("MONGO_INITDB_ROOT_PASSWORD")?.filter(|password| !password.is_empty());
    let directory = value_of(args, "--dbpath").map_or_else(|| PathBuf::from("/data/db"), PathBuf::from);
    let untouched = !["WiredTiger", "journal", "local.0", "storage.bson"].iter().any(|name| directory.join(name).exists());
    match (user, password) {
        (Some(user), Some(password)) => {
            if untouched {
                initialise(&directory, &user, &password)?;
            }
            if !args.iter().any(|arg| arg == "--auth") {
                args.push("--auth".into());
            }
        }
        (None, None) => {}
        _ => {
            crate::out::complain("error: missing 'MONGO_INITDB_ROOT_USERNAME' or 'MONGO_INITDB_ROOT_PASSWORD'");
            crate::out::complain("       both must be specified for a user to be created");
            return Err(1);
        }
    }
    if value_of(args, "--bind_ip").is_none() && !args.iter().any(|arg| arg == "--bind_ip_all") {
        args.push("--bind_ip_all".into());
    }
    Ok(())
}

/// Two separate writes with a gap between them, as in the real image: killed in the gap, the data looks initialised but has no user.
fn initialise(directory: &Path, user: &str, password: &str) -> Result<(), u8> {
    crate::out::say("about to fork child process, waiting until server is ready for connections.");
    let (mut store, _lock) = super::start::open(directory).inspect_err(|code| {
        crate::out::say(format!("ERROR: child process failed, exited with {code}"));
    })?;
    crate::out::say("child process started successfully, parent exiting");
    let root = users::document("admin", user, password, vec![doc! {"role": "root", "db": "admin"}.into()]);
    if let Err(error) = store.apply("admin", "system.users", vec![Change::Put(root)]) {
        log::line("F", "ASSERT", 23089, "initandlisten", "Fatal assertion", serde_json::json!({"error": error.to_string()}));
        return Err(14);
    }
    crate::out::say(format!(
        "Successfully added user: {{ \"user\" : \"{user}\", \"roles\" : [ {{ \"role\" : \"root\", \"db\" : \"admin\" }} ] }}"
    ));
    super::start::close(directory);
    crate::out::say("\nMongoDB init process complete; ready for start up.\n");
    Ok(())
}

fn value_of(args: &[String], flag: &str) -> Option<String> {
    args.iter().enumerate().find_map(|(place, arg)| match arg.strip_prefix(flag)? {
        "" => args.get(place + 1).cloned(),
        rest => rest.strip_prefix('=').map(str::to_owned),
    })
}
