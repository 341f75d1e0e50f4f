//! For each component of the recipes: it is healthy as it should be, and not for a right port with a wrong password, for a wrong
//! protocol, a process that stopped, or a full disk. A component that one of these cannot be shown for fails here.

use super::*;
use crate::model::recipe::{Component, ComponentShape};
use crate::recipe::load::embedded;

/// What is wrong with it, the machine on which it is so, and what it then is.
type Case = (&'static str, fn(&mut Machine), ComponentState);

const CASES: [Case; 8] = [
    ("a wrong password", |m| m.password = "changed", ComponentState::Degraded),
    ("another program's page", |m| m.speaks = Speaks::AnotherPage, ComponentState::Degraded),
    ("a wrong protocol", |m| m.speaks = Speaks::Noise, ComponentState::Degraded),
    ("a process that ended within its container", |m| m.speaks = Speaks::Nothing, ComponentState::Down),
    ("a process that was stopped", |m| exits(m, 143), ComponentState::Stopped),
    ("a process that crashed", |m| exits(m, 139), ComponentState::Down),
    ("a full disk", |m| m.free = 1024, ComponentState::Degraded),
    ("a disk without room for another name", |m| m.inodes = Some(0), ComponentState::Degraded),
];

fn exits(machine: &mut Machine, code: i64) {
    machine.observed.state = ContainerState::Exited;
    machine.observed.exit_code = Some(code);
}

/// The part as the recipe says that it is asked.
fn subject_of(c: &Component) -> Subject {
    let port = c.ports.iter().find(|p| p.name == c.health.port).unwrap_or_else(|| panic!("{} has no port {}", c.name, c.health.port));
    let records = c.shape == ComponentShape::PerCamera;
    Subject {
        name: c.name.clone(),
        kind: c.name.clone(),
        port: port.port,
        user: c.health.user.clone(),
        path: c.health.path.clone(),
        camera: records.then(|| ("front".to_string(), Record::Always)),
        agent_folder: records.then(|| "/srv/agent".to_string()),
        ..subject(&c.health.probe)
    }
}

async fn seen(c: &Component, wrong: impl FnOnce(&mut Machine)) -> HealthSnapshot {
    let subject = subject_of(c);
    let user: &'static str = subject.user.clone().unwrap_or_default().leak();
    let mut machine = Machine { user, port: subject.port, saved: vec![(NOW - 10, 1_000_000)], ..Machine::default() };
    wrong(&mut machine);
    snapshot(&machine.world(), "s", &[subject], Some("/srv"), Some(30)).await
}

#[tokio::test]
async fn each_component_is_seen_to_be_well_and_not_to_be() {
    let recipes = embedded().unwrap();
    assert!(recipes.components.len() >= 5);
    for c in &recipes.components {
        assert!(c.health.user.is_some() && c.health.password.is_some(), "{}: without a login anything on its port would do", c.name);
        assert!(KINDS.contains(&c.health.probe.as_str()), "{}: {} is no probe that is tested", c.name, c.health.probe);
        let well = seen(c, |_| ()).await;
        assert_eq!((well.components[0].state, well.overall), (ComponentState::Healthy, Overall::Healthy), "{}: {well:?}", c.name);
        for (what, wrong, state) in CASES {
            let all = seen(c, wrong).await;
            let part = &all.components[0];
            assert_eq!(part.state, state, "{}, {what}: {part:?}", c.name);
            assert!(!part.evidence.is_empty(), "{}, {what}: {part:?}", c.name);
            assert_ne!(all.overall, Overall::Healthy, "{}, {what}", c.name);
            let claims = all.cameras.iter().any(|camera| camera.state == CameraState::Recording);
            assert!(!claims || part.evidence[0] == words::DISK_FULL, "{}, {what}: {:?}", c.name, all.cameras);
        }
    }
}
