//! What the engine alone tells: whether it runs, and why it does not.

use crate::health::Reading;
use crate::model::engine::{ContainerState, Observed};
use crate::model::health::ComponentState;
use crate::words::health as words;

/// So many restarts are no accident any more.
const LOOP: u64 = 3;

/// Exit codes of a program that was asked to end: 0, and the signals INT, KILL (after the grace period) and TERM.
const ASKED: [i64; 4] = [0, 130, 137, 143];

/// Exit codes after which starting again does not help: illegal instruction, abort, bus error, crash.
const HOPELESS: [i64; 4] = [132, 134, 135, 139];

/// The state of what does not run; none for what runs and can be asked.
pub(super) fn state(observed: &Observed) -> Option<Reading> {
    let why = || words::ended(observed.exit_code, observed.oom_killed, observed.error.as_deref());
    let reading = match observed.state {
        ContainerState::Running => return None,
        ContainerState::Created if observed.error.is_some() => Reading::new(ComponentState::Down, why()),
        ContainerState::Created => Reading::new(ComponentState::Stopped, words::NEVER_STARTED),
        ContainerState::Paused => Reading::new(ComponentState::Stopped, words::PAUSED),
        ContainerState::Exited => {
            let asked = observed.error.is_none() && !observed.oom_killed && observed.exit_code.is_none_or(|code| ASKED.contains(&code));
            if asked { Reading::new(ComponentState::Stopped, words::STOPPED) } else { Reading::new(ComponentState::Down, why()) }
        }
        ContainerState::Restarting => {
            let hopeless = observed.oom_killed || observed.exit_code.is_some_and(|code| HOPELESS.contains(&code));
            let state = if hopeless || loops(observed) { ComponentState::Down } else { ComponentState::Starting };
            let mut reading = Reading::new(state, why());
            reading.evidence.push(words::restarted(observed.restarts));
            reading
        }
        ContainerState::Unknown => Reading::new(ComponentState::Unknown, words::ODD_STATE),
    };
    Some(reading)
}

/// It was restarted again and again.
pub(super) fn loops(observed: &Observed) -> bool {
    observed.restarts >= LOOP
}
