//! The table of the screen "This machine": each subject with what was seen, for all fronts.

use crate::model::host::{Disk, DiskKind, DockerFlavour, DockerPresence, HostReport, Mount, VirtKind};

use super::figures::{bytes, memory as memory_size, short_path, span};

/// Mounts below this size are the system's own (its boot partition, say) and not worth a row.
pub(super) const WORTH_A_ROW: u64 = 4_000_000_000;

/// Rows for disks, so that the table stays a table on a server with many.
const DISK_ROWS: usize = 4;

/// Letters of a mount's path; the end of a longer one is shown.
const PATH: usize = 16;

/// A row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Subject; empty for a further row of the same.
    pub subject: &'static str,
    /// What was seen, what is waited for, or why it is not known.
    pub says: String,
    /// Which of these.
    pub known: Known,
}

/// How much of a subject is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was seen.
    Yes,
    /// It is being asked for.
    Soon,
    /// It could not be seen.
    No,
}

/// The rows, in the order of the screen. `pending` is what the probe still waits for, as `Images: asking ghcr.io`.
pub fn rows(report: &HostReport, pending: &[String]) -> Vec<Seen> {
    let waits = |subject: &str| -> Vec<&str> {
        pending.iter().filter_map(|p| p.split_once(": ")).filter(|(s, _)| *s == subject).map(|(_, what)| what).collect()
    };
    let row = |subject: &'static str, value: Result<String, &str>| match (value, waits(subject).first()) {
        (Ok(says), _) => Seen { subject, says, known: Known::Yes },
        (Err(_), Some(what)) => Seen { subject, says: (*what).into(), known: Known::Soon },
        (Err(why), None) => Seen { subject, says: why.into(), known: Known::No },
    };
    let mut rows = vec![row("Computer", computer(report)), row("Memory", memory(report)), row("System", system(report))];
    match disks(report) {
        Ok(all) => rows.extend(all.into_iter().enumerate().map(|(at, line)| row(if at == 0 { "Disks" } else { "" }, Ok(line)))),
        Err(why) => rows.push(row("Disks", Err(why))),
    }
    rows.push(row("Network", network(report)));
    rows.push(row("Docker", docker(report)));
    rows.push(row("Images", images(report, &waits("Images"))));
    rows
}

/// `Intel Celeron N5105, 4 cores, 64-bit`.
fn computer(report: &HostReport) -> Result<String, &str> {
    let cpu = &report.cpu;
    let mut parts = Vec::new();
    parts.extend(cpu.model.get().map(|m| short_processor(m)).or_else(|| cpu.arch.get().cloned()));
    parts.extend(cpu.cores.get().map(|n| if *n == 1 { "1 core".into() } else { format!("{n} cores") }));
    parts.extend(cpu.userland_bits.get().map(|bits| match (bits, cpu.arch.get().map(String::as_str)) {
        (32, Some("amd64" | "arm64")) => "32-bit system on a 64-bit kernel".into(),
        (bits, _) => format!("{bits}-bit"),
    }));
    if parts.is_empty() {
        return Err(cpu.model.how());
    }
    parts.extend(report.virtualization.get().and_then(|v| {
        let named = |what: &str| if v.name.is_empty() || v.name == "unnamed" { what.to_string() } else { format!("{what} ({})", v.name) };
        match v.kind {
            VirtKind::None => None,
            VirtKind::Vm => Some(named("a virtual machine")),
            VirtKind::Container => Some(named("inside a container")),
            VirtKind::Lxc => Some("an LXC container".into()),
            VirtKind::Wsl => Some("inside Windows (WSL)".into()),
        }
    }));
    Ok(parts.join(", "))
}

/// The maker's name without trade marks, clock rate and words that say nothing.
fn short_processor(model: &str) -> String {
    let plain = model.replace("(R)", " ").replace("(TM)", " ").replace("(r)", " ").replace("(tm)", " ");
    let name = plain.split(" @ ").next().unwrap_or(&plain);
    let words: Vec<&str> = name.split_whitespace().filter(|w| !matches!(*w, "CPU" | "Processor" | "processor")).collect();
    if words.is_empty() { model.trim().into() } else { words.join(" ") }
}

