//! Plain requests to the engine's socket whose answers are read leniently. Decoded types of today break on tomorrow's
//! engine (a new state word, a new field's form); what only reads goes through here and takes what it knows.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::{Client, Method, Response};
use serde_json::Value;

use super::errors;
use crate::world::engine::{EngineError, Result};

/// Newest API whose answers were looked at. An older engine is spoken to in its own version, a newer one in this.
const NEWEST: (u32, u32) = (1, 56);

/// A client for one socket. It connects anew for each request: the engine may be installed, stopped and started meanwhile.
pub(super) struct Socket {
    client: std::result::Result<Client, String>,
    path: String,
    version: Mutex<Option<String>>,
}

impl Socket {
    pub(super) fn new(path: &str) -> Self {
        Socket { client: client(path), path: path.to_owned(), version: Mutex::new(None) }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// `GET /version`, which needs no version itself.
    pub(super) async fn versions(&self, limit: Duration) -> Result<Value> {
        let response = self.send(Method::GET, "/version", &[], None, None, limit).await?;
        whole(response, limit).await
    }

    /// A request with a short answer. `limit` is for connecting, answering and reading, together.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
        limit: Duration,
    ) -> Result<Value> {
        let response = self.open(method, path, query, body, None, limit).await?;
        whole(response, limit).await
    }

    /// A request whose answer is read as it comes. `limit` is until it begins to answer.
    pub(super) async fn open(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
        login: Option<&str>,
        limit: Duration,
    ) -> Result<Response> {
        let version = self.version().await?;
        let response = self.send(method, &format!("/v{version}{path}"), query, body, login, limit).await?;
        let status = response.status().as_u16();
        if response.status().is_success() || status == 304 {
            return Ok(response);
        }
        let text = tokio::time::timeout(limit, response.text()).await.ok().and_then(std::result::Result::ok).unwrap_or_default();
        let says = serde_json::from_str::<Value>(&text).ok().and_then(|v| v["message"].as_str().map(str::to_owned)).unwrap_or(text);
        if says.contains("client version") {
            // Another engine than the one that was asked for its versions answers here now.
            self.forget();
        }
        Err(errors::verb(status, &says))
    }

    async fn version(&self) -> Result<String> {
        if let Some(known) = self.version.lock().ok().and_then(|v| v.clone()) {
            return Ok(known);
        }
        let said = self.versions(Duration::from_secs(10)).await?;
        let chosen = choose(said["ApiVersion"].as_str().unwrap_or_default(), said["MinAPIVersion"].as_str().unwrap_or_default());
        if let Ok(mut version) = self.version.lock() {
            *version = Some(chosen.clone());
        }
        Ok(chosen)
    }

    fn forget(&self) {
        if let Ok(mut version) = self.version.lock() {
            *version = None;
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<Value>,
        login: Option<&str>,
        limit: Duration,
    ) -> Result<Response> {
        let client = self.client.as_ref().map_err(|e| EngineError::Other(e.clone()))?;
        let mut url = url::Url::parse(&format!("http://docker{path}")).map_err(|e| EngineError::Other(e.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = client.request(method, url);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        if let Some(login) = login {
            request = request.header("x-registry-auth", login);
        }
        match tokio::time::timeout(limit, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => {
                self.forget();
                Err(errors::connection(&e, &self.path))
            }
            Err(_) => Err(errors::silent(limit)),
        }
    }
}

async fn whole(response: Response, limit: Duration) -> Result<Value> {
    let bytes = match tokio::time::timeout(limit, response.bytes()).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(e)) => return Err(EngineError::Unreachable(format!("the answer broke off: {}", errors::chain(&e)))),
        Err(_) => return Err(errors::silent(limit)),
    };
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&bytes).map_err(|e| EngineError::Other(format!("the container engine's answer is not understood: {e}")))
}

/// No TLS is ever spoken on the socket; the empty list of roots spares reading the machine's certificates.
fn client(path: &str) -> std::result::Result<Client, String> {
    let tls = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .unix_socket(path)
        .build()
        .map_err(|e| errors::chain(&e))
}

/// The version to speak: the engine's own, at most ours, at least the oldest it still takes.
fn choose(newest: &str, oldest: &str) -> String {
    let parse = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    let mut version = parse(newest).map_or((1, 41), |theirs| theirs.min(NEWEST));
    if let Some(oldest) = parse(oldest) {
        version = version.max(oldest);
    }
    format!("{}.{}", version.0, version.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_fits_old_and_new_engines() {
        assert_eq!(choose("1.41", "1.12"), "1.41");
        assert_eq!(choose("1.56", "1.40"), "1.56");
        assert_eq!(choose("1.70", "1.44"), "1.56");
        assert_eq!(choose("1.70", "1.60"), "1.60");
        assert_eq!(choose("", ""), "1.41");
    }
}
