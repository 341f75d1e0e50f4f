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
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum StreamError {
    /// The address is no RTSP address.
    #[error("not a camera address: {says}")]
    Address {
        /// Why.
        #[serde(rename = "detail")]
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
        #[serde(rename = "detail")]
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
        #[serde(rename = "detail")]
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
#[serde(from = "Flat", into = "Flat")]
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

/// The same as one object, which scripts read: `{"name":…,"ok":true,"codec":…}` or `{"name":…,"ok":false,"code":…,"says":…,"cure":…}`.
#[derive(Serialize, Deserialize)]
struct Flat {
    name: String,
    from: From,
    ok: bool,
    #[serde(flatten)]
    came: Came,
    says: String,
    cure: String,
}

/// A picture, whose unknown figures are null, or what went wrong.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Came {
    Picture {
        codec: String,
        width: Option<u32>,
        height: Option<u32>,
        fps: Option<f64>,
        bits_per_second: Option<f64>,
        seconds: f64,
        audio: bool,
    },
    Failure(StreamError),
}

impl std::convert::From<CameraTried> for Flat {
    fn from(tried: CameraTried) -> Self {
        let CameraTried { name, from, outcome, says, advice: cure } = tried;
        let ok = outcome.is_ok();
        let came = match outcome {
            Ok(StreamReading { codec, size, fps, bits_per_second, seconds, audio }) => {
                let (width, height) = size.unzip();
                Came::Picture { codec, width, height, fps, bits_per_second, seconds, audio }
            }
            Err(error) => Came::Failure(error),
        };
        Flat { name, from, ok, came, says, cure }
    }
}

impl std::convert::From<Flat> for CameraTried {
    fn from(flat: Flat) -> Self {
        let Flat { name, from, came, says, cure: advice, .. } = flat;
        let outcome = match came {
            Came::Picture { codec, width, height, fps, bits_per_second, seconds, audio } => {
                Ok(StreamReading { codec, size: width.zip(height), fps, bits_per_second, seconds, audio })
            }
            Came::Failure(error) => Err(error),
        };
        CameraTried { name, from, outcome, says, advice }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn a_try_is_one_object_for_scripts_and_comes_back_from_it() {
        let tried = |outcome| CameraTried { name: "yard".into(), from: From::Host, outcome, says: "as said".into(), advice: "do".into() };
        let picture =
            |size| StreamReading { codec: "H.264".into(), size, fps: Some(15.0), bits_per_second: None, seconds: 4.0, audio: false };
        let all = [
            Ok(picture(Some((1920, 1080)))),
            Ok(picture(None)),
            Err(StreamError::Address { says: "odd".into() }),
            Err(StreamError::Name { host: "cam.lan".into() }),
            Err(StreamError::Refused),
            Err(StreamError::Unreachable { says: "no route".into() }),
            Err(StreamError::Login),
            Err(StreamError::Path { status: 404 }),
            Err(StreamError::Protocol { says: "453".into() }),
            Err(StreamError::Codec { found: vec!["MJPEG".into()] }),
            Err(StreamError::NoPicture { seconds: 4 }),
        ];
        for outcome in all {
            let one = tried(outcome);
            let shown = to_value(&one).unwrap();
            assert!(shown.as_object().unwrap().values().all(|v| !v.is_object()), "{shown}");
            assert_eq!((&shown["says"], &shown["cure"]), (&json!("as said"), &json!("do")));
            assert_eq!(serde_json::from_value::<CameraTried>(shown).unwrap(), one);
        }
        let good = to_value(tried(Ok(picture(Some((1920, 1080)))))).unwrap();
        assert_eq!((&good["ok"], &good["width"], &good["bits_per_second"]), (&json!(true), &json!(1920), &json!(null)));
        let bad = to_value(tried(Err(StreamError::Path { status: 404 }))).unwrap();
        assert_eq!((&bad["ok"], &bad["code"], &bad["status"]), (&json!(false), &json!("path"), &json!(404)));
    }
}
