//! What people see: a full screen, lines, or JSON. Shows events, turns input into intents, holds no rules.

pub mod full;
pub mod json;
pub mod lease;
pub mod line;
mod mode;
