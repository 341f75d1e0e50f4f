//! The whole life of a site on today's Docker, by the real program: unattended install, proof, change, stop and start,
//! uninstall that keeps, install again, and removal without a trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::{IMAGES, Ran, Site, files, machine, own_registry, same, setting, tool, tool_may_fail};

/// A camera that records always, as a site file has it.
pub fn camera(name: &str) -> String {
    format!("[[camera]]\nname = \"{name}\"\nurl = \"{}\"\nrecord = \"always\"\n", setting("KERBUP_TEST_CAMERA"))
}

/// Secret values of a site, by name; of a key each line by itself. What a camera's address names besides its login is no secret.
pub fn secrets(site: &Site) -> BTreeMap<String, String> {
    let text = fs::read_to_string(site.state().join("secrets.toml")).unwrap();
    let table: BTreeMap<String, String> = toml::from_str(&text).unwrap();
    let mut all = BTreeMap::new();
    for (name, value) in table {
        for (n, line) in value.lines().filter(|l| l.len() > 5 && !l.starts_with("-----")).enumerate() {
            all.insert(format!("{name}.{n}"), line.to_string());
        }
    }
    assert!(all.len() > 8, "{:?}", all.keys());
    all
}

/// The link in PATH is for everybody; what a site remembers is root's.
fn anybody_may_start_it(site: &Site) {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    fs::set_permissions(site.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let nobody = |words: &[&str]| {
        let mut command = std::process::Command::new("/usr/local/bin/kerbup");
        command.args(words).uid(65534).gid(65534).env_clear().env("HOME", "/nonexistent").output().unwrap()
    };
    let version = nobody(&["--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout).trim(), concat!("kerbup ", env!("CARGO_PKG_VERSION")));
    let status = nobody(&["status"]);
    assert_eq!(status.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&status.stderr).contains("sudo kerbup status"), "{status:?}");
    let secrets = site.state().join("secrets.toml");
    let read = std::process::Command::new("cat").arg(secrets).uid(65534).gid(65534).output().unwrap();
    assert!(!read.status.success() && read.stdout.is_empty());
}

fn holds_none(secrets: &BTreeMap<String, String>, what: &str, text: &str) {
    for (name, value) in secrets {
        assert!(!text.contains(value), "{what} holds the secret {name}");
    }
}

/// All text below a folder.
fn texts(path: &Path) -> String {
    let mut all = BTreeSet::new();
    files(path, &mut all);
    all.iter().filter_map(|p| fs::read(p.trim_start_matches("file ")).ok()).map(|b| String::from_utf8_lossy(&b).into_owned()).collect()
}

pub fn recordings(site: &Site, camera: &str) -> BTreeSet<String> {
    let dir = site.storage().join(format!("agents/{camera}/data/recordings"));
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|e| e.metadata().is_ok_and(|m| m.len() > 0))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Steps that a run changed something in.
pub fn changed(ran: &Ran) -> BTreeSet<String> {
    ran.events()
        .iter()
        .filter(|e| e["event"] == "step-done" && e["changed"] == true)
        .map(|e| e["id"].as_str().unwrap().to_string())
        .collect()
}

/// Asks the real video store for its rule, with a client that is not ours.
pub fn days_in_the_store(site: &Site) -> String {
    let name = format!("{}-minio", site.name);
    let address = tool("docker", &["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &name]);
    let password = toml::from_str::<BTreeMap<String, String>>(&fs::read_to_string(site.state().join("secrets.toml")).unwrap()).unwrap()["minio.password"].clone();
    let config = site.dir.path().join("curl");
    fs::write(
        &config,
        format!(
            "user = \"kerberos:{password}\"\naws-sigv4 = \"aws:amz:us-east-1:s3\"\nurl = \"http://{}:9000/recordings?lifecycle=\"\n",
            address.trim()
        ),
    )
    .unwrap();
    let answer = tool("curl", &["-s", "-m", "20", "-K", config.to_str().unwrap()]);
    fs::remove_file(&config).unwrap();
    answer
}

fn every_step_was_done(ran: &Ran) {
    let events = ran.events();
    assert!(events.iter().all(|e| e["schema"] == 1));
    let planned = events.iter().find(|e| e["event"] == "planned").expect("the plan is an event");
    let ids: Vec<&str> = planned["plan"]["steps"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert!(ids.len() >= 11, "{ids:?}");
    for id in ids {
        for kind in ["step-started", "step-done"] {
            assert_eq!(events.iter().filter(|e| e["event"] == kind && e["id"] == *id).count(), 1, "{kind} {id}");
        }
    }
    let done = ran.done();
    assert_eq!((&done["ok"], &done["changed"]), (&json!(true), &json!(true)));
}

fn status_is_the_contracts(status: &Value) {
    assert_eq!(status["schema"], 1);
    assert!(status["overall"].is_string());
    for part in status["components"].as_array().unwrap() {
        for key in ["name", "kind", "state", "age_seconds", "restarts", "evidence", "url"] {
            assert!(part.get(key).is_some(), "{key} in {part}");
        }
        let states = ["healthy", "starting", "degraded", "down", "stopped", "not-configured", "absent", "unknown"];
        assert!(states.contains(&part["state"].as_str().unwrap()), "{part}");
        assert!(part["age_seconds"].as_f64().unwrap() < 60.0);
        assert!(!part["evidence"].as_array().unwrap().is_empty(), "{part}");
    }
    for camera in status["cameras"].as_array().unwrap() {
        for key in ["name", "state", "age_seconds", "evidence"] {
            assert!(camera.get(key).is_some(), "{key} in {camera}");
        }
    }
}

pub fn states(status: &Value) -> BTreeMap<String, String> {
    let both = [&status["components"], &status["cameras"]];
    both.iter()
        .flat_map(|l| l.as_array().unwrap())
        .map(|p| (p["name"].as_str().unwrap().into(), p["state"].as_str().unwrap().into()))
        .collect()
}

/// Something of somebody else's, which must outlive all that is done here.
struct Foreign(&'static str);

impl Foreign {
    fn stand(name: &'static str) -> Foreign {
        let foreign = Foreign(name);
        foreign.remove();
        tool("docker", &["network", "create", name]);
        let image = format!("{}/{}", setting("KERBUP_TEST_REGISTRY"), IMAGES[1]);
        tool("docker", &["run", "-d", "--name", name, "--network", name, "--entrypoint", "sh", &image, "-c", "while :; do sleep 60; done"]);
        foreign
    }

    fn remove(&self) {
        tool_may_fail("docker", &["rm", "-f", "-v", self.0]);
        tool_may_fail("docker", &["network", "rm", self.0]);
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
fn a_site_lives_from_install_to_purge() {
    let test = "docker::a_site_lives_from_install_to_purge";
    if !crate::engine::named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-life", &camera("front-door")) else { return };
    let _foreign = Foreign::stand("e2e-neighbour");
    // This one was here before: it stays. The others are fetched, and go.
    let kept = format!("{}/{}", own_registry(), IMAGES[1]);
    tool("docker", &["pull", "-q", &kept]);
    let before = machine(&site);
    let link_was_free = fs::symlink_metadata("/usr/local/bin/kerbup").is_err();

    // Installed, with every word it says kept for later.
    let mut running = site.start(&[&site.install()[..], &["--wait-recording=4m"]].concat());
    let id = running.id();
    running.until("the first container starts", Duration::from_secs(60), |out| out.contains("\"step-started\",\"id\":\"container:"));
    let arguments = fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap();
    let first = running.end(Duration::from_secs(300)).ok();
    every_step_was_done(&first);
    assert_eq!(first.done()["cameras"], json!({"recording": 1, "of": 1}));
    assert!(!recordings(&site, "front-door").is_empty(), "a camera that records has a file in its recorder's folder");
    if link_was_free {
        assert_eq!(fs::read_link("/usr/local/bin/kerbup").unwrap(), site.state().join("kerbup"));
        anybody_may_start_it(&site);
    }
    for (path, mode) in [
        (site.state(), 0o711),
        (site.state().join("journal"), 0o700),
        (site.state().join("secrets.toml"), 0o600),
        (site.storage().join(".kerbup"), 0o700),
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }

    // How it is, from its own mouth.
    let status = site.status();
    status_is_the_contracts(&status);
    let seen = states(&status);
    let wanted = [
        ("mongodb", "healthy"),
        ("minio", "healthy"),
        ("vault", "not-configured"),
        ("agent-front-door", "healthy"),
        ("front-door", "recording"),
    ];
    assert_eq!(seen, wanted.iter().map(|(n, s)| (n.to_string(), s.to_string())).collect());

    // Twice changes nothing.
    let containers = site.containers();
    assert_eq!(containers.len(), 4);
    let twice = site.run(&site.install()).ok();
    assert_eq!((changed(&twice), &twice.done()["changed"]), (BTreeSet::new(), &json!(false)));
    assert_eq!(site.containers(), containers);

    no_secret_is_told(&site, &[&first, &twice], &arguments);
    its_commands_work(&site);

    // Another number of days is one step, and no part is touched.
    assert!(days_in_the_store(&site).contains("<Days>4</Days>"));
    let containers = site.containers();
    let change = site.run(&["change", "--set", "storage.retention_days=2", "--yes", "--output", "json"]).ok();
    assert_eq!(changed(&change), BTreeSet::from(["bucket:recordings".to_string()]));
    assert!(days_in_the_store(&site).contains("<Days>2</Days>"));
    assert_eq!(site.containers(), containers);

    // Gone, but for what was recorded and what makes it usable.
    let passwords = secrets(&site);
    let kept_files = recordings(&site, "front-door");
    let bye = site.run(&["uninstall", "--yes", "--output", "json"]).ok();
    assert_eq!(bye.done()["ok"], true);
    assert!(site.containers().is_empty() && !site.state().exists());
    assert!(kept_files.is_subset(&recordings(&site, "front-door")));
    assert!(site.storage().join(".kerbup/secrets.toml").exists() && site.storage().join("mongodb/data").exists());

    // There again, with what was there.
    site.run(&site.install()).ok();
    assert_eq!(secrets(&site), passwords, "a kept folder brings its passwords");
    assert!(kept_files.is_subset(&recordings(&site, "front-door")));
    assert_eq!(states(&site.status())["mongodb"], "healthy");

    // And away without a trace.
    let wrong = site.run(&["uninstall", "--purge-data", "another", "--yes"]);
    assert_eq!((wrong.code, wrong.err.contains("another")), (2, true), "{}", wrong.err);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

fn no_secret_is_told(site: &Site, runs: &[&Ran], arguments: &str) {
    let secrets = secrets(site);
    for ran in runs {
        holds_none(&secrets, "standard output", &ran.out);
        holds_none(&secrets, "standard error", &ran.err);
    }
    holds_none(&secrets, "kerbup's arguments", arguments);
    holds_none(&secrets, "the journal", &texts(&site.state().join("journal")));
    let saved = fs::read_to_string(site.state().join("site.toml")).unwrap();
    holds_none(&secrets, "the saved site file", &saved);
    assert!(saved.contains("{ secret = "));
    for output in ["json", "plain"] {
        let plan = site.run(&["plan", "--answers", site.file.to_str().unwrap(), "--output", output]).ok();
        holds_none(&secrets, "the plan", &(plan.out + &plan.err));
    }
    for line in site.containers() {
        let name = line.split(' ').next().unwrap();
        let seen = tool(
            "docker",
            &[
                "inspect",
                "-f",
                "{{json .Config.Labels}} {{json .Args}} {{json .Config.Cmd}} {{json .Config.Entrypoint}} {{json .HostConfig.Binds}} {{json .Mounts}}",
                name,
            ],
        );
        holds_none(&secrets, &format!("the label, argument or mount of {name}"), &seen);
        holds_none(&secrets, &format!("the process list of {name}"), &tool("docker", &["top", name]));
    }
    holds_none(&secrets, "the network", &tool("docker", &["network", "inspect", &site.name]));
}

fn its_commands_work(site: &Site) {
    let all = secrets(site);
    let shown = site.run(&["passwords", "--output", "json"]).ok().document();
    assert_eq!(shown["passwords"]["vault.password"], json!(all["vault.password.0"]));
    assert_eq!(site.run(&["passwords", "vault.password"]).ok().out.trim(), all["vault.password.0"]);
    assert_eq!(site.run(&["passwords", "nothing.password"]).code, 2);

    // The recorder prints its environment at its start; its log is shown without it.
    let log = site.run(&["logs", "agent-front-door", "--tail", "2000"]).ok();
    assert!(log.out.lines().count() > 5, "{}", log.out);
    holds_none(&all, "the shown log", &log.out);
    let raw = tool_may_fail("docker", &["logs", &format!("{}-agent-front-door", site.name)]);
    assert!(all.values().any(|v| raw.out.contains(v) || raw.err.contains(v)), "there was something to hide in it");
    assert_eq!(site.run(&["logs", "nothing"]).code, 2);

    let listed = site.run(&["cameras", "list", "--output", "json"]).ok();
    assert_eq!(listed.document()["cameras"][0]["name"], "front-door");
    holds_none(&all, "the list of cameras", &listed.out);
    let tried = site.run(&["cameras", "test", "--output", "json"]).ok();
    assert!(tried.document()["cameras"][0]["says"].as_str().unwrap().contains("H.264"), "{}", tried.out);
    holds_none(&all, "the tried cameras", &tried.out);
    let sites = site.run(&["sites", "--output", "json"]).ok().document();
    assert_eq!((&sites["sites"][0]["site"], &sites["sites"][0]["unfinished"]), (&json!(site.name), &json!(false)));

    let ids = site.containers();
    site.run(&["stop", "--yes"]).ok();
    assert!(states(&site.status()).values().all(|s| s == "stopped"), "{:?}", states(&site.status()));
    site.run(&["start"]).ok();
    crate::engine::wait_for("all parts run again", Duration::from_secs(60), || {
        let s = states(&site.status());
        (s["mongodb"] == "healthy" && s["minio"] == "healthy" && s["vault"] == "not-configured").then_some(())
    });
    assert_eq!(site.containers(), ids);
    crate::renew::its_passwords_are_renewed(site);
}

#[test]
fn a_camera_that_waits_for_movement_is_asked_to_record() {
    let test = "docker::a_camera_that_waits_for_movement_is_asked_to_record";
    if !crate::engine::named("docker", test) {
        return;
    }
    let camera = camera("yard").replace("always", "motion");
    let Some(site) = Site::on("docker", test, "e2e-motion", &camera) else { return };
    let first = site.run(&[&site.install()[..], &["--wait-recording=4m"]].concat()).ok();
    assert_eq!(first.done()["cameras"], json!({"recording": 1, "of": 1}));
    let told: Vec<Value> = first.events().into_iter().filter(|e| e["event"] == "recorded").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["camera"], &told[0]["says"]), (&json!("yard"), &json!("recorded as asked, and now waits for movement")));
    // Nothing moves in the stand-in: what lies there was asked for.
    assert_eq!(recordings(&site, "yard").len(), 1);
    crate::engine::wait_for("it waits for movement again", Duration::from_secs(120), || {
        (states(&site.status())["yard"] == "watching").then_some(())
    });
    let mut plain = site.install();
    plain.truncate(plain.len() - 2);
    let again = site.run(&[&plain[..], &["--output", "plain"]].concat()).ok();
    assert!(again.err.contains("Cameras that were seen to record: 1 of 1."), "{}", again.err);
    assert_eq!(recordings(&site, "yard").len(), 2);
}

#[test]
fn a_machine_is_looked_at_and_untouched() {
    let Some(site) = Site::on("docker", "docker::a_machine_is_looked_at_and_untouched", "e2e-look", "") else { return };
    let before = machine(&site);
    let check = site.run(&["check", "--answers", site.file.to_str().unwrap(), "--output", "json"]);
    let document = check.document();
    assert_eq!(check.code, if document["verdict"] == "block" { 3 } else { 0 });
    for check in document["checks"].as_array().unwrap() {
        for key in ["id", "area", "status", "seen", "advice"] {
            assert!(check[key].is_string(), "{check}");
        }
    }
    let plan = site.run(&["plan", "--answers", site.file.to_str().unwrap(), "--output", "json"]).ok().document();
    for step in plan["steps"].as_array().unwrap() {
        for key in ["id", "title", "why", "by_hand", "after", "download_bytes", "disk_bytes", "seconds", "state"] {
            assert!(step.get(key).is_some(), "{key} in {step}");
        }
    }
    same(&before, &machine(&site));
}

#[test]
fn a_run_outlives_its_line() {
    let Some(site) = Site::on("docker", "docker::a_run_outlives_its_line", "e2e-line", "") else { return };
    let mut running = site.start(&site.install());
    running.until("the run begins", Duration::from_secs(60), |out| out.contains("\"run-started\""));
    tool_may_fail("kill", &["-HUP", &running.id().to_string()]);
    let ran = running.end(Duration::from_secs(120)).ok();
    assert_eq!(ran.done()["ok"], true);
}

#[test]
fn a_second_kerbup_shows_the_run_of_the_first() {
    let Some(site) = Site::on("docker", "docker::a_second_kerbup_shows_the_run_of_the_first", "e2e-two", "") else { return };
    let before = machine(&site);
    let mut first = site.start(&site.install());
    first.until("the run begins", Duration::from_secs(60), |out| out.contains("\"step-started\",\"id\":\"image:"));
    let second = site.run(&site.install()).ok();
    let ran = first.end(Duration::from_secs(120)).ok();
    assert_eq!((ran.done()["ok"].clone(), second.done()["ok"].clone()), (true.into(), true.into()));
    // One of them did the work, the other looked on: what each step did is told by both, and was done once.
    let done = |ran: &Ran| -> BTreeSet<String> {
        ran.events().iter().filter(|e| e["event"] == "step-done").map(|e| e["id"].as_str().unwrap().to_string()).collect()
    };
    assert_eq!(done(&ran), done(&second));
    assert_eq!(ran.done()["changed"], true);
    assert_eq!(site.containers().len(), 3);
    let journals = fs::read_dir(site.state().join("journal")).unwrap().count();
    assert_eq!(journals, 1, "one run, one journal");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}
