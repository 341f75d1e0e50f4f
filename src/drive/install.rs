//! Installs: takes the lock, writes the state folder, runs the plan, proves what came of it.

use std::sync::Arc;

use super::Drive;
use super::proof::{Proof, Wait};
use crate::ask;
use crate::model::answers::Answers;
use crate::model::event::{CameraCount, Event, Unit};
use crate::model::fault::{Fault, Whose};
use crate::model::journal::{Ending, Purpose, Record};
use crate::model::plan::Plan;
use crate::run::journal::Journal;
use crate::run::receipt::Trace;
use crate::run::{Receipt, execute};
use crate::secrets::Secrets;
use crate::step::{self, Context, Report, container, file_fault, files};
use crate::words::undo::UNDONE;
use crate::world::files::Lock;

/// Says nothing: what is asked before a run is shown otherwise.
struct Silent;

impl Report for Silent {
    fn progress(&self, _done: u64, _total: Option<u64>, _unit: Unit, _note: &str) {}
    fn log(&self, _from: &str, _text: &str) {}
}

/// Steps of older plans that this one has no more: a camera that was taken out, a part that is not wanted now.
pub(super) fn gone<'a>(plan: &'a Plan, receipt: &'a Receipt) -> impl Iterator<Item = &'a Trace> {
    let stays = |t: &Trace| step::kind(&t.step.kind).is_some_and(|k| k.stays());
    receipt.steps.values().filter(move |t| plan.step(&t.step.id).is_none() && !stays(t))
}

/// How an install or uninstall ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// How.
    pub ending: Ending,
    /// Something was changed.
    pub changed: bool,
    /// Cameras.
    pub cameras: CameraCount,
    /// The first fault, where there was one.
    pub fault: Option<Fault>,
}

impl Drive {
    /// What steps work with.
    pub fn context(&self, site: String) -> Context {
        let state = self.state(&site);
        Context {
            world: self.world.clone(),
            site,
            state,
            secrets: self.secrets.clone(),
            report: Arc::new(Silent),
            purge: false,
            with_engine: false,
            made: None,
            who: crate::host::listens,
            neighbours: vec![],
        }
    }

    /// Takes the lock of a site, or says who has it.
    pub fn lock(&self, state: &str) -> Result<Box<dyn Lock>, Fault> {
        let f = &*self.world.files;
        if f.uid() == 0 {
            // All in it is closed to others but the program, which the link in PATH leads to: whoever starts it learns that it is
            // root's. Which sites there are is no secret; the engine tells it as well.
            files::make(f, &self.root, 0o755)?;
            files::make(f, state, 0o711)?;
        } else {
            files::make(f, state, 0o700)?;
        }
        let path = format!("{state}/lock");
        match f.lock(&path).map_err(|e| file_fault(&e, &path))? {
            Some(lock) => Ok(lock),
            None => Err(Fault::new(Whose::Machine, "RUN-UNDER-WAY", "Another kerbup is at work on this site.")
                .cure("Wait until it has ended, then try again.")),
        }
    }

    /// Installs by an accepted plan, and waits for the cameras as told.
    pub async fn install(&self, answers: &Answers, plan: &Plan, wait: Wait) -> Result<Finished, Fault> {
        self.begin(answers, plan, wait, None).await
    }

    /// Makes a password anew and the parts that have it, as a run of its own: where the power fails midway, it is gone on with.
    pub async fn install_renewed(&self, answers: &Answers, plan: &Plan, name: &str) -> Result<Finished, Fault> {
        self.begin(answers, plan, Wait::No, Some(name)).await
    }

    async fn begin(&self, answers: &Answers, plan: &Plan, wait: Wait, renewed: Option<&str>) -> Result<Finished, Fault> {
        let f = &*self.world.files;
        let state = self.state(&answers.site);
        let _lock = self.lock(&state)?;
        self.adopt(answers, &state)?;
        self.inside_addresses(answers);
        let receipt = Receipt::read(f, &state)?;
        self.keep_answers(&state, &receipt)?;
        self.secrets.save(f, &format!("{state}/secrets.toml"))?;
        let site = format!("{state}/site.toml");
        f.write(&site, ask::save(answers).as_bytes(), 0o600).map_err(|e| file_fault(&e, &site))?;
        let journal = Arc::new(self.accept(&state, Purpose::Install, (false, false), plan)?);
        self.carry(answers, plan, &receipt, journal, wait, renewed).await
    }

    /// Goes on with the plan that was accepted, where it was cut off. Where another kerbup does that now, its run is shown.
    pub async fn resume(&self, site: &super::sites::Site, wait: Wait) -> Result<Finished, Fault> {
        let _lock = match self.lock(&site.state) {
            Err(fault) if fault.code == "RUN-UNDER-WAY" && self.under_way(&site.state) => {
                self.show_plan(&site.receipt);
                return self.attach(&site.state).await;
            }
            lock => lock?,
        };
        let receipt = Receipt::read(&*self.world.files, &site.state)?;
        if receipt.purpose == Some(Purpose::Uninstall) {
            // As far as it was agreed to: what was to stay stays, what was to go goes.
            let (purge, with_engine, neighbours) = (receipt.purge, receipt.with_engine, self.neighbours(&site.name));
            let cx = Context { purge, with_engine, neighbours, ..self.context(site.name.clone()) };
            return self.take_down(site, &receipt, &cx).await;
        }
        let answers = self.load(site)?;
        let plan = receipt.plan.clone().ok_or_else(|| Fault::new(Whose::Ours, "NO-PLAN", "There is no plan to go on with."))?;
        let journal = Arc::new(Journal::resume(&*self.world.files, &site.state)?);
        self.show_plan(&receipt);
        self.carry(&answers, &plan, &receipt, journal, wait, None).await
    }

