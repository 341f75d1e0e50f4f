//! Rules about images and the registries they come from.

use super::need::ImageNeed;
use super::outcome::{Facts, Outcome, elsewhere, pending};
use super::system::quoted;
use crate::model::fact::Fact;
use crate::model::host::{DockerFlavour, DockerPresence};
use crate::model::registry;

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
    f.answers.images.registry.as_deref().map_or_else(|| registry_of(&image.name), registry::host)
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
    let (computer, own) = (registry::computer(name), f.answers.images.registry.is_some());
    let scheme = if own && f.answers.images.insecure { "http" } else { "https" };
    let last = if own { "" } else { " Without internet, take the images from your own registry (images.registry)." };
    match &registry.reach {
        Fact::Known { value, .. } => Outcome::pass(format!("answers in {value} ms")),
        reach if pending(reach) => Outcome::skip("not asked yet"),
        // Docker may have a mirror or a proxy of its own, so this is no proof that it cannot fetch.
        Fact::Unknown { unknown } => Outcome::warn(
            format!("{host} does not answer: {unknown}"),
            format!(
                "Try by hand: curl -sI {scheme}://{name}/v2/ – an answer of any sort is good. Else look at cable, name server (getent hosts \
                 {computer}), firewall and proxy.{last}"
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
        Some(own) => reached(f, registry::host(own)),
        None => Outcome::skip("no registry of your own is named"),
    }
}

/// The registry of the answers where Docker takes images from another one than itself would trust, or how it ends.
fn own_host<'a>(f: &Facts<'a>) -> Result<&'a str, Outcome> {
    if !f.on_docker() {
        return Err(elsewhere());
    }
    let Some(host) = f.answers.images.registry.as_deref().map(registry::host) else {
        return Err(Outcome::skip("no registry of your own is named"));
    };
    let engine = f.engine().map_or(&[][..], |e| &e.insecure_registries);
    // Docker takes registries of this machine without TLS by itself.
    if registry::is_loopback(registry::computer(host)) || registry::takes_plain(engine, host) {
        return Err(Outcome::pass(format!("Docker takes {host} without TLS")));
    }
    if f.nothing_to_fetch() {
        return Err(Outcome::pass("every image is here already"));
    }
    Ok(host)
}

/// Who has to tell Docker of a registry.
enum Teller {
    /// kerbup does it.
    Ours,
    /// An engine of this sort has its settings elsewhere.
    Person(DockerFlavour),
    /// It is not known which engine there is.
    Nobody,
}

fn teller(f: &Facts) -> Teller {
    match f.host.docker.get() {
        Some(DockerPresence::Running(engine)) if engine.flavour == DockerFlavour::Rootful => Teller::Ours,
        Some(DockerPresence::Running(engine)) => Teller::Person(engine.flavour),
        Some(DockerPresence::Missing | DockerPresence::Stopped { snap: false, .. }) => Teller::Ours,
        Some(DockerPresence::Stopped { snap: true, .. }) => Teller::Person(DockerFlavour::Snap),
        _ => Teller::Nobody,
    }
}

/// http-registry-https-client: a registry without TLS that Docker was not told of.
pub fn insecure(f: &Facts) -> Outcome {
    if !f.answers.images.insecure {
        super::outcome::only_on_docker!(f);
        return Outcome::skip("no registry without TLS is named");
    }
    let host = match own_host(f) {
        Ok(host) => host,
        Err(outcome) => return outcome,
    };
    let entry = format!("\"insecure-registries\": [\"{host}\"]");
    let (who, advice) = match teller(f) {
        Teller::Ours => return Outcome::pass(format!("{host} speaks plain HTTP: kerbup tells Docker so, and nothing is restarted")),
        Teller::Nobody => return Outcome::skip("Docker does not answer yet"),
        Teller::Person(DockerFlavour::Podman) => {
            // Podman does not say which registries it takes so: this can only be a reminder.
            return Outcome::warn(
                format!("{host} speaks plain HTTP, and Podman does not say whether it was told"),
                format!(
                    "If it was not: write the lines [[registry]], location = \"{host}\" and insecure = true into \
                     /etc/containers/registries.conf.d/kerbup.conf. Podman reads it at the next download."
                ),
            );
        }
        Teller::Person(DockerFlavour::Snap) => (
            "the Docker of the snap",
            format!(
                "Add {entry} to /var/snap/docker/current/config/daemon.json, then: sudo snap restart docker – it stops every container for a \
                 moment."
            ),
        ),
        Teller::Person(DockerFlavour::Rootless) => (
            "a user's own Docker",
            format!(
                "As that user: add {entry} to ~/.config/docker/daemon.json, then: systemctl --user restart docker – it stops every container for \
                 a moment."
            ),
        ),
        Teller::Person(_) => ("Docker Desktop", format!("In its window, Settings, Docker Engine: add {entry}, then Apply & restart.")),
    };
    Outcome::block(format!("{host} speaks plain HTTP, and {who} was not told; kerbup does not change its settings"), advice)
}

/// registry-own-authority: a registry whose certificate an own authority signed.
pub fn authority(f: &Facts) -> Outcome {
    let Some(ca) = &f.answers.images.ca else {
        super::outcome::only_on_docker!(f);
        return Outcome::skip("no authority of your own is named");
    };
    let host = match own_host(f) {
        Ok(host) => host,
        Err(outcome) => return outcome,
    };
    let (who, folder, then) = match teller(f) {
        Teller::Ours => return Outcome::pass(format!("kerbup gives Docker the certificate for {host}, and nothing is restarted")),
        Teller::Nobody => return Outcome::skip("Docker does not answer yet"),
        Teller::Person(DockerFlavour::Snap) => ("the Docker of the snap", "/var/snap/docker/current/etc/docker/certs.d", ""),
        Teller::Person(DockerFlavour::Rootless) => ("a user's own Docker", "~/.config/docker/certs.d", ""),
        Teller::Person(DockerFlavour::Podman) => ("Podman", "/etc/containers/certs.d", ""),
        Teller::Person(_) => ("Docker Desktop", "~/.docker/certs.d", " Then restart it from its window."),
    };
    // No engine says which certificates it has, so this can only be a reminder.
    Outcome::warn(
        format!("{who} finds certificates elsewhere, and kerbup does not put any there"),
        format!(
            "If it was not done yet: mkdir -p {folder}/{host} && cp {} {folder}/{host}/ca.crt – with sudo where it asks for it.{then}",
            quoted(ca)
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
