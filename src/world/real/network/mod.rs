//! This machine's network: names, connections and the stack's protocols, one file a protocol.

mod amqp;
mod http;
mod mongodb;
mod rtsp;
#[cfg(test)]
pub(crate) mod tls_tests;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use crate::model::camera::{StreamError, StreamReading};
use crate::world::network::{Fetched, NetError, Network, Request, Response};

/// How long a name may take: resolvers that do not answer try for half a minute otherwise.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// The network as this machine sees it.
pub struct RealNetwork {
    http: http::Http,
    mongodb: mongodb::Kept,
}

impl RealNetwork {
    /// Makes nothing yet: what is wrong with a client is told at its first request.
    pub fn new() -> Self {
        RealNetwork { http: http::Http::new(), mongodb: mongodb::Kept::default() }
    }
}

impl Default for RealNetwork {
    fn default() -> Self {
        RealNetwork::new()
    }
}

/// What a system error means for whoever wanted to reach `at`.
fn reach(at: &str, error: &io::Error) -> NetError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => NetError::Refused(at.into()),
        io::ErrorKind::TimedOut => NetError::TimedOut(at.into()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            NetError::Protocol(at.into(), "it closes the connection".into())
        }
        _ => NetError::Unreachable(at.into(), plain(error)),
    }
}

/// The system's words without the number behind them.
fn plain(error: &io::Error) -> String {
    let said = error.to_string();
    match said.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => said,
    }
}

/// Opens a connection within the time.
async fn open(to: SocketAddr, timeout: Duration) -> Result<tokio::net::TcpStream, NetError> {
    let at = to.to_string();
    match tokio::time::timeout(timeout, tokio::net::TcpStream::connect(to)).await {
        Err(_) => Err(NetError::TimedOut(at)),
        Ok(Err(e)) => Err(reach(&at, &e)),
        Ok(Ok(stream)) => Ok(stream),
    }
}

/// Addresses of a name, within the time.
async fn addresses(name: &str) -> Result<Vec<IpAddr>, NetError> {
    if let Ok(ip) = name.trim_matches(['[', ']']).parse() {
        return Ok(vec![ip]);
    }
    let found = match tokio::time::timeout(NAME_TIMEOUT, tokio::net::lookup_host((name, 0))).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => return Err(NetError::Name(name.into())),
        Err(_) => return Err(NetError::TimedOut(format!("the name server, asked for {name},"))),
    };
    let mut ips: Vec<IpAddr> = vec![];
    for ip in found.map(|a| a.ip()) {
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    if ips.is_empty() { Err(NetError::Name(name.into())) } else { Ok(ips) }
}

#[async_trait]
impl Network for RealNetwork {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        addresses(name).await
    }

    async fn connect(&self, to: SocketAddr, timeout: Duration) -> Result<(), NetError> {
        open(to, timeout).await.map(drop)
    }

    async fn can_listen(&self, at: SocketAddr) -> Result<(), io::ErrorKind> {
        // tokio sets SO_REUSEADDR: a port that only waits for old connections to fade counts as free, a listening one does not.
        tokio::net::TcpListener::bind(at).await.map(drop).map_err(|e| e.kind())
    }

    async fn http(&self, request: Request) -> Result<Response, NetError> {
        self.http.exchange(request).await
    }

    async fn fetch(&self, request: Request, most: u64) -> Result<Fetched, NetError> {
        self.http.measure(request, most).await
    }

    async fn rtsp(
        &self,
        url: &Url,
        login: Option<(String, SecretString)>,
        connect: Duration,
        watch: Duration,
    ) -> Result<StreamReading, StreamError> {
        rtsp::watch(url, login, connect, watch).await
    }

    async fn mongodb(&self, uri: &SecretString, timeout: Duration) -> Result<String, NetError> {
        mongodb::ping(&self.mongodb, uri, timeout).await
    }

    async fn mongodb_raise(&self, uri: &SecretString, version: &str, timeout: Duration) -> Result<(), NetError> {
        mongodb::raise(uri, version, timeout).await
    }

    async fn amqp(&self, to: SocketAddr, user: &str, password: &SecretString, timeout: Duration) -> Result<String, NetError> {
        amqp::login(to, user, password, timeout).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listening_port_is_taken_and_a_closed_one_free() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let network = RealNetwork::new();
        assert_eq!(network.can_listen(at).await, Err(io::ErrorKind::AddrInUse));
        assert_eq!(network.can_listen(format!("0.0.0.0:{}", at.port()).parse().unwrap()).await, Err(io::ErrorKind::AddrInUse));
        assert_eq!(network.connect(at, Duration::from_secs(1)).await, Ok(()));
        drop(listener);
        assert_eq!(network.can_listen(at).await, Ok(()));
        assert_eq!(network.connect(at, Duration::from_secs(1)).await, Err(NetError::Refused(at.to_string())));
    }

    #[tokio::test]
    async fn addresses_need_no_name_server_and_unknown_names_are_said_so() {
        let network = RealNetwork::new();
        assert_eq!(network.resolve("192.0.2.7").await, Ok(vec!["192.0.2.7".parse().unwrap()]));
        assert_eq!(network.resolve("[::1]").await, Ok(vec!["::1".parse().unwrap()]));
        assert!(network.resolve("localhost").await.is_ok_and(|ips| ips.iter().all(IpAddr::is_loopback)));
        assert!(matches!(network.resolve("no-such-host.invalid").await, Err(NetError::Name(_) | NetError::TimedOut(_))));
    }
}
