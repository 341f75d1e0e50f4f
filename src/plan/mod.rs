//! Builds the plan. Pure.
