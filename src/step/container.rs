//! One component: its folders, seeds, secret files and container, started and asked until it answers.
//!
//! A first start that was cut off may leave a database that initialised half. While nothing was ever stored in it, its
//! folder is wiped and it starts anew; from its first healthy answer on, it is never wiped again.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::owner::owner;
use super::{Context, Kind, data_version, engine_fault, file_fault, files, label, storage, value, with};
use crate::health;
use crate::model::engine::{ContainerSpec, ContainerState, Observed};
use crate::model::event::Unit;
use crate::model::fault::{Fault, Whose};
use crate::model::health::ComponentState;
use crate::model::plan::{Step, StepState};
use crate::model::recipe::ComponentShape;
use crate::model::subnet::Subnet;
use crate::target::workload::Workload;
use crate::world::engine::{EngineError, LogFrom};

/// The kind.
pub struct Container;

/// What it needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct With {
    /// The component as it will run.
    pub workload: Workload,
    /// How many of it run, and whether it keeps data.
    pub shape: ComponentShape,
    /// It is waited for until it answers; a camera's recorder is not, its camera may be off.
    pub wait: bool,
    /// Folder for recordings.
    pub storage: String,
    /// Subnet of its network, where a person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct Undo {
    folders: Vec<String>,
}

/// Digest of everything a container is made from; kept as its label, so that a change is seen.
pub fn digest(spec: &ContainerSpec) -> String {
    let bytes = serde_json::to_vec(spec).unwrap_or_default();
    Sha256::digest(&bytes).iter().take(12).map(|b| format!("{b:02x}")).collect()
}

const DIGEST: &str = "io.kerbup.rendering";

pub(super) async fn standing(w: &Workload, cx: &Context) -> Result<Option<Observed>, Fault> {
    cx.world.engine.container(&w.spec.name).await.map_err(|e| engine_fault(e, &w.spec.name))
}

fn first_mark(w: &Workload, cx: &Context) -> String {
    format!("{}/first-start/{}", cx.state, w.name)
}

/// Makes the secrets of a step that has to wait for others yet: a recorder's key takes computing, and the wait is long enough.
/// They are kept nowhere before the step itself keeps them.
pub fn make_secrets(step: &Step, secrets: &crate::secrets::Secrets) {
    let Ok(w) = with::<With>(step) else { return };
    for need in &w.workload.secrets {
        // What fails here fails again in the step, which says so.
        let _ = secrets.ensure(&need.name, need.make);
    }
}

#[async_trait]
impl Kind for Container {
    fn name(&self) -> &'static str {
        "container"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        data_version::fits(&w, cx)?;
        let Some(seen) = standing(&w.workload, cx).await? else { return Ok(StepState::Absent) };
        if seen.labels.get("io.kerbup.site") != Some(&cx.site) {
            return Err(Fault::new(
                Whose::Machine,
                "NAME-TAKEN",
                format!("There is a container {} already that kerbup did not make.", seen.name),
            )
            .because(format!("Its image is {}.", seen.image))
            .cure(format!("Give this site another name, or look at it and remove it: docker rm {}", seen.name)));
        }
        let mut diff = vec![];
        if data_version::behind(&w, cx) {
            diff.push("its data is still of an older version".to_string());
        }
        if seen.labels.get(DIGEST) != Some(&digest(&w.workload.spec)) {
            let anew = if seen.state == ContainerState::Running { ": it stops for some seconds and starts anew" } else { "" };
            diff.push(format!("its settings differ{anew}"));
        }
        if seen.state != ContainerState::Running {
            diff.push("it does not run".to_string());
        }
        if seen.state == ContainerState::Running && !seen.addresses.contains_key(&w.workload.spec.network) {
            diff.push("it is not on its network".to_string());
        }
        // Its network is made anew before it, and takes it away: a container keeps its address as long as it is there.
        let address = seen.addresses.get(&w.workload.spec.network);
        if let (Some(subnet), Some(address)) = (w.subnet.as_deref().and_then(Subnet::parse), address)
            && address.parse().is_ok_and(|a| !subnet.holds(a))
        {
            diff.push("its address is of a network that goes".to_string());
        }
        if cx.made.is_none() {
            diff.push("it was never seen healthy".to_string());
        }
        Ok(if diff.is_empty() { StepState::OursAlready } else { StepState::Different { diff } })
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let mut folders = vec![];
        for folder in &w.workload.folders {
            folders.extend(files::missing(&*cx.world.files, &folder.path)?);
        }
        value(&Undo { folders })
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        // Before anything is taken away: data that does not fit keeps the container that can read it.
        data_version::fits(&w, cx)?;
        for need in &w.workload.secrets {
            let (secrets, name, make) = (cx.secrets.clone(), need.name.clone(), need.make);
            // A key takes seconds of computing: not on the loop that draws the screen.
            let made = tokio::task::spawn_blocking(move || secrets.ensure(&name, make)).await;
            made.map_err(|e| Fault::new(Whose::Ours, "KEY-NOT-MADE", "A secret could not be made.").because(e.to_string()))??;
        }
        cx.save_secrets()?;
        cx.secrets.save(&*cx.world.files, &format!("{}/.kerbup/secrets.toml", w.storage))?;

