//! Plain inputs in, effects out: each stage, and what must hold whatever comes in.

use proptest::prelude::*;
use secrecy::SecretString;

use super::intent::CameraTyped;
use super::{Effect, Flow, Input, Intent, Stage};
use crate::model::answers::{Answers, Camera, Expose, PlatformKind, Record, Shape};
use crate::model::camera::{CameraTried, From, StreamError};
use crate::model::check::{Check, Fix, Status};
use crate::model::choice::{PlatformChoice, Sizing};
use crate::model::event::{CameraCount, Event, Unit};
use crate::model::fact::Fact;
use crate::model::fault::{Fault, Whose};
use crate::model::host::{HostReport, Listener};
use crate::model::plan::{Plan, Preview, Risk, Step};

pub(super) fn flow() -> Flow {
    Flow::new(Answers::default(), vec![], false)
}

pub(super) fn want(flow: &mut Flow, intent: Intent) -> Vec<Effect> {
    flow.handle(Input::Intent(intent))
}

pub(super) fn see(flow: &mut Flow, event: Event) -> Vec<Effect> {
    flow.handle(Input::Event(event))
}

pub(super) fn check(id: &str, status: Status, fix: Option<Fix>) -> Check {
    Check { id: id.into(), area: "docker".into(), status, seen: "seen".into(), advice: "Do this.".into(), fix }
}

pub(super) fn choice(platform: PlatformKind, available: Result<(), String>, recommended: bool) -> PlatformChoice {
    let (title, says, because) = ("Docker".into(), "says".into(), "because".into());
    PlatformChoice { title, says, available, platform, shape: Shape::Full, recommended, because }
}

pub(super) fn plan() -> Plan {
    let step = |id: &str| Step {
        id: id.into(),
        kind: "pull".into(),
        with: Default::default(),
        title: format!("Do {id}"),
        why: String::new(),
        after: vec![],
        risk: Risk::None,
        budget: 60,
        preview: Preview::default(),
    };
    Plan { site: "home".into(), target: "docker".into(), renderer: 1, steps: vec![step("a"), step("b")], notes: vec![], line: None }
}

pub(super) fn planned() -> Event {
    Event::Planned { plan: Box::new(plan()), states: Default::default() }
}

pub(super) fn done(ok: bool) -> Event {
    Event::Done { ok, changed: true, cameras: CameraCount::default(), addresses: vec![], says: vec!["It records.".into()] }
}

pub(super) fn typed(name: &str) -> CameraTyped {
    let (name, url) = (name.into(), "192.0.2.10".into());
    CameraTyped { name, url, sub_url: None, user: "u".into(), password: SecretString::from("p"), record: Record::Motion }
}

pub(super) fn camera(name: &str) -> Camera {
    Camera { name: name.into(), url: "rtsp://192.0.2.10/".into(), sub_url: None, user: None, record: Record::Motion }
}

pub(super) fn at_review() -> Flow {
    let mut f = flow().at(Stage::Storage);
    assert!(matches!(want(&mut f, Intent::Next).as_slice(), [Effect::Plan(_)]));
    see(&mut f, planned());
    f
}

#[test]
fn the_machine_is_looked_at_once_and_next_waits_for_its_checks() {
    let mut f = flow();
    assert!(matches!(want(&mut f, Intent::Next).as_slice(), [Effect::Probe]));
    assert_eq!(f.here(), Stage::Machine);
    assert!(want(&mut f, Intent::Next).is_empty());
    assert!(f.note.is_some());
    see(&mut f, Event::Checks { checks: vec![check("ok", Status::Pass, None)] });
    want(&mut f, Intent::Next);
    assert_eq!(f.here(), Stage::Where);
    want(&mut f, Intent::Back);
    want(&mut f, Intent::Back);
    assert!(want(&mut f, Intent::Next).is_empty(), "it is known already");
}

#[test]
fn a_block_stands_in_the_way_until_its_fix_is_agreed_to() {
    let mut f = flow().at(Stage::Machine);
    f.start();
    see(&mut f, Event::Checks { checks: vec![check("docker-missing", Status::Block, Some(Fix::InstallDocker))] });
    want(&mut f, Intent::Next);
    assert_eq!((f.here(), f.note.as_deref()), (Stage::Machine, Some("Seen. Do this.")));
    assert!(matches!(want(&mut f, Intent::Fix(Fix::InstallDocker)).as_slice(), [Effect::Check(_)]), "nothing is changed yet");
    want(&mut f, Intent::Next);
    assert_eq!(f.here(), Stage::Where);
    let mut g = flow().at(Stage::Machine);
    see(&mut g, Event::Checks { checks: vec![check("ram", Status::Block, None)] });
    want(&mut g, Intent::Next);
    assert_eq!(g.here(), Stage::Machine);
}

