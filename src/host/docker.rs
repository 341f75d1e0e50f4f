//! The Docker engine: missing, stopped, refusing this user, another machine's, or answering, and then what it says of itself.

use crate::model::engine::EngineInfo;
use crate::model::fact::Fact;
use crate::model::host::{DockerEngine, DockerFlavour, DockerPresence};
use crate::world::World;
use crate::world::engine::EngineError;

use super::{context, cpu, mounts, read};

/// Seconds that the engine may take to answer.
const PATIENCE: u64 = 5;

/// Looks for the engine.
pub(crate) async fn look(world: &World) -> Fact<DockerPresence> {
    let files = &*world.files;
    let target = context::target(files);
    if let Some(target) = &target
        && target.remote
    {
        return Fact::known(DockerPresence::Remote { host: target.host.clone() }, "DOCKER_HOST, DOCKER_CONTEXT and ~/.docker/config.json");
    }
    let installed = installed(world).await;
    match read::within(world, PATIENCE, world.engine.info()).await {
        Some(Ok(info)) => Fact::known(DockerPresence::Running(running(world, info, &installed).await), "the engine's own answer"),
        Some(Err(EngineError::Denied(_))) => {
            Fact::known(DockerPresence::NoAccess { socket: context::docker_socket(files) }, "the engine's socket refuses this user")
        }
        Some(Err(EngineError::Unreachable(_))) => Fact::known(absent(installed), "no engine answers; programs and services were looked at"),
        Some(Err(error)) => Fact::unknown(error.to_string()),
        None => match installed {
            Some(found) => {
                let detail = format!("{}; it does not answer within {PATIENCE} s", found.detail);
                Fact::known(
                    DockerPresence::Stopped { detail, masked: found.masked, snap: found.snap, desktop: found.desktop },
                    "the engine does not answer",
                )
            }
            None => Fact::unknown(format!("the container engine does not answer within {PATIENCE} s")),
        },
    }
}

/// An engine that is installed, whether it runs or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Installed {
    /// How, and what the service manager says.
    detail: String,
    masked: bool,
    snap: bool,
    desktop: bool,
    enabled: Option<bool>,
}

fn absent(installed: Option<Installed>) -> DockerPresence {
    match installed {
        Some(found) => DockerPresence::Stopped { detail: found.detail, masked: found.masked, snap: found.snap, desktop: found.desktop },
        None => DockerPresence::Missing,
    }
}

/// Looks for an installed engine. The docker command alone is none: it is only the client.
async fn installed(world: &World) -> Option<Installed> {
    let files = &*world.files;
    let snap = read::there(files, "/snap/bin/docker") || read::folder(files, "/var/snap/docker");
    let desktop = super::user::homes(files).iter().any(|home| read::folder(files, &format!("{home}/.docker/desktop")));
    const UNITS: [&str; 3] =
        ["/etc/systemd/system/docker.service", "/lib/systemd/system/docker.service", "/usr/lib/systemd/system/docker.service"];
    let packaged = world.processes.find("dockerd").is_some() || UNITS.iter().any(|u| read::there(files, u));
    let how = match (packaged, snap, desktop) {
        (true, _, _) => "installed from packages",
        (_, true, _) => "installed as a snap",
        (_, _, true) => "Docker Desktop, which is started from its window",
        _ => return None,
    };
    // Packages win where both are there: theirs is the usual socket.
    let (snap, desktop) = (snap && !packaged, desktop && !packaged && !snap);
    let unit = if snap { "snap.docker.dockerd.service" } else { "docker.service" };
    let service = if packaged || snap { service(world, unit).await } else { Service::default() };
    let said = if service.said.is_empty() { String::new() } else { format!("; {}", service.said) };
    Some(Installed { detail: format!("{how}{said}"), masked: service.masked, snap, desktop, enabled: service.enabled })
}

/// What the service manager says of the engine's service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Service {
    said: String,
    masked: bool,
    enabled: Option<bool>,
}

async fn service(world: &World, unit: &str) -> Service {
    let files = &*world.files;
    if read::folder(files, "/run/systemd/system") && world.processes.find("systemctl").is_some() {
        // `is-enabled` ends with an error code for anything but enabled; what it prints is the answer.
        let ask = async |verb: &str| {
            read::run(world, "systemctl", &[verb, unit], 2)
                .await
                .map(|o| o.stdout.lines().next().unwrap_or_default().trim().to_string())
                .unwrap_or_default()
        };
        return systemd(unit, &ask("is-enabled").await, &ask("is-active").await);
    }
    if read::folder(files, "/run/openrc") {
        let enabled = read::there(files, "/etc/runlevels/default/docker") || read::there(files, "/etc/runlevels/boot/docker");
        let said = if enabled { "OpenRC starts it at boot" } else { "OpenRC does not start it at boot" };
        return Service { said: said.into(), masked: false, enabled: Some(enabled) };
    }
    // System V: a link such as S20docker in the folder of the run level.
    let starts = |level: &str| {
        files.list(&format!("/etc/rc{level}.d")).unwrap_or_default().iter().any(|n| n.starts_with('S') && n.ends_with("docker"))
    };
    match read::there(files, "/etc/init.d/docker") {
        true => Service {
            said: "started by /etc/init.d/docker".into(),
            masked: false,
            enabled: Some(starts("2") || starts("3") || starts("5")),
        },
        false => Service::default(),
    }
}

