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
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap().to_owned();
        (dir, path)
    }

    #[test]
    fn a_write_replaces_the_whole_file_with_the_mode_asked_for_and_leaves_nothing_else() {
        let (_dir, at) = place();
        let file = format!("{at}/site.toml");
        RealFiles.write(&file, b"a long first text", 0o644).unwrap();
        RealFiles.write(&file, b"short", 0o600).unwrap();
        assert_eq!(RealFiles.read(&file).unwrap(), b"short");
        assert_eq!(RealFiles.meta(&file).unwrap().mode, 0o600);
        assert_eq!(RealFiles.list(&at).unwrap(), ["site.toml"]);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_and_no_temporary_file() {
        let (_dir, at) = place();
        RealFiles.create_folder(&format!("{at}/taken"), 0o755).unwrap();
        RealFiles.write(&format!("{at}/taken/x"), b"x", 0o600).unwrap();
        assert!(RealFiles.write(&format!("{at}/taken"), b"y", 0o600).is_err());
        assert_eq!(RealFiles.list(&at).unwrap(), ["taken"]);
    }

    #[test]
    fn what_a_cut_left_beside_a_file_goes_with_the_next_write() {
        let (_dir, at) = place();
        let left = |id: u32, number: &str| format!("{at}/.kerbup.{id}-{number}.part");
        let ours = std::process::id();
        // By a process that is gone, by numbers that others have now, and by one that is still at it.
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        for path in [left(u32::MAX, "0"), left(other.id(), "7"), left(ours, "900")] {
            fs::write(path, b"half").unwrap();
        }
        let _writing = fs::File::create(left(ours, "901")).unwrap();
        RealFiles.write(&format!("{at}/kerbup"), b"whole", 0o755).unwrap();
        assert_eq!(RealFiles.list(&at).unwrap(), [format!(".kerbup.{ours}-901.part"), "kerbup".into()]);
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn removing_a_tree_leaves_what_its_links_point_to() {
        let (_dir, at) = place();
        RealFiles.create_folder(&format!("{at}/keep"), 0o755).unwrap();
        RealFiles.write(&format!("{at}/keep/video"), b"v", 0o600).unwrap();
        RealFiles.create_folder(&format!("{at}/tree"), 0o755).unwrap();
        RealFiles.create_folder(&format!("{at}/tree/deep"), 0o755).unwrap();
        RealFiles.write(&format!("{at}/tree/deep/f"), b"f", 0o600).unwrap();
        RealFiles.link(&format!("{at}/keep"), &format!("{at}/tree/deep/link")).unwrap();
        RealFiles.remove_tree(&format!("{at}/tree/")).unwrap();
        assert_eq!(RealFiles.list(&at).unwrap(), ["keep"]);
        assert_eq!(RealFiles.read(&format!("{at}/keep/video")).unwrap(), b"v");
    }

    #[test]
    fn modes_are_not_set_through_a_link() {
        let (_dir, at) = place();
        RealFiles.write(&format!("{at}/file"), b"f", 0o600).unwrap();
        RealFiles.link(&format!("{at}/file"), &format!("{at}/link")).unwrap();
        assert!(RealFiles.set_mode(&format!("{at}/link"), 0o777).is_err());
        assert_eq!(RealFiles.meta(&format!("{at}/file")).unwrap().mode, 0o600);
    }

    #[test]
    fn a_tree_that_is_a_link_or_not_there_is_not_removed() {
        let (_dir, at) = place();
        RealFiles.create_folder(&format!("{at}/keep"), 0o755).unwrap();
        RealFiles.link(&format!("{at}/keep"), &format!("{at}/link")).unwrap();
        assert!(RealFiles.remove_tree(&format!("{at}/link")).is_err());
        assert_eq!(RealFiles.remove_tree(&format!("{at}/none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(RealFiles.list(&at).unwrap(), ["keep", "link"]);
    }

    #[test]
    fn a_tree_on_another_file_system_is_not_entered() {
        // /proc is a mount point of its own on every Linux.
        assert_eq!(RealFiles.remove_tree("/proc").unwrap_err().kind(), io::ErrorKind::CrossesDevices);
    }

    #[test]
    fn a_lock_is_held_by_one_and_free_after_it() {
        let (_dir, at) = place();
        let path = format!("{at}/lock");
        let held = RealFiles.lock(&path).unwrap();
        assert!(held.is_some());
        assert!(RealFiles.lock(&path).unwrap().is_none());
        drop(held);
        assert!(RealFiles.lock(&path).unwrap().is_some());
    }

    #[test]
    fn additions_go_to_the_end_of_a_private_file_and_a_reserve_does_not_lengthen_it() {
        let (_dir, at) = place();
        let path = format!("{at}/journal");
        let mut journal = RealFiles.append(&path).unwrap();
        journal.append(b"one\n").unwrap();
        journal.reserve(65536).unwrap();
        journal.append(b"two\n").unwrap();
        assert_eq!(RealFiles.read(&path).unwrap(), b"one\ntwo\n");
        assert_eq!(RealFiles.meta(&path).unwrap().mode, 0o600);
        let room = RealFiles.space(&at).unwrap();
        assert!(room.free > 0 && room.free <= room.total);
        assert!(journal.reserve(room.total.saturating_mul(2)).is_err());
    }
}
