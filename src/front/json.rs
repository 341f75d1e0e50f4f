//! JSON: one document, or one event a line. Field names are the contract's; all of it carries `"schema":1`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::model::answers::Camera;
use crate::model::camera::{CameraTried, From};
use crate::model::check::{Check, verdict};
use crate::model::event::{CameraCount, Event};
use crate::model::fault::Fault;
use crate::model::health::{CameraState, HealthSnapshot};
use crate::model::host::HostReport;
use crate::model::plan::{Plan, StepState, removals};
use crate::words::stage;

/// Version of the documents and events.
const SCHEMA: u32 = 1;

/// The document of `check`.
pub fn check(host: &HostReport, checks: &[Check]) -> Value {
    json!({"schema": SCHEMA, "host": host, "checks": checks, "verdict": verdict(checks)})
}

/// The document of `plan`. A figure that is not known is null.
pub fn plan(plan: &Plan, states: &BTreeMap<String, StepState>) -> Value {
    let step = |s: &crate::model::plan::Step| {
        let state = states.get(&s.id);
        let word = state.and_then(|s| serde_json::to_value(s).ok()).and_then(|v| v.get("state").cloned());
        let mut step = json!({
            "id": s.id, "title": s.title, "why": s.why, "by_hand": s.preview.by_hand, "after": s.after,
            "download_bytes": s.preview.download_bytes, "disk_bytes": s.preview.disk_bytes, "seconds": s.preview.seconds,
            "state": word, "kind": s.kind, "risk": s.risk, "place": s.preview.place, "undo": s.preview.undo,
        });
        if let (Some(StepState::Different { diff }), Some(step)) = (state, step.as_object_mut()) {
            step.insert("diff".into(), json!(diff));
        }
        step
    };
    // What an earlier plan made and this one removes comes last, as it is done.
    let removed = removals(states).map(|(id, title)| {
        json!({
            "id": id, "title": title, "why": stage::REMOVED, "by_hand": [], "after": [],
            "download_bytes": null, "disk_bytes": null, "seconds": null, "state": "remove",
        })
    });
    let steps: Vec<Value> = plan.steps.iter().map(step).chain(removed).collect();
    json!({"schema": SCHEMA, "site": plan.site, "target": plan.target, "steps": steps, "notes": plan.notes, "line_bytes_per_second": plan.line})
}

/// The document of `status`.
pub fn status(snapshot: &HealthSnapshot) -> Value {
    with_schema(snapshot)
}

/// The document of `cameras list`.
pub fn cameras(cameras: &[Camera]) -> Value {
    json!({"schema": SCHEMA, "cameras": cameras})
}

/// The document of `cameras test`: tried from this machine, and beside it what the recorders of a standing site say. One that says
/// nothing for sure is there with its state alone.
pub fn tried(tried: &[CameraTried], inside: &BTreeMap<String, Result<CameraTried, CameraState>>) -> Value {
    let says = |(name, said): (&String, &Result<CameraTried, CameraState>)| match said {
        Ok(tried) => json!(tried),
        Err(state) => json!({"name": name, "from": From::Stack, "state": state}),
    };
    json!({"schema": SCHEMA, "cameras": tried, "inside": inside.iter().map(says).collect::<Vec<_>>()})
}

/// The document of a command that could not do its work.
pub fn faults(faults: &[Fault]) -> Value {
    json!({"schema": SCHEMA, "faults": faults})
}

/// One event's line, without its line end. None for a shown password, which is never written.
pub fn event(event: &Event) -> Option<String> {
    if matches!(event, Event::Revealed { .. }) {
        return None;
    }
    let line = with_schema(event);
    line.get("event").is_some().then(|| line.to_string())
}

/// What a run that could not begin prints: what failed, then the end.
pub fn refused(faults: &[Fault]) -> Vec<String> {
    let failed = faults.iter().map(|fault| Event::Failed { fault: fault.clone() });
    failed.chain([unsaid_end()]).filter_map(|e| event(&e)).collect()
}

/// Prints a document.
pub fn print(document: &Value, out: &mut (dyn Write + Send)) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Prints events, one a line, to the end; the last line always is the done event. Tells whether all was well. A reader that
/// went away does not end the run: the rest is read and not printed.
pub async fn events(mut from: UnboundedReceiver<Event>, out: &mut (dyn Write + Send)) -> bool {
    let mut open = true;
    let mut say = |event: &Event| {
        if let (true, Some(line)) = (open, self::event(event)) {
            open = writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
        }
    };
    while let Some(event) = from.recv().await {
        say(&event);
        if let Event::Done { ok, .. } = event {
            return ok;
        }
    }
    say(&unsaid_end());
    false
}

/// The end of a run that did not say how it ended.
fn unsaid_end() -> Event {
    Event::Done { ok: false, changed: false, cameras: CameraCount::default(), addresses: vec![], says: vec![] }
}

