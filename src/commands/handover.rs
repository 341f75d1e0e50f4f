//! The same program once more on the same terminal: as root with the same answers, or as a practice.
//!
//! For root the answers are written to a file that only this user and root can read, sudo asks for its password on the plain
//! terminal, and the new program reads the file and removes it. No secret stands among arguments.

use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};

use super::setup::Setup;
use crate::cli::{Exit, Globals};
use crate::drive::Drive;
use crate::drive::draft::Typed;
use crate::flow::{Effect, Intent};
use crate::model::answers::Answers;
use crate::model::camera::CameraTried;
use crate::model::fault::{Fault, Whose};
use crate::model::plan::Plan;
use crate::step::{file_fault, files};
use crate::words::root as words;
use crate::world::processes::{Command, ProcessError};

#[derive(Serialize, Deserialize)]
struct Handover {
    #[serde(flatten)]
    typed: Typed,
    /// What a person said yes to.
    plan: Option<Plan>,
    /// Cameras are not asked twice for their picture.
    tried: Vec<CameraTried>,
    /// What else than an install a person said yes to.
    #[serde(default)]
    wants: Option<Wants>,
}

/// What a person said yes to for a site that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wants {
    /// Going on.
    Resume,
    /// Undoing what the last run did.
    Undo,
    /// Taking it down.
    Uninstall,
}

/// What another user handed on.
#[derive(Debug)]
pub struct Given {
    /// The answers.
    pub answers: Answers,
    /// The plan that a person said yes to.
    pub plan: Option<Plan>,
    /// What else a person said yes to, for the site of the answers.
    pub wants: Option<Wants>,
}

impl Wants {
    /// The same, as it was wanted.
    pub fn intent(self, site: &str) -> Intent {
        match self {
            Wants::Resume => Intent::Resume(site.into()),
            Wants::Undo => Intent::Undo,
            Wants::Uninstall => Intent::Uninstall,
        }
    }
}

/// Writes the answers of an effect that needs root, and what it is where it is no install.
pub fn give(drive: &Drive, effect: &Effect) -> Result<Option<String>, Fault> {
    let now = drive.memory().answers.clone();
    let (answers, wants) = match effect {
        Effect::Install(answers) => ((**answers).clone(), None),
        Effect::Resume(site) => (Answers { site: site.clone(), ..now }, Some(Wants::Resume)),
        Effect::Undo => (now, Some(Wants::Undo)),
        Effect::Uninstall => (now, Some(Wants::Uninstall)),
        _ => return Ok(None),
    };
    let typed = Typed::of(&answers, &drive.secrets);
    let (plan, tried) = {
        let memory = drive.memory();
        (memory.plan.clone().filter(|_| wants.is_none()), memory.tried.values().cloned().collect())
    };
    let text = serde_json::to_vec(&Handover { typed, plan, tried, wants })
        .map_err(|e| Fault::new(Whose::Ours, "NOT-WRITTEN", "The answers could not be handed on.").because(e.to_string()))?;
    let f = &*drive.papers;
    files::make(f, &drive.root, 0o700)?;
    let path = format!("{}/handover.json", drive.root);
    f.write(&path, &text, 0o600).map_err(|e| file_fault(&e, &path))?;
    Ok(Some(path))
}

/// Reads what another user handed on, and removes the file. Its secrets and tries are the drive's from here on.
pub fn take(drive: &Drive, path: &str) -> Result<Given, Fault> {
    let f = &*drive.papers;
    let bytes = f.read(path).map_err(|e| file_fault(&e, path))?;
    f.remove_file(path).map_err(|e| file_fault(&e, path))?;
    let damaged =
        || Fault::new(Whose::Input, "HANDOVER-DAMAGED", "The answers could not be taken over.").cure("Start again as root: sudo kerbup");
    let given: Handover = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    let answers = given.typed.answers().ok_or_else(damaged)?;
    given.typed.put(&drive.secrets);
    let mut memory = drive.memory();
    memory.tried = given.tried.into_iter().map(|t| (t.name.clone(), t)).collect();
    memory.agreed = given.plan.clone();
    Ok(Given { answers, plan: given.plan, wants: given.wants })
}

