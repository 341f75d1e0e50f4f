//! Whole disks with what is on them, mounted or not. From /sys/block, and udev's notes, lsblk or /dev/disk for the file systems.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::fact::Fact;
use crate::model::host::{Disk, DiskKind, Volume};
use crate::world::World;
use crate::world::files::Files;

use super::mountinfo::{self, Line};
use super::{block, read};

/// What is on a partition, as far as one source knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Content {
    fs: Option<String>,
    uuid: Option<String>,
    label: Option<String>,
}

/// Looks at the disks.
pub(crate) async fn look(world: &World) -> Fact<Vec<Disk>> {
    let files = &*world.files;
    let names = match block::disks(files) {
        Ok(names) => names,
        Err(why) => return Fact::unknown(why),
    };
    let mounts = mountinfo::parse(&read::text(files, "/proc/self/mountinfo").unwrap_or_default());
    let mut disks: Vec<Disk> = names.iter().map(|name| disk(files, name, &mounts)).collect();
    let mut how = "/sys/block and /proc/self/mountinfo".to_string();
    for program in ["lsblk", "blkid"] {
        if disks.iter().flat_map(|d| &d.volumes).all(|v| v.fs.is_some()) {
            break;
        }
        let found = if program == "lsblk" { lsblk(world).await } else { blkid(world).await };
        for volume in disks.iter_mut().flat_map(|d| &mut d.volumes) {
            if let Some(content) = found.get(&volume.name) {
                fill(volume, content.clone());
                how = format!("/sys/block, /proc/self/mountinfo and {program}");
            }
        }
    }
    Fact::known(disks, how)
}

/// One disk with its volumes.
fn disk(files: &dyn Files, name: &str, mounts: &[Line]) -> Disk {
    let folder = block::folder(name);
    let parts = block::partitions(files, name);
    let volumes = if parts.is_empty() {
        vec![volume(files, name, &folder, mounts)]
    } else {
        parts.iter().map(|part| volume(files, part, &format!("{folder}/{part}"), mounts)).collect()
    };
    Disk { name: name.into(), size: block::size(files, &folder), model: model(files, &folder), kind: kind(files, name), volumes }
}

/// Maker and model; a card has only a name.
fn model(files: &dyn Files, folder: &str) -> Option<String> {
    let vendor = read::word(files, &format!("{folder}/device/vendor"));
    let model = read::word(files, &format!("{folder}/device/model")).or_else(|| read::word(files, &format!("{folder}/device/name")));
    match (vendor, model) {
        // `ATA` is how the kernel calls every SATA disk; virtio gives a number.
        (Some(v), Some(m)) if v != "ATA" && !v.starts_with("0x") => Some(format!("{v} {m}")),
        (_, model) => model,
    }
}

/// The kind of a whole disk.
pub(crate) fn kind(files: &dyn Files, name: &str) -> DiskKind {
    let folder = block::folder(name);
    let told = |path: &str| read::word(files, &format!("{folder}/{path}")).unwrap_or_default();
    let place = files.read_link(&folder).unwrap_or_default();
    let maker = format!("{} {}", told("device/vendor"), told("device/model"));
    if name.starts_with("mmcblk") {
        return match told("device/type").as_str() {
            "SD" => DiskKind::SdCard,
            "MMC" => DiskKind::Emmc,
            _ => DiskKind::Unknown,
        };
    }
    const MADE_UP: [&str; 8] =
        ["QEMU", "VBOX", "VMware", "Msft Virtual", "Amazon Elastic Block", "Google PersistentDisk", "Virtual Disk", "nvme_card-pd"];
    if place.contains("/virtio")
        || place.contains("/vbd-")
        || place.contains("/xen")
        || name.starts_with("vd")
        || name.starts_with("xvd")
        || MADE_UP.iter().any(|m| maker.contains(m))
    {
        return DiskKind::Virtual;
    }
    if name.starts_with("nvme") {
        return DiskKind::Nvme;
    }
    if place.contains("/usb") {
        return DiskKind::Usb;
    }
    match told("queue/rotational").as_str() {
        "1" => DiskKind::HardDisk,
        "0" => DiskKind::Ssd,
        _ => DiskKind::Unknown,
    }
}

