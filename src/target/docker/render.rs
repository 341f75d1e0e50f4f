//! One component of the stack, described neutrally, becomes a container. See `recipes/` for what is described.

use std::collections::BTreeMap;

use super::{RENDERER, image};
use crate::model::answers::{Answers, Camera, Expose, Record, Service};
use crate::model::engine::{ContainerSpec, MountSpec, Publish};
use crate::model::fault::{Fault, Whose};
use crate::model::host::HostReport;
use crate::model::recipe::{Component, ComponentShape, Reach, SecretAs, SecretValue, StartAs, Value, takes_over};
use crate::model::registry::is_loopback;
use crate::model::survey::Survey;
use crate::model::text::{Piece, Text};
use crate::recipe::condition::{self, Chosen, Truth};
use crate::recipe::{Recipes, size, text};
use crate::target::workload::{DataNeed, Folder, HealthNeed, Owner, SecretFile, SecretNeed, Workload};

/// All that a rendering depends on.
pub struct Inputs<'a> {
    /// The machine.
    pub host: &'a HostReport,
    /// What was learnt after the answers.
    pub survey: &'a Survey,
    /// The answers.
    pub answers: &'a Answers,
    /// The recipes.
    pub recipes: &'a Recipes,
    /// State folder of the site.
    pub state: &'a str,
    /// Megabytes that each camera's recorder may keep, by camera.
    pub agent_megabytes: BTreeMap<String, u64>,
}

/// The secret with the whole address of somebody else's database, its login included.
const DATABASE_URI: &str = "database.uri";

/// Bits a second that a camera is taken to send before it was measured: what a 1080p camera sends at most (16 Mbit/s).
const UNMEASURED_BITS: f64 = 16e6;

/// Where a predicate is unknown, a component or variable is left in: its own check speaks of it.
fn holds(names: &[String], i: &Inputs) -> bool {
    names.iter().filter_map(|n| condition::find(n)).all(|p| !matches!((p.test)(i.host, i.answers), Truth::No))
}

/// Every component of the site as it will run, each after those it needs.
pub fn workloads(i: &Inputs) -> Result<Vec<Workload>, Fault> {
    let mut out = vec![];
    let present: Vec<&Component> = i.recipes.components.iter().filter(|c| holds(&c.only, i)).collect();
    for c in &present {
        if c.shape == ComponentShape::PerCamera {
            let bare = Answers { cameras: vec![], ..i.answers.clone() };
            for camera in &i.answers.cameras {
                // What a predicate tells of cameras, it tells of this one.
                let answers = Answers { cameras: vec![camera.clone()], ..bare.clone() };
                let agent_megabytes = i.agent_megabytes.get_key_value(&camera.name).map(|(k, v)| (k.clone(), *v)).into_iter().collect();
                out.push(one(c, Some(&camera.name), &present, &Inputs { answers: &answers, agent_megabytes, ..*i })?);
            }
        } else {
            out.push(one(c, None, &present, i)?);
        }
    }
    Ok(out)
}

/// The name a secret is kept under: those of a recorder and its camera are kept a camera.
fn secret_name(name: &str, c: &Component, camera: Option<&str>) -> String {
    match (camera, name.split_once('.')) {
        (Some(camera), Some((owner, rest))) if owner == "camera" || owner == c.name => format!("{owner}.{camera}.{rest}"),
        _ => name.to_string(),
    }
}

fn fill(source: &str, c: &Component, camera: Option<&str>, i: &Inputs) -> Result<Text, Fault> {
    let filled = text::fill(source, &|hole| {
        let parts: Vec<&str> = hole.split('.').collect();
        match parts[..] {
            ["site"] => Some(Text::literal(&i.answers.site)),
            ["timezone"] => Some(Text::literal(timezone(i))),
            ["address", name] => Some(Text::literal(name)),
            ["camera", "name"] => camera.map(Text::literal),
            ["camera", "continuous"] => {
                let always = i.answers.cameras.iter().any(|k| Some(k.name.as_str()) == camera && k.record == Record::Always);
                Some(Text::literal(always.to_string()))
            }
            ["gives", owner, given] => {
                let owner = i.recipes.component(owner)?;
                match given_instead(owner, given, i) {
                    Some(secret) => Some(Text::secret(secret)),
                    None => fill(owner.gives.get(given)?, owner, None, i).ok(),
                }
            }
            ["secret", ..] => Some(Text::secret(secret_name(hole.strip_prefix("secret.")?, c, camera))),
            _ => None,
        }
    });
    filled
        .map_err(|hole| Fault::new(Whose::Input, "RECIPE-BAD", format!("The recipe of {} names ${{{hole}}}, which there is not.", c.name)))
}

