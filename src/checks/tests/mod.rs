//! Every rule on a machine where it fires and on one where it does not.

mod disk;
mod docker;
mod engine;
mod machine;
mod place;
mod site;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::answers::{Answers, Camera, PlatformKind, Record, Shape};
use crate::model::camera::{CameraTried, From, StreamError, StreamReading};
use crate::model::check::{Fix, Status, verdict};
use crate::model::fact::Fact;
use crate::model::host::*;

/// All that a rule is asked over.
#[derive(Clone)]
struct World {
    host: HostReport,
    answers: Answers,
    needs: Needs,
    tried: BTreeMap<String, CameraTried>,
    ours: Vec<String>,
    own: u64,
}

impl World {
    fn facts(&self) -> Facts<'_> {
        Facts { host: &self.host, answers: &self.answers, needs: &self.needs, tried: &self.tried, ours: &self.ours, own: self.own }
    }

    fn engine(&mut self, edit: impl FnOnce(&mut DockerEngine)) {
        let mut engine = engine();
        edit(&mut engine);
        self.host.docker = k(DockerPresence::Running(engine));
    }

    fn mounts(&mut self, edit: impl FnOnce(&mut Vec<Mount>)) {
        let mut mounts = self.host.mounts.get().unwrap().clone();
        edit(&mut mounts);
        self.host.mounts = k(mounts);
    }

    fn camera(&mut self, name: &str, url: &str) {
        self.answers.cameras.push(Camera { name: name.into(), url: url.into(), sub_url: None, user: None, record: Record::Motion });
    }

    fn tried(&mut self, name: &str, outcome: Result<f64, StreamError>) {
        let reading =
            |rate| StreamReading { codec: "H.264".into(), size: None, fps: None, bits_per_second: Some(rate), seconds: 5.0, audio: false };
        let tried =
            CameraTried { name: name.into(), from: From::Host, outcome: outcome.map(reading), says: String::new(), advice: String::new() };
        self.tried.insert(name.into(), tried);
    }

    fn image(&mut self, part: &str, edit: impl FnOnce(&mut ImageNeed)) {
        edit(self.needs.images.iter_mut().find(|i| i.part == part).unwrap());
    }

    fn listens(&mut self, port: u16, address: &str, process: Option<&str>) {
        let mut all = self.host.listeners.get().unwrap().clone();
        all.push(Listener {
            port,
            address: address.parse().unwrap(),
            protocol: "tcp".into(),
            process: process.map(Into::into),
            pid: process.map(|_| 812),
        });
        self.host.listeners = k(all);
    }

    fn exists(&mut self, name: &str, image: &str, site: Option<&str>, ports: &[u16]) {
        let mut all = self.host.existing.get().unwrap().clone();
        all.push(Existing { name: name.into(), image: image.into(), site: site.map(Into::into), running: true, ports: ports.into() });
        self.host.existing = k(all);
    }
}

fn k<T>(value: T) -> Fact<T> {
    Fact::known(value, "seen")
}

fn words(text: &str) -> Fact<Vec<String>> {
    k(text.split_whitespace().map(Into::into).collect())
}

fn engine() -> DockerEngine {
    DockerEngine {
        version: "28.2.2".into(),
        api: "1.50".into(),
        api_min: "1.24".into(),
        flavour: DockerFlavour::Rootful,
        root: "/var/lib/docker".into(),
        root_free: Some(40_000_000_000),
        driver: "overlay2".into(),
        keeps_packed: Some(false),
        arch: "x86_64".into(),
        memory_limit: true,
        warnings: vec![],
        subnets: vec!["172.17.0.0/16".into()],
        insecure_registries: vec!["127.0.0.0/8".into()],
        enabled: Some(true),
    }
}

fn mount(path: &str, source: &str, fs: &str, total: u64, free: u64, kind: DiskKind) -> Mount {
    let disk = source.strip_prefix("/dev/").map(|d| d.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('p').to_owned());
    Mount {
        path: path.into(),
        source: source.into(),
        fs: fs.into(),
        options: vec!["rw".into()],
        total,
        free,
        inodes_free: Some(3_000_000),
        disk,
        kind,
    }
}

