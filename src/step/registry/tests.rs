//! Docker told of a registry, and untold: once, twice, half-way, refused, and with others at the same file.

use std::sync::Arc;

use super::*;
use crate::step::{Neighbour, alone};
use crate::world::fake::{self, Answer, Described, Pace, Sort, Trouble, Verb};

const HOST: &str = "nas:5000";
const OURS: &str = "{\n  \"insecure-registries\": [\n    \"nas:5000\"\n  ]\n}\n";
const THEIRS: &str = "{\n    \"log-opts\": {\"max-size\": \"10m\"},\n    \"debug\": true\n}";
const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n";
const CA: &str = "/etc/docker/certs.d/nas:5000/ca.crt";

fn context(settings: Option<&str>, change: impl FnOnce(&mut Described)) -> Context {
    let systemctl = Answer { program: "systemctl".into(), ..Answer::default() };
    let mut described = Described { programs: vec![systemctl], trouble: vec![], ..fake::named("server").unwrap() };
    described.files.extend(settings.map(|text| (PATH.to_string(), text.to_string())));
    change(&mut described);
    let world = fake::paced(described, Pace::Speed(5000.0)).0;
    files::make(&*world.files, "/var/lib/kerbup/shop", 0o700).unwrap();
    alone::context(world).0
}

fn step(host: &str, trust: Trust) -> Step {
    alone::step("registry:plain", "registry", &With { host: host.into(), trust })
}

fn plain() -> Step {
    step(HOST, Trust::Plain { systemd: true })
}

fn authority() -> Step {
    step(HOST, Trust::Authority { pem: PEM.into() })
}

fn text(cx: &Context, path: &str) -> Option<String> {
    cx.world.files.read(path).ok().map(|b| String::from_utf8(b).unwrap())
}

fn put(cx: &Context, path: &str, text: &str) {
    cx.world.files.write(path, text.as_bytes(), 0o644).unwrap();
}

async fn named(cx: &Context) -> bool {
    live(cx).await.unwrap().contains(&HOST.to_string())
}

/// A step made, as a run does it: what it made, and its undo.
async fn made(s: &Step, cx: &mut Context) -> Value {
    let undo = Registry.prepare(s, cx).await.unwrap();
    cx.made = Some(Registry.apply(s, cx).await.unwrap());
    undo
}

#[tokio::test]
async fn docker_is_told_once_and_untold() {
    for (before, after) in [
        (None, OURS.to_string()),
        (Some("{}\n"), OURS.to_string()),
        (
            Some(THEIRS),
            "{\n    \"log-opts\": {\n        \"max-size\": \"10m\"\n    },\n    \"debug\": true,\n    \"insecure-registries\": [\n        \"nas:5000\"\n    ]\n}\n".to_string(),
        ),
        (Some("{\"insecure-registries\":[\"old:1\"]}"), OURS.replace("\"nas", "\"old:1\",\n    \"nas")),
        (Some("{\"insecure-registries\":[]}"), OURS.to_string()),
    ] {
        let (mut cx, s) = (context(before, |_| {}), plain());
        assert_eq!(Registry.check(&s, &cx).await.unwrap(), StepState::Absent);
        let undo = made(&s, &mut cx).await;
        assert_eq!(text(&cx, PATH), Some(after.clone()), "{before:?}");
        assert!(named(&cx).await);
        assert_eq!(Registry.check(&s, &cx).await.unwrap(), StepState::OursAlready);
        Registry.apply(&s, &cx).await.unwrap();
        assert_eq!(text(&cx, PATH), Some(after), "twice changes nothing");
        for _ in 0..2 {
            Registry.revert(&s, &undo, &cx).await.unwrap();
            assert_eq!((text(&cx, PATH).as_deref(), named(&cx).await), (before, false), "the very bytes, and out of the Docker that runs");
        }
    }
}

