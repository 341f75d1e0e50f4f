//! mongod's structured log lines on stdout.

use serde_json::{Value, json};
use std::io::Write;

/// One line: severity (I, W, E, F), component, the real line's id, its words and attributes.
pub fn line(severity: &str, component: &str, id: u32, context: &str, message: &str, attributes: Value) {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string();
    let mut text = json!({
        "t": {"$date": now}, "s": severity, "c": component, "id": id, "ctx": context, "msg": message,
    });
    if attributes != Value::Null {
        text["attr"] = attributes;
    }
    // A closed stdout must not end the server.
    let _ = writeln!(std::io::stdout(), "{text}");
}

pub fn info(component: &str, id: u32, context: &str, message: &str, attributes: Value) {
    line("I", component, id, context, message, attributes);
}
