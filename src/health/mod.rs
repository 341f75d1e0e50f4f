//! Asks the parts how they are, in their own protocols and with the right login.

pub mod cameras;
mod engine;
pub mod login;
pub mod mark;
mod overall;
mod probes;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::model::answers::Record;
use crate::model::engine::{ContainerState, Observed};
use crate::model::health::{CameraHealth, ComponentHealth, ComponentState, DiskHealth, HealthSnapshot};
use crate::model::host::SHARE;
use crate::words::health as words;
use crate::world::World;
use crate::world::files::Space;
use crate::world::network::NetError;

pub use overall::overall;

/// How long one part may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Questions about containers that the engine is asked at the same time. It answers a few as fast as 200, and each answer takes
/// room until it is read.
const AT_ONCE: usize = 8;

/// Below this any disk counts as full: RabbitMQ blocks at 50 MB, MongoDB needs some 100 MB a file of its journal.
const FULL: u64 = 200 * 1024 * 1024;

/// And below this share of it: MinIO refuses whatever would leave too little free. The release that the recipe names asks for
/// 1 % beyond twice the file that comes (seen on a filled disk). Older ones ask for 5 %, and where a file comes in parts, 1 GiB
/// more is asked for (both inferred from what is published of it). It is told before the first recording is refused.
const FULL_SHARE: f64 = 0.05;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Below so many inodes no new recording gets a name.
const FULL_INODES: u64 = 64;

/// With less than this free, a disk of that size counts as full.
pub fn full_below(total: u64) -> u64 {
    FULL.max((total as f64 * FULL_SHARE) as u64)
}

/// Nothing more can be saved on it, or soon nothing.
pub fn full(space: &Space) -> bool {
    space.free < full_below(space.total) || space.inodes_free.is_some_and(|n| n < FULL_INODES)
}

/// A part that is asked, with all that asking it needs.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The container's name less the site: `mongodb`, `agent-front-door`.
    pub name: String,
    /// Recipe's name: `mongodb`, `agent`.
    pub kind: String,
    /// Its job.
    pub title: String,
    /// Product.
    pub product: String,
    /// How it is asked: a name of the list of probes.
    pub probe: String,
    /// Port inside.
    pub port: u16,
    /// User of the login.
    pub user: Option<String>,
    /// Password of the login.
    pub password: Option<SecretString>,
    /// Path that is asked (http, vault), or the bucket (s3).
    pub path: Option<String>,
    /// Starting may take so long.
    pub within_seconds: f64,
    /// Where a browser finds it.
    pub url: Option<String>,
    /// Engine network on which its address is looked up.
    pub network: String,
    /// Container.
    pub container: String,
    /// The camera it records, and when it records.
    pub camera: Option<(String, Record)>,
    /// The Agent's data folder on this machine, which holds `recordings` and `cloud`.
    pub agent_folder: Option<String>,
    /// A login that served.
    pub login: login::Login,
    /// What its log told.
    pub told: cameras::Told,
}

/// What was found out about a part.
#[derive(Debug, Clone)]
struct Reading {
    state: ComponentState,
    evidence: Vec<String>,
    /// What the Agent says of its camera.
    agent: Option<probes::agent::Dashboard>,
}

/// How the disk for recordings is.
#[derive(Clone, Copy)]
enum Disk<'a> {
    Fine,
    Full,
    /// The folder is there or not, and the disk is not.
    Gone(&'a str),
}

/// A part's reading on its way into the snapshot.
struct Part {
    component: ComponentHealth,
    camera: Option<CameraHealth>,
    /// When the oldest recording in the Agent's folder began.
    oldest: Option<f64>,
    /// What lies in the store.
    stored: probes::Stored,
    /// When it was read, by the clock's ticks.
    at: f64,
}

impl Reading {
    fn new(state: ComponentState, evidence: impl Into<String>) -> Self {
        Reading { state, evidence: vec![evidence.into()], agent: None }
    }
}

/// When a recording began, seconds since 1970: `1795371489_3-485_front_0-0-0-0_0_0_.mp4` begins with it (measured).
fn begun(name: &str) -> Option<f64> {
    name.split('_').next().and_then(|s| s.parse::<u64>().ok()).filter(|s| *s > 0).map(|s| s as f64)
}

