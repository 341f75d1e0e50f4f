//! A component as a recipe describes it: neutral, once, rendered by every target. No platform's word is in here.
//! Strings may hold `${…}`; `recipe::text` says what may stand inside.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many of it run, and whether it keeps data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentShape {
    /// One, with data of its own.
    Stateful,
    /// One, without.
    Stateless,
    /// One a camera.
    PerCamera,
}

/// One component of the stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Component {
    /// Its name: a DNS label, also its address inside the stack.
    pub name: String,
    /// Its job, which comes first on every screen.
    pub title: String,
    /// The product, dimmed behind it.
    pub product: String,
    /// What it does, as the end of a sentence.
    pub does: String,
    /// How many.
    pub shape: ComponentShape,
    /// Predicates that must all hold for it to be part of a site.
    #[serde(default)]
    pub only: Vec<String>,
    /// Components that must answer first.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Image.
    pub image: Image,
    /// Arguments to the image's entrypoint.
    #[serde(default)]
    pub args: Option<Vec<String>>,
    /// Environment.
    #[serde(default)]
    pub env: BTreeMap<String, Value>,
    /// Ports.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Volumes. Every VOLUME of the image is named, so that none is left anonymous.
    #[serde(default)]
    pub volumes: Vec<Volume>,
    /// User it runs as.
    #[serde(default)]
    pub user: User,
    /// What is kept when all other capabilities are dropped; absent leaves the engine's default set.
    #[serde(default)]
    pub capabilities: Option<Vec<String>>,
    /// Programs may gain privileges from a file capability (the Agent's port 80).
    #[serde(default)]
    pub file_capability: bool,
    /// The root file system is read-only but for these.
    #[serde(default)]
    pub read_only_root: Option<ReadOnlyRoot>,
    /// Memory, processor, grace.
    #[serde(default)]
    pub resources: Resources,
    /// The variable by which it cleans up after itself.
    #[serde(default)]
    pub cleans_itself: Option<CleansItself>,
    /// Spread over.
    #[serde(default)]
    pub spread: Option<String>,
    /// How it is asked for its health.
    pub health: Health,
    /// Steps through its own API once it is healthy.
    #[serde(default)]
    pub provision: Vec<Provision>,
    /// Texts that other components use as `${gives.<component>.<name>}`.
    #[serde(default)]
    pub gives: BTreeMap<String, String>,
    /// Where each figure comes from.
    pub from: Vec<String>,
}

/// A component's image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Image {
    /// With registry, without tag.
    pub name: String,
    /// The first entry whose predicates hold is taken. A predicate that is unknown stops here and takes the entry marked safest.
    pub choose: Vec<Choice>,
    /// Data of which versions it may be started on.
    #[serde(default)]
    pub data: Option<DataVersions>,
}

/// A tag and when it is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Choice {
    /// Tag.
    pub tag: String,
    /// Predicates that must all hold.
    #[serde(default)]
    pub only: Vec<String>,
    /// Taken when a predicate is unknown.
    #[serde(default)]
    pub safest: bool,
    /// Why, for people.
    #[serde(default)]
    pub because: Option<String>,
}

/// Order of versions that data may come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DataVersions {
    /// Volume in which the data lies.
    pub volume: String,
    /// Versions, oldest first.
    pub versions: Vec<String>,
    /// How many steps newer than the data it may be.
    pub step: usize,
}

impl DataVersions {
    /// The version that a tag is of, such as 8.0 of `8.0.15`.
    pub fn version(&self, tag: &str) -> Option<&str> {
        self.versions.iter().find(|v| tag.strip_prefix(v.as_str()).is_some_and(|rest| rest.starts_with('.'))).map(String::as_str)
    }
}

/// Whether a program of the version `new` takes over data of the version `old`, by a list of versions, oldest first, and how many
/// steps newer it may be. Versions that are not in the list are none that it takes over.
pub fn takes_over(versions: &[String], step: usize, old: &str, new: &str) -> bool {
    let at = |version: &str| versions.iter().position(|v| v == version);
    at(old).zip(at(new)).is_some_and(|(old, new)| old <= new && new - old <= step)
}

/// Value of a variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Text with `${…}`.
    Text(String),
    /// A secret, made when it does not exist.
    Secret(SecretValue),
    /// Text that is set only where predicates hold.
    When(When),
}

