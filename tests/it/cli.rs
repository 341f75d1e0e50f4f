//! What goes wrong, by the real program: wrong files, missing answers, no terminal, ports taken, names taken, a registry that
//! goes. Each ends with the contract's exit code, says what to do, and changes nothing that it need not.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::engine::{IMAGES, Ran, Running, Site, files, machine, own_registry, program, same, setting, tool, tool_may_fail};

/// All it said; with JSON what went wrong stands in the events.
fn said(ran: &Ran) -> String {
    format!("{}\n{}", ran.out, ran.err)
}

/// The program without a terminal, with a state folder of its own.
fn run(dir: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(program());
    command.arg("--state").arg(dir.join("state")).args(args).current_dir(dir).env("LANG", "C.UTF-8");
    Running::start(&mut command).end(Duration::from_secs(60))
}

#[test]
fn a_wrong_site_file_is_refused_at_its_place() {
    let dir = TempDir::new().unwrap();
    let head = "[site]\nname = \"a\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"/srv/a\"\n";
    for (text, place, word) in [
        (format!("{head}retention = 3\n"), "line 7, column 1", "retention_days"),
        ("[site]\nname = \"a\n".to_string(), "line 2, column 10", "quotes"),
        ("[site]\nname = \"Shop 12\"\n".to_string(), "line 2, column 8", "shop-12"),
        (format!("{head}retention_days = \"many\"\n"), "line 7, column 18", "retention_days"),
        (format!("{head}[[camera]]\nname = \"yard\"\nurl = \"http://192.0.2.1/\"\n"), "line 9, column 7", "rtsp"),
        (format!("{head}[network]\nports = {{ vault = 99999 }}\n"), "line 8, column", "vault"),
    ] {
        fs::write(dir.path().join("site.toml"), &text).unwrap();
        for command in ["install", "plan", "check"] {
            let ran = run(dir.path(), &[command, "--answers", "site.toml", "--yes"]);
            assert_eq!(ran.code, 2, "{command}: {text}\n{}", ran.err);
            assert!(ran.err.contains("site.toml") && ran.err.contains(place), "{place}: {}", ran.err);
            assert!(ran.err.contains(word), "{word}: {}", ran.err);
        }
    }
    assert!(!dir.path().join("state").exists());
}

#[test]
fn what_is_not_answered_is_named() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("site.toml"), "[site]\nname = \"a\"\n").unwrap();
    let ran = run(dir.path(), &["install", "--answers", "site.toml", "--yes"]);
    assert_eq!(ran.code, 2);
    for name in ["platform.kind", "storage.path"] {
        assert!(ran.err.contains(name), "{name}: {}", ran.err);
    }
    let not_yet =
        run(dir.path(), &["install", "--set", "site.name=a", "--set", "storage.path=/srv/a", "--set", "platform.kind=eks", "--yes"]);
    assert_eq!(not_yet.code, 2, "{}", not_yet.err);
    let ran = run(dir.path(), &["install", "--set", "site.name=a", "--set", "storage.path=/srv/a", "--set", "platform.kind=docker"]);
    assert_eq!((ran.code, ran.err.contains("--yes")), (2, true), "{}", ran.err);
    assert!(!dir.path().join("state").exists());
}

#[test]
fn without_a_terminal_nothing_hangs() {
    let dir = TempDir::new().unwrap();
    for args in [&[][..], &["--output", "plain"], &["--output", "tty"], &["--output", "json"], &["change"], &["--practice"]] {
        let ran = run(dir.path(), args);
        assert_eq!(ran.code, 2, "{args:?}\n{}\n{}", ran.out, ran.err);
        assert!(!ran.err.is_empty() && !ran.out.contains("\u{1b}[?1049h"), "{args:?}");
    }
}

