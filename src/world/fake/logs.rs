//! What simulated parts write to their logs, in the words of the real ones, and the recordings that Agents leave behind.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::containers::{Life, Part, Sim};
use super::machine::Machine;
use crate::model::camera::StreamError;
use crate::model::engine::{LogLine, MountSpec};
use crate::world::clock::Clock as _;
use crate::world::engine::{LogFrom, Result as Answer};

/// A container's log, and with `follow` each line as it comes.
pub(super) fn read(machine: Arc<Machine>, sim: Sim, from: LogFrom, follow: bool) -> BoxStream<'static, Answer<LogLine>> {
    let now = machine.clock.now();
    let (after, most) = match from {
        LogFrom::Last(lines) => (0.0, lines),
        LogFrom::Since(at) => (at, usize::MAX),
    };
    let mut ready: VecDeque<LogLine> = between(&machine, &sim, after, now).into();
    ready.drain(..ready.len().saturating_sub(most));
    let start = (machine, ready, now, follow && sim.runs(now));
    stream::unfold(start, move |(machine, mut ready, mut upto, mut follow)| {
        let id = sim.id.clone();
        let name = sim.spec.name.clone();
        async move {
            loop {
                if let Some(line) = ready.pop_front() {
                    return Some((Ok(line), (machine, ready, upto, follow)));
                }
                if !follow {
                    return None;
                }
                machine.clock.sleep(Duration::from_secs(1)).await;
                let now = machine.clock.now();
                let sim = machine.state().sims.get(&name).filter(|s| s.id == id).cloned();
                follow = sim.as_ref().is_some_and(|s| s.runs(now));
                if let Some(sim) = sim.filter(|_| follow) {
                    ready.extend(between(&machine, &sim, upto, now));
                }
                upto = now;
            }
        }
    })
    .boxed()
}

/// Lines of a span of time.
pub(super) fn between(machine: &Machine, sim: &Sim, after: f64, upto: f64) -> Vec<LogLine> {
    let (since, looping) = match sim.life {
        Life::Running { since } => (since, None),
        Life::Looping { since, code, .. } => (since, Some(code)),
        Life::Created | Life::Exited { .. } => return vec![],
    };
    let mut all: Vec<(f64, bool, String)> = match looping {
        Some(code) => broken(code),
        None => start(machine, sim),
    };
    // What comes again and again; only the last of it is worth making.
    if let Some((each, error, text)) = again(machine, sim).filter(|_| looping.is_none()) {
        let last = ((upto - since - 45.0) / each).floor();
        let mut n = (last - 300.0).max(0.0);
        while n <= last {
            all.push((45.0 + n * each, error, text.clone()));
            n += 1.0;
        }
    }
    let stamped = all.into_iter().map(|(at, error, text)| (since + at, error, text)).filter(|(at, ..)| *at > after && *at <= upto);
    stamped.map(|(at, error, text)| LogLine { time: stamp(at), error, text }).collect()
}

fn stamp(at: f64) -> String {
    jiff::Timestamp::from_nanosecond((at * 1e9) as i128).map(|t| t.to_string()).unwrap_or_default()
}

fn broken(code: i64) -> Vec<(f64, bool, String)> {
    match code {
        132 => vec![(
            0.2,
            true,
            "WARNING: MongoDB 5.0+ requires a CPU with AVX support, and your current system does not appear to have that!".into(),
        )],
        _ => vec![(0.4, false, "{\"s\":\"I\",\"c\":\"CONTROL\",\"msg\":\"MongoDB starting\"}".into())],
    }
}

fn start(machine: &Machine, sim: &Sim) -> Vec<(f64, bool, String)> {
    let say = |at: f64, text: &str| (at, false, text.to_owned());
    match sim.part() {
        Part::Mongo => vec![
            say(
                0.4,
                "{\"s\":\"I\",\"c\":\"CONTROL\",\"id\":4615611,\"msg\":\"MongoDB starting\",\"attr\":{\"port\":27017,\"dbPath\":\"/data/db\"}}",
            ),
            say(4.8, "{\"s\":\"I\",\"c\":\"STORAGE\",\"id\":4795906,\"msg\":\"WiredTiger opened\"}"),
            say(
                6.0,
                "{\"s\":\"I\",\"c\":\"NETWORK\",\"id\":23016,\"msg\":\"Waiting for connections\",\"attr\":{\"port\":27017,\"ssl\":\"off\"}}",
            ),
        ],
        Part::Minio => vec![
            say(0.8, "MinIO Object Storage Server"),
            say(1.0, "API: http://0.0.0.0:9000"),
            say(1.4, "INFO: Formatting 1st pool, 1 set(s), 1 drives per set."),
        ],
        Part::Rabbit => vec![
            say(4.0, "  Starting broker..."),
            say(12.0, " completed with 4 plugins."),
            say(12.0, "Server startup complete; 4 plugins started."),
        ],
        Part::Vault => vec![say(1.0, "Running Kerberos Vault on :80")],
        Part::Agent => {
            let mut all = vec![
                say(0.3, "[INFO] main.Main(): You are currently running Kerberos Agent"),
                say(0.6, "[INFO] main.Main(): Running Kerberos Agent on port :80"),
            ];
            match camera(machine, sim) {
                Ok(()) => all.push(say(31.0, "[INFO] components.Kerberos.RunAgent(): opened RTSP stream")),
                Err(e) => all.push((31.0, true, format!("[ERRO] components.Kerberos.RunAgent(): error connecting to RTSP stream: {e}"))),
            }
            all
        }
        Part::Other => vec![say(0.5, "started")],
    }
}

