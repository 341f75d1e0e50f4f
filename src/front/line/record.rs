//! A run as lines: one timestamped line an event, progress now and then, a word every ten seconds while nothing happens.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::show;
use crate::model::event::{Event, Unit};
use crate::model::health::HealthSnapshot;
use crate::model::plan::Plan;
use crate::words::camera::whence;
use crate::words::figures::{bytes, count, span, time_of_day};
use crate::words::{plain, stage, state};

/// Seconds between two lines of progress of one step.
const PROGRESS_EVERY: f64 = 5.0;
/// Seconds without a line after which it says that it is still at it.
const HEARTBEAT: f64 = 10.0;

/// A step that runs.
struct Running {
    title: String,
    /// When its last line was said.
    said: f64,
    /// How far it is, in words.
    far: String,
}

/// What was said of a run so far.
pub struct Record {
    /// Bars show how far each step is: then no lines do.
    pub bars: bool,
    zone: TimeZone,
    numbers: BTreeMap<String, usize>,
    of: usize,
    downloads: BTreeMap<String, u64>,
    running: BTreeMap<String, Running>,
    health: BTreeMap<String, String>,
    said: f64,
}

impl Record {
    /// Nothing was said yet. `now` is in seconds since 1970.
    pub fn new(zone: TimeZone, now: f64) -> Self {
        Record {
            bars: false,
            zone,
            numbers: BTreeMap::new(),
            of: 0,
            downloads: BTreeMap::new(),
            running: BTreeMap::new(),
            health: BTreeMap::new(),
            said: now,
        }
    }

    /// The plan that will run: it numbers the steps.
    pub fn plan(&mut self, plan: &Plan) {
        self.numbers = plan.steps.iter().enumerate().map(|(at, s)| (s.id.clone(), at + 1)).collect();
        self.downloads = plan.steps.iter().filter_map(|s| Some((s.id.clone(), s.preview.download_bytes?))).collect();
        self.of = plan.steps.len();
    }

    /// The lines of an event; mostly one, often none.
    pub fn event(&mut self, event: &Event, now: f64) -> Vec<String> {
        let lines = self.lines(event, now);
        if !lines.is_empty() {
            self.said = now;
        }
        lines
    }

    /// A word that it is still at it, when nothing was said for a while.
    pub fn tick(&mut self, now: f64) -> Option<String> {
        if self.bars || self.running.is_empty() || now - self.said < HEARTBEAT {
            return None;
        }
        self.said = now;
        let what: Vec<String> = self
            .running
            .values()
            .map(|r| if r.far.is_empty() { r.title.clone() } else { format!("{} ({})", r.title, r.far.trim_end_matches('.')) })
            .collect();
        Some(format!("{} still at it: {}.", self.stamp(now), what.join("; ")))
    }

    fn stamp(&self, at: f64) -> String {
        format!("[{}]", time_of_day(at, &self.zone))
    }

    /// `3 of 14`, counted in the order in which steps are met where the plan is not known.
    fn number(&mut self, id: &str) -> String {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(id.to_string()).or_insert(next);
        format!("{number} of {}", self.of.max(self.numbers.len()))
    }

