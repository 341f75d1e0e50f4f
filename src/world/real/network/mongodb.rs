//! MongoDB by its official driver.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, ServerAddress, ServerMonitoringMode};
use secrecy::{ExposeSecret, SecretString};

use crate::world::network::NetError;

/// `AuthenticationFailed` and `Unauthorized` of the server's error codes.
const AUTH_CODES: [i32; 2] = [18, 13];

/// How long one login serves. Each costs the server and this machine thousands of hashes, by design of SCRAM; a dashboard asks
/// every few seconds.
const LOGIN_SERVES: Duration = Duration::from_secs(60);

/// The client that answered last, logged in, with the address it belongs to.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<(SecretString, Client, Instant)>>);

impl Kept {
    fn take(&self, uri: &SecretString) -> Option<(Client, Instant)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, client, since) = kept.take()?;
        if of.expose_secret() == uri.expose_secret() && since.elapsed() < LOGIN_SERVES {
            return Some((client, since));
        }
        close(client);
        None
    }

    fn put(&self, uri: &SecretString, client: Client, since: Instant) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace((uri.clone(), client, since));
        if let Some((_, client, _)) = before {
            close(client);
        }
    }
}

/// Ends a client; its watchers would otherwise go on asking a server that may be gone.
fn close(client: Client) {
    tokio::spawn(client.shutdown().immediate(true).into_future());
}

/// Logs in, pings, and asks for the version. A login that served before is used again for a while; whatever it is answered but
/// what was asked, it is tried anew.
pub(super) async fn ping(kept: &Kept, uri: &SecretString, timeout: Duration) -> Result<String, NetError> {
    let questions = || vec![doc! {"ping": 1}, doc! {"buildInfo": 1}];
    let version = |info: Document| info.get_str("version").unwrap_or("unknown").to_owned();
    if let Some((client, since)) = kept.take(uri) {
        if let Ok(info) = ask(&client, questions(), timeout, "MongoDB").await {
            kept.put(uri, client, since);
            return Ok(version(info));
        }
        close(client);
    }
    let (client, at) = connect(uri, timeout).await?;
    let answer = ask(&client, questions(), timeout, &at).await;
    match answer {
        Ok(_) => kept.put(uri, client, Instant::now()),
        Err(_) => close(client),
    }
    answer.map(version)
}

/// Sets the feature compatibility version. From 7.0 on the server wants it confirmed, since there is no plain way back; servers
/// before that refuse the word (MongoDB manual, setFeatureCompatibilityVersion).
pub(super) async fn raise(uri: &SecretString, version: &str, timeout: Duration) -> Result<(), NetError> {
    let mut set = doc! {"setFeatureCompatibilityVersion": version};
    if version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 7) {
        set.insert("confirm", true);
    }
    command(uri, vec![set], timeout).await.map(drop)
}

/// Logs in, gives the commands one after the other, and answers what the last one said.
async fn command(uri: &SecretString, commands: Vec<Document>, timeout: Duration) -> Result<Document, NetError> {
    let (client, at) = connect(uri, timeout).await?;
    let answer = ask(&client, commands, timeout, &at).await;
    close(client);
    answer
}

/// A client, which connects with its first question, and the address it asks.
async fn connect(uri: &SecretString, timeout: Duration) -> Result<(Client, String), NetError> {
    let unread = |_| NetError::Protocol("MongoDB".into(), "its connection string cannot be read".into());
    let mut options = ClientOptions::parse(uri.expose_secret()).await.map_err(unread)?;
    let at = options.hosts.first().map_or_else(|| "MongoDB".to_owned(), ServerAddress::to_string);
    options.server_selection_timeout = Some(timeout);
    options.connect_timeout = Some(timeout);
    options.max_pool_size = Some(1);
    options.app_name = Some("kerbup".into());
    // It is asked often enough; the driver's own looks between would only cost.
    options.heartbeat_freq = Some(LOGIN_SERVES);
    options.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
    // One address that belongs to no set is meant as itself: its name inside a set may not be known here.
    if options.hosts.len() == 1 && options.repl_set_name.is_none() && options.direct_connection.is_none() {
        options.direct_connection = Some(true);
    }
    Ok((Client::with_options(options).map_err(unread)?, at))
}

