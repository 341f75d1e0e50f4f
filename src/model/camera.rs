//! A camera's address and what came of trying it.

use serde::{Deserialize, Serialize};

/// What a stream showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamReading {
    /// `H.264`, `H.265`, or what it calls itself.
    pub codec: String,
    /// Width and height in pixels, where the stream says.
    pub size: Option<(u32, u32)>,
    /// Pictures a second, measured over `seconds`.
    pub fps: Option<f64>,
    /// Bits a second of the picture, measured over `seconds`.
    pub bits_per_second: Option<f64>,
    /// How long was watched.
    pub seconds: f64,
    /// There is sound in it.
    pub audio: bool,
}

/// How far a try of a camera came before it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "kebab-case")]
pub enum StreamError {
    /// The address is no RTSP address.
    #[error("not a camera address: {says}")]
    Address {
        /// Why.
        says: String,
    },
    /// The name has no address.
    #[error("the name {host} is not known")]
    Name {
        /// The name.
        host: String,
    },
    /// Nobody listens on the port.
    #[error("the port is closed")]
    Refused,
    /// No answer in time, or no way there.
    #[error("no answer: {says}")]
    Unreachable {
        /// In the system's words.
        says: String,
    },
    /// 401 or 403.
    #[error("the login is refused")]
    Login,
    /// 404 or the like: the path is wrong.
    #[error("nothing at this path ({status})")]
    Path {
        /// RTSP status.
        status: u16,
    },
    /// It does not speak RTSP as it should.
    #[error("the answer is not understood: {says}")]
    Protocol {
        /// What was odd.
        says: String,
    },
    /// There is no picture in a codec that the Agent takes.
    #[error("no H.264 or H.265 picture in it")]
    Codec {
        /// What is in it.
        found: Vec<String>,
    },
    /// It answered, but no picture came.
    #[error("no picture came within {seconds} s")]
    NoPicture {
        /// How long was waited.
        seconds: u64,
    },
}

/// Where a camera was tried from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum From {
    /// This machine.
    Host,
    /// Inside the stack's network.
    Stack,
}

/// What came of trying one camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraTried {
    /// The camera's name.
    pub name: String,
    /// From where.
    pub from: From,
    /// What was seen.
    pub outcome: Result<StreamReading, StreamError>,
    /// One line that stands beside the address: `1080p H.264 15 fps`, `wrong login`.
    pub says: String,
    /// What to do about it; empty when all is well.
    pub advice: String,
}
