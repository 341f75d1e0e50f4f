//! Reads the machine into a HostReport, one file a subject. Facts only; no advice. Changes nothing and needs no root.

mod block;
mod cgroup;
mod clock;
mod context;
mod cpu;
#[cfg(test)]
mod described;
mod disks;
mod docker;
mod existing;
mod firewall;
mod gpu;
mod kubeconfig;
mod listeners;
#[cfg(test)]
mod machines_tests;
mod memory;
mod mountinfo;
mod mounts;
mod network;
mod read;
#[cfg(test)]
mod real_tests;
mod registries;
mod routes;
mod security;
mod system;
mod told;
mod tools;
mod user;
mod virtualization;

pub use context::docker_socket;

use std::pin::Pin;

use tokio::task::JoinSet;

use crate::model::fact::Fact;
use crate::model::host::{HostReport, Network, RegistryReach};
use crate::world::World;

/// What a subject learnt: it writes itself into the report.
type Learnt = Box<dyn FnOnce(&mut HostReport) + Send>;

/// A subject that is being looked at.
struct Subject {
    /// What is waited for, as `Images: asking ghcr.io`: the row of the screen, a colon, and what is done.
    waits: String,
    /// The looking.
    look: Pin<Box<dyn Future<Output = Learnt> + Send>>,
}

/// The network alone, which asks nobody and takes milliseconds: for a dashboard that only wants this machine's addresses.
pub async fn network(world: &World) -> Network {
    match world.files.described() {
        Some(told) => told.network,
        None => network::look(world).await,
    }
}

/// Looks at everything. All subjects run at once; `on` gets the report each time it grew, with what is still waited for in words
/// (`Images: asking ghcr.io`: row, colon, what is done). No subject takes longer than some 10 s; most take milliseconds. `ca` are
/// certificates (PEM) that the registries are trusted by as well.
pub async fn probe(
    world: &World,
    registries: &[String],
    ca: Option<&[u8]>,
    on: &(dyn Fn(&HostReport, &[String]) + Send + Sync),
) -> HostReport {
    if let Some(told) = world.files.described() {
        return told::report(world, told, registries, ca, on).await;
    }
    let mut report = HostReport {
        registries: registries.iter().map(|host| RegistryReach { host: host.clone(), reach: Fact::unknown("not asked yet") }).collect(),
        ..HostReport::default()
    };
    let mut running = JoinSet::new();
    let mut waits = std::collections::HashMap::new();
    let mut order = Vec::new();
    for subject in subjects(world, registries, ca) {
        let id = running.spawn(subject.look).id();
        order.push(id);
        waits.insert(id, subject.waits);
    }
    while let Some(ended) = running.join_next_with_id().await {
        let id = match ended {
            Ok((id, learnt)) => {
                learnt(&mut report);
                id
            }
            // A subject that broke leaves its facts as "not looked at yet"; the others go on.
            Err(error) => error.id(),
        };
        order.retain(|o| *o != id);
        let pending: Vec<String> = order.iter().filter_map(|o| waits.get(o).cloned()).collect();
        on(&report, &pending);
    }
    report
}

/// Who listens on a TCP port of this machine right now: `nginx (pid 812)`. None where nobody does, or where it is not seen.
pub fn listens(world: &World, port: u16) -> Option<String> {
    let all = world.files.described().map_or_else(|| listeners::look(&*world.files), |told| told.listeners);
    let who = all.get()?.iter().find(|l| l.port == port && l.protocol == "tcp")?;
    let name = who.process.clone()?;
    Some(who.pid.map_or(name.clone(), |pid| format!("{name} (pid {pid})")))
}

