//! Vault's side of MongoDB: the address from the environment, a login, and one connection that is
//! made anew when it breaks.

use crate::mongod::scram::{self, Mechanism};
use crate::mongod::wire;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// Where MongoDB is and who logs in.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    hosts: Vec<(String, u16)>,
    login: Option<(String, String)>,
    auth_database: String,
    mechanism: Mechanism,
    pub database: String,
}

impl Target {
    /// `MONGODB_URI` wins over the parts. None also where TLS is asked for, which this stand-in does not speak.
    pub fn from_env() -> Option<Self> {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if text("MONGODB_TLS").is_some_and(|value| value == "true") || text("MONGODB_TLS_CA_FILE").is_some() {
            return None;
        }
        let database = text("MONGODB_DATABASE_STORAGE").unwrap_or_else(|| "KerberosStorage".into());
        if let Some(uri) = text("MONGODB_URI") {
            return Self::parse(&uri, database);
        }
        let login = text("MONGODB_USERNAME").map(|user| (user, text("MONGODB_PASSWORD").unwrap_or_default()));
        let auth_database = text("MONGODB_DATABASE_CREDENTIALS").unwrap_or_else(|| "admin".into());
        let mechanism = match text("MONGODB_AUTHENTICATION_MECHANISM") {
            Some(name) => Mechanism::named(&name)?,
            None => Mechanism::Sha256,
        };
        Some(Target { hosts: hosts(&text("MONGODB_HOST")?)?, login, auth_database, mechanism, database })
    }

    fn parse(uri: &str, database: String) -> Option<Self> {
        let rest = uri.strip_prefix("mongodb://")?;
        let (authority, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (userinfo, list) = authority.rsplit_once('@').map_or((None, authority), |(user, list)| (Some(user), list));
        let login = match userinfo.map(|userinfo| userinfo.split_once(':').unwrap_or((userinfo, ""))) {
            Some((user, password)) => Some((unescape(user)?, unescape(password)?)),
            None => None,
        };
        let mut auth_database = if path.is_empty() { "admin".to_owned() } else { path.to_owned() };
        let mut mechanism = Mechanism::Sha256;
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "authSource" => auth_database = value.into_owned(),
                "tls" | "ssl" if value == "true" => return None,
                "authMechanism" => mechanism = Mechanism::named(&value)?,
                _ => {}
            }
        }
        Some(Target { hosts: hosts(list)?, login, auth_database, mechanism, database })
    }
}

fn hosts(list: &str) -> Option<Vec<(String, u16)>> {
    list.split(',')
        .map(|one| match one.rsplit_once(':') {
            Some((host, port)) => Some((host.to_owned(), port.parse().ok()?)),
            None if one.is_empty() => None,
            None => Some((one.to_owned(), 27017)),
        })
        .collect()
}

/// Percent-decoding of user and password: here a plus is a plus.
fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

pub struct Db {
    target: Target,
    connection: Mutex<Option<TcpStream>>,
}

impl Db {
    pub fn new(target: Target) -> Self {
        Db { target, connection: Mutex::new(None) }
    }

    /// A command on the storage database.
    pub async fn run(&self, command: Document) -> Result<Document, String> {
        self.run_in(command, &self.target.database).await
    }

    pub async fn run_in(&self, mut command: Document, database: &str) -> Result<Document, String> {
        command.insert("$db", database);
        let mut slot = self.connection.lock().await;
        for fresh in [false, true] {
            // A kept connection may have died since: that alone is worth a second try.
            let mut stream = match slot.take() {
                Some(stream) if !fresh => stream,
                _ => self.connect().await?,
            };
            let answer = tokio::time::timeout(Duration::from_secs(10), wire::call(&mut stream, &command)).await;
            match answer {
                Ok(Ok(answer)) => {
                    *slot = Some(stream);
                    return checked(answer);
                }
                _ if !fresh => {}
                Ok(Err(error)) => return Err(error.0),
                Err(_) => return Err("i/o timeout".into()),
            }
        }
        Err("no reachable servers".into())
    }

    /// All documents of a collection that pass the filter.
    pub async fn find(&self, collection: &str, filter: Document) -> Result<Vec<Document>, String> {
        let answer = self.run(doc! {"find": collection, "filter": filter}).await?;
        let batch = answer.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch")).map_err(|error| error.to_string())?;
        Ok(batch.iter().filter_map(Bson::as_document).cloned().collect())
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let mut last = "no reachable servers".to_owned();
        for (host, port) in &self.target.hosts {
            let attempt = async {
                let mut stream = crate::http::dial(host, *port).await?;
                self.greet(&mut stream).await?;
                Ok::<_, String>(stream)
            };
            match tokio::time::timeout(Duration::from_secs(10), attempt).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = "i/o timeout".into(),
            }
        }
        Err(last)
    }

    async fn greet(&self, stream: &mut TcpStream) -> Result<(), String> {
        call(stream, doc! {"hello": 1, "$db": "admin"}).await?;
        let Some((user, password)) = &self.target.login else { return Ok(()) };
        let Target { auth_database, mechanism, .. } = &self.target;
        let bare = scram::client_first(user, &scram::nonce());
        let start = doc! {"saslStart": 1, "mechanism": mechanism.name(), "payload": binary(&format!("n,,{bare}")), "$db": auth_database};
        let first = call(stream, start).await?;
        let (last, expected) = scram::client_last(*mechanism, user, password, &bare, &text(&first)?).ok_or("malformed SCRAM challenge")?;
        let id = first.get("conversationId").cloned().unwrap_or(Bson::Int32(1));
        let done = call(stream, doc! {"saslContinue": 1, "conversationId": id, "payload": binary(&last), "$db": auth_database}).await?;
        if text(&done)? != expected {
            return Err("the server's SCRAM signature is wrong".into());
        }
        Ok(())
    }
}

async fn call(stream: &mut TcpStream, command: Document) -> Result<Document, String> {
    checked(wire::call(stream, &command).await.map_err(|error| error.0)?)
}

fn checked(answer: Document) -> Result<Document, String> {
    let good = answer.get_f64("ok").is_ok_and(|ok| ok == 1.0) || answer.get_i32("ok").is_ok_and(|ok| ok == 1);
    match answer.get_array("writeErrors") {
        Ok(errors) if good => Err(format!("{errors:?}")),
        _ if good => Ok(answer),
        _ => Err(answer.get_str("errmsg").unwrap_or("command failed").to_owned()),
    }
}

fn binary(text: &str) -> Binary {
    Binary { subtype: BinarySubtype::Generic, bytes: text.as_bytes().to_vec() }
}

fn text(answer: &Document) -> Result<String, String> {
    let bytes = answer.get_binary_generic("payload").map_err(|error| error.to_string())?;
    String::from_utf8(bytes.clone()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        let parse = |uri| Target::parse(uri, "KerberosStorage".into());
        let found = parse("mongodb://kerberos:a%40b@mongodb:27017/?authSource=admin");
        assert_eq!(
            found,
            Some(Target {
                hosts: vec![("mongodb".into(), 27017)],
                login: Some(("kerberos".into(), "a@b".into())),
                auth_database: "admin".into(),
                mechanism: Mechanism::Sha256,
                database: "KerberosStorage".into(),
            })
        );
        assert_eq!(parse("mongodb+srv://x"), None);
        assert_eq!(parse("mongodb://u:%zz@h/"), None);
        assert_eq!(parse("mongodb://h/?tls=true"), None);
        assert!(parse("mongodb://one,two:1/own").is_some_and(|target| target.hosts.len() == 2 && target.auth_database == "own"));
    }
}
