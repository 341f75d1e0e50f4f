//! A shop with four cameras, as the parts of kerbup would report it: facts, checks, choices, plan, health.

use kerbup::model::answers::{Answers, Camera, PlatformKind, Record, Shape};
use kerbup::model::check::{Check, Fix, Status};
use kerbup::model::choice::PlatformChoice;
use kerbup::model::fact::Fact;
use kerbup::model::health::*;
use kerbup::model::host::*;
use kerbup::model::plan::{Plan, Preview, Risk, Step};

/// Bytes of a gigabyte as disks are sold.
pub const GB: u64 = 1_000_000_000;

/// An N5105 with a hard disk, as the probe would report it.
pub fn host() -> HostReport {
    let seen = "/proc";
    let mount = |path: &str, total: u64, free: u64, disk: &str, kind| Mount {
        path: path.into(),
        source: format!("/dev/{disk}"),
        fs: "ext4".into(),
        options: vec![],
        total,
        free,
        inodes_free: None,
        disk: Some(disk.into()),
        kind,
    };
    let stick = Volume { name: "sdb1".into(), size: 500 * GB, fs: Some("exFAT".into()), uuid: None, label: None, mount: None };
    let disk = Disk { name: "sdb".into(), size: 500 * GB, model: None, kind: DiskKind::Usb, volumes: vec![stick] };
    HostReport {
        cpu: Cpu {
            arch: Fact::known("amd64".into(), seen),
            userland_bits: Fact::known(64, seen),
            model: Fact::known("Intel Celeron N5105".into(), seen),
            cores: Fact::known(4, seen),
            features: Fact::known(vec![], seen),
        },
        memory: Fact::known(Memory { total: 8 << 30, available: 6_550_000_000, swap: 0 }, seen),
        system: Fact::known(
            System { id: "debian".into(), name: "Debian GNU/Linux 12".into(), version: "12".into(), codename: None, like: vec![] },
            seen,
        ),
        kernel: Fact::known("6.1.0-21-amd64".into(), seen),
        init: Fact::known("systemd".into(), seen),
        mounts: Fact::known(
            vec![
                mount("/", 57 * GB, 21 * GB, "mmcblk0p2", DiskKind::Emmc),
                mount("/srv", 1800 * GB, 1700 * GB, "sda1", DiskKind::HardDisk),
            ],
            seen,
        ),
        disks: Fact::known(vec![disk], seen),
        network: Network {
            hostname: Fact::known("n5105".into(), seen),
            interfaces: Fact::known(
                vec![Interface { name: "eth0".into(), addresses: vec![([192, 0, 2, 20].into(), 24)], inner: false }],
                seen,
            ),
            ..Network::default()
        },
        clock_skew: Fact::known(0.1, seen),
        docker: Fact::known(DockerPresence::Missing, seen),
        registries: vec![
            RegistryReach { host: "ghcr.io".into(), reach: Fact::known(80, seen) },
            RegistryReach { host: "docker.io".into(), reach: Fact::known(95, seen) },
        ],
        ..HostReport::default()
    }
}

/// A check.
pub fn check(id: &str, area: &str, status: Status, seen: &str, advice: &str, fix: Option<Fix>) -> Check {
    Check { id: id.into(), area: area.into(), status, seen: seen.into(), advice: advice.into(), fix }
}

/// What the checks came to; Docker's absence stands in the way, or not.
pub fn checks(block: bool) -> Vec<Check> {
    let mut all = vec![
        check(
            "cpu-no-avx",
            "processor",
            Status::Warn,
            "no AVX, so MongoDB 4.4 is used",
            "MongoDB since 5.0 needs a processor with AVX. Yours has none. 4.4 works; it gets no security fixes since 2024, and only the other parts can reach it.",
            None,
        ),
        check(
            "docker-missing",
            "docker",
            if block { Status::Block } else { Status::Warn },
            "not installed; Debian's (20.10) can be",
            "kerbup can install Docker from Debian's own packages. It takes about a minute.",
            Some(Fix::InstallDocker),
        ),
        check("gpu-none", "processor", Status::Skip, "no graphics processor", "", None),
    ];
    all.extend((0..44).map(|i| check(&format!("fine-{i}"), "system", Status::Pass, "as it should be", "", None)));
    all
}

