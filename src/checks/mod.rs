//! Rules over host facts and answers. Pure: one rule a function, one list of them, one file an area.
//! A fact that is unknown is never held against a machine: its rule is skipped and says why.

mod answers;
mod cameras;
mod cluster;
mod disk;
mod docker;
mod images;
mod memory;
mod need;
mod network;
mod outcome;
mod place;
mod ports;
mod processor;
mod room;
mod standing;
mod system;
#[cfg(test)]
mod tests;
mod why;

pub use need::{ImageNeed, Needs};
pub use outcome::{Facts, Outcome};
pub use place::{Recommendation, choices, recommend};
pub use why::why;

use crate::model::check::Check;

/// One rule.
pub struct Rule {
    /// Stable name, used in scripts and in `explain`.
    pub id: &'static str,
    /// `processor`, `memory`, `system`, `disk`, `network`, `docker`, `images`, `cameras`, `answers`.
    pub area: &'static str,
    /// The rule itself.
    pub test: fn(&Facts) -> Outcome,
}

const fn rule(id: &'static str, area: &'static str, test: fn(&Facts) -> Outcome) -> Rule {
    Rule { id, area, test }
}

/// Every rule, in the order in which people read them.
pub const ALL: &[Rule] = &[
    rule("mongo-no-avx", "processor", processor::mongo_no_avx),
    rule("mongo-armv8-0", "processor", processor::mongo_armv8_0),
    rule("mongo-kernel-6-19", "processor", processor::mongo_kernel),
    rule("mongo-pi5-crash", "processor", processor::mongo_pi5),
    rule("cpu-no-x86-64-v2", "processor", processor::x86_64_v2),
    rule("os-32bit-userland", "processor", processor::userland),
    rule("architecture-unusual", "processor", processor::architecture),
    rule("page-size", "processor", processor::page_size),
    rule("cpu-too-few", "processor", processor::cores),
    rule("ram-too-low", "memory", memory::total),
    rule("memory-available-low", "memory", memory::available),
    rule("memory-no-swap", "memory", memory::swap_missing),
    rule("swap-on", "memory", memory::swap_on),
    rule("cgroup-memory-disabled", "memory", memory::cgroup),
    rule("cgroup-v1-too-old", "memory", memory::cgroup_version),
    rule("lxc-docker-sysctl-denied", "system", system::lxc),
    rule("lxc-microk8s", "system", cluster::lxc),
    rule("wsl", "system", system::wsl),
    rule("inside-container", "system", system::container),
    rule("system-old", "system", system::old),
    rule("kernel-too-old", "system", system::kernel),
    rule("kernel-vxlan-missing", "system", cluster::vxlan),
    rule("clock-skew", "system", system::clock),
    rule("timezone-unknown", "system", system::timezone),
    rule("selinux-enforcing", "system", system::selinux),
    rule("apparmor-parser-missing", "system", system::apparmor),
    rule("service-manager-missing", "system", system::service_manager),
    rule("root-missing", "system", system::root),
    rule("snapd-missing-or-blocked", "system", cluster::snapd),
    rule("gpu-request-no-gpu", "system", cluster::gpu),
    rule("existing-install", "system", standing::install),
    rule("other-site", "system", standing::other_site),
    rule("agent-wrong-legacy-image", "system", standing::legacy),
    rule("other-cluster", "system", standing::cluster),
    rule("disk-full", "disk", room::full),
    rule("disk-inodes", "disk", room::inodes),
    rule("readonly-root", "disk", disk::read_only),
    rule("disk-images", "disk", room::images),
    rule("disk-for-recordings", "disk", room::folder),
    rule("disk-recordings-days", "disk", room::days),
    rule("storage-path-not-mounted", "disk", disk::not_mounted),
    rule("disk-not-mounted", "disk", disk::plugged_in),
    rule("storage-on-system-disk", "disk", disk::system_disk),
    rule("storage-on-sd-card", "disk", disk::sd_card),
    rule("storage-forgets", "disk", disk::forgets),
    rule("fs-unsupported-for-mongo", "disk", disk::file_system),
    rule("agent-volume-permission", "disk", disk::ownership),
    rule("slow-disk-datastore", "disk", disk::slow_for_cluster),
    rule("pvc-storageclass-missing", "disk", cluster::storage_class),
    rule("hostname-invalid", "network", network::hostname),
    rule("no-default-route", "network", network::default_route),
    rule("dns-missing", "network", network::dns),
    rule("dns-loopback", "network", network::dns_loopback),
    rule("proxy-not-set-for-daemon", "network", network::proxy),
    rule("docker-subnet-overlap", "network", network::docker_overlap),
    rule("site-subnet", "network", network::site_subnet),
    rule("pod-cidr-lan-overlap", "network", network::pod_overlap),
    rule("port-vault-taken", "network", ports::vault),
    rule("port-storage-taken", "network", ports::storage),
    rule("port-privileged", "network", ports::privileged),
    rule("cluster-port-taken", "network", ports::cluster),
    rule("nodeport-taken", "network", ports::nodeports),
    rule("docker-bypasses-ufw", "network", system::ufw),
    rule("firewall-active", "network", cluster::firewalld),
    rule("microk8s-forward-drop", "network", cluster::forward_drop),
    rule("kubeconfig-missing", "network", cluster::kubeconfig),
    rule("docker-missing", "docker", docker::missing),
    rule("docker-daemon-down", "docker", docker::stopped),
    rule("docker-sock-permission", "docker", docker::access),
    rule("docker-remote", "docker", docker::remote),
    rule("docker-too-old", "docker", docker::too_old),
    rule("docker-snap-install", "docker", docker::snap),
    rule("docker-rootless", "docker", docker::rootless),
    rule("docker-is-podman", "docker", docker::podman),
    rule("docker-desktop", "docker", docker::desktop),
    rule("docker-not-at-boot", "docker", docker::at_boot),
    rule("docker-driver", "docker", docker::driver),
    rule("xfs-ftype0", "docker", docker::d_type),
    rule("docker-iptable-raw-missing", "docker", docker::raw_table),
    rule("container-name-conflict", "docker", standing::names),
    rule("no-matching-manifest", "images", images::architecture),
    rule("mongo-image-amd64-only", "images", images::mongo_amd64_only),
    rule("minio-dockerhub-deleted", "images", images::minio_hub),
    rule("bitnami-images-moved", "images", images::bitnami),
    rule("floating-tags", "images", images::tags),
    rule("registry-docker-hub", "images", images::docker_hub),
    rule("registry-quay", "images", images::quay),
    rule("registry-ghcr", "images", images::ghcr),
    rule("registry-own", "images", images::own),
    rule("http-registry-https-client", "images", images::insecure),
    rule("registry-own-authority", "images", images::authority),
    rule("camera-address", "cameras", cameras::address),
    rule("camera-answers", "cameras", cameras::answers),
    rule("camera-localhost", "cameras", cameras::localhost),
    rule("camera-local-name", "cameras", cameras::local_name),
    rule("camera-own-address", "cameras", cameras::own_address),
    rule("camera-in-docker-subnet", "cameras", cameras::docker_subnet),
    rule("camera-twice", "cameras", cameras::twice),
    rule("agent-rtsps-cert", "cameras", cameras::rtsps),
    rule("platform-not-yet", "answers", answers::platform),
    rule("site-name", "answers", answers::site),
    rule("camera-names", "answers", answers::camera_names),
    rule("timezone-invalid", "answers", answers::timezone),
    rule("retention-days", "answers", answers::retention),
    rule("storage-path", "answers", answers::path),
    rule("ports-same", "answers", answers::ports),
    rule("expose-needs-cluster", "answers", answers::expose),
    rule("services-settings", "answers", answers::services),
    rule("hub-needs-cluster", "answers", answers::hub),
    rule("hub-pipeline-50mi-limits", "answers", cluster::hub_limits),
    rule("hub-memory", "answers", cluster::hub_memory),
];

/// The rule of that name.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id)
}

/// Runs every rule, in the order of the list.
pub fn run(facts: &Facts) -> Vec<Check> {
    ALL.iter()
        .map(|rule| {
            let Outcome { status, seen, advice, fix } = (rule.test)(facts);
            Check { id: rule.id.into(), area: rule.area.into(), status, seen, advice, fix }
        })
        .collect()
}
