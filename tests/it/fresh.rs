//! Other shapes and hard days on real Docker: recorders alone, a site that grows, a broker beside it, the rule that deletes,
//! a disk that fills up, data of another version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kerbup::model::fault::Fault;
use serde_json::Value;

use crate::docker::days_in_the_store;
use crate::engine::{IMAGES, Site, copied, machine, named, own_registry, same, setting, tool, tool_may_fail, wait_for};
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
    site.run(&[&site.install()[..], &["--wait-recording", "3m"]].concat()).ok();
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
    let ill = format!("{own}-ill");
    for image in IMAGES.iter().chain(&["rabbitmq:4-management"]) {
        // One part takes its time, and one ends at once: with what an instruction ends that the processor does not have.
        let asked: &[&str] = match image.split(':').next() {
            Some("mongo") => &["STANDIN_SLOW=4"],
            Some("uug-ai/vault") => &["STANDIN_EXIT=132"],
            _ => &[],
        };
        copied(&format!("{registry}/{image}"), &format!("{ill}/{image}"), asked);
    }
    copied(&format!("{registry}/rabbitmq:4-management"), &format!("{own}/rabbitmq:4-management"), &[]);
    let before = machine(&site);
    let right = fs::read_to_string(&site.file).unwrap();
    site.write(&right.replace(&own, &ill));
    one_is_slow_and_one_ends_at_once(&site);
    // Cured: other images, and the same command.
    site.write(&right);
    assert_eq!(site.run(&site.install()).ok().done()["ok"], true);
    assert_eq!(states(&site)["rabbitmq"], "healthy");
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    none_is_healthy_with_a_wrong_password_or_stopped(&site);
    // Off again: it goes, its data stays until asked for.
    site.run(&["change", "--set", "services.broker=off", "--yes"]).ok();
    assert_eq!(names(&site), ["minio", "mongodb", "vault"]);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

/// The slow part is waited for; the other one's failure says what is known of it and what to do.
fn one_is_slow_and_one_ends_at_once(site: &Site) {
    let ran = site.run(&site.install());
    assert_eq!((ran.code, ran.done()["ok"].clone()), (1, false.into()), "{}", ran.err);
    let of = |kind: &str, id: &str| -> Vec<Value> { ran.events().into_iter().filter(|e| e["event"] == kind && e["id"] == id).collect() };
    let slow = of("step-done", "container:mongodb");
    assert!(slow[0]["seconds"].as_f64().unwrap() >= 4.0 && of("step-failed", "container:mongodb").is_empty(), "{slow:?}");
    let waits = of("step-progress", "container:mongodb");
    assert!(waits.iter().any(|e| e["note"] == "waiting until MongoDB answers" && e["unit"] == "seconds"), "{waits:?}");
    let failed = of("step-failed", "container:vault");
    let fault: Fault = serde_json::from_value(failed[0]["fault"].clone()).unwrap();
    assert_eq!((fault.code.as_str(), fault.says.as_str()), ("PART-SILENT", "Web page and library does not answer."));
    let known = fault.because.join("\n");
    for word in ["last exit code 132", "restarted", "AVX", "It says: stand-in: exits with 132, as asked"] {
        assert!(known.contains(word), "{word}: {fault:#?}");
    }
    assert!(fault.cure.iter().any(|c| c.ends_with("kerbup logs vault")), "{fault:#?}");
    assert!(site.run(&["logs", "vault", "--tail", "3"]).ok().out.contains("exits with 132"));
    assert_eq!(states(site)["vault"], "down");
}

/// The right port of each part, real ones and stand-ins, with a password that is not its own; then each part's process ended.
fn none_is_healthy_with_a_wrong_password_or_stopped(site: &Site) {
    let secrets = site.state().join("secrets.toml");
    let text = fs::read_to_string(&secrets).unwrap();
    let well = states(site);
    let parts: Vec<String> = well.keys().cloned().collect();
    assert_eq!(parts, ["minio", "mongodb", "rabbitmq", "vault"]);
    let wrong = |part: &str| -> String {
        let name = format!("\"{part}.password\"");
        text.lines().map(|l| if l.starts_with(&name) { format!("{name} = \"not-the-one\"\n") } else { format!("{l}\n") }).collect()
    };
    for part in &parts {
        assert_ne!(wrong(part), text, "{part} has a password");
        fs::write(&secrets, wrong(part)).unwrap();
        let seen = states(site);
        // Of one that began lately it is said that it starts: never that it is well.
        assert!(["degraded", "starting"].contains(&seen[part].as_str()), "{part}: {seen:?}");
        assert!(parts.iter().filter(|p| *p != part).all(|p| seen[p] == well[p]), "{part}: {seen:?}");
    }
    fs::write(&secrets, &text).unwrap();
    assert_eq!(states(site), well);
    let names: Vec<String> = parts.iter().map(|p| format!("{}-{p}", site.name)).collect();
    tool("docker", &["stop", "-t", "5"].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>());
    let seen = states(site);
    assert!(seen.values().all(|s| s == "stopped"), "{seen:?}");
    site.run(&["start"]).ok();
    wait_for("all are well again", Duration::from_secs(60), || (states(site) == well).then_some(()));
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
    for other in ["5.0", "9.0"] {
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
    assert!(states(&site).values().all(|s| s != "healthy"), "no part can save anything: {:?}", states(&site));
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
