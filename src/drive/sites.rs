//! Where the state of sites lies, and which sites there are.

use super::Drive;
use crate::flow::state::{Purpose, Standing};
use crate::model::answers::Answers;
use crate::model::fault::{Fault, Whose};
use crate::model::journal;
use crate::run::Receipt;
use crate::secrets::Secrets;
use crate::step::{file_fault, files};
use crate::world::files::{Files, Kind};

/// The folder that holds a folder for each site of root's.
pub const ROOTS: &str = "/var/lib/kerbup";

/// The folder that holds a folder for each site: the flag, else root's, else the user's own.
pub fn root(files: &dyn Files, flag: Option<&str>) -> String {
    if let Some(dir) = flag {
        return dir.trim_end_matches('/').into();
    }
    if files.uid() == 0 {
        return ROOTS.into();
    }
    match (files.variable("XDG_STATE_HOME"), files.variable("HOME")) {
        (Some(dir), _) if !dir.is_empty() => format!("{dir}/kerbup"),
        (_, Some(home)) => format!("{home}/.local/state/kerbup"),
        _ => ROOTS.into(),
    }
}

/// A site that stands or was left half-done.
#[derive(Debug, Clone)]
pub struct Site {
    /// Name.
    pub name: String,
    /// State folder.
    pub state: String,
    /// What was done.
    pub receipt: Receipt,
}

impl Drive {
    /// All sites of this state folder, by name. Folders without a journal are none.
    pub fn sites(&self) -> Result<Vec<Site>, Fault> {
        let names = match self.world.files.list(&self.root) {
            Ok(names) => names,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
            Err(e) => return Err(file_fault(&e, &self.root)),
        };
        let mut sites = vec![];
        for name in names {
            let state = self.state(&name);
            // What lies between the folders of the sites is none: answers on their way to root, a note of somebody's.
            if !self.world.files.meta(&state).is_ok_and(|m| m.kind == Kind::Folder) {
                continue;
            }
            let receipt = Receipt::read(&*self.world.files, &state)?;
            if !receipt.empty() || (receipt.unfinished() && receipt.plan.is_some()) {
                sites.push(Site { name, state, receipt });
            }
        }
        Ok(sites)
    }

    /// The site that is meant: the one named, or the only one there is.
    pub fn site(&self, name: Option<&str>) -> Result<Site, Fault> {
        let mut sites = self.sites()?;
        let names: Vec<String> = sites.iter().map(|s| s.name.clone()).collect();
        match name {
            Some(name) => sites.into_iter().find(|s| s.name == name).ok_or_else(|| {
                let known =
                    if names.is_empty() { "There is no site here.".to_string() } else { format!("There is: {}.", names.join(", ")) };
                Fault::new(Whose::Input, "NO-SUCH-SITE", format!("There is no site {name} here."))
                    .because(known)
                    .cure("See all sites: kerbup sites")
            }),
            None if sites.len() == 1 => Ok(sites.remove(0)),
            None if sites.is_empty() => {
                let mut fault = Fault::new(Whose::Input, "NO-SITE", "Nothing is installed here yet.");
                if self.world.files.uid() != 0 {
                    fault = fault
                        .because("Sites that root installed are seen by root alone.")
                        .cure("If it was installed by root: sudo kerbup status");
                }
                Err(fault.cure("Start the installation: kerbup"))
            }
            None => Err(Fault::new(Whose::Input, "WHICH-SITE", format!("There is more than one site here: {}.", names.join(", ")))
                .cure("Say which: --site NAME")),
        }
    }

    /// The sites as the welcome screen shows them.
    pub fn standing(&self, sites: &[Site]) -> Vec<Standing> {
        let standing = |s: &Site| {
            let (done, of) = s.receipt.done();
            Standing {
                running: self.under_way(&s.state),
                site: s.name.clone(),
                unfinished: s.receipt.unfinished(),
                done,
                of,
                stood: s.receipt.stood,
                purpose: match s.receipt.purpose {
                    Some(journal::Purpose::Uninstall) => Purpose::Uninstall,
                    _ => Purpose::Install,
                },
            }
        };
        sites.iter().map(standing).collect()
    }

    /// Nothing of the site that was in hand belongs to the next one.
    pub(super) fn put_down(&self) {
        self.secrets.names().iter().for_each(|name| self.secrets.forget(name));
        let mut memory = self.memory();
        memory.tried.clear();
        memory.plan = None;
    }

    /// Answers for a site beside those that stand: a name, a folder and ports that none of them has.
    pub fn another(&self) -> Result<Answers, Fault> {
        let sites = self.sites()?;
        let stand: Vec<Answers> = sites.iter().filter_map(|s| self.saved(s).ok()).collect();
        let mut answers = Answers::default();
        let first = answers.site.clone();
        let names = std::iter::once(first.clone()).chain((2..).map(|n: u32| format!("{first}-{n}")));
        let free = |name: &String| !sites.iter().any(|s| s.name == *name) && !files::there(&*self.world.files, &self.state(name));
        answers.site = names.into_iter().find(free).unwrap_or(first);
        let path = answers.path.clone();
        let within = |a: &str, b: &str| a == b || a.starts_with(&format!("{}/", b.trim_end_matches('/')));
        if stand.iter().any(|s| within(&path, &s.path) || within(&s.path, &path)) {
            answers.path = format!("{path}-{}", answers.site);
        }
        let mut taken: Vec<u16> = stand.iter().flat_map(|s| [s.vault_port, s.storage_port]).collect();
        taken.extend(self.memory().host.listeners.get().into_iter().flatten().map(|l| l.port));
        for port in [&mut answers.vault_port, &mut answers.storage_port] {
            *port = (*port..=u16::MAX).find(|p| !taken.contains(p)).unwrap_or(*port);
            taken.push(*port);
        }
        Ok(answers)
    }

    /// The answers of a site as they were saved, without its secrets.
    fn saved(&self, site: &Site) -> Result<Answers, Fault> {
        let path = format!("{}/site.toml", site.state);
        let text = self.world.files.read(&path).map_err(|e| file_fault(&e, &path))?;
        let none = |_: &str| None;
        let read = |p: &str| Err(format!("{p} is not read here"));
        let (answers, _) = crate::ask::load(&[(path, String::from_utf8_lossy(&text).into_owned())], &[], &none, &read).map_err(first)?;
        Ok(answers)
    }

    /// Answers and secrets of a site that stands.
    pub fn load(&self, site: &Site) -> Result<Answers, Fault> {
        let answers = self.saved(site)?;
        self.secrets.adopt(&Secrets::load(&*self.world.files, &format!("{}/secrets.toml", site.state))?);
        Ok(answers)
    }
}

/// The first of several faults; the others are of the same file and are found again once it is mended.
pub fn first(faults: Vec<Fault>) -> Fault {
    faults.into_iter().next().unwrap_or_else(|| Fault::new(Whose::Ours, "NOT-UNDERSTOOD", "The answers could not be read."))
}