/// From the words of `systemctl is-enabled` and `is-active`.
fn systemd(unit: &str, enabled: &str, active: &str) -> Service {
    let masked = enabled.starts_with("masked");
    let known = match enabled {
        "enabled" | "enabled-runtime" | "alias" => Some(true),
        "disabled" | "masked" | "masked-runtime" | "static" | "indirect" | "linked" | "linked-runtime" => Some(false),
        _ => None,
    };
    let words: Vec<&str> = [enabled, active].into_iter().filter(|w| !w.is_empty()).collect();
    let said = if words.is_empty() { String::new() } else { format!("{unit} is {}", words.join(" and ")) };
    Service { said, masked, enabled: known }
}

/// The engine that answered.
async fn running(world: &World, info: EngineInfo, installed: &Option<Installed>) -> DockerEngine {
    let flavour = flavour(&info);
    let subnets = match read::within(world, PATIENCE, world.engine.networks()).await {
        Some(Ok(networks)) => networks.into_iter().filter_map(|n| n.subnet).filter(|s| !s.is_empty()).collect(),
        _ => vec![],
    };
    // Desktop's folder lies inside its own machine, not in ours.
    let root_free = (flavour != DockerFlavour::Desktop && !info.root.is_empty())
        .then(|| mounts::space(&*world.files, &info.root).map(|s| s.free))
        .flatten();
    let enabled = match flavour {
        DockerFlavour::Rootful | DockerFlavour::Snap => installed.as_ref().and_then(|i| i.enabled),
        DockerFlavour::Rootless => users_own(world, "docker.service").await,
        DockerFlavour::Podman => users_own(world, "podman.socket").await,
        DockerFlavour::Desktop => None,
    };
    DockerEngine {
        arch: cpu::arch(&info.arch),
        // An old engine that does not say has no limit to warn of: its warnings do.
        memory_limit: info.memory_limit.unwrap_or_else(|| !info.warnings.iter().any(|w| w.to_lowercase().contains("no memory limit"))),
        api_min: if info.api_min.is_empty() { info.api.clone() } else { info.api_min },
        version: info.version,
        api: info.api,
        flavour,
        root: info.root,
        root_free,
        driver: info.driver,
        keeps_packed: info.keeps_packed,
        warnings: info.warnings,
        subnets,
        insecure_registries: info.insecure_registries,
        enabled,
    }
}

/// Whether a user's own unit starts by itself; for root's, the system's is asked.
async fn users_own(world: &World, unit: &str) -> Option<bool> {
    if !read::folder(&*world.files, "/run/systemd/system") {
        return None;
    }
    let args: &[&str] = if world.files.uid() == 0 { &["is-enabled", unit] } else { &["--user", "is-enabled", unit] };
    let output = read::run(world, "systemctl", args, 2).await.ok()?;
    systemd(unit, output.stdout.trim(), "").enabled
}

