//! The commands on data and on the server itself.

use super::query::{self, count};
use super::session::Fault;
use super::store::{Change, Collection};
use super::{Mongod, users, version};
use bson::{Bson, Document, doc};

/// Commands that need the right to write.
const WRITES: [&str; 13] = [
    "insert",
    "update",
    "delete",
    "findAndModify",
    "create",
    "drop",
    "dropDatabase",
    "createIndexes",
    "dropIndexes",
    "createUser",
    "updateUser",
    "dropUser",
    "setFeatureCompatibilityVersion",
];

/// Answered before a login, as by mongod.
pub const OPEN: [&str; 14] = [
    "hello",
    "isMaster",
    "ismaster",
    "saslStart",
    "saslContinue",
    "ping",
    "buildInfo",
    "buildinfo",
    "endSessions",
    "connectionStatus",
    "logout",
    "whatsmyuri",
    "getnonce",
    "killCursors",
];

const READS: [&str; 15] = [
    "find",
    "getMore",
    "count",
    "aggregate",
    "distinct",
    "listCollections",
    "listDatabases",
    "listIndexes",
    "usersInfo",
    "getParameter",
    "serverStatus",
    "hostInfo",
    "getLog",
    "dbStats",
    "getCmdLineOpts",
];

pub fn known(name: &str) -> bool {
    WRITES.contains(&name) || OPEN.contains(&name) || READS.contains(&name)
}

pub fn writes(name: &str) -> bool {
    WRITES.contains(&name)
}

pub fn run(server: &Mongod, name: &str, database: &str, command: &Document) -> Result<Document, Fault> {
    match name {
        "ping" | "endSessions" | "getnonce" => Ok(doc! {}),
        "buildInfo" | "buildinfo" => Ok(server.version.build_info()),
        "insert" => insert(server, database, command),
        "update" => update(server, database, command),
        "delete" => delete(server, database, command),
        "findAndModify" => find_and_modify(server, database, command),
        "find" => find(server, database, command),
        "count" => {
            let found = selected(server, database, target(command, "count")?, command, "query")?;
            Ok(doc! {"n": found.len() as i32})
        }
        "distinct" => distinct(server, database, command),
        "aggregate" => aggregate(server, database, command),
        "getMore" => Err(Fault::new(43, "CursorNotFound", "cursor id not found")),
        "killCursors" => Ok(doc! {"cursorsKilled": [], "cursorsNotFound": [], "cursorsAlive": [], "cursorsUnknown": []}),
        "create" => create(server, database, command),
        "drop" => {
            let name = target(command, "drop")?;
            if server.lock().get(database, name).is_none() && server.version.major < 7 {
                return Err(Fault::new(26, "NamespaceNotFound", "ns not found"));
            }
            write(server, database, name, vec![Change::Drop])?;
            Ok(doc! {"ns": format!("{database}.{name}"), "nIndexesWas": 1})
        }
        "dropDatabase" => {
            let names: Vec<String> =
                server.lock().names().filter(|(place, ..)| *place == database).map(|(_, name, _)| name.to_owned()).collect();
            for name in names {
                write(server, database, &name, vec![Change::Drop])?;
            }
            Ok(doc! {"dropped": database})
        }
        "listCollections" => list_collections(server, database, command),
        "listDatabases" => Ok(list_databases(server, command)),
        "createIndexes" => create_indexes(server, database, command),
        "dropIndexes" => Ok(doc! {"nIndexesWas": 1}),
        "listIndexes" => {
            let name = target(command, "listIndexes")?;
            let store = server.lock();
            let all = store.get(database, name);
            let all = all.ok_or_else(|| Fault::new(26, "NamespaceNotFound", format!("ns does not exist: {database}.{name}")))?;
            let mut indexes = vec![doc! {"v": 2, "key": {"_id": 1}, "name": "_id_"}];
            indexes.extend(all.indexes.iter().cloned());
            Ok(cursor(&format!("{database}.{name}"), indexes))
        }
        "createUser" | "updateUser" | "dropUser" | "usersInfo" => users::run(server, name, database, command),
        "getParameter" => version::get_parameter(server, command),
        "setFeatureCompatibilityVersion" => version::set_compatibility(server, command),
        "serverStatus" => Ok(doc! {
            "host": hostname(), "version": server.version.text.clone(), "process": "mongod", "pid": i64::from(std::process::id()),
            "uptime": server.started.elapsed().as_secs_f64(), "localTime": bson::DateTime::now(),
        }),
        "hostInfo" => Ok(doc! {"system": {"hostname": hostname()}, "os": {"type": "Linux"}}),
        "getLog" => Ok(doc! {"totalLinesWritten": 0, "log": []}),
        "getCmdLineOpts" => Ok(doc! {"argv": server.argv.clone(), "parsed": {}}),
        "dbStats" => {
            let store = server.lock();
            let all = || store.names().filter(|(place, ..)| *place == database);
            let objects = all().map(|(.., collection)| collection.len() as i64).sum::<i64>();
            Ok(doc! {"db": database, "collections": all().count() as i64, "objects": objects})
        }
        other => Err(Fault::new(59, "CommandNotFound", format!("no such command: '{other}'"))),
    }
}

