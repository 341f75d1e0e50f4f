//! Mounted file systems that could hold something, with their space and the disk below.

use std::time::Duration;

use crate::model::fact::Fact;
use crate::model::host::{DiskKind, Mount};
use crate::world::World;
use crate::world::files::{Files, Kind, Space};

use super::mountinfo::{self, Line};
use super::{block, disks, read};

/// Seconds that a file system may take to tell its space. A network folder whose server is gone never answers.
const PATIENCE: u64 = 2;

/// Looks at the mounts.
pub(crate) async fn look(world: &World) -> Fact<Vec<Mount>> {
    let text = match read::text(&*world.files, "/proc/self/mountinfo") {
        Ok(text) => text,
        Err(why) => return Fact::unknown(why),
    };
    let mut mounts = Vec::new();
    for line in useful(mountinfo::parse(&text)) {
        if let Some(mount) = mount(world, line).await {
            mounts.push(mount);
        }
    }
    Fact::known(mounts, "/proc/self/mountinfo")
}

/// One mount; none where a single file is mounted over another (container engines do that with /etc/hosts).
async fn mount(world: &World, line: Line) -> Option<Mount> {
    let files = &*world.files;
    let remote = remote(&line.fs);
    // Nothing of a network folder is touched on this thread: it may hang.
    if !remote && files.meta(&line.path).is_ok_and(|m| m.kind == Kind::File) {
        return None;
    }
    let space = if remote { patient(world, line.path.clone()).await } else { files.space(&line.path).ok() };
    let space = space.unwrap_or(Space { total: 0, free: 0, inodes_free: None });
    let disk = block::below(files, &line.device, &line.source);
    let kind = disk.as_deref().map_or(DiskKind::Unknown, |d| disks::kind(files, d));
    Some(Mount {
        path: line.path,
        source: line.source,
        fs: line.fs,
        options: line.options,
        total: space.total,
        free: space.free,
        inodes_free: space.inodes_free,
        disk,
        kind,
    })
}

/// The space of a file system that may never answer.
async fn patient(world: &World, path: String) -> Option<Space> {
    let files = world.files.clone();
    let asked = tokio::task::spawn_blocking(move || files.space(&path).ok());
    tokio::select! {
        biased;
        space = asked => space.ok().flatten(),
        () = world.clock.sleep(Duration::from_secs(PATIENCE)) => None,
    }
}

/// The file system is another machine's.
fn remote(fs: &str) -> bool {
    matches!(fs, "nfs" | "nfs4" | "cifs" | "smb3" | "smbfs" | "ceph" | "glusterfs" | "9p" | "afs" | "ncpfs" | "davfs")
        || fs.starts_with("fuse.")
}

/// Leaves out what holds nothing of a person's: the kernel's own file systems, packed images, and the insides of container engines.
fn useful(lines: Vec<Line>) -> Vec<Line> {
    const HOLDS: [&str; 22] = [
        "ext2",
        "ext3",
        "ext4",
        "xfs",
        "btrfs",
        "f2fs",
        "bcachefs",
        "jfs",
        "reiserfs",
        "zfs",
        "vfat",
        "exfat",
        "ntfs",
        "ntfs3",
        "fuseblk",
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "ceph",
        "glusterfs",
        "virtiofs",
    ];
    const INSIDE: [&str; 9] = [
        "/proc/",
        "/sys/",
        "/dev/",
        "/run/",
        "/snap/",
        "/var/lib/docker/",
        "/var/lib/containers/",
        "/var/lib/kubelet/",
        "/var/lib/containerd/",
    ];
    let mut kept: Vec<Line> = Vec::new();
    for line in lines {
        let of_own = HOLDS.contains(&line.fs.as_str()) || (line.fs.starts_with("fuse.") && !NOTHING.contains(&line.fs.as_str()));
        // A live system or container has its root on one of these, WSL its Windows disks on 9p.
        let special = (line.path == "/" && matches!(line.fs.as_str(), "overlay" | "tmpfs" | "9p" | "rootfs"))
            // Memory, which loses all: a rule over the chosen folder has to see that.
            || (line.fs == "tmpfs" && line.path != "/dev" && line.path != "/sys/fs/cgroup")
            || (line.fs == "9p" && line.path.starts_with("/mnt/"));
        // udisks mounts a person's disks below /run/media on some distributions.
        let inside = INSIDE.iter().any(|p| line.path.starts_with(p)) && !line.path.starts_with("/run/media/");
        if (of_own || special) && !inside {
            // What is mounted over another hides it.
            kept.retain(|k| k.path != line.path);
            kept.push(line);
        }
    }
    kept
}

