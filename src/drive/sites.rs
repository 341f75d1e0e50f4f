//! Where the state of sites lies, and which sites there are.

use super::Drive;
use crate::flow::state::{Purpose, Standing};
use crate::model::answers::Answers;
use crate::model::fault::{Fault, Whose};
use crate::model::journal;
use crate::run::Receipt;
use crate::secrets::Secrets;
use crate::step::{Neighbour, file_fault, files};
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
            sites.extend(self.read_site(&name)?);
        }
        Ok(sites)
    }

    /// One site, where there is one of that name.
    fn read_site(&self, name: &str) -> Result<Option<Site>, Fault> {
        let state = self.state(name);
        // What an uninstall set aside to remove it is no site any more; and what lies between the folders of the sites is none:
        // answers on their way to root, a note of somebody's.
        if name.starts_with('.') || !self.world.files.meta(&state).is_ok_and(|m| m.kind == Kind::Folder) {
            return Ok(None);
        }
        let receipt = Receipt::read(&*self.world.files, &state)?;
        let begun = !receipt.empty() || (receipt.unfinished() && receipt.plan.is_some());
        Ok(begun.then(|| Site { name: name.into(), state, receipt }))
    }

    /// What the other sites of this machine stand on. One whose journal cannot be read keeps nobody from working on this one.
    pub fn neighbours(&self, site: &str) -> Vec<Neighbour> {
        let f = &*self.world.files;
        let names = f.list(&self.root).unwrap_or_default();
        let others = names.into_iter().filter(|n| n != site && !n.starts_with('.')).map(|n| self.state(&n));
        let begun = |state: String| {
            let receipt = Receipt::read(f, &state).unwrap_or_default();
            let steps = receipt.steps.into_values().filter_map(|t| Some((t.step, t.undo?))).collect();
            Neighbour { state, steps }
        };
        others.map(begun).filter(|n| !n.steps.is_empty()).collect()
    }

    /// The site that is meant: the one named, or the only one there is. Of one that is named no other is read: a damaged journal
    /// keeps nobody from another site, least of all the look at its disk each hour.
    pub fn site(&self, name: Option<&str>) -> Result<Site, Fault> {
        if let Some(name) = name.filter(|n| !n.contains('/'))
            && let Some(site) = self.read_site(name)?
        {
            return Ok(site);
        }
        self.meant(&self.sites()?, name).cloned()
    }

    /// The same among sites that were read already: a journal may be long.
    pub fn meant<'a>(&self, sites: &'a [Site], name: Option<&str>) -> Result<&'a Site, Fault> {
        let names = || sites.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        match (name, sites) {
            (Some(name), _) => sites.iter().find(|s| s.name == name).ok_or_else(|| {
                let known = if sites.is_empty() { "There is no site here.".to_string() } else { format!("There is: {}.", names()) };
                Fault::new(Whose::Input, "NO-SUCH-SITE", format!("There is no site {name} here."))
                    .because(known)
                    .cure("See all sites: kerbup sites")
            }),
            (None, [one]) => Ok(one),
            (None, []) => Err(self.none_here()),
            (None, _) => Err(Fault::new(Whose::Input, "WHICH-SITE", format!("There is more than one site here: {}.", names()))
                .cure("Say which: --site NAME")),
        }
    }

    /// Names of root's sites, for a user who is not root: who may not look into them may see that they are there.
    pub fn roots(&self) -> Vec<String> {
        let f = &*self.world.files;
        if f.uid() == 0 || self.root == ROOTS {
            return vec![];
        }
        let site = |name: &String| !name.starts_with('.') && f.meta(&format!("{ROOTS}/{name}")).is_ok_and(|m| m.kind == Kind::Folder);
        f.list(ROOTS).unwrap_or_default().into_iter().filter(site).collect()
    }

    fn none_here(&self) -> Fault {
        let nothing = Fault::new(Whose::Input, "NO-SITE", "Nothing is installed here yet.");
        let fault = match self.roots().as_slice() {
            [] if self.world.files.uid() == 0 => nothing,
            [] => {
                nothing.because("Sites that root installed are seen by root alone.").cure("If it was installed by root: sudo kerbup status")
            }
            [name] => {
                return Fault::new(Whose::Input, "NO-SITE", format!("The site {name} was installed by root."))
                    .cure("See how it is: sudo kerbup status");
            }
            names => {
                return Fault::new(Whose::Input, "NO-SITE", format!("These sites were installed by root: {}.", names.join(", ")))
                    .cure("See how one is: sudo kerbup status --site NAME");
            }
        };
        fault.cure("Start the installation: kerbup")
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
                folder: s.receipt.folder(),
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
