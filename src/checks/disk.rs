//! Rules about disks: whether the folder for recordings lies where it should, and on something that can hold it.

use super::outcome::{Facts, Outcome, below, known};
use crate::model::check::Fix;
use crate::model::host::{Disk, DiskKind, VirtKind, Volume, no_owners};
use crate::words::{figures, machine};

/// File systems that are known to work for some and not for others.
const DOUBTFUL: [&str; 5] = ["nfs", "nfs4", "fuse.mergerfs", "fuse.glusterfs", "ceph"];
/// Parts of something larger, which are not meant to be mounted themselves.
const MEMBERS: [&str; 6] = ["LVM2_member", "linux_raid_member", "zfs_member", "crypto_LUKS", "swap", "bcache"];

/// fs-unsupported-for-mongo
pub fn file_system(f: &Facts) -> Outcome {
    if !f.database_here() {
        return Outcome::skip("no database is installed with this site");
    }
    known!(f.host.mounts);
    let Some(mount) = f.mount_of(&f.answers.path) else { return Outcome::skip("not known: no file system is listed for the folder") };
    let fs = mount.fs.as_str();
    if no_owners(fs) {
        Outcome::block(
            format!("{} lies on {fs} ({}), on which MongoDB cannot keep its data", f.answers.path, mount.path),
            "Choose a folder on a disk with ext4, xfs or btrfs. A disk can be made ready anew (this deletes what is on it): sudo mkfs.ext4 /dev/…",
        )
        .fix(Fix::OtherFolder)
    } else if DOUBTFUL.contains(&fs) {
        Outcome::warn(
            format!("{} lies on {fs}: MongoDB does not keep its data safely on every one of these", f.answers.path),
            "Choose a folder on a disk of this machine if you can.",
        )
        .fix(Fix::OtherFolder)
    } else {
        Outcome::pass(format!("{fs} on {}", mount.path))
    }
}

/// agent-volume-permission: the folder's owner cannot be given to the recorder's user.
pub fn ownership(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let Some(mount) = f.mount_of(&f.answers.path) else { return Outcome::skip("not known: no file system is listed for the folder") };
    let fs = mount.fs.as_str();
    let open_to_all =
        mount.options.iter().any(|o| ["umask=0", "umask=000", "umask=0000", "dmask=000", "dir_mode=0777"].contains(&o.as_str()));
    let mounted_rights = mount.options.iter().any(|o| o == "permissions" || o == "metadata");
    if fs.starts_with("nfs") {
        return Outcome::warn(
            format!("{} lies on a network share ({fs}): the server may not let the recorder's user write", f.answers.path),
            "On the server, export the folder with no_root_squash, or choose a disk of this machine.",
        )
        .fix(Fix::OtherFolder);
    }
    // ntfs3 keeps owners in its own attributes; fuse's NTFS does with `permissions`.
    if !no_owners(fs) || fs == "ntfs3" || mounted_rights {
        return Outcome::pass(format!("{fs} keeps owners"));
    }
    let seen = format!("{} lies on {fs}, which keeps no owners: the recorder runs as its own user and may not write there", f.answers.path);
    let advice = "Choose a folder on a disk with ext4, xfs or btrfs.";
    if open_to_all { Outcome::warn(seen, advice) } else { Outcome::block(seen, advice) }.fix(Fix::OtherFolder)
}

