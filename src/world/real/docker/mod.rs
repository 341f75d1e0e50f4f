//! The Docker engine behind the engine's door, over its Unix socket. What changes something goes through bollard with its
//! typed requests; what is read goes through plain requests and is taken leniently (`socket`, `observe`), so that engines
//! from 20.10 to those not yet written are understood as far as they say something we know.
#![allow(clippy::disallowed_methods)]

mod archive;
mod errors;
mod lines;
mod observe;
mod pull;
mod reads;
mod render;
mod seen;
mod socket;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptions, RemoveContainerOptions, RemoveImageOptions, RestartContainerOptions, StartContainerOptions,
    StopContainerOptions,
};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::model::engine::{ContainerSpec, EngineInfo, ImageInfo, LogLine, NetworkSpec, Observed, PullProgress, Usage};
use crate::world::engine::{Engine, EngineError, LogFrom, Login, Result};
use socket::Socket;

/// A verb that only asks or writes something down.
const SHORT: Duration = Duration::from_secs(10);
/// Creating and starting: the engine may unpack, mount and set up a network on a slow disk.
const LONG: Duration = Duration::from_secs(120);
/// A start that ended without a word is tried once more after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// The engine's own grace where a container names none.
const GRACE: u64 = 10;

/// A Docker engine behind a Unix socket. It need not run yet: each verb connects anew.
#[derive(Clone)]
pub struct DockerEngine {
    socket: Arc<Socket>,
    counted: Arc<Mutex<HashMap<String, Counted>>>,
    seen: Arc<seen::Seen>,
    image_files: Arc<tokio::sync::Mutex<HashMap<Inside, Option<Vec<u8>>>>>,
}

/// A container's memory limit and its counters when it was last asked for: a rate needs two readings.
type Counted = (Option<u64>, Option<observe::Counters>);

/// An image's ID and a path in it.
type Inside = (String, String);

/// The engine behind the socket at this path, such as `/var/run/docker.sock`; `unix://` before it is taken off.
pub fn connect(socket_path: &str) -> DockerEngine {
    let socket = Arc::new(Socket::new(socket_path.strip_prefix("unix://").unwrap_or(socket_path)));
    DockerEngine { socket, counted: Arc::default(), seen: Arc::default(), image_files: Arc::default() }
}