/// Applies changes; a disk that refuses them ends the server, as it ends mongod.
pub fn write(server: &Mongod, database: &str, name: &str, changes: Vec<Change>) -> Result<(), Fault> {
    let result = server.lock().apply(database, name, changes);
    result.map_err(|error| {
        super::log::line("F", "ASSERT", 23089, "conn", "Fatal assertion", serde_json::json!({"msgid": 28559, "error": error.to_string()}));
        std::process::exit(14)
    })
}

fn target<'a>(command: &'a Document, key: &str) -> Result<&'a str, Fault> {
    let name =
        command.get_str(key).map_err(|_| Fault::new(73, "InvalidNamespace", format!("collection name has invalid type in {key}")))?;
    if name.is_empty() || name.contains('\0') || name.starts_with('.') {
        return Err(Fault::new(73, "InvalidNamespace", format!("Invalid namespace specified '{name}'")));
    }
    Ok(name)
}

fn cursor(namespace: &str, documents: Vec<Document>) -> Document {
    doc! {"cursor": {"id": 0_i64, "ns": namespace, "firstBatch": documents}}
}

fn list<'a>(command: &'a Document, key: &str) -> Result<Vec<&'a Document>, Fault> {
    let list = command
        .get_array(key)
        .map_err(|_| Fault::new(40414, "Location40414", format!("BSON field '{key}' is missing but a required field")))?;
    list.iter().map(|item| item.as_document().ok_or_else(|| Fault::new(14, "TypeMismatch", format!("{key} must hold documents")))).collect()
}

/// Documents that pass the filter under `key`, after skip and limit, sorted when asked.
fn selected(server: &Mongod, database: &str, name: &str, command: &Document, key: &str) -> Result<Vec<Document>, Fault> {
    let empty = Document::new();
    let filter = command.get_document(key).unwrap_or(&empty);
    let store = server.lock();
    let mut found = Vec::new();
    for document in store.get(database, name).into_iter().flat_map(Collection::iter) {
        if query::matches(document, filter).map_err(Fault::bad_value)? {
            found.push(document.clone());
        }
    }
    if let Ok(by) = command.get_document("sort") {
        query::sort(&mut found, by);
    }
    Ok(window(found, count(command, "skip"), count(command, "limit")))
}

fn window(found: Vec<Document>, skip: i64, limit: i64) -> Vec<Document> {
    let limit = if limit == 0 { usize::MAX } else { limit.unsigned_abs() as usize };
    found.into_iter().skip(skip.max(0) as usize).take(limit).collect()
}

fn insert(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "insert")?;
    let ordered = command.get_bool("ordered").unwrap_or(true);
    let (mut changes, mut errors, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (index, document) in list(command, "documents")?.into_iter().enumerate() {
        let mut whole = Document::new();
        whole.insert("_id", document.get("_id").cloned().unwrap_or_else(|| bson::oid::ObjectId::new().into()));
        whole.extend(document.clone().into_iter().filter(|(key, _)| key != "_id"));
        let id = whole.get("_id").cloned().unwrap_or(Bson::Null);
        let taken = server.lock().get(database, name).is_some_and(|all| all.has(&id)) || seen.contains(&id);
        if taken {
            let words = format!("E11000 duplicate key error collection: {database}.{name} index: _id_ dup key: {{ _id: {id} }}");
            errors.push(doc! {"index": index as i32, "code": 11000, "errmsg": words, "keyPattern": {"_id": 1}, "keyValue": {"_id": id}});
            if ordered {
                break;
            }
        } else {
            seen.push(id);
            changes.push(Change::Put(whole));
        }
    }
    let mut answer = doc! {"n": changes.len() as i32};
    write(server, database, name, changes)?;
    if !errors.is_empty() {
        answer.insert("writeErrors", errors);
    }
    Ok(answer)
}

