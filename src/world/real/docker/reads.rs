//! A file out of an image: the engine hands it out of a container that is made for that, never started, and removed.

use std::sync::atomic::{AtomicU32, Ordering};

use bollard::query_parameters::DownloadFromContainerOptions;
use futures_util::StreamExt;
use reqwest::Method;
use serde_json::json;

use super::{DockerEngine, LONG, SHORT, archive, errors};
use crate::world::engine::{EngineError, Result};

/// No file that kerbup reads out of an image is bigger.
const FILE_LIMIT: usize = 16 << 20;

/// Says who reads: the number of the process and when it began, since numbers are given anew when the machine starts again.
const LABEL: &str = "io.kerbup.reads";

fn mark(id: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Behind the program's name, which may hold anything: the state, and 19 words later when it began (proc(5)).
    Some(format!("{id} {}", stat.rsplit_once(')')?.1.split_whitespace().nth(19)?))
}

fn ours() -> String {
    mark(&std::process::id().to_string()).unwrap_or_default()
}

/// The reader is gone: a power cut, or another kerbup that was killed.
fn left(reader: &str) -> bool {
    reader.split(' ').next().and_then(mark).is_none_or(|now| now != reader)
}

impl DockerEngine {
    /// Removes containers of readers that were cut off: an image cannot go while there is one of it.
    pub(super) async fn sweep_readers(&self) -> Result<()> {
        let filters = json!({"label": [LABEL]}).to_string();
        let listed = self.get("/containers/json", &[("all", "true"), ("filters", &filters)]).await?;
        for container in listed.as_array().into_iter().flatten() {
            if let (Some(id), Some(reader)) = (container["Id"].as_str(), container["Labels"][LABEL].as_str())
                && left(reader)
            {
                self.force_remove(id).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn read_image_file(&self, image: &str, path: &str) -> Result<Option<Vec<u8>>> {
        self.sweep_readers().await?;
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map(|d| d.subsec_nanos()).unwrap_or_default();
        let name = format!("kerbup-reads-{}-{nanos:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // The command stands for images that name none; it never runs.
        let body = json!({"Image": image, "Cmd": ["never-started"], "NetworkDisabled": true, "HostConfig": {"NetworkMode": "none"},
            "Labels": {LABEL: ours()}});
        let mut lent = Lent { engine: self.clone(), name: Some(name.clone()) };
        self.socket.ask(Method::POST, "/containers/create", &[("name", &name)], Some(body), LONG).await?;
        let read = self.read_file(&name, path).await;
        let removed = self.force_remove(&name).await;
        if removed.is_ok() {
            lent.name = None;
        }
        let read = read?;
        removed.map(|()| read)
    }

    async fn read_file(&self, container: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let mut path = path.to_owned();
        for _ in 0..8 {
            let options = DownloadFromContainerOptions { path: path.clone() };
            let docker = self.docker(LONG)?;
            let mut parts = Box::pin(docker.download_from_container(container, Some(options)));
            let mut tar = vec![];
            while let Some(part) = tokio::time::timeout(SHORT, parts.next()).await.map_err(|_| errors::silent(SHORT))? {
                match part.map_err(|e| errors::bollard(&e, self.socket.path())) {
                    Ok(bytes) => tar.extend_from_slice(&bytes),
                    Err(EngineError::NotFound(_)) => return Ok(None),
                    Err(e) => return Err(e),
                }
                if tar.len() > FILE_LIMIT {
                    return Err(EngineError::Other(format!("{path} in the image is bigger than {} MiB", FILE_LIMIT >> 20)));
                }
            }
            match archive::first(&tar) {
                Some(archive::Entry::File(bytes)) => return Ok(Some(bytes)),
                Some(archive::Entry::Link(target)) => path = archive::follow(&path, &target),
                Some(archive::Entry::Other) => return Err(EngineError::Other(format!("{path} in the image is no file"))),
                None => return Err(EngineError::Other(format!("the archive with {path} is not understood"))),
            }
        }
        Ok(None)
    }
}

/// Removes the container that only lent a file, also when the reading is dropped half-way.
struct Lent {
    engine: DockerEngine,
    name: Option<String>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(name), Ok(runtime)) = (self.name.take(), tokio::runtime::Handle::try_current()) {
            let engine = self.engine.clone();
            runtime.spawn(async move { engine.force_remove(&name).await });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_known_by_its_number_and_when_it_began() {
        assert!(!left(&ours()) && !ours().is_empty());
        assert!(left(&format!("{} 1", std::process::id())), "the number of one that was cut off is another's now");
        assert!(left("4294967295 7") && left("") && left("self"));
    }
}
