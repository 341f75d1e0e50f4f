//! Rules about images and the registries they come from.

use super::need::ImageNeed;
use super::outcome::{Facts, Outcome, elsewhere, pending};
use crate::model::fact::Fact;

const MINIO_GONE: &str = "MinIO took its images off Docker Hub in September 2026; it is no matter of passwords";

/// The registry of an image's name: a first part with a dot, a colon or `localhost`; else Docker Hub.
pub fn registry_of(name: &str) -> &str {
    match name.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

fn is_hub(host: &str) -> bool {
    host == "docker.io" || host.ends_with(".docker.io") || host == "registry.hub.docker.com"
}

fn same_registry(a: &str, b: &str) -> bool {
    a == b || (is_hub(a) && is_hub(b))
}

/// Where an image really comes from, after the redirect of the answers.
fn source<'a>(f: &'a Facts, image: &'a ImageNeed) -> &'a str {
    f.answers.images.registry.as_deref().unwrap_or_else(|| registry_of(&image.name))
}

fn reached(f: &Facts, host: &str) -> Outcome {
    let needed: Vec<&ImageNeed> = f.needs.images.iter().filter(|i| same_registry(source(f, i), host)).collect();
    if !f.needs.images.is_empty() && needed.is_empty() {
        return Outcome::skip("nothing is taken from there");
    }
    if !needed.is_empty() && needed.iter().all(|i| i.present) {
        return Outcome::pass("what is taken from there is here already");
    }
    let Some(registry) = f.host.registries.iter().find(|r| same_registry(&r.host, host)) else { return Outcome::skip("not asked") };
    let name = registry.host.as_str();
    match &registry.reach {
        Fact::Known { value, .. } => Outcome::pass(format!("answers in {value} ms")),
        reach if pending(reach) => Outcome::skip("not asked yet"),
        // Docker may have a mirror or a proxy of its own, so this is no proof that it cannot fetch.
        Fact::Unknown { unknown } => Outcome::warn(
            format!("{host} does not answer: {unknown}"),
            format!(
                "Try by hand: curl -sI https://{name}/v2/ – an answer of any sort is good. Else look at cable, name server (getent hosts {name}), \
                 firewall and proxy. Without internet, take the images from your own registry (images.registry)."
            ),
        ),
    }
}

fn public(f: &Facts, host: &str) -> Outcome {
    match &f.answers.images.registry {
        Some(own) => Outcome::skip(format!("all images come from {own}")),
        None => reached(f, host),
    }
}

/// registry-docker-hub
pub fn docker_hub(f: &Facts) -> Outcome {
    public(f, "docker.io")
}

/// registry-quay
pub fn quay(f: &Facts) -> Outcome {
    public(f, "quay.io")
}

/// registry-ghcr
pub fn ghcr(f: &Facts) -> Outcome {
    public(f, "ghcr.io")
}

/// registry-own
pub fn own(f: &Facts) -> Outcome {
    match &f.answers.images.registry {
        Some(host) => reached(f, host),
        None => Outcome::skip("no registry of your own is named"),
    }
}

/// http-registry-https-client: a registry without TLS that Docker was not told of.
pub fn insecure(f: &Facts) -> Outcome {
    super::outcome::only_on_docker!(f);
    let images = &f.answers.images;
    let Some(host) = images.registry.as_deref().filter(|_| images.insecure) else {
        return Outcome::skip("no registry without TLS is named");
    };
    let Some(engine) = f.engine() else { return Outcome::skip("Docker does not answer yet") };
    // The engine takes loopback registries without TLS by itself.
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback = name == "localhost" || name.starts_with("127.");
    let listed =
        |r: &String| r == host || super::subnet::Subnet::parse(r).is_some_and(|net| name.parse().is_ok_and(|address| net.holds(address)));
    if loopback || engine.insecure_registries.iter().any(listed) {
        return Outcome::pass(format!("Docker takes {host} without TLS"));
    }
    Outcome::warn(
        format!("{host} speaks plain HTTP, and Docker was not told that it may use it"),
        format!(
            "Add {{\"insecure-registries\": [\"{host}\"]}} to /etc/docker/daemon.json, then sudo systemctl restart docker. It stops every \
             container for a moment."
        ),
    )
}

/// The machine's architecture, where the site runs on this machine.
fn arch<'a>(f: &Facts<'a>) -> Result<&'a str, Outcome> {
    if !f.on_docker() && !f.cluster_here() {
        return Err(elsewhere());
    }
    // A 32-bit system on a 64-bit kernel fetches 32-bit images.
    match (f.host.cpu.arch.get().map(String::as_str), f.host.cpu.userland_bits.get()) {
        (Some("arm64"), Some(32)) => Ok("arm"),
        (Some("amd64"), Some(32)) => Ok("386"),
        (Some(arch), _) => Ok(arch),
        (None, _) => Err(Outcome::skip(format!("not known: {}", f.host.cpu.arch.how()))),
    }
}

