//! HostReport: what this machine is, never what it should be. Filled by `host`, read by `checks`, recipe conditions and screens.

use serde::{Deserialize, Serialize};

use crate::model::fact::Fact;

mod disk;
mod docker;
mod network;

pub use disk::{Disk, DiskKind, Mount, SHARE, Volume, no_owners};
pub use docker::{DockerEngine, DockerFlavour, DockerPresence};
pub use network::{Interface, Listener, Network, Route};

/// Everything that was looked at, by subject. Sizes are bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostReport {
    /// Processor.
    pub cpu: Cpu,
    /// Memory and swap.
    pub memory: Fact<Memory>,
    /// Size of a memory page in bytes (16384 on a Raspberry Pi 5's own kernel).
    pub page_size: Fact<u64>,
    /// Real machine, virtual machine, container or WSL.
    pub virtualization: Fact<Virtualization>,
    /// Distribution, from /etc/os-release.
    pub system: Fact<System>,
    /// Kernel release, as `uname -r` has it.
    pub kernel: Fact<String>,
    /// What runs as PID 1: `systemd`, `openrc`, `sysvinit`, `other`. `service_manager` says what can be used.
    pub init: Fact<String>,
    /// The command that manages services here: `systemctl`, `rc-service`, `service`, or none.
    pub service_manager: Fact<Option<String>>,
    /// `apt`, `dnf`, `yum`, `apk`, `pacman`, `zypper`, or none that kerbup knows.
    pub package_manager: Fact<Option<String>>,
    /// cgroup version (1 or 2) and controllers that are on.
    pub cgroup: Fact<Cgroup>,
    /// Whole disks, mounted or not.
    pub disks: Fact<Vec<Disk>>,
    /// Mounted file systems that could hold something.
    pub mounts: Fact<Vec<Mount>>,
    /// Name, addresses, routes, DNS, proxies.
    pub network: Network,
    /// Listening TCP and UDP ports with their process where that may be seen.
    pub listeners: Fact<Vec<Listener>>,
    /// ufw or firewalld, when active.
    pub firewall: Fact<Option<String>>,
    /// `enforcing`, `permissive`, `disabled`, or none where there is no SELinux.
    pub selinux: Fact<Option<String>>,
    /// AppArmor is on in the kernel, and whether `apparmor_parser` is there.
    pub apparmor: Fact<AppArmor>,
    /// Seconds that this machine's clock is ahead of the network's (negative: behind). A slow fact.
    pub clock_skew: Fact<f64>,
    /// The machine's time zone as an IANA name.
    pub timezone: Fact<String>,
    /// Graphics processors by name.
    pub gpus: Fact<Vec<String>>,
    /// Who runs kerbup.
    pub user: Fact<User>,
    /// The Docker engine.
    pub docker: Fact<DockerPresence>,
    /// Other programs that matter, each with its version when present.
    pub tools: Tools,
    /// Contexts of the kubeconfig.
    pub kubeconfig: Fact<Vec<KubeContext>>,
    /// Whether each registry that the stack needs answers. A slow fact.
    pub registries: Vec<RegistryReach>,
    /// Kerberos parts that already stand here, ours or made by hand.
    pub existing: Fact<Vec<Existing>>,
}

/// Processor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cpu {
    /// Kernel's architecture in Docker's words: `amd64`, `arm64`, `arm`, `386`, or as `uname -m` says.
    pub arch: Fact<String>,
    /// 32 or 64: what the userland's programs are (a 32-bit Raspberry Pi OS may run a 64-bit kernel).
    pub userland_bits: Fact<u32>,
    /// Name as the maker gives it; a Raspberry Pi's board name where the processor has none.
    pub model: Fact<String>,
    /// Logical processors this process may use.
    pub cores: Fact<u32>,
    /// `flags` (x86) or `Features` (ARM) of /proc/cpuinfo.
    pub features: Fact<Vec<String>>,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What programs could still take.
    pub available: u64,
    /// Swap in all.
    pub swap: u64,
}

/// What the kernel runs on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Virtualization {
    /// Sort.
    pub kind: VirtKind,
    /// Name: `kvm`, `vmware`, `docker`, `lxc`, `wsl2`; `unnamed` where the hypervisor does not tell, empty on a real machine.
    pub name: String,
}

/// Sort of virtualization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VirtKind {
    /// A real machine.
    None,
    /// A virtual machine.
    Vm,
    /// An application container such as Docker's.
    Container,
    /// An LXC system container (Proxmox CT).
    Lxc,
    /// Windows Subsystem for Linux.
    Wsl,
}

/// Distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// `ID` of os-release: `debian`, `ubuntu`, `raspbian`, `fedora`.
    pub id: String,
    /// `PRETTY_NAME`.
    pub name: String,
    /// `VERSION_ID`, empty on rolling distributions.
    pub version: String,
    /// `VERSION_CODENAME`, where there is one.
    pub codename: Option<String>,
    /// `ID_LIKE`, split.
    pub like: Vec<String>,
}

/// cgroups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cgroup {
    /// 1 or 2.
    pub version: u32,
    /// Controllers that are on.
    pub controllers: Vec<String>,
}

/// AppArmor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppArmor {
    /// On in the kernel.
    pub enabled: bool,
    /// `apparmor_parser` is in PATH or /sbin.
    pub parser: bool,
}

/// Who runs kerbup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Effective user id.
    pub uid: u32,
    /// Group names of this process.
    pub groups: Vec<String>,
    /// How sudo would answer.
    pub sudo: Sudo,
}

/// How sudo would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sudo {
    /// Root already: not needed.
    NotNeeded,
    /// Works without a password.
    Free,
    /// Is there and would ask.
    Asks,
    /// Not installed, or cannot work here (a container that forbids new privileges).
    Missing,
}

/// Other programs, each with its version when present; the version is empty where the program does not tell it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tools {
    /// containerd on its own.
    pub containerd: Fact<Option<String>>,
    /// Podman.
    pub podman: Fact<Option<String>>,
    /// snapd.
    pub snapd: Fact<Option<String>>,
    /// MicroK8s.
    pub microk8s: Fact<Option<String>>,
    /// kubectl.
    pub kubectl: Fact<Option<String>>,
    /// kubeadm.
    pub kubeadm: Fact<Option<String>>,
    /// k3s.
    pub k3s: Fact<Option<String>>,
    /// Helm.
    pub helm: Fact<Option<String>>,
}

/// A context of a kubeconfig; no credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubeContext {
    /// Its name.
    pub name: String,
    /// The server's address.
    pub server: Option<String>,
    /// It is the current one.
    pub current: bool,
    /// `eks`, `gke`, `aks`, by the server's name, where it shows.
    pub provider: Option<String>,
}

/// Whether a registry answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryReach {
    /// `quay.io`.
    pub host: String,
    /// Milliseconds to an answer of `/v2/`, or why none came.
    pub reach: Fact<u64>,
}

/// A Kerberos part that already stands here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Existing {
    /// Container name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The site, when kerbup made it.
    pub site: Option<String>,
    /// It runs now.
    pub running: bool,
    /// Ports it publishes on this machine.
    pub ports: Vec<u16>,
}
