//! A tree of files in memory, with owners, modes, links and file systems.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::described::Described;
use crate::model::host::Mount;
use crate::world::files::{Kind, Meta, Space};

/// What lies at a path.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Folder,
    File(Vec<u8>),
    Link(String),
}

/// An entry.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub body: Body,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

/// All entries by absolute path.
pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    mounts: Vec<Mount>,
    /// Bytes that were there at the beginning: the report's free space counts them already.
    base: BTreeMap<usize, u64>,
    /// Bytes that the engine put below its root folder.
    pub engine: (String, u64),
    pub uid: u32,
}

const FOLDERS: &[&str] = &[
    "/",
    "/etc",
    "/etc/systemd",
    "/etc/systemd/system",
    "/etc/docker",
    "/home",
    "/lib",
    "/mnt",
    "/media",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/srv",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/local",
    "/usr/local/bin",
    "/usr/sbin",
    "/var",
    "/var/lib",
    "/var/log",
];

impl Tree {
    pub(super) fn new(described: &Described) -> Self {
        let uid = described.host.user.get().map_or(0, |u| u.uid);
        let mounts = described.host.mounts.get().cloned().unwrap_or_default();
        let mut tree = Tree { nodes: BTreeMap::new(), mounts, base: BTreeMap::new(), engine: ("/var/lib/docker".into(), 0), uid };
        for path in FOLDERS {
            tree.plant(path, Body::Folder, 0o755, 0);
        }
        tree.plant("/tmp", Body::Folder, 0o1777, 0);
        for path in tree.mounts.iter().map(|m| m.path.clone()).collect::<Vec<_>>() {
            tree.deep(&path);
        }
        for (path, text) in &described.files {
            tree.deep(parent(path));
            tree.plant(path, Body::File(text.as_bytes().to_vec()), 0o644, 0);
        }
        if let Some(home) = described.variables.get("HOME") {
            tree.deep(home);
            tree.plant(home, Body::Folder, 0o750, uid);
        }
        tree.plant(&tree.program(), Body::File(b"\x7fELF practice".to_vec()), 0o755, uid);
        for index in 0..=tree.mounts.len() {
            let used = tree.used(index);
            tree.base.insert(index, used);
        }
        tree
    }

    /// Where this program lies.
    pub(super) fn program(&self) -> String {
        "/tmp/kerbup".into()
    }

    fn plant(&mut self, path: &str, body: Body, mode: u32, uid: u32) {
        self.nodes.insert(path.to_owned(), Node { body, mode, uid, gid: uid });
    }

    /// Makes a folder and those above it.
    pub(super) fn deep(&mut self, path: &str) {
        if path != "/" && !self.nodes.contains_key(path) {
            self.deep(parent(path));
            self.plant(path, Body::Folder, 0o755, 0);
        }
    }

