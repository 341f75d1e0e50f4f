//! The one test binary: the house, the recipes, plans, runs, fronts, screens and real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_macros)]

mod bare;
mod cli;
mod docker;
mod elevate;
mod engine;
mod figures;
mod forward;
mod fresh;
mod generated;
mod grown;
mod house;
mod inside;
mod machine;
mod practice;
mod probe;
mod pty;
mod registry;
mod renew;
mod resume;
mod screens;
mod shop;
mod shot;
mod shown;
mod standing;
mod states;
mod stored;
mod terminal;
mod transcripts;
mod undo;
mod upgrade;
mod window;