#[test]
fn a_taken_port_moves_to_the_next_free_one() {
    let mut f = flow().at(Stage::Machine);
    let listener = |port| Listener { port, address: [0, 0, 0, 0].into(), protocol: "tcp".into(), process: None, pid: None };
    let host = HostReport { listeners: Fact::known(vec![listener(8080), listener(8081)], "/proc/net/tcp"), ..Default::default() };
    see(&mut f, Event::Host { report: Box::new(host), pending: vec![] });
    want(&mut f, Intent::Fix(Fix::OtherPort));
    assert_eq!((f.answers.vault_port, f.answers.storage_port), (8082, 9000));
}

#[test]
fn the_recommendation_is_taken_and_what_is_not_there_is_refused() {
    let mut f = flow().at(Stage::Where);
    want(&mut f, Intent::UseRecommended);
    assert_eq!(f.here(), Stage::Where, "nothing is known yet");
    let choices = vec![choice(PlatformKind::Docker, Ok(()), true), choice(PlatformKind::Eks, Err("none found".into()), false)];
    see(&mut f, Event::Choices { choices });
    want(&mut f, Intent::Choose(PlatformKind::Eks, Shape::Full));
    assert_eq!(f.answers.platform, PlatformKind::Docker);
    assert!(f.note.as_deref().is_some_and(|n| n.contains("none found")));
    want(&mut f, Intent::UseRecommended);
    assert_eq!(f.here(), Stage::Cameras);
}

#[test]
fn a_camera_is_tried_as_soon_as_it_is_understood() {
    let mut f = flow().at(Stage::Cameras);
    assert!(matches!(want(&mut f, Intent::Camera(None, typed("yard"))).as_slice(), [Effect::AddCamera(None, ..)]));
    let set = Event::CameraSet { index: None, camera: camera("yard"), advice: String::new() };
    assert!(matches!(see(&mut f, set).as_slice(), [Effect::TryCamera(n), Effect::KeepAnswers(_)] if n == "yard"));
    assert_eq!(f.tried.get("yard"), Some(&None));
    let tried = |name: &str| CameraTried {
        name: name.into(),
        from: From::Host,
        outcome: Err(StreamError::Login),
        says: "wrong login".into(),
        advice: String::new(),
    };
    see(&mut f, Event::CameraTried { tried: tried("yard") });
    assert!(matches!(f.tried.get("yard"), Some(Some(_))));
    let set = Event::CameraSet { index: Some(0), camera: camera("garden"), advice: "This is no path.".into() };
    let effects: Vec<_> = see(&mut f, set).into_iter().filter(|e| !matches!(e, Effect::KeepAnswers(_))).collect();
    let (tries, forgets): (Vec<_>, Vec<_>) = effects.iter().partition(|e| matches!(e, Effect::TryCamera(n) if n == "garden"));
    assert!(tries.len() == 1 && forgets.iter().all(|e| matches!(e, Effect::Forget(n) if n.starts_with("camera.yard."))));
    assert!(forgets.iter().any(|e| matches!(e, Effect::Forget(n) if n == "camera.yard.password")));
    assert_eq!(f.note.as_deref(), Some("This is no path."));
    assert_eq!(want(&mut f, Intent::RemoveCamera(0)).len(), forgets.len() + 1, "forgotten, and the rest is kept");
    see(&mut f, Event::CameraTried { tried: tried("garden") });
    assert!(f.tried.is_empty(), "a late answer does not bring a removed camera back");
    assert!(want(&mut f, Intent::RemoveCamera(7)).is_empty());
    assert!(want(&mut f, Intent::Camera(Some(7), typed("x"))).is_empty());
}

