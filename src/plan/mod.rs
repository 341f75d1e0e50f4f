//! Builds the plan. Pure: the same host, survey, answers and recipes give the same bytes.

mod beside;
pub mod build;
mod engine;
pub mod sizing;
mod trust;

pub use build::{Wish, plan};