#[tokio::test]
async fn mode_owner_link_and_folder_are_as_they_were() {
    let mut cx = context(None, |d| drop(d.files.insert("/opt/docker.json".into(), THEIRS.into())));
    let f = cx.world.files.clone();
    f.set_mode("/opt/docker.json", 0o640).unwrap();
    f.set_owner("/opt/docker.json", 7, 8).unwrap();
    f.link("../../opt/docker.json", PATH).unwrap();
    let undo = made(&plain(), &mut cx).await;
    assert!(named(&cx).await && f.read_link(PATH).is_ok());
    let body = format!("{}/undo/{}", cx.state, undo["before"]["sha256"].as_str().unwrap());
    assert_eq!(f.meta(&body).unwrap().mode, 0o600);
    assert_eq!(f.meta(body.rsplit_once('/').unwrap().0).unwrap().mode, 0o700);
    assert!(!undo.to_string().contains("log-opts"), "the journal does not hold what stands in the file");
    Registry.revert(&plain(), &undo, &cx).await.unwrap();
    let meta = f.meta("/opt/docker.json").unwrap();
    assert_eq!((text(&cx, PATH).as_deref(), meta.mode, meta.uid, meta.gid), (Some(THEIRS), 0o640, 7, 8));

    let mut cx = context(None, |_| {});
    cx.world.files.remove_tree("/etc/docker").unwrap();
    let undo = made(&plain(), &mut cx).await;
    Registry.revert(&plain(), &undo, &cx).await.unwrap();
    assert!(!files::there(&*cx.world.files, "/etc/docker"));
}

#[tokio::test]
async fn what_others_wrote_meanwhile_stays() {
    for (before, now, after) in [
        (None, "{\"insecure-registries\": [\"nas:5000\", \"more:1\"]}", Some("{\n  \"insecure-registries\": [\n    \"more:1\"\n  ]\n}\n")),
        (None, "{\"debug\": true, \"insecure-registries\": [\"nas:5000\"]}", Some("{\n  \"debug\": true\n}\n")),
        (Some(THEIRS), "{\"debug\": false}", Some("{\"debug\": false}")),
        (Some("{\"insecure-registries\": [\"nas:5000\"]}"), OURS, Some(OURS)),
        (None, "{\n\n\"insecure-registries\": [\"nas:5000\"]}", None),
    ] {
        let mut cx = context(before, |_| {});
        let undo = made(&plain(), &mut cx).await;
        put(&cx, PATH, now);
        Registry.revert(&plain(), &undo, &cx).await.unwrap();
        assert_eq!(text(&cx, PATH).as_deref(), after, "{now}");
    }
    let mut cx = context(None, |_| {});
    let undo = made(&plain(), &mut cx).await;
    put(&cx, PATH, "{oh");
    assert_eq!(Registry.revert(&plain(), &undo, &cx).await.unwrap_err().code, "DOCKER-SETTINGS-BROKEN");
    assert_eq!(text(&cx, PATH).as_deref(), Some("{oh"));
    cx.world.files.remove_file(PATH).unwrap();
    Registry.revert(&plain(), &undo, &cx).await.unwrap();
}

