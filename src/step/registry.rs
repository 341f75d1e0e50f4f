//! What Docker must be told before it takes images from a registry of one's own: that it speaks plain HTTP (its settings file,
//! which it reads again while it runs), or whose certificates it trusts for it (a file of their own, read at each download).
//! Nothing is restarted, no container stops.

use std::io::ErrorKind;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::daemon::{live, refuse_flags, reload, until};
use super::{Context, Kind, file_fault, files, value, with};
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::model::registry::takes_plain;
use crate::target::docker::settings::{self, Settings};
use crate::world::files::Files;
use crate::world::processes::Command;

pub use crate::target::docker::settings::PATH;

/// Where Docker looks for the certificates of each registry.
pub const AUTHORITIES: &str = "/etc/docker/certs.d";

/// The kind.
pub struct Registry;

/// What it needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct With {
    /// Host and port of the registry.
    pub host: String,
    /// What Docker is told of it.
    pub trust: Trust,
}

/// What Docker is told of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trust {
    /// It speaks plain HTTP.
    Plain {
        /// Docker is a service of systemd.
        systemd: bool,
    },
    /// Its certificate is signed by these.
    Authority {
        /// PEM.
        pem: String,
    },
}

impl With {
    /// The file that is changed.
    pub fn path(&self) -> String {
        match self.trust {
            Trust::Plain { .. } => PATH.into(),
            Trust::Authority { .. } => format!("{AUTHORITIES}/{}/ca.crt", self.host),
        }
    }

    /// The commands to do it by hand; `ca` is the person's own file.
    pub fn by_hand(&self, ca: &str) -> Vec<String> {
        let path = self.path();
        let folder = format!("sudo mkdir -p {}", quoted(parent(&path)));
        match self.trust {
            Trust::Plain { systemd } => {
                let reload = if systemd { "sudo systemctl reload docker" } else { "sudo kill -HUP \"$(cat /var/run/docker.pid)\"" };
                vec![folder, format!("sudoedit {path}  # \"insecure-registries\": [\"{}\"]", self.host), reload.into()]
            }
            Trust::Authority { .. } => vec![folder, format!("sudo install -m 644 {} {}", quoted(ca), quoted(&path))],
        }
    }
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    Command::new(word, &[]).by_hand()
}

/// A file as it was before, its body kept beside the journal: it may hold the login of a proxy.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Former {
    sha256: String,
    mode: u32,
    uid: u32,
    gid: u32,
}

/// What takes it back.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Undo {
    /// Folders that were missing.
    folders: Vec<String>,
    /// The file, where there was one.
    before: Option<Former>,
    /// Registries without TLS that it named, where it spoke of them.
    listed: Option<Vec<String>>,
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

/// Where a path really is: a link is left as it is, and what it points to is changed.
fn real(f: &dyn Files, path: &str) -> String {
    let mut at = path.to_string();
    for _ in 0..8 {
        match f.read_link(&at) {
            Ok(to) if to.starts_with('/') => at = to,
            Ok(to) => at = format!("{}/{to}", parent(&at)),
            Err(_) => break,
        }
    }
    at
}

fn read(f: &dyn Files, path: &str) -> Result<Option<Vec<u8>>, Fault> {
    match f.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(file_fault(&e, path)),
    }
}

/// Mode and owner of a file as it is, or as root makes one for all to read.
fn former(f: &dyn Files, path: &str, bytes: &[u8]) -> Former {
    let (mode, uid, gid) = f.meta(path).map_or((0o644, f.uid(), 0), |m| (m.mode, m.uid, m.gid));
    Former { sha256: digest(bytes), mode, uid, gid }
}

fn write(f: &dyn Files, path: &str, bytes: &[u8], as_: &Former) -> Result<(), Fault> {
    f.write(path, bytes, as_.mode).map_err(|e| file_fault(&e, path))?;
    let now = f.meta(path).map_err(|e| file_fault(&e, path))?;
    if (now.uid, now.gid) != (as_.uid, as_.gid) && f.uid() == 0 {
        f.set_owner(path, as_.uid, as_.gid).map_err(|e| file_fault(&e, path))?;
    }
    Ok(())
}

fn remove(f: &dyn Files, path: &str) -> Result<(), Fault> {
    match f.remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(file_fault(&e, path)),
        _ => Ok(()),
    }
}

fn body(cx: &Context, sha256: &str) -> String {
    format!("{}/undo/{sha256}", cx.state)
}

/// The body of a file as it was before; none where it is lost or is no longer that.
fn kept(cx: &Context, undo: &Undo) -> Option<(Vec<u8>, Former)> {
    let before = undo.before.clone()?;
    let bytes = cx.world.files.read(&body(cx, &before.sha256)).ok()?;
    (digest(&bytes) == before.sha256).then_some((bytes, before))
}

/// The registry that an earlier run of this site told Docker of.
fn told_before(cx: &Context) -> Option<&str> {
    cx.made.as_ref()?["host"].as_str()
}

