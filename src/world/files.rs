//! The door to files: whole reads, whole writes, folders, owners, space, locks, and the environment's variables.

use std::io;
use std::time::Duration;

use crate::model::host::HostReport;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Folder, file, link or other.
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Device it lies on, to tell file systems apart.
    pub device: u64,
}

/// Sort of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A symbolic link (not followed).
    Link,
    /// A socket, device or pipe.
    Other,
}

/// Space of the file system that holds a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes in all that are used or may still be written by a normal user.
    pub total: u64,
    /// Bytes a normal user may still write.
    pub free: u64,
    /// Free inodes; none where there is no fixed number.
    pub inodes_free: Option<u64>,
}

/// What a folder takes on its disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Bytes that were counted.
    pub bytes: u64,
    /// All of it was looked at; where not, it takes at least so much.
    pub whole: bool,
}

/// A file that is only added to, each addition on the disk before it returns.
pub trait Appender: Send {
    /// Adds the bytes and waits for the disk.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes sure that so many further bytes can be added although the disk fills up.
    fn reserve(&mut self, bytes: u64) -> io::Result<()>;
}

/// Held while it lives; let go when dropped, also by the death of the process.
pub trait Lock: Send {}

/// Files and folders of the machine.
pub trait Files: Send + Sync {
    /// The whole file. Also for /proc and /sys.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Names in a folder, sorted.
    fn list(&self, path: &str) -> io::Result<Vec<String>>;
    /// What is there, without following a last link; `NotFound` where nothing is.
    fn meta(&self, path: &str) -> io::Result<Meta>;
    /// Where a link points.
    fn read_link(&self, path: &str) -> io::Result<String>;
    /// Writes the whole file or leaves the old one: temporary file, fsync, rename, fsync of the folder.
    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()>;
    /// Makes a folder; its parent must exist. `AlreadyExists` where something is.
    fn create_folder(&self, path: &str, mode: u32) -> io::Result<()>;
    /// Sets permission bits.
    fn set_mode(&self, path: &str, mode: u32) -> io::Result<()>;
    /// Sets owner and group.
    fn set_owner(&self, path: &str, uid: u32, gid: u32) -> io::Result<()>;
    /// Makes a symbolic link.
    fn link(&self, target: &str, path: &str) -> io::Result<()>;
    /// Removes a file or link.
    fn remove_file(&self, path: &str) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, path: &str) -> io::Result<()>;
    /// Removes a folder and all in it, without following links or crossing into another file system.
    fn remove_tree(&self, path: &str) -> io::Result<()>;
    /// Renames.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Opens a file for additions, made with mode 0600 where it is not there.
    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>>;
    /// The same for what may be lost in a power cut: nothing waits for the disk.
    fn append_unsynced(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        self.append(path)
    }
    /// What a file holds from this byte on; nothing where it is shorter.
    fn read_from(&self, path: &str, from: u64) -> io::Result<Vec<u8>> {
        let mut bytes = self.read(path)?;
        Ok(bytes.split_off(usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len())))
    }
    /// Space of the file system that holds the path.
    fn space(&self, path: &str) -> io::Result<Space>;
    /// What a folder and all in it take, without following links or crossing into another file system. Looks at so many
    /// names at most, and no longer than `within`.
    fn taken(&self, path: &str, names: usize, _within: Duration) -> io::Result<Taken> {
        let top = self.meta(path)?;
        let (mut bytes, mut seen, mut whole, mut todo) = (0, 0, true, vec![path.to_owned()]);
        while let Some(folder) = todo.pop() {
            let Ok(inside) = self.list(&folder) else {
                whole = false;
                continue;
            };
            for name in inside {
                seen += 1;
                if seen > names {
                    return Ok(Taken { bytes, whole: false });
                }
                let at = format!("{folder}/{name}");
                match self.meta(&at) {
                    Ok(m) if m.device != top.device => {}
                    Ok(m) if m.kind == Kind::Folder => todo.push(at),
                    Ok(m) => bytes += m.size,
                    // Recordings come and go while they are counted.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                    Err(_) => whole = false,
                }
            }
        }
        Ok(Taken { bytes, whole })
    }
    /// Takes the lock at a path, or `None` where another process holds it.
    fn lock(&self, path: &str) -> io::Result<Option<Box<dyn Lock>>>;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// Effective user id of this process.
    fn uid(&self) -> u32;
    /// Absolute path of this program.
    fn program(&self) -> io::Result<String>;
    /// The report of a machine that is only described, as practice runs on: it has no /proc to read. A real machine has none.
    fn described(&self) -> Option<HostReport> {
        None
    }
}
