//! Rules about the operating system: where it runs, its clock, its guards, who is at the keys.

use super::outcome::{Facts, Outcome, below, known, only_on_docker};
use crate::model::answers::Expose;
use crate::model::host::{DockerPresence, Sudo, VirtKind};
use crate::recipe::condition::version;

/// lxc-docker-sysctl-denied (moby/moby#51405): newer container starters are refused by the AppArmor rules of an older Proxmox host.
pub fn lxc(f: &Facts) -> Outcome {
    only_on_docker!(f);
    if known!(f.host.virtualization).kind != VirtKind::Lxc {
        return Outcome::pass("not inside an LXC container");
    }
    Outcome::warn(
        "this is an LXC container (as on Proxmox): Docker may refuse to start parts in it",
        "A virtual machine is the sure way. In a container, nesting must be on (Proxmox: Options, Features, nesting and keyctl), and the \
         Proxmox host must be up to date: apt update && apt full-upgrade there, then restart the container.",
    )
}

/// wsl
pub fn wsl(f: &Facts) -> Outcome {
    if known!(f.host.virtualization).kind != VirtKind::Wsl {
        return Outcome::pass("not inside Windows");
    }
    Outcome::warn(
        "this is Linux inside Windows (WSL): it stops when Windows restarts or its last window closes",
        "Fine for a try. For recordings around the clock use a machine that runs Linux itself. The page may answer on this PC only.",
    )
}

/// inside-container
pub fn container(f: &Facts) -> Outcome {
    let virt = known!(f.host.virtualization);
    if virt.kind != VirtKind::Container {
        return Outcome::pass("not inside an application container");
    }
    // The engine's own folder is mounted in here: it runs in this container too, and sees the same disks.
    let engine_inside = f.engine().is_some_and(|e| f.host.mounts.get().is_some_and(|all| all.iter().any(|m| below(&m.path, &e.root))));
    if engine_inside {
        return Outcome::pass("inside a container that has a Docker of its own");
    }
    Outcome::warn(
        format!("kerbup runs inside a container ({}): what it sees is not the whole machine", virt.name),
        "Start kerbup on the machine itself.",
    )
}

/// system-old: systems that get no more fixes, by their makers' calendars.
pub fn old(f: &Facts) -> Outcome {
    let system = known!(f.host.system);
    let major = system.version.split('.').next().and_then(|v| v.parse::<u32>().ok());
    let least = match system.id.as_str() {
        "debian" | "raspbian" => 11,
        "ubuntu" => 20,
        "centos" | "rhel" | "rocky" | "almalinux" => 8,
        _ => return Outcome::pass(system.name.clone()),
    };
    match major {
        Some(found) if found < least => Outcome::warn(
            format!("{} is old: its makers no longer mend it", system.name),
            "Update the system when you can. Docker's newest versions may not be offered for it.",
        ),
        _ => Outcome::pass(system.name.clone()),
    }
}

/// kernel-too-old: overlay file systems and what containers need are dependable from 4.15 on (moby check-config.sh).
pub fn kernel(f: &Facts) -> Outcome {
    let kernel = known!(f.host.kernel);
    match version(kernel) {
        Some(found) if found < (4, 15) => Outcome::warn(
            format!("kernel {kernel} is older than 4.15: containers may not work as they should"),
            "Install your distribution's newest kernel, or a newer system.",
        ),
        Some(_) => Outcome::pass(format!("kernel {kernel}")),
        None => Outcome::skip(format!("not known: the kernel calls itself {kernel}")),
    }
}

/// clock-skew
pub fn clock(f: &Facts) -> Outcome {
    let skew = *known!(f.host.clock_skew);
    let off = skew.abs();
    let way = if skew < 0.0 { "behind" } else { "ahead" };
    let advice = "Let the network set it: sudo timedatectl set-ntp true – or by hand: sudo date -s \"$(curl -sI http://example.com | sed -n \
                  's/^Date: //p')\"";
    if off > 86_400.0 {
        // Certificates are then not yet or no more valid, so nothing can be fetched.
        Outcome::block(format!("the clock is {:.0} days {way}: no download would be trusted", (off / 86_400.0).max(1.0)), advice)
    } else if off > 60.0 {
        Outcome::warn(format!("the clock is {} {way}: recordings would carry the wrong time", minutes(off)), advice)
    } else {
        Outcome::pass(format!("the clock is right to {:.0} s", off.ceil()))
    }
}

