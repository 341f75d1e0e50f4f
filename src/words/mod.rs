//! Every sentence shown to a person that is not a recipe's own, by area.

pub mod faults;
pub mod figures_ui;
pub mod plain;
pub mod questions;
