//! A timer of the machine's own service manager (systemd) with the service that it runs. A unit that kerbup did not make is
//! neither overwritten nor removed: ours say so in their first line.

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

/// The kind.
pub struct Unit;

/// What it needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct With {
    /// Name of both units, without their endings.
    pub name: String,
    /// Text of the service.
    pub service: String,
    /// Text of the timer.
    pub timer: String,
}

impl With {
    /// The two files: path and text.
    pub fn files(&self) -> [(String, &str); 2] {
        [(format!("{FOLDER}/{}.service", self.name), &self.service), (format!("{FOLDER}/{}.timer", self.name), &self.timer)]
    }

    fn timer_name(&self) -> String {
        format!("{}.timer", self.name)
    }

    /// The link that makes the timer start with the machine.
    fn wanted(&self) -> String {
        format!("{FOLDER}/timers.target.wants/{}.timer", self.name)
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
        lines.push(format!("sudo systemctl enable --now {}", self.timer_name()));
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

/// The timer that keeps the site's disk from filling up. `root` is the folder of all sites, `program` the copy it runs.
pub fn guard(site: &str, root: &str, program: &str) -> With {
    let (path, command, folder) = (line(program), word(program), argument(root));
    let values = [("site", site), ("root", folder.as_str()), ("program", command.as_str()), ("program_path", path.as_str())];
    With { name: format!("kerbup-{site}-guard"), service: fill(SERVICE, &values), timer: fill(TIMER, &values) }
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
        Fault::new(Whose::Machine, "UNIT-REFUSED", "The timer that watches the disk could not be set up.")
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
        if absent == 2 {
            return Ok(StepState::Absent);
        }
        if absent == 1 {
            diff.push("one of its two files is missing".into());
        } else if diff.is_empty() && systemctl(cx, &["is-enabled", "--quiet", &w.timer_name()]).await.is_err() {
            diff.push("the timer is switched off".into());
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
        systemctl(cx, &["enable", "--now", &w.timer_name()]).await?;
        Ok(json!({ "files": w.files().map(|(path, _)| path) }))
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
            let _ = systemctl(cx, &["disable", "--now", &w.timer_name()]).await;
            let _ = systemctl(cx, &["stop", &format!("{}.service", w.name)]).await;
            if f.read_link(&w.wanted()).is_ok_and(|to| to.ends_with(&w.timer_name())) {
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
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::event::Unit as Counted;
    use crate::model::plan::{Preview, Risk};
    use crate::secrets::Secrets;
    use crate::step::Report;
    use crate::world::fake::{self, Answer, Described, Pace, Sort as Why, Trouble, Verb};

    struct Silent;

    impl Report for Silent {
        fn progress(&self, _done: u64, _total: Option<u64>, _unit: Counted, _note: &str) {}
        fn log(&self, _from: &str, _text: &str) {}
    }

    fn context(programs: Vec<Answer>, trouble: Vec<Trouble>) -> Context {
        let described = Described { programs, trouble, ..fake::named("server").unwrap() };
        let world = fake::paced(described, Pace::Speed(1000.0)).0;
        Context {
            world,
            site: "shop".into(),
            state: "/var/lib/kerbup/shop".into(),
            secrets: Secrets::default(),
            report: Arc::new(Silent),
            purge: false,
            with_engine: false,
            made: None,
            who: |_, _| None,
            neighbours: vec![],
        }
    }

    fn systemd() -> Vec<Answer> {
        vec![Answer { program: "systemctl".into(), ..Answer::default() }]
    }

    fn step() -> Step {
        let with = guard("shop", "/var/lib/kerbup", "/var/lib/kerbup/shop/kerbup");
        Step {
            id: "unit:guard".into(),
            kind: "unit".into(),
            with: crate::step::details(&with).unwrap(),
            title: String::new(),
            why: String::new(),
            after: vec![],
            risk: Risk::Machine,
            budget: 60,
            preview: Preview::default(),
        }
    }

    #[tokio::test]
    async fn both_files_are_written_found_again_and_removed() {
        let (cx, s) = (context(systemd(), vec![]), step());
        let f = &*cx.world.files;
        assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Absent);
        let before = f.list(FOLDER).unwrap();
        let undo = Unit.prepare(&s, &cx).await.unwrap();
        assert_eq!(f.list(FOLDER).unwrap(), before, "prepare changes nothing");
        Unit.apply(&s, &cx).await.unwrap();
        let service = String::from_utf8(f.read("/etc/systemd/system/kerbup-shop-guard.service").unwrap()).unwrap();
        assert!(
            service.contains("\nType=oneshot\nExecStart=/var/lib/kerbup/shop/kerbup --state /var/lib/kerbup guard --site shop\n"),
            "{service}"
        );
        let timer = String::from_utf8(f.read("/etc/systemd/system/kerbup-shop-guard.timer").unwrap()).unwrap();
        assert!(
            timer.contains("OnBootSec=10min\nOnUnitActiveSec=1h\n") && timer.contains("WantedBy=timers.target") && !timer.contains("{{"),
            "{timer}"
        );
        assert_eq!(f.meta("/etc/systemd/system/kerbup-shop-guard.timer").unwrap().mode, 0o644);
        assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::OursAlready);
        Unit.revert(&s, &undo, &cx).await.unwrap();
        Unit.revert(&s, &undo, &cx).await.unwrap();
        assert_eq!(f.list(FOLDER).unwrap(), before);
    }

    #[tokio::test]
    async fn an_older_text_half_a_pair_and_a_timer_that_is_off_are_seen() {
        let off = Answer { program: "systemctl".into(), args: "is-enabled".into(), code: 1, ..Answer::default() };
        let (cx, s) = (context([vec![off], systemd()].concat(), vec![]), step());
        let f = &*cx.world.files;
        Unit.apply(&s, &cx).await.unwrap();
        assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { diff: vec!["the timer is switched off".into()] });
        let path = format!("{FOLDER}/kerbup-shop-guard.service");
        f.write(&path, b"# Made by kerbup for the site shop. An older one.\n", 0o644).unwrap();
        assert!(
            matches!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { diff } if diff == [format!("{path} says something else")])
        );
        f.remove_file(&path).unwrap();
        assert!(matches!(Unit.check(&s, &cx).await.unwrap(), StepState::Different { .. }));
        Unit.apply(&s, &cx).await.unwrap();
        assert!(matches!(found(f, &path, "shop").unwrap(), Found::Ours(text) if text.contains("ExecStart")));
    }

