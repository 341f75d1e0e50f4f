//! Rules about the Docker engine: is it there, does it answer, is it one that can do the work.

use super::outcome::{Facts, Outcome, below, known, only_on_docker};
use crate::model::check::Fix;
use crate::model::host::{DockerEngine, DockerFlavour, DockerPresence, Sudo};
use crate::recipe::condition::version;
use crate::recipe::engine;

/// Ends a rule early that needs an engine which answers.
macro_rules! engine {
    ($facts:expr) => {{
        only_on_docker!($facts);
        known!($facts.host.docker);
        match $facts.engine() {
            Some(engine) => engine,
            None => return Outcome::skip("Docker does not answer yet"),
        }
    }};
}

/// kerbup can become root here.
fn may_become_root(f: &Facts) -> bool {
    f.user().is_none_or(|u| u.sudo != Sudo::Missing)
}

/// Name of what manages services here.
fn service_manager<'a>(f: &Facts<'a>) -> Option<&'a str> {
    f.host.service_manager.get()?.as_deref()
}

/// docker-missing
pub fn missing(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if *known!(f.host.docker) != DockerPresence::Missing {
        return Outcome::pass("Docker is installed");
    }
    let packages = f.host.package_manager.get().map(|m| m.as_deref());
    let by_hand = match engine::by_hand(packages.flatten(), service_manager(f)) {
        Some(all) => format!("Install and start it, then start kerbup again: {}", engine::typed(&all)),
        None => format!("Install it by hand and start it, then start kerbup again: {} has the commands.", engine::GUIDE),
    };
    match packages {
        Some(None) => Outcome::block("Docker is not installed, and kerbup does not know this system's packages", by_hand),
        Some(Some(other)) if !engine::OURS.contains(&other) => {
            Outcome::block(format!("Docker is not installed, and kerbup does not install it with {other}"), by_hand)
        }
        _ if f.host.service_manager.get().is_some() && service_manager(f) != Some("systemctl") => {
            Outcome::block("Docker is not installed, and there is no systemd here, with which kerbup would start it", by_hand)
        }
        _ if !may_become_root(f) => Outcome::block("Docker is not installed, and only root can install it", "Become root first: su -"),
        _ => Outcome::warn("Docker is not installed", "Nothing to do: kerbup installs your distribution's own.").fix(Fix::InstallDocker),
    }
}

/// docker-daemon-down
pub fn stopped(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let DockerPresence::Stopped { detail, masked, snap, desktop } = known!(f.host.docker) else {
        return Outcome::pass("Docker is not stopped");
    };
    let seen = format!("Docker is installed and does not run: {detail}");
    if *desktop {
        return Outcome::block("Docker is installed as Docker Desktop alone, which kerbup cannot use", engine_beside());
    }
    if *masked {
        return Outcome::block(
            format!("{seen}. Somebody switched it off for good (masked)"),
            "If it may run again: sudo systemctl unmask docker.service docker.socket && sudo systemctl enable --now docker",
        );
    }
    if *snap {
        let seen = format!("{seen}. {}", if f.database_here() { "The snap cannot be used here" } else { "It is the snap" });
        let start = "sudo snap start --enable docker. Why it stopped: sudo snap logs docker";
        let small = "For cameras alone, with a folder below /home, start it";
        return Outcome::block(
            seen,
            if f.database_here() { format!("{OWN_DOCKER} {small}: {start}") } else { format!("Start it: {start}") },
        );
    }
    if !may_become_root(f) {
        return Outcome::block(seen, "Only root can start it: su - and then systemctl enable --now docker");
    }
    let why = "sudo journalctl -u docker -n 50 says why it stopped; a slip in /etc/docker/daemon.json is common.";
    match f.host.service_manager.get() {
        Some(Some(manager)) if manager != "systemctl" => {
            Outcome::block(seen, format!("Start it, then start kerbup again: {}", engine::typed(&engine::start(Some(manager)))))
        }
        Some(None) => Outcome::block(seen, "There is no service manager here. Start it by hand: sudo dockerd &"),
        _ => Outcome::warn(seen, format!("kerbup can start it. If it stops again: {why}")).fix(Fix::StartDocker),
    }
}

