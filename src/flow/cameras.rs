//! Cameras: each is tried as soon as it is known, in the background.

use super::{Effect, Flow, Stage};
use crate::model::answers::Camera;
use crate::model::camera::CameraTried;

impl Flow {
    /// To the list of cameras. Those that came with the answers are tried now, each once.
    pub(super) fn enter_cameras(&mut self) -> Vec<Effect> {
        self.go(Stage::Cameras);
        let new: Vec<String> = self.answers.cameras.iter().map(|c| c.name.clone()).filter(|n| !self.tried.contains_key(n)).collect();
        new.into_iter().flat_map(|name| self.try_camera(name)).collect()
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
                    effects.push(Effect::Forget(format!("camera.{old}.url")));
                    effects.push(Effect::Forget(format!("camera.{old}.login")));
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
        vec![Effect::Forget(format!("camera.{name}.url")), Effect::Forget(format!("camera.{name}.login"))]
    }
}