fn update(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "update")?;
    let (mut matched, mut modified, mut upserted) = (0, 0, Vec::new());
    for (index, one) in list(command, "updates")?.into_iter().enumerate() {
        let change = one.get_document("u").map_err(|_| Fault::new(9, "FailedToParse", "pipeline updates are not supported here"))?;
        let multi = one.get_bool("multi").unwrap_or(false);
        let mut found = selected(server, database, name, one, "q")?;
        if !multi {
            found.truncate(1);
        }
        let mut changes = Vec::new();
        for old in &found {
            let new = query::update(old, change, false).map_err(|words| Fault::new(9, "FailedToParse", words))?;
            if new != *old {
                changes.push(Change::Put(new));
            }
        }
        matched += found.len() as i32;
        modified += changes.len() as i32;
        if found.is_empty() && one.get_bool("upsert").unwrap_or(false) {
            let new = upsert(one.get_document("q").ok(), change)?;
            upserted.push(doc! {"index": index as i32, "_id": new.get("_id").cloned().unwrap_or(Bson::Null)});
            matched += 1;
            changes.push(Change::Put(new));
        }
        write(server, database, name, changes)?;
    }
    let mut answer = doc! {"n": matched, "nModified": modified};
    if !upserted.is_empty() {
        answer.insert("upserted", upserted);
    }
    Ok(answer)
}

/// The document an upsert makes: the filter's plain equalities, then the update.
fn upsert(filter: Option<&Document>, change: &Document) -> Result<Document, Fault> {
    let mut seed = Document::new();
    for (key, value) in filter.into_iter().flatten() {
        let is_operator = value.as_document().is_some_and(|inner| inner.keys().next().is_some_and(|key| key.starts_with('$')));
        if !key.starts_with('$') && !key.contains('.') && !is_operator {
            seed.insert(key, value.clone());
        }
    }
    let changed = query::update(&seed, change, true).map_err(|words| Fault::new(9, "FailedToParse", words))?;
    let mut new = Document::new();
    new.insert("_id", changed.get("_id").cloned().unwrap_or_else(|| bson::oid::ObjectId::new().into()));
    new.extend(changed.into_iter().filter(|(key, _)| key != "_id"));
    Ok(new)
}

fn delete(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "delete")?;
    let mut removed = 0;
    for one in list(command, "deletes")? {
        let found = selected(server, database, name, one, "q")?;
        removed += found.len() as i32;
        let ids = found.iter().filter_map(|document| document.get("_id").cloned());
        write(server, database, name, ids.map(Change::Delete).collect())?;
    }
    Ok(doc! {"n": removed})
}

fn find_and_modify(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "findAndModify")?;
    let old = selected(server, database, name, command, "query")?.into_iter().next();
    if command.get("remove").is_some_and(query::truthy) {
        let ids = old.iter().filter_map(|document| document.get("_id").cloned());
        write(server, database, name, ids.map(Change::Delete).collect())?;
        return Ok(doc! {"value": old.clone(), "lastErrorObject": {"n": i32::from(old.is_some())}});
    }
    let change =
        command.get_document("update").map_err(|_| Fault::new(9, "FailedToParse", "Either an update or remove=true must be specified"))?;
    let wants_new = command.get("new").is_some_and(query::truthy);
    let new = match &old {
        Some(old) => Some(query::update(old, change, false).map_err(|words| Fault::new(9, "FailedToParse", words))?),
        None if command.get("upsert").is_some_and(query::truthy) => Some(upsert(command.get_document("query").ok(), change)?),
        None => None,
    };
    write(server, database, name, new.iter().cloned().map(Change::Put).collect())?;
    let state = doc! {"n": i32::from(new.is_some()), "updatedExisting": old.is_some()};
    Ok(doc! {"value": if wants_new { new } else { old }, "lastErrorObject": state})
}

fn find(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "find")?;
    let mut found = selected(server, database, name, command, "filter")?;
    if let Ok(projection) = command.get_document("projection").cloned()
        && !projection.is_empty()
    {
        found = found.into_iter().map(|document| query::project(document, &projection)).collect();
    }
    // Everything goes in the first batch: what tests keep is far below the size of a message.
    Ok(cursor(&format!("{database}.{name}"), found))
}

fn distinct(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let key = command.get_str("key").map_err(|_| Fault::bad_value("distinct needs a key"))?;
    let mut values: Vec<Bson> = Vec::new();
    for document in selected(server, database, target(command, "distinct")?, command, "query")? {
        let value = query::value_at(&document, key);
        if value != Bson::Null && !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(doc! {"values": values})
}

/// $match, $sort, $skip, $limit, $project, $count, and $group that counts: what drivers build counts from.
fn aggregate(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "aggregate")?;
    let mut found = selected(server, database, name, &Document::new(), "")?;
    for stage in list(command, "pipeline")? {
        let Some((operator, operand)) = stage.iter().next() else {
            return Err(Fault::new(40323, "Location40323", "A pipeline stage specification object must contain exactly one field."));
        };
        let amount = || count(stage, operator);
        let inner = operand.as_document().cloned().unwrap_or_default();
        found = match operator.as_str() {
            "$match" => {
                let mut kept = Vec::new();
                for document in found {
                    if query::matches(&document, &inner).map_err(Fault::bad_value)? {
                        kept.push(document);
                    }
                }
                kept
            }
            "$sort" => {
                query::sort(&mut found, &inner);
                found
            }
            "$skip" => window(found, amount(), 0),
            "$limit" => window(found, 0, amount()),
            "$project" => found.into_iter().map(|document| query::project(document, &inner)).collect(),
            "$count" if found.is_empty() => Vec::new(),
            "$count" => vec![doc! {operand.as_str().unwrap_or("count"): found.len() as i32}],
            "$group" => group(&found, &inner)?,
            other => return Err(Fault::new(40324, "Location40324", format!("Unrecognized pipeline stage name: '{other}'"))),
        };
    }
    Ok(cursor(&format!("{database}.{name}"), found))
}

