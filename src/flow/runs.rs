//! How a run begins, whatever it is for.

use super::state::{Purpose, StepRun};
use super::{Effect, Flow, Stage};
use crate::words::stage as words;

impl Flow {
    pub(super) fn install(&mut self) -> Vec<Effect> {
        if self.here() != Stage::Review || self.running {
            return vec![];
        }
        if self.planning || self.plan.is_none() {
            return self.refuse(words::NO_PLAN_YET);
        }
        let answers = Box::new(self.answers.clone());
        self.begin(Purpose::Install, Effect::Install(answers))
    }

    pub(super) fn resume(&mut self, site: String) -> Vec<Effect> {
        if self.running {
            return self.refuse(words::STILL_RUNNING);
        }
        // A site that is being taken down is gone on with as such: it does not record when that is done.
        let purpose = self.standing.iter().find(|s| s.site == site).map_or(Purpose::Install, |s| s.purpose);
        self.begin(purpose, Effect::Resume(site))
    }

    /// Once more what failed: from where it stopped, or as a whole where it never began. What stood before is no answer to that.
    pub(super) fn retry(&mut self) -> Vec<Effect> {
        match self.unbegun.clone() {
            Some(effect) if !self.running => self.begin(self.purpose, effect),
            _ => self.resume(self.answers.site.clone()),
        }
    }

    /// A run begins: its steps wait, what earlier runs left on the screen goes.
    pub(super) fn begin(&mut self, purpose: Purpose, effect: Effect) -> Vec<Effect> {
        let mut effects = self.leave_dashboard();
        self.purpose = purpose;
        self.running = true;
        self.planning = false;
        self.then = None;
        self.paused = false;
        self.stopping = false;
        self.ended = None;
        self.recorded.clear();
        self.steps.clear();
        self.order.clear();
        if let (Purpose::Install, Some(plan)) = (purpose, &self.plan) {
            self.order = plan.steps.iter().map(|s| s.id.clone()).collect();
            self.steps = self.order.iter().map(|id| (id.clone(), StepRun::Waiting)).collect();
        }
        self.announced = 0;
        self.unbegun = Some(effect.clone());
        self.go(Stage::Install);
        effects.push(effect);
        effects
    }
}
