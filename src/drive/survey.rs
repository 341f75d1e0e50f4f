//! Survey: what can be known only after the answers.

use super::Drive;
use crate::model::answers::Answers;
use crate::model::camera::StreamReading;
use crate::model::fact::Fact;
use crate::model::fault::Fault;
use crate::model::host::{DockerPresence, HostReport};
use crate::model::plan::{Plan, StepState};
use crate::model::survey::{ImageSurvey, Survey};
use crate::plan::{self, Wish};
use crate::run::Receipt;
use crate::step::{self, Context};
use crate::target::docker::{Inputs, workloads};

impl Drive {
    /// Learns what the plan needs: images, room, cameras, networks, earlier runs.
    pub async fn survey(&self, host: &HostReport, answers: &Answers) -> Survey {
        let mut s = Survey::default();
        let receipt = Receipt::read(&*self.world.files, &self.state(&answers.site)).unwrap_or_default();
        s.step_seconds = receipt.typical_seconds();
        s.secrets = self.secrets.names();
        s.cameras = self.streams();
        (s.free_bytes, s.total_bytes) = self.room(&answers.path);
        if matches!(host.docker.get(), Some(DockerPresence::Running(_)) | None) {
            match self.world.engine.networks().await {
                // The site's own network stands in nobody's way.
                Ok(all) => s.subnets = all.into_iter().filter(|n| n.name != answers.site).filter_map(|n| n.subnet).collect(),
                Err(_) => return s,
            }
            let inputs = Inputs { host, survey: &s, answers, recipes: &self.recipes, state: "", agent_megabytes: Default::default() };
            let names: Vec<String> = workloads(&inputs).unwrap_or_default().into_iter().map(|w| w.spec.image).collect();
            for name in names {
                if let Ok(present) = self.world.engine.image(&name).await {
                    let unasked = || "the registry was not asked".to_string();
                    s.images.insert(name, ImageSurvey { present, digest: Fact::unknown(unasked()), download: Fact::unknown(unasked()), arches: Fact::unknown(unasked()) });
                }
            }
        }
        s
    }

    fn streams(&self) -> std::collections::BTreeMap<String, StreamReading> {
        self.memory().tried.iter().filter_map(|(n, t)| Some((n.clone(), t.outcome.clone().ok()?))).collect()
    }

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

    /// Surveys, plans, and asks each step how things stand.
    pub async fn plan(&self, answers: &Answers) -> Result<(Plan, std::collections::BTreeMap<String, StepState>), Fault> {
        let host = self.memory().host.clone();
        let survey = self.survey(&host, answers).await;
        let state = self.state(&answers.site);
        let wish = Wish { host: &host, survey: &survey, answers, recipes: &self.recipes, state: &state, link: &self.link };
        let mut plan = plan::plan(&wish)?;
        let receipt = Receipt::read(&*self.world.files, &state)?;
        settle(&mut plan, &receipt);
        let cx = self.context(answers.site.clone());
        let mut states = std::collections::BTreeMap::new();
        for s in &plan.steps {
            let Some(kind) = step::kind(&s.kind) else { continue };
            let cx = Context { made: receipt.steps.get(&s.id).and_then(|t| t.made.clone()), ..cx.clone() };
            // What cannot be told before its time (a part on an engine that is missing) is told by the run.
            if let Ok(state) = kind.check(s, &cx).await {
                states.insert(s.id.clone(), state);
            }
        }
        self.memory().plan = Some(plan.clone());
        Ok((plan, states))
    }
}

/// A standing site keeps what it chose once: its subnet stays although others would be free now.
fn settle(plan: &mut Plan, receipt: &Receipt) {
    for s in plan.steps.iter_mut().filter(|s| s.kind == "network") {
        if let Some(old) = receipt.steps.get(&s.id) {
            s.with["subnet"] = old.step.with["subnet"].clone();
            s.preview.by_hand = old.step.preview.by_hand.clone();
        }
    }
}