fn disk(name: &str, size: u64, kind: DiskKind, fs: Option<&str>, label: Option<&str>, at: Option<&str>) -> Disk {
    let volume = Volume {
        name: format!("{name}1"),
        size,
        fs: fs.map(Into::into),
        uuid: Some("1f0a".into()),
        label: label.map(Into::into),
        mount: at.map(Into::into),
    };
    Disk { name: name.into(), size, model: None, kind, volumes: vec![volume] }
}

fn image(part: &str, name: &str, tag: &str) -> ImageNeed {
    let arches = k(vec!["amd64".into(), "arm64".into()]);
    ImageNeed { part: part.into(), name: name.into(), tag: tag.into(), arches, present: false }
}

fn virt(kind: VirtKind, name: &str) -> Fact<Virtualization> {
    k(Virtualization { kind, name: name.into() })
}

/// A healthy Debian 12 on an N100 NUC with 8 GB, an NVMe disk, Docker, and two cameras that were not tried.
fn base() -> World {
    let mut host = HostReport::default();
    host.cpu.arch = k("amd64".into());
    host.cpu.userland_bits = k(64);
    host.cpu.model = k("Intel(R) N100".into());
    host.cpu.cores = k(4);
    host.cpu.features = words("fpu sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt aes xsave avx avx2 lahf_lm");
    host.memory = k(Memory { total: 8_200_000_000, available: 6_100_000_000, swap: 1_000_000_000 });
    host.page_size = k(4096);
    host.virtualization = virt(VirtKind::None, "none");
    host.system = k(System {
        id: "debian".into(),
        name: "Debian GNU/Linux 12 (bookworm)".into(),
        version: "12".into(),
        codename: None,
        like: vec![],
    });
    host.kernel = k("6.1.0-37-amd64".into());
    host.init = k("systemd".into());
    host.service_manager = k(Some("systemctl".into()));
    host.package_manager = k(Some("apt".into()));
    host.cgroup = k(Cgroup { version: 2, controllers: ["cpuset", "cpu", "io", "memory", "pids"].map(Into::into).into() });
    host.disks = k(vec![disk("nvme0n1", 500_000_000_000, DiskKind::Nvme, Some("ext4"), None, Some("/"))]);
    host.mounts = k(vec![mount("/", "/dev/nvme0n1p2", "ext4", 490_000_000_000, 420_000_000_000, DiskKind::Nvme)]);
    host.network.hostname = k("nuc".into());
    host.network.interfaces =
        k(vec![Interface { name: "eth0".into(), addresses: vec![("192.168.1.20".parse().unwrap(), 24)], inner: false }]);
    host.network.routes = k(vec![route("0.0.0.0/0", "eth0"), route("192.168.1.0/24", "eth0"), route("172.17.0.0/16", "docker0")]);
    host.network.default_route = k(Some(route("0.0.0.0/0", "eth0")));
    host.network.dns = k(vec!["192.168.1.1".parse().unwrap()]);
    host.network.proxies = k(vec![]);
    host.listeners = k(vec![Listener {
        port: 22,
        address: "0.0.0.0".parse().unwrap(),
        protocol: "tcp".into(),
        process: Some("sshd".into()),
        pid: Some(600),
    }]);
    host.firewall = k(None);
    host.selinux = k(None);
    host.apparmor = k(AppArmor { enabled: true, parser: true });
    host.clock_skew = k(0.1);
    host.timezone = k("Europe/Brussels".into());
    host.gpus = k(vec!["Intel UHD Graphics".into()]);
    host.user = k(User { name: "anna".into(), uid: 1000, groups: vec!["docker".into()], sudo: Sudo::Asks });
    host.docker = k(DockerPresence::Running(engine()));
    let none = || k(None);
    host.tools = Tools {
        containerd: none(),
        podman: none(),
        snapd: none(),
        microk8s: none(),
        kubectl: none(),
        kubeadm: none(),
        k3s: none(),
        helm: none(),
    };
    host.kubeconfig = k(vec![]);
    host.registries = ["docker.io", "quay.io", "ghcr.io"].map(|host| RegistryReach { host: host.into(), reach: k(40) }).into();
    host.existing = k(vec![]);
    let needs = Needs {
        memory_bytes: Some(1_900_000_000),
        images: vec![
            image("mongodb", "docker.io/library/mongo", "7.0.28"),
            image("minio", "quay.io/minio/minio", "RELEASE.2024-11-07T00-52-20Z"),
            image("vault", "ghcr.io/uug-ai/vault", "v1.4.9"),
            image("agent", "docker.io/kerberos/agent", "v3.11.1"),
        ],
        image_bytes: Some(2_400_000_000),
    };
    let mut world = World { host, answers: Answers::default(), needs, tried: BTreeMap::new(), ours: vec![], own: 0 };
    world.camera("front-door", "rtsp://192.168.1.31/stream1");
    world.camera("yard", "rtsp://192.168.1.32:554/stream1");
    world
}

