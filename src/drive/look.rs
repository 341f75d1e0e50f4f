//! Looks at the machine and runs the checks.

use super::Drive;
use crate::checks;
use crate::host;
use crate::model::answers::Answers;
use crate::model::check::Check;
use crate::model::choice::PlatformChoice;
use crate::model::event::Event;
use crate::model::fact::Fact;
use crate::model::host::{DockerPresence, HostReport};
use crate::model::survey::{ImageSurvey, Survey};
use crate::step::registry_of;
use crate::target::docker::{Inputs, image, workloads};

impl Drive {
    /// Registries that the stack would be fetched from with these answers.
    fn registries(&self, answers: &Answers) -> Vec<String> {
        let mut all: Vec<String> =
            self.recipes.components.iter().map(|c| registry_of(&image::name(&c.image.name, &answers.images)).to_string()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Probes the machine, telling each fact as it comes, then runs the checks.
    pub async fn look(&self, answers: &Answers) -> (HostReport, Vec<Check>) {
        let events = self.events.clone();
        let tell = move |report: &HostReport, pending: &[String]| {
            let _ = events.send(Event::Host { report: Box::new(report.clone()), pending: pending.to_vec() });
        };
        let ca = self.authority_if_any(answers);
        let report = host::probe(&self.world, &self.registries(answers), ca.as_deref().map(str::as_bytes), &tell).await;
        self.memory().host = report.clone();
        self.own(&report, answers).await;
        self.send(Event::Host { report: Box::new(report.clone()), pending: vec![] });
        (report, self.check(answers))
    }

    /// Runs the checks over what is known by now.
    pub fn check(&self, answers: &Answers) -> Vec<Check> {
        let (choices, found) = self.found(answers);
        self.send(Event::Choices { choices });
        self.send(Event::Checks { checks: found.clone() });
        found
    }

    /// What the checks say, told to nobody.
    pub(super) fn found(&self, answers: &Answers) -> (Vec<PlatformChoice>, Vec<Check>) {
        let (host, tried, counted) = {
            let memory = self.memory();
            (memory.host.clone(), memory.tried.clone(), memory.counted.clone())
        };
        // What was counted for another folder or other cameras is not these answers'.
        let own = counted.filter(|c| c.0 == self.letting_go(&host, answers)).map_or(0, |c| c.2.bytes);
        let needs = self.needs(answers, &host);
        let ours = ours(&host);
        let facts = checks::Facts { host: &host, answers, needs: &needs, tried: &tried, ours: &ours, own };
        (checks::choices(&facts), checks::run(&facts))
    }

    /// Figures of the recipes for these answers on this machine.
    fn needs(&self, answers: &Answers, host: &HostReport) -> checks::Needs {
        let survey = Survey::default();
        let inputs = Inputs { host, survey: &survey, answers, recipes: &self.recipes, state: "", agent_megabytes: Default::default() };
        let Ok(all) = workloads(&inputs) else { return checks::Needs::default() };
        let learnt = self.memory().images.clone();
        let mut images: Vec<checks::ImageNeed> = vec![];
        for w in &all {
            let (name, tag) = w.spec.image.rsplit_once(':').unwrap_or((&w.spec.image, "latest"));
            if !images.iter().any(|i| i.name == name) {
                let known = learnt.get(&w.spec.image);
                let arches = known.map_or_else(|| Fact::unknown("the registry was not asked"), |k| k.arches.clone());
                let present = known.is_some_and(|k| k.present.is_some());
                images.push(checks::ImageNeed { part: w.kind.clone(), name: name.into(), tag: tag.into(), arches, present });
            }
        }
        let memory = all.iter().filter_map(|w| w.spec.memory_reservation.or(w.spec.memory)).sum();
        // Known only once every one of them is: a part of the sum would promise too much room.
        let mut fetched: Vec<&str> = all.iter().map(|w| w.spec.image.as_str()).collect();
        fetched.sort_unstable();
        fetched.dedup();
        let packed = match host.docker.get() {
            Some(DockerPresence::Running(engine)) => engine.keeps_packed,
            _ => None,
        };
        // What is here takes no more than it does. What is not known unpacked takes at least what is fetched.
        let takes = |i: &ImageSurvey| match i.present {
            Some(_) => Some(0),
            None => i.on_disk(packed).get().or(i.download.get()).copied(),
        };
        let image_bytes = fetched.iter().map(|n| takes(learnt.get(*n)?)).sum();
        checks::Needs { memory_bytes: Some(memory), images, image_bytes }
    }
}

/// Names and ports of containers that kerbup made here: they never fail their own checks.
fn ours(host: &HostReport) -> Vec<String> {
    let made = host.existing.get().into_iter().flatten().filter(|e| e.site.is_some());
    made.flat_map(|e| std::iter::once(e.name.clone()).chain(e.ports.iter().map(u16::to_string))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::load::embedded;
    use crate::world::fake::{named, world};

    #[tokio::test]
    async fn each_piece_is_told_as_it_comes_and_the_checks_last() {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let drive = Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/state".into(), sender);
        let (whole, _) = drive.look(&Answers::default()).await;
        let told: Vec<Event> = std::iter::from_fn(|| events.try_recv().ok()).collect();
        let Some(Event::Host { report, pending }) = told.first() else { panic!("{:?}", told.first()) };
        assert!(report.cpu == whole.cpu && report.mounts == whole.mounts && report.docker != whole.docker);
        assert!(pending.iter().any(|p| p.starts_with("Images: asking ")) && report.registries.iter().all(|r| r.reach.get().is_none()));
        let awaited: Vec<usize> =
            told.iter().filter_map(|e| if let Event::Host { pending, .. } = e { Some(pending.len()) } else { None }).collect();
        assert!(awaited.is_sorted_by(|a, b| a >= b) && awaited.last() == Some(&0), "{awaited:?}");
        assert!(matches!(told.last(), Some(Event::Checks { .. })));
    }
}
