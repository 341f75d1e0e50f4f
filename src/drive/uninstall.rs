//! Takes a site down: removes what kerbup made and nothing else. Recordings and databases stay unless their site is named.

use super::Drive;
use super::install::Finished;
use super::sites::Site;
use crate::model::event::{CameraCount, Event};
use crate::model::fault::Fault;
use crate::model::journal::{Ending, Purpose, Record};
use crate::run::checkpoint::{Point, pass};
use crate::run::journal::Journal;
use crate::run::{Receipt, revert};
use crate::step::{Context, file_fault, files, storage};
use crate::words::undo::{self as words, Back, back};
use crate::world::files::Kind;

/// What of a state folder goes last, at once with the folder: by these a later run finds the site and goes on.
const LAST: [&str; 4] = ["journal", "kerbup", "lock", "site.toml"];

/// How the name of a state folder begins that was set aside to be removed. No site is called so.
const GONE: &str = ".gone-";

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
        let plan = receipt.plan.clone().unwrap_or_default();
        let cx = Context { purge, with_engine, neighbours: self.neighbours(&site.name), ..self.context(site.name.clone()) };
        // Before anything goes: the recordings that were to be deleted are on a disk that is not here.
        if let (true, true, Some(folder)) = (purge, receipt.steps.get("storage").is_some_and(|t| t.made.is_some()), receipt.folder()) {
            storage::may_remove(&folder, &cx)?;
        }
        drop(self.accept(&site.state, Purpose::Uninstall, (purge, with_engine), &plan)?);
        self.take_down(site, &receipt, &cx).await
    }

    /// Takes back all steps, then the state folder itself. As with an install, a machine that starts again goes on with it.
    pub async fn take_down(&self, site: &Site, receipt: &Receipt, cx: &Context) -> Result<Finished, Fault> {
        let f = &*self.world.files;
        let journal = Journal::resume(f, &site.state)?;
        // Events of a run that a power cut ended, to which nobody adds.
        files::remove(f, &format!("{}/run", site.state))?;
        self.stand_by(&site.name, receipt.folder().as_deref().unwrap_or(&self.root));
        let reverted = revert(receipt, cx, &journal, &self.events, self.control.subscribe(), &|_| true).await;
        let fault = reverted.faults.into_iter().next();
        let ending = match (&fault, reverted.stopped) {
            (Some(_), _) => Ending::Failed,
            (None, true) => Ending::Stopped,
            (None, false) => Ending::Done,
        };
        let finished = Finished { ending, changed: !receipt.empty(), cameras: CameraCount::default(), fault };
        let mut says = vec![];
        if ending != Ending::Done {
            journal.append(&Record::RunEnded { at: self.world.clock.now(), ending })?;
            self.ended(&site.name, false).await;
            says.push(match ending {
                Ending::Stopped => words::STOPPED.to_string(),
                _ => "Not all could be removed. Run it again once what stands above is mended.".to_string(),
            });
        } else {
            drop(journal);
            self.forget(site).await?;
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

    /// Takes the state folder away, so that a power cut leaves either one that a later run finds and goes on with, or one that
    /// holds no secret and that the next kerbup sweeps away.
    async fn forget(&self, site: &Site) -> Result<(), Fault> {
        let f = &*self.world.files;
        let names = f.list(&site.state).map_err(|e| file_fault(&e, &site.state))?;
        for name in names.iter().filter(|n| !LAST.contains(&n.as_str())) {
            let path = format!("{}/{name}", site.state);
            if f.meta(&path).is_ok_and(|m| m.kind == Kind::Folder) {
                files::remove(f, &path)?;
            } else if let Err(e) = f.remove_file(&path)
                && e.kind() != std::io::ErrorKind::NotFound
            {
                return Err(file_fault(&e, &path));
            }
        }
        pass(&self.world, "state", "state", Point::Emptied).await;
        let aside = format!("{}/{GONE}{}", self.root, site.name);
        files::remove(f, &aside)?;
        f.rename(&site.state, &aside).map_err(|e| file_fault(&e, &site.state))?;
        pass(&self.world, "state", "state", Point::Aside).await;
        self.stand_down(&site.name);
        files::remove(f, &aside)?;
        // The folder of all sites goes with the last one.
        let _ = f.remove_folder(&self.root);
        Ok(())
    }

    /// Takes away what an uninstall that was cut off at its very end left: a state folder set aside, and its unit.
    pub fn sweep(&self) {
        let f = &*self.world.files;
        let names = f.list(&self.root).unwrap_or_default();
        let gone: Vec<&str> = names.iter().filter_map(|n| n.strip_prefix(GONE)).collect();
        for site in &gone {
            // What cannot be removed now is left to the next: nothing hangs on it.
            let _ = files::remove(f, &format!("{}/{GONE}{site}", self.root));
            if !files::there(f, &self.state(site)) {
                self.stand_down(site);
            }
        }
        if !gone.is_empty() {
            let _ = f.remove_folder(&self.root);
        }
    }
}
