//! The fake doors: a described machine with a simulated engine.

#[cfg(test)]
pub(crate) mod tests;
