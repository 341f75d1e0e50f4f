//! Name, interfaces with their addresses, routes, name servers and proxies.

use std::net::IpAddr;

use serde::Deserialize;

use crate::model::fact::Fact;
use crate::model::host::{Interface, Network};
use crate::world::World;
use crate::world::files::Files;

use super::{read, routes};

/// Looks at the network; asks nobody outside.
pub(crate) async fn look(world: &World) -> Network {
    let files = &*world.files;
    let table = read::text(files, "/proc/net/route").map(|t| routes::table(&t));
    Network {
        hostname: match read::word(files, "/proc/sys/kernel/hostname") {
            Some(name) => Fact::known(name, "/proc/sys/kernel/hostname"),
            None => Fact::unknown("/proc/sys/kernel/hostname cannot be read"),
        },
        interfaces: interfaces(world, table.as_deref().unwrap_or_default()).await,
        routes: match &table {
            Ok(entries) => Fact::known(entries.iter().map(|e| e.route.clone()).collect(), "/proc/net/route"),
            Err(why) => Fact::unknown(why.clone()),
        },
        default_route: match &table {
            Ok(entries) => match routes::default(entries) {
                Some(route) => Fact::known(Some(route), "/proc/net/route"),
                None => Fact::known(
                    routes::default6(&read::text(files, "/proc/net/ipv6_route").unwrap_or_default()),
                    "/proc/net/route and ipv6_route",
                ),
            },
            Err(why) => Fact::unknown(why.clone()),
        },
        dns: match read::text(files, "/etc/resolv.conf") {
            Ok(text) => Fact::known(name_servers(&text), "/etc/resolv.conf"),
            Err(why) => Fact::unknown(why),
        },
        proxies: proxies(files),
    }
}

/// Interfaces that are up, without loopback.
async fn interfaces(world: &World, table: &[routes::Entry]) -> Fact<Vec<Interface>> {
    if world.processes.find("ip").is_some()
        && let Ok(output) = read::run(world, "ip", &["-j", "addr"], 2).await
        && output.ok()
        && let Some(found) = parse_ip(&output.stdout)
    {
        return Fact::known(found, "ip -j addr");
    }
    let files = &*world.files;
    let names = match files.list("/sys/class/net") {
        Ok(names) => names,
        Err(e) => return Fact::unknown(read::why("/sys/class/net", e.kind())),
    };
    let mut found: Vec<Interface> = names
        .into_iter()
        .filter(|n| n != "lo" && !cable(n) && up(files, n))
        .map(|n| Interface { inner: inner(&n), name: n, addresses: vec![] })
        .collect();
    let mut add = |name: &str, address: IpAddr, prefix: u8| {
        if let Some(interface) = found.iter_mut().find(|i| i.name == name) {
            interface.addresses.push((address, prefix));
        }
    };
    for address in routes::own_addresses(&read::text(files, "/proc/net/fib_trie").unwrap_or_default()) {
        if let Some((name, prefix)) = routes::home(table, address) {
            add(name, address.into(), prefix);
        }
    }
    for (name, address, prefix) in routes::addresses6(&read::text(files, "/proc/net/if_inet6").unwrap_or_default()) {
        add(&name, address.into(), prefix);
    }
    Fact::known(found, "/sys/class/net and /proc/net")
}

/// `IFF_UP` (bit 0 of linux/if.h's flags) is set.
fn up(files: &dyn Files, name: &str) -> bool {
    let flags = read::word(files, &format!("/sys/class/net/{name}/flags")).unwrap_or_default();
    u32::from_str_radix(flags.trim_start_matches("0x"), 16).is_ok_and(|f| f & 1 == 1)
}

/// The end of a container's cable: there is one for each container, and no address on it is anybody's.
fn cable(name: &str) -> bool {
    name.starts_with("veth")
}

/// Made by a container engine, a cluster, a hypervisor or a VPN: no address that a camera or a browser at home would use.
pub(crate) fn inner(name: &str) -> bool {
    const MADE: [&str; 20] = [
        "docker",
        "br-",
        "veth",
        "cni",
        "flannel",
        "cali",
        "vxlan",
        "virbr",
        "lxcbr",
        "lxdbr",
        "incusbr",
        "podman",
        "tun",
        "tap",
        "wg",
        "tailscale",
        "zt",
        "kube",
        "nodelocaldns",
        "cilium",
    ];
    MADE.iter().any(|m| name.starts_with(m))
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    ifname: String,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    addr_info: Vec<ShownAddress>,
}

#[derive(Deserialize)]
struct ShownAddress {
    local: Option<IpAddr>,
    #[serde(default)]
    prefixlen: u8,
}

