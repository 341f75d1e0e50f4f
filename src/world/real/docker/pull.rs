//! Fetching an image: the engine's messages summed over layers, and its login header.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::observe::{number, split, text};
use super::{errors, socket::Socket};
use crate::model::engine::PullProgress;
use crate::world::engine::{EngineError, Login, Result};

/// So long without a message is a standstill. Both kinds of engine speak at least each time a layer moves on; unpacking a big
/// layer on an SD card speaks, too.
const STANDSTILL: Duration = Duration::from_secs(300);

/// A layer, as far as the messages told.
#[derive(Debug, Clone, Copy, Default)]
struct Layer {
    done: u64,
    total: u64,
    unpacked: bool,
}

/// All layers.
#[derive(Debug, Default)]
pub(super) struct Layers(BTreeMap<String, Layer>);

impl Layers {
    /// Takes one message in. True when the sums may have moved.
    fn take(&mut self, message: &Value) -> bool {
        let (id, status) = (text(&message["id"]), text(&message["status"]));
        if id.is_empty() || status.starts_with("Pulling from") {
            return false;
        }
        let detail = &message["progressDetail"];
        let layer = self.0.entry(id).or_default();
        match status.as_str() {
            "Downloading" => {
                // Never back: a retried layer starts again at nought.
                layer.done = layer.done.max(number(&detail["current"]));
                layer.total = layer.total.max(number(&detail["total"])).max(layer.done);
            }
            "Download complete" | "Verifying Checksum" | "Extracting" => layer.done = layer.total,
            "Pull complete" | "Already exists" | "Exists" => {
                layer.done = layer.total;
                layer.unpacked = true;
            }
            _ => {}
        }
        true
    }

    fn sum(&self) -> PullProgress {
        let mut sum = PullProgress { layers: u32::try_from(self.0.len()).unwrap_or(u32::MAX), ..PullProgress::default() };
        for layer in self.0.values() {
            sum.done += layer.done;
            sum.total += layer.total;
            sum.layers_done += u32::from(layer.unpacked);
        }
        sum
    }
}

/// Fetches, and returns when all of it is unpacked.
pub(super) async fn pull(
    socket: &Socket,
    name: &str,
    login: Option<&Login>,
    progress: &(dyn Fn(PullProgress) + Send + Sync),
) -> Result<()> {
    let (repo, tag) = split(name);
    let header = login.map(auth);
    let query = [("fromImage", repo), ("tag", tag)];
    let mut response =
        socket.open(reqwest::Method::POST, "/images/create", &query, None, header.as_deref(), STANDSTILL).await.map_err(resort)?;
    let (mut layers, mut rest) = (Layers::default(), Vec::new());
    let mut told: Option<Instant> = None;
    loop {
        let chunk = match tokio::time::timeout(STANDSTILL, response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            Ok(Err(e)) => return Err(errors::connection(&e, socket.path())),
            Err(_) => return Err(EngineError::Registry(format!("nothing came for {} s", STANDSTILL.as_secs()))),
        };
        rest.extend_from_slice(&chunk);
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            if take(&mut layers, &line)? && told.is_none_or(|t| t.elapsed() >= Duration::from_millis(100)) {
                progress(layers.sum());
                told = Some(Instant::now());
            }
        }
    }
    take(&mut layers, &rest)?;
    let sum = layers.sum();
    progress(PullProgress { done: sum.total, layers_done: sum.layers, ..sum });
    Ok(())
}

fn take(layers: &mut Layers, line: &[u8]) -> Result<bool> {
    let Ok(message) = serde_json::from_slice::<Value>(line) else { return Ok(false) };
    let says = [&message["errorDetail"]["message"], &message["error"]].into_iter().map(text).find(|t| !t.is_empty());
    match says {
        Some(says) => Err(errors::pull(0, &says)),
        None => Ok(layers.take(&message)),
    }
}

/// An error of the answer itself is a registry's, too: the engine asks it before it begins to answer.
fn resort(error: EngineError) -> EngineError {
    match error {
        EngineError::NotFound(says) => errors::pull(404, &says),
        EngineError::Other(says) => errors::pull(500, &says),
        other => other,
    }
}

/// `X-Registry-Auth`, as the engine's API has it: JSON in URL-safe base64.
fn auth(login: &Login) -> String {
    let said = json!({"username": login.user, "password": login.password.expose_secret(), "serveraddress": login.server});
    base64::engine::general_purpose::URL_SAFE.encode(said.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(lines: &[&str]) -> (Layers, Vec<PullProgress>) {
        let (mut layers, mut seen) = (Layers::default(), vec![]);
        for line in lines {
            if take(&mut layers, line.as_bytes()).unwrap() {
                seen.push(layers.sum());
            }
        }
        (layers, seen)
    }

    #[test]
    fn an_overlay2_pull_is_summed() {
        let (layers, seen) = play(&[
            r#"{"status":"Pulling from minio/minio","id":"lab"}"#,
            r#"{"status":"Already exists","progressDetail":{},"id":"aaa"}"#,
            r#"{"status":"Pulling fs layer","progressDetail":{},"id":"bbb"}"#,
            r#"{"status":"Pulling fs layer","progressDetail":{},"id":"ccc"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":50,"total":100},"progress":"[=>]","id":"bbb"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":7,"total":10},"id":"ccc"}"#,
            r#"{"status":"Verifying Checksum","progressDetail":{},"id":"bbb"}"#,
            r#"{"status":"Download complete","progressDetail":{},"id":"bbb"}"#,
            r#"{"status":"Extracting","progressDetail":{"current":1,"total":100},"id":"bbb"}"#,
            r#"{"status":"Pull complete","progressDetail":{},"id":"bbb"}"#,
            r#"{"status":"Digest: sha256:ff"}"#,
        ]);
        assert_eq!(seen[4], PullProgress { done: 57, total: 110, layers_done: 1, layers: 3 });
        assert_eq!(layers.sum(), PullProgress { done: 107, total: 110, layers_done: 2, layers: 3 });
        assert!(seen.windows(2).all(|w| w[0].done <= w[1].done));
    }

    #[test]
    fn a_containerd_pull_is_summed() {
        let (layers, _) = play(&[
            r#"{"status":"Pulling from lab/minio","id":"x"}"#,
            r#"{"status":"Pulling fs layer","progressDetail":{},"id":"83536cc1482a"}"#,
            r#"{"status":"Downloading","progressDetail":{"current":1048576,"total":55034000},"id":"83536cc1482a"}"#,
            r#"{"status":"Extracting","progressDetail":{"current":1,"units":"s"},"id":"83536cc1482a"}"#,
            "not JSON",
        ]);
        assert_eq!(layers.sum(), PullProgress { done: 55_034_000, total: 55_034_000, layers_done: 0, layers: 1 });
    }

    #[test]
    fn an_error_in_the_stream_ends_it() {
        let mut layers = Layers::default();
        let line = br#"{"errorDetail":{"message":"toomanyrequests: slow down"},"error":"toomanyrequests: slow down"}"#;
        assert_eq!(take(&mut layers, line), Err(EngineError::Limited("toomanyrequests: slow down".into())));
        assert_eq!(
            take(&mut layers, br#"{"error":"no space left on device"}"#),
            Err(EngineError::DiskFull("no space left on device".into()))
        );
    }

    #[test]
    fn the_login_is_url_safe() {
        let login = Login { server: "localhost:5000".into(), user: "u".into(), password: "??>>~~".to_owned().into() };
        assert!(auth(&login).chars().all(|c| c.is_ascii_alphanumeric() || "-_=".contains(c)));
    }
}
