//! What belongs to one kind of step alone, kept as text: a plan of 200 cameras stands in memory while its site is watched, and a
//! tree of JSON values takes ten times the room of its text.

use serde::de::{DeserializeOwned, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSON that is read when it is needed. In a file it is plain JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details(Box<str>);

impl Default for Details {
    fn default() -> Self {
        Details("null".into())
    }
}

impl Details {
    /// Data as details. Fails where it cannot be JSON, such as a map whose keys are no text.
    pub fn of<T: Serialize + ?Sized>(data: &T) -> serde_json::Result<Self> {
        serde_json::to_string(data).map(|text| Details(text.into()))
    }

    /// The data again.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }

    /// A field that is text.
    pub fn text(&self, field: &str) -> Option<String> {
        self.value()[field].as_str().map(str::to_owned)
    }

    /// As a tree, to look at its fields.
    pub fn value(&self) -> Value {
        self.read().unwrap_or_default()
    }
}

impl Serialize for Details {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(s)
    }
}

impl<'de> Deserialize<'de> for Details {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Details::of(&Value::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_plain_json_in_a_file_and_keeps_the_order_of_its_fields() {
        let tree = json!({"z": 1, "a": [null, "\u{e9}\n"], "m": {"deep": 1.5}});
        let details = Details::of(&tree).unwrap();
        assert_eq!(serde_json::to_string(&details).unwrap(), tree.to_string());
        assert_eq!(serde_json::from_str::<Details>(&tree.to_string()).unwrap(), details);
        assert_eq!((details.value(), Details::default().value()), (tree, Value::Null));
        assert_eq!(details.read::<std::collections::BTreeMap<String, Value>>().unwrap().len(), 3);
        assert!(details.read::<Vec<String>>().is_err());
    }
}