fn route(to: &str, device: &str) -> Route {
    Route { to: to.into(), via: to.starts_with("0.").then(|| "192.168.1.1".parse().unwrap()), device: device.into() }
}

/// The same machine with a cluster chosen.
fn on(w: &mut World, platform: PlatformKind) {
    w.answers.platform = platform;
}

/// A Raspberry Pi on its own system; 4 or 5.
fn pi(w: &mut World, generation: u32) {
    w.host.cpu.arch = k("arm64".into());
    let old = "fp asimd evtstrm crc32 cpuid";
    w.host.cpu.features =
        words(if generation < 5 { old } else { "fp asimd aes sha1 sha2 crc32 atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp" });
    w.host.cpu.model = k(format!("Raspberry Pi {generation} Model B Rev 1.4"));
    w.host.kernel = k(if generation < 5 { "6.12.34+rpt-rpi-v8" } else { "6.12.34+rpt-rpi-2712" }.into());
    w.host.page_size = k(if generation < 5 { 4096 } else { 16384 });
    w.mounts(|m| m[0] = mount("/", "/dev/mmcblk0p2", "ext4", 62_000_000_000, 50_000_000_000, DiskKind::SdCard));
}

/// A rule, a world in which it fires with that status, and one in which it rests.
struct Case {
    id: &'static str,
    fires: fn(&mut World),
    as_: Status,
    rests: fn(&mut World),
}

const fn case(id: &'static str, as_: Status, fires: fn(&mut World), rests: fn(&mut World)) -> Case {
    Case { id, fires, as_, rests }
}

/// Nothing to change.
fn healthy(_: &mut World) {}

fn cases() -> impl Iterator<Item = &'static Case> {
    machine::CASES.iter().chain(disk::CASES).chain(docker::CASES).chain(site::CASES)
}

fn outcome(world: &World, id: &str) -> Outcome {
    (find(id).unwrap_or_else(|| panic!("no rule {id}")).test)(&world.facts())
}

