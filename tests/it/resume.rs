//! Power cuts: for every kind of step the real program is killed before its undo is saved, after, and after its change;
//! then a rerun ends as a straight run does, or an uninstall leaves the machine as it was.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::{IMAGES, Ran, Site, machine, own_registry, same, tool, tool_may_fail, wait_for};

/// Where a kind's cuts are walked. A kind that is not here fails the suite.
enum Walked {
    /// Here, on an engine that stands.
    Here,
    /// On a host without an engine, with a service manager, where this kind is a step at all; the named test does it.
    Bare(&'static str),
}

fn case(kind: &str) -> Walked {
    match kind {
        "storage" | "network" | "image" | "container" | "bucket" | "program" => Walked::Here,
        // The Docker here names registries on its command line, and is told of none in its file.
        "docker" | "registry" | "unit" => Walked::Bare("bare::docker_is_installed_where_it_is_missing"),
        other => panic!("the step kind {other} has no case for a power cut"),
    }
}

#[test]
fn every_kind_has_a_case() {
    for kind in kerbup::step::KINDS {
        if let Walked::Bare(test) = case(kind.name()) {
            let name = test.strip_prefix("bare::").unwrap();
            assert!(include_str!("bare.rs").contains(&format!("fn {name}()")), "{test} is not there");
        }
    }
}

const POINTS: [&str; 3] = ["before-undo", "after-undo", "after-apply"];

fn kinds() -> Vec<&'static str> {
    let mut here = vec![];
    for kind in kerbup::step::KINDS {
        match case(kind.name()) {
            Walked::Here => here.push(kind.name()),
            Walked::Bare(test) => eprintln!("the kind {} is not a step here: {test} walks it on the engine bare", kind.name()),
        }
    }
    here
}

/// Starts an install that stops at a checkpoint, and cuts the power there.
fn cut_at(site: &Site, place: &str) -> Ran {
    // Outside of the site: several steps may stand at the same point, and one of them may be cut while it says so.
    let outside = tempfile::TempDir::new().unwrap();
    let reached: PathBuf = outside.path().join("reached");
    let mut command = site.command(&site.install());
    command.env("KERBUP_CHECKPOINT", format!("{place}={}", reached.display()));
    let mut running = crate::engine::Running::start(&mut command);
    running.until(&format!("the checkpoint {place}"), Duration::from_secs(90), |_| reached.exists());
    let ran = running.cut();
    assert_eq!(ran.code, 137);
    assert!(!ran.out.contains("\"event\":\"done\""), "{place}");
    ran
}

/// What a run leaves: parts as the engine has them, folders, receipt, health. Nothing in it differs from run to run.
pub fn portrait(site: &Site) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for line in site.containers() {
        let name = line.split(' ').next().unwrap().to_string();
        let format = "{{.State.Running}} {{.Config.Image}} {{json .Config.Labels}} {{.Config.User}} {{json .HostConfig.Binds}} {{json .HostConfig.PortBindings}} {{json .HostConfig.RestartPolicy}}";
        all.insert(format!("{name} {}", tool("docker", &["inspect", "-f", format, &name])));
    }
    all.insert(tool("docker", &["network", "inspect", "-f", "{{json .Labels}} {{json .IPAM.Config}}", &site.name]));
    for image in IMAGES {
        let there = tool_may_fail("docker", &["image", "inspect", "-f", "{{.ID}}", &format!("{}/{image}", own_registry())]);
        all.insert(format!("{image} {}", there.out));
    }
    for (root, depth) in [(site.storage(), "3"), (site.state(), "2")] {
        let found = tool(
            "find",
            &[
                root.to_str().unwrap(),
                "-maxdepth",
                depth,
                "-not",
                "-path",
                "*/journal/*",
                "-not",
                "-path",
                "*/.minio.sys*",
                "-printf",
                "%p %y %m %U:%G\n",
            ],
        );
        // What the database itself writes is its own affair.
        all.extend(found.lines().filter(|l| !l.contains("mongodb/data/")).map(str::to_string));
    }
    let status = site.status();
    for part in status["components"].as_array().unwrap() {
        all.insert(format!("{} {}", part["name"], part["state"]));
    }
    let files = kerbup::world::real::files::RealFiles;
    let receipt = kerbup::run::Receipt::read(&files, site.state().to_str().unwrap()).unwrap();
    assert!(!receipt.unfinished());
    all.extend(
        receipt.steps.values().map(|t| format!("step {} undo {:?} made {:?}", t.step.id, t.undo, t.made.as_ref().map(|m| &m["digest"]))),
    );
    all
}

fn purge(site: &Site) {
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
}

