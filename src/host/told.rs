//! A machine that is only described, as practice and a saved report are: its facts are taken as told. What changes while kerbup
//! works on it (free space, the engine, what stands in it) is asked at its doors, as on a real one.

use crate::model::fact::Fact;
use crate::model::host::{DockerEngine, DockerPresence, HostReport, RegistryReach};
use crate::world::World;
use crate::world::engine::EngineError;

use super::{docker, existing, read, registries};

/// Seconds that the engine may take to answer.
const PATIENCE: u64 = 5;

/// The described report, brought up to what became of the machine.
pub(crate) async fn report(
    world: &World,
    mut told: HostReport,
    hosts: &[String],
    ca: Option<&[u8]>,
    on: &(dyn Fn(&HostReport, &[String]) + Send + Sync),
) -> HostReport {
    room(world, &mut told);
    let slow = (told.docker.clone(), told.existing.clone(), std::mem::take(&mut told.registries));
    (told.docker, told.existing) = (Fact::default(), Fact::default());
    told.registries = hosts.iter().map(|host| RegistryReach { host: host.clone(), reach: Fact::unknown("not asked yet") }).collect();
    let asks: Vec<String> = hosts.iter().map(|host| format!("Images: asking {host}")).collect();
    on(&told, &[vec!["Docker: asking the engine".to_string()], asks.clone()].concat());
    (told.docker, told.existing) = engine(world, slow.0, slow.1).await;
    on(&told, &asks);
    for registry in &mut told.registries {
        registry.reach = match slow.2.iter().find(|known| known.host == registry.host) {
            Some(known) => known.reach.clone(),
            None => registries::reach(world, &registry.host, ca).await,
        };
    }
    on(&told, &[]);
    told
}

/// Free space as it is by now.
fn room(world: &World, told: &mut HostReport) {
    if let Fact::Known { value: mounts, .. } = &mut told.mounts {
        for mount in mounts {
            if let Ok(space) = world.files.space(&mount.path) {
                (mount.total, mount.free, mount.inodes_free) = (space.total, space.free, space.inodes_free);
            }
        }
    }
}

/// The engine and what stands in it: as told while the engine is as told, else as it answers.
async fn engine(
    world: &World,
    docker: Fact<DockerPresence>,
    existing: Fact<Vec<crate::model::host::Existing>>,
) -> (Fact<DockerPresence>, Fact<Vec<crate::model::host::Existing>>) {
    let told_running = matches!(docker.get(), Some(DockerPresence::Running(_)));
    match (read::within(world, PATIENCE, world.engine.info()).await, told_running) {
        (Some(Ok(info)), true) => (taught(docker, info.insecure_registries), existing::look(world).await),
        (Some(Ok(_)), false) => (docker::look(world).await, existing::look(world).await),
        (Some(Err(EngineError::Unreachable(_))), true) => {
            let stopped = DockerPresence::Stopped {
                detail: "installed, and does not answer any more".into(),
                masked: false,
                snap: false,
                desktop: false,
            };
            (Fact::known(stopped, "no engine answers"), Fact::unknown("no container engine answers"))
        }
        _ => (docker, existing),
    }
}

/// The engine as told, with the registries that it was told of since.
fn taught(docker: Fact<DockerPresence>, registries: Vec<String>) -> Fact<DockerPresence> {
    match docker {
        Fact::Known { value: DockerPresence::Running(engine), how } => {
            Fact::known(DockerPresence::Running(DockerEngine { insecure_registries: registries, ..engine }), how)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::world::fake;

    #[tokio::test]
    async fn every_described_machine_is_told_whole() {
        for name in fake::names() {
            let described = fake::named(name).unwrap();
            let hosts: Vec<String> = described.host.registries.iter().map(|r| r.host.clone()).collect();
            let told = described.host.clone();
            let grew = Mutex::new(0);
            let seen = super::super::probe(&fake::world(described), &hosts, None, &|_, _| *grew.lock().unwrap() += 1).await;
            assert_eq!(
                (&seen.cpu, &seen.memory, &seen.disks, &seen.network, &seen.registries),
                (&told.cpu, &told.memory, &told.disks, &told.network, &told.registries),
                "{name}"
            );
            assert_eq!(seen.docker, told.docker, "{name}");
            assert_eq!(*grew.lock().unwrap(), 3, "{name}");
        }
    }

    #[tokio::test]
    async fn an_engine_that_came_or_went_is_seen() {
        let described = fake::named("nuc").unwrap();
        let (world, hand) = fake::paced(described, fake::Pace::Speed(1000.0));
        hand.engine(true);
        let seen = super::super::probe(&world, &["unlisted.example".into()], None, &|_, _| ()).await;
        assert!(matches!(seen.docker.get(), Some(DockerPresence::Running(engine)) if !engine.version.is_empty()), "{:?}", seen.docker);
        assert_eq!(seen.existing.get().map(Vec::len), Some(0));
        assert!(seen.registries[0].reach.get().is_none());
    }
}
