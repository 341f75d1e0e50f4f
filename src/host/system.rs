//! The distribution, its kernel, what runs as PID 1, and the commands that manage services and packages.

use crate::model::fact::Fact;
use crate::model::host::System;
use crate::world::World;
use crate::world::files::Files;

use super::read;

/// The distribution.
pub(crate) fn distribution(files: &dyn Files) -> Fact<System> {
    // os-release(5): the second place is meant for when the first is not there.
    for path in ["/etc/os-release", "/usr/lib/os-release"] {
        if let Ok(text) = read::text(files, path) {
            return match os_release(&text) {
                Some(system) => Fact::known(system, path),
                None => Fact::unknown(format!("{path} does not name the distribution")),
            };
        }
    }
    Fact::unknown("neither /etc/os-release nor /usr/lib/os-release can be read")
}

/// Kernel release.
pub(crate) fn kernel(files: &dyn Files) -> Fact<String> {
    match read::word(files, "/proc/sys/kernel/osrelease") {
        Some(release) => Fact::known(release, "/proc/sys/kernel/osrelease"),
        None => Fact::unknown("/proc/sys/kernel/osrelease cannot be read"),
    }
}

/// What runs as PID 1.
pub(crate) fn init(files: &dyn Files) -> Fact<String> {
    let comm = match read::text(files, "/proc/1/comm") {
        Ok(comm) => comm.trim().to_string(),
        Err(why) => return Fact::unknown(why),
    };
    let name = match comm.as_str() {
        "systemd" => "systemd",
        // Under OpenRC, PID 1 is busybox's or sysvinit's init, or OpenRC's own.
        "openrc-init" => "openrc",
        "init" if read::folder(files, "/run/openrc") => "openrc",
        "init" if read::there(files, "/etc/inittab") => "sysvinit",
        _ => "other",
    };
    Fact::known(name.to_string(), format!("/proc/1/comm is {comm}"))
}

/// The command that manages services now; being installed is not enough, as `systemctl` does nothing where systemd does not run.
pub(crate) fn service_manager(world: &World) -> Fact<Option<String>> {
    let files = &*world.files;
    let found = |name: &str| world.processes.find(name).is_some();
    if found("systemctl") && read::folder(files, "/run/systemd/system") {
        return Fact::known(Some("systemctl".into()), "systemctl is installed and /run/systemd/system is there");
    }
    if found("rc-service") && read::folder(files, "/run/openrc") {
        return Fact::known(Some("rc-service".into()), "rc-service is installed and /run/openrc is there");
    }
    if found("service") && read::folder(files, "/etc/init.d") {
        return Fact::known(Some("service".into()), "service is installed and /etc/init.d is there");
    }
    Fact::known(None, "neither systemd nor OpenRC runs, and there is no command named service")
}

/// The package manager: the distribution's own first, as others can be installed beside it.
pub(crate) fn package_manager(world: &World) -> Fact<Option<String>> {
    const KNOWN: [(&str, &str); 6] =
        [("apt", "apt-get"), ("dnf", "dnf"), ("yum", "yum"), ("apk", "apk"), ("pacman", "pacman"), ("zypper", "zypper")];
    let own: &[&str] = match distribution(&*world.files).get() {
        Some(system) => family(system),
        None => &[],
    };
    let order = own.iter().filter_map(|name| KNOWN.iter().find(|(n, _)| n == name)).chain(KNOWN.iter());
    for (name, program) in order {
        if let Some(path) = world.processes.find(program) {
            return Fact::known(Some((*name).into()), path);
        }
    }
    Fact::known(None, "none of apt-get, dnf, yum, apk, pacman and zypper is installed")
}

/// Package managers of a family of distributions.
fn family(system: &System) -> &'static [&'static str] {
    let is = |names: &[&str]| names.contains(&system.id.as_str()) || system.like.iter().any(|l| names.contains(&l.as_str()));
    if is(&["debian", "ubuntu", "raspbian"]) {
        &["apt"]
    } else if is(&["fedora", "rhel", "centos", "amzn", "rocky", "almalinux"]) {
        &["dnf", "yum"]
    } else if is(&["alpine"]) {
        &["apk"]
    } else if is(&["arch", "archlinux"]) {
        &["pacman"]
    } else if is(&["suse", "opensuse", "sles"]) {
        &["zypper"]
    } else {
        &[]
    }
}

/// Reads os-release(5): shell assignments, values bare or in quotes.
fn os_release(text: &str) -> Option<System> {
    let entry = |key: &str| {
        let (_, value) = text.lines().filter_map(|l| l.trim().split_once('=')).find(|(k, _)| *k == key)?;
        let value = unquote(value.trim());
        (!value.is_empty()).then_some(value)
    };
    let id = entry("ID")?.to_lowercase();
    Some(System {
        name: entry("PRETTY_NAME").or_else(|| entry("NAME")).unwrap_or_else(|| id.clone()),
        version: entry("VERSION_ID").unwrap_or_default(),
        codename: entry("VERSION_CODENAME").or_else(|| entry("UBUNTU_CODENAME")),
        like: entry("ID_LIKE").map(|l| l.split_whitespace().map(str::to_lowercase).collect()).unwrap_or_default(),
        id,
    })
}

