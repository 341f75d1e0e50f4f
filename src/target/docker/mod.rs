//! Docker: recipes become containers on a network of the site's own. Pure.

pub mod authority;
pub mod by_hand;
pub mod image;
pub mod registry;
pub mod render;
pub mod settings;
pub mod subnet;

pub use render::{Inputs, workloads};

/// Counts up when the same recipe is rendered otherwise, so that a newer kerbup does not make everything anew unasked.
pub const RENDERER: u32 = 1;
