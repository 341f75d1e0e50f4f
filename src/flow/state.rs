//! The flow's state and its one function.

use std::collections::BTreeMap;

use super::{Effect, Intent, Stage};
use crate::model::answers::{Answers, PlatformKind, Shape};
use crate::model::camera::CameraTried;
use crate::model::check::{Check, Fix, Status};
use crate::model::choice::{PlatformChoice, Sizing};
use crate::model::event::{Address, CameraCount, PROOF};
use crate::model::fault::Fault;
use crate::model::health::HealthSnapshot;
use crate::model::host::HostReport;
use crate::model::plan::{Plan, StepState};
use crate::words::done::Came;

/// What is known about an install that stands or was left half-done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// Site.
    pub site: String,
    /// It was left half-done.
    pub unfinished: bool,
    /// Another kerbup is at work on it now: resuming shows that run.
    pub running: bool,
    /// Steps done, of.
    pub done: usize,
    /// Steps in all.
    pub of: usize,
    /// The folder that its recordings lie in, once that was prepared.
    pub folder: Option<String>,
    /// It stood as a whole once: undoing a change that failed goes back to that.
    pub stood: bool,
    /// What its last run was for: going on is going on with that.
    pub purpose: Purpose,
}

/// Answers that were typed before and not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Their site.
    pub site: String,
    /// How many cameras there are.
    pub cameras: usize,
}

/// How a step of the run is.
#[derive(Debug, Clone, PartialEq)]
pub enum StepRun {
    /// Waits for its turn.
    Waiting,
    /// Runs since.
    Running {
        /// Seconds since 1970.
        since: f64,
        /// So far, of.
        progress: Option<(u64, Option<u64>, crate::model::event::Unit)>,
        /// What is awaited.
        note: String,
    },
    /// Done.
    Done {
        /// Seconds it took.
        seconds: f64,
        /// Something was changed.
        changed: bool,
    },
    /// Failed.
    Failed {
        /// Seconds it took.
        seconds: f64,
        /// Why.
        fault: Box<Fault>,
    },
    /// Taken back.
    Reverted,
}

/// What follows once the answers of a site are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The machine is looked at for them.
    Look,
    /// The same, and then a plan is made.
    Plan,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Make the site stand.
    #[default]
    Install,
    /// Take back what the last run did.
    Undo,
    /// Take the site down.
    Uninstall,
}

/// How the run ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ended {
    /// All is well.
    pub ok: bool,
    /// Cameras.
    pub cameras: CameraCount,
    /// Addresses that were tried.
    pub addresses: Vec<Address>,
    /// The lines that stay in the terminal.
    pub says: Vec<String>,
}

/// What a practice is played on.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// The machine, in one sentence.
    pub machine: String,
    /// Cameras that answer there: address, and `user:password` where one is asked for.
    pub cameras: Vec<(String, Option<String>)>,
    /// Seconds that pass there in one of a person's.
    pub speed: f64,
}