/// docker-sock-permission
pub fn access(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let DockerPresence::NoAccess { socket } = known!(f.host.docker) else {
        return Outcome::pass("Docker's socket is not closed to this user");
    };
    let name = f.user().map_or("this user", |u| u.name.as_str());
    let seen = format!("{name} may not use Docker ({socket})");
    let group = format!("sudo usermod -aG docker {name} – then log out and in again (this group is as strong as root)");
    if may_become_root(f) {
        Outcome::warn(seen, format!("Start kerbup with sudo, or join the group for good: {group}"))
    } else {
        Outcome::block(seen, "Become root and start kerbup again: su -")
    }
}

/// docker-remote
pub fn remote(f: &Facts) -> Outcome {
    only_on_docker!(f);
    match known!(f.host.docker) {
        DockerPresence::Remote { host } => Outcome::block(
            match host.split_once("://").map_or("", |(_, to)| to) {
                to if ["127.", "localhost", "[::1]"].iter().any(|own| to.starts_with(own)) => {
                    format!("Docker commands here go to a port, behind which another machine may be ({host})")
                }
                _ => format!("Docker commands here go to another machine ({host})"),
            },
            "Run kerbup on that machine itself. Or use the Docker here: unset DOCKER_HOST; docker context use default",
        ),
        _ => Outcome::pass("Docker is this machine's own"),
    }
}

/// docker-too-old
pub fn too_old(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.flavour == DockerFlavour::Podman {
        return Outcome::skip("Podman counts its versions otherwise");
    }
    match version(&engine.version) {
        Some(found) if found < (20, 10) => Outcome::block(
            format!("Docker {} is too old: 20.10 is the oldest that works", engine.version),
            "Update it with your system's packages (Debian, Ubuntu: sudo apt update && sudo apt install docker.io), or by \
             docs.docker.com/engine/install.",
        ),
        Some(_) => Outcome::pass(format!("Docker {}", engine.version)),
        None => Outcome::skip(format!("not known: Docker calls its version {}", engine.version)),
    }
}

/// What to do where Docker is the snap.
const OWN_DOCKER: &str = "Take your distribution's Docker instead: sudo snap remove docker (copy what its containers keep first), then start \
                          kerbup again: it installs the other one.";

/// docker-snap-install: the snap sees only some folders of the machine.
pub fn snap(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.flavour != DockerFlavour::Snap {
        return Outcome::pass("Docker is not the snap");
    }
    // The database reads its first password from a file, which lies with kerbup's own things.
    if f.database_here() {
        return Outcome::block(
            "Docker is the snap, which does not see /var/lib/kerbup: the database could not read its password there",
            format!("{OWN_DOCKER} Cameras alone (the small shape) may do with the snap, in a folder below /home."),
        );
    }
    let path = &f.answers.path;
    if below(path, "/home") || below(path, "/var/snap/docker") {
        return Outcome::warn(
            format!("Docker is the snap, which sees only part of the disks; {path} should be one of them"),
            format!("If a recorder does not start: {OWN_DOCKER}"),
        );
    }
    if ["/media", "/mnt", "/run/media"].iter().any(|place| below(path, place)) {
        return Outcome::warn(
            format!("Docker is the snap, which sees {path} only when it was allowed to"),
            format!(
                "Allow it: sudo snap connect docker:removable-media && sudo snap restart docker. If a recorder does not start: {OWN_DOCKER}"
            ),
        );
    }
    Outcome::block(format!("Docker is the snap, which does not see {path}"), format!("Choose a folder below /home. Or: {OWN_DOCKER}"))
}

/// docker-rootless: an engine of one user's cannot do what belongs to the machine.
pub fn rootless(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.flavour != DockerFlavour::Rootless {
        return Outcome::pass("Docker is root's");
    }
    Outcome::block(
        "the Docker that answers is a user's own (rootless): it cannot use folders of root's, and ends when that user logs out",
        format!(
            "kerbup needs root's Docker, which may run beside it. Where that runs already: docker context use default; unset DOCKER_HOST. \
             Where it is installed: {}. Else: {} Then: sudo kerbup",
            engine::typed(&engine::start(service_manager(f))),
            install_guide(),
        ),
    )
}

fn install_guide() -> String {
    format!("{} has the commands for your system.", engine::GUIDE)
}

/// What to do where there is Docker Desktop alone.
fn engine_beside() -> String {
    format!(
        "kerbup needs Docker Engine, which may run beside Docker Desktop: {} Then: docker context use default, and sudo kerbup",
        install_guide()
    )
}

