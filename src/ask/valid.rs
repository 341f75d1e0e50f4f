//! What an answer must be like. Each says, for a person, what is wrong and what to write instead.

use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::tz::TimeZoneDatabase;

use crate::model::registry::is_loopback;

/// A site's or a camera's name: a DNS label of at most 32 characters.
pub fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.is_empty() {
        Err("A name is needed: lower case letters, digits and hyphens.".into())
    } else if text.len() > 32 {
        Err("The name is too long: 32 characters at most.".into())
    } else if !text.chars().all(fits) {
        Err(format!("A name has lower case letters, digits and hyphens only, such as {}.", label(text)))
    } else if text.starts_with('-') || text.ends_with('-') {
        Err("A name neither starts nor ends with a hyphen.".into())
    } else {
        Ok(text.into())
    }
}

/// The address of a MongoDB, as its makers write it (<https://www.mongodb.com/docs/manual/reference/connection-string/>). It is a
/// secret: what is said of it repeats nothing of it.
pub fn database(uri: &str) -> Result<(), &'static str> {
    let rest = ["mongodb://", "mongodb+srv://"].iter().find_map(|scheme| uri.strip_prefix(scheme));
    let rest = rest.ok_or("A database's address begins with mongodb:// or mongodb+srv://.")?;
    let place = rest.split(['/', '?']).next().unwrap_or_default();
    let hosts = place.rsplit_once('@').map_or(place, |(_, hosts)| hosts);
    if hosts.split(',').any(|h| h.is_empty() || h.starts_with(':')) {
        return Err("The address names no machine: mongodb://USER:PASSWORD@MACHINE:27017/ is needed.");
    }
    let name = |host: &str| match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default().to_string(),
        None => host.split(':').next().unwrap_or_default().to_string(),
    };
    if hosts.split(',').any(|h| is_loopback(&name(h))) {
        return Err("Inside a container localhost is the container itself. Write this machine's address on your network instead.");
    }
    Ok(())
}

/// The nearest name that is allowed: `Front Door` becomes `front-door`.
pub fn label(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.truncate(32);
    let out = out.trim_end_matches('-');
    if out.is_empty() { "camera-1".into() } else { out.into() }
}

/// A time zone of the IANA list, as the list spells it. The list inside the program is asked, so the answer is the same everywhere.
pub fn timezone(text: &str) -> Result<String, String> {
    let known = TimeZoneDatabase::bundled().get(text.trim());
    let spelt = known.ok().and_then(|z| z.iana_name().map(String::from));
    spelt.ok_or_else(|| format!("{} is no time zone. Write one such as Europe/Brussels or America/New_York.", shown(text)))
}

/// An absolute folder, without a slash at its end.
pub fn folder(text: &str) -> Result<String, String> {
    let text = text.trim();
    if !text.starts_with('/') {
        return Err("A folder is written from the root, such as /srv/kerberos.".into());
    }
    if text.chars().any(char::is_control) {
        return Err("A folder's name has no line ends or other control characters.".into());
    }
    let parts: Vec<&str> = text.split('/').filter(|p| !p.is_empty()).collect();
    if parts.iter().any(|p| *p == "." || *p == "..") {
        return Err("Write the folder without . and .. in it.".into());
    }
    if parts.is_empty() {
        return Err("The root folder itself cannot be used. Name a folder in it, such as /srv/kerberos.".into());
    }
    Ok(format!("/{}", parts.join("/")))
}

/// Days to keep recordings.
pub fn days(text: &str) -> Result<u32, String> {
    match text.trim().parse::<u32>() {
        Ok(days @ 1..=3650) => Ok(days),
        _ => Err("Write a number of days from 1 to 3650.".into()),
    }
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("A port is a number from 1 to 65535.".into()),
    }
}

/// An IPv4 network that has room for the stack: `172.30.0.0/24`.
pub fn subnet(text: &str) -> Result<String, String> {
    let wrong = || "Write a network such as 172.30.0.0/24.".to_string();
    let (address, bits) = text.trim().split_once('/').ok_or_else(wrong)?;
    let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
    let bits: u32 = bits.parse().map_err(|_| wrong())?;
    if !(8..=28).contains(&bits) {
        return Err("The network's size is from /8 to /28.".into());
    }
    let start = Ipv4Addr::from(u32::from(address) & (u32::MAX << (32 - bits)));
    if start != address {
        return Err(format!("A network is named by its first address: {start}/{bits}."));
    }
    Ok(format!("{address}/{bits}"))
}

