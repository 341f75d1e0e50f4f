//! What a command told, without what differs from one run to the next: times, bytes, addresses, and the order among steps that
//! run beside each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::Ran;

/// What a command told.
#[derive(Debug, Default)]
pub struct Trace {
    pub code: i32,
    /// What each step told, in its own order.
    pub steps: BTreeMap<String, Vec<String>>,
    /// What was told besides, in order.
    pub besides: Vec<String>,
    /// Documents, where it prints such.
    pub documents: Vec<Value>,
    /// Steps that changed something.
    pub changed: BTreeSet<String>,
    /// Codes of what failed.
    pub failed: Vec<String>,
    events: Vec<Value>,
}

/// Words that a machine or a run has for itself alone.
fn alike(text: &str, names: &[(&str, &str)]) -> String {
    let mut text = names.iter().fold(text.to_string(), |text, (own, name)| text.replace(own, name));
    // `nginx (pid 812)`: who it was is another program on each machine.
    while let Some(at) = text.find(" (pid ") {
        let from = text[..at].rfind(' ').map_or(0, |space| space + 1);
        let end = text[at..].find(')').map_or(text.len(), |end| at + end + 1);
        text.replace_range(from..end, "SOMEBODY");
    }
    text
}

/// Reads what was printed.
pub fn trace(ran: &Ran, names: &[(&str, &str)]) -> Trace {
    let mut told = Trace { code: ran.code, ..Trace::default() };
    let say = |value: &Value| alike(value.as_str().unwrap_or_default(), names);
    if let Ok(document) = serde_json::from_str::<Value>(&ran.out)
        && document.get("event").is_none()
    {
        told.documents.push(document);
        return told;
    }
    told.events = ran.events();
    for e in &told.events {
        let id = say(&e["id"]);
        let mut step = |says: String| {
            let all = told.steps.entry(id.clone()).or_default();
            if all.last() != Some(&says) {
                all.push(says);
            }
        };
        let fault = |fault: &Value| {
            let all = |list: &str| fault[list].as_array().into_iter().flatten().map(&say).collect::<Vec<_>>();
            // The engine's own words for a port that is taken are others in each of its versions.
            let engines = |because: String| {
                if because.contains("address already in use") { "the engine: address already in use".into() } else { because }
            };
            let because: Vec<String> = all("because").into_iter().map(engines).collect();
            format!("{}: {} Because: {because:?} What to do: {:?}", say(&fault["code"]), say(&fault["says"]), all("cure"))
        };
        match e["event"].as_str().unwrap() {
            "planned" => {
                let steps = e["plan"]["steps"].as_array().unwrap();
                for s in steps {
                    let state = e["states"][s["id"].as_str().unwrap()]["state"].clone();
                    told.besides.push(format!("planned {}: {}, {}", say(&s["id"]), say(&s["title"]), say(&state)));
                }
            }
            "run-started" => told.besides.push(format!("{} steps", e["steps"])),
            "step-started" => step(format!("started: {}", say(&e["title"]))),
            // Whether something had to be waited for is a matter of time.
            "step-progress" if e["unit"] == "seconds" => {}
            "step-progress" => step(format!("counts {}", say(&e["unit"]))),
            "step-done" => {
                step(format!("done, changed: {}", e["changed"]));
                if e["changed"] == true {
                    told.changed.insert(id);
                }
            }
            "step-failed" => {
                step(format!("failed: {}", fault(&e["fault"])));
                told.failed.push(say(&e["fault"]["code"]));
            }
            "step-reverted" => step(format!("reverted: {}", say(&e["title"]))),
            "failed" => {
                told.besides.push(format!("failed: {}", fault(&e["fault"])));
                told.failed.push(say(&e["fault"]["code"]));
            }
            "recorded" => told.besides.push(format!("{} {}", say(&e["camera"]), say(&e["says"]))),
            "camera-tried" => told.besides.push(format!(
                "{} tried from {}: ok {}",
                say(&e["tried"]["name"]),
                say(&e["tried"]["from"]),
                e["tried"]["outcome"].get("Ok").is_some()
            )),
            "checks" => {
                let stand_out = |c: &&Value| c["status"] != "pass" && c["status"] != "skip";
                let checks: Vec<String> = e["checks"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(stand_out)
                    .map(|c| format!("{} {}", say(&c["id"]), say(&c["status"])))
                    .collect();
                told.besides.push(format!("checks: {}", checks.join(", ")));
            }
            "note" => told.besides.push(say(&e["says"])),
            "done" => told.besides.push(format!("done: {} {} {} {} {}", e["ok"], e["changed"], e["cameras"], e["addresses"], e["says"])),
            // Facts, choices and readings come as often as they come.
            "host" | "choices" | "health" | "log" => {}
            other => panic!("an event of a run that the suite does not know: {other}"),
        }
    }
    told
}

impl Trace {
    /// The last event.
    pub fn done(&self) -> Value {
        self.events.last().cloned().unwrap_or_default()
    }

    /// Each step of the plan began once and ended once, after those that it comes after; the last word is how it ended.
    pub fn keeps_the_order(&self) {
        let Some(planned) = self.events.iter().find(|e| e["event"] == "planned") else { return };
        let at = |kind: &str, id: &Value| -> Vec<usize> {
            let fits = |(_, e): &(usize, &Value)| e["event"] == *kind && e["id"] == *id;
            self.events.iter().enumerate().filter(fits).map(|(at, _)| at).collect()
        };
        for s in planned["plan"]["steps"].as_array().unwrap() {
            let (begun, ended) = (at("step-started", &s["id"]), [at("step-done", &s["id"]), at("step-failed", &s["id"])].concat());
            assert_eq!(begun.len(), ended.len(), "{s}");
            assert!(begun.len() == 1 || (begun.is_empty() && !self.failed.is_empty()), "{}: begun {} times", s["id"], begun.len());
            for before in s["after"].as_array().unwrap().iter().filter(|_| !begun.is_empty()) {
                assert!(at("step-done", before).iter().all(|done| *done < begun[0]), "{} began before {before} was done", s["id"]);
            }
        }
        assert_eq!(self.done()["event"], "done");
    }

    /// All that must be the same on another engine, in lines.
    pub fn comparable(&self) -> Vec<String> {
        let steps = self.steps.iter().map(|(id, says)| format!("{id}: {}", says.join("; ")));
        let states = self.documents.iter().map(|d| {
            let of =
                |list: &str| d[list].as_array().into_iter().flatten().map(|c| format!("{} {}", c["name"], c["state"])).collect::<Vec<_>>();
            format!("{:?} {:?} {} {} {}", of("components"), of("cameras"), d["overall"], d["running"], d["sites"])
        });
        [format!("ends with {}", self.code)].into_iter().chain(steps).chain(self.besides.iter().cloned()).chain(states).collect()
    }
}
