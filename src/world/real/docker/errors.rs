//! The engine's words sorted into our kinds of error. Docker tells most failures apart by text alone; the texts are those
//! of engines 20.10 to 29 with both image stores (overlay2 and containerd), as their sources and issue threads have them.

use std::io::ErrorKind;
use std::time::Duration;

use crate::world::engine::EngineError;

type Kind = fn(String) -> EngineError;

/// Texts by kind, tried from the top: an outer "failed to do request" holds the telling part further in.
const PULL: &[(&[&str], Kind)] = &[
    (&["no space left on device", "disk quota exceeded"], EngineError::DiskFull),
    (
        &["no matching manifest", "no match for platform", "cannot be used on this platform", "does not provide the specified platform"],
        EngineError::Platform,
    ),
    (
        &[
            "server gave http response to https client",
            "x509:",
            "certificate signed by unknown authority",
            "failed to verify certificate",
            "first record does not look like a tls handshake",
        ],
        EngineError::Insecure,
    ),
    (&["toomanyrequests", "429 too many requests", "pull rate limit"], EngineError::Limited),
    (
        &[
            "pull access denied",
            "access to the resource is denied",
            "denied: denied",
            "insufficient_scope",
            "authorization failed",
            "unauthorized",
            "authentication required",
            "no basic auth credentials",
            "incorrect username or password",
            "401 unauthorized",
            "403 forbidden",
        ],
        EngineError::Login,
    ),
    (
        &["manifest unknown", "manifest for ", "name unknown", "repository name not known", ": not found", "404 not found"],
        EngineError::NotFound,
    ),
    (
        &[
            "dial tcp",
            "no such host",
            "timeout",
            "timed out",
            "connection refused",
            "connection reset",
            "broken pipe",
            "deadline exceeded",
            "eof",
            "request canceled",
            "failed to do request",
            "failed to resolve reference",
            "network is unreachable",
            "no route to host",
            "proxyconnect",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway",
            "500 internal server error",
            "unexpected status",
            "received unexpected http status",
            "short read",
            "failed size validation",
            "failed precondition",
            "unexpected commit",
            "verification failed",
        ],
        EngineError::Registry,
    ),
];

/// A failure while an image is fetched: also what a registry says, passed on in the stream or as the answer.
pub(super) fn pull(status: u16, says: &str) -> EngineError {
    let low = says.to_lowercase();
    for (texts, kind) in PULL {
        if texts.iter().any(|t| low.contains(t)) {
            return kind(says.to_owned());
        }
    }
    match status {
        404 => EngineError::NotFound(says.to_owned()),
        401 | 403 => EngineError::Login(says.to_owned()),
        _ => EngineError::Other(says.to_owned()),
    }
}

/// A failure of any other verb.
pub(super) fn verb(status: u16, says: &str) -> EngineError {
    let low = says.to_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|t| low.contains(t));
    let says = says.to_owned();
    if has(&["no space left on device", "disk quota exceeded"]) {
        EngineError::DiskFull(says)
    } else if has(&["port is already allocated", "address already in use", "ports are not available"]) {
        // The first when another container has the port, the second when a program of the machine has it.
        EngineError::PortTaken(says)
    } else if has(&[
        "exec format error",
        "no matching manifest",
        "cannot be used on this platform",
        "does not provide the specified platform",
    ]) {
        EngineError::Platform(says)
    } else if has(&["pool overlaps with other one"]) {
        // 403 up to engine 24, 400 or 500 since.
        EngineError::Conflict(says)
    } else if status == 404 {
        EngineError::NotFound(says)
    } else if status == 409 || (status == 403 && has(&["already exists", "has active endpoints"])) {
        EngineError::Conflict(says)
    } else {
        EngineError::Other(says)
    }
}

/// The engine could not be spoken to.
pub(super) fn connection(error: &(dyn std::error::Error + 'static), socket: &str) -> EngineError {
    let io = io_error(error);
    // The system's own words say it shortest; without them, all there are.
    let says = format!("{socket}: {}", io.map_or_else(|| chain(error), ToString::to_string));
    match io.map(std::io::Error::kind) {
        Some(ErrorKind::PermissionDenied) => EngineError::Denied(says),
        _ => EngineError::Unreachable(says),
    }
}

/// It took the request and stayed silent.
pub(super) fn silent(limit: Duration) -> EngineError {
    EngineError::Unreachable(format!("it took the request and did not answer within {} s", limit.as_secs()))
}

/// What bollard says, sorted.
pub(super) fn bollard(error: &bollard::errors::Error, socket: &str) -> EngineError {
    use bollard::errors::Error as E;
    match error {
        E::DockerResponseServerError { status_code, message } => verb(*status_code, message),
        E::DockerStreamError { error } => verb(0, error),
        E::RequestTimeoutError => EngineError::Unreachable("it took the request and did not answer in time".to_owned()),
        E::SocketNotFoundError(path) => absent(path),
        E::IOError { .. } | E::HyperResponseError { .. } | E::HyperLegacyError { .. } => connection(error, socket),
        other => EngineError::Other(chain(other)),
    }
}

/// bollard says "not found" also where the socket may not be seen; the system tells the two apart.
fn absent(path: &str) -> EngineError {
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == ErrorKind::PermissionDenied => EngineError::Denied(format!("{path}: {e}")),
        Err(e) => EngineError::Unreachable(format!("{path}: {e}")),
        Ok(_) => EngineError::Unreachable(format!("{path}: nothing listens there")),
    }
}

