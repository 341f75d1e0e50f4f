//! What is parsed, what help says, and that help is true.

use super::*;

fn read(line: &str) -> Result<Cli, clap::Error> {
    parse(line.split_whitespace().map(OsString::from))
}

fn good(line: &str) -> Cli {
    read(line).unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// Every command with the words that lead to it.
fn all(command: &clap::Command, words: &str, found: &mut Vec<(String, clap::Command)>) {
    found.push((words.to_string(), command.clone()));
    for sub in command.get_subcommands() {
        all(sub, &format!("{words} {}", sub.get_name()), found);
    }
}

fn commands() -> Vec<(String, clap::Command)> {
    let mut found = vec![];
    all(&command(), "kerbup", &mut found);
    found
}

#[test]
fn the_tree_holds_together() {
    command().debug_assert();
}

#[test]
fn every_command_shows_examples_that_parse() {
    for (words, command) in commands() {
        let help = command.clone().render_help().to_string();
        let examples: Vec<&str> = help.lines().filter(|l| l.starts_with("  kerbup")).map(str::trim).collect();
        assert!(!examples.is_empty(), "{words} has no example");
        let (example, usage) = (help.find("Examples:").unwrap(), help.find("Usage:").unwrap());
        assert!(example < usage, "{words}: examples come first");
        for example in examples {
            assert!(example.starts_with(&words), "{example} is no example of {words}");
            assert!(example.len() < 78, "{example} would be broken");
            good(example.split("  ").next().unwrap().split(" >").next().unwrap());
        }
    }
}

#[test]
fn every_flag_has_an_environment_name_and_a_sentence() {
    let mut names = std::collections::BTreeMap::new();
    for (words, command) in commands() {
        for arg in command.get_arguments().filter(|a| !["help", "version"].contains(&a.get_id().as_str())) {
            assert!(arg.get_help().is_some(), "{words}: {} says nothing", arg.get_id());
            let Some(long) = arg.get_long() else { continue };
            let env = arg.get_env().unwrap_or_else(|| panic!("{words} --{long}")).to_string_lossy().to_string();
            assert_eq!(env, format!("KERBUP_{}", long.to_uppercase().replace('-', "_")));
            assert_eq!(names.entry(env).or_insert(long.to_string()), long);
        }
    }
}

#[test]
fn flags_are_taken_before_and_after_the_command() {
    let cli = good("kerbup --output json install --answers a.toml --answers b.toml --set x.y=1 --yes --wait-recording");
    assert_eq!(cli.globals.output, Some(Output::Json));
    assert_eq!(cli.globals.answers, ["a.toml", "b.toml"]);
    assert_eq!(cli.globals.sets, ["x.y=1"]);
    assert!(cli.globals.yes && !cli.globals.strict);
    let Some(Command::Install { wait_recording: Some(time) }) = cli.command else { panic!("no install") };
    assert_eq!(time, Duration::from_secs(240));
    assert_eq!(good("kerbup --practice check").globals.practice.as_deref(), Some(""));
    assert_eq!(good("kerbup --practice=nuc check").globals.practice.as_deref(), Some("nuc"));
    assert!(good("kerbup").command.is_none());
    assert!(matches!(good("kerbup guard --site a").command, Some(Command::Guard)));
    assert!(matches!(good("kerbup await --site a").command, Some(Command::Await)));
}

#[test]
fn bad_usage_ends_with_2_and_names_the_nearest() {
    let error = read("kerbup instal").err().unwrap();
    assert_eq!(error.exit_code(), Exit::Usage.code());
    assert!(error.to_string().contains("install"), "{error}");
    let error = read("kerbup check --ouput json").err().unwrap();
    assert!(error.exit_code() == 2 && error.to_string().contains("--output"), "{error}");
    for line in ["kerbup logs", "kerbup passwords --new", "kerbup doctor", "kerbup install --wait-recording=soon", "kerbup cameras"] {
        assert_eq!(read(line).err().unwrap_or_else(|| panic!("{line} was taken")).exit_code(), 2, "{line}");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["kerbup --help", "kerbup -h", "kerbup --version", "kerbup install --help"] {
        let shown = read(line).err().unwrap();
        assert_eq!((shown.exit_code(), shown.use_stderr()), (0, false), "{line}");
    }
    assert!(!command().render_help().to_string().contains("guard"));
}

#[test]
fn times() {
    let seconds = |t: &str| duration(t).map(|d| d.as_secs()).ok();
    assert_eq!(["90", "90s", "4m", "1h"].map(seconds), [Some(90), Some(90), Some(240), Some(3600)]);
    assert_eq!(["", "0", "m", "-1", "4d", "99h", "4µ"].map(seconds), [None; 7]);
}

#[test]
fn completions_and_man_come_from_the_tree() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut out = vec![];
        completions(shell, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("wait-recording"));
    }
    let mut page = vec![];
    man(&mut page).unwrap();
    assert!(String::from_utf8(page).unwrap().contains("uninstall"));
}
