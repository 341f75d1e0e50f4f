//! Registries as they answer: their documents, their logins, and what goes wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use base64::Engine as _;

use super::session::{Challenge, challenge};
use super::*;
use crate::world::real::network::RealNetwork;
use crate::world::real::network::tls_tests::{AUTHORITY, serves};

const HUB_LIST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[
  {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1994,"digest":"sha256:aa","platform":{"architecture":"amd64","os":"linux"}},
  {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1994,"digest":"sha256:v6","platform":{"architecture":"arm","os":"linux","variant":"v6"}},
  {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":1994,"digest":"sha256:v7","platform":{"architecture":"arm","os":"linux","variant":"v7"}},
  {"mediaType":"application/vnd.docker.distribution.manifest.v2+json","size":3200,"digest":"sha256:ww","platform":{"architecture":"amd64","os":"windows","os.version":"10.0.20348.2700"}}]}"#;

const OCI_INDEX: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
  {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:64","size":2800,"platform":{"architecture":"arm64","os":"linux","variant":"v8"},
   "annotations":{"org.opencontainers.image.version":"24.04"}},
  {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:at","size":566,"platform":{"architecture":"unknown","os":"unknown"},
   "annotations":{"vnd.docker.reference.type":"attestation-manifest"}}]}"#;

const SINGLE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
  "config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":100,"digest":"sha256:cc"},
  "layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":30000000,"digest":"sha256:l1"},
            {"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":32,"digest":"sha256:l2"},
            {"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":32,"digest":"sha256:l2"}]}"#;

#[test]
fn lists_and_single_builds_are_read() {
    let Ok(Manifest::Index(hub)) = parse(HUB_LIST.as_bytes()) else { panic!() };
    assert_eq!(hub.iter().map(|b| b.arch.as_str()).collect::<Vec<_>>(), ["amd64", "arm", "arm"], "Windows is no choice");
    assert_eq!(fitting(&hub, "arm").map(|b| b.digest.as_str()), Some("sha256:v7"));
    assert_eq!(fitting(&hub, "arm64"), None);
    let Ok(Manifest::Index(oci)) = parse(OCI_INDEX.as_bytes()) else { panic!() };
    assert_eq!(oci, [Build { arch: "arm64".into(), variant: "v8".into(), digest: "sha256:64".into() }], "an attestation is no build");
    let Ok(Manifest::Single { bytes, config, layers }) = parse(SINGLE.as_bytes()) else { panic!() };
    assert_eq!((bytes, config.as_str(), layers.len()), (30_000_132, "sha256:cc", 2), "a layer counts once");
}