    /// Tells the plan that is gone on with: what there is to do, and how long it takes.
    fn show_plan(&self, receipt: &Receipt) {
        if let (Some(plan), Some(Purpose::Install)) = (&receipt.plan, receipt.purpose) {
            self.send(Event::Planned { plan: Box::new(plan.clone()), states: Default::default() });
        }
    }

    /// Carries the plan out; a power cut is seen to and another kerbup may watch.
    async fn carry(
        &self,
        answers: &Answers,
        plan: &Plan,
        receipt: &Receipt,
        journal: Arc<Journal>,
        wait: Wait,
        renewed: Option<&str>,
    ) -> Result<Finished, Fault> {
        let state = self.state(&answers.site);
        let telling = self.tell(&state);
        telling.drive.stand_by(&answers.site, &answers.path);
        let ready = match renewed {
            Some(name) => telling.drive.renew(&state, plan, name).await,
            None => Ok(()),
        };
        let result = match ready {
            Ok(()) => telling.drive.steps(answers, plan, receipt, journal, wait, false).await,
            Err(fault) => Err(fault),
        };
        telling.end(result.as_ref().err().cloned()).await;
        self.ended(&answers.site, result.as_ref().is_ok_and(|done| done.ending == Ending::Done)).await;
        result
    }

    /// Runs the steps and writes down how it ended. `undone`: it is what stood before, after what came since was taken back.
    pub(super) async fn steps(
        &self,
        answers: &Answers,
        plan: &Plan,
        receipt: &Receipt,
        journal: Arc<Journal>,
        wait: Wait,
        undone: bool,
    ) -> Result<Finished, Fault> {
        let cx = Context { neighbours: self.neighbours(&answers.site), ..self.context(answers.site.clone()) };
        let (later, secrets) = (plan.clone(), self.secrets.clone());
        tokio::task::spawn_blocking(move || {
            later.steps.iter().filter(|s| s.kind == "container").for_each(|s| container::make_secrets(s, &secrets))
        });
        let outcome = execute(plan, &cx, receipt, journal.clone(), &self.events, self.control.subscribe()).await?;
        let changed = outcome.changed || undone;
        let mut finished =
            Finished { ending: outcome.ending, changed, cameras: CameraCount::default(), fault: outcome.faults.into_iter().next() };
        let mut proof = Proof::default();
        if finished.ending == Ending::Done {
            let now = Receipt::read(&*self.world.files, &cx.state)?;
            if gone(plan, &now).next().is_some() {
                let which = |id: &str| gone(plan, &now).any(|t| t.step.id == id);
                let reverted = crate::run::revert(&now, &cx, &journal, &self.events, self.control.subscribe(), &which).await;
                finished.changed = true;
                finished.fault = reverted.faults.into_iter().next();
                if reverted.stopped {
                    finished.ending = Ending::Stopped;
                }
            }
            self.keep_beside(answers)?;
        }
        if finished.ending == Ending::Done {
            proof = self.prove(answers, plan, wait).await;
            finished.cameras = proof.cameras;
            if finished.fault.is_none() {
                finished.fault = proof.fault.clone();
            }
            if finished.fault.is_some() {
                finished.ending = Ending::Failed;
            } else if proof.stopped && matches!(wait, Wait::UntilRecorded(_)) && proof.cameras.recording < proof.cameras.of {
                // Done was to mean that they record.
                finished.ending = Ending::Stopped;
            }
        }
        journal.append(&Record::RunEnded { at: self.world.clock.now(), ending: finished.ending })?;
        let mut says = proof.says(&finished, receipt.stood);
        if finished.ending == Ending::Done {
            self.forget_kept(&cx.state)?;
            says.iter_mut().take(usize::from(undone)).for_each(|first| *first = UNDONE.into());
        }
        self.send(Event::Done {
            ok: finished.ending == Ending::Done,
            changed: finished.changed,
            cameras: finished.cameras,
            says,
            addresses: proof.addresses,
        });
        Ok(finished)
    }

    /// A kept folder of the same site brings its secrets with it: without them its data could not be opened.
    fn adopt(&self, answers: &Answers, state: &str) -> Result<(), Fault> {
        self.secrets.adopt(&Secrets::load(&*self.world.files, &format!("{state}/secrets.toml"))?);
        self.adopt_kept(answers)
    }

    /// Secrets of a kept folder alone: cameras are tried with their logins before anything is installed.
    pub(super) fn adopt_kept(&self, answers: &Answers) -> Result<(), Fault> {
        if let Some(kept) = self.kept(answers) {
            self.secrets.adopt(&Secrets::load(&*self.world.files, &format!("{kept}/secrets.toml"))?);
        }
        Ok(())
    }

    /// With the recordings lies what makes them usable again on another machine.
    fn keep_beside(&self, answers: &Answers) -> Result<(), Fault> {
        let f = &*self.world.files;
        let kept = format!("{}/.kerbup", answers.path.trim_end_matches('/'));
        self.secrets.save(f, &format!("{kept}/secrets.toml"))?;
        Receipt::read(f, &self.state(&answers.site))?.keep(f, &kept)?;
        let site = format!("{kept}/site.toml");
        f.write(&site, ask::save(answers).as_bytes(), 0o600).map_err(|e| file_fault(&e, &site))
    }
}