/// Tells a database that its data belongs to this version from now on, so that the next one can take it over later.
pub async fn raise(world: &World, subject: &Subject, observed: &Observed, version: &str) -> Result<(), NetError> {
    probes::raise(world, subject, observed, version).await
}

/// Asks a camera's recorder to record now, as when something moves. The error says why that was not taken.
pub async fn record(world: &World, subject: &Subject, observed: &Observed) -> Result<(), String> {
    probes::record(world, subject, observed).await
}

/// Asks one part once: the engine first, then its own protocol. Within its starting time what is not right yet is `Starting`.
pub async fn probe(world: &World, subject: &Subject, observed: &Observed) -> (ComponentState, Vec<String>) {
    let reading = read(world, subject, observed).await;
    (reading.state, reading.evidence)
}

async fn read(world: &World, subject: &Subject, observed: &Observed) -> Reading {
    if let Some(reading) = engine::state(observed) {
        return reading;
    }
    let mut reading = match tokio::time::timeout(ANSWER, probes::ask(world, subject, observed)).await {
        Ok(reading) => reading,
        Err(_) => Reading::new(ComponentState::Down, words::silent(ANSWER.as_secs())),
    };
    let wrong = matches!(reading.state, ComponentState::Down | ComponentState::Degraded);
    if wrong && up(world, observed).is_some_and(|s| s < subject.within_seconds) {
        if engine::loops(observed) {
            reading.evidence.push(words::restarted(observed.restarts));
        } else {
            reading.state = ComponentState::Starting;
        }
    }
    reading
}

/// Seconds since the present run began. A clock that was set back counts as just begun.
fn up(world: &World, observed: &Observed) -> Option<f64> {
    observed.started_at.filter(|_| observed.state == ContainerState::Running).map(|at| (world.clock.now() - at as f64).max(0.0))
}

/// Asks all parts at the same time and sums up. `storage_path` is the folder of the recordings, on this machine.
pub async fn snapshot(
    world: &World,
    site: &str,
    subjects: &[Subject],
    storage_path: Option<&str>,
    keeps_days: Option<u32>,
) -> HealthSnapshot {
    // A folder whose disk is not mounted tells the room of another disk.
    let gone = storage_path.filter(|path| mark::there(&*world.files, path, site) == Some(false));
    let space = storage_path.filter(|_| gone.is_none()).and_then(|path| world.files.space(path).ok().map(|space| (path, space)));
    let full = space.is_some_and(|(_, s)| full(&s));
    let disk = match gone {
        Some(path) => Disk::Gone(path),
        None if full => Disk::Full,
        None => Disk::Fine,
    };
    let engine = match tokio::time::timeout(ANSWER, world.engine.containers(Some(("io.kerbup.site", site)))).await {
        Ok(Ok(all)) => Ok(all),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err(words::ENGINE_SILENT.to_owned()),
    };
    let turns = Semaphore::new(AT_ONCE);
    let read = join_all(subjects.iter().map(|subject| {
        let observed = engine.as_ref().map(|all| all.iter().find(|c| c.name == subject.container).cloned()).map_err(Clone::clone);
        one(world, subject, observed, disk, &turns)
    }))
    .await;
    let end = world.clock.ticks();
    let oldest = read.iter().flat_map(|part| [part.oldest, part.stored.oldest]).flatten().min_by(f64::total_cmp);
    let mut stored = BTreeMap::new();
    for part in &read {
        stored.extend(part.stored.per_day.clone());
    }
    let (mut components, mut cameras) = (vec![], vec![]);
    for part in read {
        let age_seconds = (end - part.at).max(0.0);
        components.push(ComponentHealth { age_seconds, ..part.component });
        // The store holds all of a day; an Agent's folder only what waits, where its recordings are uploaded.
        cameras.extend(part.camera.map(|c| CameraHealth {
            age_seconds,
            bytes_per_day: stored.get(&c.name).copied().or(c.bytes_per_day),
            ..c
        }));
    }
    // The cameras' recorders stand last.
    components.sort_by_key(|c: &ComponentHealth| subjects.iter().any(|s| s.name == c.name && s.camera.is_some()));
    let kept = oldest.map_or(0.0, |at| (world.clock.now() - at).max(0.0) / DAY);
    let disk = space.map(|(path, s)| DiskHealth {
        path: path.into(),
        total: s.total,
        free: s.free,
        keeps_days,
        fits_days: fits(kept, s, &cameras),
        note: None,
    });
    HealthSnapshot { schema: 1, site: site.into(), overall: overall(&components, &cameras), components, cameras, disk }
}

