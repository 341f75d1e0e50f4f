//! What may be changed of a site that stands, and what is refused: its network's addresses, its folder.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use crate::docker::{camera, recordings, states};
use crate::engine::{IMAGES, Running, Site, machine, named, same, setting, tool, tool_may_fail};

#[test]
fn another_subnet_is_taken() {
    let test = "standing::another_subnet_is_taken";
    if !named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-net", &camera("front-door")) else { return };
    let before = machine(&site);
    site.run(&[&site.install()[..], &["--wait-recording=4m"]].concat()).ok();
    let subnet =
        || tool("docker", &["network", "inspect", "-f", "{{range .IPAM.Config}}{{.Subnet}}{{end}}", &site.name]).trim().to_string();
    let address = |name: &str| tool("docker", &["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name]);
    let (was, parts, kept) = (subnet(), site.containers(), recordings(&site, "front-door"));
    // One that nothing here uses: the next beside the one that was free.
    let other = format!("10.211.{}.0/24", was.split('.').nth(2).unwrap());
    let set = format!("network.subnet={other}");

    let shown = site.run(&["change", "--set", &set]);
    assert_eq!(shown.code, 2, "{}", shown.err);
    let anew = format!("Make the network {} anew, with {other}", site.name);
    // The network and every part on it.
    assert!(shown.out.contains(&anew) && shown.out.matches("to change").count() == 5, "what will happen is shown first: {}", shown.out);
    assert_eq!((subnet(), site.containers()), (was.clone(), parts.clone()));

    // A guest on the network is not thrown off it.
    let image = format!("{}/{}", setting("KERBUP_TEST_REGISTRY"), IMAGES[1]);
    let guest = format!("{}-guest", site.name);
    tool_may_fail("docker", &["rm", "-f", "-v", &guest]);
    tool("docker", &["run", "-d", "--name", &guest, "--network", &site.name, "--entrypoint", "sleep", &image, "600"]);
    let refused = site.run(&["change", "--set", &set, "--yes", "--output", "json"]);
    tool("docker", &["rm", "-f", "-v", &guest]);
    assert_eq!((refused.code, refused.out.contains("NETWORK-IN-USE")), (1, true), "{}", refused.out);
    assert_eq!((subnet(), site.containers()), (was, parts.clone()));

    // Cut while the parts are away, and gone on with.
    let reached = site.dir.path().join("reached");
    let mut command = site.command(&["change", "--set", &set, "--yes", "--output", "json"]);
    command.env("KERBUP_CHECKPOINT", format!("network:after-apply={}", reached.display()));
    let mut running = Running::start(&mut command);
    running.until("the network is made anew", Duration::from_secs(90), |_| reached.exists());
    running.cut();
    fs::remove_file(&reached).unwrap();
    assert!(subnet() == other && site.containers().is_empty());
    site.run(&["resume", "--site", &site.name]).ok();
    assert_eq!(subnet(), other);
    for line in site.containers() {
        let name = line.split(' ').next().unwrap();
        assert!(address(name).starts_with(other.trim_end_matches("0/24")), "{name}: {}", address(name));
    }
    assert_eq!((site.containers().len(), site.containers().intersection(&parts).count()), (4, 0));
    assert_eq!(states(&site.status())["mongodb"], "healthy");
    assert!(kept.is_subset(&recordings(&site, "front-door")));
    let twice = site.run(&["change", "--set", &set, "--yes", "--output", "json"]).ok();
    assert_eq!(twice.done()["changed"], false);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn recordings_are_not_moved_unasked() {
    let Some(site) = Site::on("docker", "standing::recordings_are_not_moved_unasked", "e2e-stay", "") else { return };
    let before = machine(&site);
    site.run(&site.install()).ok();
    let (parts, saved) = (site.containers(), fs::read_to_string(site.state().join("site.toml")).unwrap());
    let other = site.dir.path().join("disk/other");
    let set = format!("storage.path={}", other.display());
    let answers = site.file.to_str().unwrap();
    for args in [
        vec!["change", "--set", &set, "--yes"],
        vec!["change", "--set", &set],
        vec!["plan", "--answers", answers, "--set", &set],
        vec!["install", "--answers", answers, "--set", &set, "--yes"],
    ] {
        let ran = site.run(&args);
        assert_eq!((ran.code, ran.err.contains("FOLDER-KEPT")), (2, true), "{args:?}: {}", ran.err);
        assert!(ran.err.contains("kerbup uninstall") && ran.err.contains("sudo mv"), "{}", ran.err);
    }
    assert_eq!((site.containers(), fs::read_to_string(site.state().join("site.toml")).unwrap()), (parts, saved));
    assert!(!other.exists() && site.run(&["sites", "--output", "json"]).ok().document()["sites"][0]["unfinished"] == false);
    // The guard and a rerun find all as it was.
    site.run(&["guard", "--site", &site.name]).ok();
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);

    // The way that the words name: its data is found where it was moved to.
    site.run(&["uninstall", "--yes"]).ok();
    fs::rename(site.storage(), &other).unwrap();
    site.run(&["install", "--answers", answers, "--set", &set, "--yes"]).ok();
    assert_eq!(states(&site.status())["mongodb"], "healthy");
    assert!(other.join("mongodb/data").exists() && !site.storage().exists());
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    fs::remove_dir_all(&other).ok();
    let left = machine(&site);
    let gone = |all: &BTreeSet<String>| all.iter().filter(|l| !l.contains("/disk")).cloned().collect::<BTreeSet<String>>();
    same(&gone(&before), &gone(&left));
}
