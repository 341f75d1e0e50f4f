//! Every sentence shown to a person that is not a recipe's own, by area.

pub mod answers_ui;
pub mod camera;
pub mod faults;
pub mod figures;
pub mod figures_ui;
pub mod health;
pub mod health_ui;
pub mod help;
pub mod host;
pub mod machine_ui;
pub mod plain;
pub mod questions;
pub mod root;
pub mod stage;
pub mod welcome;
