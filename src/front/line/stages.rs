//! The stages of the journey up to the button, one after the other, as questions and numbered choices.

use super::show;
use super::talk::{Stop, Talk};
use crate::flow::state::Purpose;
use crate::flow::welcome::{self, Offer};
use crate::flow::{Intent, Stage};
use crate::front::lease::Leave;
use crate::model::check::{Fix, Status};
use crate::model::fault::Fault;
use crate::words::{plain, stage, undo, welcome as words};

/// What a numbered choice does.
#[derive(Clone)]
pub(super) enum Act {
    Want(Intent),
    AllChecks,
    Report,
    SaveSite,
    SaveCommands,
    Step,
    Undo,
    Uninstall(String),
    /// A standing site, and what is wanted of it.
    Pick(String, Intent),
    /// Add a camera, or change the one at this place.
    Camera(Option<usize>),
    Password(String),
    Log,
    Restart,
    Again,
}

/// A choice of a menu: its words and what it does.
pub(super) type Choice = (String, Act);

pub(super) fn choice(words: &str, act: Act) -> Choice {
    (words.to_string(), act)
}

pub(super) fn want(words: &str, intent: Intent) -> Choice {
    choice(words, Act::Want(intent))
}

impl Talk<'_> {
    /// From where the flow stands to its end, and how that was.
    pub async fn journey(&mut self) -> Result<Leave, Fault> {
        let left = self.stages().await;
        // Root goes on with them in a moment.
        if !matches!(left, Ok(Leave::Elevate)) {
            let kept = self.flow.kept_words();
            self.say(kept);
        }
        left
    }

    /// One turn at a stage.
    pub(super) async fn stage(&mut self, at: Stage) -> Result<(), Stop> {
        match at {
            Stage::Welcome => self.welcome().await,
            Stage::Machine => self.machine().await,
            Stage::Where => self.place().await,
            Stage::Cameras => self.cameras().await,
            Stage::Storage => self.storage().await,
            Stage::Review => self.review().await,
            Stage::Install => self.install().await,
            Stage::Done => self.done().await,
            Stage::Dashboard => self.dashboard().await,
        }
    }

    /// Shows a menu, does what was chosen, and tells which it was.
    pub(super) async fn menu(&mut self, id: &str, title: &str, choices: Vec<Choice>, default: Option<usize>) -> Result<usize, Stop> {
        let words: Vec<String> = choices.iter().map(|(words, _)| words.clone()).collect();
        let at = self.choose(id, title, &words, default).await?;
        if let Some((_, act)) = choices.get(at) {
            self.act_on(act.clone()).await?;
        }
        Ok(at)
    }

    /// The same menu again and again, until something moved on: what stands above it is not said twice.
    pub(super) async fn menu_at(&mut self, at: Stage, id: &str, choices: Vec<Choice>, default: Option<usize>) -> Result<(), Stop> {
        loop {
            self.menu(id, "", choices.clone(), default).await?;
            let moved = self.flow.stage != Some(at) || self.is_left() || self.flow.running;
            if moved || self.awaited.checks || self.awaited.plan {
                return Ok(());
            }
        }
    }

    async fn act_on(&mut self, act: Act) -> Result<(), Stop> {
        match act {
            Act::Want(intent) => self.want(intent),
            Act::AllChecks => {
                let lines = show::checks(&self.flow.checks, true);
                self.say(lines);
            }
            Act::Report => {
                let file = self.file("kerbup-report.json").await?;
                self.want_and_hear(Intent::SaveReport(file)).await?;
            }
            Act::SaveSite => {
                let file = self.file("site.toml").await?;
                self.want_and_hear(Intent::SaveSite(file)).await?;
            }
            Act::SaveCommands => {
                let file = self.file("kerbup-commands.sh").await?;
                self.want_and_hear(Intent::SaveCommands(file)).await?;
            }
            Act::Step => self.look_at_step().await?,
            Act::Undo => {
                let stood = self.flow.stood();
                self.say([undo::means(stood)]);
                if self.sure("undo", undo::offered(stood)).await? {
                    self.want(Intent::Undo);
                }
            }
            Act::Uninstall(site) => {
                self.want(Intent::Farewell(site.clone()));
                self.wait_at_most(15.0, |t| t.flow.farewell.is_some() || t.flow.fault.is_some()).await?;
                let lines = self.flow.farewell.as_ref().map(|(site, goes, stays)| undo::farewell(site, goes, stays));
                self.say(lines.unwrap_or_default());
                if self.sure("uninstall", &format!("{}: {site}", plain::REMOVE)).await? {
                    self.pick(site, Intent::Uninstall).await?;
                }
            }
            Act::Pick(site, intent) => self.pick(site, intent).await?,
            Act::Camera(at) => self.set_camera(at).await?,
            Act::Password(name) => self.password(name).await?,
            Act::Log => self.log().await?,
            Act::Restart => {
                let part = self.part().await?;
                if self.sure("restart", &format!("{}: {part}", plain::RESTART)).await? {
                    self.want_and_hear(Intent::Restart(part)).await?;
                }
            }
            Act::Again => {
                self.awaited.health = true;
                self.wait_at_most(30.0, |t| !t.awaited.health).await?;
            }
        }
        Ok(())
    }

    /// Takes up a standing site; what is wanted of it follows once its answers are read.
    async fn pick(&mut self, site: String, intent: Intent) -> Result<(), Stop> {
        self.want(Intent::Pick(site));
        self.wait(|t| !t.awaited.loaded).await?;
        if self.flow.fault.is_none() {
            self.want(intent);
        }
        Ok(())
    }

    async fn file(&mut self, default: &str) -> Result<String, Stop> {
        self.ask("file", plain::WHICH_FILE, default, default, false).await
    }

    /// Something that is answered with a note or a fault.
    async fn want_and_hear(&mut self, intent: Intent) -> Result<(), Stop> {
        self.want(intent);
        self.wait_at_most(15.0, |t| t.flow.note.is_some() || t.flow.fault.is_some()).await
    }

    async fn welcome(&mut self) -> Result<(), Stop> {
        self.say([format!("kerbup {}", env!("CARGO_PKG_VERSION"))]);
        if self.flow.practice {
            self.say([plain::PRACTICE]);
            self.say(words::played_on(&self.flow.played.machine));
        }
        for site in self.flow.standing.clone() {
            let name = &site.site;
            let says = match (site.running, site.unfinished, site.purpose) {
                (true, ..) => words::at_work(name),
                (_, true, Purpose::Uninstall) => words::half_down(name),
                (_, true, _) => words::half_done(name, site.done, site.of),
                _ => words::stands(name),
            };
            self.say([says]);
        }
        if self.flow.standing.is_empty() {
            self.say(plain::WELCOME.iter().copied());
        }
        let line = |o: &Offer| if o.means.is_empty() { o.says.clone() } else { format!("{}: {}", o.says, o.means) };
        let mut choices: Vec<Choice> = vec![];
        for offer in self.flow.offers() {
            let act = match offer.act.clone() {
                welcome::Act::Want(intent) => Act::Want(intent),
                welcome::Act::Of(site, intent) => Act::Pick(site, intent),
                welcome::Act::TakeDown(site) => Act::Uninstall(site),
            };
            choices.push(choice(&line(&offer), act));
        }
        choices.push(want(plain::LEAVE, Intent::Quit));
        self.menu("start", "", choices, Some(0)).await?;
        if !self.lent {
            return Ok(());
        }
        // The practice has the terminal to itself; what came of it stands above what is asked next.
        self.wait(|t| !t.lent).await?;
        self.wait_at_most(2.0, |t| t.flow.note.is_some() || t.flow.fault.is_some()).await
    }

    async fn machine(&mut self) -> Result<(), Stop> {
        self.say([plain::step(1)]);
        self.wait(|t| !t.awaited.loaded).await?;
        if self.awaited.checks || self.flow.checks.is_empty() {
            self.say([plain::LOOKING]);
        }
        self.wait(|t| !t.awaited.checks && (!t.flow.checks.is_empty() || t.flow.fault.is_some())).await?;
        // Facts are not said again after each thing that was agreed to.
        let facts = show::machine(&self.flow.host);
        if facts != self.machine {
            self.say(facts.clone());
            self.machine = facts;
        }
        let lines = show::checks(&self.flow.checks, false);
        self.say(lines);
        let mut choices = vec![want(plain::GO_ON, Intent::Next)];
        let mut fixes: Vec<Fix> = vec![];
        for check in self.flow.checks.iter().filter(|c| c.status >= Status::Warn) {
            fixes.extend(check.offer().filter(|f| !fixes.contains(f) && !self.flow.fixes.contains(f)));
        }
        choices.extend(fixes.iter().map(|f| want(stage::fix_offered(*f), Intent::Fix(*f))));
        choices.push(choice(plain::ALL_CHECKS, Act::AllChecks));
        choices.push(choice(plain::REPORT, Act::Report));
        choices.push(want(plain::BACK, Intent::Back));
        choices.push(want(plain::LEAVE, Intent::Quit));
        self.menu_at(Stage::Machine, "machine", choices, Some(0)).await
    }

    async fn place(&mut self) -> Result<(), Stop> {
        self.say([plain::step(2)]);
        self.wait(|t| !t.flow.choices.is_empty() || t.flow.fault.is_some()).await?;
        let mut choices: Vec<Choice> = vec![];
        if let Some(best) = self.flow.choices.iter().find(|c| c.recommended && c.available.is_ok()) {
            choices.push(want(&format!("{}: {}. {}", plain::RECOMMENDED, best.title, best.because), Intent::UseRecommended));
        }
        for c in &self.flow.choices {
            let not = c.available.as_ref().err().map(|why| format!(" Not possible here: {why}.")).unwrap_or_default();
            choices.push(want(&format!("{}. {}{not}", c.title, c.says), Intent::Choose(c.platform, c.shape)));
        }
        choices.push(want(plain::BACK, Intent::Back));
        let words: Vec<String> = choices.iter().map(|(words, _)| words.clone()).collect();
        let at = self.choose("platform.kind", "Where shall it run?", &words, Some(0)).await?;
        let Some((_, act)) = choices.get(at) else { return Ok(()) };
        self.act_on(act.clone()).await?;
        if matches!(act, Act::Want(Intent::Choose(..))) && self.flow.note.is_none() && self.flow.fault.is_none() {
            self.wait(|t| !t.awaited.checks).await?;
            self.want(Intent::Next);
        }
        Ok(())
    }

    async fn review(&mut self) -> Result<(), Stop> {
        if self.flow.agreed.is_some() {
            // It was said yes to before root was asked for; what is otherwise now is said with the plan.
            self.wait(|t| !t.awaited.plan).await?;
            if self.flow.stage != Some(Stage::Review) {
                return Ok(());
            }
        }
        self.say([plain::step(5)]);
        if self.awaited.plan || self.flow.planning {
            self.say([plain::PLANNING]);
        }
        self.wait(|t| !t.awaited.plan && !t.flow.planning).await?;
        if self.flow.stage != Some(Stage::Review) {
            return Ok(());
        }
        let mut choices = vec![];
        if let Some(plan) = &self.flow.plan {
            let lines = show::plan(plan, &self.flow.states);
            self.say(lines);
            choices.push(want(plain::INSTALL, Intent::Install));
            choices.push(choice(plain::LOOK_AT_STEP, Act::Step));
            choices.push(choice(plain::SAVE_COMMANDS, Act::SaveCommands));
        } else {
            choices.push(want(plain::RETRY, Intent::Next));
        }
        choices.push(choice(plain::SAVE_SITE, Act::SaveSite));
        choices.push(want(plain::BACK, Intent::Back));
        choices.push(want(plain::LEAVE, Intent::Quit));
        // What changes the machine is never the answer to an empty line.
        self.menu_at(Stage::Review, "review", choices, None).await
    }

    async fn look_at_step(&mut self) -> Result<(), Stop> {
        let number = self.ask("step", plain::WHICH_STEP, "1", "1", false).await?;
        let at = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let step = self.flow.plan.as_ref().zip(at).and_then(|(plan, at)| plan.steps.get(at));
        let lines = match step {
            Some(step) => show::step(step, self.flow.states.get(&step.id)),
            None => vec![plain::CHOOSE_NUMBER.to_string()],
        };
        self.say(lines);
        Ok(())
    }
}
