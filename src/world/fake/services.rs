//! What the simulated parts answer over HTTP, by their real routes, asked with the login they were started with.

use base64::Engine as _;
use serde_json::{Value, json};

use super::containers::{Part, Sim, hex};
use super::logs;
use super::machine::Machine;
use crate::model::engine::MountSpec;
use crate::world::clock::Clock as _;
use crate::world::network::{NetError, Request, Response};

/// Ports that a part listens on inside.
pub(super) fn ports(part: Part) -> &'static [u16] {
    match part {
        Part::Agent | Part::Vault => &[80],
        Part::Minio => &[9000, 9001],
        Part::Mongo => &[27017],
        Part::Rabbit => &[5672, 15672],
        Part::Other => &[80, 8080],
    }
}

/// A secret of its environment, given as text or as a file that is mounted.
pub(super) fn secret(machine: &Machine, sim: &Sim, name: &str) -> Option<String> {
    if let Some(value) = sim.env.get(name) {
        return Some(value.clone());
    }
    let path = sim.env.get(&format!("{name}_FILE"))?;
    let source = sim.spec.mounts.iter().find_map(|m| match m {
        MountSpec::Bind { source, target, .. } => path.strip_prefix(target.as_str()).map(|rest| format!("{source}{rest}")),
        MountSpec::Tmpfs { .. } => None,
    })?;
    let state = machine.state();
    let crate::world::fake::tree::Body::File(bytes) = &state.tree.get(&source, true).ok()?.body else { return None };
    Some(String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned())
}

fn answer_json(status: u16, body: &Value) -> Response {
    Response { status, headers: vec![("content-type".into(), "application/json".into())], body: body.to_string().into_bytes() }
}

fn text(status: u16, kind: &str, body: &str) -> Response {
    Response { status, headers: vec![("content-type".into(), kind.into())], body: body.as_bytes().to_vec() }
}

