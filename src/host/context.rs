//! Where the docker command would go: DOCKER_HOST, DOCKER_CONTEXT or the context chosen in ~/.docker/config.json.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::world::files::Files;

use super::{network, read, user};

/// Where the command goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// `unix:///var/run/docker.sock`, `ssh://…`, without a login's password.
    pub host: String,
    /// It is, or may be, another machine.
    pub remote: bool,
}

impl Target {
    fn new(host: &str) -> Self {
        Target { remote: remote(host), host: network::without_login(host) }
    }

    /// Path of its socket, when it is one of this machine.
    pub fn socket(&self) -> Option<&str> {
        self.host.strip_prefix("unix://")
    }
}

/// What a person chose, in the order in which the command looks; none where nothing is chosen and the usual sockets count.
pub(crate) fn target(files: &dyn Files) -> Option<Target> {
    let variable = |name: &str| files.variable(name).map(|v| v.trim().to_string()).filter(|v| !v.is_empty());
    if let Some(name) = variable("DOCKER_CONTEXT") {
        return of_context(files, &name);
    }
    if let Some(host) = variable("DOCKER_HOST") {
        return Some(Target::new(&host));
    }
    let config = read::text(files, &format!("{}/config.json", folder(files)?)).ok()?;
    of_context(files, &current(&config)?)
}

/// Path of the socket that the engine of this machine is asked at: the chosen one where it is one of this machine, else the first of the
/// usual ones that is there (root's, this user's own, that of who called sudo, Docker Desktop's, Podman's), else root's.
pub fn docker_socket(files: &dyn Files) -> String {
    if let Some(chosen) = target(files).as_ref().and_then(Target::socket) {
        return chosen.into();
    }
    usual(files)
}

/// The first of the usual sockets that is there, else root's.
fn usual(files: &dyn Files) -> String {
    const ROOTS: &str = "/var/run/docker.sock";
    let own = files.variable("XDG_RUNTIME_DIR").filter(|f| f.starts_with('/')).unwrap_or_else(|| format!("/run/user/{}", files.uid()));
    // An engine of one user's is not for kerbup, which says so: unseen it would be taken for none, and a second one be installed.
    let callers = user::caller(files).map(|uid| format!("/run/user/{uid}/docker.sock"));
    let desktop = user::homes(files).into_iter().map(|home| format!("{home}/.docker/desktop/docker.sock"));
    let podman = ["/run/podman/podman.sock".to_string(), format!("{own}/podman/podman.sock")];
    let places = [ROOTS.to_string(), "/run/docker.sock".into(), format!("{own}/docker.sock")];
    places.into_iter().chain(callers).chain(desktop).chain(podman).find(|path| read::there(files, path)).unwrap_or_else(|| ROOTS.into())
}

fn folder(files: &dyn Files) -> Option<String> {
    files.variable("DOCKER_CONFIG").filter(|f| !f.is_empty()).or_else(|| user::home(files).map(|h| format!("{h}/.docker")))
}

/// A context's files lie in a folder named by the SHA-256 of its name.
fn of_context(files: &dyn Files, name: &str) -> Option<Target> {
    if name == "default" {
        return None;
    }
    let hash: String = Sha256::digest(name.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
    let meta = read::text(files, &format!("{}/contexts/meta/{hash}/meta.json", folder(files)?)).ok()?;
    endpoint(&meta).map(|host| Target::new(&host))
}

/// `currentContext` of config.json. The logins that are also in that file are not looked at.
fn current(config: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(rename = "currentContext")]
        current: Option<String>,
    }
    serde_json::from_str::<Config>(config).ok()?.current.filter(|c| !c.is_empty())
}

/// `Endpoints.docker.Host` of a context's meta.json.
fn endpoint(meta: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "Endpoints")]
        endpoints: Endpoints,
    }
    #[derive(Deserialize)]
    struct Endpoints {
        docker: Docker,
    }
    #[derive(Deserialize)]
    struct Docker {
        #[serde(rename = "Host")]
        host: String,
    }
    serde_json::from_str::<Meta>(meta).ok().map(|m| m.endpoints.docker.host).filter(|h| !h.is_empty())
}

