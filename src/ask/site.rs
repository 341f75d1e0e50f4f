//! The site file's tables, one after the other, into answers.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json, json};

use super::address;
use super::read::{Given, Reader, Section, any};
use super::tree::{Spot, Value, twin_fault};
use super::valid;
use crate::model::address::Address;
use crate::model::answers::{Answers, Camera, Expose, PlatformKind, Record, Service, Shape};

/// Platforms by the word of the site file.
pub const PLATFORMS: &[(&str, PlatformKind)] = &[
    ("docker", PlatformKind::Docker),
    ("microk8s", PlatformKind::Microk8s),
    ("kubernetes", PlatformKind::Kubernetes),
    ("eks", PlatformKind::Eks),
    ("gke", PlatformKind::Gke),
    ("aks", PlatformKind::Aks),
];
/// Shapes.
pub const SHAPES: &[(&str, Shape)] = &[("full", Shape::Full), ("small", Shape::Small)];
/// Who may open the page.
pub const EXPOSES: &[(&str, Expose)] =
    &[("lan", Expose::Lan), ("loopback", Expose::Loopback), ("load-balancer", Expose::LoadBalancer), ("ingress", Expose::Ingress)];
/// When a camera records.
pub const RECORDS: &[(&str, Record)] = &[("motion", Record::Motion), ("always", Record::Always)];

/// Fills the answers from the whole file.
pub fn fill(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut site = r.section(root, "site");
    set(&mut answers.site, r.text(&mut site, "name", valid::name));
    answers.timezone = r.text(&mut site, "timezone", valid::timezone);
    set(&mut answers.shape, r.choice(&mut site, "shape", SHAPES));
    r.close(site);

    platform(answers, root, r);

    let mut storage = r.section(root, "storage");
    set(&mut answers.path, r.text(&mut storage, "path", valid::folder));
    set(&mut answers.retention_days, r.number(&mut storage, "retention_days", valid::days));
    later_text(answers, r, &mut storage, "class");
    r.close(storage);

    images(answers, root, r);
    network(answers, root, r);
    services(answers, root, r);

    let mut options = r.section(root, "options");
    set(&mut answers.hub, r.flag(&mut options, "hub"));
    for key in ["factory", "data_filtering"] {
        if let Some(flag) = r.flag(&mut options, key) {
            answers.later.insert(options.key(key), json!(flag));
        }
    }
    r.close(options);

    cameras(answers, root, r);
}

fn set<T>(to: &mut T, from: Option<T>) {
    if let Some(from) = from {
        *to = from;
    }
}

fn later_text(answers: &mut Answers, r: &mut Reader<'_>, section: &mut Section, key: &'static str) {
    if let Some(text) = r.text(section, key, any) {
        answers.later.insert(section.key(key), json!(text));
    }
}

fn platform(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut platform = r.section(root, "platform");
    set(&mut answers.platform, r.choice(&mut platform, "kind", PLATFORMS));
    for key in ["kubeconfig", "context", "channel", "namespace_prefix", "packages", "node_images"] {
        later_text(answers, r, &mut platform, key);
    }
    if let Some(cluster) = r.choice(&mut platform, "cluster", &[("existing", "existing"), ("new", "new")]) {
        answers.later.insert("platform.cluster".into(), json!(cluster));
    }
    r.close(platform);
}

fn images(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut images = r.section(root, "images");
    answers.images.registry = r.text(&mut images, "registry", valid::registry);
    set(&mut answers.images.insecure, r.flag(&mut images, "insecure"));
    answers.images.user = r.text(&mut images, "user", any);
    answers.images.ca = r.text(&mut images, "ca", valid::folder);
    keep(r, &mut images, "password", "images.password", ANYTHING);
    r.close(images);
}

/// Says what is wrong with a secret, in words that repeat nothing of it.
type Fits = fn(&str) -> Result<(), &'static str>;

const ANYTHING: Fits = |_| Ok(());

/// Takes a secret out under its one name.
fn keep(r: &mut Reader<'_>, section: &mut Section, key: &'static str, name: &str, fits: Fits) -> bool {
    let path = section.key(key);
    match r.secret(section, key) {
        Some((spot, Given::Value(value))) => match fits(value.expose_secret()) {
            Ok(()) => r.secrets.push((name.into(), value)),
            Err(says) => r.wrong(&spot, &path, says),
        },
        Some((spot, Given::Kept(kept))) if kept != name => {
            r.wrong(&spot, &path, &format!("The kept secret of this setting is named \"{name}\"."));
        }
        Some(_) => {}
        None => return false,
    }
    true
}

