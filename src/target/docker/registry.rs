//! What a registry says of an image before it is fetched: digest, processors, bytes to download and once unpacked, and how fast it
//! sends. Speaks the HTTP API of the OCI distribution specification (Docker Registry v2), with tokens for anonymous callers as
//! Docker Hub, quay and ghcr hand them out.

mod measure;
mod session;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use self::session::Session;
use super::image;
use crate::model::answers::Images;
use crate::model::fact::Fact;
use crate::model::registry::{self, computer, is_loopback};
use crate::model::survey::ImageSurvey;
use crate::world::network::{Network, Response};

/// An image that is not told within this time counts as unknown; all are asked at the same time.
const LIMIT: Duration = Duration::from_secs(5);

/// Lists of builds and single builds, in Docker's and in OCI's words.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
                      application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// Registries hand small files out from elsewhere at most so many times.
const REDIRECTS: usize = 3;

/// Who asks, and for which machine.
pub struct Asker<'a> {
    /// The door.
    pub network: &'a dyn Network,
    /// Where images come from.
    pub images: &'a Images,
    /// The password that goes with `images.user`.
    pub password: Option<SecretString>,
    /// Certificates (PEM) of the authority that `images.registry` is trusted by.
    pub ca: Option<&'a str>,
    /// The machine's processor in Docker's words: `amd64`, `arm64`; none where it is not known.
    pub arch: Option<String>,
}

/// What the registries told.
#[derive(Debug)]
pub struct Told {
    /// By full name with tag.
    pub images: Vec<(String, ImageSurvey)>,
    /// Bytes a second that the line downloads.
    pub line: Fact<f64>,
}

/// Asks for all of them at the same time, then measures: what the layers take unpacked and, where that is wanted, the line. What
/// no registry tells is unknown, with why.
pub async fn ask(asker: &Asker<'_>, names: &[String], line: bool) -> Told {
    let told = join_all(names.iter().map(|name| async {
        let told = tokio::time::timeout(LIMIT, asker.one(name)).await;
        let late = || Err(format!("{} did not answer within {} s", image::registry(name), LIMIT.as_secs()));
        let (survey, pieces) = told.unwrap_or_else(|_| late()).unwrap_or_else(|why| (ImageSurvey::unknown(why), None));
        (name.clone(), survey, pieces)
    }));
    measure::measure(asker, told.await, line).await
}

/// One layer of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layer {
    digest: String,
    /// As it is fetched.
    size: u64,
    /// Its media type, which says how it is packed.
    kind: String,
}

/// Where the layers of an image lie, with the token for them. It prints itself nowhere: the token is a secret.
struct Pieces {
    host: String,
    base: String,
    header: Option<String>,
    layers: Vec<Layer>,
}

/// One line of a list of builds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Build {
    arch: String,
    variant: String,
    digest: String,
}

/// What a manifest's address answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Manifest {
    /// A list of builds.
    Index(Vec<Build>),
    /// One build: its bytes with those of its layers, and the digest of its configuration, which names the processor.
    Single { bytes: u64, config: String, layers: Vec<Layer> },
}

/// Reads a manifest or a list of them.
fn parse(body: &[u8]) -> Result<Manifest, String> {
    let told: Value = serde_json::from_slice(body).map_err(|_| "the registry's answer is not understood".to_string())?;
    let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
    if let Some(all) = told["manifests"].as_array() {
        // Attestations stand among the builds, for the processor `unknown`.
        let linux = |m: &&Value| m["platform"]["os"].as_str() == Some("linux") && m["platform"]["architecture"].as_str() != Some("unknown");
        let builds = all.iter().filter(linux).map(|m| Build {
            arch: text(&m["platform"]["architecture"]),
            variant: text(&m["platform"]["variant"]),
            digest: text(&m["digest"]),
        });
        return Ok(Manifest::Index(builds.filter(|b| !b.arch.is_empty() && !b.digest.is_empty()).collect()));
    }
    let Some(layers) = told["layers"].as_array() else {
        return Err("the registry answers in a form older than 2016, which names no sizes".into());
    };
    // A layer that stands there twice is fetched once.
    let mut seen = BTreeSet::new();
    let mut bytes: u64 = told["config"]["size"].as_u64().unwrap_or(0);
    let mut all = vec![];
    for layer in layers.iter().filter(|l| seen.insert(text(&l["digest"]))) {
        let size = layer["size"].as_u64().ok_or("the registry names a layer without its size")?;
        bytes = bytes.saturating_add(size);
        all.push(Layer { digest: text(&layer["digest"]), size, kind: text(&layer["mediaType"]) });
    }
    Ok(Manifest::Single { bytes, config: text(&told["config"]["digest"]), layers: all })
}

/// The build that Docker would take: of 32-bit ARM the newest variant.
fn fitting<'a>(builds: &'a [Build], arch: &str) -> Option<&'a Build> {
    builds.iter().filter(|b| b.arch == arch).max_by(|a, b| a.variant.cmp(&b.variant))
}

