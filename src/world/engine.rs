//! The door to an engine: some fifteen verbs in our own nouns. Docker stands behind it; Kubernetes will.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use secrecy::SecretString;

use crate::model::engine::{ContainerSpec, EngineInfo, ImageInfo, LogLine, NetworkSpec, Observed, PullProgress, Usage};

/// Why an engine did not do it. Its own words are kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No engine answers.
    #[error("the container engine does not answer: {0}")]
    Unreachable(String),
    /// This user may not talk to it.
    #[error("this user may not talk to the container engine: {0}")]
    Denied(String),
    /// There is no such image, container or network.
    #[error("not there: {0}")]
    NotFound(String),
    /// The name is taken, or the thing is in use.
    #[error("{0}")]
    Conflict(String),
    /// A port of this machine is taken.
    #[error("{0}")]
    PortTaken(String),
    /// No space left.
    #[error("{0}")]
    DiskFull(String),
    /// The registry did not answer, or broke off. Trying again may help.
    #[error("{0}")]
    Registry(String),
    /// The registry lets this machine fetch no more for now. Trying again soon does not help.
    #[error("{0}")]
    Limited(String),
    /// The registry asks for a login or refuses the one given.
    #[error("{0}")]
    Login(String),
    /// The image is not made for this processor.
    #[error("{0}")]
    Platform(String),
    /// The registry speaks plain HTTP and the engine expects TLS, or its certificate is not trusted.
    #[error("{0}")]
    Insecure(String),
    /// Anything else, in the engine's words.
    #[error("{0}")]
    Other(String),
}

/// Result of a verb.
pub type Result<T> = std::result::Result<T, EngineError>;

/// A login to a registry while a pull runs.
pub struct Login {
    /// Registry host with port.
    pub server: String,
    /// User.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

/// From where a log is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogFrom {
    /// So many of its last lines.
    Last(usize),
    /// What came since then, seconds since 1970; whole seconds count, so a line may come twice.
    Since(f64),
}

/// Images, networks and containers.
#[async_trait]
pub trait Engine: Send + Sync {
    /// What it says of itself.
    async fn info(&self) -> Result<EngineInfo>;
    /// An image that is present, or none.
    async fn image(&self, name: &str) -> Result<Option<ImageInfo>>;
    /// Fetches an image; `progress` is called as bytes arrive, at most some ten times a second.
    async fn pull(&self, name: &str, login: Option<&Login>, progress: &(dyn Fn(PullProgress) + Send + Sync)) -> Result<ImageInfo>;
    /// Removes an image by name. `NotFound` is no error.
    async fn remove_image(&self, name: &str) -> Result<()>;
    /// Reads a file out of an image without running it (a container that is made, read and removed); none where it is not in it.
    async fn image_file(&self, image: &str, path: &str) -> Result<Option<Vec<u8>>>;
    /// All networks.
    async fn networks(&self) -> Result<Vec<NetworkSpec>>;
    /// Makes a network (bridge). `Conflict` where the name or the subnet is taken.
    async fn create_network(&self, spec: &NetworkSpec) -> Result<()>;
    /// Removes a network. `NotFound` is no error.
    async fn remove_network(&self, name: &str) -> Result<()>;
    /// All containers, running or not, with the label `key=value` or, without one, all there are.
    async fn containers(&self, label: Option<(&str, &str)>) -> Result<Vec<Observed>>;
    /// One container by name.
    async fn container(&self, name: &str) -> Result<Option<Observed>>;
    /// Makes a container from its spec and the environment with secrets looked up. Restarted unless stopped.
    async fn create(&self, spec: &ContainerSpec, env: &[(String, SecretString)]) -> Result<String>;
    /// Starts it. Started already is no error.
    async fn start(&self, name: &str) -> Result<()>;
    /// Stops it, with the spec's grace period. Stopped already is no error.
    async fn stop(&self, name: &str) -> Result<()>;
    /// Stops and starts it.
    async fn restart(&self, name: &str) -> Result<()>;
    /// Removes it (stopping it first) with its anonymous volumes. `NotFound` is no error.
    async fn remove(&self, name: &str) -> Result<()>;
    /// Its log from there on, then, with `follow`, each new line.
    async fn logs(&self, name: &str, from: LogFrom, follow: bool) -> Result<BoxStream<'static, Result<LogLine>>>;
    /// What it uses now. Processor time is a rate, so it is known from the second time on.
    async fn usage(&self, name: &str) -> Result<Usage>;
}