/// The innermost error of the system.
fn io_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a std::io::Error> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(e) = next {
        found = e.downcast_ref::<std::io::Error>().or(found);
        next = e.source();
    }
    found
}

/// An error with what is behind it, without saying anything twice.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut says = error.to_string();
    let mut next = error.source();
    while let Some(e) = next {
        let text = e.to_string();
        if !says.contains(&text) {
            says = format!("{says}: {text}");
        }
        next = e.source();
    }
    says
}

/// The program that starts containers ended and gave no reason (seen with 29.0 on a busy machine; the next start was well). Where it
/// has one, that follows its exit status.
pub(super) fn without_a_word(error: &EngineError) -> bool {
    let EngineError::Other(says) = error else { return false };
    let status = says.trim_end().rsplit_once(" did not terminate successfully: exit status ").map(|(_, rest)| rest);
    says.contains("runtime create failed") && status.is_some_and(|s| !s.is_empty() && s.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_gives_no_reason_is_told_apart() {
        let start = "failed to create task for container: failed to create shim task: OCI runtime create failed: ";
        let other = |text: &str| without_a_word(&EngineError::Other(format!("{start}{text}")));
        assert!(other("/usr/bin/runc did not terminate successfully: exit status 1"));
        assert!(!other("/usr/bin/runc did not terminate successfully: exit status 1: exec: \"x\": not found"));
        assert!(!other("runc create failed: unable to start container process"));
        assert!(!without_a_word(&EngineError::NotFound("x did not terminate successfully: exit status 1".into())));
    }

    #[test]
    fn pulls_are_sorted() {
        let cases: &[(&str, Kind)] = &[
            ("toomanyrequests: You have reached your pull rate limit.", EngineError::Limited),
            (
                "failed to copy: httpReadSeeker: failed open: unexpected status code https://quay.io/v2/minio/minio/blobs/x: 429 Too Many Requests",
                EngineError::Limited,
            ),
            ("pull access denied for minio/minio, repository does not exist or may require 'docker login'", EngineError::Login),
            (
                "failed to resolve reference \"docker.io/minio/minio:x\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
                EngineError::Login,
            ),
            ("failed to resolve reference \"docker.io/bitnami/mongodb:8\": docker.io/bitnami/mongodb:8: not found", EngineError::NotFound),
            ("manifest for localhost:5000/x:y not found: manifest unknown: manifest unknown", EngineError::NotFound),
            ("no matching manifest for linux/arm64/v8 in the manifest list entries", EngineError::Platform),
            ("Get \"https://r:5000/v2/\": http: server gave HTTP response to HTTPS client", EngineError::Insecure),
            (
                "failed to do request: Head \"https://r/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                EngineError::Insecure,
            ),
            ("Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host", EngineError::Registry),
            ("Get \"https://quay.io/v2/\": net/http: TLS handshake timeout", EngineError::Registry),
            ("unexpected EOF", EngineError::Registry),
            ("write /var/lib/docker/tmp/GetImageBlob123: no space left on device", EngineError::DiskFull),
            ("Head \"https://ghcr.io/v2/x/manifests/1\": denied: denied", EngineError::Login),
            ("something new", EngineError::Other),
        ];
        for (says, kind) in cases {
            assert_eq!(pull(500, says), kind((*says).to_owned()), "{says}");
        }
        assert_eq!(pull(404, "gone"), EngineError::NotFound("gone".into()));
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_refused_socket_is_told_from_a_dead_one() {
        let denied = Outer(ErrorKind::PermissionDenied.into());
        assert_eq!(connection(&denied, "/s"), EngineError::Denied("/s: permission denied".into()));
        let dead = Outer(ErrorKind::ConnectionRefused.into());
        assert_eq!(connection(&dead, "/s"), EngineError::Unreachable("/s: connection refused".into()));
        assert_eq!(chain(&dead), "outer: connection refused");
    }

    #[test]
    fn verbs_are_sorted() {
        let port =
            "driver failed programming external connectivity on endpoint a (b): Bind for 0.0.0.0:80 failed: port is already allocated";
        assert!(matches!(verb(500, port), EngineError::PortTaken(_)));
        let port = "failed to set up container networking: driver failed programming external connectivity on endpoint a: failed to bind host port 0.0.0.0:80/tcp: address already in use";
        assert!(matches!(verb(500, port), EngineError::PortTaken(_)));
        assert!(matches!(verb(403, "Pool overlaps with other one on this address space"), EngineError::Conflict(_)));
        assert!(matches!(verb(400, "invalid pool request: Pool overlaps with other one on this address space"), EngineError::Conflict(_)));
        assert!(matches!(verb(409, "Conflict. The container name \"/x\" is already in use"), EngineError::Conflict(_)));
        assert!(matches!(verb(404, "No such container: x"), EngineError::NotFound(_)));
        assert!(matches!(verb(400, "invalid mount config for type \"bind\": bind source path does not exist: /x"), EngineError::Other(_)));
        // A program's own refusals are no registry's.
        assert!(matches!(verb(500, "connection refused"), EngineError::Other(_)));
    }
}
