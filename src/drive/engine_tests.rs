//! An engine that is there and does not start with the machine, on described machines: it does while a site needs it.

use tokio::sync::mpsc::unbounded_channel;

use super::Drive;
use super::proof::Wait;
use crate::model::answers::Answers;
use crate::model::engine::ContainerSpec;
use crate::model::fact::Fact;
use crate::model::host::DockerPresence;
use crate::model::journal::Ending;
use crate::model::plan::{Risk, StepState};
use crate::recipe::load;
use crate::world::fake::{Answer, Described, Pace, named, paced};

/// A service manager that remembers whether Docker starts with the machine, as a program that is there or not.
const ENABLED: &str = "docker-starts";

fn systemctl() -> Vec<Answer> {
    let of = |args: &str| Answer { program: "systemctl".into(), args: args.into(), ..Answer::default() };
    let marks = || vec![ENABLED.to_string()];
    vec![
        Answer { stdout: "enabled\n".into(), when: Some(ENABLED.into()), ..of("is-enabled docker") },
        Answer { stdout: "disabled\n".into(), code: 1, ..of("is-enabled docker") },
        Answer { installs: marks(), engine: Some(true), ..of("enable --now docker") },
        Answer { removes: marks(), ..of("disable docker") },
        // A system whose Docker has no socket of its own.
        Answer { code: 5, stderr: "Unit docker.socket not loaded.\n".into(), ..of("stop docker.socket") },
        Answer { engine: Some(false), ..of("stop docker") },
        Answer { program: ENABLED.into(), later: true, ..Answer::default() },
        of(""),
    ]
}

fn drive(change: impl FnOnce(&mut Described)) -> (Drive, Answers) {
    let mut machine = Described { trouble: vec![], programs: systemctl(), ..named("lxc").unwrap() };
    machine.host.listeners = Fact::known(vec![], "nothing listens");
    change(&mut machine);
    let world = paced(machine, Pace::Speed(300.0)).0;
    let drive = Drive::new(world, load::embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel().0);
    (drive, Answers { site: "shop".into(), path: "/srv/videos".into(), ..Answers::default() })
}

fn not_at_boot(machine: &mut Described) {
    if let Fact::Known { value: DockerPresence::Running(engine), .. } = &mut machine.host.docker {
        engine.enabled = Some(false);
    }
}

fn stopped(machine: &mut Described) {
    let (detail, masked, snap, desktop) = ("docker.service is disabled and inactive".into(), false, false, false);
    machine.host.docker = Fact::known(DockerPresence::Stopped { detail, masked, snap, desktop }, "systemctl is-active");
}

async fn install(drive: &Drive, answers: &Answers) {
    let (plan, _) = drive.plan(answers).await.unwrap();
    let ran = drive.install(answers, &plan, Wait::No).await.unwrap();
    assert_eq!(ran.ending, Ending::Done, "{ran:?}");
}

fn starts(drive: &Drive) -> bool {
    drive.world.processes.find(ENABLED).is_some()
}

async fn uninstall(drive: &Drive) {
    let site = drive.site(Some("shop")).unwrap();
    assert_eq!(drive.uninstall(&site, true, false).await.unwrap().ending, Ending::Done);
}

#[tokio::test]
async fn a_docker_that_would_not_come_back_does_so_as_long_as_the_site_stands() {
    let (drive, answers) = drive(not_at_boot);
    drive.look(&answers).await;
    let (plan, states) = drive.plan(&answers).await.unwrap();
    let step = &plan.steps[0];
    assert_eq!((step.kind.as_str(), step.risk, step.title.as_str()), ("docker", Risk::Machine, "Let Docker start with the machine"));
    assert_eq!(step.preview.by_hand, ["sudo systemctl enable --now docker"]);
    assert!(matches!(&states["docker"], StepState::Different { diff } if diff[0].contains("start with the machine")), "{states:?}");
    assert!(!starts(&drive));
    install(&drive, &answers).await;
    assert!(starts(&drive));
    assert_eq!(drive.plan(&answers).await.unwrap().1["docker"], StepState::OursAlready, "twice changes nothing");
    let site = drive.site(Some("shop")).unwrap();
    assert!(drive.farewell(&site, true, false).0.iter().any(|g| g.contains("start with the machine")));
    uninstall(&drive).await;
    assert!(!starts(&drive), "as it was");
    assert!(drive.world.engine.info().await.is_ok(), "it ran before, and runs");
}

#[tokio::test]
async fn a_docker_that_was_stopped_and_switched_off_ends_so() {
    let (drive, answers) = drive(stopped);
    drive.look(&answers).await;
    assert_eq!(drive.plan(&answers).await.unwrap().0.steps[0].title, "Start Docker");
    install(&drive, &answers).await;
    assert!(starts(&drive));
    uninstall(&drive).await;
    assert!(!starts(&drive) && drive.world.engine.info().await.is_err());
}

#[tokio::test]
async fn a_docker_that_starts_with_the_machine_and_was_stopped_ends_so() {
    let (drive, answers) = drive(|machine| {
        stopped(machine);
        machine.programs.iter_mut().filter(|a| a.program == ENABLED).for_each(|a| a.later = false);
    });
    drive.look(&answers).await;
    assert!(starts(&drive));
    install(&drive, &answers).await;
    assert!(drive.world.engine.info().await.is_ok());
    uninstall(&drive).await;
    assert!(starts(&drive) && drive.world.engine.info().await.is_err());
}

#[tokio::test]
async fn what_others_need_of_it_by_then_stays() {
    // Somebody's container goes on running; only the start with the machine is as it was.
    let (one, answers) = drive(stopped);
    one.look(&answers).await;
    install(&one, &answers).await;
    let engine = &one.world.engine;
    let image = engine.containers(None).await.unwrap()[0].image.clone();
    let theirs = |labels: &[(&str, &str)]| ContainerSpec {
        name: "theirs".into(),
        image: image.clone(),
        labels: labels.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect(),
        ..ContainerSpec::default()
    };
    engine.create(&theirs(&[]), &[]).await.unwrap();
    engine.start("theirs").await.unwrap();
    uninstall(&one).await;
    assert!(!starts(&one) && one.world.engine.info().await.is_ok());

    // Another site of kerbup's records after a restart of the machine, too.
    let (two, answers) = drive(not_at_boot);
    two.look(&answers).await;
    install(&two, &answers).await;
    two.world.engine.create(&theirs(&[("io.kerbup.site", "home")]), &[]).await.unwrap();
    uninstall(&two).await;
    assert!(starts(&two));
}