        let seen = standing(&w.workload, cx).await?;
        let same = seen.as_ref().is_some_and(|s| s.labels.get(DIGEST) == Some(&digest(&w.workload.spec)));
        if seen.is_some() && !same {
            cx.world.engine.remove(&w.workload.spec.name).await.map_err(|e| engine_fault(e, &w.workload.spec.name))?;
        }
        // Made but never healthy, by a run that was cut off: what it began may be half.
        let cut = files::there(&*cx.world.files, &first_mark(&w.workload, cx)) && w.shape == ComponentShape::Stateful;
        if cut {
            cx.world.engine.remove(&w.workload.spec.name).await.map_err(|e| engine_fault(e, &w.workload.spec.name))?;
            for folder in &w.workload.folders {
                cx.report.log("kerbup", &format!("{} was cut off at its first start: it starts anew", w.workload.title));
                files::remove(&*cx.world.files, &folder.path)?;
            }
        }
        let owner = owner(&w.workload, cx).await?;
        folders(&w, owner, cx).await?;
        if !same || cut {
            create(&w.workload, true, cx).await?;
        }
        if let Err(e) = start(&w.workload.spec.name, same && !cut, cx).await {
            // An engine inside an unprivileged container (LXC) may not raise limits: the part runs with those it has.
            if !e.to_string().contains("setting rlimit") {
                return Err(not_started(e, &w.workload, cx).await);
            }
            cx.report.log("docker", &format!("{}: this machine's own limit of open files stays", w.workload.title));
            cx.world.engine.remove(&w.workload.spec.name).await.map_err(|e| engine_fault(e, &w.workload.title))?;
            create(&w.workload, false, cx).await?;
            if let Err(e) = cx.world.engine.start(&w.workload.spec.name).await {
                return Err(not_started(e, &w.workload, cx).await);
            }
        }
        let evidence = if w.wait { wait(step, &w, cx).await? } else { vec![] };
        data_version::settle(&w, cx).await?;
        let _ = cx.world.files.remove_file(&first_mark(&w.workload, cx));
        Ok(
            json!({ "container": w.workload.spec.name, "rendering": digest(&w.workload.spec), "image": w.workload.spec.image, "evidence": evidence }),
        )
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        if let Some(seen) = standing(&w.workload, cx).await?
            && seen.labels.get("io.kerbup.site") == Some(&cx.site)
        {
            cx.world.engine.stop(&w.workload.spec.name).await.map_err(|e| engine_fault(e, &w.workload.title))?;
            cx.world.engine.remove(&w.workload.spec.name).await.map_err(|e| engine_fault(e, &w.workload.title))?;
        }
        let f = &*cx.world.files;
        files::remove(f, &format!("{}/files/{}", cx.state, w.workload.name))?;
        if !storage::may_remove(&w.storage, cx)? {
            return Ok(());
        }
        let never_healthy = files::there(f, &first_mark(&w.workload, cx));
        for folder in &w.workload.folders {
            if cx.purge || !folder.keep || (never_healthy && w.shape == ComponentShape::Stateful) {
                files::remove(f, &folder.path)?;
            }
        }
        let _ = f.remove_file(&first_mark(&w.workload, cx));
        if cx.purge {
            data_version::forget(&w, cx);
        }
        let undo: Undo = serde_json::from_value(undo.clone()).unwrap_or_default();
        // Its folder stays or goes with the storage folder; what was made for it is not forgotten.
        storage::remember(f, &w.storage, &undo.folders)?;
        files::remove_empty(f, &undo.folders)
    }
}

