//! Disks and folders.

use super::*;
use crate::model::answers::PlatformKind::{Eks, Kubernetes, Microk8s};
use crate::model::check::Status::{Block, Warn};

pub(super) const CASES: &[Case] = &[
    case("disk-full", Block, |w| w.mounts(|m| m[0].free = 40_000_000), healthy),
    // In memory: small is as it should be, but not for recordings.
    case(
        "disk-full",
        Block,
        |w| w.mounts(|m| m.push(mount("/srv", "tmpfs", "tmpfs", 3_000_000, 3_000_000, DiskKind::Unknown))),
        |w| w.mounts(|m| m.push(mount("/tmp", "tmpfs", "tmpfs", 3_000_000, 3_000_000, DiskKind::Unknown))),
    ),
    case(
        "disk-full",
        Warn,
        |w| w.mounts(|m| m[0].free = 700_000_000),
        |w| w.mounts(|m| m.push(mount("/boot", "/dev/sda1", "ext4", 500_000_000, 9_000_000, DiskKind::Ssd))),
    ),
    case("disk-inodes", Block, |w| w.mounts(|m| m[0].inodes_free = Some(12)), healthy),
    case("disk-inodes", Warn, |w| w.mounts(|m| m[0].inodes_free = Some(9_000)), healthy),
    case("readonly-root", Block, |w| w.mounts(|m| m[0].options = vec!["ro".into()]), healthy),
    case(
        "readonly-root",
        Block,
        |w| {
            w.mounts(|m| {
                m.push(usb("/srv", "ext4"));
                m[1].options = vec!["ro".into()]
            })
        },
        |w| w.mounts(|m| m.push(usb("/srv", "ext4"))),
    ),
    case("readonly-root", Warn, silverblue, |w| {
        silverblue(w);
        w.answers.path = "/var/kerberos".into()
    }),
    case("disk-images", Block, |w| w.engine(|e| e.root_free = Some(1_100_000_000)), healthy),
    case(
        "disk-images",
        Warn,
        |w| w.engine(|e| e.root_free = Some(3_000_000_000)),
        |w| {
            w.engine(|e| e.root_free = Some(1));
            w.needs.images.iter_mut().for_each(|i| i.present = true)
        },
    ),
    case(
        "disk-images",
        Warn,
        |w| {
            w.host.docker = k(DockerPresence::Missing);
            w.needs.image_bytes = None;
            w.mounts(|m| m[0].free = 3_000_000_000)
        },
        healthy,
    ),
    case("disk-for-recordings", Warn, |w| w.mounts(|m| m[0].free = 6_000_000_000), healthy),
    case(
        "disk-recordings-days",
        Warn,
        |w| {
            w.tried("front-door", Ok(8e6));
            w.tried("yard", Ok(8e6))
        },
        |w| w.tried("front-door", Ok(5e5)),
    ),
    case("storage-path-not-mounted", Warn, |w| w.answers.path = "/mnt/big/kerberos".into(), healthy),
    case(
        "storage-path-not-mounted",
        Block,
        |w| {
            stick(w, "ext4", Some("storage"));
            w.answers.path = "/media/storage/kerberos".into()
        },
        |w| {
            w.answers.path = "/media/storage/kerberos".into();
            w.mounts(|m| m.push(usb("/media/storage", "ext4")));
        },
    ),
    case("disk-not-mounted", Warn, |w| stick(w, "exfat", None), |w| stick(w, "LVM2_member", None)),
    case(
        "storage-on-system-disk",
        Warn,
        |w| {
            w.mounts(|m| {
                m[0].free = 20_000_000_000;
                m.push(usb("/data", "ext4"))
            })
        },
        |w| {
            w.mounts(|m| {
                m[0].free = 20_000_000_000;
                m.push(usb("/srv", "ext4"))
            });
        },
    ),
    case(
        "storage-on-sd-card",
        Warn,
        |w| pi(w, 4),
        |w| {
            pi(w, 4);
            w.mounts(|m| m.push(usb("/srv", "ext4")))
        },
    ),
    case(
        "storage-forgets",
        Warn,
        |w| {
            w.answers.path = "/tmp/k".into();
            w.mounts(|m| m.push(mount("/tmp", "tmpfs", "tmpfs", 4_000_000_000, 4_000_000_000, DiskKind::Unknown)))
        },
        healthy,
    ),
    case(
        "storage-forgets",
        Warn,
        |w| {
            pi(w, 4);
            w.mounts(|m| m[0].fs = "overlay".into())
        },
        |w| {
            w.host.virtualization = virt(VirtKind::Container, "docker");
            w.mounts(|m| m[0].fs = "overlay".into());
        },
    ),
    case("fs-unsupported-for-mongo", Block, |w| w.mounts(|m| m.push(usb("/srv", "exfat"))), |w| w.mounts(|m| m.push(usb("/srv", "xfs")))),
    case(
        "fs-unsupported-for-mongo",
        Warn,
        |w| w.mounts(|m| m.push(mount("/srv", "nas:/volume1", "nfs4", 8_000_000_000_000, 7_000_000_000_000, DiskKind::Unknown))),
        healthy,
    ),
    case("agent-volume-permission", Block, |w| w.mounts(|m| m.push(usb("/srv", "exfat"))), |w| w.mounts(|m| m.push(usb("/srv", "ntfs3")))),
    case(
        "agent-volume-permission",
        Warn,
        |w| w.mounts(|m| m.push(mount("/srv", "nas:/volume1", "nfs4", 8_000_000_000_000, 7_000_000_000_000, DiskKind::Unknown))),
        healthy,
    ),
    case(
        "slow-disk-datastore",
        Warn,
        |w| {
            pi(w, 5);
            on(w, Microk8s)
        },
        |w| on(w, Microk8s),
    ),
    case("pvc-storageclass-missing", Warn, |w| on(w, Kubernetes), |w| on(w, Microk8s)),
    case(
        "pvc-storageclass-missing",
        Warn,
        |w| on(w, Eks),
        |w| {
            on(w, Kubernetes);
            w.host.tools.k3s = k(Some("v1.31.2+k3s1".into()))
        },
    ),
];

fn usb(path: &str, fs: &str) -> Mount {
    mount(path, "/dev/sdb1", fs, 2_000_000_000_000, 1_900_000_000_000, DiskKind::Usb)
}

fn stick(w: &mut World, fs: &str, label: Option<&str>) {
    let mut disks = w.host.disks.get().unwrap().clone();
    disks.push(disk("sdb", 2_000_000_000_000, DiskKind::Usb, Some(fs), label, None));
    w.host.disks = k(disks);
}

/// A root that is fixed by design, with /var beside it.
fn silverblue(w: &mut World) {
    w.mounts(|m| {
        m[0].fs = "overlay".into();
        m[0].options = vec!["ro".into()];
        m.push(mount("/var", "/dev/nvme0n1p3", "btrfs", 480_000_000_000, 400_000_000_000, DiskKind::Nvme));
    });
}
