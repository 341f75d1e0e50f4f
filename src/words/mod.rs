//! Every sentence shown to a person that is not a recipe's own, by area.

pub mod answers_ui;
pub mod figures_ui;
pub mod health_ui;
pub mod help;
pub mod machine_ui;
pub mod stage;
pub mod welcome;