/// A variable that is set only where predicates hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct When {
    /// Text with `${…}`.
    pub text: String,
    /// Predicates that must all hold.
    pub only: Vec<String>,
}

/// A secret as a variable's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecretValue {
    /// Its name. `camera.…` and, in a per-camera component, its own secrets are kept a camera.
    pub secret: String,
    /// As a file whose path the variable holds, or in the variable itself.
    #[serde(default, rename = "as")]
    pub as_: SecretAs,
    /// How it is made.
    #[serde(default)]
    pub make: Make,
    /// Set only where these predicates hold.
    #[serde(default)]
    pub only: Vec<String>,
}

/// How a component gets a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretAs {
    /// In the variable.
    #[default]
    Env,
    /// In a file of mode 0600 owned by the image's user; the variable holds its path.
    File,
}

/// How a secret is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Make {
    /// Letters and digits: it may end up in an address.
    #[default]
    Password,
    /// An RSA key of 2048 bits in PEM.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// Not made: comes from a person.
    Given,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Number inside.
    pub port: u16,
    /// Who reaches it: `stack`, or `answer` (as `network.expose` says).
    pub reach: Reach,
    /// Which of `network.ports` is its number outside: `vault`, `storage`.
    #[serde(default)]
    pub outside: Option<String>,
}

/// Who reaches a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// Other components only.
    Stack,
    /// As the person chose: LAN, this machine, balancer, Ingress.
    Exposed,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Volume {
    /// Name.
    pub name: String,
    /// Path inside.
    pub path: String,
    /// Folders within it that are made.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Size such as `2Gi`, where a target needs one.
    #[serde(default)]
    pub size: Option<String>,
    /// Kept after uninstall.
    pub keep: bool,
    /// Files copied out of the image before the first start: path in the volume → path in the image.
    #[serde(default)]
    pub seed: BTreeMap<String, String>,
}

/// User a component runs as.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// `uid:gid` that its files belong to; `named` reads the image's user from the image.
    #[serde(default)]
    pub image: Option<String>,
    /// `same` starts it as that user; `image` leaves the start to the image.
    #[serde(default)]
    pub start_as: StartAs,
}

/// As whom the first process starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartAs {
    /// As the image says.
    #[default]
    Image,
    /// As the user its files belong to.
    Same,
}

/// Read-only root.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReadOnlyRoot {
    /// Folders that stay writable, in memory.
    pub writable: Vec<String>,
}

/// Memory, processor, grace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resources {
    /// Memory.
    #[serde(default)]
    pub memory: MemoryNeed,
    /// Processor asked for: `100m`.
    #[serde(default)]
    pub cpu: Option<String>,
    /// /dev/shm.
    #[serde(default)]
    pub shm: Option<String>,
    /// Seconds between TERM and KILL.
    #[serde(default)]
    pub stop_seconds: Option<u32>,
    /// Open files.
    #[serde(default)]
    pub files: Option<u64>,
}

/// Memory: either request and limit, or base plus so much for each Mbit/s of the camera.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemoryNeed {
    /// Set aside.
    #[serde(default)]
    pub request: Option<String>,
    /// Never more.
    #[serde(default)]
    pub limit: Option<String>,
    /// Limit of a per-camera component before its stream.
    #[serde(default)]
    pub base: Option<String>,
    /// Added for each Mbit/s of its stream.
    #[serde(default)]
    pub per_mbit: Option<String>,
}

/// How a component cleans up after itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CleansItself {
    /// Variable that holds the most it may keep.
    pub variable: String,
    /// Unit of the variable: `MB`.
    pub unit: String,
    /// Where the figure comes from: `volumes.data.size`, unless the plan sizes it per camera.
    pub from: String,
}

/// How a component is asked for its health.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Health {
    /// `mongodb`, `s3`, `amqp`, `http`, `vault`, `agent`, `tcp`.
    pub probe: String,
    /// Name of the port that is asked.
    pub port: String,
    /// User.
    #[serde(default)]
    pub user: Option<String>,
    /// Password.
    #[serde(default)]
    pub password: Option<SecretValue>,
    /// Path, for HTTP.
    #[serde(default)]
    pub path: Option<String>,
    /// Within which it must answer after its start, such as `120s`.
    pub within: String,
}

/// A step through a component's own API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provision {
    /// Step kind: `bucket`.
    pub step: String,
    /// What it needs: texts with `${…}`.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}
