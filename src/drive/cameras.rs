//! Cameras: what was typed is taken apart, its login kept, and the camera tried at once.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::Drive;
use crate::ask;
use crate::camera;
use crate::flow::intent::CameraTyped;
use crate::model::address::unmasked;
use crate::model::answers::{Answers, Camera};
use crate::model::camera::{CameraTried, From};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::registry::is_loopback;
use crate::model::text::DOTS;

impl Drive {
    /// Takes a typed camera apart and keeps its login.
    pub fn set_camera(&self, index: Option<usize>, typed: CameraTyped) -> Result<(Camera, String), Fault> {
        let name = if typed.name.is_empty() { format!("camera-{}", index.unwrap_or_default() + 1) } else { typed.name.clone() };
        let name = ask::valid::name(&name).map_err(|why| {
            Fault::new(Whose::Input, "CAMERA-NAME", why).cure("Use small letters, digits and hyphens, such as front-door.")
        })?;
        let kept = self.secrets.get(&format!("camera.{name}.url"));
        let url = unmasked(&typed.url, kept.as_ref()).map_err(camera::refused)?;
        let address = camera::address(&url, &self.own_addresses())?;
        let (inside_user, inside_password) = address.login.unzip();
        let user = if typed.user.is_empty() { inside_user } else { Some(typed.user.clone()) };
        let password = if typed.password.expose_secret().is_empty() { inside_password } else { Some(typed.password.clone()) };
        let (url, whole) = ask::address::apart(address.whole.expose_secret().into());
        let set = Camera { name, url, sub_url: None, user, record: typed.record };
        // The password that was kept for this camera stands where none was typed again.
        let kept = self.secrets.get(&format!("camera.{}.password", set.name));
        let password = password.or(kept);
        if let Some(password) = &password {
            self.secrets.put(&format!("camera.{}.password", set.name), password.clone());
        }
        for (name, value) in ask::address::secrets(&set, password.as_ref(), whole.as_ref(), None) {
            self.secrets.put(&name, value);
        }
        Ok((set, address.advice.join(" ")))
    }

    fn own_addresses(&self) -> Vec<std::net::IpAddr> {
        self.memory().host.network.interfaces.get().into_iter().flatten().flat_map(|i| i.addresses.iter().map(|(a, _)| *a)).collect()
    }

    /// Login of a camera, from its kept secrets.
    fn login(&self, c: &Camera) -> Option<(String, SecretString)> {
        let user = c.user.clone()?;
        if let Some(password) = self.secrets.get(&format!("camera.{}.password", c.name)) {
            return Some((user, password));
        }
        let both = self.secrets.get(&format!("camera.{}.login", c.name))?;
        let (user, password) = both.expose_secret().split_once(':')?;
        Some((user.to_string(), SecretString::from(password.to_string())))
    }

    /// Tries one camera from this machine and remembers what came of it.
    pub async fn try_camera(&self, c: &Camera) -> Option<CameraTried> {
        // Where dots stand in the address for people, the one that was kept tells what to ask.
        let kept = self.secrets.get(&format!("camera.{}.url", c.name)).filter(|_| c.url.contains(DOTS));
        let url = Url::parse(kept.as_ref().map_or(&c.url, |k| k.expose_secret())).ok()?;
        let tried = camera::try_camera(&*self.world.network, &c.name, &url, self.login(c), From::Host).await;
        self.memory().tried.insert(c.name.clone(), tried.clone());
        self.send(Event::CameraTried { tried: tried.clone() });
        Some(tried)
    }

    /// Tells what is known of these cameras already, and tries the others.
    pub async fn told_of_cameras(&self, answers: &Answers) {
        let known = self.memory().tried.clone();
        let tries = answers.cameras.iter().map(|c| async {
            match known.get(&c.name) {
                Some(tried) => self.send(Event::CameraTried { tried: tried.clone() }),
                None => drop(self.try_camera(c).await),
            }
        });
        futures_util::future::join_all(tries).await;
    }

    /// Tries all cameras at the same time.
    pub async fn try_cameras(&self, answers: &Answers) -> Vec<CameraTried> {
        // Their logins may lie with recordings that were kept. What cannot be read of those is told when it is needed.
        let _ = self.adopt_kept(answers);
        let tries = answers.cameras.iter().map(|c| self.try_camera(c));
        futures_util::future::join_all(tries).await.into_iter().flatten().collect()
    }

    /// From inside a container `localhost` is the container itself: its recorder gets the name of this machine instead.
    pub fn inside_addresses(&self, answers: &Answers) {
        for c in &answers.cameras {
            let Some(url) = self.secrets.get(&format!("camera.{}.url", c.name)) else { continue };
            let Ok(mut inside) = Url::parse(url.expose_secret()) else { continue };
            if inside.host_str().is_some_and(is_loopback) && inside.set_host(Some("host.docker.internal")).is_ok() {
                self.secrets.put(&format!("camera.{}.inside-url", c.name), SecretString::from(inside.to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::drive::Drive;
    use crate::flow::{Flow, Input, Intent, Stage};
    use crate::model::event::Event;
    use crate::recipe::load::embedded;
    use crate::world::fake::{named, world};

    #[tokio::test]
    async fn cameras_of_a_site_file_are_tried_when_one_comes_to_them() {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let mut machine = named("nuc").unwrap();
        machine.speed = 100.0;
        let drive = Drive::new(world(machine), embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        let file = "[site]\nname = \"a\"\n[[camera]]\nname = \"door\"\nurl = \"rtsp://192.168.1.64/Streaming/Channels/101\"\n\
                    [[camera]]\nname = \"yard\"\nurl = \"rtsp://viewer:practice@192.168.1.65/stream1\"\n\
                    [[camera]]\nname = \"till\"\nurl = \"rtsp://viewer:wrong@192.168.1.65/stream1\"\n";
        drive.papers.write("/site.toml", file.as_bytes(), 0o600).unwrap();
        let answers = drive.answers(&["/site.toml".to_string()], &[]).unwrap();
        drive.memory().answers = answers.clone();
        let mut flow = Flow::new(answers, vec![], false).at(Stage::Where);
        for _ in 0..2 {
            flow.handle(Input::Intent(Intent::Next)).into_iter().for_each(|e| drive.perform(e));
            assert!(flow.tried.len() == 3 && flow.here() == Stage::Cameras);
            while flow.busy() {
                if let Event::CameraTried { tried } = events.recv().await.unwrap() {
                    flow.handle(Input::Event(Event::CameraTried { tried }));
                }
            }
            flow.handle(Input::Intent(Intent::Back));
        }
        let came = |name: &str| flow.tried[name].as_ref().is_some_and(|t| t.outcome.is_ok());
        assert_eq!([came("door"), came("yard"), came("till")], [true, true, false]);
        assert!(events.try_recv().is_err(), "each was tried once");
    }
}
