//! The one test binary: the house, the recipes, plans, runs, fronts, screens and real engines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_macros)]

mod asked;
mod bare;
mod cli;
mod docker;
mod elevate;
mod engine;
mod figures;
mod forward;
mod fresh;
mod fronts;
mod generated;
mod grown;
mod guides;
mod house;
mod inside;
mod machine;
mod practice;
mod probe;
mod pty;
mod registry;
mod renew;
mod resume;
mod runs;
mod screens;
mod shop;
mod shot;
mod shown;
mod standing;
mod states;
mod stored;
mod terminal;
mod theirs;
mod trace;
mod transcripts;
mod undo;
mod upgrade;
mod window;
