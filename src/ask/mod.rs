//! Which questions there are, their defaults, what an answer must be like, and the site file. Pure: files and variables come in
//! as functions. Secrets are split out as they come in; answers hold none.

pub mod address;
pub mod questions;
mod read;
mod save;
pub mod site;
mod tree;
pub mod valid;

use secrecy::SecretString;

pub use save::save;

use crate::model::answers::{Answers, Expose, Origin, PlatformKind};
use crate::model::fault::{Fault, Whose};
use read::{Reader, Section};

/// Answers, and the secrets that stood in the files, each under its one name:
/// `camera.<name>.url` (the whole address with login), `.sub_url`, `.login` (`user:password`), `.password`, `images.password`,
/// `object_storage.access_key`, `object_storage.secret_key`, `database.uri`, `broker.uri`.
pub type Loaded = (Answers, Vec<(String, SecretString)>);

/// Reads site files (name and text; later ones win) and `--set` flags (which win over files). `variable` looks up an environment
/// variable, `read` a file with a secret. All that is wrong is said at once.
pub fn load(
    files: &[(String, String)],
    sets: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Loaded, Vec<Fault>> {
    let mut r = Reader { variable, read, faults: vec![], secrets: vec![], origins: Default::default() };
    let mut whole = tree::Table::new();
    for (name, text) in files {
        match tree::parse(name, text) {
            Ok(table) => {
                // Laid over another file, twins would melt into one camera unseen.
                if whole.contains_key("camera") {
                    r.faults.extend(tree::twins(&table));
                }
                tree::merge(&mut whole, table);
            }
            Err(fault) => r.faults.push(fault),
        }
    }
    for text in sets {
        if let Err(fault) = tree::set(&mut whole, text) {
            r.faults.push(fault);
        }
    }
    let mut answers = Answers::default();
    let mut root = Section::root(whole);
    site::fill(&mut answers, &mut root, &mut r);
    r.close(root);
    if !r.faults.is_empty() {
        return Err(r.faults);
    }
    answers.origins = r.origins;
    Ok((answers, r.secrets))
}

/// What a run without a person needs to be told: the site's name, the platform and the folder are never guessed then.
pub fn missing(answers: &Answers) -> Vec<Fault> {
    let known = |key: &str| answers.origins.get(key).is_some_and(|o| *o != Origin::Default);
    let needed = [
        ("site.name", "The site's name is needed"),
        ("platform.kind", "Where the stack shall run is needed"),
        ("storage.path", "The folder for recordings is needed"),
    ];
    needed.iter().filter(|(key, _)| !known(key)).map(|(key, says)| read::missing(key, says)).collect()
}

/// What a site file may say but this version does not install.
pub fn unsupported(answers: &Answers) -> Vec<Fault> {
    let mut faults = vec![];
    let mut refuse = |key: &str, says: &str, cure: &str| {
        faults.push(Fault::new(Whose::Input, "NOT-SUPPORTED", format!("{key}: {says}")).cure(cure));
    };
    if answers.platform != PlatformKind::Docker {
        refuse("platform.kind", "This version of kerbup installs on Docker.", "Write kind = \"docker\".");
    }
    if matches!(answers.expose, Expose::LoadBalancer | Expose::Ingress) {
        refuse(
            "network.expose",
            "On Docker the page is opened to the home network or to this machine.",
            "Write expose = \"lan\" or \"loopback\".",
        );
    }
    for key in ["options.factory", "options.data_filtering"] {
        if answers.later.get(key).and_then(serde_json::Value::as_bool) == Some(true) {
            refuse(key, "This version of kerbup does not install it.", "Take the line out, or write false.");
        }
    }
    faults
}

#[cfg(test)]
mod tests;
