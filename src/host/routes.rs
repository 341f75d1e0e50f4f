//! Reads the kernel's tables of routes and addresses: /proc/net/route, ipv6_route, if_inet6, fib_trie. Works without any program.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::host::Route;

/// `RTF_GATEWAY` and `RTF_REJECT` of route flags (linux/route.h).
const GATEWAY: u32 = 0x2;
const REJECT: u32 = 0x200;

/// A route with what it takes to choose among several.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// Destination as a number, and prefix length.
    pub to: (u32, u8),
    /// The route as reported.
    pub route: Route,
    /// The smaller is preferred.
    pub metric: u32,
}

/// /proc/net/route; lines that are not understood are left out.
pub(crate) fn table(text: &str) -> Vec<Entry> {
    text.lines().skip(1).filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [device, to, via, flags, _, _, metric, mask, ..] = fields.as_slice() else { return None };
    let flags = u32::from_str_radix(flags, 16).ok()?;
    if flags & REJECT != 0 {
        return None;
    }
    let (to, via, mask) = (address(to)?, address(via)?, address(mask)?);
    let prefix = u32::from(mask).leading_ones() as u8;
    let via = (flags & GATEWAY != 0).then_some(IpAddr::V4(via));
    Some(Entry {
        to: (u32::from(to), prefix),
        route: Route { to: format!("{to}/{prefix}"), via, device: (*device).into() },
        metric: metric.parse().ok()?,
    })
}

/// An address as the kernel prints it: the four bytes in network order, read as one number of this machine's byte order.
pub(crate) fn address(hex: &str) -> Option<Ipv4Addr> {
    if hex.len() != 8 {
        return None;
    }
    Some(Ipv4Addr::from(u32::from_str_radix(hex, 16).ok()?.to_ne_bytes()))
}

/// The default route among those of a table: the one with the smallest metric.
pub(crate) fn default(entries: &[Entry]) -> Option<Route> {
    entries.iter().filter(|e| e.to == (0, 0)).min_by_key(|e| e.metric).map(|e| e.route.clone())
}

/// The default route of /proc/net/ipv6_route. Its lines: destination, prefix, source, prefix, next hop, metric, references, uses, flags, device; all in hex.
pub(crate) fn default6(text: &str) -> Option<Route> {
    let default = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [to, prefix, _, _, via, metric, _, _, flags, device] = fields.as_slice() else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        if *prefix != "00" || to.chars().any(|c| c != '0') || flags & REJECT != 0 || flags & GATEWAY == 0 || *device == "lo" {
            return None;
        }
        let via = IpAddr::V6(address6(via)?);
        Some((u32::from_str_radix(metric, 16).ok()?, Route { to: "::/0".into(), via: Some(via), device: (*device).into() }))
    };
    text.lines().filter_map(default).min_by_key(|(metric, _)| *metric).map(|(_, route)| route)
}

/// 32 hex digits in network order, as in if_inet6.
pub(crate) fn address6(hex: &str) -> Option<Ipv6Addr> {
    if hex.len() != 32 {
        return None;
    }
    u128::from_str_radix(hex, 16).ok().map(Ipv6Addr::from)
}

/// /proc/net/if_inet6: address, index, prefix length, scope, flags, device. Answers device, address and prefix length.
pub(crate) fn addresses6(text: &str) -> Vec<(String, Ipv6Addr, u8)> {
    let one = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [hex, _, prefix, _, _, device] = fields.as_slice() else { return None };
        Some(((*device).to_string(), address6(hex)?, u8::from_str_radix(prefix, 16).ok()?))
    };
    text.lines().filter_map(one).collect()
}

/// This machine's own IPv4 addresses: the `/32 host LOCAL` leaves of /proc/net/fib_trie, each once.
pub(crate) fn own_addresses(trie: &str) -> Vec<Ipv4Addr> {
    let mut found: Vec<Ipv4Addr> = Vec::new();
    let mut leaf: Option<Ipv4Addr> = None;
    for line in trie.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse().ok();
        } else if line == "/32 host LOCAL"
            && let Some(address) = leaf
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// The device and prefix length that an own address belongs to: the narrowest route without a gateway that covers it.
pub(crate) fn home(entries: &[Entry], address: Ipv4Addr) -> Option<(&str, u8)> {
    let covers = |e: &&Entry| {
        let (to, prefix) = e.to;
        let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
        prefix > 0 && e.route.via.is_none() && u32::from(address) & mask == to
    };
    entries.iter().filter(covers).max_by_key(|e| e.to.1).map(|e| (e.route.device.as_str(), e.to.1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\nwlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\neth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\ndocker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 4\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 192.0.2.0/30 2 0 2\n           |-- 192.0.2.0\n              /24 link UNICAST\n           |-- 192.0.2.2\n              /32 host LOCAL\n        |-- 192.0.2.255\n           /32 link BROADCAST\nLocal:\n           |-- 127.0.0.1\n              /32 host LOCAL\n           |-- 192.0.2.2\n              /32 host LOCAL\n";

    // The tables print numbers in the machine's byte order; these were captured on a little-endian one.
    #[cfg(target_endian = "little")]
    #[test]
    fn the_route_with_the_smallest_metric_is_the_default() {
        let table = table(TABLE);
        assert_eq!(table.len(), 4);
        let route = default(&table).unwrap();
        assert_eq!((route.to.as_str(), route.via, route.device.as_str()), ("0.0.0.0/0", Some("192.0.2.1".parse().unwrap()), "eth0"));
        assert_eq!(table[2].route.to, "172.17.0.0/16");
        assert_eq!(home(&table, "192.0.2.2".parse().unwrap()), Some(("eth0", 24)));
        assert_eq!(home(&table, "10.0.0.1".parse().unwrap()), None);
    }

    #[test]
    fn own_addresses_are_told_once() {
        assert_eq!(own_addresses(TRIE), ["192.0.2.2".parse::<Ipv4Addr>().unwrap(), Ipv4Addr::LOCALHOST]);
    }

    #[test]
    fn version_six_is_read() {
        let found =
            addresses6("fd000000000000000000000000000002 04 40 00 82     eth0\n00000000000000000000000000000001 01 80 10 80       lo\n");
        assert_eq!(found[0], ("eth0".into(), "fd00::2".parse().unwrap(), 64));
        let routes = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
        let route = default6(routes).unwrap();
        assert_eq!((route.via, route.device.as_str()), (Some("fd00::1".parse().unwrap()), "eth0"));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "([0-9A-Fä]{1,33}|\t| |\n|\\|-- |/32 host LOCAL|.){0,60}", address in any::<u32>()) {
            let table = table(&text);
            let _ = (home(&table, address.into()), default(&table), default6(&text), addresses6(&text), own_addresses(&text));
        }
    }
}