/// `8.0 GB, 6.1 GB free`.
fn memory(report: &HostReport) -> Result<String, &str> {
    let memory = report.memory.get().ok_or(report.memory.how())?;
    Ok(format!("{}, {} free", memory_size(memory.total), memory_size(memory.available)))
}

/// `Debian 12, kernel 6.1, systemd`.
fn system(report: &HostReport) -> Result<String, &str> {
    let mut parts = Vec::new();
    parts.extend(report.system.get().map(|s| short_system(&s.name)));
    parts.extend(report.kernel.get().map(|k| format!("kernel {}", k.splitn(3, '.').take(2).collect::<Vec<_>>().join("."))));
    parts.extend(report.init.get().filter(|i| *i != "other").cloned());
    if parts.is_empty() { Err(report.system.how()) } else { Ok(parts.join(", ")) }
}

/// `Debian 12` of `Debian GNU/Linux 12 (bookworm)`.
fn short_system(name: &str) -> String {
    name.split(" (").next().unwrap_or(name).replace(" GNU/Linux", "")
}

/// A row each for mounts that could hold recordings, and for what is plugged in and not mounted.
fn disks(report: &HostReport) -> Result<Vec<String>, &str> {
    let all = report.disks.get();
    let mounts = report.mounts.get();
    if all.is_none() && mounts.is_none() {
        return Err(report.mounts.how());
    }
    let mut cells: Vec<[String; 3]> = Vec::new();
    let mut mounts: Vec<&Mount> = mounts
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|m| m.fs != "tmpfs")
        .filter(|m| m.path == "/" || m.total >= WORTH_A_ROW || m.total == 0)
        .collect();
    // Bind mounts and subvolumes show the same file system again: the shortest path stands for all.
    mounts.sort_by_key(|m| (m.path != "/", m.path.len(), m.path.clone()));
    let mut seen: Vec<(&str, u64)> = Vec::new();
    for mount in mounts {
        if mount.total > 0 && seen.contains(&(mount.source.as_str(), mount.total)) {
            continue;
        }
        seen.push((&mount.source, mount.total));
        let free = if mount.total == 0 {
            "does not answer".into()
        } else {
            format!("{} free{}", bytes(mount.free), if mount.options.iter().any(|o| o == "ro") { ", read-only" } else { "" })
        };
        let kind = if remote(&mount.fs) { "network folder" } else { kind(mount.kind) };
        let total = if mount.total == 0 { String::new() } else { format!("{} ", bytes(mount.total)) };
        cells.push([short_path(&mount.path, PATH), format!("{total}{kind}"), free]);
    }
    cells.extend(all.map(Vec::as_slice).unwrap_or_default().iter().filter_map(waiting));
    let left_out = cells.len().saturating_sub(DISK_ROWS);
    if left_out > 1 {
        cells.truncate(DISK_ROWS);
    }
    let width = |at: usize| cells.iter().map(|c| c[at].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut rows: Vec<String> =
        cells.iter().map(|[name, what, state]| format!("{name:first$}  {what:second$}  {state}").trim_end().to_string()).collect();
    if left_out > 1 {
        rows.push(format!("and {left_out} more"));
    }
    if rows.is_empty() {
        rows.push("none found".into());
    }
    Ok(rows)
}

/// A disk of which nothing is mounted: the row says what is on it.
pub(super) fn waiting(disk: &Disk) -> Option<[String; 3]> {
    if disk.volumes.iter().any(|v| v.mount.is_some()) || disk.size < WORTH_A_ROW {
        return None;
    }
    // The largest part is the one that matters; a stick's small first one holds its starter.
    let fs = disk.volumes.iter().max_by_key(|v| v.size).and_then(|v| v.fs.as_deref());
    let state = match fs {
        None => "plugged in, not formatted".into(),
        Some("swap" | "linux_raid_member" | "LVM2_member" | "zfs_member") => "in use by the system".to_string(),
        Some("crypto_LUKS") => "plugged in, not ready: encrypted".into(),
        Some(fs) => format!("plugged in, not ready: {}", fs_name(fs)),
    };
    Some([disk.name.clone(), format!("{} {}", bytes(disk.size), kind(disk.kind)), state])
}

