//! One binary for all tests that are not beside the code.

mod screens;
mod shot;
mod states;
mod transcripts;
