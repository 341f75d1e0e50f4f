//! The Agent's log lines: text, or JSON with `LOG_OUTPUT=json`, from `LOG_LEVEL` upwards.

use jiff::{Timestamp, tz::TimeZone};
use std::io::Write;
use std::sync::{OnceLock, PoisonError, RwLock};

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Fatal,
}

static ZONE: RwLock<Option<TimeZone>> = RwLock::new(None);
static SETTINGS: OnceLock<(Level, bool)> = OnceLock::new();

fn settings() -> (Level, bool) {
    *SETTINGS.get_or_init(|| {
        let level = match std::env::var("LOG_LEVEL").unwrap_or_default().as_str() {
            "debug" => Level::Debug,
            "warning" => Level::Warning,
            "error" => Level::Error,
            "fatal" => Level::Fatal,
            _ => Level::Info,
        };
        (level, std::env::var("LOG_OUTPUT").is_ok_and(|output| output == "json"))
    })
}

/// Times are shown in this zone from now on. None: the real one holds no location then, and panics at its next line.
pub fn zone(name: &str) -> Option<()> {
    let zone = match name {
        "" | "UTC" => TimeZone::UTC,
        name => TimeZone::get(name).ok()?,
    };
    *ZONE.write().unwrap_or_else(PoisonError::into_inner) = Some(zone);
    Some(())
}

pub fn line(level: Level, text: &str) {
    let (lowest, json) = settings();
    if level < lowest {
        return;
    }
    let zone = ZONE.read().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or(TimeZone::UTC);
    let time = Timestamp::now().to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let (short, long) = match level {
        Level::Debug => ("DEBU", "debug"),
        Level::Info => ("INFO", "info"),
        Level::Warning => ("WARN", "warning"),
        Level::Error => ("ERRO", "error"),
        Level::Fatal => ("FATA", "fatal"),
    };
    // A closed stdout must not end the program.
    let _ = match json {
        true => writeln!(std::io::stdout(), "{}", serde_json::json!({"level": long, "msg": text, "time": time})),
        false => writeln!(std::io::stdout(), "{short}[{time}] {text}"),
    };
}

pub fn info(text: &str) {
    line(Level::Info, text);
}

pub fn error(text: &str) {
    line(Level::Error, text);
}
