//! Sites that stand: what the first screen offers of them, and how they are gone on with, repaired, changed and joined by others.

use super::state::{Draft, Purpose, Standing, Then};
use super::{Effect, Flow, Input, Intent, Stage};
use crate::model::answers::Answers;
use crate::model::check::{Check, Status};
use crate::model::event::{CameraCount, Event};
use crate::model::fault::{Fault, Whose};
use crate::model::plan::Plan;

fn standing(site: &str) -> Standing {
    Standing { site: site.into(), done: 9, of: 9, stood: true, ..Standing::default() }
}

fn flow(standing: Vec<Standing>) -> Flow {
    Flow::new(Answers { site: "shop".into(), ..Answers::default() }, standing, false)
}

fn want(flow: &mut Flow, intent: Intent) -> Vec<Effect> {
    flow.handle(Input::Intent(intent))
}

fn see(flow: &mut Flow, event: Event) -> Vec<Effect> {
    flow.handle(Input::Event(event))
}

fn loaded(site: &str) -> Event {
    Event::Loaded { answers: Box::new(Answers { site: site.into(), ..Answers::default() }) }
}

fn checks(status: Status) -> Event {
    let check = Check { id: "x".into(), area: "docker".into(), status, seen: "seen".into(), advice: "Do this.".into(), fix: None };
    Event::Checks { checks: vec![check] }
}

fn planned() -> Event {
    Event::Planned { plan: Box::new(Plan::default()), states: Default::default() }
}

fn done(ok: bool) -> Event {
    Event::Done { ok, changed: true, cameras: CameraCount::default(), addresses: vec![], says: vec![] }
}

fn offered(flow: &Flow) -> Vec<String> {
    flow.offers().into_iter().map(|o| o.says).collect()
}

#[test]
fn what_stands_comes_first_and_offers_all_that_can_be_done_with_it() {
    assert_eq!(offered(&flow(vec![])), ["Start", "Try it first"]);
    let all = ["See how shop is", "Change shop", "Repair shop", "Take shop down", "Install another site", "Try it first"];
    assert_eq!(offered(&flow(vec![standing("shop")])), all);
    // A half-done one is gone on with, and all the rest can be done with it as well.
    let half = Standing { unfinished: true, done: 3, ..standing("shop") };
    assert_eq!(offered(&flow(vec![half.clone()]))[..2], ["Go on with shop", "See how shop is"]);
    assert_eq!(offered(&flow(vec![half.clone()]))[1..], all);
    let leaving = Standing { purpose: Purpose::Uninstall, ..half.clone() };
    let offers = offered(&flow(vec![leaving]));
    assert!(offers[0] == "Finish taking shop down" && !offers.contains(&"Take shop down".to_string()), "{offers:?}");
    // What another kerbup works on is shown, and nothing else is done to it.
    let busy = Standing { running: true, ..half };
    assert_eq!(offered(&flow(vec![busy]))[..3], ["Show the work on shop", "See how shop is", "Install another site"]);
}

#[test]
fn taking_down_is_gone_on_with_as_such() {
    let leaving = Standing { unfinished: true, purpose: Purpose::Uninstall, ..standing("shop") };
    let mut f = flow(vec![leaving]);
    assert!(matches!(want(&mut f, Intent::Resume("shop".into())).as_slice(), [Effect::Resume(_)]));
    assert!(f.purpose == Purpose::Uninstall && !f.left_standing());
    see(&mut f, Event::StepReverted { id: "a".into(), title: "Remove a".into() });
    see(&mut f, done(true));
    assert_eq!((f.here(), f.standing.len(), f.left_standing()), (Stage::Done, 0, false));
    // The same where it failed a moment ago, and is tried again.
    let mut f = flow(vec![standing("shop")]);
    want(&mut f, Intent::Uninstall);
    let fault = Fault::new(Whose::Machine, "X", "x");
    see(&mut f, Event::StepFailed { id: "a".into(), title: "Remove a".into(), seconds: 1.0, fault });
    see(&mut f, done(false));
    assert!(f.standing[0].unfinished && offered(&f)[0] == "Finish taking shop down");
    want(&mut f, Intent::Retry);
    assert!(f.purpose == Purpose::Uninstall);
}

#[test]
fn another_site_gets_answers_of_its_own() {
    let mut f = flow(vec![standing("shop")]);
    assert!(matches!(want(&mut f, Intent::Another).as_slice(), [Effect::Another]));
    assert_eq!(f.here(), Stage::Machine);
    // The machine is looked at for the new answers, not for those of the site that stands.
    assert!(matches!(see(&mut f, loaded("home-2")).as_slice(), [Effect::Probe]));
    assert!(f.then.is_none() && f.names_site());
    see(&mut f, checks(Status::Pass));
    for (name, kept) in [("Shop 3", "home-2"), ("shop", "home-2"), (" till ", "till")] {
        let effects = want(&mut f, Intent::Name(name.into()));
        assert_eq!(
            (f.answers.site.as_str(), f.note.is_some(), effects.len()),
            (kept, kept != "till", 2 * usize::from(kept == "till")),
            "checked and kept"
        );
    }
    // A site that stands keeps its name, and one alone is not asked for it.
    assert!(!flow(vec![standing("shop")]).names_site() && !flow(vec![]).names_site());
}

