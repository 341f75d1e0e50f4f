//! The loop: performs effects against the world and feeds their events back. Everything that touches a site goes through
//! here, whichever front or command asked for it.

pub mod attach;
pub mod boot;
pub mod cameras;
pub mod disk;
pub mod draft;
pub mod effects;
pub mod guard;
pub mod inside;
pub mod install;
pub mod look;
pub mod proof;
pub mod room;
pub mod sites;
pub mod standing;
pub mod survey;
mod trust;
pub mod undo;
pub mod uninstall;

#[cfg(test)]
mod asked_tests;
#[cfg(test)]
mod change_tests;
#[cfg(test)]
mod disk_tests;
#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod sites_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod undo_tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::model::answers::Answers;
use crate::model::camera::CameraTried;
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::fault::Fault;
use crate::model::host::HostReport;
use crate::model::journal::{Purpose, Record};
use crate::model::plan::Plan;
use crate::model::survey::{ImageSurvey, Own};
use crate::recipe::reading::Reading;
use crate::run::Control;
use crate::run::journal::Journal;
use crate::secrets::Secrets;
use crate::world::World;
use crate::world::files::Files;

/// What was learnt and typed so far, before a state folder exists.
#[derive(Default)]
pub struct Memory {
    /// The machine.
    pub host: HostReport,
    /// Cameras that were tried, by name.
    pub tried: BTreeMap<String, CameraTried>,
    /// What the last survey learnt of images, by full name with tag.
    pub images: BTreeMap<String, ImageSurvey>,
    /// How fast the line was, in bytes a second, once that was measured, with the registry of one's own that it was measured to.
    pub line: Option<(Option<String>, Fact<f64>)>,
    /// What the site keeps itself, with the folders that were counted and when.
    pub counted: Option<(Vec<String>, f64, Own)>,
    /// The plan that was shown last.
    pub plan: Option<Plan>,
    /// The plan that a person said yes to before root was asked for: the next plan keeps its figures.
    pub agreed: Option<Plan>,
    /// Papers that were written for the person since the program was started.
    pub written: std::collections::BTreeSet<String>,
    /// How often each sort of question was asked: an answer to an older one is not wanted any more.
    pub asked: std::collections::BTreeMap<String, u64>,
    /// The answers as last heard of.
    pub answers: Answers,
    /// State folder of the site whose run, another kerbup's, is shown.
    pub attached: Option<String>,
}

/// The drive. Cloning shares it.
#[derive(Clone)]
pub struct Drive {
    /// The doors.
    pub world: World,
    /// Where the person's own files lie: site files that are given, answers and reports that are saved. Also in practice
    /// these are this machine's.
    pub papers: Arc<dyn Files>,
    /// The folder that their names without one are meant in.
    pub here: String,
    /// The recipes.
    pub recipes: Arc<Reading>,
    /// Folder that holds a folder for each site.
    pub root: String,
    /// The same where root installs: what a plan speaks of, whoever makes it.
    pub installed: String,
    /// Where the program's copy is linked.
    pub link: String,
    /// Secrets of the site in hand.
    pub secrets: Secrets,
    /// Where events go.
    pub events: UnboundedSender<Event>,
    memory: Arc<Mutex<Memory>>,
    drafting: Arc<Mutex<()>>,
    control: watch::Sender<Control>,
    watching: watch::Sender<u32>,
    following: watch::Sender<u32>,
}

impl Drive {
    /// A drive over a world.
    pub fn new(world: World, recipes: impl Into<Reading>, root: String, events: UnboundedSender<Event>) -> Self {
        Drive {
            papers: world.files.clone(),
            here: "/".into(),
            world,
            recipes: Arc::new(recipes.into()),
            installed: root.clone(),
            root,
            link: "/usr/local/bin/kerbup".into(),
            secrets: Secrets::default(),
            events,
            memory: Arc::default(),
            drafting: Arc::default(),
            control: watch::channel(Control::Run).0,
            watching: watch::channel(0).0,
            following: watch::channel(0).0,
        }
    }

    /// What was learnt so far.
    pub fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a question of this sort. Its answer counts for as long as no newer one was asked: see `is_newest`.
    fn ask_anew(&self, sort: &str) -> u64 {
        let mut memory = self.memory();
        let number = memory.asked.entry(sort.into()).or_default();
        *number += 1;
        *number
    }

    fn is_newest(&self, sort: &str, number: u64) -> bool {
        self.memory().asked.get(sort) == Some(&number)
    }

    /// State folder of a site.
    pub fn state(&self, site: &str) -> String {
        format!("{}/{site}", self.root)
    }

    /// Begins a journal with the plan that was said yes to; of an uninstall also whether it takes data and the engine along.
    fn accept(&self, state: &str, purpose: Purpose, (purge, with_engine): (bool, bool), plan: &Plan) -> Result<Journal, Fault> {
        let journal = Journal::begin(&*self.world.files, state)?;
        journal.append(&Record::PlanAccepted {
            version: 1,
            kerbup: env!("CARGO_PKG_VERSION").into(),
            at: self.world.clock.now(),
            purpose,
            purge,
            with_engine,
            plan: plan.clone(),
        })?;
        journal.reserve(plan.steps.len())?;
        self.drop_draft(&plan.site);
        Ok(journal)
    }

    /// The same, telling nobody what happens.
    pub fn quiet(&self) -> Self {
        Drive { events: tokio::sync::mpsc::unbounded_channel().0, ..self.clone() }
    }

    /// Sends an event; a front that is gone does not matter.
    pub fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Holds the run, lets it go on, or ends it after the steps in hand.
    pub fn control(&self, want: Control) {
        self.control.send_replace(want);
    }
}