/// All subjects. The slow ones begin first.
fn subjects(world: &World, hosts: &[String], ca: Option<&[u8]>) -> Vec<Subject> {
    let mut all = Vec::new();
    let ca = ca.map(<[u8]>::to_vec);
    for (at, host) in hosts.iter().cloned().enumerate() {
        let ca = ca.clone();
        all.push(subject(world, format!("Images: asking {host}"), async move |w: World| {
            let reach = registries::reach(&w, &host, ca.as_deref()).await;
            learnt(move |r| {
                if let Some(registry) = r.registries.get_mut(at) {
                    registry.reach = reach;
                }
            })
        }));
    }
    let own: Vec<String> = hosts.to_vec();
    all.push(subject(world, "Network: asking for the time", async move |w: World| {
        let skew = read::within(&w, 5, clock::skew(&w, &own, ca.as_deref()))
            .await
            .unwrap_or_else(|| Fact::unknown("no host told its time within 5 s"));
        learnt(|r| r.clock_skew = skew)
    }));
    all.push(subject(world, "Docker: asking the engine", async |w: World| {
        let docker = docker::look(&w).await;
        learnt(|r| r.docker = docker)
    }));
    all.push(subject(world, "Docker: looking for what stands already", async |w: World| {
        let existing = existing::look(&w).await;
        learnt(|r| r.existing = existing)
    }));
    all.push(subject(world, "Computer: looking for graphics", async |w: World| {
        let gpus =
            read::within(&w, 5, gpu::look(&w)).await.unwrap_or_else(|| Fact::unknown("the graphics driver did not answer within 5 s"));
        learnt(|r| r.gpus = gpus)
    }));
    all.push(subject(world, "System: looking for programs", async |w: World| {
        let tools = tools::look(&w).await;
        learnt(|r| r.tools = tools)
    }));
    all.extend(quick(world));
    all
}

/// The subjects that only read small files.
fn quick(world: &World) -> Vec<Subject> {
    vec![
        subject(world, "Computer: looking at the processor", async |w: World| {
            let (cpu, virtualization) = (cpu::look(&w).await, virtualization::look(&*w.files));
            learnt(|r| (r.cpu, r.virtualization) = (cpu, virtualization))
        }),
        subject(world, "Memory: looking", async |w: World| {
            let (memory, page_size) = (memory::look(&*w.files), memory::page_size(&w).await);
            learnt(|r| (r.memory, r.page_size) = (memory, page_size))
        }),
        subject(world, "System: looking", async |w: World| {
            let files = &*w.files;
            let (system, kernel, init) = (system::distribution(files), system::kernel(files), system::init(files));
            let (services, packages, cgroup) = (system::service_manager(&w), system::package_manager(&w), cgroup::look(files));
            let (selinux, apparmor, timezone) = (security::selinux(files), security::apparmor(&w), clock::timezone(files));
            learnt(|r| {
                (r.system, r.kernel, r.init) = (system, kernel, init);
                (r.service_manager, r.package_manager, r.cgroup) = (services, packages, cgroup);
                (r.selinux, r.apparmor, r.timezone) = (selinux, apparmor, timezone);
            })
        }),
        subject(world, "System: looking at the user", async |w: World| {
            let (user, kubeconfig) = (user::look(&w).await, kubeconfig::look(&*w.files));
            learnt(|r| (r.user, r.kubeconfig) = (user, kubeconfig))
        }),
        subject(world, "Disks: looking", async |w: World| {
            let disks = disks::look(&w).await;
            learnt(|r| r.disks = disks)
        }),
        subject(world, "Disks: asking for free space", async |w: World| {
            let mounts = mounts::look(&w).await;
            learnt(|r| r.mounts = mounts)
        }),
        subject(world, "Network: looking", async |w: World| {
            let network = network::look(&w).await;
            learnt(|r| r.network = network)
        }),
        subject(world, "Network: looking for open ports", async |w: World| {
            // Thousands of open files may have to be walked, so not on a thread that others wait for.
            let files = w.files.clone();
            let listeners = tokio::task::spawn_blocking(move || listeners::look(&*files)).await;
            learnt(|r| r.listeners = listeners.unwrap_or_else(|_| Fact::unknown("the list of open ports could not be read")))
        }),
        subject(world, "Network: looking for a firewall", async |w: World| {
            let firewall = firewall::look(&w).await;
            learnt(|r| r.firewall = firewall)
        }),
    ]
}

/// A subject from its words and its looking.
fn subject<F, L>(world: &World, waits: impl Into<String>, look: F) -> Subject
where
    F: FnOnce(World) -> L,
    L: Future<Output = Learnt> + Send + 'static,
{
    Subject { waits: waits.into(), look: Box::pin(look(world.clone())) }
}

fn learnt(write: impl FnOnce(&mut HostReport) + Send + 'static) -> Learnt {
    Box::new(write)
}
