//! The disks that recordings could go to: those that can be used first, the others with why not.

use super::figures::bytes;
use super::machine::{WORTH_A_ROW, fs_name, kind, remote, waiting};
use crate::model::answers::Answers;
use crate::model::check::{Check, Status};
use crate::model::host::{DiskKind, HostReport, Mount, no_owners};

/// A disk as it is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Where it is mounted, or its kernel name.
    pub place: String,
    /// `1.7 TB free, 1.8 TB hard disk`.
    pub says: String,
    /// The folder on it that would be taken, or why it cannot be used.
    pub folder: Result<String, String>,
}

/// All that could be meant, the roomiest that can be used first, cards after what lasts.
pub fn offered(host: &HostReport) -> Vec<Offer> {
    let mut mounts: Vec<&Mount> = host.mounts.get().into_iter().flatten().filter(|m| for_recordings(m)).collect();
    // Bind mounts and subvolumes show the same file system again: the shortest path stands for all.
    mounts.sort_by_key(|m| (m.path != "/", m.path.len()));
    let mut seen: Vec<(&str, u64)> = vec![];
    mounts.retain(|m| {
        let new = m.total == 0 || !seen.contains(&(m.source.as_str(), m.total));
        seen.push((&m.source, m.total));
        new
    });
    mounts.sort_by_key(|m| (why_not(m).is_some(), m.kind == DiskKind::SdCard, std::cmp::Reverse(m.free)));
    let mut offers: Vec<Offer> = mounts.into_iter().map(offer).collect();
    let idle = host.disks.get().into_iter().flatten().filter_map(waiting);
    offers.extend(idle.map(|[place, says, why]| Offer { place, says, folder: Err(why) }));
    offers
}

/// System mounts and small parts are no place for recordings.
fn for_recordings(m: &Mount) -> bool {
    let system =
        ["/boot", "/run", "/dev", "/sys", "/proc", "/snap", "/tmp"].iter().any(|p| m.path == *p || m.path.starts_with(&format!("{p}/")));
    let media = m.path.starts_with("/run/media/");
    (!system || media) && m.fs != "tmpfs" && (m.path == "/" || m.total >= WORTH_A_ROW || m.total == 0)
}

fn why_not(m: &Mount) -> Option<String> {
    if m.total == 0 {
        Some("it does not answer".into())
    } else if no_owners(&m.fs) {
        Some(format!("{} cannot hold the database", fs_name(&m.fs)))
    } else if m.options.iter().any(|o| o == "ro") {
        Some("it can only be read".into())
    } else {
        None
    }
}

fn offer(m: &Mount) -> Offer {
    let what = if remote(&m.fs) { "network folder" } else { kind(m.kind) };
    let says = if m.total == 0 { what.to_string() } else { format!("{} free, {} {what}", bytes(m.free), bytes(m.total)) };
    let folder = match why_not(m) {
        Some(why) => Err(why),
        // The root's own folder for what a machine serves.
        None if m.path == "/" => Ok("/srv/kerberos".into()),
        None => Ok(format!("{}/kerberos", m.path.trim_end_matches('/'))),
    };
    Offer { place: m.path.clone(), says, folder }
}

/// Disks that wait to be mounted are offered by name, so their check says nothing new.
const LISTED: &str = "disk-not-mounted";

/// What the checks say of the disk below the chosen folder, the worst first.
pub fn concerns(checks: &[Check]) -> Vec<&Check> {
    let mut all: Vec<&Check> = checks.iter().filter(|c| c.area == "disk" && c.status >= Status::Warn && c.id != LISTED).collect();
    all.sort_by_key(|c| std::cmp::Reverse(c.status));
    all
}

/// An offer is what the answers have now.
pub fn taken(offer: &Offer, answers: &Answers) -> bool {
    offer.folder.as_ref().is_ok_and(|f| *f == answers.path)
}

/// An offer as a numbered choice.
pub fn choice(folder: &str, offer: &Offer) -> String {
    format!("{folder}: {}", offer.says)
}

/// A disk that cannot be taken, in a line.
pub fn not_usable(offer: &Offer, why: &str) -> String {
    format!("Not usable: {} ({}): {why}.", offer.place, offer.says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::Fact;
    use crate::model::host::{Disk, Volume};

    fn mount(path: &str, fs: &str, free: u64, kind: DiskKind, options: &[&str]) -> Mount {
        Mount {
            path: path.into(),
            source: format!("/dev{path}"),
            fs: fs.into(),
            options: options.iter().map(|o| o.to_string()).collect(),
            total: 2_000_000_000_000,
            free,
            inodes_free: None,
            disk: None,
            kind,
        }
    }

    #[test]
    fn usable_disks_come_first_and_the_others_say_why_not() {
        let gb = 1_000_000_000;
        let stick = Volume { name: "sdd1".into(), size: 500 * gb, fs: Some("ntfs".into()), uuid: None, label: None, mount: None };
        let disks =
            Fact::known(vec![Disk { name: "sdd".into(), size: 500 * gb, model: None, kind: DiskKind::Usb, volumes: vec![stick] }], "");
        let mut host = HostReport { disks, ..HostReport::default() };
        host.mounts = Fact::known(
            vec![
                mount("/", "ext4", 20 * gb, DiskKind::Ssd, &[]),
                mount("/boot/efi", "vfat", gb, DiskKind::Ssd, &[]),
                mount("/card", "ext4", 900 * gb, DiskKind::SdCard, &[]),
                mount("/mnt/big", "xfs", 800 * gb, DiskKind::HardDisk, &[]),
                mount("/media/stick", "exfat", 1900 * gb, DiskKind::Usb, &[]),
                mount("/mnt/old", "ext4", 700 * gb, DiskKind::HardDisk, &["ro"]),
            ],
            "",
        );
        let offers = offered(&host);
        let folders: Vec<(&str, Result<&str, &str>)> =
            offers.iter().map(|o| (o.place.as_str(), o.folder.as_deref().map_err(String::as_str))).collect();
        assert_eq!(
            folders,
            [
                ("/mnt/big", Ok("/mnt/big/kerberos")),
                ("/", Ok("/srv/kerberos")),
                ("/card", Ok("/card/kerberos")),
                ("/media/stick", Err("exFAT cannot hold the database")),
                ("/mnt/old", Err("it can only be read")),
                ("sdd", Err("plugged in, not ready: NTFS")),
            ]
        );
        assert_eq!(offers[0].says, "800 GB free, 2.0 TB hard disk");
    }
}
