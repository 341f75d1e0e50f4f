//! What mongod keeps: collections in memory, every change in an append-only file that is synced
//! before a write is acknowledged. A record torn by a power cut is cut off at the next start.

use bson::{Bson, Document, doc};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

const FILE: &str = "standin.log";

/// Documents in the order they came.
#[derive(Default)]
pub struct Collection {
    documents: BTreeMap<u64, Document>,
    ids: HashMap<Vec<u8>, u64>,
    next: u64,
    pub indexes: Vec<Document>,
}

impl Collection {
    pub fn iter(&self) -> impl Iterator<Item = &Document> {
        self.documents.values()
    }

    pub fn len(&self) -> usize {
        self.documents.len()
    }

    pub fn has(&self, id: &Bson) -> bool {
        self.ids.contains_key(&key(id))
    }

    fn put(&mut self, document: Document) {
        let key = key(document.get("_id").unwrap_or(&Bson::Null));
        let place = *self.ids.entry(key).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.documents.insert(place, document);
    }

    fn remove(&mut self, id: &Bson) {
        if let Some(place) = self.ids.remove(&key(id)) {
            self.documents.remove(&place);
        }
    }
}

/// An id as bytes, so that it can be hashed. Documents with different number types for one value count as different.
fn key(id: &Bson) -> Vec<u8> {
    bson::to_vec(&doc! {"": id.clone()}).unwrap_or_default()
}

/// One change, as it is written to the file.
pub enum Change {
    Put(Document),
    Delete(Bson),
    Create,
    Drop,
    Index(Document),
}

/// Why the data cannot be opened, with mongod's own words.
#[derive(Debug)]
pub enum Trouble {
    /// The file cannot be opened or read.
    Unreadable(std::io::Error),
    /// A record in the middle is damaged.
    Damaged,
}

pub struct Store {
    file: File,
    collections: BTreeMap<(String, String), Collection>,
}

impl Store {
    pub fn open(directory: &Path) -> Result<Self, Trouble> {
        let path = directory.join(FILE);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(Trouble::Unreadable)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(Trouble::Unreadable)?;
        let mut collections = BTreeMap::new();
        let whole = replay(&bytes, &mut collections)?;
        if whole < bytes.len() {
            file.set_len(whole as u64).and_then(|()| file.sync_all()).map_err(Trouble::Unreadable)?;
        }
        Ok(Store { file, collections })
    }

    pub fn get(&self, database: &str, name: &str) -> Option<&Collection> {
        self.collections.get(&(database.to_owned(), name.to_owned()))
    }

    pub fn names(&self) -> impl Iterator<Item = (&str, &str, &Collection)> {
        self.collections.iter().map(|((database, name), all)| (database.as_str(), name.as_str(), all))
    }

    /// Writes the changes of one command and applies them: all are on the disk when this returns, or none is applied.
    pub fn apply(&mut self, database: &str, name: &str, changes: Vec<Change>) -> std::io::Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut out = Vec::new();
        for change in &changes {
            encode(&mut out, database, name, change)?;
        }
        self.file.write_all(&out)?;
        self.file.sync_data()?;
        for change in changes {
            enact(&mut self.collections, database, name, change);
        }
        Ok(())
    }
}

/// Length, first bytes of the SHA-256, then the record itself.
fn encode(out: &mut Vec<u8>, database: &str, name: &str, change: &Change) -> std::io::Result<()> {
    let mut record = doc! {"d": database, "c": name};
    match change {
        Change::Put(document) => record.insert("put", document.clone()),
        Change::Delete(id) => record.insert("delete", id.clone()),
        Change::Create => record.insert("create", true),
        Change::Drop => record.insert("drop", true),
        Change::Index(index) => record.insert("index", index.clone()),
    };
    let record = bson::to_vec(&record).map_err(std::io::Error::other)?;
    out.extend((record.len() as u32).to_le_bytes());
    out.extend(&Sha256::digest(&record)[..4]);
    out.extend(record);
    Ok(())
}

/// Applies every whole record; returns how many bytes they take.
fn replay(bytes: &[u8], collections: &mut BTreeMap<(String, String), Collection>) -> Result<usize, Trouble> {
    let mut at = 0;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(record) = bytes.get(at + 8..at + 8 + length) else { break };
        let last = at + 8 + length == bytes.len();
        let parsed = (Sha256::digest(record)[..4] == head[4..]).then(|| Document::from_reader(record).ok()).flatten();
        match parsed.and_then(decode) {
            Some((database, name, change)) => enact(collections, &database, &name, change),
            None if last => break,
            None => return Err(Trouble::Damaged),
        }
        at += 8 + length;
    }
    Ok(at)
}

fn decode(record: Document) -> Option<(String, String, Change)> {
    let (database, name) = (record.get_str("d").ok()?.to_owned(), record.get_str("c").ok()?.to_owned());
    let change = record.into_iter().find_map(|(key, value)| match (key.as_str(), value) {
        ("put", Bson::Document(document)) => Some(Change::Put(document)),
        ("delete", id) => Some(Change::Delete(id)),
        ("create", _) => Some(Change::Create),
        ("drop", _) => Some(Change::Drop),
        ("index", Bson::Document(index)) => Some(Change::Index(index)),
        _ => None,
    })?;
    Some((database, name, change))
}

fn enact(collections: &mut BTreeMap<(String, String), Collection>, database: &str, name: &str, change: Change) {
    let place = (database.to_owned(), name.to_owned());
    match change {
        Change::Put(document) => collections.entry(place).or_default().put(document),
        Change::Delete(id) => collections.entry(place).or_default().remove(&id),
        Change::Create => drop(collections.entry(place).or_default()),
        Change::Drop => drop(collections.remove(&place)),
        Change::Index(index) => collections.entry(place).or_default().indexes.push(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_a_torn_record_and_refuses_a_damaged_one() -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        for id in 0..3 {
            encode(&mut bytes, "d", "c", &Change::Put(doc! {"_id": id})).map_err(Trouble::Unreadable)?;
        }
        let one = bytes.len() / 3;
        for cut in [0, 1, one, bytes.len() - 1] {
            let mut collections = BTreeMap::new();
            assert_eq!(replay(&bytes[..cut], &mut collections)?, cut / one * one);
        }
        bytes[one / 2] ^= 1;
        assert!(matches!(replay(&bytes, &mut BTreeMap::new()), Err(Trouble::Damaged)));
        Ok(())
    }
}
