//! Takes a site down: removes what kerbup made and nothing else. Recordings and databases stay unless their site is named.

use super::Drive;
use super::install::Finished;
use super::sites::Site;
use crate::model::event::{CameraCount, Event};
use crate::model::fault::Fault;
use crate::model::journal::{Ending, Purpose, Record};
use crate::run::journal::Journal;
use crate::run::{Receipt, revert};
use crate::step::{Context, files};
use crate::words::undo::{Back, back};

impl Drive {
    /// What an uninstall will remove and keep, in words.
    pub fn farewell(&self, site: &Site, purge: bool, with_engine: bool) -> (Vec<String>, Vec<String>) {
        let (mut goes, mut stays) = (vec![], vec![]);
        for t in site.receipt.steps.values() {
            match back(&t.step, t.undo.as_ref(), purge, with_engine) {
                Back::Goes(what) => goes.push(what),
                Back::Stays(what) => stays.push(what),
                Back::Nothing(_) => {}
            }
        }
        (goes, stays)
    }

    /// Takes the site down.
    pub async fn uninstall(&self, site: &Site, purge: bool, with_engine: bool) -> Result<Finished, Fault> {
        let _lock = self.lock(&site.state)?;
        let f = &*self.world.files;
        self.secrets.adopt(&crate::secrets::Secrets::load(f, &format!("{}/secrets.toml", site.state))?);
        let receipt = Receipt::read(f, &site.state)?;
        let journal = Journal::begin(f, &site.state)?;
        let plan = receipt.plan.clone().unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION").to_string();
        journal.append(&Record::PlanAccepted {
            version: 1,
            kerbup: version,
            at: self.world.clock.now(),
            purpose: Purpose::Uninstall,
            plan,
        })?;
        drop(journal);
        let cx = Context { purge, with_engine, ..self.context(site.name.clone()) };
        self.take_down(site, &receipt, &cx).await
    }

    /// Takes back all steps, then the state folder itself.
    pub async fn take_down(&self, site: &Site, receipt: &Receipt, cx: &Context) -> Result<Finished, Fault> {
        let f = &*self.world.files;
        let journal = Journal::resume(f, &site.state)?;
        // What a run that a power cut ended has left: its unit, and events that nobody adds to.
        self.stand_down(&site.name);
        files::remove(f, &format!("{}/run", site.state))?;
        let faults = revert(receipt, cx, &journal, &self.events, &|_| true).await;
        let mut finished =
            Finished { ending: Ending::Done, changed: !receipt.empty(), cameras: CameraCount::default(), fault: faults.into_iter().next() };
        let mut says = vec![];
        if finished.fault.is_some() {
            finished.ending = Ending::Failed;
            journal.append(&Record::RunEnded { at: self.world.clock.now(), ending: Ending::Failed })?;
            says.push("Not all could be removed. Run it again once what stands above is mended.".to_string());
        } else {
            drop(journal);
            files::remove(f, &site.state)?;
            // The folder of all sites goes with the last one.
            let _ = f.remove_folder(&self.root);
            says.push(format!("The site {} is removed.", site.name));
        }
        self.send(Event::Done {
            ok: finished.ending == Ending::Done,
            changed: finished.changed,
            cameras: finished.cameras,
            addresses: vec![],
            says,
        });
        Ok(finished)
    }
}
