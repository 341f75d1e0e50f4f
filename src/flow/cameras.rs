//! Cameras: each is tried as soon as it is known, in the background.

use super::intent::CameraTyped;
use super::{Effect, Flow, Stage};
use crate::model::answers::Camera;
use crate::model::camera::CameraTried;
use crate::words::stage as words;

/// What is kept of a camera besides its answers.
const SECRETS: [&str; 6] = ["url", "sub_url", "login", "password", "inside-url", "inside-sub_url"];

impl Flow {
    /// To the list of cameras. Those that came with the answers are tried now, each once.
    pub(super) fn enter_cameras(&mut self) -> Vec<Effect> {
        self.go(Stage::Cameras);
        let new: Vec<String> = self.answers.cameras.iter().map(|c| c.name.clone()).filter(|n| !self.tried.contains_key(n)).collect();
        new.into_iter().flat_map(|name| self.try_camera(name)).collect()
    }

    /// A camera was typed. One without a name gets a free one; no two have the same, since their secrets go by it.
    pub(super) fn camera_typed(&mut self, index: Option<usize>, mut typed: CameraTyped) -> Vec<Effect> {
        let cameras = &self.answers.cameras;
        let was = index.and_then(|i| cameras.get(i)).cloned();
        if index.is_some() && was.is_none() {
            return vec![];
        }
        let taken = |name: &str| cameras.iter().enumerate().any(|(i, c)| Some(i) != index && c.name == name);
        if typed.name.is_empty() {
            let free = || (1..).map(|n| format!("camera-{n}")).find(|n| !taken(n)).unwrap_or_default();
            typed.name = was.as_ref().map_or_else(free, |c| c.name.clone());
        }
        if taken(&typed.name) {
            return self.refuse(words::camera_twice(&typed.name));
        }
        vec![Effect::AddCamera(index, typed, was.map(Box::new))]
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
