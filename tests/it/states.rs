//! Flows in every state that a screen can show, made by feeding events and keys as the program does.

use jiff::tz::TimeZone;
use kerbup::flow::state::Standing;
use kerbup::flow::{Flow, Input, Intent, Stage};
use kerbup::front::full::Look;
use kerbup::front::full::app::App;
use kerbup::front::full::keys::Key;
use kerbup::model::answers::{Answers, Record, Shape};
use kerbup::model::camera::{CameraTried, From, StreamError, StreamReading};
use kerbup::model::choice::Sizing;
use kerbup::model::event::{Address, CameraCount, Event, Unit};
use kerbup::model::fault::{Fault, Whose};
use kerbup::model::health::HealthSnapshot;
use kerbup::model::host::HostReport;
use kerbup::model::plan::StepState;

use super::shop::*;

/// The instant of all pictures: 2026-05-04 18:03:40 UTC.
pub const NOW: f64 = 1_777_917_820.0;

/// A journey with what comes before a stage already known.
fn flow(stage: Stage) -> Flow {
    let mut f = Flow::new(answers(), vec![], false);
    f.host = host();
    if stage > Stage::Welcome {
        f.checks = checks(false);
    }
    if stage >= Stage::Where {
        f.handle(Input::Event(Event::Choices { choices: choices() }));
    }
    f.at(stage)
}

fn app(flow: Flow, look: Look) -> App {
    App::new(flow, look, TimeZone::UTC)
}

fn press(app: &mut App, keys: &[Key]) {
    for key in keys {
        app.key(*key, NOW);
    }
}

fn sizing(max_gb: u64) -> Event {
    Event::Sizing(all_of(max_gb))
}

fn all_of(max_gb: u64) -> Sizing {
    Sizing {
        total_bytes: Some(1800 * GB),
        free_bytes: Some(1700 * GB),
        kind: "1.8 TB hard disk".into(),
        bytes_per_day: Some(max_gb as f64 * 1e9 / 30.0),
        max_bytes: Some(max_gb * GB),
        fits_days: Some((30 * 1700 / max_gb) as u32),
        at_least_bytes: None,
        unmeasured: vec![],
        notes: vec!["Should the disk fill before that, the oldest recordings go first, and you see it here.".into()],
    }
}

fn tried(app: &mut App) {
    let reading = StreamReading {
        codec: "H.264".into(),
        size: Some((1920, 1080)),
        fps: Some(15.0),
        bits_per_second: Some(4e6),
        seconds: 3.0,
        audio: false,
    };
    let outcome = |name: &str, outcome, says: &str, advice: &str| Event::CameraTried {
        tried: CameraTried { name: name.into(), from: From::Host, outcome, says: says.into(), advice: advice.into() },
    };
    app.event(outcome("front-door", Ok(reading), "1080p H.264 15 fps", ""), NOW);
    let advice =
        "Try the name and password that open the camera's own page in a browser. Some cameras have another login for their picture.";
    app.event(outcome("yard", Err(StreamError::Login), "wrong login", advice), NOW);
    app.flow.tried.insert("till".into(), None);
}

fn review(look: Look) -> App {
    let mut a = app(flow(Stage::Storage), look);
    a.flow.handle(Input::Intent(Intent::Next));
    let states = [("folder:data".to_string(), StepState::AlreadyThere)].into();
    a.event(Event::Planned { plan: Box::new(plan()), states }, NOW);
    a
}

fn running(look: Look) -> App {
    let mut a = review(look);
    a.flow.handle(Input::Intent(Intent::Install));
    let titles: Vec<(String, String)> = plan().steps.into_iter().map(|s| (s.id, s.title)).collect();
    a.event(Event::RunStarted { steps: titles.len() }, NOW);
    for (id, title) in titles.iter().take(3).cloned() {
        a.event(Event::StepStarted { id: id.clone(), title: title.clone(), at: NOW - 100.0 }, NOW);
        let seconds = if id.starts_with("package") { 58.0 } else { 0.2 };
        a.event(Event::StepDone { id: id.clone(), title, seconds, changed: !id.starts_with("folder") }, NOW);
    }
    for ((id, title), (done, total)) in titles.iter().skip(3).take(3).cloned().zip([(98, 140), (12, 61), (30, 38)]) {
        a.event(Event::StepStarted { id: id.clone(), title, at: NOW - 12.0 }, NOW);
        let (done, total) = (done * 1_000_000, Some(total * 1_000_000));
        a.event(Event::StepProgress { id, done, total, unit: Unit::Bytes, note: "layers".into() }, NOW);
    }
    for (ago, from, text) in [
        (70.0, "apt", "Setting up docker.io (20.10.24+dfsg1-1) ..."),
        (14.0, "docker", "engine 20.10.24 answers, API 1.41"),
        (12.5, "docker", "network shop-12 made, 172.18.0.0/16"),
        (12.0, "docker", "pulling mongo:4.4.18, minio, vault"),
    ] {
        a.event(Event::Log { at: NOW - ago, from: from.into(), text: text.into() }, NOW);
    }
    a
}