#[test]
fn what_is_not_there_is_said_and_what_there_is() {
    let dir = TempDir::new().unwrap();
    for (args, word) in [
        (&["status"][..], "kerbup"),
        (&["status", "--site", "nope"], "nope"),
        (&["uninstall", "--yes"], "kerbup"),
        (&["logs", "vault"], "kerbup"),
        (&["change", "--set", "storage.retention_days=3", "--yes"], "kerbup"),
        (&["install", "--answers", "nothere.toml", "--yes"], "nothere.toml"),
        (&["status", "--recipes", "/nonexistent"], "/nonexistent"),
        (&["--practice=nowhere", "check"], "nowhere"),
        (&["nonsense"], "nonsense"),
        (&["status", "--nonsense"], "nonsense"),
    ] {
        let ran = run(dir.path(), args);
        assert_eq!(ran.code, 2, "{args:?}\n{}", ran.err);
        assert!(ran.err.contains(word), "{args:?}\n{}", ran.err);
    }
    assert_eq!(run(dir.path(), &["sites"]).code, 0);
    for args in [&["--version"][..], &["--help"], &["man"], &["completions", "bash"]] {
        assert!(!run(dir.path(), args).ok().out.is_empty(), "{args:?}");
    }
}

#[test]
fn events_end_with_done_however_a_run_ends() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("wrong.toml"), "[site]\nname = 3\n").unwrap();
    for args in [
        &["install", "--answers", "wrong.toml", "--yes"][..],
        &["install", "--answers", "nothere.toml", "--yes"],
        &["install", "--yes"],
        &["install"],
        &["change", "--yes"],
        &["uninstall", "--yes"],
    ] {
        let ran = run(dir.path(), &[args, &["--output", "json"]].concat());
        assert_eq!(ran.code, 2, "{args:?}\n{}", ran.err);
        assert_eq!(ran.done()["ok"], false, "{args:?}");
        assert!(ran.events().iter().any(|e| e["event"] == "failed" && e["fault"]["code"].is_string()), "{args:?}: {}", ran.out);
    }
}

#[test]
fn a_signal_is_told_with_the_way_on_and_the_last_line_is_how_it_ended() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("site.toml"), "[site]\nname = \"try\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"/srv/kerberos\"\n")
        .unwrap();
    for (signal, code, name) in [("INT", 130, "INTERRUPTED"), ("TERM", 143, "TERMINATED")] {
        let mut command = Command::new(program());
        command.arg("--state").arg(dir.path().join("state")).current_dir(dir.path());
        let mut running =
            Running::start(command.args(["--practice=pi4", "install", "--answers", "site.toml", "--yes", "--output", "json"]));
        running.until("a step that began", Duration::from_secs(60), |out| out.contains("\"step-started\""));
        tool("kill", &["-s", signal, &running.id().to_string()]);
        let ran = running.end(Duration::from_secs(20));
        assert_eq!((ran.code, &ran.done()["ok"]), (code, &json!(false)), "{}", said(&ran));
        assert!(ran.events().iter().any(|e| e["fault"]["code"] == name), "{}", ran.out);
        assert!(ran.err.contains("What is done stays done. To go on from there: kerbup resume --site try"), "{}", ran.err);
    }
}

#[test]
fn practice_changes_nothing_on_this_machine() {
    // Those that install for real make a link in PATH.
    let _turn = crate::engine::turn();
    let dir = TempDir::new().unwrap();
    fs::write(
        dir.path().join("site.toml"),
        "[site]\nname = \"try\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"/srv/kerberos\"\n[[camera]]\nname = \"yard\"\nurl = \"rtsp://192.168.1.31/stream\"\n",
    )
    .unwrap();
    let list = || {
        let mut all = std::collections::BTreeSet::new();
        files(dir.path(), &mut all);
        for place in ["/var/lib/kerbup", "/srv/kerberos", "/usr/local/bin"] {
            all.insert(format!("{place} {}", Path::new(place).exists()));
            files(Path::new(place), &mut all);
        }
        all
    };
    let before = list();
    for (world, ends) in [("pi4", 0), ("nuc", 1), ("server", 3)] {
        let practice = format!("--practice={world}");
        let ran = run(dir.path(), &[&practice, "install", "--answers", "site.toml", "--yes", "--output", "json"]);
        // On the server something else has the port, and on the small computer it takes it midway: that is practised too.
        assert_eq!((ran.code, &ran.done()["ok"]), (ends, &json!(ends == 0)), "{world}: {}", said(&ran));
        assert_eq!(ran.events().iter().any(|e| e["event"] == "step-done"), ends != 3, "{world}");
        let failed = ran.events().iter().find(|e| e["event"] == "step-failed").map(|e| e["fault"].to_string());
        assert_eq!(failed.is_some_and(|f| f.contains("PORT-TAKEN") && f.contains("cockpit-ws (pid 2210)")), world == "nuc");
        assert_eq!(run(dir.path(), &[&practice, "check", "--output", "json"]).document()["schema"], 1);
    }
    same(&before, &list());
}

