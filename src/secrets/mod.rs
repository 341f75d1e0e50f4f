//! Secrets: make, store, show, redact.