/// A shell value without its quotes and backslashes.
fn unquote(value: &str) -> String {
    let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'');
    let inner = match quote {
        Some(q) => value.strip_prefix(q).map_or(value, |v| v.strip_suffix(q).unwrap_or(v)),
        None => value,
    };
    if quote == Some('\'') {
        return inner.into();
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == '\\' { plain.extend(chars.next()) } else { plain.push(c) }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    const DEBIAN: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";
    const UBUNTU: &str =
        "PRETTY_NAME=\"Ubuntu 26.04 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"26.04\"\nVERSION_CODENAME=resolute\nID=ubuntu\nID_LIKE=debian\n";
    const FEDORA: &str = "NAME=\"Fedora Linux\"\nVERSION=\"42 (Server Edition)\"\nID=fedora\nVERSION_ID=42\nVERSION_CODENAME=\"\"\nPRETTY_NAME=\"Fedora Linux 42 (Server Edition)\"\n";
    const ALPINE: &str = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.21.3\nPRETTY_NAME=\"Alpine Linux v3.21\"\n";
    const ROCKY: &str =
        "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME='Rocky Linux 9.4'\n";

    #[test]
    fn distributions_are_read() {
        let debian = os_release(DEBIAN).unwrap();
        assert_eq!((debian.id.as_str(), debian.version.as_str(), debian.codename.as_deref()), ("debian", "12", Some("bookworm")));
        assert_eq!(os_release(UBUNTU).unwrap().like, ["debian"]);
        let fedora = os_release(FEDORA).unwrap();
        assert_eq!((fedora.name.as_str(), fedora.codename), ("Fedora Linux 42 (Server Edition)", None));
        assert_eq!(os_release(ALPINE).unwrap().version, "3.21.3");
        let rocky = os_release(ROCKY).unwrap();
        assert_eq!((rocky.name.as_str(), rocky.like.len()), ("Rocky Linux 9.4", 3));
        assert_eq!(os_release("NAME=x\n"), None);
        assert_eq!(unquote(r#""a \"b\" \$c""#), r#"a "b" $c"#);
    }

    #[test]
    fn the_second_place_of_os_release_is_read() {
        assert!(distribution(&Described::new()).get().is_none());
        let fact = distribution(&Described::new().file("/usr/lib/os-release", ALPINE));
        assert_eq!(fact.how(), "/usr/lib/os-release");
    }

    #[test]
    fn pid_one_is_named() {
        let of = |host: Described| init(&host).get().cloned();
        assert_eq!(of(Described::new().file("/proc/1/comm", "systemd\n")).as_deref(), Some("systemd"));
        assert_eq!(of(Described::new().file("/proc/1/comm", "init\n").file("/run/openrc/softlevel", "")).as_deref(), Some("openrc"));
        assert_eq!(of(Described::new().file("/proc/1/comm", "init\n").file("/etc/inittab", "")).as_deref(), Some("sysvinit"));
        assert_eq!(of(Described::new().file("/proc/1/comm", "bash\n")).as_deref(), Some("other"));
        assert_eq!(of(Described::new()), None);
    }

    #[test]
    fn a_service_manager_counts_only_where_it_works() {
        let of = |host: Described| service_manager(&host.world()).get().cloned().flatten();
        let debian = Described::new().program("systemctl").program("service").file("/etc/init.d/docker", "");
        assert_eq!(of(debian.clone()).as_deref(), Some("service"));
        assert_eq!(of(debian.file("/run/systemd/system/x", "")).as_deref(), Some("systemctl"));
        assert_eq!(of(Described::new().program("rc-service").file("/run/openrc/softlevel", "")).as_deref(), Some("rc-service"));
        assert_eq!(of(Described::new().program("systemctl")), None);
    }

    #[test]
    fn the_distributions_own_package_manager_comes_first() {
        let of = |host: Described| package_manager(&host.world()).get().cloned().flatten();
        let both = Described::new().program("apt-get").program("dnf");
        assert_eq!(of(both.clone().file("/etc/os-release", FEDORA)).as_deref(), Some("dnf"));
        assert_eq!(of(both.file("/etc/os-release", DEBIAN)).as_deref(), Some("apt"));
        assert_eq!(of(Described::new().program("yum").file("/etc/os-release", ROCKY)).as_deref(), Some("yum"));
        assert_eq!(of(Described::new()), None);
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(ID|NAME|=|\"|'|\\\\|\n|.){0,80}") {
            let _ = (os_release(&text), unquote(&text));
        }
    }
}
