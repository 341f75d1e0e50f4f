//! Services of somebody else's beside a site on real Docker: a database that is named is used, and left as it was.

use std::fs;
use std::time::Duration;

use crate::engine::{Running, Site, files, machine, own_registry, same, tool, tool_may_fail, wait_for};
use crate::fresh::{states, variable};

const NAME: &str = "e2e-theirs-db";
const PASSWORD: &str = "th3ir-0wn-w0rd";

/// A database of somebody else's, on this machine's own network; it goes when the test ends.
struct Database {
    uri: String,
}

impl Database {
    fn start(port: u16) -> Database {
        tool_may_fail("docker", &["rm", "-f", "-v", NAME]);
        let port = port.to_string();
        let (user, password) = ("MONGO_INITDB_ROOT_USERNAME=theirs", format!("MONGO_INITDB_ROOT_PASSWORD={PASSWORD}"));
        let image = format!("{}/mongo:8.0.15", own_registry());
        let run = ["run", "-d", "--name", NAME, "--network", "host", "-e", user, "-e", &password, &image];
        tool("docker", &[&run[..], &["mongod", "--bind_ip_all", "--port", &port]].concat());
        wait_for("their database answers", Duration::from_secs(60), || {
            std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_ok().then_some(())
        });
        let host = tool("docker", &["network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}"]);
        Database { uri: format!("mongodb://theirs:{PASSWORD}@{}:{port}/?authSource=admin", host.trim()) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        tool_may_fail("docker", &["rm", "-f", "-v", NAME]);
    }
}

#[test]
fn a_database_of_somebody_elses_is_used_and_left_as_it_was() {
    let test = "theirs::a_database_of_somebody_elses_is_used_and_left_as_it_was";
    let named = "[services]\ndatabase = { uri = { env = \"THEIR_DATABASE\" } }\n";
    let Some(site) = Site::on("docker", test, "e2e-theirs", named) else { return };
    let theirs = Database::start(site.ports.1 + 1);
    let before = machine(&site);
    let run = |args: &[&str], uri: &str| {
        let mut command = site.command(args);
        command.env("THEIR_DATABASE", uri);
        Running::start(&mut command).end(Duration::from_secs(300))
    };

    // One that cannot be reached from inside a container is told before anything is done.
    let refused = run(&site.install(), "mongodb://theirs:x@localhost:27017/");
    assert_eq!(refused.code, 2, "{}{}", refused.out, refused.err);
    assert!((refused.out + &refused.err).contains("this machine's address"));
    assert!(site.containers().is_empty());

    let ran = run(&site.install(), &theirs.uri).ok();
    assert_eq!(ran.done()["ok"], true);
    let parts: Vec<String> = states(&site).into_keys().collect();
    assert_eq!(parts, ["minio", "vault"], "no database of the site's own");
    assert_eq!(variable(&site, "vault", "MONGODB_URI").as_deref(), Some(theirs.uri.as_str()));
    // The page ends itself where its database does not answer or refuses the login.
    assert!(["healthy", "not-configured"].contains(&states(&site)["vault"].as_str()), "{:?}", states(&site));
    assert_eq!(run(&site.install(), &theirs.uri).ok().done()["changed"], false);
    // A later change asks for nothing that is known by now.
    assert_eq!(site.run(&["change", "--set", "storage.retention_days=2", "--yes", "--output", "json"]).ok().done()["ok"], true);
    assert_eq!(variable(&site, "vault", "MONGODB_URI").as_deref(), Some(theirs.uri.as_str()));

    // The password is in the file of secrets and in the part that needs it, and nowhere else.
    let plan = run(&["plan", "--answers", site.file.to_str().unwrap(), "--output", "json"], &theirs.uri).ok();
    let log = site.run(&["logs", "vault"]).ok();
    let said = [ran, plan, log].map(|r| r.out + &r.err).concat();
    assert!(!said.contains(PASSWORD));
    let mut all = Default::default();
    files(&site.state(), &mut all);
    let holds = |file: &&str| fs::read_to_string(file).is_ok_and(|text| text.contains(PASSWORD));
    let kept: Vec<&str> = all.iter().filter_map(|line| line.strip_prefix("file ")).filter(holds).collect();
    assert_eq!(kept, [site.state().join("secrets.toml").to_str().unwrap()]);

    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
    assert_eq!(tool("docker", &["inspect", "-f", "{{.State.Running}} {{.RestartCount}}", NAME]).trim(), "true 0");
}
