//! Real machine, virtual machine, container, LXC or WSL. From files that need no root; asks no program.

use crate::model::fact::Fact;
use crate::model::host::{VirtKind, Virtualization};
use crate::world::files::Files;

use super::{mountinfo, read};

/// Looks at what the kernel runs on: the innermost layer is told.
pub(crate) fn look(files: &dyn Files) -> Fact<Virtualization> {
    let known = |kind, name: &str, how: &str| Fact::known(Virtualization { kind, name: name.into() }, how);
    if let Some((name, how)) = container(files) {
        let kind = match name.as_str() {
            "lxc" | "lxc-libvirt" => VirtKind::Lxc,
            "wsl" => VirtKind::Wsl,
            _ => VirtKind::Container,
        };
        return known(kind, &name, how);
    }
    let release = read::word(files, "/proc/sys/kernel/osrelease").unwrap_or_default();
    if let Some(name) = wsl(&release) {
        return known(VirtKind::Wsl, name, "/proc/sys/kernel/osrelease");
    }
    let told = |path: &str| read::word(files, path).unwrap_or_default();
    let (vendor, product) = (told("/sys/class/dmi/id/sys_vendor"), told("/sys/class/dmi/id/product_name"));
    if let Some(name) = dmi(&vendor, &product, &told("/sys/class/dmi/id/bios_vendor")) {
        return known(VirtKind::Vm, name, "the maker's name in /sys/class/dmi/id");
    }
    if told("/sys/hypervisor/type") == "xen" && !told("/proc/xen/capabilities").contains("control_d") {
        return known(VirtKind::Vm, "xen", "/sys/hypervisor/type");
    }
    let compatible = told("/proc/device-tree/hypervisor/compatible");
    if !compatible.is_empty() {
        let name = if compatible.contains("xen") {
            "xen"
        } else if compatible.contains("kvm") {
            "kvm"
        } else {
            ""
        };
        return known(VirtKind::Vm, name, "/proc/device-tree/hypervisor/compatible");
    }
    if told("/proc/device-tree/model") == "linux,dummy-virt" {
        return known(VirtKind::Vm, "qemu", "/proc/device-tree/model");
    }
    match read::text(files, "/proc/cpuinfo") {
        Ok(info) if hypervisor_flag(&info) => known(VirtKind::Vm, "unnamed", "the hypervisor flag in /proc/cpuinfo"),
        Ok(_) => known(VirtKind::None, "", "no sign of a hypervisor in /proc/cpuinfo and of a container in /run and /proc"),
        Err(why) => Fact::unknown(why),
    }
}

/// The kind of container around us, by the marks that container managers leave.
fn container(files: &dyn Files) -> Option<(String, &'static str)> {
    // systemd writes it when it is PID 1 in a container, readable for all; a container without systemd has only the others.
    if let Some(name) = read::word(files, "/run/systemd/container") {
        return Some((name, "/run/systemd/container"));
    }
    if let Ok(environment) = read::text(files, "/proc/1/environ")
        && let Some(name) = environment.split('\0').find_map(|v| v.strip_prefix("container=")).filter(|n| !n.is_empty())
    {
        return Some((name.into(), "/proc/1/environ"));
    }
    if read::there(files, "/run/.containerenv") {
        return Some(("podman".into(), "/run/.containerenv"));
    }
    if read::there(files, "/.dockerenv") {
        return Some(("docker".into(), "/.dockerenv"));
    }
    if let Ok(mounts) = read::text(files, "/proc/self/mountinfo")
        && mountinfo::parse(&mounts).iter().any(|m| m.fs == "fuse.lxcfs" && m.path.starts_with("/proc/"))
    {
        return Some(("lxc".into(), "lxcfs is mounted over /proc"));
    }
    let groups = read::text(files, "/proc/1/cgroup").unwrap_or_default();
    groups.contains("/lxc/").then(|| ("lxc".into(), "/proc/1/cgroup"))
}

/// Windows Subsystem for Linux by its kernel: `5.15.167.4-microsoft-standard-WSL2`, `4.4.0-19041-Microsoft`.
fn wsl(release: &str) -> Option<&'static str> {
    let lower = release.to_lowercase();
    match (lower.contains("microsoft"), lower.contains("wsl2") || lower.contains("microsoft-standard")) {
        (true, true) => Some("wsl2"),
        (true, false) => Some("wsl1"),
        _ => None,
    }
}

