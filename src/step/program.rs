//! A copy of this very program, so that there is always one that can go on, show, repair and remove what it made.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Context, Kind, file_fault, files, with};
use crate::model::fault::Fault;
use crate::model::plan::{Step, StepState};
use crate::world::files::Files;

/// The kind.
pub struct Program;

/// What it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct With {
    /// Where the copy goes.
    pub copy: String,
    /// The link to it in PATH.
    pub link: String,
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn ourselves(f: &dyn Files) -> Result<Vec<u8>, Fault> {
    let path = f.program().map_err(|e| file_fault(&e, "kerbup's own file"))?;
    f.read(&path).map_err(|e| file_fault(&e, &path))
}

#[async_trait]
impl Kind for Program {
    fn name(&self) -> &'static str {
        "program"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        match f.read(&w.copy) {
            Ok(bytes) if digest(&bytes) == digest(&ourselves(f)?) => Ok(StepState::OursAlready),
            Ok(_) => Ok(StepState::Different { diff: vec!["an older kerbup lies there".into()] }),
            Err(_) => Ok(StepState::Absent),
        }
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        Ok(json!({ "link_free": !files::there(&*cx.world.files, &w.link) }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        let bytes = ourselves(f)?;
        f.write(&w.copy, &bytes, 0o755).map_err(|e| file_fault(&e, &w.copy))?;
        // What is left of a site whose folder somebody deleted leads nowhere, and is in the way.
        if f.read_link(&w.link).is_ok_and(|to| to.ends_with("/kerbup") && !files::there(f, &to)) {
            f.remove_file(&w.link).map_err(|e| file_fault(&e, &w.link))?;
        }
        if !files::there(f, &w.link) {
            // A machine without that folder, or a read-only one, has no link: the copy is enough.
            if let Err(e) = f.link(&w.copy, &w.link) {
                cx.report.log("kerbup", &format!("no link at {}: {e}", w.link));
            }
        }
        Ok(json!({ "copy": w.copy, "sha256": digest(&bytes) }))
    }

    async fn revert(&self, step: &Step, _undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        // The link is ours only where it points to our copy.
        if f.read_link(&w.link).is_ok_and(|to| to == w.copy) {
            f.remove_file(&w.link).map_err(|e| file_fault(&e, &w.link))?;
        }
        // The copy goes with the state folder it lies in: after a power cut it is what goes on.
        Ok(())
    }
}
