//! Cuts secrets out of texts: those that are known by value, and what looks like a login in an address or a key.

use std::collections::BTreeSet;

use crate::model::text::DOTS;

/// Holds the values that must not be shown, also as an address would encode them.
#[derive(Clone, Default)]
pub struct Redactor {
    values: BTreeSet<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

impl Redactor {
    /// Adds a value. What is shorter than four characters would cut ordinary text apart and is left.
    pub fn add(&mut self, value: &str) {
        for part in std::iter::once(value).chain(value.lines()) {
            if part.len() < 4 || part.starts_with("-----") {
                continue;
            }
            self.values.insert(part.to_string());
            let encoded: String = url::form_urlencoded::byte_serialize(part.as_bytes()).collect();
            self.values.insert(encoded);
        }
    }

    /// The text without them. Longer values first, so that one that holds another goes as a whole.
    pub fn clean(&self, text: &str) -> String {
        let mut out = text.to_string();
        let mut values: Vec<&String> = self.values.iter().collect();
        values.sort_by_key(|v| std::cmp::Reverse(v.len()));
        for value in values {
            if out.contains(value.as_str()) {
                out = out.replace(value.as_str(), DOTS);
            }
        }
        logins(&variables(&out))
    }
}

/// `scheme://user:password@host` becomes `scheme://••••@host`.
fn logins(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || "\"'<>/".contains(c)).unwrap_or(after.len());
        match after[..end].rfind('@') {
            Some(sign) => {
                out.push_str(DOTS);
                rest = &after[sign..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

/// The Agent prints its whole environment at start: values of variables whose names speak of secrets are cut.
fn variables(text: &str) -> String {
    const NAMES: [&str; 6] = ["PASSWORD", "SECRET", "PRIVATE_KEY", "ACCESS_KEY", "HUB_KEY", "TOKEN"];
    let Some(at) = text.find('=') else { return text.to_string() };
    let name_start = text[..at]
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    let name = text[name_start..at].to_ascii_uppercase();
    if at + 1 < text.len() && (NAMES.iter().any(|n| name.contains(n)) || name == "AGENT_KEY") {
        return format!("{}{DOTS}", &text[..=at]);
    }
    text.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values_logins_and_telling_variables_are_cut() {
        let mut r = Redactor::default();
        r.add("s3cr#t@x");
        assert_eq!(r.clean("password s3cr#t@x or s3cr%23t%40x"), "password •••• or ••••");
        assert_eq!(r.clean("opened rtsp://viewer:p@ss@192.0.2.3/stream now"), "opened rtsp://••••@192.0.2.3/stream now");
        assert_eq!(r.clean("AGENT_SIGNING_PRIVATE_KEY=-----BEGIN"), "AGENT_SIGNING_PRIVATE_KEY=••••");
        assert_eq!(r.clean("AGENT_NAME=front"), "AGENT_NAME=front");
        assert_eq!(r.clean("http://a/b@c d"), "http://a/b@c d");
    }

    proptest! {
        #[test]
        fn no_known_value_is_left_and_nothing_panics(text in "\\PC{0,60}", value in "[a-zA-Z0-9]{6,20}") {
            let mut r = Redactor::default();
            r.add(&value);
            let cleaned = r.clean(&format!("{text}{value}{text}"));
            prop_assert!(!cleaned.contains(&value));
        }
    }
}
