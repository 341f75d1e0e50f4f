//! Rules about names, routes, name servers and proxies.

use super::outcome::{Facts, Outcome, elsewhere, known, only_on_cluster, only_on_docker};
use crate::model::answers::{Camera, PlatformKind};
use crate::model::subnet::Subnet;

/// hostname-invalid: Kubernetes registers a machine under its name and takes only lower case, digits and hyphens.
pub fn hostname(f: &Facts) -> Outcome {
    let name = known!(f.host.network.hostname);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = !name.is_empty()
        && name.len() <= 63
        && name.chars().all(|c| plain(c) || c == '-' || c == '.')
        && name.starts_with(plain)
        && name.ends_with(plain);
    let advice = "Give it a name of lower case letters, digits and hyphens: sudo hostnamectl set-hostname mynvr";
    if good {
        Outcome::pass(name.clone())
    } else if f.cluster_here() {
        Outcome::block(format!("the machine's name \"{name}\" is not one that a cluster takes"), advice)
    } else if name.chars().any(|c| c == '_' || c == ' ') || name.len() > 63 || name.is_empty() {
        Outcome::warn(format!("the machine's name \"{name}\" does not work in a web address"), advice)
    } else {
        // Capitals are all the same to DNS and to Docker.
        Outcome::pass(name.clone())
    }
}

/// no-default-route
pub fn default_route(f: &Facts) -> Outcome {
    if let Some(route) = known!(f.host.network.default_route) {
        return Outcome::pass(match route.via {
            Some(via) => format!("{via} on {}", route.device),
            None => route.device.clone(),
        });
    }
    if f.some_registry_answers() {
        return Outcome::pass("no default route for IPv4, but the network answers");
    }
    let seen = "no way out of this network: there is no default route";
    let advice = "Connect the network cable or Wi-Fi and look again: ip route shows a line that starts with \"default\" when it is right.";
    if f.answers.images.registry.is_some() || f.nothing_to_fetch() {
        return Outcome::warn(seen, "Images come from your own registry or are here already, so that is enough to install.");
    }
    Outcome::block(seen, advice)
}

/// dns-missing
pub fn dns(f: &Facts) -> Outcome {
    let servers = known!(f.host.network.dns);
    if !servers.is_empty() {
        return Outcome::pass(servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    }
    if f.some_registry_answers() {
        return Outcome::pass("no name server is listed, but names are found");
    }
    let seen = "no name server is set (/etc/resolv.conf lists none)";
    let advice = "Set one: sudo resolvectl dns eth0 9.9.9.9 – or write \"nameserver 9.9.9.9\" into /etc/resolv.conf.";
    if f.some_registry_is_silent() && f.answers.images.registry.is_none() && !f.nothing_to_fetch() {
        return Outcome::block(format!("{seen}, and no registry answers"), advice);
    }
    Outcome::warn(seen, advice)
}

/// dns-loopback: a name server on this machine is out of sight for what runs in its own network.
pub fn dns_loopback(f: &Facts) -> Outcome {
    let servers = known!(f.host.network.dns);
    // 127.0.0.53 is systemd-resolved; Docker and kubelet both know where its real servers are written.
    let stub = |a: &std::net::IpAddr| a.to_string() == "127.0.0.53";
    let only_loopback = !servers.is_empty() && servers.iter().all(|s| s.is_loopback() && !stub(s));
    if !only_loopback {
        return Outcome::pass("name servers can be reached from the parts");
    }
    let by_name = f
        .answers
        .cameras
        .iter()
        .flat_map(Camera::addresses)
        .any(|a| super::cameras::host_of(a).is_some_and(|h| h.parse::<std::net::IpAddr>().is_err()));
    if f.on_docker() && !by_name {
        return Outcome::pass("a name server on this machine; all cameras are given by number");
    }
    Outcome::warn(
        "the only name server is on this machine itself (127.…): parts in their own network may not reach it",
        "Give cameras by their number (192.168.…), or let Docker use another server: {\"dns\": [\"9.9.9.9\"]} in /etc/docker/daemon.json, \
         then sudo systemctl restart docker.",
    )
}

/// proxy-not-set-for-daemon
pub fn proxy(f: &Facts) -> Outcome {
    let proxies = known!(f.host.network.proxies);
    let set: Vec<&str> = proxies
        .iter()
        .filter(|(name, value)| !name.eq_ignore_ascii_case("no_proxy") && !value.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    if set.is_empty() {
        return Outcome::pass("no proxy is set");
    }
    if f.nothing_to_fetch() {
        return Outcome::pass("a proxy is set; all images are here already");
    }
    Outcome::warn(
        format!("this session uses a proxy ({}); Docker fetches images by itself and has a setting of its own", set.join(", ")),
        "If images do not come: sudo systemctl edit docker – write the two lines [Service] and \
         Environment=\"HTTPS_PROXY=http://YOUR-PROXY:PORT\" \"NO_PROXY=localhost,127.0.0.1,192.168.0.0/16\", then sudo systemctl restart docker.",
    )
}

/// The device belongs to a container engine, so that its routes are the engine's own.
fn engines_own(device: &str) -> bool {
    ["docker", "br-", "veth", "cni", "flannel", "cali", "vxlan", "podman", "lxdbr", "lxcbr", "virbr", "lo"]
        .iter()
        .any(|start| device.starts_with(start))
}

/// A range that this machine reaches other than through a container engine.
struct Lan<'a> {
    text: &'a str,
    subnet: Subnet,
    /// On a wire of this machine, not behind a gateway.
    direct: bool,
}

/// Ranges of this machine, without the default route and the halves of the internet that a VPN puts in its place.
fn lan<'a>(f: &'a Facts) -> Option<Vec<Lan<'a>>> {
    let routes = f.host.network.routes.get()?;
    let own = routes.iter().filter(|r| !engines_own(&r.device)).filter_map(|r| {
        let subnet = Subnet::parse(&r.to).filter(|s| !s.is_the_world())?;
        Some(Lan { text: &r.to, subnet, direct: r.via.is_none() })
    });
    Some(own.collect())
}

