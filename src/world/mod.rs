//! The only doors to the machine, each narrow: files, processes, network, engine, clock. Real ones and fake ones.
//! Nothing else in kerbup touches the machine, so every rule can be tested without one, and `--practice` runs on the fakes.

pub mod clock;
pub mod engine;
pub mod fake;
pub mod files;
pub mod network;
pub mod processes;
pub mod real;
pub mod shown;

use std::sync::Arc;

/// The doors, passed by value: cloning is cheap.
#[derive(Clone)]
pub struct World {
    /// Files and folders, environment, locks.
    pub files: Arc<dyn files::Files>,
    /// Other programs.
    pub processes: Arc<dyn processes::Processes>,
    /// Names, connections, protocols.
    pub network: Arc<dyn network::Network>,
    /// Images, networks, containers.
    pub engine: Arc<dyn engine::Engine>,
    /// Time.
    pub clock: Arc<dyn clock::Clock>,
}
