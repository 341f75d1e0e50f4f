//! A database takes over the data of the version before it, keeps what is in it, and refuses what is further away. On a real
//! engine; the database is played by a stand-in that holds feature compatibility versions as the real one does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;

use crate::engine::{Ran, Site, setting, tool};

/// The recipes, with this version of the database whatever the machine.
fn recipes(site: &Site, tag: &str) -> PathBuf {
    let to = site.dir.path().join(format!("recipes-{tag}"));
    fs::create_dir_all(to.join("components")).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/components")).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        if path.ends_with("mongodb.yaml") {
            for old in ["4.4.18", "7.0.28", "8.0.15"] {
                text = text.replace(&format!("tag: \"{old}\""), &format!("tag: \"{tag}\""));
            }
            assert!(text.contains(&format!("tag: \"{tag}\"")));
        }
        fs::write(to.join("components").join(path.file_name().unwrap()), text).unwrap();
    }
    to
}

/// A site whose images come from the registry that has every version.
fn site(test: &str, name: &str) -> Option<Site> {
    let site = Site::on("docker", test, name, "")?;
    let text = fs::read_to_string(&site.file).unwrap();
    let line = text.lines().find(|l| l.starts_with("registry = ")).unwrap();
    site.write(&text.replace(line, &format!("registry = \"{}\"", setting("KERBUP_TEST_REGISTRY"))));
    Some(site)
}

fn install(site: &Site, tag: &str) -> Ran {
    let folder = recipes(site, tag);
    site.run(&[&["--recipes", folder.to_str().unwrap()][..], &site.install()[..]].concat())
}

/// Gives the database commands with the site's own login and answers what the last one said.
pub fn database(site: &Site, commands: Vec<(&str, Document)>) -> Document {
    let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = tool("docker", &["inspect", "-f", address, &format!("{}-mongodb", site.name)]);
    let secrets = fs::read_to_string(site.state().join("secrets.toml")).unwrap();
    let password = toml::from_str::<BTreeMap<String, String>>(&secrets).unwrap()["mongodb.password"].clone();
    let uri = format!("mongodb://kerberos:{password}@{}:27017/?authSource=admin&directConnection=true", address.trim());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = ClientOptions::parse(uri).await.unwrap();
        options.server_selection_timeout = Some(Duration::from_secs(10));
        let client = Client::with_options(options).unwrap();
        let mut said = Document::new();
        for (name, command) in commands {
            said = client.database(name).run_command(command).await.unwrap();
        }
        said
    })
}

fn write(site: &Site) {
    database(site, vec![("kept", doc! {"insert": "things", "documents": [{"_id": 1, "says": "still here"}]})]);
}

fn kept(site: &Site) -> bool {
    let found = database(site, vec![("kept", doc! {"find": "things", "filter": {"_id": 1}})]);
    let first = found.get_document("cursor").unwrap().get_array("firstBatch").unwrap().first().cloned();
    first.and_then(|d| d.as_document().cloned()).is_some_and(|d| d.get_str("says") == Ok("still here"))
}

fn compatibility(site: &Site) -> String {
    let said = database(site, vec![("admin", doc! {"getParameter": 1, "featureCompatibilityVersion": 1})]);
    said.get_document("featureCompatibilityVersion").unwrap().get_str("version").unwrap().to_string()
}

fn container(site: &Site) -> String {
    tool("docker", &["inspect", "-f", "{{.Id}} {{.Config.Image}} {{.State.Running}}", &format!("{}-mongodb", site.name)])
}

fn mark(site: &Site) -> String {
    fs::read_to_string(site.storage().join(".kerbup/version-mongodb")).unwrap().trim().to_string()
}

#[test]
fn data_of_the_version_before_is_taken_over_and_kept() {
    let Some(site) = site("upgrade::data_of_the_version_before_is_taken_over_and_kept", "reg-up") else { return };
    install(&site, "7.0.28").ok();
    write(&site);
    assert_eq!((compatibility(&site).as_str(), mark(&site).as_str()), ("7.0", "7.0"));
    install(&site, "8.0.15").ok();
    assert!(kept(&site) && container(&site).contains("mongo:8.0.15 true"), "{}", container(&site));
    assert_eq!((compatibility(&site).as_str(), mark(&site).as_str()), ("8.0", "8.0"));
    // Cut off between the database's word and the mark, it is told again.
    fs::write(site.storage().join(".kerbup/version-mongodb"), "7.0\n").unwrap();
    assert_eq!(install(&site, "8.0.15").ok().done()["changed"], true);
    assert_eq!(mark(&site), "8.0");
    assert_eq!(install(&site, "8.0.15").ok().done()["changed"], false);
    // Back to the older one: its data is newer now.
    assert!(install(&site, "7.0.28").code != 0 && kept(&site));
    site.run(&["uninstall", "--yes", "--purge-data", &site.name]).ok();
}

#[test]
fn data_that_only_an_older_program_reads_keeps_that_program() {
    let Some(site) = site("upgrade::data_that_only_an_older_program_reads_keeps_that_program", "reg-old") else { return };
    // Made where the processor has no AVX; this one, to which the disk came, would get a newer version.
    install(&site, "4.4.18").ok();
    write(&site);
    let ran = site.run(&["plan", "--answers", site.file.to_str().unwrap()]).ok();
    assert!(ran.out.contains("mongo:4.4.18 is used, because what it keeps here is of version 4.4"), "{}", ran.out);
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
    assert!(kept(&site) && container(&site).contains("mongo:4.4.18 true") && mark(&site) == "4.4", "{}", container(&site));
    site.run(&["uninstall", "--yes", "--purge-data", &site.name]).ok();
}

#[test]
fn data_further_away_is_refused_and_untouched() {
    let Some(site) = site("upgrade::data_further_away_is_refused_and_untouched", "reg-far") else { return };
    install(&site, "6.0.26").ok();
    write(&site);
    let before = container(&site);
    let refused = install(&site, "8.0.15");
    assert_eq!(refused.code, 1, "{}\n{}", refused.out, refused.err);
    let said = format!("{}{}", refused.out, refused.err);
    assert!(said.contains("one version at a time: 7.0 comes next"), "{said}");
    assert_eq!((container(&site), mark(&site).as_str(), compatibility(&site).as_str()), (before, "6.0", "6.0"));
    assert!(kept(&site));
    // One at a time it goes: without the word to the database in between, the last would refuse its data.
    install(&site, "7.0.28").ok();
    install(&site, "8.0.15").ok();
    assert!(kept(&site));
    assert_eq!(compatibility(&site), "8.0");
    site.run(&["uninstall", "--yes", "--purge-data", &site.name]).ok();
}
