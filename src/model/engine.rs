//! The engine's nouns in our own words: images, networks, containers. Docker stands behind them now, Kubernetes later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// What an engine says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// `docker`.
    pub kind: String,
    /// `28.2.2`.
    pub version: String,
    /// API spoken: `1.50`.
    pub api: String,
    /// Architecture: `amd64`, `arm64`.
    pub arch: String,
    /// Root folder.
    pub root: String,
    /// Oldest API spoken (`MinAPIVersion` of /version); empty where it does not say.
    #[serde(default)]
    pub api_min: String,
    /// Name of its first component in /version: `Engine` is Docker's, `Podman Engine` is Podman's.
    #[serde(default)]
    pub product: String,
    /// What it runs on, in its words (`OperatingSystem` of /info): `Debian GNU/Linux 12 (bookworm)`, `Docker Desktop`.
    #[serde(default)]
    pub operating_system: String,
    /// Storage driver: `overlay2`, `overlayfs`.
    #[serde(default)]
    pub driver: String,
    /// It keeps layers as they were fetched beside the unpacked ones, as containerd's image store does; none where it does not say.
    #[serde(default)]
    pub keeps_packed: Option<bool>,
    /// `SecurityOptions` of /info: `name=seccomp,profile=builtin`, `name=rootless`, `name=selinux`.
    #[serde(default)]
    pub security_options: Vec<String>,
    /// `Warnings` of /info.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Registries it talks to without TLS: `InsecureRegistryCIDRs` and the `IndexConfigs` that are not `Secure`.
    #[serde(default)]
    pub insecure_registries: Vec<String>,
    /// It can limit the memory of a container; none where it does not say.
    #[serde(default)]
    pub memory_limit: Option<bool>,
    /// It can limit the swap of a container; none where it does not say.
    #[serde(default)]
    pub swap_limit: Option<bool>,
    /// `systemd`, `cgroupfs` or `none`; empty where it does not say.
    #[serde(default)]
    pub cgroup_driver: String,
}

/// An image that is present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageInfo {
    /// Local id.
    pub id: String,
    /// Digest in its registry (`sha256:…`), where it came from one.
    pub digest: Option<String>,
    /// Size on disk in bytes.
    pub size: u64,
    /// Architecture: `amd64`.
    pub arch: String,
    /// `User` of its configuration, empty for root.
    pub user: String,
    /// `Volumes` of its configuration.
    pub volumes: Vec<String>,
}

/// How far a pull is. Sums over all layers; `total` grows as layers are met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullProgress {
    /// Bytes that are here.
    pub done: u64,
    /// Bytes in all, as far as known.
    pub total: u64,
    /// Layers that are unpacked.
    pub layers_done: u32,
    /// Layers in all.
    pub layers: u32,
}

/// A login to a registry, by name of its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryLogin {
    /// Registry host with port.
    pub server: String,
    /// User.
    pub user: String,
    /// Secret that holds the password.
    pub password: Text,
}

/// A network to make, or one that stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Name.
    pub name: String,
    /// CIDR. None lets the engine choose.
    pub subnet: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A port that is published on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publish {
    /// Address of this machine: `0.0.0.0` or `127.0.0.1`.
    pub address: String,
    /// Port on this machine.
    pub host: u16,
    /// Port in the container.
    pub container: u16,
}

/// A folder or file of this machine, or memory, inside a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum MountSpec {
    /// A folder or file of this machine. The engine must fail when it is missing, never make it.
    Bind {
        /// On this machine.
        source: String,
        /// In the container.
        target: String,
        /// Not writable.
        read_only: bool,
    },
    /// Memory that is gone with the container.
    Tmpfs {
        /// In the container.
        target: String,
        /// Bytes.
        size: Option<u64>,
        /// Mode such as 0o1777.
        mode: Option<u32>,
    },
}

/// Everything a container is made from. Data: it holds references to secrets, never one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerSpec {
    /// `<site>-<component>`.
    pub name: String,
    /// Image with tag, as pulled (after `[images]` redirects).
    pub image: String,
    /// Name in the container.
    pub hostname: Option<String>,
    /// Entrypoint, when it differs from the image's.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments, when they differ from the image's.
    pub args: Option<Vec<String>>,
    /// Environment.
    pub env: BTreeMap<String, Text>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Mounts.
    pub mounts: Vec<MountSpec>,
    /// Ports published on this machine.
    pub publish: Vec<Publish>,
    /// Network and the aliases on it.
    pub network: String,
    /// Aliases on that network.
    pub aliases: Vec<String>,
    /// `uid:gid`; none leaves the image's.
    pub user: Option<String>,
    /// All capabilities but these are dropped; none leaves the engine's default.
    pub capabilities: Option<Vec<String>>,
    /// no-new-privileges.
    pub no_new_privileges: bool,
    /// Root file system is read-only.
    pub read_only_root: bool,
    /// Memory limit in bytes.
    pub memory: Option<u64>,
    /// Memory reservation in bytes.
    pub memory_reservation: Option<u64>,
    /// /dev/shm in bytes.
    pub shm: Option<u64>,
    /// Open files.
    pub files: Option<u64>,
    /// Seconds between TERM and KILL.
    pub stop_seconds: Option<u32>,
    /// Host names put into /etc/hosts: `name:address`.
    pub extra_hosts: Vec<String>,
    /// Log rotation: bytes a file, files.
    pub log_limit: Option<(u64, u32)>,
}

/// State of a container, as the engine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Runs.
    Running,
    /// Between two tries.
    Restarting,
    /// Paused by someone.
    Paused,
    /// Ended.
    Exited,
    /// Being removed, dead, or a word this kerbup does not know.
    Unknown,
}

/// A container that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Engine's id.
    pub id: String,
    /// Name without the slash.
    pub name: String,
    /// Image as named at creation.
    pub image: String,
    /// State.
    pub state: ContainerState,
    /// Exit code of the last run, when it ended.
    pub exit_code: Option<i64>,
    /// The kernel ended it for memory.
    pub oom_killed: bool,
    /// Engine's own error at start, where there was one.
    pub error: Option<String>,
    /// Restarts by the engine.
    pub restarts: u64,
    /// When the present run began, seconds since 1970.
    pub started_at: Option<i64>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Its address on each network.
    pub addresses: BTreeMap<String, String>,
    /// Published ports.
    pub publish: Vec<Publish>,
    /// Names of volumes it uses (also anonymous ones).
    pub volumes: Vec<String>,
}

/// What a container uses at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Part of one core, 1.0 is a whole one. None until two readings are there.
    pub cpu: Option<f64>,
    /// Bytes of memory without the page cache.
    pub memory: u64,
    /// Limit of memory in bytes.
    pub memory_limit: Option<u64>,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Seconds since 1970 with fractions as the engine stamped it, as text; empty where it did not.
    pub time: String,
    /// It came on stderr.
    pub error: bool,
    /// Without its line end.
    pub text: String,
}
