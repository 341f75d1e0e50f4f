//! Rules about the answers themselves, where the machine or the version of kerbup has a say. How each answer must look is `ask`'s work;
//! these hold also for answers that came from a file.

use std::collections::BTreeSet;

use jiff::tz::TimeZoneDatabase;

use super::outcome::{Facts, Outcome, below, only_on_docker};
use crate::model::answers::{Expose, PlatformKind, Service};
use crate::model::check::Fix;

/// Why a cluster cannot be chosen yet.
pub const ONLY_DOCKER: &str = "this version of kerbup installs on Docker";

fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    !name.is_empty() && name.len() <= 32 && name.chars().all(|c| inner(c) || c == '-') && name.starts_with(inner) && name.ends_with(inner)
}

const LABEL: &str = "Use lower case letters, digits and hyphens, at most 32 of them, such as shop-12.";

/// platform-not-yet
pub fn platform(f: &Facts) -> Outcome {
    if f.on_docker() {
        return Outcome::pass("Docker");
    }
    Outcome::block(format!("{ONLY_DOCKER}; clusters come next"), "Choose Docker: platform.kind = \"docker\".")
}

/// site-name
pub fn site(f: &Facts) -> Outcome {
    let name = &f.answers.site;
    if is_label(name) { Outcome::pass(name.clone()) } else { Outcome::block(format!("the site's name \"{name}\" cannot be used"), LABEL) }
}

/// camera-names
pub fn camera_names(f: &Facts) -> Outcome {
    let mut seen = BTreeSet::new();
    for camera in &f.answers.cameras {
        if !is_label(&camera.name) {
            return Outcome::block(format!("the camera's name \"{}\" cannot be used", camera.name), LABEL);
        }
        if !seen.insert(&camera.name) {
            return Outcome::block(format!("two cameras are called {}", camera.name), "Give each camera a name of its own.");
        }
    }
    if seen.is_empty() { Outcome::skip("no cameras yet") } else { Outcome::pass("every camera has a name of its own") }
}

/// timezone-invalid
pub fn timezone(f: &Facts) -> Outcome {
    let Some(zone) = &f.answers.timezone else { return Outcome::skip("the machine's own time zone is used") };
    // The list inside the program: a machine without its own list would make every zone wrong.
    if TimeZoneDatabase::bundled().get(zone).is_ok() {
        return Outcome::pass(zone.clone());
    }
    Outcome::block(format!("there is no time zone \"{zone}\""), "Write it as Europe/Brussels; timedatectl list-timezones shows all.")
}

/// retention-days
pub fn retention(f: &Facts) -> Outcome {
    match f.answers.retention_days {
        0 => Outcome::block("recordings would be kept for 0 days", "Keep at least one: storage.retention_days = 30."),
        days if days > 3650 => Outcome::warn(
            format!("recordings are kept for {days} days, more than ten years"),
            "Perhaps a slip: storage.retention_days counts days. In many countries pictures of people may be kept for weeks only.",
        ),
        days => Outcome::pass(format!("{days} days")),
    }
}

/// storage-path
pub fn path(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let path = f.answers.path.as_str();
    let advice = "Take a folder of its own, such as /srv/kerberos.";
    if !path.starts_with('/') {
        return Outcome::block(format!("the folder for recordings \"{path}\" does not start with /"), advice).fix(Fix::OtherFolder);
    }
    if path.split('/').any(|p| p == "..") || path.chars().any(|c| c.is_control()) {
        return Outcome::block(format!("the folder for recordings {path:?} has something in it that cannot be used"), advice)
            .fix(Fix::OtherFolder);
    }
    let system =
        ["/", "/bin", "/boot", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/var"];
    let whole = path.trim_end_matches('/');
    let inside = ["/proc", "/sys", "/dev", "/run", "/boot", "/etc", "/usr", "/var/lib/docker"].iter().any(|s| below(path, s));
    if inside && !below(path, "/run/media") {
        return Outcome::block(format!("{path} belongs to the system"), advice).fix(Fix::OtherFolder);
    }
    if whole.is_empty() || whole == "/home" || whole == "/var" {
        return Outcome::block(format!("{path} is a folder of the system itself"), advice).fix(Fix::OtherFolder);
    }
    // A whole disk mounted at /srv is a good place all the same.
    let own_disk = f.mount_of(path).is_some_and(|m| m.path == whole);
    if system.contains(&whole) && !own_disk {
        return Outcome::warn(format!("{path} is shared with other programs"), format!("Better a folder of its own: {whole}/kerberos"))
            .fix(Fix::OtherFolder);
    }
    Outcome::pass(path)
}

/// ports-same
pub fn ports(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let a = f.answers;
    if !f.video_store_here() {
        return Outcome::skip("one port is opened at most");
    }
    if a.vault_port == a.storage_port {
        return Outcome::block(
            format!("recordings page and video store both ask for port {}", a.vault_port),
            "Give each its own: network.ports = { vault = 8080, storage = 9000 }.",
        )
        .fix(Fix::OtherPort);
    }
    Outcome::pass(format!("{} and {}", a.vault_port, a.storage_port))
}

/// expose-needs-cluster
pub fn expose(f: &Facts) -> Outcome {
    match f.answers.expose {
        Expose::LoadBalancer | Expose::Ingress if f.on_docker() => Outcome::block(
            "a load balancer or an Ingress belongs to a cluster",
            "On Docker, network.expose is \"lan\" (everyone on your network, with the password) or \"loopback\" (this machine only).",
        ),
        _ => Outcome::pass("the page is opened as the platform can"),
    }
}

/// hub-needs-cluster
pub fn hub(f: &Facts) -> Outcome {
    if !f.answers.hub {
        return Outcome::skip("Hub is not chosen");
    }
    if f.answers.platform == PlatformKind::Docker {
        return Outcome::warn(
            "Hub runs on a cluster only, so it is left out here",
            "Take hub = true out of the site file to silence this.",
        );
    }
    Outcome::pass("Hub runs on a cluster")
}

/// services-settings: what a service of somebody else needs to be found.
pub fn services(f: &Facts) -> Outcome {
    if !f.full() {
        return Outcome::skip("the small shape has no services");
    }
    if let Service::External { settings } = &f.answers.object_storage {
        let missing: Vec<&str> =
            ["endpoint", "bucket"].into_iter().filter(|k| settings.get(*k).is_none_or(|v| v.trim().is_empty())).collect();
        if !missing.is_empty() {
            return Outcome::block(
                format!("your own video store lacks: {}", missing.join(", ")),
                "Write services.object_storage = { endpoint = \"https://…\", bucket = \"…\", access_key = …, secret_key = … }.",
            );
        }
    }
    if f.answers.object_storage == Service::Off || f.answers.database == Service::Off {
        return Outcome::block(
            "the library needs a video store and a database",
            "Set services.object_storage and services.database to \"bundled\", or use the small shape (site.shape = \"small\").",
        )
        .fix(Fix::SmallShape);
    }
    if f.on_docker() && f.answers.broker != Service::Off {
        return Outcome::warn(
            "nothing sends to the broker until Vault is told to, on its own page",
            "Add it there (menu: Integrations, as far as is known), once something reads its queue: one that nobody reads fills the disk. \
             Without need for it, write services.broker = \"off\".",
        );
    }
    Outcome::pass("the services are named")
}
