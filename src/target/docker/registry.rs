//! What a registry says of an image before it is fetched: digest, processors, bytes to download. Speaks the HTTP API of the
//! OCI distribution specification (Docker Registry v2), with tokens for anonymous callers as Docker Hub, quay and ghcr hand them out.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use futures_util::future::join_all;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::image;
use crate::model::answers::Images;
use crate::model::fact::Fact;
use crate::model::registry::{self, computer, is_loopback};
use crate::model::survey::ImageSurvey;
use crate::world::network::{NetError, Network, Request, Response};

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

/// Asks for all of them at the same time. What no registry tells is unknown, with why.
pub async fn ask(asker: &Asker<'_>, names: &[String]) -> Vec<(String, ImageSurvey)> {
    join_all(names.iter().map(|name| async {
        let told = tokio::time::timeout(LIMIT, asker.one(name)).await;
        let host = image::registry(name);
        (name.clone(), told.unwrap_or_else(|_| Err(format!("{host} did not answer within {} s", LIMIT.as_secs()))).unwrap_or_else(unknown))
    }))
    .await
}

/// Nothing is known of an image, for this reason.
pub fn unknown(why: String) -> ImageSurvey {
    ImageSurvey { present: None, digest: Fact::unknown(why.clone()), download: Fact::unknown(why.clone()), arches: Fact::unknown(why) }
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
    /// One build: bytes of its layers, and the digest of its configuration, which names the processor.
    Single { bytes: u64, config: String },
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
    for layer in layers.iter().filter(|l| seen.insert(text(&l["digest"]))) {
        bytes = bytes.saturating_add(layer["size"].as_u64().ok_or("the registry names a layer without its size")?);
    }
    Ok(Manifest::Single { bytes, config: text(&told["config"]["digest"]) })
}

/// The build that Docker would take: of 32-bit ARM the newest variant.
fn fitting<'a>(builds: &'a [Build], arch: &str) -> Option<&'a Build> {
    builds.iter().filter(|b| b.arch == arch).max_by(|a, b| a.variant.cmp(&b.variant))
}

/// How a registry wants to know who asks.
#[derive(Debug, PartialEq, Eq)]
enum Challenge {
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
    Basic,
}

/// Reads `WWW-Authenticate: Bearer realm="…",service="…",scope="…"`.
fn challenge(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service, mut scope) = (None, None, None);
    let mut rest = rest.trim();
    while let Some((key, after)) = rest.split_once('=') {
        // A quoted value may hold commas: `repository:x:pull,push`.
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').map_or((after, ""), |(v, _)| (v, &after[v.len()..])),
        };
        match key.trim().to_ascii_lowercase().as_str() {
            "realm" => realm = Some(value.to_string()),
            "service" => service = Some(value.to_string()),
            "scope" => scope = Some(value.to_string()),
            _ => {}
        }
        rest = next.trim_start_matches([',', ' ']);
    }
    Some(Challenge::Bearer { realm: realm?, service, scope })
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
    async fn one(&self, name: &str) -> Result<ImageSurvey, String> {
        let (host, repository, reference) = place(name);
        let mut last = String::new();
        for scheme in schemes(&host, self.images) {
            let base = format!("{scheme}://{host}/v2/{repository}");
            let mut session = Session { asker: self, host: &host, header: None };
            match session.get(&format!("{base}/manifests/{reference}")).await {
                Ok(answer) => return session.read(&base, &answer).await,
                // Something else listens there, or it wants TLS: the next way is tried. The first one's reason is told.
                Err(why) if last.is_empty() => last = why,
                Err(_) => {}
            }
        }
        Err(last)
    }
}

/// One image's questions to one registry, with the token that it handed out.
struct Session<'a> {
    asker: &'a Asker<'a>,
    host: &'a str,
    header: Option<String>,
}

