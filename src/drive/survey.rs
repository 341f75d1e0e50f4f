//! Survey: what can be known only after the answers.

use std::collections::BTreeMap;

use super::install::gone;
use super::{Drive, trust};
use crate::model::answers::{Answers, Shape};
use crate::model::camera::StreamReading;
use crate::model::check::{Check, Status};
use crate::model::details::Details;
use crate::model::engine::ImageInfo;
use crate::model::fact::Fact;
use crate::model::fault::{Fault, Whose};
use crate::model::host::{DockerPresence, HostReport};
use crate::model::plan::{Plan, Step, StepState};
use crate::model::survey::{ImageSurvey, Survey};
use crate::plan::{self, Wish};
use crate::recipe::Recipes;
use crate::run::Receipt;
use crate::step::{self, Context, by_hand, container, data_version, network, storage};
use crate::target::docker::render::local_names;
use crate::target::docker::{Inputs, registry, workloads};
use crate::words;
use crate::words::undo::{Back, back};

/// Checks that a survey's figures decide.
const LEARNT: &[&str] = &["no-matching-manifest", "disk-images"];

/// An image that is on this machine: nothing of it is fetched, and no registry need be asked.
fn here(info: ImageInfo) -> ImageSurvey {
    let how = "the engine";
    ImageSurvey {
        digest: info.digest.clone().map_or_else(|| Fact::unknown("it came from no registry"), |d| Fact::known(d, how)),
        download: Fact::known(0, how),
        unpacked: Fact::known(info.size, how),
        arches: Fact::known(vec![info.arch.clone()], how),
        present: Some(info),
        missing: false,
    }
}

/// The address that a standing container has for a name.
fn entry(receipt: &Receipt, name: &str) -> Option<String> {
    let all = receipt.steps.values().filter_map(|t| t.step.with.value()["workload"]["spec"]["extra_hosts"].as_array().cloned());
    all.flatten().filter_map(|e| Some(e.as_str()?.strip_prefix(name)?.strip_prefix(':')?.to_string())).next()
}

/// The processor in Docker's words. A 32-bit system on a 64-bit kernel fetches 32-bit images.
fn arch(host: &HostReport) -> Option<String> {
    let arch = host.cpu.arch.get()?;
    Some(match (arch.as_str(), host.cpu.userland_bits.get()) {
        ("arm64", Some(32)) => "arm".into(),
        ("amd64", Some(32)) => "386".into(),
        (other, _) => other.into(),
    })
}