fn ended(ok: bool, cameras: (usize, usize)) -> Event {
    let address = |title: &str, url: &str, user: Option<&str>| Address {
        title: title.into(),
        url: url.into(),
        user: user.map(Into::into),
        password: user.map(|_| "vault.password".into()),
    };
    Event::Done {
        ok,
        changed: true,
        cameras: CameraCount { recording: cameras.0, of: cameras.1 },
        addresses: vec![
            address("Recordings page", "http://192.0.2.20:8080", Some("root")),
            address("the same, by name", "http://n5105.local:8080", None),
        ],
        says: vec!["It records: front-door saved its first 12 s at 18:07.".into()],
    }
}

/// The end of an install without a page, as it came.
fn came(recording: usize, of: usize, says: &[&str]) -> Event {
    let cameras = CameraCount { recording, of };
    Event::Done { ok: true, changed: true, cameras, addresses: vec![], says: says.iter().map(|s| s.to_string()).collect() }
}

fn failed(look: Look) -> App {
    let mut a = running(look);
    for id in ["pull:mongodb", "pull:minio", "pull:vault", "pull:agent", "container:mongodb"] {
        let title = a.flow.titles[id].clone();
        a.event(Event::StepDone { id: id.into(), title, seconds: 20.0, changed: true }, NOW);
    }
    let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9000 of this machine is in use by another program.")
        .because("portainer has it (docker-proxy, pid 812), since 3 days")
        .because("the engine said \"address already in use\"")
        .cure("Take another port, or stop the program that has this one.");
    let (id, title) = ("container:minio".into(), "Start the video store".into());
    a.event(Event::StepFailed { id, title, seconds: 31.0, fault }, NOW);
    a.event(ended(false, (0, 2)), NOW);
    a
}

fn done(look: Look) -> App {
    let mut a = running(look);
    for (id, title) in a.flow.titles.clone() {
        a.event(Event::StepDone { id, title, seconds: 5.0, changed: true }, NOW);
    }
    a.event(Event::Recorded { camera: "front-door".into(), says: "first 12 s saved at 18:07:12".into() }, NOW);
    a.event(Event::Recorded { camera: "yard".into(), says: "recorded as asked, and now waits for movement".into() }, NOW);
    a.event(ended(true, (2, 2)), NOW);
    a
}

fn dashboard(look: Look, snapshot: HealthSnapshot) -> App {
    let mut a = app(flow(Stage::Dashboard), look);
    a.event(Event::Health { snapshot: Box::new(snapshot) }, NOW - 2.0);
    a
}

fn log(look: Look) -> App {
    let mut a = dashboard(look, health());
    press(&mut a, &[Key::Tab, Key::Down, Key::Down, Key::Char('l')]);
    let said = ["connecting to rtsp://••••@192.0.2.33/stream", "DESCRIBE: 401 Unauthorized", "retrying in 5 s"];
    let lines = (0..40).flat_map(|i| said.map(|s| format!("18:{:02}:{:02} {s}", i / 12, i * 5 % 60))).collect();
    a.event(Event::LogLines { component: "agent-till".into(), lines }, NOW);
    press(&mut a, &[Key::Char('/'), Key::Char('4'), Key::Char('0'), Key::Char('1'), Key::Enter]);
    a
}

/// How a state is made, for a look.
pub type Make = fn(Look) -> App;

