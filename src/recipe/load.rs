//! Loads recipes from the program or from a folder, and refuses what does not fit together, with file, line and column.

use std::collections::BTreeSet;

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;

use super::{Recipes, condition, size, text};
use crate::model::fault::{Fault, Whose};
use crate::model::recipe::{Component, ComponentShape, Value};
use crate::world::files::Files;

/// Figures measured elsewhere.
const FIGURES: &str = "figures.yaml";

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");

/// The recipes inside the program.
pub fn embedded() -> Result<Recipes, Fault> {
    let figures = EMBEDDED.get_file(FIGURES).and_then(|f| f.contents_utf8()).unwrap_or_default();
    let files = EMBEDDED
        .get_dir("components")
        .map(|d| d.files().filter_map(|f| Some((f.path().to_str()?.to_string(), f.contents_utf8()?.to_string()))).collect())
        .unwrap_or_default();
    Ok(Recipes { figures: read(FIGURES, figures)?, ..parse(files)? })
}

/// The recipes of a folder with a `components` folder in it. Where it brings no figures along, those of the program serve.
pub fn folder(files: &dyn Files, path: &str) -> Result<Recipes, Fault> {
    let dir = format!("{path}/components");
    let bad = |what: &str, e: std::io::Error| {
        Fault::new(Whose::Input, "RECIPES-UNREADABLE", format!("The recipes in {what} cannot be read."))
            .because(e.to_string())
            .cure("Name a folder that holds a folder `components`, or leave --recipes out to use kerbup's own.")
    };
    let mut found = vec![];
    for name in files.list(&dir).map_err(|e| bad(&dir, e))? {
        if name.ends_with(".yaml") {
            let file = format!("{dir}/{name}");
            let bytes = files.read(&file).map_err(|e| bad(&file, e))?;
            found.push((file, String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    let path = format!("{path}/{FIGURES}");
    let figures = match files.read(&path) {
        Ok(bytes) => read(&path, &String::from_utf8_lossy(&bytes))?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => embedded()?.figures,
        Err(e) => return Err(bad(&path, e)),
    };
    Ok(Recipes { figures, ..parse(found)? })
}

/// Reads one file of a type.
fn read<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Fault> {
    serde_saphyr::from_str(text).map_err(|e| {
        let (line, column) = e.location().map_or((1, 1), |l| (l.line(), l.column()));
        let says = e.without_snippet().to_string();
        Fault::new(
            Whose::Input,
            "RECIPE-BAD",
            format!("A recipe cannot be used: {}.", says.lines().next().unwrap_or("it is not understood").trim_end_matches('.')),
        )
        .at(name, line as u32, column as u32)
        .cure("Mend that line, or leave --recipes out to use kerbup's own recipes.")
    })
}

/// Parses and checks files given as (name, text).
pub fn parse(files: Vec<(String, String)>) -> Result<Recipes, Fault> {
    let mut components: Vec<(String, String, Component)> = vec![];
    for (name, text) in files {
        let component: Component = read(&name, &text)?;
        components.push((name, text, component));
    }
    let names: BTreeSet<String> = components.iter().map(|(_, _, c)| c.name.clone()).collect();
    for (file, text, component) in &components {
        check(component, &names, &components).map_err(|(word, says)| {
            let (line, column) = place(text, &word);
            Fault::new(Whose::Input, "RECIPE-BAD", says)
                .at(file.clone(), line, column)
                .cure("Mend that line, or leave --recipes out to use kerbup's own recipes.")
        })?;
    }
    Ok(Recipes { components: sort(components.into_iter().map(|(_, _, c)| c).collect())?, ..Recipes::default() })
}

/// Where a word first stands in a file; recipes are small and checked once, so a search is enough.
fn place(text: &str, word: &str) -> (u32, u32) {
    for (line, content) in text.lines().enumerate() {
        if let Some(column) = content.find(word) {
            return (line as u32 + 1, column as u32 + 1);
        }
    }
    (1, 1)
}

type Bad = (String, String);

fn check(c: &Component, names: &BTreeSet<String>, all: &[(String, String, Component)]) -> Result<(), Bad> {
    let choices = c.image.choose.iter().flat_map(|i| &i.only);
    let values = c.env.values().flat_map(|v| match v {
        Value::Text(_) => [].iter(),
        Value::Secret(s) => s.only.iter(),
        Value::When(w) => w.only.iter(),
    });
    for name in c.only.iter().chain(choices).chain(values) {
        if condition::find(name).is_none() {
            let near = condition::nearest(name).map(|n| format!(" Did you mean `{n}`?")).unwrap_or_default();
            return Err((name.clone(), format!("The condition `{name}` is not known.{near}")));
        }
    }
    if c.image.choose.is_empty() {
        return Err(("choose".into(), "An image needs at least one entry to choose.".into()));
    }
    if c.image.choose.last().is_some_and(|l| !l.only.is_empty()) {
        return Err(("choose".into(), "The last entry of `choose` must be without conditions, or some machines would get none.".into()));
    }
    for need in &c.needs {
        if !names.contains(need) {
            return Err((need.clone(), format!("`needs` names {need}, and there is no such component.")));
        }
    }
    if !c.ports.iter().any(|p| p.name == c.health.port) {
        return Err((c.health.port.clone(), format!("`health` names the port {}, and there is no such port.", c.health.port)));
    }
    let memory = &c.resources.memory;
    let sizes = [&memory.request, &memory.limit, &memory.base, &memory.per_mbit, &c.resources.shm]
        .into_iter()
        .flatten()
        .chain(c.volumes.iter().filter_map(|v| v.size.as_ref()));
    for s in sizes {
        if size::bytes(s).is_none() {
            return Err((s.clone(), format!("`{s}` is no size such as 256Mi.")));
        }
    }
    if size::seconds(&c.health.within).is_none() {
        return Err((c.health.within.clone(), format!("`{}` is no time such as 120s.", c.health.within)));
    }
    let texts = c.env.values().filter_map(|v| match v {
        Value::Text(t) => Some(t),
        Value::When(w) => Some(&w.text),
        Value::Secret(_) => None,
    });
    for t in texts.chain(c.gives.values()).chain(c.provision.iter().flat_map(|p| p.with.values())) {
        holes(t, c, all)?;
    }
    Ok(())
}

fn holes(t: &str, c: &Component, all: &[(String, String, Component)]) -> Result<(), Bad> {
    for part in text::split(t).map_err(|_| (t.to_string(), format!("`{t}` opens a `${{` that is never closed.")))? {
        let text::Part::Hole(hole) = part else { continue };
        let known = match hole.split('.').collect::<Vec<_>>()[..] {
            ["site" | "timezone"] => true,
            ["secret", ..] => hole.len() > "secret.".len(),
            ["address", name] => all.iter().any(|(_, _, o)| o.name == name),
            ["gives", name, given] => all.iter().any(|(_, _, o)| o.name == name && o.gives.contains_key(given)),
            ["camera", "name" | "continuous"] => c.shape == ComponentShape::PerCamera,
            _ => false,
        };
        if !known {
            return Err((hole.to_string(), format!("`${{{hole}}}` names nothing that there is.")));
        }
    }
    Ok(())
}

/// Puts each component after those it needs; by name where there is a choice, so that the order never varies.
fn sort(mut rest: Vec<Component>) -> Result<Vec<Component>, Fault> {
    rest.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sorted: Vec<Component> = vec![];
    while !rest.is_empty() {
        let Some(at) = rest.iter().position(|c| c.needs.iter().all(|n| sorted.iter().any(|s| s.name == *n))) else {
            let names: Vec<&str> = rest.iter().map(|c| c.name.as_str()).collect();
            return Err(Fault::new(
                Whose::Input,
                "RECIPE-CIRCLE",
                format!("These components need each other in a circle: {}.", names.join(", ")),
            ));
        };
        sorted.push(rest.remove(at));
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agent() -> String {
        EMBEDDED
            .get_file("components/vault.yaml")
            .and_then(|f| f.contents_utf8())
            .unwrap_or_default()
            .replace("needs: [mongodb, minio, rabbitmq]\n", "")
            .replace("${gives.mongodb.uri}", "x")
    }

    #[test]
    fn our_own_recipes_load_in_an_order_that_respects_needs() {
        let recipes = embedded().unwrap();
        let at = |n: &str| recipes.components.iter().position(|c| c.name == n).unwrap();
        assert!(at("mongodb") < at("vault") && at("minio") < at("vault") && at("vault") < at("agent"));
    }

    #[test]
    fn a_misspelt_condition_key_or_hole_is_named_with_its_place() {
        for (from, to, line, word) in [
            ("only: [shape-full]", "only: [shape-fulll]", 6, "shape-full"),
            ("shape: stateless", "shap: stateless", 5, "shap"),
            ("GIN_MODE: release", "GIN_MODE: \"${gives.mongo.uri}\"", 14, "gives.mongo.uri"),
            ("port: 80,", "port: 99999,", 0, ""),
        ] {
            let fault = parse(vec![("r/vault.yaml".into(), agent().replace(from, to))]).unwrap_err();
            let place = fault.place.clone().unwrap();
            assert_eq!(place.file, "r/vault.yaml");
            assert!(fault.says.contains(word), "{}", fault.says);
            if line > 0 {
                assert!(place.line.abs_diff(line) <= 1, "{word}: line {} of {fault}", place.line);
            }
        }
    }

    /// A recipe as a person may have edited it: a line taken out, doubled or moved in, a sign replaced.
    fn edited() -> impl Strategy<Value = String> {
        let ours: Vec<&str> = EMBEDDED.get_dir("components").unwrap().files().filter_map(|f| f.contents_utf8()).collect();
        let edit = (0usize..400, 0u8..5, any::<char>());
        (proptest::sample::select(ours), proptest::collection::vec(edit, 1..4)).prop_map(|(text, edits)| {
            let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
            for (at, how, sign) in edits {
                let at = at % lines.len();
                match how {
                    0 if lines.len() > 1 => drop(lines.remove(at)),
                    1 => lines.insert(at, lines[at].clone()),
                    2 => lines[at].insert_str(0, "  "),
                    3 => lines[at].push(sign),
                    _ => lines[at] = lines[at].replace([':', '{', '"'], &sign.to_string()),
                }
            }
            lines.join("\n")
        })
    }

    proptest! {
        #[test]
        fn an_edited_recipe_is_used_or_refused_with_its_place(text in edited()) {
            if let Err(fault) = parse(vec![("r/part.yaml".into(), text)]) {
                let place = fault.place.as_ref().filter(|p| p.file == "r/part.yaml" && p.line > 0);
                prop_assert!(place.is_some() || fault.code == "RECIPE-CIRCLE", "{fault:?}");
                prop_assert!(!fault.says.is_empty() && (!fault.cure.is_empty() || fault.code == "RECIPE-CIRCLE"), "{fault:?}");
            }
        }
    }
}
