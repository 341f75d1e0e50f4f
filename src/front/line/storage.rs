//! Storage as questions: which disk and folder, how many days, who may look.

use super::show;
use super::talk::{Stop, Talk};
use crate::ask::valid;
use crate::flow::Intent;
use crate::model::answers::{Expose, Shape};
use crate::words::{answers, disks, plain};

impl Talk<'_> {
    pub(super) async fn storage(&mut self) -> Result<(), Stop> {
        self.say([plain::step(4)]);
        match self.flow.kept_folder() {
            Some(folder) => {
                let says = crate::words::stage::folder_stays(folder);
                self.say([says]);
            }
            None => {
                let now = self.flow.answers.path.clone();
                let path = self.folder(&now).await?;
                self.want(Intent::Folder(path));
            }
        }
        self.wait_at_most(15.0, |t| !t.awaited.checks).await?;
        let lines = show::concerns(&self.flow.checks);
        self.say(lines);
        self.days().await?;
        self.wait_at_most(15.0, |t| !t.awaited.size).await?;
        let lines = self.flow.sizing.as_ref().map(|s| show::sizing(s, &self.flow.answers)).unwrap_or_default();
        self.say(lines);
        // Without a page there is nobody to open it.
        if self.flow.answers.shape == Shape::Full {
            self.expose().await?;
        }
        while self.flow.names_site() {
            let now = self.flow.answers.site.clone();
            let name = self.question("site.name", &now, &now).await?;
            self.want(Intent::Name(name));
            if self.flow.note.is_none() {
                break;
            }
        }
        self.wait(|t| !t.awaited.checks).await?;
        self.want(Intent::Next);
        Ok(())
    }

    async fn expose(&mut self) -> Result<(), Stop> {
        let words = [answers::who(Expose::Lan).to_string(), answers::who(Expose::Loopback).to_string()];
        let title = crate::words::questions::prompt("network.expose").to_string();
        let default = usize::from(self.flow.answers.expose == Expose::Loopback);
        let at = self.choose("network.expose", &title, &words, Some(default)).await?;
        self.want(Intent::Expose([Expose::Lan, Expose::Loopback][at.min(1)]));
        Ok(())
    }

    /// The disks that can be used as numbered choices, what cannot be used above them; another folder is always one.
    async fn folder(&mut self, now: &str) -> Result<String, Stop> {
        let offers = disks::offered(&self.flow.host);
        let mut folders: Vec<(String, String)> = vec![];
        for offer in &offers {
            match &offer.folder {
                Ok(folder) => folders.push((folder.clone(), disks::choice(folder, offer))),
                Err(why) => self.say([disks::not_usable(offer, why)]),
            }
        }
        let at = folders.iter().position(|(folder, _)| folder == now);
        if !folders.is_empty() {
            let mut words: Vec<String> = folders.iter().map(|(_, words)| words.clone()).collect();
            words.push(plain::OTHER_FOLDER.into());
            let title = crate::words::questions::prompt("storage.path").to_string();
            let chosen = self.choose("storage.path", &title, &words, Some(at.unwrap_or(folders.len()))).await?;
            if let Some((folder, _)) = folders.into_iter().nth(chosen) {
                return Ok(folder);
            }
        }
        let shown = show::folder(&self.flow.answers, &self.flow.host);
        self.question("storage.path", now, &shown).await
    }

    async fn days(&mut self) -> Result<(), Stop> {
        let now = self.flow.answers.retention_days.to_string();
        let typed = self.question("storage.retention_days", &now, &now).await?;
        if let Ok(days) = valid::days(&typed) {
            self.want(Intent::Days(days));
        }
        Ok(())
    }
}