impl Drive {
    /// Learns what the plan needs: images, room, cameras, networks, earlier runs.
    pub async fn survey(&self, host: &HostReport, answers: &Answers) -> Survey {
        let mut s = Survey::default();
        let receipt = Receipt::read(&*self.world.files, &self.state(&answers.site)).unwrap_or_default();
        s.step_seconds = receipt.typical_seconds();
        s.secrets = self.secrets.names();
        s.cameras = self.streams();
        s.hosts = self.local_names(answers, &receipt).await;
        (s.free_bytes, s.total_bytes) = self.room(&answers.path);
        s.own = self.own(host, answers).await;
        s.fetch_rate = receipt.line_rate();
        let keeps = self.recipes.components.iter().filter(|c| c.image.data.is_some());
        let folder = answers.path.trim_end_matches('/');
        s.data_versions = keeps.filter_map(|c| Some((c.name.clone(), data_version::of(&*self.world.files, folder, &c.name)?))).collect();
        if matches!(host.docker.get(), Some(DockerPresence::Running(_)) | None)
            && let Ok(all) = self.world.engine.networks().await
        {
            // The site's own network stands in nobody's way.
            let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|n| n.name == answers.site);
            s.own_subnet = own.into_iter().find(|n| network::ours(&n.labels, &answers.site)).and_then(|n| n.subnet);
            s.subnets = others.into_iter().filter_map(|n| n.subnet).collect();
            for name in self.image_names(host, &s, answers) {
                if let Ok(Some(info)) = self.world.engine.image(&name).await {
                    s.images.insert(name, here(info));
                }
            }
        }
        s
    }

    /// Names of the images that these answers come to, each once.
    fn image_names(&self, host: &HostReport, survey: &Survey, answers: &Answers) -> Vec<String> {
        let inputs = Inputs { host, survey, answers, recipes: &self.recipes, state: "", agent_megabytes: Default::default() };
        let mut names: Vec<String> = workloads(&inputs).unwrap_or_default().into_iter().map(|w| w.spec.image).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Asks the registries for the images that are not here. What was told before is not asked again.
    async fn ask_registries(&self, host: &HostReport, answers: &Answers, s: &mut Survey) {
        let mut missing = self.image_names(host, s, answers);
        missing.retain(|n| !s.images.contains_key(n));
        {
            let memory = self.memory();
            let told = |i: &&ImageSurvey| i.present.is_none() && i.download.get().is_some();
            s.images.extend(missing.iter().filter_map(|n| Some((n.clone(), memory.images.get(n).filter(told)?.clone()))));
        }
        missing.retain(|n| !s.images.contains_key(n));
        // The line to another registry is another one.
        let registry = answers.images.registry.clone();
        let measured = self.memory().line.as_ref().filter(|(to, _)| *to == registry).map(|(_, line)| line.clone());
        // Whole downloads of this machine say more than a piece of one, and a line is measured once.
        let line = s.fetch_rate.is_none() && measured.as_ref().is_none_or(|l| l.get().is_none());
        s.line_rate = measured.unwrap_or_else(|| Fact::unknown("nothing was downloaded yet"));
        // Also where nothing is missing: what was to be fetched a while ago is here by now.
        self.memory().images = s.images.clone();
        if missing.is_empty() {
            return;
        }
        let network = self.world.network.clone();
        let ca = s.registry_ca.clone();
        let asker = registry::Asker {
            network: &*network,
            images: &answers.images,
            ca: ca.as_deref(),
            password: self.secrets.get("images.password"),
            arch: arch(host),
        };
        let told = registry::ask(&asker, &missing, line).await;
        s.images.extend(told.images);
        self.memory().images = s.images.clone();
        if line {
            self.memory().line = Some((registry, told.line.clone()));
            s.line_rate = told.line;
        }
    }

    /// Rules that only the registries' answers could decide: what they forbid, no plan goes past.
    fn refuse_by_survey(&self, answers: &Answers) -> Result<(), Fault> {
        let stands = |c: &&Check| LEARNT.contains(&c.id.as_str()) && c.status == Status::Block;
        let Some(found) = self.found(answers).1.iter().find(stands).cloned() else { return Ok(()) };
        self.check(answers);
        Err(Fault::new(Whose::Machine, "CHECK-BLOCKS", format!("{}: {}", found.id, found.seen)).cure(found.advice))
    }

    /// The recordings of a site that stands stay where they are. A folder with the site's own mark is theirs: somebody moved them.
    fn refuse_other_folder(&self, answers: &Answers, receipt: &Receipt) -> Result<(), Fault> {
        let (site, new) = (&answers.site, answers.path.trim_end_matches('/'));
        match receipt.folder() {
            Some(old) if old != new && !storage::is_of(&*self.world.files, new, site) => Err(words::faults::folder_kept(site, &old, new)),
            _ => Ok(()),
        }
    }

    /// Addresses of `.local` names as this machine finds them now; one that is off keeps the address its recorder has.
    async fn local_names(&self, answers: &Answers, receipt: &Receipt) -> BTreeMap<String, String> {
        let mut hosts = BTreeMap::new();
        for name in answers.cameras.iter().flat_map(local_names) {
            let found = self.world.network.resolve(&name).await.unwrap_or_default();
            let address = found.iter().find(|a| a.is_ipv4()).or(found.first()).map(ToString::to_string).or_else(|| entry(receipt, &name));
            hosts.extend(address.map(|a| (name, a)));
        }
        hosts
    }

    fn streams(&self) -> BTreeMap<String, StreamReading> {
        self.memory().tried.iter().filter_map(|(n, t)| Some((n.clone(), t.outcome.clone().ok()?))).collect()
    }

    /// Surveys, plans, and asks each step how things stand. Among the states is also what the plan removes.
    pub async fn plan(&self, answers: &Answers) -> Result<(Plan, BTreeMap<String, StepState>), Fault> {
        if self.recipes.components.is_empty() {
            return Err(words::faults::no_recipes());
        }
        let host = self.memory().host.clone();
        let mut survey = self.survey(&host, answers).await;
        let receipt = Receipt::read(&*self.world.files, &self.state(&answers.site))?;
        self.refuse_other_folder(answers, &receipt)?;
        survey.registry_ca = self.authority(answers, &receipt)?;
        survey.registry_told = trust::told(answers, &receipt, &self.neighbours(&answers.site));
        self.ask_registries(&host, answers, &mut survey).await;
        refuse_missing(answers, &survey)?;
        self.refuse_by_survey(answers)?;
        let before = self.before(answers, &receipt);
        survey.least = before.least(answers, &survey.own);
        let installed = format!("{}/{}", self.installed, answers.site);
        let wish = Wish { host: &host, survey: &survey, answers, recipes: &self.recipes, state: &installed, link: &self.link };
        let mut plan = plan::plan(&wish)?;
        // A recorder beside a library keeps a share of the disk, whatever the days are; one that stands alone keeps the days.
        let (same, same_days) = before.same(answers);
        let (recorders, rule) = (same && (same_days || answers.shape == Shape::Full), same && same_days);
        // Whoever names a subnet wants that one; else the network that stands is right as it is.
        let chosen = answers.subnet.is_some() || survey.own_subnet.is_some();
        let old = |id: &str| receipt.steps.get(id).map(|t| &*t.step).filter(|s| !chosen || s.kind != "network");
        settle(&mut plan, old, &self.recipes, recorders, rule);
        // What a person said yes to a moment ago keeps its figures as well; its subnet was chosen by one who may have seen fewer.
        let agreed = self.memory().agreed.take();
        settle(&mut plan, |id| agreed.as_ref()?.step(id).filter(|s| s.kind != "network"), &self.recipes, true, true);
        let cx = Context { neighbours: self.neighbours(&answers.site), ..self.context(answers.site.clone()) };
        let mut states = BTreeMap::new();
        for s in &plan.steps {
            let Some(kind) = step::kind(&s.kind) else { continue };
            let cx = Context { made: receipt.steps.get(&s.id).and_then(|t| t.made.clone()), ..cx.clone() };
            // What cannot be told before its time (a part on an engine that is missing) is told by the run.
            match kind.check(s, &cx).await {
                Ok(state) => drop(states.insert(s.id.clone(), state)),
                // No run would go past this, and what it would fetch or change before were in vain.
                Err(fault) if fault.code == "DATA-VERSION" || fault.code.starts_with("DOCKER-SETTINGS-") => return Err(fault),
                Err(_) => {}
            }
        }
        for t in gone(&plan, &receipt) {
            let what = back(&t.step, t.undo.as_ref(), false, false);
            if let Back::Goes(_) = what {
                states.insert(t.step.id.clone(), StepState::Remove { title: what.title() });
            }
        }
        Ok((plan, states))
    }
}