/// Registry, repository and tag or digest of an image's name, as its address has them.
fn place(name: &str) -> (String, String, String) {
    let host = image::registry(name);
    let path = name.strip_prefix(host).map_or(name, |p| p.trim_start_matches('/'));
    let path = path.strip_prefix("docker.io/").unwrap_or(path);
    let (repository, reference) = match path.split_once('@') {
        Some((repository, digest)) => (repository, digest),
        None => path.rsplit_once(':').unwrap_or((path, "latest")),
    };
    let hub = host == "registry-1.docker.io" || host == "docker.io";
    let repository = if hub && !repository.contains('/') { format!("library/{repository}") } else { repository.to_string() };
    (if hub { "registry-1.docker.io".into() } else { host.to_string() }, repository, reference.to_string())
}

/// The host is the registry that the answers name.
fn is_own(host: &str, images: &Images) -> bool {
    images.registry.as_deref().is_some_and(|r| registry::host(r) == host)
}

/// Docker speaks plain HTTP to registries of this machine and to those it was told of.
fn schemes(host: &str, images: &Images) -> &'static [&'static str] {
    if (images.insecure && is_own(host, images)) || is_loopback(computer(host)) { &["http", "https"] } else { &["https"] }
}

impl Asker<'_> {
    async fn one(&self, name: &str) -> Result<(ImageSurvey, Option<Pieces>), String> {
        let (host, repository, reference) = place(name);
        let (mut last, mut missing) = (String::new(), false);
        for scheme in schemes(&host, self.images) {
            let base = format!("{scheme}://{host}/v2/{repository}");
            let mut session = Session { asker: self, host: &host, header: None, missing: false };
            match session.get(&format!("{base}/manifests/{reference}")).await {
                Ok(answer) => {
                    let (told, layers) = session.read(&base, &answer).await?;
                    let header = session.header;
                    return Ok((told, Some(Pieces { host: host.clone(), base, header, layers }).filter(|p| !p.layers.is_empty())));
                }
                // Something else listens there, or it wants TLS: the next way is tried. The first one's reason is told.
                Err(why) if last.is_empty() => (last, missing) = (why, session.missing),
                Err(_) => {}
            }
        }
        if missing { Ok((ImageSurvey { missing, ..ImageSurvey::unknown(last) }, None)) } else { Err(last) }
    }
}

impl Session<'_> {
    async fn read(&mut self, base: &str, answer: &Response) -> Result<(ImageSurvey, Vec<Layer>), String> {
        let mut pieces = vec![];
        let how = self.host.to_string();
        let digest = answer.header("docker-content-digest").map_or_else(
            || format!("sha256:{}", Sha256::digest(&answer.body).iter().map(|b| format!("{b:02x}")).collect::<String>()),
            str::to_string,
        );
        let mut told = ImageSurvey { digest: Fact::known(digest, how.clone()), ..ImageSurvey::unknown("the registry does not say") };
        match parse(&answer.body)? {
            Manifest::Single { bytes, config, layers } => {
                pieces = layers;
                told.download = Fact::known(bytes, how.clone());
                told.arches = match self.arch(base, &config).await {
                    Ok(arch) => Fact::known(vec![arch], how),
                    Err(why) => Fact::unknown(why),
                };
            }
            Manifest::Index(builds) => {
                let all: BTreeSet<String> = builds.iter().map(|b| b.arch.clone()).collect();
                told.arches = Fact::known(all.into_iter().collect(), how.clone());
                told.download = match &self.asker.arch {
                    None => Fact::unknown("this machine's processor is not known"),
                    Some(arch) => match fitting(&builds, arch) {
                        None => Fact::unknown(format!("there is no build for {arch}")),
                        Some(build) => match self.build(base, &build.digest).await {
                            Ok((bytes, layers)) => {
                                pieces = layers;
                                Fact::known(bytes, how)
                            }
                            Err(why) => Fact::unknown(why),
                        },
                    },
                };
            }
        }
        Ok((told, pieces))
    }

    async fn build(&mut self, base: &str, digest: &str) -> Result<(u64, Vec<Layer>), String> {
        match parse(&self.get(&format!("{base}/manifests/{digest}")).await?.body)? {
            Manifest::Single { bytes, layers, .. } => Ok((bytes, layers)),
            Manifest::Index(_) => Err("the registry's answer is not understood".into()),
        }
    }

    /// A single build says in its configuration alone for which processor it is.
    async fn arch(&mut self, base: &str, config: &str) -> Result<String, String> {
        let answer = self.get(&format!("{base}/blobs/{config}")).await?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        told["architecture"]
            .as_str()
            .filter(|a| !a.is_empty())
            .map(str::to_string)
            .ok_or_else(|| "the image does not say its processor".into())
    }
}

#[cfg(test)]
mod measure_tests;
#[cfg(test)]
mod tests;