#[tokio::test]
async fn a_revert_bears_that_half_or_nothing_was_done() {
    for before in [None, Some(THEIRS)] {
        let cx = context(before, |_| {});
        let undo = Registry.prepare(&plain(), &cx).await.unwrap();
        Registry.revert(&plain(), &undo, &cx).await.unwrap();
        assert_eq!(text(&cx, PATH).as_deref(), before, "nothing was done");
        // Cut after it was written and before Docker read it; then a later run goes on.
        put(&cx, PATH, OURS);
        assert_eq!(
            Registry.check(&plain(), &cx).await.unwrap(),
            StepState::Different { diff: vec!["Docker has not read its settings since".into()] }
        );
        Registry.revert(&plain(), &undo, &cx).await.unwrap();
        put(&cx, PATH, OURS);
        Registry.apply(&plain(), &cx).await.unwrap();
        assert!(named(&cx).await);
        // Cut as it was taken back, while Docker was told an empty list.
        put(&cx, PATH, &OURS.replace("\n    \"nas:5000\"\n  ", ""));
        Registry.revert(&plain(), &undo, &cx).await.unwrap();
        assert_eq!(text(&cx, PATH).map(|t| t.contains("insecure")), before.map(|_| false));
    }
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_left_alone() {
    for broken in ["{\"debug\": true,}", "[]", "{\"insecure-registries\": \"nas:5000\"}"] {
        let cx = context(Some(broken), |_| {});
        for fault in [
            Registry.check(&plain(), &cx).await.unwrap_err(),
            Registry.prepare(&plain(), &cx).await.unwrap_err(),
            Registry.apply(&plain(), &cx).await.unwrap_err(),
        ] {
            assert_eq!(fault.code, "DOCKER-SETTINGS-BROKEN");
            assert!(fault.says.contains(PATH) && fault.cure[0].contains("sudoedit"), "{fault:?}");
        }
        assert_eq!(text(&cx, PATH).as_deref(), Some(broken));
    }
}

#[tokio::test]
async fn a_docker_that_refuses_has_its_settings_back() {
    for before in [None, Some(THEIRS)] {
        let cx = context(before, |d| d.engine_flags = vec!["insecure-registries".into()]);
        let undo = Registry.prepare(&plain(), &cx).await.unwrap();
        let fault = Registry.apply(&plain(), &cx).await.unwrap_err();
        assert_eq!(fault.code, "DOCKER-SETTINGS-REFUSED");
        assert!(fault.says.contains(HOST) && fault.cure.join(" ").contains("--insecure-registry=nas:5000"), "{fault:?}");
        assert_eq!(text(&cx, PATH).as_deref(), before);
        assert!(!named(&cx).await && cx.world.engine.info().await.is_ok());
        Registry.revert(&plain(), &undo, &cx).await.unwrap();
        assert_eq!(text(&cx, PATH).as_deref(), before);
    }
    // The service manager's own words, where the reload itself fails.
    let says = "Job for docker.service failed.\nSee more.\n".to_string();
    let trouble = Trouble { verb: Verb::Process, fits: "reload docker".into(), says, times: 1, error: Sort::Other, listens: None };
    let cx = context(Some(THEIRS), |d| d.trouble = vec![trouble]);
    let fault = Registry.apply(&plain(), &cx).await.unwrap_err();
    assert!(fault.because.join(" ").contains("Job for docker.service failed."), "{fault:?}");
    assert_eq!(text(&cx, PATH).as_deref(), Some(THEIRS));
    Registry.apply(&plain(), &cx).await.unwrap();
}

fn process(d: &mut Described, name: &str, line: &str) {
    d.files.insert("/var/run/docker.pid".into(), "812\n".into());
    d.files.insert("/proc/812/comm".into(), format!("{name}\n"));
    d.files.insert("/proc/812/cmdline".into(), line.replace(' ', "\0") + "\0");
}

#[tokio::test]
async fn flags_that_would_keep_docker_from_starting_are_seen_before_anything_is_changed() {
    for (line, says) in [
        ("/usr/bin/dockerd --insecure-registry localhost:5000 --data-root /x", "--insecure-registry"),
        ("dockerd --insecure-registry=10.0.0.0/8", "--insecure-registry"),
        ("dockerd --config-file=/srv/docker.json", "/srv/docker.json"),
        ("dockerd -config-file /srv/docker.json", "/srv/docker.json"),
    ] {
        let cx = context(None, |d| process(d, "dockerd", line));
        for fault in [Registry.check(&plain(), &cx).await.unwrap_err(), Registry.apply(&plain(), &cx).await.unwrap_err()] {
            assert_eq!(fault.code, "DOCKER-SETTINGS-REFUSED");
            assert!(fault.because[0].contains(says) && !fault.cure.is_empty(), "{fault:?}");
        }
        assert_eq!(text(&cx, PATH), None);
    }
    for line in ["dockerd --config-file /etc/docker/daemon.json -H fd://", "dockerd"] {
        let cx = context(None, |d| process(d, "dockerd", line));
        Registry.apply(&plain(), &cx).await.unwrap();
    }
}

#[tokio::test]
async fn without_a_service_manager_the_process_itself_is_told() {
    let s = step(HOST, Trust::Plain { systemd: false });
    let mut cx = context(None, |d| {
        d.programs.clear();
        process(d, "dockerd", "dockerd");
    });
    let undo = made(&s, &mut cx).await;
    assert!(named(&cx).await);
    Registry.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!((text(&cx, PATH), named(&cx).await), (None, false));
    // The number was given to another program since: it is left in peace.
    let cx = context(None, |d| {
        d.programs.clear();
        process(d, "nginx", "nginx");
    });
    assert_eq!(Registry.apply(&s, &cx).await.unwrap_err().code, "DOCKER-SETTINGS-REFUSED");
    assert_eq!(text(&cx, PATH), None);
}

#[tokio::test]
async fn a_docker_that_knows_it_already_is_left_as_it_is() {
    // By a range of its command line, so that nothing may be added to the file.
    let mut cx = context(None, |d| process(d, "dockerd", "dockerd --insecure-registry=10.0.0.0/8"));
    let s = step("127.0.0.5:5000", Trust::Plain { systemd: true });
    assert_eq!(Registry.check(&s, &cx).await.unwrap(), StepState::AlreadyThere);
    let undo = made(&s, &mut cx).await;
    assert_eq!((text(&cx, PATH), Registry.check(&s, &cx).await.unwrap()), (None, StepState::OursAlready));
    Registry.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!(text(&cx, PATH), None);
}

#[tokio::test]
async fn another_registry_takes_the_place_of_the_first() {
    for before in [None, Some(THEIRS)] {
        let mut cx = context(before, |_| {});
        let undo = made(&plain(), &mut cx).await;
        let other = step("depot:5000", Trust::Plain { systemd: true });
        assert_eq!(Registry.check(&other, &cx).await.unwrap(), StepState::Different { diff: vec!["Docker was told of nas:5000".into()] });
        let later = Registry.apply(&other, &cx).await.unwrap();
        let now = settings::read(PATH, text(&cx, PATH).unwrap().as_bytes()).unwrap();
        assert_eq!(settings::listed(&now).unwrap(), ["depot:5000"]);
        // Cut before it was written down as done, and after.
        for known in [cx.made.clone(), Some(later)] {
            let cx = Context { made: known, ..cx.clone() };
            Registry.revert(&other, &undo, &cx).await.unwrap();
            assert_eq!(text(&cx, PATH).as_deref(), before);
            Registry.apply(&other, &cx).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_authority_is_given_and_taken_back() {
    let (mut cx, s) = (context(None, |_| {}), authority());
    let f = cx.world.files.clone();
    assert_eq!(Registry.check(&s, &cx).await.unwrap(), StepState::Absent);
    let undo = made(&s, &mut cx).await;
    assert_eq!((text(&cx, CA).as_deref(), f.meta(CA).unwrap().mode), (Some(PEM), 0o644));
    assert_eq!(Registry.check(&s, &cx).await.unwrap(), StepState::OursAlready);
    Registry.revert(&s, &undo, &cx).await.unwrap();
    Registry.revert(&s, &undo, &cx).await.unwrap();
    assert!(!files::there(&*f, AUTHORITIES) && files::there(&*f, "/etc/docker"));
    // Prepared and cut; then another file beside it keeps the folder.
    let undo = Registry.prepare(&s, &cx).await.unwrap();
    Registry.revert(&s, &undo, &cx).await.unwrap();
    let undo = made(&s, &mut cx).await;
    put(&cx, "/etc/docker/certs.d/nas:5000/client.cert", "theirs");
    Registry.revert(&s, &undo, &cx).await.unwrap();
    assert_eq!(f.list("/etc/docker/certs.d/nas:5000").unwrap(), ["client.cert"]);
}

#[tokio::test]
async fn certificates_of_somebody_else_come_back() {
    let mut cx = context(None, |d| drop(d.files.insert(CA.into(), "an older authority".into())));
    assert!(matches!(Registry.check(&authority(), &cx).await.unwrap(), StepState::Different { .. }));
    let undo = made(&authority(), &mut cx).await;
    // The authority's certificate was renewed: the first body is still the one that comes back.
    let renewed = step(HOST, Trust::Authority { pem: format!("{PEM}{PEM}") });
    assert!(matches!(Registry.check(&renewed, &cx).await.unwrap(), StepState::Different { .. }));
    Registry.revert(&renewed, &undo, &cx).await.unwrap();
    assert_eq!(text(&cx, CA).as_deref(), Some("an older authority"));
    // What somebody wrote there since is theirs.
    Registry.apply(&authority(), &cx).await.unwrap();
    put(&cx, CA, "newer, by hand");
    Registry.revert(&authority(), &undo, &cx).await.unwrap();
    assert_eq!(text(&cx, CA).as_deref(), Some("newer, by hand"));
    let same = context(None, |d| drop(d.files.insert(CA.into(), PEM.into())));
    assert_eq!(Registry.check(&authority(), &same).await.unwrap(), StepState::AlreadyThere);
}

#[test]
fn it_can_be_done_by_hand() {
    let plain = With { host: HOST.into(), trust: Trust::Plain { systemd: false } }.by_hand("");
    assert_eq!(plain[0], "sudo mkdir -p /etc/docker");
    assert!(plain[1].contains("\"insecure-registries\": [\"nas:5000\"]") && plain[2].contains("kill -HUP"), "{plain:?}");
    let ca = With { host: "[fd00::7]:5000".into(), trust: Trust::Authority { pem: PEM.into() } }.by_hand("/root/our ca.pem");
    assert_eq!(ca[1], "sudo install -m 644 '/root/our ca.pem' '/etc/docker/certs.d/[fd00::7]:5000/ca.crt'");
}

#[tokio::test]
async fn what_two_sites_share_goes_with_the_last_of_them() {
    let image = || alone::step("image:x", "image", &json!({"image": "nas:5000/mongo:8"}));
    let beside = |cx: &Context, s: &Step, undo: &Value| Neighbour {
        state: cx.state.clone(),
        steps: vec![(Arc::new(s.clone()), undo.clone()), (Arc::new(image()), json!({}))],
    };
    for (s, path, before) in
        [(plain(), PATH, None), (plain(), PATH, Some(THEIRS)), (authority(), CA, None), (authority(), CA, Some("theirs"))]
    {
        for first_goes_first in [true, false] {
            let mut one = context(before.filter(|_| path == PATH), |d| {
                d.files.extend(before.filter(|_| path == CA).map(|b| (CA.to_string(), b.to_string())));
            });
            let undo_one = made(&s, &mut one).await;
            let told = text(&one, path);
            let mut two = Context { site: "home".into(), state: "/var/lib/kerbup/home".into(), made: None, ..one.clone() };
            files::make(&*two.world.files, &two.state, 0o700).unwrap();
            two.neighbours = vec![beside(&one, &s, &undo_one)];
            assert_eq!(Registry.check(&s, &two).await.unwrap(), StepState::AlreadyThere);
            let undo_two = Registry.prepare(&s, &two).await.unwrap();
            two.made = Some(json!({ "already": true }));
            one.neighbours = vec![beside(&two, &s, &undo_two)];

            let (mut last, undo_last) = if first_goes_first {
                Registry.revert(&s, &undo_one, &one).await.unwrap();
                files::remove(&*one.world.files, &one.state).unwrap();
                (two, undo_two)
            } else {
                Registry.revert(&s, &undo_two, &two).await.unwrap();
                (one, undo_one)
            };
            assert_eq!(text(&last, path), told, "the other one still takes its images from there");
            last.neighbours = vec![];
            Registry.revert(&s, &undo_last, &last).await.unwrap();
            assert_eq!(text(&last, path).as_deref(), before, "as before the first of them");
            assert!(path == CA || !named(&last).await);
        }
    }
}

#[tokio::test]
async fn another_registry_of_a_neighbour_keeps_nothing() {
    let mut cx = context(None, |_| {});
    let undo = made(&plain(), &mut cx).await;
    let image = Step { kind: "image".into(), with: crate::step::details(&json!({"image": "nas:50001/mongo:8"})).unwrap(), ..plain() };
    cx.neighbours = vec![Neighbour { state: "/var/lib/kerbup/home".into(), steps: vec![(Arc::new(image), json!({}))] }];
    Registry.revert(&plain(), &undo, &cx).await.unwrap();
    assert_eq!((text(&cx, PATH), named(&cx).await), (None, false));
}
