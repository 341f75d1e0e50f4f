//! Room for recordings: what the disk has, what of it is the site's own already, and which figures stand.

use std::time::Duration;

use super::Drive;
use crate::ask;
use crate::model::answers::Answers;
use crate::model::fact::Fact;
use crate::model::host::HostReport;
use crate::model::plan::Step;
use crate::model::survey::{Least, Own, Survey};
use crate::run::Receipt;
use crate::step::{self, Workload, bucket, container};
use crate::target::docker::{Inputs, workloads};

/// Counting ends after so long, seconds: a person waits for it.
const COUNTING: f64 = 3.0;

/// And after so many names.
const NAMES: usize = 5_000_000;

/// What was counted holds so long, seconds: the questions about storage ask again and again.
const HOLDS: f64 = 60.0;

/// What a site's figures were decided from, and what they are.
pub(super) struct Before {
    /// Answers.
    answers: Option<Answers>,
    /// Figures.
    figures: Least,
    /// The site stands; else this is what lies with recordings that were kept.
    stands: bool,
}

impl Before {
    /// Whether these answers are those that the figures of the standing site come from: shape, cameras and disk, and the days.
    pub(super) fn same(&self, answers: &Answers) -> (bool, bool) {
        let days = |old: &Answers| old.retention_days == answers.retention_days;
        (self.stands && self.alike(answers), self.stands && self.answers.as_ref().is_some_and(days))
    }

    fn alike(&self, answers: &Answers) -> bool {
        let from = |a: &Answers| (a.shape, a.path.clone(), a.cameras.clone());
        self.answers.as_ref().is_some_and(|old| from(old) == from(answers))
    }

    /// What a new plan does not go below. To ask for more days is no reason to keep fewer, although the cameras' rates were
    /// read a little higher this time; nor is a count that did not come to its end.
    pub(super) fn least(&self, answers: &Answers, own: &Own) -> Least {
        let more = self.answers.as_ref().is_some_and(|old| answers.retention_days >= old.retention_days);
        if own.missed.is_some() || (self.alike(answers) && more) { self.figures.clone() } else { Least::default() }
    }
}

impl Drive {
    /// Free and all bytes of the file system that holds a folder, or will hold it.
    pub fn room(&self, path: &str) -> (Fact<u64>, Fact<u64>) {
        let mut at = path.trim_end_matches('/').to_string();
        while !at.is_empty() && self.world.files.meta(&at).is_err() {
            at = at.rfind('/').map_or(String::new(), |i| at[..i].to_string());
        }
        let at = if at.is_empty() { "/".to_string() } else { at };
        match self.world.files.space(&at) {
            Ok(space) => (Fact::known(space.free, format!("statfs {at}")), Fact::known(space.total, format!("statfs {at}"))),
            Err(e) => (Fact::unknown(e.to_string()), Fact::unknown(e.to_string())),
        }
    }

    /// What the site keeps on the disk of its recordings and lets go again by itself, whether it stands or was taken down.
    pub(super) async fn own(&self, host: &HostReport, answers: &Answers) -> Own {
        self.counted(self.letting_go(host, answers), &answers.path).await
    }

    /// The same of these parts.
    pub(super) async fn own_of(&self, parts: Vec<Workload>, path: &str) -> Own {
        self.counted(self.lets_go(parts), path).await
    }

    async fn counted(&self, folders: Vec<String>, path: &str) -> Own {
        let now = self.world.clock.ticks();
        if let Some((counted, at, own)) = &self.memory().counted
            && *counted == folders
            && now - at < HOLDS
        {
            return own.clone();
        }
        let (files, counted, path) = (self.world.files.clone(), folders.clone(), path.to_string());
        let clock = self.world.clock.clone();
        let count = move || {
            let mut own = Own::default();
            let device = files.meta(&path).ok().map(|m| m.device);
            for folder in counted {
                match files.meta(&folder) {
                    // Not there yet, or on a disk of its own.
                    Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                    Ok(m) if Some(m.device) != device => continue,
                    _ => {}
                }
                let left = Duration::from_secs_f64((COUNTING - (clock.ticks() - now)).clamp(0.0, COUNTING));
                let why = match files.taken(&folder, NAMES, left) {
                    Ok(taken) => {
                        own.bytes += taken.bytes;
                        (!taken.whole).then(|| format!("not all of {folder} could be looked at"))
                    }
                    Err(e) => Some(format!("{folder} could not be looked at: {e}")),
                };
                own.missed = own.missed.or(why);
            }
            own
        };
        // A walk over many files: not on the loop that draws the screen.
        let own = match tokio::task::spawn_blocking(count).await {
            Ok(own) => own,
            Err(e) => Own { bytes: 0, missed: Some(e.to_string()) },
        };
        self.memory().counted = Some((folders, now, own.clone()));
        own
    }

