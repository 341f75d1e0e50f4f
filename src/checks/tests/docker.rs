//! Rules about Docker, images and ports.

use super::*;
use crate::model::answers::PlatformKind::{Kubernetes, Microk8s};
use crate::model::answers::{Expose, Service};
use crate::model::check::Status::{Block, Warn};

pub(super) const CASES: &[Case] = &[
    case("docker-missing", Warn, |w| w.host.docker = k(DockerPresence::Missing), healthy),
    case(
        "docker-missing",
        Block,
        |w| {
            w.host.docker = k(DockerPresence::Missing);
            w.host.service_manager = k(None);
        },
        healthy,
    ),
    case(
        "docker-missing",
        Block,
        |w| {
            w.host.docker = k(DockerPresence::Missing);
            w.host.package_manager = k(None)
        },
        healthy,
    ),
    case(
        "docker-missing",
        Block,
        |w| {
            w.host.docker = k(DockerPresence::Missing);
            w.host.package_manager = k(Some("pacman".into()))
        },
        healthy,
    ),
    case("docker-daemon-down", Warn, |w| stopped(w, false, false), healthy),
    case(
        "docker-daemon-down",
        Block,
        |w| {
            stopped(w, false, false);
            w.host.service_manager = k(Some("rc-service".into()));
        },
        healthy,
    ),
    case("docker-daemon-down", Block, desktop_alone, healthy),
    case("docker-daemon-down", Block, |w| stopped(w, true, false), healthy),
    case("docker-daemon-down", Block, |w| stopped(w, false, true), healthy),
    case(
        "docker-sock-permission",
        Warn,
        |w| w.host.docker = k(DockerPresence::NoAccess { socket: "/var/run/docker.sock".into() }),
        healthy,
    ),
    case("docker-remote", Block, |w| w.host.docker = k(DockerPresence::Remote { host: "tcp://192.168.1.9:2375".into() }), healthy),
    case("docker-too-old", Block, |w| w.engine(|e| e.version = "19.03.15".into()), |w| w.engine(|e| e.version = "20.10.24+dfsg1".into())),
    case("docker-snap-install", Block, |w| w.engine(|e| e.flavour = DockerFlavour::Snap), healthy),
    // The database's password lies where the snap does not see it, wherever the recordings go.
    case("docker-snap-install", Block, |w| snap(w, Shape::Full, "/home/anna/kerberos"), |w| w.answers.path = "/home/anna/kerberos".into()),
    case("docker-snap-install", Block, |w| snap(w, Shape::Small, "/srv/kerberos"), |w| w.answers.shape = Shape::Small),
    case("docker-snap-install", Warn, |w| snap(w, Shape::Small, "/home/anna/kerberos"), healthy),
    case("docker-snap-install", Warn, |w| snap(w, Shape::Small, "/media/anna/disk/kerberos"), healthy),
    case("docker-rootless", Block, |w| w.engine(|e| e.flavour = DockerFlavour::Rootless), healthy),
    case(
        "docker-is-podman",
        Warn,
        |w| {
            w.engine(|e| {
                e.flavour = DockerFlavour::Podman;
                e.version = "5.4.2".into()
            })
        },
        healthy,
    ),
    case("docker-desktop", Block, |w| w.engine(|e| e.flavour = DockerFlavour::Desktop), healthy),
    case("docker-not-at-boot", Warn, |w| w.engine(|e| e.enabled = Some(false)), healthy),
    case(
        "docker-not-at-boot",
        Warn,
        |w| {
            w.engine(|e| e.enabled = Some(false));
            w.host.service_manager = k(Some("rc-service".into()));
        },
        healthy,
    ),
    case("docker-driver", Warn, |w| w.engine(|e| e.driver = "vfs".into()), |w| w.engine(|e| e.driver = "overlayfs".into())),
    case("docker-driver", Warn, |w| w.engine(|e| e.driver = "aufs".into()), healthy),
    case(
        "xfs-ftype0",
        Warn,
        |w| w.engine(|e| e.warnings = vec!["WARNING: overlay2: the backing xfs filesystem is formatted without d_type support".into()]),
        healthy,
    ),
    case(
        "docker-iptable-raw-missing",
        Warn,
        |w| w.host.kernel = k("5.15.148-tegra".into()),
        |w| {
            w.host.kernel = k("5.15.148-tegra".into());
            w.engine(|e| e.version = "27.5.1".into());
        },
    ),
    case(
        "container-name-conflict",
        Block,
        |w| w.exists("home-vault", "uugai/vault:v1.0.6", None, &[80]),
        |w| {
            w.exists("home-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("home"), &[8080]);
        },
    ),
    case(
        "no-matching-manifest",
        Block,
        |w| {
            pi(w, 5);
            w.image("vault", |i| i.arches = k(vec!["amd64".into()]))
        },
        |w| pi(w, 5),
    ),
    case(
        "no-matching-manifest",
        Warn,
        |w| {
            pi(w, 5);
            w.image("vault", |i| i.arches = Fact::unknown("ghcr.io did not say"))
        },
        |w| {
            w.image("vault", |i| i.arches = Fact::unknown("ghcr.io did not say"));
        },
    ),
    case(
        "mongo-image-amd64-only",
        Block,
        |w| {
            pi(w, 5);
            w.image("mongodb", |i| i.name = "docker.io/bitnamilegacy/mongodb".into())
        },
        |w| pi(w, 5),
    ),
    case("minio-dockerhub-deleted", Block, |w| w.image("minio", |i| i.name = "minio/minio".into()), healthy),
    case("minio-dockerhub-deleted", Block, |w| w.answers.images.registry = Some("docker.io".into()), mirror),
    case("bitnami-images-moved", Block, |w| w.image("mongodb", |i| i.name = "docker.io/bitnami/mongodb".into()), healthy),
    case("bitnami-images-moved", Warn, |w| w.image("mongodb", |i| i.name = "docker.io/bitnamilegacy/mongodb".into()), healthy),
    case("floating-tags", Warn, |w| w.image("agent", |i| i.tag = "latest".into()), healthy),
    case("registry-docker-hub", Warn, |w| silent(w, "docker.io"), healthy),
    case(
        "registry-quay",
        Warn,
        |w| silent(w, "quay.io"),
        |w| {
            silent(w, "quay.io");
            w.image("minio", |i| i.present = true)
        },
    ),
    case("registry-ghcr", Warn, |w| silent(w, "ghcr.io"), healthy),
    case(
        "registry-own",
        Warn,
        |w| {
            mirror(w);
            silent(w, "10.0.9.9:5000")
        },
        mirror,
    ),
    case("http-registry-https-client", Block, |w| plain(w, DockerFlavour::Snap), |w| plain(w, DockerFlavour::Rootful)),
    case(
        "http-registry-https-client",
        Block,
        |w| plain(w, DockerFlavour::Rootless),
        |w| {
            plain(w, DockerFlavour::Rootless);
            w.engine(|e| e.insecure_registries.push("10.0.9.0/24".into()));
        },
    ),
    case(
        "http-registry-https-client",
        Block,
        |w| plain(w, DockerFlavour::Desktop),
        |w| {
            plain(w, DockerFlavour::Desktop);
            w.answers.images.registry = Some("localhost:5000/mirror".into());
        },
    ),
    case(
        "http-registry-https-client",
        Block,
        |w| {
            plain(w, DockerFlavour::Snap);
            w.answers.images.registry = Some("10.0.9.9:5000/mirror".into());
        },
        |w| {
            plain(w, DockerFlavour::Rootful);
            w.host.docker = k(DockerPresence::Missing);
        },
    ),
    case(
        "http-registry-https-client",
        Warn,
        |w| plain(w, DockerFlavour::Podman),
        |w| {
            plain(w, DockerFlavour::Podman);
            w.needs.images.iter_mut().for_each(|i| i.present = true);
        },
    ),
    case("registry-own-authority", Warn, |w| signed(w, DockerFlavour::Snap), |w| signed(w, DockerFlavour::Rootful)),
    case("registry-own-authority", Warn, |w| signed(w, DockerFlavour::Podman), |w| signed(w, DockerFlavour::Rootful)),
    case("registry-own-authority", Warn, |w| signed(w, DockerFlavour::Desktop), |w| signed(w, DockerFlavour::Rootful)),
    case(
        "port-vault-taken",
        Block,
        |w| w.listens(8080, "127.0.0.1", Some("python3")),
        |w| {
            w.listens(8080, "192.168.1.20", Some("python3"));
            w.answers.expose = Expose::Loopback;
        },
    ),
    case(
        "port-vault-taken",
        Block,
        |w| {
            w.listens(8080, "::", Some("docker-proxy"));
            w.exists("web", "nginx", None, &[8080])
        },
        |w| {
            w.listens(8080, "0.0.0.0", Some("docker-proxy"));
            w.exists("home-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("home"), &[8080]);
        },
    ),
    case(
        "port-storage-taken",
        Block,
        |w| w.listens(9000, "0.0.0.0", None),
        |w| {
            w.listens(9000, "0.0.0.0", None);
            w.ours = vec!["9000".into()]
        },
    ),
    case(
        "port-privileged",
        Warn,
        |w| {
            w.engine(|e| e.flavour = DockerFlavour::Rootless);
            w.answers.vault_port = 80
        },
        |w| w.answers.vault_port = 80,
    ),
    case(
        "cluster-port-taken",
        Block,
        |w| {
            on(w, Microk8s);
            w.listens(10250, "0.0.0.0", Some("k3s-server"))
        },
        |w| on(w, Microk8s),
    ),
    case(
        "nodeport-taken",
        Warn,
        |w| {
            on(w, Kubernetes);
            w.listens(30080, "0.0.0.0", Some("nginx"))
        },
        |w| on(w, Kubernetes),
    ),
];

fn stopped(w: &mut World, masked: bool, snap: bool) {
    w.host.docker = k(DockerPresence::Stopped { detail: "inactive (dead)".into(), masked, snap, desktop: false });
}

fn desktop_alone(w: &mut World) {
    w.host.docker = k(DockerPresence::Stopped { detail: "Docker Desktop".into(), masked: false, snap: false, desktop: true });
}

/// The snap of Docker, with this shape of a site in this folder.
fn snap(w: &mut World, shape: Shape, path: &str) {
    w.engine(|e| e.flavour = DockerFlavour::Snap);
    w.answers.shape = shape;
    w.answers.path = path.into();
}

fn mirror(w: &mut World) {
    w.answers.images.registry = Some("10.0.9.9:5000".into());
    w.host.registries.push(RegistryReach { host: "10.0.9.9:5000".into(), reach: k(3) });
}

/// A registry that speaks plain HTTP, on an engine of this sort.
fn plain(w: &mut World, flavour: DockerFlavour) {
    mirror(w);
    w.answers.images.insecure = true;
    w.engine(|e| e.flavour = flavour);
}

/// A registry that an own authority vouches for, on an engine of this sort.
fn signed(w: &mut World, flavour: DockerFlavour) {
    mirror(w);
    w.answers.images.ca = Some("/root/our authority.pem".into());
    w.engine(|e| e.flavour = flavour);
}

fn silent(w: &mut World, host: &str) {
    for registry in w.host.registries.iter_mut().filter(|r| r.host == host) {
        registry.reach = Fact::unknown("no answer within 5 s");
    }
}

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
