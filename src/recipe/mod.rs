//! Recipes: the stack as data. Load, check, conditions and text.

pub mod condition;
pub mod engine;
pub mod load;
pub mod reading;
pub mod size;
pub mod text;

use crate::model::figures::Figures;
use crate::model::recipe::Component;

/// All recipes of this program, or of the folder given with `--recipes`. Checked when loaded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recipes {
    /// Components, in an order in which each comes after those it needs.
    pub components: Vec<Component>,
    /// Figures measured elsewhere, for a machine that has none of its own yet.
    pub figures: Figures,
}

impl Recipes {
    /// A component by its name.
    pub fn component(&self, name: &str) -> Option<&Component> {
        self.components.iter().find(|c| c.name == name)
    }
}