/// A partition, or a disk without any.
fn volume(files: &dyn Files, name: &str, folder: &str, mounts: &[Line]) -> Volume {
    let mut volume = Volume { name: name.into(), size: block::size(files, folder), fs: None, uuid: None, label: None, mount: None };
    let number = block::number(files, folder);
    if let Some(mount) = mounted(mounts, number.as_deref(), name) {
        volume.mount = Some(mount.path.clone());
        volume.fs = Some(mount.fs.clone()).filter(|fs| fs != "fuseblk");
    } else {
        // An encrypted or grouped partition is mounted by what lies upon it.
        volume.mount = block::upon(files, folder).iter().find_map(|upper| {
            let number = block::number(files, &block::folder(upper));
            mounted(mounts, number.as_deref(), upper).map(|m| m.path.clone())
        });
    }
    if let Some(number) = number
        && let Ok(notes) = read::text(files, &format!("/run/udev/data/b{number}"))
    {
        fill(&mut volume, udev(&notes));
    }
    volume.uuid = volume.uuid.or_else(|| linked(files, "/dev/disk/by-uuid", name));
    volume.label = volume.label.or_else(|| linked(files, "/dev/disk/by-label", name));
    volume
}

/// The mount of a device, the one of the whole file system before one of a part of it.
fn mounted<'a>(mounts: &'a [Line], number: Option<&str>, name: &str) -> Option<&'a Line> {
    let source = format!("/dev/{name}");
    let of_device = |m: &&Line| number == Some(m.device.as_str()) || m.source == source;
    mounts.iter().filter(of_device).find(|m| m.root == "/").or_else(|| mounts.iter().find(of_device))
}

/// Adds what is not known yet.
fn fill(volume: &mut Volume, content: Content) {
    let Content { fs, uuid, label } = content;
    volume.fs = volume.fs.take().or(fs);
    volume.uuid = volume.uuid.take().or(uuid);
    volume.label = volume.label.take().or(label);
}

/// Reads udev's notes of a device (`E:ID_FS_TYPE=ext4`); they are readable for all.
fn udev(notes: &str) -> Content {
    let entry = |key: &str| {
        notes
            .lines()
            .filter_map(|l| l.strip_prefix("E:")?.split_once('='))
            .find(|(k, v)| *k == key && !v.is_empty())
            .map(|(_, v)| v.to_string())
    };
    Content {
        fs: entry("ID_FS_TYPE"),
        uuid: entry("ID_FS_UUID"),
        // Only the encoded form keeps spaces.
        label: entry("ID_FS_LABEL_ENC").map(|l| hex_plain(&l)).or_else(|| entry("ID_FS_LABEL")),
    }
}