#[test]
fn a_camera_that_is_renamed_brings_how_it_was_and_no_two_have_one_name() {
    let answers = Answers { cameras: vec![camera("yard"), camera("camera-1")], ..Answers::default() };
    let mut f = Flow::new(answers, vec![], false).at(Stage::Cameras);
    let effects = want(&mut f, Intent::Camera(Some(0), typed("garden")));
    assert!(matches!(effects.as_slice(), [Effect::AddCamera(Some(0), new, Some(was))] if new.name == "garden" && was.name == "yard"));
    assert!(want(&mut f, Intent::Camera(None, typed("yard"))).is_empty() && f.fault.as_ref().is_some_and(|f| f.says.contains("yard")));
    assert!(want(&mut f, Intent::Camera(Some(1), typed("yard"))).is_empty());
    let named = |f: &mut Flow, at| match want(f, Intent::Camera(at, typed(""))).as_slice() {
        [Effect::AddCamera(_, new, _)] => new.name.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((named(&mut f, None), named(&mut f, Some(0))), ("camera-2".to_string(), "yard".to_string()));
}

#[test]
fn a_camera_gets_a_name_that_is_one_and_that_no_other_has() {
    let answers = Answers { cameras: vec![camera("yard"), camera("camera-2")], ..Answers::default() };
    let mut f = Flow::new(answers, vec![], false).at(Stage::Cameras);
    let named = |f: &mut Flow, index, name: &str| match want(f, Intent::Camera(index, typed(name))).first() {
        Some(Effect::AddCamera(_, typed, ..)) => Some(typed.name.clone()),
        _ => None,
    };
    assert_eq!(named(&mut f, None, "").as_deref(), Some("camera-1"));
    f.answers.cameras.push(camera("camera-1"));
    assert_eq!(named(&mut f, None, "").as_deref(), Some("camera-3"));
    assert_eq!(named(&mut f, Some(0), "").as_deref(), Some("yard"), "it keeps its own");
    assert_eq!(named(&mut f, None, "門").as_deref(), Some("camera-3"));
    assert_eq!(named(&mut f, None, "Front Door").as_deref(), Some("front-door"));
    assert!(f.note.as_deref().is_some_and(|n| n.contains("Front Door") && n.contains("front-door")));
    assert_eq!(named(&mut f, Some(0), "yard").as_deref(), Some("yard"));
    assert_eq!(named(&mut f, None, "Yard"), None);
    assert!(f.fault.as_ref().is_some_and(|f| f.code == "CAMERA-TWICE"), "{:?}", f.fault);
}

#[test]
fn cameras_that_came_with_the_answers_are_tried_once() {
    let answers = Answers { cameras: vec![camera("yard"), camera("till")], ..Answers::default() };
    let mut f = Flow::new(answers, vec![], false).at(Stage::Where);
    see(&mut f, Event::Choices { choices: vec![choice(PlatformKind::Docker, Ok(()), true)] });
    let effects = want(&mut f, Intent::UseRecommended);
    assert!(matches!(effects.as_slice(), [Effect::TryCamera(a), Effect::TryCamera(b)] if a == "yard" && b == "till"), "{effects:?}");
    assert!(f.busy() && f.tried.values().all(Option::is_none), "a spinner turns beside each");
    want(&mut f, Intent::Next);
    let (outcome, says) = (Err(StreamError::Refused), "refuses".to_string());
    let tried = CameraTried { name: "yard".into(), from: From::Host, outcome, says, advice: String::new() };
    assert!(matches!(see(&mut f, Event::CameraTried { tried }).as_slice(), [Effect::Size(_)]), "what is known later is sized later");
    assert!(want(&mut f, Intent::Back).is_empty() && f.here() == Stage::Cameras);
    // Another site's cameras are others, whatever they are called.
    see(&mut f, Event::Loaded { answers: Box::new(Answers { cameras: vec![camera("yard")], ..Answers::default() }) });
    want(&mut f, Intent::Back);
    assert!(matches!(want(&mut f, Intent::Next).as_slice(), [Effect::TryCamera(_)]));
}

#[test]
fn practice_is_had_before_the_journey_and_not_within_itself() {
    let mut f = flow();
    assert!(matches!(want(&mut f, Intent::Practise).as_slice(), [Effect::Practise]));
    assert_eq!(f.here(), Stage::Welcome, "the journey is where it was");
    let mut practice = Flow::new(Answers::default(), vec![], true);
    assert!(want(&mut practice, Intent::Practise).is_empty());
    let mut later = flow().at(Stage::Cameras);
    assert!(want(&mut later, Intent::Practise).is_empty());
}

#[test]
fn root_goes_on_with_the_plan_that_was_agreed_to_and_with_no_other() {
    let begun = |agreed: Plan| {
        let mut f = flow().agreed(Some(agreed));
        assert!(matches!(f.start().as_slice(), [Effect::Plan(_)]));
        f
    };
    // Figures are measured anew, and are no other plan.
    let mut same = plan();
    same.steps[0].preview.seconds = Some(7.0);
    let mut f = begun(same);
    assert!(matches!(see(&mut f, planned()).as_slice(), [Effect::Install(_)]));
    assert!(f.running && f.here() == Stage::Install);
    let mut other = plan();
    other.steps[0].with = crate::model::details::Details::of(&serde_json::json!({ "port": 8080 })).unwrap();
    other.steps[1].id = "c".into();
    let mut f = begun(other);
    assert!(see(&mut f, planned()).is_empty());
    assert_eq!(f.here(), Stage::Review);
    assert!(f.note.as_deref().is_some_and(|n| n.contains("\"Do a\", \"Do b\"")), "{:?}", f.note);
    // Root sees what stands in the way, and a wish of the person's own is a new beginning.
    let mut f = begun(plan());
    see(
        &mut f,
        Event::Checks {
            checks: vec![check("docker-missing", Status::Block, Some(Fix::InstallDocker)), check("name", Status::Block, None)],
        },
    );
    assert!(see(&mut f, planned()).is_empty() && f.note.as_deref() == Some("Seen. Do this."));
    let mut f = begun(plan());
    want(&mut f, Intent::Back);
    want(&mut f, Intent::Next);
    assert!(see(&mut f, planned()).is_empty() && f.here() == Stage::Review);
}

#[test]
fn numbers_are_sized_as_they_change() {
    let mut f = flow().at(Stage::Cameras);
    assert!(matches!(want(&mut f, Intent::Next).as_slice(), [Effect::Size(_)]));
    assert!(matches!(want(&mut f, Intent::Days(7)).as_slice(), [Effect::Size(a), Effect::KeepAnswers(_)] if a.retention_days == 7));
    see(&mut f, Event::Sizing(Sizing { max_bytes: Some(1), ..Sizing::default() }));
    assert_eq!(f.sizing.as_ref().and_then(|s| s.max_bytes), Some(1));
    let effects = want(&mut f, Intent::Folder("recordings".into()));
    assert!(matches!(effects.as_slice(), [Effect::Size(_), Effect::Check(a), Effect::KeepAnswers(_)] if a.path == "recordings"));
    want(&mut f, Intent::Next);
    assert_eq!(f.here(), Stage::Storage, "a folder is a whole path");
    want(&mut f, Intent::Folder("/mnt/stick".into()));
    see(&mut f, Event::Checks { checks: vec![check("fs-unfit", Status::Block, None)] });
    want(&mut f, Intent::Next);
    assert_eq!((f.here(), f.note.as_deref()), (Stage::Storage, Some("Seen. Do this.")));
}

#[test]
fn only_the_button_at_review_installs_and_only_a_plan_for_these_answers() {
    let mut f = flow().at(Stage::Storage);
    assert!(want(&mut f, Intent::Install).is_empty());
    want(&mut f, Intent::Next);
    assert!(want(&mut f, Intent::Install).is_empty());
    see(&mut f, planned());
    assert!(want(&mut f, Intent::Next).is_empty());
    assert_eq!(f.here(), Stage::Review);
    want(&mut f, Intent::Days(3));
    assert!(want(&mut f, Intent::Install).is_empty(), "the plan was for other answers");
    let mut f = at_review();
    assert!(matches!(want(&mut f, Intent::Install).as_slice(), [Effect::Install(_)]));
    assert_eq!((f.here(), f.order.len()), (Stage::Install, 2));
    assert!(want(&mut f, Intent::Back).is_empty());
}

#[test]
fn going_back_loses_no_answer() {
    let mut f = at_review();
    f.answers.cameras.push(camera("yard"));
    want(&mut f, Intent::Days(12));
    want(&mut f, Intent::Expose(Expose::Loopback));
    let before = f.answers.clone();
    for _ in 0..9 {
        want(&mut f, Intent::Back);
    }
    assert_eq!((f.here(), &f.answers), (Stage::Welcome, &before));
}

fn any_input() -> impl Strategy<Value = Input> {
    let number = 0usize..4;
    (0u8..51, number, any::<bool>(), any::<u32>()).prop_map(|(kind, n, yes, days)| {
        let fixes = [Fix::InstallDocker, Fix::OtherPort, Fix::SmallShape, Fix::OtherFolder];
        let name = format!("c{n}");
        let step = ["a", "b", "z", ""][n].to_string();
        let fault = Fault::new(Whose::Ours, "X", "x");
        let index = yes.then_some(n);
        match kind {
            0..=5 => Input::Intent(Intent::Next),
            6 | 7 => Input::Intent(Intent::Back),
            8 => Input::Intent(Intent::UseRecommended),
            9 => Input::Intent(Intent::Choose(PlatformKind::Docker, Shape::Small)),
            10 => Input::Intent(Intent::Camera(index, typed(&name))),
            11 => Input::Intent(Intent::RemoveCamera(n)),
            12 => Input::Intent(Intent::TryCamera(n)),
            13 => Input::Intent(Intent::Folder(name)),
            14 => Input::Intent(Intent::Days(days)),
            15 => Input::Intent(Intent::Fix(fixes[n])),
            16..=18 => Input::Intent(Intent::Install),
            19 => Input::Intent(Intent::Pause(yes)),
            20 => Input::Intent(Intent::Retry),
            21 => Input::Intent(Intent::Undo),
            22 => Input::Intent(Intent::Stop),
            23 => Input::Intent(Intent::Uninstall),
            24 => Input::Intent(Intent::Dashboard),
            25 => Input::Intent(Intent::Change),
            26 => Input::Intent(Intent::OpenLog(name)),
            27 => Input::Intent(Intent::CloseLog),
            28 => Input::Intent(Intent::Quit),
            46 => Input::Intent(Intent::Practise),
            47 => Input::Intent(Intent::Another),
            48 => Input::Intent(Intent::Repair(name)),
            49 => Input::Intent(Intent::Name(name)),
            50 => Input::Event(Event::Loaded { answers: Box::default() }),
            29..=31 => Input::Event(Event::Checks { checks: vec![check("x", Status::Warn, None)] }),
            32 => Input::Event(Event::Choices { choices: vec![choice(PlatformKind::Docker, Ok(()), true)] }),
            33 => Input::Event(Event::CameraSet { index, camera: camera(&name), advice: String::new() }),
            34..=36 => Input::Event(planned()),
            37 => Input::Event(Event::RunStarted { steps: n }),
            38 => Input::Event(Event::StepStarted { id: step, title: name, at: 1.0 }),
            39 => Input::Event(Event::StepProgress { id: step, done: 3, total: Some(2), unit: Unit::Bytes, note: name }),
            40 => Input::Event(Event::StepDone { id: step, title: name, seconds: 0.0, changed: yes }),
            41 => Input::Event(Event::StepFailed { id: step, title: name, seconds: 0.0, fault }),
            42 => Input::Event(Event::LogLines { component: name.clone(), lines: vec![name] }),
            43 => Input::Event(Event::Failed { fault }),
            44 => Input::Event(Event::Log { at: 0.0, from: name.clone(), text: name }),
            _ => Input::Event(done(yes)),
        }
    })
}

proptest! {
    #[test]
    fn whatever_comes_in_nothing_is_installed_without_a_yes(inputs in prop::collection::vec(any_input(), 0..120)) {
        let mut f = flow();
        for input in inputs {
            // What was said yes to and never began may be asked for once more, where it failed.
            let again = matches!((&input, &f.unbegun), (Input::Intent(Intent::Retry), Some(Effect::Install(a))) if **a == f.answers);
            let asked = matches!(&input, Input::Intent(Intent::Install)) && f.here() == Stage::Review || again && f.here() == Stage::Install;
            let had_plan = f.plan.is_some() && !f.planning;
            let ran = f.running;
            let effects = f.handle(input);
            for effect in &effects {
                if matches!(effect, Effect::Install(_)) {
                    prop_assert!(asked && had_plan && !ran);
                }
                if matches!(effect, Effect::Install(_) | Effect::Resume(_) | Effect::Undo | Effect::Uninstall) {
                    prop_assert!(!ran && f.running && f.here() == Stage::Install, "one run at a time, and it is shown");
                }
            }
            prop_assert_eq!(f.order.len(), f.steps.len());
            prop_assert!(f.answers.retention_days >= 1);
            prop_assert!(!f.planning || f.plan.is_none());
            prop_assert!(f.log.len() <= super::state::LOG_LINES * 11 / 10);
        }
    }
}
