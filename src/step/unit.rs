//! A service of the machine's own service manager (systemd): one that a timer runs, or one that runs at each start of the machine.
//! A unit that kerbup did not make is neither overwritten nor removed: ours say so in their first line.

use std::io::ErrorKind;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Kind, file_fault, files, with};
use crate::model::fault::{Fault, Whose};
use crate::model::plan::{Step, StepState};
use crate::world::files::{Files, Kind as Sort};
use crate::world::processes::Command;

/// Where units of the administrator lie; it wins over what packages bring.
pub const FOLDER: &str = "/etc/systemd/system";
const SERVICE: &str = include_str!("../../assets/units/guard.service");
const TIMER: &str = include_str!("../../assets/units/guard.timer");
const DISK: &str = include_str!("../../assets/units/disk.service");

/// The kind.
pub struct Unit;

/// What it needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct With {
    /// Name of the units, without their endings.
    pub name: String,
    /// Text of the service.
    pub service: String,
    /// Text of the timer that runs it; without one it runs when the machine starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<String>,
}

impl With {
    /// The files: path and text.
    pub fn files(&self) -> Vec<(String, &str)> {
        let path = |ending: &str| format!("{FOLDER}/{}.{ending}", self.name);
        let timer = self.timer.as_ref().map(|text| (path("timer"), text.as_str()));
        [(path("service"), self.service.as_str())].into_iter().chain(timer).collect()
    }

    /// The unit that is switched on.
    fn wakes(&self) -> String {
        format!("{}.{}", self.name, if self.timer.is_some() { "timer" } else { "service" })
    }

    /// The link that makes it start with the machine.
    fn wanted(&self) -> String {
        format!("{FOLDER}/{}.target.wants/{}", if self.timer.is_some() { "timers" } else { "multi-user" }, self.wakes())
    }

    /// Switches it on. What runs at the start of the machine has nothing to do before the next one.
    fn enable(&self) -> Vec<String> {
        let now = self.timer.as_ref().map(|_| "--now".to_string());
        ["enable".to_string()].into_iter().chain(now).chain([self.wakes()]).collect()
    }

    /// The commands to do it by hand.
    pub fn by_hand(&self) -> Vec<String> {
        let mut lines = vec![];
        for (path, text) in self.files() {
            lines.push(format!("sudo tee {path} <<'EOF'"));
            lines.extend(text.lines().map(str::to_string));
            lines.push("EOF".into());
        }
        lines.push("sudo systemctl daemon-reload".into());
        lines.push(format!("sudo systemctl {}", self.enable().join(" ")));
        lines
    }
}

/// Fills a unit's text: each `{{name}}` becomes its value. Values for a command line or a list are quoted before.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_string(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// A word as systemd reads it: `%` means something there, blanks part words (systemd.unit(5), systemd.syntax(7)).
pub fn word(text: &str) -> String {
    let text = text.replace('%', "%%");
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./%$:@+,".contains(c)) && !text.is_empty() {
        text
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A word behind the program of a command line: there, and not in the program itself, `$` means something (systemd.service(5)).
pub fn argument(text: &str) -> String {
    word(&text.replace('$', "$$"))
}

/// A path where systemd takes the rest of the line as it is.
pub fn line(text: &str) -> String {
    text.replace('%', "%%")
}

/// A unit's text for a site. `root` is the folder of all sites, `program` the copy it runs.
fn text(template: &str, site: &str, root: &str, program: &str) -> String {
    let (path, command, folder) = (line(program), word(program), argument(root));
    fill(template, &[("site", site), ("root", folder.as_str()), ("program", command.as_str()), ("program_path", path.as_str())])
}

/// The timer that keeps the site's disk from filling up.
pub fn guard(site: &str, root: &str, program: &str) -> With {
    let of = |template| text(template, site, root, program);
    With { name: format!("kerbup-{site}-guard"), service: of(SERVICE), timer: Some(of(TIMER)) }
}

/// The service that waits for the site's disk when the machine starts.
pub fn disk(site: &str, root: &str, program: &str) -> With {
    With { name: format!("kerbup-{site}-disk"), service: text(DISK, site, root, program), timer: None }
}

/// The line of /etc/crontab that does the same where there is no systemd. To cron `%` is the end of the line.
pub fn cron(site: &str, root: &str, program: &str) -> String {
    let command = Command::new(program, &["--state", root, "guard", "--site", site]).by_hand();
    format!("7 * * * * root {}", command.replace('%', "\\%"))
}

/// What lies where a unit of ours goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A unit that kerbup made for this site, with its text.
    Ours(String),
    /// Something else: another's unit, a link, a masked name.
    Foreign,
}

