//! What a person can want, whatever the front.

use secrecy::SecretString;

use crate::model::answers::{Expose, PlatformKind, Record, Shape};
use crate::model::check::Fix;

/// A camera as typed. The password may also stand in the address; either way it is split out at once.
#[derive(Debug, Clone)]
pub struct CameraTyped {
    /// Name; empty lets kerbup name it.
    pub name: String,
    /// Address, or an IP alone.
    pub url: String,
    /// A second, smaller stream; none leaves it as it is.
    pub sub_url: Option<String>,
    /// User.
    pub user: String,
    /// Password.
    pub password: SecretString,
    /// When it records.
    pub record: Record,
}

/// What a person wants.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Go on to the next stage (refused, with a word, while something stands in the way).
    Next,
    /// Go one stage back.
    Back,
    /// Try it first: the whole journey on a described machine.
    Practise,
    /// Take every recommendation and go to Cameras.
    UseRecommended,
    /// Where it runs.
    Choose(PlatformKind, Shape),
    /// Add a camera, or change the one at this place of the list.
    Camera(Option<usize>, CameraTyped),
    /// Remove the camera at this place.
    RemoveCamera(usize),
    /// Try the camera at this place again.
    TryCamera(usize),
    /// Folder for recordings.
    Folder(String),
    /// Days to keep.
    Days(u32),
    /// Who may open the page.
    Expose(Expose),
    /// Do what a check offers.
    Fix(Fix),
    /// Work on this standing site from now on.
    Pick(String),
    /// Install another site, beside those that stand.
    Another,
    /// Go on with what was typed before and not installed.
    TakeUp,
    /// Plan this standing site anew with the answers it has: what is missing is put right.
    Repair(String),
    /// Name of the site.
    Name(String),
    /// Go on with the install of this site that was left half-done.
    Resume(String),
    /// Install as planned: the button at Review.
    Install,
    /// Hold after the step in hand, or go on.
    Pause(bool),
    /// Try the failed step again.
    Retry,
    /// Take back all that was done.
    Undo,
    /// End after the step in hand; it can be resumed.
    Stop,
    /// See what taking this site down removes and keeps.
    Farewell(String),
    /// Take down a standing site (asked before).
    Uninstall,
    /// Open the dashboard.
    Dashboard,
    /// Change the answers of a standing site.
    Change,
    /// Restart a component (asked before).
    Restart(String),
    /// Follow a component's log.
    OpenLog(String),
    /// Stop following.
    CloseLog,
    /// Show a secret.
    Reveal(String),
    /// Forget the secret that is shown.
    Conceal,
    /// Write the answers to a file.
    SaveSite(String),
    /// Write the commands of the plan to a file.
    SaveCommands(String),
    /// Write the check report to a file.
    SaveReport(String),
    /// Write the log that is shown to a file.
    SaveLog(String),
    /// Leave.
    Quit,
}
