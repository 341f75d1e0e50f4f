//! Plain mode as a whole: what is typed and what happens is scripted, and every line that a person would see is compared with a
//! file. `KERBUP_UPDATE=1` writes the files anew.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use kerbup::flow::state::Standing;
use kerbup::flow::{Effect, Flow, Stage};
use kerbup::front::lease::Lease;
use kerbup::front::line::input::{Asked, Input, Typed};
use kerbup::front::line::{Leave, Terminal, converse, show, unattended};
use kerbup::model::answers::{Answers, Camera, PlatformKind, Shape};
use kerbup::model::camera::{CameraTried, From, StreamError, StreamReading};
use kerbup::model::check::{Check, Fix, Status};
use kerbup::model::choice::{PlatformChoice, Sizing};
use kerbup::model::event::{Address, CameraCount, Event, Unit};
use kerbup::model::fact::Fact;
use kerbup::model::fault::{Fault, Whose};
use kerbup::model::health::{CameraHealth, CameraState, ComponentHealth, ComponentState, DiskHealth, HealthSnapshot, Overall};
use kerbup::model::host::{DiskKind, DockerPresence, HostReport, Memory, Mount, RegistryReach, System};
use kerbup::model::plan::{Plan, Preview, Risk, Step, StepState};
use tokio::sync::mpsc::unbounded_channel;

/// 18:02:11 of the first day of 1970.
const NOW: f64 = 64_931.0;

/// Compares with the file of that name.
fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/transcripts").join(name);
    if std::env::var_os("KERBUP_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == text, "{} differs; KERBUP_UPDATE=1 writes it anew. It is now:\n{text}", path.display());
}

/// The paper that both sides write on.
#[derive(Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

