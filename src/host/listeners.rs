//! Ports that something listens on, with the program where this user may see it. From /proc/net and /proc/*/fd.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use crate::model::fact::Fact;
use crate::model::host::Listener;
use crate::world::files::Files;

use super::{read, routes};

/// `TCP_LISTEN` and, for UDP, an unconnected socket (`TCP_CLOSE`), in include/net/tcp_states.h.
const LISTENS: &str = "0A";
const UNCONNECTED: &str = "07";

/// Looks at the listening ports.
pub(crate) fn look(files: &dyn Files) -> Fact<Vec<Listener>> {
    let mut open = Vec::new();
    let mut read_any = Err("/proc/net/tcp is not there".to_string());
    for (path, protocol) in [("/proc/net/tcp", "tcp"), ("/proc/net/tcp6", "tcp"), ("/proc/net/udp", "udp"), ("/proc/net/udp6", "udp")] {
        match read::text(files, path) {
            Ok(table) => {
                open.extend(sockets(&table, protocol));
                read_any = Ok(());
            }
            // A kernel without IPv6 has no tables for it.
            Err(why) if read_any.is_err() => read_any = Err(why),
            Err(_) => {}
        }
    }
    if let Err(why) = read_any {
        return Fact::unknown(why);
    }
    let owners = owners(files, &open);
    let mut listeners: Vec<Listener> = open
        .into_iter()
        .map(|socket| {
            let owner = owners.get(&socket.inode);
            Listener {
                port: socket.port,
                address: socket.address,
                protocol: socket.protocol.into(),
                process: owner.map(|(_, name)| name.clone()),
                pid: owner.map(|(pid, _)| *pid),
            }
        })
        .collect();
    listeners.sort_by(|a, b| (a.port, &a.protocol, a.address, a.pid).cmp(&(b.port, &b.protocol, b.address, b.pid)));
    // Several threads or processes may share one port (SO_REUSEPORT).
    listeners.dedup_by(|a, b| a.port == b.port && a.protocol == b.protocol && a.address == b.address && a.process == b.process);
    let how = if files.uid() == 0 { "/proc/net and /proc/*/fd" } else { "/proc/net; programs of other users are not shown to this user" };
    Fact::known(listeners, how)
}

/// A listening socket of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Socket {
    address: IpAddr,
    port: u16,
    protocol: &'static str,
    inode: u64,
}

/// Reads a table: `sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …`.
fn sockets(table: &str, protocol: &'static str) -> Vec<Socket> {
    let state = if protocol == "tcp" { LISTENS } else { UNCONNECTED };
    let one = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, st, _, _, _, _, _, inode, ..] = fields.as_slice() else { return None };
        let (address, port) = local.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok().filter(|p| *p > 0)?;
        (*st == state).then_some(Socket { address: bound(address)?, port, protocol, inode: inode.parse().ok()? })
    };
    table.lines().skip(1).filter_map(one).collect()
}

/// 8 hex digits, or 32 that are four numbers of this machine's byte order.
fn bound(hex: &str) -> Option<IpAddr> {
    if hex.len() == 8 {
        return routes::address(hex).map(IpAddr::V4);
    }
    let mut bytes = Vec::with_capacity(16);
    for at in (0..32).step_by(8) {
        bytes.extend(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    (hex.len() == 32).then(|| address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
}

/// Which process holds which of the sockets, by inode. What this user may not see is left out.
fn owners(files: &dyn Files, open: &[Socket]) -> HashMap<u64, (u32, String)> {
    let mut owners = HashMap::new();
    for pid in files.list("/proc").unwrap_or_default().into_iter().filter_map(|n| n.parse::<u32>().ok()) {
        let folder = format!("/proc/{pid}/fd");
        let mut name: Option<String> = None;
        for fd in files.list(&folder).unwrap_or_default() {
            let Some(inode) = files.read_link(&format!("{folder}/{fd}")).ok().and_then(|link| socket_inode(&link)) else { continue };
            if open.iter().any(|s| s.inode == inode) {
                let name = name.get_or_insert_with(|| read::word(files, &format!("/proc/{pid}/comm")).unwrap_or_else(|| "unnamed".into()));
                owners.entry(inode).or_insert((pid, name.clone()));
            }
        }
    }
    owners
}

/// The number in `socket:[38042]`.
fn socket_inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(all(test, target_endian = "little"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const TCP: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 38042 1 00000000c0271d83 100 0 0 10 0\n   1: 00000000:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1065 1 00000000d8dc6c6c 100 0 0 10 0\n   2: 020200C0:A2B4 0A0200C0:01BB 01 00000000:00000000 00:00000000 00000000     0        0 1066 1 0 100 0 0 10 0\n";
    const TCP6: &str = "  sl  local_address remote_address st\n   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0\n";
    const UDP: &str = "   sl  local_address rem_address   st\n  512: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000   104        0 88 2 0 0\n";

    #[test]
    fn ports_are_listed_with_the_program_that_may_be_seen() {
        let host = Described::new()
            .files(&[("/proc/net/tcp", TCP), ("/proc/net/tcp6", TCP6), ("/proc/net/udp", UDP), ("/proc/812/comm", "docker-proxy\n")])
            .link("/proc/812/fd/7", "socket:[1065]")
            .link("/proc/812/fd/8", "/dev/null")
            .denied("/proc/1/fd");
        let fact = look(&host);
        let shown: Vec<String> = fact
            .get()
            .unwrap()
            .iter()
            .map(|l| format!("{} {} {} {:?} {:?}", l.protocol, l.address, l.port, l.process.as_deref(), l.pid))
            .collect();
        assert_eq!(
            shown,
            [
                "tcp :: 22 None None",
                "tcp 127.0.0.1 5000 None None",
                "udp 0.0.0.0 5353 None None",
                "tcp 0.0.0.0 9000 Some(\"docker-proxy\") Some(812)"
            ]
        );
    }

    #[test]
    fn no_tables_is_said_and_no_ipv6_is_fine() {
        assert_eq!(look(&Described::new()).how(), "/proc/net/udp6 is not there");
        assert_eq!(look(&Described::new().file("/proc/net/tcp", TCP)).get().map(Vec::len), Some(2));
        assert_eq!(bound("0000000000000000FFFF00000100007F"), Some("127.0.0.1".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "([0-9A-Fä]{1,33}|:| |\n|.){0,60}") {
            let _ = (sockets(&text, "tcp"), bound(&text), socket_inode(&text));
        }
    }
}