impl Session<'_> {
    async fn read(&mut self, base: &str, answer: &Response) -> Result<ImageSurvey, String> {
        let how = self.host.to_string();
        let digest = answer.header("docker-content-digest").map_or_else(
            || format!("sha256:{}", Sha256::digest(&answer.body).iter().map(|b| format!("{b:02x}")).collect::<String>()),
            str::to_string,
        );
        let mut told = ImageSurvey { digest: Fact::known(digest, how.clone()), ..unknown("the registry does not say".into()) };
        match parse(&answer.body)? {
            Manifest::Single { bytes, config } => {
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
                        Some(build) => match self.size(base, &build.digest).await {
                            Ok(bytes) => Fact::known(bytes, how),
                            Err(why) => Fact::unknown(why),
                        },
                    },
                };
            }
        }
        Ok(told)
    }

    async fn size(&mut self, base: &str, digest: &str) -> Result<u64, String> {
        match parse(&self.get(&format!("{base}/manifests/{digest}")).await?.body)? {
            Manifest::Single { bytes, .. } => Ok(bytes),
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

    /// What belongs to a registry (its tokens, the files it hands out from elsewhere) is trusted as it is, as Docker does.
    fn request(&self, url: &Url) -> Request {
        let ca = self.asker.ca.filter(|_| is_own(self.host, self.asker.images)).map(|pem| pem.as_bytes().to_vec());
        Request { timeout: LIMIT, ca, ..Request::get(url.clone()) }
    }

    async fn get(&mut self, address: &str) -> Result<Response, String> {
        let mut url = Url::parse(address).map_err(|_| format!("{address} is no address"))?;
        let home = url.origin();
        let (mut redirects, mut asked) = (0, false);
        loop {
            let mut request = self.request(&url);
            request.headers.push(("accept".into(), ACCEPT.into()));
            // What a registry hands out from elsewhere wants no login, and shall not see one.
            if let (Some(header), true) = (&self.header, url.origin() == home) {
                request.headers.push(("authorization".into(), header.clone()));
            }
            let answer = self.asker.network.http(request).await.map_err(|e| self.plain(&e))?;
            match answer.status {
                200 => return Ok(answer),
                301 | 302 | 303 | 307 | 308 if redirects < REDIRECTS => {
                    redirects += 1;
                    let to = answer.header("location").and_then(|l| url.join(l).ok());
                    url = to.ok_or_else(|| format!("{} sends elsewhere without saying where", self.host))?;
                }
                401 if !asked && url.origin() == home => {
                    asked = true;
                    let wanted = answer.header("www-authenticate").and_then(challenge);
                    self.header = Some(self.authorize(wanted, url.scheme() == "http").await?);
                }
                401 | 403 => return Err(format!("{} refuses it: the name or the login is wrong", self.host)),
                404 => return Err(format!("{} does not have it", self.host)),
                429 => return Err(format!("{} takes no more questions from here for now", self.host)),
                status => return Err(format!("{} answers with the status {status}", self.host)),
            }
        }
    }

    /// The header that the registry asks for: a token, or the login itself.
    async fn authorize(&self, wanted: Option<Challenge>, plain: bool) -> Result<String, String> {
        let images = self.asker.images;
        // A login is for the registry it was given for and for no other.
        let ours = is_own(self.host, images);
        let login = images.user.as_deref().zip(self.asker.password.as_ref()).filter(|_| ours).map(|(user, password)| {
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.expose_secret())))
        });
        let (realm, service, scope) = match wanted {
            Some(Challenge::Basic) => return login.ok_or_else(|| format!("{} asks for a login", self.host)),
            Some(Challenge::Bearer { realm, service, scope }) => (realm, service, scope),
            None => return Err(format!("{} asks for a login in a way that is not known here", self.host)),
        };
        let mut url = Url::parse(&realm).map_err(|_| format!("{} names no address for its login", self.host))?;
        for (key, value) in [("service", service), ("scope", scope)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, &value);
            }
        }
        let mut request = self.request(&url);
        // A password goes over plain HTTP only where the registry itself was chosen to be spoken to so.
        if let (Some(login), true) = (login, url.scheme() == "https" || plain) {
            request.headers.push(("authorization".into(), login));
        }
        let answer = self.asker.network.http(request).await.map_err(|e| self.plain(&e))?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match told["token"].as_str().or_else(|| told["access_token"].as_str()) {
            Some(token) if answer.status == 200 => Ok(format!("Bearer {token}")),
            _ => Err(format!("{} refuses it: the name or the login is wrong", self.host)),
        }
    }

    fn plain(&self, e: &NetError) -> String {
        match e {
            NetError::Tls(..) => format!("{} has a certificate that this machine does not trust", self.host),
            NetError::Protocol(..) => format!("{} answers, but not as a registry does", self.host),
            e => e.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
