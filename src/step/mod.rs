//! One kind of step a file, and the one list of kinds.
