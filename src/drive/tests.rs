//! Two kerbups on one described machine: one runs, the other shows it. What a run leaves beside it, and takes away again.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::Drive;
use super::install::Finished;
use super::proof::Wait;
use super::sites::Site;
use crate::model::answers::Answers;
use crate::model::engine::{ContainerSpec, ContainerState};
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::fault::Fault;
use crate::model::host::{Sudo, User};
use crate::model::journal::Ending;
use crate::model::plan::Plan;
use crate::recipe::load;
use crate::step::files;
use crate::world::World;
use crate::world::fake::{Described, Pace, named, paced};

const UNIT: &str = "/etc/systemd/system/kerbup-shop-resume.service";
const LINK: &str = "/etc/systemd/system/multi-user.target.wants/kerbup-shop-resume.service";
const STATE: &str = "/var/lib/kerbup/shop";

fn world(speed: f64) -> World {
    // Nothing goes wrong here: what a described machine stages is another test's.
    let mut machine = Described { trouble: vec![], ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    paced(machine, Pace::Speed(speed)).0
}

fn drive(world: &World) -> (Drive, UnboundedReceiver<Event>) {
    let (sender, events) = unbounded_channel();
    (Drive::new(world.clone(), load::embedded().unwrap(), "/var/lib/kerbup".into(), sender), events)
}

fn answers() -> Answers {
    Answers { site: "shop".into(), path: "/srv/my videos".into(), ..Answers::default() }
}

async fn planned(drive: &Drive) -> Plan {
    drive.look(&answers()).await;
    drive.plan(&answers()).await.unwrap().0
}

fn begun(drive: &Drive, plan: &Plan) -> JoinHandle<Result<Finished, Fault>> {
    let (drive, plan) = (drive.clone(), plan.clone());
    tokio::spawn(async move { drive.install(&answers(), &plan, Wait::No).await })
}

/// A second kerbup that shows the run of the first.
async fn watched(drive: &Drive, site: Site) -> JoinHandle<Result<Finished, Fault>> {
    let two = drive.clone();
    let showing = tokio::spawn(async move { two.resume(&site, Wait::AsUsual).await });
    while drive.attached().is_none() {
        tokio::task::yield_now().await;
    }
    showing
}

async fn under_way(drive: &Drive) {
    for _ in 0..1000 {
        if drive.under_way(STATE) {
            return;
        }
        tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await.unwrap_err();
    }
    panic!("no run is under way");
}

fn all(events: &mut UnboundedReceiver<Event>) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

fn done(events: &[Event]) -> BTreeSet<String> {
    events.iter().filter_map(|e| if let Event::StepDone { id, .. } = e { Some(id.clone()) } else { None }).collect()
}

#[tokio::test]
async fn a_second_kerbup_shows_the_run_of_the_first_to_its_end() {
    let world = world(300.0);
    let ((one, mut first), (two, mut second)) = (drive(&world), drive(&world));
    let plan = planned(&one).await;
    assert!(plan.step("unit:guard").is_some(), "this machine has a service manager and a bundled store");
    let run = begun(&one, &plan);
    under_way(&two).await;
    assert!(two.standing(&two.sites().unwrap())[0].running);
    let site = two.site(Some("shop")).unwrap();
    let refused = two.uninstall(&site, false, false).await.unwrap_err();
    assert_eq!(refused.code, "RUN-UNDER-WAY");

    let text = String::from_utf8(world.files.read(UNIT).unwrap()).unwrap();
    assert!(
        text.contains("RequiresMountsFor=\"/srv/my videos\"\n")
            && text.contains("/kerbup --state /var/lib/kerbup --output plain resume --site shop\n"),
        "{text}"
    );
    assert!(!text.contains("{{") && world.files.read_link(LINK).unwrap() == UNIT);

    let shown = two.resume(&site, Wait::AsUsual).await.unwrap();
    let ran = run.await.unwrap().unwrap();
    assert_eq!((ran.ending, &shown), (Ending::Done, &ran));
    let (first, second) = (all(&mut first), all(&mut second));
    assert_eq!(done(&second), plan.steps.iter().map(|s| s.id.clone()).collect());
    assert!(second.iter().any(|e| *e == Event::RunStarted { steps: plan.steps.len() }));
    assert!(matches!(second.last(), Some(Event::Done { ok: true, .. })));
    assert_eq!(first.last(), second.last());

    assert!(!files::there(&*world.files, UNIT) && !files::there(&*world.files, LINK));
    assert!(!two.under_way(STATE) && !two.standing(&two.sites().unwrap())[0].running && two.attached().is_none());
}

#[tokio::test]
async fn a_second_kerbup_can_stop_the_run_of_the_first() {
    let world = world(10.0);
    let ((one, mut first), (two, _second)) = (drive(&world), drive(&world));
    let plan = planned(&one).await;
    let run = begun(&one, &plan);
    under_way(&two).await;
    let site = two.site(Some("shop")).unwrap();
    let showing = watched(&two, site).await;
    two.want_stop().unwrap();
    assert_eq!(run.await.unwrap().unwrap().ending, Ending::Stopped);
    assert_eq!(showing.await.unwrap().unwrap().ending, Ending::Stopped);
    assert!(done(&all(&mut first)).len() < plan.steps.len());
    assert!(!files::there(&*world.files, &format!("{STATE}/run/stop")) && !files::there(&*world.files, UNIT));
    // What was stopped goes on, and the wish that stopped it is gone.
    let site = two.site(Some("shop")).unwrap();
    assert_eq!(two.resume(&site, Wait::No).await.unwrap().ending, Ending::Done);
}

#[tokio::test]
async fn a_run_that_broke_off_is_told_to_the_one_who_watches() {
    let world = world(10.0);
    let ((one, _first), (two, _second)) = (drive(&world), drive(&world));
    let plan = planned(&one).await;
    let run = begun(&one, &plan);
    under_way(&two).await;
    let site = two.site(Some("shop")).unwrap();
    let showing = watched(&two, site).await;
    run.abort();
    let _ = run.await;
    assert_eq!(showing.await.unwrap().unwrap_err().code, "RUN-BROKE-OFF");
    assert!(files::there(&*world.files, UNIT), "a run that was cut off goes on at the next start of the machine");
    let site = two.site(Some("shop")).unwrap();
    two.stand_down("shop");
    assert!(!files::there(&*world.files, UNIT));
    assert_eq!(two.uninstall(&site, true, false).await.unwrap().ending, Ending::Done);
}

#[tokio::test]
async fn an_uninstall_that_was_cut_off_goes_on_as_it_was_meant() {
    for purge in [false, true] {
        let world = world(300.0);
        let ((one, _first), (two, _second)) = (drive(&world), drive(&world));
        let plan = planned(&one).await;
        assert_eq!(begun(&one, &plan).await.unwrap().unwrap().ending, Ending::Done);
        let kept = "/srv/my videos/mongodb/data/kept";
        world.files.write(kept, b"recorded", 0o600).unwrap();
        let site = two.site(Some("shop")).unwrap();
        let bye = {
            let (drive, site) = (one.clone(), site.clone());
            tokio::spawn(async move { drive.uninstall(&site, purge, false).await })
        };
        while world.engine.container("shop-vault").await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        bye.abort();
        let _ = bye.await;
        // The next start of the machine finds a unit and the program that it names.
        let text = String::from_utf8(world.files.read(UNIT).unwrap()).unwrap();
        assert!(world.files.read_link(LINK).unwrap() == UNIT && text.contains(&format!("ExecStart={STATE}/kerbup ")), "{text}");
        assert!(files::there(&*world.files, &format!("{STATE}/kerbup")));
        let site = two.site(Some("shop")).unwrap();
        assert_eq!((site.receipt.purge, site.receipt.unfinished()), (purge, true));
        assert_eq!(two.resume(&site, Wait::AsUsual).await.unwrap().ending, Ending::Done);
        assert_eq!(files::there(&*world.files, kept), !purge);
        for gone in [UNIT, LINK, "/var/lib/kerbup"] {
            assert!(!files::there(&*world.files, gone), "{gone}");
        }
    }
}

#[tokio::test]
async fn what_was_set_aside_to_be_removed_is_no_site_and_is_swept_away() {
    let world = world(300.0);
    let (one, _events) = drive(&world);
    let plan = planned(&one).await;
    assert_eq!(begun(&one, &plan).await.unwrap().unwrap().ending, Ending::Done);
    one.stand_by("shop", "/srv");
    world.files.rename(STATE, "/var/lib/kerbup/.gone-shop").unwrap();
    assert!(one.sites().unwrap().is_empty());
    one.sweep();
    assert!(!files::there(&*world.files, "/var/lib/kerbup") && !files::there(&*world.files, UNIT));
    // Beside a new site of that name, its unit is its own.
    files::make(&*world.files, "/var/lib/kerbup/.gone-shop", 0o700).unwrap();
    files::make(&*world.files, STATE, 0o700).unwrap();
    one.stand_by("shop", "/srv");
    one.sweep();
    assert!(files::there(&*world.files, UNIT) && files::there(&*world.files, STATE));
    assert!(!files::there(&*world.files, "/var/lib/kerbup/.gone-shop"));
}

#[tokio::test]
async fn a_unit_of_somebody_else_is_left_alone_and_a_run_goes_on_without_its_own() {
    let world = world(300.0);
    world.files.write(UNIT, b"[Service]\nExecStart=/bin/true\n", 0o644).unwrap();
    let (one, mut events) = drive(&world);
    one.look(&answers()).await;
    one.stand_by("shop", "/srv");
    one.stand_down("shop");
    assert_eq!(world.files.read(UNIT).unwrap(), b"[Service]\nExecStart=/bin/true\n");
    assert!(all(&mut events).iter().any(|e| matches!(e, Event::Log { text, .. } if text.contains("will not go on by itself"))));
}

#[tokio::test]
async fn a_user_learns_that_a_site_is_roots() {
    let mut machine = Described { trouble: vec![], ..named("lxc").unwrap() };
    machine.host.user = Fact::known(User { name: "pi".into(), uid: 1000, groups: vec![], sudo: Sudo::Free }, "getuid");
    let fault = |machine: &Described| {
        let drive = drive(&paced(machine.clone(), Pace::Speed(1.0)).0).0;
        Drive { root: "/home/pi/.local/state/kerbup".into(), ..drive }.site(None).unwrap_err()
    };
    assert_eq!(fault(&machine).says, "Nothing is installed here yet.");
    machine.files.insert(format!("{STATE}/lock"), String::new());
    let fault = fault(&machine);
    assert_eq!(
        (fault.says.as_str(), fault.cure.as_slice()),
        ("The site shop was installed by root.", &["See how it is: sudo kerbup status".to_string()][..])
    );
}

#[tokio::test]
async fn what_the_engine_gave_up_on_starts_when_its_disk_is_there() {
    let world = world(300.0);
    let (one, _events) = drive(&world);
    let plan = planned(&one).await;
    assert_eq!(begun(&one, &plan).await.unwrap().unwrap().ending, Ending::Done);
    assert!(plan.step("unit:disk").is_some());
    let site = one.site(Some("shop")).unwrap();
    assert_eq!(one.await_disk(&site).await.unwrap(), Vec::<String>::new(), "what runs is left alone");

    // A person stopped one part, the engine could not start another: its port was taken for a while.
    let engine = &world.engine;
    let parts = engine.containers(Some(("io.kerbup.site", "shop"))).await.unwrap();
    let store = parts.iter().find(|c| c.name == "shop-minio").unwrap();
    engine.stop("shop-mongodb").await.unwrap();
    engine.stop("shop-minio").await.unwrap();
    let other = ContainerSpec { name: "other".into(), image: store.image.clone(), publish: store.publish.clone(), ..Default::default() };
    engine.create(&other, &[]).await.unwrap();
    engine.start("other").await.unwrap();
    engine.start("shop-minio").await.unwrap_err();
    engine.remove("other").await.unwrap();

    let mark = "/srv/my videos/.kerbup/site";
    world.files.remove_file(mark).unwrap();
    assert_eq!(one.awaited(&site).unwrap().as_deref(), Some("/srv/my videos"));
    assert_eq!(one.guard(&site).await.unwrap_err().code, "DISK-MISSING");
    let waiting = tokio::spawn({
        let (two, site) = (one.clone(), site.clone());
        async move { two.await_disk(&site).await }
    });
    world.clock.sleep(Duration::from_secs(60)).await;
    assert!(!waiting.is_finished(), "it waits however long that takes");
    // Another site's disk is not this one's.
    world.files.write(mark, b"other\n", 0o600).unwrap();
    world.clock.sleep(Duration::from_secs(60)).await;
    assert!(!waiting.is_finished());
    world.files.write(mark, b"shop\n", 0o600).unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), ["minio"]);
    let state = async |name: &str| engine.container(name).await.unwrap().unwrap().state;
    assert_eq!(state("shop-minio").await, ContainerState::Running);
    assert_eq!(state("shop-mongodb").await, ContainerState::Exited, "what a person stopped stays so");
}

#[tokio::test]
async fn a_part_whose_port_is_taken_for_a_moment_is_started_all_the_same() {
    let world = world(300.0);
    let (one, mut events) = drive(&world);
    let plan = planned(&one).await;
    assert_eq!(begun(&one, &plan).await.unwrap().unwrap().ending, Ending::Done);
    let engine = &world.engine;
    engine.stop("shop-vault").await.unwrap();
    let page = engine.container("shop-vault").await.unwrap().unwrap();
    let other = ContainerSpec { name: "other".into(), image: page.image.clone(), publish: page.publish.clone(), ..Default::default() };
    engine.create(&other, &[]).await.unwrap();
    engine.start("other").await.unwrap();
    all(&mut events);
    let again = begun(&one, &plan);
    while !matches!(events.recv().await.unwrap(), Event::StepStarted { id, .. } if id == "container:vault") {}
    world.clock.sleep(Duration::from_secs(2)).await;
    engine.remove("other").await.unwrap();
    let ended = again.await.unwrap().unwrap();
    assert_eq!((ended.ending, ended.fault), (Ending::Done, None));
}
