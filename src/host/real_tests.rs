//! Tests of the whole probe: on described machines, and on the one that runs the tests.
// The times of a real probe are printed for whoever asks with --nocapture; nothing is asserted on them.
#![allow(clippy::disallowed_macros)]

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use super::described::Described;
use super::*;
use crate::model::camera::{StreamError, StreamReading};
use crate::model::host::{DockerPresence, VirtKind};
use crate::world::clock::Clock;
use crate::world::network::{NetError, Network, Request, Response};
use crate::world::real::{clock::RealClock, docker, files::RealFiles, network::RealNetwork, processes::RealProcesses};

fn real() -> World {
    World {
        files: Arc::new(RealFiles),
        processes: Arc::new(RealProcesses),
        network: Arc::new(RealNetwork::new()),
        engine: Arc::new(docker::connect("/var/run/docker.sock")),
        clock: Arc::new(RealClock::new()),
    }
}

/// A Raspberry Pi 5 with Raspberry Pi OS, as its files read; its own kernel has pages of 16 KiB and no memory controller.
fn pi5() -> Described {
    let core = |n: u32| {
        format!(
            "processor\t: {n}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\n"
        )
    };
    let processors = (0..4).map(core).collect::<String>() + "Revision\t: d04171\nModel\t\t: Raspberry Pi 5 Model B Rev 1.1\n";
    Described::new()
        .uid(1000)
        .file("/proc/cpuinfo", &processors)
        .variable("HOME", "/home/pi")
        .files(&[
            ("/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.1\0"),
            ("/proc/sys/kernel/arch", "aarch64\n"),
            ("/proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-2712\n"),
            ("/proc/meminfo", "MemTotal:        8256208 kB\nMemAvailable:    7303552 kB\nSwapTotal:        524272 kB\n"),
            ("/sbin/init", "\x7fELF\x02"),
            ("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n"),
            ("/proc/1/comm", "systemd\n"),
            ("/run/systemd/system/x", ""),
            ("/proc/self/mountinfo", "26 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw\n35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n"),
            ("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io pids\n"),
            ("/proc/self/status", "Gid:\t1000\t1000\t1000\t1000\nGroups:\t27 1000 \nCpus_allowed_list:\t0-3\nNoNewPrivs:\t0\n"),
            ("/etc/passwd", "pi:x:1000:1000:,,,:/home/pi:/bin/bash\n"),
            ("/etc/group", "sudo:x:27:pi\npi:x:1000:\n"),
        ])
        .link("/etc/localtime", "/usr/share/zoneinfo/Europe/London")
        .answer("getconf PAGESIZE", "16384\n")
        .answer("sudo -n true", "")
        .program("systemctl")
        .program("apt-get")
}

#[tokio::test]
async fn a_raspberry_pi_five_is_read_whole() {
    let grew = Mutex::new(Vec::new());
    let report = probe(&pi5().world(), &["silent.example".into()], None, &|_, pending| grew.lock().unwrap().push(pending.to_vec())).await;
    assert_eq!(report.cpu.model.get().map(String::as_str), Some("Raspberry Pi 5 Model B Rev 1.1"));
    assert_eq!((report.page_size.get(), report.cpu.cores.get(), report.cpu.userland_bits.get()), (Some(&16384), Some(&4), Some(&64)));
    assert!(!report.cgroup.get().unwrap().controllers.contains(&"memory".to_string()));
    assert_eq!(report.virtualization.get().unwrap().kind, VirtKind::None);
    assert_eq!(report.docker.get(), Some(&DockerPresence::Missing));
    assert_eq!(report.timezone.get().map(String::as_str), Some("Europe/London"));
    assert_eq!(report.service_manager.get(), Some(&Some("systemctl".into())));
    assert_eq!(report.registries[0].reach.how(), "silent.example did not answer within 5 s");
    let grew = grew.into_inner().unwrap();
    assert!(grew.len() > 5 && grew.last().unwrap().is_empty());
    assert!(grew[0].contains(&"Images: asking silent.example".to_string()), "what is slow is waited for, not waited on: {:?}", grew[0]);
}

/// A network that answers nobody before it is opened, and a clock on which no time passes until then.
#[derive(Clone)]
struct Gate(tokio::sync::watch::Receiver<bool>);

impl Gate {
    async fn opened(&self) {
        self.0.clone().wait_for(|open| *open).await.unwrap();
    }
}

