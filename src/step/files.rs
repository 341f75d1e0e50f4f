//! Folders made one by one, each remembered, so that only they are removed again.

use std::io::ErrorKind;

use super::file_fault;
use crate::model::fault::{Fault, Whose};
use crate::world::files::{Files, Kind};

/// Which of the folders on the way to `path` (itself included) are missing, outermost first.
pub fn missing(files: &dyn Files, path: &str) -> Result<Vec<String>, Fault> {
    let mut gone = vec![];
    let mut at = path.trim_end_matches('/').to_string();
    while !at.is_empty() {
        match files.meta(&at) {
            Ok(m) if m.kind == Kind::File || m.kind == Kind::Other => {
                return Err(Fault::new(Whose::Input, "NOT-A-FOLDER", format!("{at} is not a folder.")).cure("Choose another folder."));
            }
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::NotFound => gone.push(at.clone()),
            Err(e) => return Err(file_fault(&e, &at)),
        }
        at = at.rfind('/').map_or(String::new(), |i| at[..i].to_string());
    }
    gone.reverse();
    Ok(gone)
}

/// Makes `path` and what is missing on the way to it. A folder that is there already keeps its mode.
pub fn make(files: &dyn Files, path: &str, mode: u32) -> Result<(), Fault> {
    for folder in missing(files, path)? {
        match files.create_folder(&folder, mode) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(file_fault(&e, &folder)),
        }
    }
    Ok(())
}

/// Gives a folder and all in it to a user, without following links.
pub fn own(files: &dyn Files, path: &str, uid: u32, gid: u32) -> Result<(), Fault> {
    let meta = files.meta(path).map_err(|e| file_fault(&e, path))?;
    if (meta.uid, meta.gid) != (uid, gid) && meta.kind != Kind::Link {
        files.set_owner(path, uid, gid).map_err(|e| file_fault(&e, path))?;
    }
    if meta.kind == Kind::Folder {
        for name in files.list(path).map_err(|e| file_fault(&e, path))? {
            own(files, &format!("{path}/{name}"), uid, gid)?;
        }
    }
    Ok(())
}

/// Removes a folder and all in it. Not there is no error.
pub fn remove(files: &dyn Files, path: &str) -> Result<(), Fault> {
    match files.remove_tree(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(file_fault(&e, path)),
        _ => Ok(()),
    }
}

/// Removes folders, innermost first, as long as they are empty.
pub fn remove_empty(files: &dyn Files, folders: &[String]) -> Result<(), Fault> {
    for folder in folders.iter().rev() {
        match files.remove_folder(folder) {
            Ok(()) => {}
            Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty | ErrorKind::ResourceBusy) => {}
            Err(e) => return Err(file_fault(&e, folder)),
        }
    }
    Ok(())
}

/// Whether something is there.
pub fn there(files: &dyn Files, path: &str) -> bool {
    files.meta(path).is_ok()
}