fn network(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut network = r.section(root, "network");
    set(&mut answers.expose, r.choice(&mut network, "expose", EXPOSES));
    answers.subnet = r.text(&mut network, "subnet", valid::subnet);
    if let Some(range) = r.text(&mut network, "pod_range", valid::subnet) {
        answers.later.insert("network.pod_range".into(), json!(range));
    }
    let mut ports = r.section(&mut network, "ports");
    set(&mut answers.vault_port, r.number(&mut ports, "vault", valid::port));
    set(&mut answers.storage_port, r.number(&mut ports, "storage", valid::port));
    if let Some(spot) = ports.spot.clone().filter(|_| answers.vault_port == answers.storage_port) {
        r.wrong(&spot, "network.ports", "The recordings page and the video store need two different ports.");
    }
    r.close(ports);

    let mut ingress = r.section(&mut network, "ingress");
    for key in ["host", "class", "tls_secret"] {
        later_text(answers, r, &mut ingress, key);
    }
    r.close(ingress);

    let mut balancer = r.section(&mut network, "load_balancer");
    later_text(answers, r, &mut balancer, "range");
    if let Some(node) = balancer.take("annotations") {
        let mut inner = r.section_of(node, "network.load_balancer.annotations".into());
        let mut notes = Map::new();
        for (key, (spot, node)) in inner.rest() {
            match node.value {
                Value::Text(text) | Value::Typed(text) => {
                    notes.insert(key, json!(text));
                }
                _ => r.wrong(&spot, "network.load_balancer.annotations", "Each annotation is a text in quotes."),
            }
        }
        if !notes.is_empty() {
            answers.later.insert("network.load_balancer.annotations".into(), Json::Object(notes));
        }
    }
    r.close(balancer);
    r.close(network);
}

fn services(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut services = r.section(root, "services");
    let plain = &["endpoint", "bucket", "region"][..];
    set(&mut answers.object_storage, service(r, &mut services, "object_storage", false, plain, (&["access_key", "secret_key"], ANYTHING)));
    set(&mut answers.database, service(r, &mut services, "database", false, &[], (&["uri"], valid::database)));
    set(&mut answers.broker, service(r, &mut services, "broker", true, &[], (&["uri"], ANYTHING)));
    r.close(services);
}