/// Undoes udev's escapes: `\x20` is a space.
fn hex_plain(text: &str) -> String {
    let mut parts = text.split("\\x");
    let mut out = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                out.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                out.extend_from_slice(b"\\x");
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The name under which a folder of links points to a device.
fn linked(files: &dyn Files, folder: &str, name: &str) -> Option<String> {
    let ends = |link: &String| files.read_link(&format!("{folder}/{link}")).is_ok_and(|to| to.rsplit('/').next() == Some(name));
    files.list(folder).ok()?.into_iter().find(ends).map(|l| hex_plain(&l))
}

/// Asks lsblk, where it is installed.
async fn lsblk(world: &World) -> BTreeMap<String, Content> {
    if world.processes.find("lsblk").is_none() {
        return BTreeMap::new();
    }
    match read::run(world, "lsblk", &["-J", "-b", "-o", "NAME,FSTYPE,UUID,LABEL"], 2).await {
        Ok(output) => parse_lsblk(&output.stdout).unwrap_or_default(),
        Err(_) => BTreeMap::new(),
    }
}

/// Asks blkid, which reads the disks themselves and so needs root. Without its cache, which it would write.
async fn blkid(world: &World) -> BTreeMap<String, Content> {
    if world.files.uid() != 0 || world.processes.find("blkid").is_none() {
        return BTreeMap::new();
    }
    let text = match read::run(world, "blkid", &["-c", "/dev/null"], 2).await {
        Ok(output) if output.ok() => output.stdout,
        // Busybox's has neither the option nor a cache.
        Ok(output) if output.stderr.contains("BusyBox") => read::run(world, "blkid", &[], 2).await.map(|o| o.stdout).unwrap_or_default(),
        _ => String::new(),
    };
    text.lines().filter_map(blkid_line).collect()
}

/// `/dev/sda1: LABEL="My Disk" UUID="64A5-F009" BLOCK_SIZE="512" TYPE="exfat"`.
fn blkid_line(line: &str) -> Option<(String, Content)> {
    let (device, rest) = line.split_once(": ")?;
    // With a space before, so that PARTUUID is not taken for UUID.
    let rest = format!(" {rest}");
    let entry = |key: &str| {
        let (_, after) = rest.split_once(&format!(" {key}=\""))?;
        after.split('"').next().filter(|v| !v.is_empty()).map(String::from)
    };
    Some((device.strip_prefix("/dev/")?.into(), Content { fs: entry("TYPE"), uuid: entry("UUID"), label: entry("LABEL") }))
}

#[derive(Deserialize)]
struct Listing {
    blockdevices: Vec<Device>,
}

#[derive(Deserialize)]
struct Device {
    name: String,
    fstype: Option<String>,
    uuid: Option<String>,
    label: Option<String>,
    #[serde(default)]
    children: Vec<Device>,
}

/// Reads lsblk's JSON into contents by kernel name. None where it is no such JSON.
fn parse_lsblk(text: &str) -> Option<BTreeMap<String, Content>> {
    let listing: Listing = serde_json::from_str(text).ok()?;
    let mut waiting = listing.blockdevices;
    let mut all = BTreeMap::new();
    while let Some(device) = waiting.pop() {
        if device.fstype.is_some() || device.uuid.is_some() || device.label.is_some() {
            all.insert(device.name, Content { fs: device.fstype, uuid: device.uuid, label: device.label });
        }
        waiting.extend(device.children);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    fn pi() -> Described {
        Described::new()
            .files(&[
                ("/sys/block/mmcblk0/size", "62333952"),
                ("/sys/block/mmcblk0/dev", "179:0"),
                ("/sys/block/mmcblk0/device/type", "SD\n"),
                ("/sys/block/mmcblk0/device/name", "SC32G\n"),
                ("/sys/block/mmcblk0/mmcblk0p1/partition", "1"),
                ("/sys/block/mmcblk0/mmcblk0p1/size", "1048576"),
                ("/sys/block/mmcblk0/mmcblk0p1/dev", "179:1"),
                ("/sys/block/mmcblk0/mmcblk0p2/partition", "2"),
                ("/sys/block/mmcblk0/mmcblk0p2/size", "61276160"),
                ("/sys/block/mmcblk0/mmcblk0p2/dev", "179:2"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/size", "976773168"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/dev", "8:0"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/device/vendor", "Samsung \n"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/device/model", "PSSD T7         \n"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/queue/rotational", "1"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/sda1/partition", "1"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/sda1/size", "976769024"),
                ("/sys/devices/platform/scb/usb2/2-1/host0/block/sda/sda1/dev", "8:1"),
                ("/proc/self/mountinfo", "29 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n40 29 179:1 / /boot/firmware rw - vfat /dev/mmcblk0p1 rw\n"),
                ("/run/udev/data/b8:1", "S:disk/by-uuid/64A5-F009\nE:ID_FS_TYPE=exfat\nE:ID_FS_UUID=64A5-F009\nE:ID_FS_LABEL=My_Disk\nE:ID_FS_LABEL_ENC=My\\x20Disk\n"),
            ])
            .link("/sys/block/sda", "../devices/platform/scb/usb2/2-1/host0/block/sda")
    }

    #[tokio::test]
    async fn a_pi_with_a_card_and_a_usb_disk_that_is_not_mounted() {
        let fact = look(&pi().world()).await;
        let disks = fact.get().unwrap();
        let card = &disks[0];
        assert_eq!((card.kind, card.size, card.model.as_deref()), (DiskKind::SdCard, 31_914_983_424, Some("SC32G")));
        assert_eq!(card.volumes[1].mount.as_deref(), Some("/"));
        assert_eq!(card.volumes[1].fs.as_deref(), Some("ext4"));
        let usb = &disks[1];
        assert_eq!((usb.kind, usb.model.as_deref()), (DiskKind::Usb, Some("Samsung PSSD T7")));
        let volume = &usb.volumes[0];
        assert_eq!(
            (volume.fs.as_deref(), volume.label.as_deref(), volume.uuid.as_deref(), &volume.mount),
            (Some("exfat"), Some("My Disk"), Some("64A5-F009"), &None)
        );
    }

    #[tokio::test]
    async fn without_udev_lsblk_is_asked_and_without_both_links_tell_the_uuid() {
        let json = r#"{"blockdevices":[{"name":"sda","fstype":null,"uuid":null,"label":null,"children":[{"name":"sda1","fstype":"ntfs","uuid":"01D","label":"Data"}]}]}"#;
        let asked = look(&pi().denied("/run/udev/data/b8:1").answer("lsblk -J -b -o NAME,FSTYPE,UUID,LABEL", json).world()).await;
        assert_eq!(asked.get().unwrap()[1].volumes[0].fs.as_deref(), Some("ntfs"));
        assert!(asked.how().contains("lsblk"));
        let linked = look(&pi().denied("/run/udev/data/b8:1").link("/dev/disk/by-uuid/64A5-F009", "../../sda1").world()).await;
        assert_eq!(linked.get().unwrap()[1].volumes[0].uuid.as_deref(), Some("64A5-F009"));
        assert_eq!(linked.get().unwrap()[1].volumes[0].fs, None);
    }

    #[tokio::test]
    async fn busyboxs_blkid_is_asked_last_and_only_by_root() {
        let line =
            "/dev/sda1: LABEL=\"My Disk\" PARTUUID=\"a-01\" UUID=\"64A5-F009\" TYPE=\"exfat\"\n/dev/mmcblk0p2: UUID=\"1\" TYPE=\"ext4\"\n";
        let alpine = pi().denied("/run/udev/data/b8:1").answer("blkid -c /dev/null", line);
        let fact = look(&alpine.clone().world()).await;
        let volume = &fact.get().unwrap()[1].volumes[0];
        assert_eq!(
            (volume.fs.as_deref(), volume.label.as_deref(), volume.uuid.as_deref()),
            (Some("exfat"), Some("My Disk"), Some("64A5-F009"))
        );
        assert!(fact.how().contains("blkid"));
        assert_eq!(look(&alpine.uid(1000).world()).await.get().unwrap()[1].volumes[0].fs, None);
        assert_eq!(blkid_line("/dev/sda1: PARTUUID=\"x\"").unwrap().1, Content::default());
    }

    #[test]
    fn kinds_are_told_apart() {
        let of = |name: &str, facts: &[(&str, &str)]| {
            let host = facts.iter().fold(Described::new(), |h, (f, v)| h.file(&format!("/sys/block/{name}/{f}"), v));
            kind(&host, name)
        };
        assert_eq!(of("sda", &[("queue/rotational", "1")]), DiskKind::HardDisk);
        assert_eq!(of("sda", &[("queue/rotational", "0"), ("device/vendor", "ATA     ")]), DiskKind::Ssd);
        assert_eq!(of("sda", &[("queue/rotational", "1"), ("device/model", "QEMU HARDDISK   ")]), DiskKind::Virtual);
        assert_eq!(of("sda", &[("device/vendor", "Msft"), ("device/model", "Virtual Disk")]), DiskKind::Virtual);
        assert_eq!(of("nvme0n1", &[("device/model", "Samsung SSD 980")]), DiskKind::Nvme);
        assert_eq!(of("nvme0n1", &[("device/model", "Amazon Elastic Block Store")]), DiskKind::Virtual);
        assert_eq!(of("mmcblk1", &[("device/type", "MMC")]), DiskKind::Emmc);
        assert_eq!(of("vda", &[]), DiskKind::Virtual);
        assert_eq!(of("sda", &[]), DiskKind::Unknown);
    }

    #[test]
    fn escapes_of_labels_are_undone() {
        assert_eq!(hex_plain("My\\x20Disk\\xc3\\xa4\\xzz"), "My Diskä\\xzz");
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(E:ID_FS_TYPE=|\\\\x|[0-9a-fä]|\n|.){0,60}") {
            let _ = (udev(&text), hex_plain(&text), parse_lsblk(&text), blkid_line(&text));
        }
    }
}
