//! Unpacked sizes and the line, from a registry that hands out parts, sends elsewhere, or does neither.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;
use crate::world::clock::Clock as _;
use crate::world::real::clock::RealClock;
use crate::world::real::network::RealNetwork;

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// A server of blobs.
#[derive(Default)]
struct Store {
    files: BTreeMap<String, Vec<u8>>,
    /// It answers with all of a file, whatever part was asked for.
    deaf: bool,
    /// Blobs are had there.
    elsewhere: Option<String>,
    /// Bytes of a file that it sends each 10 ms; none sends at once.
    pace: Option<usize>,
    /// The header that its own answers need.
    wants: Option<&'static str>,
    asked: Mutex<Vec<String>>,
}

impl Store {
    /// A packed layer: zeros, and at its end the length of what was packed.
    fn layer(mut self, digest: &str, packed: usize, unpacked: u32) -> Self {
        let mut bytes = vec![0; packed];
        bytes[packed - 4..].copy_from_slice(&unpacked.to_le_bytes());
        self.files.insert(format!("/v2/a/blobs/{digest}"), bytes);
        self
    }

    fn manifest(mut self, name: &str, layers: &[(&str, u64, &str)]) -> Self {
        let layers: Vec<_> =
            layers.iter().map(|(digest, size, kind)| serde_json::json!({"mediaType": kind, "digest": digest, "size": size})).collect();
        let body = serde_json::json!({"schemaVersion": 2, "config": {"digest": "c", "size": 10}, "layers": layers}).to_string();
        self.files.insert(format!("/v2/a/manifests/{name}"), body.into_bytes());
        self
    }

    async fn answer(&self, to: &mut TcpStream) {
        let mut buffer = vec![0; 8192];
        let read = to.read(&mut buffer).await.unwrap_or(0);
        let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
        let path = request.split(' ').nth(1).unwrap_or_default().to_string();
        let header = |name: &str| {
            request.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.to_string()))
        };
        let (range, login) = (header("range"), header("authorization"));
        self.asked.lock().unwrap().push(format!("{path} {} {}", range.as_deref().unwrap_or("-"), login.as_deref().unwrap_or("-")));
        let plain = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n");
        if self.wants.is_some() && login.as_deref() != self.wants {
            let _ = to.write_all(plain("401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n").as_bytes()).await;
            return;
        }
        if let (Some(other), true) = (&self.elsewhere, path.contains("/blobs/")) {
            let _ = to.write_all(plain("307 There", &format!("Location: http://{other}{path}\r\n")).as_bytes()).await;
            return;
        }
        let Some(file) = self.files.get(&path) else {
            let _ = to.write_all(plain("404 No", "").as_bytes()).await;
            return;
        };
        let part = range.filter(|_| !self.deaf).and_then(|r| {
            let (from, to) = r.strip_prefix("bytes=")?.split_once('-')?;
            Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?.min(file.len() - 1)))
        });
        let (status, body) = part.map_or(("200 OK", &file[..]), |(from, to)| ("206 Partial Content", &file[from..=to]));
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = to.write_all(head.as_bytes()).await;
        for piece in body.chunks(self.pace.unwrap_or(usize::MAX >> 1)) {
            if to.write_all(piece).await.is_err() {
                return;
            }
            if self.pace.is_some() {
                RealClock::new().sleep(Duration::from_millis(10)).await;
            }
        }
    }

    async fn open(self) -> (String, Arc<Store>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let store = Arc::new(self);
        let shared = store.clone();
        tokio::spawn(async move {
            while let Ok((mut to, _)) = listener.accept().await {
                let store = shared.clone();
                tokio::spawn(async move { store.answer(&mut to).await });
            }
        });
        (at, store)
    }
}

async fn learnt(images: &Images, at: &str, names: &[&str], line: bool) -> Told {
    let network = RealNetwork::new();
    let password = Some(SecretString::from("pass-word"));
    let asker = Asker { network: &network, images, password, ca: None, arch: Some("amd64".into()) };
    let names: Vec<String> = names.iter().map(|n| format!("{at}/a:{n}")).collect();
    ask(&asker, &names, line).await
}

fn unpacked(told: &Told, n: usize) -> Result<u64, String> {
    let fact = &told.images[n].1.unpacked;
    fact.get().copied().ok_or_else(|| fact.how().to_string())
}

#[tokio::test]
async fn the_unpacked_size_is_read_from_the_end_of_each_layer_once() {
    let store = Store::default()
        .layer("one", 1_000, 3_000_000_000)
        .layer("two", 500, 700)
        .manifest("1", &[("one", 1_000, GZIP), ("two", 500, DOCKER_GZIP), ("plain", 40, "application/vnd.oci.image.layer.v1.tar")]);
    let store = store.manifest("2", &[("two", 500, GZIP)]);
    let (at, store) = store.open().await;
    let told = learnt(&Images::default(), &at, &["1", "2"], false).await;
    assert_eq!((unpacked(&told, 0), unpacked(&told, 1)), (Ok(3_000_000_740), Ok(700)));
    let asked: Vec<String> =
        store.asked.lock().unwrap().iter().filter(|a| a.contains("blobs/one") || a.contains("blobs/two")).cloned().collect();
    assert!(asked.len() == 2 && asked.iter().any(|a| a.contains("bytes=996-999")), "{asked:?}");
    assert!(told.line.get().is_none(), "nobody asked for it");

    // Another length at the end is another size.
    let other = Store::default().layer("one", 1_000, 2_000_000_000).manifest("1", &[("one", 1_000, GZIP)]);
    let (at, _) = other.open().await;
    assert_eq!(unpacked(&learnt(&Images::default(), &at, &["1"], false).await, 0), Ok(2_000_000_000));
}