/// Starts a part. One that stood before may be just between two starts of the engine's own: then its port is still its own, and
/// taken for a moment.
async fn start(name: &str, stood: bool, cx: &Context) -> Result<(), EngineError> {
    let mut tries = if stood { 5 } else { 1 };
    loop {
        tries -= 1;
        match cx.world.engine.start(name).await {
            Err(EngineError::PortTaken(_)) if tries > 0 => cx.world.clock.sleep(Duration::from_secs(1)).await,
            done => return done,
        }
    }
}

/// Why a part could not be started. A port that is taken is named, with who has it.
async fn not_started(e: EngineError, w: &Workload, cx: &Context) -> Fault {
    let taken = matches!(e, EngineError::PortTaken(_));
    let mut fault = engine_fault(e, &w.title);
    if !taken {
        return fault;
    }
    let others = cx.world.engine.containers(None).await.unwrap_or_default();
    for port in w.spec.publish.iter().map(|p| p.host) {
        let publishes =
            |c: &&Observed| c.state == ContainerState::Running && c.name != w.spec.name && c.publish.iter().any(|p| p.host == port);
        let who = others.iter().find(publishes).map(|c| format!("the container {}", c.name)).or_else(|| (cx.who)(&cx.world, port));
        if let Some(who) = who {
            fault.says = format!("{} needs port {port} of this machine, and another program uses it.", w.title);
            fault.because.insert(0, format!("Port {port} belongs to {who}."));
            break;
        }
    }
    fault
}

async fn folders(w: &With, owner: (u32, u32), cx: &Context) -> Result<(), Fault> {
    let f = &*cx.world.files;
    let fresh = w.workload.folders.iter().any(|d| f.list(&d.path).map_or(true, |names| names.is_empty()));
    if fresh && w.wait {
        files::make(f, &format!("{}/first-start", cx.state), 0o700)?;
        let mark = first_mark(&w.workload, cx);
        f.write(&mark, b"", 0o600).map_err(|e| file_fault(&e, &mark))?;
    }
    for folder in &w.workload.folders {
        files::make(f, &folder.path, 0o755)?;
        f.set_mode(&folder.path, 0o750).map_err(|e| file_fault(&e, &folder.path))?;
        for part in &folder.parts {
            files::make(f, &format!("{}/{part}", folder.path), 0o750)?;
        }
        for (to, from) in &folder.seed {
            if files::there(f, to) {
                continue;
            }
            let image = &w.workload.spec.image;
            let bytes = cx.world.engine.image_file(image, from).await.map_err(|e| engine_fault(e, image))?.ok_or_else(|| {
                Fault::new(Whose::Machine, "IMAGE-WITHOUT-TEMPLATE", format!("The image {image} has no {from}, which it needs to start."))
                    .cure("Use the image that this kerbup names.")
            })?;
            f.write(to, &bytes, 0o640).map_err(|e| file_fault(&e, to))?;
        }
        files::own(f, &folder.path, owner.0, owner.1)?;
        label::mark(&folder.path, cx).await;
    }
    for file in &w.workload.files {
        let dir = file.path.rsplit_once('/').map_or("/", |(d, _)| d);
        files::make(f, dir, 0o700)?;
        let text = cx.secrets.fill(&crate::model::text::Text::secret(&file.secret))?;
        f.write(&file.path, secrecy::ExposeSecret::expose_secret(&text).as_bytes(), 0o600).map_err(|e| file_fault(&e, &file.path))?;
        f.set_owner(&file.path, owner.0, owner.1).map_err(|e| file_fault(&e, &file.path))?;
        label::mark(&file.path, cx).await;
    }
    Ok(())
}

async fn create(w: &Workload, limits: bool, cx: &Context) -> Result<(), Fault> {
    let mut spec = w.spec.clone();
    if !limits {
        spec.files = None;
    }
    spec.labels.insert(DIGEST.into(), digest(&w.spec));
    let mut env = vec![];
    for (name, text) in &w.spec.env {
        env.push((name.clone(), cx.secrets.fill(text)?));
    }
    cx.world.engine.create(&spec, &env).await.map_err(|e| engine_fault(e, &w.title))?;
    Ok(())
}

