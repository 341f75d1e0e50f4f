//! What single screens must tell: failures to their end, where a part is found, what is still to be entered.

use kerbup::flow::state::Played;
use kerbup::flow::{Effect, Flow, Stage};
use kerbup::front::full::app::App;
use kerbup::front::full::keys::Key;
use kerbup::front::line::show;
use kerbup::model::event::{Event, PROOF};
use kerbup::model::fault::{Fault, Whose};
use kerbup::model::health::{ComponentState, HealthSnapshot, Overall};
use kerbup::words::vault;

use super::screens::{COLOUR, drawn, text};
use super::shop::health;
use super::states::{self, NOW};

fn at_80x24(app: &App) -> String {
    text(&drawn(app, 80, 24))
}

/// The screen with its lines joined, so that a wrapped sentence is found whole.
fn joined(app: &App) -> String {
    at_80x24(app).split_whitespace().collect::<Vec<_>>().join(" ")
}

const BECAUSE: &str = "the engine said: driver failed programming external connectivity on endpoint shop-12-minio: address already in use";
/// As an engine says it, over three rows.
const LONG: &str =
    "driver failed programming external connectivity on endpoint vault: failed to bind host port 0.0.0.0:8080/tcp: address already in use";
const CURE: &str = "Take another port for the video store (network.ports.storage), or stop the program that has this one and try again.";

fn failed() -> App {
    let mut app = states::state("install", COLOUR);
    let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9001 of this machine is in use by another program.")
        .because(BECAUSE)
        .because(LONG)
        .cure(CURE);
    let (id, title) = ("container:minio".to_string(), "Start the video store".to_string());
    app.event(Event::StepStarted { id: id.clone(), title: title.clone(), at: NOW - 31.0 }, NOW);
    app.event(Event::StepFailed { id, title, seconds: 31.0, fault }, NOW);
    let end = Event::Done { ok: false, changed: true, cameras: Default::default(), addresses: vec![], says: vec!["Not done.".into()] };
    app.event(end, NOW);
    app
}

#[test]
fn a_failure_is_told_to_its_end_and_every_way_out_is_seen() {
    let app = failed();
    let screen = joined(&app);
    for said in [BECAUSE, LONG, CURE, "Nothing is lost", "Show the log", "Write a report", "Undo everything"] {
        assert!(screen.contains(said), "{said}\n{}", at_80x24(&app));
    }
}

