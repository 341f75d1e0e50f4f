//! Sentences about cameras: what was seen, why it did not work, what to do.

use crate::model::address::Wrong;
use crate::model::camera::{From, StreamError, StreamReading};
use crate::model::registry::is_loopback;

/// What is wrong with an address, and what to do. Nothing of what was typed is in it.
pub fn wrong_address(wrong: Wrong) -> (&'static str, &'static str) {
    match wrong {
        Wrong::Empty => ("No address was given.", "Type the camera's address, such as rtsp://192.0.2.10/stream."),
        Wrong::Control => ("The address holds signs that cannot be part of one.", "Type it again instead of pasting it."),
        Wrong::Web => (
            "This is the address of the camera's web page, not of its picture.",
            "Look in the camera's settings for RTSP. The address often is rtsp://, the same numbers, and a path such as /stream1.",
        ),
        Wrong::Scheme => ("A camera's address begins with rtsp://.", "Look in the camera's settings for RTSP."),
        Wrong::Numbers => (
            "These numbers are not an address.",
            "An address has four numbers from 0 to 255, such as 192.168.1.20. The camera's app or your router shows it.",
        ),
        Wrong::Host => (
            "No camera can be found in this address.",
            "Write it as rtsp://ADDRESS:554/PATH, with the login typed in its own field when the password has signs in it.",
        ),
        Wrong::Placeholder => ("A placeholder stands where the camera's address belongs.", "Put the camera's real address there."),
        Wrong::NotOne => ("This address does not belong to one device.", "The camera's app or your router shows the camera's own address."),
        Wrong::Dots => ("Dots stand in this address where its password was.", "Type the password there once more."),
    }
}

/// localhost.
pub const NOTE_LOOPBACK: &str = "A camera on this very machine: its recorder is pointed at the machine. The camera must listen on all addresses, not on 127.0.0.1 alone.";
/// Our own address.
pub const NOTE_OWN: &str = "This is this machine's own address. That is right only when a camera program runs on this machine.";
/// mDNS.
pub const NOTE_LOCAL_NAME: &str = "A name that ends in .local is looked up when the recorder is made, and then stays as it was. The camera's numbers, such as 192.168.1.20, kept fixed in your router, are surer.";
/// No DHCP.
pub const NOTE_LINK_LOCAL: &str =
    "The camera gave itself this address because no router gave it one. Check its cable and restart it; it then gets another address.";
/// IPv6.
pub const NOTE_IPV6: &str = "Containers often have no IPv6. If the camera also has an address such as 192.168.1.20, use that one.";
/// Upstream's sample camera.
pub const NOTE_SAMPLE: &str = "This is the sample camera on the internet: good for a try, not yours, and not always there.";
/// A second stream that was not asked for again.
pub fn sub_stays(sub: &str, name: &str) -> String {
    format!("Its smaller stream stays as it was, {sub}. Change it with: kerbup cameras change {name} --sub-url URL")
}
/// TLS.
pub const NOTE_RTSPS: &str =
    "An encrypted camera address cannot be tried from here. The recorder takes it, if it trusts the camera's certificate.";
/// No path.
pub const NOTE_PATH: &str = "Most cameras need a path behind the address, such as /stream1. Look in the camera's settings for RTSP.";
/// A password in the path.
pub const NOTE_LOGIN_IN_PATH: &str = "The password stands in the path of this address: kerbup keeps it apart and shows dots, but the camera itself may write it into its logs. Give this camera a password that is used nowhere else.";

