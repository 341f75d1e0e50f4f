//! Passwords of a standing site, made anew on a real engine.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::docker::{changed, secrets};
use crate::engine::{Site, tool, tool_may_fail, wait_for};

/// What a part answers to a login, asked where it is inside the stack's network.
fn logs_in(site: &Site, part: &str, user: &str, password: &str) -> String {
    let address =
        tool("docker", &["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", &format!("{}-{part}", site.name)]);
    let body = site.dir.path().join("login.json");
    fs::write(&body, json!({"username": user, "password": password}).to_string()).unwrap();
    let url = format!("http://{}/api/login", address.trim());
    let data = format!("@{}", body.display());
    let told = tool_may_fail(
        "curl",
        &["-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json", "-d", &data, &url],
    );
    fs::remove_file(&body).unwrap();
    told.out
}

/// A new password is in force when the command ends, the old one is refused, and the site is whole although it has a camera.
pub fn its_passwords_are_renewed(site: &Site) {
    for (name, part, user) in [("vault.password", "vault", "root"), ("agent.front-door.password", "agent-front-door", "root")] {
        let password = || secrets(site)[&format!("{name}.0")].clone();
        let old = password();
        assert_eq!(logs_in(site, part, user, &old), "200", "{name}");
        let ran = site.run(&["passwords", name, "--new", "--output", "json"]).ok();
        assert_eq!(changed(&ran), BTreeSet::from([format!("container:{part}")]), "{name}");
        assert_eq!(ran.done()["ok"], true);
        let new = password();
        assert_ne!(old, new);
        assert!(!ran.out.contains(&new) && !ran.err.contains(&new), "a new password is shown on request only");
        wait_for("the new login", Duration::from_secs(30), || (logs_in(site, part, user, &new) == "200").then_some(()));
        assert_eq!(logs_in(site, part, user, &old), "401", "{name}");
        assert_eq!(site.run(&["sites", "--output", "json"]).ok().document()["sites"][0]["unfinished"], false);
    }
    assert_eq!(site.run(&["passwords", "minio.password", "--new"]).code, 2);
}
