//! A site that stands: how it is, what its parts say, restart, stop, start, passwords.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;

use super::Drive;
use super::sites::Site;
use crate::health;
use crate::model::answers::Answers;
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::health::HealthSnapshot;
use crate::model::plan::Plan;
use crate::step::{self, container, engine_fault, storage};
use crate::world::engine::LogFrom;

/// Time between the first two readings of a container's counters.
const APART: Duration = Duration::from_millis(200);

/// What a site's health is asked of: made once from its plan, since each reading asks the same.
pub struct Watched {
    site: String,
    pub(super) subjects: Vec<health::Subject>,
    path: String,
    keeps: Option<u32>,
}

impl Drive {
    /// What is asked when a site's health is read.
    pub async fn watched(&self, site: &str, plan: &Plan, answers: &Answers) -> Result<Watched, Fault> {
        if self.memory().host.network.interfaces.get().is_none() {
            let network = crate::host::network(&self.world).await;
            self.memory().host.network = network;
        }
        let host = self.lan_address();
        let mut watched = Watched { site: site.into(), subjects: vec![], path: answers.path.clone(), keeps: None };
        for s in &plan.steps {
            match s.kind.as_str() {
                "container" => {
                    let w = step::with::<container::With>(s)?.workload;
                    let record = answers.cameras.iter().find(|c| Some(&c.name) == w.camera.as_ref()).map(|c| c.record);
                    watched.subjects.push(container::subject(&w, &self.secrets, host.as_deref(), record));
                }
                "bucket" => watched.keeps = s.with.value()["days"].as_u64().map(|d| d as u32),
                _ => {}
            }
        }
        Ok(watched)
    }

    /// Reads the health once.
    pub async fn read(&self, w: &Watched) -> HealthSnapshot {
        let guarded = w.keeps.and_then(|planned| self.guarded(&w.site, planned));
        let keeps = guarded.as_ref().map(|g| g.days).or(w.keeps);
        let mut snapshot = health::snapshot(&self.world, &w.site, &w.subjects, Some(&w.path), keeps).await;
        if let (Some(disk), Some(note)) = (&mut snapshot.disk, guarded.and_then(|g| g.note)) {
            let store = w.subjects.iter().find(|s| s.probe == "s3").map(|s| &s.name);
            snapshot.components.iter_mut().filter(|c| Some(&c.name) == store).for_each(|c| c.evidence.push(note.clone()));
            disk.note = Some(note);
        }
        snapshot
    }

    /// Asks a camera's recorder to record now, as when something moves. The error says why that was not taken.
    pub async fn record_now(&self, w: &Watched, camera: &str) -> Result<(), String> {
        let of = |s: &&health::Subject| s.camera.as_ref().is_some_and(|(name, _)| name == camera);
        let subject = w.subjects.iter().find(of).ok_or("It has no recorder.")?;
        let observed = self.world.engine.container(&subject.container).await.map_err(|e| e.to_string())?;
        health::record(&self.world, subject, &observed.ok_or("Its recorder is not there.")?).await
    }

    /// Health of a site from its plan.
    pub async fn snapshot_of(&self, site: &str, plan: &Plan, answers: &Answers) -> Result<HealthSnapshot, Fault> {
        Ok(self.read(&self.watched(site, plan, answers).await?).await)
    }

    /// Health of a standing site.
    pub async fn snapshot(&self, site: &Site) -> Result<HealthSnapshot, Fault> {
        let answers = self.load(site)?;
        let plan = plan_of(site)?;
        // One reading alone has no rate of the processor: the counters are read a moment before as well.
        let parts = plan.steps.iter().filter_map(|s| s.id.strip_prefix("container:")).map(|part| format!("{}-{part}", site.name));
        join_all(parts.map(async |name| self.world.engine.usage(&name).await.ok())).await;
        self.world.clock.sleep(APART).await;
        self.snapshot_of(&site.name, plan, &answers).await
    }

