//! HealthSnapshot: the state of each component and camera at an instant, each reading with its age and evidence.

use serde::{Deserialize, Serialize};

/// State of a component. The words are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentState {
    /// Answers in its protocol, with the right login.
    Healthy,
    /// Within its starting time.
    Starting,
    /// Answers, but something is wrong.
    Degraded,
    /// Should run and does not answer.
    Down,
    /// Stopped by someone.
    Stopped,
    /// Runs, and waits to be set up.
    NotConfigured,
    /// Is not there.
    Absent,
    /// Could not be asked.
    Unknown,
}

/// State of a camera. The words are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraState {
    /// Records.
    Recording,
    /// Records on movement, and waits for it.
    Watching,
    /// Within its starting time (the Agent waits 30 s at each start).
    Starting,
    /// No picture comes.
    NoPicture,
    /// The camera refuses the login.
    WrongLogin,
    /// Its recorder is stopped.
    Stopped,
    /// Could not be asked.
    Unknown,
}

/// State of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overall {
    /// All parts healthy, all cameras recording or watching.
    Healthy,
    /// Something starts and nothing is wrong.
    Starting,
    /// Something is wrong, something works.
    Degraded,
    /// Nothing records.
    Down,
    /// Stopped as a whole.
    Stopped,
    /// There is no install.
    Absent,
    /// Could not be asked.
    Unknown,
}

/// A component's reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComponentHealth {
    /// `mongodb`, `agent-front-door`: the container's name less the site.
    pub name: String,
    /// Recipe's name: `mongodb`, `agent`.
    pub kind: String,
    /// Its job: `Recordings list`.
    pub title: String,
    /// Product: `MongoDB`.
    pub product: String,
    /// State.
    pub state: ComponentState,
    /// Seconds since this was read.
    pub age_seconds: f64,
    /// Restarts by the engine.
    pub restarts: u64,
    /// Seconds since it started.
    pub up_seconds: Option<f64>,
    /// Part of one core, 1.0 is a whole one.
    pub cpu: Option<f64>,
    /// Bytes.
    pub memory: Option<u64>,
    /// What was asked and answered, most telling first. No secrets.
    pub evidence: Vec<String>,
    /// Where a browser finds it, when it is reached from outside.
    pub url: Option<String>,
}

/// A camera's reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraHealth {
    /// Camera's name.
    pub name: String,
    /// State.
    pub state: CameraState,
    /// Seconds since this was read.
    pub age_seconds: f64,
    /// Pictures a second from the Agent's log, where it says.
    pub fps: Option<f64>,
    /// Seconds since the newest recording was written.
    pub last_saved_seconds: Option<f64>,
    /// Recordings in the Agent's folder.
    pub recordings: Option<u64>,
    /// Files that wait for upload.
    pub waiting: Option<u64>,
    /// Bytes a day, measured from what was written.
    pub bytes_per_day: Option<f64>,
    /// What was asked and answered. No secrets.
    pub evidence: Vec<String>,
}

/// The recordings' disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskHealth {
    /// Folder.
    pub path: String,
    /// Bytes in all.
    pub total: u64,
    /// Free bytes.
    pub free: u64,
    /// Days that are kept now.
    pub keeps_days: Option<u32>,
    /// Days that would fit at the measured rates.
    pub fits_days: Option<u32>,
    /// What there is to know of it: why fewer days are kept than were asked for, what else fills it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Everything at an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HealthSnapshot {
    /// Always 1.
    pub schema: u32,
    /// The site.
    pub site: String,
    /// State of the whole.
    pub overall: Overall,
    /// Components, cameras' recorders last.
    pub components: Vec<ComponentHealth>,
    /// Cameras.
    pub cameras: Vec<CameraHealth>,
    /// The disk, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<DiskHealth>,
}
