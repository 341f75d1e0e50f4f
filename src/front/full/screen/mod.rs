//! The screens, one a file. A screen has local cursor state only; what it shows is the flow's, what it wants are intents.

pub mod camera_form;
pub mod cameras;
pub mod dashboard;
pub mod detail;
pub mod done;
pub mod failed;
pub mod farewell;
pub mod help;
pub mod install;
pub mod log;
pub mod machine;
pub mod place;
pub mod review;
pub mod storage;
pub mod welcome;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Leave;
use super::keys::{Hint, Key};
use super::theme::Theme;
use crate::flow::{Flow, Intent, Stage};
use crate::model::event::Event;

/// What a screen makes of a key.
#[derive(Debug)]
pub enum Reply {
    /// The key means nothing here: the keys that mean the same everywhere are tried.
    Ignored,
    /// Something of the screen's own was moved.
    Taken,
    /// A person wants this.
    Want(Vec<Intent>),
    /// Another screen goes over this one, and this is wanted.
    Open(Box<dyn Screen>, Vec<Intent>),
    /// This screen goes away, and this is wanted.
    Close(Vec<Intent>),
    /// A text for the terminal's clipboard.
    Copy(String),
    /// Something to say.
    Say(String),
    /// The full screen is left.
    Leave(Leave),
}

/// A screen.
pub trait Screen: std::fmt::Debug {
    /// Takes a key.
    fn on(&mut self, key: Key, flow: &Flow) -> Reply;
    /// What the keys do now, the most important first.
    fn hints(&self, flow: &Flow) -> Vec<Hint>;
    /// Draws itself; changes nothing, reads no clock.
    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer);
    /// Letters are text now, not commands.
    fn typing(&self) -> bool {
        false
    }
    /// Something happened while it was open. True where that was what it was open for: it goes away.
    fn seen(&mut self, _event: &Event) -> bool {
        false
    }
    /// It lies over what is below instead of taking its place.
    fn over(&self) -> bool {
        false
    }
}

/// One screen for each stage. What is chosen on it lasts as long as one stays.
#[derive(Debug, Default)]
pub struct Stages {
    welcome: welcome::Welcome,
    machine: machine::Machine,
    place: place::Place,
    cameras: cameras::Cameras,
    storage: storage::Storage,
    review: review::Review,
    install: install::Install,
    failed: failed::Failed,
    done: done::Done,
    dashboard: dashboard::Dashboard,
}

impl Stages {
    /// The screen of the stage one is at.
    pub fn here(&self, flow: &Flow) -> &dyn Screen {
        match flow.here() {
            Stage::Welcome => &self.welcome,
            Stage::Machine => &self.machine,
            Stage::Where => &self.place,
            Stage::Cameras => &self.cameras,
            Stage::Storage => &self.storage,
            Stage::Review => &self.review,
            Stage::Install if failed::stands(flow) => &self.failed,
            Stage::Install => &self.install,
            Stage::Done => &self.done,
            Stage::Dashboard => &self.dashboard,
        }
    }

    /// A stage is entered: its cursor is at the beginning, and no button is chosen. What a key does must not hang on where one was
    /// an hour ago.
    pub fn enter(&mut self, stage: Stage) {
        match stage {
            Stage::Welcome => self.welcome = Default::default(),
            Stage::Machine => self.machine = Default::default(),
            Stage::Where => self.place = Default::default(),
            Stage::Cameras => self.cameras = Default::default(),
            Stage::Storage => self.storage = Default::default(),
            Stage::Review => self.review = Default::default(),
            Stage::Install => (self.install, self.failed) = Default::default(),
            Stage::Done => self.done = Default::default(),
            Stage::Dashboard => self.dashboard = Default::default(),
        }
    }

    /// The same, to give it a key.
    pub fn here_mut(&mut self, flow: &Flow) -> &mut dyn Screen {
        match flow.here() {
            Stage::Welcome => &mut self.welcome,
            Stage::Machine => &mut self.machine,
            Stage::Where => &mut self.place,
            Stage::Cameras => &mut self.cameras,
            Stage::Storage => &mut self.storage,
            Stage::Review => &mut self.review,
            Stage::Install if failed::stands(flow) => &mut self.failed,
            Stage::Install => &mut self.install,
            Stage::Done => &mut self.done,
            Stage::Dashboard => &mut self.dashboard,
        }
    }
}
