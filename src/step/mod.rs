//! One kind of step a file, and the one list of kinds.
//!
//! A kind checks how things stand, prepares its undo without changing anything, applies, and takes back. It is called
//! again after a power cut, so each of its verbs must bear to be run on what an earlier, cut run left.

#[cfg(test)]
mod alone;
pub mod bucket;
pub mod container;
mod daemon;
pub mod data_version;
pub mod docker;
pub mod files;
pub mod image;
mod label;
pub mod network;
mod owner;
pub mod program;
pub mod registry;
mod remains;
pub mod storage;
pub mod unit;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::details::Details;
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::secrets::Secrets;
use crate::world::World;
use crate::world::engine::EngineError;

pub use crate::target::docker::{Inputs, RENDERER, by_hand, image::registry as registry_of, subnet, workloads};
pub use crate::target::workload::Workload;

/// Where a step tells how far it is. What it says must hold no secret; the run cuts known ones out all the same.
pub trait Report: Send + Sync {
    /// So far, of.
    fn progress(&self, done: u64, total: Option<u64>, unit: Unit, note: &str);
    /// A line for the log.
    fn log(&self, from: &str, text: &str);
}

/// What a step works with.
#[derive(Clone)]
pub struct Context {
    /// The doors.
    pub world: World,
    /// The site.
    pub site: String,
    /// Its state folder.
    pub state: String,
    /// Its secrets.
    pub secrets: Secrets,
    /// Where it tells how far it is.
    pub report: Arc<dyn Report>,
    /// What is kept otherwise goes as well: recordings and databases.
    pub purge: bool,
    /// Also an engine that kerbup installed goes.
    pub with_engine: bool,
    /// This site's earlier run made this step, with what it made.
    pub made: Option<Value>,
    /// Who listens on a port of this machine, where that can be seen.
    pub who: fn(&World, u16) -> Option<String>,
    /// The other sites of this machine: what they share with this one outlives it.
    pub neighbours: Vec<Neighbour>,
}

/// Another site of this machine.
#[derive(Debug, Clone, Default)]
pub struct Neighbour {
    /// Its state folder.
    pub state: String,
    /// Steps of it that were begun, with what takes them back.
    pub steps: Vec<(Arc<Step>, Value)>,
}

impl Context {
    /// Writes the secrets of the site.
    pub fn save_secrets(&self) -> Result<(), Fault> {
        self.secrets.save(&*self.world.files, &format!("{}/secrets.toml", self.state))
    }
}

/// A kind of step.
#[async_trait]
pub trait Kind: Sync + Send {
    /// Its name, as `Step.kind` has it.
    fn name(&self) -> &'static str;
    /// How things stand. Changes nothing.
    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault>;
    /// What takes it back, found before anything is changed. Changes nothing.
    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault>;
    /// Does it. Answers what it made, for the receipt.
    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault>;
    /// Whether it stays where a later plan names it no more: once it is done, a plan for this machine has no need of it.
    fn stays(&self) -> bool {
        false
    }
    /// Takes it back, with what `prepare` saved. Bears that half of it, or nothing, was done.
    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault>;
}

/// All kinds.
pub const KINDS: &[&dyn Kind] = &[
    &docker::Docker,
    &registry::Registry,
    &storage::Storage,
    &network::Network,
    &image::Image,
    &container::Container,
    &bucket::Bucket,
    &program::Program,
    &unit::Unit,
];

/// A kind by its name.
pub fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().find(|k| k.name() == name).copied()
}

/// What steps have in common that take alike long: their kind, of a container also which component it is, and of the engine
/// whether it is installed or only started.
pub fn sort(step: &Step) -> String {
    let more = match step.kind.as_str() {
        "container" => step.with.value()["workload"]["kind"].as_str().map(str::to_string),
        "docker" => step.with.value()["packages"].as_array().map(|p| if p.is_empty() { "start" } else { "install" }.to_string()),
        _ => None,
    };
    more.map_or_else(|| step.kind.clone(), |more| format!("{}:{more}", step.kind))
}

/// Reads what a step's kind needs to know. A journal of another version may hold something else.
pub fn with<T: DeserializeOwned>(step: &Step) -> Result<T, Fault> {
    step.with.read().map_err(|e| {
        Fault::new(Whose::Ours, "STEP-NOT-UNDERSTOOD", format!("The step {} was written by another version of kerbup.", step.id))
            .because(e.to_string())
            .cure("Use the kerbup that made this install: a copy lies in its state folder.")
    })
}

/// What a step's kind needs to know, as the step keeps it.
pub fn details<T: Serialize>(data: &T) -> Result<Details, Fault> {
    Details::of(data).map_err(not_written)
}

