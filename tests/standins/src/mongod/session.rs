//! One connection: who is logged in, and which commands it may give.

use super::scram::{self, Credential, Mechanism, Server};
use super::{Mongod, commands, log, users};
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, Document, doc};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;

/// An error answer.
#[derive(Debug)]
pub struct Fault {
    pub code: i32,
    pub name: &'static str,
    pub words: String,
}

impl Fault {
    pub fn new(code: i32, name: &'static str, words: impl Into<String>) -> Self {
        Fault { code, name, words: words.into() }
    }

    pub fn bad_value(words: impl Into<String>) -> Self {
        Fault::new(2, "BadValue", words)
    }

    fn login() -> Self {
        Fault::new(18, "AuthenticationFailed", "Authentication failed.")
    }

    fn answer(&self) -> Document {
        doc! {"ok": 0.0, "errmsg": &self.words, "code": self.code, "codeName": self.name}
    }
}

/// What a logged-in user may do.
#[derive(Clone)]
pub struct Login {
    pub user: String,
    pub database: String,
    pub roles: Vec<(String, String)>,
}

impl Login {
    /// Coarse but strict: `root` and the any-database roles everywhere, other roles in their own database only.
    fn may(&self, database: &str, writes: bool) -> bool {
        self.roles.iter().any(|(role, place)| match role.as_str() {
            "root" => true,
            "readWriteAnyDatabase" | "dbAdminAnyDatabase" => !matches!(database, "admin" | "local" | "config"),
            "readAnyDatabase" => !writes && !matches!(database, "admin" | "local" | "config"),
            "readWrite" | "dbOwner" | "dbAdmin" => place == database,
            "read" => !writes && place == database,
            _ => false,
        })
    }
}

pub struct Session {
    server: Arc<Mongod>,
    peer: SocketAddr,
    number: u64,
    login: Option<Login>,
    conversation: Option<(Server, Login)>,
    half_done: bool,
}

impl Session {
    pub fn new(server: Arc<Mongod>, peer: SocketAddr, number: u64) -> Self {
        Session { server, peer, number, login: None, conversation: None, half_done: false }
    }

    /// The answer to a command; faults become error answers.
    pub fn answer(&mut self, command: &Document) -> Document {
        let result = self.dispatch(command);
        match result {
            Ok(mut answer) => {
                answer.insert("ok", 1.0);
                answer
            }
            Err(fault) => fault.answer(),
        }
    }

    fn dispatch(&mut self, command: &Document) -> Result<Document, Fault> {
        let Some((name, _)) = command.iter().next() else {
            return Err(Fault::new(59, "CommandNotFound", "no such command: ''"));
        };
        let name = name.clone();
        let database = command.get_str("$db").map_err(|_| Fault::new(40414, "Location40414", "OP_MSG requests require a $db argument"))?;
        if !commands::known(&name) {
            return Err(Fault::new(59, "CommandNotFound", format!("no such command: '{name}'")));
        }
        if !commands::OPEN.contains(&name.as_str()) {
            self.authorise(&name, database)?;
        }
        match name.as_str() {
            "hello" | "isMaster" | "ismaster" => Ok(self.hello(command, name == "hello")),
            "saslStart" => self.sasl_start(command, database),
            "saslContinue" => self.sasl_continue(command),
            "logout" => {
                self.login = None;
                Ok(doc! {})
            }
            "whatsmyuri" => Ok(doc! {"you": self.peer.to_string()}),
            "connectionStatus" => {
                let users: Vec<Bson> = self.login.iter().map(|login| doc! {"user": &login.user, "db": &login.database}.into()).collect();
                let roles = self.login.iter().flat_map(|login| &login.roles);
                let roles: Vec<Bson> = roles.map(|(role, place)| doc! {"role": role, "db": place}.into()).collect();
                Ok(doc! {"authInfo": {"authenticatedUsers": users, "authenticatedUserRoles": roles}})
            }
            _ => commands::run(&self.server, &name, database, command),
        }
    }

    fn authorise(&self, name: &str, database: &str) -> Result<(), Fault> {
        if !self.server.auth {
            return Ok(());
        }
        let Some(login) = &self.login else {
            // The localhost exception: with no user at all, the first one may be made from this machine.
            let first = name == "createUser" && database == "admin" && self.peer.ip().is_loopback();
            if first && !users::any(&self.server) {
                return Ok(());
            }
            return Err(Fault::new(13, "Unauthorized", format!("Command {name} requires authentication")));
        };
        if login.may(database, commands::writes(name)) || name == "listDatabases" {
            return Ok(());
        }
        Err(Fault::new(13, "Unauthorized", format!("not authorized on {database} to execute command {{ {name}: ... }}")))
    }

