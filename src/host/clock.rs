//! The time zone, and how far this machine's clock is from the network's.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use url::Url;

use crate::model::fact::Fact;
use crate::world::World;
use crate::world::files::Files;
use crate::world::network::Request;

use super::{read, registries};

/// The time zone as an IANA name.
pub(crate) fn timezone(files: &dyn Files) -> Fact<String> {
    if let Some(zone) = files.read_link("/etc/localtime").ok().as_deref().and_then(zone_of_link) {
        return Fact::known(zone, "/etc/localtime");
    }
    if let Some(zone) = read::word(files, "/etc/timezone").filter(|z| !z.contains(char::is_whitespace)) {
        return Fact::known(zone, "/etc/timezone");
    }
    if read::there(files, "/etc/localtime") {
        return Fact::unknown("/etc/localtime is a copy that bears no name, and /etc/timezone names none");
    }
    Fact::known("UTC".into(), "there is no /etc/localtime, which means UTC")
}

/// `Europe/Brussels` of `/usr/share/zoneinfo/Europe/Brussels`.
fn zone_of_link(link: &str) -> Option<String> {
    let (_, zone) = link.split_once("zoneinfo/")?;
    let zone = zone.strip_prefix("posix/").or_else(|| zone.strip_prefix("right/")).unwrap_or(zone);
    (!zone.is_empty()).then(|| zone.to_string())
}

/// Seconds that this machine is ahead of the network, by the `Date` header of the first host that sends one.
pub(crate) async fn skew(world: &World, hosts: &[String], ca: Option<&[u8]>) -> Fact<f64> {
    // A registry on this very machine would only repeat our own clock.
    let outside: Vec<&String> = hosts.iter().filter(|h| !registries::own(h)).collect();
    if outside.is_empty() {
        return Fact::unknown("there is no host outside this machine to ask for the time");
    }
    // Plain HTTP second: where the clock is years off, no certificate is valid, and that is when this matters most.
    for scheme in ["https", "http"] {
        for host in &outside {
            let Ok(url) = Url::parse(&format!("{scheme}://{host}/")) else { continue };
            let before = world.clock.now();
            let answer = read::within(world, 2, world.network.http(Request { ca: ca.map(<[u8]>::to_vec), ..Request::get(url) })).await;
            let after = world.clock.now();
            if let Some(Ok(response)) = answer
                && let Some(theirs) = response.header("date").and_then(seconds)
            {
                // The header is cut to whole seconds: on average half a second is missing.
                let skew = (before + after) / 2.0 - (theirs + 0.5);
                return Fact::known(skew, format!("the Date header of {scheme}://{host}, good to about 1 s"));
            }
        }
    }
    Fact::unknown("none of the registries answers with its time")
}

/// Seconds since 1970 of a Date header (RFC 9110).
fn seconds(date: &str) -> Option<f64> {
    let time: Timestamp = DateTimeParser::new().parse_timestamp(date.trim()).ok()?;
    Some(time.as_second() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;
    use crate::world::network::{NetError, Response};

    #[test]
    fn the_zone_is_read_from_three_places() {
        let of = |host: Described| timezone(&host).get().cloned();
        assert_eq!(of(Described::new().link("/etc/localtime", "/usr/share/zoneinfo/Europe/Brussels")).as_deref(), Some("Europe/Brussels"));
        assert_eq!(of(Described::new().link("/etc/localtime", "../usr/share/zoneinfo/posix/Etc/UTC")).as_deref(), Some("Etc/UTC"));
        assert_eq!(
            of(Described::new().file("/etc/localtime", "TZif2").file("/etc/timezone", "America/Lima\n")).as_deref(),
            Some("America/Lima")
        );
        assert_eq!(of(Described::new().file("/etc/localtime", "TZif2")), None);
        assert_eq!(of(Described::new()).as_deref(), Some("UTC"));
    }

    fn dated(date: &str) -> Response {
        Response { status: 401, headers: vec![("date".into(), date.into())], body: vec![] }
    }

    #[tokio::test]
    async fn the_described_clock_is_told_apart_from_the_networks() {
        // The described machine's clock stands at 1750000000, which is 15 June 2025, 15:06:40 UTC.
        let hosts = ["localhost:5000".to_string(), "quay.io".into()];
        let right = Described::new().web("https://quay.io/", Ok(dated("Sun, 15 Jun 2025 15:06:40 GMT")));
        assert_eq!(skew(&right.world(), &hosts, None).await.get(), Some(&-0.5));
        let behind = Described::new()
            .web("https://quay.io/", Err(NetError::Tls("quay.io".into(), "certificate not yet valid".into())))
            .web("http://quay.io/", Ok(dated("Sun, 22 Nov 2026 21:41:45 GMT")));
        let fact = skew(&behind.world(), &hosts, None).await;
        assert!(*fact.get().unwrap() < -40_000_000.0 && fact.how().contains("http://quay.io"));
        assert!(skew(&Described::new().world(), &hosts, None).await.get().is_none());
        assert!(skew(&Described::new().world(), &hosts[..1], None).await.how().contains("no host outside"));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(Sun, |[0-9]{1,5}| |:|zoneinfo/|GMT|.){0,30}") {
            let _ = (seconds(&text), zone_of_link(&text));
        }
    }
}
