//! A camera tried from inside the stack's network: its recorder's own word, held against what this machine saw.

use std::net::Ipv4Addr;

use url::Url;

use crate::model::camera::{CameraTried, From, StreamError};
use crate::model::health::{CameraHealth, CameraState};
use crate::words;

/// What the recorder's reading says of its camera, or none while it says nothing for sure. `host` is what came of trying it
/// from this machine, `subnet` the stack's own network.
pub fn tried(seen: &CameraHealth, url: &str, host: Option<&CameraTried>, subnet: Option<&str>) -> Option<CameraTried> {
    let name = Url::parse(url).ok().and_then(|u| u.host_str().map(str::to_string)).unwrap_or_default();
    let from = From::Stack;
    let error = match seen.state {
        CameraState::Recording | CameraState::Watching => {
            // The recorder names no sizes and rates: those that this machine measured are of the same stream.
            let reading = host?.outcome.as_ref().ok()?.clone();
            return Some(CameraTried {
                name: seen.name.clone(),
                from,
                says: words::camera::seen(&reading),
                advice: String::new(),
                outcome: Ok(reading),
            });
        }
        CameraState::WrongLogin => StreamError::Login,
        CameraState::NoPicture => understood(seen.evidence.first()?, &name)?,
        _ => return None,
    };
    let here = host.is_some_and(|t| t.outcome.is_ok());
    let within = subnet.filter(|s| lies_in(&name, s));
    let advice = if here { words::camera::only_here(&error, &name, within) } else { words::camera::cure(&error, true, from) };
    Some(CameraTried { name: seen.name.clone(), from, says: words::camera::refused(&error, true), advice, outcome: Err(error) })
}

/// The sentence that the recorder's log was read as, as an error. Others tell of the recorder, not of its camera.
fn understood(evidence: &str, host: &str) -> Option<StreamError> {
    let is = |said: &str| evidence == words::health::camera_log(said);
    Some(match () {
        () if is("connection refused") => StreamError::Refused,
        () if is("i/o timeout") || is("no route to host") => StreamError::Unreachable { says: evidence.into() },
        () if is("no such host") => StreamError::Name { host: host.into() },
        () if is("404") => StreamError::Path { status: 404 },
        () if is("wrong codec") => StreamError::Codec { found: vec!["a picture in another form".into()] },
        () => return None,
    })
}

/// Whether an address in numbers lies in a subnet such as `172.30.0.0/24`.
fn lies_in(host: &str, subnet: &str) -> bool {
    let parsed = || {
        let (net, bits) = subnet.split_once('/')?;
        let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits.parse().ok()?)?).unwrap_or(0);
        Some((u32::from(host.parse::<Ipv4Addr>().ok()?) & mask) == (u32::from(net.parse::<Ipv4Addr>().ok()?) & mask))
    };
    parsed().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::camera::StreamReading;

    const URL: &str = "rtsp://172.30.0.9:554/s";

    fn seen(state: CameraState, evidence: &str) -> CameraHealth {
        CameraHealth {
            name: "door".into(),
            state,
            age_seconds: 0.0,
            fps: None,
            last_saved_seconds: None,
            recordings: None,
            waiting: None,
            bytes_per_day: None,
            evidence: vec![evidence.into()],
        }
    }

    fn here(outcome: Result<StreamReading, StreamError>) -> CameraTried {
        CameraTried { name: "door".into(), from: From::Host, outcome, says: String::new(), advice: String::new() }
    }

    fn picture() -> StreamReading {
        StreamReading {
            codec: "H.264".into(),
            size: Some((1920, 1080)),
            fps: Some(15.0),
            bits_per_second: None,
            seconds: 4.0,
            audio: false,
        }
    }

    #[test]
    fn a_picture_inside_is_what_this_machine_measured() {
        let got = tried(&seen(CameraState::Watching, ""), URL, Some(&here(Ok(picture()))), None).unwrap();
        assert_eq!((got.from, got.says.as_str(), got.advice.as_str()), (From::Stack, "1080p H.264 15 fps", ""));
        assert_eq!(tried(&seen(CameraState::Watching, ""), URL, None, None), None, "nothing was measured, nothing is claimed");
    }

    #[test]
    fn what_only_the_recorder_cannot_reach_is_explained() {
        let silent = seen(CameraState::NoPicture, "The camera does not answer.");
        let ok = here(Ok(picture()));
        let got = tried(&silent, URL, Some(&ok), Some("172.30.0.0/24")).unwrap();
        assert!(got.advice.contains("172.30.0.0/24") && got.advice.contains("subnet"), "{got:?}");
        let got = tried(&silent, URL, Some(&ok), Some("172.31.0.0/24")).unwrap();
        assert!(got.advice.contains("firewall") && got.outcome.is_err(), "{got:?}");
        let closed = tried(&seen(CameraState::NoPicture, "The camera's port is closed."), URL, Some(&ok), None).unwrap();
        assert_eq!(closed.outcome, Err(StreamError::Refused));
        let login = tried(&seen(CameraState::WrongLogin, "x"), URL, Some(&ok), None).unwrap();
        assert!(login.outcome == Err(StreamError::Login) && login.advice.contains("locked"), "{login:?}");
    }

    #[test]
    fn what_neither_reaches_gets_the_ordinary_advice_and_waiting_none() {
        let silent = seen(CameraState::NoPicture, "The camera does not answer.");
        let failed = here(Err(StreamError::Refused));
        let got = tried(&silent, URL, Some(&failed), None).unwrap();
        assert!(!got.advice.contains("This machine reaches the camera at"), "{got:?}");
        assert_eq!(tried(&seen(CameraState::Starting, ""), URL, Some(&failed), None), None);
        assert_eq!(tried(&seen(CameraState::NoPicture, "The recorder does not answer."), URL, Some(&failed), None), None);
    }

    #[test]
    fn addresses_are_held_against_the_subnet() {
        assert!(lies_in("172.30.0.9", "172.30.0.0/24") && !lies_in("172.30.1.9", "172.30.0.0/24"));
        assert!(lies_in("10.1.2.3", "0.0.0.0/0") && !lies_in("cam.lan", "172.30.0.0/24") && !lies_in("1.2.3.4", "nonsense"));
        assert!(!lies_in("1.2.3.4", "1.2.3.4/40"));
    }
}