#[test]
fn what_is_no_manifest_is_said_so() {
    assert!(parse(b"<html>Sign in to the Wi-Fi").unwrap_err().contains("not understood"));
    let old = r#"{"schemaVersion":1,"name":"library/mongo","tag":"3","architecture":"amd64","fsLayers":[{"blobSum":"sha256:a3"}]}"#;
    assert!(parse(old.as_bytes()).unwrap_err().contains("older"));
    assert!(parse(br#"{"layers":[{"digest":"sha256:1"}]}"#).unwrap_err().contains("without its size"));
    assert!(parse(br#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#).is_err());
}

#[test]
fn challenges_are_read_with_commas_inside_quotes() {
    let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/mongo:pull,push""#;
    let Some(Challenge::Bearer { realm, service, scope }) = challenge(hub) else { panic!() };
    assert_eq!((realm.as_str(), service.as_deref()), ("https://auth.docker.io/token", Some("registry.docker.io")));
    assert_eq!(scope.as_deref(), Some("repository:library/mongo:pull,push"));
    assert!(matches!(challenge("bearer realm=https://a/b, service=x"), Some(Challenge::Bearer { service: Some(s), .. }) if s == "x"));
    assert_eq!(challenge(r#"Basic realm="Registry""#), Some(Challenge::Basic));
    assert_eq!((challenge("Negotiate"), challenge(r#"Bearer realm="open"#), challenge("Bearer")), (None, None, None));
}

#[test]
fn names_become_places() {
    let at = |name: &str| {
        let (host, repository, reference) = place(name);
        format!("{host} {repository} {reference}")
    };
    assert_eq!(at("mongo:8.0.15"), "registry-1.docker.io library/mongo 8.0.15");
    assert_eq!(at("kerberos/agent:v3"), "registry-1.docker.io kerberos/agent v3");
    assert_eq!(at("docker.io/library/mongo:8"), "registry-1.docker.io library/mongo 8");
    assert_eq!(at("ghcr.io/uug-ai/vault:v1"), "ghcr.io uug-ai/vault v1");
    assert_eq!(at("localhost:5000/mirror/mongo"), "localhost:5000 mirror/mongo latest");
    assert_eq!(at("nas:5000/mongo@sha256:ab"), "nas:5000 mongo sha256:ab");
    let own = Images { registry: Some("nas:5000/mirror".into()), insecure: true, ..Images::default() };
    assert_eq!(schemes("nas:5000", &own), ["http", "https"]);
    assert_eq!(schemes("ghcr.io", &own), ["https"]);
    assert_eq!(schemes("localhost:5000", &Images::default()), ["http", "https"]);
    assert_eq!(schemes("127.0.0.1:5000", &Images::default()), ["http", "https"]);
}

/// A registry: what it answers by path, and which login it wants.
#[derive(Default)]
struct Registry {
    documents: BTreeMap<String, (u16, String, String)>,
    wants: Option<String>,
    challenge: String,
    asked: Mutex<Vec<String>>,
}

impl Registry {
    fn with(mut self, path: &str, status: u16, header: &str, body: &str) -> Self {
        self.documents.insert(path.into(), (status, header.into(), body.into()));
        self
    }

    fn answer(&self, request: &str) -> String {
        let path = request.split(' ').nth(1).unwrap_or_default().to_string();
        let header =
            request.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("authorization"))).map(|(_, v)| v);
        self.asked.lock().unwrap().push(format!("{path} {}", header.unwrap_or("-")));
        let refused = path.starts_with("/v2/") && self.wants.as_deref().is_some_and(|w| header != Some(w));
        let (status, header, body) = match self.documents.get(&path) {
            _ if refused => (401, format!("WWW-Authenticate: {}", self.challenge), String::new()),
            Some((status, header, body)) => (*status, header.clone(), body.clone()),
            None => (404, "X: y".into(), r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#.into()),
        };
        format!("HTTP/1.1 {status} OK\r\n{header}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }

    /// Listens; `make` is told the address before anything is asked.
    async fn open(make: impl FnOnce(&str) -> Registry) -> (String, Arc<Registry>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let registry = Arc::new(make(&at));
        let shared = registry.clone();
        tokio::spawn(async move {
            while let Ok((mut to, _)) = listener.accept().await {
                let registry = shared.clone();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 8192];
                    let read = to.read(&mut buffer).await.unwrap_or(0);
                    let _ = to.write_all(registry.answer(&String::from_utf8_lossy(&buffer[..read])).as_bytes()).await;
                });
            }
        });
        (at, registry)
    }
}

async fn told(images: &Images, arch: &str, name: &str) -> ImageSurvey {
    trusting(images, None, arch, name).await
}

async fn trusting(images: &Images, ca: Option<&str>, arch: &str, name: &str) -> ImageSurvey {
    let network = RealNetwork::new();
    let password = Some(SecretString::from("pass-word"));
    let asker = Asker { network: &network, images, password, ca, arch: Some(arch.into()) };
    ask(&asker, &[name.to_string()], false).await.images.remove(0).1
}

#[tokio::test]
async fn a_list_is_followed_to_this_machines_build() {
    let (at, _) = Registry::open(|_| {
        Registry::default().with("/v2/mirror/mongo/manifests/8", 200, "Docker-Content-Digest: sha256:top", HUB_LIST).with(
            "/v2/mirror/mongo/manifests/sha256:aa",
            200,
            "X: y",
            SINGLE,
        )
    })
    .await;
    let name = format!("{at}/mirror/mongo:8");
    let got = told(&Images::default(), "amd64", &name).await;
    assert_eq!(got.digest.get().map(String::as_str), Some("sha256:top"));
    assert_eq!(got.download.get(), Some(&30_000_132));
    assert_eq!(got.arches.get(), Some(&vec!["amd64".to_string(), "arm".to_string()]));
    let other = told(&Images::default(), "arm64", &name).await;
    assert!(other.download.how().contains("no build for arm64"), "{other:?}");
    assert!(other.arches.get().is_some());
}

#[tokio::test]
async fn a_single_build_names_its_processor_in_its_configuration_behind_a_redirect() {
    let (elsewhere, seen) =
        Registry::open(|_| Registry::default().with("/blob", 200, "X: y", r#"{"architecture":"amd64","os":"linux"}"#)).await;
    let (at, _) = Registry::open(|_| Registry {
        wants: Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("me:pass-word"))),
        challenge: "Basic realm=\"Registry\"".into(),
        ..Registry::default().with("/v2/vault/manifests/v1", 200, "X: y", SINGLE).with(
            "/v2/vault/blobs/sha256:cc",
            307,
            &format!("Location: http://{elsewhere}/blob"),
            "",
        )
    })
    .await;
    let images = Images { registry: Some(at.clone()), insecure: true, user: Some("me".into()), ca: None };
    let got = told(&images, "arm64", &format!("{at}/vault:v1")).await;
    assert_eq!(got.arches.get(), Some(&vec!["amd64".to_string()]));
    assert!(got.digest.get().is_some_and(|d| d.len() == 71), "made from the body where no header says it");
    assert_eq!(*seen.asked.lock().unwrap(), ["/blob -"], "the login does not leave the registry");
    let nobody =
        told(&Images { registry: Some(at.clone()), insecure: true, ..Images::default() }, "arm64", &format!("{at}/vault:v1")).await;
    assert!(nobody.download.how().contains("asks for a login"), "{nobody:?}");
}

#[tokio::test]
async fn a_token_is_fetched_once_and_the_login_of_another_registry_stays_home() {
    let (at, registry) = Registry::open(|at| Registry {
        wants: Some("Bearer tok".into()),
        challenge: format!(r#"Bearer realm="http://{at}/token",service="reg",scope="repository:a/b:pull""#),
        ..Registry::default()
            .with("/token?service=reg&scope=repository%3Aa%2Fb%3Apull", 200, "X: y", r#"{"access_token":"tok","expires_in":300}"#)
            .with("/v2/a/b/manifests/1", 200, "X: y", OCI_INDEX)
            .with("/v2/a/b/manifests/sha256:64", 200, "X: y", SINGLE)
    })
    .await;
    let images = Images { registry: Some("elsewhere.example".into()), user: Some("me".into()), ..Images::default() };
    let got = told(&images, "arm64", &format!("{at}/a/b:1")).await;
    assert_eq!(got.download.get(), Some(&30_000_132));
    let asked = registry.asked.lock().unwrap().clone();
    // Then come the ends of its two layers, with the same token.
    assert!(asked.len() == 6 && asked[4..].iter().all(|a| a.contains("/blobs/sha256:l") && a.ends_with("Bearer tok")), "{asked:?}");
    assert!(asked[1].starts_with("/token") && asked[1].ends_with(" -") && asked[3].ends_with("Bearer tok"), "{asked:?}");
}

#[tokio::test]
async fn what_goes_wrong_is_said_plainly_and_without_the_login() {
    let (at, _) = Registry::open(|_| {
        Registry::default().with("/v2/many/manifests/1", 429, "X: y", "{}").with(
            "/v2/round/manifests/1",
            302,
            "Location: /v2/round/manifests/1",
            "",
        )
    })
    .await;
    let images = Images { registry: Some(at.clone()), insecure: true, user: Some("me".into()), ca: None };
    for (image, says) in [("gone:1", "does not have it"), ("many:1", "no more questions"), ("round:1", "status 302")] {
        let got = told(&images, "amd64", &format!("{at}/{image}")).await;
        assert!(got.download.how().contains(says) && got.digest.get().is_none() && got.arches.get().is_none(), "{got:?}");
        assert_eq!(got.missing, image == "gone:1");
        assert!(!format!("{got:?}").contains("pass-word"));
    }
    let closed = told(&Images::default(), "amd64", "127.0.0.1:1/x:1").await;
    assert!(closed.download.how().contains("nothing listens"), "{closed:?}");
}

#[tokio::test]
async fn an_own_authority_is_trusted_for_its_registry_and_its_tokens_alone() {
    let registry = Arc::new(Mutex::new(Registry::default()));
    let answers = registry.clone();
    let at = serves("127.0.0.1", move |request| answers.lock().unwrap().answer(request)).await.to_string();
    *registry.lock().unwrap() = Registry {
        wants: Some("Bearer tok".into()),
        challenge: format!(r#"Bearer realm="https://{at}/token",service="reg",scope="repository:a/b:pull""#),
        ..Registry::default()
            .with("/token?service=reg&scope=repository%3Aa%2Fb%3Apull", 200, "X: y", r#"{"token":"tok"}"#)
            .with("/v2/a/b/manifests/1", 200, "X: y", OCI_INDEX)
            .with("/v2/a/b/manifests/sha256:64", 200, "X: y", SINGLE)
    };
    let name = format!("{at}/a/b:1");
    let own = Images { registry: Some(at.clone()), ..Images::default() };
    let got = trusting(&own, Some(AUTHORITY), "arm64", &name).await;
    assert_eq!(got.download.get(), Some(&30_000_132), "{got:?}");
    let other = Images { registry: Some("elsewhere.example".into()), ..Images::default() };
    for (images, ca) in [(&own, None), (&other, Some(AUTHORITY))] {
        // At home plain HTTP is tried first: what speaks TLS does not answer that.
        let got = trusting(images, ca, "arm64", &name).await;
        assert!(got.download.get().is_none(), "{got:?}");
    }
}
