//! One recorded run through all three fronts: each names every step, how it stands, and what failed, with what helps. And one
//! reading with all the states that there are: each names every part and every camera with its state.

use jiff::tz::TimeZone;
use kerbup::flow::{Flow, Input, Intent, Stage};
use kerbup::front::full::app::App;
use kerbup::front::line::{Terminal, show, unattended};
use kerbup::front::{json, line};
use kerbup::model::answers::Answers;
use kerbup::model::event::{Event, PROOF};
use kerbup::model::fault::Fault;
use kerbup::model::plan::Plan;
use kerbup::words::state;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::engine::Ran;
use crate::screens::{COLOUR, drawn, text};
use crate::states::NOW;

/// The events of a command, as the program printed them.
fn recorded(ran: &Ran) -> Vec<Event> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn planned(events: &[Event]) -> &Plan {
    events.iter().find_map(|e| if let Event::Planned { plan, .. } = e { Some(&**plan) } else { None }).unwrap()
}

fn faults(events: &[Event]) -> impl Iterator<Item = (&str, &Fault)> {
    events.iter().filter_map(|e| if let Event::StepFailed { title, fault, .. } = e { Some((title.as_str(), fault)) } else { None })
}

fn sent(events: &[Event]) -> UnboundedReceiver<Event> {
    let (to, from) = unbounded_channel();
    events.iter().for_each(|e| to.send(e.clone()).unwrap());
    from
}

/// What a screen or lines say, however it is broken into rows.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A fault with all that is known of it.
fn tells_all(front: &str, said: &str, fault: &Fault) {
    let said = flowing(said);
    assert!(!fault.cure.is_empty(), "{fault:?}");
    for words in [&fault.code, &fault.says].into_iter().chain(&fault.because).chain(&fault.cure) {
        assert!(said.contains(&flowing(words)), "{front} does not say {words:?}:\n{said}");
    }
}

async fn in_lines(events: &[Event]) {
    let terminal = Terminal {
        stdin_tty: false,
        stderr_tty: false,
        accessible: true,
        colour: false,
        zone: TimeZone::UTC,
        now: std::sync::Arc::new(|| NOW),
    };
    let mut out = vec![];
    let ok = unattended(sent(events), &mut out, &terminal).await.unwrap();
    let said = String::from_utf8(out).unwrap();
    let says = |title: &str, how: &str| said.lines().any(|l| l.contains(&format!("{title}: {how}")));
    let mut steps = 0;
    for event in events {
        let (title, how) = match event {
            Event::StepStarted { title, .. } => (title, "started"),
            Event::StepDone { id, title, changed, .. } if *changed || id == PROOF => (title, "done in"),
            Event::StepDone { title, .. } => (title, "was right already"),
            Event::StepFailed { title, .. } => (title, "failed after"),
            Event::StepReverted { title, .. } => (title, "done"),
            Event::Recorded { camera, says } => {
                assert!(said.contains(&format!("camera {camera}: {says}")), "{said}");
                continue;
            }
            Event::Done { ok: told, says, .. } => {
                assert!(*told == ok && says.iter().all(|s| said.contains(s)), "{said}");
                continue;
            }
            _ => continue,
        };
        assert!(says(title, how), "{title}: {how}\n{said}");
        steps += 1;
    }
    assert!(steps > 8, "{said}");
    faults(events).for_each(|(_, fault)| tells_all("plain mode", &said, fault));
}

async fn in_json(events: &[Event]) {
    let mut out = vec![];
    json::events(sent(events), &mut out).await;
    let lines: Vec<Value> = String::from_utf8(out).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), events.len());
    for (line, event) in lines.iter().zip(events) {
        assert_eq!(line["schema"], 1);
        let (kind, id, title) = match event {
            Event::StepStarted { id, title, .. } => ("step-started", id, title),
            Event::StepDone { id, title, changed, .. } => {
                assert_eq!(line["changed"], *changed);
                ("step-done", id, title)
            }
            Event::StepFailed { id, title, fault, .. } => {
                let told: Fault = serde_json::from_value(line["fault"].clone()).unwrap();
                assert_eq!(&told, fault);
                ("step-failed", id, title)
            }
            Event::StepReverted { id, title } => ("step-reverted", id, title),
            _ => continue,
        };
        assert_eq!((line["event"].as_str(), line["id"].as_str(), line["title"].as_str()), (Some(kind), Some(&**id), Some(&**title)));
    }
    assert_eq!(lines.last().unwrap()["event"], "done");
}