async fn ask(client: &Client, commands: Vec<Document>, timeout: Duration, at: &str) -> Result<Document, NetError> {
    let asked = tokio::time::timeout(timeout + Duration::from_millis(250), async {
        let admin = client.database("admin");
        let mut said = Document::new();
        for command in commands {
            said = admin.run_command(command).await?;
        }
        Ok(said)
    });
    match asked.await {
        Err(_) => Err(NetError::TimedOut(at.into())),
        Ok(Err(e)) => Err(told(at.into(), &e)),
        Ok(Ok(said)) => Ok(said),
    }
}

/// Sorts the driver's error. Its text is read for those that it only tells in words; none of it is passed on.
fn told(at: String, error: &Error) -> NetError {
    match error.kind.as_ref() {
        ErrorKind::Authentication { .. } => NetError::Login(at),
        ErrorKind::Command(command) if AUTH_CODES.contains(&command.code) => NetError::Login(at),
        ErrorKind::Command(command) => NetError::Protocol(at, format!("it answers with the error {}", command.code_name)),
        ErrorKind::Io(io) => super::reach(&at, io),
        ErrorKind::DnsResolve { .. } => NetError::Name(at),
        ErrorKind::ServerSelection { message, .. } | ErrorKind::ConnectionPoolCleared { message, .. } => by_words(at, message),
        ErrorKind::IncompatibleServer { .. } => NetError::Protocol(at, "it is too old or too new for this kerbup".into()),
        ErrorKind::InvalidTlsConfig { .. } => NetError::Tls(at, "its certificate settings do not fit".into()),
        other => by_words(at, &other.to_string()),
    }
}

fn by_words(at: String, words: &str) -> NetError {
    let says = |what: &str| words.contains(what);
    if says("Authentication failed") || says("SCRAM failure") {
        NetError::Login(at)
    } else if says("Connection refused") {
        NetError::Refused(at)
    } else if says("failed to lookup address") || says("Name or service not known") || says("nodename nor servname") {
        NetError::Name(at)
    } else if says("No route to host") || says("unreachable") {
        NetError::Unreachable(at, "no route to host".into())
    } else if says("certificate") || says("tls") || says("TLS") {
        NetError::Tls(at, "the two ends do not agree on TLS".into())
    } else if says("unexpected end of file") || says("Connection reset") || says("nvalid") || says("early eof") {
        NetError::Protocol(at, "it does not speak MongoDB".into())
    } else {
        NetError::TimedOut(at)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn ask(port: u16) -> Result<String, NetError> {
        ping(
            &Kept::default(),
            &SecretString::from(format!("mongodb://kerberos:secret-word@127.0.0.1:{port}/?authSource=admin")),
            Duration::from_millis(900),
        )
        .await
    }

    #[tokio::test]
    async fn closed_silent_and_foreign_ports_are_told_apart_without_the_password() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let odd = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = odd.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut to, _)) = odd.accept().await {
                let mut buffer = [0; 1024];
                let _ = to.read(&mut buffer).await;
                let _ = to.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let all = [ask(1).await, ask(silent.local_addr().unwrap().port()).await, ask(port).await];
        assert!(matches!(all[0], Err(NetError::Refused(_))), "{all:?}");
        assert!(matches!(all[1], Err(NetError::TimedOut(_))), "{all:?}");
        assert!(matches!(all[2], Err(NetError::Protocol(_, _))), "{all:?}");
        assert!(!format!("{all:?}").contains("secret-word"));
    }

    #[tokio::test]
    async fn a_connection_string_that_cannot_be_read_does_not_show_itself() {
        let got = ping(&Kept::default(), &SecretString::from("mongodb://kerberos:secret/word@host:port"), Duration::from_secs(1)).await;
        assert!(matches!(&got, Err(NetError::Protocol(_, _))) && !format!("{got:?}").contains("secret"), "{got:?}");
    }
}