/// Everything that a front may show. Fronts read it and never write it.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// The run that was asked for and did not begin yet: to try it again is to ask for it again.
    pub unbegun: Option<Effect>,
    /// Steps that a run said it has; those of a removal are told one by one.
    pub announced: usize,
    /// Where one is.
    pub stage: Option<Stage>,
    /// A banner that says that nothing is changed.
    pub practice: bool,
    /// What a practice is played on.
    pub played: Played,
    /// Installs that stand or were left half-done.
    pub standing: Vec<Standing>,
    /// What was typed before and not installed.
    pub draft: Option<Draft>,
    /// The answers that need not be kept: those that the journey began with, else those that were kept last.
    pub kept: Option<Answers>,
    /// Keeping them went well, where there was something to keep.
    pub keeps: Option<bool>,
    /// What was kept is being read.
    pub taking_up: bool,
    /// The machine, as far as known.
    pub host: HostReport,
    /// What is still being asked.
    pub pending: Vec<String>,
    /// Checks; empty until they were run.
    pub checks: Vec<Check>,
    /// Answers so far.
    pub answers: Answers,
    /// Cameras that were tried, by name; `None` while it is being tried.
    pub tried: BTreeMap<String, Option<CameraTried>>,
    /// The plan at Review.
    pub plan: Option<Plan>,
    /// The plan that a person said yes to before root was asked for.
    pub agreed: Option<Plan>,
    /// What a person said yes to for a standing site, before root was asked for.
    pub wanted: Option<Intent>,
    /// State of each step before the run.
    pub states: BTreeMap<String, StepState>,
    /// Steps of the run by id.
    pub steps: BTreeMap<String, StepRun>,
    /// Lines of the log, newest last, a bounded number.
    pub log: Vec<(f64, String, String)>,
    /// The run is held.
    pub paused: bool,
    /// A run is under way.
    pub running: bool,
    /// How the run ended.
    pub ended: Option<Ended>,
    /// Health, as last read.
    pub health: Option<HealthSnapshot>,
    /// The log that is followed.
    pub open_log: Option<(String, Vec<String>)>,
    /// A secret that is shown now: name and value.
    pub revealed: Option<(String, String)>,
    /// What taking a site down removes and keeps: the site, what goes, what stays.
    pub farewell: Option<(String, Vec<String>, Vec<String>)>,
    /// Where the stack could run, once it is known.
    pub choices: Vec<PlatformChoice>,
    /// What kerbup would take of them.
    pub recommended: Option<(PlatformKind, Shape)>,
    /// What the recordings need, for the answers as they are.
    pub sizing: Option<Sizing>,
    /// Fixes that a person agreed to.
    pub fixes: Vec<Fix>,
    /// The machine is being looked at.
    pub probing: bool,
    /// A plan is being made.
    pub planning: bool,
    /// Cameras that were seen to record in this run: name and what was seen.
    pub recorded: Vec<(String, String)>,
    /// Step ids of the run in the order in which they are shown.
    pub order: Vec<String>,
    /// Titles of the steps by id.
    pub titles: BTreeMap<String, String>,
    /// What the run is for.
    pub purpose: Purpose,
    /// The run was asked to end after the step in hand.
    pub stopping: bool,
    /// A standing site's answers are being changed.
    pub changing: bool,
    /// From where it was begun to change them.
    pub changed_from: Option<Stage>,
    /// What follows once the answers of a site are read.
    pub then: Option<Then>,
    /// From where the dashboard was opened.
    pub came: Option<Stage>,
    /// The last thing that was said, until the next input.
    pub note: Option<String>,
    /// The last thing that failed outside of a step, until the next input.
    pub fault: Option<Fault>,
}

/// Lines of the run's log that are kept.
pub const LOG_LINES: usize = 2_000;
/// Lines of a followed log that are kept.
pub const FOLLOWED_LINES: usize = 10_000;

impl Flow {
    /// A journey from its beginning, with what is known before it.
    pub fn new(answers: Answers, standing: Vec<Standing>, practice: bool) -> Self {
        let kept = Some(answers.clone());
        Flow { stage: Some(Stage::Welcome), answers, kept, standing, practice, ..Flow::default() }
    }

    /// The same, where something was typed before and not installed.
    pub fn drafted(mut self, draft: Option<Draft>) -> Self {
        self.draft = draft.filter(|d| self.standing.iter().all(|s| s.site != d.site));
        self
    }

    /// The same, played on a machine that is only described.
    pub fn playing(mut self, played: Played) -> Self {
        self.played = played;
        self
    }

    /// The same, set down at a stage: `kerbup status` starts at the dashboard. `start` says what to do there first.
    pub fn at(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// The same, to go on as root with what a person said yes to without.
    pub fn agreed(mut self, plan: Option<Plan>) -> Self {
        self.agreed = plan;
        self.at(Stage::Review)
    }

    /// The same, to do as root what a person wanted without.
    pub fn wanting(mut self, intent: Intent) -> Self {
        self.wanted = Some(intent);
        self
    }

    /// The stage one is at.
    pub fn here(&self) -> Stage {
        self.stage.unwrap_or(Stage::Welcome)
    }

    /// The first step that failed, with its reason.
    pub fn failed(&self) -> Option<(&str, f64, &Fault)> {
        self.order.iter().find_map(|id| match self.steps.get(id) {
            Some(StepRun::Failed { seconds, fault }) => Some((id.as_str(), *seconds, fault.as_ref())),
            _ => None,
        })
    }

    /// What is known of the site in hand, where it stands or was left half-done.
    pub fn standing_site(&self) -> Option<&Standing> {
        self.standing.iter().find(|s| s.site == self.answers.site)
    }

    /// The site in hand stood as a whole before what is done to it now.
    pub fn stood(&self) -> bool {
        self.standing_site().is_some_and(|s| s.stood)
    }

    /// After this run a site stands: it was installed, or a change of it was undone. Where it failed, it can be undone; taking a
    /// site down cannot, it is gone on with.
    pub fn left_standing(&self) -> bool {
        match self.purpose {
            Purpose::Install => true,
            Purpose::Undo => self.stood(),
            Purpose::Uninstall => false,
        }
    }

    /// What the run came to, once it has ended.
    pub fn came(&self) -> Option<Came<'_>> {
        let ended = self.ended.as_ref()?;
        Some(Came {
            stands: ended.ok && self.left_standing(),
            cameras: ended.cameras,
            recorded: &self.recorded,
            addresses: &ended.addresses,
            says: &ended.says,
        })
    }