/// The secret with the address of a service that somebody else runs in a component's place.
fn given_instead(owner: &Component, given: &str, i: &Inputs) -> Option<&'static str> {
    let named = |predicate: &str| owner.only.iter().any(|o| o == predicate);
    let elsewhere = matches!(i.answers.database, Service::External { .. });
    (given == "uri" && elsewhere && named("database-bundled")).then_some(DATABASE_URI)
}

/// The answer, else the machine's own, else UTC: never a name that the list of zones does not have.
fn timezone(i: &Inputs) -> String {
    i.answers
        .timezone
        .clone()
        .or_else(|| i.host.timezone.get().cloned())
        .filter(|n| jiff::tz::TimeZone::get(n).is_ok())
        .unwrap_or_else(|| "UTC".into())
}

/// The image that data of this version needs, where the chosen one cannot take it over: a machine that changed (another processor,
/// another kernel) does not change what lies on its disk.
fn kept<'a>(c: &'a Component, chosen: &Chosen, there: &str) -> Option<Chosen<'a>> {
    let data = c.image.data.as_ref()?;
    if takes_over(&data.versions, data.step, there, data.version(&chosen.choice.tag)?) {
        return None;
    }
    let choice = c.image.choose.iter().find(|o| data.version(&o.tag) == Some(there))?;
    let although = chosen.because.as_ref().map(|b| format!(", although {b}")).unwrap_or_default();
    Some(Chosen { choice, because: Some(format!("what it keeps here is of version {there}{although}")), unknown: None })
}

