//! Cameras: what was typed is taken apart, its login kept, and the camera tried at once.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::Drive;
use super::inside::{self, Place};
use super::sites::Site;
use super::standing::plan_of;
use crate::ask;
use crate::camera;
use crate::flow::intent::CameraTyped;
use crate::model::address::unmasked;
use crate::model::answers::{Answers, Camera};
use crate::model::camera::{CameraTried, From};
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::model::health::CameraState;
use crate::model::plan::Plan;
use crate::model::registry::is_loopback;
use crate::model::text::DOTS;
use crate::words;

impl Drive {
    /// Takes a typed camera apart and keeps its login. `was` is the camera that is changed: what was kept for it stands where
    /// nothing was typed again, also under another name.
    pub fn set_camera(&self, typed: CameraTyped, was: Option<&Camera>) -> Result<(Camera, String), Fault> {
        let name = ask::valid::name(&typed.name).map_err(|why| {
            Fault::new(Whose::Input, "CAMERA-NAME", why).cure("Use small letters, digits and hyphens, such as front-door.")
        })?;
        let kept = |what: &str| self.secrets.get(&format!("camera.{}.{what}", was?.name));
        let own = self.own_addresses();
        let understood = |typed: &str, kept: Option<SecretString>| {
            let whole = unmasked(typed, kept.as_ref()).map_err(camera::refused)?;
            camera::address(&whole, &own)
        };
        let main = understood(&typed.url, kept("url"))?;
        let old_sub = was.and_then(|c| c.sub_url.clone());
        let sub = typed.sub_url.as_ref().or(old_sub.as_ref()).map(|sub| understood(sub, kept("sub_url"))).transpose()?;
        let mut logins = [main.login, sub.as_ref().and_then(|s| s.login.clone())].into_iter().flatten();
        let inside = logins.next();
        if let (Some((user, password)), Some((other, others))) = (&inside, logins.next())
            && (*user != other || password.expose_secret() != others.expose_secret())
        {
            return Err(Fault::new(Whose::Input, "CAMERA-TWO-LOGINS", "The two addresses of this camera have two logins.")
                .cure("Give it one user for both, and type it once."));
        }
        let (inside_user, inside_password) = inside.unzip();
        let user = if typed.user.is_empty() { inside_user } else { Some(typed.user.clone()) };
        let password = if typed.password.expose_secret().is_empty() { inside_password } else { Some(typed.password.clone()) };
        // The password that is kept is that of its user. A user alone is a login with an empty one, as in a site file.
        let same = was.is_some_and(|c| c.user == user);
        let password = password.or_else(|| kept("password").filter(|_| same)).or_else(|| user.as_ref().map(|_| SecretString::default()));
        let (url, whole) = ask::address::apart(main.whole.expose_secret().into());
        let (sub_url, whole_sub) = sub.as_ref().map(|s| ask::address::apart(s.whole.expose_secret().into())).unzip();
        let set = Camera { name, url, sub_url, user, record: typed.record };
        if let Some(password) = &password {
            self.secrets.put(&format!("camera.{}.password", set.name), password.clone());
        }
        for (name, value) in ask::address::secrets(&set, password.as_ref(), whole.as_ref(), whole_sub.flatten().as_ref()) {
            self.secrets.put(&name, value);
        }
        let mut advice = main.advice;
        // A form asks for the one address only: what it did not ask stays, and is told where the camera itself moved.
        let host = |url: &str| Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_string));
        if let (None, Some(was), Some(sub)) = (&typed.sub_url, was, &set.sub_url)
            && host(&was.url) != host(&set.url)
        {
            advice.push(words::camera::sub_stays(sub, &set.name));
        }
        Ok((set, advice.join(" ")))
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
        let sort = format!("camera {}", c.name);
        let number = self.ask_anew(&sort);
        let tried = camera::try_camera(&*self.world.network, &c.name, &url, self.login(c), From::Host).await;
        // A try with another address or password has begun meanwhile: that one tells.
        if self.is_newest(&sort, number) {
            self.memory().tried.insert(c.name.clone(), tried.clone());
            self.send(Event::CameraTried { tried: tried.clone() });
        }
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

    /// Where the stack of this plan stands.
    pub fn place(&self, plan: &Plan) -> Place {
        let subnet = plan.steps.iter().find(|s| s.kind == "network").and_then(|s| s.with.text("subnet"));
        Place { subnet, own: self.own_addresses() }
    }

    /// What the recorders of a standing site say of these cameras, each held against what came of trying it from here. One that
    /// says nothing for sure is told by its state.
    pub async fn tried_inside(&self, site: &Site, answers: &Answers) -> Result<BTreeMap<String, Result<CameraTried, CameraState>>, Fault> {
        let plan = plan_of(site)?;
        let snapshot = self.snapshot_of(&site.name, plan, answers).await?;
        let (place, here) = (self.place(plan), self.memory().tried.clone());
        let told = |c: &Camera| {
            let seen = snapshot.cameras.iter().find(|s| s.name == c.name)?;
            Some((c.name.clone(), inside::tried(seen, &c.url, here.get(&c.name), &place).ok_or(seen.state)))
        };
        Ok(answers.cameras.iter().filter_map(told).collect())
    }

    /// From inside a container `localhost` is the container itself: its recorder gets the name of this machine instead.
    pub fn inside_addresses(&self, answers: &Answers) {
        for (c, what) in answers.cameras.iter().flat_map(|c| [(c, "url"), (c, "sub_url")]) {
            let Some(url) = self.secrets.get(&format!("camera.{}.{what}", c.name)) else { continue };
            let Ok(mut inside) = Url::parse(url.expose_secret()) else { continue };
            if inside.host_str().is_some_and(is_loopback) && inside.set_host(Some("host.docker.internal")).is_ok() {
                self.secrets.put(&format!("camera.{}.inside-{what}", c.name), SecretString::from(inside.to_string()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret as _, SecretString};

    use crate::drive::Drive;
    use crate::flow::intent::CameraTyped;
    use crate::flow::{Flow, Input, Intent, Stage};
    use crate::model::answers::{Answers, Record};
    use crate::model::event::Event;
    use crate::recipe::load::embedded;
    use crate::world::fake::{named, world};

    fn drive() -> Drive {
        let (sender, _) = tokio::sync::mpsc::unbounded_channel();
        Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/var/lib/kerbup".into(), sender)
    }

    fn typed(name: &str, url: &str, sub: Option<&str>, user: &str, password: &str) -> CameraTyped {
        let (name, url, sub_url, user) = (name.into(), url.into(), sub.map(Into::into), user.into());
        CameraTyped { name, url, sub_url, user, password: SecretString::from(password.to_string()), record: Record::Motion }
    }

    fn kept(drive: &Drive, name: &str) -> Option<String> {
        drive.secrets.get(name).map(|s| s.expose_secret().to_string())
    }

    #[test]
    fn a_second_stream_has_the_cameras_login_and_is_shown_without_it() {
        let drive = drive();
        let (camera, _) =
            drive.set_camera(typed("door", "rtsp://192.0.2.9/s", Some("rtsp://u:h%40sh@192.0.2.9/small"), "", ""), None).unwrap();
        assert_eq!((camera.sub_url.as_deref(), camera.user.as_deref()), (Some("rtsp://192.0.2.9/small"), Some("u")));
        assert_eq!(kept(&drive, "camera.door.sub_url").unwrap(), "rtsp://u:h%40sh@192.0.2.9/small");
        assert_eq!(kept(&drive, "camera.door.url").unwrap(), "rtsp://u:h%40sh@192.0.2.9/s");
        // A form that does not ask for it leaves it, with the new login, and says so where the camera moved.
        let (moved, advice) = drive.set_camera(typed("door", "rtsp://192.0.2.7/s", None, "u", "new"), Some(&camera)).unwrap();
        assert!(moved.sub_url == camera.sub_url && advice.contains("rtsp://192.0.2.9/small"), "{advice}");
        assert_eq!(kept(&drive, "camera.door.sub_url").unwrap(), "rtsp://u:new@192.0.2.9/small");
        let two = typed("yard", "rtsp://a:b@192.0.2.9/s", Some("rtsp://a:c@192.0.2.9/t"), "", "");
        assert_eq!(drive.set_camera(two, None).unwrap_err().code, "CAMERA-TWO-LOGINS");
    }

    #[test]
    fn a_renamed_camera_keeps_what_dots_stand_for() {
        let drive = drive();
        let url = "rtsp://192.0.2.9/user=a&password=S3cret&channel=1";
        let (door, _) = drive.set_camera(typed("door", url, None, "", ""), None).unwrap();
        assert!(door.url.contains("password=••••"));
        let (gate, advice) = drive.set_camera(typed("gate", &door.url, None, "", ""), Some(&door)).unwrap();
        assert_eq!((kept(&drive, "camera.gate.url").as_deref(), &gate.url), (Some(url), &door.url));
        assert!(!format!("{gate:?} {advice}").contains("S3cret"), "what becomes an event holds no password");
        // So does a password that stands in its own field.
        let (till, _) = drive.set_camera(typed("till", "rtsp://192.0.2.8/s", None, "u", "h@sh"), None).unwrap();
        drive.set_camera(typed("bar", &till.url, None, "u", ""), Some(&till)).unwrap();
        assert_eq!(kept(&drive, "camera.bar.url").unwrap(), "rtsp://u:h%40sh@192.0.2.8/s");
        // The password of one user is not another's.
        let (gate, _) = drive.set_camera(typed("gate", "rtsp://192.0.2.5/s", None, "u", "h"), None).unwrap();
        drive.set_camera(typed("gate", &gate.url, None, "bob", ""), Some(&gate)).unwrap();
        assert_eq!(kept(&drive, "camera.gate.url").unwrap(), "rtsp://bob:@192.0.2.5/s");
        // A user alone is a login too: its address is there for the recorder.
        drive.set_camera(typed("attic", "rtsp://192.0.2.6/s", None, "u", ""), None).unwrap();
        assert_eq!(kept(&drive, "camera.attic.url").unwrap(), "rtsp://u:@192.0.2.6/s");
        // Another camera has none of it, not even under a name that one had before.
        assert_eq!(drive.set_camera(typed("door", &door.url, None, "", ""), None).unwrap_err().code, "CAMERA-ADDRESS");
    }

    #[test]
    fn both_addresses_on_this_machine_are_made_to_work_from_inside() {
        let drive = drive();
        let both = typed("here", "rtsp://u:p@localhost:8554/s", Some("rtsp://[::1]:8554/t"), "", "");
        let (camera, _) = drive.set_camera(both, None).unwrap();
        drive.inside_addresses(&Answers { cameras: vec![camera], ..Answers::default() });
        assert_eq!(kept(&drive, "camera.here.inside-url").unwrap(), "rtsp://u:p@host.docker.internal:8554/s");
        assert_eq!(kept(&drive, "camera.here.inside-sub_url").unwrap(), "rtsp://u:p@host.docker.internal:8554/t");
    }

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
        let mut flow = Flow::new(answers.clone(), vec![], false).at(Stage::Where);
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
        // What the measured ones need is known although one is dead, and grows with the days.
        let sized = drive.size(&answers).await;
        assert_eq!((sized.max_bytes, sized.fits_days, sized.unmeasured.as_slice()), (None, None, ["till".to_string()].as_slice()));
        let longer = drive.size(&crate::model::answers::Answers { retention_days: 60, ..answers }).await;
        assert_eq!(sized.at_least_bytes.map(|b| b * 2), longer.at_least_bytes);
        assert!(sized.at_least_bytes.is_some_and(|b| b > 1_000_000_000), "{sized:?}");
    }
}
