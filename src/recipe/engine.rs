//! How Docker comes onto a machine where kerbup does not install it: what a person types, by package and service manager.

/// Package managers with which kerbup installs it by itself, where systemd then starts it.
pub const OURS: [&str; 2] = ["apt", "dnf"];

/// Where all else is written down.
pub const GUIDE: &str = "https://docs.docker.com/engine/install/";

/// The commands to install it, start it, and have it start with the machine; none where kerbup does not know them.
pub fn by_hand(packages: Option<&str>, services: Option<&str>) -> Option<Vec<&'static str>> {
    let install = match packages? {
        "apt" => "sudo apt-get update && sudo apt-get install -y docker.io",
        // Fedora's own; Red Hat's family has none in its repositories.
        "dnf" => "sudo dnf install -y moby-engine",
        "pacman" => "sudo pacman -Syu --needed docker",
        "zypper" => "sudo zypper install -y docker",
        // In the repository named community, which setup-apkrepos leaves out unless asked.
        "apk" => "sudo apk add docker",
        _ => return None,
    };
    Some([vec![install], start(services)].concat())
}

/// The commands to start it, now and with the machine. Without a service manager it is started by its own name, each time.
pub fn start(services: Option<&str>) -> Vec<&'static str> {
    match services {
        Some("systemctl") => vec!["sudo systemctl enable --now docker"],
        Some("rc-service") => vec!["sudo rc-update add docker default", "sudo rc-service docker start"],
        Some("service") => vec!["sudo update-rc.d docker defaults", "sudo service docker start"],
        _ => vec!["sudo sh -c 'dockerd >/var/log/dockerd.log 2>&1 &'"],
    }
}

/// The commands in one line.
pub fn typed(commands: &[&str]) -> String {
    commands.join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_its_own_commands() {
        let of = |packages, services| by_hand(Some(packages), services).map(|all| typed(&all));
        let pairs = [
            ("pacman", "systemctl", "sudo pacman -Syu --needed docker && sudo systemctl enable --now docker"),
            ("zypper", "systemctl", "sudo zypper install -y docker && sudo systemctl enable --now docker"),
            ("apk", "rc-service", "sudo apk add docker && sudo rc-update add docker default && sudo rc-service docker start"),
        ];
        for (packages, services, wanted) in pairs {
            assert_eq!(of(packages, Some(services)).as_deref(), Some(wanted));
        }
        assert!(of("apt", Some("service")).is_some_and(|all| all.contains("docker.io") && all.contains("sudo service docker start")));
        assert!(of("apk", None).is_some_and(|all| all.contains("dockerd")));
        assert_eq!((of("yum", Some("systemctl")), by_hand(None, Some("systemctl"))), (None, None));
    }
}
