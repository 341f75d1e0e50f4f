//! Rules about Docker, images and ports.

use super::*;
use crate::model::answers::Expose;
use crate::model::answers::PlatformKind::{Kubernetes, Microk8s};
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

pub(super) fn stopped(w: &mut World, masked: bool, snap: bool) {
    w.host.docker = k(DockerPresence::Stopped { detail: "inactive (dead)".into(), masked, snap, desktop: false });
}

pub(super) fn desktop_alone(w: &mut World) {
    w.host.docker = k(DockerPresence::Stopped { detail: "Docker Desktop".into(), masked: false, snap: false, desktop: true });
}

/// The snap of Docker, with this shape of a site in this folder.
pub(super) fn snap(w: &mut World, shape: Shape, path: &str) {
    w.engine(|e| e.flavour = DockerFlavour::Snap);
    w.answers.shape = shape;
    w.answers.path = path.into();
}

pub(super) fn mirror(w: &mut World) {
    w.answers.images.registry = Some("10.0.9.9:5000".into());
    w.host.registries.push(RegistryReach { host: "10.0.9.9:5000".into(), reach: k(3) });
}

/// A registry that speaks plain HTTP, on an engine of this sort.
pub(super) fn plain(w: &mut World, flavour: DockerFlavour) {
    mirror(w);
    w.answers.images.insecure = true;
    w.engine(|e| e.flavour = flavour);
}

/// A registry that an own authority vouches for, on an engine of this sort.
pub(super) fn signed(w: &mut World, flavour: DockerFlavour) {
    mirror(w);
    w.answers.images.ca = Some("/root/our authority.pem".into());
    w.engine(|e| e.flavour = flavour);
}

pub(super) fn silent(w: &mut World, host: &str) {
    for registry in w.host.registries.iter_mut().filter(|r| r.host == host) {
        registry.reach = Fact::unknown("no answer within 5 s");
    }
}
