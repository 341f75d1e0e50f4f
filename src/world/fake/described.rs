//! What a described machine is made of: the YAML of assets/worlds, typed. An unknown key is an error.

use std::collections::BTreeMap;
use std::net::IpAddr;

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::model::camera::{StreamError, StreamReading};
use crate::model::fault::{Fault, Whose};
use crate::model::host::{DockerEngine, HostReport, Listener};

static WORLDS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/assets/worlds");

/// A described machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Described {
    /// Its name, as `--practice=NAME` has it.
    pub name: String,
    /// What it is, in one sentence for people.
    pub says: String,
    /// The whole report: nothing is probed here.
    pub host: HostReport,
    /// What answers on port 554 and the like.
    #[serde(default)]
    pub cameras: Vec<CameraDescribed>,
    /// Bytes a second that all downloads together manage.
    #[serde(default = "line")]
    pub downloads: u64,
    /// Bytes to download, by image. A tag may be left out, then it is any.
    #[serde(default = "images")]
    pub images: BTreeMap<String, u64>,
    /// Unpacked bytes of a layer for each that is fetched.
    #[serde(default = "packed")]
    pub packed: f64,
    /// What goes wrong, and how often.
    #[serde(default)]
    pub trouble: Vec<Trouble>,
    /// Programs that are there and what they answer. The first entry that fits is taken.
    #[serde(default)]
    pub programs: Vec<Answer>,
    /// Environment variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Text files that lie there.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Names that have an address, besides those of registries and cameras.
    #[serde(default)]
    pub names: BTreeMap<String, IpAddr>,
    /// The engine that answers once Docker was installed or started, where none does at first.
    #[serde(default)]
    pub engine: Option<DockerEngine>,
    /// Settings that the engine was given on its command line: it refuses them in its file.
    #[serde(default)]
    pub engine_flags: Vec<String>,
    /// Recorders do not take it when they are asked to record.
    #[serde(default)]
    pub deaf_recorders: bool,
    /// How many seconds pass here in one second.
    #[serde(default = "one")]
    pub speed: f64,
    /// Seconds since 1970 when it begins.
    #[serde(default = "begin")]
    pub now: u32,
}

/// A camera on the network.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CameraDescribed {
    /// `192.0.2.21:554/stream1`.
    pub url: String,
    /// `user:password`, where it asks for one.
    #[serde(default)]
    pub login: Option<String>,
    /// What its stream shows.
    #[serde(default)]
    pub reading: Option<StreamReading>,
    /// Or why nothing comes.
    #[serde(default)]
    pub error: Option<StreamError>,
}

impl CameraDescribed {
    /// As it is typed: RTSP's own port is left out.
    pub fn address(&self) -> String {
        format!("rtsp://{}", self.url.replacen(":554/", "/", 1))
    }
}

/// A staged failure.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trouble {
    /// Where it strikes.
    pub verb: Verb,
    /// Part of the image's or container's name, or of the program with its arguments; empty fits all.
    #[serde(rename = "match", default)]
    pub fits: String,
    /// How often, then no more.
    #[serde(default = "once")]
    pub times: u32,
    /// What sort of error the engine answers. For a program: its standard error, with exit code 1.
    #[serde(default)]
    pub error: Sort,
    /// Its words.
    pub says: String,
    /// Who listens from then on: a program that was quicker.
    #[serde(default)]
    pub listens: Option<Listener>,
}

/// Where a failure strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Part-way through a pull.
    Pull,
    /// When a network is made.
    Network,
    /// When a container is made.
    Create,
    /// When it is started.
    Start,
    /// When it is stopped.
    Stop,
    /// When a program is run.
    Process,
}

/// Sort of the engine's error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// It does not answer.
    Unreachable,
    /// There is no such thing.
    NotFound,
    /// The name is taken.
    Conflict,
    /// A port is taken.
    PortTaken,
    /// No space left.
    DiskFull,
    /// The registry broke off.
    Registry,
    /// The registry lets nothing more be fetched for now.
    Limited,
    /// The registry refuses.
    Login,
    /// Not for this processor.
    Platform,
    /// TLS.
    Insecure,
    /// Anything else.
    #[default]
    Other,
}

