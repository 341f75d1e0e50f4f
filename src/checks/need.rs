//! What the chosen parts need, from the recipes as they come out for this machine and these answers.

use crate::model::fact::Fact;
use crate::model::host::HostReport;

/// An image of the site, as the recipes choose it for this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageNeed {
    /// The component that runs it: `mongodb`.
    pub part: String,
    /// Name without tag: `docker.io/library/mongo`.
    pub name: String,
    /// Tag.
    pub tag: String,
    /// Architectures it is made for, in Docker's words.
    pub arches: Fact<Vec<String>>,
    /// It is on this machine already.
    pub present: bool,
}

/// Figures of the recipes and the survey. Absent ones are not known yet; nothing here is guessed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Needs {
    /// Bytes of memory that the chosen parts set aside together.
    pub memory_bytes: Option<u64>,
    /// Images of the chosen parts.
    pub images: Vec<ImageNeed>,
    /// Bytes that the images which are not here yet take on the engine's disk at least: unpacked where that is known,
    /// else as they are fetched.
    pub image_bytes: Option<u64>,
}

impl ImageNeed {
    /// Architectures it is made for: what its registry said, else what its makers' own lists say (docker-library's official
    /// images, MinIO's releases, the Agent's release workflow). Vault's is not public, and a registry of one's own may hold
    /// anything: its names are not in here.
    pub fn builds(&self, host: &HostReport) -> Option<Vec<String>> {
        if let Some(told) = self.arches.get() {
            return Some(told.clone()).filter(|all| !all.is_empty());
        }
        let wide = host.cpu.userland_bits.get().is_some_and(|bits| *bits >= 64);
        let known: &[&str] = match self.name.trim_start_matches("docker.io/").trim_start_matches("library/") {
            "mongo" | "quay.io/minio/minio" => &["amd64", "arm64"],
            // Older Agents had 32-bit builds too; whether the newest has is not certain.
            "kerberos/agent" if wide => &["amd64", "arm64"],
            "rabbitmq" => &["amd64", "arm64", "arm", "386"],
            _ => return None,
        };
        Some(known.iter().map(|a| (*a).to_owned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makers_say_counts_until_the_registry_says_more() {
        let mut host = HostReport::default();
        let image =
            |name: &str| ImageNeed { part: String::new(), name: name.into(), tag: "1".into(), arches: Fact::default(), present: false };
        assert!(image("docker.io/library/mongo").builds(&host).is_some_and(|all| !all.contains(&"arm".into())));
        assert_eq!(image("ghcr.io/uug-ai/vault").builds(&host), None);
        assert!(image("mongo").builds(&host).is_some());
        assert_eq!(image("localhost:5000/mongo").builds(&host), None);
        assert_eq!(image("docker.io/kerberos/agent").builds(&host), None);
        host.cpu.userland_bits = Fact::known(64, "getconf");
        assert!(image("docker.io/kerberos/agent").builds(&host).is_some());
        let told = ImageNeed { arches: Fact::known(vec!["amd64".into()], "ghcr.io"), ..image("ghcr.io/uug-ai/vault") };
        assert_eq!(told.builds(&host), Some(vec!["amd64".into()]));
    }
}
