//! The Agent's settings: `data/config/config.json`, over it `GLOBAL_AGENT_*`, over that `AGENT_*`.

use super::log;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Which variable sets which place of config.json; `#` marks a number.
const VARIABLES: [(&str, &str); 46] = [
    ("KEY", "/key"),
    ("NAME", "/name"),
    ("TIMEZONE", "/timezone"),
    ("OFFLINE", "/offline"),
    ("TIME", "/time"),
    ("REMOVE_AFTER_UPLOAD", "/remove_after_upload"),
    ("AUTO_CLEAN", "/auto_clean"),
    ("AUTO_CLEAN_MAX_SIZE", "#/max_directory_size"),
    ("AUTO_CLEAN_MIN_FREE_SPACE", "#/min_free_space"),
    ("CAPTURE_IPCAMERA_RTSP", "/capture/ipcamera/rtsp"),
    ("CAPTURE_IPCAMERA_SUB_RTSP", "/capture/ipcamera/sub_rtsp"),
    ("CAPTURE_IPCAMERA_ONVIF", "/capture/ipcamera/onvif"),
    ("CAPTURE_IPCAMERA_ONVIF_XADDR", "/capture/ipcamera/onvif_xaddr"),
    ("CAPTURE_IPCAMERA_ONVIF_USERNAME", "/capture/ipcamera/onvif_username"),
    ("CAPTURE_IPCAMERA_ONVIF_PASSWORD", "/capture/ipcamera/onvif_password"),
    ("CAPTURE_CONTINUOUS", "/capture/continuous"),
    ("CAPTURE_RECORDING", "/capture/recording"),
    ("CAPTURE_MOTION", "/capture/motion"),
    ("CAPTURE_LIVEVIEW", "/capture/liveview"),
    ("CAPTURE_SNAPSHOTS", "/capture/snapshots"),
    ("CAPTURE_PRERECORDING", "#/capture/prerecording"),
    ("CAPTURE_POSTRECORDING", "#/capture/postrecording"),
    ("CAPTURE_MAXLENGTH", "#/capture/maxlengthrecording"),
    ("CAPTURE_PIXEL_CHANGE", "#/capture/pixelChangeThreshold"),
    ("CAPTURE_FRAGMENTED", "/capture/fragmented"),
    ("CLOUD", "/cloud"),
    ("KERBEROSVAULT_URI", "/kstorage/uri"),
    ("KERBEROSVAULT_ACCESS_KEY", "/kstorage/access_key"),
    ("KERBEROSVAULT_SECRET_KEY", "/kstorage/secret_access_key"),
    ("KERBEROSVAULT_PROVIDER", "/kstorage/provider"),
    ("KERBEROSVAULT_DIRECTORY", "/kstorage/directory"),
    ("HUB_URI", "/hub_uri"),
    ("HUB_KEY", "/hub_key"),
    ("HUB_PRIVATE_KEY", "/hub_private_key"),
    ("HUB_REGION", "/s3/region"),
    ("HUB_SITE", "/hub_site"),
    ("MQTT_URI", "/mqtturi"),
    ("MQTT_USERNAME", "/mqtt_username"),
    ("MQTT_PASSWORD", "/mqtt_password"),
    ("STUN_URI", "/stunuri"),
    ("TURN_URI", "/turnuri"),
    ("TURN_USERNAME", "/turn_username"),
    ("TURN_PASSWORD", "/turn_password"),
    ("FORCE_TURN", "/turn_force"),
    ("SIGNING", "/signing/enabled"),
    ("SIGNING_PRIVATE_KEY", "/signing/private_key"),
];

/// What an unchanged installation starts from.
pub fn template() -> Value {
    json!({
        "type": "", "key": "", "name": "agent", "time": "false", "offline": "false", "auto_clean": "true",
        "remove_after_upload": "true", "max_directory_size": 0, "timezone": "Africa/Ceuta",
        "capture": {
            "name": "", "ipcamera": {"rtsp": "", "sub_rtsp": "", "fps": ""}, "continuous": "false", "recording": "true",
            "snapshots": "true", "liveview": "true", "motion": "true", "postrecording": 20, "prerecording": 10,
            "maxlengthrecording": 30, "fragmented": "false", "fragmentedduration": 8, "pixelChangeThreshold": 150
        },
        "cloud": "s3", "s3": {"region": "eu-west-1"}, "kstorage": {}, "kstorage_secondary": {},
        "mqtturi": "tcp://mqtt.kerberos.io:1883", "mqtt_username": "", "mqtt_password": "", "turn_force": "false",
        "stunuri": "stun:turn-fra1.kerberos.io:3478", "turnuri": "turn:turn-fra1.kerberos.io:3478",
        "turn_username": "username1", "turn_password": "password1", "hub_encryption": "true",
        "hub_uri": "https://api.cloud.kerberos.io", "hub_key": "", "hub_private_key": "", "hub_site": "",
        "encryption": {}, "signing": {}
    })
}

