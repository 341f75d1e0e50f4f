//! While a run is under way, a unit of the service manager waits beside it: after a power cut or a restart of the machine it
//! goes on without anybody there. It is a file and a link that systemd reads at the next start, so the running one is told nothing.

use std::time::Duration;

use super::Drive;
use crate::model::event::Event;
use crate::model::fault::Fault;
use crate::step::unit::{self, Found};
use crate::step::{file_fault, files};
use crate::world::processes::Command;

const RESUME: &str = include_str!("../../assets/units/resume.service");

fn path(site: &str) -> String {
    format!("{}/kerbup-{site}-resume.service", unit::FOLDER)
}

fn wanted(site: &str) -> String {
    format!("{}/kerbup-{site}-resume.service", folder())
}

fn folder() -> String {
    format!("{}/multi-user.target.wants", unit::FOLDER)
}

impl Drive {
    /// systemd manages this machine's services, and we may tell it something.
    fn systemd(&self) -> bool {
        let known = self.memory().host.service_manager.get().cloned();
        let f = &*self.world.files;
        let known = known.or_else(|| f.described()?.service_manager.get().cloned());
        let manages = match known {
            Some(manager) => manager.as_deref() == Some("systemctl"),
            None => self.world.processes.find("systemctl").is_some() && files::there(f, "/run/systemd/system"),
        };
        manages && f.uid() == 0
    }

    /// From here on a machine that starts again goes on with this site. It waits for the disk of `storage`. Where that cannot be
    /// had the run goes on without: it is a comfort.
    pub fn stand_by(&self, site: &str, storage: &str) {
        if !self.systemd() {
            return;
        }
        if let Err(fault) = self.write_unit(site, storage) {
            let text = format!("after a power cut this will not go on by itself: {}", fault.says);
            self.send(Event::Log { at: self.world.clock.now(), from: "kerbup".into(), text });
        }
    }

    fn write_unit(&self, site: &str, storage: &str) -> Result<(), Fault> {
        let f = &*self.world.files;
        let (at, link) = (path(site), wanted(site));
        if unit::found(f, &at, site)? == Found::Foreign {
            return Err(unit::taken(&at));
        }
        // The copy in the state folder outlives a download folder; on a first run it is not there yet.
        let copy = format!("{}/kerbup", self.state(site));
        let program = if files::there(f, &copy) { copy } else { f.program().map_err(|e| file_fault(&e, "kerbup's own file"))? };
        let (line, command, root, storage) = (unit::line(&program), unit::word(&program), unit::argument(&self.root), unit::word(storage));
        let values = [
            ("site", site),
            ("root", root.as_str()),
            ("program", command.as_str()),
            ("program_path", line.as_str()),
            ("path", storage.as_str()),
        ];
        files::make(f, &folder(), 0o755)?;
        f.write(&at, unit::fill(RESUME, &values).as_bytes(), 0o644).map_err(|e| file_fault(&e, &at))?;
        match f.link(&at, &link) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(file_fault(&e, &link)),
            _ => Ok(()),
        }
    }

    /// A run came to its end. What failed because the machine goes down, and its engine before us, goes on when it starts again.
    pub(super) async fn ended(&self, site: &str, well: bool) {
        if well || !self.goes_down().await {
            self.stand_down(site);
        }
    }

    async fn goes_down(&self) -> bool {
        let ask = Command::new("systemctl", &["is-system-running"]).within(Duration::from_secs(10));
        // It ends with an error code for anything but running; what it prints is the answer.
        self.systemd() && self.world.processes.run(&ask, None).await.is_ok_and(|o| o.stdout.trim() == "stopping")
    }

    /// The run has ended, or a person ended it: the next start of the machine does nothing. What kerbup did not make stays.
    pub fn stand_down(&self, site: &str) {
        let f = &*self.world.files;
        let at = path(site);
        if !matches!(unit::found(f, &at, site), Ok(Found::Ours(_))) {
            return;
        }
        if f.read_link(&wanted(site)).is_ok_and(|to| to == at) {
            let _ = f.remove_file(&wanted(site));
        }
        // The unit does nothing without its link; systemctl too removes the folder of links with its last one.
        let _ = f.remove_file(&at);
        let _ = f.remove_folder(&folder());
    }
}