#[test]
fn a_try_of_cameras_is_one_object_each_and_holds_no_login() {
    let dir = TempDir::new().unwrap();
    let camera = |name: &str, url: &str| format!("[[camera]]\nname = \"{name}\"\nurl = \"rtsp://{url}\"\n");
    let text = [
        "[site]\nname = \"try\"\n".to_string(),
        camera("front-door", "192.168.1.64:554/Streaming/Channels/101"),
        camera("yard", "viewer:geheim@192.168.1.65:554/stream1"),
        camera("till", "192.168.1.64:554/s?user=viewer&password=geheim"),
    ];
    fs::write(dir.path().join("site.toml"), text.concat()).unwrap();
    let ran = run(dir.path(), &["--practice=nuc", "cameras", "test", "--answers", "site.toml", "--output", "json"]);
    assert_eq!(ran.code, 6, "{}", said(&ran));
    let tried = ran.document();
    assert_eq!(tried["schema"], 1);
    let [door, yard, till] = &tried["cameras"].as_array().unwrap()[..] else { panic!("{tried}") };
    assert_eq!((&door["name"], &door["ok"], &door["codec"]), (&json!("front-door"), &json!(true), &json!("H.264")));
    assert_eq!((&door["width"], &door["height"], &door["fps"]), (&json!(1920), &json!(1080), &json!(15.0)));
    assert_eq!((&yard["ok"], &yard["code"], &yard["says"]), (&json!(false), &json!("login"), &json!("wrong login")));
    assert!(yard["cure"].as_str().is_some_and(|c| c.contains("password")));
    assert_eq!((&till["ok"], &till["code"]), (&json!(false), &json!("path")));
    assert!(!said(&ran).contains("geheim") && !said(&ran).contains("viewer"), "{}", said(&ran));
    let plain = run(dir.path(), &["--practice=nuc", "cameras", "test", "--answers", "site.toml", "--output", "plain"]);
    assert!(plain.out.contains("password=••••") && !said(&plain).contains("geheim"), "{}", said(&plain));
}

#[test]
fn a_saved_report_can_be_practised_on() {
    let Some(site) = Site::on("docker", "cli::a_saved_report_can_be_practised_on", "e2e-report", "") else { return };
    let before = machine(&site);
    let report = site.run(&["check", "--output", "json"]).out;
    let path = site.dir.path().join("report.json");
    fs::write(&path, &report).unwrap();
    let ran = site.run(&[&format!("--practice={}", path.display()), "check", "--output", "json"]);
    let (real, practised): (serde_json::Value, _) = (serde_json::from_str(&report).unwrap(), ran.document());
    assert_eq!(practised["host"]["cpu"]["model"]["value"], real["host"]["cpu"]["model"]["value"]);
    assert_eq!(practised["host"]["memory"]["value"]["total"], real["host"]["memory"]["value"]["total"]);
    fs::remove_file(&path).unwrap();
    same(&before, &machine(&site));
}

