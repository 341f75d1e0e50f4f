//! The Docker engine, or what is in its place.

use serde::{Deserialize, Serialize};

/// The Docker engine, or what is in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
// There is one of these, so the size of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
pub enum DockerPresence {
    /// Nothing of Docker is installed.
    Missing,
    /// Installed, does not run.
    Stopped {
        /// How it is installed, and what the service manager says.
        detail: String,
        /// The unit is masked: started only after unmasking.
        masked: bool,
        /// It is the snap.
        snap: bool,
        /// It is Docker Desktop alone, which only its user starts.
        #[serde(default)]
        desktop: bool,
    },
    /// The socket is there and refuses this user.
    NoAccess {
        /// Path of the socket.
        socket: String,
    },
    /// Answers.
    Running(DockerEngine),
    /// DOCKER_HOST or the context points to another machine, which kerbup does not install to.
    Remote {
        /// What it points to.
        host: String,
    },
}

/// An engine that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DockerEngine {
    /// `28.2.2`.
    pub version: String,
    /// Newest API it speaks: `1.50`.
    pub api: String,
    /// Oldest API it speaks.
    pub api_min: String,
    /// Flavour.
    pub flavour: DockerFlavour,
    /// Root folder of images and containers.
    pub root: String,
    /// Free bytes below that folder.
    pub root_free: Option<u64>,
    /// Storage driver: `overlay2`, `overlayfs`.
    pub driver: String,
    /// It keeps layers as they were fetched beside the unpacked ones, as containerd's image store does; none where it does not say.
    #[serde(default)]
    pub keeps_packed: Option<bool>,
    /// Architecture as the engine says.
    pub arch: String,
    /// Can limit memory of containers.
    pub memory_limit: bool,
    /// Warnings of `docker info`.
    pub warnings: Vec<String>,
    /// Subnets of its networks as CIDR.
    pub subnets: Vec<String>,
    /// Registries it talks to without TLS.
    pub insecure_registries: Vec<String>,
    /// Starts at boot; none where the service manager does not say.
    pub enabled: Option<bool>,
}

/// Flavour of a Docker engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DockerFlavour {
    /// Root's engine from packages.
    Rootful,
    /// A user's own engine.
    Rootless,
    /// The snap, which sees only part of the file system.
    Snap,
    /// Docker Desktop's virtual machine.
    Desktop,
    /// Podman's compatible socket.
    Podman,
}