    /// Folders whose oldest files go by themselves: those of the parts that clean up, and of the store that has the rule.
    pub(super) fn letting_go(&self, host: &HostReport, answers: &Answers) -> Vec<String> {
        let survey = Survey::default();
        let inputs = Inputs { host, survey: &survey, answers, recipes: &self.recipes, state: "", agent_megabytes: Default::default() };
        self.lets_go(workloads(&inputs).unwrap_or_default())
    }

    fn lets_go(&self, parts: Vec<Workload>) -> Vec<String> {
        let cleans = |kind: &str| self.recipes.component(kind).is_some_and(|c| c.cleans_itself.is_some());
        let own = parts.into_iter().filter(|w| cleans(&w.kind) || w.provision.iter().any(|p| p.step == "bucket"));
        own.flat_map(|w| w.folders.into_iter().map(|f| f.path)).collect()
    }

    /// What the site was decided from: the one that stands, else the one whose recordings were kept.
    pub(super) fn before(&self, answers: &Answers, receipt: &Receipt) -> Before {
        let old = |folder: &str| {
            let path = format!("{folder}/site.toml");
            let text = String::from_utf8_lossy(&self.world.files.read(&path).ok()?).into_owned();
            let read = |p: &str| Err(format!("{p} is not read here"));
            ask::load(&[(path, text)], &[], &|_| None, &read).ok().map(|(answers, _)| answers)
        };
        if let Some(answers) = old(&self.state(&answers.site)) {
            let figures = self.figures(receipt.steps.values().map(|t| &*t.step));
            return Before { answers: Some(answers), figures, stands: true };
        }
        let kept = self.kept(answers);
        let plan = kept.as_deref().and_then(|k| Receipt::kept(&*self.world.files, k)).unwrap_or_default();
        Before { answers: kept.as_deref().and_then(old), figures: self.figures(plan.steps.iter()), stands: false }
    }

    /// The folder `.kerbup` beside recordings, where it is this site's.
    pub(super) fn kept(&self, answers: &Answers) -> Option<String> {
        let kept = format!("{}/.kerbup", answers.path.trim_end_matches('/'));
        let site = self.world.files.read(&format!("{kept}/site")).ok()?;
        (String::from_utf8_lossy(&site).trim() == answers.site).then_some(kept)
    }

    fn figures<'a>(&self, steps: impl Iterator<Item = &'a Step>) -> Least {
        let mut figures = Least::default();
        for s in steps {
            match s.kind.as_str() {
                "bucket" => figures.days = step::with::<bucket::With>(s).ok().map(|w| w.days),
                "container" => {
                    let Ok(w) = step::with::<container::With>(s).map(|w| w.workload) else { continue };
                    let cleans = self.recipes.component(&w.kind).and_then(|c| c.cleans_itself.as_ref());
                    let kept = cleans.and_then(|c| w.spec.env.get(&c.variable)?.shown().parse().ok());
                    figures.megabytes.extend(w.camera.zip(kept));
                }
                _ => {}
            }
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_stand_are_not_gone_below_for_more_days_or_for_what_is_not_known() {
        let figures = Least { days: Some(12), ..Least::default() };
        let old = Answers { retention_days: 30, ..Answers::default() };
        let before = |stands| Before { answers: Some(old.clone()), figures: figures.clone(), stands };
        let (counted, missed) = (Own::default(), Own { bytes: 0, missed: Some("too many".into()) });
        let with = |days, path: &str| Answers { retention_days: days, path: path.into(), ..old.clone() };
        let here = old.path.clone();
        for stands in [true, false] {
            assert_eq!(before(stands).least(&with(40, &here), &counted), figures);
            assert_eq!(before(stands).least(&with(30, &here), &counted), figures);
            assert_eq!(before(stands).least(&with(20, &here), &counted), Least::default(), "fewer were asked for");
            assert_eq!(before(stands).least(&with(40, "/mnt/other"), &counted), Least::default());
            assert_eq!(before(stands).least(&with(40, "/mnt/other"), &missed), figures);
        }
        assert_eq!(before(true).same(&with(30, &here)), (true, true));
        assert_eq!(before(true).same(&with(40, &here)), (true, false));
        assert_eq!(before(false).same(&with(30, &here)), (false, false), "figures of a site that stands alone stay to the letter");
    }
}