/// no-matching-manifest
pub fn architecture(f: &Facts) -> Outcome {
    let arch = match arch(f) {
        Ok(arch) => arch,
        Err(outcome) => return outcome,
    };
    if f.needs.images.is_empty() {
        return Outcome::skip("told once the images are known");
    }
    let lacking: Vec<&ImageNeed> =
        f.needs.images.iter().filter(|i| !i.present && i.builds(f.host).is_some_and(|all| !all.iter().any(|a| a == arch))).collect();
    if let Some(image) = lacking.first() {
        let names: Vec<String> = lacking.iter().map(|i| format!("{} ({}:{})", i.part, i.name, i.tag)).collect();
        let outcome = Outcome::block(
            format!("no build for {arch}: {}", names.join(", ")),
            "Use a machine with an Intel or AMD processor, or a registry of your own that holds such a build (images.registry).",
        );
        let small_helps = f.full() && lacking.iter().all(|i| i.part != "agent");
        return if small_helps && !image.part.is_empty() { outcome.fix(crate::model::check::Fix::SmallShape) } else { outcome };
    }
    let unknown: Vec<&str> = f.needs.images.iter().filter(|i| !i.present && i.builds(f.host).is_none()).map(|i| i.part.as_str()).collect();
    if unknown.is_empty() {
        Outcome::pass(format!("every image has a build for {arch}"))
    } else if arch == "amd64" {
        Outcome::pass(format!("every image that was looked up has a build for amd64; not looked up: {}", unknown.join(", ")))
    } else {
        Outcome::warn(
            format!("it is not known whether there is a build for {arch} of: {}", unknown.join(", ")),
            "kerbup looks before it changes anything, and says so if one is missing.",
        )
    }
}

/// mongo-image-amd64-only: Bitnami's build, which upstream's cluster files name.
pub fn mongo_amd64_only(f: &Facts) -> Outcome {
    let arch = match arch(f) {
        Ok(arch) => arch,
        Err(outcome) => return outcome,
    };
    if !f.database_here() {
        return Outcome::skip("no database is installed with this site");
    }
    let Some(image) = f.needs.images.iter().find(|i| i.name.contains("mongo")) else {
        return Outcome::skip("told once the images are known");
    };
    if image.name.contains("bitnami") && arch != "amd64" {
        return Outcome::block(
            format!("{} was never made for {arch}", image.name),
            "Take the official image: docker.io/library/mongo, which is made for Intel, AMD and 64-bit ARM.",
        );
    }
    Outcome::pass(format!("{}:{}", image.name, image.tag))
}

/// minio-dockerhub-deleted
pub fn minio_hub(f: &Facts) -> Outcome {
    if !f.video_store_here() {
        return Outcome::skip("no video store is installed with this site");
    }
    let advice = "Take it from quay.io (quay.io/minio/minio), or from a registry of your own that has it (images.registry).";
    match f.needs.images.iter().find(|i| i.name.ends_with("minio/minio")) {
        Some(image) if image.present => Outcome::pass("MinIO's image is here already"),
        Some(image) if is_hub(source(f, image)) => {
            Outcome::block(format!("MinIO's image would come from Docker Hub. {MINIO_GONE}"), advice)
        }
        Some(image) => Outcome::pass(format!("MinIO's image comes from {}", source(f, image))),
        None if f.answers.images.registry.as_deref().is_some_and(is_hub) => {
            Outcome::block(format!("images.registry is Docker Hub. {MINIO_GONE}"), advice)
        }
        None => Outcome::pass(f.answers.images.registry.clone().unwrap_or_else(|| "MinIO's image comes from quay.io".into())),
    }
}

/// bitnami-images-moved
pub fn bitnami(f: &Facts) -> Outcome {
    if f.needs.images.is_empty() {
        return Outcome::skip("told once the images are known");
    }
    let gone = |i: &&ImageNeed| !i.present && is_hub(source(f, i)) && i.name.split('/').any(|p| p == "bitnami");
    let frozen = |i: &&ImageNeed| i.name.split('/').any(|p| p == "bitnamilegacy");
    if let Some(image) = f.needs.images.iter().find(gone) {
        return Outcome::block(
            format!("{}:{} is no longer there: Bitnami took its versions off Docker Hub in 2025", image.name, image.tag),
            "Take the maker's own image (docker.io/library/mongo, docker.io/library/rabbitmq).",
        );
    }
    match f.needs.images.iter().find(frozen) {
        Some(image) => Outcome::warn(
            format!("{} is frozen: it gets no fixes and may vanish", image.name),
            "Take the maker's own image (docker.io/library/mongo, docker.io/library/rabbitmq).",
        ),
        None => Outcome::pass("no image comes from Bitnami"),
    }
}

/// floating-tags
pub fn tags(f: &Facts) -> Outcome {
    if f.needs.images.is_empty() {
        return Outcome::skip("told once the images are known");
    }
    match f.needs.images.iter().find(|i| i.tag.is_empty() || i.tag == "latest") {
        Some(image) => Outcome::warn(
            format!("{} has no fixed version: it may be another one tomorrow", image.name),
            "Name a version in the recipe, so that the same thing is installed each time.",
        ),
        None => Outcome::pass("every image has a fixed version"),
    }
}
