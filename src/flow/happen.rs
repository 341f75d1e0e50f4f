//! What happened, folded into what a front may show.

use super::state::{Ended, FOLLOWED_LINES, LOG_LINES, Purpose, Standing, StepRun, Then};
use super::{Effect, Flow, Stage};
use crate::model::check::Fix;
use crate::model::event::Event;
use crate::model::plan::Plan;
use crate::words::{root, stage};

impl Flow {
    /// Takes what happened.
    pub(super) fn happen(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Host { report, pending } => {
                self.host = *report;
                self.pending = pending;
            }
            Event::Checks { checks } => {
                self.checks = checks;
                self.probing = false;
                self.pending.clear();
                if self.then.take_if(|then| *then == Then::Plan).is_some() {
                    return self.repair_plan();
                }
            }
            Event::Choices { choices } => {
                self.recommended = choices.iter().find(|c| c.recommended && c.available.is_ok()).map(|c| (c.platform, c.shape));
                self.choices = choices;
            }
            Event::CameraSet { index, camera, advice } => return self.camera_set(index, camera, advice),
            Event::Sizing(sizing) => self.sizing = Some(sizing),
            Event::AnswersKept { kept } => self.keeps = Some(kept),
            Event::Loaded { answers } => {
                self.answers = *answers;
                self.kept = Some(self.answers.clone());
                self.keeps = self.taking_up.then_some(true);
                self.taking_up = false;
                // Another site's camera of the same name is another camera.
                self.tried.clear();
                self.outdated();
                if let Some(then) = self.then {
                    self.planning = then == Then::Plan;
                    self.plan = None;
                    self.then = Some(then).filter(|t| *t == Then::Plan);
                    return if self.checks.is_empty() { self.look() } else { self.check() };
                }
                // Checks that were run for other answers say nothing about these.
                if !self.checks.is_empty() && !self.probing {
                    return self.check();
                }
            }
            Event::CameraTried { tried } => return self.camera_tried(tried),
            Event::Planned { plan, states } => {
                if self.running && self.purpose != Purpose::Uninstall {
                    self.planning = false;
                    self.take_up(*plan);
                } else if self.planning {
                    // A plan for answers that were changed meanwhile is not wanted: another one is on its way.
                    self.planning = false;
                    self.titles = plan.steps.iter().map(|s| (s.id.clone(), s.title.clone())).collect();
                    self.plan = Some(*plan);
                    self.states = states;
                    return self.as_agreed();
                }
            }
            Event::RunStarted { steps } => {
                self.unbegun = None;
                self.announced = steps;
                // A second program that attached to a run learns of it here.
                if !self.running {
                    self.running = true;
                    self.ended = None;
                    self.steps.clear();
                    self.order.clear();
                    self.go(Stage::Install);
                }
            }
            Event::StepStarted { id, title, at } => {
                self.note_down(at, stage::step_begun(&title));
                self.step(id, Some(title), StepRun::Running { since: at, progress: None, note: String::new() });
            }
            Event::StepProgress { id, done, total, unit, note } => {
                let since = match self.steps.get(&id) {
                    Some(StepRun::Running { since, .. }) => *since,
                    _ => return vec![],
                };
                self.step(id, None, StepRun::Running { since, progress: Some((done, total, unit)), note });
            }
            Event::StepDone { id, title, seconds, changed } => {
                self.note_down(self.begun(&id) + seconds, stage::step_done(&id, &title, seconds, changed));
                self.step(id, Some(title), StepRun::Done { seconds, changed });
            }
            Event::StepFailed { id, title, seconds, fault } => {
                let at = self.begun(&id) + seconds;
                stage::step_failed(&title, seconds, &fault).into_iter().for_each(|line| self.note_down(at, line));
                self.step(id, Some(title), StepRun::Failed { seconds, fault: Box::new(fault) });
            }
            Event::StepReverted { id, title } => {
                let at = self.log.last().map_or(0.0, |(at, ..)| *at);
                self.note_down(at, stage::step_reverted(&title));
                self.step(id, Some(title), StepRun::Reverted);
            }
            Event::Log { at, from, text } => self.log_line(at, from, text),
            Event::Recorded { camera, says } => {
                self.recorded.retain(|(name, _)| *name != camera);
                self.recorded.push((camera, says));
            }
            Event::Health { snapshot } => self.health = Some(*snapshot),
            Event::LogLines { component, lines } => {
                if let Some((open, kept)) = &mut self.open_log
                    && *open == component
                {
                    kept.extend(lines);
                    keep_last(kept, FOLLOWED_LINES);
                }
            }
            Event::Revealed { name, value } => self.revealed = Some((name, value)),
            Event::Farewell { site, goes, stays } => self.farewell = Some((site, goes, stays)),
            Event::Note { says } => self.note = Some(says),
            Event::Failed { fault } => {
                // Whatever was being worked out does not come any more.
                self.then = None;
                self.taking_up = false;
                match self.here() {
                    Stage::Review => self.planning = false,
                    Stage::Machine => self.probing = false,
                    _ => {}
                }
                self.fault = Some(fault);
            }
            Event::Done { ok, cameras, addresses, says, .. } => self.done(Ended { ok, cameras, addresses, says }),
        }
        vec![]
    }

    /// Goes on with what a person said yes to before root was asked for, unless something is otherwise now.
    fn as_agreed(&mut self) -> Vec<Effect> {
        let (Some(agreed), Some(plan)) = (self.agreed.take(), &self.plan) else { return vec![] };
        let differs = plan.differences(&agreed);
        // What the plan itself mends stands in nobody's way.
        let block = self.blocks().find(|c| !matches!(c.fix, Some(Fix::InstallDocker | Fix::StartDocker)));
        match block {
            None if differs.is_empty() => return self.install(),
            None => self.note = Some(root::plan_differs(&differs)),
            Some(check) => self.note = Some(stage::in_the_way(check)),
        }
        vec![]
    }

    /// The plan of a run that is gone on with, or that undoes a change: its steps wait.
    fn take_up(&mut self, plan: Plan) {
        for s in &plan.steps {
            self.titles.insert(s.id.clone(), s.title.clone());
            if !self.steps.contains_key(&s.id) {
                self.order.push(s.id.clone());
                self.steps.insert(s.id.clone(), StepRun::Waiting);
            }
        }
        self.plan = Some(plan);
        self.states.clear();
    }

    fn log_line(&mut self, at: f64, from: String, text: String) {
        self.log.push((at, from, text));
        keep_last(&mut self.log, LOG_LINES);
    }

    /// The run's own line in its log: so that it tells what was done also where no program says a word.
    fn note_down(&mut self, at: f64, text: String) {
        self.log_line(at, "kerbup".into(), text);
    }

    /// When a step began, in seconds since 1970.
    fn begun(&self, id: &str) -> f64 {
        match self.steps.get(id) {
            Some(StepRun::Running { since, .. }) => *since,
            _ => self.log.last().map_or(0.0, |(at, ..)| *at),
        }
    }

    fn step(&mut self, id: String, title: Option<String>, state: StepRun) {
        if !self.steps.contains_key(&id) {
            self.order.push(id.clone());
        }
        if let Some(title) = title {
            self.titles.insert(id.clone(), title);
        }
        self.steps.insert(id, state);
    }

    fn done(&mut self, ended: Ended) {
        self.running = false;
        self.paused = false;
        let begun = self.steps.values().any(|s| *s != StepRun::Waiting);
        // What was under way when the run ended is not done, and will be looked at anew.
        for state in self.steps.values_mut().filter(|s| matches!(s, StepRun::Running { .. })) {
            *state = StepRun::Waiting;
        }
        let ok = ended.ok;
        let site = &self.answers.site;
        self.standing.iter_mut().filter(|s| s.site == *site).for_each(|s| s.running = false);
        let stays = self.left_standing();
        let folder = Some(self.answers.path.trim_end_matches('/').to_string());
        let purpose = if stays { Purpose::Install } else { Purpose::Uninstall };
        match self.standing.iter_mut().find(|s| s.site == *site) {
            Some(s) if ok && stays => (s.unfinished, s.stood, s.purpose, s.folder) = (false, true, purpose, folder),
            Some(_) if ok => self.standing.retain(|s| s.site != *site),
            Some(s) if begun => (s.unfinished, s.purpose) = (true, purpose),
            None if begun || (ok && stays) => {
                let (site, (done, of)) = (site.clone(), (self.done_of()));
                self.standing.push(Standing { site, unfinished: !ok, running: false, done, of, stood: ok, purpose, folder });
            }
            _ => {}
        }
        self.changing &= !ok;
        self.ended = Some(ended);
        if ok && self.here() == Stage::Install {
            self.go(Stage::Done);
        }
    }
}

/// Drops the oldest. A tenth more is let in before, so that a long log is not moved at every line.
fn keep_last<T>(lines: &mut Vec<T>, most: usize) {
    if lines.len() > most + most / 10 {
        lines.drain(..lines.len() - most);
    }
}
