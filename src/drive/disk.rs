//! When the machine starts, the engine starts a site's parts at once, and gives up on those whose folders are not there yet: a
//! slow disk, or one that is plugged in later. The wrong disk is never written that way. This waits for the right one, however
//! long it takes, and starts them then.

use std::time::Duration;

use super::Drive;
use super::sites::Site;
use super::standing::plan_of;
use crate::health::mark;
use crate::model::engine::ContainerState;
use crate::model::fault::Fault;
use crate::step::engine_fault;
use crate::step::unit::{self, Found};
use crate::world::processes::Command;

/// Between two looks for the disk.
const LOOK: Duration = Duration::from_secs(2);

/// So often a part is started that does not start for another reason, ten seconds apart.
const TRIES: u32 = 6;

impl Drive {
    /// Where recordings go, when their disk is not there.
    pub fn awaited(&self, site: &Site) -> Result<Option<String>, Fault> {
        let path = self.load(site)?.path;
        Ok((mark::there(&*self.world.files, &path, &site.name) == Some(false)).then_some(path))
    }

    /// Waits for the disk and starts what the engine gave up on. Says what it started.
    pub async fn await_disk(&self, site: &Site) -> Result<Vec<String>, Fault> {
        let path = self.load(site)?.path;
        let mut started = vec![];
        let mut tries = 0;
        loop {
            while mark::there(&*self.world.files, &path, &site.name) != Some(true) {
                self.world.clock.sleep(LOOK).await;
            }
            // A run that is under way sees to the parts itself.
            let fault = match self.lock(&site.state) {
                Err(_) => None,
                Ok(_lock) => match self.start_given_up(site, &mut started).await {
                    Ok(()) => return Ok(started),
                    Err(fault) => Some(fault),
                },
            };
            if let Some(fault) = fault {
                tries += 1;
                if tries == TRIES {
                    return Err(fault);
                }
            }
            self.world.clock.sleep(5 * LOOK).await;
        }
    }

    /// A person stops the site: nothing is waited for until the machine starts again.
    pub(super) async fn wait_no_more(&self, site: &str) {
        let service = format!("{}.service", unit::disk(site, "", "").name);
        if matches!(unit::found(&*self.world.files, &format!("{}/{service}", unit::FOLDER), site), Ok(Found::Ours(_))) {
            let stop = Command::new("systemctl", &["stop", &service]).within(Duration::from_secs(30));
            // Where there is no service manager any more, nothing waits either.
            let _ = self.world.processes.run(&stop, None).await;
        }
    }

    /// Starts the parts that the engine could not start, in the order of the plan. What a person stopped stays so.
    async fn start_given_up(&self, site: &Site, started: &mut Vec<String>) -> Result<(), Fault> {
        let label = Some(("io.kerbup.site", site.name.as_str()));
        let all = self.world.engine.containers(label).await.map_err(|e| engine_fault(e, "Docker"))?;
        for part in plan_of(site)?.steps.iter().filter_map(|s| s.id.strip_prefix("container:")) {
            let name = format!("{}-{part}", site.name);
            let given_up = all
                .iter()
                .any(|c| c.name == name && c.error.is_some() && matches!(c.state, ContainerState::Created | ContainerState::Exited));
            if given_up {
                self.world.engine.start(&name).await.map_err(|e| engine_fault(e, part))?;
                started.push(part.to_string());
            }
        }
        Ok(())
    }
}
