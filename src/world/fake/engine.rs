//! A simulated engine: pulls take the line's time, containers have states, names and ports collide as they do for real.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use secrecy::{ExposeSecret, SecretString};

use super::containers::{Life, Part, Sim, hex, part};
use super::described::Verb;
use super::logs;
use super::machine::{Machine, Presence, error};
use crate::model::engine::{ContainerSpec, EngineInfo, ImageInfo, LogLine, MountSpec, NetworkSpec, Observed, PullProgress, Usage};
use crate::model::host::DockerFlavour;
use crate::world::clock::Clock as _;
use crate::world::engine::{Engine, EngineError, LogFrom, Login, Result};

pub(super) struct FakeEngine(pub(super) Arc<Machine>);

/// Bytes a second that a usual disk unpacks.
const UNPACK: f64 = 80_000_000.0;

impl FakeEngine {
    fn ready(&self) -> Result<()> {
        match self.0.state().engine {
            Presence::Up => Ok(()),
            Presence::Absent => Err(EngineError::Unreachable("/var/run/docker.sock: No such file or directory (os error 2)".into())),
            Presence::Denied => Err(EngineError::Denied("/var/run/docker.sock: Permission denied (os error 13)".into())),
        }
    }

    fn staged(&self, verb: Verb, what: &str) -> Result<()> {
        self.0.trouble(verb, what).map_or(Ok(()), |t| Err(error(t)))
    }

    fn sim(&self, name: &str) -> Result<Sim> {
        self.ready()?;
        self.0.state().sims.get(name).cloned().ok_or_else(|| EngineError::NotFound(format!("No such container: {name}")))
    }

    /// Who has one of the ports that a container publishes.
    fn taken(&self, sim: &Sim) -> Option<String> {
        let now = self.0.clock.now();
        for p in &sim.spec.publish {
            let clash = |address: &str| address == p.address || address == "0.0.0.0" || p.address == "0.0.0.0";
            let state = self.0.state();
            let mut others = state.sims.all().filter(|s| s.spec.name != sim.spec.name && s.runs(now)).flat_map(|s| &s.spec.publish);
            if others.any(|o| o.host == p.host && clash(&o.address)) {
                return Some(format!("Bind for {}:{} failed: port is already allocated", p.address, p.host));
            }
            drop(others);
            drop(state);
            if self.0.listener(p.host).is_some() {
                return Some(format!("failed to bind host port {}:{}/tcp: address already in use", p.address, p.host));
            }
        }
        None
    }

    fn launch(&self, sim: &Sim) -> Result<()> {
        let name = &sim.spec.name;
        let fail = |says: String| {
            if let Some(sim) = self.0.state().sims.get_mut(name) {
                sim.error = Some(says.clone());
            }
        };
        if let Err(e) = self.staged(Verb::Start, name) {
            fail(e.to_string());
            return Err(e);
        }
        if let Some(says) = self.taken(sim) {
            let (how, id) = ("failed to set up container networking: driver failed programming external connectivity", &sim.id);
            let says = format!("{how} on endpoint {name} ({id}): {says}");
            fail(says.clone());
            return Err(EngineError::PortTaken(says));
        }
        let mut state = self.0.state();
        let network = &sim.spec.network;
        if !network.is_empty() && !state.sims.networks.iter().any(|n| n.name == *network) {
            return Err(EngineError::NotFound(format!("network {network} not found")));
        }
        state.sims.run(name, self.0.clock.now(), &self.0.described.host);
        Ok(())
    }

    fn halt(&self, name: &str) {
        let now = self.0.clock.now();
        self.0.settle();
        if let Some(sim) = self.0.state().sims.get_mut(name) {
            let code = if sim.part() == Part::Other { 143 } else { 0 };
            sim.stop(now, code);
        }
    }

    async fn fetch(&self, name: &str, size: u64, progress: &(dyn Fn(PullProgress) + Send + Sync)) -> Result<()> {
        // Layers as images usually have them: one big, some small.
        let layers: Vec<u64> = [2, 12, 55, 24].map(|part| size * part / 100).into_iter().chain([size - size * 93 / 100]).collect();
        let ends: Vec<u64> = layers
            .iter()
            .scan(0, |sum, layer| {
                *sum += layer;
                Some(*sum)
            })
            .collect();
        let whole = |done: u64| ends.iter().take_while(|e| **e <= done).count() as u32;
        let mut done = self.0.state().sims.partial.get(name).copied().unwrap_or(0);
        let trouble = self.0.trouble(Verb::Pull, name);
        let breaks = trouble.as_ref().map(|_| done + (size - done) * 2 / 5);
        let tell = |done: u64| progress(PullProgress { done, total: size, layers_done: whole(done), layers: layers.len() as u32 });
        self.0.wait(0.8).await;
        while done < size {
            let before = self.0.clock.ticks();
            self.0.wait(0.2).await;
            let took = (self.0.clock.ticks() - before).clamp(0.2, 5.0);
            let pulls = f64::from(self.0.state().pulls.max(1));
            done = (done + (self.0.described.downloads as f64 * took / pulls) as u64).min(size);
            if let (Some(trouble), Some(at)) = (&trouble, breaks)
                && done >= at
            {
                // Whole layers stay.
                let kept = ends.iter().copied().filter(|e| *e <= done).max().unwrap_or(0);
                self.0.state().sims.partial.insert(name.to_owned(), kept);
                return Err(error(trouble.clone()));
            }
            tell(done);
        }
        self.0.wait(size as f64 / UNPACK).await;
        tell(size);
        Ok(())
    }
}