/// The screen of a run that a person began at Review.
fn begun(plan: &Plan) -> App {
    let mut flow = Flow::new(Answers::default(), vec![], false).at(Stage::Storage);
    flow.handle(Input::Intent(Intent::Next));
    flow.handle(Input::Event(Event::Planned { plan: Box::new(plan.clone()), states: Default::default() }));
    flow.handle(Input::Intent(Intent::Install));
    App::new(flow, COLOUR, TimeZone::UTC)
}

fn on_the_screen(events: &[Event]) {
    let plan = planned(events);
    let mut app = begun(plan);
    let screen = |app: &App| text(&drawn(app, 120, 60));
    let row =
        |shown: &str, title: &str| shown.lines().find(|l| l.contains(title)).unwrap_or_else(|| panic!("{title}\n{shown}")).to_string();
    for s in &plan.steps {
        let waits = row(&screen(&app), &s.title);
        assert!(waits.contains("waits") || waits.contains("after: "), "{waits}");
    }
    let mut failed = false;
    for event in events {
        // The plan is on the screen before the run; here it is the run's first word.
        if matches!(event, Event::Planned { .. } | Event::Host { .. } | Event::Choices { .. } | Event::Checks { .. }) {
            continue;
        }
        app.event(event.clone(), NOW);
        let shown = screen(&app);
        let (title, words) = match event {
            Event::StepStarted { title, .. } => (title, vec!["running".to_string()]),
            Event::StepDone { id, title, changed, .. } if *changed || id == PROOF => (title, vec!["done".into()]),
            Event::StepDone { title, .. } => (title, vec!["right already".into()]),
            Event::StepFailed { title, fault, .. } => {
                failed = true;
                (title, vec![format!("failed: {}", fault.code)])
            }
            Event::Recorded { .. } => continue,
            Event::Done { ok, .. } => {
                assert_eq!(*ok, !failed);
                let (stage, card) = (app.flow.here(), flowing(&shown));
                assert_eq!(stage, if failed { Stage::Install } else { Stage::Done }, "{card}");
                for (title, fault) in faults(events) {
                    assert!(card.contains(title), "{card}");
                    // Beside the first sentence of each kind stands what it is.
                    tells_all("the full screen", &card.replace("How I know ", "").replace("What helps ", ""), fault);
                }
                continue;
            }
            _ => continue,
        };
        let row = row(&shown, title);
        assert!(words.iter().all(|w| row.contains(w)), "{words:?} in {row}");
    }
}

#[tokio::test]
async fn a_recorded_run_is_told_whole_by_each_front() {
    let runs = crate::runs::recorded();
    for name in ["a port is taken midway", "the port is free again", "the same again", "a camera more"] {
        let events = recorded(runs[name]);
        assert_eq!(faults(&events).count(), usize::from(name.contains("midway")), "{name}");
        in_lines(&events).await;
        in_json(&events).await;
        if events.iter().any(|e| matches!(e, Event::Planned { .. })) {
            on_the_screen(&events);
        }
    }
    let down = recorded(runs["taken down"]);
    assert!(down.iter().any(|e| matches!(e, Event::StepReverted { .. })));
    in_lines(&down).await;
    in_json(&down).await;
    // What never began is said by lines and JSON; the screen shows the check itself.
    let blocked = &runs["a port is taken before"];
    let fault = recorded(blocked).into_iter().find_map(|e| if let Event::Failed { fault } = e { Some(fault) } else { None }).unwrap();
    tells_all("plain mode", &line::show::fault(&fault).join("\n"), &fault);
}

#[test]
fn every_state_of_a_part_and_a_camera_is_named_by_each_front() {
    let health = crate::shop::health_of_all_states();
    let lines = show::status(&health);
    let document = json::status(&health);
    let screen = text(&drawn(&crate::states::state("dashboard-states", COLOUR), 120, 60));
    let parts = health.components.iter().map(|c| (&c.title, &c.name, state::component(c.state), serde_json::to_value(c.state).unwrap()));
    let cameras = health.cameras.iter().map(|c| (&c.name, &c.name, state::camera(c.state), serde_json::to_value(c.state).unwrap()));
    let mut states = std::collections::BTreeSet::new();
    for (title, name, word, told) in parts.chain(cameras) {
        let says = |line: &str| line.contains(title.as_str()) && line.contains(word);
        assert!(lines.iter().any(|l| says(l)), "plain mode: {title} {word}\n{}", lines.join("\n"));
        assert!(screen.lines().any(says), "the full screen: {title} {word}\n{screen}");
        let mut all = [&document["components"], &document["cameras"]].into_iter().flat_map(|l| l.as_array().unwrap());
        assert!(all.any(|c| c["name"] == **name && c["state"] == told), "JSON: {name} {told}\n{document}");
        states.insert(word);
    }
    assert!(states.len() > 10, "{states:?}");
}