/// storage-path-not-mounted: a folder where disks are mounted, without a disk in it.
pub fn not_mounted(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let path = &f.answers.path;
    let meant_for_disks = ["/media", "/mnt", "/run/media"].iter().any(|place| below(path, place) && path != place);
    let Some(mount) = f.mount_of(path) else { return Outcome::skip("not known: no file system is listed for the folder") };
    let on_system = mount.path == "/" || ["/run", "/media", "/mnt"].contains(&mount.path.as_str());
    if !meant_for_disks || !on_system {
        return Outcome::pass(format!("{path} is on {}", mount.path));
    }
    let waiting = unmounted(f).into_iter().find(|(_, v)| v.label.as_deref().is_some_and(|l| path.split('/').any(|p| p == l)));
    let line = |v: &Volume| {
        format!(
            "echo 'UUID={} {path} {} defaults,nofail 0 2' | sudo tee -a /etc/fstab && sudo mkdir -p {path} && sudo mount -a",
            v.uuid.as_deref().unwrap_or("…"),
            v.fs.as_deref().unwrap_or("ext4")
        )
    };
    match waiting {
        Some((disk, volume)) => Outcome::block(
            format!(
                "{path} is meant for the disk {} ({}), which is not mounted: recordings would fill the system disk",
                volume.name,
                disk_words(disk)
            ),
            format!("Mount it: {}", line(volume)),
        ),
        None => Outcome::warn(
            format!("{path} looks like another disk's folder, but it is on the system disk: recordings would fill that one"),
            "If a disk belongs there, connect and mount it (lsblk -f shows all). If not, there is nothing to do.",
        ),
    }
    .fix(Fix::OtherFolder)
}

/// Volumes that hold a file system and are mounted nowhere.
fn unmounted<'a>(f: &Facts<'a>) -> Vec<(&'a Disk, &'a Volume)> {
    let disks = f.host.disks.get().map(Vec::as_slice).unwrap_or_default();
    let usable = |v: &&Volume| v.mount.is_none() && v.fs.as_deref().is_some_and(|fs| !MEMBERS.contains(&fs));
    disks.iter().flat_map(|d| d.volumes.iter().filter(usable).map(move |v| (d, v))).collect()
}

fn disk_words(disk: &Disk) -> String {
    format!("{} {}", figures::bytes(disk.size), machine::kind(disk.kind))
}

/// disk-not-mounted: a disk that is plugged in and could take recordings.
pub fn plugged_in(f: &Facts) -> Outcome {
    let disks = known!(f.host.disks);
    // Smaller ones are boot sticks and firmware parts.
    let idle = |d: &&Disk| {
        d.size >= 16_000_000_000 && d.volumes.iter().all(|v| v.mount.is_none() && !v.fs.as_deref().is_some_and(|fs| MEMBERS.contains(&fs)))
    };
    let list: Vec<String> = disks
        .iter()
        .filter(idle)
        .map(|d| {
            let fs = d.volumes.iter().max_by_key(|v| v.size).and_then(|v| v.fs.as_deref()).unwrap_or("nothing on it yet");
            format!("{} ({}, {fs})", d.name, disk_words(d))
        })
        .collect();
    if list.is_empty() {
        return Outcome::pass("every disk that is plugged in is in use");
    }
    Outcome::warn(
        format!("plugged in, not ready: {}", list.join(", ")),
        "If recordings shall go there: lsblk -f shows its UUID; then mount it by a line in /etc/fstab such as UUID=… /srv ext4 \
         defaults,nofail 0 2 and sudo mount -a. If not, leave it.",
    )
}

/// storage-on-system-disk: another disk has far more room.
pub fn system_disk(f: &Facts) -> Outcome {
    let mounts = known!(f.host.mounts);
    let Some(mount) = f.room_of(&f.answers.path) else { return Outcome::skip("not known: the folder's room could not be asked") };
    let better = mounts
        .iter()
        .filter(|m| {
            m.disk.is_some() && m.disk != mount.disk && m.path != "/" && !below(&m.path, "/boot") && !m.options.iter().any(|o| o == "ro")
        })
        .filter(|m| !no_owners(&m.fs) && m.free > mount.free.saturating_mul(3))
        .max_by_key(|m| m.free);
    match better {
        Some(other) if mount.path == "/" => Outcome::warn(
            format!(
                "recordings go to the system disk ({} free); {} has {} free",
                figures::bytes(mount.free),
                other.path,
                figures::bytes(other.free)
            ),
            format!("Choose a folder there: {}/kerberos", other.path.trim_end_matches('/')),
        )
        .fix(Fix::OtherFolder),
        _ => Outcome::pass(format!("{}: {} free", mount.path, figures::bytes(mount.free))),
    }
}

