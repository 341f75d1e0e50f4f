//! Commands and flags. Help shows examples first; every flag has an environment name; parsing touches neither disk nor network.

mod exit;
mod tree;

use std::ffi::OsString;
use std::io::{self, Write};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

pub use clap_complete::Shell;
pub use exit::Exit;
pub use tree::{CameraFlags, Cameras, Cli, Color, Command, Globals, Output, RecordWhen};

/// Help of every command: what it does, examples, then the flags.
const HELP: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The whole tree, for parsing, help, completions and the man page.
pub fn command() -> clap::Command {
    with_help(Cli::command())
}

fn with_help(command: clap::Command) -> clap::Command {
    command.help_template(HELP).mut_subcommands(with_help)
}

/// Reads the arguments. The error prints itself (`print`), and says with which code to end (`exit_code`: 0 for help, else 2).
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut tree = command();
    let found = tree.try_get_matches_from_mut(args)?;
    Cli::from_arg_matches(&found).map_err(|e| e.format(&mut tree))
}

/// Writes the completions of a shell.
pub fn completions(shell: Shell, to: &mut dyn Write) -> io::Result<()> {
    let mut script = vec![];
    clap_complete::generate(shell, &mut command(), "kerbup", &mut script);
    to.write_all(&script)
}

/// Writes the manual page.
pub fn man(to: &mut dyn Write) -> io::Result<()> {
    let mut page = vec![];
    clap_mangen::Man::new(command()).render(&mut page)?;
    to.write_all(&page)
}

/// A time as people write it: `90`, `90s`, `4m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let says = || format!("{text} is no time; write it as 90s, 4m or 1h");
    let (number, factor) = match text.trim().char_indices().last() {
        Some((at, 's')) => (&text.trim()[..at], 1),
        Some((at, 'm')) => (&text.trim()[..at], 60),
        Some((at, 'h')) => (&text.trim()[..at], 3600),
        _ => (text.trim(), 1),
    };
    let seconds = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).filter(|s| (1..=86_400).contains(s));
    seconds.map(Duration::from_secs).ok_or_else(says)
}

#[cfg(test)]
mod tests;