fn again(machine: &Machine, sim: &Sim) -> Option<(f64, bool, String)> {
    match sim.part() {
        Part::Agent => Some(match camera(machine, sim) {
            Ok(()) => (10.0, true, "[ERRO] cloud.HandleHeartBeat(): Disabled as we do not have a public key defined.".into()),
            Err(e) => (3.0, true, format!("[ERRO] components.Kerberos.RunAgent(): error connecting to RTSP stream: {e}")),
        }),
        Part::Mongo => Some((60.0, false, "{\"s\":\"I\",\"c\":\"STORAGE\",\"id\":22430,\"msg\":\"WiredTiger message\",\"attr\":{\"message\":\"saving checkpoint snapshot\"}}".into())),
        _ => None,
    }
}

/// What an Agent's camera answers to the address in its environment.
pub(super) fn camera(machine: &Machine, sim: &Sim) -> Result<(), StreamError> {
    let text = sim.env.get("AGENT_CAPTURE_IPCAMERA_RTSP").map_or("", String::as_str);
    let mut url = url::Url::parse(text).map_err(|e| StreamError::Address { says: e.to_string() })?;
    // The machine itself, by the name that it has inside: a camera that is told at its own address is the one that is meant.
    if sim.spec.extra_hosts.iter().any(|entry| entry.strip_suffix(":host-gateway") == url.host_str()) {
        let addresses = machine.described.cameras.iter().filter_map(|c| c.url.split([':', '/']).next()?.parse().ok());
        let own = addresses.into_iter().find(|a| machine.is_here(*a));
        let _ = own.map(|own| url.set_ip_host(own));
    }
    let login = (!url.username().is_empty()).then(|| format!("{}:{}", url.username(), url.password().unwrap_or_default()));
    machine.camera(&url, login.as_deref()).map(|_| ())
}

/// The size of a recording here: small, since all of them stay in memory.
const RECORDING: usize = 48 * 1024;

impl Machine {
    /// Writes the recordings that are due by now into the Agents' folders.
    pub(super) fn settle(&self) {
        let now = self.clock.now();
        let agents: Vec<Sim> = self.state().sims.all().filter(|s| s.part() == Part::Agent && s.runs(now)).cloned().collect();
        for sim in agents {
            let due = sim.recordings(now, camera(self, &sim).is_ok());
            let folder = sim.spec.mounts.iter().find_map(|m| match m {
                MountSpec::Bind { source, target, .. } if target.ends_with("/recordings") => Some(source.clone()),
                MountSpec::Bind { source, target, .. } if target == "/home/agent/data" => Some(format!("{source}/recordings")),
                _ => None,
            });
            let Some(folder) = folder.filter(|_| due > sim.written) else { continue };
            let mut state = self.state();
            let camera = sim.env.get("AGENT_NAME").cloned().unwrap_or_else(|| sim.spec.name.clone());
            for n in sim.written..due {
                let began = now as u64 - (due - n) * 30;
                state.tree.record(&format!("{folder}/{began}_3-485_{camera}_0-0-0-0_0_0_.mp4"), vec![0; RECORDING]);
            }
            if let Some(sim) = state.sims.get_mut(&sim.spec.name) {
                sim.written = due;
            }
        }
    }

    /// The stream behind an address, with this login.
    pub(super) fn camera(&self, url: &url::Url, login: Option<&str>) -> Result<crate::model::camera::StreamReading, StreamError> {
        let host = url.host_str().unwrap_or_default();
        let at = format!("{host}:{}", url.port().unwrap_or(554));
        let path = url.path().trim_start_matches('/');
        let on_host: Vec<_> = self.described.cameras.iter().filter(|c| c.url.split('/').next().unwrap_or_default() == at).collect();
        if on_host.is_empty() {
            if host.parse::<std::net::IpAddr>().is_err() && !self.described.names.contains_key(host) {
                return Err(StreamError::Name { host: host.to_owned() });
            }
            return Err(StreamError::Unreachable { says: "no answer in time".into() });
        }
        let wanted = |c: &&&super::described::CameraDescribed| c.url.split_once('/').map_or("", |(_, p)| p) == path;
        let Some(camera) = on_host.iter().find(wanted) else { return Err(StreamError::Path { status: 404 }) };
        match (&camera.error, &camera.reading) {
            _ if camera.login.is_some() && camera.login.as_deref() != login => Err(StreamError::Login),
            (Some(error), _) => Err(error.clone()),
            (None, Some(reading)) => Ok(reading.clone()),
            (None, None) => Err(StreamError::NoPicture { seconds: 10 }),
        }
    }
}
