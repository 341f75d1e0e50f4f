//! Users, as documents of `admin.system.users` in the real layout.

use super::scram::{Credential, Mechanism};
use super::session::Fault;
use super::store::Change;
use super::{Mongod, commands};
use base64::{Engine, engine::general_purpose::STANDARD};
use bson::{Bson, Document, doc};

pub struct User {
    pub credentials: Vec<Credential>,
    pub roles: Vec<(String, String)>,
}

pub fn any(server: &Mongod) -> bool {
    server.lock().get("admin", "system.users").is_some_and(|users| users.len() > 0)
}

pub fn find(server: &Mongod, database: &str, user: &str) -> Option<User> {
    let id = Bson::String(format!("{database}.{user}"));
    let store = server.lock();
    let document = store.get("admin", "system.users")?.iter().find(|document| document.get("_id") == Some(&id))?;
    let kept = document.get_document("credentials").ok()?;
    let credentials = kept.iter().filter_map(|(name, kept)| {
        let kept = kept.as_document()?;
        let bytes = |name| STANDARD.decode(kept.get_str(name).ok()?).ok();
        Some(Credential {
            mechanism: Mechanism::named(name)?,
            salt: bytes("salt")?,
            iterations: kept.get_i32("iterationCount").ok()? as u32,
            stored_key: bytes("storedKey")?,
            server_key: bytes("serverKey")?,
        })
    });
    let roles = document.get_array("roles").ok()?.iter().filter_map(|role| {
        let role = role.as_document()?;
        Some((role.get_str("role").ok()?.to_owned(), role.get_str("db").ok()?.to_owned()))
    });
    Some(User { credentials: credentials.collect(), roles: roles.collect() })
}

/// The document of a new user, with credentials of both mechanisms.
pub fn document(database: &str, user: &str, password: &str, roles: Vec<Bson>) -> Document {
    let mut credentials = Document::new();
    for mechanism in [Mechanism::Sha1, Mechanism::Sha256] {
        let made = Credential::new(mechanism, user, password);
        credentials.insert(
            mechanism.name(),
            doc! {
                "iterationCount": made.iterations as i32, "salt": STANDARD.encode(made.salt),
                "storedKey": STANDARD.encode(made.stored_key), "serverKey": STANDARD.encode(made.server_key),
            },
        );
    }
    doc! {"_id": format!("{database}.{user}"), "user": user, "db": database, "credentials": credentials, "roles": roles}
}

/// createUser, updateUser, dropUser, usersInfo.
pub fn run(server: &Mongod, name: &str, database: &str, command: &Document) -> Result<Document, Fault> {
    let user = match command.get(name) {
        Some(Bson::String(user)) => user.clone(),
        Some(Bson::Document(one)) => one.get_str("user").unwrap_or_default().to_owned(),
        _ if name == "usersInfo" => String::new(),
        _ => return Err(Fault::bad_value(format!("{name} needs a name"))),
    };
    let id = format!("{database}.{user}");
    let missing = || Fault::new(11, "UserNotFound", format!("Could not find user \"{user}\" for db \"{database}\""));
    let known =
        server.lock().get("admin", "system.users").and_then(|all| all.iter().find(|document| document.get_str("_id") == Ok(&id)).cloned());
    let change = match name {
        "usersInfo" => {
            let store = server.lock();
            let all = store.get("admin", "system.users").into_iter().flat_map(|all| all.iter());
            let shown =
                all.filter(|document| document.get_str("db") == Ok(database) && (user.is_empty() || document.get_str("user") == Ok(&user)));
            let shown: Vec<Bson> = shown
                .map(|document| {
                    let mut document = document.clone();
                    document.remove("credentials");
                    document.into()
                })
                .collect();
            return Ok(doc! {"users": shown});
        }
        "dropUser" => Change::Delete(known.ok_or_else(missing)?.get("_id").cloned().unwrap_or(Bson::Null)),
        "createUser" => {
            if known.is_some() {
                return Err(Fault::new(51003, "Location51003", format!("User \"{user}@{database}\" already exists")));
            }
            let password = command.get_str("pwd").map_err(|_| Fault::bad_value("Must provide a 'pwd' field for all user documents"))?;
            Change::Put(document(database, &user, password, roles(command, database)?))
        }
        _ => {
            let mut kept = known.ok_or_else(missing)?;
            if let Ok(password) = command.get_str("pwd") {
                let new = document(database, &user, password, Vec::new());
                kept.extend(new.into_iter().filter(|(key, _)| key == "credentials"));
            }
            if command.contains_key("roles") {
                kept.insert("roles", roles(command, database)?);
            }
            Change::Put(kept)
        }
    };
    commands::write(server, "admin", "system.users", vec![change])?;
    Ok(doc! {})
}

/// Roles as `{role, db}`; a bare name means this database.
fn roles(command: &Document, database: &str) -> Result<Vec<Bson>, Fault> {
    let given = command.get_array("roles").map_err(|_| Fault::bad_value("\"createUser\" command requires a \"roles\" array"))?;
    Ok(given
        .iter()
        .map(|role| match role {
            Bson::String(role) => doc! {"role": role, "db": database}.into(),
            other => other.clone(),
        })
        .collect())
}
