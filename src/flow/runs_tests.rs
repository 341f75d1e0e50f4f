//! A run in the journey: how it is folded, what a failure offers, and sites that stand, go and keep their folder.

use super::state::{Standing, StepRun};
use super::tests::*;
use super::{Effect, Flow, Intent, Stage};
use crate::model::answers::Answers;
use crate::model::check::Fix;
use crate::model::event::{Event, Unit};
use crate::model::fault::{Fault, Whose};

#[test]
fn a_run_is_folded_and_ends_at_done_and_dashboard() {
    let mut f = at_review();
    want(&mut f, Intent::Install);
    see(&mut f, Event::StepStarted { id: "a".into(), title: "Do a".into(), at: 10.0 });
    see(&mut f, Event::StepProgress { id: "a".into(), done: 1, total: Some(2), unit: Unit::Bytes, note: "layers".into() });
    assert!(matches!(f.steps.get("a"), Some(StepRun::Running { progress: Some((1, Some(2), Unit::Bytes)), .. })));
    assert!(matches!(want(&mut f, Intent::Pause(true)).as_slice(), [Effect::Pause(true)]));
    see(&mut f, Event::StepDone { id: "a".into(), title: "Do a".into(), seconds: 2.0, changed: true });
    see(&mut f, done(true));
    assert_eq!((f.here(), f.done_of(), f.paused), (Stage::Done, (1, 2), false));
    assert!(matches!(want(&mut f, Intent::Next).as_slice(), [Effect::Watch]));
    assert_eq!(f.here(), Stage::Dashboard);
    assert!(matches!(want(&mut f, Intent::Back).as_slice(), [Effect::Unwatch]));
    assert!(matches!(want(&mut f, Intent::Quit).as_slice(), [Effect::Quit(0)]));
}

#[test]
fn a_failed_step_can_be_tried_again_gone_back_from_or_taken_back() {
    let mut f = at_review();
    want(&mut f, Intent::Install);
    see(&mut f, Event::RunStarted { steps: 2 });
    assert!(matches!(want(&mut f, Intent::Stop).as_slice(), [Effect::Stop]));
    let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9000 is in use.");
    see(&mut f, Event::StepFailed { id: "b".into(), title: "Do b".into(), seconds: 1.0, fault });
    see(&mut f, done(false));
    assert_eq!(f.failed().map(|(id, _, fault)| (id, fault.code.as_str())), Some(("b", "PORT-TAKEN")));
    assert_eq!(f.here(), Stage::Install);
    let mut again = f.clone();
    assert!(matches!(want(&mut again, Intent::Retry).as_slice(), [Effect::Resume(s)] if s == "home"));
    assert!(again.running && again.failed().is_none());
    let mut other = f.clone();
    assert!(matches!(want(&mut other, Intent::Fix(Fix::OtherPort)).as_slice(), [Effect::Plan(a)] if a.storage_port == 9001));
    assert_eq!(other.here(), Stage::Review);
    let mut undo = f.clone();
    assert!(matches!(want(&mut undo, Intent::Undo).as_slice(), [Effect::Undo]));
    assert!(matches!(want(&mut f, Intent::Quit).as_slice(), [Effect::Quit(1)]));
}

#[test]
fn an_undone_change_leaves_the_site_standing_and_an_undone_install_does_not() {
    let undone = |mut f: Flow| {
        want(&mut f, Intent::Install);
        see(&mut f, done(false));
        assert!(f.left_standing());
        want(&mut f, Intent::Undo);
        see(&mut f, Event::StepReverted { id: "c".into(), title: "Remove c".into() });
        see(&mut f, planned());
        assert_eq!((f.order.clone(), f.done_of()), (vec!["c".to_string(), "a".into(), "b".into()], (0, 3)));
        see(&mut f, done(true));
        (f.here(), f.left_standing(), f.standing)
    };
    let stands = Standing { site: "home".into(), unfinished: true, stood: true, ..Standing::default() };
    let now = Standing { unfinished: false, folder: Some(at_review().answers.path), ..stands.clone() };
    assert_eq!(undone(Flow { standing: vec![stands], ..at_review() }), (Stage::Done, true, vec![now]));
    let half = Standing { site: "home".into(), unfinished: true, ..Standing::default() };
    assert_eq!(undone(Flow { standing: vec![half], ..at_review() }), (Stage::Done, false, vec![]));
    // What was installed here and now stands like any other.
    let mut f = at_review();
    want(&mut f, Intent::Install);
    see(&mut f, done(true));
    assert!(f.stood());
}