/// File systems as their makers write them.
pub(super) fn fs_name(fs: &str) -> &str {
    match fs {
        "exfat" => "exFAT",
        "vfat" => "FAT",
        "ntfs" | "ntfs3" => "NTFS",
        other => other,
    }
}

/// The file system is another machine's.
pub(super) fn remote(fs: &str) -> bool {
    matches!(fs, "nfs" | "nfs4" | "cifs" | "smb3" | "ceph" | "glusterfs" | "fuse.sshfs")
}

/// The kind of disk in people's words.
pub fn kind(kind: DiskKind) -> &'static str {
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

/// `192.0.2.20 on eth0, clock right`.
fn network(report: &HostReport) -> Result<String, &str> {
    let network = &report.network;
    let interfaces = network.interfaces.get().ok_or(network.interfaces.how())?;
    let way_out = network.default_route.get().and_then(Option::as_ref).map(|r| r.device.as_str());
    let outer = interfaces.iter().filter(|i| !i.inner && !i.addresses.is_empty());
    let home = outer.clone().find(|i| Some(i.name.as_str()) == way_out).or_else(|| outer.clone().next());
    let mut parts = Vec::new();
    match home {
        Some(interface) => {
            let address = interface.addresses.iter().find(|(a, _)| a.is_ipv4()).or_else(|| interface.addresses.first());
            parts.extend(address.map(|(a, _)| format!("{a} on {}", interface.name)));
            if network.default_route.get().is_some_and(Option::is_none) {
                parts.push("no way to the internet".into());
            }
        }
        None => parts.push("not connected".into()),
    }
    parts.extend(report.clock_skew.get().map(|skew| clock(*skew)));
    Ok(parts.join(", "))
}

/// The clock, told as finely as it was measured: to about a second.
fn clock(skew: f64) -> String {
    match skew {
        s if s.abs() <= 1.5 => "clock right to 1 s".into(),
        s => format!("clock {} {}", span(s.abs()), if s > 0.0 { "fast" } else { "slow" }),
    }
}

/// `28.2.2, runs`, `not installed`.
fn docker(report: &HostReport) -> Result<String, &str> {
    Ok(match report.docker.get().ok_or(report.docker.how())? {
        DockerPresence::Missing => "not installed".into(),
        DockerPresence::Stopped { detail, masked: true, .. } => format!("switched off ({detail})"),
        DockerPresence::Stopped { detail, .. } => format!("not running ({detail})"),
        DockerPresence::NoAccess { .. } => "there, but this user may not use it".into(),
        DockerPresence::Remote { host } => format!("points to another machine ({host})"),
        DockerPresence::Running(engine) => {
            let flavour = match engine.flavour {
                DockerFlavour::Rootful => "",
                DockerFlavour::Rootless => " of this user alone",
                DockerFlavour::Snap => " as a snap",
                DockerFlavour::Desktop => " Desktop",
                DockerFlavour::Podman => " (Podman)",
            };
            let free = engine.root_free.map(|f| format!(", {} free", bytes(f))).unwrap_or_default();
            format!("{}{flavour}, running{free}", engine.version)
        }
    })
}

/// `ghcr.io, quay.io answer`, and what does not.
fn images<'a>(report: &HostReport, waits: &[&str]) -> Result<String, &'a str> {
    let asked: Vec<&str> = waits.iter().filter_map(|w| w.strip_prefix("asking ")).collect();
    let (mut answer, mut silent) = (Vec::new(), Vec::new());
    for registry in report.registries.iter().filter(|r| !asked.contains(&r.host.as_str())) {
        if registry.reach.get().is_some() { answer.push(registry.host.as_str()) } else { silent.push(registry.host.as_str()) }
    }
    let says = |hosts: &[&str], one: &str, many: &str| {
        (!hosts.is_empty()).then(|| format!("{} {}", hosts.join(", "), if hosts.len() == 1 { one } else { many }))
    };
    let parts: Vec<String> = [
        says(&silent, "does not answer", "do not answer"),
        says(&answer, "answers", "answer"),
        (!asked.is_empty()).then(|| format!("asking {} …", asked.join(", "))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { Err("not asked yet") } else { Ok(parts.join("; ")) }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
