//! The list of probes, one file each. A probe asks a running part in its own protocol; the engine was asked before.

pub(super) mod agent;
mod amqp;
mod http;
mod mongodb;
mod s3;
mod stored;
mod tcp;
mod vault;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Reading, Subject};
use crate::model::engine::Observed;
use crate::model::health::ComponentState;
use crate::words::health as words;
use crate::world::World;
use crate::world::network::{NetError, Request, Response};
pub(super) use stored::Stored;

/// One question of a probe that may ask several.
const QUESTION: Duration = Duration::from_millis(2500);

/// A part to ask and where it is now.
struct Target<'a> {
    world: &'a World,
    subject: &'a Subject,
    at: SocketAddr,
}

/// Asks with the probe that the subject names.
pub(super) async fn ask(world: &World, subject: &Subject, observed: &Observed) -> Reading {
    let Some(ip) = address(subject, observed) else {
        return Reading::new(ComponentState::Unknown, words::NO_ADDRESS);
    };
    let reading = at(&Target { world, subject, at: SocketAddr::new(ip, subject.port) }).await;
    // An engine without root or in a virtual machine has inner addresses of its own; what it publishes is still here.
    let published = observed.publish.iter().find(|p| p.container == subject.port).map(|p| SocketAddr::from(([127, 0, 0, 1], p.host)));
    match published {
        Some(published) if reading.state == ComponentState::Unknown => at(&Target { world, subject, at: published }).await,
        _ => reading,
    }
}

/// Tells a database whose probe is `mongodb` that its data belongs to this version; others keep their data's version themselves.
pub(super) async fn raise(world: &World, subject: &Subject, observed: &Observed, version: &str) -> Result<(), NetError> {
    let silent = || NetError::Unreachable(subject.product.clone(), "it has no address".into());
    match subject.probe.as_str() {
        "mongodb" => {
            let ip = address(subject, observed).ok_or_else(silent)?;
            mongodb::raise(&Target { world, subject, at: SocketAddr::new(ip, subject.port) }, version).await
        }
        _ => Ok(()),
    }
}

/// Asks a recorder whose probe is `agent` to record now; the error is a sentence.
pub(super) async fn record(world: &World, subject: &Subject, observed: &Observed) -> Result<(), String> {
    match address(subject, observed) {
        Some(ip) if subject.probe == "agent" => agent::record(&Target { world, subject, at: SocketAddr::new(ip, subject.port) }).await,
        Some(_) => Err(words::NO_PROBE.into()),
        None => Err(words::NO_ADDRESS.into()),
    }
}

/// What lies in the store behind this subject, where it is one that can be listed.
pub(super) async fn stored(world: &World, subject: &Subject, observed: &Observed) -> Stored {
    match address(subject, observed) {
        Some(ip) if subject.probe == "s3" => stored::look(&Target { world, subject, at: SocketAddr::new(ip, subject.port) }).await,
        _ => Stored::default(),
    }
}

/// Looked up each time: an engine gives another address after a restart.
fn address(subject: &Subject, observed: &Observed) -> Option<IpAddr> {
    observed.addresses.get(&subject.network).and_then(|a| a.parse().ok())
}

async fn at(target: &Target<'_>) -> Reading {
    match target.subject.probe.as_str() {
        "http" => http::ask(target).await,
        "tcp" => tcp::ask(target).await,
        "mongodb" => mongodb::ask(target).await,
        "s3" => s3::ask(target).await,
        "amqp" => amqp::ask(target).await,
        "vault" => vault::ask(target).await,
        "agent" => agent::ask(target).await,
        _ => Reading::new(ComponentState::Unknown, words::NO_PROBE),
    }
}

impl Target<'_> {
    /// `10.1.2.3:80`, `[fd00::3]:80`.
    fn at(&self) -> SocketAddr {
        self.at
    }

    fn url(&self, path: &str) -> Result<Url, NetError> {
        let slash = if path.starts_with('/') { "" } else { "/" };
        Url::parse(&format!("http://{}{slash}{path}", self.at())).map_err(|e| NetError::Protocol(self.at().to_string(), e.to_string()))
    }

    fn user(&self) -> &str {
        self.subject.user.as_deref().unwrap_or_default()
    }

    fn password(&self) -> &str {
        self.subject.password.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default()
    }

    fn secret(&self) -> SecretString {
        SecretString::from(self.password())
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Result<Response, NetError> {
        let headers = token.map(|t| ("Authorization".to_owned(), format!("Bearer {t}"))).into_iter().collect();
        self.world.network.http(Request { headers, timeout: QUESTION, ..Request::get(self.url(path)?) }).await
    }

    async fn post(&self, path: &str, token: &str) -> Result<Response, NetError> {
        let headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
        self.world.network.http(Request { method: "POST", headers, timeout: QUESTION, ..Request::get(self.url(path)?) }).await
    }

    /// POST {username, password} as both the Agent and (inferred) the Vault take it.
    async fn login(&self, path: &str) -> Result<Response, NetError> {
        let body = serde_json::json!({ "username": self.user(), "password": self.password() }).to_string().into_bytes();
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        self.world.network.http(Request { method: "POST", url: self.url(path)?, headers, body, timeout: QUESTION, ca: None }).await
    }
}

/// What it means that no right answer came.
fn unanswered(error: &NetError) -> Reading {
    let (state, says) = match error {
        NetError::Refused(_) => (ComponentState::Down, words::CLOSED.to_owned()),
        NetError::TimedOut(_) | NetError::Name(_) => (ComponentState::Down, words::NO_ANSWER.to_owned()),
        // Rootless engines and those in a virtual machine: their inner addresses are not this machine's.
        NetError::Unreachable(_, why) => (ComponentState::Unknown, words::no_way(why)),
        NetError::Login(_) => (ComponentState::Degraded, words::REFUSES.to_owned()),
        NetError::Tls(_, why) | NetError::Protocol(_, why) => (ComponentState::Degraded, words::odd(why)),
    };
    Reading::new(state, says)
}

/// The body as JSON, where it is.
fn json(response: &Response) -> Option<serde_json::Value> {
    serde_json::from_slice(&response.body).ok()
}
