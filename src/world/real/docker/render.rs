//! A ContainerSpec as the engine's request.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, HostConfigLogConfig, Mount, MountBindOptions, MountTmpfsOptions, MountType,
    NetworkingConfig, PortBinding, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};
use secrecy::{ExposeSecret, SecretString};

use crate::model::engine::{ContainerSpec, MountSpec};

/// The body of `POST /containers/create`. `swap_limit`: the engine can hold back swap; asked for it where it cannot, it
/// warns, and some kernels refuse.
pub(super) fn body(spec: &ContainerSpec, env: &[(String, SecretString)], swap_limit: bool) -> ContainerCreateBody {
    let endpoint = EndpointSettings { aliases: some(spec.aliases.clone()), ..EndpointSettings::default() };
    let networked = !spec.network.is_empty();
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        hostname: spec.hostname.clone(),
        user: spec.user.clone(),
        entrypoint: spec.entrypoint.clone(),
        cmd: spec.args.clone(),
        env: Some(env.iter().map(|(name, value)| format!("{name}={}", value.expose_secret())).collect()),
        labels: Some(spec.labels.clone().into_iter().collect()),
        exposed_ports: some(spec.publish.iter().map(|p| format!("{}/tcp", p.container)).collect()),
        stop_timeout: spec.stop_seconds.map(i64::from),
        host_config: Some(host(spec, swap_limit)),
        networking_config: networked
            .then(|| NetworkingConfig { endpoints_config: Some(HashMap::from([(spec.network.clone(), endpoint)])) }),
        ..ContainerCreateBody::default()
    }
}

fn host(spec: &ContainerSpec, swap_limit: bool) -> HostConfig {
    let memory = spec.memory.map(signed);
    let mut ports: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for p in &spec.publish {
        let binding = PortBinding { host_ip: Some(p.address.clone()), host_port: Some(p.host.to_string()) };
        ports.entry(format!("{}/tcp", p.container)).or_default().get_or_insert_default().push(binding);
    }
    HostConfig {
        network_mode: (!spec.network.is_empty()).then(|| spec.network.clone()),
        mounts: some(spec.mounts.iter().map(mount).collect()),
        port_bindings: (!ports.is_empty()).then_some(ports),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::UNLESS_STOPPED), maximum_retry_count: None }),
        cap_drop: spec.capabilities.as_ref().map(|_| vec!["ALL".to_owned()]),
        cap_add: spec.capabilities.clone().and_then(some),
        security_opt: spec.no_new_privileges.then(|| vec!["no-new-privileges".to_owned()]),
        readonly_rootfs: spec.read_only_root.then_some(true),
        memory,
        memory_swap: memory.filter(|_| swap_limit),
        memory_reservation: spec.memory_reservation.map(signed),
        shm_size: spec.shm.map(signed),
        ulimits: spec
            .files
            .map(|n| vec![ResourcesUlimits { name: Some("nofile".to_owned()), soft: Some(signed(n)), hard: Some(signed(n)) }]),
        extra_hosts: some(spec.extra_hosts.clone()),
        log_config: spec.log_limit.map(|(size, files)| HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            // The plain number is bytes.
            config: Some(HashMap::from([("max-size".to_owned(), size.to_string()), ("max-file".to_owned(), files.to_string())])),
        }),
        ..HostConfig::default()
    }
}

fn mount(spec: &MountSpec) -> Mount {
    match spec {
        MountSpec::Bind { source, target, read_only } => Mount {
            typ: Some(MountType::BIND),
            source: Some(source.clone()),
            target: Some(target.clone()),
            read_only: Some(*read_only),
            // A folder that is missing must fail: one that the engine makes hides a disk that is not mounted.
            bind_options: Some(MountBindOptions { create_mountpoint: Some(false), ..MountBindOptions::default() }),
            ..Mount::default()
        },
        MountSpec::Tmpfs { target, size, mode } => Mount {
            typ: Some(MountType::TMPFS),
            target: Some(target.clone()),
            tmpfs_options: Some(MountTmpfsOptions {
                size_bytes: size.map(signed),
                mode: mode.map(i64::from),
                ..MountTmpfsOptions::default()
            }),
            ..Mount::default()
        },
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::engine::Publish;

    fn spec() -> ContainerSpec {
        ContainerSpec {
            name: "home-vault".into(),
            image: "vault:1".into(),
            network: "home".into(),
            aliases: vec!["vault".into()],
            mounts: vec![
                MountSpec::Bind { source: "/srv/a".into(), target: "/data".into(), read_only: true },
                MountSpec::Tmpfs { target: "/tmp".into(), size: Some(1024), mode: Some(0o1777) },
            ],
            publish: vec![Publish { address: "127.0.0.1".into(), host: 8080, container: 80 }],
            capabilities: Some(vec!["CHOWN".into()]),
            no_new_privileges: true,
            memory: Some(512 << 20),
            files: Some(65536),
            stop_seconds: Some(60),
            log_limit: Some((10 << 20, 3)),
            ..ContainerSpec::default()
        }
    }

    #[test]
    fn everything_asked_for_is_in_the_request() {
        let body = serde_json::to_value(body(&spec(), &[("A".into(), SecretString::from("b=c"))], true)).unwrap();
        let host = &body["HostConfig"];
        assert_eq!(body["Env"], serde_json::json!(["A=b=c"]));
        assert_eq!(body["StopTimeout"], 60);
        assert_eq!(body["NetworkingConfig"]["EndpointsConfig"]["home"]["Aliases"][0], "vault");
        assert_eq!(host["Mounts"][0]["BindOptions"]["CreateMountpoint"], false);
        assert_eq!(host["Mounts"][0]["ReadOnly"], true);
        assert_eq!(host["Mounts"][1]["TmpfsOptions"]["SizeBytes"], 1024);
        assert_eq!(host["Mounts"][1]["TmpfsOptions"]["Mode"], 0o1777);
        assert_eq!(host["PortBindings"]["80/tcp"][0], serde_json::json!({"HostIp": "127.0.0.1", "HostPort": "8080"}));
        assert_eq!(host["RestartPolicy"]["Name"], "unless-stopped");
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]));
        assert_eq!(host["CapAdd"], serde_json::json!(["CHOWN"]));
        assert_eq!(host["SecurityOpt"], serde_json::json!(["no-new-privileges"]));
        assert_eq!(host["MemorySwap"], host["Memory"]);
        assert_eq!(host["LogConfig"]["Config"]["max-size"], "10485760");
        assert_eq!(host["Ulimits"][0]["Soft"], 65536);
    }

    #[test]
    fn swap_is_left_alone_where_the_engine_cannot_hold_it_back() {
        let body = serde_json::to_value(body(&spec(), &[], false)).unwrap();
        assert!(body["HostConfig"].get("MemorySwap").is_none());
    }
}
