//! The commands that a person would type for a container. Secrets stand as shell variables.

use crate::model::engine::{ContainerSpec, MountSpec};

fn quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c)) {
        text.to_string()
    } else if text.contains("${") {
        format!("\"{}\"", text.replace('"', "\\\""))
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// `docker run …` for a spec.
pub fn run(spec: &ContainerSpec) -> String {
    let mut words: Vec<String> =
        ["docker", "run", "-d", "--name", &spec.name, "--restart", "unless-stopped", "--network", &spec.network].map(String::from).to_vec();
    let mut add = |flag: &str, value: String| words.extend([flag.to_string(), quoted(&value)]);
    for alias in &spec.aliases {
        add("--network-alias", alias.clone());
    }
    for p in &spec.publish {
        add("-p", format!("{}:{}:{}", p.address, p.host, p.container));
    }
    for m in &spec.mounts {
        match m {
            MountSpec::Bind { source, target, read_only } => {
                add("--mount", format!("type=bind,source={source},target={target}{}", if *read_only { ",readonly" } else { "" }))
            }
            MountSpec::Tmpfs { target, size, mode } => {
                let size = size.map(|s| format!(",tmpfs-size={s}")).unwrap_or_default();
                let mode = mode.map(|m| format!(",tmpfs-mode={m:o}")).unwrap_or_default();
                add("--mount", format!("type=tmpfs,target={target}{size}{mode}"));
            }
        }
    }
    if let Some(user) = &spec.user {
        add("--user", user.clone());
    }
    if let Some(kept) = &spec.capabilities {
        add("--cap-drop", "ALL".into());
        for c in kept {
            add("--cap-add", c.clone());
        }
    }
    if spec.no_new_privileges {
        add("--security-opt", "no-new-privileges".into());
    }
    if let Some(m) = spec.memory {
        add("--memory", m.to_string());
    }
    if let Some(m) = spec.memory_reservation {
        add("--memory-reservation", m.to_string());
    }
    if let Some(s) = spec.shm {
        add("--shm-size", s.to_string());
    }
    if let Some(f) = spec.files {
        add("--ulimit", format!("nofile={f}:{f}"));
    }
    if let Some(s) = spec.stop_seconds {
        add("--stop-timeout", s.to_string());
    }
    for h in &spec.extra_hosts {
        add("--add-host", h.clone());
    }
    if let Some((bytes, files)) = spec.log_limit {
        add("--log-opt", format!("max-size={bytes}"));
        add("--log-opt", format!("max-file={files}"));
    }
    for (k, v) in &spec.labels {
        add("--label", format!("{k}={v}"));
    }
    for (k, v) in &spec.env {
        add("-e", format!("{k}={}", v.by_hand()));
    }
    if spec.read_only_root {
        words.push("--read-only".into());
    }
    words.push(quoted(&spec.image));
    words.extend(spec.args.iter().flatten().map(|a| quoted(a)));
    words.join(" ")
}
