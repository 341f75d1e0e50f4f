//! Recipes that are read beside something else: the first screen is drawn before any is needed.

use std::ops::Deref;
use std::sync::LazyLock;
use std::thread;

use super::{Recipes, load};

/// Recipes that are there by the time they are first looked into.
pub struct Reading(LazyLock<Recipes, Box<dyn FnOnce() -> Recipes + Send>>);

impl Reading {
    /// Begins to read the recipes inside the program, on a thread of their own. A test reads them as well, so that a program with
    /// recipes that cannot be used is never handed out; with one there would be none, and no plan is made of none.
    pub fn embedded() -> Self {
        let reading = thread::spawn(load::embedded);
        Reading(LazyLock::new(Box::new(move || reading.join().ok().and_then(Result::ok).unwrap_or_default())))
    }
}

impl From<Recipes> for Reading {
    fn from(recipes: Recipes) -> Self {
        Reading(LazyLock::new(Box::new(move || recipes)))
    }
}

impl Deref for Reading {
    type Target = Recipes;

    fn deref(&self) -> &Recipes {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_beside_is_what_is_read_at_once() {
        let at_once = load::embedded().unwrap();
        assert!(!at_once.components.is_empty());
        assert_eq!(*Reading::embedded(), at_once);
        assert_eq!(*Reading::from(at_once.clone()), at_once);
    }
}