#[async_trait]
impl Network for Gate {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        self.opened().await;
        Err(NetError::Name(name.into()))
    }
    async fn connect(&self, to: SocketAddr, _: Duration) -> Result<(), NetError> {
        self.opened().await;
        Err(NetError::Refused(to.to_string()))
    }
    async fn can_listen(&self, _: SocketAddr) -> Result<(), ErrorKind> {
        Ok(())
    }
    async fn http(&self, request: Request) -> Result<Response, NetError> {
        self.opened().await;
        let date = ("date".to_string(), "Thu, 01 Jan 1970 00:00:10 GMT".to_string());
        Ok(Response { status: if request.url.path() == "/v2/" { 401 } else { 200 }, headers: vec![date], body: vec![] })
    }
    async fn rtsp(&self, _: &Url, _: Option<(String, SecretString)>, _: Duration, _: Duration) -> Result<StreamReading, StreamError> {
        Err(StreamError::Refused)
    }
    async fn mongodb(&self, _: &SecretString, _: Duration) -> Result<String, NetError> {
        Err(NetError::Refused("x".into()))
    }
    async fn amqp(&self, _: SocketAddr, _: &str, _: &SecretString, _: Duration) -> Result<String, NetError> {
        Err(NetError::Refused("x".into()))
    }
}

#[async_trait]
impl Clock for Gate {
    fn now(&self) -> f64 {
        10.5
    }
    fn ticks(&self) -> f64 {
        0.0
    }
    async fn sleep(&self, _: Duration) {
        self.opened().await;
        std::future::pending().await
    }
}

#[tokio::test]
async fn no_fact_waits_for_the_registries_or_for_the_time() {
    let (open, gate) = tokio::sync::watch::channel(false);
    let gate = Arc::new(Gate(gate));
    let world = World { network: gate.clone(), clock: gate, ..pi5().world() };
    let hosts = ["one.example".to_string(), "two.example".to_string()];
    let slow = ["Images: asking one.example", "Images: asking two.example", "Network: asking for the time"];
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let probing =
        tokio::spawn(
            async move { probe(&world, &hosts, None, &|report, pending| drop(tell.send((report.clone(), pending.to_vec())))).await },
        );
    // All that is not asked of the network comes while nothing of it answers, piece by piece.
    let mut grew = 0;
    let early = loop {
        let (report, pending) = told.recv().await.expect("the rest comes before the slow ones");
        grew += 1;
        assert!(slow.iter().all(|s| pending.iter().any(|p| p == s)), "{pending:?}");
        if pending.len() == slow.len() {
            break report;
        }
    };
    assert!(grew > 8 && !probing.is_finished());
    assert!(early.registries.iter().all(|r| r.reach.how() == "not asked yet") && early.clock_skew.get().is_none());
    open.send(true).unwrap();
    let whole = probing.await.unwrap();
    assert!(whole.registries.iter().all(|r| r.reach.get().is_some()), "{:?}", whole.registries);
    assert_eq!(whole.clock_skew.get(), Some(&0.0));
    // Besides them nothing was still to come.
    let without_them = |r: HostReport| HostReport { registries: vec![], clock_skew: Fact::default(), ..r };
    assert_eq!(without_them(early), without_them(whole));
}

#[tokio::test]
async fn a_machine_that_shows_nothing_gives_reasons_and_no_panic() {
    let report = probe(&Described::new().world(), &[], None, &|_, _| ()).await;
    every_fact_has_its_reason(&report);
    assert!(report.memory.get().is_none() && report.disks.get().is_none());
}

/// Each fact of the report, by its path, is known with how or unknown with a reason.
fn every_fact_has_its_reason(report: &HostReport) {
    fn walk(at: &str, value: &serde_json::Value, seen: &mut u32) {
        let serde_json::Value::Object(fields) = value else { return };
        if let Some(how) = fields.get("how").or_else(|| fields.get("unknown")).and_then(|h| h.as_str()) {
            assert!(!how.is_empty() && how != "not looked at yet", "{at} has no reason: {value}");
            *seen += 1;
            return;
        }
        fields.iter().for_each(|(name, value)| walk(&format!("{at}.{name}"), value, seen));
    }
    let mut seen = 0;
    walk("host", &serde_json::to_value(report).unwrap(), &mut seen);
    assert!(seen > 35, "only {seen} facts were found");
}

#[tokio::test]
#[allow(clippy::disallowed_macros)] // what it prints is for the reader of the test
async fn this_machine_is_read_as_the_user_who_tests() {
    let world = real();
    let began = world.clock.ticks();
    // Prints when each part came, for the reader of `cargo test -- --nocapture`; nothing is asserted on times.
    let report = probe(
        &world,
        &["localhost:5000".into(), "ghcr.io".into(), "quay.io".into(), "registry-1.docker.io".into()],
        None,
        &|_, pending| {
            println!("{:.3} s, waiting for {}", world.clock.ticks() - began, pending.join("; "));
        },
    )
    .await;
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    every_fact_has_its_reason(&report);
    assert!(report.cpu.arch.get().is_some() && report.memory.get().is_some() && report.kernel.get().is_some());
    assert_eq!(report.user.get().map(|u| u.uid), Some(world.files.uid()));
    assert!(report.mounts.get().unwrap().iter().any(|m| m.path == "/"));
    let written = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<HostReport>(&written).unwrap(), report, "a saved report can be read again");
}
