//! What a person types as a camera's address: with or without scheme, login, path; with passwords that no URL would allow.
//! No error holds anything of what was typed, since any part of it may be a password.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::model::fault::{Fault, Whose};
use crate::words::camera as words;
use crate::world::percent::{decoded, encoded};

/// RTSP's own port (RFC 7826, section 19).
const RTSP_PORT: u16 = 554;

/// Words that sample files hold where an address belongs.
const PLACEHOLDERS: [&str; 5] = ["fixme", "changeme", "camera-ip", "your-camera", "yourcamera"];

/// Keys of a path or query whose value is a login on some cameras: `/user=admin&password=…&channel=1`.
const LOGIN_KEYS: [&str; 6] = ["password", "passwd", "pass", "pwd", "token", "auth"];

/// An address taken apart.
#[derive(Debug, Clone)]
pub struct CameraAddress {
    /// Without its login.
    pub url: Url,
    /// User of the login.
    pub user: Option<String>,
    /// Password of the login.
    pub password: Option<SecretString>,
    /// What is special about it, one sentence each; empty mostly.
    pub advice: Vec<String>,
}

/// Where the host begins in what was typed, and how much it looks like one.
struct Reading<'a> {
    login: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    tail: &'a str,
    score: u8,
}

/// Reads what a person typed.
pub fn address(typed: &str) -> Result<CameraAddress, Fault> {
    address_among(typed, &[])
}

/// The same on a machine whose own addresses are known.
pub fn address_among(typed: &str, own: &[IpAddr]) -> Result<CameraAddress, Fault> {
    let typed = typed.trim().trim_matches(['"', '\'', '<', '>']).trim();
    if typed.is_empty() {
        return Err(fault("CAMERA-ADDRESS-EMPTY", words::ADDRESS_EMPTY));
    }
    if typed.chars().any(char::is_control) {
        return Err(fault("CAMERA-ADDRESS", words::ADDRESS_CONTROL));
    }
    let (scheme, rest) = scheme(typed);
    match scheme.as_deref() {
        None | Some("rtsp" | "rtsps") => {}
        Some("http" | "https") => return Err(fault("CAMERA-ADDRESS-WEB", words::ADDRESS_WEB)),
        Some(_) => return Err(fault("CAMERA-ADDRESS-SCHEME", words::ADDRESS_SCHEME)),
    }
    let read = best(rest).ok_or_else(|| {
        // Shown back only where no login can be in it.
        let says = if looks_numeric(rest) { words::ADDRESS_NUMBERS } else { words::ADDRESS_HOST };
        fault("CAMERA-ADDRESS", says)
    })?;
    if [read.host, read.tail].iter().any(|part| PLACEHOLDERS.iter().any(|p| part.to_lowercase().contains(p))) {
        return Err(fault("CAMERA-ADDRESS-PLACEHOLDER", words::ADDRESS_PLACEHOLDER));
    }
    let ip = ip(read.host);
    if ip.is_some_and(|ip| ip.is_unspecified() || ip.is_multicast()) {
        return Err(fault("CAMERA-ADDRESS", words::ADDRESS_NOT_ONE));
    }
    let url = build(scheme.as_deref(), &read, ip).ok_or_else(|| fault("CAMERA-ADDRESS", words::ADDRESS_HOST))?;
    let (user, password) = match read.login.map(|l| l.split_once(':').unwrap_or((l, ""))) {
        Some((user, password)) => (Some(decoded(user)), Some(SecretString::from(decoded(password)))),
        None => (None, None),
    };
    let advice = advice(&url, ip, &read, own);
    Ok(CameraAddress { url, user, password, advice })
}

fn fault(code: &str, (says, cure): (&str, &str)) -> Fault {
    Fault::new(Whose::Input, code, says).cure(cure)
}

/// `rtsp://rest`, where what stands before `://` can be a scheme at all.
fn scheme(typed: &str) -> (Option<String>, &str) {
    match typed.split_once("://") {
        Some((before, rest)) if !before.is_empty() && before.chars().all(|c| c.is_ascii_alphanumeric() || c == '+') => {
            (Some(before.to_ascii_lowercase()), rest)
        }
        _ => (None, typed),
    }
}

/// The reading whose host looks most like one; the earliest of equals. Every `@` may be the end of the login, or a letter
/// of a password or path.
fn best(rest: &str) -> Option<Reading<'_>> {
    let splits = std::iter::once(None).chain(rest.match_indices('@').map(|(at, _)| Some(at)));
    let mut best: Option<Reading<'_>> = None;
    for at in splits {
        let (login, after) = match at {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        if let Some(found) = host(login, after)
            && best.as_ref().is_none_or(|b| found.score > b.score)
        {
            best = Some(found);
        }
    }
    best
}