/// The health subject of a workload. Passwords are looked up here, at the last moment.
pub fn subject(
    w: &Workload,
    cx_secrets: &crate::secrets::Secrets,
    host: Option<&str>,
    record: Option<crate::model::answers::Record>,
) -> health::Subject {
    health::Subject {
        name: w.name.clone(),
        kind: w.kind.clone(),
        title: w.title.clone(),
        product: w.product.clone(),
        probe: w.health.probe.clone(),
        port: w.health.port,
        user: w.health.user.clone(),
        password: w.health.password.as_ref().and_then(|s| cx_secrets.get(s)),
        path: w.health.path.clone(),
        within_seconds: w.health.within as f64,
        url: w.outside.and_then(|(port, lan)| Some(format!("http://{}:{port}", if lan { host? } else { "127.0.0.1" }))),
        network: w.spec.network.clone(),
        container: w.spec.name.clone(),
        camera: w.camera.clone().zip(record),
        agent_folder: w.camera.as_ref().and_then(|_| w.folders.first().map(|f| f.path.clone())),
        login: Default::default(),
        told: Default::default(),
    }
}

async fn wait(step: &Step, w: &With, cx: &Context) -> Result<Vec<String>, Fault> {
    let subject = subject(&w.workload, &cx.secrets, None, None);
    let since = cx.world.clock.ticks();
    let mut last = vec![];
    loop {
        let seen = standing(&w.workload, cx).await?;
        let (state, evidence) = match &seen {
            Some(seen) => health::probe(&cx.world, &subject, seen).await,
            None => (ComponentState::Absent, vec![format!("There is no container {}.", subject.container)]),
        };
        if matches!(state, ComponentState::Healthy | ComponentState::NotConfigured) {
            return Ok(evidence);
        }
        if !evidence.is_empty() {
            last = evidence;
        }
        let waited = cx.world.clock.ticks() - since;
        let dead = seen.as_ref().is_some_and(|s| s.restarts >= 5);
        if dead || waited > step.budget as f64 * 0.9 {
            return Err(silent(w, seen.as_ref(), &last, cx).await);
        }
        cx.report.progress(
            waited as u64,
            Some(w.workload.health.within),
            Unit::Seconds,
            &format!("waiting until {} answers", w.workload.product),
        );
        cx.world.clock.sleep(Duration::from_millis(if waited < 5.0 { 150 } else { 700 })).await;
    }
}

/// What is known about a component that does not answer: its state, what it was asked, its last words.
async fn silent(w: &With, seen: Option<&Observed>, evidence: &[String], cx: &Context) -> Fault {
    use futures_util::StreamExt as _;
    // A database on a full disk says little of it: the disk itself does.
    let full = cx.world.files.space(&w.storage).is_ok_and(|s| health::full(&s));
    let mut fault = match full {
        true => Fault::new(Whose::Machine, "DISK-FULL", format!("The disk that holds {} is full.", w.storage))
            .because(format!("{} does not answer.", w.workload.title)),
        false => Fault::new(Whose::Machine, "PART-SILENT", format!("{} does not answer.", w.workload.title)),
    };
    if let Some(s) = seen {
        let code = s.exit_code.filter(|_| s.state != ContainerState::Running).map(|c| format!(", last exit code {c}")).unwrap_or_default();
        fault = fault.because(format!(
            "Its container {} is {}{code}, restarted {} times.",
            s.name,
            format!("{:?}", s.state).to_lowercase(),
            s.restarts
        ));
    }
    for line in evidence.iter().take(3) {
        fault = fault.because(line.clone());
    }
    let redactor = cx.secrets.redactor();
    if let Ok(stream) = cx.world.engine.logs(&w.workload.spec.name, LogFrom::Last(5), false).await {
        let lines: Vec<_> = stream.take(5).collect().await;
        for line in lines.into_iter().flatten() {
            fault = fault.because(format!("It says: {}", redactor.clean(&line.text)));
        }
    }
    if full {
        fault = fault.cure("Free some space on it, then run kerbup again: it goes on where it stopped.");
    }
    fault.cure("Try again: a slow machine sometimes needs a second try.").cure(format!("See all it says: kerbup logs {}", w.workload.name))
}
