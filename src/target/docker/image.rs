//! Names of images: where they really come from once `[images] registry` redirects them.

use crate::model::answers::Images;

/// `docker.io/library/mongo:8.0.15` becomes `localhost:5000/mongo:8.0.15` where a registry is named: less its host and `library/`.
/// Without one, names of Docker Hub keep their short form, as `docker images` shows them.
pub fn name(full: &str, images: &Images) -> String {
    let path = path(full);
    match &images.registry {
        Some(registry) => format!("{}/{path}", registry.trim_end_matches('/')),
        None => full.strip_prefix("docker.io/library/").or_else(|| full.strip_prefix("docker.io/")).unwrap_or(full).to_string(),
    }
}

fn path(full: &str) -> &str {
    let path = match full.split_once('/') {
        Some((host, rest)) if host.contains('.') || host.contains(':') || host == "localhost" => rest,
        _ => full,
    };
    path.strip_prefix("library/").unwrap_or(path)
}

/// The host that serves an image.
pub fn registry(name: &str) -> &str {
    match name.split_once('/') {
        Some((host, _)) if host.contains('.') || host.contains(':') || host == "localhost" => host,
        _ => "registry-1.docker.io",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_drops_host_and_library() {
        let to = Images { registry: Some("localhost:5000".into()), ..Images::default() };
        for (full, short) in [
            ("docker.io/library/mongo:8.0.15", "mongo:8.0.15"),
            ("docker.io/kerberos/agent:v3", "kerberos/agent:v3"),
            ("ghcr.io/uug-ai/vault:v1", "uug-ai/vault:v1"),
            ("quay.io/minio/minio:R", "minio/minio:R"),
        ] {
            assert_eq!(name(full, &to), format!("localhost:5000/{short}"));
        }
        assert_eq!(name("docker.io/library/mongo:8", &Images::default()), "mongo:8");
        assert_eq!(name("quay.io/minio/minio:R", &Images::default()), "quay.io/minio/minio:R");
        assert_eq!((registry("mongo:8"), registry("quay.io/a/b:1")), ("registry-1.docker.io", "quay.io"));
    }
}