/// The address may be another machine's: anything but a socket of this one. A port of this machine counts as well, since it may be
/// the near end of a tunnel, and whoever set it would look for the parts behind it.
fn remote(host: &str) -> bool {
    !(host.starts_with("unix:") || host.starts_with("npipe:") || host.starts_with("fd:") || host.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::host::described::Described;

    fn pi() -> Described {
        Described::new().variable("HOME", "/home/pi")
    }

    #[test]
    fn nothing_chosen_is_none() {
        assert_eq!(target(&pi()), None);
        assert_eq!(target(&pi().file("/home/pi/.docker/config.json", r#"{"auths":{"x":{"auth":"c2VjcmV0"}}}"#)), None);
        assert_eq!(target(&pi().variable("DOCKER_CONTEXT", "default").variable("DOCKER_HOST", "ssh://a@b")), None);
    }

    #[test]
    fn a_chosen_host_is_told_apart_from_this_machine() {
        let of = |host: &str| target(&pi().variable("DOCKER_HOST", host)).unwrap();
        assert_eq!(of("unix:///run/user/1000/docker.sock").socket(), Some("/run/user/1000/docker.sock"));
        assert!(of("tcp://127.0.0.1:2375").remote && of("tcp://localhost:2375").remote && !of("/run/docker.sock").remote);
        assert_eq!(of("ssh://me:geheim@nas.lan"), Target { host: "ssh://nas.lan".into(), remote: true });
        assert!(of("tcp://192.0.2.7:2376").remote && of("nonsense").remote);
    }

    #[test]
    fn a_context_is_looked_up_by_the_hash_of_its_name() {
        // sha256sum of "nas".
        let path = "/home/pi/.docker/contexts/meta/047de0f543c7e3596bb6dbd0e65f2c30357720a63eca423f08c52fae314f6806/meta.json";
        let host = pi()
            .file("/home/pi/.docker/config.json", r#"{"currentContext":"nas","auths":{}}"#)
            .file(path, r#"{"Name":"nas","Metadata":{},"Endpoints":{"docker":{"Host":"ssh://pi@nas.lan","SkipTLSVerify":false}}}"#);
        assert_eq!(target(&host), Some(Target { host: "ssh://nas.lan".into(), remote: true }));
    }

    #[test]
    fn the_socket_is_the_chosen_one_or_the_first_that_is_there() {
        assert_eq!(docker_socket(&pi()), "/var/run/docker.sock");
        assert_eq!(docker_socket(&pi().uid(1000).file("/run/user/1000/docker.sock", "")), "/run/user/1000/docker.sock");
        assert_eq!(docker_socket(&pi().variable("DOCKER_HOST", "unix:///tmp/d.sock").file("/var/run/docker.sock", "")), "/tmp/d.sock");
        assert_eq!(
            docker_socket(&pi().variable("DOCKER_HOST", "ssh://nas").file("/run/podman/podman.sock", "")),
            "/run/podman/podman.sock"
        );
    }

    #[test]
    fn root_finds_the_engine_of_who_called_sudo_after_its_own() {
        let users = "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\n";
        let sudo = || pi().uid(0).variable("HOME", "/root").variable("SUDO_UID", "1000").file("/etc/passwd", users);
        let own = || sudo().file("/run/user/1000/docker.sock", "");
        assert_eq!(docker_socket(&own()), "/run/user/1000/docker.sock");
        assert_eq!(docker_socket(&own().file("/var/run/docker.sock", "")), "/var/run/docker.sock");
        let desktop = "/home/pi/.docker/desktop/docker.sock";
        assert_eq!(docker_socket(&sudo().file(desktop, "")), desktop);
        // Root for itself, or for another user, does not look there.
        assert_eq!(docker_socket(&pi().uid(0).file("/run/user/1000/docker.sock", "")), "/var/run/docker.sock");
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(text in "(\\{|\\}|\"|currentContext|:|//|.){0,40}") {
            let _ = (current(&text), endpoint(&text), Target::new(&text));
        }
    }
}