fn service(
    r: &mut Reader<'_>,
    services: &mut Section,
    key: &'static str,
    may_be_off: bool,
    plain: &[&'static str],
    (secret, fits): (&[&'static str], Fits),
) -> Option<Service> {
    let path = services.key(key);
    let node = services.take(key)?;
    let word = match &node.value {
        Value::Text(word) => Some(word.clone()),
        Value::Typed(word) if !word.starts_with('{') => Some(word.clone()),
        _ => None,
    };
    r.origins.insert(path.clone(), node.spot.origin);
    match word.as_deref() {
        Some("bundled") => return Some(Service::Bundled),
        Some("off") if may_be_off => return Some(Service::Off),
        Some(_) => {
            let off = if may_be_off { ", \"off\"" } else { "" };
            r.wrong(&node.spot, &path, &format!("Write \"bundled\"{off} or a table with {}.", [plain, secret].concat().join(", ")));
            return None;
        }
        None => {}
    }
    let spot = node.spot.clone();
    let before = r.faults.len();
    let mut table = r.section_of(node, path.clone());
    let mut settings = BTreeMap::new();
    for name in plain {
        match r.text(&mut table, name, any) {
            Some(text) => {
                settings.insert((*name).to_string(), text);
            }
            // The region may be left out; most stores do not ask for one.
            None if *name != "region" && r.faults.len() == before => r.wrong(&spot, &path, &format!("{name} is missing.")),
            None => {}
        }
    }
    for name in secret {
        if !keep(r, &mut table, name, &format!("{key}.{name}"), fits) && r.faults.len() == before {
            r.wrong(&spot, &path, &format!("{name} is missing."));
        }
    }
    r.close(table);
    Some(Service::External { settings })
}

/// User and password as a table has them, before they are put together with an address.
#[derive(Default)]
struct Login {
    user: Option<String>,
    password: Option<(Spot, Given)>,
    record: Option<Record>,
}

fn login(r: &mut Reader<'_>, section: &mut Section) -> Login {
    Login { user: r.text(section, "user", any), password: r.secret(section, "password"), record: r.choice(section, "record", RECORDS) }
}

fn cameras(answers: &mut Answers, root: &mut Section, r: &mut Reader<'_>) {
    let mut section = r.section(root, "camera_defaults");
    let defaults = login(r, &mut section);
    r.close(section);
    let default_password = match defaults.password {
        Some((_, Given::Value(value))) => Some(value),
        Some((spot, Given::Kept(_))) => {
            r.wrong(&spot, "camera_defaults.password", "A kept secret belongs to one camera. Write it there.");
            None
        }
        None => None,
    };
    let shared = (defaults.user, default_password, defaults.record.unwrap_or(Record::Motion));
    let Some(node) = root.take("camera") else { return };
    let Value::List(list) = node.value else {
        r.wrong(&node.spot, "camera", "Each camera begins with a line [[camera]].");
        return;
    };
    for (at, node) in list.into_iter().enumerate() {
        let spot = node.spot.clone();
        let mut section = r.section_of(node, format!("camera.{at}"));
        if let Some(camera) = camera(r, &mut section, &spot, &shared) {
            if answers.cameras.iter().any(|c| c.name == camera.name) {
                r.faults.push(twin_fault(&spot, &camera.name));
            }
            answers.cameras.push(camera);
        }
        r.close(section);
    }
    // In answers a camera's place may change, so where its parts came from is not kept; that there are some is.
    r.origins.retain(|key, _| !key.starts_with("camera.") && !key.starts_with("camera_defaults."));
    r.origins.insert("camera".into(), node.spot.origin);
}

fn camera(
    r: &mut Reader<'_>,
    section: &mut Section,
    spot: &Spot,
    shared: &(Option<String>, Option<SecretString>, Record),
) -> Option<Camera> {
    let faults = r.faults.len();
    let name = r.text(section, "name", valid::name);
    let url = r.secret(section, "url");
    let sub = r.secret(section, "sub_url");
    let own = login(r, section);
    let path = section.key("");
    let path = path.trim_end_matches('.');
    for (key, there) in [("name", name.is_some()), ("url", url.is_some())] {
        if !there && r.faults.len() == faults {
            r.wrong(spot, path, &format!("{key} is missing."));
        }
    }
    let (name, url) = (name?, url?);
    let main = address_of(r, url, &section.key("url"))?;
    let sub = match sub {
        Some(sub) => Some(address_of(r, sub, &section.key("sub_url"))?),
        None => None,
    };
    let mut logins = [main.login.clone(), sub.as_ref().and_then(|s| s.login.clone())].into_iter().flatten();
    let typed = logins.next();
    if let (Some((u1, p1)), Some((u2, p2))) = (&typed, logins.next())
        && (*u1 != u2 || p1.expose_secret() != p2.expose_secret())
    {
        r.wrong(spot, path, "Both addresses of a camera use one login. Write it once, as user and password.");
        return None;
    }
    if typed.is_some() && (own.user.is_some() || own.password.is_some()) {
        r.wrong(spot, path, "The login stands twice: in the address, and as user or password. Keep one of them.");
        return None;
    }
    let kept = format!("camera.{name}.password");
    let (user, password) = match (typed, own.user, own.password) {
        (Some((user, password)), _, _) => (Some(user), Some(password)),
        (None, user, Some((spot, given))) => {
            let user = user.or_else(|| shared.0.clone());
            if user.is_none() {
                r.wrong(&spot, &section.key("password"), "A password needs a user beside it.");
            }
            match given {
                Given::Value(value) => (user, Some(value)),
                Given::Kept(name) => {
                    if name != kept {
                        r.wrong(&spot, &section.key("password"), &format!("The kept secret of this setting is named \"{kept}\"."));
                    }
                    (user, None)
                }
            }
        }
        (None, Some(user), None) => (Some(user), Some(shared.1.clone().unwrap_or_else(|| String::new().into()))),
        (None, None, None) => (shared.0.clone(), shared.0.as_ref().map(|_| shared.1.clone().unwrap_or_else(|| String::new().into()))),
    };
    let record = own.record.unwrap_or(shared.2);
    let (url, whole) = address::apart(main.whole());
    let (sub_url, whole_sub) = sub.map(|s| address::apart(s.whole())).unzip();
    let camera = Camera { name, url, sub_url, user, record };
    r.secrets.extend(address::secrets(&camera, password.as_ref(), whole.as_ref(), whole_sub.flatten().as_ref()));
    Some(camera)
}

fn address_of(r: &mut Reader<'_>, given: (Spot, Given), key: &str) -> Option<Address> {
    let (spot, given) = given;
    let split = match given {
        Given::Value(value) => address::written(value.expose_secret()),
        Given::Kept(_) => Err("Write the address itself; only its password can be a kept secret.".into()),
    };
    match split {
        Ok(address) => Some(address),
        Err(says) => {
            r.wrong(&spot, key, &says);
            None
        }
    }
}
