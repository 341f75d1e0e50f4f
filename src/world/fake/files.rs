//! Files that are only in memory.

use std::io;
use std::sync::Arc;

use super::machine::Machine;
use super::tree::Body;
use crate::world::files::{Appender, Files, Lock, Meta, Space};

pub(super) struct FakeFiles(pub(super) Arc<Machine>);

struct FakeAppender(Arc<Machine>, String);

impl Appender for FakeAppender {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.state().tree.add(&self.1, bytes)
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.0.state().tree.room(&self.1, bytes)
    }
}

struct FakeLock(Arc<Machine>, String);

impl Lock for FakeLock {}

impl Drop for FakeLock {
    fn drop(&mut self) {
        self.0.state().locks.remove(&self.1);
    }
}

impl Files for FakeFiles {
    fn described(&self) -> Option<crate::model::host::HostReport> {
        let mut host = self.0.described.host.clone();
        if let crate::model::fact::Fact::Known { value, .. } = &mut host.listeners {
            value.extend(self.0.state().listeners.iter().cloned());
        }
        Some(host)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.settle();
        self.0.state().tree.file(path).cloned()
    }

    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.0.settle();
        self.0.state().tree.list(path)
    }

    fn meta(&self, path: &str) -> io::Result<Meta> {
        self.0.settle();
        self.0.state().tree.meta(path)
    }

    fn read_link(&self, path: &str) -> io::Result<String> {
        match &self.0.state().tree.get(path, false)?.body {
            Body::Link(target) => Ok(target.clone()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn write(&self, path: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
        self.0.state().tree.put(path, Body::File(bytes.to_vec()), mode, true)
    }

    fn create_folder(&self, path: &str, mode: u32) -> io::Result<()> {
        self.0.state().tree.put(path, Body::Folder, mode, false)
    }

    fn set_mode(&self, path: &str, mode: u32) -> io::Result<()> {
        self.0.state().tree.change(path, Some(mode), None)
    }

    fn set_owner(&self, path: &str, uid: u32, gid: u32) -> io::Result<()> {
        self.0.state().tree.change(path, None, Some((uid, gid)))
    }

    fn link(&self, target: &str, path: &str) -> io::Result<()> {
        self.0.state().tree.put(path, Body::Link(target.to_owned()), 0o777, false)
    }

    fn remove_file(&self, path: &str) -> io::Result<()> {
        self.0.state().tree.remove(path, false)
    }

    fn remove_folder(&self, path: &str) -> io::Result<()> {
        self.0.state().tree.remove(path, true)
    }

    fn remove_tree(&self, path: &str) -> io::Result<()> {
        self.0.state().tree.remove_tree(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.state().tree.rename(from, to)
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn Appender>> {
        self.0.state().tree.add(path, b"")?;
        Ok(Box::new(FakeAppender(self.0.clone(), path.to_owned())))
    }

    fn space(&self, path: &str) -> io::Result<Space> {
        self.0.settle();
        self.0.state().tree.space(path)
    }

    fn lock(&self, path: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.0.state();
        state.tree.add(path, b"")?;
        if !state.locks.insert(path.to_owned()) {
            return Ok(None);
        }
        drop(state);
        Ok(Some(Box::new(FakeLock(self.0.clone(), path.to_owned()))))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.0.described.variables.get(name).cloned()
    }

    fn uid(&self) -> u32 {
        self.0.uid()
    }

    fn program(&self) -> io::Result<String> {
        Ok(self.0.state().tree.program())
    }
}
