//! The folder for recordings, with `.kerbup` in it: what makes a kept folder usable again on this or another machine.
//! Its marker tells the right disk: a folder that lost it is a disk that is not there, and is never written to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, Kind, file_fault, files, value, with};
use crate::health::mark;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::files::Files;

/// The kind.
pub struct Storage;

/// What it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct With {
    /// The folder.
    pub path: String,
}

#[derive(Serialize, Deserialize)]
struct Undo {
    made: Vec<String>,
}

/// The disk of a site is not there.
pub fn missing(path: &str) -> Fault {
    Fault::new(Whose::Machine, "DISK-MISSING", format!("{path} is not the folder that recordings were written to."))
        .because("The mark that kerbup left there is gone: the disk is probably not plugged in or not mounted.")
}

/// Beside the journal while the mark is being removed with the rest: a run that is cut off there goes on, although it is gone.
fn going(cx: &Context) -> String {
    format!("{}/folder-goes", cx.state)
}

/// Whether the site's disk is there, so that something of it may be removed: its mark is, or was removed by this very uninstall.
/// What this user may not look at is taken for it; removing fails there by itself.
pub fn here(path: &str, cx: &Context) -> bool {
    let f = &*cx.world.files;
    mark::there(f, path, &cx.site) != Some(false) || files::there(f, &going(cx))
}

/// Says whether what lies in the folder may be removed. A disk that is not there stops an uninstall that was to delete what is on
/// it; else its part stays as it is.
pub fn may_remove(path: &str, cx: &Context) -> Result<bool, Fault> {
    if here(path, cx) {
        return Ok(true);
    }
    if cx.purge {
        return Err(missing(path).cure(UNPLUGGED));
    }
    cx.report.log("kerbup", &format!("{path} is not the site's folder now: nothing in it is touched"));
    Ok(false)
}

/// The cure where recordings were to be deleted and their disk is not there.
pub const UNPLUGGED: &str =
    "Plug in and mount the disk, then run it again. Without --purge-data the site goes, and what is on that disk stays.";

/// The folder bears the mark of a site.
pub fn is_of(f: &dyn Files, path: &str, site: &str) -> bool {
    mark::there(f, path, site) == Some(true)
}

fn made_list(path: &str) -> String {
    format!("{path}/.kerbup/made")
}

/// Folders that kerbup made for a site whose data was kept, with those of `more`: outermost first.
fn remembered(f: &dyn Files, path: &str, more: &[String]) -> Vec<String> {
    let text = f.read(&made_list(path)).unwrap_or_default();
    let mut all: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_string).chain(more.iter().cloned()).collect();
    all.sort();
    all.dedup();
    all
}

/// Writes beside kept data which folders were made for it, so that a later install still knows what it may remove. Without
/// the folder `.kerbup` there is nothing that is kept.
pub fn remember(f: &dyn Files, path: &str, made: &[String]) -> Result<(), Fault> {
    if made.is_empty() || !files::there(f, &format!("{path}/.kerbup")) {
        return Ok(());
    }
    let list = made_list(path);
    f.write(&list, (remembered(f, path, made).join("\n") + "\n").as_bytes(), 0o600).map_err(|e| file_fault(&e, &list))
}

#[async_trait]
impl Kind for Storage {
    fn name(&self) -> &'static str {
        "storage"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        match cx.world.files.read(&mark::path(&w.path)) {
            Ok(site) if String::from_utf8_lossy(&site).trim() == cx.site => Ok(StepState::OursAlready),
            Ok(site) => Err(Fault::new(
                Whose::Input,
                "FOLDER-OF-ANOTHER-SITE",
                format!("{} belongs to the site {}.", w.path, String::from_utf8_lossy(&site).trim()),
            )
            .cure("Choose another folder, or use that site's name.")),
            Err(_) if cx.made.is_some() => {
                Err(missing(&w.path).cure("Plug in and mount the disk, then run kerbup again. Nothing was written."))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(StepState::Absent),
            Err(e) => Err(file_fault(&e, &w.path)),
        }
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        value(&Undo { made: files::missing(&*cx.world.files, &w.path)? })
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        // What a removal that was not finished noted is over.
        let _ = f.remove_file(&going(cx));
        files::make(f, &w.path, 0o755)?;
        let own = format!("{}/.kerbup", w.path);
        files::make(f, &own, 0o700)?;
        let copy = format!("{own}/secrets.toml");
        cx.secrets.save(f, &copy)?;
        f.write(&mark::path(&w.path), format!("{}\n", cx.site).as_bytes(), 0o600).map_err(|e| file_fault(&e, &w.path))?;
        let device = f.meta(&w.path).map_err(|e| file_fault(&e, &w.path))?.device;
        Ok(serde_json::json!({ "path": w.path, "device": device }))
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        let undo: Undo = serde_json::from_value(undo.clone()).unwrap_or(Undo { made: vec![] });
        // Before it was made there was no mark: then only what was begun is taken back.
        if cx.made.is_some() && !may_remove(&w.path, cx)? {
            return Ok(());
        }
        let made = remembered(f, &w.path, &undo.made);
        // What was recorded stays usable as long as it stays: so does `.kerbup`.
        let kept = f.list(&w.path).unwrap_or_default().into_iter().any(|n| n != ".kerbup" && n != "lost+found");
        if cx.made.is_some() && (cx.purge || !kept) {
            // A disk so full that it does not take an empty file is emptied all the same.
            let _ = f.write(&going(cx), b"", 0o600);
        }
        if cx.purge {
            // Also the data of parts that were taken out of the site since: every folder that was made for one.
            let below = format!("{}/", w.path);
            for folder in made.iter().filter(|m| m.starts_with(&below)) {
                files::remove(f, folder)?;
            }
        }
        if cx.purge || !kept {
            files::remove(f, &format!("{}/.kerbup", w.path))?;
        } else {
            remember(f, &w.path, &undo.made)?;
        }
        files::remove_empty(f, &made)
    }
}
