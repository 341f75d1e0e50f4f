//! One binary for all tests that are not beside the code.

mod screens;
mod shop;
mod shot;
mod states;
mod terminal;
