//! Which site the journey is about: one that stands and is changed or repaired, or another one beside those that stand.

use super::state::Then;
use super::{Effect, Flow, Stage};
use crate::ask::valid;
use crate::words::stage as words;

impl Flow {
    /// The site has no name of its own yet that it must keep, and others stand beside it.
    pub fn names_site(&self) -> bool {
        !self.changing && !self.standing.is_empty() && self.standing_site().is_none()
    }

    /// Another site, with fresh answers: those of a site that stands are not its own.
    pub(super) fn another(&mut self) -> Vec<Effect> {
        if self.running {
            return self.refuse(words::STILL_RUNNING);
        }
        self.changing = false;
        self.then = Some(Then::Look);
        self.go(Stage::Machine);
        vec![Effect::Another]
    }

    /// What was typed before and not installed; the machine is looked at for it first.
    pub(super) fn take_up_draft(&mut self) -> Vec<Effect> {
        self.changing = false;
        self.taking_up = true;
        self.then = Some(Then::Look);
        self.go(Stage::Machine);
        vec![Effect::TakeUp]
    }

    /// Keeps what was typed for a site that does not stand yet, as soon as it is typed.
    pub(super) fn keep(&mut self) -> Option<Effect> {
        let begun = self.changing || self.running || self.standing_site().is_some();
        if self.practice || !self.typing() || begun || self.then.is_some() || self.kept.as_ref() == Some(&self.answers) {
            return None;
        }
        self.kept = Some(self.answers.clone());
        Some(Effect::KeepAnswers(Box::new(self.answers.clone())))
    }

    /// The same answers once more: the machine is looked at, and the plan shows what is missing.
    pub(super) fn repair(&mut self, site: String) -> Vec<Effect> {
        if self.running {
            return self.refuse(words::STILL_RUNNING);
        }
        let mut effects = self.leave_dashboard();
        self.answers.site = site.clone();
        self.change_from_here();
        self.plan = None;
        self.planning = true;
        self.then = Some(Then::Plan);
        self.go(Stage::Review);
        effects.push(Effect::Load(site));
        effects
    }

    /// The plan of a repair, or what stands in its way.
    pub(super) fn repair_plan(&mut self) -> Vec<Effect> {
        match self.in_the_way() {
            None => self.make_plan(),
            Some(says) => {
                self.planning = false;
                self.go(Stage::Machine);
                self.refuse(says)
            }
        }
    }

    /// A standing site is changed from now on; going back leads to where that was begun.
    pub(super) fn change_from_here(&mut self) {
        self.changing = true;
        self.changed_from = self.stage;
    }

    pub(super) fn name_site(&mut self, name: &str) -> Vec<Effect> {
        let name = match valid::name(name.trim()) {
            Ok(name) => name,
            Err(why) => return self.refuse(why),
        };
        if self.changing || self.standing.iter().any(|s| s.site == name) {
            return self.refuse(words::name_taken(&name));
        }
        self.answers.site = name;
        self.changed("site.name");
        self.check()
    }
}
