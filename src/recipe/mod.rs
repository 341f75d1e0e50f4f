//! Recipes: load, check, conditions and text.

pub mod condition;
