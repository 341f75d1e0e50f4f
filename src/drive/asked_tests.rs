//! What is asked again before it is answered, and runs that are held or ended, as the fronts ask for it: on described machines.

use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Drive;
use super::proof::Wait;
use crate::flow::Effect;
use crate::model::answers::{Answers, Camera, Record};
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::journal::Ending;
use crate::recipe::load;
use crate::run::Control;
use crate::world::fake::{Described, Pace, named, paced};

fn machine() -> (Drive, Answers, UnboundedReceiver<Event>) {
    let mut machine = Described { trouble: vec![], ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    let (sender, events) = unbounded_channel();
    let drive = Drive::new(paced(machine, Pace::Speed(300.0)).0, load::embedded().unwrap(), "/var/lib/kerbup".into(), sender);
    (drive, Answers { site: "shop".into(), path: "/srv/videos".into(), ..Answers::default() }, events)
}

async fn installed() -> (Drive, Answers, UnboundedReceiver<Event>) {
    let (drive, answers, events) = machine();
    drive.look(&answers).await;
    let (plan, _) = drive.plan(&answers).await.unwrap();
    assert_eq!(drive.install(&answers, &plan, Wait::No).await.unwrap().ending, Ending::Done);
    (drive, answers, events)
}

/// All that comes until nothing has come for a while of the described machine's time.
async fn all(drive: &Drive, events: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    let mut came = vec![];
    loop {
        tokio::select! {
            event = events.recv() => came.extend(event),
            () = drive.world.clock.sleep(Duration::from_secs(300)) => return came,
        }
    }
}

async fn done(events: &mut UnboundedReceiver<Event>) -> bool {
    loop {
        if let Event::Done { ok, .. } = events.recv().await.unwrap() {
            return ok;
        }
    }
}

async fn parts(drive: &Drive) -> usize {
    drive.world.engine.containers(Some(("io.kerbup.site", "shop"))).await.unwrap().len()
}

#[tokio::test]
async fn only_the_plan_of_the_newest_answers_is_shown_and_installed() {
    let (drive, answers, mut events) = machine();
    drive.look(&answers).await;
    let days = |retention_days| Box::new(Answers { retention_days, ..answers.clone() });
    for asked in [days(30), days(3)] {
        drive.perform(Effect::Size(asked.clone()));
        drive.perform(Effect::Plan(asked));
    }
    let came = all(&drive, &mut events).await;
    let plans: Vec<_> = came.iter().filter_map(|e| if let Event::Planned { plan, .. } = e { Some(plan) } else { None }).collect();
    let [plan] = plans[..] else { panic!("{} plans", plans.len()) };
    assert!(plan.steps.iter().any(|s| s.title == "Keep recordings 3 days"), "{:?}", plan.steps);
    assert_eq!(drive.memory().plan.as_ref(), Some(&**plan));
    assert_eq!(came.iter().filter(|e| matches!(e, Event::Sizing(_))).count(), 1);
}

#[tokio::test]
async fn an_older_try_of_a_camera_does_not_replace_the_newer() {
    let (drive, _, mut events) = machine();
    let at = |url: &str| Camera { name: "door".into(), url: url.into(), sub_url: None, user: None, record: Record::Motion };
    // One that gives a picture takes its time, one that is refused is told at once.
    let (right, wrong) = (at("rtsp://192.168.1.64/Streaming/Channels/101"), at("rtsp://192.168.1.99/nothing"));
    let (first, second) = tokio::join!(drive.try_camera(&right), drive.try_camera(&wrong));
    let second = second.unwrap();
    assert!(first.is_some() && second.outcome.is_err());
    let told: Vec<_> = all(&drive, &mut events)
        .await
        .into_iter()
        .filter_map(|e| if let Event::CameraTried { tried } = e { Some(tried) } else { None })
        .collect();
    assert_eq!(told, std::slice::from_ref(&second));
    assert_eq!(drive.memory().tried.get("door"), Some(&second));
}

#[tokio::test]
async fn a_removal_is_held_and_stopped_and_gone_on_with() {
    let (drive, answers, mut events) = installed().await;
    all(&drive, &mut events).await;
    let site = drive.site(Some("shop")).unwrap();
    drive.memory().answers = answers;
    drive.perform(Effect::Uninstall);
    drive.perform(Effect::Pause(true));
    let came = all(&drive, &mut events).await;
    assert!(came.iter().any(|e| matches!(e, Event::RunStarted { .. })) && !came.iter().any(|e| matches!(e, Event::Done { .. })));
    let held = parts(&drive).await;
    drive.world.clock.sleep(Duration::from_secs(600)).await;
    assert_eq!((parts(&drive).await, held > 0), (held, true), "held is held");
    drive.perform(Effect::Stop);
    assert!(matches!(all(&drive, &mut events).await.last(), Some(Event::Done { ok: false, .. })));
    assert!(drive.site(Some("shop")).unwrap().receipt.unfinished());
    drive.perform(Effect::Resume(site.name));
    assert!(done(&mut events).await);
    assert!(parts(&drive).await == 0 && drive.site(Some("shop")).is_err());
}

#[tokio::test]
async fn a_stop_that_comes_before_the_first_step_holds() {
    let (drive, answers, mut events) = machine();
    drive.look(&answers).await;
    drive.perform(Effect::Plan(Box::new(answers.clone())));
    while !matches!(events.recv().await.unwrap(), Event::Planned { .. }) {}
    // What an earlier run was told is over; what this one is told counts from the first word.
    drive.control(Control::Stop);
    drive.perform(Effect::Install(Box::new(answers.clone())));
    drive.perform(Effect::Stop);
    let came = all(&drive, &mut events).await;
    assert!(matches!(came.last(), Some(Event::Done { ok: false, .. })), "{came:?}");
    assert!(!came.iter().any(|e| matches!(e, Event::StepStarted { .. })), "not one step was begun");
    drive.perform(Effect::Install(Box::new(answers)));
    assert!(done(&mut events).await);
}

#[tokio::test]
async fn a_damaged_journal_keeps_nobody_from_another_site() {
    let (drive, _, _events) = installed().await;
    let bad = "/var/lib/kerbup/other/journal/0001.ndjson";
    drive.world.files.create_folder("/var/lib/kerbup/other", 0o700).unwrap();
    drive.world.files.create_folder("/var/lib/kerbup/other/journal", 0o700).unwrap();
    drive.world.files.write(bad, b"{\"record\":\"nonsense\"}\n{}\n", 0o600).unwrap();
    assert_eq!(drive.site(Some("other")).unwrap_err().code, "JOURNAL-DAMAGED");
    assert_eq!(drive.site(Some("shop")).unwrap().name, "shop");
    assert_eq!(drive.sites().unwrap_err().code, "JOURNAL-DAMAGED", "whoever asks for all is told");
}
