//! The engine's answers as our nouns. Everything is read leniently: what is missing, new or odd becomes none or Unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use crate::model::engine::{ContainerState, EngineInfo, ImageInfo, NetworkSpec, Observed, Publish, Usage};

/// `GET /version` and `GET /info`.
pub(super) fn info(version: &Value, info: &Value) -> EngineInfo {
    let product = text(&version["Components"][0]["Name"]);
    let insecure =
        info["RegistryConfig"]["IndexConfigs"].as_object().into_iter().flatten().filter(|(_, c)| c["Secure"].as_bool() == Some(false));
    let mut insecure: Vec<String> = insecure.map(|(name, _)| name.clone()).collect();
    insecure.extend(strings(&info["RegistryConfig"]["InsecureRegistryCIDRs"]));
    EngineInfo {
        kind: if product.contains("Podman") { "podman" } else { "docker" }.to_owned(),
        version: first(&[&version["Version"], &info["ServerVersion"]]),
        api: text(&version["ApiVersion"]),
        arch: arch(&first(&[&version["Arch"], &info["Architecture"]])),
        root: text(&info["DockerRootDir"]),
        api_min: text(&version["MinAPIVersion"]),
        product,
        operating_system: text(&info["OperatingSystem"]),
        driver: text(&info["Driver"]),
        keeps_packed: keeps_packed(info),
        security_options: strings(&info["SecurityOptions"]),
        warnings: strings(&info["Warnings"]),
        insecure_registries: insecure,
        memory_limit: info["MemoryLimit"].as_bool(),
        swap_limit: info["SwapLimit"].as_bool(),
        cgroup_driver: text(&info["CgroupDriver"]),
    }
}

/// Docker names its store beside the driver: `["driver-type", "io.containerd.snapshotter.v1"]` is containerd's, and every other
/// list is that of a driver of Docker's own, which throws layers away once they are unpacked.
fn keeps_packed(info: &Value) -> Option<bool> {
    let pairs = info["DriverStatus"].as_array()?;
    Some(pairs.iter().any(|p| p[0] == "driver-type" && p[1].as_str().is_some_and(|t| t.starts_with("io.containerd.snapshotter"))))
}

/// Docker's word for an architecture, where the kernel's came.
fn arch(word: &str) -> String {
    match word {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "armv7l" | "armv6l" | "armhf" => "arm",
        "i686" | "i386" => "386",
        other => other,
    }
    .to_owned()
}

/// `GET /images/NAME/json`.
pub(super) fn image(value: &Value, name: &str) -> ImageInfo {
    let digests: Vec<(String, String)> = strings(&value["RepoDigests"])
        .iter()
        .filter_map(|d| d.split_once('@').map(|(repo, digest)| (repo.to_owned(), digest.to_owned())))
        .collect();
    let repo = familiar(split(name).0);
    let digest = digests.iter().find(|(r, _)| familiar(r) == repo).or(digests.first()).map(|(_, d)| d.clone());
    ImageInfo {
        id: text(&value["Id"]),
        digest,
        size: number(&value["Size"]),
        arch: text(&value["Architecture"]),
        user: text(&value["Config"]["User"]),
        volumes: value["Config"]["Volumes"].as_object().map(|v| v.keys().cloned().collect()).unwrap_or_default(),
    }
}

/// Repository and tag (or digest) of an image's name; `latest` where there is none, since an old engine takes a missing tag
/// for all of them.
pub(super) fn split(name: &str) -> (&str, &str) {
    if let Some((repo, digest)) = name.split_once('@') {
        return (repo.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(repo, |(r, _)| r), digest);
    }
    match name.rsplit_once(':') {
        Some((repo, tag)) if !tag.contains('/') => (repo, tag),
        _ => (name, "latest"),
    }
}

fn familiar(repo: &str) -> &str {
    let repo = repo.strip_prefix("docker.io/").unwrap_or(repo);
    repo.strip_prefix("library/").unwrap_or(repo)
}

/// An entry of `GET /networks`.
pub(super) fn network(value: &Value) -> NetworkSpec {
    let subnets: Vec<String> =
        value["IPAM"]["Config"].as_array().into_iter().flatten().map(|c| text(&c["Subnet"])).filter(|s| !s.is_empty()).collect();
    NetworkSpec {
        name: text(&value["Name"]),
        subnet: subnets.iter().find(|s| !s.contains("::")).or(subnets.first()).cloned(),
        labels: map(&value["Labels"]),
    }
}

