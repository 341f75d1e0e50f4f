//! Words for the questions about cameras and storage.

use super::figures::{bytes, count};
use crate::model::answers::{Answers, Expose, Record};
use crate::model::choice::Sizing;
use crate::model::fault::{Fault, Whose};

/// No camera was typed yet.
pub const NO_CAMERA_YET: &str = "kerbup tries each camera as soon as you typed its address, and says what it sees. The address stands in \
     the camera's manual; it often looks like rtsp://192.0.2.31/stream1, and the camera's IP address alone is a good beginning.";
/// A camera without an address.
pub const NEEDS_ADDRESS: &str = "A camera needs an address. Its IP address alone is a good beginning.";
/// About a camera's address.
pub const ADDRESS: &str = "As the camera's manual has it, such as rtsp://192.0.2.31/stream1. Its IP address alone is a good beginning.";
/// About its user.
pub const USER: &str = "The name that opens the camera's own page. Leave it empty if the camera asks for none.";
/// About its password.
pub const PASSWORD: &str = "It is kept in a file that only kerbup's user may read, and is never shown in a log.";
/// About its password when the camera is changed.
pub const PASSWORD_STAYS: &str = "Leave it empty to keep the one that is set.";
/// About its name.
pub const NAME: &str = "Small letters, digits and hyphens. Leave it empty, and kerbup finds a name.";
/// About when it records.
pub const RECORD: &str = "On movement takes far less room. Always misses nothing.";
/// About the button.
pub const TRY: &str = "The camera is asked for its picture. That takes a few seconds.";
/// What was typed is no number of days.
pub const DAYS: &str = "The days are a number from 1 on.";
/// Sizes wait for a camera.
pub const SIZE_LATER: &str = "How much it comes to is said as soon as a camera was tried.";
/// Sizes cannot be known.
pub const SIZE_UNKNOWN: &str = "How much it comes to is not known: no camera's stream could be measured.";

/// A camera's name as it is kept, where that is not what was typed.
pub fn kept_as(typed: &str, name: &str) -> String {
    format!("\"{}\" is kept as {name}: names have small letters, digits and hyphens.", typed.trim())
}

/// Another camera has the name.
pub fn camera_twice(name: &str, free: &str) -> Fault {
    Fault::new(Whose::Input, "CAMERA-TWICE", format!("Another camera is called {name} already."))
        .cure(format!("Give this one a name of its own, such as {free}, or leave the name empty."))
}

/// What the recordings come to, as far as the cameras were measured.
pub fn sized(s: &Sizing, answers: &Answers) -> String {
    let days = count(answers.retention_days as usize, "day");
    let cameras = count(answers.cameras.len(), "camera");
    match (s.max_bytes, s.at_least_bytes) {
        _ if answers.cameras.is_empty() => SIZE_LATER.into(),
        (Some(max), _) => {
            let less = if answers.cameras.iter().any(|c| c.record == Record::Motion) { "; with movement, less" } else { "" };
            format!("{cameras}, always recording: at most {} in {days}{less}.", bytes(max))
        }
        (None, Some(least)) => {
            let measured = answers.cameras.len().saturating_sub(s.unmeasured.len());
            let not = if s.unmeasured.len() == 1 { "was" } else { "were" };
            format!(
                "At least {} in {days} for {measured} of {cameras}, always recording; {} {not} not measured.",
                bytes(least),
                s.unmeasured.join(", ")
            )
        }
        (None, None) => SIZE_UNKNOWN.into(),
    }
}

/// When a camera records.
pub fn record(record: Record) -> &'static str {
    match record {
        Record::Motion => "on movement",
        Record::Always => "always",
    }
}

/// The same where there is little room.
pub fn record_short(record: Record) -> &'static str {
    match record {
        Record::Motion => "movement",
        Record::Always => "always",
    }
}

/// Who may open the page.
pub fn who(expose: Expose) -> &'static str {
    match expose {
        Expose::Lan => "everyone at home, with the password",
        Expose::Loopback => "only this machine",
        Expose::LoadBalancer => "through the cluster's load balancer",
        Expose::Ingress => "through the cluster's Ingress",
    }
}

/// The same where there is little room.
pub fn who_short(expose: Expose) -> &'static str {
    match expose {
        Expose::Lan => "everyone at home",
        Expose::Loopback => "only this machine",
        Expose::LoadBalancer => "load balancer",
        Expose::Ingress => "Ingress",
    }
}