/// A step of another site that told Docker the same, with its undo and its state folder.
fn told_by_another<'a>(w: &With, cx: &'a Context) -> Option<(Undo, &'a str)> {
    let all = cx.neighbours.iter().flat_map(|n| n.steps.iter().map(move |(step, undo)| (n, step, undo)));
    let mut told = all.filter(|(_, s, _)| s.kind == "registry" && with::<With>(s).is_ok_and(|other| other == *w));
    told.find_map(|(n, _, undo)| Some((serde_json::from_value(undo.clone()).ok()?, n.state.as_str())))
}

/// Another site takes its images from this registry.
fn needed(host: &str, cx: &Context) -> bool {
    let mut images = cx.neighbours.iter().flat_map(|n| &n.steps).filter_map(|(s, _)| s.with.text("image"));
    images.any(|image| image.strip_prefix(host).is_some_and(|rest| rest.starts_with('/')))
}

/// What another site's step takes back is what this one does, if it is the last of them: the body of the file comes along.
fn inherit(undo: &Undo, from: &str, cx: &Context) -> Result<(), Fault> {
    let (Some(before), f) = (&undo.before, &*cx.world.files) else { return Ok(()) };
    // Where it is lost, the entry alone is taken out.
    let Ok(bytes) = f.read(&format!("{from}/undo/{}", before.sha256)) else { return Ok(()) };
    let body = body(cx, &before.sha256);
    files::make(f, parent(&body), 0o700)?;
    f.write(&body, &bytes, 0o600).map_err(|e| file_fault(&e, &body))
}

/// Makes Docker's settings what they were before, or what they are without these registries, in the file and in the Docker that
/// runs. What it does not do at once it does at its next start: the file is right.
async fn put_back(cx: &Context, systemd: bool, path: &str, last: Option<(&[u8], &Former)>, hosts: &[String]) -> Result<(), Fault> {
    let f = &*cx.world.files;
    let log = |why: &str| cx.report.log("docker", why);
    let end = settings::read(PATH, last.map_or(&[][..], |(bytes, _)| bytes))?;
    let clings = live(cx).await.is_ok_and(|listed| hosts.iter().any(|h| listed.contains(h)));
    if settings::listed(&end).is_none() && clings {
        let none = settings::text(&settings::naming_none(&end), last.map_or(&[][..], |(bytes, _)| bytes));
        write(f, path, &none, &former(f, path, &none))?;
        match reload(cx, systemd).await {
            Ok(()) if until(cx, hosts, false).await => {}
            Ok(()) => log("it still takes images without TLS from the registry; it will not after its next start"),
            Err(why) => log(&why),
        }
    }
    match last {
        Some((bytes, as_)) => write(f, path, bytes, as_)?,
        None => remove(f, path)?,
    }
    if let Err(why) = reload(cx, systemd).await {
        log(&why);
    }
    Ok(())
}

/// Tells Docker that a registry speaks plain HTTP. Where it does not take it, its settings are as before.
async fn tell(cx: &Context, host: &str, systemd: bool) -> Result<Value, Fault> {
    let f = &*cx.world.files;
    let path = real(f, PATH);
    let bytes = read(f, &path)?;
    let before = bytes.as_deref().unwrap_or_default();
    let now = settings::read(PATH, before)?;
    // The registry of older answers goes as the new one comes: both are one change of the machine.
    let older: Vec<String> = told_before(cx).filter(|h| *h != host && !needed(h, cx)).map(str::to_string).into_iter().collect();
    let wanted = settings::with(&settings::without(&now, &older, true), host);
    let made = json!({ "host": host });
    let taken = live(cx).await.is_ok_and(|listed| takes_plain(&listed, host));
    if taken && wanted == now {
        return Ok(made);
    }
    if taken && told_before(cx).is_none() {
        // Somebody told it otherwise since an earlier run could not.
        return Ok(json!({ "already": true }));
    }
    refuse_flags(f, host)?;
    let as_ = former(f, &path, before);
    if wanted != now {
        files::make(f, parent(&path), 0o755)?;
        write(f, &path, &settings::text(&wanted, before), &as_)?;
    }
    let hosts = [host.to_string()];
    let why = match reload(cx, systemd).await {
        Ok(()) if until(cx, &hosts, true).await => return Ok(made),
        Ok(()) => format!("It was told in {PATH}, read its settings again, and does not name {host} among its insecure registries."),
        Err(why) => why,
    };
    put_back(cx, systemd, &path, bytes.as_deref().map(|b| (b, &as_)), &hosts).await?;
    Err(Fault::new(Whose::Machine, "DOCKER-SETTINGS-REFUSED", format!("Docker does not take it in that {host} speaks plain HTTP."))
        .because(why)
        .because(format!("{PATH} is as it was before."))
        .cure("See what Docker says: sudo journalctl -u docker -n 20.")
        .cure(format!(
            "\"specified both as a flag and in the configuration file\" means that it was started with --insecure-registry: add \
             --insecure-registry={host} there and restart Docker. Then run kerbup again."
        )))
}