    /// Answers are being typed.
    pub(super) fn typing(&self) -> bool {
        matches!(self.here(), Stage::Machine | Stage::Where | Stage::Cameras | Stage::Storage | Stage::Review)
    }

    /// What stays in the terminal where one leaves before anything was installed.
    pub fn kept_words(&self) -> Option<&'static str> {
        (self.typing() && !self.running && self.typed_is_kept() == Some(true)).then_some(crate::words::help::TYPED_IS_KEPT)
    }

    /// What becomes of what was typed, where one leaves now: it is kept, or not; none where nothing was typed.
    pub fn typed_is_kept(&self) -> Option<bool> {
        match self.keeps {
            Some(kept) if !self.changing => Some(kept),
            _ => (self.kept.as_ref() != Some(&self.answers)).then_some(false),
        }
    }

    /// Cameras that record, as they were last seen: by the dashboard, else at the end of the run.
    pub fn recording(&self) -> usize {
        let seen = self.health.as_ref().map(|h| h.cameras.iter().filter(|c| crate::words::state::records(c)).count());
        seen.or_else(|| self.ended.as_ref().map(|e| e.cameras.recording)).unwrap_or(0)
    }

    /// The run can be held: some step of it is still to come. The wait for recordings at its end is none.
    pub fn holds(&self) -> bool {
        self.running && !self.stopping && !self.steps.contains_key(PROOF)
    }

    /// Steps that are done, of all.
    pub fn done_of(&self) -> (usize, usize) {
        (self.steps.values().filter(|s| matches!(s, StepRun::Done { .. })).count(), self.steps.len())
    }

    /// How far the run is, also one that takes back: steps behind it, of all that it said it has.
    pub fn along(&self) -> (usize, usize) {
        let behind = |s: &&StepRun| matches!(s, StepRun::Done { .. } | StepRun::Reverted);
        (self.steps.values().filter(behind).count(), self.steps.len().max(self.announced))
    }

    /// The folder that the recordings of this site lie in already, where it stands: they stay there.
    pub fn kept_folder(&self) -> Option<&str> {
        self.standing.iter().find(|s| s.site == self.answers.site)?.folder.as_deref()
    }

    /// Checks that stand in the way, less those whose fix a person agreed to.
    pub fn blocks(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|c| c.status == Status::Block && !c.fix.is_some_and(|f| self.fixes.contains(&f)))
    }

    /// The log that is shown, as text: the followed one, else the run's.
    pub fn shown_log(&self) -> String {
        let lines: Vec<String> = match &self.open_log {
            Some((_, lines)) => lines.clone(),
            None => self.run_log(),
        };
        lines.join("\n") + "\n"
    }

    /// The run's log, a line each.
    pub fn run_log(&self) -> Vec<String> {
        self.log.iter().map(|(at, from, text)| format!("{at:.0} {from} {text}")).collect()
    }

    /// What failed: steps of the run, and what was asked for outside of one.
    pub fn faults(&self) -> Vec<Fault> {
        let steps = self.order.iter().filter_map(|id| match self.steps.get(id) {
            Some(StepRun::Failed { fault, .. }) => Some((**fault).clone()),
            _ => None,
        });
        steps.chain(self.fault.clone()).collect()
    }

    /// Something is under way that a person waits for: a spinner turns.
    pub fn busy(&self) -> bool {
        self.probing || self.planning || (self.running && !self.paused) || self.tried.values().any(Option::is_none)
    }
}
