//! One binary for all tests that are not beside the code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_macros)]

mod screens;
mod shop;
mod shot;
mod states;
mod terminal;
