//! Sites that recorded for long: their own recordings stand in nobody's way, a full store is said and got over, and what was
//! kept is found again.

use std::fs;
use std::time::Duration;

use mongodb::bson::doc;

use crate::docker::days_in_the_store;
use crate::engine::{Site, named, setting, tool, tool_may_fail, wait_for};
use crate::fresh::{SmallDisk, camera, states, variable};
use crate::stored;
use crate::upgrade::database;

/// A check of the site that stands, by its name.
fn checked(site: &Site, id: &str) -> serde_json::Value {
    let all = site.run(&["check", "--answers", site.file.to_str().unwrap(), "--output", "json"]).document();
    all["checks"].as_array().unwrap().iter().find(|c| c["id"] == id).unwrap().clone()
}

#[test]
fn a_grown_site_keeps_its_days() {
    let test = "grown::a_grown_site_keeps_its_days";
    if !named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-grown", &camera("yard")) else { return };
    let disk = SmallDisk::hollow(&site.dir.path().join("disk"), 500);
    site.run(&site.install()).ok();
    let days = |wanted: u32, when: &str| {
        assert!(days_in_the_store(&site).contains(&format!("<Days>{wanted}</Days>")), "{when}: {}", days_in_the_store(&site));
    };
    days(4, "installed");

    // Years later its recordings take what it may use.
    let (total, _) = disk.space();
    disk.fill(&site.storage().join("minio/data/years"), total / 100 * 16);
    for id in ["disk-for-recordings", "disk-recordings-days", "disk-full"] {
        assert_ne!(checked(&site, id)["status"], "warn", "{}", checked(&site, id));
    }
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    site.run(&["change", "--set", "storage.retention_days=5", "--yes", "--output", "json"]).ok();
    days(5, "more days");
    let address = setting("KERBUP_TEST_CAMERA");
    site.run(&["cameras", "add", "gate", &address, "--record", "always", "--yes", "--output", "json"]).ok();
    assert_eq!(site.containers().len(), 5);
    days(5, "a camera more");
    site.run(&["uninstall", "--yes"]).ok();
    for id in ["disk-for-recordings", "disk-recordings-days"] {
        assert_ne!(checked(&site, id)["status"], "warn", "{}", checked(&site, id));
    }
    let answers = fs::read_to_string(&site.file).unwrap().replace("retention_days = 4", "retention_days = 5");
    site.write(&format!("{answers}{}", camera("gate")));
    site.run(&site.install()).ok();
    days(5, "taken down and installed again");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    drop(disk);
}

/// Everything of the site in the engine, and its state folder: what is gone with a system disk.
fn the_system_disk_dies(site: &Site) {
    for line in site.containers() {
        tool("docker", &["rm", "-f", "-v", line.split(' ').next().unwrap()]);
    }
    tool("docker", &["network", "rm", &site.name]);
    fs::remove_dir_all(site.state()).unwrap();
}

#[test]
fn what_was_kept_is_found_again() {
    let test = "grown::what_was_kept_is_found_again";
    if !named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-again", &camera("yard")) else { return };
    site.run(&site.install()).ok();
    let key = stored::put(&site, &stored::key(&site, 1.5), b"the old recording");
    let media = doc! { "insert": "media", "documents": [{ "filename": &key, "device": "yard" }] };
    assert_eq!(database(&site, vec![("KerberosStorage", media)]).get_i32("n"), Ok(1));
    let found = |when: &str| {
        assert_eq!(stored::get(&site, &key), (200, "the old recording".to_string()), "{when}");
        let list = doc! { "find": "media", "filter": { "filename": &key } };
        let listed = database(&site, vec![("KerberosStorage", list)]);
        let first = listed.get_document("cursor").unwrap().get_array("firstBatch").unwrap();
        assert_eq!(first.len(), 1, "{when}: {listed}");
    };
    let receipt = || -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(site.storage().join(".kerbup/receipt.json")).unwrap()).unwrap()
    };
    let steps = receipt()["steps"].as_object().unwrap().len();
    assert_eq!(receipt()["plan"]["steps"].as_array().unwrap().len(), steps, "each step of the plan, with what it made");
    assert!(steps > 8 && !receipt().to_string().contains(&stored::secret(&site, "minio.password")));

    site.run(&["uninstall", "--yes"]).ok();
    site.run(&site.install()).ok();
    found("taken down and installed again");

    // With what lies beside the recordings alone: the answers too, and the logins that they name.
    the_system_disk_dies(&site);
    let kept = site.storage().join(".kerbup/site.toml");
    let answers = kept.to_str().unwrap();
    let tried = site.run(&["cameras", "test", "--answers", answers, "--output", "json"]);
    assert!(tried.out.contains("H.264"), "{}{}", tried.out, tried.err);
    site.run(&["install", "--answers", answers, "--yes", "--output", "json", "--wait-recording=4m"]).ok();
    found("after the system disk died");

    // Only what kerbup remembers is gone, and the parts run on.
    fs::remove_dir_all(site.state()).unwrap();
    site.run(&["install", "--answers", answers, "--yes", "--output", "json"]).ok();
    found("after the state folder was gone");
    assert!(days_in_the_store(&site).contains("<Days>4</Days>"));
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    assert!(site.containers().is_empty() && !site.storage().join("minio").exists());
}