/// FUSE file systems that hold nothing.
const NOTHING: [&str; 5] = ["fuse.lxcfs", "fuse.portal", "fuse.gvfsd-fuse", "fuse.snapfuse", "fuse.squashfuse"];

/// The space below a path, or below the nearest folder above it that tells.
pub(crate) fn space(files: &dyn Files, path: &str) -> Option<Space> {
    let mut at = path.trim_end_matches('/');
    loop {
        let here = if at.is_empty() { "/" } else { at };
        if let Ok(space) = files.space(here) {
            return Some(space);
        }
        at = at.rsplit_once('/')?.0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const UBUNTU: &str = "22 27 0:21 / /proc rw,relatime shared:11 - proc proc rw
25 27 0:24 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=393216k,mode=755
27 1 252:0 / / rw,relatime shared:1 - ext4 /dev/mapper/ubuntu--vg-ubuntu--lv rw
90 27 7:0 / /snap/core22/1612 ro,nodev shared:40 - squashfs /dev/loop0 ro,errors=continue
91 27 8:2 / /boot rw,relatime shared:41 - ext4 /dev/sda2 rw
92 27 8:17 / /srv rw,noatime shared:42 - xfs /dev/sdb1 rw
96 27 0:60 / /tmp rw,nosuid,nodev shared:50 - tmpfs tmpfs rw,size=8000000k
93 27 0:50 / /mnt/nas rw,relatime - nfs4 nas:/video rw,vers=4.2
94 27 0:51 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay rw
95 25 8:33 / /run/media/me/USB rw - exfat /dev/sdc1 rw
";

    #[tokio::test]
    async fn an_ubuntu_server_shows_what_holds_something() {
        let host = Described::new()
            .files(&[
                ("/proc/self/mountinfo", UBUNTU),
                ("/sys/block/sda/sda3/partition", "3"),
                ("/sys/block/sda/queue/rotational", "0"),
                ("/sys/block/dm-0/slaves/sda3", ""),
            ])
            .link("/sys/dev/block/252:0", "../../devices/virtual/block/dm-0")
            .space("/", 500_000_000_000, 21_000_000_000)
            .space("/mnt/nas", 9_000_000_000_000, 8_000_000_000_000);
        let fact = look(&host.world()).await;
        let mounts = fact.get().unwrap();
        assert_eq!(
            mounts.iter().map(|m| m.path.as_str()).collect::<Vec<_>>(),
            ["/run", "/", "/boot", "/srv", "/tmp", "/mnt/nas", "/run/media/me/USB"]
        );
        assert_eq!(
            (mounts[1].disk.as_deref(), mounts[1].kind, mounts[1].free, mounts[1].inodes_free),
            (Some("sda"), DiskKind::Ssd, 21_000_000_000, Some(1000))
        );
        assert_eq!((mounts[3].total, &mounts[3].disk), (0, &None));
        assert_eq!(mounts[5].total, 9_000_000_000_000);
    }

    #[tokio::test]
    async fn files_mounted_over_files_and_hidden_mounts_are_left_out() {
        let text = "1 0 0:40 / / rw - overlay overlay rw\n2 1 8:1 /x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n3 1 8:1 / /data rw - ext4 /dev/sda1 rw\n4 3 8:2 / /data rw - xfs /dev/sda2 rw\n";
        let fact = look(&Described::new().file("/proc/self/mountinfo", text).file("/etc/hosts", "").world()).await;
        assert_eq!(
            fact.get().unwrap().iter().map(|m| (m.path.as_str(), m.fs.as_str())).collect::<Vec<_>>(),
            [("/", "overlay"), ("/data", "xfs")]
        );
    }

    #[test]
    fn space_of_a_folder_that_is_not_there_is_its_parents() {
        let files = Described::new().space("/var", 10, 5);
        assert_eq!(space(&files, "/var/lib/docker").map(|s| s.free), Some(5));
        assert_eq!(space(&Described::new(), "/var/lib"), None);
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "([0-9]| |-|ext4|/|\n|.){0,80}", path in "[a-z/.]{0,20}") {
            let _ = (useful(mountinfo::parse(&text)), space(&Described::new(), &path));
        }
    }
}
