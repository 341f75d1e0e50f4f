//! Docker's own settings file, daemon.json: read, given one more registry without TLS, and rid of it again. Everything else in it
//! stays as it is, in its order. Pure.

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use crate::model::fault::{Fault, Whose};

/// Where Docker looks for it, unless it was started with `--config-file`.
pub const PATH: &str = "/etc/docker/daemon.json";

/// The key that names registries without TLS.
const KEY: &str = "insecure-registries";

/// What stands in the file.
pub type Settings = Map<String, Value>;

fn broken(path: &str, says: String) -> Fault {
    Fault::new(Whose::Machine, "DOCKER-SETTINGS-BROKEN", says)
        .because("Nothing was changed in it. Docker itself does not start with such a file.")
        .cure(format!("Mend it: sudoedit {path}. A comma too many or too few is common. Then run kerbup again."))
}

/// Reads the file. An empty one holds nothing, as for Docker.
pub fn read(path: &str, bytes: &[u8]) -> Result<Settings, Fault> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Settings::new());
    }
    let settings = match serde_json::from_slice(text) {
        Ok(Value::Object(settings)) => settings,
        Ok(_) => return Err(broken(path, format!("Docker's settings in {path} are not one {{…}} of keys and values.")).at(path, 1, 1)),
        Err(e) => {
            let place = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).max(1);
            let says = format!("Docker's settings in {path} are no valid JSON: {e}.");
            return Err(broken(path, says).at(path, place(e.line()), place(e.column())));
        }
    };
    let texts = |list: &Value| list.as_array().is_some_and(|l| l.iter().all(Value::is_string));
    match settings.get(KEY) {
        Some(list) if !texts(list) => Err(broken(path, format!("{KEY} in {path} is no list of registries."))),
        _ => Ok(settings),
    }
}

/// Registries without TLS that the file names; none where it does not speak of them.
pub fn listed(settings: &Settings) -> Option<Vec<String>> {
    Some(settings.get(KEY)?.as_array()?.iter().filter_map(|r| r.as_str().map(str::to_string)).collect())
}

/// The same with a registry more.
pub fn with(settings: &Settings, host: &str) -> Settings {
    let mut all = listed(settings).unwrap_or_default();
    if !all.iter().any(|r| r == host) {
        all.push(host.to_string());
    }
    naming(settings, all)
}

/// The same without these registries. The key itself goes once it is empty, unless it is to be kept.
pub fn without(settings: &Settings, hosts: &[String], keep: bool) -> Settings {
    let Some(mut all) = listed(settings) else { return settings.clone() };
    all.retain(|r| !hosts.contains(r));
    if all.is_empty() && !keep {
        let mut less = settings.clone();
        less.shift_remove(KEY);
        return less;
    }
    naming(settings, all)
}

/// The same with an empty list, where it names none. A Docker that runs keeps its list when the key is gone from the file: it
/// lets go of it only when it is told an empty one.
pub fn naming_none(settings: &Settings) -> Settings {
    naming(settings, listed(settings).unwrap_or_default())
}

fn naming(settings: &Settings, all: Vec<String>) -> Settings {
    let mut new = settings.clone();
    new.insert(KEY.into(), all.into());
    new
}

/// The text of the file, indented as the one before was.
pub fn text(settings: &Settings, before: &[u8]) -> Vec<u8> {
    let before = String::from_utf8_lossy(before);
    let indented = before.lines().find_map(|l| {
        let blank = &l[..l.len() - l.trim_start_matches([' ', '\t']).len()];
        (!blank.is_empty() && l[blank.len()..].starts_with('"')).then_some(blank)
    });
    let mut out = vec![];
    let mut into = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(indented.unwrap_or("  ").as_bytes()));
    // Text and numbers written to memory cannot fail.
    let _ = settings.serialize(&mut into);
    out.push(b'\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        read(PATH, text.as_bytes()).unwrap()
    }

    #[test]
    fn a_registry_more_leaves_the_rest_in_its_order_and_indentation() {
        let before = "{\n\t\"zeta\": 1,\n\t\"log-opts\": {\"max-size\": \"10m\", \"a\": [1.5, true, null]},\n\t\"alpha\": \"ü\"\n}";
        let with = with(&settings(before), "nas:5000");
        let text = String::from_utf8(text(&with, before.as_bytes())).unwrap();
        assert_eq!(
            text,
            "{\n\t\"zeta\": 1,\n\t\"log-opts\": {\n\t\t\"max-size\": \"10m\",\n\t\t\"a\": [\n\t\t\t1.5,\n\t\t\ttrue,\n\t\t\tnull\n\t\t]\n\t},\n\t\"alpha\": \"ü\",\n\t\"insecure-registries\": [\n\t\t\"nas:5000\"\n\t]\n}\n"
        );
        assert_eq!(super::with(&settings(&text), "nas:5000"), with, "twice changes nothing");
        assert_eq!(without(&with, &["nas:5000".into()], false), settings(before));
    }

    #[test]
    fn entries_of_others_stay() {
        let both = with(&settings(r#"{"insecure-registries": ["old:1"], "debug": true}"#), "nas:5000");
        assert_eq!(listed(&both).unwrap(), ["old:1", "nas:5000"]);
        assert_eq!(both.keys().collect::<Vec<_>>(), ["insecure-registries", "debug"]);
        assert_eq!(listed(&without(&both, &["nas:5000".into()], false)).unwrap(), ["old:1"]);
        let empty = with(&settings(r#"{"insecure-registries": []}"#), "nas:5000");
        assert_eq!(listed(&without(&empty, &["nas:5000".into()], true)), Some(vec![]), "an empty list that was there stays");
        assert_eq!(listed(&naming_none(&settings("{}"))), Some(vec![]));
    }

    #[test]
    fn an_empty_file_holds_nothing_and_a_broken_one_is_named_with_its_place() {
        for nothing in ["", " \n", "{}", "\u{feff}{}\n"] {
            assert!(settings(nothing).is_empty(), "{nothing:?}");
        }
        let fault = read(PATH, b"{\n  \"debug\": true,\n}\n").unwrap_err();
        assert_eq!((fault.code.as_str(), fault.place.as_ref().map(|p| (p.line, p.column))), ("DOCKER-SETTINGS-BROKEN", Some((3, 1))));
        assert!(fault.says.contains(PATH) && !fault.cure.is_empty(), "{fault:?}");
        for other in ["[]", "7", r#"{"insecure-registries": "nas"}"#, r#"{"insecure-registries": [7]}"#, "\u{0}"] {
            assert_eq!(read(PATH, other.as_bytes()).unwrap_err().code, "DOCKER-SETTINGS-BROKEN", "{other}");
        }
    }
}
