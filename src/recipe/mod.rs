//! Recipes: load, check, conditions and text.