    fn lines(&mut self, event: &Event, now: f64) -> Vec<String> {
        match event {
            Event::Planned { plan, .. } => {
                self.plan(plan);
                vec![]
            }
            Event::RunStarted { steps } => {
                self.of = *steps;
                vec![format!("{} the run begins, {}.", self.stamp(now), count(*steps, "step"))]
            }
            Event::StepStarted { id, title, at } => {
                let size = self.downloads.get(id).filter(|b| **b > 0).map(|b| format!(", {}", bytes(*b))).unwrap_or_default();
                self.running.insert(id.clone(), Running { title: title.clone(), said: now, far: String::new() });
                vec![format!("{} {}  {title}: started{size}.", self.stamp(*at), self.number(id))]
            }
            Event::StepProgress { id, done, total, unit, note } => self.progress(id, &far(*done, *total, *unit, note), now),
            Event::StepDone { id, title, seconds, changed } => {
                self.running.remove(id);
                vec![format!("{} {}  {}.", self.stamp(now), self.number(id), stage::step_done(id, title, *seconds, *changed))]
            }
            Event::StepFailed { id, title, seconds, fault } => {
                self.running.remove(id);
                let mut lines = vec![format!("{} {}  {title}: failed after {}.", self.stamp(now), self.number(id), span(*seconds))];
                lines.extend(show::fault(fault));
                lines
            }
            Event::StepReverted { id, title } => {
                self.running.remove(id);
                vec![format!("{} {}  {title}: done.", self.stamp(now), self.number(id))]
            }
            Event::Log { at, from, text } => vec![format!("{} {from}: {text}", self.stamp(*at))],
            Event::Recorded { camera, says } => vec![format!("{} camera {camera}: {says}", self.stamp(now))],
            Event::CameraTried { tried } => {
                let mut lines =
                    vec![format!("{} camera {}{}: {}.", self.stamp(now), tried.name, whence(tried.from), tried.says.trim_end_matches('.'))];
                if !tried.advice.is_empty() {
                    lines.push(format!("  What to do: {}", tried.advice));
                }
                lines
            }
            Event::Health { snapshot } => self.health(snapshot, now),
            Event::LogLines { component, lines } => lines.iter().map(|l| format!("{component}: {l}")).collect(),
            Event::Note { says } => vec![format!("{} {says}", self.stamp(now))],
            Event::Failed { fault } => show::fault(fault),
            Event::Done { ok, addresses, says, cameras, .. } => {
                self.running.clear();
                let mut lines = says.clone();
                for a in addresses {
                    let user = a.user.as_ref().map(|u| format!(", user {u}")).unwrap_or_default();
                    let password = a.password.as_ref().map(|p| format!(", password: kerbup passwords {p}")).unwrap_or_default();
                    lines.push(format!("{}: {}{user}{password}", a.title, a.url));
                }
                if cameras.of > 0 {
                    lines.push(format!("Cameras that were seen to record: {} of {}.", cameras.recording, cameras.of));
                }
                // A run that says how it ended says the way on as well.
                if !ok && says.is_empty() {
                    lines.push(plain::NOTHING_LOST.into());
                }
                lines
            }
            _ => vec![],
        }
    }

    fn progress(&mut self, id: &str, far: &str, now: f64) -> Vec<String> {
        let Some(running) = self.running.get_mut(id) else { return vec![] };
        if running.far == far {
            return vec![];
        }
        running.far = far.to_string();
        if self.bars || now - running.said < PROGRESS_EVERY {
            return vec![];
        }
        running.said = now;
        let title = running.title.clone();
        vec![format!("{} {}  {title}: {}.", self.stamp(now), self.number(id), far.trim_end_matches('.'))]
    }

    /// The first reading as a whole, from then on a line for each state that changed.
    fn health(&mut self, snapshot: &HealthSnapshot, now: f64) -> Vec<String> {
        let seen = |evidence: &[String]| evidence.first().map(|e| format!(" ({e})")).unwrap_or_default();
        let parts = snapshot.components.iter().map(|c| (c.name.clone(), c.title.clone(), state::component(c.state), seen(&c.evidence)));
        let cameras = snapshot
            .cameras
            .iter()
            .map(|c| (format!("camera {}", c.name), format!("camera {}", c.name), state::camera(c.state), seen(&c.evidence)));
        let first = self.health.is_empty();
        let mut changed = vec![];
        for (key, title, word, seen) in parts.chain(cameras) {
            if self.health.insert(key, word.to_string()).as_deref() != Some(word) {
                changed.push(format!("{} {title}: {word}{seen}.", self.stamp(now)));
            }
        }
        if first { show::status(snapshot) } else { changed }
    }
}

