//! The fake doors: a described machine with a simulated engine.