/// How this program is started once more on the same terminal.
#[derive(Clone)]
pub struct Again {
    drive: Drive,
    /// Flags that make it look the same.
    look: Vec<String>,
    /// Flags that say where things lie.
    place: Vec<String>,
    accessible: bool,
}

impl Again {
    /// As this one was started.
    pub fn of(setup: &Setup, globals: &Globals) -> Self {
        // sudo takes variables away, so what they said is told by flags.
        let mut look = vec!["--color".to_string(), if setup.terminal.colour { "always" } else { "never" }.to_string()];
        if setup.look.ascii {
            look.push("--ascii".into());
        }
        if !setup.full {
            look.extend(["--output".to_string(), "plain".to_string()]);
        }
        let mut place = vec![];
        let state = globals.state.as_ref().map(|_| setup.drive.root.clone());
        for (flag, value) in [("--state", state), ("--recipes", globals.recipes.clone()), ("--site", globals.site.clone())] {
            place.extend(value.into_iter().flat_map(|v| [flag.to_string(), v]));
        }
        Again { drive: setup.drive.clone(), look, place, accessible: setup.terminal.accessible }
    }

    fn program(&self) -> Result<String, Fault> {
        self.drive.world.files.program().map_err(|e| file_fault(&e, "kerbup's own file"))
    }

    /// Plays everything on a described machine, until the person has enough of it.
    pub async fn practise(&self) -> Result<(), Fault> {
        let args = std::iter::once("--practice".to_string()).chain(self.look.clone()).collect();
        let command = Command { program: self.program()?, args, ..Command::default() };
        let ended = self.drive.world.processes.take_over(&command).await;
        ended.map(drop).map_err(|e| {
            Fault::new(Whose::Ours, "NO-PRACTICE", "The practice could not be started.")
                .because(e.to_string())
                .cure("Start it by hand: kerbup --practice")
        })
    }

