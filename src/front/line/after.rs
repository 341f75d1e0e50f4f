//! The stages after the button: the run, its end, and how it is.

use super::show;
use super::stages::{Act, choice, want};
use super::talk::{Stop, Talk};
use crate::flow::{Intent, Stage};
use crate::model::check::Fix;
use crate::words::{plain, stage, undo};

impl Talk<'_> {
    pub(super) async fn install(&mut self) -> Result<(), Stop> {
        if self.flow.running {
            self.say([plain::step(6)]);
        }
        self.wait(|t| !t.flow.running).await?;
        if self.flow.stage != Some(Stage::Install) {
            return Ok(());
        }
        let code = self.flow.failed().map(|(_, _, fault)| fault.code.clone()).unwrap_or_default();
        let mut choices = vec![];
        for (part, fix) in [("PORT", Fix::OtherPort), ("DISK", Fix::OtherFolder), ("SPACE", Fix::OtherFolder)] {
            if code.contains(part) {
                choices.push(want(stage::fix_offered(fix), Intent::Fix(fix)));
            }
        }
        choices.push(want(plain::RETRY, Intent::Retry));
        choices.push(choice(plain::REPORT, Act::Report));
        choices.push(want(plain::BACK, Intent::Back));
        if self.flow.left_standing() {
            choices.push(choice(undo::offered(self.flow.stood()), Act::Undo));
        }
        choices.push(want(plain::LEAVE, Intent::Quit));
        self.menu_at(Stage::Install, "failed", choices, None).await
    }

    pub(super) async fn done(&mut self) -> Result<(), Stop> {
        let addresses = self.flow.ended.as_ref().map(|e| e.addresses.clone()).unwrap_or_default();
        let mut choices = vec![];
        // After a site was taken down nothing goes on.
        if self.flow.left_standing() {
            let goes_on = self.flow.came().and_then(|c| c.goes_on());
            self.say(goes_on.into_iter().chain([plain::SHOWS_IT.into()]));
            choices.push(want(plain::STATUS, Intent::Dashboard));
        }
        for address in addresses {
            if let Some(name) = address.password {
                choices.push(choice(&format!("{}: {}", plain::PASSWORD, address.title), Act::Password(name)));
            }
        }
        choices.push(want(plain::LEAVE, Intent::Quit));
        let last = choices.len() - 1;
        self.menu_at(Stage::Done, "done", choices, Some(last)).await
    }

    pub(super) async fn password(&mut self, name: String) -> Result<(), Stop> {
        self.want(Intent::Reveal(name));
        self.wait_at_most(15.0, |t| !t.awaited.revealed).await?;
        if let Some((name, value)) = self.flow.revealed.clone() {
            self.say([format!("{name}: {value}")]);
        }
        self.want(Intent::Conceal);
        Ok(())
    }

    pub(super) async fn dashboard(&mut self) -> Result<(), Stop> {
        self.wait_at_most(30.0, |t| t.flow.health.is_some() || t.flow.fault.is_some()).await?;
        let lines = self.flow.health.as_ref().map(|h| [show::status(h), show::to_enter(h)].concat()).unwrap_or_default();
        self.say(lines);
        let mut choices = vec![choice(plain::AGAIN, Act::Again)];
        if self.flow.health.as_ref().is_some_and(|h| !h.components.is_empty()) {
            choices.push(choice(plain::LOG, Act::Log));
            choices.push(choice(plain::RESTART, Act::Restart));
        }
        choices.push(want(plain::CHANGE, Intent::Change));
        choices.push(want(plain::LEAVE, Intent::Quit));
        let last = choices.len() - 1;
        loop {
            // The first choice reads it again: then it is said again as a whole.
            let again = self.menu("status", "", choices.clone(), Some(last)).await? == 0;
            if again || self.flow.stage != Some(Stage::Dashboard) || self.is_left() {
                return Ok(());
            }
        }
    }

    pub(super) async fn part(&mut self) -> Result<String, Stop> {
        let names: Vec<String> = self.flow.health.iter().flat_map(|h| h.components.iter().map(|c| c.name.clone())).collect();
        let at = self.choose("part", plain::WHICH_PART, &names, None).await?;
        Ok(names.get(at).cloned().unwrap_or_default())
    }

    pub(super) async fn log(&mut self) -> Result<(), Stop> {
        let part = self.part().await?;
        self.want(Intent::OpenLog(part));
        let some = |t: &Talk<'_>| t.flow.open_log.as_ref().is_some_and(|(_, lines)| !lines.is_empty());
        self.wait_at_most(5.0, |t| some(t) || t.flow.fault.is_some()).await?;
        let lines = self.flow.open_log.as_ref().map(|(_, lines)| lines.clone()).unwrap_or_default();
        let skip = lines.len().saturating_sub(40);
        self.say(lines.into_iter().skip(skip));
        self.want(Intent::CloseLog);
        Ok(())
    }
}