/// How far a step is: `98 of 140 MB`, `12 of 60 s`, or what is awaited.
fn far(done: u64, total: Option<u64>, unit: Unit, note: &str) -> String {
    let say = |n: u64| match unit {
        Unit::Bytes => bytes(n),
        Unit::Seconds => span(n as f64),
    };
    let figures = match total {
        Some(total) => {
            let (done, total) = (say(done), say(total));
            match (done.split_once(' '), total.split_once(' ')) {
                (Some((number, a)), Some((_, b))) if a == b => format!("{number} of {total}"),
                _ => format!("{done} of {total}"),
            }
        }
        None if done > 0 => say(done),
        None => String::new(),
    };
    [figures.as_str(), note].iter().filter(|t| !t.is_empty()).copied().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::CameraCount;
    use crate::model::fault::{Fault, Whose};

    const START: f64 = 18.0 * 3600.0 + 2.0 * 60.0 + 11.0;

    fn progress(done: u64) -> Event {
        Event::StepProgress { id: "m".into(), done, total: Some(140_000_000), unit: Unit::Bytes, note: String::new() }
    }

    #[test]
    fn a_step_is_told_in_few_lines() {
        let mut record = Record::new(TimeZone::UTC, START);
        record.of = 14;
        let title = "Fetch MongoDB 4.4.18".to_string();
        let started = record.event(&Event::StepStarted { id: "m".into(), title: title.clone(), at: START }, START);
        assert_eq!(started, ["[18:02:11] 1 of 14  Fetch MongoDB 4.4.18: started."]);
        assert!(record.event(&progress(9_000_000), START + 1.0).is_empty());
        assert_eq!(record.event(&progress(98_000_000), START + 10.0), ["[18:02:21] 1 of 14  Fetch MongoDB 4.4.18: 98 of 140 MB."]);
        assert!(record.event(&progress(98_000_000), START + 18.0).is_empty());
        assert_eq!(record.tick(START + 19.0), None);
        assert_eq!(record.tick(START + 20.0).as_deref(), Some("[18:02:31] still at it: Fetch MongoDB 4.4.18 (98 of 140 MB)."));
        assert_eq!(record.tick(START + 21.0), None);
        let done = Event::StepDone { id: "m".into(), title, seconds: 25.0, changed: true };
        assert_eq!(record.event(&done, START + 25.0), ["[18:02:36] 1 of 14  Fetch MongoDB 4.4.18: done in 25 s."]);
        assert_eq!(record.tick(START + 99.0), None);
        let waited = Event::StepDone { id: crate::model::event::PROOF.into(), title: "Wait".into(), seconds: 31.0, changed: false };
        assert!(record.event(&waited, START + 99.0)[0].ends_with("Wait: done in 31 s."));
        let gone = Event::StepReverted { id: "m".into(), title: "Remove the image mongo:4.4.18".into() };
        assert_eq!(record.event(&gone, START + 99.0), ["[18:03:50] 1 of 14  Remove the image mongo:4.4.18: done."]);
    }

    #[test]
    fn a_failure_says_why_and_the_end_what_stays() {
        let mut record = Record::new(TimeZone::UTC, 0.0);
        let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9000 is in use.").because("nginx listens").cure("Take port 9002.");
        let lines = record.event(&Event::StepFailed { id: "v".into(), title: "Start the video store".into(), seconds: 31.0, fault }, 40.0);
        assert_eq!(
            lines,
            [
                "[00:00:40] 1 of 1  Start the video store: failed after 31 s.",
                "Error: Port 9000 is in use. [PORT-TAKEN]",
                "  Because: nginx listens",
                "  What to do: Take port 9002.",
            ]
        );
        let cameras = CameraCount { recording: 1, of: 2 };
        let done = |says: &[&str]| {
            let says = says.iter().map(ToString::to_string).collect();
            Event::Done { ok: false, changed: true, cameras, addresses: vec![], says }
        };
        let seen = "Cameras that were seen to record: 1 of 2.";
        assert_eq!(record.event(&done(&["It stopped. Run it again."]), 41.0), ["It stopped. Run it again.", seen]);
        assert_eq!(record.event(&done(&[]), 41.0), [seen, plain::NOTHING_LOST]);
    }

    #[test]
    fn how_far() {
        assert_eq!(far(500_000, Some(140_000_000), Unit::Bytes, ""), "500 kB of 140 MB");
        assert_eq!(far(12, Some(60), Unit::Seconds, "waits for the database"), "12 of 60 s, waits for the database");
        assert_eq!(far(0, None, Unit::Seconds, "unpacks"), "unpacks");
    }
}
