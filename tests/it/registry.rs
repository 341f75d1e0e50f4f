//! A registry of one's own on real Docker: an engine that names registries on its command line is never given them in its file,
//! and certificates of an own authority come and go.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::path::Path;

use crate::engine::{Ran, Site, machine, own_registry, same, tool, tool_may_fail};

const SETTINGS: &str = "/etc/docker/daemon.json";

/// This machine's address towards the network. Nothing is sent: a connected UDP socket only chooses its way.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("203.0.113.1:9").and_then(|()| socket.local_addr()).map(|a| a.ip()).ok();
    let listed = || tool("hostname", &["-I"]).split_whitespace().filter_map(|a| a.parse::<IpAddr>().ok()).find(IpAddr::is_ipv4);
    let address = routed.filter(|a| !a.is_loopback() && !a.is_unspecified()).or_else(listed);
    address.expect("this machine has an address besides loopback's")
}

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
