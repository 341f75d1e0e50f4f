//! A host on which nothing is installed yet: Docker comes from the distribution's own packages, the service manager starts it,
//! the timer is set up, and after a power cut the next start of the machine goes on by itself.
//!
//! The engine `bare` is Debian without Docker, `/run/systemd/system` there, and a `systemctl` in PATH that starts what unit files
//! name. `tests/bare/systemctl` before it keeps timers, which that one does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::engine::{Running, Site, files, same, tool, tool_may_fail, wait_for};

/// Where systemd reads the administrator's units.
const UNITS: &str = "/etc/systemd/system";

fn has_docker() -> bool {
    tool_may_fail("sh", &["-c", "command -v dockerd"]).code == 0
}

/// What an install may change on such a host and an uninstall with the engine must put back. Docker's chains of firewall rules and
/// its bridge go with the next start of the machine, as with any removal of its packages.
fn portrait(site: &Site) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    files(site.dir.path(), &mut all);
    for folder in [UNITS, "/etc/docker", "/etc/cron.d", "/var/lib/docker", "/usr/local/bin"] {
        files(Path::new(folder), &mut all);
    }
    all.extend(tool("dpkg-query", &["-W", "-f", "package ${Package} ${db:Status-Status}\n"]).lines().map(str::to_string));
    all.extend(fs::read_to_string("/etc/group").unwrap().lines().map(|l| format!("group {l}")));
    all.extend(
        tool("sysctl", &["-a", "--pattern", "^(vm|fs)\\.(max_map_count|file-max|inotify.max_user_.*)$"]).lines().map(str::to_string),
    );
    all
}

fn installed() -> BTreeSet<String> {
    tool("dpkg-query", &["-W", "-f", "${Package}\n"]).lines().map(str::to_string).collect()
}

/// Cuts an install at a point.
fn cut(site: &Site, place: &str) {
    let reached = site.dir.path().join("reached");
    let mut command = site.command(&site.install());
    command.env("KERBUP_CHECKPOINT", format!("{place}={}", reached.display()));
    let mut running = Running::start(&mut command);
    running.until(place, Duration::from_secs(600), |_| reached.exists());
    running.cut();
    fs::remove_file(&reached).unwrap();
}

/// The command of a unit. The service manager of this host gives services a PATH of its own, without the one that knows timers.
fn command_of(unit: &str) -> String {
    fs::read_to_string(unit).unwrap().lines().find_map(|l| l.strip_prefix("ExecStart=")).unwrap().to_string()
}