/// A hypervisor by the names in its firmware (the same that systemd-detect-virt(1) looks for).
fn dmi(vendor: &str, product: &str, bios: &str) -> Option<&'static str> {
    // Amazon's real machines bear Amazon's name as well: `m5.metal`.
    if product.contains(".metal") {
        return None;
    }
    const NAMES: [(&str, &str); 16] = [
        ("KVM", "kvm"),
        ("OpenStack", "kvm"),
        ("KubeVirt", "kvm"),
        ("Amazon EC2", "amazon"),
        ("QEMU", "qemu"),
        ("VMware", "vmware"),
        ("VMW", "vmware"),
        ("innotek GmbH", "virtualbox"),
        ("VirtualBox", "virtualbox"),
        ("Xen", "xen"),
        ("Bochs", "bochs"),
        ("Parallels", "parallels"),
        ("BHYVE", "bhyve"),
        ("Google Compute Engine", "google"),
        ("DigitalOcean", "kvm"),
        ("Apple Virtualization", "apple"),
    ];
    if vendor == "Microsoft Corporation" && product == "Virtual Machine" {
        return Some("hyper-v");
    }
    let hit = |text: &str| NAMES.iter().find(|(mark, _)| text.starts_with(mark)).map(|(_, name)| *name);
    hit(product).or_else(|| hit(vendor)).or_else(|| hit(bios)).or_else(|| (vendor == "Hetzner" && product == "vServer").then_some("kvm"))
}

/// x86 processors show a flag where a hypervisor is below.
fn hypervisor_flag(info: &str) -> bool {
    info.lines().filter(|l| l.starts_with("flags")).any(|l| l.split_whitespace().any(|f| f == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    fn seen(host: Described) -> (VirtKind, String) {
        let fact = look(&host);
        let v = fact.get().unwrap().clone();
        (v.kind, v.name)
    }

    fn pc() -> Described {
        Described::new().file("/proc/cpuinfo", "flags\t\t: fpu vme\n").file("/proc/sys/kernel/osrelease", "6.8.0-31-generic\n")
    }

    #[test]
    fn a_real_machine_is_one() {
        let real =
            pc().file("/sys/class/dmi/id/sys_vendor", "Intel(R) Client Systems\n").file("/sys/class/dmi/id/product_name", "NUC11ATKPE\n");
        assert_eq!(seen(real), (VirtKind::None, String::new()));
        let metal = pc().file("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n").file("/sys/class/dmi/id/product_name", "m5.metal\n");
        assert_eq!(seen(metal).0, VirtKind::None);
    }

    #[test]
    fn virtual_machines_are_named() {
        let by = |vendor: &str, product: &str| {
            seen(pc().file("/sys/class/dmi/id/sys_vendor", vendor).file("/sys/class/dmi/id/product_name", product))
        };
        assert_eq!(by("QEMU", "Standard PC (Q35 + ICH9, 2009)"), (VirtKind::Vm, "qemu".into()));
        assert_eq!(by("VMware, Inc.", "VMware7,1").1, "vmware");
        assert_eq!(by("Microsoft Corporation", "Virtual Machine").1, "hyper-v");
        assert_eq!(by("Microsoft Corporation", "Surface Pro 7").0, VirtKind::None);
        assert_eq!(by("innotek GmbH", "VirtualBox").1, "virtualbox");
        assert_eq!(seen(pc().file("/proc/cpuinfo", "flags\t\t: fpu hypervisor avx\n")), (VirtKind::Vm, "unnamed".into()));
    }

    #[test]
    fn a_proxmox_container_is_lxc_for_root_and_for_a_user() {
        assert_eq!(seen(pc().file("/run/systemd/container", "lxc\n")), (VirtKind::Lxc, "lxc".into()));
        assert_eq!(seen(pc().file("/proc/1/environ", "TERM=linux\0container=lxc\0")).0, VirtKind::Lxc);
        let user = pc().denied("/proc/1/environ").file(
            "/proc/self/mountinfo",
            "530 527 0:66 /proc/meminfo /proc/meminfo rw,nosuid,nodev,relatime - fuse.lxcfs lxcfs rw,user_id=0,group_id=0\n",
        );
        assert_eq!(seen(user).0, VirtKind::Lxc);
    }

    #[test]
    fn docker_and_wsl_are_seen() {
        assert_eq!(seen(pc().file("/.dockerenv", "")), (VirtKind::Container, "docker".into()));
        assert_eq!(seen(pc().file("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2\n")), (VirtKind::Wsl, "wsl2".into()));
        assert_eq!(seen(pc().file("/proc/sys/kernel/osrelease", "4.4.0-19041-Microsoft\n")).1, "wsl1");
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in ".{0,200}") {
            let _ = (dmi(&text, &text, &text), wsl(&text), hypervisor_flag(&text));
        }
    }
}