/// Of `GET /containers/NAME/json`: the network that it was made for, where it is on none at all, with the names that it had there.
/// The engine does not keep these: as all that is made here, a container has its own name less that of its site.
pub(super) fn lost_network(value: &Value) -> Option<(String, Vec<String>)> {
    let mode = text(&value["HostConfig"]["NetworkMode"]);
    let none_left = value["NetworkSettings"]["Networks"].as_object().is_some_and(serde_json::Map::is_empty);
    if !none_left || matches!(mode.as_str(), "" | "host" | "none") || mode.contains(':') {
        return None;
    }
    if matches!(mode.as_str(), "default" | "bridge") {
        return Some(("bridge".into(), vec![]));
    }
    let site = text(&value["Config"]["Labels"]["io.kerbup.site"]);
    let name = text(&value["Name"]);
    let alias = name.trim_start_matches('/').strip_prefix(&format!("{site}-")).filter(|_| !site.is_empty());
    Some((mode, alias.map(str::to_owned).into_iter().collect()))
}

/// `GET /containers/NAME/json`.
pub(super) fn container(value: &Value) -> Observed {
    let said = &value["State"];
    let state = match text(&said["Status"]).as_str() {
        "created" => ContainerState::Created,
        // An engine that stops a container still runs it.
        "running" | "stopping" => ContainerState::Running,
        "restarting" => ContainerState::Restarting,
        "paused" => ContainerState::Paused,
        "exited" => ContainerState::Exited,
        _ => ContainerState::Unknown,
    };
    let runs = matches!(state, ContainerState::Running | ContainerState::Paused);
    let ended = matches!(state, ContainerState::Exited | ContainerState::Restarting) || text(&said["Status"]) == "dead";
    let addresses = value["NetworkSettings"]["Networks"].as_object().into_iter().flatten().filter_map(|(name, n)| {
        let address = [&n["IPAddress"], &n["GlobalIPv6Address"]].into_iter().map(text).find(|a| a.parse::<IpAddr>().is_ok())?;
        Some((name.clone(), address))
    });
    let mut publish = ports(&value["NetworkSettings"]["Ports"]);
    if publish.is_empty() {
        // One that does not run publishes nothing yet; it says what it would.
        publish = ports(&value["HostConfig"]["PortBindings"]);
    }
    Observed {
        id: text(&value["Id"]),
        name: text(&value["Name"]).trim_start_matches('/').to_owned(),
        image: text(&value["Config"]["Image"]),
        state,
        exit_code: if ended { said["ExitCode"].as_i64() } else { None },
        oom_killed: said["OOMKilled"].as_bool().unwrap_or(false),
        error: Some(text(&said["Error"])).filter(|e| !e.is_empty()),
        restarts: number(&value["RestartCount"]),
        started_at: if runs { seconds(&text(&said["StartedAt"])) } else { None },
        labels: map(&value["Config"]["Labels"]),
        addresses: addresses.collect(),
        publish,
        volumes: value["Mounts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|m| text(&m["Type"]) == "volume")
            .map(|m| text(&m["Name"]))
            .collect(),
    }
}

fn ports(value: &Value) -> Vec<Publish> {
    let mut all = BTreeSet::new();
    for (key, bindings) in value.as_object().into_iter().flatten() {
        let Some(container) = key.strip_suffix("/tcp").and_then(|p| p.parse::<u16>().ok()) else { continue };
        for binding in bindings.as_array().into_iter().flatten() {
            let Ok(host) = text(&binding["HostPort"]).parse::<u16>() else { continue };
            let address = text(&binding["HostIp"]);
            all.insert((container, host, if address.is_empty() { "0.0.0.0".to_owned() } else { address }));
        }
    }
    // "Everywhere" is listed once an address family; the older one says enough.
    let twice: Vec<_> = all.iter().filter(|(c, h, a)| a == "::" && all.contains(&(*c, *h, "0.0.0.0".to_owned()))).cloned().collect();
    all.into_iter().filter(|p| !twice.contains(p)).map(|(container, host, address)| Publish { address, host, container }).collect()
}

/// RFC 3339 as seconds since 1970; none for Docker's "never" (year 1).
fn seconds(time: &str) -> Option<i64> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second).filter(|s| *s > 0)
}

