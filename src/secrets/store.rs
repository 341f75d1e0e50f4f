//! secrets.toml: a flat table of names and values, mode 0600, written whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Redactor, make};
use crate::model::fault::{Fault, Whose};
use crate::model::recipe::Make;
use crate::model::text::{Piece, Text};
use crate::world::files::Files;

/// The secrets of a site. Cloning shares them.
#[derive(Clone, Default)]
pub struct Secrets {
    values: Arc<Mutex<BTreeMap<String, SecretString>>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} names)", self.names().len())
    }
}

impl Secrets {
    /// Reads a file; an absent one holds none.
    pub fn load(files: &dyn Files, path: &str) -> Result<Self, Fault> {
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => {
                return Err(Fault::new(Whose::Machine, "SECRETS-UNREADABLE", format!("{path} cannot be read."))
                    .because(e.to_string())
                    .cure("Run kerbup as root: sudo kerbup"));
            }
        };
        // The parser's own message would quote the line, and with it a secret: only the place is told.
        let table: BTreeMap<String, String> = toml::from_str(&String::from_utf8_lossy(&bytes)).map_err(|e: toml::de::Error| {
            let at = e.span().map_or(0, |s| s.start);
            let line = bytes[..at.min(bytes.len())].iter().filter(|b| **b == b'\n').count() as u32 + 1;
            Fault::new(Whose::Machine, "SECRETS-DAMAGED", format!("{path} is damaged in line {line}."))
                .at(path, line, 1)
                .cure("Put back a copy of it: one lies in the folder .kerbup beside the recordings.")
        })?;
        let secrets = Self::default();
        for (name, value) in table {
            secrets.put(&name, SecretString::from(value));
        }
        Ok(secrets)
    }

    /// Writes them whole.
    pub fn save(&self, files: &dyn Files, path: &str) -> Result<(), Fault> {
        let table: BTreeMap<String, String> = self.lock().iter().map(|(n, v)| (n.clone(), v.expose_secret().to_string())).collect();
        let text =
            toml::to_string(&table).map_err(|_| Fault::new(Whose::Ours, "SECRETS-NOT-WRITTEN", "The secrets could not be written."))?;
        files.write(path, text.as_bytes(), 0o600).map_err(|e| {
            // The name that a full disk has wherever it is met.
            let full = matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
            let (code, says) = match full {
                true => ("DISK-FULL", format!("The disk that holds {path} is full.")),
                false => ("SECRETS-NOT-WRITTEN", format!("{path} could not be written.")),
            };
            Fault::new(Whose::Machine, code, says).because(e.to_string()).cure("Free some space on it, then run kerbup again.")
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, SecretString>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A secret by name.
    pub fn get(&self, name: &str) -> Option<SecretString> {
        self.lock().get(name).cloned()
    }

    /// Keeps a secret.
    pub fn put(&self, name: &str, value: SecretString) {
        self.lock().insert(name.into(), value);
    }

    /// Forgets a secret.
    pub fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Names, sorted.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Keeps those of `other` whose names are not known here yet.
    pub fn adopt(&self, other: &Secrets) {
        let theirs = other.lock().clone();
        let mut ours = self.lock();
        for (name, value) in theirs {
            ours.entry(name).or_insert(value);
        }
    }

    /// Makes a secret where there is none. Says whether it did.
    pub fn ensure(&self, name: &str, how: Make) -> Result<bool, Fault> {
        if self.lock().contains_key(name) {
            return Ok(false);
        }
        let value = make::make(name, how)?;
        // Who else made it meanwhile was first.
        let mut made = false;
        self.lock().entry(name.into()).or_insert_with(|| {
            made = true;
            value
        });
        Ok(made)
    }

    /// The text with its secrets looked up.
    pub fn fill(&self, text: &Text) -> Result<SecretString, Fault> {
        let mut out = String::new();
        for piece in &text.0 {
            match piece {
                Piece::Literal(t) => out.push_str(t),
                Piece::Secret { secret } => {
                    let value = self.get(secret).ok_or_else(|| {
                        Fault::new(Whose::Input, "SECRET-MISSING", format!("The secret {secret} is not known here."))
                            .cure("Give it again in the site file or with `kerbup change`.")
                    })?;
                    out.push_str(value.expose_secret());
                }
            }
        }
        Ok(SecretString::from(out))
    }

    /// What cuts them out of texts.
    pub fn redactor(&self) -> Redactor {
        let mut redactor = Redactor::default();
        for value in self.lock().values() {
            redactor.add(value.expose_secret());
        }
        redactor
    }
}
