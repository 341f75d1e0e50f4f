//! The door to the network: names, connections, and the protocols that the stack speaks, each asked with its right login.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use url::Url;

use crate::model::camera::{StreamError, StreamReading};

/// Why nothing came back. Ordered by how far it got.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The name has no address.
    #[error("the name {0} is not known")]
    Name(String),
    /// Nobody listens there.
    #[error("nothing listens at {0}")]
    Refused(String),
    /// No answer in time.
    #[error("{0} did not answer in time")]
    TimedOut(String),
    /// No way there.
    #[error("there is no way to {0}: {1}")]
    Unreachable(String, String),
    /// TLS failed.
    #[error("no safe connection to {0}: {1}")]
    Tls(String, String),
    /// The login was refused.
    #[error("{0} refuses the login")]
    Login(String),
    /// It answered, but not in the protocol expected.
    #[error("{0} answers, but not as expected: {1}")]
    Protocol(String, String),
}

/// A request. Headers that hold secrets are never logged: nothing here is.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// All in all.
    pub timeout: Duration,
    /// Certificates (PEM) that are trusted besides those of this machine, for this request alone.
    pub ca: Option<Vec<u8>>,
}

impl Request {
    /// A GET with a timeout of 5 s.
    pub fn get(url: Url) -> Self {
        Request { method: "GET", url, headers: vec![], body: vec![], timeout: Duration::from_secs(5), ca: None }
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body, at most 1 MiB of it.
    pub body: Vec<u8>,
}

impl Response {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// How fast a body came. It was thrown away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fetched {
    /// Status and headers.
    pub response: Response,
    /// Bytes of its body that were counted: all but the first ones, with which a connection gets up to its speed.
    pub bytes: u64,
    /// How long these took.
    pub seconds: f64,
}

/// The network.
#[async_trait]
pub trait Network: Send + Sync {
    /// Addresses of a name.
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError>;
    /// Opens and closes a TCP connection.
    async fn connect(&self, to: SocketAddr, timeout: Duration) -> Result<(), NetError>;
    /// Whether this machine could listen there now.
    async fn can_listen(&self, at: SocketAddr) -> Result<(), std::io::ErrorKind>;
    /// One HTTP exchange; redirects are not followed.
    async fn http(&self, request: Request) -> Result<Response, NetError>;
    /// Begins an HTTP exchange, counts at most so many bytes of its body and throws them away; redirects are not followed. It ends
    /// with what came when the request's time is up.
    async fn fetch(&self, request: Request, _most: u64) -> Result<Fetched, NetError> {
        Err(NetError::Protocol(request.url.host_str().unwrap_or_default().into(), "it cannot be measured from here".into()))
    }
    /// Opens an RTSP stream over TCP and watches it for at most `watch`: codec, size, rates.
    async fn rtsp(
        &self,
        url: &Url,
        login: Option<(String, SecretString)>,
        connect: Duration,
        watch: Duration,
    ) -> Result<StreamReading, StreamError>;
    /// Logs in to a MongoDB with a connection string (official driver) and pings it. Answers its version.
    async fn mongodb(&self, uri: &SecretString, timeout: Duration) -> Result<String, NetError>;
    /// Tells a MongoDB that its data belongs to this version from now on (`8.0`): after this the version before cannot read it,
    /// and the next one can. Asked again it changes nothing.
    async fn mongodb_raise(&self, _uri: &SecretString, version: &str, _timeout: Duration) -> Result<(), NetError> {
        Err(NetError::Protocol("MongoDB".into(), format!("its data cannot be raised to version {version} from here")))
    }
    /// Opens an AMQP 0-9-1 connection with this login and closes it again. Answers product and version.
    async fn amqp(&self, to: SocketAddr, user: &str, password: &SecretString, timeout: Duration) -> Result<String, NetError>;
}
