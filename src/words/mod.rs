//! Every sentence shown to a person that is not a recipe's own, by area.

pub mod answers;
pub mod camera;
pub mod disks;
pub mod done;
pub mod faults;
pub mod figures;
pub mod health;
pub mod help;
pub mod machine;
pub mod plain;
pub mod questions;
pub mod root;
pub mod stage;
pub mod state;
pub mod sum;
pub mod undo;
pub mod vault;
pub mod welcome;
