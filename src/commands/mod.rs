//! From arguments to an exit code: makes the world and the drive, picks the front, runs the command.

mod cameras;
mod finish;
mod handover;
mod install;
mod setup;
mod standing;
mod wizard;

use std::ffi::OsString;
use std::io::Write as _;

use crate::cli::{self, Cli, Command, Exit};
use crate::front::{json, line};
use crate::model::check::{Status, verdict};
use crate::model::fault::Fault;
use crate::world::World;
use setup::Setup;

/// Runs the program; answers its exit code.
pub async fn run(args: Vec<OsString>) -> i32 {
    run_on(args, None).await
}

/// The same on a world of one's own instead of this machine: what a command does to it, the next one finds.
pub async fn run_on(args: Vec<OsString>, world: Option<World>) -> i32 {
    let cli = match cli::parse(args) {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return e.exit_code();
        }
    };
    match &cli.command {
        Some(Command::Completions { shell }) => return written(cli::completions(*shell, &mut std::io::stdout())),
        Some(Command::Man) => return written(cli::man(&mut std::io::stdout())),
        _ => {}
    }
    let setup = match Setup::new(&cli.globals, world) {
        Ok(setup) => setup,
        Err(fault) => return refuse(&[fault]),
    };
    setup.drive.sweep();
    let json = setup.json;
    let events = tells_events(cli.command.as_ref());
    let printed = setup.printed.clone();
    match dispatch(cli, setup).await {
        Ok(code) => match printed.failed() {
            Some(fault) if code == Exit::Done.code() => refuse(&[fault]),
            _ => code,
        },
        Err(faults) if json && events => {
            let mut out = std::io::stdout();
            for line in json::refused(&faults) {
                let _ = writeln!(out, "{line}");
            }
            refuse(&faults)
        }
        Err(faults) if json => {
            let _ = json::print(&json::faults(&faults), &mut std::io::stdout());
            refuse(&faults)
        }
        Err(faults) => refuse(&faults),
    }
}

/// Commands that print one event a line, the last always being how it ended; the others print one document.
fn tells_events(command: Option<&Command>) -> bool {
    use cli::Cameras::{Add, Change, Remove};
    matches!(
        command,
        Some(
            Command::Install { .. }
                | Command::Change
                | Command::Uninstall { .. }
                | Command::Passwords { new: true, .. }
                | Command::Status { watch: true }
                | Command::Cameras { command: Add { .. } | Change { .. } | Remove { .. } }
        )
    )
}

async fn dispatch(cli: Cli, setup: Setup) -> Result<i32, Vec<Fault>> {
    let site = cli.globals.site.as_deref();
    match cli.command {
        None => wizard::wizard(setup, &cli.globals).await,
        Some(Command::Check) => check(setup, &cli.globals).await,
        Some(Command::Plan) => install::plan(setup, &cli.globals).await,
        Some(Command::Install { wait_recording }) => install::install(setup, &cli.globals, wait_recording).await,
        Some(Command::Change) => install::change(setup, &cli.globals).await,
        Some(Command::Status { watch }) => standing::status(setup, &cli.globals, watch).await,
        Some(Command::Logs { name, follow, tail }) => standing::logs(setup, site, &name, tail as usize, follow).await,
        Some(Command::Passwords { name, new }) => standing::passwords(setup, site, name.as_deref(), new).await,
        Some(Command::Start) => standing::switch(setup, &cli.globals, true).await,
        Some(Command::Stop) => standing::switch(setup, &cli.globals, false).await,
        Some(Command::Cameras { command }) => cameras::cameras(setup, &cli.globals, command).await,
        Some(Command::Sites) => standing::sites(setup).await,
        Some(Command::Uninstall { purge_data, with_engine }) => standing::uninstall(setup, &cli.globals, purge_data, with_engine).await,
        Some(Command::Await) => standing::await_disk(setup, site).await,
        Some(Command::Guard) => standing::guard(setup, site).await,
        Some(Command::Resume) => install::resume(setup, site).await,
        Some(Command::Completions { .. } | Command::Man) => Ok(Exit::Done.code()),
    }
}

/// Looks at the machine and prints what was found.
async fn check(setup: Setup, globals: &cli::Globals) -> Result<i32, Vec<Fault>> {
    let answers = setup.drive.answers(&globals.answers, &globals.sets)?;
    let (host, checks) = setup.drive.look(&answers).await;
    if setup.json {
        setup.document(&json::check(&host, &checks));
    } else {
        setup.lines(&line::show::check(&host, &checks));
    }
    Ok(match verdict(&checks) {
        Status::Block => Exit::Blocked.code(),
        Status::Warn if globals.strict => Exit::Warned.code(),
        _ => Exit::Done.code(),
    })
}

fn written(result: std::io::Result<()>) -> i32 {
    // Whoever read the output may have had enough: `kerbup man | head`.
    match result {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failed.code(),
        _ => Exit::Done.code(),
    }
}

fn refuse(faults: &[Fault]) -> i32 {
    let mut err = std::io::stderr();
    for fault in faults {
        for line in line::show::fault(fault) {
            let _ = writeln!(err, "{line}");
        }
    }
    faults.first().map_or(Exit::Failed, Exit::from_fault).code()
}
