//! kerbup takes a bare Linux host to a recording, watched and diagnosable Kerberos.io video surveillance stack.
//!
//! The map of the house, from the data outwards: `model` is what everything speaks; `world` are the only doors to the
//! machine; `host` reads the machine into facts; `recipe` is the stack as data; `ask` knows the questions; `checks` judges;
//! `plan` builds the steps, `step` knows each kind of them, `target` renders them for an engine, `run` carries them out
//! with a journal; `health` asks the parts how they are; `flow` is the state machine that all fronts share, `drive` the
//! loop around it, `front` what people see. `docs/architecture.md` has the rules; `tests/it/house.rs` holds them.

pub mod ask;
pub mod camera;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod drive;
pub mod flow;
pub mod front;
pub mod health;
pub mod host;
pub mod model;
pub mod plan;
pub mod recipe;
pub mod run;
pub mod secrets;
pub mod step;
pub mod target;
pub mod words;
pub mod world;