/// A container's answer.
pub(super) fn answer(machine: &Machine, sim: &Sim, port: u16, request: &Request) -> Result<Response, NetError> {
    match (sim.part(), port) {
        (Part::Agent, _) => Ok(agent(machine, sim, request)),
        (Part::Vault, _) => Ok(vault(machine, sim, request)),
        (Part::Minio, 9000) => Ok(s3(machine, sim, request)),
        (Part::Rabbit, 15672) => Ok(rabbit(machine, sim, request)),
        (Part::Other | Part::Minio, _) => Ok(text(200, "text/html", "<!doctype html><title>ok</title>")),
        _ => Err(NetError::Protocol(format!("{}:{port}", sim.spec.name), "no HTTP".into())),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

/// POST /api/login, as Agent and Vault both have it. The token is the same for one container's whole life.
fn login(sim: &Sim, request: &Request, user: &str, password: &str) -> Response {
    let body: Value = serde_json::from_slice(&request.body)
        .unwrap_or_else(|_| url::form_urlencoded::parse(&request.body).map(|(k, v)| (k.into_owned(), v.into_owned())).collect());
    if body["username"] == user && body["password"] == password {
        answer_json(200, &json!({"code": 200, "token": token(sim), "expire": "2026-11-22T10:00:00Z", "username": user, "role": "admin"}))
    } else {
        answer_json(401, &json!({"code": 401, "message": "incorrect Username or Password"}))
    }
}

fn token(sim: &Sim) -> String {
    hex(&format!("token {}", sim.id))
}

fn knows(sim: &Sim, request: &Request) -> bool {
    let token = token(sim);
    let shown =
        header(request, "authorization").or(header(request, "x-authorization")).is_some_and(|v| v.trim_start_matches("Bearer ") == token);
    shown || request.url.query_pairs().any(|(k, v)| k == "token" && v == token)
}

fn agent(machine: &Machine, sim: &Sim, request: &Request) -> Response {
    let env = |name: &str| secret(machine, sim, name).unwrap_or_else(|| "root".into());
    match (request.method, request.url.path()) {
        ("POST", "/api/login") => login(sim, request, &env("AGENT_USERNAME"), &env("AGENT_PASSWORD")),
        (_, path) if path.starts_with("/api/") && !knows(sim, request) => {
            answer_json(401, &json!({"code": 401, "message": "cookie token is empty"}))
        }
        ("GET", "/api/dashboard") => {
            let now = machine.clock.now();
            let picture = logs::camera(machine, sim).is_ok();
            let online = picture && sim.age(now).is_some_and(|age| age >= 30.0);
            answer_json(
                200,
                &json!({"cameraOnline": online, "cloudOnline": false, "days": [], "latestEvents": [], "numberOfRecordings": sim.recordings(now, picture), "offlineMode": "false", "webrtcPending": 0, "webrtcReaders": 0}),
            )
        }
        ("GET", "/api/days") => answer_json(200, &json!([])),
        ("POST", "/api/camera/record") => {
            let online = logs::camera(machine, sim).is_ok() && sim.age(machine.clock.now()).is_some_and(|age| age >= 30.0);
            if machine.described.deaf_recorders || !online {
                return answer_json(503, &json!({"recording": false, "error": "camera is restarting or recording queue is full"}));
            }
            if let Some(sim) = machine.state().sims.get_mut(&sim.spec.name) {
                sim.recorded += 1;
            }
            answer_json(200, &json!({"recording": true}))
        }
        ("GET", path) if !path.starts_with("/api/") => text(200, "text/html", "<!doctype html><title>Kerberos Agent</title>"),
        _ => text(404, "text/plain", "404 page not found"),
    }
}

fn vault(machine: &Machine, sim: &Sim, request: &Request) -> Response {
    let env = |name: &str, or: &str| secret(machine, sim, name).unwrap_or_else(|| or.into());
    match (request.method, request.url.path()) {
        ("GET", "/api/health") => answer_json(200, &json!({"status": "ok"})),
        ("POST", "/api/login") => login(sim, request, &env("KERBEROS_LOGIN_USERNAME", "root"), &env("KERBEROS_LOGIN_PASSWORD", "kerberos")),
        ("POST", "/api/devices/heartbeat") => answer_json(200, &json!({"message": "heartbeat received"})),
        // No account is set up yet, so no key is good.
        ("POST", "/api/ping") => answer_json(401, &json!({"message": "storage account not found"})),
        (_, path) if path.starts_with("/api/") && !knows(sim, request) => {
            answer_json(401, &json!({"code": 401, "message": "cookie token is empty"}))
        }
        ("GET", "/api/providers" | "/api/accounts" | "/api/integrations") => answer_json(200, &json!({"data": []})),
        ("GET", path) if !path.starts_with("/api/") => text(200, "text/html", "<!doctype html><title>Kerberos Vault</title>"),
        _ => text(404, "text/plain", "404 page not found"),
    }
}

fn s3(machine: &Machine, sim: &Sim, request: &Request) -> Response {
    let path = request.url.path();
    if path.starts_with("/minio/health/") {
        return text(200, "text/plain", "");
    }
    let refuse = |status: u16, code: &str| {
        text(status, "application/xml", &format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>"))
    };
    let user = secret(machine, sim, "MINIO_ROOT_USER").unwrap_or_else(|| "minioadmin".into());
    let in_query = request.url.query_pairs().find(|(k, _)| k == "X-Amz-Credential").map(|(_, v)| v.into_owned());
    let in_header = header(request, "authorization").and_then(|v| v.split_once("Credential=")).map(|(_, v)| v.to_owned());
    match in_query.or(in_header) {
        None => return refuse(403, "AccessDenied"),
        Some(who) if who.split('/').next() != Some(user.as_str()) => return refuse(403, "InvalidAccessKeyId"),
        Some(_) => {}
    }
    let mut state = machine.state();
    let (bucket, key) = path.trim_start_matches('/').split_once('/').map_or((path.trim_start_matches('/'), ""), |(b, k)| (b, k));
    let (bucket, object) = (format!("{}/{bucket}", sim.spec.name), format!("{}/{bucket}/{key}", sim.spec.name));
    let part = request.url.query_pairs().any(|(k, _)| {
        !k.starts_with("X-Amz-")
            && !matches!(k.as_ref(), "list-type" | "prefix" | "max-keys" | "delimiter" | "continuation-token" | "encoding-type")
    });
    let there = state.buckets.contains_key(&bucket);
    let rule = request.url.query_pairs().any(|(k, _)| k == "lifecycle");
    match (request.method, key.is_empty()) {
        ("GET", true) if path == "/" => {
            let names = state
                .buckets
                .keys()
                .filter_map(|b| b.strip_prefix(&format!("{}/", sim.spec.name)))
                .map(|b| format!("<Bucket><Name>{b}</Name></Bucket>"))
                .collect::<String>();
            text(
                200,
                "application/xml",
                &format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>"
                ),
            )
        }
        ("PUT", true) if there && !part => refuse(409, "BucketAlreadyOwnedByYou"),
        ("PUT", true) if !part => {
            state.buckets.insert(bucket, vec![]);
            text(200, "application/xml", "")
        }
        _ if !there => refuse(404, "NoSuchBucket"),
        ("PUT", true) if rule => {
            state.buckets.insert(bucket, request.body.clone());
            text(200, "application/xml", "")
        }
        ("GET", true) if rule => match state.buckets.get(&bucket).filter(|rule| !rule.is_empty()) {
            Some(rule) => text(200, "application/xml", &String::from_utf8_lossy(rule)),
            None => refuse(404, "NoSuchLifecycleConfiguration"),
        },
        ("DELETE", true) if rule => {
            state.buckets.insert(bucket, vec![]);
            text(204, "application/xml", "")
        }
        ("DELETE", true) => {
            state.buckets.remove(&bucket);
            text(204, "application/xml", "")
        }
        ("GET", true) => {
            let prefix = format!("{bucket}/");
            let keys = state
                .objects
                .iter()
                .filter_map(|(k, v)| Some((k.strip_prefix(&prefix)?, v.len())))
                .map(|(k, n)| format!("<Contents><Key>{k}</Key><Size>{n}</Size></Contents>"))
                .collect::<String>();
            text(
                200,
                "application/xml",
                &format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>"
                ),
            )
        }
        ("PUT", false) => {
            state.objects.insert(object, request.body.clone());
            text(200, "application/xml", "")
        }
        ("GET" | "HEAD", false) => match state.objects.get(&object) {
            Some(bytes) => Response {
                status: 200,
                headers: vec![("content-length".into(), bytes.len().to_string())],
                body: if request.method == "GET" { bytes.clone() } else { vec![] },
            },
            None => refuse(404, "NoSuchKey"),
        },
        ("DELETE", false) => {
            state.objects.remove(&object);
            text(204, "application/xml", "")
        }
        _ => text(200, "application/xml", ""),
    }
}

/// Whether RabbitMQ takes this login.
pub(super) fn rabbit_login(machine: &Machine, sim: &Sim, user: &str, password: &str) -> bool {
    let set = |name: &str| secret(machine, sim, name).unwrap_or_else(|| "guest".into());
    user == set("RABBITMQ_DEFAULT_USER") && password == set("RABBITMQ_DEFAULT_PASS")
}

fn rabbit(machine: &Machine, sim: &Sim, request: &Request) -> Response {
    let plain = header(request, "authorization")
        .and_then(|v| v.strip_prefix("Basic "))
        .and_then(|v| base64::engine::general_purpose::STANDARD.decode(v).ok());
    let shown = plain.and_then(|p| String::from_utf8(p).ok()).unwrap_or_default();
    let (user, password) = shown.split_once(':').unwrap_or_default();
    let path = request.url.path();
    if path.starts_with("/api/") && !rabbit_login(machine, sim, user, password) {
        return answer_json(401, &json!({"error": "not_authorized", "reason": "Not_Authorized"}));
    }
    match path {
        "/api/overview" => {
            answer_json(200, &json!({"product_name": "RabbitMQ", "rabbitmq_version": "4.1.4", "queue_totals": {"messages": 0}}))
        }
        "/api/queues" => answer_json(200, &json!([])),
        path if path.starts_with("/api/health/checks/") => answer_json(200, &json!({"status": "ok"})),
        path if path.starts_with("/api/") => answer_json(404, &json!({"error": "Object Not Found"})),
        _ => text(200, "text/html", "<!doctype html><title>RabbitMQ Management</title>"),
    }
}

fn digest(full: &str, arch: &str) -> String {
    format!("sha256:{}", hex(&format!("{full} {arch}")))
}

/// Digests of the builds of an image.
fn digests(full: &str) -> [String; 2] {
    ["amd64", "arm64"].map(|arch| digest(full, arch))
}

/// The end of a layer, as gzip has it: four bytes with the length of what was packed.
fn layer_end(range: &str, packed: f64) -> Option<Response> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    let size = from.checked_add(4).filter(|size| to.checked_add(1) == Some(*size))?;
    let unpacked = (size as f64 * packed) as u32;
    let headers = vec![("content-type".into(), "application/octet-stream".into())];
    Some(Response { status: 206, headers, body: unpacked.to_le_bytes().to_vec() })
}

