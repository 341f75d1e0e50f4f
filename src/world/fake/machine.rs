//! The machine that all fake doors look at: its description, its clock, and what became of it since.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::clock::{Pace, Told};
use super::containers::{Sim, Sims};
use super::described::{Described, Sort, Trouble, Verb};
use super::tree::Tree;
use crate::model::host::{DockerEngine, DockerFlavour, DockerPresence, Listener};
use crate::world::clock::Clock as _;
use crate::world::engine::EngineError;

/// Where the engine's settings lie.
const SETTINGS: &str = "/etc/docker/daemon.json";

/// A described machine in use.
pub(super) struct Machine {
    pub described: Described,
    pub clock: Told,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    pub tree: Tree,
    pub sims: Sims,
    pub programs: BTreeSet<String>,
    pub engine: Presence,
    /// Registries without TLS that the engine read in its settings file.
    pub registries: Vec<String>,
    pub locks: BTreeSet<String>,
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Buckets of the stores, each with the rule that deletes from it, if there is one.
    pub buckets: BTreeMap<String, Vec<u8>>,
    /// Pulls under way, which share the line.
    pub pulls: u32,
    /// Who listens besides those of the description.
    pub listeners: Vec<Listener>,
    trouble: Vec<(Trouble, u32)>,
}

/// How the engine is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Absent,
    Denied,
    Up,
}

impl Machine {
    pub(super) fn new(described: Described, pace: Pace) -> Arc<Self> {
        let clock = Told::new(f64::from(described.now), pace);
        let engine = match described.host.docker.get() {
            Some(DockerPresence::Running(_)) => Presence::Up,
            Some(DockerPresence::NoAccess { .. }) => Presence::Denied,
            _ => Presence::Absent,
        };
        let programs = described.programs.iter().filter(|a| !a.later).map(|a| a.program.clone()).collect();
        let trouble = described.trouble.iter().map(|t| (t.clone(), t.times)).collect();
        let state = State {
            tree: Tree::new(&described),
            sims: Sims::new(&described, clock.now()),
            programs,
            engine,
            registries: vec![],
            locks: BTreeSet::new(),
            objects: BTreeMap::new(),
            buckets: BTreeMap::new(),
            pulls: 0,
            listeners: vec![],
            trouble,
        };
        let machine = Arc::new(Machine { described, clock, state: Mutex::new(state) });
        machine.read_settings(true);
        machine
    }