fn one(c: &Component, camera: Option<&str>, present: &[&Component], i: &Inputs) -> Result<Workload, Fault> {
    let name = camera.map_or_else(|| c.name.clone(), |k| format!("{}-{k}", c.name));
    let chosen = condition::choose(&c.image.choose, i.host, i.answers)
        .ok_or_else(|| Fault::new(Whose::Input, "RECIPE-BAD", format!("The recipe of {} has no image for this machine.", c.name)))?;
    let chosen = i.survey.data_versions.get(&name).and_then(|there| kept(c, &chosen, there)).unwrap_or(chosen);
    let image = image::name(&format!("{}:{}", c.image.name, chosen.choice.tag), &i.answers.images);
    let base = if camera.is_some() {
        format!("{}/{}s/{}", i.answers.path, c.name, camera.unwrap_or_default())
    } else {
        format!("{}/{}", i.answers.path, c.name)
    };

    let mut spec = ContainerSpec {
        name: format!("{}-{name}", i.answers.site),
        image,
        hostname: Some(name.clone()),
        args: c.args.clone(),
        network: i.answers.site.clone(),
        aliases: vec![name.clone()],
        no_new_privileges: !c.file_capability,
        capabilities: c.capabilities.clone(),
        read_only_root: c.read_only_root.is_some(),
        stop_seconds: c.resources.stop_seconds,
        files: c.resources.files,
        shm: c.resources.shm.as_deref().and_then(size::bytes),
        log_limit: Some((10_000_000, 3)),
        ..ContainerSpec::default()
    };
    spec.labels = BTreeMap::from([
        ("io.kerbup.site".to_string(), i.answers.site.clone()),
        ("io.kerbup.component".to_string(), c.name.clone()),
        ("io.kerbup.state".to_string(), i.state.to_string()),
        ("io.kerbup.renderer".to_string(), RENDERER.to_string()),
    ]);
    if let Some(camera) = camera {
        spec.labels.insert("io.kerbup.camera".into(), camera.into());
    }

    let (owner, user) = match c.user.image.as_deref() {
        None => (Owner::Ids(0, 0), None),
        Some("named") => (Owner::Image, None),
        Some(ids) => {
            let (u, g) = ids.split_once(':').and_then(|(u, g)| Some((u.parse().ok()?, g.parse().ok()?))).ok_or_else(|| {
                Fault::new(Whose::Input, "RECIPE-BAD", format!("The recipe of {} has a user `{ids}`, which is not uid:gid.", c.name))
            })?;
            (Owner::Ids(u, g), Some(ids.to_string()))
        }
    };
    spec.user = if c.user.start_as == StartAs::Same { user } else { None };

    let mut folders = vec![];
    for v in &c.volumes {
        if v.keep {
            let path = format!("{base}/{}", v.name);
            spec.mounts.push(MountSpec::Bind { source: path.clone(), target: v.path.clone(), read_only: false });
            let seed = v.seed.iter().map(|(to, from)| (format!("{path}/{to}"), from.clone())).collect();
            folders.push(Folder { volume: v.name.clone(), path, parts: v.parts.clone(), keep: true, seed });
        } else {
            spec.mounts.push(MountSpec::Tmpfs { target: v.path.clone(), size: Some(64 << 20), mode: Some(0o1777) });
        }
    }
    for path in c.read_only_root.iter().flat_map(|r| &r.writable) {
        spec.mounts.push(MountSpec::Tmpfs { target: path.clone(), size: Some(256 << 20), mode: Some(0o1777) });
    }

    let mut needs = Secretive { secrets: vec![], files: vec![] };
    for (variable, value) in &c.env {
        match value {
            Value::Text(t) => {
                spec.env.insert(variable.clone(), fill(t, c, camera, i)?);
            }
            Value::When(w) if holds(&w.only, i) => {
                spec.env.insert(variable.clone(), fill(&w.text, c, camera, i)?);
            }
            Value::Secret(s) if holds(&s.only, i) => {
                let text = needs.value(s, c, camera, i, &name, &mut spec.mounts);
                spec.env.insert(variable.clone(), text);
            }
            Value::When(_) | Value::Secret(_) => {}
        }
    }
    // Other components' secrets that stand inside an address.
    let named: Vec<String> = spec.env.values().flat_map(|t| t.secrets().map(str::to_string).collect::<Vec<_>>()).collect();
    for secret in named {
        needs.need(&secret, crate::model::recipe::Make::Password);
    }
    if let Some(s) = &c.health.password {
        needs.need(&secret_name(&s.secret, c, camera), s.make);
    }
    if let (Some(clean), Some(megabytes)) = (&c.cleans_itself, camera.and_then(|k| i.agent_megabytes.get(k))) {
        spec.env.insert(clean.variable.clone(), Text::literal(megabytes.to_string()));
    }

    let memory = &c.resources.memory;
    let read = |s: &Option<String>| s.as_deref().and_then(size::bytes);
    spec.memory_reservation = read(&memory.request);
    spec.memory = match (read(&memory.limit), read(&memory.base), read(&memory.per_mbit)) {
        (Some(limit), ..) => Some(limit),
        (None, Some(base), per) => {
            let bits = camera.and_then(|k| i.survey.cameras.get(k)).and_then(|s| s.bits_per_second).unwrap_or(UNMEASURED_BITS);
            Some(base + (per.unwrap_or(0) as f64 * (bits / 1e6).ceil()) as u64)
        }
        _ => None,
    };

    let mut outside = None;
    for p in &c.ports {
        if p.reach == Reach::Exposed {
            let host = match p.outside.as_deref() {
                Some("storage") => i.answers.storage_port,
                _ => i.answers.vault_port,
            };
            let lan = i.answers.expose == Expose::Lan;
            spec.publish.push(Publish { address: if lan { "0.0.0.0" } else { "127.0.0.1" }.into(), host, container: p.port });
            outside = Some((host, lan));
        }
    }
    if i.answers.cameras.iter().filter(|k| Some(k.name.as_str()) == camera).flat_map(Camera::addresses).any(on_this_machine) {
        spec.extra_hosts.push("host.docker.internal:host-gateway".into());
    }
    spec.extra_hosts.extend(camera.iter().flat_map(|k| found_here(k, i)));
    let health_port = c.ports.iter().find(|p| p.name == c.health.port).map_or(0, |p| p.port);
    Ok(Workload {
        name,
        kind: c.name.clone(),
        camera: camera.map(str::to_string),
        title: c.title.clone(),
        product: c.product.clone(),
        does: c.does.clone(),
        image_because: chosen.because.clone().or(chosen.unknown.clone()),
        needs: c.needs.iter().filter(|n| present.iter().any(|p| p.name == **n)).cloned().collect(),
        spec,
        folders,
        files: needs.files,
        secrets: needs.secrets,
        owner,
        health: HealthNeed {
            probe: c.health.probe.clone(),
            port: health_port,
            user: c.health.user.clone(),
            password: c.health.password.as_ref().map(|s| secret_name(&s.secret, c, camera)),
            path: c.health.path.clone(),
            within: size::seconds(&c.health.within).unwrap_or(90),
        },
        data: c.image.data.as_ref().and_then(|d| {
            let version = d.version(&chosen.choice.tag)?.to_string();
            Some(DataNeed { volume: d.volume.clone(), version, versions: d.versions.clone(), step: d.step })
        }),
        outside,
        provision: c.provision.clone(),
    })
}