#[test]
fn the_log_of_a_run_tells_its_steps_and_why_one_failed() {
    let mut app = failed();
    app.key(Key::Char('l'), NOW);
    let screen = at_80x24(&app);
    for said in ["Start the video store: begun", "Start the video store: failed after 31 s: PORT-TAKEN", "because: the engine said"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(app.flow.log.iter().any(|(_, _, text)| text.ends_with("was right already")));
    // A report has both.
    let act = failed().flow.handle(kerbup::flow::Input::Intent(kerbup::flow::Intent::SaveReport("r.json".into())));
    assert!(matches!(&act[..], [Effect::SaveReport(_, faults, log)] if faults[0].code == "PORT-TAKEN" && log.len() > 5), "{act:?}");
}

#[test]
fn the_wait_for_recordings_can_be_stopped_and_not_held() {
    let mut app = states::state("install", COLOUR);
    let hold = |app: &mut App| app.key(Key::Char('p'), NOW).effects;
    app.event(Event::StepStarted { id: PROOF.into(), title: "Wait for the first recording".into(), at: NOW }, NOW);
    assert!(!at_80x24(&app).contains("p pause") && hold(&mut app).is_empty() && !app.flow.paused);
    let stops = app.flow.handle(kerbup::flow::Input::Intent(kerbup::flow::Intent::Stop));
    assert!(matches!(stops[..], [Effect::Stop]));
}

fn dashboard(snapshot: HealthSnapshot) -> App {
    let mut app = states::state("dashboard", COLOUR);
    app.event(Event::Health { snapshot: Box::new(snapshot) }, NOW);
    app
}

#[test]
fn the_address_that_is_copied_is_the_things_own_or_that_of_the_recordings_page() {
    let page = "http://192.168.178.200:8080";
    let mut snapshot = health();
    for c in &mut snapshot.components {
        c.url = match c.kind.as_str() {
            "vault" => Some(page.into()),
            "minio" => Some("http://192.168.178.200:9000".into()),
            _ => None,
        };
    }
    let rows: Vec<(String, Option<String>)> = snapshot.components.iter().map(|c| (c.kind.clone(), c.url.clone())).collect();
    let mut app = dashboard(snapshot.clone());
    let screen = at_80x24(&app);
    assert!(screen.contains("192.168.178.200:9000") && screen.contains("Web page and library"), "{screen}");
    for (kind, own) in rows.iter().filter(|(kind, _)| kind != "agent") {
        assert_eq!(app.key(Key::Char('c'), NOW).copy.as_deref(), Some(own.as_deref().unwrap_or(page)), "{kind}");
        app.key(Key::Down, NOW);
    }
    // On a camera it is the page, in its detail as well; where there is none that is said.
    assert_eq!(app.key(Key::Char('c'), NOW).copy.as_deref(), Some(page));
    app.key(Key::Enter, NOW);
    assert_eq!(app.key(Key::Char('c'), NOW).copy.as_deref(), Some(page));
    snapshot.components.retain(|c| c.kind != "vault");
    let mut app = dashboard(snapshot);
    app.key(Key::End, NOW);
    assert_eq!(app.key(Key::Char('c'), NOW).copy, None);
    assert!(at_80x24(&app).contains("Nothing here has an address"));
}

#[test]
fn an_empty_dashboard_says_one_thing() {
    let empty = HealthSnapshot { overall: Overall::Absent, components: vec![], cameras: vec![], disk: None, ..health() };
    let screen = at_80x24(&dashboard(empty));
    assert!(screen.contains("nothing is installed") && screen.contains("e adds one"), "{screen}");
    for wrong in ["healthy", "nothing needs a look", "Change adds one"] {
        assert!(!screen.contains(wrong), "{wrong}\n{screen}");
    }
}

#[test]
fn a_vault_that_is_not_set_up_says_what_to_enter_where() {
    let mut snapshot = health();
    for c in snapshot.components.iter_mut().filter(|c| c.kind == "vault") {
        c.state = ComponentState::NotConfigured;
    }
    let row = snapshot.components.iter().position(|c| c.kind == "vault").unwrap();
    let plain = show::to_enter(&snapshot).join("\n");
    let mut app = dashboard(snapshot);
    (0..row).for_each(|_| drop(app.key(Key::Down, NOW)));
    app.key(Key::Enter, NOW);
    let screen = joined(&app);
    assert!(plain.contains(vault::TITLE) && show::to_enter(&health()).is_empty(), "{plain}");
    for said in [
        "log in as root",
        "bucket recordings",
        "hostname minio:9000",
        "as far as is known",
        "directory shop-12",
        "kerbup passwords minio.password",
    ] {
        assert!(screen.contains(said), "{said}\n{}", at_80x24(&app));
        assert!(plain.contains(said), "{said}\n{plain}");
    }
}

#[test]
fn what_needs_a_look_is_said_whole_where_rows_are_left() {
    let mut snapshot = health();
    let says = "It answers, and waits to be set up: no storage or no account is entered yet.";
    for c in snapshot.components.iter_mut().filter(|c| c.kind == "vault") {
        (c.state, c.evidence) = (ComponentState::NotConfigured, vec![says.into()]);
    }
    snapshot.cameras.clear();
    let app = dashboard(snapshot);
    let below = at_80x24(&app);
    assert!(below.contains("Enter: what to do") && joined(&app).contains("is entered yet."), "{below}");
}

#[test]
fn a_practice_says_what_it_is_played_on_and_which_cameras_answer() {
    let played = Played {
        speed: 1.0,
        machine: "A small computer.".into(),
        cameras: vec![("rtsp://192.0.2.64/s".into(), None), ("rtsp://192.0.2.65/t".into(), Some("viewer:practice".into()))],
    };
    let at = |stage: Stage| {
        let flow = Flow { practice: true, ..Flow::default() }.playing(played.clone()).at(stage);
        joined(&App::new(flow, COLOUR, jiff::tz::TimeZone::UTC))
    };
    assert!(at(Stage::Welcome).contains("only described: A small computer."), "{}", at(Stage::Welcome));
    let cameras = at(Stage::Cameras);
    assert!(cameras.contains("rtsp://192.0.2.64/s and at rtsp://192.0.2.65/t (user viewer, password practice)"), "{cameras}");
}

/// The values are those of the recipes.
#[test]
fn what_is_to_be_entered_is_what_the_recipes_make() {
    let recipe = |name: &str| std::fs::read_to_string(format!("{}/recipes/components/{name}.yaml", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (store, recorder) = (recipe("minio"), recipe("agent"));
    let port = vault::ENDPOINT.rsplit(':').next().unwrap();
    for said in [
        format!("MINIO_ROOT_USER: {}", vault::STORE_USER),
        format!("{{secret: {}}}", vault::STORE_PASSWORD),
        format!("bucket: {}", vault::BUCKET),
        format!("host: \"${{address.minio}}:{port}\""),
    ] {
        assert!(store.contains(&said), "{said}");
    }
    for said in
        [format!("text: {},", vault::PROVIDER), format!("secret: {},", vault::ACCESS_KEY), format!("secret: {},", vault::SECRET_KEY)]
    {
        assert!(recorder.contains(&said), "{said}");
    }
    assert!(recorder.contains("AGENT_KERBEROSVAULT_DIRECTORY: {text: \"${site}\""));
}

#[test]
fn a_line_of_a_log_can_be_read_to_its_end() {
    let mut app = states::state("run-log", COLOUR);
    let long = format!("the engine said: {} and that was all of it", ["no space left on device,"; 7].join(" "));
    app.event(Event::Log { at: NOW, from: "docker".into(), text: long.clone() }, NOW);
    assert!(!joined(&app).contains("that was all of it"));
    app.key(Key::Enter, NOW);
    assert!(joined(&app).contains(&long), "{}", at_80x24(&app));
    app.key(Key::Enter, NOW);
    assert!(!joined(&app).contains("that was all of it"));
}

#[test]
fn what_a_row_has_to_cut_stands_whole_below_the_list() {
    let mut app = states::state("machine", COLOUR);
    let long = "the processor is an ARMv8.0 (as in a Raspberry Pi 3 or 4), for which MongoDB 4.4.18 is the last that starts";
    app.flow.checks[0].seen = long.into();
    let screen = joined(&app);
    assert!(screen.contains(long) && screen.contains("only the other parts can reach it."), "{}", at_80x24(&app));
    let mut app = states::state("where", COLOUR);
    let why = "1.4 GB of memory more than this machine has would be needed beside all that runs here already";
    app.flow.choices[2].available = Err(why.into());
    (0..3).for_each(|_| drop(app.key(Key::Down, NOW)));
    let says = app.flow.choices[2].says.clone();
    let screen = joined(&app);
    assert!(screen.contains(why) && screen.contains(&says), "{}", at_80x24(&app));
}

#[test]
fn nothing_is_asked_about_what_the_plan_sees_to_by_itself() {
    let mut app = states::state("machine", COLOUR);
    app.key(Key::Down, NOW);
    let screen = at_80x24(&app);
    assert!(screen.contains("docker-missing") && !screen.contains("Enter agree") && !screen.contains("as the first step"), "{screen}");
    app.key(Key::Enter, NOW);
    assert_eq!(app.flow.here(), kerbup::flow::Stage::Where);
    // Of all checks, those that were left out come last.
    let mut app = states::state("machine", COLOUR);
    app.key(Key::Char('a'), NOW);
    app.key(Key::End, NOW);
    assert!(at_80x24(&app).contains("gpu-none"));
}

#[test]
fn a_small_window_says_first_how_to_go_on() {
    for (name, way) in
        [("machine", "go on"), ("where", "→ go on"), ("cameras", "→ go on"), ("storage", "→ go on"), ("review", "Tab button")]
    {
        let screen = text(&drawn(&states::state(name, COLOUR), 40, 12));
        let footer = screen.lines().last().unwrap().trim();
        assert!(footer.starts_with(way) || footer.split("   ").next().is_some_and(|f| f.ends_with(way)), "{name}: {footer:?}");
    }
    let done = text(&drawn(&states::state("done", COLOUR), 40, 12)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(done.contains("yard: recorded as asked, and now waits for movement"), "{done}");
}
