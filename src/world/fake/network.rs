//! A network on which cameras, registries and the simulated containers answer.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::containers::{Part, Sim};
use super::machine::{Machine, bare};
use super::services;
use crate::model::camera::{StreamError, StreamReading};
use crate::world::clock::Clock as _;
use crate::world::network::{Fetched, NetError, Network, Request, Response};

pub(super) struct FakeNetwork(pub(super) Arc<Machine>);

/// A registry's name; one of one's own has a port in it.
fn registry_name(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl FakeNetwork {
    fn registry(&self, host: &str) -> bool {
        self.0.described.host.registries.iter().any(|r| r.host == host && r.reach.get().is_some())
    }

    /// The container behind an address, when it listens on the port by now.
    fn container(&self, at: IpAddr, port: u16) -> Result<(Sim, u16), NetError> {
        let to = SocketAddr::new(at, port).to_string();
        let (sim, inside) = self.0.behind(at, port).ok_or_else(|| self.nobody(at, port))?;
        // Vault ends and starts again until its database answers.
        let open = services::ports(sim.part()).contains(&inside) && (sim.part() != Part::Vault || self.database());
        if sim.ready(self.0.clock.now()) && open { Ok((sim, inside)) } else { Err(NetError::Refused(to)) }
    }

    /// The site's own database answers, or there is none here.
    fn database(&self) -> bool {
        let now = self.0.clock.now();
        let state = self.0.state();
        let mut all = state.sims.all().filter(|s| s.part() == Part::Mongo).peekable();
        all.peek().is_none() || all.any(|s| s.ready(now))
    }

    fn nobody(&self, at: IpAddr, port: u16) -> NetError {
        let to = SocketAddr::new(at, port).to_string();
        let inner = matches!(at, IpAddr::V4(v4) if v4.octets()[0] == 172);
        if self.0.is_here(at) || inner { NetError::Refused(to) } else { NetError::TimedOut(to) }
    }

    fn address(&self, host: &str) -> Result<IpAddr, NetError> {
        if let Ok(address) = host.parse() {
            return Ok(address);
        }
        if host == "localhost" {
            return Ok(Ipv4Addr::LOCALHOST.into());
        }
        if let Some(address) = self.0.described.names.get(host) {
            return Ok(*address);
        }
        // Registries have some address of the range kept for documentation.
        if self.registry(host) { Ok(Ipv4Addr::new(203, 0, 113, 10).into()) } else { Err(NetError::Name(host.to_owned())) }
    }
}

#[async_trait]
impl Network for FakeNetwork {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        self.address(name).map(|a| vec![a])
    }

    async fn connect(&self, to: SocketAddr, timeout: Duration) -> Result<(), NetError> {
        self.0.wait(0.02).await;
        let camera = self.0.described.cameras.iter().any(|c| {
            c.url.starts_with(&format!("{to}/")) && !matches!(c.error, Some(StreamError::Refused | StreamError::Unreachable { .. }))
        });
        if camera || (self.0.is_here(to.ip()) && self.0.listener(to.port()).is_some()) || to.ip() == Ipv4Addr::new(203, 0, 113, 10) {
            return Ok(());
        }
        let answer = self.container(to.ip(), to.port()).map(|_| ());
        if matches!(answer, Err(NetError::TimedOut(_))) {
            self.0.wait(timeout.as_secs_f64()).await;
        }
        answer
    }

    async fn can_listen(&self, at: SocketAddr) -> Result<(), ErrorKind> {
        let now = self.0.clock.now();
        let published = self.0.state().sims.all().any(|s| s.runs(now) && s.spec.publish.iter().any(|p| p.host == at.port()));
        if published || self.0.listener(at.port()).is_some() {
            return Err(ErrorKind::AddrInUse);
        }
        if at.port() < 1024 && at.port() > 0 && self.0.uid() != 0 {
            return Err(ErrorKind::PermissionDenied);
        }
        if at.ip().is_unspecified() || self.0.is_here(at.ip()) { Ok(()) } else { Err(ErrorKind::AddrNotAvailable) }
    }

    async fn http(&self, request: Request) -> Result<Response, NetError> {
        self.0.wait(0.03).await;
        let host = request.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = registry_name(&request.url);
        if self.registry(&name) {
            return Ok(services::registry(&self.0, &request, &name));
        }
        let address = self.address(&host)?;
        let port = request.url.port_or_known_default().unwrap_or(80);
        match self.container(address, port) {
            Ok((sim, inside)) => services::answer(&self.0, &sim, inside, &request),
            Err(e @ NetError::TimedOut(_)) => {
                self.0.wait(request.timeout.as_secs_f64()).await;
                Err(e)
            }
            Err(e) => Err(e),
        }
    }

    async fn fetch(&self, request: Request, most: u64) -> Result<Fetched, NetError> {
        self.0.wait(0.03).await;
        let name = registry_name(&request.url);
        if !self.registry(&name) {
            return Err(NetError::Name(name));
        }
        // As much as the described line sends in that time.
        let rate = self.0.described.downloads.max(1) as f64;
        let seconds = (most as f64 / rate).min(request.timeout.as_secs_f64());
        self.0.wait(seconds).await;
        Ok(Fetched { response: Response { status: 206, ..Response::default() }, bytes: (rate * seconds) as u64, seconds })
    }

    async fn rtsp(
        &self,
        url: &Url,
        login: Option<(String, SecretString)>,
        connect: Duration,
        watch: Duration,
    ) -> Result<StreamReading, StreamError> {
        let typed = (!url.username().is_empty()).then(|| format!("{}:{}", url.username(), url.password().unwrap_or_default()));
        let login = login.map(|(user, password)| format!("{user}:{}", password.expose_secret())).or(typed);
        let got = self.0.camera(url, login.as_deref());
        self.0
            .wait(match &got {
                Ok(_) | Err(StreamError::NoPicture { .. }) => watch.as_secs_f64(),
                Err(StreamError::Unreachable { .. }) => connect.as_secs_f64(),
                Err(_) => 0.2,
            })
            .await;
        got.map(|reading| StreamReading { seconds: watch.as_secs_f64(), ..reading })
    }

    async fn mongodb(&self, uri: &SecretString, timeout: Duration) -> Result<String, NetError> {
        self.0.wait(0.05).await;
        let broken = |why: &str| NetError::Protocol("mongodb".into(), why.into());
        let url = Url::parse(uri.expose_secret()).map_err(|e| broken(&e.to_string()))?;
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(27017));
        let at = format!("{host}:{port}");
        let (sim, _) = match self.container(self.address(host)?, port) {
            Err(e) => {
                // The driver looks for a server until its time is up.
                self.0.wait(timeout.as_secs_f64()).await;
                return Err(e);
            }
            Ok(found) => found,
        };
        if sim.part() != Part::Mongo {
            return Err(NetError::Protocol(at, "no MongoDB".into()));
        }
        let user = sim.env.get("MONGO_INITDB_ROOT_USERNAME").map_or("", String::as_str);
        let password = services::secret(&self.0, &sim, "MONGO_INITDB_ROOT_PASSWORD");
        if url.username() != user || url.password().unwrap_or_default() != password.unwrap_or_default() {
            return Err(NetError::Login(at));
        }
        Ok(bare(&sim.spec.image).1.unwrap_or("8.0").to_owned())
    }

    async fn mongodb_raise(&self, uri: &SecretString, version: &str, timeout: Duration) -> Result<(), NetError> {
        match self.mongodb(uri, timeout).await?.starts_with(&format!("{version}.")) {
            true => Ok(()),
            false => Err(NetError::Protocol("mongodb".into(), "it answers with the error Location4926900".into())),
        }
    }

    async fn amqp(&self, to: SocketAddr, user: &str, password: &SecretString, _timeout: Duration) -> Result<String, NetError> {
        self.0.wait(0.05).await;
        let (sim, _) = self.container(to.ip(), to.port())?;
        if sim.part() != Part::Rabbit {
            return Err(NetError::Protocol(to.to_string(), "no AMQP".into()));
        }
        if !services::rabbit_login(&self.0, &sim, user, password.expose_secret()) {
            return Err(NetError::Login(to.to_string()));
        }
        Ok("RabbitMQ 4.1.4".into())
    }
}
