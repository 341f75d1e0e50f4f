//! Performs what the flow asks for. Each effect runs on its own and answers with events; what goes wrong comes back as one too.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::Drive;
use super::proof::Wait;
use super::sites::Site;
use crate::ask;
use crate::flow::Effect;
use crate::model::answers::Answers;
use crate::model::choice::Sizing;
use crate::model::event::{CameraCount, Event};
use crate::model::fault::{Fault, Whose};
use crate::model::host::DiskKind;
use crate::model::journal::Purpose;
use crate::plan::sizing;
use crate::run::Control;
use crate::step::file_fault;
use crate::words::stage;

/// Between two readings of the dashboard while something changes.
const WATCH: Duration = Duration::from_secs(2);

/// The same while all is as it was: each reading logs in to every part.
const CALM: Duration = Duration::from_secs(5);

/// Questions of which only the newest answer counts.
const PLAN: &str = "plan";
const SIZE: &str = "size";

/// A site file that cannot be read is the caller's to name better, not a disk that is missing.
fn unreadable(e: &std::io::Error, path: &str) -> Fault {
    Fault::new(Whose::Input, "SITE-FILE-UNREADABLE", format!("The site file {path} cannot be read."))
        .because(e.to_string())
        .cure("Check its name and who may read it. `kerbup` asks the questions and can write one.")
}

impl Drive {
    /// Begins an effect; returns at once.
    pub fn perform(&self, effect: Effect) {
        let drive = self.clone();
        if let Effect::Check(a) | Effect::Size(a) | Effect::Plan(a) | Effect::Install(a) | Effect::SaveSite(a, _) | Effect::KeepAnswers(a) =
            &effect
        {
            self.memory().answers = (**a).clone();
        }
        let answers = self.memory().answers.clone();
        match effect {
            // Not read and then replaced: a reading that is still held would lock out the writing for ever.
            Effect::Unwatch => self.watching.send_modify(|n| *n = n.wrapping_add(1)),
            // At once as well: it holds from the word on, also where the run it is said to has not come to its first step.
            Effect::Pause(hold) => self.say_failed(self.want_hold(hold)),
            Effect::Stop => self.say_failed(self.want_stop()),
            // At once: what is wanted right after it is of that site. A spawned reading came too late, and another site went.
            Effect::Load(site) => self.say_failed(self.take_in_hand(&site)),
            Effect::CloseLog => self.following.send_modify(|n| *n = n.wrapping_add(1)),
            effect => {
                let runs = matches!(effect, Effect::Install(_) | Effect::Resume(_) | Effect::Undo | Effect::Uninstall);
                if runs {
                    // Not where its steps begin: a stop that is given before, while the machine is looked at, holds.
                    self.control(Control::Run);
                }
                // Numbered as they are asked, whichever is answered first.
                let number = match effect {
                    Effect::Plan(_) => self.ask_anew(PLAN),
                    Effect::Size(_) => self.ask_anew(SIZE),
                    _ => 0,
                };
                tokio::spawn(async move {
                    match drive.effect(effect, answers, number).await {
                        Err(fault) if runs => drive.refuse(fault),
                        Err(fault) => drive.send(Event::Failed { fault }),
                        Ok(()) => {}
                    }
                });
            }
        }
    }

    /// A run that could not be begun.
    pub fn refuse(&self, fault: Fault) {
        self.send(Event::Failed { fault });
        self.send(Event::Done { ok: false, changed: false, cameras: CameraCount::default(), addresses: vec![], says: vec![] });
    }