/// Where it could run.
pub fn choices() -> Vec<PlatformChoice> {
    let choice = |title: &str, says: &str, available: Result<(), &str>, platform, shape, recommended, because: &str| PlatformChoice {
        title: title.into(),
        says: says.into(),
        available: available.map_err(Into::into),
        platform,
        shape,
        recommended,
        because: because.into(),
    };
    vec![
        choice(
            "Docker",
            "Keeps each part in its own box, easy to remove.",
            Ok(()),
            PlatformKind::Docker,
            Shape::Full,
            true,
            "One machine, 8.0 GB of memory: the least to look after.",
        ),
        choice("Small", "Cameras only, recording to the disk; can grow later.", Ok(()), PlatformKind::Docker, Shape::Small, false, ""),
        choice(
            "MicroK8s",
            "Worth it if several machines shall join.",
            Err("snapd is missing"),
            PlatformKind::Microk8s,
            Shape::Full,
            false,
            "",
        ),
        choice(
            "Kubernetes",
            "A cluster that you have.",
            Err("no cluster in your kubeconfig"),
            PlatformKind::Kubernetes,
            Shape::Full,
            false,
            "",
        ),
        choice(
            "Amazon EKS",
            "For companies with a cluster there.",
            Err("none in your kubeconfig"),
            PlatformKind::Eks,
            Shape::Full,
            false,
            "",
        ),
    ]
}

/// A folder on a file system that cannot hold a database.
pub fn no_owners() -> Check {
    Check {
        id: "fs-unsupported-for-mongo".into(),
        area: "disk".into(),
        status: Status::Block,
        seen: "/media/stick/kerberos lies on exfat (/media/stick), on which MongoDB cannot keep its data".into(),
        advice: "Choose a folder on a disk with ext4, xfs or btrfs.".into(),
        fix: Some(Fix::OtherFolder),
    }
}

/// A camera at 192.0.2.`last`.
pub fn camera(name: &str, last: u8, user: Option<&str>, record: Record) -> Camera {
    Camera { name: name.into(), url: format!("rtsp://192.0.2.{last}/stream"), sub_url: None, user: user.map(Into::into), record }
}

/// The shop's cameras.
pub fn cameras() -> Vec<Camera> {
    vec![
        camera("front-door", 31, Some("viewer"), Record::Motion),
        camera("yard", 32, Some("viewer"), Record::Always),
        camera("till", 33, None, Record::Motion),
    ]
}

/// The shop's answers.
pub fn answers() -> Answers {
    Answers { site: "shop-12".into(), cameras: cameras(), ..Answers::default() }
}

/// Fourteen steps to a shop that records.
pub fn plan() -> Plan {
    let step = |id: &str, title: &str, place: &str, after: &[&str], mb: Option<u64>, seconds: f64, risk| Step {
        id: id.into(),
        kind: "pull".into(),
        with: Default::default(),
        title: title.into(),
        why: match id {
            "pull:mongodb" => "The recordings list needs it. This processor has no AVX, so 4.4 is taken (check cpu-no-avx).".into(),
            _ => "The stack needs it to record.".into(),
        },
        after: after.iter().map(|a| (*a).into()).collect(),
        risk,
        budget: 600,
        preview: Preview {
            place: place.into(),
            by_hand: vec![if id == "pull:mongodb" { "docker pull mongo:4.4.18".into() } else { format!("docker run --detach {id}") }],
            undo: "removes it, if it was not here before".into(),
            fetches: mb.is_some(),
            download_bytes: mb.map(|m| m * 1_000_000),
            disk_bytes: mb.map(|m| m * 2_500_000),
            seconds: Some(seconds),
        },
    };
    let none = Risk::None;
    let steps = vec![
        step("package:docker", "Install Docker", "this machine", &[], Some(92), 60.0, Risk::Machine),
        step("network:site", "Make the network shop-12", "Docker", &["package:docker"], None, 1.0, none),
        step("folder:data", "Make the folder for recordings", "this machine", &[], None, 1.0, none),
        step("pull:mongodb", "Fetch MongoDB 4.4.18", "download", &["package:docker"], Some(140), 40.0, none),
        step("pull:minio", "Fetch MinIO", "download", &["package:docker"], Some(61), 20.0, none),
        step("pull:vault", "Fetch Vault", "download", &["package:docker"], Some(38), 12.0, none),
        step("pull:agent", "Fetch Agent", "download", &["package:docker"], Some(240), 70.0, none),
        step("container:mongodb", "Start the recordings list", "Docker", &["pull:mongodb", "network:site"], None, 15.0, none),
        step("container:minio", "Start the video store", "Docker", &["pull:minio", "network:site"], None, 8.0, none),
        step("bucket:minio", "Make the bucket for videos", "video store", &["container:minio"], None, 1.0, none),
        step("container:vault", "Start the web page and library", "Docker", &["container:mongodb", "bucket:minio"], None, 10.0, none),
        step("agent:front-door", "Start the recorder of front-door", "Docker", &["container:vault"], None, 35.0, none),
        step("agent:yard", "Start the recorder of yard", "Docker", &["container:vault"], None, 35.0, none),
        step("proof:recording", "See that it records", "cameras", &["agent:front-door", "agent:yard"], None, 60.0, none),
    ];
    let notes = vec![
        "MongoDB 4.4.18 is taken because this processor has no AVX.".into(),
        "Every step can be undone. A power cut loses nothing: it goes on where it was.".into(),
    ];
    Plan { site: "shop-12".into(), target: "docker".into(), renderer: 1, steps, notes, line: Some(3_000_000.0) }
}

