//! Answers: what a person decides. It is the site file, less the secrets: those are split out as they come in and are
//! references from there on. Validation with places is `ask`'s work.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Where the stack runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformKind {
    /// Docker on this machine.
    Docker,
    /// MicroK8s on this machine.
    Microk8s,
    /// A Kubernetes cluster.
    Kubernetes,
    /// Amazon's.
    Eks,
    /// Google's.
    Gke,
    /// Microsoft's.
    Aks,
}

/// How much of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// With library, database and video store.
    Full,
    /// Agents alone, recording to the disk.
    Small,
}

/// When a camera records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Record {
    /// On movement.
    Motion,
    /// Always.
    Always,
}

/// Who may open the recordings page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expose {
    /// Everyone on the LAN, with the password.
    Lan,
    /// This machine only.
    Loopback,
    /// A cluster's load balancer.
    LoadBalancer,
    /// A cluster's Ingress.
    Ingress,
}

/// A service that is ours, off, or somebody else's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Installed with the stack.
    Bundled,
    /// Not used.
    Off,
    /// Somebody else's; the address is a secret as a whole, since it holds a login.
    External {
        /// Plain settings: `endpoint`, `bucket`, `region`.
        settings: BTreeMap<String, String>,
    },
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// DNS label.
    pub name: String,
    /// Address without its login: `rtsp://192.0.2.10/stream`. The login is the secret `camera.<name>.login` as `user:password`,
    /// the whole address with login is the secret `camera.<name>.url`.
    pub url: String,
    /// Second, smaller stream, without its login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_url: Option<String>,
    /// User of the login, shown; the password never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// When it records.
    pub record: Record,
}

impl Camera {
    /// Its addresses, without login: the one that is recorded, and the smaller one where there is one.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.url.as_str()).chain(self.sub_url.as_deref())
    }
}

/// Where images come from instead of their own registries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Images {
    /// `localhost:5000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// It speaks plain HTTP.
    #[serde(default)]
    pub insecure: bool,
    /// User; the password is the secret `images.password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A CA file to trust for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// All answers, each with a safe default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answers {
    /// Site's name, a DNS label.
    pub site: String,
    /// IANA time zone; none takes the machine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Full or small.
    pub shape: Shape,
    /// Where.
    pub platform: PlatformKind,
    /// Folder for recordings.
    pub path: String,
    /// Days to keep.
    pub retention_days: u32,
    /// Image redirects.
    pub images: Images,
    /// Who may open the page.
    pub expose: Expose,
    /// Port of the recordings page.
    pub vault_port: u16,
    /// Port of the video store.
    pub storage_port: u16,
    /// Subnet of the site's network; none lets kerbup choose a free one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// Video store.
    pub object_storage: Service,
    /// Recordings list.
    pub database: Service,
    /// Events.
    pub broker: Service,
    /// Hub is chosen.
    #[serde(default)]
    pub hub: bool,
    /// Cameras.
    pub cameras: Vec<Camera>,
    /// What a site file says about platforms and options that this version does not install, by key (`platform.context`).
    /// Kept, so that a saved file loses nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub later: BTreeMap<String, serde_json::Value>,
    /// Where each answer came from, by key (`storage.path`); what is not in it is a default.
    #[serde(default)]
    pub origins: BTreeMap<String, Origin>,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A safe default.
    Default,
    /// A site file.
    File,
    /// A flag or variable.
    Flag,
    /// A person.
    Person,
}

impl Default for Answers {
    fn default() -> Self {
        Answers {
            site: "home".into(),
            timezone: None,
            shape: Shape::Full,
            platform: PlatformKind::Docker,
            path: "/srv/kerberos".into(),
            retention_days: 30,
            images: Images::default(),
            expose: Expose::Lan,
            vault_port: 8080,
            storage_port: 9000,
            subnet: None,
            object_storage: Service::Bundled,
            database: Service::Bundled,
            broker: Service::Off,
            hub: false,
            cameras: vec![],
            later: BTreeMap::new(),
            origins: BTreeMap::new(),
        }
    }
}