fn with_schema<T: Serialize>(thing: &T) -> Value {
    let mut map = Map::new();
    map.insert("schema".into(), json!(SCHEMA));
    if let Ok(Value::Object(fields)) = serde_json::to_value(thing) {
        map.extend(fields);
    }
    Value::Object(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::Status;
    use crate::model::fault::Whose;
    use crate::model::health::Overall;
    use crate::model::plan::{Preview, Risk, Step};

    fn a_check(status: Status) -> Check {
        Check { id: "cpu-no-avx".into(), area: "processor".into(), status, seen: "no AVX".into(), advice: "Nothing.".into(), fix: None }
    }

    #[test]
    fn documents_have_the_contracts_fields() {
        let document = check(&HostReport::default(), &[a_check(Status::Pass), a_check(Status::Warn)]);
        assert_eq!((&document["schema"], &document["verdict"]), (&json!(1), &json!("warn")));
        for key in ["id", "area", "status", "seen", "advice"] {
            assert!(document["checks"][0][key].is_string(), "{key}");
        }
        assert!(document["host"].is_object());

        let preview = Preview { by_hand: vec!["docker pull x".into()], download_bytes: Some(7), ..Preview::default() };
        let step = Step {
            id: "image:x".into(),
            kind: "image".into(),
            with: Default::default(),
            title: "Fetch x".into(),
            why: "Needed.".into(),
            after: vec![],
            risk: Risk::None,
            budget: 60,
            preview,
        };
        let states = BTreeMap::from([("image:x".to_string(), StepState::Different { diff: vec!["tag".into()] })]);
        let document = plan(&Plan { steps: vec![step], ..Plan::default() }, &states);
        let step = &document["steps"][0];
        for key in ["id", "title", "why", "by_hand", "after", "download_bytes", "disk_bytes", "seconds", "state"] {
            assert!(step.get(key).is_some(), "{key}");
        }
        assert_eq!((&step["state"], &step["disk_bytes"], &step["diff"]), (&json!("different"), &Value::Null, &json!(["tag"])));

        let states =
            BTreeMap::from([("container:agent-yard".to_string(), StepState::Remove { title: "Remove the recorder of yard".into() })]);
        let document = plan(&Plan::default(), &states);
        let step = &document["steps"][0];
        assert_eq!((&step["state"], &step["title"]), (&json!("remove"), &json!("Remove the recorder of yard")));
        for key in ["id", "why", "by_hand", "after", "download_bytes", "disk_bytes", "seconds"] {
            assert!(step.get(key).is_some(), "{key}");
        }

        let snapshot =
            HealthSnapshot { schema: 1, site: "a".into(), overall: Overall::Down, components: vec![], cameras: vec![], disk: None };
        let document = status(&snapshot);
        assert_eq!((&document["schema"], &document["overall"], &document["components"]), (&json!(1), &json!("down"), &json!([])));
    }

    #[test]
    fn a_try_is_told_from_here_and_from_inside() {
        let tried = |from| {
            let (outcome, says) = (Err(crate::model::camera::StreamError::Login), "wrong login".to_string());
            CameraTried { name: "door".into(), from, outcome, says, advice: "Check it.".into() }
        };
        let inside = BTreeMap::from([("door".to_string(), Ok(tried(From::Stack))), ("yard".to_string(), Err(CameraState::Starting))]);
        let document = super::tried(&[tried(From::Host)], &inside);
        assert_eq!((&document["cameras"][0]["from"], document["cameras"].as_array().unwrap().len()), (&json!("host"), 1));
        assert_eq!((&document["inside"][0]["from"], &document["inside"][0]["cure"]), (&json!("stack"), &json!("Check it.")));
        assert_eq!(document["inside"][1], json!({"name": "yard", "from": "stack", "state": "starting"}));
    }

    #[test]
    fn a_shown_password_is_never_written() {
        assert_eq!(event(&Event::Revealed { name: "vault.password".into(), value: "hush".into() }), None);
    }

    #[tokio::test]
    async fn events_may_be_printed_beside_the_run() {
        let (to, from) = tokio::sync::mpsc::unbounded_channel();
        let printing = tokio::spawn(async move { events(from, &mut Vec::new()).await });
        drop(to);
        assert!(!printing.await.unwrap());
    }

    #[tokio::test]
    async fn the_last_line_is_the_done_event() {
        for ends in [true, false] {
            let (to, from) = tokio::sync::mpsc::unbounded_channel();
            to.send(Event::Note { says: "saved".into() }).unwrap();
            to.send(Event::Revealed { name: "x".into(), value: "hush".into() }).unwrap();
            if ends {
                let cameras = CameraCount { recording: 1, of: 2 };
                to.send(Event::Done { ok: true, changed: true, cameras, addresses: vec![], says: vec![] }).unwrap();
            }
            drop(to);
            let mut out = vec![];
            assert_eq!(events(from, &mut out).await, ends);
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains("hush"));
            let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
            assert_eq!(lines.len(), 2);
            assert!(lines.iter().all(|l| l["schema"] == 1));
            assert_eq!((&lines[1]["event"], &lines[1]["ok"]), (&json!("done"), &json!(ends)));
            assert_eq!(lines[1]["cameras"]["of"], if ends { 2 } else { 0 });
        }
    }

    #[test]
    fn a_refused_run_says_why_and_ends() {
        let lines = refused(&[Fault::new(Whose::Machine, "NEEDS-ROOT", "Root is needed.")]);
        assert!(lines[0].contains("NEEDS-ROOT") && lines[1].contains("\"event\":\"done\",\"ok\":false"));
    }
}
