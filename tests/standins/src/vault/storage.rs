//! The account-key side of Vault: who may store, uploads (tus 1.0.0 and the older single POST),
//! and the store they end up in.

use super::db::Db;
use crate::http::{self, Answer, Request};
use base64::{Engine, engine::general_purpose::STANDARD};
use bson::{Document, doc};
use rusty_s3::S3Action;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MAX_UPLOAD: usize = 256 << 20;
/// Uploads that were given up would fill the memory: the oldest makes room.
const MAX_OPEN: usize = 32;

/// A recording on its way in.
struct Upload {
    since: Instant,
    sender: Sender,
    length: usize,
    data: Vec<u8>,
    metadata: HashMap<String, String>,
}

/// Who sends, and where to: checked before anything is accepted.
#[derive(Clone)]
pub struct Sender {
    account: String,
    provider: Document,
    directory: String,
    device: String,
    access_key: String,
    file: String,
}

#[derive(Default)]
pub struct Uploads(Mutex<HashMap<String, Upload>>);

fn refuse(status: u16, word: &str) -> Answer {
    Answer::json(status, &json!({"message": word}))
}

/// The account of the request's keys.
async fn account(db: &Db, request: &Request) -> Result<Document, Answer> {
    let access = request.filled("x-kerberos-storage-accesskey").ok_or_else(|| refuse(400, "file_missing_access_key"))?;
    let secret = request.filled("x-kerberos-storage-secretaccesskey").ok_or_else(|| refuse(400, "file_missing_secret_access_key"))?;
    let filter = doc! {"access_key": access, "secret_access_key": secret, "enabled": "true"};
    let found = db.find("accounts", filter).await.map_err(|error| refuse(500, &error))?;
    found.into_iter().next().ok_or_else(|| refuse(403, "storage_account_not_found"))
}

/// POST /api/ping.
pub async fn ping(db: &Db, request: &Request) -> Answer {
    match account(db, request).await {
        Ok(_) => Answer::json(200, &json!({"message": "pong"})),
        Err(refusal) => refusal,
    }
}

/// Holds a request with content against the account and provider it names.
async fn sender(db: &Db, request: &Request, with_file: bool) -> Result<Sender, Answer> {
    let account = account(db, request).await?;
    let need = |name: &str, word: &str| request.filled(name).map(str::to_owned).ok_or_else(|| refuse(400, word));
    // The Hub key is empty in an installation without a Hub, but the header is sent.
    if request.header("x-kerberos-storage-cloudkey").is_none() {
        return Err(refuse(400, "file_missing_cloud_key"));
    }
    let device = need("x-kerberos-storage-device", "file_missing_device")?;
    let directory = need("x-kerberos-storage-directory", "storage_directory_missing")?;
    let name = need("x-kerberos-storage-provider", "storage_provider_missing")?;
    if need("x-kerberos-storage-capture", "file_missing_capture")? != "IPCamera" {
        return Err(refuse(400, "file_capture_invalid"));
    }
    let file = if with_file { need("x-kerberos-storage-filename", "file_missing_name")? } else { String::new() };
    if file.contains('/') || file.contains("..") {
        return Err(refuse(400, "file_name_invalid"));
    }
    let text = |key: &str| account.get_str(key).unwrap_or_default().to_owned();
    if !matches!(text("directory").as_str(), "" | "*") && text("directory") != directory {
        return Err(refuse(403, "storage_directory_invalid"));
    }
    let secondary = account.get_array("secondary_providers").is_ok_and(|all| all.iter().any(|one| one.as_str() == Some(&name)));
    let found = db.find("providers", doc! {"name": &name, "enabled": "true"}).await.map_err(|error| refuse(500, &error))?;
    let provider = found.into_iter().next().filter(|_| text("provider") == name || secondary);
    let provider = provider.ok_or_else(|| refuse(400, "storage_provider_not_found"))?;
    let access_key = text("access_key");
    Ok(Sender { account: text("account"), provider, directory, device, access_key, file })
}

/// Everything below /api/storage.
pub async fn route(db: &Db, uploads: &Uploads, request: &Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/api/storage") => legacy(db, request).await,
        ("GET", "/api/storage") => signed(db, request).await,
        ("OPTIONS", path) if path.starts_with("/api/storage/tus") => {
            tus(204).with("tus-version", "1.0.0").with("tus-extension", "creation,termination")
        }
        (_, path) if path.starts_with("/api/storage/tus/") => resumable(db, uploads, request).await,
        _ => Answer::text(404, "404 page not found"),
    }
}

