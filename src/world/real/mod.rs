//! The real doors: this machine's files, programs, network, engine and clock.
#![allow(clippy::disallowed_methods)]

pub mod clock;
pub mod docker;
pub mod files;
pub mod network;
pub mod processes;
mod taken;
