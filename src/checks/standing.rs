//! Rules about what stands on this machine already: other installs of Kerberos, names that are taken, clusters.

use super::outcome::{Facts, Outcome, known, only_on_docker};
use crate::model::host::Existing;

fn by_hand<'a>(f: &Facts<'a>, all: &'a [Existing]) -> Vec<&'a Existing> {
    all.iter().filter(|e| e.site.is_none() && !f.is_ours(&e.name)).collect()
}

/// existing-install: made by hand, which kerbup leaves alone.
pub fn install(f: &Facts) -> Outcome {
    let all = known!(f.host.existing);
    let found = by_hand(f, all);
    if found.is_empty() {
        return Outcome::pass("no install made by hand");
    }
    let names: Vec<&str> = found.iter().map(|e| e.name.as_str()).collect();
    let running = found.iter().filter(|e| e.running).count();
    Outcome::warn(
        format!("Kerberos parts made by hand stand here: {} ({running} running)", names.join(", ")),
        "kerbup leaves them as they are and installs beside them. Two recorders on one camera may be one too many: when the new one works, stop the \
         old with docker stop NAME.",
    )
}

/// other-site: a site of kerbup's under another name.
pub fn other_site(f: &Facts) -> Outcome {
    let all = known!(f.host.existing);
    let mut sites: Vec<&str> = all.iter().filter_map(|e| e.site.as_deref()).filter(|s| *s != f.answers.site).collect();
    sites.sort_unstable();
    sites.dedup();
    if sites.is_empty() {
        return Outcome::pass("no other site here");
    }
    Outcome::warn(
        format!("another site of kerbup stands here: {}", sites.join(", ")),
        format!(
            "A second one needs ports and a folder of its own. If you meant that one: kerbup --site {} status",
            sites.first().copied().unwrap_or_default()
        ),
    )
}

/// compose-name-conflict
pub fn names(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let all = known!(f.host.existing);
    let site = &f.answers.site;
    let cameras = f.answers.cameras.iter().map(|c| format!("{site}-agent-{}", c.name));
    let parts = f.needs.images.iter().filter(|i| i.part != "agent").map(|i| format!("{site}-{}", i.part));
    let wanted: Vec<String> = parts.chain(cameras).collect();
    let ours = |e: &Existing| e.site.as_deref() == Some(site) || f.is_ours(&e.name);
    match all.iter().find(|e| wanted.contains(&e.name) && !ours(e)) {
        Some(found) => Outcome::block(
            format!("the name {} is taken by a container that kerbup did not make ({})", found.name, found.image),
            format!("Choose another name for the site (site.name), or rename that container: docker rename {0} {0}-old", found.name),
        ),
        None => Outcome::pass("the names of the parts are free"),
    }
}

/// agent-wrong-legacy-image
pub fn legacy(f: &Facts) -> Outcome {
    let all = known!(f.host.existing);
    let old = |e: &&Existing| {
        let name = e.image.split('@').next().unwrap_or_default();
        name.trim_start_matches("docker.io/").split(':').next() == Some("kerberos/kerberos")
    };
    match all.iter().find(old) {
        Some(found) => Outcome::warn(
            format!("{} is the old Kerberos of before 2021 ({})", found.name, found.image),
            "It is another product under the same name. kerbup installs today's (kerberos/agent) beside it; stop the old one when the new one works.",
        ),
        None => Outcome::pass("no old version of Kerberos"),
    }
}

/// other-cluster
pub fn cluster(f: &Facts) -> Outcome {
    only_on_docker!(f);
    let tools = &f.host.tools;
    let known = [("MicroK8s", &tools.microk8s), ("k3s", &tools.k3s), ("kubeadm", &tools.kubeadm)];
    if let Some(unknown) = known.iter().find(|(_, t)| t.get().is_none()) {
        return Outcome::skip(format!("not known: {}", unknown.1.how()));
    }
    let found: Vec<&str> = known.iter().filter(|(_, t)| matches!(t.get(), Some(Some(_)))).map(|(name, _)| *name).collect();
    if found.is_empty() {
        return Outcome::pass("no cluster on this machine");
    }
    Outcome::warn(
        format!(
            "{} is on this machine too: memory and ports are shared, and Docker's firewall rules may cut off its parts",
            found.join(", ")
        ),
        "If parts of the cluster lose their network after Docker starts: sudo iptables -P FORWARD ACCEPT",
    )
}
