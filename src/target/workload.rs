//! A component as it will run: everything a step needs to make it, start it and ask it. Plain data; it is what the
//! journal keeps, so a resumed run needs no recipe.

use serde::{Deserialize, Serialize};

use crate::model::engine::ContainerSpec;
use crate::model::recipe::{Make, Provision};

/// A folder of this machine that a component gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Folder {
    /// Volume's name.
    pub volume: String,
    /// Path on this machine.
    pub path: String,
    /// Folders within.
    pub parts: Vec<String>,
    /// Kept after uninstall.
    pub keep: bool,
    /// Files copied out of the image before the first start: (path on this machine, path in the image).
    pub seed: Vec<(String, String)>,
}

/// A secret that a component reads from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretFile {
    /// Secret's name.
    pub secret: String,
    /// Path on this machine, below the state folder.
    pub path: String,
}

/// A secret that must exist before a component is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretNeed {
    /// Name.
    pub name: String,
    /// How it is made where it does not exist.
    pub make: Make,
}

/// Who owns a component's files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// This user and group.
    Ids(u32, u32),
    /// The image's user, read from the image.
    Image,
}

/// How a component is asked for its health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthNeed {
    /// Probe.
    pub probe: String,
    /// Port inside.
    pub port: u16,
    /// User.
    pub user: Option<String>,
    /// Secret that holds the password.
    pub password: Option<String>,
    /// Path, for HTTP.
    pub path: Option<String>,
    /// Seconds within which it must answer after its start.
    pub within: u64,
}

/// Data that must fit the image's version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataNeed {
    /// Volume.
    pub volume: String,
    /// Version of this image, as in `versions`.
    pub version: String,
    /// Versions, oldest first.
    pub versions: Vec<String>,
    /// How many steps newer than the data the image may be.
    pub step: usize,
}

/// A component as it will run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Name inside the site: `mongodb`, `agent-front-door`.
    pub name: String,
    /// Recipe's name.
    pub kind: String,
    /// Camera, for a recorder.
    pub camera: Option<String>,
    /// Its job.
    pub title: String,
    /// Product.
    pub product: String,
    /// What it does.
    pub does: String,
    /// Why this image, where the host decided it.
    pub image_because: Option<String>,
    /// Names of workloads that must answer first.
    pub needs: Vec<String>,
    /// The container.
    pub spec: ContainerSpec,
    /// Folders.
    pub folders: Vec<Folder>,
    /// Secrets as files.
    pub files: Vec<SecretFile>,
    /// Secrets it needs.
    pub secrets: Vec<SecretNeed>,
    /// Who owns its files.
    pub owner: Owner,
    /// Health.
    pub health: HealthNeed,
    /// Data's version.
    pub data: Option<DataNeed>,
    /// Address for a browser, without host: port on this machine and whether the LAN reaches it.
    pub outside: Option<(u16, bool)>,
    /// Steps through its own API once it answers.
    pub provision: Vec<Provision>,
}