/// A registry's answer: its greeting, an index for two processors, each one's manifest, and the ends of their layers.
pub(super) fn registry(machine: &Machine, request: &Request, host: &str) -> Response {
    let path = request.url.path();
    if path == "/v2/" || path == "/v2" {
        return answer_json(200, &json!({}));
    }
    if path.contains("/blobs/")
        && let Some(end) = header(request, "range").and_then(|r| layer_end(r, machine.described.packed))
    {
        return end;
    }
    let Some((name, reference)) = path.strip_prefix("/v2/").and_then(|p| p.split_once("/manifests/")) else {
        return answer_json(404, &json!({"errors": [{"code": "NAME_UNKNOWN"}]}));
    };
    let by_digest = reference.starts_with("sha256:");
    let full = if by_digest { format!("{host}/{name}") } else { format!("{host}/{name}:{reference}") };
    let images = || machine.described.images.iter().filter(|(k, _)| super::machine::bare(k).0 == super::machine::bare(&full).0);
    let own =
        |k: &str| super::machine::bare(k).1.is_some_and(|tag| digests(&format!("{host}/{name}:{tag}")).iter().any(|d| d == reference));
    // A digest that belongs to no described tag is of some other one, for which the tagless size stands.
    let tagged = images().find(|(k, _)| by_digest && own(k)).map(|(_, s)| *s);
    let any = || images().find(|_| by_digest).map(|(_, s)| *s);
    let Some(size) = tagged.or_else(|| machine.image_size(&full)).or_else(any) else {
        return answer_json(404, &json!({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}));
    };
    let (kind, body) = if by_digest {
        let layer = |part: u64| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": format!("sha256:{}", hex(&format!("{name} {size} {part}"))), "size": size * part / 100});
        let config =
            json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": format!("sha256:{}", hex(name)), "size": 4096});
        (
            "application/vnd.oci.image.manifest.v1+json",
            json!({"schemaVersion": 2, "config": config, "layers": [layer(15), layer(60), layer(25)]}),
        )
    } else {
        let entry = |arch: &str| {
            let digest = digest(&full, arch);
            json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1234, "platform": {"os": "linux", "architecture": arch}})
        };
        (
            "application/vnd.oci.image.index.v1+json",
            json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry("amd64"), entry("arm64")]}),
        )
    };
    let digest = if by_digest { reference.to_owned() } else { format!("sha256:{}", hex(&format!("digest {full}"))) };
    let body = if request.method == "HEAD" { vec![] } else { body.to_string().into_bytes() };
    Response { status: 200, headers: vec![("content-type".into(), kind.into()), ("docker-content-digest".into(), digest)], body }
}