    /// The engine reads its settings file, as it starts or while it runs. Says whether it took it. A running one keeps the
    /// registries it has when the file no longer speaks of them.
    pub(super) fn read_settings(&self, starts: bool) -> bool {
        let mut state = self.state();
        let text = state.tree.file(SETTINGS).map_or_else(|_| b"{}".to_vec(), Clone::clone);
        let Ok(settings) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&text) else { return false };
        if settings.keys().any(|key| self.described.engine_flags.contains(key)) {
            return false;
        }
        match settings.get("insecure-registries").and_then(|l| l.as_array()) {
            Some(all) => state.registries = all.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect(),
            None if starts => state.registries.clear(),
            None => {}
        }
        true
    }

    /// What became of it. A panic of one test's task does not hide it from the others.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn wait(&self, seconds: f64) {
        self.clock.sleep(Duration::from_secs_f64(seconds.max(0.0))).await;
    }

    /// A staged failure that strikes now; it is used up.
    pub(super) fn trouble(&self, verb: Verb, what: &str) -> Option<Trouble> {
        let mut state = self.state();
        let (trouble, left) = state.trouble.iter_mut().find(|(t, left)| *left > 0 && t.verb == verb && what.contains(&t.fits))?;
        *left -= 1;
        let trouble = trouble.clone();
        state.listeners.extend(trouble.listens.clone());
        Some(trouble)
    }

    /// The engine as it is or will be.
    pub(super) fn engine(&self) -> DockerEngine {
        let mut engine = match (self.described.host.docker.get(), &self.described.engine) {
            (Some(DockerPresence::Running(engine)), _) | (_, Some(engine)) => engine.clone(),
            _ => DockerEngine {
                version: "28.5.1".into(),
                api: "1.51".into(),
                api_min: "1.24".into(),
                flavour: DockerFlavour::Rootful,
                root: "/var/lib/docker".into(),
                root_free: None,
                driver: "overlay2".into(),
                keeps_packed: Some(false),
                arch: self.arch(),
                memory_limit: true,
                warnings: vec![],
                subnets: vec!["172.17.0.0/16".into()],
                insecure_registries: vec!["127.0.0.0/8".into()],
                enabled: Some(true),
            },
        };
        let read = self.state().registries.clone();
        engine.insecure_registries.extend(read);
        engine
    }

    /// What the engine says of how it keeps containers in.
    pub(super) fn security_options(&self) -> Vec<String> {
        let rootless = self.engine().flavour == DockerFlavour::Rootless;
        let enforcing = self.described.host.selinux.get().is_some_and(|s| s.as_deref() == Some("enforcing"));
        let all = [("name=rootless", rootless), ("name=selinux", enforcing), ("name=seccomp,profile=builtin", true)];
        all.iter().filter(|(_, on)| *on).map(|(name, _)| (*name).to_owned()).collect()
    }

    pub(super) fn arch(&self) -> String {
        self.described.host.cpu.arch.get().cloned().unwrap_or_else(|| "amd64".into())
    }

    pub(super) fn uid(&self) -> u32 {
        self.described.host.user.get().map_or(0, |u| u.uid)
    }

    /// Addresses of this machine itself.
    pub(super) fn is_here(&self, address: IpAddr) -> bool {
        let own = self.described.host.network.interfaces.get();
        address.is_loopback() || own.is_some_and(|all| all.iter().any(|i| i.addresses.iter().any(|(a, _)| *a == address)))
    }

    /// Something that is not of the stand listens on the port.
    pub(super) fn listener(&self, port: u16) -> Option<String> {
        let state = self.state();
        let mut all = self.described.host.listeners.get().into_iter().flatten().chain(&state.listeners);
        let found = all.find(|l| l.port == port && l.protocol.starts_with("tcp"))?;
        Some(found.process.clone().unwrap_or_else(|| "a program".into()))
    }

    /// Bytes to download for an image, where there is one of this name.
    pub(super) fn image_size(&self, name: &str) -> Option<u64> {
        let (repo, tag) = bare(name);
        let same = |key: &str, with_tag: bool| {
            let (r, t) = bare(key);
            r == repo && if with_tag { t.is_some() && t == tag } else { t.is_none() }
        };
        let images = &self.described.images;
        images.iter().find(|(k, _)| same(k, true)).or_else(|| images.iter().find(|(k, _)| same(k, false))).map(|(_, size)| *size)
    }

    /// The running container whose address this is, or which publishes this port of the machine, and the port inside.
    pub(super) fn behind(&self, address: IpAddr, port: u16) -> Option<(Sim, u16)> {
        let now = self.clock.now();
        let here = self.is_here(address);
        let state = self.state();
        state.sims.all().filter(|s| s.runs(now)).find_map(|s| {
            if s.address == Some(address) {
                return Some((s.clone(), port));
            }
            let published = s.spec.publish.iter().find(|p| {
                here && p.host == port && (p.address == "0.0.0.0" || address.is_loopback() || p.address == address.to_string())
            })?;
            Some((s.clone(), published.container))
        })
    }
}

/// An image's repository without its registry and `library/`, and its tag.
pub(super) fn bare(name: &str) -> (&str, Option<&str>) {
    let name = name.split_once('@').map_or(name, |(n, _)| n);
    let (repo, tag) = match name.rsplit_once(':') {
        Some((repo, tag)) if !tag.contains('/') => (repo, Some(tag)),
        _ => (name, None),
    };
    let path = match repo.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => repo,
    };
    (path.strip_prefix("library/").unwrap_or(path), tag)
}

/// A staged failure as the engine would put it.
pub(super) fn error(trouble: Trouble) -> EngineError {
    let kind = match trouble.error {
        Sort::Unreachable => EngineError::Unreachable,
        Sort::NotFound => EngineError::NotFound,
        Sort::Conflict => EngineError::Conflict,
        Sort::PortTaken => EngineError::PortTaken,
        Sort::DiskFull => EngineError::DiskFull,
        Sort::Registry => EngineError::Registry,
        Sort::Limited => EngineError::Limited,
        Sort::Login => EngineError::Login,
        Sort::Platform => EngineError::Platform,
        Sort::Insecure => EngineError::Insecure,
        Sort::Other => EngineError::Other,
    };
    kind(trouble.says)
}
