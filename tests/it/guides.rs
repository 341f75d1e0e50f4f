//! Every command line that the guides show, and every one that the program itself tells people to give, is one that it takes.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use kerbup::cli;

/// Commands of the contract that are not built. Until they are, nothing may speak of them.
const NOT_BUILT: [&str; 9] = ["doctor", "explain", "support", "repair", "upgrade", "backup", "restore", "move", "bundle"];

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn below(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

fn taken(words: &[&str]) -> Result<(), String> {
    match cli::parse(words.iter().map(OsString::from)) {
        Err(e) if e.exit_code() != 0 => Err(e.to_string()),
        _ => Ok(()),
    }
}

/// A line of a shell without what stands before and after the command: `sudo`, a prompt, a remark, where its output goes.
fn command(line: &str) -> Option<Vec<&str>> {
    let line = line.trim().trim_start_matches("$ ").trim_start_matches("# ");
    let end = [" #", " > ", " | ", " && ", ";", "  "].iter().filter_map(|sign| line.find(sign)).min().unwrap_or(line.len());
    let mut words: Vec<&str> = line[..end].split_whitespace().map(|w| w.trim_matches(['"', '\''])).collect();
    words.retain(|w| !w.starts_with("KERBUP_"));
    if words.first() == Some(&"sudo") {
        words.remove(0);
    }
    let first = words.first_mut()?;
    *first = first.trim_start_matches("./");
    (*first == "kerbup").then_some(words)
}

/// Lines of the fenced blocks, and what stands between backticks elsewhere.
fn shown(text: &str) -> Vec<&str> {
    let (mut all, mut fenced) = (vec![], false);
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            all.push(line);
        } else {
            all.extend(line.split('`').skip(1).step_by(2));
        }
    }
    all
}

#[test]
fn the_guides_show_commands_that_are_there() {
    let mut guides = vec![home().join("README.md")];
    below(&home().join("docs"), "md", &mut guides);
    let mut seen = BTreeSet::new();
    for path in guides {
        let text = fs::read_to_string(&path).unwrap();
        for words in shown(&text).into_iter().filter_map(command) {
            let told = taken(&words);
            assert!(told.is_ok(), "{}: {}\n{}", path.display(), words.join(" "), told.unwrap_err());
            seen.insert(words.join(" "));
        }
    }
    let several = ["kerbup check", "kerbup status", "kerbup stop", "kerbup uninstall --yes", "kerbup passwords vault.password --new"];
    assert!(seen.len() > 30 && several.iter().all(|c| seen.contains(*c)), "{seen:#?}");
}

/// The command that a sentence names, with the words behind it up to the end of the sentence: how many of them belong to it, only the
/// parser can tell. Flags do in any case.
fn in_a_sentence(rest: &str) -> (Vec<&str>, usize) {
    let end = rest.find([';', '`', ')', '"', '\\', ',']).unwrap_or(rest.len());
    let mut words: Vec<&str> = vec!["kerbup"];
    for word in rest[..end].split_whitespace() {
        let bare = word.trim_end_matches(['.', ':']);
        words.push(bare);
        if bare != word {
            break;
        }
    }
    let least = words.iter().rposition(|w| w.starts_with("--")).unwrap_or(1);
    (words, least)
}

#[test]
fn the_program_names_commands_that_it_takes() {
    let tree = cli::command();
    let names: Vec<&str> = tree.get_subcommands().map(|c| c.get_name()).chain(NOT_BUILT).collect();
    let mut sources = vec![];
    below(&home().join("src"), "rs", &mut sources);
    below(&home().join("recipes"), "yaml", &mut sources);
    below(&home().join("assets"), "service", &mut sources);
    let mut seen = 0;
    for path in sources.iter().filter(|p| !p.display().to_string().contains("tests")) {
        for line in fs::read_to_string(path).unwrap().lines() {
            for (at, _) in line.match_indices("kerbup ") {
                let (words, least) = in_a_sentence(&line[at + "kerbup ".len()..]);
                let is_one = words.get(1).is_some_and(|w| names.contains(w) || w.starts_with("--"));
                if !is_one || line.trim_start().starts_with("//") {
                    continue;
                }
                let told: Vec<_> = (least.max(1)..words.len()).rev().map(|last| taken(&words[..=last])).collect();
                assert!(told.iter().any(Result::is_ok), "{}: {line}\n{told:?}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "only {seen} were found");
}
