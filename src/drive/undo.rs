//! Undo after a run that failed. A site that stood before it goes back to what it was, with the answers it had; a first install is
//! taken down.

use std::sync::Arc;

use super::Drive;
use super::install::Finished;
use super::proof::Wait;
use super::sites::Site;
use super::standing::plan_of;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::model::journal::{Ending, Purpose};
use crate::model::plan::Plan;
use crate::run::journal::Journal;
use crate::run::{Receipt, revert};
use crate::secrets::Secrets;
use crate::step::{file_fault, files};

/// What a change writes anew in the state folder: the answers, and the secrets that came in with them.
const KEPT: [&str; 2] = ["site.toml", "secrets.toml"];

/// Where they lie as they were, until the change is done.
fn before(state: &str) -> String {
    format!("{state}/before")
}

impl Drive {
    /// Undoes what the runs did since the site stood as a whole.
    pub async fn undo(&self, site: &Site) -> Result<Finished, Fault> {
        let f = &*self.world.files;
        let Some(stood) = Receipt::before(f, &site.state)? else { return self.uninstall(site, false, false).await };
        let was = Site { receipt: stood, ..site.clone() };
        let plan = plan_of(&was)?;
        let _lock = self.lock(&site.state)?;
        self.put_back(&site.state)?;
        let answers = self.load(site)?;
        self.memory().answers = answers.clone();
        self.send(Event::Loaded { answers: Box::new(answers.clone()) });
        // From here on a run that is cut off goes on to this plan.
        let journal = Arc::new(self.accept(&site.state, Purpose::Install, (false, false), plan)?);
        let telling = self.tell(&site.state);
        telling.drive.stand_by(&site.name, &answers.path);
        let result = telling.drive.back_to(&was, plan, journal, &answers).await;
        telling.end(result.as_ref().err().cloned()).await;
        self.ended(&site.name, result.as_ref().is_ok_and(|done| done.ending == Ending::Done)).await;
        result
    }

    /// Takes back what was begun since, then makes what stood before as it was.
    async fn back_to(
        &self,
        was: &Site,
        plan: &Plan,
        journal: Arc<Journal>,
        answers: &crate::model::answers::Answers,
    ) -> Result<Finished, Fault> {
        let f = &*self.world.files;
        let new = |id: &str| !was.receipt.steps.contains_key(id);
        let receipt = Receipt::read(f, &was.state)?;
        if receipt.steps.keys().any(|id| new(id)) {
            // What could not be taken back is tried once more when the plan is done, and told then.
            revert(&receipt, &self.context(was.name.clone()), &journal, &self.events, self.control.subscribe(), &new).await;
        }
        let receipt = Receipt::read(f, &was.state)?;
        self.send(Event::Planned { plan: Box::new(plan.clone()), states: Default::default() });
        self.steps(answers, plan, &receipt, journal, Wait::AsUsual, true).await
    }

    /// Before a site that stands is changed: its answers and secrets as they are. Those of an earlier change that failed stay.
    pub(super) fn keep_answers(&self, state: &str, receipt: &Receipt) -> Result<(), Fault> {
        if !receipt.stood || receipt.ending != Some(Ending::Done) {
            return Ok(());
        }
        let (f, dir) = (&*self.world.files, before(state));
        files::make(f, &dir, 0o700)?;
        for name in KEPT {
            let (from, to) = (format!("{state}/{name}"), format!("{dir}/{name}"));
            match f.read(&from) {
                Ok(bytes) => f.write(&to, &bytes, 0o600).map_err(|e| file_fault(&e, &to))?,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(file_fault(&e, &from)),
            }
        }
        Ok(())
    }

    /// The change is done: what was kept for its undo goes.
    pub(super) fn forget_kept(&self, state: &str) -> Result<(), Fault> {
        files::remove(&*self.world.files, &before(state))
    }

    /// The answers and secrets as they were before. A login of a camera that was not there then is forgotten; what was made for
    /// data that stays is not.
    fn put_back(&self, state: &str) -> Result<(), Fault> {
        let (f, dir) = (&*self.world.files, before(state));
        let site = format!("{dir}/{}", KEPT[0]);
        if !files::there(f, &site) {
            return Ok(());
        }
        let old = Secrets::load(f, &format!("{dir}/{}", KEPT[1]))?;
        let now = format!("{state}/{}", KEPT[1]);
        self.secrets.adopt(&Secrets::load(f, &now)?);
        let gone = |n: &String| n.starts_with("camera.") && old.get(n).is_none();
        self.secrets.names().iter().filter(|n| gone(n)).for_each(|n| self.secrets.forget(n));
        for name in old.names() {
            old.get(&name).into_iter().for_each(|value| self.secrets.put(&name, value));
        }
        self.secrets.save(f, &now)?;
        let answers = f.read(&site).map_err(|e| file_fault(&e, &site))?;
        let to = format!("{state}/{}", KEPT[0]);
        f.write(&to, &answers, 0o600).map_err(|e| file_fault(&e, &to))
    }
}