/// A part's reading.
pub fn component(name: &str, title: &str, product: &str, state: ComponentState, url: Option<&str>) -> ComponentHealth {
    let runs = matches!(state, ComponentState::Healthy | ComponentState::Degraded);
    ComponentHealth {
        name: name.into(),
        kind: name.split('-').next().unwrap_or(name).into(),
        title: title.into(),
        product: product.into(),
        state,
        age_seconds: 1.0,
        restarts: u64::from(!runs) * 3,
        up_seconds: runs.then_some(270_000.0),
        cpu: runs.then_some(0.02),
        memory: runs.then_some(180 << 20),
        evidence: vec![if runs { "answered within 12 ms, login accepted".into() } else { "no answer on its port for 40 s".into() }],
        url: url.map(Into::into),
    }
}

/// A camera's reading.
pub fn camera_health(
    name: &str,
    state: CameraState,
    fps: Option<f64>,
    saved: Option<f64>,
    gb: Option<f64>,
    evidence: &str,
) -> CameraHealth {
    CameraHealth {
        name: name.into(),
        state,
        age_seconds: 1.0,
        fps,
        last_saved_seconds: saved,
        recordings: saved.map(|_| 212),
        waiting: Some(if matches!(state, CameraState::WrongLogin) { 14 } else { 0 }),
        bytes_per_day: gb.map(|g| g * 1e9),
        evidence: vec![evidence.into()],
    }
}

/// The recordings' disk.
pub fn disk() -> Option<DiskHealth> {
    Some(DiskHealth { path: "/srv".into(), total: 1800 * GB, free: 500 * GB, keeps_days: Some(30), fits_days: Some(41), note: None })
}

/// A shop with one camera that has another password now.
pub fn health() -> HealthSnapshot {
    let good = ComponentState::Healthy;
    let mut parts = vec![
        component("vault", "Web page and library", "Vault", good, Some("http://192.0.2.20:8080")),
        component("mongodb", "Recordings list", "MongoDB", good, None),
        component("minio", "Video store", "MinIO", good, Some("http://192.0.2.20:9000")),
    ];
    parts.extend(["front-door", "yard", "till"].map(|c| component(&format!("agent-{c}"), "Camera recorder", "Agent", good, None)));
    let cameras = vec![
        camera_health("front-door", CameraState::Recording, Some(15.0), Some(8.0), Some(21.0), "its newest recording is 8 s old"),
        camera_health("yard", CameraState::Watching, Some(15.0), Some(7_300.0), Some(4.0), "the picture comes; nothing moved"),
        camera_health("till", CameraState::WrongLogin, None, Some(7_500.0), None, "The camera answers, but refuses the login."),
        camera_health("store-room", CameraState::Starting, None, None, None, "its recorder started 12 s ago"),
    ];
    HealthSnapshot { schema: 1, site: "shop-12".into(), overall: Overall::Degraded, components: parts, cameras, disk: disk() }
}

/// Every state of components and cameras at once.
pub fn health_of_all_states() -> HealthSnapshot {
    use CameraState as C;
    use ComponentState as P;
    let parts = [P::Healthy, P::Starting, P::Degraded, P::Down, P::Stopped, P::NotConfigured, P::Absent, P::Unknown];
    let cameras = [C::Recording, C::Watching, C::Starting, C::NoPicture, C::WrongLogin, C::Stopped, C::Unknown];
    HealthSnapshot {
        overall: Overall::Down,
        components: parts
            .iter()
            .enumerate()
            .map(|(i, s)| component(&format!("part-{i}"), &format!("Part {i}"), "Product", *s, None))
            .collect(),
        cameras: cameras.iter().enumerate().map(|(i, s)| camera_health(&format!("camera-{i}"), *s, None, None, None, "seen")).collect(),
        ..health()
    }
}

/// So many cameras that all record.
pub fn many(n: usize) -> HealthSnapshot {
    let names = (0..n).map(|i| camera_health(&format!("camera-{i:03}"), CameraState::Recording, Some(15.0), Some(5.0), Some(3.0), "fine"));
    HealthSnapshot { overall: Overall::Healthy, cameras: names.collect(), ..health() }
}
