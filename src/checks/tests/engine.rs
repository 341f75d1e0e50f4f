//! What the rules of Docker say, and what they leave alone.

use super::docker::*;
use super::*;
use crate::model::answers::Service;
use crate::model::check::Status::{Block, Warn};

#[test]
fn a_taken_port_names_who_has_it_and_the_next_free_one() {
    let mut world = base();
    world.listens(9000, "0.0.0.0", Some("docker-proxy"));
    world.listens(9001, "0.0.0.0", Some("docker-proxy"));
    world.exists("portainer", "portainer/portainer-ce", None, &[9000]);
    let Outcome { seen, advice, fix, .. } = outcome(&world, "port-storage-taken");
    assert_eq!(seen, "port 9000 for the video store is taken by the container portainer");
    assert!(advice.contains("network.ports.storage = 9002"), "{advice}");
    assert_eq!(fix, Some(Fix::OtherPort));
}

#[test]
fn where_kerbup_does_not_install_or_start_docker_the_very_commands_stand() {
    let mut world = base();
    world.host.docker = k(DockerPresence::Missing);
    for (packages, services, typed) in [
        ("pacman", "systemctl", "sudo pacman -Syu --needed docker && sudo systemctl enable --now docker"),
        ("zypper", "systemctl", "sudo zypper install -y docker && sudo systemctl enable --now docker"),
        ("apk", "rc-service", "sudo apk add docker && sudo rc-update add docker default && sudo rc-service docker start"),
    ] {
        world.host.package_manager = k(Some(packages.into()));
        world.host.service_manager = k(Some(services.into()));
        let Outcome { status, advice, fix, .. } = outcome(&world, "docker-missing");
        assert_eq!((status, fix), (Block, None));
        assert!(advice.ends_with(typed), "{advice}");
    }
    stopped(&mut world, false, false);
    let Outcome { advice, fix, .. } = outcome(&world, "docker-daemon-down");
    assert!(advice.ends_with("sudo rc-update add docker default && sudo rc-service docker start") && fix.is_none(), "{advice}");
}

#[test]
fn what_cannot_be_used_says_what_it_is_and_offers_nothing_that_does_not_help() {
    let mut world = base();
    world.host.service_manager = k(Some("systemctl".into()));
    for (flavour, id, words) in [
        (DockerFlavour::Rootless, "docker-rootless", "root's Docker"),
        (DockerFlavour::Desktop, "docker-desktop", "Docker Engine"),
        (DockerFlavour::Snap, "docker-snap-install", "snap remove docker"),
    ] {
        world.engine(|e| {
            e.flavour = flavour;
            e.enabled = Some(false);
        });
        let Outcome { status, advice, fix, .. } = outcome(&world, id);
        assert_eq!((status, fix), (Block, None), "{id}");
        assert!(advice.contains(words), "{advice}");
        // Its start with the machine is not what is wrong with it.
        assert_eq!(outcome(&world, "docker-not-at-boot").fix, None);
    }
    world.engine(|e| e.enabled = Some(false));
    assert_eq!(outcome(&world, "docker-not-at-boot").fix, Some(Fix::StartDocker));
}

#[test]
fn a_site_that_stands_passes_its_own_check() {
    let mut world = base();
    world.exists("home-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("home"), &[8080]);
    world.exists("home-minio", "quay.io/minio/minio", Some("home"), &[9000]);
    world.listens(8080, "0.0.0.0", Some("docker-proxy"));
    world.listens(9000, "0.0.0.0", Some("docker-proxy"));
    world.answers.subnet = Some("10.210.7.0/24".into());
    world.engine(|e| e.subnets.push("10.210.7.0/24".into()));
    world.host.memory = k(Memory { total: 8_200_000_000, available: 500_000_000, swap: 1 });
    // It has recorded for long: little more than the share that stays free is left.
    world.camera("door", "rtsp://192.0.2.9/s");
    world.tried("door", Ok(4e6));
    world.mounts(|m| m[0].free = 9_000_000_000);
    assert_eq!(verdict(&run(&world.facts())), Status::Pass);
    // The same disk under a site that is not there yet.
    world.host.existing = k(vec![]);
    world.host.listeners = k(vec![]);
    for id in ["disk-for-recordings", "disk-recordings-days"] {
        assert_eq!(outcome(&world, id).status, Warn, "{id}");
    }
    // What it kept when it was taken down is its own again.
    world.own = 300_000_000_000;
    world.answers.retention_days = 3;
    let days = outcome(&world, "disk-recordings-days");
    assert!(days.status == Status::Pass && days.seen.ends_with("9.0 GB free, and 300 GB of its own recordings"), "{days:?}");
    assert_eq!(outcome(&world, "disk-for-recordings").status, Status::Pass);
}

#[test]
fn another_site_of_ours_keeps_its_port() {
    let mut world = base();
    world.exists("shop-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("shop"), &[8080]);
    world.listens(8080, "0.0.0.0", None);
    world.ours = vec!["shop-vault".into(), "8080".into()];
    let Outcome { status, seen, .. } = outcome(&world, "port-vault-taken");
    assert_eq!((status, seen.as_str()), (Block, "port 8080 for the recordings page is taken by the container shop-vault"));
}

#[test]
fn a_share_that_tells_no_room_is_not_called_full() {
    let mut world = base();
    world.mounts(|m| m.push(mount("/srv", "nas:/volume1", "nfs4", 0, 0, DiskKind::Unknown)));
    for id in ["disk-full", "disk-for-recordings", "storage-on-system-disk", "disk-recordings-days"] {
        assert!(outcome(&world, id).status < Status::Warn, "{id}");
    }
}

#[test]
fn nothing_is_asked_of_registries_that_are_not_used() {
    let mut world = base();
    mirror(&mut world);
    silent(&mut world, "ghcr.io");
    assert_eq!(outcome(&world, "registry-ghcr").status, Status::Skip);
    // A registry that was not asked yet is not one that fails to answer.
    world.answers.images.registry = None;
    for why in ["not looked at yet", "not asked yet"] {
        world.host.registries[2].reach = Fact::unknown(why);
        assert_eq!(outcome(&world, "registry-ghcr").status, Status::Skip);
    }
}

#[test]
fn what_the_small_shape_does_not_install_is_not_checked() {
    let mut world = base();
    world.answers.shape = Shape::Small;
    world.needs.images.retain(|i| i.part == "agent");
    world.listens(8080, "0.0.0.0", None);
    world.host.cpu.features = words("fpu sse2");
    world.answers.object_storage = Service::Bundled;
    assert_eq!(verdict(&run(&world.facts())), Status::Pass);
}
