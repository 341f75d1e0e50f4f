//! The one test binary: the house, the recipes, plans, runs, fronts, screens and real engines.

<<<<<<< HEAD
mod house;
=======
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_macros)]

>>>>>>> front1
mod screens;
mod shop;
mod shot;
mod states;
mod terminal;
