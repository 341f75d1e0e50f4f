//! The step that makes the engine be there: installed, started.

use super::build::{Wish, one};
use crate::model::fact::Fact;
use crate::model::fault::{Fault, Whose};
use crate::model::host::{DockerEngine, DockerFlavour, DockerPresence, HostReport};
use crate::model::plan::{HERE, Preview, Risk, Step};
use crate::recipe::engine as by_hand;
use crate::step::docker;

/// The step; none where an engine answers and starts with the machine, or where nobody knows yet what there is.
pub(super) fn engine(wish: &Wish) -> Result<Option<Step>, Fault> {
    let host = wish.host;
    let manager = host.package_manager.get().cloned().flatten().unwrap_or_default();
    let systemd = host.service_manager.get().is_some_and(|m| m.as_deref() == Some("systemctl"));
    let stays = "Stays, unless you uninstall with --with-engine.";
    let as_before = "Docker starts with the machine, or not, as it did before; it is stopped again if it was and nobody else uses it.";
    let mut repository = None;
    let (packages, title, why, undo): (Vec<String>, _, _, _) = match host.docker.get() {
        Some(DockerPresence::Missing) => {
            // Packages alone do not run it, and a machine is not changed for nothing.
            if host.service_manager.get().is_some() && !systemd {
                return Err(by_hand_only(host, "Docker is not installed, and there is no systemd here, with which kerbup would start it."));
            }
            let (packages, own) = packages(host, &manager)?;
            repository = own.map(str::to_string);
            (packages, "Install Docker", "Docker runs each part in a box of its own. It is not on this machine yet.", stays)
        }
        // Without a service manager there is nothing to start it with: the run then says that Docker does not answer.
        Some(DockerPresence::Stopped { masked: false, snap: false, desktop: false, .. }) if systemd => {
            let why = "Docker is installed and does not run. It is started, now and at every start of this machine.";
            (vec![], "Start Docker", why, as_before)
        }
        Some(DockerPresence::Running(DockerEngine { flavour: DockerFlavour::Rootful, enabled: Some(false), .. })) if systemd => {
            let why = "It runs now, and would not after a restart of this machine: nothing would be recorded then.";
            (vec![], "Let Docker start with the machine", why, as_before)
        }
        _ => return Ok(None),
    };
    let with = docker::With {
        packages,
        manager: if manager == "apt" { "apt".into() } else { "dnf".into() },
        service: "docker".into(),
        repository,
    };
    let mut s = one("docker", "docker".into(), &with)?;
    s.title = title.into();
    s.why = why.into();
    s.risk = Risk::Machine;
    s.budget = 1800;
    s.preview = Preview {
        place: HERE.into(),
        by_hand: docker::by_hand(&with),
        undo: undo.into(),
        // How much packages are, their own list tells when they are installed.
        fetches: !with.packages.is_empty(),
        ..Preview::default()
    };
    Ok(Some(s))
}

/// Docker is missing, and a person has to install it.
fn by_hand_only(host: &HostReport, says: &str) -> Fault {
    let name = |fact: &Fact<Option<String>>| fact.get().cloned().flatten();
    let (packages, services) = (name(&host.package_manager), name(&host.service_manager));
    let commands = by_hand::by_hand(packages.as_deref(), services.as_deref());
    Fault::new(Whose::Machine, "DOCKER-MISSING", says).cure(match commands {
        Some(all) => format!("Install and start it, then run kerbup again: {}", by_hand::typed(&all)),
        None => format!("Install it by hand and start it, then run kerbup again: {}", by_hand::GUIDE),
    })
}

/// Packages of the engine, and Docker's own repository where the distribution has none. Debian, Ubuntu and Raspberry Pi OS have
/// docker.io, Fedora has moby-engine; Red Hat's family has neither (https://docs.docker.com/engine/install/rhel/).
fn packages(host: &HostReport, manager: &str) -> Result<(Vec<String>, Option<&'static str>), Fault> {
    let system = host.system.get();
    // Oracle Linux calls itself like Fedora and is built from Red Hat's sources.
    let is = |names: &[&str]| {
        system.is_some_and(|s| names.contains(&s.id.as_str()) || s.id == "ol" || s.like.iter().any(|l| names.contains(&l.as_str())))
    };
    match manager {
        "apt" => Ok((vec!["docker.io".into()], None)),
        "dnf" if is(&["rhel", "centos"]) && system.is_none_or(|s| s.id != "fedora") => {
            let flavour = if system.is_some_and(|s| s.id == "rhel") { "rhel" } else { "centos" };
            Ok((["docker-ce", "docker-ce-cli", "containerd.io"].map(String::from).to_vec(), Some(flavour)))
        }
        "dnf" if system.is_some_and(|s| s.id == "amzn") => Ok((vec!["docker".into()], None)),
        "dnf" => Ok((vec!["moby-engine".into()], None)),
        _ => Err(by_hand_only(host, "Docker is not installed, and kerbup does not install it with this system's packages.")),
    }
}

#[cfg(test)]
mod tests {
    use super::packages;
    use crate::model::fact::Fact;
    use crate::model::host::System;
    use crate::world::fake;

    #[test]
    fn each_distribution_gets_the_docker_that_it_has() {
        let on = |manager: &str, id: &str, like: &[&str]| {
            let mut host = fake::named("server").unwrap().host;
            let like = like.iter().map(|l| l.to_string()).collect();
            host.system = Fact::known(System { id: id.into(), name: id.into(), version: String::new(), codename: None, like }, "a test");
            packages(&host, manager).map(|(p, own)| (p.join(" "), own))
        };
        let docker_io = Ok(("docker.io".to_string(), None));
        assert_eq!(on("apt", "debian", &[]), docker_io);
        assert_eq!(on("apt", "raspbian", &["debian"]), docker_io);
        assert_eq!(on("apt", "ubuntu", &["debian"]), docker_io);
        assert_eq!(on("dnf", "fedora", &[]), Ok(("moby-engine".to_string(), None)));
        let own = "docker-ce docker-ce-cli containerd.io".to_string();
        assert_eq!(on("dnf", "rhel", &["fedora"]), Ok((own.clone(), Some("rhel"))));
        assert_eq!(on("dnf", "ol", &["fedora"]), Ok((own.clone(), Some("centos"))));
        assert_eq!(on("dnf", "rocky", &["rhel", "centos", "fedora"]), Ok((own, Some("centos"))));
        assert_eq!(on("dnf", "amzn", &["fedora"]), Ok(("docker".to_string(), None)));
        for (manager, id, typed) in
            [("pacman", "arch", "sudo pacman"), ("zypper", "opensuse-leap", "sudo zypper"), ("yum", "amzn", "https://")]
        {
            let mut host = fake::named("server").unwrap().host;
            host.package_manager = Fact::known(Some(manager.into()), "a test");
            host.system = Fact::known(System { id: id.into(), ..host.system.get().unwrap().clone() }, "a test");
            let fault = packages(&host, manager).unwrap_err();
            assert!(fault.code == "DOCKER-MISSING" && fault.cure[0].contains(typed), "{fault:?}");
        }
    }
}
