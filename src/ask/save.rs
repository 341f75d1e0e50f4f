//! Writes the site file: answers with comments for people, and no secret.

use serde_json::Value as Json;

use super::site::{EXPOSES, PLATFORMS, RECORDS, SHAPES};
use crate::model::answers::{Answers, Camera, Service};

/// The site file of these answers. Loading it gives the same answers; passwords are references to what is kept.
pub fn save(answers: &Answers) -> String {
    let mut f = Page::default();
    f.note("The answers of this site, as kerbup saved them. It holds no password: those are kept apart.");
    f.note("Change it and give it with --answers, or run `kerbup change`.");

    f.table("site");
    f.text("name", &answers.site);
    f.maybe("timezone", answers.timezone.as_deref(), "this machine's own");
    f.choice("shape", word(SHAPES, &answers.shape), "full, or small: cameras alone, recording to the disk");

    f.table("platform");
    f.choice("kind", word(PLATFORMS, &answers.platform), "");
    f.later(answers, "platform");

    f.table("storage");
    f.text("path", &answers.path);
    f.line("retention_days", &answers.retention_days.to_string(), "recordings older than this are deleted");
    f.later(answers, "storage");

    f.table("images");
    f.maybe("registry", answers.images.registry.as_deref(), "each image's own registry");
    if answers.images.insecure {
        f.line("insecure", "true", "this registry speaks plain HTTP");
    }
    if let Some(user) = &answers.images.user {
        f.text("user", user);
        f.line("password", &kept("images.password"), "");
    }
    if let Some(ca) = &answers.images.ca {
        f.text("ca", ca);
    }

    f.table("network");
    f.choice("expose", word(EXPOSES, &answers.expose), "lan: everyone at home, with the password; loopback: this machine only");
    let ports = format!("{{ vault = {}, storage = {} }}", answers.vault_port, answers.storage_port);
    f.line("ports", &ports, "of the recordings page and the video store");
    f.maybe("subnet", answers.subnet.as_deref(), "a free one is chosen");
    f.later(answers, "network");

    f.table("services");
    f.line("object_storage", &service(&answers.object_storage, "object_storage", &["access_key", "secret_key"]), "");
    f.line("database", &service(&answers.database, "database", &["uri"]), "");
    f.line("broker", &service(&answers.broker, "broker", &["uri"]), "");

    f.table("options");
    f.line("hub", if answers.hub { "true" } else { "false" }, "");
    f.later(answers, "options");

    for camera in &answers.cameras {
        f.camera(camera);
    }
    f.0
}

/// The page as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn note(&mut self, text: &str) {
        self.0.push_str(&format!("# {text}\n"));
    }

    fn table(&mut self, name: &str) {
        self.0.push_str(&format!("\n[{name}]\n"));
    }

    fn line(&mut self, key: &str, value: &str, note: &str) {
        let note = if note.is_empty() { String::new() } else { format!("   # {note}") };
        self.0.push_str(&format!("{key} = {value}{note}\n"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.line(key, &quoted(value), "");
    }

    fn choice(&mut self, key: &str, value: &str, note: &str) {
        self.line(key, &quoted(value), note);
    }

    fn maybe(&mut self, key: &str, value: Option<&str>, otherwise: &str) {
        match value {
            Some(value) => self.text(key, value),
            None => self.note(&format!("{key} = \"…\"   not set: {otherwise}")),
        }
    }

    /// What this version only keeps, as dotted keys of the table.
    fn later(&mut self, answers: &Answers, table: &str) {
        for (path, value) in &answers.later {
            let Some(key) = path.strip_prefix(table).and_then(|k| k.strip_prefix('.')) else { continue };
            if let Some(value) = toml_of(value) {
                self.line(key, &value, "");
            }
        }
    }

    fn camera(&mut self, camera: &Camera) {
        self.0.push_str("\n[[camera]]\n");
        self.text("name", &camera.name);
        self.text("url", &camera.url);
        if let Some(sub) = &camera.sub_url {
            self.text("sub_url", sub);
        }
        if let Some(user) = &camera.user {
            self.text("user", user);
            self.line("password", &kept(&format!("camera.{}.password", camera.name)), "");
        }
        self.choice("record", word(RECORDS, &camera.record), "");
    }
}

fn word<T: PartialEq>(words: &'static [(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

fn kept(name: &str) -> String {
    format!("{{ secret = {} }}", quoted(name))
}

fn service(service: &Service, key: &str, secrets: &[&str]) -> String {
    match service {
        Service::Bundled => quoted("bundled"),
        Service::Off => quoted("off"),
        Service::External { settings } => {
            let plain = settings.iter().map(|(k, v)| format!("{k} = {}", quoted(v)));
            let secret = secrets.iter().map(|s| format!("{s} = {}", kept(&format!("{key}.{s}"))));
            format!("{{ {} }}", plain.chain(secret).collect::<Vec<_>>().join(", "))
        }
    }
}

fn toml_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(quoted(text)),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Object(map) => {
            let pairs: Option<Vec<String>> = map.iter().map(|(k, v)| toml_of(v).map(|v| format!("{} = {v}", quoted(k)))).collect();
            pairs.map(|p| format!("{{ {} }}", p.join(", ")))
        }
        _ => None,
    }
}