    /// The path with links on the way followed, the last one only where asked.
    fn real(&self, path: &str, last: bool) -> io::Result<String> {
        let mut todo: Vec<String> = path.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned).collect();
        let mut at = String::new();
        let mut hops = 0;
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let next = format!("{at}/{part}");
            match self.nodes.get(&next) {
                Some(Node { body: Body::Link(target), .. }) if last || !todo.is_empty() => {
                    hops += 1;
                    if hops > 16 {
                        return Err(io::Error::other("too many links"));
                    }
                    if target.starts_with('/') {
                        at.clear();
                    }
                    todo.extend(target.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned));
                }
                Some(Node { body: Body::File(_), .. }) if !todo.is_empty() => return Err(ErrorKind::NotADirectory.into()),
                _ => at = next,
            }
        }
        Ok(if at.is_empty() { "/".into() } else { at })
    }

    pub(super) fn get(&self, path: &str, follow: bool) -> io::Result<&Node> {
        let path = self.real(path, follow)?;
        self.nodes.get(&path).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn get_mut(&mut self, path: &str, follow: bool) -> io::Result<&mut Node> {
        let path = self.real(path, follow)?;
        self.nodes.get_mut(&path).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// The path, when something may be made, changed or removed there.
    fn writable(&self, path: &str) -> io::Result<String> {
        let path = self.real(path, false)?;
        let folder = self.nodes.get(parent(&path)).ok_or(ErrorKind::NotFound)?;
        if !matches!(folder.body, Body::Folder) {
            return Err(ErrorKind::NotADirectory.into());
        }
        if self.uid != 0 && folder.uid != self.uid && folder.mode & 0o002 == 0 {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let mount = self.mount(&path);
        if mount.and_then(|i| self.mounts.get(i)).is_some_and(|m| m.options.iter().any(|o| o == "ro")) {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(path)
    }

    pub(super) fn file(&self, path: &str) -> io::Result<&Vec<u8>> {
        let node = self.get(path, true)?;
        if self.uid != 0 && node.uid != self.uid && node.mode & 0o004 == 0 {
            return Err(ErrorKind::PermissionDenied.into());
        }
        match &node.body {
            Body::File(bytes) => Ok(bytes),
            Body::Folder => Err(ErrorKind::IsADirectory.into()),
            Body::Link(_) => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn list(&self, path: &str) -> io::Result<Vec<String>> {
        let path = self.real(path, true)?;
        match &self.nodes.get(&path).ok_or(ErrorKind::NotFound)?.body {
            Body::Folder => {}
            _ => return Err(ErrorKind::NotADirectory.into()),
        }
        let prefix = inside(&path);
        let names = self.nodes.range(prefix.clone()..).take_while(|(p, _)| p.starts_with(&prefix)).map(|(p, _)| &p[prefix.len()..]);
        Ok(names.filter(|n| !n.is_empty() && !n.contains('/')).map(str::to_owned).collect())
    }

    pub(super) fn meta(&self, path: &str) -> io::Result<Meta> {
        let real = self.real(path, false)?;
        let node = self.nodes.get(&real).ok_or(ErrorKind::NotFound)?;
        let (kind, size) = match &node.body {
            Body::Folder => (Kind::Folder, 4096),
            Body::File(bytes) => (Kind::File, bytes.len() as u64),
            Body::Link(target) => (Kind::Link, target.len() as u64),
        };
        Ok(Meta { kind, size, mode: node.mode, uid: node.uid, gid: node.gid, device: self.mount(&real).map_or(0, |i| i as u64 + 1) })
    }

    pub(super) fn put(&mut self, path: &str, body: Body, mode: u32, replace: bool) -> io::Result<()> {
        let path = self.writable(path)?;
        match self.nodes.get(&path) {
            Some(_) if !replace => return Err(ErrorKind::AlreadyExists.into()),
            Some(Node { body: Body::Folder, .. }) => return Err(ErrorKind::IsADirectory.into()),
            _ => {}
        }
        if let Body::File(bytes) = &body {
            let old = self.nodes.get(&path).map_or(0, size);
            self.room(&path, (bytes.len() as u64).saturating_sub(old))?;
        }
        let uid = self.uid;
        self.nodes.insert(path, Node { body, mode, uid, gid: uid });
        Ok(())
    }

    /// A file that a container writes: owners do not matter, space does.
    pub(super) fn record(&mut self, path: &str, bytes: Vec<u8>) {
        let there = self.get(parent(path), true).is_ok_and(|n| matches!(n.body, Body::Folder));
        if there && self.room(path, bytes.len() as u64).is_ok() {
            self.plant(path, Body::File(bytes), 0o644, 999);
        }
    }

    /// Adds to a file, which is made where it is not there.
    pub(super) fn add(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        if self.get(path, true).is_err() {
            self.put(path, Body::File(vec![]), 0o600, false)?;
        }
        self.room(path, bytes.len() as u64)?;
        match &mut self.get_mut(path, true)?.body {
            Body::File(old) => old.extend_from_slice(bytes),
            _ => return Err(ErrorKind::IsADirectory.into()),
        }
        Ok(())
    }

    pub(super) fn change(&mut self, path: &str, mode: Option<u32>, owner: Option<(u32, u32)>) -> io::Result<()> {
        let uid = self.uid;
        let node = self.get_mut(path, true)?;
        let other = owner.is_some_and(|o| o != (node.uid, node.gid));
        if uid != 0 && (node.uid != uid || other) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        node.mode = mode.unwrap_or(node.mode);
        (node.uid, node.gid) = owner.unwrap_or((node.uid, node.gid));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str, folder: bool) -> io::Result<()> {
        let path = self.writable(path)?;
        let node = self.nodes.get(&path).ok_or(ErrorKind::NotFound)?;
        match (folder, &node.body) {
            (true, Body::Folder) if !self.list(&path)?.is_empty() => return Err(ErrorKind::DirectoryNotEmpty.into()),
            (true, Body::Folder) | (false, Body::File(_) | Body::Link(_)) => {}
            (true, _) => return Err(ErrorKind::NotADirectory.into()),
            (false, _) => return Err(ErrorKind::IsADirectory.into()),
        }
        self.nodes.remove(&path);
        Ok(())
    }

    pub(super) fn remove_tree(&mut self, path: &str) -> io::Result<()> {
        let path = self.writable(path)?;
        if !self.nodes.contains_key(&path) {
            return Err(ErrorKind::NotFound.into());
        }
        let (prefix, device) = (inside(&path), self.mount(&path));
        if self.nodes.keys().any(|p| p.starts_with(&prefix) && self.mount(p) != device) {
            return Err(ErrorKind::CrossesDevices.into());
        }
        self.nodes.retain(|p, _| *p != path && !p.starts_with(&prefix));
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.writable(from)?, self.writable(to)?);
        if self.mount(&from) != self.mount(&to) {
            return Err(ErrorKind::CrossesDevices.into());
        }
        let node = self.nodes.remove(&from).ok_or(ErrorKind::NotFound)?;
        let (old, new) = (inside(&from), inside(&to));
        let moved: Vec<String> = self.nodes.keys().filter(|p| p.starts_with(&old)).cloned().collect();
        for path in moved {
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(format!("{new}{}", &path[old.len()..]), node);
            }
        }
        self.nodes.insert(to, node);
        Ok(())
    }

    /// The file system that holds a path, which need not exist.
    fn mount(&self, path: &str) -> Option<usize> {
        let holds = |m: &Mount| m.path == "/" || path == m.path || path.starts_with(&inside(&m.path));
        self.mounts.iter().enumerate().filter(|(_, m)| holds(m)).max_by_key(|(_, m)| m.path.len()).map(|(i, _)| i)
    }

    fn used(&self, index: usize) -> u64 {
        let files: u64 = self.nodes.iter().filter(|(p, _)| self.mount(p) == Some(index)).map(|(_, n)| size(n)).sum();
        files + if self.mount(&self.engine.0) == Some(index) { self.engine.1 } else { 0 }
    }

    pub(super) fn space(&self, path: &str) -> io::Result<Space> {
        let path = self.real(path, true)?;
        if !self.nodes.contains_key(&path) {
            return Err(ErrorKind::NotFound.into());
        }
        self.space_of(&path)
    }

    fn space_of(&self, path: &str) -> io::Result<Space> {
        let index = self.mount(path).ok_or(ErrorKind::NotFound)?;
        let mount = self.mounts.get(index).ok_or(ErrorKind::NotFound)?;
        let written = self.used(index).saturating_sub(self.base.get(&index).copied().unwrap_or(0));
        Ok(Space { total: mount.total, free: mount.free.saturating_sub(written), inodes_free: mount.inodes_free })
    }

    pub(super) fn room(&self, path: &str, bytes: u64) -> io::Result<()> {
        match self.space_of(path) {
            Ok(space) if space.free < bytes => Err(ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

fn size(node: &Node) -> u64 {
    if let Body::File(bytes) = &node.body { bytes.len() as u64 } else { 0 }
}

/// The folder that a path lies in.
fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}

fn inside(path: &str) -> String {
    if path == "/" { "/".into() } else { format!("{path}/") }
}
