//! This machine's files, by descriptors where a path could be swapped under us.

use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{AtFlags, Dir, FallocateFlags, FileType, FlockOperation, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::taken;
use crate::world::files::{Appender, Files, Kind, Lock, Meta, Space, Taken};

/// The file systems of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFiles;

struct RealAppender {
    file: File,
    /// Each addition waits for the disk.
    sync: bool,
}

struct RealLock {
    /// The kernel lets go of the lock when the last descriptor closes.
    _file: File,
}

impl Lock for RealLock {}

impl Appender for RealAppender {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        if self.sync { self.file.sync_data() } else { Ok(()) }
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let end = self.file.metadata()?.len();
        match rustix::fs::fallocate(&self.file, FallocateFlags::KEEP_SIZE, end, bytes) {
            Ok(()) => Ok(()),
            // NFS before 4.2, ZFS and FUSE cannot reserve: the best that is left is to see that there is room now.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                let space = rustix::fs::fstatvfs(&self.file)?;
                if space.f_bavail.saturating_mul(space.f_frsize) < bytes { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
            }
            Err(e) => Err(e.into()),
        }
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

fn last_name(path: &Path) -> io::Result<&str> {
    path.file_name().and_then(|n| n.to_str()).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no name at its end"))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes beside the file and moves it over. The temporary file is removed when anything fails.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = parent(path);
    let beside: PathBuf =
        folder.join(format!(".{}.{}-{}.part", last_name(path)?, std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    let write = || -> io::Result<()> {
        // After a restart of the machine another kerbup may have had our number, and been cut off with this very name.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
        // The umask may have taken bits away that were asked for.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))?;
    sweep(folder, last_name(path)?);
    sync_folder(folder)
}

/// Removes what a kerbup that was cut off in the midst of writing this file left beside it.
fn sweep(folder: &Path, name: &str) {
    let head = format!(".{name}.");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let writer = left.to_str().and_then(|l| l.strip_prefix(&head)?.strip_suffix(".part")?.split_once('-')?.0.parse::<u32>().ok());
        if writer.is_some_and(|id| !holds(id, &entry.path())) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A process with this number has the file open. That it runs says nothing: after a restart of the machine numbers are given anew.
fn holds(id: u32, path: &Path) -> bool {
    let of = |path: &Path| fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
    match fs::read_dir(format!("/proc/{id}/fd")) {
        Ok(open) => open.flatten().any(|file| of(&file.path()).is_some_and(|it| Some(it) == of(path))),
        // Another user's files are not shown: it may be.
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    }
}

/// Opens a folder inside another one: never through a link, never across a mount.
fn open_inside(at: BorrowedFd<'_>, name: &CStr, device: u64) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat2(at, name, flags, Mode::empty(), ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS) {
        // Kernels before 5.6, and sandboxes that do not know the call: then the device number tells most mounts.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(at, name, flags, Mode::empty())?,
        other => other?,
    };
    if rustix::fs::fstat(&opened)?.st_dev != device {
        return Err(Errno::XDEV.into());
    }
    Ok(opened)
}

fn empty(folder: &OwnedFd, device: u64) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let is_folder = match entry.file_type() {
            FileType::Directory => true,
            FileType::Unknown => {
                let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                FileType::from_raw_mode(stat.st_mode) == FileType::Directory
            }
            _ => false,
        };
        if is_folder {
            let inner = open_inside(folder.as_fd(), name, device)?;
            empty(&inner, device)?;
            rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?;
        } else {
            match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
                // Something else removed it: what was asked for holds.
                Ok(()) | Err(Errno::NOENT) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
    Ok(())
}

impl Files for RealFiles {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let mut names =
            fs::read_dir(path)?.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn meta(&self, path: &str) -> io::Result<Meta> {
        let m = fs::symlink_metadata(path)?;
        let kind = if m.is_dir() {
            Kind::Folder
        } else if m.is_file() {
            Kind::File
        } else if m.is_symlink() {
            Kind::Link
        } else {
            Kind::Other
        };
        Ok(Meta { kind, size: m.len(), mode: m.mode() & 0o7777, uid: m.uid(), gid: m.gid(), device: m.dev() })
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        Ok(fs::read_link(path)?.to_string_lossy().into_owned())
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        write_whole(Path::new(path), bytes, mode)
    }

    fn create_folder(&self, path: &str, mode: u32) -> io::Result<()> {
        fs::DirBuilder::new().mode(mode).create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        sync_folder(parent(Path::new(path)))
    }

    fn set_mode(&self, path: &str, mode: u32) -> io::Result<()> {
        // A link put there by a container must not carry the change elsewhere; Linux has no mode of a link itself.
        if fs::symlink_metadata(path)?.is_symlink() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link"));
        }
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    fn set_owner(&self, path: &str, uid: u32, gid: u32) -> io::Result<()> {
        std::os::unix::fs::lchown(path, Some(uid), Some(gid))
    }

    fn link(&self, target: &str, path: &str) -> io::Result<()> {
        std::os::unix::fs::symlink(target, path)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_tree(&self, path: &str) -> io::Result<()> {
        let path = Path::new(path.trim_end_matches('/'));
        let name = std::ffi::CString::new(last_name(path)?)?;
        let above = rustix::fs::open(parent(path), OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let device = rustix::fs::fstat(&above)?.st_dev;
        let folder = open_inside(above.as_fd(), &name, device)?;
        empty(&folder, device)?;
        rustix::fs::unlinkat(&above, &name, AtFlags::REMOVEDIR)?;
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(from, to)?;
        sync_folder(parent(Path::new(to)))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        sync_folder(parent(Path::new(path)))?;
        Ok(Box::new(RealAppender { file, sync: true }))
    }

    fn append_unsynced(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(Box::new(RealAppender { file, sync: false }))
    }

    fn read_from(&self, path: &str, from: u64) -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(io::SeekFrom::Start(from))?;
        let mut bytes = vec![];
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn space(&self, path: &str) -> io::Result<Space> {
        let s = rustix::fs::statvfs(path)?;
        // btrfs and others make inodes as they need them and answer 0.
        let inodes_free = (s.f_files > 0).then_some(s.f_favail);
        // As df reckons: what is set aside for root, or held back by a quota, is neither used nor to be had.
        let used = s.f_blocks.saturating_sub(s.f_bfree);
        let total = used.saturating_add(s.f_bavail).saturating_mul(s.f_frsize);
        Ok(Space { total, free: s.f_bavail.saturating_mul(s.f_frsize), inodes_free })
    }

    fn taken(&self, path: &str, names: usize, within: Duration) -> io::Result<Taken> {
        taken::taken(path, names, within)
    }

    fn lock(&self, path: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: file }))),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn program(&self) -> io::Result<String> {
        std::env::current_exe()?
            .into_os_string()
            .into_string()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "this program's path is not UTF-8"))
    }
}

#[cfg(test)]
mod tests;