/// The flavour, by what the engine says of itself.
fn flavour(info: &EngineInfo) -> DockerFlavour {
    if info.product.to_lowercase().contains("podman") || info.kind == "podman" {
        DockerFlavour::Podman
    } else if info.operating_system.contains("Docker Desktop") {
        DockerFlavour::Desktop
    } else if info.security_options.iter().any(|o| o == "name=rootless" || o.starts_with("name=rootless,")) {
        DockerFlavour::Rootless
    } else if info.root.starts_with("/var/snap/") {
        DockerFlavour::Snap
    } else {
        DockerFlavour::Rootful
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::described::Described;

    fn info() -> EngineInfo {
        EngineInfo {
            kind: "docker".into(),
            version: "28.2.2".into(),
            api: "1.50".into(),
            api_min: "1.24".into(),
            arch: "x86_64".into(),
            root: "/var/lib/docker".into(),
            driver: "overlay2".into(),
            memory_limit: Some(true),
            insecure_registries: vec!["127.0.0.0/8".into()],
            ..EngineInfo::default()
        }
    }

    async fn seen(host: Described) -> DockerPresence {
        look(&host.world()).await.get().unwrap().clone()
    }

    fn debian() -> Described {
        Described::new().program("dockerd").file("/run/systemd/system/x", "")
    }

    #[tokio::test]
    async fn an_engine_that_answers_tells_its_story() {
        let host = debian()
            .engine(Ok(info()))
            .network("bridge", "172.17.0.0/16")
            .space("/var/lib", 100, 60)
            .answer("systemctl is-enabled docker.service", "enabled\n")
            .answer("systemctl is-active docker.service", "active\n");
        let DockerPresence::Running(engine) = seen(host).await else { panic!("it runs") };
        assert_eq!(
            (engine.flavour, engine.arch.as_str(), engine.root_free, engine.enabled),
            (DockerFlavour::Rootful, "amd64", Some(60), Some(true))
        );
        assert_eq!(engine.subnets, ["172.17.0.0/16"]);
        assert!(engine.memory_limit);
    }

    #[test]
    fn flavours_are_told_apart() {
        assert_eq!(flavour(&EngineInfo { operating_system: "Docker Desktop".into(), ..info() }), DockerFlavour::Desktop);
        assert_eq!(
            flavour(&EngineInfo { security_options: vec!["name=seccomp,profile=builtin".into(), "name=rootless".into()], ..info() }),
            DockerFlavour::Rootless
        );
        assert_eq!(flavour(&EngineInfo { root: "/var/snap/docker/common/var-lib-docker".into(), ..info() }), DockerFlavour::Snap);
        assert_eq!(flavour(&EngineInfo { product: "Podman Engine".into(), ..info() }), DockerFlavour::Podman);
        assert_eq!(flavour(&info()), DockerFlavour::Rootful);
    }

    #[tokio::test]
    async fn a_missing_memory_controller_is_taken_from_the_warnings() {
        let old = EngineInfo { memory_limit: None, warnings: vec!["WARNING: No memory limit support".into()], ..info() };
        let DockerPresence::Running(engine) = seen(Described::new().engine(Ok(old))).await else { panic!("it runs") };
        assert!(!engine.memory_limit);
    }

    #[tokio::test]
    async fn missing_stopped_and_masked() {
        assert_eq!(seen(Described::new().program("docker")).await, DockerPresence::Missing);
        let masked =
            debian().ends("systemctl is-enabled docker.service", 1, "masked\n").ends("systemctl is-active docker.service", 3, "inactive\n");
        assert_eq!(
            seen(masked).await,
            DockerPresence::Stopped {
                detail: "installed from packages; docker.service is masked and inactive".into(),
                masked: true,
                snap: false,
                desktop: false
            }
        );
        let snap = seen(Described::new().file("/snap/bin/docker", "")).await;
        assert_eq!(snap, DockerPresence::Stopped { detail: "installed as a snap".into(), masked: false, snap: true, desktop: false });
        let alpine = seen(Described::new().program("dockerd").file("/run/openrc/softlevel", "")).await;
        assert_eq!(
            alpine,
            DockerPresence::Stopped {
                detail: "installed from packages; OpenRC does not start it at boot".into(),
                masked: false,
                snap: false,
                desktop: false
            }
        );
    }

    #[tokio::test]
    async fn a_desktop_that_does_not_run_is_no_engine_to_start() {
        let home = Described::new().variable("HOME", "/home/pi").file("/home/pi/.docker/desktop/settings.json", "{}");
        assert!(matches!(seen(home).await, DockerPresence::Stopped { desktop: true, snap: false, .. }));
        // Also where its user started kerbup by sudo, and not where there is an engine beside it.
        let sudo = |h: Described| {
            h.uid(0).variable("HOME", "/root").variable("SUDO_UID", "1000").files(&[
                ("/etc/passwd", "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n"),
                ("/home/pi/.docker/desktop/settings.json", "{}"),
            ])
        };
        assert!(matches!(seen(sudo(Described::new())).await, DockerPresence::Stopped { desktop: true, .. }));
        assert!(matches!(seen(sudo(debian())).await, DockerPresence::Stopped { desktop: false, .. }));
    }

    #[tokio::test]
    async fn no_access_and_another_machine() {
        let host = Described::new().file("/var/run/docker.sock", "").engine(Err(EngineError::Denied("permission denied".into())));
        assert_eq!(seen(host).await, DockerPresence::NoAccess { socket: "/var/run/docker.sock".into() });
        let away = Described::new().engine(Ok(info())).variable("DOCKER_HOST", "ssh://pi@nas.lan");
        assert_eq!(seen(away).await, DockerPresence::Remote { host: "ssh://nas.lan".into() });
    }
}
