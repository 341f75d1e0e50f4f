//! Rules about the machine: processor, memory, system, disks.

use super::*;
use crate::model::answers::PlatformKind::{Kubernetes, Microk8s};
use crate::model::check::Status::{Block, Warn};

const N5105: &str = "fpu sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt aes lahf_lm";

pub(super) const CASES: &[Case] = &[
    case("mongo-no-avx", Warn, |w| n5105(w, "4.4.18"), healthy),
    case("mongo-no-avx", Block, |w| n5105(w, "8.0.15"), |w| pi(w, 4)),
    case(
        "mongo-armv8-0",
        Warn,
        |w| {
            pi(w, 4);
            w.image("mongodb", |i| i.tag = "4.4.18".into())
        },
        |w| pi(w, 5),
    ),
    case("mongo-kernel-6-19", Warn, |w| w.host.kernel = k("7.0.0-14-generic".into()), |w| w.host.kernel = k("6.18.4-arch1-1".into())),
    case(
        "mongo-kernel-6-19",
        Block,
        |w| {
            w.host.kernel = k("6.19.0-rc3".into());
            w.image("mongodb", |i| i.tag = "8.0.15".into())
        },
        healthy,
    ),
    case(
        "mongo-pi5-crash",
        Warn,
        |w| {
            pi(w, 5);
            w.image("mongodb", |i| i.tag = "8.0.15".into())
        },
        |w| pi(w, 5),
    ),
    case(
        "cpu-no-x86-64-v2",
        Block,
        |w| w.host.cpu.features = words("fpu sse sse2 pni cx16 lahf_lm"),
        |w| w.host.cpu.features = words(N5105),
    ),
    case(
        "cpu-no-x86-64-v2",
        Warn,
        |w| {
            w.host.cpu.features = words("fpu sse sse2 pni cx16 lahf_lm");
            w.image("minio", |i| i.tag = "RELEASE.2024-11-07T00-52-20Z-cpuv1".into());
        },
        |w| pi(w, 4),
    ),
    case(
        "os-32bit-userland",
        Block,
        |w| {
            pi(w, 4);
            w.host.cpu.userland_bits = k(32)
        },
        |w| pi(w, 4),
    ),
    case(
        "os-32bit-userland",
        Warn,
        |w| {
            w.host.cpu.userland_bits = k(32);
            w.answers.shape = Shape::Small
        },
        healthy,
    ),
    case("architecture-unusual", Warn, |w| w.host.cpu.arch = k("riscv64".into()), |w| pi(w, 5)),
    case("page-size", Warn, |w| pi(w, 5), |w| pi(w, 4)),
    case(
        "cpu-too-few",
        Block,
        |w| {
            on(w, Kubernetes);
            w.host.cpu.cores = k(1)
        },
        |w| w.host.cpu.cores = k(1),
    ),
    case("cpu-too-few", Warn, |w| (0..20).for_each(|n| w.camera(&format!("c{n}"), "rtsp://192.168.1.40/")), healthy),
    case(
        "ram-too-low",
        Block,
        |w| memory(w, 950_000_000, 0),
        |w| {
            memory(w, 950_000_000, 0);
            w.answers.shape = Shape::Small;
            w.needs.memory_bytes = Some(400_000_000)
        },
    ),
    case("ram-too-low", Warn, |w| memory(w, 2_060_000_000, 0), |w| memory(w, 4_100_000_000, 0)),
    case("ram-too-low", Warn, |w| w.needs.memory_bytes = Some(9_000_000_000), healthy),
    case(
        "ram-too-low",
        Block,
        |w| {
            on(w, Kubernetes);
            memory(w, 1_600_000_000, 0)
        },
        |w| on(w, Kubernetes),
    ),
    case("memory-available-low", Warn, |w| w.host.memory = k(Memory { total: 8_200_000_000, available: 300_000_000, swap: 0 }), healthy),
    case("memory-no-swap", Warn, |w| memory(w, 2_060_000_000, 0), |w| memory(w, 2_060_000_000, 1_000_000_000)),
    case(
        "swap-on",
        Warn,
        |w| on(w, Kubernetes),
        |w| {
            on(w, Kubernetes);
            memory(w, 8_000_000_000, 0)
        },
    ),
    case(
        "cgroup-memory-disabled",
        Warn,
        |w| {
            pi(w, 4);
            no_memory_cgroup(w);
            w.engine(|e| e.memory_limit = false)
        },
        |w| pi(w, 4),
    ),
    case(
        "cgroup-memory-disabled",
        Block,
        |w| {
            on(w, Microk8s);
            no_memory_cgroup(w)
        },
        |w| on(w, Microk8s),
    ),
    case(
        "cgroup-v1-too-old",
        Warn,
        |w| {
            on(w, Kubernetes);
            w.host.cgroup = k(Cgroup { version: 1, controllers: vec!["memory".into()] })
        },
        |w| on(w, Kubernetes),
    ),
    case(
        "lxc-docker-sysctl-denied",
        Warn,
        |w| w.host.virtualization = virt(VirtKind::Lxc, "lxc"),
        |w| w.host.virtualization = virt(VirtKind::Vm, "kvm"),
    ),
    case(
        "lxc-microk8s",
        Block,
        |w| {
            on(w, Microk8s);
            w.host.virtualization = virt(VirtKind::Lxc, "lxc")
        },
        |w| on(w, Microk8s),
    ),
    case("wsl", Warn, |w| w.host.virtualization = virt(VirtKind::Wsl, "wsl2"), healthy),
    case(
        "inside-container",
        Warn,
        |w| w.host.virtualization = virt(VirtKind::Container, "docker"),
        |w| {
            w.host.virtualization = virt(VirtKind::Container, "docker");
            w.mounts(|m| m.push(mount("/var/lib/docker", "/dev/vda", "ext4", 200_000_000_000, 100_000_000_000, DiskKind::Virtual)));
        },
    ),
    case("system-old", Warn, |w| system(w, "ubuntu", "18.04"), |w| system(w, "ubuntu", "26.04")),
    case("system-old", Warn, |w| system(w, "raspbian", "10"), |w| system(w, "arch", "")),
    case("kernel-too-old", Warn, |w| w.host.kernel = k("3.10.0-1160.el7.x86_64".into()), healthy),
    case(
        "kernel-vxlan-missing",
        Warn,
        |w| {
            on(w, Microk8s);
            w.host.kernel = k("6.8.0-1030-raspi".into())
        },
        |w| on(w, Microk8s),
    ),
    case("clock-skew", Block, |w| w.host.clock_skew = k(-86_400.0 * 400.0), |w| w.host.clock_skew = k(-2.5)),
    case("clock-skew", Warn, |w| w.host.clock_skew = k(7_205.0), healthy),
    case("timezone-unknown", Warn, |w| w.host.timezone = Fact::unknown("/etc/localtime is missing"), healthy),
    case(
        "selinux-enforcing",
        Warn,
        |w| {
            w.host.selinux = k(Some("enforcing".into()));
            w.mounts(|m| m.push(mount("/srv", "nas:/volume1", "nfs4", 1 << 40, 1 << 39, DiskKind::Unknown)));
        },
        |w| w.host.selinux = k(Some("enforcing".into())),
    ),
    case(
        "apparmor-parser-missing",
        Warn,
        |w| w.host.apparmor = k(AppArmor { enabled: true, parser: false }),
        |w| w.host.apparmor = k(AppArmor { enabled: false, parser: false }),
    ),
    case("service-manager-missing", Warn, |w| w.host.service_manager = k(None), healthy),
    case(
        "root-missing",
        Block,
        |w| {
            no_sudo(w);
            w.host.docker = k(DockerPresence::Missing)
        },
        healthy,
    ),
    case("root-missing", Warn, no_sudo, |w| w.host.user = k(User { name: "root".into(), uid: 0, groups: vec![], sudo: Sudo::NotNeeded })),
    case(
        "snapd-missing-or-blocked",
        Block,
        |w| on(w, Microk8s),
        |w| {
            on(w, Microk8s);
            w.host.tools.snapd = k(Some("2.63".into()))
        },
    ),
    case(
        "gpu-request-no-gpu",
        Warn,
        |w| on(w, Microk8s),
        |w| {
            on(w, Microk8s);
            w.host.gpus = k(vec!["NVIDIA Corporation TU117".into()])
        },
    ),
    case(
        "existing-install",
        Warn,
        |w| w.exists("kerberos-vault", "uugai/vault:v1.0.6", None, &[80]),
        |w| w.exists("home-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("home"), &[8080]),
    ),
    case(
        "other-site",
        Warn,
        |w| w.exists("shop-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("shop"), &[8081]),
        |w| w.exists("home-vault", "ghcr.io/uug-ai/vault:v1.4.9", Some("home"), &[8080]),
    ),
    case(
        "agent-wrong-legacy-image",
        Warn,
        |w| w.exists("camera1", "kerberos/kerberos:latest", None, &[80]),
        |w| w.exists("camera1", "docker.io/kerberos/agent:v3.1.0", None, &[80]),
    ),
    case("other-cluster", Warn, |w| w.host.tools.k3s = k(Some("v1.31.2+k3s1".into())), healthy),
];

fn n5105(w: &mut World, mongo: &str) {
    w.host.cpu.model = k("Intel(R) Celeron(R) N5105 @ 2.00GHz".into());
    w.host.cpu.features = words(N5105);
    w.image("mongodb", |i| i.tag = mongo.into());
}

fn memory(w: &mut World, total: u64, swap: u64) {
    w.host.memory = k(Memory { total, available: total * 3 / 4, swap });
}

fn no_memory_cgroup(w: &mut World) {
    w.host.cgroup = k(Cgroup { version: 2, controllers: ["cpuset", "cpu", "io", "pids"].map(Into::into).into() });
}

fn no_sudo(w: &mut World) {
    w.host.user = k(User { name: "anna".into(), uid: 1000, groups: vec!["docker".into()], sudo: Sudo::Missing });
}

fn system(w: &mut World, id: &str, version: &str) {
    w.host.system = k(System { id: id.into(), name: format!("{id} {version}"), version: version.into(), codename: None, like: vec![] });
}
