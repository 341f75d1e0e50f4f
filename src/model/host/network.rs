//! Names, addresses, routes and listening ports.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::fact::Fact;

/// Name, addresses, routes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Host name.
    pub hostname: Fact<String>,
    /// Interfaces that are up, without loopback and without the ends of containers' cables (veth).
    pub interfaces: Fact<Vec<Interface>>,
    /// IPv4 routes of the main table as `CIDR` with their device.
    pub routes: Fact<Vec<Route>>,
    /// The device and gateway of the default route.
    pub default_route: Fact<Option<Route>>,
    /// Name servers of resolv.conf.
    pub dns: Fact<Vec<IpAddr>>,
    /// `http_proxy`, `https_proxy`, `no_proxy` as set for this process; logins cut out.
    pub proxies: Fact<Vec<(String, String)>>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// `eth0`.
    pub name: String,
    /// Addresses with prefix length.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Belongs to a container engine or a VPN, by name.
    pub inner: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Destination as CIDR, `0.0.0.0/0` for the default.
    pub to: String,
    /// Next hop.
    pub via: Option<IpAddr>,
    /// Device.
    pub device: String,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Port.
    pub port: u16,
    /// Address it is bound to.
    pub address: IpAddr,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The program, where this user may see it.
    pub process: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
}
