//! Takes typed values out of a site file's tree, collects everything that is wrong with it, and splits the secrets out.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::tree::{Node, Spot, Table, Value, parse_value};
use super::valid;
use crate::model::answers::Origin;
use crate::model::fault::{Fault, Whose};

/// What reading gathers.
pub struct Reader<'a> {
    /// An environment variable.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// A file's text, or why it cannot be read.
    pub read: &'a dyn Fn(&str) -> Result<String, String>,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Secrets by name.
    pub secrets: Vec<(String, SecretString)>,
    /// Where each answer came from.
    pub origins: BTreeMap<String, Origin>,
}

/// A secret as a file has it.
pub enum Given {
    /// Its value.
    Value(SecretString),
    /// It is kept already, under this name.
    Kept(String),
}

/// A table that is read key by key; what is left over is unknown.
pub struct Section {
    path: String,
    /// Where the table stands.
    pub spot: Option<Spot>,
    table: Table,
    asked: Vec<&'static str>,
}

impl Section {
    /// The whole file.
    pub fn root(table: Table) -> Self {
        Section { path: String::new(), spot: None, table, asked: vec![] }
    }

    /// `storage.path`.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    /// Takes a value out.
    pub fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        self.table.remove(key).map(|(_, node)| node)
    }

    /// What stands in it, by key, whatever the keys are.
    pub fn rest(&mut self) -> Table {
        std::mem::take(&mut self.table)
    }
}

