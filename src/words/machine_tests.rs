//! Tests of the table of this machine.

use proptest::prelude::*;

use super::*;
use crate::model::fact::Fact;
use crate::model::host::{Cpu, DockerEngine, Interface, Memory, Network, RegistryReach, Route, System, Virtualization, Volume};

fn known<T>(value: T) -> Fact<T> {
    Fact::known(value, "a test")
}

fn mount(path: &str, total: u64, free: u64, kind: DiskKind) -> Mount {
    Mount {
        path: path.into(),
        source: format!("/dev/{path}"),
        fs: "ext4".into(),
        options: vec!["rw".into()],
        total,
        free,
        inodes_free: None,
        disk: None,
        kind,
    }
}

fn nuc() -> HostReport {
    let exfat = Volume { name: "sdb1".into(), size: 500_000_000_000, fs: Some("exfat".into()), uuid: None, label: None, mount: None };
    HostReport {
        cpu: Cpu {
            arch: known("amd64".into()),
            userland_bits: known(64),
            model: known("Intel(R) Celeron(R) N5105 @ 2.00GHz".into()),
            cores: known(4),
            features: known(vec![]),
        },
        memory: known(Memory { total: 8 << 30, available: 6_250 << 20, swap: 0 }),
        virtualization: known(Virtualization { kind: VirtKind::None, name: String::new() }),
        system: known(System {
            id: "debian".into(),
            name: "Debian GNU/Linux 12 (bookworm)".into(),
            version: "12".into(),
            codename: None,
            like: vec![],
        }),
        kernel: known("6.1.0-25-amd64".into()),
        init: known("systemd".into()),
        mounts: known(vec![
            mount("/boot/efi", 500_000_000, 400_000_000, DiskKind::Emmc),
            mount("/srv", 1_800_000_000_000, 1_700_000_000_000, DiskKind::HardDisk),
            mount("/", 57_000_000_000, 21_000_000_000, DiskKind::Emmc),
        ]),
        disks: known(vec![Disk { name: "sdb".into(), size: 500_000_000_000, model: None, kind: DiskKind::Usb, volumes: vec![exfat] }]),
        network: Network {
            interfaces: known(vec![
                Interface { name: "docker0".into(), addresses: vec![("172.17.0.1".parse().unwrap(), 16)], inner: true },
                Interface {
                    name: "eth0".into(),
                    addresses: vec![("fd00::2".parse().unwrap(), 64), ("192.0.2.20".parse().unwrap(), 24)],
                    inner: false,
                },
            ]),
            default_route: known(Some(Route { to: "0.0.0.0/0".into(), via: None, device: "eth0".into() })),
            ..Network::default()
        },
        clock_skew: known(0.1),
        docker: known(DockerPresence::Missing),
        registries: vec![
            RegistryReach { host: "ghcr.io".into(), reach: Fact::unknown("not asked yet") },
            RegistryReach { host: "quay.io".into(), reach: known(40) },
            RegistryReach { host: "registry-1.docker.io".into(), reach: Fact::unknown("nothing listens") },
        ],
        ..HostReport::default()
    }
}

#[test]
fn the_table_is_the_screens() {
    let shown: Vec<String> =
        rows(&nuc(), &["Images: asking ghcr.io".into()]).into_iter().map(|r| format!("{:10}{}", r.subject, r.says)).collect();
    assert_eq!(
        shown,
        [
            "Computer  Intel Celeron N5105, 4 cores, 64-bit",
            "Memory    8.0 GB, 6.1 GB free",
            "System    Debian 12, kernel 6.1, systemd",
            "Disks     /     57 GB eMMC        21 GB free",
            "          /srv  1.8 TB hard disk  1.7 TB free",
            "          sdb   500 GB USB        plugged in, not ready: exFAT",
            "Network   192.0.2.20 on eth0, clock right to 1 s",
            "Docker    not installed",
            "Images    registry-1.docker.io does not answer; quay.io answers; asking ghcr.io …",
        ]
    );
}

#[test]
fn what_is_waited_for_and_what_is_unknown_is_said() {
    let seen = rows(&HostReport::default(), &["Docker: asking the engine".into(), "Memory: looking".into()]);
    let of = |subject: &str| seen.iter().find(|r| r.subject == subject).map(|r| (r.says.as_str(), r.known));
    assert_eq!(of("Docker"), Some(("asking the engine", Known::Soon)));
    assert_eq!(of("Memory"), Some(("looking", Known::Soon)));
    assert_eq!(of("System"), Some(("not looked at yet", Known::No)));
    assert_eq!(of("Images"), Some(("not asked yet", Known::No)));
    assert_eq!(seen.len(), 7);
}

#[test]
fn other_machines_read_well() {
    let mut pi = nuc();
    pi.cpu.arch = known("arm64".into());
    pi.cpu.userland_bits = known(32);
    pi.cpu.model = known("Raspberry Pi 4 Model B Rev 1.4".into());
    pi.virtualization = known(Virtualization { kind: VirtKind::Lxc, name: "lxc".into() });
    pi.clock_skew = known(-7200.0);
    pi.network.default_route = known(None);
    pi.mounts = known(vec![Mount { fs: "nfs4".into(), ..mount("/mnt/nas", 0, 0, DiskKind::Unknown) }]);
    pi.docker = known(DockerPresence::Running(DockerEngine {
        version: "28.2.2".into(),
        api: "1.50".into(),
        api_min: "1.24".into(),
        flavour: DockerFlavour::Rootful,
        root: "/var/lib/docker".into(),
        root_free: Some(21_000_000_000),
        driver: "overlay2".into(),
        keeps_packed: Some(false),
        arch: "arm64".into(),
        memory_limit: true,
        warnings: vec![],
        subnets: vec![],
        insecure_registries: vec![],
        enabled: None,
    }));
    let seen = rows(&pi, &[]);
    let of = |subject: &str| seen.iter().find(|r| r.subject == subject).map(|r| r.says.as_str());
    assert_eq!(of("Computer"), Some("Raspberry Pi 4 Model B Rev 1.4, 4 cores, 32-bit system on a 64-bit kernel, an LXC container"));
    assert_eq!(of("Disks"), Some("/mnt/nas  network folder  does not answer"));
    assert_eq!(of("Network"), Some("192.0.2.20 on eth0, no way to the internet, clock 2 h slow"));
    assert_eq!(of("Docker"), Some("28.2.2, running, 21 GB free"));
    assert_eq!(of("Images"), Some("ghcr.io, registry-1.docker.io do not answer; quay.io answers"));
}

#[test]
fn many_disks_stay_a_table() {
    let mut server = nuc();
    server.mounts = known((0..20).map(|n| mount(&format!("/data{n}"), 10_000_000_000, 1, DiskKind::Ssd)).collect());
    let seen = rows(&server, &[]);
    assert_eq!(seen.len(), 11);
    assert!(seen.iter().any(|r| r.says == "and 17 more"));
}

proptest! {
    #[test]
    fn wild_words_never_panic(text in ".{0,60}", skew in any::<f64>(), total in any::<u64>()) {
        let mut report = nuc();
        report.cpu.model = known(text.clone());
        report.kernel = known(text.clone());
        report.clock_skew = known(skew);
        report.mounts = known(vec![mount(&text, total, total, DiskKind::Unknown)]);
        prop_assert!(rows(&report, &[text]).len() >= 7);
    }
}
