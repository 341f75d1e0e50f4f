//! A site file as a tree in which every key and value knows its place, later ones laid over earlier ones.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::answers::Origin;
use crate::model::fault::{Fault, Whose};

/// Where something was said.
#[derive(Clone)]
pub struct Spot {
    /// The file, or the flag.
    pub file: String,
    /// Line from 1; 0 where there is none.
    pub line: u32,
    /// Column from 1.
    pub column: u32,
    /// File or flag.
    pub origin: Origin,
}

impl Spot {
    /// A fault about this place.
    pub fn fault(&self, code: &str, says: impl Into<String>) -> Fault {
        let says = says.into();
        if self.line == 0 {
            return Fault::new(Whose::Input, code, format!("{}: {says}", self.file));
        }
        Fault::new(Whose::Input, code, says).at(&self.file, self.line, self.column)
    }
}

/// A value. It has no Debug: a password may be in it.
#[derive(Clone)]
pub enum Value {
    /// Text.
    Text(String),
    /// Text of a flag, whose type the reader decides.
    Typed(String),
    /// Whole number.
    Number(i64),
    /// true or false.
    Flag(bool),
    /// Table.
    Table(Table),
    /// List.
    List(Vec<Node>),
    /// Something else, by its sort.
    Other(&'static str),
}

/// A value and its place.
#[derive(Clone)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Its place.
    pub spot: Spot,
}

/// Keys with the place of the key, and values.
pub type Table = BTreeMap<String, (Spot, Node)>;

/// Reads one site file.
pub fn parse(file: &str, text: &str) -> Result<Table, Fault> {
    match DeTable::parse(text) {
        Ok(table) => Ok(table_of(table.get_ref(), file, text)),
        Err(error) => {
            let (line, column) = place(text, error.span().map_or(0, |s| s.start));
            let first = error.message().lines().next().unwrap_or_default();
            Err(Fault::new(Whose::Input, "SITE-SYNTAX", format!("This line is not understood: {first}."))
                .cure("Text stands in quotes, and each setting on a line of its own: name = \"home\".")
                .at(file, line, column))
        }
    }
}

/// Reads a value as a site file would have it: for a table in a flag.
pub fn parse_value(text: &str, spot: &Spot) -> Option<Value> {
    let parsed = DeValue::parse(text).ok()?;
    let mut value = node_of(&parsed, &spot.file, text).value;
    forget_places(&mut value, spot);
    Some(value)
}

/// A flag's value stands in no line.
fn forget_places(value: &mut Value, spot: &Spot) {
    match value {
        Value::Table(table) => {
            for (key, node) in table.values_mut() {
                *key = spot.clone();
                node.spot = spot.clone();
                forget_places(&mut node.value, spot);
            }
        }
        Value::List(list) => {
            for node in list {
                node.spot = spot.clone();
                forget_places(&mut node.value, spot);
            }
        }
        _ => {}
    }
}

fn table_of(table: &DeTable<'_>, file: &str, text: &str) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| -> (String, (Spot, Node)) {
        let key: &Spanned<std::borrow::Cow<'_, str>> = key;
        (key.get_ref().to_string(), (spot(key.span(), file, text), node_of(value, file, text)))
    };
    table.iter().map(entry).collect()
}

fn node_of(value: &Spanned<DeValue<'_>>, file: &str, text: &str) -> Node {
    let inner = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number),
            Err(_) => Value::Other("a very large number"),
        },
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Table(table) => Value::Table(table_of(table, file, text)),
        DeValue::Array(list) => Value::List(list.iter().map(|v| node_of(v, file, text)).collect()),
        DeValue::Float(_) => Value::Other("a number with a point"),
        DeValue::Datetime(_) => Value::Other("a date"),
    };
    Node { value: inner, spot: spot(value.span(), file, text) }
}

fn spot(span: Range<usize>, file: &str, text: &str) -> Spot {
    let (line, column) = place(text, span.start);
    Spot { file: file.into(), line, column, origin: Origin::File }
}

/// Line and column, from 1, of a byte.
fn place(text: &str, byte: usize) -> (u32, u32) {
    let mut at = byte.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() as u32 + 1, before[line_start..].chars().count() as u32 + 1)
}

/// Lays a later table over an earlier one. Cameras of the same name are laid over each other, new ones are added.
pub fn merge(base: &mut Table, over: Table) {
    for (key, (spot, node)) in over {
        match (base.get_mut(&key), node) {
            (Some((_, Node { value: Value::Table(old), .. })), Node { value: Value::Table(new), .. })
                if !is_reference(&new) && !is_reference(old) =>
            {
                merge(old, new);
            }
            (Some((_, Node { value: Value::List(old), .. })), Node { value: Value::List(new), .. }) if key == "camera" => {
                for node in new {
                    add_camera(old, node);
                }
            }
            (_, node) => {
                base.insert(key, (spot, node));
            }
        }
    }
}

