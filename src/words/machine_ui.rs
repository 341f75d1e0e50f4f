//! The machine in words: one line a subject, only what was seen.

use super::figures_ui::{bytes, memory, span};
use crate::model::fact::Fact;
use crate::model::host::{DiskKind, DockerFlavour, DockerPresence, HostReport, VirtKind};

/// A line about the machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Subject; empty for a further line of the same.
    pub subject: &'static str,
    /// What was seen, or why it was not.
    pub says: String,
    /// It was seen.
    pub known: bool,
}

/// A disk's kind.
pub fn disk(kind: DiskKind) -> &'static str {
    match kind {
        DiskKind::HardDisk => "hard disk",
        DiskKind::Ssd => "SSD",
        DiskKind::Nvme => "NVMe",
        DiskKind::SdCard => "SD card",
        DiskKind::Emmc => "eMMC",
        DiskKind::Usb => "USB",
        DiskKind::Virtual => "virtual disk",
        DiskKind::Unknown => "disk",
    }
}

/// Everything of the report that fits in a line each.
pub fn lines(host: &HostReport) -> Vec<Seen> {
    let mut out = vec![
        seen("Computer", computer(host)),
        seen("Memory", host.memory.map(|m| format!("{}, {} free", memory(m.total), memory(m.available)))),
        seen("System", host.system.map(|s| system(&s.name, host))),
    ];
    out.extend(disks(host));
    out.push(seen("Network", network(host)));
    out.push(seen("Docker", host.docker.map(docker)));
    out.push(images(host));
    out
}

fn seen(subject: &'static str, fact: Fact<String>) -> Seen {
    match fact {
        Fact::Known { value, .. } => Seen { subject, says: value, known: true },
        Fact::Unknown { unknown } => Seen { subject, says: unknown, known: false },
    }
}

fn computer(host: &HostReport) -> Fact<String> {
    let mut parts: Vec<String> = vec![];
    parts.extend(host.cpu.model.get().cloned());
    parts.extend(host.cpu.cores.get().map(|n| super::figures_ui::count(*n as usize, "core")));
    parts.extend(host.cpu.userland_bits.get().map(|n| format!("{n}-bit")));
    if let Some(v) = host.virtualization.get() {
        match v.kind {
            VirtKind::None => {}
            VirtKind::Vm => parts.push(format!("virtual machine ({})", v.name)),
            VirtKind::Container | VirtKind::Lxc => parts.push(format!("in a container ({})", v.name)),
            VirtKind::Wsl => parts.push("in Windows (WSL)".into()),
        }
    }
    if parts.is_empty() { Fact::unknown(host.cpu.model.how()) } else { Fact::known(parts.join(", "), host.cpu.model.how()) }
}

fn system(name: &str, host: &HostReport) -> String {
    let mut out = name.to_string();
    if let Some(kernel) = host.kernel.get() {
        out += &format!(", kernel {}", kernel.split('-').next().unwrap_or(kernel));
    }
    if let Some(init) = host.init.get() {
        out += &format!(", {init}");
    }
    out
}

fn disks(host: &HostReport) -> Vec<Seen> {
    let Some(mounts) = host.mounts.get() else {
        return vec![Seen { subject: "Disks", says: host.mounts.how().into(), known: false }];
    };
    let mut mounts: Vec<_> = mounts.iter().filter(|m| m.total > 2_000_000_000).collect();
    mounts.sort_by_key(|m| (m.path != "/", std::cmp::Reverse(m.total)));
    let mut says: Vec<String> = mounts
        .iter()
        .take(3)
        .map(|m| {
            format!(
                "{:<10} {:>7} {:<12} {:>7} free",
                super::figures_ui::short_path(&m.path, 10),
                bytes(m.total),
                disk(m.kind),
                bytes(m.free)
            )
        })
        .collect();
    // What is plugged in and cannot be used yet is worth a word: people wonder where their disk is.
    for d in host.disks.get().into_iter().flatten() {
        let used = d.volumes.iter().any(|v| v.mount.is_some());
        let names = |m: &&&crate::model::host::Mount| m.disk.as_deref() == Some(d.name.as_str());
        if !used && mounts.iter().find(names).is_none() && d.size > 2_000_000_000 && says.len() < 4 {
            let fs = d.volumes.iter().find_map(|v| v.fs.clone()).map_or("not formatted".into(), |fs| format!("not ready: {fs}"));
            says.push(format!("{:<10} {:>7} {:<12} {fs}", d.name, bytes(d.size), disk(d.kind)));
        }
    }
    if says.is_empty() {
        says.push("none of more than 2 GB".into());
    }
    says.into_iter().enumerate().map(|(i, says)| Seen { subject: if i == 0 { "Disks" } else { "" }, says, known: true }).collect()
}

