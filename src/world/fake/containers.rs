//! Simulated containers: what stands, in which state it is by now, and what the engine would say of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use sha2::{Digest, Sha256};

use super::described::Described;
use super::machine::bare;
use crate::model::engine::{ContainerSpec, ContainerState, ImageInfo, NetworkSpec, Observed, Publish, Usage};
use crate::model::host::{DockerPresence, HostReport};

/// What a container's image is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Agent,
    Vault,
    Minio,
    Mongo,
    Rabbit,
    Other,
}

/// Where a container is in its life. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Life {
    Created,
    Running {
        since: f64,
    },
    /// It ends by itself after a while and is started again, for ever.
    Looping {
        since: f64,
        code: i64,
        each: f64,
    },
    Exited {
        code: i64,
    },
}

/// A container.
#[derive(Debug, Clone)]
pub(super) struct Sim {
    pub id: String,
    pub spec: ContainerSpec,
    pub env: BTreeMap<String, String>,
    pub life: Life,
    pub address: Option<IpAddr>,
    pub error: Option<String>,
    /// Recordings of earlier runs, and those that lie in its folder.
    pub recorded: u64,
    pub written: u64,
}

/// All containers, networks and images of the engine.
pub(super) struct Sims {
    by_name: BTreeMap<String, Sim>,
    pub networks: Vec<NetworkSpec>,
    pub images: BTreeMap<String, ImageInfo>,
    /// Bytes of whole layers that a broken pull left behind, by image.
    pub partial: BTreeMap<String, u64>,
    made: u64,
}

