//! Looks at the machine and runs the checks.

use super::Drive;
use crate::checks;
use crate::host;
use crate::model::answers::Answers;
use crate::model::check::Check;
use crate::model::event::Event;
use crate::model::host::HostReport;
use crate::step::registry;
use crate::target::docker::image;

impl Drive {
    /// Registries that the stack would be fetched from with these answers.
    fn registries(&self, answers: &Answers) -> Vec<String> {
        let mut all: Vec<String> = self.recipes.components.iter().map(|c| registry(&image::name(&c.image.name, &answers.images)).to_string()).collect();
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
        let report = host::probe(&self.world, &self.registries(answers), &tell).await;
        self.memory().host = report.clone();
        self.send(Event::Host { report: Box::new(report.clone()), pending: vec![] });
        (report, self.check(answers))
    }

    /// Runs the checks over what is known by now.
    pub fn check(&self, answers: &Answers) -> Vec<Check> {
        let (host, tried) = {
            let memory = self.memory();
            (memory.host.clone(), memory.tried.clone())
        };
        let needs = checks::Needs::from_recipes(&self.recipes, answers, &host);
        let ours = self.ours();
        let facts = checks::Facts { host: &host, answers, needs: &needs, tried: &tried, ours: &ours };
        let found = checks::run(&facts);
        self.send(Event::Choices { choices: checks::choices(&facts) });
        self.send(Event::Checks { checks: found.clone() });
        found
    }

    /// Names of containers that kerbup made here: they never fail their own checks.
    fn ours(&self) -> Vec<String> {
        let memory = self.memory();
        memory.host.existing.get().into_iter().flatten().filter(|e| e.site.is_some()).map(|e| e.name.clone()).collect()
    }
}