async fn legacy(db: &Db, request: &Request) -> Answer {
    let sender = match sender(db, request, true).await {
        Ok(sender) => sender,
        Err(refusal) => return refusal,
    };
    if request.body.is_empty() {
        return refuse(400, "file_empty");
    }
    match keep(db, &sender, request.body.to_vec(), &HashMap::new()).await {
        Ok(()) => Answer::json(200, &json!({"message": "uploaded"})),
        Err(refusal) => refusal,
    }
}

/// GET: a signed address of one recording, made by the store's own rules.
async fn signed(db: &Db, request: &Request) -> Answer {
    if let Err(refusal) = account(db, request).await {
        return refusal;
    }
    let (Some(file), Some(name)) = (request.filled("x-kerberos-storage-filename"), request.filled("x-kerberos-storage-provider")) else {
        return refuse(400, "file_missing_name");
    };
    let provider = match db.find("providers", doc! {"name": name}).await {
        Ok(found) => found.into_iter().next(),
        Err(error) => return refuse(500, &error),
    };
    match provider.and_then(|provider| bucket(&provider).ok()) {
        Some((bucket, keys)) => {
            let address = bucket.get_object(Some(&keys), file).sign(Duration::from_secs(3600));
            Answer::json(200, &json!({"data": address.to_string()}))
        }
        None => refuse(400, "storage_provider_not_found"),
    }
}

fn tus(status: u16) -> Answer {
    Answer::empty(status).with("tus-resumable", "1.0.0")
}

async fn resumable(db: &Db, uploads: &Uploads, request: &Request) -> Answer {
    if request.header("tus-resumable") != Some("1.0.0") {
        return tus(412).with("tus-version", "1.0.0");
    }
    let id = request.path.trim_start_matches("/api/storage/tus/");
    if request.method == "POST" && id.is_empty() {
        return create(db, uploads, request).await;
    }
    let sender = match sender(db, request, false).await {
        Ok(sender) => sender,
        Err(refusal) => return refusal,
    };
    let state = {
        let open = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(id).filter(|upload| upload.sender.access_key == sender.access_key).map(|upload| (upload.data.len(), upload.length))
    };
    let Some((offset, length)) = state else { return tus(404) };
    match request.method.as_str() {
        "HEAD" => tus(200).with("upload-offset", offset).with("upload-length", length).with("cache-control", "no-store"),
        "PATCH" => patch(db, uploads, id, request).await,
        "DELETE" => {
            uploads.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
            tus(204)
        }
        _ => tus(405),
    }
}

async fn create(db: &Db, uploads: &Uploads, request: &Request) -> Answer {
    let sender = match sender(db, request, true).await {
        Ok(sender) => sender,
        Err(refusal) => return refusal,
    };
    let Some(length) = request.filled("upload-length").and_then(|text| text.parse::<usize>().ok()) else {
        return refuse(400, "missing Upload-Length header");
    };
    if length == 0 || length > MAX_UPLOAD {
        return tus(413);
    }
    let Some(metadata) = metadata(request.header("upload-metadata").unwrap_or_default()) else {
        return refuse(400, "invalid Upload-Metadata header");
    };
    if metadata.get("filename").is_none_or(|name| *name != sender.file) {
        return refuse(400, "Upload-Metadata and X-Kerberos-Storage-FileName differ");
    }
    let id: String = (0..16).map(|_| format!("{:02x}", rand::random::<u8>())).collect();
    let location = format!("/api/storage/tus/{id}");
    let upload = Upload { since: Instant::now(), sender, length, data: Vec::new(), metadata };
    let mut open = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
    if open.len() >= MAX_OPEN
        && let Some(oldest) = open.iter().min_by_key(|(_, upload)| upload.since).map(|(id, _)| id.clone())
    {
        open.remove(&oldest);
    }
    open.insert(id, upload);
    tus(201).with("location", location)
}

/// `key base64,key base64`.
fn metadata(text: &str) -> Option<HashMap<String, String>> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            Some((key.to_owned(), String::from_utf8(STANDARD.decode(value).ok()?).ok()?))
        })
        .collect()
}