/// docker-is-podman
pub fn podman(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.flavour != DockerFlavour::Podman {
        return Outcome::pass("Docker itself");
    }
    Outcome::warn(
        format!("Podman {} answers in Docker's place: parts may not come back after a restart", engine.version),
        "Switch their return on: sudo systemctl enable --now podman-restart.service – or install Docker itself, which kerbup is tried with.",
    )
}

/// docker-desktop
pub fn desktop(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.flavour != DockerFlavour::Desktop {
        return Outcome::pass("not Docker Desktop");
    }
    Outcome::block(
        "this is Docker Desktop: parts run in a virtual machine of its own, where kerbup cannot reach them, and only while you are logged in",
        engine_beside(),
    )
}

/// docker-not-at-boot
pub fn at_boot(f: &Facts) -> Outcome {
    let engine = engine!(f);
    let seen = "Docker does not start with the machine: nothing records after a restart";
    match (engine.enabled, engine.flavour) {
        (Some(true), _) => Outcome::pass("Docker starts with the machine"),
        (None, _) => Outcome::skip("not known: the service manager does not say"),
        (_, DockerFlavour::Podman) => Outcome::warn(seen, "Switch it on: sudo systemctl enable podman.socket podman-restart.service"),
        (_, DockerFlavour::Snap) => Outcome::warn(seen, "Switch it on: sudo snap start --enable docker"),
        (_, DockerFlavour::Rootless | DockerFlavour::Desktop) => Outcome::skip("it is a user's own"),
        (_, DockerFlavour::Rootful) if service_manager(f) == Some("systemctl") => {
            Outcome::warn(seen, "Nothing to do: kerbup switches it on, as the first step of the plan.").fix(Fix::StartDocker)
        }
        (_, DockerFlavour::Rootful) => {
            Outcome::warn(seen, format!("Switch it on: {}", engine::start(service_manager(f)).first().unwrap_or(&"")))
        }
    }
}

/// docker-driver
pub fn driver(f: &Facts) -> Outcome {
    let engine = engine!(f);
    match engine.driver.as_str() {
        "vfs" => Outcome::warn(
            "Docker copies every image layer whole (driver vfs): slow, and takes many times the room",
            "On an ordinary disk: {\"storage-driver\": \"overlay2\"} in /etc/docker/daemon.json, then sudo systemctl restart docker (images are \
             fetched again).",
        ),
        old @ ("aufs" | "devicemapper" | "overlay") => Outcome::warn(
            format!("Docker's storage driver {old} is no longer looked after"),
            "Change to overlay2: {\"storage-driver\": \"overlay2\"} in /etc/docker/daemon.json, then sudo systemctl restart docker (images are \
             fetched again).",
        ),
        driver => Outcome::pass(driver),
    }
}

/// xfs-ftype0: Docker itself warns of it.
pub fn d_type(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.warnings.iter().any(|w| w.contains("d_type")) {
        return Outcome::warn(
            format!("the disk below {} was made without d_type (xfs with ftype=0): images may not unpack", engine.root),
            "Move Docker's folder to another disk (data-root in /etc/docker/daemon.json), or make the disk anew: mkfs.xfs -n ftype=1 (deletes \
             what is on it).",
        );
    }
    Outcome::pass("Docker says nothing against the disk")
}

/// A kernel of NVIDIA's boards, which lacks the table that Docker uses since 28 (moby/moby#49557).
fn lacks_raw_table(f: &Facts, engine: &DockerEngine) -> bool {
    let tegra = f.host.kernel.get().is_some_and(|k| k.contains("tegra"));
    tegra && version(&engine.version).is_some_and(|v| v >= (28, 0))
}

/// docker-iptable-raw-missing
pub fn raw_table(f: &Facts) -> Outcome {
    let engine = engine!(f);
    if engine.warnings.iter().any(|w| w.contains("NO_IPTABLES_RAW")) {
        return Outcome::pass("Docker is told to do without the raw table");
    }
    if lacks_raw_table(f, engine) {
        return Outcome::warn(
            format!("Docker {} wants a firewall table (raw) that kernels of Jetson boards may lack", engine.version),
            "Try: sudo modprobe iptable_raw – if that fails: sudo systemctl edit docker, write the two lines [Service] and \
             Environment=\"DOCKER_INSECURE_NO_IPTABLES_RAW=1\", then sudo systemctl restart docker.",
        );
    }
    Outcome::pass("nothing is known against this kernel's firewall tables")
}
