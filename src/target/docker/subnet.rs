//! A free subnet for the site's network: one that neither a route, an engine's network, a name server nor a camera lies in.

use std::net::IpAddr;

use crate::model::subnet::Subnet;

/// The first of 10.210.0.0/24, 10.210.1.0/24, … that is free; some hundred are tried in three ranges.
pub fn free(used: &[String], addresses: &[IpAddr]) -> Option<String> {
    let taken: Vec<Subnet> = used.iter().filter_map(|c| Subnet::parse(c)).filter(|s| !s.is_the_world()).collect();
    let is_free = |s: &Subnet| !taken.iter().any(|t| t.overlaps(s)) && !addresses.iter().any(|a| s.holds(*a));
    let candidates = (0..64)
        .map(|n| format!("10.210.{n}.0/24"))
        .chain((0..16).map(|n| format!("172.31.{}.0/24", n * 16)))
        .chain((0..64).map(|n| format!("192.168.{}.0/24", 190 + n)));
    candidates.into_iter().find(|c| Subnet::parse(c).as_ref().is_some_and(is_free))
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
}
