//! Cameras: each is tried as soon as it is known, in the background.

use super::intent::CameraTyped;
use super::{Effect, Flow, Stage};
use crate::ask::{questions, valid};
use crate::model::answers::Camera;
use crate::model::camera::CameraTried;
use crate::model::fault::Fault;
use crate::words::answers as words;

/// What is kept of a camera besides its answers.
const SECRETS: [&str; 6] = ["url", "sub_url", "login", "password", "inside-url", "inside-sub_url"];

impl Flow {
    /// To the list of cameras. Those that came with the answers are tried now, each once.
    pub(super) fn enter_cameras(&mut self) -> Vec<Effect> {
        self.go(Stage::Cameras);
        let new: Vec<String> = self.answers.cameras.iter().map(|c| c.name.clone()).filter(|n| !self.tried.contains_key(n)).collect();
        new.into_iter().flat_map(|name| self.try_camera(name)).collect()
    }

    /// The name that a typed camera gets: what was typed, as a name has to be; else the one it has, else a free one. Refused
    /// where another camera has it.
    pub fn camera_name(&self, index: Option<usize>, typed: &str) -> Result<String, Fault> {
        let now = index.and_then(|i| self.answers.cameras.get(i)).map(|c| c.name.clone());
        if !typed.chars().any(|c| c.is_ascii_alphanumeric()) {
            return Ok(now.unwrap_or_else(|| questions::next_camera(&self.answers)));
        }
        let name = valid::name(typed).unwrap_or_else(|_| valid::label(typed));
        let taken = self.answers.cameras.iter().enumerate().any(|(i, c)| c.name == name && Some(i) != index);
        if taken { Err(words::camera_twice(&name, &questions::next_camera(&self.answers))) } else { Ok(name) }
    }

    /// A camera was typed: it is taken apart under the name that it gets.
    pub(super) fn camera_typed(&mut self, index: Option<usize>, typed: CameraTyped) -> Vec<Effect> {
        let was = index.and_then(|i| self.answers.cameras.get(i)).cloned();
        if index.is_some() && was.is_none() {
            return vec![];
        }
        match self.camera_name(index, &typed.name) {
            Ok(name) => {
                if !typed.name.is_empty() && name != typed.name {
                    self.note = Some(words::kept_as(&typed.name, &name));
                }
                vec![Effect::AddCamera(index, CameraTyped { name, ..typed }, was.map(Box::new))]
            }
            Err(fault) => {
                self.fault = Some(fault);
                vec![]
            }
        }
    }

    /// A camera was understood: it is tried.
    pub(super) fn camera_set(&mut self, index: Option<usize>, camera: Camera, advice: String) -> Vec<Effect> {
        let mut effects = vec![];
        let name = camera.name.clone();
        match index.and_then(|i| self.answers.cameras.get_mut(i)) {
            Some(place) => {
                let old = std::mem::replace(place, camera).name;
                if old != name {
                    self.tried.remove(&old);
                    effects.extend(forget(&old));
                }
            }
            None => self.answers.cameras.push(camera),
        }
        self.outdated();
        if !advice.is_empty() {
            self.note = Some(advice);
        }
        effects.extend(self.try_camera(name));
        effects
    }

    /// What came of trying one. The days that fit follow from it, also where the person has gone on meanwhile.
    pub(super) fn camera_tried(&mut self, tried: CameraTried) -> Vec<Effect> {
        // A camera that was removed while it was tried stays removed.
        if self.answers.cameras.iter().any(|c| c.name == tried.name) {
            self.tried.insert(tried.name.clone(), Some(tried));
        }
        if self.here() == Stage::Storage { self.size() } else { vec![] }
    }

    pub(super) fn try_camera(&mut self, name: String) -> Vec<Effect> {
        self.tried.insert(name.clone(), None);
        vec![Effect::TryCamera(name)]
    }

    pub(super) fn remove_camera(&mut self, index: usize) -> Vec<Effect> {
        if index >= self.answers.cameras.len() {
            return vec![];
        }
        let name = self.answers.cameras.remove(index).name;
        self.tried.remove(&name);
        self.changed("camera");
        forget(&name).collect()
    }
}

/// All that was kept for a camera of that name.
fn forget(name: &str) -> impl Iterator<Item = Effect> {
    SECRETS.iter().map(move |what| Effect::Forget(format!("camera.{name}.{what}")))
}