/// Takes out what `tell` put in.
async fn untell(cx: &Context, host: &str, systemd: bool, undo: &Undo) -> Result<(), Fault> {
    let f = &*cx.world.files;
    let path = real(f, PATH);
    let Some(bytes) = read(f, &path)? else { return Ok(()) };
    let now = settings::read(PATH, &bytes)?;
    let mut hosts: Vec<String> = [Some(host), told_before(cx)].into_iter().flatten().map(str::to_string).collect();
    hosts.retain(|h| !undo.listed.iter().flatten().any(|l| l == h) && !needed(h, cx));
    let rest = settings::without(&now, &hosts, undo.listed.is_some());
    if rest == now {
        return Ok(());
    }
    let text = settings::text(&rest, &bytes);
    let as_ = former(f, &path, &text);
    let old = kept(cx, undo).filter(|(old, _)| settings::read(PATH, old).is_ok_and(|was: Settings| was == rest));
    let last = match &old {
        // Nothing but ours was changed since: the very bytes that lay there.
        Some((bytes, was)) => Some((&bytes[..], was)),
        None if undo.before.is_none() && rest.is_empty() => None,
        None => Some((&text[..], &as_)),
    };
    put_back(cx, systemd, &path, last, &hosts).await
}

#[async_trait]
impl Kind for Registry {
    fn name(&self) -> &'static str {
        "registry"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        let (f, path) = (&*cx.world.files, w.path());
        let ours = if cx.made.is_some() { StepState::OursAlready } else { StepState::AlreadyThere };
        let differs = |what: String| Ok(StepState::Different { diff: vec![what] });
        if let Trust::Authority { pem } = &w.trust {
            return match read(f, &path)? {
                None => Ok(StepState::Absent),
                Some(bytes) if bytes == pem.as_bytes() => Ok(ours),
                Some(_) => differs(format!("{path} holds other certificates")),
            };
        }
        let taken = takes_plain(&live(cx).await?, &w.host);
        let told = told_before(cx);
        if taken && told.is_none() {
            return Ok(ours);
        }
        let now = settings::read(PATH, &read(f, &real(f, PATH))?.unwrap_or_default())?;
        let written = settings::listed(&now).is_some_and(|l| l.contains(&w.host));
        match told {
            Some(other) if other != w.host => return differs(format!("Docker was told of {other}")),
            _ if written && taken => return Ok(ours),
            _ => refuse_flags(f, &w.host)?,
        }
        match (written, taken) {
            (true, _) => differs("Docker has not read its settings since".into()),
            (false, true) => differs(format!("{path} no longer names {}", w.host)),
            (false, false) => Ok(StepState::Absent),
        }
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        if let Some((undo, from)) = told_by_another(&w, cx) {
            inherit(&undo, from, cx)?;
            return value(&undo);
        }
        let (f, path) = (&*cx.world.files, real(&*cx.world.files, &w.path()));
        let mut undo = Undo { folders: files::missing(f, parent(&path))?, ..Undo::default() };
        if let Some(bytes) = read(f, &path)? {
            if let Trust::Plain { .. } = w.trust {
                undo.listed = settings::listed(&settings::read(PATH, &bytes)?);
            }
            let before = former(f, &path, &bytes);
            let body = body(cx, &before.sha256);
            files::make(f, parent(&body), 0o700)?;
            f.write(&body, &bytes, 0o600).map_err(|e| file_fault(&e, &body))?;
            undo.before = Some(before);
        }
        value(&undo)
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let pem = match &w.trust {
            Trust::Plain { systemd } => return tell(cx, &w.host, *systemd).await,
            Trust::Authority { pem } => pem.as_bytes(),
        };
        let (f, path) = (&*cx.world.files, real(&*cx.world.files, &w.path()));
        files::make(f, parent(&path), 0o755)?;
        f.write(&path, pem, 0o644).map_err(|e| file_fault(&e, &path))?;
        Ok(json!({ "host": w.host, "sha256": digest(pem) }))
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        let undo: Undo = serde_json::from_value(undo.clone()).unwrap_or_default();
        let (f, path) = (&*cx.world.files, real(&*cx.world.files, &w.path()));
        if needed(&w.host, cx) {
            cx.report.log("kerbup", &format!("Docker goes on taking images from {}: another site here needs them", w.host));
            return Ok(());
        }
        match &w.trust {
            Trust::Plain { systemd } => untell(cx, &w.host, *systemd, &undo).await?,
            Trust::Authority { pem } => {
                let now = read(f, &path)?.map(|bytes| digest(&bytes));
                let made = cx.made.as_ref().and_then(|m| m["sha256"].as_str());
                // What somebody wrote there since is theirs.
                if now.is_some_and(|now| now == digest(pem.as_bytes()) || Some(now.as_str()) == made) {
                    match kept(cx, &undo) {
                        Some((bytes, was)) => write(f, &path, &bytes, &was)?,
                        None if undo.before.is_none() => remove(f, &path)?,
                        None => {}
                    }
                }
            }
        }
        files::remove_empty(f, &undo.folders)
    }
}

#[cfg(test)]
mod tests;
