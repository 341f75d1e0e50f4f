//! The real doors.

pub mod docker;