impl Reader<'_> {
    /// Notes that a value is wrong.
    pub fn wrong(&mut self, spot: &Spot, key: &str, says: &str) {
        self.faults.push(spot.fault("SITE-VALUE", format!("{key}: {says}")));
    }

    /// A table in a table; an empty one where it is missing.
    pub fn section(&mut self, parent: &mut Section, key: &'static str) -> Section {
        let path = parent.key(key);
        match parent.take(key) {
            Some(node) => self.section_of(node, path),
            None => Section { path, spot: None, table: Table::new(), asked: vec![] },
        }
    }

    /// A node as a table.
    pub fn section_of(&mut self, node: Node, path: String) -> Section {
        let spot = Some(node.spot.clone());
        let value = match node.value {
            Value::Typed(text) => parse_value(&text, &node.spot).unwrap_or(Value::Text(String::new())),
            value => value,
        };
        let table = match value {
            Value::Table(table) => table,
            _ => {
                self.wrong(&node.spot, &path, "Here stands a group of settings, not one value.");
                Table::new()
            }
        };
        Section { path, spot, table, asked: vec![] }
    }

    /// Notes every key that nobody asked for, with the nearest one that is known.
    pub fn close(&mut self, section: Section) {
        for (key, (spot, _)) in &section.table {
            let path = valid::shown(&section.key(key));
            let mut fault = spot.fault("SITE-KEY", format!("{path} is not a setting."));
            let near = section.asked.iter().map(|k| (strsim::jaro_winkler(key, k), *k)).max_by(|a, b| a.0.total_cmp(&b.0));
            fault = match near {
                Some((how, known)) if how > 0.7 => fault.cure(format!("Did you mean {}?", section.key(known))),
                _ => fault.cure(format!("The settings here are: {}.", section.asked.join(", "))),
            };
            self.faults.push(fault);
        }
    }

    /// A text, held against a rule.
    pub fn text<T>(&mut self, section: &mut Section, key: &'static str, rule: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let path = section.key(key);
        let node = section.take(key)?;
        let text = match node.value {
            Value::Text(text) | Value::Typed(text) => text,
            other => {
                self.wrong(&node.spot, &path, &format!("Here stands {}, but a text in quotes is needed.", sort(&other)));
                return None;
            }
        };
        self.held(&node.spot, path, rule(&text))
    }

    /// A whole number, held against a rule.
    pub fn number<T>(&mut self, section: &mut Section, key: &'static str, rule: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let path = section.key(key);
        let node = section.take(key)?;
        let text = match node.value {
            Value::Number(number) => number.to_string(),
            Value::Typed(text) => text,
            other => {
                self.wrong(&node.spot, &path, &format!("Here stands {}, but a whole number is needed.", sort(&other)));
                return None;
            }
        };
        self.held(&node.spot, path, rule(&text))
    }

    /// true or false.
    pub fn flag(&mut self, section: &mut Section, key: &'static str) -> Option<bool> {
        let path = section.key(key);
        let node = section.take(key)?;
        let flag = match node.value {
            Value::Flag(flag) => Ok(flag),
            Value::Typed(text) if text == "true" || text == "false" => Ok(text == "true"),
            _ => Err("Write true or false, without quotes.".to_string()),
        };
        self.held(&node.spot, path, flag)
    }

    /// One word of several.
    pub fn choice<T: Copy>(&mut self, section: &mut Section, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.text(section, key, |text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            found.ok_or_else(|| format!("{} is none of: {}.", valid::shown(text), all.join(", ")))
        })
    }

    fn held<T>(&mut self, spot: &Spot, path: String, value: Result<T, String>) -> Option<T> {
        match value {
            Ok(value) => {
                self.origins.insert(path, spot.origin);
                Some(value)
            }
            Err(says) => {
                self.wrong(spot, &path, &says);
                None
            }
        }
    }

    /// A secret: text, `{ env }`, `{ file }`, or `{ secret }` for one that is kept.
    pub fn secret(&mut self, section: &mut Section, key: &'static str) -> Option<(Spot, Given)> {
        let path = section.key(key);
        let node = section.take(key)?;
        let spot = node.spot;
        let value = match node.value {
            Value::Typed(text) if text.starts_with('{') => parse_value(&text, &spot).unwrap_or(Value::Text(text)),
            value => value,
        };
        let given = match value {
            Value::Text(text) | Value::Typed(text) => Given::Value(text.into()),
            Value::Table(table) => self.reference(table, &spot, &path)?,
            other => {
                let says =
                    format!("Here stands {}, but a text in quotes, {{ env = \"NAME\" }} or {{ file = \"PATH\" }} is needed.", sort(&other));
                self.wrong(&spot, &path, &says);
                return None;
            }
        };
        self.origins.insert(path, spot.origin);
        Some((spot, given))
    }

    fn reference(&mut self, table: Table, spot: &Spot, path: &str) -> Option<Given> {
        let mut entries = table.into_iter();
        let (Some((key, (key_spot, node))), None) = (entries.next(), entries.next()) else {
            self.wrong(spot, path, "Here stands one of { env = \"NAME\" }, { file = \"PATH\" } or { secret = \"NAME\" }.");
            return None;
        };
        let Value::Text(name) = node.value else {
            self.wrong(&node.spot, path, "The name stands in quotes.");
            return None;
        };
        let missing = |says: String| spot.fault("SITE-SECRET", format!("{path}: {says}"));
        match key.as_str() {
            "env" => match (self.variable)(&name) {
                Some(value) => Some(Given::Value(value.into())),
                None => {
                    let fault = missing(format!("the environment variable {} is not set.", valid::shown(&name)));
                    let cure =
                        "Set it for this command, or name another one. sudo takes it away unless told: sudo --preserve-env=NAME kerbup …";
                    self.faults.push(fault.cure(cure.replace("NAME", &valid::shown(&name).replace('"', ""))));
                    None
                }
            },
            "file" => match (self.read)(&name) {
                // An editor ends the last line; that end is not part of a password.
                Ok(text) => Some(Given::Value(
                    text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t)).to_string().into(),
                )),
                Err(why) => {
                    let fault = missing(format!("the file {} cannot be read.", valid::shown(&name))).because(why);
                    self.faults.push(fault.cure("Check the path, and that you may read the file."));
                    None
                }
            },
            "secret" => Some(Given::Kept(name)),
            other => {
                let near = ["env", "file", "secret"].into_iter().max_by(|a, b| strsim::jaro(other, a).total_cmp(&strsim::jaro(other, b)));
                let fault = key_spot.fault("SITE-KEY", format!("{} is not a setting.", valid::shown(&format!("{path}.{other}"))));
                self.faults.push(fault.cure(format!("Did you mean {}?", near.unwrap_or("env"))));
                None
            }
        }
    }
}

/// A value's sort, for a message. Never the value: it may be a password in the wrong place.
fn sort(value: &Value) -> &'static str {
    match value {
        Value::Text(_) | Value::Typed(_) => "a text",
        Value::Number(_) => "a number",
        Value::Flag(_) => "true or false",
        Value::Table(_) => "a group of settings",
        Value::List(_) => "a list",
        Value::Other(sort) => sort,
    }
}

/// Any text that is not empty and has no control characters.
pub fn any(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err("Here stands a text that is not empty and has no line ends.".into());
    }
    Ok(text.into())
}

/// A fault of an answer that must be given.
pub fn missing(key: &str, says: &str) -> Fault {
    Fault::new(Whose::Input, "ANSWER-MISSING", format!("{says} ({key} is not answered)."))
        .cure(format!("Say it with --set {key}=…, or in a file given with --answers."))
}
