//! Recipes: the stack as data. Load, check, conditions and text.

pub mod condition;
pub mod size;