/// docker-subnet-overlap
pub fn docker_overlap(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let Some(engine) = f.engine() else { return Outcome::skip("Docker does not answer yet") };
    let Some(lan) = lan(f) else { return Outcome::skip(format!("not known: {}", f.host.network.routes.how())) };
    for text in &engine.subnets {
        let Some(subnet) = Subnet::parse(text) else { continue };
        if let Some(other) = lan.iter().find(|l| l.subnet.overlaps(&subnet)) {
            return Outcome::warn(
                format!("Docker's network {text} overlaps {} of this machine: parts may not reach cameras there", other.text),
                "Give Docker another range: {\"default-address-pools\": [{\"base\": \"10.210.0.0/16\", \"size\": 24}]} in \
                 /etc/docker/daemon.json, then sudo systemctl restart docker, and make the networks anew.",
            );
        }
    }
    Outcome::pass("Docker's networks and yours are apart")
}

/// site-subnet: the range that a person chose for the site's own network.
pub fn site_subnet(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let Some(text) = &f.answers.subnet else { return Outcome::skip("kerbup chooses a free one") };
    let Some(subnet) = Subnet::parse(text).filter(|_| text.contains('/')) else {
        return Outcome::block(format!("network.subnet \"{text}\" is no range"), "Write it as 10.210.7.0/24, or leave it out.");
    };
    if subnet.addresses() < 8 {
        return Outcome::block(format!("network.subnet {text} has too few addresses"), "Write it as 10.210.7.0/24, or leave it out.");
    }
    let advice = "Take a range that nobody uses, such as 10.210.7.0/24, or leave network.subnet out: kerbup then finds a free one.";
    let lan = lan(f).unwrap_or_default();
    let overlaps = |direct: bool| lan.iter().find(|l| l.direct == direct && l.subnet.overlaps(&subnet));
    if let Some(other) = overlaps(true) {
        return Outcome::block(format!("network.subnet {text} overlaps {}, which this machine is in", other.text), advice);
    }
    let engines = f.engine().map(|e| e.subnets.as_slice()).unwrap_or_default();
    // The network of a standing site is in this list too, without its name.
    if !f.stands()
        && let Some(taken) = engines.iter().find(|t| Subnet::parse(t).is_some_and(|s| s.overlaps(&subnet)))
    {
        return Outcome::block(format!("network.subnet {text} overlaps {taken}, which Docker uses already"), advice);
    }
    if let Some(other) = overlaps(false) {
        // The nearer range wins: what lies in it behind the gateway is then out of reach, the rest is not.
        return Outcome::warn(format!("network.subnet {text} hides a part of {}, which lies behind a gateway or VPN", other.text), advice);
    }
    Outcome::pass(text.clone())
}

/// pod-cidr-lan-overlap
pub fn pod_overlap(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    // Defaults of MicroK8s (Calico, services) and kubeadm with Flannel.
    let ranges: &[&str] = match f.answers.platform {
        PlatformKind::Microk8s => &["10.1.0.0/16", "10.152.183.0/24"],
        PlatformKind::Kubernetes => &["10.244.0.0/16", "10.96.0.0/12"],
        _ => return elsewhere(),
    };
    let Some(lan) = lan(f) else { return Outcome::skip(format!("not known: {}", f.host.network.routes.how())) };
    for range in ranges {
        let Some(subnet) = Subnet::parse(range) else { continue };
        let camera =
            f.answers.cameras.iter().find(|c| c.addresses().any(|a| super::cameras::address_of(a).is_some_and(|ip| subnet.holds(ip))));
        let taken = lan.iter().find(|l| l.subnet.overlaps(&subnet)).map(|l| format!("{} of this machine", l.text));
        if let Some(other) = taken.or_else(|| camera.map(|c| format!("the camera {}", c.name))) {
            return Outcome::block(
                format!("the cluster's own range {range} overlaps {other}: parts would not reach it"),
                "Run on Docker, which takes a free range, or give the cluster another one before it is made (network.pod_range).",
            );
        }
    }
    Outcome::pass("the cluster's ranges and yours are apart")
}
