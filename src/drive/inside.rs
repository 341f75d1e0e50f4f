//! A camera tried from inside the stack's network: its recorder's own word, held against what this machine saw.

use std::net::{IpAddr, Ipv4Addr};

use url::Url;

use crate::model::camera::{CameraTried, From, StreamError};
use crate::model::health::{CameraHealth, CameraState};
use crate::model::registry::is_loopback;
use crate::words;

/// Where the stack stands: its own network, and the addresses that this machine has.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Such as `172.30.0.0/24`.
    pub subnet: Option<String>,
    /// This machine's addresses.
    pub own: Vec<IpAddr>,
}

/// What the recorder's reading says of its camera, or none while it says nothing for sure. `host` is what came of trying it
/// from this machine.
pub fn tried(seen: &CameraHealth, url: &str, host: Option<&CameraTried>, place: &Place) -> Option<CameraTried> {
    let url = Url::parse(url).ok();
    let name = url.as_ref().and_then(|u| u.host_str().map(str::to_string)).unwrap_or_default();
    let port = url.and_then(|u| u.port()).unwrap_or(554);
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
    let subnet = place.subnet.as_deref();
    let within = subnet.filter(|s| lies_in(&name, s));
    let own = is_loopback(&name) || name.trim_matches(['[', ']']).parse().is_ok_and(|ip| place.own.contains(&ip));
    let way = matches!(error, StreamError::Refused | StreamError::Unreachable { .. });
    let advice = match here {
        true if own && way => words::camera::only_here_own(&error, &name, port, subnet),
        true => words::camera::only_here(&error, &name, within),
        false => words::camera::cure(&error, true, from),
    };
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

    /// A stack in this network, on a machine that has 192.0.2.20.
    fn place(subnet: Option<&str>) -> Place {
        Place { subnet: subnet.map(Into::into), own: vec!["192.0.2.20".parse().unwrap()] }
    }

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
        let got = tried(&seen(CameraState::Watching, ""), URL, Some(&here(Ok(picture()))), &place(None)).unwrap();
        assert_eq!((got.from, got.says.as_str(), got.advice.as_str()), (From::Stack, "1080p H.264 15 fps", ""));
        assert_eq!(tried(&seen(CameraState::Watching, ""), URL, None, &place(None)), None, "nothing was measured, nothing is claimed");
    }

    #[test]
    fn what_only_the_recorder_cannot_reach_is_explained() {
        let silent = seen(CameraState::NoPicture, "The camera does not answer.");
        let ok = here(Ok(picture()));
        let got = tried(&silent, URL, Some(&ok), &place(Some("172.30.0.0/24"))).unwrap();
        assert!(got.advice.contains("172.30.0.0/24") && got.advice.contains("subnet"), "{got:?}");
        let got = tried(&silent, URL, Some(&ok), &place(Some("172.31.0.0/24"))).unwrap();
        assert!(got.advice.contains("firewall") && got.outcome.is_err(), "{got:?}");
        let closed = tried(&seen(CameraState::NoPicture, "The camera's port is closed."), URL, Some(&ok), &place(None)).unwrap();
        assert_eq!(closed.outcome, Err(StreamError::Refused));
        let login = tried(&seen(CameraState::WrongLogin, "x"), URL, Some(&ok), &place(None)).unwrap();
        assert!(login.outcome == Err(StreamError::Login) && login.advice.contains("locked"), "{login:?}");
    }

    #[test]
    fn what_this_machine_itself_serves_has_cures_of_its_own() {
        let closed = seen(CameraState::NoPicture, "The camera's port is closed.");
        let silent = seen(CameraState::NoPicture, "The camera does not answer.");
        let advice = |seen, url| tried(seen, url, Some(&here(Ok(picture()))), &place(Some("172.31.0.0/24"))).unwrap().advice;
        assert!(advice(&closed, "rtsp://127.0.0.1:8554/s").contains("listen on all addresses"));
        for url in ["rtsp://localhost:8554/s", "rtsp://192.0.2.20:8554/s"] {
            let says = advice(&silent, url);
            assert!(says.contains("allow from 172.31.0.0/24 to any port 8554") && says.contains("INPUT"), "{says}");
        }
        assert!(advice(&silent, "rtsp://192.0.2.21:8554/s").contains("FORWARD"), "another machine is behind it");
    }

    #[test]
    fn what_neither_reaches_gets_the_ordinary_advice_and_waiting_none() {
        let silent = seen(CameraState::NoPicture, "The camera does not answer.");
        let failed = here(Err(StreamError::Refused));
        let got = tried(&silent, URL, Some(&failed), &place(None)).unwrap();
        assert!(!got.advice.contains("This machine reaches the camera at"), "{got:?}");
        assert_eq!(tried(&seen(CameraState::Starting, ""), URL, Some(&failed), &place(None)), None);
        assert_eq!(tried(&seen(CameraState::NoPicture, "The recorder does not answer."), URL, Some(&failed), &place(None)), None);
    }

    #[test]
    fn addresses_are_held_against_the_subnet() {
        assert!(lies_in("172.30.0.9", "172.30.0.0/24") && !lies_in("172.30.1.9", "172.30.0.0/24"));
        assert!(lies_in("10.1.2.3", "0.0.0.0/0") && !lies_in("cam.lan", "172.30.0.0/24") && !lies_in("1.2.3.4", "nonsense"));
        assert!(!lies_in("1.2.3.4", "1.2.3.4/40"));
    }
}
