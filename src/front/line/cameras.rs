//! The list of cameras, and the questions about one: a new one, or one that is changed.

use secrecy::SecretString;

use super::show;
use super::stages::{Act, choice, want};
use super::talk::{Stop, Talk};
use crate::ask::questions::next_camera;
use crate::flow::intent::CameraTyped;
use crate::flow::{Intent, Stage};
use crate::model::address;
use crate::model::answers::Record;
use crate::words::{answers, plain, welcome};

impl Talk<'_> {
    pub(super) async fn cameras(&mut self) -> Result<(), Stop> {
        self.say([plain::step(3)]);
        self.say(welcome::cameras_to_try(&self.flow.played.cameras));
        loop {
            if self.awaited.cameras > 0 {
                self.say([plain::TRYING]);
            }
            self.wait_at_most(60.0, |t| t.awaited.cameras == 0).await?;
            let lines = show::cameras(&self.flow.answers.cameras, &self.flow.tried);
            self.say(lines);
            let names: Vec<String> = self.flow.answers.cameras.iter().map(|c| c.name.clone()).collect();
            let mut choices = vec![want(plain::GO_ON, Intent::Next), choice(plain::ADD_CAMERA, Act::Camera(None))];
            for (at, name) in names.iter().enumerate() {
                choices.push(want(&format!("{}: {name}", plain::RETRY), Intent::TryCamera(at)));
                choices.push(choice(&format!("Change {name}"), Act::Camera(Some(at))));
                choices.push(want(&format!("Take {name} out"), Intent::RemoveCamera(at)));
            }
            choices.push(want(plain::BACK, Intent::Back));
            self.menu("camera", "", choices, Some(usize::from(names.is_empty()))).await?;
            if self.flow.stage != Some(Stage::Cameras) || self.is_left() {
                return Ok(());
            }
        }
    }

    pub(super) async fn set_camera(&mut self, at: Option<usize>) -> Result<(), Stop> {
        let old = at.and_then(|at| self.flow.answers.cameras.get(at)).cloned();
        // What a camera has is the default; a name is what its recordings lie under, and stays.
        let free = next_camera(&self.flow.answers);
        let name = match &old {
            Some(camera) => camera.name.clone(),
            None => loop {
                let name = self.question("camera.name", &free, &free).await?;
                match self.flow.camera_name(None, &name) {
                    Ok(name) => break name,
                    Err(twice) => self.say(show::fault(&twice)),
                }
            },
        };
        let known = old.as_ref().map(|c| c.url.clone()).unwrap_or_default();
        let url = self.question("camera.url", &known, &known).await?;
        if url.is_empty() {
            return Ok(());
        }
        // A login that stands in the address needs no second question.
        let inside = address::read(&url).is_ok_and(|a| a.login.is_some());
        let had = old.as_ref().and_then(|c| c.user.clone()).unwrap_or_default();
        let user = if inside { String::new() } else { self.question("camera.user", &had, &had).await? };
        // An empty line keeps the password that is known.
        let password = if user.is_empty() { String::new() } else { self.hidden("camera.password").await? };
        let words = [answers::record(Record::Motion).to_string(), answers::record(Record::Always).to_string()];
        let title = crate::words::questions::prompt("camera.record").to_string();
        let now = usize::from(old.is_some_and(|c| c.record == Record::Always));
        let record = [Record::Motion, Record::Always][self.choose("camera.record", &title, &words, Some(now)).await?.min(1)];
        self.want(Intent::Camera(at, CameraTyped { name, url, sub_url: None, user, password: SecretString::from(password), record }));
        // It is understood first, then tried: both are awaited before the list is shown again.
        self.wait_at_most(60.0, |t| t.awaited.cameras == 0).await
    }

    async fn hidden(&mut self, id: &str) -> Result<String, Stop> {
        let prompt = crate::words::questions::prompt(id).to_string();
        self.ask(id, &prompt, "", "", true).await
    }
}
