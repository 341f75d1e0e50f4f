//! A camera's address as a person types it: with or without scheme, login, path; with passwords that no URL would allow.
//! No error holds anything of what was typed, since any part of it may be a password.

use std::net::IpAddr;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use super::percent::{decoded, encoded};
use super::text::DOTS;

/// RTSP's own port (RFC 7826, section 19).
const RTSP_PORT: u16 = 554;

/// Words that sample files hold where an address belongs.
const PLACEHOLDERS: [&str; 5] = ["fixme", "changeme", "camera-ip", "your-camera", "yourcamera"];

/// Keys of a path or query whose value is a password on some cameras: `/user=admin&password=…&channel=1`.
const KEYS: [&str; 3] = ["pass", "token", "auth"];

/// What such keys end in: `userpwd`. The short ones above end other words too, such as `compass`.
const KEY_ENDS: [&str; 3] = ["password", "passwd", "pwd"];

/// An address taken apart. It is not printed by `Debug`: a password may stand in its path.
#[derive(Clone)]
pub struct Address {
    /// `rtsp` or `rtsps`, where it was typed.
    pub scheme: Option<String>,
    /// User and password, percent-decoded.
    pub login: Option<(String, SecretString)>,
    /// Name or number, in small letters; an IPv6 address without brackets.
    pub host: String,
    /// The same as a number, where it is one.
    pub ip: Option<IpAddr>,
    /// Port, where it was typed.
    pub port: Option<u16>,
    /// Path and query, as typed.
    tail: String,
}

/// Why a text is no camera's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing was typed.
    Empty,
    /// There are letters in it that cannot be typed.
    Control,
    /// `http://`: the camera's own page.
    Web,
    /// Neither `rtsp` nor `rtsps`.
    Scheme,
    /// Digits and dots that are no address.
    Numbers,
    /// No host in it.
    Host,
    /// `fixme` and the like.
    Placeholder,
    /// `0.0.0.0`, or an address of many.
    NotOne,
    /// Dots stand where a password was, and it is not known any more.
    Dots,
}

/// Reads what a person typed.
pub fn read(typed: &str) -> Result<Address, Wrong> {
    let typed = typed.trim().trim_matches(['"', '\'', '<', '>']).trim();
    if typed.is_empty() {
        return Err(Wrong::Empty);
    }
    if typed.chars().any(char::is_control) {
        return Err(Wrong::Control);
    }
    let (scheme, rest) = scheme(typed);
    match scheme.as_deref() {
        None | Some("rtsp" | "rtsps") => {}
        Some("http" | "https") => return Err(Wrong::Web),
        Some(_) => return Err(Wrong::Scheme),
    }
    let read = best(rest).ok_or(if looks_numeric(rest) { Wrong::Numbers } else { Wrong::Host })?;
    if [read.host, read.tail].iter().any(|part| PLACEHOLDERS.iter().any(|p| part.to_lowercase().contains(p))) {
        return Err(Wrong::Placeholder);
    }
    let ip: Option<IpAddr> = read.host.parse().ok();
    if ip.is_some_and(|ip| ip.is_unspecified() || ip.is_multicast()) {
        return Err(Wrong::NotOne);
    }
    let login = read.login.map(|l| l.split_once(':').unwrap_or((l, ""))).map(|(u, p)| (decoded(u), SecretString::from(decoded(p))));
    let host = ip.map_or_else(|| read.host.to_ascii_lowercase(), |ip| ip.to_string());
    // A `#` would cut the rest off as a fragment, which no camera ever gets to see.
    let tail = read.tail.replace('#', "%23").replace(char::is_whitespace, "%20");
    Ok(Address { scheme, login, host, ip, port: read.port, tail })
}

impl Address {
    /// As it was typed, less its login: `rtsp://192.0.2.10/stream`.
    pub fn whole(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = self.port.map(|p| format!(":{p}")).unwrap_or_default();
        format!("{}://{host}{port}{}", self.scheme.as_deref().unwrap_or("rtsp"), self.tail)
    }

    /// With what was left out: a path, and the port of an address that is a number or name alone, so that it can be seen and changed.
    pub fn filled(mut self) -> Self {
        if self.scheme.is_none() {
            self.port = self.port.or(Some(RTSP_PORT));
        }
        if !self.tail.starts_with('/') {
            self.tail.insert(0, '/');
        }
        self
    }