    fn say_failed(&self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.send(Event::Failed { fault });
        }
    }

    /// Works on that site from now on. Where it cannot be read, what comes next still names it and no other.
    fn take_in_hand(&self, site: &str) -> Result<(), Fault> {
        let other = std::mem::replace(&mut self.memory().answers.site, site.into()) != site;
        let found = self.site(Some(site))?;
        if other {
            self.put_down();
        }
        let answers = self.load(&found)?;
        self.memory().answers = answers.clone();
        self.send(Event::Loaded { answers: Box::new(answers) });
        Ok(())
    }

    async fn effect(&self, effect: Effect, answers: Answers, number: u64) -> Result<(), Fault> {
        match effect {
            Effect::Probe => {
                self.look(&answers).await;
            }
            Effect::Check(answers) => {
                self.check(&answers);
            }
            Effect::Keep(name, value) => self.secrets.put(&name, value),
            Effect::Forget(name) => self.secrets.forget(&name),
            Effect::AddCamera(index, typed, was) => {
                let (camera, advice) = self.set_camera(typed, was.as_deref())?;
                {
                    let cameras = &mut self.memory().answers.cameras;
                    cameras.retain(|c| c.name != camera.name && was.as_ref().is_none_or(|w| w.name != c.name));
                    cameras.push(camera.clone());
                }
                self.send(Event::CameraSet { index, camera, advice });
            }
            Effect::TryCamera(name) => {
                if let Some(c) = answers.cameras.iter().find(|c| c.name == name) {
                    self.try_camera(c).await;
                }
            }
            Effect::Size(answers) => {
                let sizing = self.size(&answers).await;
                if self.is_newest(SIZE, number) {
                    self.send(Event::Sizing(sizing));
                }
            }
            Effect::Another => {
                let answers = self.another()?;
                self.put_down();
                self.memory().answers = answers.clone();
                self.send(Event::Loaded { answers: Box::new(answers) });
            }
            Effect::KeepAnswers(_) => self.keep_draft(),
            Effect::TakeUp => {
                let answers = self.take_draft()?;
                self.send(Event::Loaded { answers: Box::new(answers) });
            }
            Effect::Plan(answers) => {
                let made = self.plan(&answers).await;
                // The answers were changed meanwhile: neither that plan nor why there is none is wanted any more.
                if self.is_newest(PLAN, number) {
                    let (plan, states) = made?;
                    self.memory().plan = Some(plan.clone());
                    self.send(Event::Planned { plan: Box::new(plan), states });
                }
            }
            Effect::Fix(_) => {
                // What a check offers becomes a step of the plan or an answer; the flow has taken it by now.
                self.check(&answers);
            }
            Effect::Install(answers) => {
                let plan = self.memory().plan.clone();
                let plan = plan.ok_or_else(|| Fault::new(Whose::Ours, "NO-PLAN", "There is no plan to install by."))?;
                self.install(&answers, &plan, Wait::AsUsual).await?;
            }
            Effect::Resume(site) => {
                let site = self.site(Some(&site))?;
                // What is changed after a failure is checked and planned on this machine.
                let installs = site.receipt.purpose == Some(Purpose::Install) && !self.under_way(&site.state);
                if installs && self.memory().host.cpu.arch.get().is_none() {
                    let answers = self.load(&site)?;
                    self.look(&answers).await;
                }
                self.resume(&site, Wait::AsUsual).await?;
            }
            Effect::Undo => {
                let site = self.site(Some(&answers.site))?;
                self.undo(&site).await?;
            }
            Effect::Farewell(site) => {
                let site = self.site(Some(&site))?;
                let (goes, stays) = self.farewell(&site, false, false);
                self.send(Event::Farewell { site: site.name, goes, stays });
            }
            Effect::Uninstall => {
                let site = self.site(Some(&answers.site))?;
                self.uninstall(&site, false, false).await?;
            }
            Effect::Watch => self.watch(&answers.site).await?,
            Effect::Restart(name) => {
                let site = self.site(Some(&answers.site))?;
                self.restart(&site, &name).await?;
                self.send(Event::Note { says: format!("{name} was restarted.") });
            }
            Effect::OpenLog(name) => {
                let site = self.site(Some(&answers.site))?;
                self.load(&site)?;
                let mut closed = self.following.subscribe();
                tokio::select! {
                    done = self.log(&site, &name, 200, true) => done?,
                    _ = closed.changed() => {}
                }
            }
            Effect::Reveal(name) => {
                let value = self
                    .secrets
                    .get(&name)
                    .ok_or_else(|| Fault::new(Whose::Input, "SECRET-MISSING", format!("The password {name} is not known here.")))?;
                self.send(Event::Revealed { name, value: value.expose_secret().to_string() });
            }
            Effect::SaveSite(answers, path) => self.save(&path, ask::save(&answers))?,
            Effect::SaveCommands(path) => {
                let plan = self.memory().plan.clone().unwrap_or_default();
                let mut text = format!("# What kerbup would do for the site {}, by hand. Passwords stand as ${{NAMES}}.\n", plan.site);
                for s in &plan.steps {
                    text.push_str(&format!("\n# {}\n# {}\n{}\n", s.title, s.why, s.preview.by_hand.join("\n")));
                }
                self.save(&path, text)?;
            }
            Effect::SaveText(path, text) => self.save(&path, text)?,
            Effect::SaveReport(path, faults, log) => {
                let host = self.memory().host.clone();
                let checks = self.check(&answers);
                let redactor = self.secrets.redactor();
                let clean = |lines: Vec<String>| lines.iter().map(|l| redactor.clean(l)).collect::<Vec<_>>();
                let faults: Vec<Fault> = faults
                    .into_iter()
                    .map(|f| Fault { says: redactor.clean(&f.says), because: clean(f.because), cure: clean(f.cure), ..f })
                    .collect();
                let document = serde_json::json!({
                    "schema": 1, "host": host, "checks": checks, "verdict": crate::model::check::verdict(&checks),
                    "faults": faults, "log": clean(log),
                });
                self.save(&path, format!("{document:#}\n"))?;
            }
            // Done at once above; and whoever holds the terminal sees to a practice.
            Effect::Load(_) | Effect::Pause(_) | Effect::Stop | Effect::Unwatch | Effect::CloseLog | Effect::Practise | Effect::Quit(_) => {
            }
        }
        Ok(())
    }

    /// Writes a paper of the person's. What lies there already and was not written just now stays: the new one gets a number.
    fn save(&self, path: &str, text: String) -> Result<(), Fault> {
        let asked = if path.starts_with('/') { path.to_string() } else { format!("{}/{path}", self.here.trim_end_matches('/')) };
        let free = |path: &String| self.memory().written.contains(path) || self.papers.meta(path).is_err();
        let numbered = |n: usize| match asked.rsplit_once('.').filter(|(_, end)| !end.contains('/')) {
            Some((before, end)) => format!("{before}-{n}.{end}"),
            None => format!("{asked}-{n}"),
        };
        let path = std::iter::once(asked.clone()).chain((2..).map(numbered)).find(free).unwrap_or_else(|| asked.clone());
        self.papers.write(&path, text.as_bytes(), 0o600).map_err(|e| file_fault(&e, &path))?;
        self.send(Event::Note { says: stage::written(&path, (path != asked).then_some(asked.as_str())) });
        self.memory().written.insert(path);
        Ok(())
    }

    /// What the recordings will need in the chosen folder, and what there is.
    pub async fn size(&self, answers: &Answers) -> Sizing {
        let host = self.memory().host.clone();
        let survey = self.survey(&host, answers).await;
        let s = sizing::sizing(answers, &survey);
        let mount = host
            .mounts
            .get()
            .into_iter()
            .flatten()
            .filter(|m| answers.path.starts_with(m.path.trim_end_matches('/')))
            .max_by_key(|m| m.path.len());
        let kind = match mount.map(|m| m.kind) {
            Some(DiskKind::HardDisk) => "hard disk",
            Some(DiskKind::Ssd) => "SSD",
            Some(DiskKind::Nvme) => "NVMe SSD",
            Some(DiskKind::SdCard) => "SD card",
            Some(DiskKind::Emmc) => "eMMC",
            Some(DiskKind::Usb) => "USB disk",
            Some(DiskKind::Virtual) => "virtual disk",
            _ => "",
        };
        Sizing {
            total_bytes: survey.total_bytes.get().copied(),
            free_bytes: survey.free_bytes.get().copied(),
            kind: kind.into(),
            bytes_per_day: (s.unmeasured.is_empty() && !s.per_day.is_empty()).then(|| s.per_day.values().sum()),
            max_bytes: s.needed,
            at_least_bytes: (!s.unmeasured.is_empty() && !s.per_day.is_empty())
                .then(|| (s.per_day.values().sum::<f64>() * f64::from(answers.retention_days)) as u64),
            unmeasured: s.unmeasured,
            fits_days: s.fits_days,
            notes: vec![],
        }
    }

    /// Reads the site's health again and again until `Unwatch`.
    async fn watch(&self, site: &str) -> Result<(), Fault> {
        let mut closed = self.watching.subscribe();
        let watched = {
            let site = self.site(Some(site))?;
            let answers = self.load(&site)?;
            self.watched(&site.name, super::standing::plan_of(&site)?, &answers).await?
        };
        let mut last = None;
        loop {
            let snapshot = self.read(&watched).await;
            let states: Vec<_> = snapshot.components.iter().map(|c| (c.state, c.restarts)).collect();
            let cameras: Vec<_> = snapshot.cameras.iter().map(|c| c.state).collect();
            let now = Some((states, cameras));
            let pause = if now == last { CALM } else { WATCH };
            last = now;
            if self.events.send(Event::Health { snapshot: Box::new(snapshot) }).is_err() {
                return Ok(());
            }
            tokio::select! {
                _ = self.world.clock.sleep(pause) => {}
                _ = closed.changed() => return Ok(()),
            }
        }
    }

    /// The answers that the journey begins with: those of the only site that stands, else the defaults.
    pub fn beginning(&self, sites: &[Site]) -> Result<Answers, Fault> {
        match sites {
            [site] => self.load(site),
            _ => Ok(Answers::default()),
        }
    }

    /// The answers of site files, flags and environment.
    pub fn answers(&self, files: &[String], sets: &[String]) -> Result<Answers, Vec<Fault>> {
        let mut texts = vec![];
        for path in files {
            let bytes = self.papers.read(path).map_err(|e| vec![unreadable(&e, path)])?;
            texts.push((path.clone(), String::from_utf8_lossy(&bytes).into_owned()));
        }
        let papers = self.papers.clone();
        let variable = |name: &str| papers.variable(name);
        let read = |path: &str| {
            papers.read(path).map(|b| String::from_utf8_lossy(&b).trim_end_matches('\n').to_string()).map_err(|e| e.to_string())
        };
        let (answers, secrets) = ask::load(&texts, sets, &variable, &read)?;
        for (name, value) in secrets {
            self.secrets.put(&name, value);
        }
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::recipe::load::embedded;
    use crate::world::fake::{named, world};

    async fn written(drive: &Drive, events: &mut tokio::sync::mpsc::UnboundedReceiver<Event>, effect: Effect) -> String {
        drive.perform(effect);
        loop {
            if let Event::Note { says } = events.recv().await.unwrap() {
                return says;
            }
        }
    }

    #[tokio::test]
    async fn papers_are_named_whole_and_nobody_elses_is_overwritten() {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let mut drive = Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        drive.here = "/home".into();
        drive.papers.write("/home/log.txt", b"mine", 0o600).unwrap();
        let save = |text: &str| Effect::SaveText("log.txt".into(), text.into());
        let says = written(&drive, &mut events, save("one")).await;
        assert!(says.starts_with("Written to /home/log-2.txt: /home/log.txt was there"), "{says}");
        assert_eq!(drive.papers.read("/home/log.txt").unwrap(), b"mine");
        // What it wrote itself is written anew.
        written(&drive, &mut events, save("two")).await;
        assert_eq!(drive.papers.read("/home/log-2.txt").unwrap(), b"two");
        assert!(drive.papers.meta("/home/log-3.txt").is_err());
    }

    #[tokio::test]
    async fn a_report_has_what_failed_and_the_log_and_no_secret() {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let drive = Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        drive.secrets.put("vault.password", "geheim99".to_string().into());
        let fault = Fault::new(Whose::Machine, "PORT-TAKEN", "Port 9001 is in use.").because("it said geheim99").cure("Take another.");
        let log = vec!["12 kerbup Start the video store: failed with geheim99".to_string()];
        let says = written(&drive, &mut events, Effect::SaveReport("report.json".into(), vec![fault], log)).await;
        assert_eq!(says, "Written to /report.json.");
        let text = String::from_utf8(drive.papers.read("/report.json").unwrap()).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["faults"][0]["code"], "PORT-TAKEN");
        assert!(document["log"][0].as_str().is_some_and(|l| l.contains("failed with")) && !text.contains("geheim99"), "{text}");
        assert!(crate::world::fake::from_report(text.as_bytes()).is_ok(), "and it can be practised on");
    }
}