/// What a program answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Answer {
    /// Its name.
    pub program: String,
    /// Part of its arguments, joined by blanks; empty fits all.
    #[serde(default)]
    pub args: String,
    /// Exit code.
    #[serde(default)]
    pub code: i32,
    /// What it prints.
    #[serde(default)]
    pub stdout: String,
    /// What it prints on standard error.
    #[serde(default)]
    pub stderr: String,
    /// How long it takes.
    #[serde(default)]
    pub seconds: f64,
    /// Programs that are there afterwards.
    #[serde(default)]
    pub installs: Vec<String>,
    /// Programs that are gone afterwards.
    #[serde(default)]
    pub removes: Vec<String>,
    /// It answers so only while this program is there.
    #[serde(default)]
    pub when: Option<String>,
    /// Whether the engine answers afterwards.
    #[serde(default)]
    pub engine: Option<bool>,
    /// It is there only once another program's `installs` named it.
    #[serde(default)]
    pub later: bool,
}

fn line() -> u64 {
    6_000_000
}

fn packed() -> f64 {
    2.5
}

fn one() -> f64 {
    1.0
}

fn once() -> u32 {
    1
}

/// 21 November 2026, 10:00 UTC: the same each time, so that two walks look alike.
fn begin() -> u32 {
    1_795_255_200
}

/// What the stack's images come to, rounded, for worlds that do not say.
fn images() -> BTreeMap<String, u64> {
    let known = [
        ("kerberos/agent", 168_000_000),
        ("ghcr.io/uug-ai/vault", 96_000_000),
        ("ghcr.io/uug-ai/factory", 62_000_000),
        ("uugai/data-filter", 3_400_000_000),
        ("quay.io/minio/minio", 61_000_000),
        ("mongo:4.4.18", 164_000_000),
        ("mongo", 284_000_000),
        ("rabbitmq", 131_000_000),
    ];
    known.map(|(name, size)| (name.to_owned(), size)).into()
}

/// Names of the described machines, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = WORLDS
        .files()
        .filter(|f| f.path().extension().is_some_and(|e| e == "yaml"))
        .filter_map(|f| f.path().file_stem()?.to_str())
        .collect();
    names.sort_unstable();
    names
}

/// A described machine by its name.
pub fn named(name: &str) -> Result<Described, Fault> {
    let Some(text) = names().contains(&name).then(|| WORLDS.get_file(format!("{name}.yaml"))).flatten().and_then(|f| f.contents_utf8())
    else {
        return Err(Fault::new(Whose::Input, "PRACTICE-UNKNOWN", format!("There is no practice machine called {name}."))
            .cure(format!("Take one of these: {}.", names().join(", ")))
            .cure("Or give the file that `kerbup check --output json` printed."));
    };
    serde_saphyr::from_str(text).map_err(|e| {
        Fault::new(Whose::Ours, "PRACTICE-BROKEN", format!("The practice machine {name} cannot be read.")).because(e.to_string())
    })
}

/// A machine from what `kerbup check --output json` printed on it. It has no cameras; an engine is there once it is asked for.
pub fn from_report(json: &[u8]) -> Result<Described, Fault> {
    #[derive(Deserialize)]
    struct Document {
        schema: u32,
        host: HostReport,
    }
    let broken = |why: String| {
        Fault::new(Whose::Input, "PRACTICE-REPORT", "This file is no saved check of kerbup.")
            .because(why)
            .cure("Save one with: kerbup check --output json > check.json")
    };
    let document: Document = serde_json::from_slice(json).map_err(|e| broken(e.to_string()))?;
    if document.schema != 1 {
        return Err(broken(format!("its schema is {}, this kerbup reads schema 1", document.schema)));
    }
    let there = |program: &str| Answer { program: program.into(), ..Answer::default() };
    let starts = |program: &str, args: &str| Answer {
        program: program.into(),
        args: args.into(),
        seconds: 4.0,
        engine: Some(true),
        ..Answer::default()
    };
    let installs = Answer { installs: vec!["docker".into()], ..starts("apt-get", "docker") };
    let stops = Answer { engine: Some(false), ..starts("systemctl", "stop docker") };
    let active = Answer { stdout: "active\n".into(), ..there("systemctl") };
    let programs = vec![
        Answer { args: "is-active".into(), ..active },
        stops,
        starts("systemctl", "docker"),
        there("systemctl"),
        installs,
        there("apt-get"),
    ];
    Ok(Described {
        name: "report".into(),
        says: "The machine that a saved check describes.".into(),
        host: document.host,
        cameras: vec![],
        downloads: line(),
        packed: packed(),
        images: images(),
        trouble: vec![],
        deaf_recorders: false,
        programs,
        variables: BTreeMap::new(),
        files: BTreeMap::new(),
        names: BTreeMap::new(),
        engine: None,
        engine_flags: vec![],
        speed: one(),
        now: begin(),
    })
}
