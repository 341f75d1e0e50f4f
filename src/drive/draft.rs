//! What was typed and is not installed yet. It is kept as it is typed, so that a closed window or a power cut costs none of it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::Drive;
use crate::ask;
use crate::flow::state::Draft;
use crate::model::answers::Answers;
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::secrets::Secrets;
use crate::step::{file_fault, files};

/// Answers with their secrets, for a file that only its owner can read.
#[derive(Serialize, Deserialize)]
pub struct Typed {
    site: String,
    secrets: BTreeMap<String, String>,
}

impl Typed {
    /// These answers, and every secret that is known, but those of cameras that are gone.
    pub fn of(answers: &Answers, secrets: &Secrets) -> Self {
        let camera = |name: &str| name.strip_prefix("camera.")?.rsplit_once('.').map(|(camera, _)| camera.to_string());
        let stays = |name: &String| camera(name).is_none_or(|camera| answers.cameras.iter().any(|c| c.name == camera));
        let value = |name: String| Some((name.clone(), secrets.get(&name)?.expose_secret().to_string()));
        Typed { site: ask::save(answers), secrets: secrets.names().into_iter().filter(stays).filter_map(value).collect() }
    }

    /// The answers, without a look at anything else. None where they are not understood.
    pub fn answers(&self) -> Option<Answers> {
        let none = |_: &str| None;
        let read = |p: &str| Err(format!("{p} is not read here"));
        ask::load(&[(String::new(), self.site.clone())], &[], &none, &read).ok().map(|(answers, _)| answers)
    }

    /// Hands the secrets on.
    pub fn put(self, secrets: &Secrets) {
        self.secrets.into_iter().for_each(|(name, value)| secrets.put(&name, SecretString::from(value)));
    }
}

impl Drive {
    fn draft_path(&self) -> String {
        format!("{}/answers.json", self.root)
    }

    /// Keeps the answers as they are now, and says whether that went well: where nothing can be written, nothing is kept.
    pub(super) fn keep_draft(&self) {
        // Of two that are on their way at once both write what holds by now: the later one may come first.
        let _one = self.drafting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let typed = Typed::of(&self.memory().answers, &self.secrets);
        let f = &*self.world.files;
        let kept = serde_json::to_vec(&typed)
            .is_ok_and(|text| files::make(f, &self.root, 0o755).is_ok() && f.write(&self.draft_path(), &text, 0o600).is_ok());
        self.send(Event::AnswersKept { kept });
    }

    /// What was typed before and not installed, where there is such.
    pub fn draft(&self) -> Option<Draft> {
        let answers = self.read_draft().ok()?.answers()?;
        Some(Draft { cameras: answers.cameras.len(), site: answers.site })
    }

    fn read_draft(&self) -> Result<Typed, Fault> {
        let path = self.draft_path();
        let bytes = self.world.files.read(&path).map_err(|e| file_fault(&e, &path))?;
        serde_json::from_slice(&bytes).map_err(|_| damaged())
    }

    /// Takes up what was typed before: its secrets are the drive's from here on.
    pub(super) fn take_draft(&self) -> Result<Answers, Fault> {
        let typed = self.read_draft()?;
        let answers = typed.answers().ok_or_else(damaged)?;
        self.put_down();
        typed.put(&self.secrets);
        self.memory().answers = answers.clone();
        Ok(answers)
    }

    /// What was typed for this site is installed by now, or on its way: the site's own folder has it.
    pub fn drop_draft(&self, site: &str) {
        if self.draft().is_some_and(|d| d.site == site) {
            // What cannot be removed is shown as typed once more, which does no harm.
            let _ = self.world.files.remove_file(&self.draft_path());
            // Whoever only handed the answers on has nothing else there.
            let _ = self.world.files.remove_folder(&self.root);
        }
    }
}

fn damaged() -> Fault {
    Fault::new(Whose::Machine, "ANSWERS-DAMAGED", "What you typed before cannot be read any more.").cure("Choose Start, and type it anew.")
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::model::answers::{Camera, Record};
    use crate::recipe::load::embedded;
    use crate::world::fake::{named, world};

    fn drive() -> Drive {
        Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel().0)
    }

    fn typed(drive: &Drive) -> Answers {
        let url = "rtsp://192.0.2.10/stream".into();
        let camera = Camera { name: "door".into(), url, sub_url: None, user: Some("viewer".into()), record: Record::Always };
        let answers = Answers { site: "shop".into(), retention_days: 12, cameras: vec![camera], ..Answers::default() };
        drive.secrets.put("camera.door.password", "hush".to_string().into());
        drive.secrets.put("camera.yard.password", "of a camera that is gone".to_string().into());
        drive.memory().answers = answers.clone();
        answers
    }

    #[test]
    fn what_was_typed_comes_back_with_its_passwords_and_is_read_by_its_owner_alone() {
        let drive = drive();
        assert!(drive.draft().is_none());
        let answers = typed(&drive);
        drive.keep_draft();
        assert_eq!(drive.world.files.meta("/var/lib/kerbup/answers.json").unwrap().mode, 0o600);
        let file = drive.world.files.read("/var/lib/kerbup/answers.json").unwrap();
        assert!(!String::from_utf8(file).unwrap().contains("of a camera that is gone"));
        drive.put_down();
        drive.memory().answers = Answers::default();
        assert_eq!(drive.draft().map(|d| (d.site, d.cameras)), Some(("shop".into(), 1)));
        let back = drive.take_draft().unwrap();
        assert_eq!(ask::save(&back), ask::save(&answers));
        assert_eq!(drive.secrets.get("camera.door.password").unwrap().expose_secret(), "hush");
        assert_eq!(drive.memory().answers.site, "shop");
        assert!(drive.sites().unwrap().is_empty(), "it is no site");
        // Another site's install leaves it, its own takes it away with all that was made for it.
        drive.drop_draft("home");
        assert!(drive.draft().is_some());
        drive.drop_draft("shop");
        assert!(drive.draft().is_none() && drive.world.files.meta("/var/lib/kerbup").is_err());
    }

    #[test]
    fn what_cannot_be_kept_is_not_said_to_be_kept() {
        let (sender, mut events) = unbounded_channel();
        let drive = Drive::new(world(named("nuc").unwrap()), embedded().unwrap(), "/var/lib/kerbup".into(), sender);
        typed(&drive);
        drive.keep_draft();
        drive.world.files.remove_tree("/var/lib/kerbup").unwrap();
        drive.world.files.write("/var/lib/kerbup", b"a file in its place", 0o600).unwrap();
        drive.keep_draft();
        let kept: Vec<bool> = std::iter::from_fn(|| events.try_recv().ok())
            .filter_map(|e| if let Event::AnswersKept { kept } = e { Some(kept) } else { None })
            .collect();
        assert_eq!(kept, [true, false]);
    }

    #[test]
    fn a_damaged_file_is_not_offered_and_says_what_to_do_where_it_is_taken_up() {
        let drive = drive();
        typed(&drive);
        drive.keep_draft();
        drive.world.files.write("/var/lib/kerbup/answers.json", b"{\"site\": \"[sit", 0o600).unwrap();
        assert!(drive.draft().is_none());
        assert_eq!(drive.take_draft().unwrap_err().code, "ANSWERS-DAMAGED");
    }
}