fn host<'a>(login: Option<&'a str>, after: &'a str) -> Option<Reading<'a>> {
    let (authority, tail) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    // A bare IPv6 address has colons but no port.
    if let Ok(IpAddr::V6(_)) = authority.parse::<IpAddr>() {
        return Some(Reading { login, host: authority, port: None, tail, score: 3 });
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|a| a.split_once(']')) {
        Some((inner, port)) => (inner, port.strip_prefix(':').or(port.is_empty().then_some(""))?),
        None => authority.split_once(':').unwrap_or((authority, "")),
    };
    let port = match port {
        "" => None,
        digits => Some(digits.parse().ok().filter(|p| *p > 0)?),
    };
    let score = match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) if !authority.starts_with('[') => return None,
        Ok(_) => 3,
        Err(_) if authority.starts_with('[') || looks_numeric(host) || !is_name(host) => return None,
        Err(_) if host.contains('.') || host.eq_ignore_ascii_case("localhost") => 2,
        Err(_) => 1,
    };
    Some(Reading { login, host, port, tail, score })
}

fn is_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
}

/// Digits and dots alone: meant as an IPv4 address.
fn looks_numeric(host: &str) -> bool {
    !host.is_empty() && host.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn ip(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}

fn build(scheme: Option<&str>, read: &Reading<'_>, ip: Option<IpAddr>) -> Option<Url> {
    let host = match ip {
        Some(IpAddr::V6(v6)) => format!("[{v6}]"),
        Some(IpAddr::V4(v4)) => v4.to_string(),
        None => read.host.to_ascii_lowercase(),
    };
    // Without a scheme the person gave an address only: its port is then written out, so that it can be seen and changed.
    let port = match (scheme, read.port) {
        (_, Some(port)) => format!(":{port}"),
        (None, None) => format!(":{RTSP_PORT}"),
        (Some(_), None) => String::new(),
    };
    let slash = if read.tail.starts_with('/') { "" } else { "/" };
    // A `#` would cut the rest off as a fragment, which no camera ever gets to see.
    let tail = read.tail.replace('#', "%23");
    Url::parse(&format!("{}://{host}{port}{slash}{tail}", scheme.unwrap_or("rtsp"))).ok()
}

fn advice(url: &Url, ip: Option<IpAddr>, read: &Reading<'_>, own: &[IpAddr]) -> Vec<String> {
    let host = read.host.to_ascii_lowercase();
    let link_local = match ip {
        Some(IpAddr::V4(v4)) => v4.is_link_local(),
        Some(IpAddr::V6(v6)) => v6.is_unicast_link_local(),
        None => false,
    };
    let said = [
        (host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()), words::NOTE_LOOPBACK),
        (ip.is_some_and(|ip| own.contains(&ip)), words::NOTE_OWN),
        (host.ends_with(".local"), words::NOTE_LOCAL_NAME),
        (link_local, words::NOTE_LINK_LOCAL),
        (matches!(ip, Some(IpAddr::V6(_))) && !link_local, words::NOTE_IPV6),
        (host == "fake.kerberos.io", words::NOTE_SAMPLE),
        (url.scheme() == "rtsps", words::NOTE_RTSPS),
        (matches!(url.path(), "" | "/") && url.query().is_none(), words::NOTE_PATH),
        (shown(url) != url.as_str(), words::NOTE_LOGIN_IN_PATH),
    ];
    said.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.to_owned()).collect()
}

/// The address for people: without a login, also where a camera wants it in the path or query.
pub fn shown(url: &Url) -> String {
    let mut bare = url.clone();
    // These fail only for addresses that cannot hold a login.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let mut out = String::new();
    let mut rest = bare.as_str();
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals + 1);
        out.push_str(before);
        let key = before[..equals].rsplit(['/', '?', '&', ';', '_']).next().unwrap_or_default().to_ascii_lowercase();
        let end = if LOGIN_KEYS.contains(&key.as_str()) { after.find(['&', '/', ';', '_']).unwrap_or(after.len()) } else { 0 };
        if end > 0 {
            out.push_str("••••");
        }
        rest = &after[end..];
    }
    out + rest
}

/// The whole address with its login, as an Agent takes it. Every letter of the login that is not plain is percent-encoded.
pub fn with_login(url: &Url, user: &str, password: &SecretString) -> SecretString {
    let mut bare = url.clone();
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let (scheme, rest) = bare.as_str().split_once("://").unwrap_or(("rtsp", bare.as_str()));
    SecretString::from(format!("{scheme}://{}:{}@{rest}", encoded(user), encoded(password.expose_secret())))
}

#[cfg(test)]
mod tests;