#[test]
fn docker_is_installed_where_it_is_missing() {
    let test = "bare::docker_is_installed_where_it_is_missing";
    let Some(site) = Site::on_bare(test, "e2e-bare") else { return };
    assert!(!has_docker(), "the engine bare has no Docker");
    let before = portrait(&site);
    let guard = format!("{UNITS}/kerbup-{}-guard", site.name);
    let resume = format!("{UNITS}/kerbup-{}-resume.service", site.name);
    let wanted = format!("{UNITS}/multi-user.target.wants/kerbup-{}-resume.service", site.name);
    let mut straight: Option<BTreeSet<String>> = None;

    for point in ["", "before-undo", "after-undo", "after-apply"] {
        for kind in ["docker", "registry", "unit"] {
            if !point.is_empty() {
                cut(&site, &format!("{kind}:{point}"));
                // What goes on by itself at the next start of the machine.
                assert_eq!(fs::read_link(&wanted).unwrap().to_str(), Some(resume.as_str()), "{kind}:{point}");
            }
        }
        if point == "after-undo" {
            // The machine starts again: what multi-user.target wants is run as its unit says.
            tool("sh", &["-c", &command_of(&resume)]);
            assert!(!Path::new(&wanted).exists());
        }
        let ran = site.run(&site.install()).ok();
        assert_eq!(ran.done()["ok"], true, "{point}");
        assert_eq!(ran.done()["changed"], point != "after-undo", "{point}");
        assert!(!Path::new(&resume).exists() && !Path::new(&wanted).exists(), "{point}: nothing is left to go on with");
        assert_eq!(site.containers().len(), 3, "{point}");
        assert!(has_docker());
        let told: serde_json::Value = serde_json::from_str(&fs::read_to_string("/etc/docker/daemon.json").unwrap()).unwrap();
        assert_eq!(told, serde_json::json!({"insecure-registries": [site.forward.as_ref().unwrap().at.to_string()]}), "{point}");
        for (verb, word) in [("is-enabled", "enabled"), ("is-active", "active")] {
            for unit in ["docker.service".to_string(), format!("kerbup-{}-guard.timer", site.name)] {
                assert_eq!(tool("systemctl", &[verb, &unit]).trim(), word, "{unit}");
            }
        }
        // What the timer starts each hour does its work.
        tool("sh", &["-c", &command_of(&format!("{guard}.service"))]);
        // However the run went, the host ends the same: folders that Docker itself names are its own affair.
        let now: BTreeSet<String> = portrait(&site)
            .into_iter()
            .filter(|l| !l.contains("/var/lib/docker/") && !l.contains("/journal/") && !l.contains("/disk/"))
            .collect();
        match &straight {
            None => straight = Some(now),
            Some(straight) => same(straight, &now),
        }
        assert_eq!(site.run(&site.install()).ok().done()["changed"], false, "{point}");

        site.run(&["uninstall", "--purge-data", &site.name, "--with-engine", "--yes"]).ok();
        assert!(!has_docker(), "{point}: an engine that kerbup installed goes when asked");
        same(&before, &portrait(&site));
    }
}