#[test]
fn a_rerun_after_a_cut_ends_as_a_straight_run() {
    let Some(site) = Site::on("docker", "resume::a_rerun_after_a_cut_ends_as_a_straight_run", "e2e-cut", "") else { return };
    let before = machine(&site);
    site.run(&site.install()).ok();
    let straight = portrait(&site);
    assert_eq!(site.containers().len(), 3);
    purge(&site);
    same(&before, &machine(&site));
    for kind in kinds() {
        for point in POINTS {
            let place = format!("{kind}:{point}");
            let since = Instant::now();
            cut_at(&site, &place);
            let sites = site.run(&["sites", "--output", "json"]).ok().document();
            assert_eq!(sites["sites"][0]["unfinished"], true, "{place}");
            let ran = site.run(&site.install()).ok();
            assert_eq!(ran.done()["ok"], true, "{place}");
            eprintln!("{place}: cut and gone on in {:.1} s", since.elapsed().as_secs_f64());
            same(&straight, &portrait(&site));
            let twice = site.run(&site.install()).ok();
            assert_eq!(twice.done()["changed"], false, "{place}");
            purge(&site);
            same(&before, &machine(&site));
        }
    }
}

#[test]
fn an_uninstall_after_a_cut_leaves_the_machine_as_it_was() {
    let Some(site) = Site::on("docker", "resume::an_uninstall_after_a_cut_leaves_the_machine_as_it_was", "e2e-back", "") else { return };
    // One image was here before: it stays each time.
    tool("docker", &["pull", "-q", &format!("{}/{}", own_registry(), IMAGES[2])]);
    let before = machine(&site);
    for kind in kinds() {
        for point in POINTS {
            eprintln!("{kind}:{point}");
            cut_at(&site, &format!("{kind}:{point}"));
            purge(&site);
            same(&before, &machine(&site));
        }
    }
}

#[test]
fn each_part_is_cut_by_its_own_name() {
    let camera = format!("[[camera]]\nname = \"yard\"\nurl = \"{}\"\n", "rtsp://127.0.0.1:9/none");
    let Some(site) = Site::on("docker", "resume::each_part_is_cut_by_its_own_name", "e2e-part", &camera) else { return };
    let before = machine(&site);
    for place in ["container:minio:after-apply", "container:vault:after-undo", "container:agent-yard:after-apply"] {
        cut_at(&site, place);
        assert_eq!(site.run(&site.install()).ok().done()["ok"], true, "{place}");
        assert_eq!(site.containers().len(), 4, "{place}");
        purge(&site);
        same(&before, &machine(&site));
    }
}

#[test]
fn a_database_cut_at_its_first_start_starts_anew() {
    let Some(site) = Site::on("docker", "resume::a_database_cut_at_its_first_start_starts_anew", "e2e-half", "") else { return };
    let name = format!("{}-mongodb", site.name);
    let running = site.start(&site.install());
    wait_for("the database's container", Duration::from_secs(60), || {
        tool_may_fail("docker", &["inspect", "-f", "{{.State.Running}}", &name]).out.contains("true").then_some(())
    });
    let ran = running.cut();
    tool_may_fail("docker", &["kill", &name]);
    assert!(!ran.out.contains("\"step-done\",\"id\":\"container:mongodb\""), "it was cut before it was healthy");
    // Half a database, as a cut leaves it.
    fs::write(site.storage().join("mongodb/data/WiredTiger"), b"half").unwrap();
    site.run(&site.install()).ok();
    let status = site.status();
    let state = status["components"].as_array().unwrap().iter().find(|c| c["name"] == "mongodb").unwrap()["state"].clone();
    assert_eq!(state, "healthy");
    // From its first healthy answer on it is never wiped again.
    let kept = site.storage().join("mongodb/data/kept");
    fs::write(&kept, b"mine").unwrap();
    tool("docker", &["rm", "-f", "-v", &name]);
    site.run(&site.install()).ok();
    assert!(kept.exists());
}

#[test]
fn a_cut_uninstall_is_finished_by_the_next_and_taken_back_by_an_install() {
    let Some(site) = Site::on("docker", "resume::a_cut_uninstall", "e2e-bye", "") else { return };
    let before = machine(&site);
    for then_install in [false, true] {
        site.run(&site.install()).ok();
        let mut running = site.start(&["uninstall", "--purge-data", &site.name, "--yes", "--output", "json"]);
        running.until("two steps are taken back", Duration::from_secs(60), |out| out.matches("\"step-reverted\"").count() >= 2);
        running.cut();
        if then_install {
            let ran = site.run(&site.install()).ok();
            assert_eq!(ran.done()["ok"], true);
            assert_eq!(site.containers().len(), 3, "who says install wants the site, whatever was cut off before");
        }
        purge(&site);
        same(&before, &machine(&site));
    }
}

