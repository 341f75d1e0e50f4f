//! What the described parts answer: cameras, recorders, the database, the store, registries.

use std::time::Duration;

use futures_util::StreamExt;

use super::tests::*;
use crate::model::camera::StreamError;
use crate::model::engine::{ContainerState, MountSpec, Publish};
use crate::world::engine::LogFrom;
use crate::world::network::{NetError, Request};

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