/// Names of a camera that only this machine finds, with the addresses it found: a container hears no mDNS.
fn found_here(camera: &str, i: &Inputs) -> Vec<String> {
    let hosts = i.answers.cameras.iter().filter(|c| c.name == camera).flat_map(local_names);
    let mut entries: Vec<String> = hosts.filter_map(|h| Some(format!("{h}:{}", i.survey.hosts.get(&h)?))).collect();
    entries.dedup();
    entries
}

/// Names ending in `.local` in a camera's addresses: multicast names, which end at this machine's own network.
pub fn local_names(camera: &Camera) -> Vec<String> {
    let hosts = camera.addresses().filter_map(|u| url::Url::parse(u).ok());
    hosts.filter_map(|u| Some(u.host_str()?.trim_end_matches('.').to_ascii_lowercase())).filter(|h| h.ends_with(".local")).collect()
}

/// A camera's address that names the machine itself: it is reached through the network's gateway.
fn on_this_machine(address: &str) -> bool {
    url::Url::parse(address).ok().and_then(|u| u.host_str().map(is_loopback)).unwrap_or(false)
}

struct Secretive {
    secrets: Vec<SecretNeed>,
    files: Vec<SecretFile>,
}

impl Secretive {
    fn need(&mut self, name: &str, make: crate::model::recipe::Make) {
        if !self.secrets.iter().any(|s| s.name == name) {
            // The camera's address comes from a person, whatever names it, and so does that of a database.
            let make = if name.starts_with("camera.") || name == DATABASE_URI { crate::model::recipe::Make::Given } else { make };
            self.secrets.push(SecretNeed { name: name.into(), make });
        }
    }

    fn value(
        &mut self,
        s: &SecretValue,
        c: &Component,
        camera: Option<&str>,
        i: &Inputs,
        workload: &str,
        mounts: &mut Vec<MountSpec>,
    ) -> Text {
        let mut secret = secret_name(&s.secret, c, camera);
        // Inside a container `localhost` is the container: the drive keeps the address as seen from there beside the other.
        let of = i.answers.cameras.iter().find(|k| Some(k.name.as_str()) == camera);
        let address = of.and_then(|k| match s.secret.as_str() {
            "camera.url" => Some(k.url.as_str()),
            "camera.sub_url" => k.sub_url.as_deref(),
            _ => None,
        });
        if let (true, Some((camera, what))) = (address.is_some_and(on_this_machine), secret.rsplit_once('.')) {
            secret = format!("{camera}.inside-{what}");
        }
        self.need(&secret, s.make);
        match s.as_ {
            SecretAs::Env => Text(vec![Piece::Secret { secret }]),
            SecretAs::File => {
                let path = format!("{}/files/{workload}/{secret}", i.state);
                let target = format!("/run/secrets/{secret}");
                mounts.push(MountSpec::Bind { source: path.clone(), target: target.clone(), read_only: true });
                self.files.push(SecretFile { secret, path });
                Text::literal(target)
            }
        }
    }
}

#[cfg(test)]
mod tests;
