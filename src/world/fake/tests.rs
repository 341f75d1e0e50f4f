//! What every engine must do alike, and the fake doors held to it.

use std::io::ErrorKind;
use std::sync::Mutex;
use std::time::Duration;

use super::{Hand, Pace, from_report, named, names, paced};
use crate::model::engine::{ContainerSpec, ContainerState, NetworkSpec, Publish};
use crate::model::host::DockerPresence;
use crate::world::engine::{Engine, EngineError, LogFrom};
use crate::world::files::Kind;
use crate::world::processes::{Command, ProcessError};

/// Held against the fake engine always and against a real one where there is one. `image` is on the engine; `fetch` is one
/// that can be fetched, if any.
pub(crate) async fn semantics(engine: &dyn Engine, prefix: &str, image: &str, fetch: Option<&str>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let args = Some(vec!["server".to_owned(), "/data".to_owned()]);
    let spec = |name: &str| ContainerSpec {
        name: format!("{prefix}-{name}"),
        image: image.to_owned(),
        args: args.clone(),
        publish: vec![Publish { address: "127.0.0.1".into(), host: port, container: 9000 }],
        stop_seconds: Some(2),
        labels: [("io.kerbup.site".to_owned(), prefix.to_owned())].into(),
        ..ContainerSpec::default()
    };
    let (one, two) = (spec("one"), spec("two"));

    // Names.
    assert!(matches!(engine.start(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.stop(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.restart(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.usage(&one.name).await, Err(EngineError::NotFound(_))));
    assert!(matches!(engine.logs(&one.name, LogFrom::Last(1), false).await.map(|_| ()), Err(EngineError::NotFound(_))));
    assert_eq!(engine.container(&one.name).await.unwrap(), None);
    engine.remove(&one.name).await.unwrap();
    engine.remove_network(&format!("{prefix}-net")).await.unwrap();
    engine.remove_image(&format!("{prefix}/nothing:1")).await.unwrap();
    assert_eq!(engine.image(&format!("{prefix}/nothing:1")).await.unwrap(), None);
    let missing = ContainerSpec { image: format!("{prefix}/nothing:1"), ..one.clone() };
    assert!(matches!(engine.create(&missing, &[]).await, Err(EngineError::NotFound(_))));

    // Making.
    let id = engine.create(&one, &[]).await.unwrap();
    assert!(matches!(engine.create(&one, &[]).await, Err(EngineError::Conflict(_))));
    let net = |name: &str, subnet: &str| NetworkSpec {
        name: format!("{prefix}-{name}"),
        subnet: Some(subnet.into()),
        labels: [("io.kerbup.site".to_owned(), prefix.to_owned())].into(),
    };
    let first = net("net", "172.29.78.0/24");
    engine.create_network(&first).await.unwrap();
    let two = ContainerSpec { network: first.name.clone(), ..two };
    engine.create(&two, &[]).await.unwrap();
    let made = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((made.id, made.state, made.exit_code), (id, ContainerState::Created, None));
    assert_eq!(made.publish, one.publish);

    // Starting; the second wants the port of the first.
    engine.start(&one.name).await.unwrap();
    engine.start(&one.name).await.unwrap();
    let taken = engine.start(&two.name).await;
    assert!(matches!(taken, Err(EngineError::PortTaken(_))), "{taken:?}");
    let running = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((running.state, running.publish), (ContainerState::Running, one.publish.clone()));
    assert!(running.started_at.is_some() && running.addresses.len() == 1, "{:?}", running.addresses);

    // Listing.
    let names = |all: Vec<crate::model::engine::Observed>| all.into_iter().map(|c| c.name).collect::<Vec<_>>();
    assert_eq!(names(engine.containers(Some(("io.kerbup.site", prefix))).await.unwrap()), [one.name.clone(), two.name.clone()]);
    assert!(names(engine.containers(None).await.unwrap()).contains(&one.name));
    assert_eq!(names(engine.containers(Some(("io.kerbup.site", "nobody"))).await.unwrap()), Vec::<String>::new());

    // Stopping lets go of the port.
    engine.stop(&one.name).await.unwrap();
    engine.stop(&one.name).await.unwrap();
    let stopped = engine.container(&one.name).await.unwrap().unwrap();
    assert_eq!((stopped.state, stopped.started_at), (ContainerState::Exited, None));
    engine.start(&two.name).await.unwrap();
    // That its start failed once takes nothing from it.
    let well = engine.container(&two.name).await.unwrap().unwrap();
    assert!(well.error.is_none() && well.publish == two.publish && well.addresses.contains_key(&first.name), "{well:?}");
    engine.restart(&two.name).await.unwrap();
    assert_eq!(engine.container(&two.name).await.unwrap().unwrap().addresses.len(), 1);
    engine.remove(&two.name).await.unwrap();
    engine.remove(&one.name).await.unwrap();
    assert_eq!(engine.container(&two.name).await.unwrap(), None);

    // Networks.
    assert!(matches!(engine.create_network(&net("net", "172.29.79.0/24")).await, Err(EngineError::Conflict(_))));
    let overlap = engine.create_network(&net("other", "172.29.78.0/25")).await;
    assert!(matches!(overlap, Err(EngineError::Conflict(_))), "{overlap:?}");
    assert!(engine.networks().await.unwrap().contains(&first));
    engine.remove_network(&first.name).await.unwrap();
    assert!(!engine.networks().await.unwrap().contains(&first));

    if let Some(fetch) = fetch {
        let seen = Mutex::new(vec![]);
        let got = engine.pull(fetch, None, &|p| seen.lock().unwrap().push(p)).await.unwrap();
        let seen = seen.into_inner().unwrap();
        let last = seen.last().unwrap();
        assert!(last.total > 0 && last.done == last.total && last.layers_done == last.layers, "{last:?}");
        assert!(seen.windows(2).all(|w| w[0].done <= w[1].done));
        assert_eq!(engine.image(fetch).await.unwrap(), Some(got));
    }
}

fn facts_of(value: &serde_json::Value, path: &str, looked_at: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            if map.get("unknown").is_some_and(|why| why == "not looked at yet") {
                looked_at.push(path.to_owned());
            }
            map.iter().for_each(|(key, inner)| facts_of(inner, &format!("{path}.{key}"), looked_at));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|inner| facts_of(inner, path, looked_at)),
        _ => {}
    }
}

#[test]
fn every_world_loads_and_is_whole() {
    assert_eq!(names(), ["lxc", "nuc", "pi3", "pi4", "server"]);
    for name in names() {
        let world = named(name).unwrap_or_else(|f| panic!("{f} {:?}", f.because));
        assert_eq!(world.name, name);
        assert!(world.says.ends_with('.'), "{name}");
        assert!(!world.cameras.is_empty() && world.host.registries.len() == 3, "{name}");
        let report = serde_json::to_value(&world.host).unwrap();
        let mut missing = vec![];
        facts_of(&report, name, &mut missing);
        assert_eq!(missing, Vec::<String>::new(), "facts that are left out");
        // What is written comes back the same, so a key is not lost on the way.
        let document = serde_json::json!({"schema": 1, "host": report, "checks": [], "verdict": "pass"});
        let again = from_report(document.to_string().as_bytes()).unwrap();
        assert_eq!(again.host, world.host, "{name}");
    }
}

#[test]
fn unknown_worlds_and_reports_are_explained() {
    let fault = named("toaster").unwrap_err();
    assert!(fault.says.contains("toaster") && fault.cure[0].contains("nuc") && fault.cure[0].contains("pi4"), "{fault:?}");
    assert_eq!(from_report(b"{}").unwrap_err().code, "PRACTICE-REPORT");
    assert!(from_report(br#"{"schema":2,"host":{}}"#).unwrap_err().because[0].contains("schema"));
    assert!(named("../nuc").is_err());
}

pub(super) fn manual(name: &str) -> (crate::world::World, Hand) {
    paced(named(name).unwrap(), Pace::Manual)
}

pub(super) const AGENT: &str = "docker.io/kerberos/agent:v3.11.1";

pub(super) fn container(name: &str, image: &str) -> ContainerSpec {
    ContainerSpec { name: name.into(), image: image.into(), network: "home".into(), ..ContainerSpec::default() }
}

pub(super) async fn home(world: &crate::world::World) {
    world
        .engine
        .create_network(&NetworkSpec { name: "home".into(), subnet: Some("172.30.0.0/24".into()), labels: Default::default() })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_fake_engine_keeps_the_shared_semantics() {
    let (world, _) = manual("pi4");
    let image = "quay.io/minio/minio:lab";
    world.engine.pull(image, None, &|_| {}).await.unwrap();
    semantics(&*world.engine, "pi4-sem", image, Some("docker.io/library/mongo:4.4.18")).await;
}

#[tokio::test]
async fn a_pull_that_breaks_off_is_cured_by_a_second() {
    let (world, hand) = manual("nuc");
    assert!(matches!(world.engine.info().await, Err(EngineError::Unreachable(_))));
    assert_eq!(world.processes.find("docker"), None);
    assert_eq!(hand.host(), named("nuc").unwrap().host, "nothing has changed yet");
    let active = Command::new("systemctl", &["is-active", "docker"]);
    assert_eq!(world.processes.run(&active, None).await.unwrap().stdout, "inactive\n");
    let lines = Mutex::new(vec![]);
    let install = Command::new("apt-get", &["install", "-y", "docker.io"]).within(Duration::from_secs(600));
    assert!(world.processes.run(&install, Some(&|l: &str| lines.lock().unwrap().push(l.to_owned()))).await.unwrap().ok());
    assert!(lines.lock().unwrap().iter().any(|l| l.contains("Setting up docker.io")));
    assert_eq!(world.processes.find("docker").unwrap(), "/usr/bin/docker");
    assert_eq!(world.processes.run(&active, None).await.unwrap().stdout, "active\n");
    assert_eq!(world.engine.info().await.unwrap().api, "1.41");
    assert!(matches!(world.processes.run(&Command::new("frobnicate", &[]), None).await, Err(ProcessError::Missing(_))));

    assert!(matches!(hand.host().docker.get(), Some(DockerPresence::Running(e)) if e.version.starts_with("20.10")));
    let before = world.files.space("/var").unwrap().free;
    let name = "quay.io/minio/minio:RELEASE.2024-11-07T00-52-20Z";
    let seen = Mutex::new(vec![]);
    let broke = world.engine.pull(name, None, &|p| seen.lock().unwrap().push(p)).await;
    assert!(matches!(broke, Err(EngineError::Registry(ref says)) if says.contains("connection reset")), "{broke:?}");
    let half = seen.lock().unwrap().last().copied().unwrap();
    assert!(half.done > 0 && half.done < half.total);
    let began = world.clock.ticks();
    world.engine.pull(name, None, &|_| {}).await.unwrap();
    let took = world.clock.ticks() - began;
    assert!((5.0..20.0).contains(&took), "61 MB at 6 MB/s, less what was there: {took}");
    assert!(world.files.space("/var").unwrap().free < before - 100_000_000);
    hand.engine(false);
    assert!(matches!(world.engine.containers(None).await, Err(EngineError::Unreachable(_))));
    assert!(matches!(hand.host().docker.get(), Some(DockerPresence::Stopped { .. })));
    hand.engine(true);
    assert!(world.processes.run(&Command::new("apt-get", &["purge", "-y", "docker.io"]), None).await.unwrap().ok());
    assert_eq!(hand.host().docker.get(), Some(&DockerPresence::Missing));
    assert!(world.processes.find("docker").is_none() && world.engine.info().await.is_err());
}

#[test]
fn files_keep_owners_links_space_and_locks() {
    let mut described = named("pi4").unwrap();
    let (world, _) = paced(described.clone(), Pace::Manual);
    let files = &world.files;
    files.create_folder("/srv/a", 0o700).unwrap();
    assert_eq!(files.create_folder("/srv/a", 0o700).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(files.create_folder("/srv/b/c", 0o700).unwrap_err().kind(), ErrorKind::NotFound);
    files.write("/srv/a/x", b"one", 0o600).unwrap();
    files.link("/srv/a", "/srv/l").unwrap();
    assert_eq!(files.read("/srv/l/x").unwrap(), b"one");
    assert_eq!(files.meta("/srv/l").unwrap().kind, Kind::Link);
    files.set_owner("/srv/a/x", 999, 998).unwrap();
    files.set_mode("/srv/a/x", 0o640).unwrap();
    let meta = files.meta("/srv/a/x").unwrap();
    assert_eq!((meta.uid, meta.gid, meta.mode, meta.size), (999, 998, 0o640, 3));
    let mut log = files.append("/srv/a/log").unwrap();
    log.append(b"a\n").unwrap();
    log.append(b"b\n").unwrap();
    assert_eq!(files.read("/srv/a/log").unwrap(), b"a\nb\n");
    assert_eq!(log.reserve(u64::MAX).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(files.list("/srv/a").unwrap(), ["log", "x"]);
    assert_eq!(files.remove_folder("/srv/a").unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
    files.rename("/srv/a", "/srv/b").unwrap();
    assert_eq!(files.list("/srv/b").unwrap(), ["log", "x"]);
    files.remove_tree("/srv/b").unwrap();
    assert_eq!(files.meta("/srv/b").unwrap_err().kind(), ErrorKind::NotFound);
    let held = files.lock("/srv/lock").unwrap();
    assert!(held.is_some() && files.lock("/srv/lock").unwrap().is_none());
    drop(held);
    assert!(files.lock("/srv/lock").unwrap().is_some());
    assert_eq!(files.rename("/srv/lock", "/boot/firmware/lock").unwrap_err().kind(), ErrorKind::CrossesDevices);

    // Somebody else may not write everywhere.
    described.host.user = crate::model::fact::Fact::known(
        crate::model::host::User { name: "pi".into(), uid: 1000, groups: vec![], sudo: crate::model::host::Sudo::Free },
        "getuid",
    );
    let (world, _) = paced(described, Pace::Manual);
    assert_eq!(world.files.write("/etc/x", b"", 0o644).unwrap_err().kind(), ErrorKind::PermissionDenied);
    world.files.write("/tmp/x", b"", 0o644).unwrap();
}

#[tokio::test]
async fn a_staged_failure_strikes_as_often_as_it_says() {
    let (world, _) = manual("lxc");
    world.engine.pull("docker.io/library/mongo:7.0", None, &|_| {}).await.unwrap();
    home(&world).await;
    world.engine.create(&container("home-mongodb", "docker.io/library/mongo:7.0"), &[]).await.unwrap();
    assert!(matches!(world.engine.start("home-mongodb").await, Err(EngineError::Other(ref says)) if says.contains("permission denied")));
    let failed = world.engine.container("home-mongodb").await.unwrap().unwrap();
    assert!(failed.state == ContainerState::Created && failed.error.is_some());
    world.engine.start("home-mongodb").await.unwrap();
    assert_eq!(world.engine.container("home-mongodb").await.unwrap().unwrap().error, None);
}

#[tokio::test]
async fn a_fast_world_is_fast() {
    let world = paced(named("server").unwrap(), Pace::Speed(500.0)).0;
    let began = std::time::Instant::now();
    world.clock.sleep(Duration::from_secs(30)).await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(world.clock.ticks() >= 29.0);
}
