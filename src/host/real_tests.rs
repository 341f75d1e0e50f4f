//! Tests of the whole probe: on described machines, and on the one that runs the tests.
// The times of a real probe are printed for whoever asks with --nocapture; nothing is asserted on them.
#![allow(clippy::disallowed_macros)]

use std::sync::{Arc, Mutex};

use super::described::Described;
use super::*;
use crate::model::host::{DockerPresence, VirtKind};
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
