//! Rules about cameras: their addresses as the parts will see them, and what came of trying them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::outcome::{Facts, Outcome, known, only_on_docker};
use crate::model::answers::Camera;
use crate::model::camera::StreamError;
use crate::model::subnet::Subnet;

/// Host of a camera's address, without brackets; an address without `rtsp://` counts too.
pub fn host_of(address: &str) -> Option<String> {
    let whole = if address.contains("://") { address.to_owned() } else { format!("rtsp://{address}") };
    let host = url::Url::parse(&whole).ok()?.host_str()?.to_ascii_lowercase();
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// The same as a number, where it is one.
pub fn address_of(address: &str) -> Option<IpAddr> {
    host_of(address)?.parse().ok()
}

fn names<'a>(cameras: impl Iterator<Item = &'a Camera>) -> String {
    cameras.map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn none(f: &Facts) -> Option<Outcome> {
    f.answers.cameras.is_empty().then(|| Outcome::skip("no cameras yet"))
}

/// The camera gave a picture when it was tried.
fn works(f: &Facts, camera: &Camera) -> bool {
    f.tried.get(&camera.name).is_some_and(|t| t.outcome.is_ok())
}

/// camera-address
pub fn address(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let odd = |a: &str| !matches!(a.split_once("://"), Some(("rtsp" | "rtsps", _))) || host_of(a).is_none();
    let wrong = |c: &&Camera| c.addresses().any(odd);
    let list = names(f.answers.cameras.iter().filter(wrong));
    if list.is_empty() {
        return Outcome::pass("every address reads as a camera's");
    }
    Outcome::warn(
        format!("no camera address: {list}"),
        "It starts with rtsp://, such as rtsp://192.168.1.31/stream1. The camera's manual or web page has it, often under \"RTSP\" or \"streaming\".",
    )
}

/// camera-answers: what came of trying each.
pub fn answers(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let tried: Vec<_> = f.answers.cameras.iter().filter_map(|c| f.tried.get(&c.name)).collect();
    let failed: Vec<_> = tried.iter().filter(|t| t.outcome.is_err()).collect();
    if tried.is_empty() {
        return Outcome::skip("no camera was tried yet");
    }
    if failed.is_empty() {
        return Outcome::pass(format!("{} of {} cameras gave a picture", tried.len(), f.answers.cameras.len()));
    }
    let seen: Vec<String> = failed
        .iter()
        .map(|t| match &t.outcome {
            Err(error) => format!("{}: {error}", t.name),
            Ok(_) => t.name.clone(),
        })
        .collect();
    let advice: Vec<String> =
        failed.iter().filter_map(|t| t.outcome.as_ref().err().map(|e| format!("{}: {}", t.name, cure(e, &t.advice)))).collect();
    Outcome::warn(seen.join("; "), format!("{} You can go on: a camera that answers later records by itself.", advice.join(" ")))
}

fn cure(error: &StreamError, said: &str) -> String {
    if !said.is_empty() {
        return if said.ends_with('.') { said.to_owned() } else { format!("{said}.") };
    }
    match error {
        StreamError::Login => "Check user and password; some cameras have a login of their own for streams.",
        StreamError::Path { .. } => "The path behind the address is another one; the camera's manual has it.",
        StreamError::Refused => "Switch RTSP on in the camera's settings; its port is usually 554.",
        StreamError::Name { .. } => "Use its number, such as 192.168.1.31; your router lists it.",
        StreamError::Codec { .. } => "Set the camera to H.264 in its settings.",
        StreamError::Address { .. } => "Write it as rtsp://192.168.1.31/stream1.",
        StreamError::Unreachable { .. } | StreamError::NoPicture { .. } | StreamError::Protocol { .. } => {
            "See that it is switched on and on the same network."
        }
    }
    .to_owned()
}

/// camera-localhost
pub fn localhost(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let local = |a: &str| {
        host_of(a).is_some_and(|h| {
            h == "localhost" || h.ends_with(".localhost") || h.parse::<IpAddr>().is_ok_and(|a| a.is_loopback() || a.is_unspecified())
        })
    };
    let list = names(f.answers.cameras.iter().filter(|c| c.addresses().any(local)));
    if list.is_empty() {
        return Outcome::pass("no camera is called localhost");
    }
    Outcome::warn(
        format!("a camera on this very machine: {list}"),
        "Its recorder is pointed at this machine. The camera must listen on all addresses, not on 127.0.0.1 alone.",
    )
}

/// camera-local-name: names of the `.local` sort are called out on the LAN, which does not reach into containers.
pub fn local_name(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let list = names(f.answers.cameras.iter().filter(|c| c.addresses().any(|a| host_of(a).is_some_and(|h| h.ends_with(".local")))));
    if list.is_empty() {
        return Outcome::pass("no camera has a .local name");
    }
    Outcome::warn(
        format!("names that end in .local are looked up once, when a recorder is made: {list}"),
        "When the camera gets another address its recorder loses it: write the camera's number instead. It is: getent hosts NAME.local – and let your router always give it the same one.",
    )
}

/// camera-own-address
pub fn own_address(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let interfaces = known!(f.host.network.interfaces);
    let own = |ip: IpAddr| interfaces.iter().any(|i| i.addresses.iter().any(|(a, _)| *a == ip));
    let cameras = f.answers.cameras.iter().filter(|c| c.addresses().any(|a| address_of(a).is_some_and(own)));
    let list = names(cameras);
    if list.is_empty() {
        return Outcome::pass("no camera has this machine's address");
    }
    match f.host.firewall.get() {
        Some(Some(name)) => Outcome::warn(
            format!("this machine's own address: {list}; its firewall ({name}) may keep the recorders out"),
            "Open the stream's port for containers, with ufw: sudo ufw allow from 172.16.0.0/12 to any port 8554 proto tcp",
        ),
        _ => Outcome::pass(format!("served by this machine itself: {list}")),
    }
}

/// camera-in-docker-subnet
pub fn docker_subnet(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let Some(engine) = f.engine() else { return Outcome::skip("Docker does not answer yet") };
    let subnets: Vec<Subnet> = engine.subnets.iter().filter_map(|s| Subnet::parse(s)).collect();
    let within = |a: &str| address_of(a).is_some_and(|ip| subnets.iter().any(|s| s.holds(ip)));
    let inside = |c: &&Camera| !works(f, c) && c.addresses().any(within);
    let list = names(f.answers.cameras.iter().filter(inside));
    if list.is_empty() {
        return Outcome::pass("no camera's address lies in Docker's own networks");
    }
    Outcome::warn(
        format!("Docker uses the network of these cameras for itself: {list}"),
        "Give Docker another range: {\"default-address-pools\": [{\"base\": \"10.210.0.0/16\", \"size\": 24}]} in /etc/docker/daemon.json, remove \
         its network in that range (docker network ls, docker network rm NAME), then sudo systemctl restart docker.",
    )
}

/// camera-twice: cameras give few streams at a time (agent-camera-session-limit).
pub fn twice(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let mut by_address: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for camera in &f.answers.cameras {
        by_address.entry(camera.url.trim_end_matches('/')).or_default().push(&camera.name);
    }
    match by_address.values().find(|names| names.len() > 1) {
        Some(names) => Outcome::warn(
            format!("the same camera twice: {}", names.join(", ")),
            "Remove one of them, unless you want it twice: many cameras give only one or two streams at a time.",
        ),
        None => Outcome::pass("every camera is named once"),
    }
}

/// agent-rtsps-cert
pub fn rtsps(f: &Facts) -> Outcome {
    if let Some(outcome) = none(f) {
        return outcome;
    }
    let list = names(f.answers.cameras.iter().filter(|c| c.addresses().any(|a| a.starts_with("rtsps://")) && !works(f, c)));
    if list.is_empty() {
        return Outcome::pass("no camera needs a certificate");
    }
    Outcome::warn(
        format!("rtsps:// asks for a certificate that cameras rarely have: {list}"),
        "If no picture comes, use rtsp:// with port 554 on your own network.",
    )
}
