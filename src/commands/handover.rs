//! Goes on as root with the same answers: they are written to a file that only this user and root can read, sudo asks for its
//! password on the plain terminal, and the new program reads the file and removes it. No secret stands among arguments.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::ask;
use crate::drive::Drive;
use crate::flow::Effect;
use crate::model::answers::Answers;
use crate::model::fault::{Fault, Whose};
use crate::step::{file_fault, files};
use crate::world::processes::{Command, ProcessError};

#[derive(Serialize, Deserialize)]
struct Handover {
    site: String,
    secrets: BTreeMap<String, String>,
}

/// Writes the answers of an effect that needs root. None where root begins anew: a site that root installed is root's to find.
pub fn give(drive: &Drive, effect: &Effect) -> Result<Option<String>, Fault> {
    let Effect::Install(answers) = effect else { return Ok(None) };
    let secrets =
        drive.secrets.names().into_iter().filter_map(|n| Some((n.clone(), drive.secrets.get(&n)?.expose_secret().to_string()))).collect();
    let text = serde_json::to_vec(&Handover { site: ask::save(answers), secrets })
        .map_err(|e| Fault::new(Whose::Ours, "NOT-WRITTEN", "The answers could not be handed on.").because(e.to_string()))?;
    let f = &*drive.world.files;
    files::make(f, &drive.root, 0o700)?;
    let path = format!("{}/handover.json", drive.root);
    f.write(&path, &text, 0o600).map_err(|e| file_fault(&e, &path))?;
    Ok(Some(path))
}

/// Reads the answers that another user handed on, and removes the file.
pub fn take(drive: &Drive, path: &str) -> Result<Answers, Fault> {
    let f = &*drive.world.files;
    let bytes = f.read(path).map_err(|e| file_fault(&e, path))?;
    f.remove_file(path).map_err(|e| file_fault(&e, path))?;
    let damaged =
        || Fault::new(Whose::Input, "HANDOVER-DAMAGED", "The answers could not be taken over.").cure("Start again as root: sudo kerbup");
    let given: Handover = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    for (name, value) in given.secrets {
        drive.secrets.put(&name, SecretString::from(value));
    }
    let none = |_: &str| None;
    let read = |p: &str| Err(format!("{p} is not read here"));
    let (answers, _) = ask::load(&[(path.to_string(), given.site)], &[], &none, &read).map_err(|_| damaged())?;
    Ok(answers)
}

/// Starts this program again under sudo, on the same terminal, and ends with its exit code.
pub async fn elevate(drive: &Drive, handover: Option<String>) -> Result<i32, Fault> {
    let program = drive.world.files.program().map_err(|e| file_fault(&e, "kerbup's own file"))?;
    let mut args = vec!["--".to_string(), program];
    if let Some(path) = &handover {
        args.extend(["--handover".to_string(), path.clone()]);
    }
    let command = Command { program: "sudo".into(), args, ..Command::default() };
    drive.world.processes.take_over(&command).await.map_err(|e| {
        let fault = match e {
            ProcessError::Missing(_) => Fault::new(Whose::Machine, "NEEDS-ROOT", "Installing needs root, and there is no sudo here.")
                .cure("Become root (su -), then start kerbup again."),
            e => Fault::new(Whose::Machine, "NEEDS-ROOT", "Installing needs root.")
                .because(e.to_string())
                .cure("Start it as root: sudo kerbup"),
        };
        match &handover {
            Some(path) => {
                let _ = drive.world.files.remove_file(path);
                fault
            }
            None => fault,
        }
    })
}