/// Sixty-four hexadecimal digits that are the same each time.
pub(super) fn hex(of: &str) -> String {
    Sha256::digest(of.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

impl Sims {
    pub(super) fn new(described: &Described, now: f64) -> Self {
        let mut networks = vec![NetworkSpec { name: "bridge".into(), subnet: Some("172.17.0.0/16".into()), labels: BTreeMap::new() }];
        if let Some(DockerPresence::Running(engine)) = described.host.docker.get() {
            let others = engine.subnets.iter().filter(|s| *s != "172.17.0.0/16").enumerate();
            networks.extend(others.map(|(i, s)| NetworkSpec {
                name: format!("other-{}", i + 1),
                subnet: Some(s.clone()),
                labels: BTreeMap::new(),
            }));
        }
        let mut sims = Sims { by_name: BTreeMap::new(), networks, images: BTreeMap::new(), partial: BTreeMap::new(), made: 0 };
        for there in described.host.existing.get().into_iter().flatten() {
            let spec = ContainerSpec {
                name: there.name.clone(),
                image: there.image.clone(),
                labels: there.site.iter().map(|s| ("io.kerbup.site".to_owned(), s.clone())).collect(),
                publish: there.ports.iter().map(|p| Publish { address: "0.0.0.0".into(), host: *p, container: *p }).collect(),
                ..ContainerSpec::default()
            };
            sims.make(spec, BTreeMap::new());
            if there.running {
                sims.run(&there.name, now - 86_400.0, &described.host);
            }
        }
        sims
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Sim> {
        self.by_name.values()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Sim> {
        self.by_name.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Sim> {
        self.by_name.get_mut(name)
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    pub(super) fn make(&mut self, spec: ContainerSpec, env: BTreeMap<String, String>) -> String {
        self.made += 1;
        let id = hex(&format!("container {} {}", spec.name, self.made));
        let sim = Sim { id: id.clone(), env, life: Life::Created, address: None, error: None, recorded: 0, written: 0, spec };
        self.by_name.insert(sim.spec.name.clone(), sim);
        id
    }

    /// Starts it: gives it an address and its fate on this machine.
    pub(super) fn run(&mut self, name: &str, now: f64, host: &HostReport) {
        let Some(sim) = self.by_name.get(name) else { return };
        let network = if sim.spec.network.is_empty() { "bridge" } else { &sim.spec.network };
        let subnet = self.networks.iter().find(|n| n.name == network).and_then(|n| n.subnet.clone()).unwrap_or_default();
        let taken: Vec<IpAddr> = self.all().filter_map(|s| s.address).collect();
        let address = range(&subnet)
            .and_then(|(first, last)| (first + 2..last).map(|a| IpAddr::V4(Ipv4Addr::from_bits(a))).find(|a| !taken.contains(a)));
        let life = match fate(&sim.spec.image, host) {
            Some((code, each)) => Life::Looping { since: now, code, each },
            None => Life::Running { since: now },
        };
        if let Some(sim) = self.by_name.get_mut(name) {
            (sim.life, sim.address, sim.error) = (life, address, None);
        }
    }

    /// A subnet that no network here has.
    pub(super) fn free_subnet(&self) -> String {
        let free = (18..32).map(|i| format!("172.{i}.0.0/16")).find(|s| !self.overlaps(s));
        free.unwrap_or_else(|| "10.210.0.0/24".into())
    }

    pub(super) fn overlaps(&self, subnet: &str) -> bool {
        let Some((first, last)) = range(subnet) else { return false };
        self.networks.iter().filter_map(|n| range(n.subnet.as_deref()?)).any(|(f, l)| f <= last && first <= l)
    }
}

/// First and last address of an IPv4 subnet.
fn range(cidr: &str) -> Option<(u32, u32)> {
    let (address, bits) = cidr.split_once('/')?;
    let (address, bits): (Ipv4Addr, u32) = (address.parse().ok()?, bits.parse().ok()?);
    let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
    let first = address.to_bits() & mask;
    Some((first, first | !mask))
}

/// An exit code and after how many seconds, for images that cannot run on this machine: MongoDB 5 needs AVX or ARMv8.2,
/// MongoDB 8 breaks on Linux 6.19 and later (docker-library/mongo issues 485, 510, 765).
fn fate(image: &str, host: &HostReport) -> Option<(i64, f64)> {
    let (_, tag) = bare(image);
    if part(image) != Part::Mongo {
        return None;
    }
    let numbers: Vec<u32> = tag?.split(['.', '-']).map_while(|n| n.parse().ok()).collect();
    let version = (numbers.first().copied()?, numbers.get(1).copied().unwrap_or(0), numbers.get(2).copied().unwrap_or(0));
    let features = host.cpu.features.get();
    let has = |names: &[&str]| features.is_none_or(|all| all.iter().any(|f| names.contains(&f.as_str())));
    let lacks = match host.cpu.arch.get().map(String::as_str) {
        Some("amd64") => version >= (5, 0, 0) && !has(&["avx"]),
        Some("arm64") => version >= (4, 4, 19) && !has(&["fphp", "dcpop", "asimddp", "sha3", "sm3", "sm4", "sha512", "sve"]),
        _ => false,
    };
    if lacks {
        return Some((132, 1.0));
    }
    let kernel: Vec<u32> = host.kernel.get()?.split(['.', '-']).map_while(|n| n.parse().ok()).collect();
    (version.0 >= 8 && kernel.as_slice() >= [6, 19].as_slice()).then_some((139, 30.0))
}

pub(super) fn part(image: &str) -> Part {
    match bare(image).0 {
        "kerberos/agent" => Part::Agent,
        "uug-ai/vault" | "uugai/vault" => Part::Vault,
        "minio/minio" => Part::Minio,
        "mongo" => Part::Mongo,
        "rabbitmq" => Part::Rabbit,
        _ => Part::Other,
    }
}

impl Sim {
    pub(super) fn part(&self) -> Part {
        part(&self.spec.image)
    }

    /// Seconds since it started, when it runs.
    pub(super) fn age(&self, now: f64) -> Option<f64> {
        match self.life {
            Life::Running { since } => Some(now - since),
            _ => None,
        }
    }

    pub(super) fn runs(&self, now: f64) -> bool {
        self.age(now).is_some()
    }

    /// It listens already.
    pub(super) fn ready(&self, now: f64) -> bool {
        let needs = match self.part() {
            Part::Mongo => 6.0,
            Part::Rabbit => 12.0,
            Part::Vault => 4.0,
            _ => 1.5,
        };
        self.age(now).is_some_and(|age| age >= needs)
    }

    pub(super) fn stop(&mut self, now: f64, code: i64) {
        self.recorded = self.recordings(now, true);
        (self.life, self.address) = (Life::Exited { code }, None);
    }

    /// Its recordings so far. The Agent waits half a minute at each start; then it records always, or when something moves.
    pub(super) fn recordings(&self, now: f64, picture: bool) -> u64 {
        let always = self.env.get("AGENT_CAPTURE_CONTINUOUS").is_some_and(|v| v == "true");
        let (first, each) = if always { (32.0, 30.0) } else { (60.0, 120.0) };
        let new = match self.age(now) {
            Some(age) if picture && self.part() == Part::Agent && age >= first => ((age - first) / each) as u64 + 1,
            _ => 0,
        };
        self.recorded + new
    }

    pub(super) fn observed(&self, now: f64) -> Observed {
        let (state, exit_code, restarts, started_at) = match self.life {
            Life::Created => (ContainerState::Created, None, 0, None),
            Life::Running { since } => (ContainerState::Running, None, 0, Some(since as i64)),
            Life::Exited { code } => (ContainerState::Exited, Some(code), 0, None),
            Life::Looping { since, code, each } => {
                // The engine waits twice as long each time, up to a minute.
                let (mut at, mut pause, mut count) = (since + each, 0.1, 0);
                while at + pause <= now {
                    at += pause + each;
                    pause = (pause * 2.0_f64).min(60.0);
                    count += 1;
                }
                if at > now {
                    (ContainerState::Running, None, count, Some((at - each) as i64))
                } else {
                    (ContainerState::Restarting, Some(code), count, None)
                }
            }
        };
        let network = if self.spec.network.is_empty() { "bridge" } else { &self.spec.network };
        Observed {
            id: self.id.clone(),
            name: self.spec.name.clone(),
            image: self.spec.image.clone(),
            state,
            exit_code,
            oom_killed: false,
            error: self.error.clone(),
            restarts,
            started_at,
            labels: self.spec.labels.clone(),
            addresses: self.address.iter().map(|a| (network.to_owned(), a.to_string())).collect(),
            publish: self.spec.publish.clone(),
            volumes: vec![],
        }
    }

    /// What it uses: the part's usual, with a slow wave.
    pub(super) fn usage(&self, now: f64) -> Usage {
        let (cpu, memory) = match self.part() {
            Part::Agent => (0.11, 92 << 20),
            Part::Vault => (0.01, 58 << 20),
            Part::Minio => (0.02, 142 << 20),
            Part::Mongo => (0.03, 176 << 20),
            Part::Rabbit => (0.02, 128 << 20),
            Part::Other => (0.01, 16 << 20),
        };
        let Some(age) = self.age(now) else { return Usage { memory_limit: self.spec.memory, ..Usage::default() } };
        let wave = 1.0 + 0.15 * (now / 9.0 + f64::from(self.id.as_bytes().first().copied().unwrap_or(0))).sin();
        let warm = (age / 20.0).clamp(0.3, 1.0);
        let memory = (memory as f64 * warm) as u64;
        Usage { cpu: Some(cpu * wave), memory: self.spec.memory.map_or(memory, |limit| memory.min(limit)), memory_limit: self.spec.memory }
    }
}
