//! The states of parts, of cameras and of the whole, in the words that all fronts use. They fit a column of twelve letters.

use super::figures::count;
use crate::model::health::{CameraHealth, CameraState, ComponentState, HealthSnapshot, Overall};

/// A component's state.
pub fn component(state: ComponentState) -> &'static str {
    match state {
        ComponentState::Healthy => "healthy",
        ComponentState::Starting => "starting",
        ComponentState::Degraded => "not well",
        ComponentState::Down => "down",
        ComponentState::Stopped => "stopped",
        ComponentState::NotConfigured => "not set up",
        ComponentState::Absent => "not there",
        ComponentState::Unknown => "unknown",
    }
}

/// A camera's state.
pub fn camera(state: CameraState) -> &'static str {
    match state {
        CameraState::Recording => "recording",
        CameraState::Watching => "watching",
        CameraState::Starting => "starting",
        CameraState::NoPicture => "no picture",
        CameraState::WrongLogin => super::camera::WRONG_LOGIN,
        CameraState::Stopped => "stopped",
        CameraState::Unknown => "unknown",
    }
}

/// What a camera's state means and what to do.
pub fn camera_means(state: CameraState) -> &'static str {
    match state {
        CameraState::Recording => "It records, and what it records is saved.",
        CameraState::Watching => "It sees the picture and records as soon as something moves.",
        CameraState::Starting => "Its recorder starts. That takes about half a minute.",
        CameraState::NoPicture => "No picture comes. Look at its power and its cable, and whether its address is still the same.",
        CameraState::WrongLogin => "The camera wants another name or password than it was given. Type them again: e, then Cameras.",
        CameraState::Stopped => "Its recorder was stopped by someone. Restart it with r.",
        CameraState::Unknown => "It could not be asked. The next reading may tell.",
    }
}

/// What a component's state means and what to do.
pub fn component_means(state: ComponentState) -> &'static str {
    match state {
        ComponentState::Healthy => "It answers as it should, with the right login.",
        ComponentState::Starting => "It is within its starting time.",
        ComponentState::Degraded => "It answers, but something is wrong with it. The log (l) may say more.",
        ComponentState::Down => "It should run and does not answer. Look at its log (l), or restart it (r).",
        ComponentState::Stopped => "It was stopped by someone. Restart it with r.",
        ComponentState::NotConfigured => "It runs, and waits to be set up: until then no recording reaches its page.",
        ComponentState::Absent => "It is not there. Change the answers (e) and go through to Install: that puts it back.",
        ComponentState::Unknown => "It could not be asked. The next reading may tell.",
    }
}

/// Whether a camera does what it should.
pub fn records(camera: &CameraHealth) -> bool {
    matches!(camera.state, CameraState::Recording | CameraState::Watching)
}

/// No camera is set up.
pub const NO_CAMERA: &str = "no camera yet: e adds one";
/// No part is there.
pub const NOTHING_HERE: &str = "nothing is installed: e goes through the questions and puts it here";
/// Nothing to copy.
pub const NO_ADDRESS: &str = "Nothing here has an address that is reached from outside.";

/// The whole in one line: `3 of 4 cameras record`.
pub fn heading(health: &HealthSnapshot) -> String {
    if health.components.is_empty() && health.cameras.is_empty() {
        return overall(health.overall).into();
    }
    let ill = health.components.iter().filter(|c| c.state != ComponentState::Healthy).count();
    match (health.cameras.len(), ill) {
        (0, 0) => "all parts healthy, no camera yet".into(),
        (0, n) => format!("{} not healthy, no camera yet", count(n, "part")),
        (of, _) => {
            let good = health.cameras.iter().filter(|c| records(c)).count();
            if good == of && of == 1 { "the camera records".into() } else { format!("{good} of {of} cameras record") }
        }
    }
}

/// The whole in a few words.
pub fn overall(overall: Overall) -> &'static str {
    match overall {
        Overall::Healthy => "all is well",
        Overall::Starting => "it starts",
        Overall::Degraded => "something is wrong, something works",
        Overall::Down => "nothing records",
        Overall::Stopped => "it is stopped",
        Overall::Absent => "nothing is installed",
        Overall::Unknown => "it could not be asked",
    }
}