fn network(host: &HostReport) -> Fact<String> {
    host.network.interfaces.map(|all| {
        let outward = all
            .iter()
            .filter(|i| !i.inner)
            .find_map(|i| i.addresses.iter().find(|(a, _)| a.is_ipv4()).map(|(a, _)| format!("{a} on {}", i.name)));
        let mut out = outward.unwrap_or_else(|| "no address in a local network".into());
        if let Some(skew) = host.clock_skew.get() {
            out += &if skew.abs() < 1.0 { ", clock right".to_string() } else { format!(", clock {} off", span(skew.abs())) };
        }
        out
    })
}

fn docker(presence: &DockerPresence) -> String {
    match presence {
        DockerPresence::Missing => "not installed".into(),
        DockerPresence::Stopped { .. } => "installed, not running".into(),
        DockerPresence::NoAccess { .. } => "runs, and does not let this user in".into(),
        DockerPresence::Remote { host } => format!("points to another machine: {host}"),
        DockerPresence::Running(engine) => {
            let flavour = match engine.flavour {
                DockerFlavour::Rootful => "",
                DockerFlavour::Rootless => ", of this user alone",
                DockerFlavour::Snap => ", from the snap",
                DockerFlavour::Desktop => ", Docker Desktop",
                DockerFlavour::Podman => ", by Podman",
            };
            format!("{} answers{flavour}", engine.version)
        }
    }
}

fn images(host: &HostReport) -> Seen {
    let (good, bad): (Vec<_>, Vec<_>) = host.registries.iter().partition(|r| r.reach.get().is_some());
    let names = |list: &[&crate::model::host::RegistryReach]| list.iter().map(|r| r.host.clone()).collect::<Vec<_>>().join(", ");
    match (good.is_empty(), bad.is_empty()) {
        (true, true) => Seen { subject: "Images", says: "not asked yet".into(), known: false },
        (_, true) => Seen { subject: "Images", says: format!("{} answer", names(&good)), known: true },
        _ => Seen { subject: "Images", says: format!("no answer from {}", names(&bad)), known: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::{Memory, Mount};

    #[test]
    fn only_what_was_seen_is_said() {
        let nothing = lines(&HostReport::default());
        assert!(nothing.iter().all(|l| !l.known));
        let mount = Mount {
            path: "/srv".into(),
            source: "/dev/sda1".into(),
            fs: "ext4".into(),
            options: vec![],
            total: 1_800_000_000_000,
            free: 1_700_000_000_000,
            inodes_free: None,
            disk: Some("sda".into()),
            kind: DiskKind::HardDisk,
        };
        let host = HostReport {
            memory: Fact::known(Memory { total: 8 << 30, available: 6 << 30, swap: 0 }, "/proc/meminfo"),
            mounts: Fact::known(vec![mount], "/proc/self/mountinfo"),
            docker: Fact::known(DockerPresence::Missing, "PATH"),
            ..HostReport::default()
        };
        let says: Vec<String> = lines(&host).into_iter().filter(|l| l.known).map(|l| l.says).collect();
        assert_eq!(says, ["8.0 GB, 6.0 GB free", "/srv        1.8 TB hard disk     1.7 TB free", "not installed"]);
    }
}