#[tokio::test]
async fn a_layer_that_does_not_tell_leaves_its_image_unknown() {
    let zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
    let store = Store::default()
        .layer("good", 1_000, 5_000)
        .layer("parts", 1_000, 20)
        .manifest("zstd", &[("good", 1_000, GZIP), ("z", 9, zstd)])
        .manifest("parts", &[("good", 1_000, GZIP), ("parts", 1_000, GZIP)])
        .manifest("large", &[("huge", 5 << 30, GZIP)])
        .manifest("gone", &[("gone", 1_000, GZIP)])
        .manifest("odd", &[("odd", 1_000, "application/x")]);
    let (at, _) = store.open().await;
    let told = learnt(&Images::default(), &at, &["zstd", "parts", "large", "gone", "odd"], false).await;
    for (n, says) in ["packed with zstd", "does not say", "too large", "does not have it", "not known here"].into_iter().enumerate() {
        assert!(unpacked(&told, n).is_err_and(|why| why.contains(says)), "{n} {:?}", told.images[n]);
        assert!(told.images[n].1.download.get().is_some());
    }
}

#[tokio::test]
async fn a_registry_without_parts_is_not_asked_for_all_of_its_files() {
    let layers: Vec<String> = (0..30).map(|n| format!("l{n}")).collect();
    let mut store = Store { deaf: true, ..Store::default() };
    for l in &layers {
        store = store.layer(l, 1_000, 5_000);
    }
    let listed: Vec<(&str, u64, &str)> = layers.iter().map(|l| (l.as_str(), 1_000, GZIP)).collect();
    let (at, store) = store.manifest("1", &listed).open().await;
    let told = learnt(&Images::default(), &at, &["1"], false).await;
    assert!(unpacked(&told, 0).is_err_and(|why| why.contains("no parts")));
    let asked = store.asked.lock().unwrap().iter().filter(|a| a.contains("/blobs/l")).count();
    assert!(asked < 15, "{asked}");
}

#[tokio::test]
async fn the_line_is_as_fast_as_the_largest_layer_comes() {
    let image = |pace, deaf| {
        let store = Store { pace: Some(pace), deaf, ..Store::default() };
        store
            .layer("big", 30_000_000, 90_000_000)
            .layer("small", 1_000, 4_000)
            .manifest("1", &[("small", 1_000, GZIP), ("big", 30_000_000, GZIP)])
    };
    // 20 kB each 10 ms are 2 MB a second at most; the part that was asked for would last four.
    let (at, store) = image(20_000, false).open().await;
    let clock = RealClock::new();
    let told = learnt(&Images::default(), &at, &["1"], true).await;
    let slow = *told.line.get().unwrap();
    assert!((200_000.0..2_300_000.0).contains(&slow), "{told:?}");
    assert!(clock.ticks() < 4.0 && told.line.how().contains(&at), "{told:?}");
    assert!(store.asked.lock().unwrap().iter().any(|a| a.contains("blobs/big bytes=0-7999999")));
    // A line ten times as fast is measured as faster, also where all of the file is sent.
    let (at, _) = image(200_000, true).open().await;
    let fast = *learnt(&Images::default(), &at, &["1"], true).await.line.get().unwrap();
    assert!(fast > slow * 1.5, "{slow} {fast}");
}

#[tokio::test]
async fn a_login_goes_to_the_registry_and_not_where_its_files_lie() {
    let files = || Store::default().layer("big", 1_000_000, 9_000_000);
    let (elsewhere, there) = files().open().await;
    let login = "Basic bWU6cGFzcy13b3Jk";
    let home = Store { wants: Some(login), elsewhere: Some(elsewhere), ..Store::default() };
    let (at, _) = home.manifest("1", &[("big", 1_000_000, GZIP)]).open().await;
    let images = Images { registry: Some(at.clone()), insecure: true, user: Some("me".into()), ca: None };
    let told = learnt(&images, &at, &["1"], true).await;
    assert_eq!(unpacked(&told, 0), Ok(9_000_000));
    assert!(told.line.get().is_some(), "{told:?}");
    let seen = there.asked.lock().unwrap().clone();
    let parts = seen.iter().filter(|a| a.contains("bytes=")).count();
    assert!(parts == 2 && seen.iter().all(|a| a.ends_with(" -")), "{seen:?}");
}

#[tokio::test]
async fn what_is_too_small_or_does_not_come_leaves_the_line_unknown() {
    let (at, _) = Store::default().layer("one", 1_000, 3_000).manifest("1", &[("one", 1_000, GZIP)]).open().await;
    let told = learnt(&Images::default(), &at, &["1"], true).await;
    assert!(told.line.how().contains("too little"), "{told:?}");
    let (at, _) = Store::default().manifest("1", &[("gone", 9_000_000, GZIP)]).open().await;
    let told = learnt(&Images::default(), &at, &["1"], true).await;
    assert!(told.line.how().contains("does not have it"), "{told:?}");
    let told = learnt(&Images::default(), "127.0.0.1:1", &["1"], true).await;
    assert!(told.line.how().contains("no registry") && unpacked(&told, 0).is_err_and(|w| w.contains("nothing listens")), "{told:?}");
}