/// How far back the recordings in the video store go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Oldest {
    /// None is there.
    Nothing,
    /// The oldest began so many days ago.
    Days(f64),
    /// It could not be asked.
    Unknown,
}

/// Asks the video store among these parts.
pub async fn oldest(world: &World, subjects: &[Subject]) -> Oldest {
    let Some(subject) = subjects.iter().find(|s| s.probe == "s3") else { return Oldest::Unknown };
    let Ok(Some(observed)) = world.engine.container(&subject.container).await else { return Oldest::Unknown };
    let stored = tokio::time::timeout(ANSWER, probes::stored(world, subject, &observed)).await.unwrap_or_default();
    match stored.oldest {
        _ if !stored.listed => Oldest::Unknown,
        None => Oldest::Nothing,
        Some(at) => Oldest::Days((world.clock.now() - at).max(0.0) / DAY),
    }
}

/// Days that fit: those that are kept already, and those for which the free space lasts at the measured rates, less what is never
/// used of a disk. None unless every camera's rate was measured.
fn fits(kept: f64, space: Space, cameras: &[CameraHealth]) -> Option<u32> {
    let free = (space.free as f64 - space.total as f64 * (1.0 - SHARE)).max(0.0);
    let rates: Option<Vec<f64>> = cameras.iter().map(|c| c.bytes_per_day).collect();
    let all: f64 = rates?.iter().sum();
    (all > 0.0).then(|| (kept + free / all).min(36_500.0) as u32)
}

async fn one(world: &World, subject: &Subject, observed: Result<Option<Observed>, String>, disk: Disk<'_>, turns: &Semaphore) -> Part {
    let running = matches!(&observed, Ok(Some(o)) if o.state == ContainerState::Running);
    let asked = async {
        match &observed {
            Err(why) => Reading::new(ComponentState::Unknown, why.as_str()),
            Ok(None) => Reading::new(ComponentState::Absent, words::ABSENT),
            Ok(Some(observed)) => read(world, subject, observed).await,
        }
    };
    let usage = async {
        let _turn = turns.acquire().await;
        let used = tokio::time::timeout(ANSWER, world.engine.usage(&subject.container));
        if running { used.await.ok().and_then(Result::ok) } else { None }
    };
    let log = async {
        let _turn = turns.acquire().await;
        match &observed {
            Ok(Some(o)) if running && subject.camera.is_some() => cameras::log(world, subject, &o.id).await,
            _ => cameras::Log::default(),
        }
    };
    let (mut reading, usage, log) = tokio::join!(asked, usage, log);
    match (disk, reading.state) {
        (Disk::Full, ComponentState::Healthy | ComponentState::NotConfigured | ComponentState::Starting) => {
            reading.state = ComponentState::Degraded;
            reading.evidence.insert(0, words::DISK_FULL.into());
        }
        (Disk::Gone(path), ComponentState::Down) if !running => reading.evidence.insert(0, words::disk_awaited(path)),
        _ => {}
    }
    let observed = observed.ok().flatten();
    let up = observed.as_ref().and_then(|o| up(world, o));
    let camera = subject.camera.as_ref().map(|(name, record)| cameras::health(world, subject, name, *record, up, &reading, &log));
    let component = ComponentHealth {
        name: subject.name.clone(),
        kind: subject.kind.clone(),
        title: subject.title.clone(),
        product: subject.product.clone(),
        state: reading.state,
        age_seconds: 0.0,
        restarts: observed.as_ref().map_or(0, |o| o.restarts),
        up_seconds: up,
        cpu: usage.and_then(|u| u.cpu),
        memory: usage.map(|u| u.memory),
        evidence: reading.evidence.clone(),
        url: subject.url.clone(),
    };
    let (camera, oldest) = camera.unzip();
    let stored = match &observed {
        Some(observed) if reading.state == ComponentState::Healthy => {
            tokio::time::timeout(ANSWER, probes::stored(world, subject, observed)).await.unwrap_or_default()
        }
        _ => probes::Stored::default(),
    };
    Part { component, camera, oldest: oldest.flatten(), stored, at: world.clock.ticks() }
}

#[cfg(test)]
mod tests;
