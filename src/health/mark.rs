//! The mark that kerbup leaves in the folder for recordings. It tells the right disk: where it is not, the disk is not there.

use std::io::ErrorKind;

use crate::world::files::Files;

/// Where it lies.
pub fn path(storage: &str) -> String {
    format!("{storage}/.kerbup/site")
}

/// Whether the site's disk is there. None where this user may not look, or the disk cannot be read.
pub fn there(files: &dyn Files, storage: &str, site: &str) -> Option<bool> {
    match files.read(&path(storage)) {
        Ok(text) => Some(String::from_utf8_lossy(&text).trim() == site),
        Err(e) if e.kind() == ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}