/// What is typed, line by line; then the input ends.
struct Script(VecDeque<&'static str>);

#[async_trait(?Send)]
impl Input for Script {
    fn draws(&self) -> bool {
        false
    }

    async fn ask(&mut self, _: Asked) -> Typed {
        self.0.pop_front().map_or(Typed::End, |line| Typed::Line(line.into()))
    }
}

fn terminal() -> Terminal {
    Terminal { stdin_tty: false, stderr_tty: false, accessible: true, colour: false, zone: TimeZone::UTC, now: Arc::new(|| NOW) }
}

fn host() -> HostReport {
    let mut host = HostReport::default();
    host.cpu.model = Fact::known("Intel N5105".into(), "/proc/cpuinfo");
    host.cpu.cores = Fact::known(4, "/proc/cpuinfo");
    host.cpu.userland_bits = Fact::known(64, "the program");
    host.memory = Fact::known(Memory { total: 8 << 30, available: 6 << 30, swap: 0 }, "/proc/meminfo");
    let system = System { id: "debian".into(), name: "Debian 12".into(), version: "12".into(), codename: None, like: vec![] };
    host.system = Fact::known(system, "/etc/os-release");
    host.docker = Fact::known(DockerPresence::Missing, "no socket");
    let mount = Mount {
        path: "/srv".into(),
        source: "/dev/sda1".into(),
        fs: "ext4".into(),
        options: vec![],
        total: 1_800_000_000_000,
        free: 1_700_000_000_000,
        inodes_free: None,
        disk: Some("sda".into()),
        kind: DiskKind::HardDisk,
    };
    host.mounts = Fact::known(vec![mount], "/proc/self/mountinfo");
    host.registries = vec![RegistryReach { host: "localhost:5000".into(), reach: Fact::known(3, "GET /v2/") }];
    host
}

fn check(id: &str, area: &str, status: Status, seen: &str, advice: &str, fix: Option<Fix>) -> Check {
    Check { id: id.into(), area: area.into(), status, seen: seen.into(), advice: advice.into(), fix }
}

fn checks(agreed: bool) -> Vec<Check> {
    let docker = if agreed { Status::Warn } else { Status::Block };
    vec![
        check("memory-enough", "memory", Status::Pass, "8.0 GB", "", None),
        check("cpu-no-avx", "processor", Status::Warn, "no AVX, so MongoDB 4.4 is used", "Nothing: 4.4 works.", None),
        check("docker-missing", "docker", docker, "not installed", "Let me install Debian's.", Some(Fix::InstallDocker)),
    ]
}

fn step(id: &str, title: &str, download: Option<u64>) -> Step {
    let preview = Preview {
        place: if download.is_some() { "download" } else { "Docker" }.into(),
        by_hand: vec![format!("docker {}", id.replace(':', " "))],
        undo: "Removes it, if it was not here before.".into(),
        fetches: download.is_some(),
        download_bytes: download,
        disk_bytes: download.map(|b| b * 5 / 2),
        seconds: Some(40.0),
    };
    let (id, title, why) = (id.into(), title.into(), "This processor has no AVX.".into());
    Step { id, kind: "image".into(), with: Default::default(), title, why, after: vec![], risk: Risk::None, budget: 60, preview }
}

fn plan() -> Plan {
    let steps = vec![step("network:home", "Make the network home", None), step("pull:mongo", "Fetch MongoDB 4.4.18", Some(140_000_000))];
    Plan {
        site: "home".into(),
        target: "docker".into(),
        renderer: 1,
        steps,
        notes: vec!["MongoDB 4.4 is used: no AVX.".into()],
        line: Some(3_000_000.0),
    }
}

fn states() -> BTreeMap<String, StepState> {
    [("network:home".to_string(), StepState::AlreadyThere), ("pull:mongo".to_string(), StepState::Absent)].into()
}

fn tried(name: &str, ok: bool) -> CameraTried {
    let reading = StreamReading {
        codec: "H.264".into(),
        size: Some((1920, 1080)),
        fps: Some(15.0),
        bits_per_second: None,
        seconds: 3.0,
        audio: false,
    };
    let (outcome, says, advice) = match ok {
        true => (Ok(reading), "1080p H.264 15 fps", ""),
        false => (Err(StreamError::Login), "wrong login", "Check name and password on the camera's own page."),
    };
    CameraTried { name: name.into(), from: From::Host, outcome, says: says.into(), advice: advice.into() }
}

fn started(id: &str, title: &str) -> Event {
    Event::StepStarted { id: id.into(), title: title.into(), at: NOW }
}

fn done_step(id: &str, title: &str, changed: bool) -> Event {
    Event::StepDone { id: id.into(), title: title.into(), seconds: 15.0, changed }
}

fn failed_step() -> Event {
    let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9000 of this machine is in use by another program.")
        .because("portainer listens on it, pid 812")
        .cure("Use port 9002 instead, and go on.");
    Event::StepFailed { id: "pull:mongo".into(), title: "Fetch MongoDB 4.4.18".into(), seconds: 31.0, fault }
}

fn run(ok: bool) -> Vec<Event> {
    let fetch = "Fetch MongoDB 4.4.18";
    let mut events = vec![
        Event::RunStarted { steps: 2 },
        started("network:home", "Make the network home"),
        done_step("network:home", "Make the network home", false),
        started("pull:mongo", fetch),
        Event::StepProgress { id: "pull:mongo".into(), done: 98_000_000, total: Some(140_000_000), unit: Unit::Bytes, note: String::new() },
        Event::Log { at: NOW, from: "docker".into(), text: "engine 20.10.24 answers, API 1.41".into() },
    ];
    if ok {
        events.push(done_step("pull:mongo", fetch, true));
        events.push(Event::Recorded { camera: "front-door".into(), says: "saved its first 12 s.".into() });
    } else {
        events.push(failed_step());
    }
    let page = Address {
        title: "Recordings page".into(),
        url: "http://192.0.2.20:8080".into(),
        user: Some("root".into()),
        password: Some("vault.password".into()),
    };
    let cameras = CameraCount { recording: usize::from(ok), of: 1 };
    let says = vec![
        if ok { "It records: front-door saved its first 12 s." } else { "Not done. What is done stays done; run kerbup again to go on." }
            .to_string(),
    ];
    events.push(Event::Done { ok, changed: true, cameras, addresses: if ok { vec![page] } else { vec![] }, says });
    events
}

fn health() -> HealthSnapshot {
    let part = |name: &str, title: &str, product: &str, state, url: Option<&str>| ComponentHealth {
        name: name.into(),
        kind: name.into(),
        title: title.into(),
        product: product.into(),
        state,
        age_seconds: 2.0,
        restarts: 0,
        up_seconds: Some(260_000.0),
        cpu: Some(0.02),
        memory: Some(180 << 20),
        evidence: vec!["HTTP 200 in 12 ms".into()],
        url: url.map(String::from),
    };
    let camera = |name: &str, state, good: bool, evidence: &str| CameraHealth {
        name: name.into(),
        state,
        age_seconds: 2.0,
        fps: good.then_some(15.0),
        last_saved_seconds: Some(if good { 8.0 } else { 7_300.0 }),
        recordings: None,
        waiting: good.then_some(0),
        bytes_per_day: good.then_some(21e9),
        evidence: vec![evidence.into()],
    };
    HealthSnapshot {
        schema: 1,
        site: "home".into(),
        overall: Overall::Degraded,
        components: vec![
            part("vault", "Web page and library", "Vault", ComponentState::Healthy, Some("http://192.0.2.20:8080")),
            part("mongodb", "Recordings list", "MongoDB", ComponentState::Healthy, None),
        ],
        cameras: vec![
            camera("front-door", CameraState::Recording, true, "a file grew"),
            camera("till", CameraState::WrongLogin, false, "The camera answers, but refuses the login."),
        ],
        disk: Some(DiskHealth {
            path: "/srv".into(),
            total: 1_800_000_000_000,
            free: 500_000_000_000,
            keeps_days: Some(30),
            fits_days: Some(41),
            note: None,
        }),
    }
}

fn choices() -> Vec<PlatformChoice> {
    let choice = |title: &str, says: &str, shape, recommended| PlatformChoice {
        title: title.into(),
        says: says.into(),
        available: Ok(()),
        platform: PlatformKind::Docker,
        shape,
        recommended,
        because: if recommended { "One machine, the least to look after.".into() } else { String::new() },
    };
    vec![
        choice("Docker", "Keeps each part in its own box, easy to remove.", Shape::Full, true),
        choice("Small", "Cameras only, recording to the disk.", Shape::Small, false),
    ]
}

/// What the machine would answer to an effect. The first install fails, the next one works.
fn answers_to(effect: &Effect, runs: &mut usize) -> Vec<Event> {
    match effect {
        Effect::Probe => vec![
            Event::Host { report: Box::new(host()), pending: vec![] },
            Event::Choices { choices: choices() },
            Event::Checks { checks: checks(false) },
        ],
        Effect::Check(_) => vec![Event::Checks { checks: checks(true) }],
        Effect::AddCamera(index, typed, _) => {
            let user = (!typed.user.is_empty()).then(|| typed.user.clone());
            let camera = Camera { name: typed.name.clone(), url: typed.url.clone(), sub_url: None, user, record: typed.record };
            vec![Event::CameraSet { index: *index, camera, advice: String::new() }]
        }
        Effect::TryCamera(name) => vec![Event::CameraTried { tried: tried(name, name == "front-door") }],
        Effect::Size(_) => vec![Event::Sizing(Sizing {
            total_bytes: Some(1_800_000_000_000),
            free_bytes: Some(1_700_000_000_000),
            kind: "hard disk".into(),
            bytes_per_day: Some(21e9),
            max_bytes: Some(630_000_000_000),
            at_least_bytes: None,
            unmeasured: vec![],
            fits_days: Some(80),
            notes: vec![],
        })],
        Effect::Plan(_) => vec![Event::Planned { plan: Box::new(plan()), states: states() }],
        Effect::Install(_) | Effect::Resume(_) => {
            *runs += 1;
            run(*runs > 1)
        }
        Effect::Load(_) => vec![Event::Loaded { answers: Box::default() }],
        Effect::Reveal(name) => vec![Event::Revealed { name: name.clone(), value: "S3cret".into() }],
        Effect::Watch => vec![Event::Health { snapshot: Box::new(health()) }],
        Effect::OpenLog(name) => vec![Event::LogLines { component: name.clone(), lines: vec!["it listens on port 80".into()] }],
        Effect::SaveSite(_, file) | Effect::SaveCommands(file) | Effect::SaveReport(file, ..) => {
            vec![Event::Note { says: format!("Written to {file}.") }]
        }
        _ => vec![],
    }
}

/// Walks the journey with these lines typed; the paper and how it was left.
async fn walk(flow: Flow, typed: &[&'static str]) -> (String, Result<Leave, Fault>) {
    let paper = Paper::default();
    let mut script = Script(typed.iter().copied().collect());
    let (to, events) = unbounded_channel();
    let mut runs = 0;
    let mut perform = |effect: Effect| {
        for event in answers_to(&effect, &mut runs) {
            let _ = to.send(event);
        }
    };
    let (_lease, seat) = Lease::pair();
    let left = converse(flow, seat, events, &mut perform, &terminal(), &mut script, &mut paper.clone()).await;
    (paper.text(), left)
}

#[tokio::test]
async fn the_whole_journey() {
    let typed = [
        "",
        "nonsense",
        "3",
        "2",
        "1", // start; the report of checks; agree to Docker
        "",
        "2",
        "front-door",
        "rtsp://192.0.2.31/stream",
        "viewer",
        "hush-hush",
        "1", // where; a camera
        "2",
        "yard",
        "rtsp://192.0.2.32/stream",
        "",
        "2",
        "1", // a second one; go on
        "",
        "14",
        "", // storage
        "2",
        "2",
        "3",
        "",
        "1", // look at a step; write the commands; install, which fails
        "2",
        "2",
        "1", // again; the password; status
        "2",
        "1",
        "5", // a log; leave
    ];
    let flow = Flow::new(Answers::default(), vec![], false);
    let (paper, left) = walk(flow, &typed).await;
    compare("journey.txt", &paper);
    assert_eq!(left, Ok(Leave::Quit(0)));
    assert!(!paper.contains("hush"));
}

#[tokio::test]
async fn an_unfinished_install_comes_first() {
    let standing = vec![Standing { site: "home".into(), unfinished: true, running: false, done: 1, of: 2, ..Standing::default() }];
    let flow = Flow::new(Answers::default(), standing, true);
    let (paper, left) = walk(flow, &["", "6"]).await;
    compare("unfinished.txt", &paper);
    assert_eq!(left, Ok(Leave::Quit(1)));
}

#[tokio::test]
async fn an_input_that_ends_names_the_missing_answer() {
    let flow = Flow::new(Answers::default(), vec![], false).at(Stage::Storage);
    let (paper, left) = walk(flow, &["/srv/video"]).await;
    compare("ended.txt", &paper);
    let fault = left.err().unwrap();
    assert_eq!((fault.code.as_str(), fault.whose), ("ANSWER-MISSING", Whose::Input));
    assert!(fault.says.contains("storage.retention_days"), "{}", fault.says);
}

/// What cannot be taken is said at the question, and nothing that was typed before is asked for again.
#[tokio::test]
async fn a_question_is_asked_until_its_answer_can_be_taken() {
    let flow = Flow::new(Answers::default(), vec![], false).at(Stage::Cameras);
    let typed = ["2", "Front Door", "front-door", "http://192.0.2.31", "rtsp://192.0.2.31/stream", "", "1", "2", "front-door", "yard"];
    let (paper, left) = walk(flow, &typed).await;
    assert!(left.is_err());
    for said in ["such as front-door.", "web page", "Another camera is called front-door already."] {
        assert_eq!(paper.matches(said).count(), 1, "{said}\n{paper}");
    }
    let flow = Flow::new(Answers::default(), vec![], false).at(Stage::Storage);
    let (paper, _) = walk(flow, &["srv/video", "/srv/video", "none", "14"]).await;
    assert!(paper.contains("written from the root") && paper.contains("a number of days from 1"), "{paper}");
}

#[tokio::test]
async fn runs_without_a_person() {
    let mut paper = String::new();
    for ok in [true, false] {
        let (to, events) = unbounded_channel();
        let planned = Event::Planned { plan: Box::new(plan()), states: states() };
        for event in [planned].into_iter().chain(run(ok)) {
            to.send(event).unwrap();
        }
        // Beside the run, as the program does it.
        let printing = tokio::spawn(async move {
            let mut out = vec![];
            let told = unattended(events, &mut out, &terminal()).await;
            (told, out)
        });
        let (told, out) = printing.await.unwrap();
        assert_eq!(told, Ok(ok));
        paper.push_str(&String::from_utf8(out).unwrap());
        paper.push_str("---\n");
    }
    compare("unattended.txt", &paper);
}

#[test]
fn documents_in_lines() {
    let tried: BTreeMap<String, Option<CameraTried>> = [
        ("front-door".to_string(), Some(tried("front-door", true))),
        ("yard".to_string(), None),
        ("till".to_string(), Some(tried("till", false))),
    ]
    .into();
    let camera = |name: &str| Camera {
        name: name.into(),
        url: format!("rtsp://{name}.lan/stream"),
        sub_url: None,
        user: None,
        record: kerbup::model::answers::Record::Motion,
    };
    let parts = [
        show::check(&host(), &checks(false)),
        show::plan(&plan(), &states()),
        show::step(&plan().steps[1], Some(&StepState::Different { diff: vec!["tag 4.4.17 instead of 4.4.18".into()] })),
        show::status(&health()),
        show::cameras(&["front-door", "yard"].map(camera), &BTreeMap::new()),
        show::cameras(&["front-door", "yard", "till"].map(camera), &tried),
        show::fault(&Fault::new(Whose::Input, "SITE-KEY", "\"storage.pth\" is not a setting.").cure("Did you mean storage.path?").at(
            "site.toml",
            9,
            1,
        )),
    ];
    compare("documents.txt", &parts.map(|lines| lines.join("\n")).join("\n---\n"));
}

#[tokio::test]
async fn root_is_asked_for_after_the_yes_and_goes_on_without_another() {
    let paper = Paper::default();
    let (to, events) = unbounded_channel();
    let (lease, seat) = Lease::pair();
    let mut perform = |effect: Effect| match effect {
        Effect::Install(_) => lease.elevate(),
        effect => answers_to(&effect, &mut 0).into_iter().for_each(|event| drop(to.send(event))),
    };
    let flow = Flow::new(Answers::default(), vec![], false).at(Stage::Review);
    let mut script = Script(["1"].into());
    let left = converse(flow, seat, events, &mut perform, &terminal(), &mut script, &mut paper.clone()).await;
    assert_eq!(left, Ok(Leave::Elevate));
    assert!(paper.text().ends_with("Choose: 1\n"), "the rest is root's to say:\n{}", paper.text());
    // As root: straight to work where the plan is the same, another look where it is not.
    let mut other = plan();
    other.steps.pop();
    for (agreed, asked) in [(plan(), false), (other, true)] {
        let flow = Flow::new(Answers::default(), vec![], false).agreed(Some(agreed));
        let (paper, left) = walk(flow, &["6"]).await;
        assert_eq!((left.is_ok(), paper.contains("step 5 of 6"), paper.contains("step 6 of 6")), (true, asked, !asked), "{paper}");
        assert_eq!(paper.contains("the plan has changed: \"Fetch MongoDB 4.4.18\""), asked, "{paper}");
    }
}
