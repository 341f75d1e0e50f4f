//! A camera's address as it was typed, understood on this machine, with what is special about it.

use std::net::IpAddr;

use secrecy::SecretString;
use url::Url;

use crate::model::address::{Address, Wrong, masked, read};
use crate::model::fault::{Fault, Whose};
use crate::words::camera as words;

/// An address that was understood.
#[derive(Debug)]
pub struct CameraAddress {
    /// Less its login, as every program reads it. A password may stand in its path: `model::address::masked` shows it to people.
    pub whole: SecretString,
    /// User and password.
    pub login: Option<(String, SecretString)>,
    /// What is special about it, one sentence each; empty mostly.
    pub advice: Vec<String>,
}

/// Reads what a person typed, on a machine that has these addresses itself.
pub fn address(typed: &str, own: &[IpAddr]) -> Result<CameraAddress, Fault> {
    let address = read(typed).map_err(refused)?;
    let advice = advice(&address, own);
    let login = address.login.clone();
    let url = Url::parse(&address.filled().whole()).map_err(|_| refused(Wrong::Host))?;
    Ok(CameraAddress { whole: String::from(url).into(), login, advice })
}

/// What is wrong with an address, with its code.
pub fn refused(wrong: Wrong) -> Fault {
    let code = match wrong {
        Wrong::Empty => "CAMERA-ADDRESS-EMPTY",
        Wrong::Web => "CAMERA-ADDRESS-WEB",
        Wrong::Scheme => "CAMERA-ADDRESS-SCHEME",
        Wrong::Placeholder => "CAMERA-ADDRESS-PLACEHOLDER",
        Wrong::Control | Wrong::Numbers | Wrong::Host | Wrong::NotOne | Wrong::Dots => "CAMERA-ADDRESS",
    };
    let (says, cure) = words::wrong_address(wrong);
    Fault::new(Whose::Input, code, says).cure(cure)
}

fn advice(address: &Address, own: &[IpAddr]) -> Vec<String> {
    let Address { host, ip, .. } = address;
    let link_local = match ip {
        Some(IpAddr::V4(v4)) => v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_unicast_link_local(),
        None => false,
    };
    let whole = address.whole();
    let said = [
        (host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()), words::NOTE_LOOPBACK),
        (ip.is_some_and(|ip| own.contains(&ip)), words::NOTE_OWN),
        (host.ends_with(".local"), words::NOTE_LOCAL_NAME),
        (link_local, words::NOTE_LINK_LOCAL),
        (matches!(ip, Some(IpAddr::V6(_))) && !link_local, words::NOTE_IPV6),
        (host == "fake.kerberos.io", words::NOTE_SAMPLE),
        (address.scheme.as_deref() == Some("rtsps"), words::NOTE_RTSPS),
        (address.pathless(), words::NOTE_PATH),
        (masked(&whole) != whole, words::NOTE_LOGIN_IN_PATH),
    ];
    said.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(typed: &str, note: &str) -> bool {
        address(typed, &[]).unwrap().advice.iter().any(|a| a == note)
    }

    #[test]
    fn what_is_special_is_told() {
        assert!(has("rtsp://localhost/s", words::NOTE_LOOPBACK) && has("rtsp://127.0.0.5/s", words::NOTE_LOOPBACK));
        assert!(has("rtsp://cam.local/s", words::NOTE_LOCAL_NAME));
        assert!(has("rtsp://[2001:db8::5]/s", words::NOTE_IPV6));
        assert!(has("rtsp://169.254.3.4/s", words::NOTE_LINK_LOCAL));
        assert!(has("rtsp://fake.kerberos.io/stream", words::NOTE_SAMPLE));
        assert!(has("rtsps://192.0.2.1/s", words::NOTE_RTSPS));
        assert!(has("192.0.2.10", words::NOTE_PATH) && !has("192.0.2.10/s", words::NOTE_PATH));
        assert!(has("rtsp://192.0.2.9/user=admin&password=hunter2&channel=1", words::NOTE_LOGIN_IN_PATH));
        let own = ["192.0.2.20".parse().unwrap()];
        assert_eq!(address("rtsp://192.0.2.20/s", &own).unwrap().advice, [words::NOTE_OWN]);
        assert!(address("rtsp://192.0.2.20/s", &[]).unwrap().advice.is_empty());
    }

    #[test]
    fn what_is_no_camera_address_has_a_code() {
        let code = |typed: &str| address(typed, &[]).unwrap_err().code;
        assert_eq!(code("  "), "CAMERA-ADDRESS-EMPTY");
        assert_eq!(code("http://u:p@192.0.2.1/"), "CAMERA-ADDRESS-WEB");
        assert_eq!(code("onvif://192.0.2.1/"), "CAMERA-ADDRESS-SCHEME");
        assert_eq!(code("rtsp://fixme"), "CAMERA-ADDRESS-PLACEHOLDER");
        assert_eq!(code("192.168.1.300"), "CAMERA-ADDRESS");
    }
}
