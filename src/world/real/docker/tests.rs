//! The engine's door held against a real engine. Which engine must be there is said in KERBUP_TEST_ENGINES.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::*;
use crate::model::engine::{ContainerState, MountSpec, Publish};
use crate::world::engine::LogFrom;

const SOCKET: &str = "/var/run/docker.sock";
const IMAGE: &str = "quay.io/minio/minio:lab";
const RABBITMQ: &str = "rabbitmq:4-management";

/// The real engine where it is asked for. Named and absent fails the test, not named leaves it out.
async fn real(test: &str) -> Option<DockerEngine> {
    let named = std::env::var("KERBUP_TEST_ENGINES").unwrap_or_default();
    if !named.split(',').any(|e| matches!(e.trim(), "docker" | "docker-old")) {
        std::io::stderr().write_all(format!("left out: {test} (KERBUP_TEST_ENGINES does not name docker)\n").as_bytes()).unwrap();
        return None;
    }
    let engine = connect(SOCKET);
    engine.info().await.expect("the Docker engine that is named answers");
    for (name, kept) in [(IMAGE, "minio/minio:RELEASE.2024-11-07T00-52-20Z"), (RABBITMQ, RABBITMQ)] {
        if engine.image(name).await.unwrap().is_none() {
            let registry = std::env::var("KERBUP_TEST_REGISTRY").expect("KERBUP_TEST_REGISTRY names a registry with these images");
            let from = format!("{registry}/{kept}");
            docker(&["pull", "-q", &from], b"");
            docker(&["tag", &from, name], b"");
        }
    }
    Some(engine)
}

fn spec(name: &str) -> ContainerSpec {
    ContainerSpec {
        name: format!("kerbup-engine-{name}-{}", std::process::id()),
        image: IMAGE.into(),
        args: Some(vec!["server".into(), "/data".into(), "--json".into()]),
        mounts: vec![MountSpec::Tmpfs { target: "/data".into(), size: Some(64 << 20), mode: Some(0o1777) }],
        stop_seconds: Some(2),
        ..ContainerSpec::default()
    }
}

fn docker(args: &[&str], stdin: &[u8]) {
    let mut child = Command::new("docker").args(args).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    assert!(child.wait().unwrap().success(), "docker {args:?}");
}

