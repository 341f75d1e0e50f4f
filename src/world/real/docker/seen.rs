//! Containers as they were inspected last. The list of containers is one question and lacks restarts, exit codes and errors; asking
//! for each costs a question each. While a container's whole entry in the list is as it was – state, addresses, and how long it
//! runs, which starts anew with every restart – nothing else of it has changed either.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::model::engine::Observed;

/// By id: a digest of the entry in the list, and what inspecting told when it stood there.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, (u64, Observed)>>);

/// An entry with all its labels, for each of 200 containers, would be megabytes.
fn digest(entry: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.to_string().hash(&mut hasher);
    hasher.finish()
}

impl Seen {
    /// What is known already of this entry.
    pub(super) fn known(&self, id: &str, entry: &Value) -> Option<Observed> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).filter(|(then, _)| *then == digest(entry)).map(|(_, observed)| observed.clone())
    }

    /// Remembers these and forgets all others: what went away does not come back under its id.
    pub(super) fn keep(&self, now: impl IntoIterator<Item = (String, Value, Observed)>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *all = now.into_iter().map(|(id, entry, observed)| (id, (digest(&entry), observed))).collect();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::world::real::docker::observe;

    #[test]
    fn an_entry_that_changed_in_any_way_is_asked_again() {
        let entry = json!({"Id": "1", "State": "running", "Status": "Up 3 minutes"});
        let observed = observe::container(&json!({"Id": "1", "Name": "/x", "State": {"Status": "running"}}));
        let seen = Seen::default();
        assert_eq!(seen.known("1", &entry), None);
        seen.keep([("1".to_string(), entry.clone(), observed.clone())]);
        assert_eq!(seen.known("1", &entry), Some(observed));
        // It was restarted meanwhile.
        assert_eq!(seen.known("1", &json!({"Id": "1", "State": "running", "Status": "Up 2 seconds"})), None);
        seen.keep([]);
        assert_eq!(seen.known("1", &entry), None);
    }
}