impl DockerEngine {
    /// Runs one verb of bollard's within `limit`, connecting included.
    async fn verb<T, F: Future<Output = std::result::Result<T, bollard::errors::Error>>>(
        &self,
        limit: Duration,
        run: impl FnOnce(Docker) -> F,
    ) -> Result<T> {
        let docker = self.docker(limit)?;
        match tokio::time::timeout(limit, run(docker)).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(e)) => Err(errors::bollard(&e, self.socket.path())),
            Err(_) => Err(errors::silent(limit)),
        }
    }

    fn docker(&self, limit: Duration) -> Result<Docker> {
        // Without connecting yet. bollard sends no version, which every engine takes as its own newest.
        Docker::connect_with_unix(self.socket.path(), limit.as_secs(), bollard::API_DEFAULT_VERSION)
            .map_err(|e| errors::bollard(&e, self.socket.path()))
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        self.socket.ask(Method::GET, path, query, None, SHORT).await
    }

    async fn inspect(&self, name: &str) -> Result<Option<Value>> {
        absent_is_none(self.get(&format!("/containers/{name}/json"), &[]).await)
    }

    /// Seconds that stopping may take: the container's own grace and the time of a short verb.
    async fn stopping(&self, name: &str) -> Result<Duration> {
        let value = self.inspect(name).await?.ok_or_else(|| EngineError::NotFound(format!("no such container: {name}")))?;
        Ok(Duration::from_secs(value["Config"]["StopTimeout"].as_u64().unwrap_or(GRACE)) + SHORT)
    }

    /// Puts a container back onto the network that it was made for. One whose start failed (a port was taken) is taken off it, and
    /// the next start would leave it with no network at all and say nothing (measured with 29.0).
    async fn onto_its_network(&self, name: &str) -> Result<()> {
        let Some((network, aliases)) = self.inspect(name).await?.as_ref().and_then(observe::lost_network) else { return Ok(()) };
        let body = json!({"Container": name, "EndpointConfig": {"Aliases": aliases}});
        self.socket.ask(Method::POST, &format!("/networks/{network}/connect"), &[], Some(body), LONG).await.map(|_| ())
    }

    async fn force_remove(&self, name: &str) -> Result<()> {
        let options = RemoveContainerOptions { v: true, force: true, link: false };
        match self.verb(LONG, |d| async move { d.remove_container(name, Some(options)).await }).await {
            Ok(()) | Err(EngineError::NotFound(_)) => Ok(()),
            // Somebody removes it already; it is gone when it is no longer seen.
            Err(EngineError::Conflict(says)) if says.contains("already in progress") => {
                for _ in 0..100 {
                    if self.inspect(name).await?.is_none() {
                        return Ok(());
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(EngineError::Conflict(says))
            }
            Err(e) => Err(e),
        }
    }

    /// What a container used up to now. Left alone, the engine would take two readings, a second and more apart.
    async fn stats(&self, name: &str) -> Result<Value> {
        self.get(&format!("/containers/{name}/stats"), &[("stream", "false"), ("one-shot", "true")]).await
    }

    fn counted(&self) -> MutexGuard<'_, HashMap<String, Counted>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn absent_is_none<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(EngineError::NotFound(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

fn absent_is_fine(result: Result<()>) -> Result<()> {
    absent_is_none(result).map(|_| ())
}

/// The engine repeats what it refuses; a secret among it is not repeated by us.
fn hide(error: EngineError, env: &[(String, SecretString)]) -> EngineError {
    let clean = |mut says: String| {
        for (_, value) in env.iter().filter(|(_, v)| v.expose_secret().len() >= 4) {
            says = says.replace(value.expose_secret(), "••••");
        }
        says
    };
    match error {
        EngineError::Other(says) => EngineError::Other(clean(says)),
        EngineError::Conflict(says) => EngineError::Conflict(clean(says)),
        EngineError::NotFound(says) => EngineError::NotFound(clean(says)),
        other => other,
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo> {
        let version = self.socket.versions(SHORT).await?;
        Ok(observe::info(&version, &self.get("/info", &[]).await?))
    }

    async fn image(&self, name: &str) -> Result<Option<ImageInfo>> {
        let value = absent_is_none(self.get(&format!("/images/{name}/json"), &[]).await)?;
        Ok(value.map(|v| observe::image(&v, name)))
    }

    async fn pull(&self, name: &str, login: Option<&Login>, progress: &(dyn Fn(PullProgress) + Send + Sync)) -> Result<ImageInfo> {
        pull::pull(&self.socket, name, login, progress).await?;
        let image = self.image(name).await?.ok_or_else(|| EngineError::NotFound(format!("{name} was fetched and is not there")))?;
        // An engine takes an image without a list of platforms whatever it is made for.
        let arch = self.info().await?.arch;
        let fits = image.arch.is_empty()
            || arch.is_empty()
            || image.arch == arch
            || matches!((arch.as_str(), image.arch.as_str()), ("arm64", "arm") | ("amd64", "386"));
        if fits { Ok(image) } else { Err(EngineError::Platform(format!("{name} is made for {}, and this machine is {arch}", image.arch))) }
    }

    async fn remove_image(&self, name: &str) -> Result<()> {
        self.sweep_readers().await?;
        absent_is_fine(self.verb(LONG, |d| async move { d.remove_image(name, None::<RemoveImageOptions>, None).await.map(|_| ()) }).await)
    }

    async fn image_file(&self, image: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let id = self.image(image).await?.ok_or_else(|| EngineError::NotFound(format!("no such image: {image}")))?.id;
        // Held while reading: recorders that start at the same time need the same files of the same image.
        let mut read = self.image_files.lock().await;
        if let Some(known) = read.get(&(id.clone(), path.to_owned())) {
            return Ok(known.clone());
        }
        let bytes = self.read_image_file(image, path).await?;
        read.insert((id, path.to_owned()), bytes.clone());
        Ok(bytes)
    }

    async fn networks(&self) -> Result<Vec<NetworkSpec>> {
        let value = self.get("/networks", &[]).await?;
        Ok(value.as_array().into_iter().flatten().map(observe::network).collect())
    }

    async fn create_network(&self, spec: &NetworkSpec) -> Result<()> {
        // Without CheckDuplicate an engine before 25 makes a second network of the same name.
        let mut body = json!({"Name": spec.name, "Driver": "bridge", "CheckDuplicate": true, "EnableIPv6": false, "Labels": spec.labels});
        if let Some(subnet) = &spec.subnet {
            body["IPAM"] = json!({"Driver": "default", "Config": [{"Subnet": subnet}]});
        }
        self.socket.ask(Method::POST, "/networks/create", &[], Some(body), LONG).await.map(|_| ())
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        absent_is_fine(self.verb(LONG, |d| async move { d.remove_network(name).await }).await)
    }

    async fn containers(&self, label: Option<(&str, &str)>) -> Result<Vec<Observed>> {
        let filters = label.map(|(key, value)| json!({"label": [format!("{key}={value}")]}).to_string());
        let mut query = vec![("all", "true")];
        if let Some(filters) = &filters {
            query.push(("filters", filters.as_str()));
        }
        let listed = self.get("/containers/json", &query).await?;
        // The list has no restarts, exit codes or errors. One that goes away meanwhile is left out.
        let entries = listed.as_array().cloned().unwrap_or_default().into_iter().filter_map(|c| Some((c["Id"].as_str()?.to_owned(), c)));
        let ask = |(id, entry): (String, Value)| async move {
            let observed = match self.seen.known(&id, &entry) {
                Some(observed) => Some(observed),
                None => self.inspect(&id).await?.map(|v| observe::container(&v)),
            };
            Ok::<_, EngineError>(observed.map(|o| (id, entry, o)))
        };
        let all: Vec<_> = stream::iter(entries).map(ask).buffered(8).collect().await;
        let all: Vec<_> = all.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let mut seen: Vec<Observed> = all.iter().map(|(_, _, o)| o.clone()).collect();
        self.seen.keep(all);
        seen.sort_by(|a: &Observed, b: &Observed| a.name.cmp(&b.name));
        Ok(seen)
    }

    async fn container(&self, name: &str) -> Result<Option<Observed>> {
        Ok(self.inspect(name).await?.map(|v| observe::container(&v)))
    }

    async fn create(&self, spec: &ContainerSpec, env: &[(String, SecretString)]) -> Result<String> {
        let swap_limit = spec.memory.is_some() && self.get("/info", &[]).await?["SwapLimit"].as_bool().unwrap_or(false);
        let options = CreateContainerOptions { name: Some(spec.name.clone()), ..CreateContainerOptions::default() };
        let body = render::body(spec, env, swap_limit);
        let made = self.verb(LONG, |d| async move { d.create_container(Some(options), body).await }).await;
        made.map(|m| m.id).map_err(|e| hide(e, env))
    }

    async fn start(&self, name: &str) -> Result<()> {
        let once = || async {
            self.onto_its_network(name).await?;
            self.verb(LONG, |d| async move { d.start_container(name, None::<StartContainerOptions>).await }).await
        };
        match once().await {
            Err(e) if errors::without_a_word(&e) => {
                tokio::time::sleep(AGAIN).await;
                once().await
            }
            done => done,
        }
    }

    async fn stop(&self, name: &str) -> Result<()> {
        let limit = self.stopping(name).await?;
        self.verb(limit, |d| async move { d.stop_container(name, None::<StopContainerOptions>).await }).await
    }

    async fn restart(&self, name: &str) -> Result<()> {
        let limit = self.stopping(name).await? + LONG;
        self.onto_its_network(name).await?;
        self.verb(limit, |d| async move { d.restart_container(name, None::<RestartContainerOptions>).await }).await
    }

    async fn remove(&self, name: &str) -> Result<()> {
        // A database that is killed has to repair itself; it gets its grace first.
        match self.stop(name).await {
            Err(EngineError::NotFound(_)) => return Ok(()),
            Err(e @ (EngineError::Unreachable(_) | EngineError::Denied(_))) => return Err(e),
            // Whatever else stands in the way of stopping, force does it.
            Ok(()) | Err(_) => {}
        }
        self.force_remove(name).await
    }

    async fn logs(&self, name: &str, from: LogFrom, follow: bool) -> Result<BoxStream<'static, Result<LogLine>>> {
        // One that is followed may be silent for long: whether it is there is asked before. Else its first line tells.
        if follow && self.inspect(name).await?.is_none() {
            return Err(EngineError::NotFound(format!("no such container: {name}")));
        }
        let (tail, since) = match from {
            LogFrom::Last(lines) => (lines.to_string(), 0),
            LogFrom::Since(at) => ("all".to_owned(), at as i32),
        };
        let options = LogsOptions { follow, stdout: true, stderr: true, timestamps: true, tail, since, ..LogsOptions::default() };
        let (docker, name, path) = (self.docker(SHORT)?, name.to_owned(), self.socket.path().to_owned());
        // The stream borrows the client, so both live in it.
        let pieces = stream::once(async move { docker.logs(&name, Some(options)).boxed() }).flatten();
        let lines = lines::lines(pieces, path);
        if follow { Ok(lines) } else { lines::told(lines).await }
    }

    async fn usage(&self, name: &str) -> Result<Usage> {
        let known = self.counted().get(name).cloned();
        let (limit, before) = match known {
            Some(known) => known,
            None => {
                let inspected = self.inspect(name).await?.ok_or_else(|| EngineError::NotFound(format!("no such container: {name}")))?;
                let limit = Some(observe::number(&inspected["HostConfig"]["Memory"])).filter(|m| *m > 0);
                if inspected["State"]["Running"].as_bool() != Some(true) {
                    return Ok(Usage { memory_limit: limit, ..Usage::default() });
                }
                (limit, None)
            }
        };
        let value = self.stats(name).await?;
        if value["memory_stats"]["usage"].is_null() {
            // It ended meanwhile: its counters begin anew.
            self.counted().remove(name);
            return Ok(Usage { memory_limit: limit, ..Usage::default() });
        }
        let now = observe::counters(&value);
        self.counted().insert(name.to_owned(), (limit, Some(now)));
        Ok(observe::usage(&value, before.map(|before| (before, now)), limit))
    }
}
