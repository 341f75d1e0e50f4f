//! A camera's address: the login is taken out of it, also where people typed a password with odd characters as it is.

use secrecy::{ExposeSecret, SecretString};

use super::valid;
use crate::model::answers::Camera;

/// What stands in an address instead of a password that cameras take in the path or the query.
const DOTS: &str = "••••";

/// An address and the login that stood in it.
pub struct Address {
    /// Without login; a password in its path or query is dots.
    pub plain: String,
    /// User and password.
    pub login: Option<(String, SecretString)>,
    /// The address as a whole, less its login, where dots stand in `plain`.
    pub unmasked: Option<SecretString>,
}

/// Takes an address apart. The error says what is wrong with it and never shows it, since a password may be in it.
pub fn split(address: &str) -> Result<Address, String> {
    let address = address.trim();
    let (scheme, rest) = address.split_once("://").ok_or("An address starts with rtsp://, such as rtsp://192.0.2.10/stream.")?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "rtsp" && scheme != "rtsps" {
        return Err("A camera is reached by rtsp:// or rtsps://.".into());
    }
    if address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("An address has no spaces in it. Write a space in a password as %20.".into());
    }
    let (login, place) = login_end(rest).map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]));
    let Some((host, port)) = host_and_port(place) else {
        return Err("The address names no computer: after rtsp:// comes a number like 192.0.2.10 or a name.".into());
    };
    valid::host(host)?;
    if let Some(port) = port {
        valid::port(port)?;
    }
    let whole = format!("{scheme}://{place}");
    let plain = masked(&whole);
    let unmasked = (plain != whole).then(|| SecretString::from(whole));
    let login = login.map(|l| {
        let (user, password) = l.split_once(':').unwrap_or((l, ""));
        (decoded(user), SecretString::from(decoded(password)))
    });
    Ok(Address { plain, login, unmasked })
}

/// Puts a login into an address that has none, percent-encoded.
pub fn whole(plain: &str, user: &str, password: &SecretString) -> SecretString {
    match plain.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}:{}@{rest}", encoded(user), encoded(password.expose_secret())).into(),
        None => plain.to_string().into(),
    }
}

/// The secrets that follow from a camera's address, user and password: what to keep when one of them changes.
pub fn secrets(camera: &Camera, password: Option<&SecretString>) -> Vec<(String, SecretString)> {
    let name = |what: &str| format!("camera.{}.{what}", camera.name);
    let mut all = vec![];
    let mut add = |what: &str, plain: &str| {
        // Dots in it: the real one was kept when it came in, and must stay.
        if plain.contains(DOTS) {
            return;
        }
        match (&camera.user, password) {
            (Some(user), Some(password)) => all.push((name(what), whole(plain, user, password))),
            (None, _) => all.push((name(what), SecretString::from(plain.to_string()))),
            (Some(_), None) => {}
        }
    };
    add("url", &camera.url);
    if let Some(sub) = &camera.sub_url {
        add("sub_url", sub);
    }
    if let (Some(user), Some(password)) = (&camera.user, password) {
        all.push((name("login"), format!("{user}:{}", password.expose_secret()).into()));
        all.push((name("password"), password.clone()));
    }
    all
}

/// Where the login ends: the `@` after which the most telling host stands. A password typed as it is may hold `@`, `/`, `#`.
fn login_end(rest: &str) -> Option<usize> {
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let usual = rest[..authority].rfind('@');
    let start = |at: Option<usize>| at.map_or(0, |a| a + 1);
    let mut best = (telling(&rest[start(usual)..]), usual);
    for (at, _) in rest.match_indices('@') {
        let score = telling(&rest[at + 1..]);
        if score > best.0 {
            best = (score, Some(at));
        }
    }
    best.1
}

/// How surely a host stands here: 3 an IP address, 2 a name with a dot, 1 a bare name, 0 none.
fn telling(place: &str) -> u8 {
    let Some((host, port)) = host_and_port(place) else { return 0 };
    if port.is_some_and(|p| valid::port(p).is_err()) || valid::host(host).is_err() {
        return 0;
    }
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        3
    } else if host.contains('.') || host == "localhost" {
        2
    } else {
        1
    }
}

/// Host and port at the start of a text, up to the path.
fn host_and_port(place: &str) -> Option<(&str, Option<&str>)> {
    let end = place.find(['/', '?', '#']).unwrap_or(place.len());
    let authority = &place[..end];
    if authority.starts_with('[') {
        let close = authority.find(']')?;
        let after = &authority[close + 1..];
        return match after.strip_prefix(':') {
            Some(port) => Some((&authority[..=close], Some(port))),
            None if after.is_empty() => Some((&authority[..=close], None)),
            None => None,
        };
    }
    match authority.split_once(':') {
        Some((host, port)) if !host.is_empty() => Some((host, Some(port))),
        None if !authority.is_empty() => Some((authority, None)),
        _ => None,
    }
}