#[test]
fn a_cut_purge_stays_a_purge() {
    let Some(site) = Site::on("docker", "resume::a_cut_purge_stays_a_purge", "e2e-purge", "") else { return };
    let before = machine(&site);
    let outside = tempfile::TempDir::new().unwrap();
    let reached = outside.path().join("reached");
    for place in ["container:after-revert", "storage:before-revert", "storage:after-revert", "state:emptied", "state:aside"] {
        site.run(&site.install()).ok();
        let mut command = site.command(&["uninstall", "--purge-data", &site.name, "--yes"]);
        command.env("KERBUP_CHECKPOINT", format!("{place}={}", reached.display()));
        let mut running = crate::engine::Running::start(&mut command);
        running.until(place, Duration::from_secs(90), |_| reached.exists());
        running.cut();
        fs::remove_file(&reached).unwrap();
        if place.starts_with("state:") {
            // From here on no secret is left behind, whatever comes.
            let mut left = BTreeSet::new();
            crate::engine::files(&site.dir.path().join("state"), &mut left);
            assert!(!left.is_empty() && left.iter().all(|p| !p.contains("secret") && !p.contains("/files")), "{place}: {left:#?}");
        }
        if place == "state:aside" {
            // No run knows it any more: the next kerbup, whatever for, takes it away.
            assert!(site.run(&["sites"]).ok().out.contains("No site"));
        } else {
            // What the unit does at the next start of the machine.
            assert_eq!(site.run(&["sites", "--output", "json"]).ok().document()["sites"][0]["unfinished"], true, "{place}");
            site.run(&["resume", "--site", &site.name]).ok();
        }
        assert!(!site.storage().exists(), "{place}: who said that recordings go is not asked again");
        same(&before, &machine(&site));
    }
}

#[test]
fn one_run_at_a_time() {
    let Some(site) = Site::on("docker", "resume::one_run_at_a_time", "e2e-two", "") else { return };
    let reached = site.dir.path().join("reached");
    let mut command = site.command(&site.install());
    command.env("KERBUP_CHECKPOINT", format!("network:after-undo={}", reached.display()));
    let mut first = crate::engine::Running::start(&mut command);
    first.until("the first run holds", Duration::from_secs(60), |_| reached.exists());
    let began = Instant::now();
    let second = site.run(&["uninstall", "--yes", "--purge-data", &site.name]);
    assert_ne!(second.code, 0, "{}", second.out);
    assert!(second.err.contains("RUN-UNDER-WAY"), "{}", second.err);
    assert!(began.elapsed() < Duration::from_secs(20));
    let journal = fs::read_to_string(site.state().join("journal/0001.ndjson")).unwrap();
    assert!(
        !journal.contains("\"uninstall\"") && !site.state().join("journal/0002.ndjson").exists(),
        "the other run's journal is not touched"
    );
    first.cut();
    purge(&site);
}

#[test]
fn a_journal_bears_a_torn_end_and_refuses_other_damage() {
    let Some(site) = Site::on("docker", "resume::a_journal_bears_a_torn_end_and_refuses_other_damage", "e2e-torn", "") else { return };
    cut_at(&site, "bucket:after-undo");
    let journal = site.state().join("journal/0001.ndjson");
    let mut file = fs::OpenOptions::new().append(true).open(&journal).unwrap();
    file.write_all(b"{\"record\":\"step-done\",\"id\":\"bucket:reco").unwrap();
    drop(file);
    site.run(&["status"]).ok();
    assert_eq!(site.run(&site.install()).ok().done()["ok"], true);
    for line in fs::read_to_string(&journal).unwrap().trim_end_matches('\0').lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    }

    let whole = fs::read(&journal).unwrap();
    let mut bad = b"{\"record\":\"step-done\",\"id\":7}\n".to_vec();
    bad.extend(&whole);
    fs::write(&journal, &bad).unwrap();
    let ids = site.containers();
    for args in [vec!["status"], site.install(), vec!["uninstall", "--yes"]] {
        let ran = site.run(&args);
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("JOURNAL-DAMAGED") && ran.err.contains("0001.ndjson, line 1"), "{args:?}: {}", ran.err);
    }
    assert_eq!(site.containers(), ids);
    fs::write(&journal, &whole).unwrap();
    purge(&site);
}

#[test]
fn an_engine_that_goes_and_comes_is_waited_for_by_a_rerun() {
    let Some(site) = Site::on("docker", "resume::an_engine_that_goes_and_comes", "e2e-gone", "") else { return };
    // The socket alone is taken away from kerbup: other tests' engine goes on.
    let mut command: Command = site.command(&site.install());
    command.env("DOCKER_HOST", format!("unix://{}/no.sock", site.dir.path().display()));
    let ran = crate::engine::Running::start(&mut command).end(Duration::from_secs(120));
    assert_ne!(ran.code, 0);
    assert_eq!(ran.done()["ok"], false);
    let ran = site.run(&site.install()).ok();
    assert_eq!(ran.done()["ok"], json!(true));
    purge(&site);
}
