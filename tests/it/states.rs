//! Flows in every state that a screen can show, made by feeding events and keys as the program does.

use jiff::tz::TimeZone;
use kerbup::flow::state::Standing;
use kerbup::flow::{Flow, Input, Intent, Stage};
use kerbup::front::full::Look;
use kerbup::front::full::app::App;
use kerbup::front::full::keys::Key;
use kerbup::model::answers::{Answers, Camera, PlatformKind, Record, Shape};
use kerbup::model::camera::{CameraTried, From, StreamError, StreamReading};
use kerbup::model::check::{Check, Fix, Status};
use kerbup::model::choice::{PlatformChoice, Sizing};
use kerbup::model::event::{Address, CameraCount, Event, Unit};
use kerbup::model::fact::Fact;
use kerbup::model::fault::{Fault, Whose};
use kerbup::model::health::*;
use kerbup::model::host::*;
use kerbup::model::plan::{Plan, Preview, Risk, Step, StepState};

/// The instant of all pictures: 2026-05-04 18:03:40 UTC.
pub const NOW: f64 = 1_777_917_820.0;

const GB: u64 = 1_000_000_000;

/// An N5105 with a hard disk, as the probe would report it.
pub fn host() -> HostReport {
    let seen = "/proc";
    let mount = |path: &str, total: u64, free: u64, disk: &str, kind| Mount {
        path: path.into(),
        source: format!("/dev/{disk}"),
        fs: "ext4".into(),
        options: vec![],
        total,
        free,
        inodes_free: None,
        disk: Some(disk.into()),
        kind,
    };
    let stick = Volume { name: "sdb1".into(), size: 500 * GB, fs: Some("exFAT".into()), uuid: None, label: None, mount: None };
    let disk = Disk { name: "sdb".into(), size: 500 * GB, model: None, kind: DiskKind::Usb, volumes: vec![stick] };
    HostReport {
        cpu: Cpu {
            arch: Fact::known("amd64".into(), seen),
            userland_bits: Fact::known(64, seen),
            model: Fact::known("Intel Celeron N5105".into(), seen),
            cores: Fact::known(4, seen),
            features: Fact::known(vec![], seen),
        },
        memory: Fact::known(Memory { total: 8 << 30, available: 6_550_000_000, swap: 0 }, seen),
        system: Fact::known(
            System { id: "debian".into(), name: "Debian GNU/Linux 12".into(), version: "12".into(), codename: None, like: vec![] },
            seen,
        ),
        kernel: Fact::known("6.1.0-21-amd64".into(), seen),
        init: Fact::known("systemd".into(), seen),
        mounts: Fact::known(
            vec![
                mount("/", 57 * GB, 21 * GB, "mmcblk0p2", DiskKind::Emmc),
                mount("/srv", 1800 * GB, 1700 * GB, "sda1", DiskKind::HardDisk),
            ],
            seen,
        ),
        disks: Fact::known(vec![disk], seen),
        network: Network {
            hostname: Fact::known("n5105".into(), seen),
            interfaces: Fact::known(
                vec![Interface { name: "eth0".into(), addresses: vec![([192, 0, 2, 20].into(), 24)], inner: false }],
                seen,
            ),
            ..Network::default()
        },
        clock_skew: Fact::known(0.1, seen),
        docker: Fact::known(DockerPresence::Missing, seen),
        registries: vec![
            RegistryReach { host: "ghcr.io".into(), reach: Fact::known(80, seen) },
            RegistryReach { host: "docker.io".into(), reach: Fact::known(95, seen) },
        ],
        ..HostReport::default()
    }
}

fn check(id: &str, area: &str, status: Status, seen: &str, advice: &str, fix: Option<Fix>) -> Check {
    Check { id: id.into(), area: area.into(), status, seen: seen.into(), advice: advice.into(), fix }
}

fn checks(block: bool) -> Vec<Check> {
    let mut all = vec![
        check(
            "cpu-no-avx",
            "processor",
            Status::Warn,
            "no AVX, so MongoDB 4.4 is used",
            "MongoDB since 5.0 needs a processor with AVX. Yours has none. 4.4 works; it gets no security fixes since 2024, and only the other parts can reach it.",
            None,
        ),
        check(
            "docker-missing",
            "docker",
            if block { Status::Block } else { Status::Warn },
            "not installed; Debian's (20.10) can be",
            "kerbup can install Docker from Debian's own packages. It takes about a minute.",
            Some(Fix::InstallDocker),
        ),
        check("gpu-none", "processor", Status::Skip, "no graphics processor", "", None),
    ];
    all.extend((0..44).map(|i| check(&format!("fine-{i}"), "system", Status::Pass, "as it should be", "", None)));
    all
}