/// Says to the Vault what a person says to it in its own pages. Those of the real one are not public; the stand-in reads rows.
fn the_library_is_set_up(site: &Site) {
    let secret = |name: &str| stored::secret(site, name);
    let provider = doc! {
        "name": "minio", "enabled": "true", "use_ssl": "false", "host": "minio:9000", "bucket": "recordings", "region": "us-east-1",
        "access_key": "kerberos", "secret": secret("minio.password"),
    };
    let account = doc! {
        "account": "site", "enabled": "true", "provider": "minio", "directory": "*",
        "access_key": secret("vault.account-access-key"), "secret_access_key": secret("vault.account-secret-key"),
    };
    for (list, row) in [("providers", provider), ("accounts", account)] {
        database(site, vec![("KerberosStorage", doc! { "insert": list, "documents": [row] })]);
    }
}

fn in_the_library(site: &Site) -> usize {
    let list = database(site, vec![("KerberosStorage", doc! { "find": "media", "filter": {} })]);
    list.get_document("cursor").unwrap().get_array("firstBatch").unwrap().len()
}

#[test]
fn a_full_store_is_said_while_recording_goes_on() {
    let test = "grown::a_full_store_is_said_while_recording_goes_on";
    if !named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-brim", &camera("yard")) else { return };
    let disk = SmallDisk::at(&site.dir.path().join("disk"), 1500);
    site.run(&site.install()).ok();
    the_library_is_set_up(&site);
    wait_for("a recording is handed over", Duration::from_secs(180), || (in_the_library(&site) > 0).then_some(()));
    let all_well = states(&site);
    assert_eq!((all_well["vault"].as_str(), all_well["yard"].as_str()), ("healthy", "recording"));

    // The store takes what comes as long as more than a hundredth of the disk is free, and then no more.
    let (total, _) = disk.space();
    let filler = |name: &str| site.dir.path().join("disk").join(name);
    disk.fill(&filler("most"), total / 100 * 2);
    assert_eq!(stored::try_put(&site, "e2e-brim/small", b"small").0, 200);
    disk.fill(&filler("rest"), total / 1000 * 9);
    let refusal = wait_for("the store refuses", Duration::from_secs(60), || {
        let (status, said) = stored::try_put(&site, "e2e-brim/none", b"small");
        (status == 507).then_some(said)
    });
    assert!(refusal.contains("XMinioStorageFull"), "{refusal}");

    // What could not be handed over for days is there too. It has holes: there is no room for it.
    let most: u64 = variable(&site, "agent-yard", "AGENT_AUTO_CLEAN_MAX_SIZE").unwrap().parse().unwrap();
    let data = site.storage().join("agents/yard/data");
    for n in 0..4 {
        let name = stored::key(&site, 3.0 - f64::from(n) / 10.0).rsplit('/').next().unwrap().to_string();
        let waits = fs::File::create(data.join("recordings").join(&name)).unwrap();
        waits.set_len(most * 1_000_000 / 3).unwrap();
        fs::write(data.join("cloud").join(&name), "").unwrap();
    }
    wait_for("the recorder deletes what was not handed over", Duration::from_secs(120), || {
        site.run(&["logs", "agent-yard", "--tail", "400"]).ok().out.contains("STILL PENDING UPLOAD").then_some(())
    });
    let before = in_the_library(&site);
    let said = site.run(&["status", "--output", "plain"]).ok().out;
    for wanted in ["The disk for recordings is full", "keep fewer days: kerbup change", "its recorder deletes the oldest of them"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    // It records all the same: a recording that began after that one was deleted.
    let newest = || {
        let names = fs::read_dir(data.join("recordings")).unwrap().flatten();
        let begun = |name: String| name.split('_').next()?.parse::<u64>().ok();
        names.filter_map(|e| begun(e.file_name().to_string_lossy().into_owned())).max().unwrap_or(0)
    };
    let (first, status) = (newest(), site.status());
    assert_eq!(status["overall"], "degraded", "{status}");
    assert_eq!(status["cameras"][0]["state"], "recording", "{status}");
    wait_for("the next recording", Duration::from_secs(90), || (newest() > first).then_some(()));

    // Room again: what still waits is handed over.
    fs::remove_file(filler("most")).unwrap();
    wait_for("what waited is handed over", Duration::from_secs(120), || (in_the_library(&site) > before).then_some(()));
    wait_for("all is well", Duration::from_secs(60), || (site.status()["overall"] == "healthy").then_some(()));
    assert!(!site.run(&["status", "--output", "plain"]).ok().out.contains("deletes the oldest"));
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    drop(disk);
}

#[test]
fn a_disk_that_fills_midway_is_one_card_and_a_rerun_finishes() {
    let Some(site) = Site::on("docker", "grown::a_disk_that_fills_midway_is_one_card_and_a_rerun_finishes", "e2e-mid", "") else { return };
    // One disk for all, as on most machines: what is recorded, and what kerbup remembers.
    let disk = SmallDisk::at(&site.dir.path().join("disk"), 1500);
    fs::create_dir(site.dir.path().join("disk/state")).unwrap();
    std::os::unix::fs::symlink(site.dir.path().join("disk/state"), site.dir.path().join("state")).unwrap();
    let filler = site.dir.path().join("disk/filler");
    disk.fill(&filler, 400_000_000);
    let mut running = site.start(&site.install());
    running.until("images are fetched", Duration::from_secs(60), |out| out.contains("\"step-started\",\"id\":\"image:"));
    // Held until it is full to the last byte, also of what a step gives back that could not end.
    let hold = site.state().join("run/hold");
    fs::write(&hold, "").unwrap();
    for _ in 0..3 {
        for block in ["bs=1M", "bs=4k"] {
            let to = format!("of={}", filler.display());
            tool_may_fail("dd", &["if=/dev/zero", &to, block, "oflag=append", "conv=notrunc", "status=none"]);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    fs::remove_file(&hold).unwrap();
    let ran = running.end(Duration::from_secs(240));
    assert_eq!((ran.code, &ran.done()["ok"]), (1, &false.into()), "{}", ran.out);
    let failed: Vec<_> = ran.events().into_iter().filter(|e| e["event"] == "step-failed").collect();
    assert!(!failed.is_empty() && failed.iter().all(|e| e["fault"]["code"] == "DISK-FULL"), "{failed:#?}");
    assert!(failed[0]["fault"]["cure"][0].as_str().unwrap().contains("Free some space"), "{failed:#?}");
    // What was done is written down although there was no room: space was set aside for it.
    let journal = fs::read_to_string(site.state().join("journal/0001.ndjson")).unwrap();
    let last: serde_json::Value = serde_json::from_str(journal.lines().last().unwrap()).unwrap();
    assert_eq!((&last["record"], &last["ending"]), (&"run-ended".into(), &"failed".into()));
    for e in &failed {
        assert!(journal.contains(&format!("\"step-failed\",\"id\":{}", e["id"])), "{e}");
    }
    // Still full: nothing is claimed. Room again: it goes on to its end.
    assert_ne!(site.run(&site.install()).code, 0);
    fs::remove_file(&filler).unwrap();
    site.run(&site.install()).ok();
    assert_eq!(states(&site)["minio"], "healthy");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    assert!(site.containers().is_empty());
    drop(disk);
}
