//! The Agent stand-in: reads a real camera, records, uploads, and logs what the real one logs.
//! Left out: motion detection, live view, snapshots, ONVIF, MQTT, Hub, Factory's MongoDB mode.

mod api;
mod camera;
mod clean;
mod cloud;
pub mod config;
mod log;
mod recorder;

use crate::http;
use crate::jwt::Sessions;
use config::Config;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Notify;

pub struct Agent {
    sessions: Sessions,
    config: RwLock<Config>,
    last_frame: AtomicI64,
    trigger: AtomicBool,
    stopped: AtomicBool,
    current: Mutex<Option<String>>,
    again: Notify,
}

impl Agent {
    fn config(&self) -> Config {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn frame_came(&self) {
        self.last_frame.store(jiff::Timestamp::now().as_second(), Ordering::Relaxed);
    }

    fn stream_ended(&self) {
        self.last_frame.store(0, Ordering::Relaxed);
    }

    fn camera_online(&self) -> bool {
        jiff::Timestamp::now().as_second() - self.last_frame.load(Ordering::Relaxed) < 10
    }

    fn trigger(&self) {
        self.trigger.store(true, Ordering::Relaxed);
    }

    fn take_trigger(&self) -> bool {
        self.trigger.swap(false, Ordering::Relaxed)
    }

    fn recording(&self, name: Option<String>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    fn current_recording(&self) -> Option<String> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn restart(&self) {
        self.stopped.store(false, Ordering::Relaxed);
        self.again.notify_one();
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.again.notify_one();
    }
}

/// Go's flags: one dash or two, value after a space or an equals sign.
fn flags(args: &[String]) -> Result<(String, u16), String> {
    let (mut action, mut port) = ("version".to_owned(), 80);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let Some(flag) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else { break };
        let (name, inline) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value.to_owned())));
        if !matches!(name, "action" | "port" | "config" | "name" | "timeout" | "subnet") {
            return Err(format!("flag provided but not defined: -{name}"));
        }
        let value = inline.or_else(|| rest.next().cloned()).ok_or(format!("flag needs an argument: -{name}"))?;
        match name {
            "action" => action = value,
            "port" => port = value.parse().map_err(|_| format!("listen tcp: address {value}: invalid port"))?,
            _ => {}
        }
    }
    Ok((action, port))
}

pub fn run(args: &[String]) -> u8 {
    let (action, port) = match flags(args) {
        Ok(flags) => flags,
        Err(words) => {
            crate::out::complain(format!("{words}\nUsage of ./main:"));
            return 2;
        }
    };
    match action.as_str() {
        "version" => {
            log::info("Main: You are currrently running Kerberos Agent 3.11.1");
            0
        }
        "run" => http::block_on(async {
            tokio::select! {
                code = start(port) => code,
                // At once, without dropping the recorder: what was being written stays, unfinished and not queued.
                () = crate::misbehave::told_to_stop() => std::process::exit(0),
            }
        })
        .unwrap_or_else(|error| {
            crate::out::complain(error);
            1
        }),
        _ => {
            log::error("Main: Sorry I don't understand :(");
            0
        }
    }
}

async fn start(port: u16) -> u8 {
    config::print_environment();
    let mut config = config::open().await;
    config::print(&config);
    check_folders();
    if log::zone(config.text("/timezone")).is_none() {
        // Go's own words: the formatter is handed a location that is not there.
        crate::out::complain(
            "panic: time: missing Location in call to Time.In\n\ngoroutine 1 [running]:\ntime.Time.In(...)\n\t/usr/local/go/src/time/time.go:1293",
        );
        return 2;
    }
    if config.text("/key").is_empty() {
        make_key(&mut config);
    }
    let secret = std::env::var("AGENT_JWT_SECRET").ok().filter(|secret| !secret.is_empty());
    let agent = Arc::new(Agent {
        sessions: Sessions::new(secret.as_deref().unwrap_or("public default").as_bytes()),
        config: RwLock::new(config),
        last_frame: AtomicI64::new(0),
        trigger: AtomicBool::new(false),
        stopped: AtomicBool::new(false),
        current: Mutex::new(None),
        again: Notify::new(),
    });
    tokio::spawn(machine(agent.clone()));
    crate::misbehave::slow().await;
    let listener = match tokio::net::TcpListener::bind(("0.0.0.0", port)).await {
        Ok(listener) => listener,
        Err(error) => {
            log::line(log::Level::Fatal, &format!("listen tcp :{port}: bind: {}", http::os_text(&error)));
            return 1;
        }
    };
    log::info(&format!("Listening and serving HTTP on :{port}"));
    http::serve(listener, move |request| {
        let agent = agent.clone();
        async move { api::answer(&agent, request).await }
    })
    .await;
    0
}

/// Everything that starts anew when the settings are saved.
async fn machine(agent: Arc<Agent>) {
    loop {
        let config = agent.config();
        let stopped = agent.stopped.load(Ordering::Relaxed);
        let work = async {
            if stopped {
                std::future::pending::<()>().await;
            }
            // Uploads and heartbeats do not wait for the camera.
            tokio::join!(camera::run(agent.clone(), config.clone()), cloud::uploads(config.clone()), cloud::heartbeats(config.clone()));
        };
        tokio::select! { () = work => {}, () = agent.again.notified() => {} }
        agent.stream_ended();
        agent.recording(None);
        let new = config::open().await;
        *agent.config.write().unwrap_or_else(PoisonError::into_inner) = new;
    }
}

fn make_key(config: &mut Config) {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let key: String = (0..30).map(|_| char::from(LETTERS[rand::random::<u32>() as usize % LETTERS.len()])).collect();
    config.0["key"] = key.clone().into();
    match config::store(&config.0) {
        Ok(()) => log::info(&format!("Main: updated unique key for agent to: {key}")),
        Err(_) => log::info(&format!("Main: something went wrong while trying to store key: {key}")),
    }
}

/// The write test: reported, and passed over.
fn check_folders() {
    let trouble = ["recordings", "config", "snapshots", "cloud"].into_iter().find_map(|name| {
        let folder = format!("./data/{name}");
        if !std::fs::exists(&folder).unwrap_or(true) {
            return Some(format!("Directory does not exist, {folder}"));
        }
        let file = format!("{folder}/.test");
        if let Err(error) = std::fs::File::create(&file) {
            return Some(format!("Problem creating a file: open {file}: {}", http::os_text(&error)));
        }
        let removed = std::fs::remove_file(&file);
        removed.err().map(|error| format!("Problem deleting a file: remove {file}: {}", http::os_text(&error)))
    });
    match trouble {
        None => log::info("Checking data directory permissions: OK"),
        Some(words) => log::error(&format!("Checking data directory permissions: {words}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_flags_as_go_does() {
        let read = |line: &str| flags(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read("-action run -port 80"), Ok(("run".into(), 80)));
        assert_eq!(read("--action=run"), Ok(("run".into(), 80)));
        assert!(read("-action").is_err());
        assert!(read("-colour red").is_err());
    }
}