fn choices() -> Vec<PlatformChoice> {
    let choice = |title: &str, says: &str, available: Result<(), &str>, platform, shape, recommended, because: &str| PlatformChoice {
        title: title.into(),
        says: says.into(),
        available: available.map_err(Into::into),
        platform,
        shape,
        recommended,
        because: because.into(),
    };
    vec![
        choice(
            "Docker",
            "Keeps each part in its own box, easy to remove.",
            Ok(()),
            PlatformKind::Docker,
            Shape::Full,
            true,
            "One machine, 8.0 GB of memory: the least to look after.",
        ),
        choice("Small", "Cameras only, recording to the disk; can grow later.", Ok(()), PlatformKind::Docker, Shape::Small, false, ""),
        choice(
            "MicroK8s",
            "Worth it if several machines shall join.",
            Err("snapd is missing"),
            PlatformKind::Microk8s,
            Shape::Full,
            false,
            "",
        ),
        choice(
            "Kubernetes",
            "A cluster that you have.",
            Err("no cluster in your kubeconfig"),
            PlatformKind::Kubernetes,
            Shape::Full,
            false,
            "",
        ),
        choice(
            "Amazon EKS",
            "For companies with a cluster there.",
            Err("none in your kubeconfig"),
            PlatformKind::Eks,
            Shape::Full,
            false,
            "",
        ),
    ]
}

fn camera(name: &str, last: u8, user: Option<&str>, record: Record) -> Camera {
    Camera { name: name.into(), url: format!("rtsp://192.0.2.{last}/stream"), sub_url: None, user: user.map(Into::into), record }
}

fn cameras() -> Vec<Camera> {
    vec![
        camera("front-door", 31, Some("viewer"), Record::Motion),
        camera("yard", 32, Some("viewer"), Record::Always),
        camera("till", 33, None, Record::Motion),
    ]
}

fn answers() -> Answers {
    Answers { site: "shop-12".into(), cameras: cameras(), ..Answers::default() }
}

fn plan() -> Plan {
    let step = |id: &str, title: &str, place: &str, after: &[&str], mb: Option<u64>, seconds: f64, risk| Step {
        id: id.into(),
        kind: "pull".into(),
        with: serde_json::Value::Null,
        title: title.into(),
        why: match id {
            "pull:mongodb" => "The recordings list needs it. This processor has no AVX, so 4.4 is taken (check cpu-no-avx).".into(),
            _ => "The stack needs it to record.".into(),
        },
        after: after.iter().map(|a| (*a).into()).collect(),
        risk,
        budget: 600,
        preview: Preview {
            place: place.into(),
            by_hand: vec![if id == "pull:mongodb" { "docker pull mongo:4.4.18".into() } else { format!("docker run --detach {id}") }],
            undo: "removes it, if it was not here before".into(),
            download_bytes: mb.map(|m| m * 1_000_000),
            disk_bytes: mb.map(|m| m * 2_500_000),
            seconds: Some(seconds),
        },
    };
    let none = Risk::None;
    let steps = vec![
        step("package:docker", "Install Docker", "this machine", &[], Some(92), 60.0, Risk::Machine),
        step("network:site", "Make the network shop-12", "Docker", &["package:docker"], None, 1.0, none),
        step("folder:data", "Make the folder for recordings", "this machine", &[], None, 1.0, none),
        step("pull:mongodb", "Fetch MongoDB 4.4.18", "download", &["package:docker"], Some(140), 40.0, none),
        step("pull:minio", "Fetch MinIO", "download", &["package:docker"], Some(61), 20.0, none),
        step("pull:vault", "Fetch Vault", "download", &["package:docker"], Some(38), 12.0, none),
        step("pull:agent", "Fetch Agent", "download", &["package:docker"], Some(240), 70.0, none),
        step("container:mongodb", "Start the recordings list", "Docker", &["pull:mongodb", "network:site"], None, 15.0, none),
        step("container:minio", "Start the video store", "Docker", &["pull:minio", "network:site"], None, 8.0, none),
        step("bucket:minio", "Make the bucket for videos", "video store", &["container:minio"], None, 1.0, none),
        step("container:vault", "Start the web page and library", "Docker", &["container:mongodb", "bucket:minio"], None, 10.0, none),
        step("agent:front-door", "Start the recorder of front-door", "Docker", &["container:vault"], None, 35.0, none),
        step("agent:yard", "Start the recorder of yard", "Docker", &["container:vault"], None, 35.0, none),
        step("proof:recording", "See that it records", "cameras", &["agent:front-door", "agent:yard"], None, 60.0, none),
    ];
    let notes = vec![
        "MongoDB 4.4.18 is taken because this processor has no AVX.".into(),
        "Every step can be undone. A power cut loses nothing: it goes on where it was.".into(),
    ];
    Plan { site: "shop-12".into(), target: "docker".into(), renderer: 1, steps, notes }
}

