//! Survey: what can be known only after the answers. Input of the plan, beside host, answers and recipes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::camera::StreamReading;
use super::engine::ImageInfo;
use super::fact::Fact;

/// An image in its registry or on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSurvey {
    /// Present on this machine already.
    pub present: Option<ImageInfo>,
    /// Digest in the registry.
    pub digest: Fact<String>,
    /// Bytes to download.
    pub download: Fact<u64>,
    /// Bytes of its layers once they are unpacked.
    #[serde(default)]
    pub unpacked: Fact<u64>,
    /// Architectures it is made for.
    pub arches: Fact<Vec<String>>,
    /// Its registry answered, and does not have it.
    #[serde(default)]
    pub missing: bool,
}

impl ImageSurvey {
    /// Nothing is known of an image, for this reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        let why = why.into();
        ImageSurvey {
            present: None,
            digest: Fact::unknown(why.clone()),
            download: Fact::unknown(why.clone()),
            unpacked: Fact::unknown(why.clone()),
            arches: Fact::unknown(why),
            missing: false,
        }
    }

    /// Bytes that it takes below the engine's folder. One that is here takes what the engine says. An engine with containerd's
    /// image store keeps the layers as they were fetched beside the unpacked ones (`packed`); one that says nothing of that, or is
    /// not here yet, may, and every engine has both at first: room for both is counted.
    pub fn on_disk(&self, packed: Option<bool>) -> Fact<u64> {
        if let Some(present) = &self.present {
            return Fact::known(present.size, "the engine");
        }
        match (&self.unpacked, &self.download) {
            (unpacked, _) if packed == Some(false) => unpacked.clone(),
            (Fact::Known { value, how }, Fact::Known { value: fetched, .. }) => Fact::known(value.saturating_add(*fetched), how.clone()),
            (Fact::Known { .. }, unknown) | (unknown, _) => unknown.clone(),
        }
    }
}

/// What the site itself keeps on the disk of its recordings and lets go again by itself: the folders of the video store and of
/// the recorders.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// Bytes that were counted.
    pub bytes: u64,
    /// Why that is not all of it, where it is not.
    pub missed: Option<String>,
}

/// Figures that a new plan does not go below: what stands, where no more than that is known, or where nothing is asked for
/// that would take more room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Least {
    /// Days that the rule keeps.
    pub days: Option<u32>,
    /// Megabytes that each recorder may keep, by camera.
    pub megabytes: BTreeMap<String, u64>,
}

/// What was learnt after the answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Survey {
    /// By full name with tag.
    pub images: BTreeMap<String, ImageSurvey>,
    /// Version marker of data that lies in a component's folder already, by component.
    pub data_versions: BTreeMap<String, String>,
    /// Streams of the cameras that answered, by name.
    pub cameras: BTreeMap<String, StreamReading>,
    /// Address of each camera's name that only this machine finds (`.local`), by name.
    pub hosts: BTreeMap<String, String>,
    /// Free bytes below the chosen folder (of its nearest existing parent).
    pub free_bytes: Fact<u64>,
    /// All bytes of that file system.
    pub total_bytes: Fact<u64>,
    /// What of the rest is the site's own.
    pub own: Own,
    /// What is not gone below.
    pub least: Least,
    /// Bytes a second that the line downloads, measured with a piece of what is missing.
    pub line_rate: Fact<f64>,
    /// Bytes a second of whole earlier downloads on this machine, unpacking included, from older journals.
    pub fetch_rate: Option<f64>,
    /// Seconds each sort of step took on this machine before, from older journals.
    pub step_seconds: BTreeMap<String, f64>,
    /// Subnets in use by networks of the engine, as CIDR.
    pub subnets: Vec<String>,
    /// Subnet of the site's own network, where that stands.
    pub own_subnet: Option<String>,
    /// Ports of this machine that are taken, with who has them.
    pub ports_taken: BTreeMap<u16, String>,
    /// Certificates of the authority that the registry of the answers is trusted by, as PEM.
    pub registry_ca: Option<String>,
    /// An earlier run of this site told Docker that the registry of the answers speaks plain HTTP.
    pub registry_told: bool,
    /// Names of secrets that exist already.
    pub secrets: Vec<String>,
    /// Digest of the rendering that each step of the standing install had, by step id: from the receipt.
    pub standing: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_holds_what_the_engine_keeps() {
        let image =
            ImageSurvey { download: Fact::known(40, "nas"), unpacked: Fact::known(100, "nas"), ..ImageSurvey::unknown("not asked") };
        let takes = |packed| image.on_disk(packed).get().copied();
        assert_eq!((takes(Some(false)), takes(Some(true)), takes(None)), (Some(100), Some(140), Some(140)));
        let unsure = ImageSurvey { unpacked: Fact::unknown("a layer is packed with zstd"), ..image.clone() };
        assert_eq!(unsure.on_disk(Some(false)).how(), "a layer is packed with zstd");
        assert_eq!(unsure.on_disk(None).how(), "a layer is packed with zstd");
    }
}
