//! What a person wants, judged against where one is.

use super::state::Purpose;
use super::{Effect, Flow, Intent, Stage};
use crate::model::answers::{Origin, PlatformKind, Shape};
use crate::model::check::Fix;
use crate::model::host::DiskKind;
use crate::words::{disks, stage as words};

impl Flow {
    /// Does what a person wants, or says why not.
    pub(super) fn want(&mut self, intent: Intent) -> Vec<Effect> {
        match intent {
            Intent::Next => self.next(),
            Intent::Back => {
                self.then = None;
                self.back()
            }
            // Before the journey, and no practice inside a practice.
            Intent::Practise if self.here() == Stage::Welcome && !self.practice => vec![Effect::Practise],
            Intent::Practise => vec![],
            Intent::UseRecommended => self.use_recommended(),
            Intent::Choose(platform, shape) => self.choose(platform, shape),
            Intent::Camera(index, typed) => self.camera_typed(index, typed),
            Intent::RemoveCamera(index) => self.remove_camera(index),
            Intent::TryCamera(index) => match self.answers.cameras.get(index).map(|c| c.name.clone()) {
                Some(name) => self.try_camera(name),
                None => vec![],
            },
            Intent::Folder(path) => {
                let path = path.trim();
                if let Some(says) = self.refused_folder(path) {
                    return self.refuse(says);
                }
                self.answers.path = path.to_string();
                self.changed("storage.path");
                // Another folder may have another disk below it, with other things in the way.
                let mut effects = self.size();
                effects.extend(self.check());
                effects
            }
            Intent::Days(days) => {
                self.answers.retention_days = days.clamp(1, 3650);
                self.changed("storage.retention_days");
                self.size()
            }
            Intent::Expose(expose) => {
                self.answers.expose = expose;
                self.changed("network.expose");
                vec![]
            }
            Intent::Fix(fix) => self.fix(fix),
            Intent::Pick(site) => {
                self.answers.site = site.clone();
                vec![Effect::Load(site)]
            }
            Intent::Another => self.another(),
            Intent::TakeUp => self.take_up_draft(),
            Intent::Repair(site) => self.repair(site),
            Intent::Name(name) => self.name_site(&name),
            Intent::Resume(site) => self.resume(site),
            Intent::Install => self.install(),
            Intent::Pause(hold) if self.holds() => {
                self.paused = hold;
                vec![Effect::Pause(hold)]
            }
            Intent::Pause(_) => vec![],
            Intent::Retry => self.retry(),
            Intent::Undo if !self.running => self.begin(Purpose::Undo, Effect::Undo),
            Intent::Uninstall if !self.running => self.begin(Purpose::Uninstall, Effect::Uninstall),
            Intent::Farewell(site) => {
                self.farewell = None;
                vec![Effect::Farewell(site)]
            }
            Intent::Undo | Intent::Uninstall => self.refuse(words::STILL_RUNNING),
            Intent::Stop if self.running && !self.stopping => {
                self.stopping = true;
                self.paused = false;
                self.note = Some(words::STOPPING.into());
                vec![Effect::Stop]
            }
            Intent::Stop => vec![],
            Intent::Dashboard => self.dashboard(),
            Intent::Change if self.running => self.refuse(words::STILL_RUNNING),
            Intent::Change => {
                self.change_from_here();
                let mut effects = self.leave_dashboard();
                self.go(Stage::Machine);
                effects.extend(self.look());
                effects
            }
            Intent::Restart(name) => vec![Effect::Restart(name)],
            Intent::OpenLog(name) => {
                self.open_log = Some((name.clone(), vec![]));
                vec![Effect::OpenLog(name)]
            }
            Intent::CloseLog if self.open_log.take().is_some() => vec![Effect::CloseLog],
            Intent::CloseLog => vec![],
            Intent::Reveal(name) => vec![Effect::Reveal(name)],
            Intent::Conceal => {
                self.revealed = None;
                vec![]
            }
            Intent::SaveSite(path) => vec![Effect::SaveSite(Box::new(self.answers.clone()), path)],
            Intent::SaveCommands(path) if self.plan.is_some() => vec![Effect::SaveCommands(path)],
            Intent::SaveCommands(_) => self.refuse(words::NO_PLAN_YET),
            Intent::SaveReport(path) => vec![Effect::SaveReport(path, self.faults(), self.run_log())],
            Intent::SaveLog(path) => vec![Effect::SaveText(path, self.shown_log())],
            Intent::Quit => self.quit(),
        }
    }

    /// Looks at the machine, unless that is under way.
    pub(super) fn look(&mut self) -> Vec<Effect> {
        if self.probing {
            return vec![];
        }
        self.probing = true;
        vec![Effect::Probe]
    }

