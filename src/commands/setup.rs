//! What every command begins with: the world (real or practice), the recipes, the drive, and how to print.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::cli::{Color, Globals, Output};
use crate::drive::{Drive, sites};
use crate::flow::state::Played;
use crate::front::line::Terminal;
use crate::front::{full, json};
use crate::host;
use crate::model::event::Event;
use crate::model::fault::{Fault, Whose};
use crate::recipe::load;
use crate::recipe::reading::Reading;
use crate::world::World;
use crate::world::fake;
use crate::world::files::Files;
use crate::world::real::{clock::RealClock, docker, files::RealFiles, network::RealNetwork, processes::RealProcesses};

/// What every command begins with.
pub struct Setup {
    /// The drive.
    pub drive: Drive,
    /// Its events.
    pub events: UnboundedReceiver<Event>,
    /// Documents and event lines are JSON.
    pub json: bool,
    /// The full screen may be shown.
    pub full: bool,
    /// Nothing is changed: the world is a described one.
    pub practice: bool,
    /// What it is played on.
    pub played: Played,
    /// How the full screen looks.
    pub look: full::Look,
    /// How plain mode prints.
    pub terminal: Terminal,
    /// What became of what was printed.
    pub printed: Printed,
}

/// What became of what was printed: a reader that has had enough (`| head`) is no failure, a full disk is.
#[derive(Clone, Default)]
pub struct Printed(Arc<Mutex<Option<std::io::Error>>>);

impl Printed {
    fn note(&self, result: std::io::Result<()>) {
        if let Err(e) = result {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
        }
    }

    /// Nobody reads any more, or nothing more can be written.
    pub fn over(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Why not all was written, where somebody still wanted it.
    pub fn failed(&self) -> Option<Fault> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let e = seen.as_ref().filter(|e| e.kind() != std::io::ErrorKind::BrokenPipe)?;
        let says = "Not all that was to be printed could be written.";
        Some(
            Fault::new(Whose::Machine, "NOT-WRITTEN", says)
                .because(e.to_string())
                .cure("Make room where the output goes, and run it again."),
        )
    }
}

fn real() -> World {
    World {
        files: Arc::new(RealFiles),
        processes: Arc::new(RealProcesses),
        network: Arc::new(RealNetwork::new()),
        engine: Arc::new(docker::connect(&host::docker_socket(&RealFiles))),
        clock: Arc::new(RealClock::new()),
    }
}

/// The described machine that is meant: by name, or a saved report of `check --output json`.
fn practice(name: &str) -> Result<(World, Played), Fault> {
    let described = match name {
        "" => fake::named("nuc")?,
        name if fake::names().contains(&name) => fake::named(name)?,
        file if file.contains('/') || file.ends_with(".json") || RealFiles.meta(file).is_ok() => {
            let bytes = RealFiles.read(file).map_err(|e| {
                Fault::new(Whose::Input, "REPORT-UNREADABLE", format!("{file} cannot be read."))
                    .because(e.to_string())
                    .cure("Save one with: kerbup check --output json > report.json")
            })?;
            fake::from_report(&bytes)?
        }
        name => fake::named(name)?,
    };
    let played = Played {
        speed: described.speed,
        machine: described.says.clone(),
        cameras: described.cameras.iter().filter(|c| c.reading.is_some()).map(|c| (c.address(), c.login.clone())).collect(),
    };
    Ok((fake::world(described), played))
}

/// This machine's time zone. TZ is the exception; else the file is read alone: the list of all zones, some 600 files, is not needed
/// to show a time, and the first frame waits for this.
fn zone(files: &dyn Files) -> TimeZone {
    if files.variable("TZ").is_some() {
        return TimeZone::system();
    }
    files.read("/etc/localtime").ok().and_then(|bytes| TimeZone::tzif("local", &bytes).ok()).unwrap_or(TimeZone::UTC)
}