fn not_written(e: serde_json::Error) -> Fault {
    Fault::new(Whose::Ours, "NOT-WRITTEN", "Something of kerbup's own could not be written down.").because(e.to_string())
}

/// Data of ours as a JSON value.
pub fn value<T: Serialize>(data: &T) -> Result<Value, Fault> {
    serde_json::to_value(data).map_err(not_written)
}

/// An engine's error as people see it.
pub fn engine_fault(e: EngineError, what: &str) -> Fault {
    let words = e.to_string();
    let (whose, code, says, cure): (Whose, &str, String, &str) = match e {
        EngineError::Unreachable(_) => (
            Whose::Machine,
            "ENGINE-GONE",
            "Docker does not answer.".into(),
            "See how it is with: systemctl status docker. Start it with: sudo systemctl start docker. Then run kerbup again: it goes on where it stopped.",
        ),
        EngineError::Denied(_) => (Whose::Machine, "NEEDS-ROOT", "This user may not talk to Docker.".into(), "Run it as root: sudo kerbup"),
        EngineError::NotFound(_) => {
            (Whose::Machine, "NOT-THERE", format!("{what} is not there."), "Run kerbup again: it makes what is missing.")
        }
        EngineError::Conflict(_) => (
            Whose::Machine,
            "NAME-TAKEN",
            format!("{what} is in the way: something of that name is there already."),
            "Give this site another name, or remove what has the name.",
        ),
        EngineError::PortTaken(_) => (
            Whose::Machine,
            "PORT-TAKEN",
            format!("{what} needs a port of this machine that another program uses."),
            "Choose another port (network.ports in the site file), or stop the other program.",
        ),
        EngineError::DiskFull(_) => (
            Whose::Machine,
            "DISK-FULL",
            "The disk that Docker uses is full.".into(),
            "Free some space on it, for example with: docker image prune. Then run kerbup again.",
        ),
        EngineError::Registry(_) => (
            Whose::Network,
            "REGISTRY-UNREACHABLE",
            format!("{what} could not be fetched: the registry did not answer."),
            "Check that this machine reaches the internet, then run kerbup again: it goes on where it stopped.",
        ),
        EngineError::Limited(_) => (
            Whose::Network,
            "RATE-LIMIT",
            format!("{what} could not be fetched: its registry lets this network fetch no more for now."),
            "Wait, then run kerbup again: it goes on where it stopped. Docker Hub counts over six hours. With a login of your own it lets you fetch more at once: docker login, then docker pull and the name above.",
        ),
        EngineError::Login(_) => (
            Whose::Network,
            "REGISTRY-LOGIN",
            format!("{what} could not be fetched: the registry refuses it."),
            "Check the name and the login. An old login can be in the way too: docker logout, then try again.",
        ),
        EngineError::Platform(_) => (
            Whose::Machine,
            "IMAGE-OTHER-PROCESSOR",
            format!("{what} is not made for this machine's processor."),
            "Use the small shape, which needs the camera recorders alone.",
        ),
        EngineError::Insecure(_) => (
            Whose::Network,
            "REGISTRY-NOT-TRUSTED",
            format!("{what} could not be fetched: Docker does not trust the registry."),
            "Where it speaks plain HTTP, say images.insecure = true; where an own authority signed its certificate, name that one's file as images.ca. kerbup then tells Docker.",
        ),
        EngineError::Other(_) => (
            Whose::Machine,
            "ENGINE-REFUSED",
            format!("Docker could not do it: {what}."),
            "What Docker says stands above. Mend that, then run kerbup again.",
        ),
    };
    Fault::new(whose, code, says).because(words).cure(cure)
}

/// A file system's error as people see it.
pub fn file_fault(e: &std::io::Error, path: &str) -> Fault {
    let (code, says, cure) = match e.kind() {
        std::io::ErrorKind::PermissionDenied => ("NEEDS-ROOT", format!("This user may not change {path}."), "Run it as root: sudo kerbup"),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            ("DISK-FULL", format!("The disk that holds {path} is full."), "Free some space on it, then run kerbup again.")
        }
        std::io::ErrorKind::ReadOnlyFilesystem => (
            "DISK-READ-ONLY",
            format!("{path} cannot be written: its disk is read-only."),
            "A disk that turns read-only is often failing. Look at: dmesg | tail",
        ),
        std::io::ErrorKind::NotFound => {
            ("FOLDER-MISSING", format!("{path} is not there."), "Is the disk plugged in and mounted? Then run kerbup again.")
        }
        _ => ("FILE-FAILED", format!("{path} could not be changed."), "Mend what stands above, then run kerbup again."),
    };
    Fault::new(Whose::Machine, code, says).because(e.to_string()).cure(cure)
}
