//! What the flow asks the drive to do. Each comes back as Events.

use secrecy::SecretString;

use super::intent::CameraTyped;
use crate::model::answers::{Answers, Camera};
use crate::model::check::Fix;
use crate::model::fault::Fault;

/// What to do.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Probe the machine: `Event::Host` until nothing is pending, then `Event::Checks`.
    Probe,
    /// Run the checks again, with these answers: `Event::Checks`.
    Check(Box<Answers>),
    /// Keep a secret under a name until the state folder is written.
    Keep(String, SecretString),
    /// Forget a secret.
    Forget(String),
    /// Try a camera by its name: `Event::CameraTried`. Its address with login is the secret `camera.<name>.url`.
    TryCamera(String),
    /// Split the login out of a typed camera, keep it, and answer with `Event::CameraSet`, or `Event::Failed` where the address
    /// cannot be understood. The place is that of the camera that is changed, with how it was; none adds one.
    AddCamera(Option<usize>, CameraTyped, Option<Box<Camera>>),
    /// Work out what the recordings need: `Event::Sizing`.
    Size(Box<Answers>),
    /// Read the answers of a standing site, and work on that site from now on: `Event::Loaded` or `Event::Failed`.
    Load(String),
    /// Fresh answers for a site beside those that stand, and work on that one from now on: `Event::Loaded` or `Event::Failed`.
    Another,
    /// Keep what was typed so far for the next time: `Event::AnswersKept`.
    KeepAnswers(Box<Answers>),
    /// Read what was typed and kept before, and work on that from now on: `Event::Loaded` or `Event::Failed`.
    TakeUp,
    /// Survey and plan: `Event::Planned` or `Event::Failed`.
    Plan(Box<Answers>),
    /// Do what a check offers, then probe again.
    Fix(Fix),
    /// Carry the accepted plan out: run events, then `Event::Done`. Asks for root first where it is needed (the full screen is left for it).
    Install(Box<Answers>),
    /// Go on with the plan that this site's journal holds, or show the run that is under way: run events, then `Event::Done`.
    Resume(String),
    /// Hold or go on.
    Pause(bool),
    /// End after the step in hand.
    Stop,
    /// Take back what this run did.
    Undo,
    /// Take down the site.
    Uninstall,
    /// Work out what taking this site down removes and keeps: `Event::Farewell`.
    Farewell(String),
    /// Play it all on a described machine, on this terminal; then the journey is where it was.
    Practise,
    /// Watch the site's health: `Event::Health` again and again until `Unwatch`.
    Watch,
    /// Stop watching.
    Unwatch,
    /// Restart a component.
    Restart(String),
    /// Follow a log: `Event::LogLines`.
    OpenLog(String),
    /// Stop following.
    CloseLog,
    /// `Event::Revealed`.
    Reveal(String),
    /// Write the site file there.
    SaveSite(Box<Answers>, String),
    /// Write the plan's commands there.
    SaveCommands(String),
    /// Write host and checks there, with what failed and the run's log.
    SaveReport(String, Vec<Fault>, Vec<String>),
    /// Write this text there: a log that is shown.
    SaveText(String, String),
    /// End the program with this exit code.
    Quit(i32),
}
