//! The version that is played, and the feature compatibility version kept with the data: what
//! decides whether a mongod may open data that another one wrote.

use super::session::Fault;
use super::store::{Change, Store};
use super::{Mongod, commands};
use bson::{Document, doc};

/// Long-term series in their order: data is opened by its own and by the next one only.
const SERIES: [&str; 6] = ["4.2", "4.4", "5.0", "6.0", "7.0", "8.0"];

#[derive(Clone)]
pub struct Version {
    pub text: String,
    pub major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let version = Version { text: text.to_owned(), major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        SERIES.contains(&version.series().as_str()).then_some(version)
    }

    pub fn series(&self) -> String {
        format!("{}.{}", self.major, self.minor)
    }

    pub fn wire(&self) -> i32 {
        match self.major {
            4 => 9,
            5 => 13,
            6 => 17,
            7 => 21,
            _ => 25,
        }
    }

    pub fn build_info(&self) -> Document {
        let parts = [self.major, self.minor, self.patch, 0].map(|part| part as i32);
        doc! {
            "version": &self.text, "gitVersion": "0000000000000000000000000000000000000000", "modules": [], "allocator": "standin",
            "versionArray": parts.to_vec(), "bits": 64, "debug": false, "maxBsonObjectSize": 16_777_216,
            "storageEngines": ["wiredTiger"],
        }
    }

    fn place(&self) -> usize {
        SERIES.iter().position(|series| *series == self.series()).unwrap_or(0)
    }

    /// Series whose data this version opens.
    fn opens(&self) -> &'static [&'static str] {
        let place = self.place();
        &SERIES[place.saturating_sub(1)..=place]
    }
}

fn compatibility(store: &Store) -> Option<String> {
    let kept = store.get("admin", "system.version")?;
    let kept = kept.iter().find(|document| document.get_str("_id") == Ok("featureCompatibilityVersion"))?;
    kept.get_str("version").ok().map(str::to_owned)
}

/// Why this version must not open this data, in mongod's words. New data is marked as this version's.
pub fn check(store: &mut Store, version: &Version) -> std::io::Result<Option<String>> {
    let Some(kept) = compatibility(store) else {
        let mark = doc! {"_id": "featureCompatibilityVersion", "version": version.series()};
        store.apply("admin", "system.version", vec![Change::Put(mark)])?;
        return Ok(None);
    };
    if version.opens().contains(&kept.as_str()) {
        return Ok(None);
    }
    let series = version.series();
    let older = version.opens()[0];
    Ok(Some(format!(
        "UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document (ERROR: Location4926900: Invalid \
         featureCompatibilityVersion document in admin.system.version: {{ _id: \"featureCompatibilityVersion\", version: \"{kept}\" }}. \
         See https://docs.mongodb.com/master/release-notes/{series}-compatibility/#feature-compatibility. :: caused by :: Invalid \
         feature compatibility version value, expected '{older}' or '{series}'). If the current featureCompatibilityVersion is below \
         {older}, see the documentation on upgrading at https://docs.mongodb.com/master/release-notes/{series}/#upgrade-procedures."
    )))
}

pub fn get_parameter(server: &Mongod, command: &Document) -> Result<Document, Fault> {
    if !command.contains_key("featureCompatibilityVersion") {
        return Err(Fault::new(72, "InvalidOptions", "no option found to get"));
    }
    let kept = compatibility(&server.lock()).unwrap_or_default();
    Ok(doc! {"featureCompatibilityVersion": {"version": kept}})
}

/// Moves the mark; from 7.0 on it must be confirmed.
pub fn set_compatibility(server: &Mongod, command: &Document) -> Result<Document, Fault> {
    let wanted = command.get_str("setFeatureCompatibilityVersion").unwrap_or_default();
    if !server.version.opens().contains(&wanted) {
        return Err(Fault::new(4926900, "Location4926900", format!("Invalid feature compatibility version value '{wanted}'")));
    }
    if server.version.major >= 7 && !command.get_bool("confirm").unwrap_or(false) {
        return Err(Fault::new(
            7369100,
            "Location7369100",
            "Once you have upgraded or downgraded, please re-run this command with 'confirm: true'",
        ));
    }
    let mark = doc! {"_id": "featureCompatibilityVersion", "version": wanted};
    commands::write(server, "admin", "system.version", vec![Change::Put(mark)])?;
    Ok(doc! {})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_its_own_and_the_series_before() {
        let opens = |text| Version::parse(text).map(|version| version.opens());
        assert_eq!(opens("8.0.15"), Some(&["7.0", "8.0"][..]));
        assert_eq!(opens("5.0.31"), Some(&["4.4", "5.0"][..]));
        assert_eq!(opens("9.9.9"), None);
        assert_eq!(opens("x"), None);
    }
}