fn minutes(seconds: f64) -> String {
    if seconds >= 7200.0 { format!("{:.0} hours", seconds / 3600.0) } else { format!("{:.0} min", (seconds / 60.0).ceil()) }
}

/// File systems that keep no label for each file (beginnings of their names).
const UNLABELLED: [&str; 8] = ["nfs", "cifs", "smb", "vfat", "exfat", "ntfs", "fuse", "9p"];

/// selinux-enforcing
pub fn selinux(f: &Facts) -> Outcome {
    match known!(f.host.selinux).as_deref() {
        Some("enforcing") => match f.mount_of(&f.answers.path).filter(|m| UNLABELLED.iter().any(|l| m.fs.starts_with(l))) {
            Some(mount) => Outcome::warn(
                format!(
                    "SELinux is enforcing, and {} ({}) keeps no labels of single folders: it may keep the parts out",
                    mount.path, mount.fs
                ),
                "Mount it with one label for all, in /etc/fstab: context=\"system_u:object_r:container_file_t:s0\". SELinux itself can stay on.",
            ),
            None => Outcome::pass("SELinux is enforcing; kerbup marks its folders for containers"),
        },
        Some(state) => Outcome::pass(format!("SELinux is {state}")),
        None => Outcome::pass("no SELinux"),
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &str) -> String {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if plain { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// apparmor-parser-missing
pub fn apparmor(f: &Facts) -> Outcome {
    let apparmor = known!(f.host.apparmor);
    if apparmor.enabled && !apparmor.parser {
        return Outcome::warn(
            "AppArmor is on, but its program apparmor_parser is missing: Docker may not start any part",
            "Install it: sudo apt install -y apparmor && sudo systemctl restart apparmor docker",
        );
    }
    Outcome::pass(if apparmor.enabled { "AppArmor is on and complete" } else { "no AppArmor" })
}

/// docker-bypasses-ufw
pub fn ufw(f: &Facts) -> Outcome {
    only_on_docker!(f);
    match known!(f.host.firewall).as_deref() {
        Some(name) if name.starts_with("ufw") && f.full() && f.answers.expose == Expose::Lan => Outcome::warn(
            "ufw is on, but Docker's open ports pass it by: the recordings page is reachable from outside this machine all the same",
            "Nothing to do at home. To keep it to this machine, choose \"this machine only\" (network.expose = \"loopback\").",
        ),
        Some(name) => Outcome::pass(format!("{name} is on")),
        None => Outcome::pass("no firewall is on"),
    }
}

/// service-manager-missing
pub fn service_manager(f: &Facts) -> Outcome {
    match known!(f.host.service_manager) {
        Some(command) => Outcome::pass(format!("services are managed by {command}")),
        None => Outcome::warn(
            "no service manager: Docker does not start by itself here, and kerbup cannot go on by itself after a power cut",
            "Start Docker yourself after each start of the machine, then: kerbup start",
        ),
    }
}

/// root-missing: what needs root can be had.
pub fn root(f: &Facts) -> Outcome {
    let user = known!(f.host.user);
    let engine_answers = matches!(f.host.docker.get(), Some(DockerPresence::Running(_)));
    match user.sudo {
        Sudo::NotNeeded => Outcome::pass("you are root"),
        Sudo::Free | Sudo::Asks => Outcome::pass("sudo is there"),
        Sudo::Missing if engine_answers => Outcome::warn(
            format!("{} is not root and there is no sudo; Docker itself answers", user.name),
            "That is enough where the folder for recordings is yours. Else become root first: su -",
        ),
        Sudo::Missing => {
            Outcome::block(format!("{} is not root and there is no sudo", user.name), "Become root, then start kerbup again: su -")
        }
    }
}

/// timezone-unknown
pub fn timezone(f: &Facts) -> Outcome {
    if f.answers.timezone.is_some() {
        return Outcome::skip("the time zone is given in the answers");
    }
    match f.host.timezone.get() {
        Some(zone) => Outcome::pass(zone.clone()),
        None => Outcome::warn(
            format!("the machine's time zone is not known ({}): recordings are shown in UTC", f.host.timezone.how()),
            "Set it: sudo timedatectl set-timezone Europe/Brussels (timedatectl list-timezones shows all), or site.timezone in the site file.",
        ),
    }
}