    /// Full container name of a part, by its name inside the site; the error names those there are.
    pub fn part(&self, site: &Site, name: &str) -> Result<String, Fault> {
        let parts: Vec<String> = plan_of(site)?.steps.iter().filter_map(|s| Some(s.id.strip_prefix("container:")?.to_string())).collect();
        // As tables show them: a product has capitals, and a recorder is its camera's.
        let meant = name.to_ascii_lowercase();
        let recorder = format!("agent-{meant}");
        if let Some(part) = parts.iter().find(|p| **p == meant).or_else(|| parts.iter().find(|p| **p == recorder)) {
            return Ok(format!("{}-{part}", site.name));
        }
        Err(Fault::new(Whose::Input, "NO-SUCH-PART", format!("There is no part {name} in the site {}.", site.name))
            .cure(format!("There is: {}.", parts.join(", "))))
    }

    /// Sends a part's log as events, redacted, until it ends or nobody listens.
    pub async fn log(&self, site: &Site, name: &str, tail: usize, follow: bool) -> Result<(), Fault> {
        let container = self.part(site, name)?;
        let redactor = self.secrets.redactor();
        let stream = self.world.engine.logs(&container, LogFrom::Last(tail), follow).await.map_err(|e| engine_fault(e, name))?;
        let mut chunks = stream.ready_chunks(200);
        while let Some(chunk) = chunks.next().await {
            let mut lines = vec![];
            for line in chunk {
                let line = line.map_err(|e| engine_fault(e, name))?;
                lines.push(redactor.clean(&line.text));
            }
            if self.events.send(Event::LogLines { component: name.into(), lines }).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Restarts a part.
    pub async fn restart(&self, site: &Site, name: &str) -> Result<(), Fault> {
        let container = self.part(site, name)?;
        self.world.engine.restart(&container).await.map_err(|e| engine_fault(e, name))
    }

    /// Makes a password anew: what holds the old one goes first, so that the steps find it absent and make it with the new one, or
    /// with the old one where the power fails before the new one is kept.
    pub(super) async fn renew(&self, state: &str, plan: &Plan, name: &str) -> Result<(), Fault> {
        for s in plan.steps.iter().filter(|s| s.kind == "container") {
            let w = step::with::<container::With>(s)?.workload;
            if w.secrets.iter().any(|n| n.name == name) {
                self.world.engine.remove(&w.spec.name).await.map_err(|e| engine_fault(e, &w.title))?;
            }
        }
        self.secrets.put(name, crate::secrets::make::password(24));
        self.secrets.save(&*self.world.files, &format!("{state}/secrets.toml"))
    }

    /// Stops the whole site, recorders first, or starts it, recorders last.
    pub async fn switch(&self, site: &Site, on: bool) -> Result<(), Fault> {
        let _lock = self.lock(&site.state)?;
        match self.awaited(site)? {
            Some(path) if on => return Err(storage::missing(&path).cure("Plug in and mount the disk, then start it again.")),
            _ => {}
        }
        if !on {
            self.wait_no_more(&site.name).await;
        }
        let mut parts: Vec<String> =
            plan_of(site)?.steps.iter().filter_map(|s| Some(s.id.strip_prefix("container:")?.to_string())).collect();
        if !on {
            parts.reverse();
        }
        // One that fails does not keep the others as they are.
        let mut faults = vec![];
        for part in parts {
            let container = format!("{}-{part}", site.name);
            let done = if on { self.world.engine.start(&container).await } else { self.world.engine.stop(&container).await };
            match done {
                Ok(()) => self.send(Event::Note { says: format!("{part}: {}", if on { "started" } else { "stopped" }) }),
                Err(e) => faults.push((part.clone(), engine_fault(e, &part))),
            }
        }
        let others: Vec<String> = faults.iter().skip(1).map(|(part, fault)| format!("{part}: {}", fault.says)).collect();
        match faults.into_iter().next() {
            None => Ok(()),
            Some((_, first)) => Err(others.into_iter().fold(first, Fault::because)),
        }
    }
}

/// The plan of a standing site.
pub fn plan_of(site: &Site) -> Result<&Plan, Fault> {
    site.receipt
        .plan
        .as_ref()
        .ok_or_else(|| Fault::new(Whose::Ours, "NO-PLAN", format!("The site {} has no plan in its journal.", site.name)))
}
