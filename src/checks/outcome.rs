//! What a rule is given and what it gives back.

use std::collections::BTreeMap;

use super::need::Needs;
use crate::model::answers::{Answers, PlatformKind, Service, Shape};
use crate::model::camera::CameraTried;
use crate::model::check::{Fix, Status};
use crate::model::fact::Fact;
use crate::model::host::{DockerEngine, DockerPresence, HostReport, Mount, User, VirtKind};

/// All that a rule may look at.
pub struct Facts<'a> {
    /// The machine.
    pub host: &'a HostReport,
    /// The answers so far.
    pub answers: &'a Answers,
    /// Figures of the recipes.
    pub needs: &'a Needs,
    /// Cameras that were tried, by name.
    pub tried: &'a BTreeMap<String, CameraTried>,
    /// Containers (by name) and ports (as digits) that kerbup made: a site that stands never fails its own check.
    pub ours: &'a [String],
    /// Bytes that the site keeps on the disk of its recordings and lets go again by itself: room for new ones.
    pub own: u64,
}

impl<'a> Facts<'a> {
    /// The site is to run on Docker.
    pub fn on_docker(&self) -> bool {
        self.answers.platform == PlatformKind::Docker
    }

    /// The site is to run on a cluster that is, or will be, on this very machine.
    pub fn cluster_here(&self) -> bool {
        matches!(self.answers.platform, PlatformKind::Microk8s | PlatformKind::Kubernetes)
    }

    /// Library, database and video store are part of the site.
    pub fn full(&self) -> bool {
        self.answers.shape == Shape::Full
    }

    /// The database is installed with the site.
    pub fn database_here(&self) -> bool {
        self.full() && self.answers.database == Service::Bundled
    }

    /// The video store is installed with the site.
    pub fn video_store_here(&self) -> bool {
        self.full() && self.answers.object_storage == Service::Bundled
    }

    /// The engine, where it answers.
    pub fn engine(&self) -> Option<&'a DockerEngine> {
        match self.host.docker.get() {
            Some(DockerPresence::Running(engine)) => Some(engine),
            _ => None,
        }
    }

    /// Sort of virtualization, where it is known.
    pub fn virt(&self) -> Option<VirtKind> {
        self.host.virtualization.get().map(|v| v.kind)
    }

    /// Who runs kerbup, where that is known.
    pub fn user(&self) -> Option<&'a User> {
        self.host.user.get()
    }

    /// The file system that a path lies on: the deepest mount point above it, the newest where several stand on one point.
    pub fn mount_of(&self, path: &str) -> Option<&'a Mount> {
        self.host.mounts.get()?.iter().filter(|m| below(path, &m.path)).max_by_key(|m| m.path.trim_end_matches('/').len())
    }

    /// The same, where its room could be asked: a network folder whose server is gone tells none.
    pub fn room_of(&self, path: &str) -> Option<&'a Mount> {
        self.mount_of(path).filter(|m| m.total > 0)
    }

    /// A container or port that kerbup made.
    pub fn is_ours(&self, name: &str) -> bool {
        self.ours.iter().any(|o| o == name)
    }

    /// This site stands already, whole or in part.
    pub fn stands(&self) -> bool {
        let site = &self.answers.site;
        match self.host.existing.get() {
            Some(all) => all.iter().any(|e| e.site.as_deref() == Some(site)),
            None => self.ours.iter().any(|o| o.strip_prefix(site.as_str()).is_some_and(|rest| rest.starts_with('-'))),
        }
    }

    /// Every image of the site is on this machine, so nothing has to be fetched.
    pub fn nothing_to_fetch(&self) -> bool {
        !self.needs.images.is_empty() && self.needs.images.iter().all(|i| i.present)
    }

    /// A registry answered.
    pub fn some_registry_answers(&self) -> bool {
        self.host.registries.iter().any(|r| r.reach.get().is_some())
    }

    /// A registry was asked and did not answer.
    pub fn some_registry_is_silent(&self) -> bool {
        self.host.registries.iter().any(|r| r.reach.get().is_none() && !pending(&r.reach))
    }
}

/// A slow fact whose turn has not come yet: no word about the network.
pub fn pending<T>(fact: &Fact<T>) -> bool {
    matches!(fact, Fact::Unknown { unknown } if unknown.starts_with("not looked at yet") || unknown.starts_with("not asked yet"))
}

/// A path is a folder or lies below it.
pub fn below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a rule came to, before it is named.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What it came to.
    pub status: Status,
    /// What was seen.
    pub seen: String,
    /// What to do.
    pub advice: String,
    /// What kerbup may do about it.
    pub fix: Option<Fix>,
}

impl Outcome {
    fn new(status: Status, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Outcome { status, seen: seen.into(), advice: advice.into(), fix: None }
    }

    /// Right.
    pub fn pass(seen: impl Into<String>) -> Self {
        Self::new(Status::Pass, seen, "")
    }

    /// Does not apply, or cannot be told.
    pub fn skip(why: impl Into<String>) -> Self {
        Self::new(Status::Skip, why, "")
    }

    /// To know.
    pub fn warn(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Status::Warn, seen, advice)
    }

    /// In the way.
    pub fn block(seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(Status::Block, seen, advice)
    }

    /// The same, with what kerbup may do about it.
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }
}

/// The value of a fact; a rule whose fact is unknown ends with a skip that says why.
macro_rules! known {
    ($fact:expr) => {
        match &$fact {
            $crate::model::fact::Fact::Known { value, .. } => value,
            $crate::model::fact::Fact::Unknown { unknown } => {
                return $crate::checks::outcome::Outcome::skip(format!("not known: {unknown}"));
            }
        }
    };
}
/// Ends a rule that is about clusters when the site runs on Docker.
macro_rules! only_on_cluster {
    ($facts:expr) => {
        if $facts.on_docker() {
            return $crate::checks::outcome::Outcome::skip("only for clusters");
        }
    };
}
/// Ends a rule that is about Docker when the site runs on a cluster.
macro_rules! only_on_docker {
    ($facts:expr) => {
        if !$facts.on_docker() {
            return $crate::checks::outcome::Outcome::skip("only on Docker");
        }
    };
}
pub(super) use {known, only_on_cluster, only_on_docker};

/// The facts of a Kubernetes node are asked of the cluster, not of this machine, when it is somewhere else.
pub fn elsewhere() -> Outcome {
    Outcome::skip("the cluster is not on this machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_compared_by_whole_names() {
        assert!(below("/srv/kerberos", "/"));
        assert!(below("/srv/kerberos", "/srv"));
        assert!(below("/srv", "/srv/"));
        assert!(!below("/srv2", "/srv"));
    }
}
