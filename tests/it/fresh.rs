//! Other shapes and hard days on real Docker: recorders alone, a site that grows, a broker beside it, the rule that deletes,
//! a disk that fills up, data of another version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::docker::days_in_the_store;
use crate::engine::{IMAGES, Site, machine, named, own_registry, same, setting, tool, tool_may_fail, wait_for};
use crate::stored;

pub fn camera(name: &str) -> String {
    format!("[[camera]]\nname = \"{name}\"\nurl = \"{}\"\nrecord = \"always\"\n", setting("KERBUP_TEST_CAMERA"))
}

fn names(site: &Site) -> Vec<String> {
    site.containers().iter().map(|l| l.split(' ').next().unwrap().trim_start_matches(&format!("{}-", site.name)).to_string()).collect()
}

pub fn states(site: &Site) -> BTreeMap<String, String> {
    let status = site.status();
    let both = [&status["components"], &status["cameras"]];
    both.iter()
        .flat_map(|l| l.as_array().unwrap())
        .map(|p| (p["name"].as_str().unwrap().into(), p["state"].as_str().unwrap().into()))
        .collect()
}

pub fn variable(site: &Site, part: &str, name: &str) -> Option<String> {
    let all = tool("docker", &["inspect", "-f", "{{range .Config.Env}}{{println .}}{{end}}", &format!("{}-{part}", site.name)]);
    all.lines().find_map(|l| l.strip_prefix(&format!("{name}="))).map(str::to_string)
}