/// A registry of one's own that lacks an image: no run would go past its download, and what lacks is best told all at once. That of
/// the makers may refuse it to strangers only, and Docker may know another way: there the download itself decides.
fn refuse_missing(answers: &Answers, survey: &Survey) -> Result<(), Fault> {
    let Some(registry) = &answers.images.registry else { return Ok(()) };
    let missing: Vec<&str> = survey.images.iter().filter(|(_, i)| i.missing).map(|(name, _)| name.as_str()).collect();
    if missing.is_empty() { Ok(()) } else { Err(words::faults::images_missing(registry, &missing)) }
}

/// A standing site keeps what was chosen for it once: its subnet stays although others would be free now. While the answers that its
/// figures came from are as they were, these stay too: a camera's rate and the free space are a little different each time
/// they are read, and what the site itself recorded since must not make its own recordings shorter-lived.
fn settle<'a>(plan: &mut Plan, old: impl Fn(&str) -> Option<&'a Step>, recipes: &Recipes, recorders: bool, rule: bool) {
    for s in &mut plan.steps {
        let Some(old) = old(&s.id) else { continue };
        match s.kind.as_str() {
            "network" => {
                take(&mut s.with, &old.with, "subnet");
                s.preview.by_hand = old.preview.by_hand.clone();
            }
            "bucket" if rule && s.with.value()["days"].is_u64() && old.with.value()["days"].is_u64() => {
                take(&mut s.with, &old.with, "days");
                s.title = old.title.clone();
                s.preview.by_hand = old.preview.by_hand.clone();
            }
            "container" if recorders => {
                let (Ok(mut new), Ok(old)) = (step::with::<container::With>(s), step::with::<container::With>(old)) else { continue };
                let cleans = recipes.component(&new.workload.kind).and_then(|c| c.cleans_itself.as_ref());
                let (Some(cleans), true) = (cleans, new.workload.spec.image == old.workload.spec.image) else { continue };
                let (before, now) = (by_hand::run(&new.workload.spec), &mut new.workload.spec);
                now.memory = old.workload.spec.memory;
                if let (Some(figure), Some(kept)) = (now.env.get_mut(&cleans.variable), old.workload.spec.env.get(&cleans.variable)) {
                    *figure = kept.clone();
                }
                let typed = by_hand::run(now);
                for line in s.preview.by_hand.iter_mut().filter(|l| **l == before) {
                    line.clone_from(&typed);
                }
                if let Ok(with) = step::details(&new) {
                    s.with = with;
                }
            }
            _ => {}
        }
    }
}

