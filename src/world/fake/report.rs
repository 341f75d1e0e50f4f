//! The machine's report as it would be now: what was installed, started and written since is in it.

use super::machine::{Machine, Presence};
use crate::model::fact::Fact;
use crate::model::host::{DockerPresence, Existing, HostReport, Listener};
use crate::world::clock::Clock as _;

/// The described report, brought up to now.
pub(super) fn now(machine: &Machine) -> HostReport {
    machine.settle();
    let now = machine.clock.now();
    let mut report = machine.described.host.clone();
    let engine = machine.engine();
    let state = machine.state();
    if let Fact::Known { value: mounts, .. } = &mut report.mounts {
        for mount in mounts {
            if let Ok(space) = state.tree.space(&mount.path) {
                mount.free = space.free;
            }
        }
    }
    if let Fact::Known { value: listeners, .. } = &mut report.listeners {
        listeners.extend(state.listeners.iter().cloned());
    }
    report.docker = match state.engine {
        Presence::Up => {
            let mut engine = engine;
            engine.subnets = state.sims.networks.iter().filter_map(|n| n.subnet.clone()).collect();
            engine.root_free = state.tree.space(&engine.root).map(|s| s.free).ok().or(engine.root_free);
            Fact::known(DockerPresence::Running(engine), "/var/run/docker.sock")
        }
        Presence::Absent if state.programs.contains("docker") => {
            let detail = "installed from packages, docker.service is inactive".to_owned();
            Fact::known(DockerPresence::Stopped { detail, masked: false, snap: false, desktop: false }, "systemctl is-active docker")
        }
        Presence::Absent if report.docker.get().is_some_and(|d| matches!(d, DockerPresence::Running(_))) => {
            Fact::known(DockerPresence::Missing, "no docker program and no socket")
        }
        Presence::Absent | Presence::Denied => report.docker,
    };
    if state.engine != Presence::Up {
        return report;
    }
    let ours = state.sims.all().filter(|s| s.spec.labels.contains_key("io.kerbup.site"));
    let existing = ours.map(|s| Existing {
        name: s.spec.name.clone(),
        image: s.spec.image.clone(),
        site: s.spec.labels.get("io.kerbup.site").cloned(),
        running: s.runs(now),
        ports: s.spec.publish.iter().map(|p| p.host).collect(),
    });
    let mut all: Vec<Existing> = existing.collect();
    // Those of others, which the description names.
    let described = machine.described.host.existing.get().into_iter().flatten();
    all.extend(described.filter(|e| e.site.is_none() && state.sims.get(&e.name).is_some()).cloned());
    report.existing = Fact::known(all, "the engine's containers");
    if let Fact::Known { value: listeners, .. } = &mut report.listeners {
        let published = state.sims.all().filter(|s| s.runs(now)).flat_map(|s| &s.spec.publish);
        listeners.extend(published.filter_map(|p| {
            let address = p.address.parse().ok()?;
            Some(Listener { port: p.host, address, protocol: "tcp".into(), process: Some("docker-proxy".into()), pid: None })
        }));
    }
    report
}