/// A computer: an IPv4 address, an IPv6 address in brackets, or a name.
pub fn host(text: &str) -> Result<(), String> {
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    if let Some(six) = inner {
        return six.parse::<Ipv6Addr>().map(|_| ()).map_err(|_| "In brackets stands an IPv6 address.".into());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if text.is_empty() || text.len() > 253 || !text.chars().all(fits) || text.starts_with(['.', '-']) {
        return Err("That is no computer's name or address.".into());
    }
    let numbers = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if numbers && text.parse::<Ipv4Addr>().is_err() {
        return Err("That is no IP address: it has four numbers from 0 to 255, such as 192.0.2.10.".into());
    }
    Ok(())
}

/// A registry as images name it: host, port, and a path where there is one; no `https://`.
pub fn registry(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    if text.contains("://") {
        return Err("Write the registry without https://, such as registry.example:5000.".into());
    }
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (name, number) = authority.rsplit_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    host(name)?;
    if let Some(number) = number {
        port(number)?;
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._/".contains(c);
    if !path.chars().all(fits) {
        return Err("The registry's path has lower case letters, digits and -._/ only.".into());
    }
    Ok(text.into())
}

/// A typed text in a message, short and without control characters.
pub(super) fn shown(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("\"{clean}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names() {
        assert_eq!(name("shop-12").as_deref(), Ok("shop-12"));
        for wrong in ["", "Shop", "a_b", "-a", "a-", "ä", "a.b", &"a".repeat(33)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(label("Front Door!"), "front-door");
        assert!(name("Front Door").unwrap_err().contains("front-door"));
    }

    #[test]
    fn zones() {
        assert_eq!(timezone("europe/brussels").as_deref(), Ok("Europe/Brussels"));
        assert_eq!(timezone("UTC").as_deref(), Ok("UTC"));
        assert!(timezone("Europe/Atlantis").is_err());
    }

    #[test]
    fn folders() {
        assert_eq!(folder("/srv//kerberos/").as_deref(), Ok("/srv/kerberos"));
        for wrong in ["", "/", "srv", "/srv/../etc", "/a\nb"] {
            assert!(folder(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn databases() {
        for right in [
            "mongodb://x",
            "mongodb://u:p@db.example:27017/?authSource=admin",
            "mongodb+srv://u:a%40b@cluster0.example.net/videos?retryWrites=true",
            "mongodb://u:p@10.0.0.4,10.0.0.5:27018/",
            "mongodb://u:p@[fd00::4]:27017/",
        ] {
            assert_eq!(database(right), Ok(()), "{right}");
        }
        for (wrong, says) in [
            ("db.example:27017", "mongodb://"),
            ("http://db.example/", "mongodb://"),
            ("mongodb://", "no machine"),
            ("mongodb://u:p@/x", "no machine"),
            ("mongodb://u:p@:27017/x", "no machine"),
            ("mongodb://u:p@db.example,/x", "no machine"),
            ("mongodb://u:p@localhost:27017/", "localhost"),
            ("mongodb://u:p@10.0.0.4,127.0.0.1/", "localhost"),
            ("mongodb://[::1]:27017/", "localhost"),
        ] {
            let told = database(wrong).unwrap_err();
            assert!(told.contains(says), "{wrong}: {told}");
        }
    }

    #[test]
    fn networks_and_numbers() {
        assert_eq!(subnet("172.30.0.0/24").as_deref(), Ok("172.30.0.0/24"));
        assert!(subnet("172.30.0.9/24").unwrap_err().contains("172.30.0.0/24"));
        for wrong in ["172.30.0.0", "172.30.0.0/31", "172.30.0.0/0", "x/24", "fd00::/64"] {
            assert!(subnet(wrong).is_err(), "{wrong}");
        }
        assert!(port("0").is_err() && port("65536").is_err() && port("1").is_ok());
        assert!(days("0").is_err() && days("30").is_ok());
        assert!(host("256.1.1.1").is_err() && host("cam.lan").is_ok() && host("[::1]").is_ok());
        assert!(registry("https://x").is_err() && registry("localhost:5000/kerberos").is_ok());
    }

    proptest! {
        #[test]
        fn a_made_label_is_a_name(text in "\\PC{0,50}") {
            prop_assert!(name(&label(&text)).is_ok());
        }
    }
}
