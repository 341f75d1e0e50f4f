//! Rules about network, cameras and answers, and what is recommended.

use super::*;
use crate::model::answers::PlatformKind::{Eks, Kubernetes, Microk8s};
use crate::model::answers::{Expose, Service};
use crate::model::check::Status::{Block, Warn};

pub(super) const CASES: &[Case] = &[
    case("hostname-invalid", Warn, |w| w.host.network.hostname = k("my_nvr".into()), |w| w.host.network.hostname = k("Media-PC".into())),
    case(
        "hostname-invalid",
        Block,
        |w| {
            on(w, Kubernetes);
            w.host.network.hostname = k("Media-PC".into())
        },
        |w| on(w, Kubernetes),
    ),
    case("no-default-route", Block, offline, healthy),
    case(
        "no-default-route",
        Warn,
        |w| {
            offline(w);
            w.answers.images.registry = Some("10.0.9.9:5000".into())
        },
        |w| w.host.network.default_route = k(None),
    ),
    case(
        "dns-missing",
        Block,
        |w| {
            offline(w);
            w.host.network.dns = k(vec![])
        },
        |w| w.host.network.dns = k(vec![]),
    ),
    case(
        "dns-missing",
        Warn,
        |w| {
            w.host.network.dns = k(vec![]);
            w.host.registries.clear()
        },
        healthy,
    ),
    case(
        "dns-loopback",
        Warn,
        |w| {
            dns(w, "127.0.0.1");
            w.camera("gate", "rtsp://gate.lan/1")
        },
        |w| dns(w, "127.0.0.1"),
    ),
    case(
        "dns-loopback",
        Warn,
        |w| {
            dns(w, "::1");
            on(w, Microk8s)
        },
        |w| {
            dns(w, "127.0.0.53");
            w.camera("gate", "rtsp://gate.lan/1")
        },
    ),
    case(
        "proxy-not-set-for-daemon",
        Warn,
        |w| w.host.network.proxies = k(vec![("https_proxy".into(), "http://proxy:3128".into())]),
        |w| {
            w.host.network.proxies = k(vec![("NO_PROXY".into(), "localhost".into())]);
        },
    ),
    case("docker-subnet-overlap", Warn, |w| w.engine(|e| e.subnets.push("192.168.0.0/20".into())), healthy),
    case("site-subnet", Block, |w| w.answers.subnet = Some("192.168.1.128/25".into()), |w| w.answers.subnet = Some("10.210.7.0/24".into())),
    case("site-subnet", Block, |w| w.answers.subnet = Some("172.17.4.0/24".into()), |w| w.answers.subnet = Some("10.210.7.0/24".into())),
    case("site-subnet", Block, |w| w.answers.subnet = Some("10.210.7.0".into()), |w| w.answers.subnet = Some("10.210.7.0/24".into())),
    case(
        "site-subnet",
        Warn,
        |w| {
            w.answers.subnet = Some("10.210.7.0/24".into());
            let office = Route { to: "10.0.0.0/8".into(), via: Some("10.8.0.1".parse().unwrap()), device: "tun0".into() };
            w.host.network.routes = k(vec![office]);
        },
        |w| w.answers.subnet = Some("10.210.7.0/24".into()),
    ),
    case(
        "pod-cidr-lan-overlap",
        Block,
        |w| {
            on(w, Microk8s);
            w.camera("gate", "rtsp://10.1.5.9/1")
        },
        |w| on(w, Microk8s),
    ),
    case(
        "pod-cidr-lan-overlap",
        Block,
        |w| {
            on(w, Kubernetes);
            w.host.network.routes = k(vec![route("10.0.0.0/8", "tun0")])
        },
        |w| on(w, Kubernetes),
    ),
    case(
        "docker-bypasses-ufw",
        Warn,
        |w| w.host.firewall = k(Some("ufw".into())),
        |w| {
            w.host.firewall = k(Some("ufw".into()));
            w.answers.expose = Expose::Loopback
        },
    ),
    case(
        "firewall-active",
        Warn,
        |w| {
            on(w, Kubernetes);
            w.host.firewall = k(Some("firewalld".into()))
        },
        |w| on(w, Kubernetes),
    ),
    case(
        "firewall-active",
        Warn,
        |w| {
            on(w, Microk8s);
            w.host.firewall = k(Some("ufw".into()))
        },
        |w| on(w, Microk8s),
    ),
    case(
        "microk8s-forward-drop",
        Warn,
        |w| on(w, Microk8s),
        |w| {
            on(w, Microk8s);
            w.host.docker = k(DockerPresence::Missing)
        },
    ),
    case(
        "kubeconfig-missing",
        Block,
        |w| on(w, Eks),
        |w| {
            on(w, Eks);
            context(w, "prod", Some("eks"))
        },
    ),
    case(
        "kubeconfig-missing",
        Warn,
        |w| {
            on(w, Eks);
            context(w, "home", None)
        },
        |w| {
            on(w, Eks);
            context(w, "prod", Some("eks"))
        },
    ),
    case("camera-address", Warn, |w| w.camera("gate", "http://192.168.1.40/video.mjpg"), healthy),
    case(
        "camera-answers",
        Warn,
        |w| {
            w.tried("front-door", Ok(2e6));
            w.tried("yard", Err(StreamError::Login))
        },
        |w| w.tried("front-door", Ok(2e6)),
    ),
    case("camera-localhost", Warn, |w| w.camera("gate", "rtsp://127.0.0.1:8554/stream"), healthy),
    case("camera-localhost", Warn, |w| w.camera("gate", "rtsp://localhost:8554/stream"), healthy),
    case("camera-local-name", Warn, |w| w.camera("gate", "rtsp://Gate.local/1"), healthy),
    case(
        "camera-own-address",
        Warn,
        |w| {
            w.camera("test", "rtsp://192.168.1.20:8554/stream");
            w.host.firewall = k(Some("ufw".into()))
        },
        |w| {
            w.camera("test", "rtsp://192.168.1.20:8554/stream");
        },
    ),
    case(
        "camera-in-docker-subnet",
        Warn,
        |w| w.camera("gate", "rtsp://172.17.0.9/1"),
        |w| {
            // A stream out of another container is reached all the same.
            w.camera("gate", "rtsp://172.17.0.9/1");
            w.tried("gate", Ok(1e6));
        },
    ),
    case("camera-twice", Warn, |w| w.camera("door", "rtsp://192.168.1.31/stream1/"), |w| w.camera("door", "rtsp://192.168.1.31/stream2")),
    case(
        "agent-rtsps-cert",
        Warn,
        |w| w.camera("gate", "rtsps://192.168.1.40/1"),
        |w| {
            w.camera("gate", "rtsps://192.168.1.40/1");
            w.tried("gate", Ok(1e6))
        },
    ),
    case("platform-not-yet", Block, |w| on(w, Kubernetes), healthy),
    case("site-name", Block, |w| w.answers.site = "Shop 12".into(), |w| w.answers.site = "shop-12".into()),
    case("camera-names", Block, |w| w.camera("yard", "rtsp://192.168.1.50/1"), healthy),
    case("camera-names", Block, |w| w.camera("Back Yard", "rtsp://192.168.1.50/1"), healthy),
    case(
        "timezone-invalid",
        Block,
        |w| w.answers.timezone = Some("Europe/Brusels".into()),
        |w| w.answers.timezone = Some("Asia/Calcutta".into()),
    ),
    case("retention-days", Block, |w| w.answers.retention_days = 0, healthy),
    case("retention-days", Warn, |w| w.answers.retention_days = 30_000, healthy),
    case("storage-path", Block, |w| w.answers.path = "recordings".into(), healthy),
    case("storage-path", Block, |w| w.answers.path = "/etc/kerberos".into(), |w| w.answers.path = "/etcetera".into()),
    case("storage-path", Block, |w| w.answers.path = "/".into(), healthy),
    case(
        "storage-path",
        Warn,
        |w| w.answers.path = "/mnt".into(),
        |w| {
            w.answers.path = "/mnt".into();
            w.mounts(|m| m.push(mount("/mnt", "/dev/sdb1", "ext4", 2_000_000_000_000, 1_900_000_000_000, DiskKind::Usb)));
        },
    ),
    case("ports-same", Block, |w| w.answers.storage_port = 8080, healthy),
    case(
        "expose-needs-cluster",
        Block,
        |w| w.answers.expose = Expose::Ingress,
        |w| {
            on(w, Kubernetes);
            w.answers.expose = Expose::Ingress
        },
    ),
    case(
        "services-settings",
        Block,
        |w| w.answers.object_storage = external(&[("endpoint", "https://s3.example.org")]),
        |w| {
            w.answers.object_storage = external(&[("endpoint", "https://s3.example.org"), ("bucket", "cameras")]);
        },
    ),
    case("services-settings", Block, |w| w.answers.database = Service::Off, healthy),
    case("services-settings", Warn, |w| w.answers.broker = Service::Bundled, |w| w.answers.database = external(&[])),
    case(
        "services-settings",
        Warn,
        |w| w.answers.broker = external(&[]),
        |w| {
            on(w, Kubernetes);
            w.answers.broker = Service::Bundled
        },
    ),
    case(
        "hub-needs-cluster",
        Warn,
        |w| w.answers.hub = true,
        |w| {
            on(w, Kubernetes);
            w.answers.hub = true
        },
    ),
    case(
        "hub-pipeline-50mi-limits",
        Warn,
        |w| {
            on(w, Kubernetes);
            w.answers.hub = true
        },
        |w| on(w, Kubernetes),
    ),
    case(
        "hub-memory",
        Warn,
        |w| {
            on(w, Kubernetes);
            w.answers.hub = true;
            w.host.memory = k(Memory { total: 4_100_000_000, available: 3_000_000_000, swap: 0 })
        },
        |w| {
            on(w, Kubernetes);
            w.answers.hub = true;
        },
    ),
];

pub(super) fn offline(w: &mut World) {
    w.host.network.default_route = k(None);
    for registry in &mut w.host.registries {
        registry.reach = Fact::unknown("network is unreachable");
    }
}

pub(super) fn dns(w: &mut World, server: &str) {
    w.host.network.dns = k(vec![server.parse().unwrap()]);
}

pub(super) fn context(w: &mut World, name: &str, provider: Option<&str>) {
    w.host.kubeconfig = k(vec![KubeContext { name: name.into(), server: None, current: true, provider: provider.map(Into::into) }]);
}

pub(super) fn external(settings: &[(&str, &str)]) -> Service {
    Service::External { settings: settings.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect() }
}
