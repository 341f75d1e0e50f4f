//! Every sentence shown to a person that is not a recipe's own, by area.

pub mod camera;
pub mod health;
