//! Builds the plan. Pure: the same host, survey, answers and recipes give the same bytes.

mod beside;
pub mod build;
mod engine;
mod figures;
pub mod sizing;
mod trust;

pub use build::{Wish, plan};