#[test]
fn an_uninstall_after_a_cut_leaves_the_host_as_it_was() {
    let Some(site) = Site::on_bare("bare::an_uninstall_after_a_cut_leaves_the_host_as_it_was", "e2e-undo") else { return };
    assert!(!has_docker(), "the engine bare has no Docker");
    let (before, packages) = (portrait(&site), installed());
    let points = ["before-undo", "after-undo", "after-apply"];
    for point in points {
        cut(&site, &format!("docker:{point}"));
        site.run(&["uninstall", "--purge-data", &site.name, "--with-engine", "--yes"]).ok();
        assert!(!has_docker(), "{point}");
        same(&before, &portrait(&site));
    }
    // Docker is here from now on, since installing it takes longest; what else a site brings goes each time.
    cut(&site, "registry:before-undo");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    assert!(has_docker());
    let with_docker = || -> BTreeSet<String> { portrait(&site).into_iter().filter(|l| !l.contains("/var/lib/docker/")).collect() };
    let bare_docker = with_docker();
    let ours: Vec<_> = bare_docker.difference(&before).filter(|l| l.contains("kerbup") || l.contains("daemon.json")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
    for kind in ["registry", "unit"] {
        for point in points {
            cut(&site, &format!("{kind}:{point}"));
            site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
            same(&bare_docker, &with_docker());
        }
    }
    remove_docker(&packages);
}

/// This test's own engine goes by hand: the site that installed it is long gone.
fn remove_docker(before: &BTreeSet<String>) {
    tool("systemctl", &["disable", "--now", "docker"]);
    let came: Vec<String> = installed().difference(before).cloned().collect();
    let purge: Vec<&str> = ["purge", "-y", "-q"].into_iter().chain(came.iter().map(String::as_str)).collect();
    tool("apt-get", &purge);
    assert!(!has_docker());
    // A service manager that is busy may have lost sight of the one it was told to stop.
    if let Ok(pid) = fs::read_to_string("/var/run/docker.pid") {
        tool_may_fail("kill", &[pid.trim()]);
        wait_for("Docker ends", Duration::from_secs(30), || (!Path::new("/proc").join(pid.trim()).exists()).then_some(()));
    }
    assert_eq!(&installed(), before);
}

#[test]
fn a_docker_that_is_switched_off_ends_switched_off() {
    let Some(site) = Site::on_bare("bare::a_docker_that_is_switched_off_ends_switched_off", "e2e-off") else { return };
    assert!(!has_docker(), "the engine bare has no Docker");
    let packages = installed();
    // A Docker of somebody's own, running or not, that does not start with the machine.
    tool("apt-get", &["install", "-y", "-q", "--no-install-recommends", "docker.io"]);
    for runs in [true, false] {
        tool("systemctl", &[if runs { "start" } else { "stop" }, "docker"]);
        tool("systemctl", &["disable", "docker"]);
        wait_for("Docker does as it was told", Duration::from_secs(60), || {
            ((tool_may_fail("docker", &["version"]).code == 0) == runs).then_some(())
        });
        let ran = site.run(&site.install()).ok();
        assert_eq!(ran.done()["ok"], true);
        assert_eq!(tool("systemctl", &["is-enabled", "docker"]).trim(), "enabled");
        site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
        assert_eq!(tool_may_fail("systemctl", &["is-enabled", "docker"]).out.trim(), "disabled", "it ran: {runs}");
        assert_eq!(tool_may_fail("systemctl", &["is-active", "docker"]).out.trim() == "active", runs);
    }
    tool("systemctl", &["start", "docker"]);
    remove_docker(&packages);
}

#[test]
fn an_engine_with_something_of_others_stays() {
    let Some(site) = Site::on_bare("bare::an_engine_with_something_of_others_stays", "e2e-others") else { return };
    assert!(!has_docker(), "the engine bare has no Docker");
    let before = installed();
    site.run(&site.install()).ok();
    tool("docker", &["volume", "create", "e2e-theirs"]);
    let ran = site.run(&["uninstall", "--purge-data", &site.name, "--with-engine", "--yes"]).ok();
    assert!((ran.out + &ran.err).contains("Docker stays"));
    assert_eq!(tool("docker", &["volume", "ls", "-q"]).trim(), "e2e-theirs");
    assert!(site.containers().is_empty());
    tool("docker", &["volume", "rm", "e2e-theirs"]);
    remove_docker(&before);
}

#[test]
fn an_engine_that_is_restarted_midway_costs_reruns_at_most() {
    let Some(site) = Site::on_bare("bare::an_engine_that_is_restarted_midway_costs_reruns_at_most", "e2e-again") else { return };
    assert!(!has_docker(), "the engine bare has no Docker");
    let before = portrait(&site);
    for part in ["image:", "container:mongodb", "container:vault"] {
        // Each time where other steps are under way as well.
        let mut running = site.start(&site.install());
        let begun = |out: &str| out.contains(&format!("\"event\":\"step-started\",\"id\":\"{part}"));
        running.until(part, Duration::from_secs(300), begun);
        tool("systemctl", &["restart", "docker"]);
        let ran = running.end(Duration::from_secs(240));
        if ran.code != 0 {
            let done = ran.done();
            assert_eq!(done["ok"], false, "{part}: {}", ran.out);
            assert!(!ran.out.contains("\"whose\":\"ours\""), "{part}: an engine that goes away is no fault of kerbup's: {}", ran.out);
            eprintln!("{part}: the run ended with {}, and is started again", ran.code);
        }
        // Parts that the engine starts again just now may not answer yet: the same command again is what people are told.
        let again = (0..3).map(|_| site.run(&site.install())).find(|ran| ran.code == 0);
        assert_eq!(again.expect("a rerun comes to its end").done()["ok"], true, "{part}");
        assert_eq!(site.containers().len(), 3, "{part}");
        let states = site.status();
        for part in states["components"].as_array().unwrap() {
            assert!(["healthy", "not-configured"].contains(&part["state"].as_str().unwrap()), "{part}");
        }
        site.run(&["uninstall", "--purge-data", &site.name, "--with-engine", "--yes"]).ok();
        same(&before, &portrait(&site));
    }
}
