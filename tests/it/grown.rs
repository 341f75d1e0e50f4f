//! Sites that recorded for long: their own recordings stand in nobody's way, a full store is said and got over, and what was
//! kept is found again.

use std::fs;

use crate::docker::days_in_the_store;
use crate::engine::{Site, named, setting};
use crate::fresh::{SmallDisk, camera};

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
