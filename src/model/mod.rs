//! The data of kerbup, in the order in which it is made. Plain serde types: no IO, no rules, nothing of ours is used here.

pub mod address;
pub mod answers;
pub mod camera;
pub mod check;
pub mod choice;
pub mod details;
pub mod engine;
pub mod event;
pub mod fact;
pub mod fault;
pub mod figures;
pub mod health;
pub mod host;
pub mod journal;
pub mod percent;
pub mod plan;
pub mod recipe;
pub mod registry;
pub mod subnet;
pub mod survey;
pub mod text;
