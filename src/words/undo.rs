//! What taking a step back comes to, for an uninstall and for undo: what goes, and what stays.

use serde_json::Value;

use crate::model::plan::Step;

/// A change was undone.
pub const UNDONE: &str = "The change is undone: the site is as it was before.";

/// A removal that a person ended midway.
pub const STOPPED: &str = "Stopped part-way: what is removed is gone, the rest still stands. Start kerbup again to go on.";

/// What a taken down site comes to.
pub const NOTHING_RECORDS: &str = "Nothing records after that. What stays can be used again by a later install in the same folder.";
/// Over what goes.
pub const GOES: &str = "This is removed:";
/// Over what stays.
pub const STAYS: &str = "This stays:";
/// The safe answer.
pub const KEEP_IT: &str = "Keep it";

/// What taking a site down removes and keeps.
pub fn farewell(site: &str, goes: &[String], stays: &[String]) -> Vec<String> {
    let mut lines = vec![format!("Removing the site {site} would remove:")];
    lines.extend(goes.iter().map(|g| format!("  {g}")));
    if !stays.is_empty() {
        lines.push("and keep:".into());
        lines.extend(stays.iter().map(|s| format!("  {s}")));
    }
    lines
}

/// Undoing a run that failed, as it is offered. `stood`: the site stood before it.
pub fn offered(stood: bool) -> &'static str {
    if stood { "Undo the change" } else { "Undo everything" }
}

/// What that does.
pub fn means(stood: bool) -> &'static str {
    if stood {
        "Takes back what the change did, the last thing first. The site is then as it was before, with the answers it had."
    } else {
        "Takes back what this run did, the last thing first. What was here before stays as it was."
    }
}

/// What becomes of what a step made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// It is removed: `the network shop-12`.
    Goes(String),
    /// It stays: `Docker`.
    Stays(String),
    /// The step was begun and had changed nothing yet; its title.
    Nothing(String),
}

/// What kerbup let an engine do that was here before.
const STARTS: &str = "Docker's start with the machine";

/// What taking this step back does, by what was there before it. `purge`: recordings go as well. `with_engine`: Docker goes, where
/// kerbup installed it.
pub fn back(step: &Step, undo: Option<&Value>, purge: bool, with_engine: bool) -> Back {
    let Some(undo) = undo else { return Back::Nothing(step.title.clone()) };
    let with = step.with.value();
    let text = |at: &str| with.pointer(at).and_then(Value::as_str).unwrap_or_default();
    match step.kind.as_str() {
        "container" => Back::Goes(match with.pointer("/workload/camera").and_then(Value::as_str) {
            Some(camera) => format!("the recorder of {camera}"),
            None => format!("the part {}", text("/workload/title").to_lowercase()),
        }),
        "network" => Back::Goes(format!("the network {}", text("/name"))),
        "image" if undo["there"] == true => Back::Stays(format!("the image {}, which was here before", text("/image"))),
        "image" => Back::Goes(format!("the image {}", text("/image"))),
        "storage" if purge => Back::Goes(format!("ALL RECORDINGS and databases in {}", text("/path"))),
        "storage" => Back::Stays(format!("recordings and databases in {}", text("/path"))),
        "docker" if with_engine && undo["packages"].as_array().is_some_and(|p| !p.is_empty()) => Back::Goes("Docker".into()),
        "docker" if undo["enabled"] == false && undo["ran"] == false => Back::Goes(format!("{STARTS}, and its running")),
        "docker" if undo["enabled"] == false => Back::Goes(STARTS.into()),
        "docker" if undo["ran"] == false => Back::Goes("Docker's running, where nobody else uses it".into()),
        "docker" => Back::Stays("Docker".into()),
        "bucket" => Back::Goes("the rule that deletes old recordings".into()),
        "program" => Back::Goes("the copy of kerbup and its link".into()),
        "unit" if text("/timer").is_empty() => Back::Goes("what waits for the disk when the machine starts".into()),
        "unit" => Back::Goes("the hourly look at the disk".into()),
        "registry" => Back::Goes(format!("what Docker was told of {}", text("/host"))),
        _ => Back::Goes(format!("what this made: {}", step.title)),
    }
}

impl Back {
    /// As a step of its own: `Remove the network shop-12`.
    pub fn title(&self) -> String {
        match self {
            Back::Goes(what) => format!("Remove {what}"),
            Back::Stays(what) => format!("Keep {what}"),
            Back::Nothing(title) => format!("Nothing to remove yet: {title}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::plan::{Preview, Risk};

    fn title(kind: &str, with: Value, undo: Value, purge: bool, engine: bool) -> String {
        let (id, title, why) = (kind.into(), "Fetch it".into(), String::new());
        let with = crate::model::details::Details::of(&with).unwrap();
        let step =
            Step { id, kind: kind.into(), with, title, why, after: vec![], risk: Risk::None, budget: 1, preview: Preview::default() };
        back(&step, Some(&undo).filter(|u| !u.is_null()), purge, engine).title()
    }

    #[test]
    fn what_goes_and_what_stays_is_said_for_every_kind() {
        let image = json!({"image": "mongo:4.4.18"});
        assert_eq!(title("image", image.clone(), json!({"there": false}), false, false), "Remove the image mongo:4.4.18");
        assert_eq!(title("image", image.clone(), json!({"there": true}), true, true), "Keep the image mongo:4.4.18, which was here before");
        assert_eq!(title("image", image, Value::Null, false, false), "Nothing to remove yet: Fetch it");
        let part = |camera: Value| json!({"workload": {"title": "Video store", "camera": camera}});
        assert_eq!(title("container", part(Value::Null), json!({}), false, false), "Remove the part video store");
        assert_eq!(title("container", part(json!("yard")), json!({}), false, false), "Remove the recorder of yard");
        assert_eq!(title("network", json!({"name": "shop"}), json!({}), false, false), "Remove the network shop");
        let folder = json!({"path": "/srv/k"});
        assert_eq!(title("storage", folder.clone(), json!({}), false, false), "Keep recordings and databases in /srv/k");
        assert_eq!(title("storage", folder, json!({}), true, false), "Remove ALL RECORDINGS and databases in /srv/k");
        let packages = json!({"packages": ["docker.io"]});
        assert_eq!(title("docker", json!({}), packages.clone(), false, true), "Remove Docker");
        assert_eq!(title("docker", json!({}), packages, false, false), "Keep Docker");
        assert_eq!(title("docker", json!({}), json!({"packages": []}), false, true), "Keep Docker");
        let was = |ran: bool| json!({"packages": [], "enabled": false, "ran": ran});
        assert_eq!(title("docker", json!({}), was(true), false, true), "Remove Docker's start with the machine");
        assert_eq!(title("docker", json!({}), was(false), false, false), "Remove Docker's start with the machine, and its running");
        let stopped = json!({"packages": [], "enabled": true, "ran": false});
        assert_eq!(title("docker", json!({}), stopped, false, false), "Remove Docker's running, where nobody else uses it");
        for kind in ["bucket", "program", "unit"] {
            assert!(!title(kind, json!({}), json!({}), false, false).contains("Fetch it"), "{kind}");
        }
    }
}