/// What a stream showed: `1080p H.264 15 fps`.
pub fn seen(reading: &StreamReading) -> String {
    let size = reading.size.map(|(w, h)| match (w, h) {
        (3840, 2160) => "4K".to_owned(),
        (w, h) if w * 9 == h * 16 => format!("{h}p"),
        (w, h) => format!("{w}x{h}"),
    });
    let rate = reading.fps.map(rate);
    [size, Some(reading.codec.clone()), rate].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Pictures a second: `15 fps`, `7.5 fps`.
pub fn rate(fps: f64) -> String {
    let near = (fps - fps.round()).abs() < 0.2 || fps >= 10.0;
    if near { format!("{fps:.0} fps") } else { format!("{fps:.1} fps") }
}

/// What could be better although it works; empty mostly.
pub fn hint(reading: &StreamReading) -> String {
    if reading.codec == "H.265" {
        return "It works. H.264 is seen in more browsers and needs less of this machine: choose it in the camera's video settings if pictures stay black.".into();
    }
    if reading.fps.is_some_and(|f| f < 4.0) {
        return "It works, but sends few pictures a second. 10 to 15 are good: set that in the camera's video settings.".into();
    }
    String::new()
}

/// A camera that answers and refuses the name or the password: the same words beside its address, and for its state.
pub const WRONG_LOGIN: &str = "wrong login";

/// One line beside the address: `does not answer`.
pub fn refused(error: &StreamError, with_login: bool) -> String {
    match error {
        StreamError::Address { says } => says.clone(),
        StreamError::Name { host } => format!("the name {host} is not known"),
        StreamError::Refused => "the port is closed".into(),
        StreamError::Unreachable { .. } => "does not answer".into(),
        StreamError::Login if with_login => WRONG_LOGIN.into(),
        StreamError::Login => "asks for a login".into(),
        StreamError::Path { .. } => "answers, but has nothing at this path".into(),
        StreamError::Protocol { says } => format!("answers, but not as a camera: {says}"),
        StreamError::Codec { found } if found.is_empty() => "sends no picture, only other things".into(),
        StreamError::Codec { found } => format!("sends {}, not H.264", found.join(", ")),
        StreamError::NoPicture { seconds } => format!("answers, but sent no picture in {seconds} s"),
    }
}

/// Paths of well-known makers, for a path that is not right.
const PATHS: &str = "Hikvision /Streaming/Channels/101, Dahua and Amcrest /cam/realmonitor?channel=1&subtype=0, Reolink /h264Preview_01_main, Tapo /stream1, Axis /axis-media/media.amp";

/// From where a camera was tried, to be put behind its name.
pub fn whence(from: From) -> &'static str {
    match from {
        From::Host => "",
        From::Stack => ", from inside the stack",
    }
}

/// What to do where a program on this machine itself serves the picture, and the recorder does not get to it. `subnet` is the
/// stack's own network.
pub fn only_here_own(error: &StreamError, host: &str, port: u16, subnet: Option<&str>) -> String {
    if *error == StreamError::Refused && is_loopback(host) {
        return format!(
            "The program that serves this picture listens on {host} alone, which is this machine's own and out of reach for its recorder. Let it \
             listen on all addresses: 0.0.0.0."
        );
    }
    format!(
        "The picture comes from this machine itself, and its recorder does not get to it: this machine's firewall is likely in the way. Where it \
         is ufw: sudo ufw allow from {} to any port {port} proto tcp – else look at: sudo iptables -L INPUT -n",
        subnet.unwrap_or("172.16.0.0/12")
    )
}

/// What to do where this machine has the camera's picture and its recorder does not. `within` is the stack's network where
/// the camera's address lies in it.
pub fn only_here(error: &StreamError, host: &str, within: Option<&str>) -> String {
    let says = match (error, within) {
        (_, Some(subnet)) => {
            return format!(
                "The camera's address {host} lies in the stack's own network {subnet}, so its recorder looks for it in there. Choose another \
                 subnet: network.subnet in the site file."
            );
        }
        (StreamError::Login, _) => {
            "The camera took the login from this machine and refuses it to the recorder: it may have locked the user for a while, or let only \
             one in at a time. Wait half an hour, then restart the recorder."
        }
        (StreamError::Name { .. }, _) => {
            return format!(
                "This machine knows the name {host}, its recorder does not. Use the camera's numbers, such as 192.168.1.20, and keep them fixed \
                 in your router."
            );
        }
        (StreamError::Refused | StreamError::Unreachable { .. }, _) => {
            return format!(
                "This machine reaches the camera at {host}, its recorder does not: a firewall between Docker's networks and yours is likely in \
                 the way. Look at: sudo iptables -L FORWARD -n – or, where it is ufw: sudo ufw status"
            );
        }
        _ => {
            "This machine has the camera's picture, its recorder does not yet. Some cameras let only few in at a time: close other programs that watch it."
        }
    };
    says.into()
}