    /// Nothing stands behind the host.
    pub fn pathless(&self) -> bool {
        matches!(self.tail.as_str(), "" | "/")
    }
}

/// Puts a login into an address that has none, percent-encoded.
pub fn with_login(whole: &str, user: &str, password: &SecretString) -> SecretString {
    match whole.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}:{}@{rest}", encoded(user), encoded(password.expose_secret())).into(),
        None => whole.to_string().into(),
    }
}

/// An address without login for people and files: dots where a password stands in its path or query.
pub fn masked(whole: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for value in values(whole) {
        out += &whole[from..value.start];
        out += DOTS;
        from = value.end;
    }
    out + &whole[from..]
}

/// Puts the passwords of `kept`, the address as it was, where a typed one still shows their dots.
pub fn unmasked(typed: &str, kept: Option<&SecretString>) -> Result<String, Wrong> {
    if !typed.contains(DOTS) {
        return Ok(typed.into());
    }
    let kept = kept.map_or("", |k| k.expose_secret());
    let passwords: Vec<&str> = values(kept).into_iter().map(|v| &kept[v]).collect();
    let parts: Vec<&str> = typed.split(DOTS).collect();
    if parts.len() != passwords.len() + 1 {
        return Err(Wrong::Dots);
    }
    let ends = passwords.iter().copied().chain([""]);
    Ok(parts.into_iter().zip(ends).flat_map(|(part, password)| [part, password]).collect())
}

/// Where passwords stand in what was typed so far, be it an address already or not: a screen shows dots there.
pub fn passwords(typed: &str) -> Vec<Range<usize>> {
    let start = typed.find("://").map_or(0, |at| at + 3);
    let rest = &typed[start..];
    let read = best(rest);
    // A bare name may as well be a user whose password has a slash in it, as long as an `@` follows.
    let sure = read.as_ref().filter(|r| r.login.is_some() || r.score > 1 || !rest.contains('@'));
    let login = match sure {
        Some(read) => read.login.map(str::len),
        None => rest.rfind('@'),
    };
    let colon = |until: usize| rest[..until].find(':');
    let inside = match login {
        Some(end) => colon(end).map(|at| at + 1..end),
        // `viewer:secret`, before its host is typed. Digits alone are meant as a port.
        None if sure.is_none() => colon(rest.len()).map(|at| at + 1..rest.len()).filter(|r| {
            let port = rest[r.clone()].split(['/', '?', '#']).next().unwrap_or_default();
            !rest.starts_with('[') && !port.chars().all(|c| c.is_ascii_digit())
        }),
        None => None,
    };
    let mut all: Vec<Range<usize>> = inside.filter(|r| !r.is_empty()).map(|r| start + r.start..start + r.end).into_iter().collect();
    let behind = all.last().map_or(start + login.unwrap_or(0), |r| r.end);
    all.extend(values(&typed[behind..]).into_iter().map(|v| behind + v.start..behind + v.end));
    all
}

/// Values of the keys that hold passwords in a path or query.
fn values(text: &str) -> Vec<Range<usize>> {
    let mut found = vec![];
    let mut from = 0;
    while let Some(equals) = text[from..].find('=').map(|at| from + at) {
        let key = text[from..equals].rsplit(['/', '?', '&', ';', '_']).next().unwrap_or_default().to_ascii_lowercase();
        from = equals + 1;
        if KEYS.contains(&key.as_str()) || KEY_ENDS.iter().any(|k| key.ends_with(k)) {
            let end = from + value_end(&text[from..]);
            if end > from {
                found.push(from..end);
            }
            from = end;
        }
    }
    found
}

/// Where a value ends: at a sign that parts one from the next, or at the `_` before another key, as in `password=a_b_channel=1`.
fn value_end(text: &str) -> usize {
    let key = |at: usize| {
        let rest = &text[at + 1..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        letters > 0 && rest[letters..].starts_with('=')
    };
    let ends = |(at, c): &(usize, char)| matches!(c, '&' | '/' | '?' | '#' | ';') || *c == '_' && key(*at);
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

/// Where the host begins in what was typed, and how much it looks like one.
struct Reading<'a> {
    login: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    tail: &'a str,
    score: u8,
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

/// A name as DNS has them; a dot at its end says that it is whole.
fn is_name(host: &str) -> bool {
    host.len() <= 253
        && host.strip_suffix('.').unwrap_or(host).split('.').all(|label| {
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

#[cfg(test)]
mod tests;