#[test]
fn every_rule_fires_where_it_should_and_rests_where_it_should() {
    let mut wrong = vec![];
    for case in cases() {
        let mut world = base();
        (case.fires)(&mut world);
        let fired = outcome(&world, case.id);
        if fired.status != case.as_ || fired.seen.is_empty() || fired.advice.is_empty() {
            wrong.push(format!("{} should fire as {:?}: {fired:?}", case.id, case.as_));
        }
        let mut world = base();
        (case.rests)(&mut world);
        let rested = outcome(&world, case.id);
        if rested.status != Status::Pass || !rested.advice.is_empty() || rested.fix.is_some() {
            wrong.push(format!("{} should rest: {rested:?}", case.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let rules: BTreeSet<_> = ALL.iter().map(|r| r.id).collect();
    let covered: BTreeSet<_> = cases().map(|c| c.id).collect();
    assert_eq!(rules.len(), ALL.len(), "an id is used twice");
    assert_eq!(rules, covered);
    let areas = ["processor", "memory", "system", "disk", "network", "docker", "images", "cameras", "answers"];
    for rule in ALL {
        assert!(areas.contains(&rule.area), "{}", rule.id);
        assert!(why(rule.id).is_some_and(|says| says.ends_with('.')), "nobody says why {} is there", rule.id);
    }
}

#[test]
fn a_healthy_machine_has_nothing_to_say() {
    let checks = run(&base().facts());
    let said: Vec<_> = checks.iter().filter(|c| c.status > Status::Skip).collect();
    assert!(said.is_empty(), "{said:#?}");
    assert_eq!(verdict(&checks), Status::Pass);
    assert!(checks.iter().filter(|c| c.status == Status::Pass).count() > 60);
}

#[test]
fn a_machine_of_which_nothing_is_known_is_never_in_the_way() {
    for platform in [PlatformKind::Docker, PlatformKind::Microk8s, PlatformKind::Kubernetes, PlatformKind::Eks] {
        for shape in [Shape::Full, Shape::Small] {
            let mut world = base();
            world.host = HostReport::default();
            world.needs = Needs::default();
            world.answers.platform = platform;
            world.answers.shape = shape;
            for check in run(&world.facts()) {
                // That clusters come with the next version is known without a machine.
                let known = check.id == "platform-not-yet" && platform != PlatformKind::Docker;
                assert!(check.status != Status::Block || known, "{check:?}");
            }
        }
    }
}

/// Takes one subject after the other away: no rule may take what it cannot see for bad.
#[test]
fn no_fact_is_needed_for_a_healthy_verdict() {
    let whole = serde_json::to_value(base().host).unwrap();
    for key in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().shift_remove(key);
        let mut world = base();
        world.host = serde_json::from_value(less).unwrap();
        for check in run(&world.facts()) {
            assert!(check.status != Status::Block, "without {key}: {check:?}");
        }
    }
}

#[test]
fn the_twelve_that_hit_most_are_among_the_rules() {
    let twelve = [
        "mongo-no-avx",
        "mongo-armv8-0",
        "mongo-kernel-6-19",
        "mongo-image-amd64-only",
        "minio-dockerhub-deleted",
        "bitnami-images-moved",
        "agent-volume-permission",
        "pod-cidr-lan-overlap",
        "pvc-storageclass-missing",
        "cgroup-memory-disabled",
        "gpu-request-no-gpu",
        "hub-pipeline-50mi-limits",
    ];
    for id in twelve {
        assert!(ALL.iter().any(|r| r.id == id), "{id}");
    }
    for id in ["pod-cidr-lan-overlap", "pvc-storageclass-missing", "gpu-request-no-gpu", "hub-pipeline-50mi-limits"] {
        assert_eq!(outcome(&base(), id), Outcome::skip("only for clusters"));
    }
}

#[test]
fn sentences_are_short_and_say_no_secret() {
    for case in cases() {
        let mut world = base();
        (case.fires)(&mut world);
        let Outcome { seen, advice, .. } = outcome(&world, case.id);
        assert!(!seen.contains('\n') && seen.chars().count() <= 170, "{}: {seen}", case.id);
        assert!(advice.chars().count() <= 420 && !advice.contains("  "), "{}: {advice}", case.id);
    }
}

proptest! {
    #[test]
    fn wild_answers_never_panic(path in ".{0,40}", url in ".{0,40}", name in ".{0,40}", subnet in ".{0,20}", zone in ".{0,20}", days in any::<u32>()) {
        let mut world = base();
        world.answers.path = path;
        world.answers.site = name.clone();
        world.answers.subnet = Some(subnet);
        world.answers.timezone = Some(zone);
        world.answers.retention_days = days;
        world.camera(&name, &url);
        world.tried(&name, Ok(f64::MAX));
        prop_assert_eq!(run(&world.facts()).len(), ALL.len());
        prop_assert_eq!(choices(&world.facts()).len(), 5);
    }
}