fn group(found: &[Document], by: &Document) -> Result<Vec<Document>, Fault> {
    let mut groups: Vec<(Bson, i32)> = Vec::new();
    for document in found {
        let key = match by.get("_id") {
            Some(Bson::String(path)) if path.starts_with('$') => query::value_at(document, &path[1..]),
            Some(constant) => constant.clone(),
            None => return Err(Fault::new(15955, "Location15955", "a group specification must include an _id")),
        };
        match groups.iter_mut().find(|(seen, _)| *seen == key) {
            Some((_, size)) => *size += 1,
            None => groups.push((key, 1)),
        }
    }
    groups
        .into_iter()
        .map(|(key, size)| {
            let mut out = doc! {"_id": key};
            for (name, sum) in by.iter().filter(|(name, _)| *name != "_id") {
                let each = sum.as_document().map(|sum| count(sum, "$sum")).filter(|each| *each != 0);
                let each = each.ok_or_else(|| Fault::bad_value("only {$sum: number} is supported here"))?;
                out.insert(name, size * each as i32);
            }
            Ok(out)
        })
        .collect()
}

fn create(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "create")?;
    if server.lock().get(database, name).is_some() {
        return Err(Fault::new(48, "NamespaceExists", format!("Collection {database}.{name} already exists.")));
    }
    write(server, database, name, vec![Change::Create])?;
    Ok(doc! {})
}

fn list_collections(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let empty = Document::new();
    let filter = command.get_document("filter").unwrap_or(&empty);
    let store = server.lock();
    let mut out = Vec::new();
    for (_, name, _) in store.names().filter(|(place, ..)| *place == database) {
        let entry = doc! {"name": name, "type": "collection", "options": {}, "info": {"readOnly": false}, "idIndex": {"v": 2, "key": {"_id": 1}, "name": "_id_"}};
        if query::matches(&entry, filter).map_err(Fault::bad_value)? {
            out.push(entry);
        }
    }
    Ok(cursor(&format!("{database}.$cmd.listCollections"), out))
}

fn list_databases(server: &Mongod, command: &Document) -> Document {
    let store = server.lock();
    let mut sizes: Vec<(String, i64)> = Vec::new();
    for (database, _, all) in store.names() {
        let size = all.iter().filter_map(|document| bson::to_vec(document).ok()).map(|bytes| bytes.len() as i64).sum::<i64>();
        match sizes.last_mut().filter(|(last, _)| last == database) {
            Some((_, total)) => *total += size,
            None => sizes.push((database.to_owned(), size)),
        }
    }
    let names_only = command.get("nameOnly").is_some_and(query::truthy);
    let total: i64 = sizes.iter().map(|(_, size)| size).sum();
    let databases: Vec<Bson> = sizes
        .into_iter()
        .map(|(name, size)| match names_only {
            true => doc! {"name": name}.into(),
            false => doc! {"name": name, "sizeOnDisk": size, "empty": false}.into(),
        })
        .collect();
    doc! {"databases": databases, "totalSize": total}
}

fn create_indexes(server: &Mongod, database: &str, command: &Document) -> Result<Document, Fault> {
    let name = target(command, "createIndexes")?;
    let wanted = list(command, "indexes")?;
    let (new, before): (Vec<Document>, i32) = {
        let store = server.lock();
        let old: Vec<_> = store.get(database, name).map(|all| all.indexes.clone()).unwrap_or_default();
        let fresh = wanted.iter().filter(|index| !old.iter().any(|kept| kept.get("name") == index.get("name")));
        (fresh.map(|index| (*index).clone()).collect(), 1 + old.len() as i32)
    };
    let after = before + new.len() as i32;
    write(server, database, name, new.into_iter().map(Change::Index).collect())?;
    Ok(doc! {"numIndexesBefore": before, "numIndexesAfter": after, "createdCollectionAutomatically": false})
}

fn hostname() -> String {
    std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned()
}