#[test]
fn names_and_folders_of_others_are_left_alone() {
    let Some(site) = Site::on("docker", "cli::names_and_folders_of_others_are_left_alone", "e2e-name", "") else { return };
    let before = machine(&site);
    let (name, image) = (format!("{}-mongodb", site.name), format!("{}/{}", setting("KERBUP_TEST_REGISTRY"), IMAGES[1]));
    let id = tool("docker", &["create", "--name", &name, "--entrypoint", "sh", &image]);
    let ran = site.run(&site.install());
    assert_ne!(ran.code, 0);
    assert!(said(&ran).contains(&name), "{}", said(&ran));
    assert_eq!(tool("docker", &["inspect", "-f", "{{.Id}}", &name]), id);
    if site.state().exists() {
        site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    }
    assert_eq!(tool("docker", &["inspect", "-f", "{{.Id}}", &name]), id);
    tool("docker", &["rm", "-v", &name]);
    same(&before, &machine(&site));

    // A folder that another site's recordings lie in.
    fs::create_dir_all(site.storage().join(".kerbup")).unwrap();
    fs::write(site.storage().join(".kerbup/site"), "another-shop\n").unwrap();
    let ran = site.run(&site.install());
    assert_eq!((ran.code, said(&ran).contains("another-shop")), (2, true), "{}", said(&ran));
    if site.state().exists() {
        site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    }
    assert_eq!(fs::read_to_string(site.storage().join(".kerbup/site")).unwrap(), "another-shop\n");
}

#[test]
fn a_disk_that_is_missing_is_never_written_to() {
    let Some(site) = Site::on("docker", "cli::a_disk_that_is_missing_is_never_written_to", "e2e-disk", "") else { return };
    site.run(&site.install()).ok();
    site.run(&["stop", "--yes"]).ok();
    let (disk, away) = (site.dir.path().join("disk"), site.dir.path().join("away"));
    fs::rename(&disk, &away).unwrap();
    fs::create_dir_all(site.storage()).unwrap();
    let ran = site.run(&site.install());
    assert_eq!(ran.code, 1, "{}", said(&ran));
    assert!(said(&ran).contains("DISK-MISSING"), "{}", said(&ran));
    // What was to be deleted is on the disk that is away: nothing of the site goes before that is said.
    let ran = site.run(&["uninstall", "--purge-data", &site.name, "--yes"]);
    assert_eq!((ran.code, said(&ran).contains("DISK-MISSING")), (1, true), "{}", said(&ran));
    assert_eq!(site.containers().len(), 3);
    let mut written = std::collections::BTreeSet::new();
    files(&site.storage(), &mut written);
    assert!(written.is_empty(), "{written:?}");
    fs::remove_dir_all(&disk).unwrap();
    fs::rename(&away, &disk).unwrap();
    site.run(&site.install()).ok();
}

/// A registry's door that can be shut: passes on to the real one, and cuts what it passes when it shuts. Slowly, so that there is
/// something to cut.
struct Door {
    open: Arc<AtomicBool>,
    passing: Arc<Mutex<Vec<TcpStream>>>,
    port: u16,
}

