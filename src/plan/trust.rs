//! The steps that let Docker take images from a registry of one's own.

use super::build::{Wish, one};
use crate::model::fault::Fault;
use crate::model::host::{DockerFlavour, DockerPresence};
use crate::model::plan::{HERE, Preview, Risk, Step};
use crate::model::registry as names;
use crate::step::registry::{Trust, With};

/// What Docker must be told of a registry of one's own. An engine that is not root's from packages has its settings elsewhere:
/// the check says how it is told by hand.
pub(super) fn own_registry(wish: &Wish, after: &[String]) -> Result<Vec<Step>, Fault> {
    let images = &wish.answers.images;
    let Some(host) = images.registry.as_deref().map(names::host) else { return Ok(vec![]) };
    let listed: &[String] = match wish.host.docker.get() {
        Some(DockerPresence::Running(engine)) if engine.flavour == DockerFlavour::Rootful => &engine.insecure_registries,
        Some(DockerPresence::Running(_) | DockerPresence::Remote { .. } | DockerPresence::Stopped { snap: true, .. }) => return Ok(vec![]),
        _ => &[],
    };
    if names::is_loopback(names::computer(host)) {
        return Ok(vec![]);
    }
    let systemd = wish.host.service_manager.get().is_some_and(|m| m.as_deref() == Some("systemctl"));
    // What this site's earlier run told Docker stays a step of the plan: else it would be taken back as not wanted any more.
    let plain = (images.insecure && (wish.survey.registry_told || !names::takes_plain(listed, host))).then_some((
        "registry:plain".to_string(),
        Trust::Plain { systemd },
        "It speaks plain HTTP, which Docker refuses until it is told. It reads its settings again; nothing is restarted, no container stops.",
        "Takes the entry out of Docker's settings again; what others wrote there stays.",
    ));
    let authority = wish.survey.registry_ca.clone().map(|pem| {
        let why = "An authority of your own signed its certificate, which Docker does not know. Nothing is restarted.";
        (format!("registry:ca:{host}"), Trust::Authority { pem }, why, "Removes the certificate again, or puts back what lay there.")
    });
    let mut steps = vec![];
    for (id, trust, why, undo) in plain.into_iter().chain(authority) {
        let with = With { host: host.into(), trust };
        let mut s = one("registry", id, &with)?;
        s.title = match with.trust {
            Trust::Plain { .. } => format!("Let Docker take images from {host}"),
            Trust::Authority { .. } => format!("Give Docker the certificate for {host}"),
        };
        s.why = why.into();
        s.after = after.to_vec();
        s.risk = Risk::Machine;
        s.budget = 180;
        s.preview = Preview {
            place: HERE.into(),
            by_hand: with.by_hand(images.ca.as_deref().unwrap_or_default()),
            undo: undo.into(),
            ..Preview::default()
        };
        steps.push(s);
    }
    Ok(steps)
}