    #[tokio::test]
    async fn what_kerbup_did_not_make_is_neither_overwritten_nor_removed() {
        let (cx, s) = (context(systemd(), vec![]), step());
        let f = &*cx.world.files;
        let path = format!("{FOLDER}/kerbup-shop-guard.timer");
        for foreign in ["[Timer]\nOnCalendar=daily\n", "# Made by kerbup for the site other. It goes when the site is removed.\n"] {
            f.write(&path, foreign.as_bytes(), 0o644).unwrap();
            for fault in
                [Unit.check(&s, &cx).await.unwrap_err(), Unit.prepare(&s, &cx).await.unwrap_err(), Unit.apply(&s, &cx).await.unwrap_err()]
            {
                assert_eq!(fault.code, "NAME-TAKEN");
            }
            Unit.revert(&s, &json!({}), &cx).await.unwrap();
            assert_eq!(f.read(&path).unwrap(), foreign.as_bytes());
        }
        f.remove_file(&path).unwrap();
        f.link("/dev/null", &path).unwrap();
        assert_eq!(Unit.apply(&s, &cx).await.unwrap_err().code, "NAME-TAKEN");
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_its_own_words_and_still_taken_back() {
        let trouble = Trouble {
            verb: Verb::Process,
            fits: "enable --now".into(),
            says: "Failed to enable unit: Access denied\n".into(),
            times: 1,
            error: Why::Other,
            listens: None,
        };
        let (cx, s) = (context(systemd(), vec![trouble]), step());
        let undo = Unit.prepare(&s, &cx).await.unwrap();
        let fault = Unit.apply(&s, &cx).await.unwrap_err();
        assert_eq!(fault.code, "UNIT-REFUSED");
        assert!(fault.because.join(" ").contains("Access denied"), "{fault:?}");
        Unit.revert(&s, &undo, &cx).await.unwrap();
        assert_eq!(Unit.check(&s, &cx).await.unwrap(), StepState::Absent);
        // A second try succeeds.
        Unit.apply(&s, &cx).await.unwrap();
    }

    #[test]
    fn a_word_survives_what_systemd_makes_of_it() {
        assert_eq!(word("/var/lib/kerbup"), "/var/lib/kerbup");
        assert_eq!(word("/mnt/my disk/100%/$x\"y"), "\"/mnt/my disk/100%%/$x\\\"y\"");
        assert_eq!(argument("/mnt/$x"), "/mnt/$$x");
        assert_eq!(line("/mnt/100% disk"), "/mnt/100%% disk");
        assert_eq!(cron("shop", "/mnt/100% a", "/k"), r"7 * * * * root /k --state '/mnt/100\% a' guard --site shop");
    }
}
