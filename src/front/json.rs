//! JSON: one document, or one event a line.
