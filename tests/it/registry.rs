//! A registry of one's own on real Docker: an engine that names registries on its command line is never given them in its file,
//! and certificates of an own authority come and go.

use std::fs;
use std::path::Path;

use crate::engine::{Ran, Site, machine, own_registry, same, setting, tool, tool_may_fail};
use crate::forward::{Forward, own_address};

const SETTINGS: &str = "/etc/docker/daemon.json";

/// The site with another registry, and what else its table says.
fn with_registry(site: &Site, registry: &str, more: &str) {
    let text = fs::read_to_string(&site.file).unwrap();
    let old = format!("registry = \"{}\"\ninsecure = true\n", own_registry());
    assert!(text.contains(&old), "{text}");
    site.write(&text.replace(&old, &format!("registry = \"{registry}\"\n{more}")));
}

fn said(ran: &Ran) -> String {
    format!("{}\n{}", ran.out, ran.err)
}

fn taken_down(site: &Site) {
    if site.state().exists() {
        site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    }
}

#[test]
fn an_engine_that_names_registries_on_its_command_line_keeps_its_settings() {
    let test = "registry::an_engine_that_names_registries_on_its_command_line_keeps_its_settings";
    let Some(site) = Site::on("docker", test, "e2e-plain", "") else { return };
    let before = machine(&site);
    let settings = fs::read(SETTINGS).ok();
    let process = fs::read_to_string("/var/run/docker.pid").ok();
    let registry = format!("{}:5000", own_address());
    assert!(!tool("docker", &["info", "--format", "{{json .RegistryConfig}}"]).contains(&registry), "the engine is not told of it yet");
    with_registry(&site, &registry, "insecure = true\n");
    for _ in 0..2 {
        let ran = site.run(&site.install());
        assert_eq!(ran.code, 1, "{}", said(&ran));
        assert!(
            said(&ran).contains("DOCKER-SETTINGS-REFUSED") && said(&ran).contains(&format!("--insecure-registry={registry}")),
            "{}",
            said(&ran)
        );
        assert_eq!(fs::read(SETTINGS).ok(), settings, "the file is as it was");
        // It answers, was not restarted, and its list is as it was.
        tool("docker", &["ps", "-q"]);
        assert_eq!(fs::read_to_string("/var/run/docker.pid").ok(), process);
        assert!(!tool("docker", &["info", "--format", "{{json .RegistryConfig}}"]).contains(&registry));
    }
    taken_down(&site);
    same(&before, &machine(&site));
}

#[test]
fn certificates_of_an_own_authority_come_and_go() {
    let Some(site) = Site::on("docker", "registry::certificates_of_an_own_authority_come_and_go", "e2e-ca", "") else { return };
    let before = machine(&site);
    let authority = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/authority.pem");
    // Nobody listens there: the certificate is in its place before the first download is tried.
    let registry = format!("{}:1", own_address());
    let path = format!("/etc/docker/certs.d/{registry}/ca.crt");
    assert!(!Path::new(&path).exists());
    with_registry(&site, &registry, &format!("ca = \"{}\"\n", site.dir.path().join("none.pem").display()));
    let ran = site.run(&site.install());
    assert_eq!(ran.code, 2, "{}", said(&ran));
    assert!(said(&ran).contains("REGISTRY-CA") && said(&ran).contains("none.pem"), "{}", said(&ran));

    let given = site.dir.path().join("authority.pem");
    fs::copy(authority, &given).unwrap();
    let text = fs::read_to_string(&site.file).unwrap();
    site.write(&text.replace("none.pem", "authority.pem"));
    let ran = site.run(&site.install());
    assert_ne!(ran.code, 0, "{}", said(&ran));
    assert_eq!(fs::read(&path).unwrap(), fs::read(&given).unwrap(), "{}", said(&ran));
    assert!(!Path::new(SETTINGS).exists() || !fs::read_to_string(SETTINGS).unwrap().contains(&registry));
    // The file that a person gave may go: the journal knows what was given.
    fs::remove_file(&given).unwrap();
    let again = site.run(&site.install());
    assert!(!said(&again).contains("REGISTRY-CA"), "{}", said(&again));
    taken_down(&site);
    assert!(!Path::new(&path).exists());
    same(&before, &machine(&site));
    assert_eq!(tool_may_fail("docker", &["ps", "-q"]).code, 0);
}

#[test]
fn images_come_from_a_registry_behind_an_own_authority() {
    let Some(site) = Site::on("docker", "registry::images_come_from_a_registry_behind_an_own_authority", "e2e-tls", "") else { return };
    let before = machine(&site);
    let keys = tempfile::TempDir::new().unwrap();
    let registry = setting("KERBUP_TEST_REGISTRY");
    let forward = Forward::tls(&registry, keys.path());
    let own = own_registry().replace(&registry, &forward.at.to_string());
    with_registry(&site, &own, &format!("ca = \"{}\"\n", keys.path().join("authority.pem").display()));
    // Sizes are asked for by kerbup itself, layers by Docker: both trust the authority.
    let plan = site.run(&["plan", "--answers", site.file.to_str().unwrap(), "--output", "json"]).ok().document();
    let fetched: Vec<_> = plan["steps"].as_array().unwrap().iter().filter(|s| s["id"].as_str().unwrap().starts_with("image:")).collect();
    assert!(fetched.len() == 3 && fetched.iter().all(|s| s["download_bytes"].as_u64().is_some_and(|b| b > 0)), "{fetched:?}");
    assert_eq!(site.run(&site.install()).ok().done()["ok"], true);
    assert_eq!(site.containers().len(), 3);
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    taken_down(&site);
    same(&before, &machine(&site));
    for image in crate::engine::IMAGES {
        tool_may_fail("docker", &["rmi", &format!("{own}/{image}")]);
    }
}
