//! A change that fails on the real engine is undone by the real program, line by line: the site is as it was before, and its camera
//! records on.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use crate::engine::{IMAGES, Site, machine, own_registry, same, setting, tool, wait_for};
use crate::resume::portrait;

fn camera(name: &str) -> String {
    format!("[[camera]]\nname = \"{name}\"\nurl = \"{}\"\nrecord = \"always\"\n", setting("KERBUP_TEST_CAMERA"))
}

#[test]
fn a_change_that_failed_is_undone() {
    let test = "undo::a_change_that_failed_is_undone";
    if !crate::engine::named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-undo", &camera("front-door")) else { return };
    let before = machine(&site);
    site.run(&[&site.install()[..], &["--wait-recording=4m"]].concat()).ok();
    let (stood, answers) = (portrait(&site), fs::read_to_string(site.state().join("site.toml")).unwrap());

    // A camera more, whose recorder's name is somebody else's; and other days, which are set before that.
    let taken = format!("{}-agent-yard", site.name);
    let image = format!("{}/{}", own_registry(), IMAGES[1]);
    let id = tool("docker", &["create", "--name", &taken, "--entrypoint", "sh", &image]);
    let text = fs::read_to_string(&site.file).unwrap().replace("retention_days = 4", "retention_days = 2") + &camera("yard");
    site.write(&text);
    let ran = site.run(&site.install());
    assert!(ran.code != 0 && ran.out.contains("NAME-TAKEN"), "{}\n{}", ran.out, ran.err);
    assert_ne!(fs::read_to_string(site.state().join("site.toml")).unwrap(), answers);

    // The next start offers to go on; that fails once more, and is undone.
    let mut command = site.command(&["--output", "plain"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"go on with\nundo the change\nyes\nleave\n").unwrap();
    let said = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && text.contains("The change is undone"), "{text}");

    assert_eq!(fs::read_to_string(site.state().join("site.toml")).unwrap(), answers);
    same(&stood, &portrait(&site));
    let secrets = fs::read_to_string(site.state().join("secrets.toml")).unwrap();
    assert!(!secrets.contains("camera.yard."), "the login of the camera is forgotten");
    assert_eq!(tool("docker", &["inspect", "-f", "{{.Id}}", &taken]), id, "what is somebody else's stays");
    wait_for("the camera records on", Duration::from_secs(90), || (site.status()["cameras"][0]["state"] == "recording").then_some(()));

    tool("docker", &["rm", "-v", &taken]);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn nothing_is_changed_or_stopped_without_a_yes_and_with_json_only_events_are_told() {
    let test = "undo::nothing_is_changed_or_stopped_without_a_yes";
    if !crate::engine::named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-yes", &camera("front-door")) else { return };
    site.run(&site.install()).ok();
    let stood = site.containers();
    for (args, event) in [
        (&["change", "--set", "storage.retention_days=2"][..], Some("planned")),
        (&["uninstall"], Some("farewell")),
        (&["cameras", "remove", "front-door"], None),
        (&["cameras", "add", "yard", "rtsp://192.0.2.11/stream"], None),
        (&["cameras", "change", "front-door", "--record", "motion"], None),
    ] {
        let ran = site.run(&[args, &["--output", "json"]].concat());
        assert_eq!((ran.code, &ran.done()["ok"]), (2, &serde_json::json!(false)), "{args:?}: {}", ran.err);
        let events = ran.events();
        assert!(event.is_none_or(|e| events[0]["event"] == e), "{args:?}: {}", ran.out);
        assert!(events.iter().any(|e| e["fault"]["code"] == "YES-MISSING") && ran.err.contains("--yes"), "{args:?}: {}", ran.out);
    }
    for args in [&["cameras", "remove", "front-door"][..], &["stop"]] {
        let ran = site.run(args);
        assert!(ran.code == 2 && ran.err.contains("--yes") && ran.out.is_empty(), "{args:?}: {}{}", ran.out, ran.err);
    }
    let stop = site.run(&["stop", "--output", "json"]);
    assert_eq!((stop.code, &stop.document()["faults"][0]["code"]), (2, &serde_json::json!("YES-MISSING")));
    assert_eq!(site.containers(), stood);
    assert!(site.status()["components"].as_array().unwrap().iter().all(|c| c["state"] != "stopped"));
    site.run(&["cameras", "remove", "front-door", "--yes"]).ok();
    assert_eq!(site.containers().len(), 3);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
}