    /// Starts this program again under sudo, and ends with its exit code.
    pub async fn elevate(&self, handover: Option<String>) -> Result<i32, Fault> {
        let mut args = vec!["--".to_string()];
        if self.accessible {
            args.extend(["env".to_string(), "ACCESSIBLE=1".to_string()]);
        }
        args.push(self.program()?);
        args.extend(self.place.iter().chain(&self.look).cloned());
        args.extend(handover.iter().flat_map(|path| ["--handover".to_string(), path.clone()]));
        // Ctrl-C at sudo's question ends sudo; this program stays to clear up.
        let _stays = signal(SignalKind::interrupt());
        let command = Command { program: "sudo".into(), args, ..Command::default() };
        let ended = self.drive.world.processes.take_over(&command).await;
        // Whoever took the answers over has removed them.
        let refused = handover.is_some_and(|path| self.drive.papers.remove_file(&path).is_ok());
        match ended {
            Ok(_) if refused => Err(Fault::new(Whose::Machine, "NEEDS-ROOT", words::REFUSED).cure(words::BECOME_ROOT)),
            Ok(code) => {
                // What root installs lies in its folder by now.
                if code == Exit::Done.code() {
                    let site = self.drive.memory().answers.site.clone();
                    self.drive.drop_draft(&site);
                }
                Ok(code)
            }
            Err(ProcessError::Missing(_)) => Err(Fault::new(Whose::Machine, "NEEDS-ROOT", words::NO_SUDO).cure(words::BECOME_ROOT)),
            Err(e) => Err(Fault::new(Whose::Machine, "NEEDS-ROOT", words::NEEDED).because(e.to_string()).cure(words::BECOME_ROOT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::ask;
    use crate::flow::{Flow, Input};
    use crate::model::answers::{Camera, Record, Shape};
    use crate::model::event::Event;
    use crate::model::fact::Fact;
    use crate::model::host::DockerPresence;
    use crate::recipe::load::embedded;
    use crate::world::World;
    use crate::world::fake::{Described, Pace, named, paced};

    fn machine(change: impl FnOnce(&mut Described)) -> World {
        let mut machine = named("lxc").unwrap();
        machine.host.listeners = Fact::known(vec![], "nothing listens");
        change(&mut machine);
        paced(machine, Pace::Speed(300.0)).0
    }

    /// Who may not ask Docker sees less of the machine, and the disk a moment earlier.
    fn as_user() -> World {
        machine(|m| {
            m.host.docker = Fact::known(DockerPresence::NoAccess { socket: "/var/run/docker.sock".into() }, "it refuses");
            m.host.existing = Fact::unknown("Docker refuses");
            if let Fact::Known { value, .. } = &mut m.host.mounts {
                value.iter_mut().for_each(|m| m.free += 123_456_789);
            }
        })
    }

    fn drive(world: World) -> Drive {
        Drive::new(world, embedded().unwrap(), "/var/lib/kerbup".into(), unbounded_channel().0)
    }

    fn answers(shape: Shape) -> Answers {
        let url = "rtsp://192.168.1.64/Streaming/Channels/101".into();
        let camera = Camera { name: "door".into(), url, sub_url: None, user: None, record: Record::Always };
        Answers { site: "shop".into(), shape, cameras: vec![camera], ..Answers::default() }
    }

    /// What root makes of what a user agreed to.
    async fn handed(answers: &Answers, root: World) -> (Flow, Vec<Effect>) {
        let (user, root) = (drive(as_user()), drive(root));
        user.secrets.put("camera.door.password", "hush".to_string().into());
        user.look(answers).await;
        user.try_cameras(answers).await;
        user.memory().plan = Some(user.plan(answers).await.unwrap().0);
        let path = give(&user, &Effect::Install(Box::new(answers.clone()))).unwrap().unwrap();
        assert_eq!(user.papers.meta(&path).unwrap().mode, 0o600);
        files::make(&*root.papers, "/var/lib/kerbup", 0o700).unwrap();
        root.papers.write(&path, &user.papers.read(&path).unwrap(), 0o600).unwrap();
        let given = take(&root, &path).unwrap();
        assert!(root.papers.read(&path).is_err(), "it is read once");
        assert_eq!(root.secrets.get("camera.door.password").unwrap().expose_secret(), "hush");
        assert_eq!(ask::save(&given.answers), ask::save(answers));
        root.look(answers).await;
        root.told_of_cameras(answers).await;
        let mut flow = Flow::new(given.answers, vec![], false).agreed(given.plan);
        assert!(matches!(flow.start().as_slice(), [Effect::Plan(_)]));
        let (plan, states) = root.plan(answers).await.unwrap();
        let effects = flow.handle(Input::Event(Event::Planned { plan: Box::new(plan), states }));
        (flow, effects)
    }

    #[tokio::test]
    async fn root_goes_on_with_what_a_user_agreed_to() {
        for shape in [Shape::Small, Shape::Full] {
            let (flow, effects) = handed(&answers(shape), machine(|_| {})).await;
            assert!(matches!(effects.as_slice(), [Effect::Install(_)]), "{:?}", flow.note);
        }
    }

    #[tokio::test]
    async fn what_only_root_sees_is_looked_at_first() {
        let missing = machine(|m| m.host.docker = Fact::known(DockerPresence::Missing, "no docker program"));
        let (flow, effects) = handed(&answers(Shape::Small), missing).await;
        assert!(effects.is_empty() && !flow.running);
        assert!(flow.note.as_deref().is_some_and(|n| n.contains("\"Install Docker\"")), "{:?}", flow.note);
    }

    #[tokio::test]
    async fn what_a_user_wants_of_a_standing_site_is_handed_on() {
        let user = drive(as_user());
        user.memory().answers = answers(Shape::Full);
        let effects = [(Effect::Resume("till".into()), "till"), (Effect::Undo, "shop"), (Effect::Uninstall, "shop")];
        for ((effect, site), wants) in effects.into_iter().zip([Wants::Resume, Wants::Undo, Wants::Uninstall]) {
            let path = give(&user, &effect).unwrap().unwrap();
            let given = take(&user, &path).unwrap();
            assert_eq!((given.wants, given.answers.site.as_str(), given.plan), (Some(wants), site, None));
            // The run begins at once, without another question.
            let mut flow = Flow::new(given.answers, vec![], false).wanting(wants.intent(site));
            let begun = flow.start();
            assert!(flow.running && std::mem::discriminant(&begun[0]) == std::mem::discriminant(&effect), "{begun:?}");
        }
        assert!(give(&user, &Effect::Watch).unwrap().is_none());
    }
}