/// Puts one field of the old details into the new ones.
fn take(new: &mut Details, old: &Details, field: &str) {
    let mut changed = new.value();
    changed[field] = old.value()[field].clone();
    if let Ok(changed) = Details::of(&changed) {
        *new = changed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answers::Images;
    use crate::recipe::load::embedded;
    use crate::world::fake::{Described, Pace, named, paced};

    fn drive(change: impl FnOnce(&mut Described)) -> Drive {
        let mut described = named("nuc").unwrap();
        change(&mut described);
        let host = described.host.clone();
        let drive =
            Drive::new(paced(described, Pace::Manual).0, embedded().unwrap(), "/state".into(), tokio::sync::mpsc::unbounded_channel().0);
        drive.memory().host = host;
        drive
    }

    fn downloads(plan: &Plan) -> Vec<(String, Option<u64>)> {
        let images = plan.steps.iter().filter(|s| s.kind == "image");
        images.map(|s| (s.id.clone(), s.preview.download_bytes)).collect()
    }

    #[tokio::test]
    async fn downloads_come_from_the_registries_and_are_asked_for_once() {
        let drive = drive(|_| {});
        let answers = Answers::default();
        let (plan, _) = drive.plan(&answers).await.unwrap();
        let all = downloads(&plan);
        assert!(all.len() >= 3 && all.iter().all(|(_, b)| b.is_some_and(|b| b > 1_000_000)), "{all:?}");
        // Three layers of the described 61 MB, and the configuration.
        let store = all.iter().find(|(id, _)| id.contains("minio")).unwrap().clone();
        assert_eq!(store.1, Some(61_004_096));
        // A version that the description names has its own size.
        let database = all.iter().find(|(id, _)| id.contains("mongo")).unwrap();
        assert_eq!((database.0.as_str(), database.1), ("image:mongo:4.4.18", Some(164_004_096)));
        let name = store.0.trim_start_matches("image:").to_string();
        drive.memory().images.get_mut(&name).unwrap().download = Fact::known(7, "told before");
        let (plan, _) = drive.plan(&answers).await.unwrap();
        assert!(downloads(&plan).contains(&(store.0, Some(7))));
    }

    #[tokio::test]
    async fn what_was_to_be_fetched_and_is_here_by_now_is_known_to_be_here() {
        let server = named("server").unwrap();
        let host = server.host.clone();
        let world = paced(server, Pace::Speed(5000.0)).0;
        let drive = Drive::new(world, embedded().unwrap(), "/state".into(), tokio::sync::mpsc::unbounded_channel().0);
        drive.memory().host = host;
        let answers = Answers::default();
        drive.plan(&answers).await.unwrap();
        let learnt = drive.memory().images.clone();
        assert!(learnt.len() >= 3 && learnt.values().any(|i| i.present.is_none()), "{learnt:?}");
        for name in learnt.keys() {
            drive.world.engine.pull(name, None, &|_| {}).await.unwrap();
        }
        drive.plan(&answers).await.unwrap();
        assert!(drive.memory().images.values().all(|i| i.present.is_some()), "{:?}", drive.memory().images);
    }

    #[tokio::test]
    async fn registries_out_of_reach_leave_the_size_unknown_and_say_so() {
        let drive = drive(|d| d.host.registries.clear());
        let (plan, _) = drive.plan(&Answers::default()).await.unwrap();
        assert!(downloads(&plan).iter().all(|(_, b)| b.is_none()), "{:?}", downloads(&plan));
        assert!(plan.notes.iter().any(|n| n.contains("quay.io is not known")), "{:?}", plan.notes);
    }

    #[test]
    fn what_an_own_registry_lacks_is_refused_and_what_the_makers_lack_is_tried() {
        let lacks = |missing| ImageSurvey { missing, ..ImageSurvey::unknown("nas does not have it") };
        let images = [("nas/a:1".to_string(), lacks(true)), ("nas/b:1".into(), lacks(false)), ("nas/c:1".into(), lacks(true))].into();
        let survey = Survey { images, ..Survey::default() };
        let own = Images { registry: Some("nas".into()), ..Images::default() };
        let fault = refuse_missing(&Answers { images: own, ..Answers::default() }, &survey).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.says.as_str()), ("IMAGE-NOT-THERE", "nas lacks 2 images of this site."));
        assert_eq!(fault.because, ["nas/a:1 is not there.", "nas/c:1 is not there."]);
        assert!(refuse_missing(&Answers::default(), &survey).is_ok());
    }

    #[tokio::test]
    async fn an_image_that_is_not_made_for_this_processor_stops_the_plan() {
        let drive = drive(|d| d.host.cpu.arch = Fact::known("riscv64".into(), "uname"));
        let fault = drive.plan(&Answers::default()).await.unwrap_err();
        // That of the library is known from its registry alone.
        assert!(fault.code == "CHECK-BLOCKS" && fault.says.contains("no build for riscv64") && fault.says.contains("vault"), "{fault:?}");
    }
}
