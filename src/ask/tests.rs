//! What site files may say, and how wrong ones are refused.

use std::collections::BTreeMap;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::model::answers::{Camera, Images, Record, Service, Shape};

const WHOLE: &str = r#"
[site]
name = "shop-12"
timezone = "Europe/Brussels"
shape = "full"
[platform]
kind = "kubernetes"
kubeconfig = "/root/.kube/config"
context = "prod"
channel = "1.32/stable"
namespace_prefix = "kb-"
cluster = "new"
packages = "http://mirror.example"
node_images = "mirror.example/k8s"
[storage]
path = "/srv/kerberos"
class = "gp3"
retention_days = 14
[images]
registry = "localhost:5000"
insecure = true
user = "puller"
password = { env = "PULL" }
ca = "/etc/ca.pem"
[network]
expose = "loopback"
ports = { vault = 8081, storage = 9002 }
subnet = "172.30.0.0/24"
pod_range = "10.1.0.0/16"
ingress = { host = "cams.example", class = "nginx", tls_secret = "tls" }
load_balancer = { range = "192.0.2.50-192.0.2.60", annotations = { "example.com/a" = "b" } }
[services]
object_storage = { endpoint = "https://s3.example", bucket = "b", region = "eu-1", access_key = "AK", secret_key = { file = "/sk" } }
database = { uri = "mongodb://u:hush@db.example/" }
broker = "bundled"
[options]
factory = false
data_filtering = false
hub = true
[camera_defaults]
user = "viewer"
password = "all-the-same"
record = "always"
[[camera]]
name = "front-door"
url = "rtsp://user:p%40ss@192.0.2.10/stream"
sub_url = "rtsp://192.0.2.10/small"
[[camera]]
name = "yard"
url = "rtsp://192.0.2.11/stream"
record = "motion"
"#;

fn variable(name: &str) -> Option<String> {
    (name == "PULL").then(|| "pulled".into())
}

fn file(path: &str) -> Result<String, String> {
    if path == "/sk" { Ok("SK\n".into()) } else { Err("No such file".into()) }
}

fn load_all(texts: &[&str], sets: &[&str]) -> Result<Loaded, Vec<Fault>> {
    let files: Vec<_> = texts.iter().enumerate().map(|(n, t)| (format!("{n}.toml"), t.to_string())).collect();
    load(&files, &sets.iter().map(|s| s.to_string()).collect::<Vec<_>>(), &variable, &file)
}

