//! The house holds: who may use whom, what every file looks like, what no module is called.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom. What is not listed is refused. `plan` reaches `target` through what `step` passes on.
const MAY: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("words", &["model"]),
    ("world", &["model"]),
    ("recipe", &["model", "world"]),
    ("host", &["model", "world", "recipe"]),
    ("secrets", &["model", "world"]),
    ("camera", &["model", "world", "words"]),
    ("ask", &["model", "recipe", "words"]),
    ("checks", &["model", "recipe", "words"]),
    ("target", &["model", "world", "recipe", "secrets"]),
    ("health", &["model", "world", "target", "secrets", "words"]),
    ("step", &["model", "world", "recipe", "secrets", "target", "camera", "health"]),
    ("plan", &["model", "recipe", "step"]),
    ("run", &["model", "world", "step", "plan", "secrets", "words"]),
    ("flow", &["model", "ask", "words"]),
    ("front", &["model", "flow", "words", "ask"]),
    ("cli", &["model"]),
];

/// These tie the others together and may use all; the drive knows no front.
const ALL: &[&str] = &["drive", "commands"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn all(dir: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(dir), &mut found);
    assert!(!found.is_empty(), "no sources below {dir}");
    found.sort();
    found
}

fn top(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_string()
}

/// Names of our modules that a text reaches through `crate::`.
fn used(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut names = vec![];
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + 7..];
        if let Some(list) = rest.strip_prefix('{') {
            // `use crate::{a::b, c}`: every name at the list's own depth.
            let (mut depth, mut word) = (0, String::new());
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut word)),
                    _ if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            names.push(word);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.into_iter().map(|n| n.trim().split("::").next().unwrap_or_default().to_string()).filter(|n| !n.is_empty()).collect()
}

/// A source without what is compiled for tests alone: each item behind `#[cfg(test)]`, and nothing else. The sources are laid out
/// by rustfmt, so an item ends on its line or with the bracket that stands below its beginning.
fn shipped(text: &str) -> String {
    let mut kept = vec![];
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let Some(item) = lines.by_ref().find(|l| !l.trim().starts_with("#[")) else { break };
        if !item.trim_end().ends_with([';', '}']) {
            lines.by_ref().find(|l| l.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}')));
        }
    }
    kept.join("\n")
}

/// Files outside of `world` and the fronts that may pass a fence of `.clippy.toml`, and what for.
const PASS: &[&str] = &[
    // Prints what it saw of the machine it runs on, for the reader of the test.
    "src/host/real_tests.rs",
];

#[test]
fn the_fences_are_passed_by_the_doors_alone() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut passes = vec![];
    for path in all("src") {
        let text = fs::read_to_string(&path).unwrap();
        let lifted = text.lines().any(|l| (l.contains("allow(") || l.contains("expect(")) && l.contains("clippy::disallowed"));
        let name = path.strip_prefix(home).unwrap().to_string_lossy().to_string();
        if lifted && !["src/world/", "src/front/"].iter().any(|door| name.starts_with(door)) {
            passes.push(name);
        }
    }
    assert_eq!(passes, PASS);
    let whole = fs::read_to_string(home.join("Cargo.toml")).unwrap();
    for fence in ["disallowed_methods", "disallowed_macros"] {
        assert!(whole.contains(&format!("{fence} = \"deny\"")), "{fence} stands for the whole house");
    }
}

#[test]
fn modules_use_only_what_the_house_allows() {
    let may: BTreeMap<&str, &[&str]> = MAY.iter().copied().collect();
    let mut wrong = vec![];
    for path in all("src") {
        let module = top(&path);
        if matches!(module.as_str(), "main" | "lib") || module == "commands" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests beside the code may set up more of the world than the code itself sees.
        let code = shipped(&text);
        let is_test = path.file_stem().is_some_and(|s| s == "tests" || s.to_string_lossy().ends_with("_tests"))
            || path.components().any(|c| c.as_os_str() == "tests");
        if is_test {
            continue;
        }
        for name in used(&code) {
            let known = MAY.iter().any(|(m, _)| *m == name) || ALL.contains(&name.as_str());
            if !known || name == module {
                continue;
            }
            let allowed = if module == "drive" {
                !matches!(name.as_str(), "front" | "commands" | "cli")
            } else {
                may.get(module.as_str()).is_some_and(|m| m.contains(&name.as_str()))
            };
            if !allowed {
                wrong.push(format!("{} uses {name}", path.display()));
            }
        }
        assert!(ALL.contains(&module.as_str()) || may.contains_key(module.as_str()), "{module} is not in the house's table");
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_open_with_what_they_are_and_stay_small() {
    for (dir, most) in [("src", 400), ("tests", 500)] {
        for path in all(dir) {
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().count();
            assert!(text.starts_with("//!"), "{} does not say what it is", path.display());
            assert!(lines <= most, "{} has {lines} lines, {most} are allowed", path.display());
            let stem = path.file_stem().unwrap().to_string_lossy().to_string();
            assert!(!["utils", "util", "helpers", "helper", "common", "misc", "manager"].contains(&stem.as_str()), "{}", path.display());
        }
    }
}

#[test]
fn the_program_begins_in_a_few_lines() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(text.lines().count() < 40);
}

#[test]
fn a_list_of_names_is_read_as_names() {
    assert_eq!(used("use crate::{model::x, world};\ncrate::step::y"), ["model", "world", "step"]);
    assert_eq!(used("// crate::front\nuse crate::words::{a, b};"), ["words"]);
}

#[test]
fn what_is_for_tests_alone_is_left_out_and_what_follows_it_is_not() {
    let text = "use crate::a;\n#[cfg(test)]\nmod tests;\nuse crate::b;\n#[cfg(test)]\n#[path = \"x.rs\"]\nmod other {\n    use crate::hidden;\n    \
                fn f() {\n    }\n}\npub use crate::c;\nimpl X {\n    #[cfg(test)]\n    fn y() {\n        crate::hidden::z();\n    }\n    fn w() {\n        \
                crate::d::z();\n    }\n}\n";
    assert_eq!(used(&shipped(text)), ["a", "b", "c", "d"]);
    // In the sources themselves nothing of a module is lost behind its list of tests.
    let host = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/drive/mod.rs")).unwrap();
    assert!(shipped(&host).contains("impl Drive") && !shipped(&host).contains("mod tests;"));
}