fn add_camera(list: &mut Vec<Node>, node: Node) {
    let known = name_of(&node).and_then(|name| list.iter_mut().find(|old| name_of(old) == Some(name)));
    match (known, node) {
        (Some(Node { value: Value::Table(old), .. }), Node { value: Value::Table(new), .. }) => merge(old, new),
        (_, node) => list.push(node),
    }
}

/// A fault for each camera that stands twice in one file.
pub fn twins(table: &Table) -> Vec<Fault> {
    let Some((_, Node { value: Value::List(list), .. })) = table.get("camera") else { return vec![] };
    let twin = |(at, node): (usize, &Node)| {
        let name = name_of(node)?;
        let double = list[..at].iter().any(|n| name_of(n) == Some(name));
        double.then(|| twin_fault(&node.spot, name))
    };
    list.iter().enumerate().filter_map(twin).collect()
}

/// Two cameras have one name.
pub fn twin_fault(spot: &Spot, name: &str) -> Fault {
    spot.fault("SITE-DUPLICATE", format!("Two cameras are named {}.", super::valid::shown(name)))
        .cure("Give each camera a name of its own.")
}

/// The name of a camera's table.
fn name_of(node: &Node) -> Option<&str> {
    let Value::Table(table) = &node.value else { return None };
    match table.get("name") {
        Some((_, Node { value: Value::Text(name) | Value::Typed(name), .. })) => Some(name),
        _ => None,
    }
}

/// `{ env = … }`, `{ file = … }` or `{ secret = … }`: replaced as a whole.
fn is_reference(table: &Table) -> bool {
    table.len() == 1 && ["env", "file", "secret"].iter().any(|k| table.contains_key(*k))
}

/// Lays `storage.path=/x` over a table; a camera is named by its place from 0 or by its name: `camera.front-door.url=…`.
pub fn set(base: &mut Table, text: &str) -> Result<(), Fault> {
    let bad = |says: String| Fault::new(Whose::Input, "SITE-SET", says).cure("Write it as --set storage.path=/srv/kerberos.");
    let Some((path, value)) = text.split_once('=') else {
        return Err(bad("--set needs a key, an equals sign and a value.".into()));
    };
    let path = path.trim();
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    if keys.iter().any(|k| k.is_empty()) || keys.len() < 2 || keys.len() > 6 {
        return Err(bad(format!("--set does not know the key {}.", super::valid::shown(path))));
    }
    let spot = Spot { file: format!("--set {path}"), line: 0, column: 0, origin: Origin::Flag };
    put(base, &keys, Node { value: Value::Typed(value.to_string()), spot: spot.clone() }, &spot)
}

fn put(table: &mut Table, keys: &[&str], node: Node, spot: &Spot) -> Result<(), Fault> {
    let Some((key, rest)) = keys.split_first() else { return Ok(()) };
    if rest.is_empty() {
        table.insert((*key).into(), (spot.clone(), node));
        return Ok(());
    }
    let made = if *key == "camera" { Value::List(vec![]) } else { Value::Table(Table::new()) };
    let entry = table.entry((*key).into()).or_insert_with(|| (spot.clone(), Node { value: made, spot: spot.clone() }));
    match &mut entry.1.value {
        Value::Table(inner) => put(inner, rest, node, spot),
        Value::List(list) if *key == "camera" => put_camera(list, rest, node, spot),
        // A word such as "bundled" gives way to a table of settings.
        other => {
            let mut inner = Table::new();
            put(&mut inner, rest, node, spot)?;
            *other = Value::Table(inner);
            Ok(())
        }
    }
}

fn put_camera(list: &mut Vec<Node>, keys: &[&str], node: Node, spot: &Spot) -> Result<(), Fault> {
    let Some((which, rest)) = keys.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Err(spot.fault("SITE-SET", "name the camera and the key, such as camera.0.url or camera.front-door.url."));
    };
    let by_name = list.iter().position(|n| name_of(n) == Some(which));
    let at = by_name.or_else(|| which.parse::<usize>().ok());
    let at = match at {
        Some(at) if at < list.len() => at,
        Some(at) if at > list.len() => {
            return Err(
                spot.fault("SITE-SET", format!("there are {} cameras, counted from 0, so the next one is {}.", list.len(), list.len()))
            );
        }
        numbered => {
            let mut table = Table::new();
            if numbered.is_none() {
                let name = Node { value: Value::Typed((*which).into()), spot: spot.clone() };
                table.insert("name".into(), (spot.clone(), name));
            }
            list.push(Node { value: Value::Table(table), spot: spot.clone() });
            list.len() - 1
        }
    };
    match list.get_mut(at).map(|n| &mut n.value) {
        Some(Value::Table(table)) => put(table, rest, node, spot),
        _ => Err(spot.fault("SITE-SET", "this camera is not written as a table.")),
    }
}