/// Dots for the value of a password in the path or the query, as some makers have it (`/user=admin&password=…&channel=1`).
fn masked(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    for key in ["password=", "passwd=", "pwd=", "pass="] {
        if let Some(at) = lower.find(key) {
            let value = at + key.len();
            let tail = &lower[value..];
            let ends = ["&", "/", "?", "#", "_channel", "_stream"];
            let end = ends.iter().filter_map(|e| tail.find(e)).min().unwrap_or(tail.len());
            if end == 0 {
                return address.to_string();
            }
            return format!("{}{DOTS}{}", &address[..value], &address[value + end..]);
        }
    }
    address.to_string()
}

/// Percent-decoded; what is no escape stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = |b: Option<&u8>| b.and_then(|b| (*b as char).to_digit(16));
        match (bytes[i], hex(bytes.get(i + 1)), hex(bytes.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_string())
}

/// Percent-encoded, all but letters, digits and `-._~`.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() || b"-._~".contains(&b) { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(address: &str) -> (String, Option<(String, String)>) {
        let a = split(address).unwrap();
        (a.plain, a.login.map(|(u, p)| (u, p.expose_secret().to_string())))
    }

    #[test]
    fn login_is_taken_out() {
        let login = |u: &str, p: &str| Some((u.to_string(), p.to_string()));
        assert_eq!(parts("rtsp://192.0.2.10/stream"), ("rtsp://192.0.2.10/stream".into(), None));
        assert_eq!(parts("RTSP://u:p@192.0.2.10:554/s?x=1"), ("rtsp://192.0.2.10:554/s?x=1".into(), login("u", "p")));
        assert_eq!(parts("rtsp://admin@cam.lan/s"), ("rtsp://cam.lan/s".into(), login("admin", "")));
        assert_eq!(parts("rtsp://u:p%40%2F%25@[2001:db8::1]:554/s").1, login("u", "p@/%"));
        assert_eq!(parts("rtsp://u:100%sure@192.0.2.1/").1, login("u", "100%sure"));
    }

    #[test]
    fn odd_passwords_typed_as_they_are() {
        assert_eq!(parts("rtsp://admin:p@ss#1/w?d@192.0.2.10/h264").1, Some(("admin".into(), "p@ss#1/w?d".into())));
        assert_eq!(parts("rtsp://admin:12/34@192.0.2.10/h264").0, "rtsp://192.0.2.10/h264");
        assert_eq!(parts("rtsp://u:p:q@cam.lan/s").1, Some(("u".into(), "p:q".into())));
        assert_eq!(parts("rtsp://192.0.2.10/live@2"), ("rtsp://192.0.2.10/live@2".into(), None));
        assert_eq!(parts("rtsp://u:p@192.0.2.1/x@y").0, "rtsp://192.0.2.1/x@y");
    }

    #[test]
    fn password_in_the_path_becomes_dots() {
        let a = split("rtsp://192.0.2.10:554/user=admin&password=S3cret&channel=1.sdp").unwrap();
        assert_eq!(a.plain, "rtsp://192.0.2.10:554/user=admin&password=••••&channel=1.sdp");
        assert!(a.unmasked.unwrap().expose_secret().contains("S3cret"));
        assert!(split(&a.plain).unwrap().unmasked.is_none());
    }

    #[test]
    fn wrong_addresses_are_refused_without_showing_them() {
        for wrong in ["192.0.2.10", "http://u:hush@192.0.2.1/", "rtsp://", "rtsp://u:hush@/x", "rtsp://u:hush@h:99999/", "rtsp://a b/"] {
            let says = split(wrong).err().unwrap_or_else(|| panic!("{wrong} was taken"));
            assert!(!says.contains("hush"), "{says}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(user in "\\PC{1,12}", password in "\\PC{0,16}") {
            let address = whole("rtsp://192.0.2.10/stream", &user, &password.clone().into());
            let back = split(address.expose_secret()).unwrap();
            prop_assert_eq!(back.plain, "rtsp://192.0.2.10/stream");
            let (u, p) = back.login.unwrap();
            prop_assert_eq!(u, user);
            prop_assert_eq!(p.expose_secret(), &password);
        }

        #[test]
        fn wild_addresses_do_not_panic(text in "\\PC{0,60}") {
            let _ = split(&text);
            let _ = split(&format!("rtsp://{text}"));
        }
    }
}