/// Settings in force.
#[derive(Clone)]
pub struct Config(pub Value);

impl Config {
    pub fn text(&self, place: &str) -> &str {
        self.0.pointer(place).and_then(Value::as_str).unwrap_or_default()
    }

    /// The Agent's flags are words, and only "true" is true.
    pub fn is(&self, place: &str) -> bool {
        self.text(place) == "true"
    }

    pub fn number(&self, place: &str) -> u64 {
        self.0.pointer(place).and_then(Value::as_u64).unwrap_or(0)
    }

    /// A number whose 0 or absence means this default.
    pub fn number_or(&self, place: &str, default: u64) -> u64 {
        Some(self.number(place)).filter(|number| *number > 0).unwrap_or(default)
    }

    /// The Vault settings, when none of the four that count is empty.
    pub fn vault(&self) -> Option<Vault> {
        let part = |name: &str| Some(self.text(&format!("/kstorage/{name}")).to_owned()).filter(|text| !text.is_empty());
        Some(Vault {
            uri: part("uri")?,
            access_key: part("access_key")?,
            secret_key: part("secret_access_key")?,
            directory: part("directory")?,
            provider: self.text("/kstorage/provider").to_owned(),
            device: self.text("/key").to_owned(),
            cloud_key: self.text("/hub_key").to_owned(),
        })
    }
}

#[derive(Clone)]
pub struct Vault {
    pub uri: String,
    pub access_key: String,
    pub secret_key: String,
    pub directory: String,
    pub provider: String,
    pub device: String,
    pub cloud_key: String,
}

pub const FILE: &str = "./data/config/config.json";

/// Waits for the file for as long as it takes, as the real one does.
pub async fn open() -> Config {
    loop {
        match std::fs::read(FILE) {
            Err(_) => log::info("Config file is not found ./data/config/config.json, trying again in 5s."),
            Ok(bytes) => match serde_json::from_slice::<Value>(&bytes) {
                Ok(value) if value.is_object() => return overridden(value, |name| std::env::var(name).ok()),
                Ok(_) => log::error("JSON file not valid: not an object"),
                Err(error) => log::error(&format!("JSON file not valid: {error}")),
            },
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

fn overridden(mut value: Value, variable: impl Fn(&str) -> Option<String>) -> Config {
    for prefix in ["GLOBAL_AGENT_", "AGENT_"] {
        for (name, place) in VARIABLES {
            let Some(text) = variable(&format!("{prefix}{name}")) else { continue };
            match place.strip_prefix('#') {
                // What is not a number leaves the value as it was.
                Some(place) => text.trim().parse::<u64>().into_iter().for_each(|number| put(&mut value, place, number.into())),
                None => put(&mut value, place, text.into()),
            }
        }
    }
    Config(value)
}

fn put(value: &mut Value, place: &str, new: Value) {
    let mut here = value;
    for name in place.split('/').skip(1) {
        if !here.is_object() {
            *here = json!({});
        }
        let Value::Object(map) = here else { return };
        here = map.entry(name).or_insert(Value::Null);
    }
    *here = new;
}

/// Writes config.json; through a temporary file, so that a crash leaves the old one.
pub fn store(value: &Value) -> std::io::Result<()> {
    let path = Path::new(FILE);
    let next = path.with_extension("json.next");
    std::fs::write(&next, serde_json::to_vec_pretty(value)?)?;
    std::fs::rename(next, path)
}

/// Both printings at start: every secret in clear, because the real one does that.
pub fn print_environment() {
    let mut text = String::new();
    let variables = std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
    for (name, value) in variables.filter(|(name, value)| name.contains("AGENT_") || value.contains("AGENT_")) {
        text += &format!("{name}={} ", value.split('=').next().unwrap_or_default());
    }
    log::info(&format!("Printing out environmentVariables (AGENT_...): {text}"));
}

pub fn print(config: &Config) {
    let fields = config.0.as_object().into_iter().flatten();
    let text: String = fields.map(|(name, value)| format!("{name}: {value} ")).collect();
    log::info(&format!("Printing our configuration (config.json): {text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_beats_the_file() {
        let config = overridden(template(), |name| match name {
            "GLOBAL_AGENT_NAME" => Some("every".into()),
            "AGENT_NAME" => Some("front".into()),
            "GLOBAL_AGENT_CLOUD" => Some("kstorage".into()),
            "AGENT_CAPTURE_MAXLENGTH" => Some("7".into()),
            "AGENT_AUTO_CLEAN_MAX_SIZE" => Some("many".into()),
            "AGENT_KERBEROSVAULT_URI" => Some("http://vault/api".into()),
            _ => None,
        });
        assert_eq!((config.text("/name"), config.text("/cloud")), ("front", "kstorage"));
        assert_eq!((config.number("/capture/maxlengthrecording"), config.number("/max_directory_size")), (7, 0));
        assert!(config.vault().is_none());
    }
}
