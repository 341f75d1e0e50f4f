//! Names of registries, as answers and engines write them: `nas.lan:5000/mirror`, `10.0.9.0/24`.

use std::net::IpAddr;

/// Host and port of a registry, without the path behind them.
pub fn host(registry: &str) -> &str {
    registry.split('/').next().unwrap_or(registry)
}

/// The computer alone, without its port and without brackets.
pub fn computer(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(six),
        None => host.rsplit_once(':').filter(|(name, _)| !name.contains(':')).map_or(host, |(name, _)| name),
    }
}

/// `localhost`, 127.0.0.0/8 and ::1: Docker takes these without TLS by itself.
pub fn is_loopback(computer: &str) -> bool {
    computer == "localhost" || computer.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|a| a.is_loopback())
}

/// An engine that names these takes images from the host without TLS: by its name, or by a range that holds its address.
pub fn takes_plain(listed: &[String], host: &str) -> bool {
    let address: Option<IpAddr> = computer(host).parse().ok();
    listed.iter().any(|one| one == host || address.is_some_and(|a| holds(one, a)))
}

/// A range such as `10.0.9.0/24` or `fd00::/8` holds the address.
fn holds(range: &str, address: IpAddr) -> bool {
    let Some((first, bits)) = range.split_once('/') else { return false };
    let (Ok(first), Ok(bits)) = (first.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    // A shift by all bits leaves nothing to compare: such a range holds everything.
    match (first, address) {
        (IpAddr::V4(f), IpAddr::V4(a)) if bits <= 32 => (u32::from(f) ^ u32::from(a)).checked_shr(32 - bits).unwrap_or(0) == 0,
        (IpAddr::V6(f), IpAddr::V6(a)) if bits <= 128 => (u128::from(f) ^ u128::from(a)).checked_shr(128 - bits).unwrap_or(0) == 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (registry, with_port, name) in [
            ("nas.lan:5000/mirror/a", "nas.lan:5000", "nas.lan"),
            ("registry.example", "registry.example", "registry.example"),
            ("[fd00::7]:5000/x", "[fd00::7]:5000", "fd00::7"),
            ("[fd00::7]", "[fd00::7]", "fd00::7"),
            ("127.0.0.1:5000", "127.0.0.1:5000", "127.0.0.1"),
        ] {
            assert_eq!((host(registry), computer(host(registry))), (with_port, name), "{registry}");
        }
        assert!(is_loopback("localhost") && is_loopback("127.9.9.9") && is_loopback("::1") && !is_loopback("nas"));
    }

    #[test]
    fn an_engine_names_hosts_and_ranges() {
        let listed: Vec<String> = ["nas:5000", "10.0.9.0/24", "fd00::/8", "0.0.0.0/40", "x/y"].map(String::from).into();
        for taken in ["nas:5000", "10.0.9.9:5000", "10.0.9.9", "[fd00::7]:5000"] {
            assert!(takes_plain(&listed, taken), "{taken}");
        }
        for refused in ["nas", "nas:5001", "10.0.8.9:5000", "[fe80::7]:5000"] {
            assert!(!takes_plain(&listed, refused), "{refused}");
        }
        assert!(takes_plain(&["0.0.0.0/0".into()], "192.0.2.1:5000"));
    }
}
