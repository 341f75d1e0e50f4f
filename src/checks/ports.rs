//! Rules about ports of this machine: taken, by whom, and whether this user may open them.

use std::net::IpAddr;

use super::outcome::{Facts, Outcome, known, only_on_cluster, only_on_docker};
use crate::model::answers::{Expose, PlatformKind};
use crate::model::check::Fix;
use crate::model::host::{DockerFlavour, Listener};

/// Who listens on a TCP port in a way that stands in ours: everything but an address that we do not bind.
fn taken<'a>(f: &Facts<'a>, listeners: &'a [Listener], port: u16) -> Option<&'a Listener> {
    let clashes = |address: IpAddr| match f.answers.expose {
        Expose::Loopback => address.is_unspecified() || address.is_loopback(),
        _ => true,
    };
    listeners.iter().find(|l| l.port == port && l.protocol.starts_with("tcp") && clashes(l.address))
}

/// A container of this site has the port; or kerbup's list says that it is ours, and no other site has it.
fn is_ours(f: &Facts, port: u16) -> bool {
    let standing = f.host.existing.get().map(Vec::as_slice).unwrap_or_default();
    match standing.iter().find(|e| e.ports.contains(&port)) {
        Some(holder) => holder.site.as_deref() == Some(&f.answers.site),
        None => f.is_ours(&port.to_string()),
    }
}

/// The program in words: a container's name says more than `docker-proxy`.
fn who(f: &Facts, listener: &Listener) -> String {
    let containers = f.host.existing.get().map(Vec::as_slice).unwrap_or_default();
    if let Some(found) = containers.iter().find(|e| e.running && e.ports.contains(&listener.port)) {
        return format!("the container {}", found.name);
    }
    match (&listener.process, listener.pid) {
        (Some(name), Some(pid)) => format!("{name} (pid {pid})"),
        (Some(name), None) => name.clone(),
        _ => "another program".into(),
    }
}

fn free(f: &Facts, port: u16, what: &str, key: &str) -> Outcome {
    let listeners = known!(f.host.listeners);
    if is_ours(f, port) {
        return Outcome::pass(format!("port {port} is this site's own"));
    }
    match taken(f, listeners, port) {
        None => Outcome::pass(format!("port {port} is free")),
        Some(listener) => Outcome::block(
            format!("port {port} for {what} is taken by {}", who(f, listener)),
            format!(
                "Let kerbup take another one (network.ports.{key} = {}), or stop that program. Who it is: sudo ss -ltnp 'sport = :{port}'",
                next_free(f, listeners, port)
            ),
        )
        .fix(Fix::OtherPort),
    }
}

/// The nearest port above that nobody listens on and no other answer uses.
pub fn next_free(f: &Facts, listeners: &[Listener], port: u16) -> u16 {
    let used = |p: u16| p == f.answers.vault_port || p == f.answers.storage_port || listeners.iter().any(|l| l.port == p);
    (port.saturating_add(1)..=u16::MAX).find(|p| !used(*p)).unwrap_or(port)
}

/// port-vault-taken
pub fn vault(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if !f.full() {
        return Outcome::skip("no recordings page in the small shape");
    }
    free(f, f.answers.vault_port, "the recordings page", "vault")
}

/// port-storage-taken
pub fn storage(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if !f.video_store_here() {
        return Outcome::skip("no video store is installed with this site");
    }
    free(f, f.answers.storage_port, "the video store", "storage")
}

/// port-privileged: a user's own engine may not open ports below 1024.
pub fn privileged(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if !f.full() {
        return Outcome::skip("no port is opened in the small shape");
    }
    let Some(engine) = f.engine() else { return Outcome::skip("Docker does not answer yet") };
    let low = [f.answers.vault_port, f.answers.storage_port].into_iter().find(|p| *p < 1024);
    match low {
        Some(port) if engine.flavour == DockerFlavour::Rootless => Outcome::warn(
            format!("port {port}: a Docker without root opens only ports from 1024 on"),
            "Take a port such as 8080, or allow it: echo net.ipv4.ip_unprivileged_port_start=80 | sudo tee /etc/sysctl.d/90-ports.conf && sudo \
             sysctl --system",
        )
        .fix(Fix::OtherPort),
        _ => Outcome::pass("the ports may be opened"),
    }
}

/// cluster-port-taken: the control plane's own ports, where no cluster stands yet.
pub fn cluster(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    let tools = &f.host.tools;
    let (stands, ports): (bool, &[u16]) = match f.answers.platform {
        PlatformKind::Microk8s => (matches!(tools.microk8s.get(), Some(Some(_))), &[16443, 10250, 10257, 10259, 25000, 19001]),
        PlatformKind::Kubernetes => (
            matches!(tools.kubeadm.get(), Some(Some(_))) || matches!(f.host.kubeconfig.get(), Some(all) if !all.is_empty()),
            &[6443, 10250, 10257, 10259, 2379, 2380],
        ),
        _ => return super::outcome::elsewhere(),
    };
    if stands {
        return Outcome::skip("a cluster stands already and has its ports");
    }
    let listeners = known!(f.host.listeners);
    match ports.iter().find_map(|p| listeners.iter().find(|l| l.port == *p)) {
        Some(l) => Outcome::block(
            format!("port {} of the cluster's control plane is taken by {}", l.port, who(f, l)),
            format!("Stop that program first. Who it is: sudo ss -ltnp 'sport = :{}'", l.port),
        ),
        None => Outcome::pass("the control plane's ports are free"),
    }
}

/// nodeport-taken: where upstream's page, Factory and store are opened on a cluster.
pub fn nodeports(f: &Facts) -> Outcome {
    only_on_cluster!(f);
    if !f.cluster_here() {
        return super::outcome::elsewhere();
    }
    let listeners = known!(f.host.listeners);
    match [30079, 30080, 30090].into_iter().find_map(|p| listeners.iter().find(|l| l.port == p)) {
        Some(l) => Outcome::warn(format!("port {} is taken by {}", l.port, who(f, l)), "Another node port has to be taken for that page."),
        None => Outcome::pass("node ports 30079, 30080 and 30090 are free"),
    }
}
