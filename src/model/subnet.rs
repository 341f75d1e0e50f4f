//! Subnets as CIDR: whether two overlap, whether an address lies in one. IPv4 only, as Docker's own pools are.

use std::net::{IpAddr, Ipv4Addr};

/// An IPv4 subnet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    first: u32,
    mask: u32,
}

impl Subnet {
    /// `172.17.0.0/16`; a plain address is a subnet of one.
    pub fn parse(text: &str) -> Option<Subnet> {
        let (address, length) = text.trim().split_once('/').unwrap_or((text.trim(), "32"));
        let (address, length): (Ipv4Addr, u32) = (address.parse().ok()?, length.parse().ok()?);
        let mask = match length {
            0 => 0,
            1..=32 => u32::MAX << (32 - length),
            _ => return None,
        };
        Some(Subnet { first: u32::from(address) & mask, mask })
    }

    /// They have an address in common.
    pub fn overlaps(&self, other: &Subnet) -> bool {
        let mask = self.mask & other.mask;
        self.first & mask == other.first & mask
    }

    /// The address lies in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        matches!(address, IpAddr::V4(v4) if u32::from(v4) & self.mask == self.first)
    }

    /// How many addresses it has.
    pub fn addresses(&self) -> u64 {
        u64::from(!self.mask) + 1
    }

    /// It is no network of somebody's, but a way to all the world: `0.0.0.0/0`, or the halves of it by which a VPN takes over the
    /// default route without removing it (`redirect-gateway def1` of OpenVPN, `AllowedIPs = 0.0.0.0/0` of WireGuard).
    pub fn is_the_world(&self) -> bool {
        self.addresses() >= 1 << 25
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn net(text: &str) -> Subnet {
        Subnet::parse(text).unwrap()
    }

    #[test]
    fn overlap() {
        assert!(net("172.16.0.0/12").overlaps(&net("172.17.0.0/16")));
        assert!(net("172.17.0.0/16").overlaps(&net("172.16.0.0/12")));
        assert!(!net("192.168.1.0/24").overlaps(&net("192.168.2.0/24")));
        assert!(net("10.1.0.0/16").holds("10.1.200.3".parse().unwrap()));
        assert!(!net("10.1.0.0/16").holds("fe80::1".parse().unwrap()));
        assert_eq!(Subnet::parse("10.0.0.0/33"), None);
        assert_eq!(Subnet::parse("fd00::/8"), None);
        assert_eq!(net("10.0.0.0/30").addresses(), 4);
        assert_eq!(net("0.0.0.0/0").addresses(), 1 << 32);
        assert!(net("0.0.0.0/0").is_the_world() && net("128.0.0.0/1").is_the_world() && !net("10.0.0.0/8").is_the_world());
    }

    proptest! {
        #[test]
        fn overlap_is_mutual(a in any::<u32>(), b in any::<u32>(), la in 0u32..=32, lb in 0u32..=32) {
            let one = net(&format!("{}/{la}", Ipv4Addr::from(a)));
            let other = net(&format!("{}/{lb}", Ipv4Addr::from(b)));
            prop_assert_eq!(one.overlaps(&other), other.overlaps(&one));
            prop_assert!(one.overlaps(&one) && one.holds(IpAddr::V4(Ipv4Addr::from(a))));
        }

        #[test]
        fn wild_text_never_panics(text in ".{0,24}") {
            let _ = Subnet::parse(&text);
        }
    }
}