/// A tar with a file that does not compress and is on no engine: its layer has to be fetched for sure. The same each time, so
/// that the registry keeps it once.
fn random_tar(size: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(size).collect();
    let mut block = vec![0_u8; 512];
    block[..6].copy_from_slice(b"random");
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[156] = b'0';
    block[257..262].copy_from_slice(b"ustar");
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.extend(bytes);
    block.resize(block.len().div_ceil(512) * 512 + 1024, 0);
    block
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shared_semantics_hold() {
    let Some(engine) = real("docker: shared semantics").await else { return };
    crate::world::fake::tests::semantics(&engine, &format!("kerbup-engine-sem-{}", std::process::id()), IMAGE, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_fetched_with_progress() {
    let Some(engine) = real("docker: pull").await else { return };
    let name = format!("localhost:5000/kerbup-engine/random:{}", std::process::id());
    docker(&["import", "-", &name], &random_tar(24 << 20));
    docker(&["push", "-q", &name], b"");
    engine.remove_image(&name).await.unwrap();
    engine.remove_image(&name).await.unwrap();
    assert_eq!(engine.image(&name).await.unwrap(), None);
    let seen = Mutex::new(vec![]);
    let image = engine.pull(&name, None, &|p| seen.lock().unwrap().push(p)).await.unwrap();
    let seen = seen.into_inner().unwrap();
    let last = seen.last().unwrap();
    assert!(last.total >= 24 << 20, "{seen:?}");
    assert_eq!((last.done, last.layers_done), (last.total, last.layers));
    assert!(seen.windows(2).all(|w| w[0].done <= w[1].done), "{seen:?}");
    assert!(image.digest.as_ref().unwrap().starts_with("sha256:"));
    // The engine takes the login's form; a second fetch finds all layers there.
    let login = Login { server: "localhost:5000".into(), user: "someone".into(), password: "a??b>>c~~".to_owned().into() };
    let again = engine.pull(&name, Some(&login), &|p| assert!(p.done <= p.total)).await.unwrap();
    assert_eq!(again.digest, image.digest);
    assert_eq!(image.arch, engine.info().await.unwrap().arch);
    assert_eq!(
        engine.image_file(&name, "/random").await.unwrap_err(),
        EngineError::Other("/random in the image is bigger than 16 MiB".into())
    );
    engine.remove_image(&name).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_there_is_not_found() {
    let Some(engine) = real("docker: pull of nothing").await else { return };
    let none = |_: PullProgress| {};
    assert!(matches!(engine.pull("localhost:5000/kerbup-engine/nothing:1", None, &none).await, Err(EngineError::NotFound(_))));
    // Nothing listens on this port.
    let refused = engine.pull("localhost:5999/x:1", None, &none).await.unwrap_err();
    assert!(matches!(refused, EngineError::Registry(_)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_from_an_image_and_nothing_is_left() {
    let Some(engine) = real("docker: files of an image").await else { return };
    // A power cut left one of a process whose number another has by now.
    let mut cut = spec("reads");
    cut.labels.insert("io.kerbup.reads".into(), format!("{} 1", std::process::id()));
    engine.create(&cut, &[]).await.unwrap();
    let release = engine.image_file(RABBITMQ, "/etc/os-release").await.unwrap().unwrap();
    assert!(String::from_utf8(release).unwrap().contains("ID="), "a link was followed");
    assert_eq!(engine.image_file(IMAGE, "/no/such/file").await.unwrap(), None);
    assert!(matches!(engine.image_file("kerbup-engine/nothing:1", "/x").await, Err(EngineError::NotFound(_))));
    let mine = format!("kerbup-reads-{}-", std::process::id());
    let left: Vec<_> = engine.containers(None).await.unwrap().into_iter().filter(|c| c.name.starts_with(&mine)).collect();
    assert_eq!(left, []);
    assert_eq!(engine.container(&cut.name).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_fails_and_a_secret_is_not_repeated() {
    let Some(engine) = real("docker: missing folder").await else { return };
    let mut spec = spec("folder");
    spec.mounts = vec![MountSpec::Bind { source: "/kerbup-engine/not/there".into(), target: "/data".into(), read_only: false }];
    let error = engine.create(&spec, &[("A".into(), "b".to_owned().into())]).await.unwrap_err();
    assert!(error.to_string().contains("/kerbup-engine/not/there"), "{error}");
    assert!(std::fs::symlink_metadata("/kerbup-engine").is_err());
    let error = engine.create(&spec, &[(String::new(), "hunter22".to_owned().into())]).await.unwrap_err();
    assert!(!error.to_string().contains("hunter22"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_the_machine_may_have_the_port() {
    let Some(engine) = real("docker: taken port").await else { return };
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let mut spec = spec("port");
    spec.publish = vec![Publish { address: "0.0.0.0".into(), host: listener.local_addr().unwrap().port(), container: 9000 }];
    engine.create(&spec, &[]).await.unwrap();
    let started = engine.start(&spec.name).await;
    engine.remove(&spec.name).await.unwrap();
    assert!(matches!(started, Err(EngineError::PortTaken(_))), "{started:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_life() {
    let Some(engine) = real("docker: life of a container").await else { return };
    let mut spec = spec("life");
    // A run that failed halfway leaves its network, and nobody else has the range of addresses that is asked for below.
    for left in engine.networks().await.unwrap().into_iter().filter(|n| n.labels.contains_key("kerbup-engine")) {
        for container in engine.containers(None).await.unwrap().into_iter().filter(|c| c.addresses.contains_key(&left.name)) {
            engine.remove(&container.name).await.unwrap();
        }
        engine.remove_network(&left.name).await.unwrap();
    }
    let network = NetworkSpec {
        name: format!("kerbup-engine-net-{}", std::process::id()),
        subnet: Some("172.29.77.0/24".into()),
        labels: [("kerbup-engine".to_owned(), "x".to_owned())].into(),
    };
    engine.create_network(&network).await.unwrap();
    assert!(engine.networks().await.unwrap().contains(&network));
    spec.network = network.name.clone();
    spec.aliases = vec!["minio".into()];
    spec.labels.insert("io.kerbup.site".into(), spec.name.clone());
    spec.memory = Some(512 << 20);
    spec.memory_reservation = Some(128 << 20);
    spec.shm = Some(64 << 20);
    spec.files = Some(4096);
    spec.capabilities = Some(vec!["CHOWN".into()]);
    spec.no_new_privileges = true;
    spec.read_only_root = true;
    spec.hostname = Some("store".into());
    spec.extra_hosts = vec!["cam:192.0.2.7".into()];
    spec.log_limit = Some((10 << 20, 3));
    let env = [
        ("MINIO_ROOT_USER".to_owned(), SecretString::from("kerbup-test")),
        ("MINIO_ROOT_PASSWORD".to_owned(), SecretString::from("a-long-password")),
    ];
    let id = engine.create(&spec, &env).await.unwrap();
    let seen = engine.container(&spec.name).await.unwrap().unwrap();
    assert_eq!((seen.id.as_str(), seen.state, seen.exit_code, seen.started_at), (id.as_str(), ContainerState::Created, None, None));
    engine.start(&spec.name).await.unwrap();
    engine.start(&spec.name).await.unwrap();

    let all = engine.containers(Some(("io.kerbup.site", &spec.name))).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].state, ContainerState::Running, "{all:?}");
    assert!(all[0].addresses[&network.name].starts_with("172.29.77."));
    let age = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 - all[0].started_at.unwrap();
    assert!((0..60).contains(&age), "{age}");
    let first = engine.usage(&spec.name).await.unwrap();
    assert!(first.cpu.is_none() && first.memory > 0, "{first:?}");
    // The engine's counters tick at their own pace, and the program may still be loading.
    let mut usage = first;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        usage = engine.usage(&spec.name).await.unwrap();
        if usage.cpu.is_some() && usage.memory > 1 << 20 {
            break;
        }
    }
    assert!(usage.cpu.is_some() && usage.memory > 1 << 20 && usage.memory_limit == Some(512 << 20), "{usage:?}");

    // A silent follower answers as soon as the container ends.
    let mut log = engine.logs(&spec.name, LogFrom::Last(100), true).await.unwrap();
    let line = tokio::time::timeout(Duration::from_secs(20), log.next()).await.unwrap().unwrap().unwrap();
    assert!(!line.text.is_empty() && line.time.starts_with("20"), "{line:?}");
    engine.stop(&spec.name).await.unwrap();
    engine.stop(&spec.name).await.unwrap();
    while let Some(line) = tokio::time::timeout(Duration::from_secs(20), log.next()).await.unwrap() {
        line.unwrap();
    }
    let seen = engine.container(&spec.name).await.unwrap().unwrap();
    assert_eq!((seen.state, seen.exit_code.is_some()), (ContainerState::Exited, true));
    assert_eq!(engine.usage(&spec.name).await.unwrap().cpu, None);
    engine.restart(&spec.name).await.unwrap();
    assert_eq!(engine.container(&spec.name).await.unwrap().unwrap().state, ContainerState::Running);
    engine.remove(&spec.name).await.unwrap();
    assert_eq!(engine.container(&spec.name).await.unwrap(), None);
    engine.remove_network(&network.name).await.unwrap();
    engine.remove_network(&network.name).await.unwrap();
}

#[tokio::test]
async fn no_socket_is_unreachable() {
    let engine = connect("/no/such/docker.sock");
    assert!(matches!(engine.info().await, Err(EngineError::Unreachable(_))));
    assert!(matches!(engine.start("x").await, Err(EngineError::Unreachable(_))));
    assert!(matches!(engine.remove("x").await, Err(EngineError::Unreachable(_))));
    assert!(matches!(engine.pull("x", None, &|_| {}).await, Err(EngineError::Unreachable(_))));
    assert!(matches!(engine.create(&spec("x"), &[]).await, Err(EngineError::Unreachable(_))));
}

/// Plays an engine that answers what it is told, then hangs up.
async fn played(answers: Vec<&'static str>) -> (tempfile::TempDir, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock").to_str().unwrap().to_owned();
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        for answer in answers {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut seen = vec![0; 4096];
            let _ = peer.read(&mut seen).await;
            let _ = peer.write_all(answer.as_bytes()).await;
        }
    });
    (folder, path)
}

#[tokio::test]
async fn a_socket_that_vanishes_is_unreachable() {
    let version = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}";
    let (_folder, path) = played(vec![version, "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"half\":"]).await;
    let engine = connect(&path);
    let got = engine.container("x").await;
    assert!(matches!(got, Err(EngineError::Unreachable(_))), "{got:?}");
    assert!(matches!(engine.container("x").await, Err(EngineError::Unreachable(_))));

    let (_folder, path) = played(vec![version, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"]).await;
    let got = connect(&path).pull("x", None, &|_| {}).await;
    assert!(matches!(got, Err(EngineError::Unreachable(_))), "{got:?}");
}

#[tokio::test]
async fn an_engine_that_stays_silent_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let taken = tokio::spawn(async move { listener.accept().await });
    let engine = connect(path.to_str().unwrap());
    let got = engine.socket.versions(Duration::from_millis(200)).await;
    assert!(matches!(got, Err(EngineError::Unreachable(_))), "{got:?}");
    let _held = taken.await.unwrap();
    let got = engine.verb(Duration::from_millis(200), |d| async move { d.start_container("x", None::<StartContainerOptions>).await }).await;
    assert!(matches!(got, Err(EngineError::Unreachable(_))), "{got:?}");
}
