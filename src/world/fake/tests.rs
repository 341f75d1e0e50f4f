//! What every engine must do alike, and the fake doors held to it.

use std::io::ErrorKind;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::StreamExt;

use super::{Hand, Pace, from_report, named, names, paced};
use crate::model::camera::StreamError;
use crate::model::engine::{ContainerSpec, ContainerState, MountSpec, NetworkSpec, Publish};
use crate::model::host::DockerPresence;
use crate::world::engine::{Engine, EngineError, LogFrom};
use crate::world::files::Kind;
use crate::world::network::{NetError, Request};
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

fn manual(name: &str) -> (crate::world::World, Hand) {
    paced(named(name).unwrap(), Pace::Manual)
}

const AGENT: &str = "docker.io/kerberos/agent:v3.11.1";

fn container(name: &str, image: &str) -> ContainerSpec {
    ContainerSpec { name: name.into(), image: image.into(), network: "home".into(), ..ContainerSpec::default() }
}

async fn home(world: &crate::world::World) {
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

#[tokio::test]
async fn a_camera_wants_its_own_login() {
    let (world, _) = manual("nuc");
    let watch = |address: &str, login: Option<(&str, &str)>| {
        let url = url::Url::parse(address).unwrap();
        let login = login.map(|(u, p)| (u.to_owned(), p.to_owned().into()));
        let network = world.network.clone();
        async move { network.rtsp(&url, login, Duration::from_secs(3), Duration::from_secs(4)).await }
    };
    assert_eq!(watch("rtsp://192.168.1.65/stream1", Some(("viewer", "wrong"))).await, Err(StreamError::Login));
    assert_eq!(watch("rtsp://192.168.1.65/stream1", Some(("viewer", "practice"))).await.unwrap().codec, "H.265");
    assert_eq!(watch("rtsp://192.168.1.64/Streaming/Channels/101", None).await.unwrap().size, Some((1920, 1080)));
    assert_eq!(watch("rtsp://192.168.1.64/elsewhere", None).await, Err(StreamError::Path { status: 404 }));
    assert!(matches!(watch("rtsp://192.168.1.99/x", None).await, Err(StreamError::Unreachable { .. })));
    assert_eq!(watch("rtsp://cam.invalid/x", None).await, Err(StreamError::Name { host: "cam.invalid".into() }));
}

#[tokio::test]
async fn an_agent_comes_online_and_its_recordings_grow() {
    let (world, hand) = manual("pi4");
    world.engine.pull(AGENT, None, &|_| {}).await.unwrap();
    home(&world).await;
    for folder in ["/srv/kerberos", "/srv/kerberos/agent", "/srv/kerberos/agent/recordings"] {
        world.files.create_folder(folder, 0o755).unwrap();
    }
    let mut spec = container("home-front", AGENT);
    spec.mounts = vec![MountSpec::Bind { source: "/srv/kerberos/agent".into(), target: "/home/agent/data".into(), read_only: false }];
    let env = [
        ("AGENT_NAME", "front"),
        ("AGENT_PASSWORD", "right"),
        ("AGENT_CAPTURE_CONTINUOUS", "true"),
        ("AGENT_CAPTURE_IPCAMERA_RTSP", "rtsp://192.168.1.64/Streaming/Channels/101"),
    ];
    let env = env.map(|(k, v)| (k.to_owned(), v.to_owned().into()));
    let mut lost = spec.clone();
    lost.mounts = vec![MountSpec::Bind { source: "/srv/gone".into(), target: "/x".into(), read_only: false }];
    assert!(world.engine.create(&lost, &env).await.unwrap_err().to_string().contains("/srv/gone"));
    world.engine.create(&spec, &env).await.unwrap();
    world.engine.start(&spec.name).await.unwrap();
    hand.advance(Duration::from_secs(5));
    let address = world.engine.container(&spec.name).await.unwrap().unwrap().addresses["home"].clone();
    let ask = |method: &'static str, path: &str, token: Option<&str>, body: &str| {
        let mut request = Request::get(url::Url::parse(&format!("http://{address}{path}")).unwrap());
        (request.method, request.body) = (method, body.as_bytes().to_vec());
        request.headers.extend(token.map(|t| ("Authorization".to_owned(), format!("Bearer {t}"))));
        let network = world.network.clone();
        async move {
            let response = network.http(request).await.unwrap();
            (response.status, serde_json::from_slice::<serde_json::Value>(&response.body).unwrap_or_default())
        }
    };
    assert_eq!(ask("POST", "/api/login", None, r#"{"username":"root","password":"wrong"}"#).await.0, 401);
    assert_eq!(ask("GET", "/api/dashboard", None, "").await.0, 401);
    let (status, login) = ask("POST", "/api/login", None, r#"{"username":"root","password":"right"}"#).await;
    let token = login["token"].as_str().unwrap().to_owned();
    assert_eq!(status, 200);
    assert_eq!(ask("GET", "/api/dashboard", Some(&token), "").await.1["cameraOnline"], false);
    hand.advance(Duration::from_secs(60));
    let dashboard = ask("GET", "/api/dashboard", Some(&token), "").await.1;
    assert_eq!((&dashboard["cameraOnline"], &dashboard["numberOfRecordings"]), (&true.into(), &2.into()));
    assert_eq!(world.files.list("/srv/kerberos/agent/recordings").unwrap().len(), 2);
    hand.advance(Duration::from_secs(90));
    assert_eq!(world.files.list("/srv/kerberos/agent/recordings").unwrap().len(), 5);

    let log: Vec<_> = world.engine.logs(&spec.name, LogFrom::Last(500), false).await.unwrap().map(|l| l.unwrap().text).collect().await;
    assert!(log.iter().any(|l| l.contains("opened RTSP stream")), "{log:?}");
    let mut follow = world.engine.logs(&spec.name, LogFrom::Last(1), true).await.unwrap();
    follow.next().await.unwrap().unwrap();
    hand.end(&spec.name, 137);
    while follow.next().await.is_some() {}
    assert_eq!(world.engine.container(&spec.name).await.unwrap().unwrap().exit_code, Some(137));
    assert!(matches!(
        world.network.http(Request::get(url::Url::parse(&format!("http://{address}/")).unwrap())).await,
        Err(NetError::Refused(_))
    ));
}

#[tokio::test]
async fn a_database_knows_its_password_and_its_processor() {
    let (world, hand) = manual("pi4");
    home(&world).await;
    world.files.create_folder("/srv/secrets", 0o700).unwrap();
    world.files.write("/srv/secrets/mongodb", b"right\n", 0o600).unwrap();
    let start = async |image: &str, name: &str| {
        world.engine.pull(image, None, &|_| {}).await.unwrap();
        let mut spec = container(name, image);
        spec.mounts = vec![MountSpec::Bind { source: "/srv/secrets".into(), target: "/run/secrets".into(), read_only: true }];
        let env = [("MONGO_INITDB_ROOT_USERNAME", "kerberos"), ("MONGO_INITDB_ROOT_PASSWORD_FILE", "/run/secrets/mongodb")];
        world.engine.create(&spec, &env.map(|(k, v)| (k.to_owned(), v.to_owned().into()))).await.unwrap();
        world.engine.start(name).await.unwrap();
        world.engine.container(name).await.unwrap().unwrap()
    };
    // A Raspberry Pi 4 is older than ARMv8.2.
    start("docker.io/library/mongo:8.0.15", "home-new").await;
    hand.advance(Duration::from_secs(30));
    let looping = world.engine.container("home-new").await.unwrap().unwrap();
    assert!(looping.restarts >= 3 && looping.state != ContainerState::Exited, "{looping:?}");
    hand.advance(Duration::from_secs(3));
    let mongo = start("docker.io/library/mongo:4.4.18", "home-mongodb").await;
    let uri = |password: &str| {
        secrecy::SecretString::from(format!("mongodb://kerberos:{password}@{}:27017/?authSource=admin", mongo.addresses["home"]))
    };
    let wait = Duration::from_secs(2);
    assert!(matches!(world.network.mongodb(&uri("right"), wait).await, Err(NetError::Refused(_))), "it starts still");
    // Vault waits for it.
    let vault = "ghcr.io/uug-ai/vault:v1.4.9";
    world.engine.pull(vault, None, &|_| {}).await.unwrap();
    let mut spec = container("home-vault", vault);
    spec.publish = vec![Publish { address: "0.0.0.0".into(), host: 8080, container: 80 }];
    spec.labels.insert("io.kerbup.site".into(), "home".into());
    world.engine.create(&spec, &[]).await.unwrap();
    world.engine.start("home-vault").await.unwrap();
    hand.advance(Duration::from_secs(10));
    let health = || world.network.http(Request::get(url::Url::parse("http://127.0.0.1:8080/api/health").unwrap()));
    assert_eq!(health().await.unwrap().status, 200);
    world.engine.stop("home-mongodb").await.unwrap();
    assert!(matches!(health().await, Err(NetError::Refused(_))));
    world.engine.start("home-mongodb").await.unwrap();
    hand.advance(Duration::from_secs(10));
    let host = hand.host();
    assert!(host.listeners.get().unwrap().iter().any(|l| l.port == 8080 && l.process.as_deref() == Some("docker-proxy")));
    let existing = host.existing.get().unwrap();
    assert!(existing.len() == 1 && existing[0].running && existing[0].site.as_deref() == Some("home"), "{existing:?}");
    let mongo = world.engine.container("home-mongodb").await.unwrap().unwrap();
    let uri = |password: &str| {
        secrecy::SecretString::from(format!("mongodb://kerberos:{password}@{}:27017/?authSource=admin", mongo.addresses["home"]))
    };
    assert_eq!(world.network.mongodb(&uri("right"), wait).await.unwrap(), "4.4.18");
    assert!(matches!(world.network.mongodb(&uri("wrong"), wait).await, Err(NetError::Login(_))));
}

#[tokio::test]
async fn a_store_keeps_buckets_for_the_right_key() {
    let (world, hand) = manual("pi4");
    home(&world).await;
    let image = "quay.io/minio/minio:x";
    world.engine.pull(image, None, &|_| {}).await.unwrap();
    let mut spec = container("home-minio", image);
    spec.publish = vec![Publish { address: "0.0.0.0".into(), host: 9000, container: 9000 }];
    world.engine.create(&spec, &[("MINIO_ROOT_USER".into(), "kerberos".to_owned().into())]).await.unwrap();
    assert_eq!(world.network.can_listen("0.0.0.0:9000".parse().unwrap()).await, Ok(()));
    world.engine.start(&spec.name).await.unwrap();
    hand.advance(Duration::from_secs(5));
    assert_eq!(world.network.can_listen("0.0.0.0:9000".parse().unwrap()).await, Err(std::io::ErrorKind::AddrInUse));
    let ask = |method: &'static str, path: &str, user: &str| {
        let mut request = Request::get(
            url::Url::parse(&format!("http://192.168.1.30:9000{path}?X-Amz-Credential={user}%2F20261121%2Fna%2Fs3%2Faws4_request"))
                .unwrap(),
        );
        request.method = method;
        let network = world.network.clone();
        async move { network.http(request).await.unwrap().status }
    };
    assert_eq!(ask("HEAD", "/recordings", "kerberos").await, 404);
    assert_eq!(ask("PUT", "/recordings", "somebody").await, 403);
    assert_eq!(ask("PUT", "/recordings", "kerberos").await, 200);
    assert_eq!(ask("PUT", "/recordings", "kerberos").await, 409);
    assert_eq!(ask("HEAD", "/recordings", "kerberos").await, 200);
    // The rule that deletes what is old is there once it was set.
    let lifecycle = |method: &'static str| {
        let credential = "X-Amz-Credential=kerberos%2F20261121%2Fna%2Fs3%2Faws4_request";
        let mut request = Request::get(url::Url::parse(&format!("http://192.168.1.30:9000/recordings?lifecycle=&{credential}")).unwrap());
        (request.method, request.body) = (method, b"<Days>30</Days>".to_vec());
        let network = world.network.clone();
        async move { network.http(request).await.unwrap() }
    };
    assert_eq!(lifecycle("GET").await.status, 404);
    assert_eq!(lifecycle("PUT").await.status, 200);
    assert_eq!(lifecycle("GET").await.body, b"<Days>30</Days>");
    assert_eq!(ask("PUT", "/recordings/a/b", "kerberos").await, 200);
    assert_eq!(ask("GET", "/recordings/a/b", "kerberos").await, 200);
    assert_eq!(ask("GET", "/recordings/a/c", "kerberos").await, 404);
}

#[tokio::test]
async fn a_registry_names_sizes_and_processors() {
    let (world, _) = manual("nuc");
    let get = |path: String| {
        let network = world.network.clone();
        async move { network.http(Request::get(url::Url::parse(&format!("https://quay.io/v2/{path}")).unwrap())).await.unwrap() }
    };
    let index = get("minio/minio/manifests/lab".into()).await;
    assert!(index.header("docker-content-digest").unwrap().starts_with("sha256:"));
    let index: serde_json::Value = serde_json::from_slice(&index.body).unwrap();
    let manifest = get(format!("minio/minio/manifests/{}", index["manifests"][0]["digest"].as_str().unwrap())).await;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest.body).unwrap();
    assert_eq!(manifest["layers"].as_array().unwrap().iter().map(|l| l["size"].as_u64().unwrap()).sum::<u64>(), 61_000_000);
    assert_eq!(get("nobody/nothing/manifests/1".into()).await.status, 404);
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