impl Door {
    fn before(registry: &str) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (open, port, registry) = (Arc::new(AtomicBool::new(true)), listener.local_addr().unwrap().port(), registry.to_string());
        let passing = Arc::new(Mutex::new(vec![]));
        let (door, all) = (open.clone(), passing.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (door, registry, all) = (door.clone(), registry.clone(), all.clone());
                std::thread::spawn(move || {
                    if !door.load(Ordering::Relaxed) {
                        return;
                    }
                    let Ok(server) = TcpStream::connect(&registry) else { return };
                    all.lock().unwrap().extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                    std::thread::spawn(move || pass(&mut from, &mut to));
                    pass(&mut client.try_clone().unwrap(), &mut server.try_clone().unwrap());
                });
            }
        });
        Door { open, passing, port }
    }

    fn shut(&self) {
        self.open.store(false, Ordering::Relaxed);
        for stream in self.passing.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(from: &mut TcpStream, to: &mut TcpStream) {
    let mut bytes = [0; 65536];
    while let Ok(n) = from.read(&mut bytes) {
        if n == 0 || to.write_all(&bytes[..n]).is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// A folder of the registry in which the database's image has a layer that is nowhere else: it takes time to fetch.
fn with_a_layer_of_its_own() -> String {
    let (own, dir) = (own_registry(), TempDir::new().unwrap());
    let (fat, filler) = (format!("{own}-fat"), dir.path().join("filler"));
    tool("sh", &["-c", &format!("head -c 40000000 /dev/urandom > {}", filler.display())]);
    for image in IMAGES {
        let (from, to) = (format!("{own}/{image}"), format!("{fat}/{image}"));
        tool("docker", &["pull", "-q", &from]);
        if *image == IMAGES[1] {
            let id = tool("docker", &["create", &from]).trim().to_string();
            tool("docker", &["cp", &filler.display().to_string(), &format!("{id}:/filler")]);
            tool("docker", &["commit", &id, &to]);
            tool("docker", &["rm", "-v", &id]);
        } else {
            tool("docker", &["tag", &from, &to]);
        }
        tool("docker", &["push", "-q", &to]);
        tool("docker", &["rmi", &from, &to]);
    }
    fat
}

#[test]
fn a_registry_that_goes_midway_is_waited_for() {
    let Some(site) = Site::on("docker", "cli::a_registry_that_goes_midway_is_waited_for", "e2e-reg", "") else { return };
    let own = with_a_layer_of_its_own();
    let before = machine(&site);
    let (registry, path) = own.split_once('/').unwrap();
    let door = Door::before(registry);
    let through = format!("localhost:{}/{path}", door.port);
    let text = fs::read_to_string(&site.file).unwrap().replace(&own_registry(), &through);
    site.write(&text);
    let mut running = site.start(&site.install());
    // In the midst of a fetch: bytes have come, and not all of them.
    running.until("a fetch is under way", Duration::from_secs(60), |out| {
        out.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok()).any(|e| {
            let (id, so_far, of) = (e["id"].as_str().unwrap_or_default(), e["done"].as_u64(), e["total"].as_u64());
            id.starts_with("image:") && e["event"] == "step-progress" && so_far > Some(0) && so_far < of
        })
    });
    door.shut();
    running.until("it says that it tries again", Duration::from_secs(180), |out| out.contains("trying again in"));
    door.open.store(true, Ordering::Relaxed);
    let ran = running.end(Duration::from_secs(240)).ok();
    assert_eq!(ran.done()["ok"], json!(true));
    assert!(!ran.events().iter().any(|e| e["event"] == "step-failed"), "{}", ran.out);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    for image in IMAGES {
        let left = tool_may_fail("docker", &["image", "inspect", &format!("{through}/{image}")]);
        assert_ne!(left.code, 0, "{image} was fetched here, so it goes");
    }
    same(&before, &machine(&site));
}

#[test]
fn images_that_a_registry_does_not_have_are_all_said_before_anything_is_done() {
    let test = "cli::images_that_a_registry_does_not_have_are_all_said_before_anything_is_done";
    let Some(site) = Site::on("docker", test, "e2e-none", "") else { return };
    let before = machine(&site);
    let empty = format!("{}/kerbup-none", setting("KERBUP_TEST_REGISTRY"));
    site.write(&fs::read_to_string(&site.file).unwrap().replace(&own_registry(), &empty));
    let began = Instant::now();
    let ran = site.run(&site.install());
    assert_eq!(ran.code, 6, "{}", said(&ran));
    assert!(said(&ran).contains("IMAGE-NOT-THERE") && said(&ran).contains("images.registry"), "{}", said(&ran));
    for image in ["minio/minio", "mongo", "uug-ai/vault"] {
        let told = |line: &str| line.contains(&format!("Because: {empty}/{image}:")) && line.ends_with("is not there.");
        assert!(ran.err.lines().any(told), "{image}: {}", ran.err);
    }
    assert!(began.elapsed() < Duration::from_secs(60) && !ran.events().iter().any(|e| e["event"] == "step-started"), "{}", ran.out);
    same(&before, &machine(&site));
}
