//! The real doors.