fn component(name: &str, title: &str, product: &str, state: ComponentState, url: Option<&str>) -> ComponentHealth {
    let runs = matches!(state, ComponentState::Healthy | ComponentState::Degraded);
    ComponentHealth {
        name: name.into(),
        kind: name.split('-').next().unwrap_or(name).into(),
        title: title.into(),
        product: product.into(),
        state,
        age_seconds: 1.0,
        restarts: u64::from(!runs) * 3,
        up_seconds: runs.then_some(270_000.0),
        cpu: runs.then_some(0.02),
        memory: runs.then_some(180 << 20),
        evidence: vec![if runs { "answered within 12 ms, login accepted".into() } else { "no answer on its port for 40 s".into() }],
        url: url.map(Into::into),
    }
}

fn camera_health(name: &str, state: CameraState, fps: Option<f64>, saved: Option<f64>, gb: Option<f64>, evidence: &str) -> CameraHealth {
    CameraHealth {
        name: name.into(),
        state,
        age_seconds: 1.0,
        fps,
        last_saved_seconds: saved,
        recordings: saved.map(|_| 212),
        waiting: Some(if matches!(state, CameraState::WrongLogin) { 14 } else { 0 }),
        bytes_per_day: gb.map(|g| g * 1e9),
        evidence: vec![evidence.into()],
    }
}

fn disk() -> Option<DiskHealth> {
    Some(DiskHealth { path: "/srv".into(), total: 1800 * GB, free: 500 * GB, keeps_days: Some(30), fits_days: Some(41) })
}

/// A shop with one camera that has another password now.
pub fn health() -> HealthSnapshot {
    let good = ComponentState::Healthy;
    let mut parts = vec![
        component("vault", "Web page and library", "Vault", good, Some("http://192.0.2.20:8080")),
        component("mongodb", "Recordings list", "MongoDB", good, None),
        component("minio", "Video store", "MinIO", good, Some("http://192.0.2.20:9000")),
    ];
    parts.extend(["front-door", "yard", "till"].map(|c| component(&format!("agent-{c}"), "Camera recorder", "Agent", good, None)));
    let cameras = vec![
        camera_health("front-door", CameraState::Recording, Some(15.0), Some(8.0), Some(21.0), "its newest recording is 8 s old"),
        camera_health("yard", CameraState::Watching, Some(15.0), Some(7_300.0), Some(4.0), "the picture comes; nothing moved"),
        camera_health("till", CameraState::WrongLogin, None, Some(7_500.0), None, "the camera answers, but refuses the password (401)"),
        camera_health("store-room", CameraState::Starting, None, None, None, "its recorder started 12 s ago"),
    ];
    HealthSnapshot { schema: 1, site: "shop-12".into(), overall: Overall::Degraded, components: parts, cameras, disk: disk() }
}

/// Every state of components and cameras at once.
pub fn health_of_all_states() -> HealthSnapshot {
    use CameraState as C;
    use ComponentState as P;
    let parts = [P::Healthy, P::Starting, P::Degraded, P::Down, P::Stopped, P::NotConfigured, P::Absent, P::Unknown];
    let cameras = [C::Recording, C::Watching, C::Starting, C::NoPicture, C::WrongLogin, C::Stopped, C::Unknown];
    HealthSnapshot {
        overall: Overall::Down,
        components: parts
            .iter()
            .enumerate()
            .map(|(i, s)| component(&format!("part-{i}"), &format!("Part {i}"), "Product", *s, None))
            .collect(),
        cameras: cameras.iter().enumerate().map(|(i, s)| camera_health(&format!("camera-{i}"), *s, None, None, None, "seen")).collect(),
        ..health()
    }
}

fn many(n: usize) -> HealthSnapshot {
    let names = (0..n).map(|i| camera_health(&format!("camera-{i:03}"), CameraState::Recording, Some(15.0), Some(5.0), Some(3.0), "fine"));
    HealthSnapshot { cameras: names.collect(), ..health() }
}

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
    Event::Sizing(Sizing {
        total_bytes: Some(1800 * GB),
        free_bytes: Some(1700 * GB),
        kind: "1.8 TB hard disk".into(),
        bytes_per_day: Some(max_gb as f64 * 1e9 / 30.0),
        max_bytes: Some(max_gb * GB),
        fits_days: Some((30 * 1700 / max_gb) as u32),
        notes: vec!["Should the disk fill before that, the oldest recordings go first, and you see it here.".into()],
    })
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
    app.event(outcome("yard", Err(StreamError::Login), "refuses the password", advice), NOW);
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
    a.event(Event::Recorded { camera: "yard".into(), says: "sees the picture, waits for movement".into() }, NOW);
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
        let standing = |site: &str, unfinished, done| Standing { site: site.into(), unfinished, done, of: 14 };
        app(Flow { standing: vec![standing("shop-12", true, 5), standing("home", false, 14)], ..flow(Stage::Welcome) }, l)
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
        let mut a = app(flow(Stage::Machine), l);
        press(&mut a, &[Key::Down, Key::Enter]);
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
        press(&mut a, &[Key::Down, Key::Enter]);
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
