//! Line by line: for pipes, bad lines and screen readers.