async fn patch(db: &Db, uploads: &Uploads, id: &str, request: &Request) -> Answer {
    if request.header("content-type") != Some("application/offset+octet-stream") {
        return tus(415);
    }
    let Some(at) = request.filled("upload-offset").and_then(|text| text.parse::<usize>().ok()) else {
        return refuse(400, "missing Upload-Offset header");
    };
    let whole = {
        let mut open = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(upload) = open.get_mut(id) else { return tus(404) };
        if at != upload.data.len() {
            return tus(409);
        }
        if at + request.body.len() > upload.length {
            return tus(413);
        }
        upload.data.extend_from_slice(&request.body);
        let offset = upload.data.len();
        if offset < upload.length {
            return tus(204).with("upload-offset", offset);
        }
        (upload.sender.clone(), upload.data.clone(), upload.metadata.clone())
    };
    let (sender, data, metadata) = whole;
    let length = data.len();
    let kept = keep(db, &sender, data, &metadata).await;
    let mut open = uploads.0.lock().unwrap_or_else(PoisonError::into_inner);
    match kept {
        Ok(()) => {
            open.remove(id);
            tus(204).with("upload-offset", length)
        }
        Err(refusal) => {
            // The last piece counts as not received, so that the sender may try again.
            if let Some(upload) = open.get_mut(id) {
                upload.data.truncate(at);
            }
            refusal.with("tus-resumable", "1.0.0")
        }
    }
}

fn bucket(provider: &Document) -> Result<(rusty_s3::Bucket, rusty_s3::Credentials), String> {
    let text = |key: &str| provider.get_str(key).unwrap_or_default().to_owned();
    if text("use_ssl") == "true" {
        return Err("this stand-in speaks plain HTTP to the store only".into());
    }
    let address = format!("http://{}", text("host"));
    let address = url::Url::parse(&address).map_err(|error| format!("{address}: {error}"))?;
    let bucket = rusty_s3::Bucket::new(address, rusty_s3::UrlStyle::Path, text("bucket"), text("region"));
    let keys = rusty_s3::Credentials::new(text("access_key"), text("secret"));
    Ok((bucket.map_err(|error| error.to_string())?, keys))
}

/// Puts the recording in the provider's store, then writes its media document.
async fn keep(db: &Db, sender: &Sender, data: Vec<u8>, metadata: &HashMap<String, String>) -> Result<(), Answer> {
    let (bucket, keys) = bucket(&sender.provider).map_err(|error| refuse(500, &error))?;
    let name = format!("{}/{}", sender.directory, sender.file);
    let size = data.len() as i64;
    let address = bucket.put_object(Some(&keys), &name).sign(Duration::from_secs(300));
    let put = http::send("PUT", address.as_str(), &[], data.into(), 60).await;
    let put = put.map_err(|error| refuse(500, error.rsplit(": ").next().unwrap_or(&error)))?;
    if put.status != 200 {
        // The store's own code word, "XMinioStorageFull" for one, tells what is wrong.
        let body = put.body_text();
        let word = body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or("storage refused").to_owned();
        crate::out::say(format!("error while storing {name}: {} {word}", put.status_line()));
        return Err(refuse(if put.status == 507 { 507 } else { 500 }, &word));
    }
    let timestamp = metadata.get("timestamp").and_then(|text| text.parse::<i64>().ok());
    let timestamp = timestamp.or_else(|| sender.file.split('_').next()?.parse().ok()).unwrap_or_default();
    let kept: Document = metadata.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    let media = doc! {
        "timestamp": timestamp, "filename": &name, "filesize": size, "device": &sender.device, "account": &sender.account,
        "provider": sender.provider.get_str("name").unwrap_or_default(), "status": "uploaded", "finished": true, "temporary": false,
        "forwarded": false, "to_be_forwarded": false, "uploaded": true, "events": [], "metadata": kept,
    };
    let filter = doc! {"filename": &name, "provider": sender.provider.get_str("name").unwrap_or_default()};
    let update = doc! {"update": "media", "updates": [{"q": filter, "u": {"$set": media}, "upsert": true}]};
    db.run(update).await.map_err(|error| refuse(500, &error))?;
    crate::out::say(format!("stored {name}, {size} bytes"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tus_metadata() {
        let found = metadata("filename YS5tcDQ=,fps");
        assert_eq!(found.as_ref().and_then(|all| all.get("filename")).map(String::as_str), Some("a.mp4"));
        assert_eq!(found.and_then(|all| all.get("fps").cloned()), Some(String::new()));
        assert_eq!(metadata("filename %%%"), None);
    }
}
