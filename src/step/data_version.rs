//! Data that a component keeps, against the version of its program: never older than the data, at most so many versions newer,
//! and raised to the new version before that is written down. The version lies in a mark beside the data.

use super::container::{With, standing, subject};
use super::{Context, file_fault};
use crate::health;
use crate::model::fault::{Fault, Whose};
use crate::model::recipe::takes_over;
use crate::world::files::Files;

fn mark(w: &With) -> String {
    at(&w.storage, &w.workload.name)
}

fn at(storage: &str, part: &str) -> String {
    format!("{storage}/.kerbup/version-{part}")
}

/// The version that a part's data below this folder is of; none where there is no data yet, nobody wrote it down, or this user may
/// not look.
pub fn of(f: &dyn Files, storage: &str, part: &str) -> Option<String> {
    let bytes = f.read(&at(storage, part)).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim().to_string()).filter(|v| !v.is_empty())
}

fn there(w: &With, cx: &Context) -> Option<String> {
    of(&*cx.world.files, &w.storage, &w.workload.name)
}

/// The data was not raised to the version of the program yet: that was cut off, or is to come.
pub(super) fn behind(w: &With, cx: &Context) -> bool {
    w.workload.data.as_ref().is_some_and(|data| there(w, cx).is_some_and(|v| v != data.version))
}

/// Refuses data that this version would break.
pub(super) fn fits(w: &With, cx: &Context) -> Result<(), Fault> {
    let Some(data) = &w.workload.data else { return Ok(()) };
    let Some(there) = there(w, cx) else { return Ok(()) };
    let product = &w.workload.product;
    let at = |v: &str| data.versions.iter().position(|x| x == v);
    let fault = |says: String| Fault::new(Whose::Machine, "DATA-VERSION", says).because("Nothing was changed: the data is as it was.");
    let folder = w.workload.folders.first().map_or("its folder", |f| f.path.as_str());
    if takes_over(&data.versions, data.step, &there, &data.version) {
        return Ok(());
    }
    match (at(&there), at(&data.version)) {
        (Some(old), Some(new)) if old < new => {
            let next = data.versions.get(old + data.step).map_or("", String::as_str);
            Err(fault(format!("The data of {product} is of version {there}, and {} is too far from it.", data.version))
                .because(format!("{product} takes over data one version at a time: {next} comes next."))
                .cure(format!("Stay with {there}, or install with a recipe that names {next} first, then go on.")))
        }
        _ => Err(fault(format!("The data of {product} was written by version {there}, and {} cannot read it.", data.version))
            .cure(format!("Move {folder} aside, or install on the machine that wrote it."))),
    }
}

/// Once it answers: raises data of the version before, and only then writes the new version down.
pub(super) async fn settle(w: &With, cx: &Context) -> Result<(), Fault> {
    let Some(data) = &w.workload.data else { return Ok(()) };
    if behind(w, cx) {
        let product = &w.workload.product;
        let fault = |why: String| {
            Fault::new(Whose::Machine, "DATA-NOT-RAISED", format!("The data of {product} could not be raised to version {}.", data.version))
                .because(why)
                .cure("Run kerbup again: it goes on where it stopped. The data can be used as it is.")
        };
        let seen = standing(&w.workload, cx).await?.ok_or_else(|| fault(format!("There is no container {}.", w.workload.spec.name)))?;
        let subject = subject(&w.workload, &cx.secrets, None, None);
        health::raise(&cx.world, &subject, &seen, &data.version).await.map_err(|e| fault(format!("{e}.")))?;
        cx.report.log("kerbup", &format!("the data of {product} is of version {} now", data.version));
    }
    let path = mark(w);
    cx.world.files.write(&path, format!("{}\n", data.version).as_bytes(), 0o600).map_err(|e| file_fault(&e, &path))
}

/// The data goes, and its mark with it.
pub(super) fn forget(w: &With, cx: &Context) {
    let _ = cx.world.files.remove_file(&mark(w));
}
