//! Block devices in /sys: which there are, and which disk is below a partition, a mapping or an array.

use crate::world::files::Files;

use super::read;

/// The device folder of a kernel name that is a whole device.
pub(crate) fn folder(disk: &str) -> String {
    format!("/sys/block/{disk}")
}

/// Names of whole disks: no loops, memory, optical or floppy drives, mappings, arrays and parts of a card that hold its firmware.
pub(crate) fn disks(files: &dyn Files) -> Result<Vec<String>, String> {
    let names = files.list("/sys/block").map_err(|e| read::why("/sys/block", e.kind()))?;
    Ok(names
        .into_iter()
        .filter(|n| whole(n) && size(files, &folder(n)) > 0 && read::word(files, &format!("{}/hidden", folder(n))).as_deref() != Some("1"))
        .collect())
}

/// The name is one of a disk in its own right.
fn whole(name: &str) -> bool {
    const NOT: [&str; 10] = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "mtdblock", "zd"];
    let numbered = |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let firmware = name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb") || name.contains("gp"));
    !(NOT.iter().any(|p| numbered(p)) || firmware)
}

/// Bytes of a device; the kernel counts in sectors of 512, whatever the disk's own are.
pub(crate) fn size(files: &dyn Files, folder: &str) -> u64 {
    read::word(files, &format!("{folder}/size")).and_then(|s| s.parse::<u64>().ok()).and_then(|s| s.checked_mul(512)).unwrap_or(0)
}

/// `major:minor` of a device folder.
pub(crate) fn number(files: &dyn Files, folder: &str) -> Option<String> {
    read::word(files, &format!("{folder}/dev"))
}

/// Kernel names of a disk's partitions.
pub(crate) fn partitions(files: &dyn Files, disk: &str) -> Vec<String> {
    let base = folder(disk);
    let names = files.list(&base).unwrap_or_default();
    names.into_iter().filter(|n| n.starts_with(disk) && read::there(files, &format!("{base}/{n}/partition"))).collect()
}

/// Kernel names of what lies upon a device: mappings (LUKS, LVM) and arrays, also upon one another.
pub(crate) fn upon(files: &dyn Files, folder: &str) -> Vec<String> {
    let mut found: Vec<String> = files.list(&format!("{folder}/holders")).unwrap_or_default();
    let mut at = 0;
    // Holders of holders; the bound keeps a wrong /sys from going round for ever.
    while at < found.len() && found.len() < 64 {
        let next = files.list(&format!("/sys/block/{}/holders", found[at])).unwrap_or_default();
        for name in next {
            if !found.contains(&name) {
                found.push(name);
            }
        }
        at += 1;
    }
    found
}

/// The disk below a mount's device or source, by kernel name. None where it is no disk of this machine.
pub(crate) fn below(files: &dyn Files, device: &str, source: &str) -> Option<String> {
    // btrfs and overlay have a number of their own that no block device bears; then the source tells.
    let name = files
        .read_link(&format!("/sys/dev/block/{device}"))
        .ok()
        .and_then(|link| link.rsplit('/').next().map(String::from))
        .or_else(|| named(files, source))?;
    ground(files, &name, 0)
}

/// The kernel name of a path in /dev, also of a link such as /dev/mapper/root or /dev/disk/by-uuid/….
fn named(files: &dyn Files, source: &str) -> Option<String> {
    let name = source.strip_prefix("/dev/")?;
    match files.read_link(source) {
        Ok(link) => link.rsplit('/').next().map(Into::into),
        Err(_) => Some(name.to_string()).filter(|n| !n.contains('/')),
    }
}

/// Goes down from a partition, mapping or array to a whole disk. Of several below, the first is told.
fn ground(files: &dyn Files, name: &str, depth: u32) -> Option<String> {
    if depth > 8 {
        return None;
    }
    if let Some(lower) = files.list(&format!("/sys/block/{name}/slaves")).ok().and_then(|s| s.into_iter().next()) {
        return ground(files, &lower, depth + 1);
    }
    let all = files.list("/sys/block").unwrap_or_default();
    if all.iter().any(|d| d == name) {
        return whole(name).then(|| name.to_string());
    }
    // `sda1` lies in /sys/block/sda/sda1; the longest name that fits is the disk's (`mmcblk0` of `mmcblk0p2`).
    all.into_iter()
        .filter(|d| name.starts_with(d.as_str()) && read::there(files, &format!("/sys/block/{d}/{name}")))
        .max_by_key(String::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;

    fn machine() -> Described {
        Described::new().files(&[
            ("/sys/block/sda/size", "1000"),
            ("/sys/block/sda/sda3/partition", "3"),
            ("/sys/block/sda/sda3/holders/dm-0", ""),
            ("/sys/block/dm-0/slaves/sda3", ""),
            ("/sys/block/dm-0/holders/dm-1", ""),
            ("/sys/block/dm-1/slaves/dm-0", ""),
            ("/sys/block/dm-1/size", "900"),
            ("/sys/block/mmcblk0/size", "100"),
            ("/sys/block/mmcblk0boot0/size", "8"),
            ("/sys/block/loop0/size", "8"),
            ("/sys/block/sdb/size", "0"),
        ])
    }

    #[test]
    fn only_whole_disks_with_a_size_are_disks() {
        assert_eq!(disks(&machine()).unwrap(), ["mmcblk0", "sda"]);
        assert!(!whole("md127") && !whole("zram0") && whole("mdisk") && whole("nvme0n1") && whole("xvda"));
    }

    #[test]
    fn an_encrypted_volume_group_is_followed_down_and_up() {
        let files = machine().link("/sys/dev/block/253:1", "../../devices/virtual/block/dm-1").link("/dev/mapper/vg-root", "../dm-1");
        assert_eq!(below(&files, "253:1", "/dev/mapper/vg-root").as_deref(), Some("sda"));
        assert_eq!(below(&files, "0:44", "/dev/mapper/vg-root").as_deref(), Some("sda"));
        assert_eq!(below(&files, "0:45", "nas:/video"), None);
        assert_eq!(upon(&files, "/sys/block/sda/sda3"), ["dm-0", "dm-1"]);
    }

    #[test]
    fn mappings_in_a_ring_end() {
        let files = Described::new().file("/sys/block/dm-0/slaves/dm-1", "").file("/sys/block/dm-1/slaves/dm-0", "");
        assert_eq!(ground(&files, "dm-0", 0), None);
    }
}
