//! A free subnet for the site's network: one that neither a route, an engine's network, a name server nor a camera lies in.

use std::net::{IpAddr, Ipv4Addr};

/// An IPv4 range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    first: u32,
    last: u32,
}

impl Range {
    /// Reads `10.0.0.0/8`; a bare address is a range of one.
    pub fn parse(cidr: &str) -> Option<Range> {
        let (address, length) = cidr.split_once('/').unwrap_or((cidr, "32"));
        let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let length: u32 = length.parse().ok().filter(|l| *l <= 32)?;
        let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
        Some(Range { first: address & mask, last: (address & mask) | !mask })
    }

    /// Whether an address lies in it; none where that cannot be told.
    pub fn holds(&self, address: &str) -> Option<bool> {
        Range::parse(address).map(|a| a.overlaps(self))
    }

    /// Whether two ranges share an address.
    pub fn overlaps(&self, other: &Range) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// So many addresses are no network of somebody's, but a way to all the world: `0.0.0.0/0`, or the two halves of it by which a VPN
/// takes over the default route without removing it (`redirect-gateway def1` of OpenVPN, `AllowedIPs = 0.0.0.0/0` of WireGuard).
const WORLD: u32 = 1 << 25;

/// The first of 10.210.0.0/24, 10.210.1.0/24, … that is free; some hundred are tried in three ranges.
pub fn free(used: &[String], addresses: &[IpAddr]) -> Option<String> {
    let mut taken: Vec<Range> = used.iter().filter_map(|c| Range::parse(c)).filter(|r| r.last - r.first < WORLD).collect();
    taken.extend(addresses.iter().filter_map(|a| Range::parse(&a.to_string())));
    let candidates = (0..64)
        .map(|n| format!("10.210.{n}.0/24"))
        .chain((0..16).map(|n| format!("172.31.{}.0/24", n * 16)))
        .chain((0..64).map(|n| format!("192.168.{}.0/24", 190 + n)));
    candidates.into_iter().find(|c| Range::parse(c).is_some_and(|r| !taken.iter().any(|t| t.overlaps(&r))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_that_nothing_lies_in_is_taken() {
        assert_eq!(free(&[], &[]).unwrap(), "10.210.0.0/24");
        let used = ["10.210.0.0/23".to_string(), "0.0.0.0/0".into()];
        assert_eq!(free(&used, &["10.210.2.7".parse().unwrap()]).unwrap(), "10.210.3.0/24");
        assert_eq!(free(&["10.0.0.0/8".into()], &[]).unwrap(), "172.31.0.0/24");
        assert_eq!(free(&["0.0.0.0/1".into(), "128.0.0.0/1".into()], &[]).unwrap(), "10.210.0.0/24", "a VPN that takes all");
        assert_eq!(free(&["10.0.0.0/8".into(), "172.16.0.0/12".into(), "192.168.0.0/16".into()], &[]), None);
    }

    #[test]
    fn nonsense_is_no_range() {
        for bad in ["", "10.0.0.0/33", "x/8", "10.0.0/8", "::1/64"] {
            assert_eq!(Range::parse(bad), None, "{bad}");
        }
    }
}
