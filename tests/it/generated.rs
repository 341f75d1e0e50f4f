//! What is generated from the code stays as the code says: the recipes' schema and the reference pages.
//! `KERBUP_UPDATE=1 cargo test generated` writes them anew.

use std::fs;
use std::path::Path;

use kerbup::model::figures::Figures;
use kerbup::model::recipe::Component;
use kerbup::{checks, cli};

fn held(path: &str, fresh: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("KERBUP_UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, fresh).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == fresh, "{path} is not as the code says: run KERBUP_UPDATE=1 cargo test generated");
}

#[test]
fn the_schema_of_a_component_is_as_the_code_reads_it() {
    let schema = schemars::schema_for!(Component);
    held("recipes/schema/component.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

#[test]
fn the_schema_of_figures_is_as_the_code_reads_it() {
    let schema = schemars::schema_for!(Figures);
    held("recipes/schema/figures.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

#[test]
fn the_page_of_checks_names_every_check() {
    let mut page =
        "# Checks\n\nEvery rule that `kerbup check` holds against a machine and the answers. Generated from the code.\n".to_string();
    let mut area = "";
    for rule in checks::ALL {
        if rule.area != area {
            area = rule.area;
            page.push_str(&format!("\n## {area}\n\n"));
        }
        let why = checks::why(rule.id).unwrap_or_else(|| panic!("{} has no reason", rule.id));
        page.push_str(&format!("- `{}` – {why}\n", rule.id));
    }
    held("docs/checks.md", &page);
}

#[test]
fn the_page_of_commands_is_the_programs_own_help() {
    let mut page = "# Commands\n\nThe program's own help. Generated from the code.\n".to_string();
    let tree = cli::command().term_width(100);
    let mut commands = vec![tree.clone()];
    commands.extend(tree.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help").cloned());
    for mut command in commands {
        let name = if command.get_name() == "kerbup" { "kerbup".to_string() } else { format!("kerbup {}", command.get_name()) };
        let help = command.render_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    }
    held("docs/commands.md", &page);
}