#[test]
fn a_repair_plans_with_the_answers_that_the_site_has() {
    let begun = || {
        let mut f = flow(vec![standing("till")]);
        assert!(matches!(want(&mut f, Intent::Repair("till".into())).as_slice(), [Effect::Load(s)] if s == "till"));
        assert!(f.here() == Stage::Review && f.busy());
        assert!(matches!(see(&mut f, loaded("till")).as_slice(), [Effect::Probe]));
        f
    };
    let mut f = begun();
    assert!(matches!(see(&mut f, checks(Status::Pass)).as_slice(), [Effect::Plan(a)] if a.site == "till"));
    see(&mut f, planned());
    assert!(matches!(want(&mut f, Intent::Install).as_slice(), [Effect::Install(_)]), "the button does it, and nothing before");
    // What stands in the way is shown where it is seen to.
    let mut f = begun();
    assert!(see(&mut f, checks(Status::Block)).is_empty());
    assert_eq!((f.here(), f.planning, f.note.as_deref()), (Stage::Machine, false, Some("Seen. Do this.")));
    // Answers that cannot be read end it.
    let mut f = begun();
    see(&mut f, Event::Failed { fault: Fault::new(Whose::Machine, "X", "x") });
    assert_eq!((f.then, f.planning), (None::<Then>, false));
}

#[test]
fn who_changes_a_site_comes_back_to_where_that_was_begun() {
    // From the dashboard after an install, which made the site stand.
    let mut f = flow(vec![]).at(Stage::Review);
    f.plan = Some(Plan::default());
    want(&mut f, Intent::Install);
    see(&mut f, done(true));
    assert!(f.standing.iter().any(|s| s.site == "shop" && s.stood && !s.unfinished));
    want(&mut f, Intent::Dashboard);
    want(&mut f, Intent::Change);
    assert!(f.here() == Stage::Machine && f.changing);
    assert!(matches!(want(&mut f, Intent::Back).as_slice(), [Effect::Watch]));
    assert!(f.here() == Stage::Dashboard && !f.changing);
    want(&mut f, Intent::Back);
    assert_eq!(f.here(), Stage::Done, "and from there to where it was opened");
    // From the first screen.
    let mut f = flow(vec![standing("shop")]);
    want(&mut f, Intent::Change);
    want(&mut f, Intent::Back);
    assert!(f.here() == Stage::Welcome && !f.changing);
}

#[test]
fn a_run_that_is_gone_on_with_has_its_plan_and_a_way_back_to_the_answers() {
    let half = Standing { unfinished: true, ..standing("shop") };
    let mut f = flow(vec![half]);
    want(&mut f, Intent::Resume("shop".into()));
    assert!(f.plan.is_none());
    see(&mut f, planned());
    assert!(f.plan.is_some());
    see(&mut f, checks(Status::Pass));
    see(&mut f, done(false));
    assert!(matches!(want(&mut f, Intent::Back).as_slice(), [Effect::Plan(_)]), "what was done since stands by now");
    assert_eq!(f.here(), Stage::Review);
}

/// Answers that are to be kept, and the site they are for.
fn kept(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|e| if let Effect::KeepAnswers(a) = e { Some(format!("{} {}", a.site, a.retention_days)) } else { None })
        .collect()
}

#[test]
fn what_is_typed_is_kept_at_once_and_taken_up_later() {
    let mut f = flow(vec![]);
    assert!(kept(&want(&mut f, Intent::Next)).is_empty(), "nothing was typed");
    assert_eq!(f.typed_is_kept(), None);
    let mut f = f.at(Stage::Storage);
    assert_eq!(kept(&want(&mut f, Intent::Days(12))), ["shop 12"]);
    assert!(kept(&want(&mut f, Intent::Days(12))).is_empty(), "once");
    assert_eq!(f.kept_words(), None);
    see(&mut f, Event::AnswersKept { kept: true });
    assert!(f.typed_is_kept() == Some(true) && f.kept_words().is_some());
    see(&mut f, Event::AnswersKept { kept: false });
    assert!(f.typed_is_kept() == Some(false) && f.kept_words().is_none());

    let draft = Some(Draft { site: "shop".into(), cameras: 2 });
    let mut f = flow(vec![]).drafted(draft.clone());
    assert_eq!(offered(&f), ["Go on with your answers", "Start", "Try it first"]);
    assert!(f.offers()[0].means.starts_with("2 cameras;"), "{}", f.offers()[0].means);
    assert!(matches!(want(&mut f, Intent::TakeUp).as_slice(), [Effect::TakeUp]) && f.here() == Stage::Machine);
    assert!(matches!(see(&mut f, loaded("shop")).as_slice(), [Effect::Probe]));
    assert_eq!(f.typed_is_kept(), Some(true), "they lie there still");
    assert!(offered(&flow(vec![standing("shop")]).drafted(draft)).iter().all(|o| o != "Go on with your answers"), "it stands by now");
}

#[test]
fn what_is_typed_for_a_standing_site_or_in_practice_is_not_kept() {
    let changes = Flow { changing: true, ..flow(vec![standing("shop")]) };
    let practice = Flow { practice: true, ..flow(vec![]) };
    for f in [changes, practice] {
        let mut f = f.at(Stage::Storage);
        assert!(kept(&want(&mut f, Intent::Days(12))).is_empty());
        assert_eq!((f.typed_is_kept(), f.kept_words()), (Some(false), None));
    }
}