    fn next(&mut self) -> Vec<Effect> {
        match self.here() {
            Stage::Welcome => {
                self.go(Stage::Machine);
                if self.checks.is_empty() { self.look() } else { vec![] }
            }
            Stage::Machine if self.checks.is_empty() => self.refuse(words::STILL_LOOKING),
            Stage::Machine => match self.in_the_way() {
                Some(says) => self.refuse(says),
                None => {
                    self.go(Stage::Where);
                    vec![]
                }
            },
            Stage::Where => match self.refused_choice() {
                Some(says) => self.refuse(says),
                None => self.enter_cameras(),
            },
            Stage::Cameras => {
                self.go(Stage::Storage);
                self.size()
            }
            Stage::Storage if !self.answers.path.starts_with('/') => self.refuse(words::FOLDER_FROM_ROOT),
            Stage::Storage if self.refused_folder(&self.answers.path).is_some() => {
                let says = self.refused_folder(&self.answers.path).unwrap_or_default();
                self.refuse(says)
            }
            Stage::Storage if self.blocks().next().is_some() => {
                let says = self.in_the_way().unwrap_or_default();
                self.refuse(says)
            }
            Stage::Storage => {
                self.go(Stage::Review);
                self.make_plan()
            }
            Stage::Review if self.planning => self.refuse(words::STILL_PLANNING),
            Stage::Review if self.plan.is_none() => self.make_plan(),
            Stage::Review => self.refuse(words::USE_THE_BUTTON),
            Stage::Install if self.running => self.refuse(words::STILL_RUNNING),
            Stage::Install if self.ended.as_ref().is_some_and(|e| e.ok) => {
                self.go(Stage::Done);
                vec![]
            }
            Stage::Install => vec![],
            Stage::Done => self.dashboard(),
            Stage::Dashboard => vec![],
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        let to = match self.here() {
            Stage::Welcome | Stage::Done => return vec![],
            // What is changed is a site that stands: the way back leads to how it is.
            Stage::Machine if self.changing && self.changed_from != Some(Stage::Welcome) => {
                self.changing = false;
                self.go(Stage::Dashboard);
                return vec![Effect::Watch];
            }
            Stage::Machine => {
                self.changing = false;
                Stage::Welcome
            }
            Stage::Where => Stage::Machine,
            Stage::Cameras => Stage::Where,
            Stage::Storage => return self.enter_cameras(),
            Stage::Review => Stage::Storage,
            Stage::Install if self.running => return self.refuse(words::STILL_RUNNING),
            // A failed run goes back to the answers; one that went well, or took something away, has nothing to go back to.
            Stage::Install if self.purpose == Purpose::Install && self.plan.is_some() => {
                // What was done since it was made stands by now.
                self.go(Stage::Review);
                return self.make_plan();
            }
            Stage::Install => Stage::Welcome,
            Stage::Dashboard => match self.came.take() {
                Some(stage) => stage,
                None => return vec![],
            },
        };
        let effects = self.leave_dashboard();
        self.go(to);
        effects
    }

    /// Moves to a stage. What was shown on request is hidden again.
    pub(super) fn go(&mut self, stage: Stage) {
        self.stage = Some(stage);
        self.revealed = None;
        // What was said yes to is asked for again from where it failed, and from nowhere else.
        if stage != Stage::Install {
            self.unbegun = None;
        }
    }

    pub(super) fn refuse(&mut self, says: impl Into<String>) -> Vec<Effect> {
        self.note = Some(says.into());
        vec![]
    }

    /// An answer was changed by a person: what was worked out from the answers no longer holds.
    pub(super) fn changed(&mut self, key: &str) {
        self.answers.origins.insert(key.into(), Origin::Person);
        self.outdated();
    }

    pub(super) fn outdated(&mut self) {
        if !self.running {
            self.plan = None;
            self.planning = false;
        }
    }

    pub(super) fn size(&self) -> Vec<Effect> {
        vec![Effect::Size(Box::new(self.answers.clone()))]
    }

    pub(super) fn check(&self) -> Vec<Effect> {
        vec![Effect::Check(Box::new(self.answers.clone()))]
    }

    pub(super) fn make_plan(&mut self) -> Vec<Effect> {
        self.plan = None;
        self.planning = true;
        vec![Effect::Plan(Box::new(self.answers.clone()))]
    }

    fn use_recommended(&mut self) -> Vec<Effect> {
        let Some((platform, shape)) = self.recommended else { return self.refuse(words::NOTHING_RECOMMENDED) };
        if let Some(says) = self.in_the_way() {
            return self.refuse(says);
        }
        let mut effects = self.choose(platform, shape);
        effects.extend(self.enter_cameras());
        effects
    }

    fn choose(&mut self, platform: PlatformKind, shape: Shape) -> Vec<Effect> {
        let choice = self.choices.iter().find(|c| c.platform == platform && c.shape == shape);
        if let Some(Err(why)) = choice.map(|c| &c.available) {
            let says = words::not_here(why);
            return self.refuse(says);
        }
        if (self.answers.platform, self.answers.shape) == (platform, shape) {
            return vec![];
        }
        self.answers.platform = platform;
        self.answers.shape = shape;
        self.changed("platform.kind");
        self.changed("site.shape");
        self.check()
    }

    pub(super) fn in_the_way(&self) -> Option<String> {
        self.blocks().next().map(words::in_the_way)
    }

    fn refused_choice(&self) -> Option<String> {
        let choice = self.choices.iter().find(|c| c.platform == self.answers.platform && c.shape == self.answers.shape)?;
        choice.available.as_ref().err().map(|why| words::not_here(why))
    }

    /// Why a folder cannot be taken: the recordings of a site that stands are not moved.
    fn refused_folder(&self, path: &str) -> Option<String> {
        let kept = self.kept_folder()?;
        (kept != path.trim_end_matches('/')).then(|| words::folder_stays(kept))
    }

    fn fix(&mut self, fix: Fix) -> Vec<Effect> {
        match fix {
            // These become steps of the plan: nothing is changed before a person said yes to it.
            Fix::InstallDocker | Fix::StartDocker => {}
            Fix::SmallShape => {
                self.answers.shape = Shape::Small;
                self.changed("site.shape");
            }
            Fix::OtherPort => self.other_ports(),
            Fix::OtherFolder => match self.roomiest() {
                Some(path) => {
                    if let Some(says) = self.refused_folder(&path) {
                        return self.refuse(says);
                    }
                    self.answers.path = path;
                    self.changed("storage.path");
                }
                None => return self.refuse(words::NO_OTHER_FOLDER),
            },
        }
        if !self.fixes.contains(&fix) {
            self.fixes.push(fix);
        }
        self.note = Some(words::fix_taken(fix, &self.answers));
        // After a failure the changed answer needs another yes, so it goes through Review again.
        if self.here() == Stage::Install && !self.running {
            self.go(Stage::Review);
            return self.make_plan();
        }
        self.check()
    }

    /// Moves each port that somebody else listens on to the next free one.
    fn other_ports(&mut self) {
        let failed = self.failed().map(|(_, _, fault)| format!("{} {}", fault.says, fault.because.join(" "))).unwrap_or_default();
        let taken: Vec<u16> = self.host.listeners.get().map(|l| l.iter().map(|l| l.port).collect()).unwrap_or_default();
        let named = |port: u16| failed.split(|c: char| !c.is_ascii_digit()).any(|n| n == port.to_string());
        let free = |from: u16, other: u16| {
            let mut ports = from.saturating_add(1)..=u16::MAX;
            ports.find(|p| !taken.contains(p) && *p != other).unwrap_or(from)
        };
        let (vault, storage) = (self.answers.vault_port, self.answers.storage_port);
        if taken.contains(&vault) || named(vault) {
            self.answers.vault_port = free(vault, storage);
            self.changed("network.ports.vault");
        }
        if taken.contains(&storage) || named(storage) {
            self.answers.storage_port = free(storage, self.answers.vault_port);
            self.changed("network.ports.storage");
        }
    }

    /// The folder for recordings on the mount with most room, where it is another one than now.
    fn roomiest(&self) -> Option<String> {
        let fixed = |place: &str| {
            let kind = self.host.mounts.get()?.iter().find(|m| m.path == place)?.kind;
            Some(!matches!(kind, DiskKind::Usb | DiskKind::SdCard))
        };
        let best = disks::offered(&self.host).into_iter().find(|o| o.folder.is_ok() && fixed(&o.place) == Some(true))?;
        best.folder.ok().filter(|path| *path != self.answers.path)
    }

    pub(super) fn dashboard(&mut self) -> Vec<Effect> {
        if self.here() == Stage::Dashboard {
            return vec![];
        }
        self.came = Some(self.here());
        self.go(Stage::Dashboard);
        vec![Effect::Watch]
    }

    /// What ends with the dashboard.
    pub(super) fn leave_dashboard(&mut self) -> Vec<Effect> {
        let mut effects = vec![];
        if self.open_log.take().is_some() {
            effects.push(Effect::CloseLog);
        }
        if self.here() == Stage::Dashboard {
            effects.push(Effect::Unwatch);
        }
        effects
    }

    fn quit(&mut self) -> Vec<Effect> {
        let mut effects = self.leave_dashboard();
        // A run that is under way goes on without the screen; one that ended badly is told by the exit code.
        let code = if self.running || self.ended.as_ref().is_none_or(|e| e.ok) { 0 } else { 1 };
        effects.push(Effect::Quit(code));
        effects
    }
}