/// Counts a pull while it lives, also one that is dropped.
struct Pulling(Arc<Machine>);

impl Pulling {
    fn new(machine: Arc<Machine>) -> Self {
        machine.state().pulls += 1;
        Pulling(machine)
    }
}

impl Drop for Pulling {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.pulls = state.pulls.saturating_sub(1);
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn info(&self) -> Result<EngineInfo> {
        self.ready()?;
        let engine = self.0.engine();
        Ok(EngineInfo {
            kind: "docker".into(),
            version: engine.version,
            api: engine.api,
            arch: engine.arch,
            root: engine.root,
            api_min: engine.api_min,
            product: if engine.flavour == DockerFlavour::Podman { "Podman Engine" } else { "Engine" }.into(),
            operating_system: self.0.described.host.system.get().map(|s| s.name.clone()).unwrap_or_default(),
            driver: engine.driver,
            keeps_packed: engine.keeps_packed,
            security_options: self.0.security_options(),
            warnings: engine.warnings,
            insecure_registries: engine.insecure_registries,
            memory_limit: Some(engine.memory_limit),
            swap_limit: Some(engine.memory_limit),
            cgroup_driver: "systemd".into(),
        })
    }

    async fn image(&self, name: &str) -> Result<Option<ImageInfo>> {
        self.ready()?;
        Ok(self.0.state().sims.images.get(name).cloned())
    }

    async fn pull(&self, name: &str, _login: Option<&Login>, progress: &(dyn Fn(PullProgress) + Send + Sync)) -> Result<ImageInfo> {
        self.ready()?;
        let size = self
            .0
            .image_size(name)
            .ok_or_else(|| EngineError::NotFound(format!("manifest for {name} not found: manifest unknown: manifest unknown")))?;
        if let Some(there) = self.image(name).await? {
            progress(PullProgress { done: size, total: size, layers_done: 5, layers: 5 });
            return Ok(there);
        }
        // Unpacked it is some two and a half times as big.
        let unpacked = size * 5 / 2;
        let root = self.0.engine().root;
        {
            let mut state = self.0.state();
            state.tree.deep(&root);
            state.tree.engine.0.clone_from(&root);
            state
                .tree
                .room(&root, unpacked)
                .map_err(|_| EngineError::DiskFull(format!("write {root}/tmp/GetImageBlob: no space left on device")))?;
        }
        let pulling = Pulling::new(self.0.clone());
        self.fetch(name, size, progress).await?;
        drop(pulling);
        let (user, volumes): (&str, &[&str]) = match part(name) {
            Part::Agent => ("agent", &[]),
            Part::Mongo => ("", &["/data/configdb", "/data/db"]),
            Part::Minio => ("", &["/data"]),
            Part::Rabbit => ("", &["/var/lib/rabbitmq"]),
            _ => ("", &[]),
        };
        let info = ImageInfo {
            id: format!("sha256:{}", hex(&format!("image {name}"))),
            digest: Some(format!("sha256:{}", hex(&format!("digest {name}")))),
            size: unpacked,
            arch: self.0.arch(),
            user: user.into(),
            volumes: volumes.iter().map(|v| (*v).to_owned()).collect(),
        };
        let mut state = self.0.state();
        state.tree.engine.1 += unpacked;
        state.sims.partial.remove(name);
        state.sims.images.insert(name.to_owned(), info.clone());
        Ok(info)
    }

    async fn remove_image(&self, name: &str) -> Result<()> {
        self.ready()?;
        let mut state = self.0.state();
        if state.sims.all().any(|s| s.spec.image == name) {
            return Err(EngineError::Conflict(format!(
                "conflict: unable to remove repository reference \"{name}\" (must force): a container is using it"
            )));
        }
        if let Some(gone) = state.sims.images.remove(name) {
            state.tree.engine.1 = state.tree.engine.1.saturating_sub(gone.size);
        }
        Ok(())
    }

    async fn image_file(&self, image: &str, path: &str) -> Result<Option<Vec<u8>>> {
        if self.image(image).await?.is_none() {
            return Err(EngineError::NotFound(format!("No such image: {image}")));
        }
        let agent = part(image) == Part::Agent;
        let text = match path {
            "/home/agent/data/config.template.json" if agent => "{\"type\":\"\",\"key\":\"\",\"name\":\"agent\",\"capture\":{\"name\":\"camera\",\"ipcamera\":{\"rtsp\":\"\"}},\"cloud\":\"s3\"}\n".to_owned(),
            "/etc/passwd" => format!("root:x:0:0:root:/root:/bin/sh\n{}", if agent { "agent:x:999:999::/home/agent:/bin/sh\n" } else { "" }),
            "/etc/group" => format!("root:x:0:\n{}", if agent { "kerberosio:x:999:\n" } else { "" }),
            _ => return Ok(None),
        };
        Ok(Some(text.into_bytes()))
    }

