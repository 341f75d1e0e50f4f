//! Uploads and heartbeats: the queue of markers in data/cloud, sent to Vault by tus, or by a single
//! POST when Vault does not know tus.

use super::config::{Config, Vault};
use super::log;
use super::recorder::{QUEUE, RECORDINGS};
use crate::http::{self, Answer};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use std::time::Duration;

/// Reads the queue over and over until the settings change.
pub async fn uploads(config: Config) {
    if config.is("/offline") {
        return std::future::pending().await;
    }
    loop {
        let mut names: Vec<String> = std::fs::read_dir(QUEUE)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        for name in names {
            if !one(&config, &name).await {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether the recording left the queue.
async fn one(config: &Config, name: &str) -> bool {
    let forget = || drop(std::fs::remove_file(format!("{QUEUE}/{name}")));
    if !matches!(config.text("/cloud"), "kstorage" | "kerberosvault") {
        // No Hub keys are ever set here, and without them the real one drops the recording from its queue.
        log::info("UploadKerberosHub: Kerberos Hub not properly configured.");
        forget();
        return true;
    }
    let Some(vault) = config.vault() else {
        log::info("UploadKerberosVault: Kerberos Vault not properly configured");
        forget();
        return true;
    };
    log::info(&format!("UploadKerberosVault: Uploading to Kerberos Vault ({})", vault.uri));
    let path = format!("{RECORDINGS}/{name}");
    let Ok(data) = std::fs::read(&path) else {
        log::info("UploadKerberosVault: Upload Failed, file doesn't exists anymore.");
        forget();
        return true;
    };
    match upload(&vault, name, data).await {
        Ok(answer) => {
            log::info(&format!("UploadKerberosVault: Upload Finished, {answer}"));
            if config.is("/remove_after_upload") {
                let _ = std::fs::remove_file(path);
            }
            forget();
            true
        }
        Err(why) => {
            log::info(&format!("UploadKerberosVault: Upload Failed, {why}"));
            log::info("UploadKerberosVaultSecondary: Secondary Kerberos Vault not properly configured.");
            false
        }
    }
}

pub fn headers(vault: &Vault) -> Vec<(String, String)> {
    [
        ("X-Kerberos-Storage-CloudKey", vault.cloud_key.as_str()),
        ("X-Kerberos-Storage-AccessKey", &vault.access_key),
        ("X-Kerberos-Storage-SecretAccessKey", &vault.secret_key),
        ("X-Kerberos-Storage-Provider", &vault.provider),
        ("X-Kerberos-Storage-Device", &vault.device),
        ("X-Kerberos-Storage-Capture", "IPCamera"),
        ("X-Kerberos-Storage-Directory", &vault.directory),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn with(headers: &[(String, String)], more: &[(&str, String)]) -> Vec<(String, String)> {
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    headers.iter().cloned().chain(more).collect()
}

async fn upload(vault: &Vault, name: &str, data: Vec<u8>) -> Result<String, String> {
    if std::env::var("AGENT_DISABLE_RESUMABLE_UPLOAD").is_ok_and(|value| value == "true") {
        return legacy(vault, name, data.into()).await;
    }
    let data = Bytes::from(data);
    let timestamp = name.split('_').next().unwrap_or_default();
    let metadata = [
        ("filename", name),
        ("device", &vault.device),
        ("directory", &vault.directory),
        ("provider", &vault.provider),
        ("capture", "IPCamera"),
        ("cloudkey", &vault.cloud_key),
        ("fps", "0"),
        ("duration", "0"),
        ("timestamp", timestamp),
    ];
    let metadata: Vec<String> = metadata.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
    let url = format!("{}/storage/tus/", vault.uri);
    let base = with(&headers(vault), &[("Tus-Resumable", "1.0.0".into())]);
    let create = with(
        &base,
        &[
            ("X-Kerberos-Storage-FileName", name.to_owned()),
            ("Upload-Length", data.len().to_string()),
            ("Upload-Metadata", metadata.join(",")),
        ],
    );
    let answer = http::send("POST", &url, &create, Bytes::new(), 300).await.map_err(|error| format!("resumable create failed, {error}"))?;
    let location = match (answer.status, answer.header("location")) {
        (404 | 405 | 501, _) => {
            log::info("UploadKerberosVault: resumable (tus) endpoint not available, falling back to legacy upload");
            return legacy(vault, name, data).await;
        }
        (201, Some(location)) => url::Url::parse(&url).and_then(|base| base.join(location)).map_err(|error| error.to_string())?,
        _ => return Err(format!("resumable create failed, unexpected status creating upload: {}", answer.status_line())),
    };
    send_pieces(location.as_str(), &base, &data).await
}

/// Four attempts; each continues where the server says it stands.
async fn send_pieces(url: &str, base: &[(String, String)], data: &Bytes) -> Result<String, String> {
    let size = crate::misbehave::number("AGENT_TUS_CHUNK_SIZE_BYTES").unwrap_or(8 << 20).clamp(1, 64 << 20) as usize;
    let mut offset = Some(0);
    for attempt in 0..4_u64 {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(500 + attempt * 800)).await;
        }
        let mut at = match offset.take() {
            Some(at) => at,
            None => match standing(url, base).await {
                Some(at) if at <= data.len() => at,
                _ => continue,
            },
        };
        while at < data.len() {
            let piece = data.slice(at..data.len().min(at + size));
            let headers = with(base, &[("Upload-Offset", at.to_string()), ("Content-Type", "application/offset+octet-stream".into())]);
            let Ok(answer) = http::send("PATCH", url, &headers, piece.clone(), 300).await else { break };
            match answer.status {
                204 => at += piece.len(),
                409 => break,
                _ => {
                    return Err(format!(
                        "resumable patch rejected, unexpected status on PATCH: {}, {}",
                        answer.status_line(),
                        answer.body_text()
                    ));
                }
            }
        }
        if at == data.len() {
            return Ok("204 No Content".into());
        }
    }
    Err("resumable upload did not complete after retries".into())
}

async fn standing(url: &str, base: &[(String, String)]) -> Option<usize> {
    let answer = http::send("HEAD", url, base, Bytes::new(), 30).await.ok()?;
    matches!(answer.status, 200 | 204).then(|| answer.header("upload-offset")?.parse().ok()).flatten()
}

pub async fn legacy(vault: &Vault, name: &str, data: Bytes) -> Result<String, String> {
    let headers = with(&headers(vault), &[("X-Kerberos-Storage-FileName", name.to_owned()), ("Content-Type", "video/mp4".into())]);
    let answer: Answer = http::send("POST", &format!("{}/storage", vault.uri), &headers, data, 300).await?;
    let words = format!("{}, {}", answer.status_line(), answer.body_text());
    if answer.status == 200 { Ok(words) } else { Err(words) }
}

/// Every 10 s, whatever the outcome.
pub async fn heartbeats(config: Config) {
    if config.is("/offline") {
        return std::future::pending().await;
    }
    loop {
        if config.text("/hub_key").is_empty() {
            log::error("cloud.HandleHeartBeat(): Disabled as we do not have a public key defined.");
        }
        let part = |name: &str| config.text(&format!("/kstorage/{name}"));
        if !part("uri").is_empty() && !part("access_key").is_empty() && !part("secret_access_key").is_empty() {
            let url = format!("{}/devices/heartbeat", part("uri"));
            let body = serde_json::json!({"key": config.text("/key"), "name": config.text("/name"), "version": "3.11.1"}).to_string();
            let kind = [("Content-Type".to_owned(), "application/json".to_owned())];
            match http::send("POST", &url, &kind, body.into(), 10).await {
                Ok(answer) if answer.status == 200 => log::info("cloud.HandleHeartBeat(): (200) Heartbeat received by Kerberos Vault."),
                _ => log::error("cloud.HandleHeartBeat(): (400) Something went wrong while sending to Kerberos Vault."),
            }
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}