/// What a rate of the processor is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Counters {
    /// Time of the whole machine.
    system: Option<f64>,
    /// Time that the container used, in the same unit.
    used: Option<f64>,
    cores: f64,
}

/// The counters in `GET /containers/NAME/stats`.
pub(super) fn counters(value: &Value) -> Counters {
    let now = &value["cpu_stats"];
    let cores = now["online_cpus"].as_f64().or_else(|| now["cpu_usage"]["percpu_usage"].as_array().map(|a| a.len() as f64)).unwrap_or(1.0);
    Counters { system: float(&now["system_cpu_usage"]), used: float(&now["cpu_usage"]["total_usage"]), cores }
}

/// `GET /containers/NAME/stats`, with the counters of an earlier reading and of this one. `limit` is the container's own, where it
/// has one.
pub(super) fn usage(value: &Value, counters: Option<(Counters, Counters)>, limit: Option<u64>) -> Usage {
    let cpu = counters.and_then(|(before, now)| match ((now.system, before.system), (now.used, before.used)) {
        ((Some(s1), Some(s0)), (Some(u1), Some(u0))) if s0 > 0.0 && s1 > s0 && u1 >= u0 => Some((u1 - u0) / (s1 - s0) * now.cores),
        _ => None,
    });
    let memory = &value["memory_stats"];
    // The page cache that can be dropped at once: cgroup v1 counts it with its children, v2 has one figure.
    let cache = memory["stats"]["total_inactive_file"].as_u64().or_else(|| memory["stats"]["inactive_file"].as_u64()).unwrap_or(0);
    Usage { cpu, memory: number(&memory["usage"]).saturating_sub(cache), memory_limit: limit }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn first(values: &[&Value]) -> String {
    values.iter().map(|v| text(v)).find(|t| !t.is_empty()).unwrap_or_default()
}

pub(super) fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_f64().filter(|f| *f > 0.0).map(|f| f as u64)).unwrap_or(0)
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn map(value: &Value) -> BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_on_no_network_is_told_with_the_one_that_it_was_made_for() {
        let told = |mode: &str, networks: Value| {
            lost_network(&json!({
                "Name": "/shop-12-vault", "Config": {"Labels": {"io.kerbup.site": "shop-12"}},
                "HostConfig": {"NetworkMode": mode}, "NetworkSettings": {"Networks": networks},
            }))
        };
        assert_eq!(told("shop-12", json!({})), Some(("shop-12".into(), vec!["vault".into()])));
        assert_eq!(told("default", json!({})), Some(("bridge".into(), vec![])));
        assert_eq!(told("shop-12", json!({"shop-12": {"IPAddress": ""}})), None, "it is on it, and does not run");
        assert_eq!(["host", "none", "container:x", ""].map(|mode| told(mode, json!({}))), [None, None, None, None]);
    }

    #[test]
    fn the_engine_says_what_it_is() {
        let version = json!({"Version": "29.0.0", "ApiVersion": "1.56", "MinAPIVersion": "1.40", "Arch": "amd64", "Components": [{"Name": "Engine"}]});
        let said = json!({
            "DockerRootDir": "/var/lib/docker", "Driver": "overlayfs", "MemoryLimit": true, "SwapLimit": false, "Warnings": null, "SecurityOptions": ["name=seccomp,profile=builtin"],
            "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {"docker.io": {"Secure": true}, "localhost:5000": {"Secure": false}}}
        });
        let seen = info(&version, &said);
        assert_eq!(
            (seen.kind.as_str(), seen.version.as_str(), seen.api.as_str(), seen.api_min.as_str(), seen.product.as_str()),
            ("docker", "29.0.0", "1.56", "1.40", "Engine")
        );
        assert_eq!((seen.root.as_str(), seen.memory_limit, seen.swap_limit), ("/var/lib/docker", Some(true), Some(false)));
        assert_eq!(seen.insecure_registries, ["localhost:5000", "127.0.0.0/8"]);
        // One that says nothing is understood, too.
        assert_eq!(info(&json!(null), &json!(null)), EngineInfo { kind: "docker".into(), ..EngineInfo::default() });
        assert_eq!(info(&json!({"Components": [{"Name": "Podman Engine"}], "Arch": "x86_64"}), &json!({})).arch, "amd64");
    }

    #[test]
    fn names_are_split() {
        assert_eq!(split("mongo"), ("mongo", "latest"));
        assert_eq!(split("localhost:5000/minio/minio"), ("localhost:5000/minio/minio", "latest"));
        assert_eq!(split("localhost:5000/minio/minio:lab"), ("localhost:5000/minio/minio", "lab"));
        assert_eq!(split("quay.io/a/b:1@sha256:ff"), ("quay.io/a/b", "sha256:ff"));
        assert_eq!(split("quay.io/a/b@sha256:ff"), ("quay.io/a/b", "sha256:ff"));
    }

    #[test]
    fn the_digest_of_the_named_repository_is_taken() {
        let value = json!({"Id": "sha256:1", "RepoDigests": ["other/x@sha256:aa", "rabbitmq@sha256:bb"], "Size": 5, "Config": {"User": "999", "Volumes": {"/data": {}}}});
        let seen = image(&value, "docker.io/library/rabbitmq:4-management");
        assert_eq!(
            (seen.digest.as_deref(), seen.size, seen.user.as_str(), seen.volumes.as_slice()),
            (Some("sha256:bb"), 5, "999", &["/data".to_owned()][..])
        );
        assert_eq!(image(&json!({}), "x").digest, None);
    }

    #[test]
    fn a_container_is_read() {
        let value = json!({
            "Id": "abc", "Name": "/home-mongo", "RestartCount": 3,
            "State": {"Status": "running", "ExitCode": 0, "OOMKilled": false, "Error": "", "StartedAt": "2026-11-22T21:30:30.118520358Z"},
            "Config": {"Image": "mongo:7", "Labels": {"io.kerbup.site": "home"}},
            "NetworkSettings": {
                "Networks": {"home": {"IPAddress": "172.30.0.2"}, "odd": {"IPAddress": "invalid IP"}},
                "Ports": {"9000/tcp": [{"HostIp": "0.0.0.0", "HostPort": "9001"}, {"HostIp": "::", "HostPort": "9001"}], "5353/udp": null, "9090/tcp": null}
            },
            "Mounts": [{"Type": "volume", "Name": "v1"}, {"Type": "bind", "Source": "/x"}]
        });
        let seen = container(&value);
        assert_eq!(seen.name, "home-mongo");
        assert_eq!(seen.state, ContainerState::Running);
        assert_eq!(seen.started_at, Some(1_795_383_030));
        assert_eq!(seen.exit_code, None);
        assert_eq!(seen.restarts, 3);
        assert_eq!(seen.addresses.into_iter().collect::<Vec<_>>(), [("home".to_owned(), "172.30.0.2".to_owned())]);
        assert_eq!(seen.publish, [Publish { address: "0.0.0.0".into(), host: 9001, container: 9000 }]);
        assert_eq!(seen.volumes, ["v1"]);
    }

    #[test]
    fn a_new_word_is_unknown_and_no_error() {
        let seen = container(&json!({"State": {"Status": "dreaming", "StartedAt": "0001-01-01T00:00:00Z"}, "RestartCount": "many"}));
        assert_eq!((seen.state, seen.started_at, seen.restarts), (ContainerState::Unknown, None, 0));
        assert_eq!(container(&json!(null)).state, ContainerState::Unknown);
        assert_eq!(container(&json!({"State": {"Status": "exited", "ExitCode": 132}})).exit_code, Some(132));
    }

    #[test]
    fn the_page_cache_is_no_use() {
        let value = json!({
            "cpu_stats": {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 2000, "online_cpus": 4},
            "memory_stats": {"usage": 1000, "stats": {"inactive_file": 400}}
        });
        let before = counters(&json!({"cpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000}}));
        let rate = usage(&value, Some((before, counters(&value))), Some(5000));
        assert_eq!(rate, Usage { cpu: Some(0.8), memory: 600, memory_limit: Some(5000) });
        assert_eq!(usage(&value, None, None).cpu, None, "one reading has no rate");
        let v1 = json!({"memory_stats": {"usage": 1000, "stats": {"total_inactive_file": 100, "inactive_file": 1}}});
        assert_eq!(usage(&v1, Some((before, counters(&v1))), None), Usage { cpu: None, memory: 900, memory_limit: None });
    }
}