/// What to do, in plain words.
pub fn cure(error: &StreamError, with_login: bool, from: From) -> String {
    let inside = from == From::Stack;
    match error {
        StreamError::Address { .. } => "Write it as rtsp://ADDRESS:554/PATH.".into(),
        StreamError::Name { host } if host.ends_with(".local") => NOTE_LOCAL_NAME.into(),
        StreamError::Name { .. } => "Check the spelling, or use the camera's numbers, such as 192.168.1.20. Its app or your router shows them.".into(),
        StreamError::Refused => "The device is there, but nothing listens on this port. Turn RTSP on in the camera's settings; the usual port is 554.".into(),
        StreamError::Unreachable { .. } if inside => {
            "If this machine itself reaches the camera, the stack's own network lies over the camera's addresses: choose another subnet. Otherwise check that the camera is on and in the same network.".into()
        }
        StreamError::Unreachable { .. } => {
            "Check that the camera is on, that the address is right, and that this machine may reach the camera's network. Give the camera a fixed address in your router.".into()
        }
        StreamError::Login if with_login => {
            "Check name and password. Many cameras have a separate user for RTSP. After several wrong tries a camera may lock the user for half an hour: wait before you try again.".into()
        }
        StreamError::Login => "Type the camera's user and password. A user of its own that may only watch is best.".into(),
        StreamError::Path { .. } => format!("The part behind the address differs by maker: {PATHS}. The camera's settings show it under RTSP."),
        StreamError::Protocol { says } if says.contains("453") || says.contains("503") => {
            "The camera serves only a few viewers at once. Close other viewers and recorders, or take the camera's second stream.".into()
        }
        StreamError::Protocol { .. } => "Check the port: 554 is the usual one for RTSP. If it is right, restart the camera and update its software.".into(),
        StreamError::Codec { .. } => "Choose H.264 in the camera's video settings, and switch off what is called Smart codec or H.264+ there.".into(),
        StreamError::NoPicture { .. } => "Restart the camera. Close other viewers: some cameras send their picture to one or two only.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(size: Option<(u32, u32)>, fps: Option<f64>) -> StreamReading {
        StreamReading { codec: "H.264".into(), size, fps, bits_per_second: None, seconds: 4.0, audio: false }
    }

    #[test]
    fn a_stream_is_told_in_a_few_words_and_only_as_far_as_it_was_seen() {
        assert_eq!(seen(&reading(Some((1920, 1080)), Some(14.97))), "1080p H.264 15 fps");
        assert_eq!(seen(&reading(Some((640, 480)), Some(7.5))), "640x480 H.264 7.5 fps");
        assert_eq!(seen(&reading(Some((3840, 2160)), None)), "4K H.264");
        assert_eq!(seen(&reading(None, None)), "H.264");
        assert_eq!(hint(&reading(None, Some(15.0))), "");
    }

    #[test]
    fn every_failure_has_words_and_a_cure() {
        let says = || "odd".to_owned();
        let all = [
            StreamError::Address { says: says() },
            StreamError::Name { host: "cam.local".into() },
            StreamError::Refused,
            StreamError::Unreachable { says: says() },
            StreamError::Login,
            StreamError::Path { status: 404 },
            StreamError::Protocol { says: says() },
            StreamError::Codec { found: vec!["MJPEG".into()] },
            StreamError::NoPicture { seconds: 4 },
        ];
        let mut cures: Vec<String> = all.iter().map(|e| cure(e, true, From::Host)).collect();
        assert!(all.iter().all(|e| !refused(e, true).is_empty()));
        cures.sort();
        cures.dedup();
        assert_eq!(cures.len(), all.len(), "each failure has a cure of its own");
        assert_ne!(cure(&StreamError::Login, false, From::Host), cure(&StreamError::Login, true, From::Host));
    }
}
