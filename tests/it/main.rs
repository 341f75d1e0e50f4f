//! The one test binary: the house, the recipes, plans, runs, fronts, screens and real engines.

// Tests look at the project's own files and at real engines from outside; a test that cannot go on panics.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod house;
mod screens;
mod shot;
mod states;