fn only_fault(text: &str) -> Fault {
    let mut faults = load_all(&[text], &[]).err().unwrap_or_else(|| panic!("taken: {text}"));
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn the_whole_file_is_read_and_its_secrets_split_out() {
    let (answers, secrets) = load_all(&[WHOLE], &[]).unwrap();
    let secrets: BTreeMap<_, _> = secrets.iter().map(|(n, s)| (n.as_str(), s.expose_secret())).collect();
    assert_eq!(secrets["camera.front-door.url"], "rtsp://user:p%40ss@192.0.2.10/stream");
    assert_eq!(secrets["camera.front-door.sub_url"], "rtsp://user:p%40ss@192.0.2.10/small");
    assert_eq!(secrets["camera.front-door.login"], "user:p@ss");
    assert_eq!(secrets["camera.yard.password"], "all-the-same");
    assert_eq!(secrets["camera.yard.url"], "rtsp://viewer:all-the-same@192.0.2.11/stream");
    assert_eq!(secrets["images.password"], "pulled");
    assert_eq!(secrets["object_storage.secret_key"], "SK");
    assert_eq!(secrets["database.uri"], "mongodb://u:hush@db.example/");
    assert_eq!((answers.platform, answers.retention_days, answers.vault_port), (PlatformKind::Kubernetes, 14, 8081));
    assert_eq!(answers.cameras[0].url, "rtsp://192.0.2.10/stream");
    assert_eq!(answers.cameras[0].record, Record::Always);
    assert_eq!(answers.later["platform.context"], "prod");
    assert_eq!(unsupported(&answers)[0].code, "NOT-SUPPORTED");

    let saved = save(&answers);
    for secret in secrets.values() {
        assert!(!saved.contains(secret), "{secret} stands in the saved file");
    }
    let (again, kept) = load_all(&[&saved], &[]).unwrap_or_else(|f| panic!("{f:?}\n{saved}"));
    assert!(kept.is_empty());
    assert_eq!(Answers { origins: answers.origins.clone(), ..again }, answers);
}

#[test]
fn faults_name_the_place_and_the_nearest_key() {
    let fault = only_fault("[site]\nname = \"a\"\n[storage]\n  pathh = \"/x\"\n");
    assert_eq!(fault.code, "SITE-KEY");
    assert_eq!(fault.place.map(|p| (p.file, p.line, p.column)), Some(("0.toml".into(), 4, 3)));
    assert_eq!(fault.cure, ["Did you mean storage.path?"]);
    assert_eq!(only_fault("[stroage]\npath = \"/x\"").cure, ["Did you mean storage?"]);
    let wrong = [
        ("[storage]\nretention_days = 0", 2, 18),
        ("[storage]\nretention_days = \"7\"", 2, 18),
        ("[network]\nports = { vault = 70000 }", 2, 19),
        ("[network]\nsubnet = \"172.30.0.1/24\"", 2, 10),
        ("[site]\ntimezone = \"Mars/Base\"", 2, 12),
        ("[site]\nname = \"Shop 12\"", 2, 8),
        ("[platform]\nkind = \"dokcer\"", 2, 8),
        ("site = 3", 1, 8),
        ("[[camera]]\nname = \"a\"\nurl = \"ftp://x\"", 3, 7),
    ];
    for (text, line, column) in wrong {
        let fault = only_fault(text);
        assert_eq!((fault.code.as_str(), fault.place.map(|p| (p.line, p.column))), ("SITE-VALUE", Some((line, column))), "{text}");
    }
    assert_eq!(only_fault("[site\nname = 1").code, "SITE-SYNTAX");
    assert_eq!(only_fault("[images]\npassword = { env = \"NOT_SET\" }").code, "SITE-SECRET");
    assert_eq!(only_fault("[images]\npassword = { file = \"/none\" }").because, ["No such file"]);
}

#[test]
fn a_camera_is_whole_and_stands_once() {
    let twice = "[[camera]]\nname = \"a\"\nurl = \"rtsp://h/\"\n[[camera]]\nname = \"a\"\nurl = \"rtsp://i/\"";
    assert_eq!(only_fault(twice).code, "SITE-DUPLICATE");
    assert!(only_fault("[[camera]]\nname = \"a\"").says.contains("url is missing"));
    let both = "[[camera]]\nname = \"a\"\nurl = \"rtsp://u:hush@h/\"\nuser = \"v\"";
    let fault = only_fault(both);
    assert!(fault.says.contains("twice") && !format!("{fault:?}").contains("hush"));
    let other = "[[camera]]\nname = \"a\"\nurl = \"rtsp://h/\"\nuser = \"v\"\npassword = { secret = \"camera.b.password\" }";
    assert!(only_fault(other).says.contains("camera.a.password"));
}

#[test]
fn later_files_and_flags_win() {
    let base = "[site]\nname = \"a\"\n[storage]\npath = \"/one\"\n[[camera]]\nname = \"yard\"\nurl = \"rtsp://192.0.2.1/s\"";
    let over = "[storage]\npath = \"/two\"\n[[camera]]\nname = \"yard\"\nuser = \"u\"\npassword = \"p\"\n[[camera]]\nname = \"till\"\nurl = \"rtsp://h/\"";
    let sets = [
        "storage.retention_days=7",
        "camera.yard.record=always",
        "camera.2.name=gate",
        "camera.2.url=rtsp://a:b@c/",
        "network.ports.vault=9090",
        "services.database={ uri = \"mongodb://x\" }",
        "images.password={ env = \"PULL\" }",
        "options.hub=true",
    ];
    let (answers, secrets) = load_all(&[base, over], &sets).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!((answers.site.as_str(), answers.path.as_str(), answers.retention_days, answers.vault_port), ("a", "/two", 7, 9090));
    assert_eq!(answers.cameras.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["yard", "till", "gate"]);
    assert_eq!((answers.cameras[0].user.as_deref(), answers.cameras[0].record), (Some("u"), Record::Always));
    assert!(matches!(answers.database, Service::External { .. }) && answers.hub);
    assert_eq!(answers.origins["storage.retention_days"], Origin::Flag);
    assert_eq!(answers.origins["storage.path"], Origin::File);
    assert!(secrets.iter().any(|(n, s)| n == "camera.gate.url" && s.expose_secret() == "rtsp://a:b@c/"));
    for wrong in ["storage", "=", "storage.path", "a..b=c", "storage.pth=/x", "storage.retention_days=many", "camera.7.url=rtsp://h/"] {
        let faults = load_all(&[base], &[wrong]).err().unwrap_or_else(|| panic!("{wrong} was taken"));
        assert!(!faults.is_empty());
    }
}

#[test]
fn unattended_runs_name_what_is_missing() {
    let (answers, _) = load_all(&["[site]\nname = \"a\""], &["platform.kind=docker"]).unwrap();
    let faults = missing(&answers);
    assert_eq!(faults.len(), 1);
    assert!(faults[0].says.contains("storage.path"), "{:?}", faults[0]);
    assert!(unsupported(&answers).is_empty());
}

fn text() -> impl Strategy<Value = String> {
    "\\PC{1,20}"
}

fn a_service(plain: Vec<&'static str>, off: bool) -> impl Strategy<Value = Service> {
    let settings = proptest::collection::vec(text(), plain.len());
    let external = settings.prop_map(move |v| Service::External { settings: plain.iter().map(|k| k.to_string()).zip(v).collect() });
    prop_oneof![Just(Service::Bundled), Just(if off { Service::Off } else { Service::Bundled }), external]
}

fn a_camera() -> impl Strategy<Value = Camera> {
    let url = "rtsps?://(192\\.0\\.2\\.[1-9]|cam\\.lan)(:[1-9][0-9]{2})?(/[a-z0-9?=&.]{0,12})?";
    ("[a-z][a-z0-9]{0,10}", url, proptest::option::of(url), proptest::option::of(text()), any::<bool>()).prop_map(
        |(name, url, sub_url, user, always)| Camera {
            name,
            url,
            sub_url,
            user,
            record: if always { Record::Always } else { Record::Motion },
        },
    )
}

prop_compose! {
    fn some_answers()(
        site in "[a-z0-9]{1,32}",
        timezone in proptest::option::of(Just("America/New_York".to_string())),
        small in any::<bool>(),
        path in "(/[^/\\pC.\\s][^/\\pC.]{0,6}[^/\\pC.\\s]){1,3}",
        retention_days in 1u32..=3650,
        registry in proptest::option::of(Just("localhost:5000/x".to_string())),
        insecure in any::<bool>(),
        user in proptest::option::of(text()),
        ports in (1u16..9000, 9001u16..),
        subnet in proptest::option::of(Just("172.30.0.0/24".to_string())),
        object_storage in a_service(vec!["bucket", "endpoint", "region"], false),
        database in a_service(vec![], false),
        broker in a_service(vec![], true),
        hub in any::<bool>(),
        context in proptest::option::of(text()),
        mut cameras in proptest::collection::vec(a_camera(), 0..4),
    ) -> Answers {
        cameras.sort_by(|a, b| a.name.cmp(&b.name));
        cameras.dedup_by(|a, b| a.name == b.name);
        Answers {
            site, timezone, shape: if small { Shape::Small } else { Shape::Full }, path, retention_days,
            images: Images { registry, insecure, user, ca: None }, vault_port: ports.0, storage_port: ports.1, subnet, object_storage,
            database, broker, hub, cameras, later: context.map(|c| ("platform.context".to_string(), c.into())).into_iter().collect(),
            ..Answers::default()
        }
    }
}

proptest! {
    #[test]
    fn saved_answers_load_again(answers in some_answers()) {
        let saved = save(&answers);
        let (again, secrets) = load_all(&[&saved], &[]).unwrap_or_else(|f| panic!("{f:?}\n{saved}"));
        // A camera without login has an address that is no secret; nothing else may come out of a saved file.
        prop_assert!(secrets.iter().all(|(n, s)| n.ends_with("url") && answers.cameras.iter().any(|c| c.url == s.expose_secret() || c.sub_url.as_deref() == Some(s.expose_secret()))));
        let once = Answers { origins: BTreeMap::new(), ..again.clone() };
        prop_assert_eq!(once, answers);
        prop_assert_eq!(load_all(&[&save(&again)], &[]).unwrap().0, again);
    }

    #[test]
    fn wild_files_and_flags_never_panic(text in "(\\PC|\n|\\[|\\]|=|\"|\\{|\\}){0,120}", flag in "\\PC{0,40}") {
        let _ = load_all(&[&text], &[&flag]);
        let _ = load_all(&[WHOLE, &text], &[&format!("camera.{flag}")]);
        let _ = load_all(&[&format!("[site]\nname = {text}")], &[&format!("site.name={flag}")]);
    }

    #[test]
    fn a_torn_file_never_panics(cut in 0usize..WHOLE.len(), junk in "\\PC{0,6}") {
        let at = (0..=cut).rev().find(|n| WHOLE.is_char_boundary(*n)).unwrap_or(0);
        let _ = load_all(&[&format!("{}{junk}{}", &WHOLE[..at], &WHOLE[at..])], &[]);
        let _ = load_all(&[&WHOLE[..at]], &[]);
    }
}