    async fn networks(&self) -> Result<Vec<NetworkSpec>> {
        self.ready()?;
        Ok(self.0.state().sims.networks.clone())
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        self.ready()?;
        self.staged(Verb::Network, &spec.name)?;
        let mut state = self.0.state();
        if state.sims.networks.iter().any(|n| n.name == spec.name) {
            return Err(EngineError::Conflict(format!("network with name {} already exists", spec.name)));
        }
        let subnet = spec.subnet.clone().unwrap_or_else(|| state.sims.free_subnet());
        if state.sims.overlaps(&subnet) {
            return Err(EngineError::Conflict("invalid pool request: Pool overlaps with other one on this address space".into()));
        }
        state.sims.networks.push(NetworkSpec { subnet: Some(subnet), ..spec.clone() });
        Ok(())
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        self.ready()?;
        let mut state = self.0.state();
        if state.sims.all().any(|s| s.spec.network == name && s.address.is_some()) {
            return Err(EngineError::Conflict(format!("error while removing network: network {name} has active endpoints")));
        }
        state.sims.networks.retain(|n| n.name != name);
        Ok(())
    }

    async fn containers(&self, label: Option<(&str, &str)>) -> Result<Vec<Observed>> {
        self.ready()?;
        let now = self.0.clock.now();
        let fits = |s: &&Sim| label.is_none_or(|(key, value)| s.spec.labels.get(key).is_some_and(|v| v == value));
        Ok(self.0.state().sims.all().filter(fits).map(|s| s.observed(now)).collect())
    }

    async fn container(&self, name: &str) -> Result<Option<Observed>> {
        self.ready()?;
        let now = self.0.clock.now();
        Ok(self.0.state().sims.get(name).map(|s| s.observed(now)))
    }

    async fn create(&self, spec: &ContainerSpec, env: &[(String, SecretString)]) -> Result<String> {
        self.ready()?;
        self.staged(Verb::Create, &spec.name)?;
        self.0.wait(0.3).await;
        let mut state = self.0.state();
        if let Some(there) = state.sims.get(&spec.name) {
            return Err(EngineError::Conflict(format!(
                "Conflict. The container name \"/{}\" is already in use by container \"{}\".",
                spec.name, there.id
            )));
        }
        if !state.sims.images.contains_key(&spec.image) {
            return Err(EngineError::NotFound(format!("No such image: {}", spec.image)));
        }
        for mount in &spec.mounts {
            if let MountSpec::Bind { source, .. } = mount
                && state.tree.get(source, true).is_err()
            {
                return Err(EngineError::Other(format!(
                    "invalid mount config for type \"bind\": bind source path does not exist: {source}"
                )));
            }
        }
        let env: BTreeMap<_, _> = env.iter().map(|(k, v)| (k.clone(), v.expose_secret().to_owned())).collect();
        Ok(state.sims.make(spec.clone(), env))
    }

    async fn start(&self, name: &str) -> Result<()> {
        let sim = self.sim(name)?;
        if matches!(sim.life, Life::Running { .. } | Life::Looping { .. }) {
            return Ok(());
        }
        self.0.wait(0.7).await;
        self.launch(&sim)
    }

    async fn stop(&self, name: &str) -> Result<()> {
        let sim = self.sim(name)?;
        if !matches!(sim.life, Life::Running { .. } | Life::Looping { .. }) {
            return Ok(());
        }
        self.staged(Verb::Stop, name)?;
        self.0.wait(if sim.part() == Part::Mongo { 2.0 } else { 0.6 }).await;
        self.halt(name);
        Ok(())
    }

    async fn restart(&self, name: &str) -> Result<()> {
        self.sim(name)?;
        self.stop(name).await?;
        let sim = self.sim(name)?;
        self.0.wait(0.7).await;
        self.launch(&sim)
    }

    async fn remove(&self, name: &str) -> Result<()> {
        match self.stop(name).await {
            Err(EngineError::NotFound(_)) => return Ok(()),
            done => done?,
        }
        self.0.state().sims.remove(name);
        Ok(())
    }

    async fn logs(&self, name: &str, from: LogFrom, follow: bool) -> Result<BoxStream<'static, Result<LogLine>>> {
        let sim = self.sim(name)?;
        Ok(logs::read(self.0.clone(), sim, from, follow))
    }

    async fn usage(&self, name: &str) -> Result<Usage> {
        let sim = self.sim(name)?;
        self.0.wait(1.0).await;
        Ok(sim.usage(self.0.clock.now()))
    }
}
