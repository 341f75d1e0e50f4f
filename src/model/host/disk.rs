//! Disks, what is on them, and what is mounted.

use serde::{Deserialize, Serialize};

/// At most so much of a disk is used: the plan keeps no more, and the guard lowers the days beyond it.
pub const SHARE: f64 = 0.85;

/// A whole disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Kernel name: `sda`, `mmcblk0`, `nvme0n1`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Maker's name.
    pub model: Option<String>,
    /// Kind in one word.
    pub kind: DiskKind,
    /// Partitions (or the disk itself) with what is on them.
    pub volumes: Vec<Volume>,
}

/// Kind of disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskKind {
    /// Turning platters.
    HardDisk,
    /// Flash that is no card.
    Ssd,
    /// NVMe flash.
    Nvme,
    /// SD card.
    SdCard,
    /// Soldered eMMC.
    Emmc,
    /// Behind USB, whatever it is.
    Usb,
    /// A virtual machine's disk.
    Virtual,
    /// Not told.
    Unknown,
}

/// A partition, or a disk without partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Kernel name: `sda1`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// File system, where it could be read.
    pub fs: Option<String>,
    /// UUID of the file system.
    pub uuid: Option<String>,
    /// Label of the file system.
    pub label: Option<String>,
    /// Where it is mounted.
    pub mount: Option<String>,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Mount point.
    pub path: String,
    /// Device or source.
    pub source: String,
    /// File system type.
    pub fs: String,
    /// Mount options.
    pub options: Vec<String>,
    /// Bytes in all; 0 where the file system (a network folder, say) does not answer.
    pub total: u64,
    /// Bytes that may still be written by a normal user.
    pub free: u64,
    /// Free inodes; none where the file system has no fixed number.
    pub inodes_free: Option<u64>,
    /// The disk below, by kernel name, where it could be followed.
    pub disk: Option<String>,
    /// Kind of that disk.
    pub kind: DiskKind,
}

/// File systems without owners and locks as a database needs them (docker-library/mongo#243, #205, #737).
const NO_OWNERS: [&str; 14] = [
    "ntfs",
    "ntfs3",
    "fuseblk",
    "exfat",
    "vfat",
    "msdos",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "drvfs",
    "vboxsf",
    "fuse.vmhgfs-fuse",
    "fuse.sshfs",
];

/// A file system has no owners and locks as a database needs them.
pub fn no_owners(fs: &str) -> bool {
    NO_OWNERS.contains(&fs)
}