/// Looks at the place of a unit.
pub fn found(f: &dyn Files, path: &str, site: &str) -> Result<Found, Fault> {
    match f.meta(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(e) => return Err(file_fault(&e, path)),
        Ok(m) if m.kind != Sort::File => return Ok(Found::Foreign),
        Ok(_) => {}
    }
    let bytes = f.read(path).map_err(|e| file_fault(&e, path))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let ours = text.lines().next().is_some_and(|first| first.starts_with(&format!("# Made by kerbup for the site {site}.")));
    Ok(if ours { Found::Ours(text) } else { Found::Foreign })
}

/// Something that kerbup did not make has the name of one of its units.
pub fn taken(path: &str) -> Fault {
    Fault::new(Whose::Machine, "NAME-TAKEN", format!("{path} is in the way: kerbup did not make it."))
        .cure("Give this site another name, or move that file away if nothing needs it. Then run kerbup again.")
}

/// Runs systemctl; what it refuses comes back as a fault.
async fn systemctl(cx: &Context, args: &[&str]) -> Result<(), Fault> {
    let command = Command::new("systemctl", args).within(Duration::from_secs(60));
    let refused = |why: String| {
        Fault::new(Whose::Machine, "UNIT-REFUSED", "What looks after the disk could not be set up in systemd.")
            .because(why)
            .cure(format!("See what it says: {}. Then run kerbup again: it goes on where it stopped.", command.by_hand()))
    };
    let output = cx.world.processes.run(&command, None).await.map_err(|e| refused(e.to_string()))?;
    if output.ok() {
        Ok(())
    } else {
        Err(refused(format!("{}: {}", command.by_hand(), output.stderr.lines().next().unwrap_or("it failed without a word"))))
    }
}

#[async_trait]
impl Kind for Unit {
    fn name(&self) -> &'static str {
        "unit"
    }

    async fn check(&self, step: &Step, cx: &Context) -> Result<StepState, Fault> {
        let w: With = with(step)?;
        let mut diff = vec![];
        let mut absent = 0;
        for (path, text) in w.files() {
            match found(&*cx.world.files, &path, &cx.site)? {
                Found::Foreign => return Err(taken(&path)),
                Found::Nothing => absent += 1,
                Found::Ours(now) if now != text => diff.push(format!("{path} says something else")),
                Found::Ours(_) => {}
            }
        }
        if absent == w.files().len() {
            return Ok(StepState::Absent);
        }
        if absent > 0 {
            diff.push("one of its two files is missing".into());
        } else if diff.is_empty() && systemctl(cx, &["is-enabled", "--quiet", &w.wakes()]).await.is_err() {
            diff.push(format!("{} is switched off", w.wakes()));
        }
        Ok(if diff.is_empty() { StepState::OursAlready } else { StepState::Different { diff } })
    }

    async fn prepare(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        for (path, _) in w.files() {
            if found(&*cx.world.files, &path, &cx.site)? == Found::Foreign {
                return Err(taken(&path));
            }
        }
        Ok(json!({ "folders": files::missing(&*cx.world.files, FOLDER)? }))
    }

    async fn apply(&self, step: &Step, cx: &Context) -> Result<Value, Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        files::make(f, FOLDER, 0o755)?;
        for (path, text) in w.files() {
            if found(f, &path, &cx.site)? == Found::Foreign {
                return Err(taken(&path));
            }
            f.write(&path, text.as_bytes(), 0o644).map_err(|e| file_fault(&e, &path))?;
        }
        systemctl(cx, &["daemon-reload"]).await?;
        let enable = w.enable();
        systemctl(cx, &enable.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        Ok(json!({ "files": w.files().into_iter().map(|(path, _)| path).collect::<Vec<_>>() }))
    }

    async fn revert(&self, step: &Step, undo: &Value, cx: &Context) -> Result<(), Fault> {
        let w: With = with(step)?;
        let f = &*cx.world.files;
        let mut ours = vec![];
        for (path, _) in w.files() {
            if matches!(found(f, &path, &cx.site)?, Found::Ours(_)) {
                ours.push(path);
            }
        }
        if !ours.is_empty() {
            // A unit that was never loaded cannot be disabled, and need not be: its files and link go below.
            let _ = systemctl(cx, &["disable", "--now", &w.wakes()]).await;
            let _ = systemctl(cx, &["stop", &format!("{}.service", w.name)]).await;
            if f.read_link(&w.wanted()).is_ok_and(|to| to.ends_with(&w.wakes())) {
                f.remove_file(&w.wanted()).map_err(|e| file_fault(&e, &w.wanted()))?;
            }
            for path in &ours {
                f.remove_file(path).map_err(|e| file_fault(&e, path))?;
            }
            // Without a service manager nothing remembers the files.
            let _ = systemctl(cx, &["daemon-reload"]).await;
        }
        let folders: Vec<String> = serde_json::from_value(undo["folders"].clone()).unwrap_or_default();
        files::remove_empty(f, &folders)
    }
}

#[cfg(test)]
mod tests;