    fn hello(&mut self, command: &Document, new: bool) -> Document {
        let mut answer = doc! {
            "helloOk": true,
            if new { "isWritablePrimary" } else { "ismaster" }: true,
            "topologyVersion": {"processId": self.server.process, "counter": 0_i64},
            "maxBsonObjectSize": 16_777_216,
            "maxMessageSizeBytes": super::wire::MAX_MESSAGE,
            "maxWriteBatchSize": 100_000,
            "localTime": bson::DateTime::now(),
            "logicalSessionTimeoutMinutes": 30,
            "connectionId": self.number as i32,
            "minWireVersion": 0,
            "maxWireVersion": self.server.version.wire(),
            "readOnly": false,
        };
        if let Ok(who) = command.get_str("saslSupportedMechs")
            && let Some((database, user)) = who.split_once('.')
            && let Some(found) = users::find(&self.server, database, user)
        {
            answer.insert("saslSupportedMechs", found.credentials.iter().map(|one| one.mechanism.name()).collect::<Vec<_>>());
        }
        if let Ok(start) = command.get_document("speculativeAuthenticate") {
            // Refusal stays silent here: the driver then logs in the long way and gets the error there.
            let database = start.get_str("db").unwrap_or("admin").to_owned();
            if let Ok(mut first) = self.sasl_start(start, &database) {
                first.insert("ok", 1.0);
                answer.insert("speculativeAuthenticate", first);
            }
        }
        answer
    }

    fn sasl_start(&mut self, command: &Document, database: &str) -> Result<Document, Fault> {
        self.conversation = None;
        let name = command.get_str("mechanism").unwrap_or_default();
        let Some(mechanism) = Mechanism::named(name) else {
            return Err(Fault::new(
                334,
                "MechanismUnavailable",
                format!("Received authentication for mechanism {name} which is not enabled"),
            ));
        };
        let payload = payload(command)?;
        let (user, bare) = scram::user_of(&payload).ok_or_else(|| Fault::bad_value("Incorrect SCRAM first message"))?;
        let found = users::find(&self.server, database, &user);
        let credential = found.as_ref().and_then(|found| found.credentials.iter().find(|one| one.mechanism == mechanism).cloned());
        let (Some(found), Some(credential)) = (found, credential) else {
            let why = format!("UserNotFound: Could not find user \"{user}\" for db \"{database}\"");
            self.refused(mechanism, &user, database, &why);
            return Err(Fault::login());
        };
        self.begin(credential, bare, Login { user, database: database.to_owned(), roles: found.roles })
    }

    fn begin(&mut self, credential: Credential, bare: &str, login: Login) -> Result<Document, Fault> {
        let (server, first) = Server::start(credential, bare, &scram::nonce()).ok_or_else(|| Fault::bad_value("Incorrect SCRAM nonce"))?;
        self.conversation = Some((server, login));
        self.half_done = false;
        Ok(step(&first, false))
    }

    fn sasl_continue(&mut self, command: &Document) -> Result<Document, Fault> {
        let payload = payload(command)?;
        if command.keys().any(|key| key == "mechanism") && self.server.version.major >= 5 {
            return Err(Fault::new(40415, "Location40415", "BSON field 'saslContinue.mechanism' is an unknown field."));
        }
        if self.half_done && payload.is_empty() {
            self.half_done = false;
            return Ok(step("", true));
        }
        let Some((server, login)) = self.conversation.take() else {
            return Err(Fault::new(17, "ProtocolError", "No SASL session state found"));
        };
        match server.finish(&payload) {
            Some(last) => {
                log::info(
                    "ACCESS",
                    20250,
                    &self.context(),
                    "Authentication succeeded",
                    json!({
                        "principalName": login.user, "authenticationDatabase": login.database, "remote": self.peer.to_string(),
                    }),
                );
                self.login = Some(login);
                // Clients that did not ask to skip the empty exchange send one more, empty message.
                self.half_done = true;
                Ok(step(&last, true))
            }
            None => {
                self.refused(
                    Mechanism::Sha256,
                    &login.user,
                    &login.database,
                    "AuthenticationFailed: SCRAM authentication failed, storedKey mismatch",
                );
                Err(Fault::login())
            }
        }
    }

    fn refused(&self, mechanism: Mechanism, user: &str, database: &str, why: &str) {
        log::info(
            "ACCESS",
            20249,
            &self.context(),
            "Authentication failed",
            json!({
                "mechanism": mechanism.name(), "speculative": false, "principalName": user,
                "authenticationDatabase": database, "remote": self.peer.to_string(), "extraInfo": {}, "error": why,
            }),
        );
    }

    fn context(&self) -> String {
        format!("conn{}", self.number)
    }
}

fn payload(command: &Document) -> Result<String, Fault> {
    let bytes = match command.get("payload") {
        Some(Bson::Binary(binary)) => binary.bytes.clone(),
        Some(Bson::String(text)) => text.clone().into_bytes(),
        _ => return Err(Fault::new(14, "TypeMismatch", "Missing expected field \"payload\"")),
    };
    String::from_utf8(bytes).map_err(|_| Fault::bad_value("SCRAM message is not text"))
}

fn step(text: &str, done: bool) -> Document {
    let payload = Binary { subtype: BinarySubtype::Generic, bytes: text.as_bytes().to_vec() };
    doc! {"conversationId": 1, "done": done, "payload": payload}
}