/// storage-on-sd-card
pub fn sd_card(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let Some(mount) = f.mount_of(&f.answers.path) else { return Outcome::skip("not known: no file system is listed for the folder") };
    if mount.kind != DiskKind::SdCard {
        return Outcome::pass("recordings do not go to an SD card");
    }
    Outcome::warn(
        "recordings go to an SD card: steady writing wears it out within months",
        "Plug in a USB SSD or hard disk and choose a folder on it. To start with, the card works.",
    )
    .fix(Fix::OtherFolder)
}

/// slow-disk-datastore: a cluster's own store waits for every write.
pub fn slow_for_cluster(f: &Facts) -> Outcome {
    super::outcome::only_on_cluster!(f);
    if !f.cluster_here() {
        return super::outcome::elsewhere();
    }
    known!(f.host.mounts);
    match f.mount_of("/var/lib").map(|m| m.kind) {
        Some(DiskKind::SdCard) => Outcome::warn(
            "the system is on an SD card: a cluster's control plane falls over on slow writes",
            "Put the system on an SSD, or run on Docker, which does not mind.",
        ),
        Some(_) => Outcome::pass("the system is not on an SD card"),
        None => Outcome::skip("not known: no file system is listed for /var/lib"),
    }
}

/// readonly-root
pub fn read_only(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let is_ro = |path: &str| f.mount_of(path).filter(|m| m.options.iter().any(|o| o == "ro"));
    if let Some(mount) = is_ro("/var/lib") {
        // Systems with a fixed root keep /var writable; a read-only /var/lib is a disk that gave up, or a frozen image.
        return Outcome::block(
            format!("{} can only be read: nothing can be installed", mount.path),
            "A worn-out card or disk goes read-only by itself: look with sudo dmesg | grep -i error, copy your data, replace it. If you froze \
             the system on purpose, thaw it first.",
        );
    }
    match is_ro(&f.answers.path) {
        // On a system with a fixed root, /srv and the like are links into /var.
        Some(mount) if mount.path == "/" => Outcome::warn(
            "the root file system can only be read, as some systems are made",
            "If the folder for recordings cannot be made, choose one below /var, such as /var/kerberos.",
        )
        .fix(Fix::OtherFolder),
        Some(mount) => Outcome::block(
            format!("{} can only be read: no recording fits there", mount.path),
            format!("Make it writable: sudo mount -o remount,rw {} – or choose another folder.", mount.path),
        )
        .fix(Fix::OtherFolder),
        None => Outcome::pass("the disks can be written to"),
    }
}

/// storage-forgets: memory file systems and overlays that are gone after a restart.
pub fn forgets(f: &Facts) -> Outcome {
    known!(f.host.mounts);
    let Some(mount) = f.mount_of(&f.answers.path) else { return Outcome::skip("not known: no file system is listed for the folder") };
    let real = matches!(f.virt(), Some(VirtKind::None | VirtKind::Vm));
    match mount.fs.as_str() {
        "tmpfs" | "ramfs" => Outcome::warn(
            format!("{} is in memory: recordings are gone after a restart", f.answers.path),
            "Choose a folder on a disk, such as /srv/kerberos.",
        )
        .fix(Fix::OtherFolder),
        "overlay" if real && mount.path == "/" => Outcome::warn(
            "the system disk is frozen (an overlay lies over it): all that is installed is gone after a restart",
            "On a Raspberry Pi: sudo raspi-config, Performance Options, Overlay File System, off – then restart.",
        ),
        fs => Outcome::pass(format!("{fs} stays after a restart")),
    }
}