/// Every state that is tested, with its name.
pub const STATES: &[(&str, Make)] = &[
    ("welcome", |l| app(flow(Stage::Welcome), l)),
    ("welcome-standing", |l| {
        let standing =
            |site: &str, unfinished, done| Standing { site: site.into(), unfinished, running: false, done, of: 14, ..Standing::default() };
        app(Flow { standing: vec![standing("shop-12", true, 5), standing("home", false, 14)], ..flow(Stage::Welcome) }, l)
    }),
    ("take-down", |l| {
        let standing = vec![Standing { site: "shop-12".into(), stood: true, ..Standing::default() }];
        let mut a = app(Flow { standing, ..flow(Stage::Welcome) }, l);
        press(&mut a, &[Key::Down, Key::Down, Key::Down, Key::Enter]);
        let goes = ["the part video store", "the recorder of front-door", "the network shop-12", "the copy of kerbup and its link"];
        let stays = ["recordings and databases in /srv/kerberos".to_string(), "Docker".to_string()];
        let (goes, stays) = (goes.map(String::from).into(), stays.into());
        a.event(Event::Farewell { site: "shop-12".into(), goes, stays }, NOW);
        a
    }),
    ("welcome-practice", |l| app(Flow { practice: true, ..flow(Stage::Welcome) }, l)),
    ("machine", |l| app(flow(Stage::Machine), l)),
    ("machine-looking", |l| {
        let pending = vec!["asking ghcr.io, 2 s".into()];
        app(Flow { host: HostReport::default(), checks: vec![], probing: true, pending, ..flow(Stage::Machine) }, l)
    }),
    ("machine-block", |l| {
        let mut a = app(Flow { checks: checks(true), ..flow(Stage::Machine) }, l);
        press(&mut a, &[Key::Right]);
        a
    }),
    ("machine-all", |l| {
        let mut a = app(flow(Stage::Machine), l);
        press(&mut a, &[Key::Char('a'), Key::Down]);
        a
    }),
    ("machine-ask", |l| {
        let mut a = app(Flow { checks: checks(true), ..flow(Stage::Machine) }, l);
        press(&mut a, &[Key::Enter]);
        a
    }),
    ("where", |l| app(flow(Stage::Where), l)),
    ("where-waiting", |l| app(Flow { choices: vec![], recommended: None, ..flow(Stage::Where) }, l)),
    ("cameras", |l| {
        let mut a = app(flow(Stage::Cameras), l);
        tried(&mut a);
        press(&mut a, &[Key::Down]);
        a
    }),
    ("cameras-none", |l| app(Flow { answers: Answers::default(), ..flow(Stage::Cameras) }, l)),
    ("cameras-many", |l| {
        let cameras = (0..200u8).map(|i| camera(&format!("camera-{i:03}"), i, Some("viewer"), Record::Always)).collect();
        app(Flow { answers: Answers { cameras, ..answers() }, ..flow(Stage::Cameras) }, l)
    }),
    ("camera-form", |l| {
        let mut a = app(flow(Stage::Cameras), l);
        press(&mut a, &[Key::Enter, Key::Tab, Key::Tab, Key::Char('p'), Key::Char('w')]);
        a
    }),
    ("storage", |l| {
        let mut a = app(flow(Stage::Storage), l);
        a.event(sizing(1300), NOW);
        a
    }),
    ("storage-short", |l| {
        let mut a = app(flow(Stage::Storage), l);
        a.event(sizing(3400), NOW);
        // The days stand below the three disks that are offered.
        press(&mut a, &[Key::Down, Key::Down, Key::Down, Key::Down, Key::Enter]);
        a
    }),
    ("storage-disk", |l| {
        let mut a = app(flow(Stage::Storage), l);
        a.event(sizing(1300), NOW);
        press(&mut a, &[Key::Down, Key::Down, Key::Down, Key::Enter]);
        a
    }),
    ("storage-block", |l| {
        let mut a = app(flow(Stage::Storage), l);
        a.flow.checks.push(no_owners());
        a.event(sizing(1300), NOW);
        press(&mut a, &[Key::Right]);
        a
    }),
    ("storage-partly", |l| {
        let mut a = app(flow(Stage::Storage), l);
        let partly =
            Sizing { max_bytes: None, fits_days: None, at_least_bytes: Some(900 * GB), unmeasured: vec!["till".into()], ..all_of(1300) };
        a.event(Event::Sizing(partly), NOW);
        a
    }),
    ("storage-small", |l| {
        let mut a = app(flow(Stage::Storage), l);
        a.flow.answers.shape = Shape::Small;
        a.event(sizing(1300), NOW);
        a
    }),
    ("storage-kept", |l| {
        let folder = Some(answers().path);
        let standing = Standing {
            site: answers().site,
            unfinished: false,
            running: false,
            done: 14,
            of: 14,
            folder,
            stood: true,
            ..Standing::default()
        };
        let mut a = app(Flow { standing: vec![standing], ..flow(Stage::Storage) }, l);
        a.event(sizing(1300), NOW);
        press(&mut a, &[Key::Enter]);
        a
    }),
    ("review", |l| {
        let mut a = review(l);
        press(&mut a, &[Key::Down, Key::Down, Key::Down]);
        a
    }),
    ("review-button", |l| {
        let mut a = review(l);
        press(&mut a, &[Key::Tab]);
        a
    }),
    ("review-planning", |l| app(Flow { planning: true, ..flow(Stage::Review) }, l)),
    ("review-no-plan", |l| {
        let mut a = app(Flow { planning: true, ..flow(Stage::Review) }, l);
        let fault = Fault::new(Whose::Network, "REGISTRY-AWAY", "ghcr.io does not answer.").because("no answer in 10 s").cure("Try again.");
        a.event(Event::Failed { fault }, NOW);
        a
    }),
    ("step-detail", |l| {
        let mut a = review(l);
        press(&mut a, &[Key::End, Key::Enter]);
        a
    }),
    ("install", running),
    ("install-held", |l| {
        let mut a = running(l);
        press(&mut a, &[Key::Char('p'), Key::Up]);
        a
    }),
    ("install-ctrl-c", |l| {
        let mut a = running(l);
        press(&mut a, &[Key::Ctrl('c')]);
        a
    }),
    ("install-stopped", |l| {
        let mut a = running(l);
        a.event(ended(false, (0, 2)), NOW);
        a
    }),
    ("run-log", |l| {
        let mut a = running(l);
        press(&mut a, &[Key::Char('l')]);
        a
    }),
    ("failed", failed),
    ("done", done),
    ("done-password", |l| {
        let mut a = done(l);
        press(&mut a, &[Key::Char('v')]);
        a.event(Event::Revealed { name: "vault.password".into(), value: "k3Rb0sPassw0rd".into() }, NOW);
        a
    }),
    ("done-no-camera", |l| {
        let mut a = running(l);
        a.flow.answers = Answers { shape: Shape::Small, cameras: vec![], ..answers() };
        a.event(came(0, 0, &["Installed.", "The recordings lie in /srv/kerberos/agents/door/data/recordings on this machine."]), NOW);
        a
    }),
    ("done-none-records", |l| {
        let mut a = running(l);
        let late = "front-door did not answer when it was tried: its recorder goes on trying.";
        a.event(came(0, 2, &["Installed.", late, &late.replace("front-door", "yard")]), NOW);
        a
    }),
    ("dashboard", |l| dashboard(l, health())),
    ("dashboard-worst", |l| {
        let mut a = dashboard(l, health());
        press(&mut a, &[Key::Char('w')]);
        a
    }),
    ("dashboard-reading", |l| app(flow(Stage::Dashboard), l)),
    ("dashboard-states", |l| dashboard(l, health_of_all_states())),
    ("dashboard-200", |l| {
        let mut a = dashboard(l, many(200));
        press(&mut a, &[Key::Tab, Key::PageDown, Key::PageDown]);
        a
    }),
    ("dashboard-detail", |l| {
        let mut a = dashboard(l, health());
        press(&mut a, &[Key::Char('w'), Key::Enter]);
        a
    }),
    ("dashboard-restart", |l| {
        let mut a = dashboard(l, health());
        press(&mut a, &[Key::Down, Key::Char('r')]);
        a
    }),
    ("log", log),
    ("log-search", |l| {
        let mut a = log(l);
        press(&mut a, &[Key::Char('/'), Key::Char('x')]);
        a
    }),
    ("help", |l| {
        let mut a = dashboard(l, health());
        press(&mut a, &[Key::Char('?')]);
        a
    }),
];

/// A state by its name.
pub fn state(name: &str, look: Look) -> App {
    let make = STATES.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no state {name}")).1;
    make(look)
}