/// Reads `ip -j addr`. None where it is no JSON (busybox's ip knows no -j).
fn parse_ip(text: &str) -> Option<Vec<Interface>> {
    let shown: Vec<Shown> = serde_json::from_str(text).ok()?;
    let has = |s: &Shown, flag: &str| s.flags.iter().any(|f| f == flag);
    let useful = shown.into_iter().filter(|s| !s.ifname.is_empty() && !cable(&s.ifname) && has(s, "UP") && !has(s, "LOOPBACK"));
    Some(
        useful
            .map(|s| Interface {
                inner: inner(&s.ifname),
                name: s.ifname,
                addresses: s.addr_info.into_iter().filter_map(|a| Some((a.local?, a.prefixlen))).collect(),
            })
            .collect(),
    )
}

/// Name servers of resolv.conf(5); a zone such as `%eth0` is left out.
fn name_servers(text: &str) -> Vec<IpAddr> {
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        let address = (words.next()? == "nameserver").then(|| words.next())??;
        address.split('%').next()?.parse().ok()
    };
    text.lines().filter_map(server).collect()
}

/// Proxies as set for this process, in the small-letter form where both are.
fn proxies(files: &dyn Files) -> Fact<Vec<(String, String)>> {
    let one = |name: &&str| {
        let value = files.variable(name).or_else(|| files.variable(&name.to_uppercase())).filter(|v| !v.trim().is_empty())?;
        Some(((*name).to_string(), without_login(value.trim())))
    };
    Fact::known(["http_proxy", "https_proxy", "all_proxy", "no_proxy"].iter().filter_map(one).collect(), "the environment of this process")
}

/// An address with what stands before the last `@` of its host part cut out.
pub(crate) fn without_login(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(s, r)| (s, r));
    // A password may hold a slash that nobody escaped; then more is cut, never less.
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if scheme.is_empty() { host.into() } else { format!("{scheme}://{host}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const IP: &str = r#"[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]},
{"ifname":"ifb0","flags":["BROADCAST","NOARP"],"addr_info":[]},{"ifname":"veth1","flags":["UP"],"addr_info":[]},
{"ifname":"eth0","flags":["BROADCAST","UP","LOWER_UP"],"operstate":"UP","addr_info":[{"family":"inet","local":"192.0.2.2","prefixlen":24},{"family":"inet6","local":"fd00::2","prefixlen":64}]},
{},{"ifname":"docker0","flags":["UP"],"addr_info":[{"family":"inet","local":"172.17.0.1","prefixlen":16}]}]"#;

    #[cfg(target_endian = "little")]
    fn machine() -> Described {
        Described::new().files(&[
            ("/sys/class/net/lo/flags", "0x9\n"),
            ("/sys/class/net/eth0/flags", "0x1003\n"),
            ("/sys/class/net/wlan0/flags", "0x1002\n"),
            ("/proc/sys/kernel/hostname", "n5105\n"),
            ("/proc/net/route", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\neth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"),
            ("/proc/net/fib_trie", "  |-- 192.0.2.2\n   /32 host LOCAL\n"),
            ("/proc/net/if_inet6", "fd000000000000000000000000000002 04 40 00 82     eth0\n"),
            ("/etc/resolv.conf", "# made by hand\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\nsearch lan\noptions edns0\n"),
        ])
    }

    #[cfg(target_endian = "little")]
    #[tokio::test]
    async fn all_is_known_without_any_program() {
        let seen = look(&machine().world()).await;
        let interfaces = seen.interfaces.get().unwrap();
        assert_eq!(interfaces.len(), 1);
        assert_eq!(interfaces[0].addresses, [("192.0.2.2".parse().unwrap(), 24), ("fd00::2".parse().unwrap(), 64)]);
        assert_eq!(seen.default_route.get().unwrap().as_ref().unwrap().device, "eth0");
        assert_eq!(seen.dns.get().unwrap(), &["127.0.0.53".parse::<IpAddr>().unwrap(), "fe80::1".parse().unwrap()]);
        assert_eq!(seen.hostname.get().map(String::as_str), Some("n5105"));
    }

    #[tokio::test]
    async fn the_ip_program_is_believed_and_busyboxs_is_not_needed() {
        let seen = look(&Described::new().answer("ip -j addr", IP).world()).await;
        let names: Vec<_> = seen.interfaces.get().unwrap().iter().map(|i| (i.name.as_str(), i.inner)).collect();
        assert_eq!(names, [("eth0", false), ("docker0", true)]);
        let busybox = look(&Described::new().ends("ip -j addr", 0, "BusyBox v1.37").world()).await;
        assert_eq!(busybox.interfaces.how(), "/sys/class/net is not there");
    }

    #[test]
    fn logins_of_proxies_are_cut_out() {
        let host = Described::new().variable("HTTPS_PROXY", "http://me:s3/cr@t@proxy.lan:3128").variable("no_proxy", "localhost,.lan");
        let fact = proxies(&host);
        assert_eq!(
            fact.get().unwrap(),
            &[("https_proxy".to_string(), "http://proxy.lan:3128".to_string()), ("no_proxy".into(), "localhost,.lan".into())]
        );
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(nameserver|[0-9.:]|%|@|://|\n|.){0,60}") {
            let _ = (name_servers(&text), without_login(&text), parse_ip(&text));
        }
    }
}