impl Setup {
    /// Reads the flags; touches no engine yet. A world that is given stands for this machine.
    pub fn new(globals: &Globals, world: Option<World>) -> Result<Self, Fault> {
        let recipes = match &globals.recipes {
            Some(dir) => load::folder(&RealFiles, dir)?.into(),
            None => Reading::embedded(),
        };
        let (world, played) = match (&globals.practice, world) {
            (Some(name), _) => practice(name)?,
            (None, Some(given)) => (given, Played::default()),
            (None, None) => (real(), Played::default()),
        };
        // Mounts and links name the state folder, so it must mean the same wherever kerbup is called from next.
        let named = globals
            .state
            .as_deref()
            .map(|dir| std::path::absolute(dir).map_or_else(|_| dir.to_string(), |p| p.to_string_lossy().into_owned()));
        let root = sites::root(&*world.files, named.as_deref());
        let (sender, events) = mpsc::unbounded_channel();
        let clock = world.clock.clone();
        let mut drive = Drive::new(world, recipes, root, sender);
        if globals.practice.is_some() {
            drive.papers = Arc::new(RealFiles);
        }
        drive.here = std::path::absolute(".").map_or_else(|_| ".".into(), |p| p.to_string_lossy().into_owned());
        if named.is_none() && globals.practice.is_none() && RealFiles.uid() != 0 {
            // Whoever plans, root installs.
            drive.installed = sites::ROOTS.into();
        }
        let stdout_tty = std::io::stdout().is_terminal();
        let stdin_tty = std::io::stdin().is_terminal();
        let variable = |name: &str| RealFiles.variable(name).filter(|v| !v.is_empty());
        let term = variable("TERM").unwrap_or_default();
        let colour = match globals.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stdout_tty && variable("NO_COLOR").is_none() && term != "dumb",
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|n| variable(n)).unwrap_or_default().to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        let ascii = globals.ascii || !utf8 || matches!(term.as_str(), "linux" | "vt100" | "vt220");
        let accessible = variable("ACCESSIBLE").is_some();
        Ok(Setup {
            drive,
            events,
            json: globals.output == Some(Output::Json),
            full: match globals.output {
                Some(Output::Tty) | None => stdin_tty && stdout_tty && term != "dumb" && !accessible,
                _ => false,
            },
            practice: globals.practice.is_some(),
            played,
            look: full::Look { colour: if colour { full::Colour::Sixteen } else { full::Colour::Mono }, ascii },
            printed: Printed::default(),
            terminal: Terminal {
                stdin_tty,
                stderr_tty: std::io::stderr().is_terminal(),
                accessible,
                colour,
                zone: zone(&RealFiles),
                now: Arc::new(move || clock.now()),
            },
        })
    }

    /// Prints a document on standard output.
    pub fn document(&self, value: &Value) {
        self.printed.note(json::print(value, &mut std::io::stdout()));
    }

    /// Prints an event as a line of its own on standard output.
    pub fn event(&self, event: &Event) {
        self.lines(&json::event(event).into_iter().collect::<Vec<_>>());
    }

    /// Prints lines on standard output.
    pub fn lines(&self, lines: &[String]) {
        let mut out = std::io::stdout();
        for line in lines {
            if let Err(e) = writeln!(out, "{line}") {
                return self.printed.note(Err(e));
            }
        }
    }

    /// Somebody sits at a terminal and can be asked for a password.
    pub fn can_be_asked(&self) -> bool {
        self.full || (self.terminal.stdin_tty && self.terminal.stderr_tty && !self.json)
    }

    /// Root is needed to change this machine's engine; practice changes nothing.
    pub fn root_needed(&self) -> Result<(), Fault> {
        if self.practice || self.drive.world.files.uid() == 0 {
            return Ok(());
        }
        Err(Fault::new(Whose::Machine, "NEEDS-ROOT", "Installing on Docker needs root.")
            .because("It makes folders, a service and containers that belong to this machine, not to one user.")
            .cure("Run the same with sudo in front: sudo kerbup …"))
    }
}

impl Setup {
    /// Shows what will be done and asks for a yes, unless that was said by a flag. Without a terminal, or without a yes, it is not
    /// done: `not` says so.
    pub fn agreed(&self, yes: bool, will: &[String], question: &str, not: &str) -> Result<(), Vec<Fault>> {
        if yes {
            return Ok(());
        }
        if self.can_be_asked() {
            let mut err = std::io::stderr();
            will.iter().for_each(|line| drop(writeln!(err, "{line}")));
            if self.confirmed(question)? {
                return Ok(());
            }
        }
        let cure = "Say it again with --yes, if that is what you want.";
        Err(vec![Fault::new(Whose::Input, "YES-MISSING", not).cure(cure)])
    }

    /// Asks for a yes on a terminal; without one the answer is no.
    pub fn confirmed(&self, question: &str) -> Result<bool, Vec<Fault>> {
        if !self.terminal.stdin_tty || self.json {
            return Ok(false);
        }
        let mut err = std::io::stderr();
        let _ = write!(err, "{question} [y/N]: ");
        let _ = err.flush();
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }
}
