//! The MongoDB stand-in: the wire protocol, logins, the commands clients of this stack use,
//! data that survives, and the official image's first initialisation.

mod commands;
pub mod entrypoint;
mod log;
mod query;
pub mod scram;
mod session;
mod start;
mod store;
mod users;
mod version;
pub mod wire;

use serde_json::json;
use session::Session;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use store::Store;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use version::Version;

/// The running server.
pub struct Mongod {
    store: Mutex<Store>,
    auth: bool,
    version: Version,
    argv: Vec<String>,
    process: bson::oid::ObjectId,
    started: Instant,
}

impl Mongod {
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the command line says.
struct Options {
    directory: PathBuf,
    port: u16,
    everywhere: bool,
    auth: bool,
}

/// Real flags that take a value here and change nothing.
const WITH_VALUE: [&str; 10] = [
    "--wiredTigerCacheSizeGB",
    "--storageEngine",
    "--oplogSize",
    "--setParameter",
    "--maxConns",
    "--logpath",
    "--verbosity",
    "--profile",
    "--slowms",
    "--wiredTigerCollectionBlockCompressor",
];
const PLAIN: [&str; 8] =
    ["--quiet", "--directoryperdb", "--noscripting", "--nojournal", "--journal", "--ipv6", "--logappend", "--notablescan"];

fn parse(args: &[String]) -> Result<Options, String> {
    let mut options = Options { directory: "/data/db".into(), port: 27017, everywhere: false, auth: false };
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let (flag, inline) = arg.split_once('=').map_or((arg.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
        let mut value =
            || inline.clone().or_else(|| rest.next().cloned()).ok_or(format!("the required argument for option '{flag}' is missing"));
        match flag {
            "--auth" => options.auth = true,
            "--noauth" => options.auth = false,
            "--bind_ip_all" => options.everywhere = true,
            "--bind_ip" => {
                let wanted = value()?;
                options.everywhere = wanted.split(',').any(|one| matches!(one, "*" | "0.0.0.0" | "::"));
            }
            "--port" => options.port = value()?.parse().map_err(|_| "the argument for option '--port' is invalid".to_owned())?,
            "--dbpath" => options.directory = value()?.into(),
            "--wiredTigerCacheSizeGB" => {
                let size = value()?;
                let size: f64 =
                    size.parse().map_err(|_| format!("the argument ('{size}') for option '--wiredTigerCacheSizeGB' is invalid"))?;
                if !(0.25..=10_000.0).contains(&size) {
                    return Err("BadValue: storage.wiredTiger.engineConfig.cacheSizeGB must be greater than or equal to 0.25".into());
                }
            }
            _ if WITH_VALUE.contains(&flag) => drop(value()?),
            _ if PLAIN.contains(&flag) => {}
            other => return Err(format!("unrecognised option '{other}'")),
        }
    }
    Ok(options)
}

pub fn run(args: &[String]) -> u8 {
    if args.iter().any(|arg| arg == "--version") {
        crate::out::say(format!("db version v{}", start::version().text));
        return 0;
    }
    let options = match parse(args) {
        Ok(options) => options,
        Err(words) => {
            crate::out::complain(format!("Error parsing command line: {words}\ntry 'mongod --help' for more information"));
            return 2;
        }
    };
    let version = start::version();
    log::info(
        "CONTROL",
        4615611,
        "initandlisten",
        "MongoDB starting",
        json!({
            "pid": std::process::id(), "port": options.port, "dbPath": options.directory, "architecture": "64-bit",
        }),
    );
    log::info("CONTROL", 23403, "initandlisten", "Build Info", json!({"buildInfo": {"version": version.text}}));
    let (store, _lock) = match start::open(&options.directory) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    if !options.auth {
        log::line(
            "W",
            "CONTROL",
            22120,
            "initandlisten",
            "Access control is not enabled for the database. Read and write access to data and configuration is unrestricted",
            json!({}),
        );
    }
    let server = Arc::new(Mongod {
        store: Mutex::new(store),
        auth: options.auth,
        version,
        argv: std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        process: bson::oid::ObjectId::new(),
        started: Instant::now(),
    });
    match crate::http::block_on(listen(server, &options)) {
        Ok(code) => {
            start::close(&options.directory);
            code
        }
        Err(error) => {
            crate::out::complain(error);
            1
        }
    }
}

async fn listen(server: Arc<Mongod>, options: &Options) -> u8 {
    let ip = if options.everywhere { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let address = SocketAddr::new(IpAddr::V4(ip), options.port);
    let serving = async {
        crate::misbehave::slow().await;
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) => {
                log::line(
                    "E",
                    "CONTROL",
                    20568,
                    "initandlisten",
                    "Error setting up listener",
                    json!({"error": format!("SocketException: {error}")}),
                );
                return 48;
            }
        };
        log::info("NETWORK", 23015, "listener", "Listening on", json!({"address": ip.to_string()}));
        log::info("NETWORK", 23016, "listener", "Waiting for connections", json!({"port": options.port, "ssl": "off"}));
        let mut number = 0;
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            number += 1;
            tokio::spawn(converse(server.clone(), stream, peer, number));
        }
    };
    tokio::select! {
        code = serving => code,
        () = crate::misbehave::told_to_stop() => {
            log::info("CONTROL", 23377, "SignalHandler", "Received signal", json!({"signal": 15, "error": "Terminated"}));
            log::info("CONTROL", 23138, "SignalHandler", "Shutting down", json!({"exitCode": 0}));
            0
        }
    }
}

async fn converse(server: Arc<Mongod>, mut stream: TcpStream, peer: SocketAddr, number: u64) {
    let context = format!("conn{number}");
    log::info("NETWORK", 22943, "listener", "Connection accepted", json!({"remote": peer.to_string(), "connectionId": number}));
    let _ = stream.set_nodelay(true);
    let session = Arc::new(Mutex::new(Session::new(server, peer, number)));
    loop {
        let command = match wire::read(&mut stream).await {
            Ok(Some(command)) => command,
            Ok(None) => break,
            Err(error) => {
                log::info(
                    "NETWORK",
                    22988,
                    &context,
                    "Error receiving request from client. Ending connection from remote",
                    json!({"error": error.0, "remote": peer.to_string()}),
                );
                break;
            }
        };
        let session = session.clone();
        // Logins hash and writes sync: neither may hold up the other connections.
        let done = tokio::task::spawn_blocking(move || {
            let answer = session.lock().unwrap_or_else(PoisonError::into_inner).answer(&command.body);
            (wire::reply(&command, &answer), command.silent)
        });
        match done.await {
            Ok((_, true)) => {}
            Ok((Ok(bytes), false)) if stream.write_all(&bytes).await.is_ok() => {}
            _ => break,
        }
    }
    log::info("NETWORK", 22944, &context, "Connection ended", json!({"remote": peer.to_string(), "connectionId": number}));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn takes_real_flags_and_refuses_others() {
        assert!(parsed("--wiredTigerCacheSizeGB 0.25 --auth --bind_ip_all").is_ok_and(|options| options.auth && options.everywhere));
        assert!(parsed("--bind_ip=127.0.0.1 --port=1").is_ok_and(|options| !options.everywhere && options.port == 1));
        assert!(parsed("--wiredTigerCacheSizeGB 0.1").is_err());
        assert!(parsed("--wiredTigerCacheSizeGB").is_err());
        assert!(parsed("--smallfiles").is_err());
    }
}