#[test]
fn a_small_site_records_alone_and_grows() {
    let test = "fresh::a_small_site_records_alone_and_grows";
    if !named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-small", &camera("yard")) else { return };
    let before = machine(&site);
    let text = fs::read_to_string(&site.file).unwrap().replace("[platform]", "shape = \"small\"\n[platform]");
    site.write(&text);
    site.run(&[&site.install()[..], &["--wait-recording=3m"]].concat()).ok();
    assert_eq!(names(&site), ["agent-yard"]);
    assert_eq!(states(&site), BTreeMap::from([("agent-yard".into(), "healthy".into()), ("yard".into(), "recording".into())]));
    let dir = site.storage().join("agents/yard/data/recordings");
    let recorded: Vec<_> = fs::read_dir(&dir).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!recorded.is_empty());
    // It cleans up after itself: its bound is one of the disk's and the camera's figures.
    let bound: u64 = variable(&site, "agent-yard", "AGENT_AUTO_CLEAN_MAX_SIZE").unwrap().parse().unwrap();
    assert!(bound >= 100, "{bound} MB");
    assert!(variable(&site, "agent-yard", "AGENT_KERBEROSVAULT_URI").is_none_or(|v| v.is_empty()));
    let half = site.run(&["change", "--set", "storage.retention_days=1", "--yes", "--output", "json"]).ok();
    assert_eq!(half.done()["ok"], true);
    let less: u64 = variable(&site, "agent-yard", "AGENT_AUTO_CLEAN_MAX_SIZE").unwrap().parse().unwrap();
    assert!(less < bound, "one day takes less than four: {less} MB, {bound} MB before");

    site.run(&["change", "--set", "site.shape=full", "--yes"]).ok();
    assert_eq!(names(&site), ["agent-yard", "minio", "mongodb", "vault"]);
    for name in &recorded {
        assert!(dir.join(name).exists(), "what was recorded before stays: {name:?}");
    }
    site.run(&["change", "--set", "site.shape=small", "--yes"]).ok();
    assert_eq!(names(&site), ["agent-yard"]);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn a_broker_runs_beside_where_it_is_asked_for() {
    let Some(site) =
        Site::on("docker", "fresh::a_broker_runs_beside_where_it_is_asked_for", "e2e-mq", "[services]\nbroker = \"bundled\"\n")
    else {
        return;
    };
    let (registry, own) = (setting("KERBUP_TEST_REGISTRY"), own_registry());
    let (from, to) = (format!("{registry}/rabbitmq:4-management"), format!("{own}/rabbitmq:4-management"));
    tool("docker", &["pull", "-q", &from]);
    tool("docker", &["tag", &from, &to]);
    tool("docker", &["push", "-q", &to]);
    tool("docker", &["rmi", &to]);
    let before = machine(&site);
    site.run(&site.install()).ok();
    assert_eq!(states(&site)["rabbitmq"], "healthy");
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    // The right port with a wrong password is not healthy.
    let secrets = site.state().join("secrets.toml");
    let text = fs::read_to_string(&secrets).unwrap();
    let wrong: String = text
        .lines()
        .map(|l| if l.starts_with("\"rabbitmq.password\"") { "\"rabbitmq.password\" = \"not-the-one\"\n".into() } else { format!("{l}\n") })
        .collect();
    assert_ne!(wrong, text);
    fs::write(&secrets, wrong).unwrap();
    assert_ne!(states(&site)["rabbitmq"], "healthy");
    fs::write(&secrets, text).unwrap();
    assert_eq!(states(&site)["rabbitmq"], "healthy");
    // A stopped process is not healthy either.
    tool("docker", &["stop", "-t", "1", &format!("{}-rabbitmq", site.name)]);
    assert_eq!(states(&site)["rabbitmq"], "stopped");
    // Off again: it goes, its data stays until asked for.
    site.run(&["change", "--set", "services.broker=off", "--yes"]).ok();
    assert_eq!(names(&site), ["minio", "mongodb", "vault"]);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn data_of_another_version_is_refused_and_left() {
    let Some(site) = Site::on("docker", "fresh::data_of_another_version_is_refused_and_left", "e2e-data", "") else { return };
    site.run(&site.install()).ok();
    site.run(&["uninstall", "--yes"]).ok();
    let mark = site.storage().join(".kerbup/version-mongodb");
    let now = fs::read_to_string(&mark).unwrap();
    let list =
        || tool("sh", &["-c", &format!("cd {} && find . -type f -exec sha256sum {{}} + | sort", site.storage().join("mongodb").display())]);
    let data = list();
    for other in ["4.4", "9.0"] {
        fs::write(&mark, format!("{other}\n")).unwrap();
        let ran = site.run(&site.install());
        assert_eq!(ran.code, 1, "{}", ran.out);
        assert!(ran.out.contains("DATA-VERSION") && ran.out.contains(other), "{}", ran.out);
        assert_eq!(list(), data, "the data is as it was");
    }
    fs::write(&mark, &now).unwrap();
    site.run(&site.install()).ok();
    assert_eq!(states(&site)["mongodb"], "healthy");
}

/// A disk of a test's own.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// A small one, in memory.
    pub fn at(path: &Path, megabytes: u32) -> SmallDisk {
        fs::create_dir_all(path).unwrap();
        tool("mount", &["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "kerbup-test", path.to_str().unwrap()]);
        SmallDisk(path.to_path_buf())
    }

    /// A large one that takes no room: a file with holes, and what is set aside in it is never written.
    pub fn hollow(path: &Path, gigabytes: u32) -> SmallDisk {
        let (image, at) = (format!("{}.img", path.display()), path.to_str().unwrap());
        fs::create_dir_all(path).unwrap();
        tool("truncate", &["-s", &format!("{gigabytes}G"), &image]);
        tool("mkfs.ext4", &["-q", "-F", "-m", "0", "-T", "largefile4", &image]);
        tool("mount", &["-o", "loop,noinit_itable", &image, at]);
        SmallDisk(path.to_path_buf())
    }

    /// Total and free bytes.
    pub fn space(&self) -> (u64, u64) {
        let told = tool("df", &["-B1", "--output=size,avail", self.0.to_str().unwrap()]);
        let mut figures = told.lines().last().unwrap().split_whitespace().map(|w| w.parse().unwrap());
        (figures.next().unwrap(), figures.next().unwrap())
    }

    /// Makes a file that leaves so many bytes free.
    pub fn fill(&self, file: &Path, leave: u64) {
        let (_, free) = self.space();
        tool("fallocate", &["-l", &free.checked_sub(leave).unwrap().to_string(), file.to_str().unwrap()]);
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        tool_may_fail("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_is_said_and_bears_a_rerun() {
    let Some(site) = Site::on("docker", "fresh::a_full_disk_is_said_and_bears_a_rerun", "e2e-full", "") else { return };
    let disk = SmallDisk::at(&site.dir.path().join("disk"), 1500);
    let filler = site.dir.path().join("disk/filler");
    site.run(&site.install()).ok();
    assert_eq!(states(&site)["minio"], "healthy");
    // Full to the last byte: the store says so by its own state, and a plan is still told.
    tool_may_fail("dd", &["if=/dev/zero", &format!("of={}", filler.display()), "bs=1M", "count=2000", "status=none"]);
    let status = wait_for("the full disk is seen", Duration::from_secs(60), || {
        let status = site.status();
        (status["disk"]["free"].as_u64()? < 1 << 20).then_some(status)
    });
    assert_ne!(status["overall"], "healthy");
    let ran = site.run(&["change", "--set", "storage.retention_days=5", "--yes", "--output", "json"]);
    assert_ne!(ran.code, 0, "nothing is claimed on a full disk: {}", ran.out);
    assert!(ran.out.contains("full") || ran.err.contains("full") || ran.out.contains("free"), "{}\n{}", ran.out, ran.err);
    // Room again: the next run ends as if nothing had been.
    fs::remove_file(&filler).unwrap();
    wait_for("the store writes again", Duration::from_secs(60), || (states(&site)["minio"] == "healthy").then_some(()));
    site.run(&["change", "--set", "storage.retention_days=5", "--yes", "--output", "json"]).ok();
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    assert!(site.containers().is_empty());
    drop(disk);
}

#[test]
fn the_guard_lowers_the_days_while_the_disk_is_full() {
    let Some(site) = Site::on("docker", "fresh::the_guard_lowers_the_days_while_the_disk_is_full", "e2e-guard", "") else { return };
    let disk = SmallDisk::hollow(&site.dir.path().join("disk"), 40);
    site.write(&fs::read_to_string(&site.file).unwrap().replace("retention_days = 4", "retention_days = 20"));
    site.run(&site.install()).ok();
    let guard = |wanted: &str| {
        let said = site.run(&["guard"]).ok().out;
        assert!(said.contains(wanted), "{wanted}: {said}");
    };
    // A day and more goes by.
    let later = || {
        let file = site.state().join("guard.json");
        let mut done: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        done["changed"] = (done["changed"].as_f64().unwrap() - 90_000.0).into();
        fs::write(&file, done.to_string()).unwrap();
    };
    guard("20 days");
    let old = |days: f64| stored::put(&site, &stored::key(&site, days), b"a recording");
    let oldest = old(19.5);
    let tenth = disk.space().0 / 10;

    // Somebody else's file: no recording goes for it, and it is said.
    let (theirs, ours) = (site.dir.path().join("disk/theirs"), site.storage().join("minio/data/ours"));
    disk.fill(&theirs, tenth);
    guard("20 days are kept, as before: fewer would make no room");
    assert!(days_in_the_store(&site).contains("<Days>20</Days>"));
    assert!(site.status()["disk"]["note"].as_str().unwrap().contains("Other files take"));
    fs::remove_file(&theirs).unwrap();

    // The site's own: a fifth of the days go, and then the store is waited for.
    disk.fill(&ours, tenth);
    guard("16 days are kept from now on, 20 before");
    assert_eq!(site.status()["disk"]["keeps_days"], 16);
    // A rerun leaves the guard's work alone.
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    guard("16 days are kept, as before: the store has yet to delete what is older");
    later();
    guard("16 days are kept, as before: the store has yet to delete what is older");
    stored::delete(&site, &oldest);
    old(15.5);
    guard("13 days are kept from now on, 16 before");
    guard("13 days are kept, as before");
    assert!(days_in_the_store(&site).contains("<Days>13</Days>"));

    // Room again: a day comes back, the next one not before a day has gone by.
    fs::remove_file(&ours).unwrap();
    guard("13 days are kept, as before: they were changed less than a day ago");
    later();
    guard("14 days are kept from now on, 13 before");
    guard("14 days are kept, as before");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    drop(disk);
}

#[test]
fn an_image_that_is_not_in_the_registry_is_named() {
    let Some(site) = Site::on("docker", "fresh::an_image_that_is_not_in_the_registry_is_named", "e2e-none", "") else { return };
    let before = machine(&site);
    let text =
        fs::read_to_string(&site.file).unwrap().replace(&own_registry(), &format!("{}/kerbup-e2e-empty", setting("KERBUP_TEST_REGISTRY")));
    site.write(&text);
    let ran = site.run(&site.install());
    assert_ne!(ran.code, 0);
    assert!(ran.out.contains(IMAGES[1]), "{}", ran.out);
    assert_eq!(ran.done()["ok"], false);
    if site.state().exists() {
        site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    }
    same(&before, &machine(&site));
}