#[test]
fn a_standing_site_is_picked_and_gone_on_with() {
    let standing = Standing { site: "shop".into(), unfinished: true, running: true, done: 3, of: 9, ..Standing::default() };
    let mut f = Flow::new(Answers::default(), vec![standing], false);
    assert!(matches!(want(&mut f, Intent::Pick("shop".into())).as_slice(), [Effect::Load(s)] if s == "shop"));
    let answers = Answers { site: "shop".into(), retention_days: 4, ..Answers::default() };
    see(&mut f, Event::Loaded { answers: Box::new(answers) });
    assert!(matches!(want(&mut f, Intent::Resume("shop".into())).as_slice(), [Effect::Resume(_)]));
    see(&mut f, Event::RunStarted { steps: 9 });
    see(&mut f, done(true));
    assert_eq!((f.here(), f.answers.retention_days, f.standing[0].unfinished, f.standing[0].running), (Stage::Done, 4, false, false));
}

#[test]
fn a_site_that_was_taken_down_stands_no_more() {
    let standing = Standing { site: "home".into(), unfinished: false, running: false, done: 9, of: 9, ..Standing::default() };
    let mut f = Flow::new(Answers::default(), vec![standing], false);
    assert!(matches!(want(&mut f, Intent::Uninstall).as_slice(), [Effect::Uninstall]));
    see(&mut f, Event::StepStarted { id: "a".into(), title: "Take a away".into(), at: 1.0 });
    see(&mut f, done(true));
    assert_eq!((f.here(), f.standing.len()), (Stage::Done, 0));
    assert_eq!(f.steps.get("a"), Some(&StepRun::Waiting), "what was under way when the run ended is not done");
}

#[test]
fn the_folder_of_a_site_that_stands_is_not_changed() {
    let folder = Some("/srv/kerberos".to_string());
    let standing =
        Standing { site: "home".into(), unfinished: false, running: false, done: 9, of: 9, folder, stood: true, ..Standing::default() };
    let mut f = Flow::new(Answers::default(), vec![standing], false).at(Stage::Storage);
    assert!(want(&mut f, Intent::Folder("/mnt/big".into())).is_empty());
    assert!(f.note.as_deref().is_some_and(|n| n.contains("/srv/kerberos") && n.contains("Uninstall")), "{:?}", f.note);
    assert_eq!((f.answers.path.as_str(), f.answers.origins.len()), ("/srv/kerberos", 0));
    assert!(!want(&mut f, Intent::Folder("/srv/kerberos/".into())).is_empty(), "the same is no change");
    // Named beforehand it goes no further, and another site may take it.
    f.answers.path = "/mnt/big".into();
    assert!(want(&mut f, Intent::Next).is_empty() && f.here() == Stage::Storage && f.note.is_some());
    f.answers.site = "shop".into();
    want(&mut f, Intent::Next);
    assert_eq!(f.here(), Stage::Review);
}

#[test]
fn a_site_that_was_just_installed_keeps_its_folder() {
    let mut f = at_review();
    want(&mut f, Intent::Install);
    see(&mut f, done(true));
    assert_eq!(f.kept_folder(), Some(f.answers.path.as_str()));
}

#[test]
fn what_never_began_is_asked_for_again_and_not_what_stood_before() {
    let mut f = at_review();
    want(&mut f, Intent::Install);
    // Another kerbup held the site: the run was refused, and the plan of the last time is no answer to that.
    let fault = Fault::new(Whose::Machine, "RUN-UNDER-WAY", "Another kerbup is at work on this site.");
    see(&mut f, Event::Failed { fault });
    see(&mut f, done(false));
    assert!(matches!(want(&mut f, Intent::Retry).as_slice(), [Effect::Install(a)] if a.site == "home"));
    assert!(f.running);
    see(&mut f, Event::RunStarted { steps: 2 });
    see(&mut f, done(false));
    assert!(matches!(want(&mut f, Intent::Retry).as_slice(), [Effect::Resume(s)] if s == "home"));
}

#[test]
fn a_removal_says_how_far_it_is() {
    let mut f = flow();
    want(&mut f, Intent::Uninstall);
    see(&mut f, Event::RunStarted { steps: 3 });
    assert_eq!(f.along(), (0, 3));
    see(&mut f, Event::StepStarted { id: "b".into(), title: "Remove b".into(), at: 1.0 });
    see(&mut f, Event::StepReverted { id: "b".into(), title: "Remove b".into() });
    assert_eq!((f.along(), f.done_of().0), ((1, 3), 0), "taken back is not done");
}
