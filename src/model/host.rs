//! HostReport: what this machine is, never what it should be. Filled by `host`, read by `checks`, recipe conditions and screens.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::fact::Fact;

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

/// A whole disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Kernel name: `sda`, `mmcblk0`, `nvme0n1`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Maker's name.
    pub model: Option<String>,
    /// Kind in one word.
    pub kind: DiskKind,
    /// Partitions (or the disk itself) with what is on them.
    pub volumes: Vec<Volume>,
}

/// Kind of disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskKind {
    /// Turning platters.
    HardDisk,
    /// Flash that is no card.
    Ssd,
    /// NVMe flash.
    Nvme,
    /// SD card.
    SdCard,
    /// Soldered eMMC.
    Emmc,
    /// Behind USB, whatever it is.
    Usb,
    /// A virtual machine's disk.
    Virtual,
    /// Not told.
    Unknown,
}

/// A partition, or a disk without partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Kernel name: `sda1`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// File system, where it could be read.
    pub fs: Option<String>,
    /// UUID of the file system.
    pub uuid: Option<String>,
    /// Label of the file system.
    pub label: Option<String>,
    /// Where it is mounted.
    pub mount: Option<String>,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Mount point.
    pub path: String,
    /// Device or source.
    pub source: String,
    /// File system type.
    pub fs: String,
    /// Mount options.
    pub options: Vec<String>,
    /// Bytes in all; 0 where the file system (a network folder, say) does not answer.
    pub total: u64,
    /// Bytes that may still be written by a normal user.
    pub free: u64,
    /// Free inodes; none where the file system has no fixed number.
    pub inodes_free: Option<u64>,
    /// The disk below, by kernel name, where it could be followed.
    pub disk: Option<String>,
    /// Kind of that disk.
    pub kind: DiskKind,
}

/// Name, addresses, routes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Host name.
    pub hostname: Fact<String>,
    /// Interfaces that are up, without loopback and without the ends of containers' cables (veth).
    pub interfaces: Fact<Vec<Interface>>,
    /// IPv4 routes of the main table as `CIDR` with their device.
    pub routes: Fact<Vec<Route>>,
    /// The device and gateway of the default route.
    pub default_route: Fact<Option<Route>>,
    /// Name servers of resolv.conf.
    pub dns: Fact<Vec<IpAddr>>,
    /// `http_proxy`, `https_proxy`, `no_proxy` as set for this process; logins cut out.
    pub proxies: Fact<Vec<(String, String)>>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// `eth0`.
    pub name: String,
    /// Addresses with prefix length.
    pub addresses: Vec<(IpAddr, u8)>,
    /// Belongs to a container engine or a VPN, by name.
    pub inner: bool,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Destination as CIDR, `0.0.0.0/0` for the default.
    pub to: String,
    /// Next hop.
    pub via: Option<IpAddr>,
    /// Device.
    pub device: String,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Port.
    pub port: u16,
    /// Address it is bound to.
    pub address: IpAddr,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// The program, where this user may see it.
    pub process: Option<String>,
    /// Its pid.
    pub pid: Option<u32>,
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

/// The Docker engine, or what is in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
// There is one of these, so the size of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
pub enum DockerPresence {
    /// Nothing of Docker is installed.
    Missing,
    /// Installed, does not run.
    Stopped {
        /// How it is installed, and what the service manager says.
        detail: String,
        /// The unit is masked: started only after unmasking.
        masked: bool,
        /// It is the snap.
        snap: bool,
    },
    /// The socket is there and refuses this user.
    NoAccess {
        /// Path of the socket.
        socket: String,
    },
    /// Answers.
    Running(DockerEngine),
    /// DOCKER_HOST or the context points to another machine, which kerbup does not install to.
    Remote {
        /// What it points to.
        host: String,
    },
}

/// An engine that answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DockerEngine {
    /// `28.2.2`.
    pub version: String,
    /// Newest API it speaks: `1.50`.
    pub api: String,
    /// Oldest API it speaks.
    pub api_min: String,
    /// Flavour.
    pub flavour: DockerFlavour,
    /// Root folder of images and containers.
    pub root: String,
    /// Free bytes below that folder.
    pub root_free: Option<u64>,
    /// Storage driver: `overlay2`, `overlayfs`.
    pub driver: String,
    /// Architecture as the engine says.
    pub arch: String,
    /// Can limit memory of containers.
    pub memory_limit: bool,
    /// Warnings of `docker info`.
    pub warnings: Vec<String>,
    /// Subnets of its networks as CIDR.
    pub subnets: Vec<String>,
    /// Registries it talks to without TLS.
    pub insecure_registries: Vec<String>,
    /// Starts at boot; none where the service manager does not say.
    pub enabled: Option<bool>,
}

/// Flavour of a Docker engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DockerFlavour {
    /// Root's engine from packages.
    Rootful,
    /// A user's own engine.
    Rootless,
    /// The snap, which sees only part of the file system.
    Snap,
    /// Docker Desktop's virtual machine.
    Desktop,
    /// Podman's compatible socket.
    Podman,
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
