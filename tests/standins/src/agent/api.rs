//! The Agent's HTTP routes.

use super::config::{self, Config};
use super::{Agent, camera, cloud};
use crate::http::{self, Answer, Request};
use crate::jwt;
use serde_json::{Value, json};
use std::time::Duration;

pub async fn answer(agent: &Agent, request: Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => Answer::new(200, "text/html; charset=utf-8", "<!doctype html><title>Kerberos Agent</title><div id=\"root\"></div>"),
        ("GET", "/swagger/index.html") => Answer::new(200, "text/html; charset=utf-8", "<!doctype html><title>Swagger UI</title>"),
        ("POST", "/api/login") => login(agent, &request),
        ("GET", path) if path.starts_with("/file/") => file(&path["/file/".len()..]),
        _ => guarded(agent, &request).await,
    }
}

fn unauthorised(words: &str) -> Answer {
    Answer::json(401, &json!({"code": 401, "message": words}))
}

fn login(agent: &Agent, request: &Request) -> Answer {
    let wanted = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| "root".into());
    match jwt::login_form(request) {
        Some((user, password)) if user == wanted("AGENT_USERNAME") && password == wanted("AGENT_PASSWORD") => {
            let (token, expire) = agent.sessions.issue(&user);
            Answer::json(200, &json!({"code": 200, "expire": expire, "role": "admin", "token": token, "username": user}))
        }
        Some(_) => unauthorised("incorrect Username or Password"),
        None => unauthorised("missing Username or Password"),
    }
}

/// Recordings, without any login: so is the real one.
fn file(name: &str) -> Answer {
    if name.contains('/') || name.contains("..") {
        return Answer::text(404, "404 page not found");
    }
    match std::fs::read(format!("{}/{name}", super::recorder::RECORDINGS)) {
        Ok(data) => Answer::new(200, "video/mp4", data),
        Err(_) => Answer::text(404, "404 page not found"),
    }
}

const GUARDED: [(&str, &str); 11] = [
    ("GET", "/api/dashboard"),
    ("GET", "/api/config"),
    ("POST", "/api/config"),
    ("POST", "/api/camera/verify/primary"),
    ("POST", "/api/camera/verify/secondary"),
    ("POST", "/api/persistence/verify"),
    ("POST", "/api/hub/verify"),
    ("POST", "/api/camera/restart"),
    ("POST", "/api/camera/stop"),
    ("POST", "/api/camera/record"),
    ("GET", "/api/days"),
];

async fn guarded(agent: &Agent, request: &Request) -> Answer {
    let route = (request.method.as_str(), request.path.as_str());
    if !GUARDED.contains(&route) {
        return Answer::text(404, "404 page not found");
    }
    if let Some(refusal) = agent.sessions.refusal(request) {
        return unauthorised(refusal);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match route.1 {
        "/api/dashboard" => dashboard(agent),
        "/api/days" => Answer::json(200, &json!([])),
        "/api/config" if route.0 == "GET" => {
            Answer::json(200, &json!({"config": agent.config().0, "custom": {}, "global": {}, "snapshot": ""}))
        }
        "/api/config" => save(agent, &body),
        "/api/camera/verify/primary" => verify_camera(body["rtsp"].as_str().unwrap_or_default()).await,
        "/api/camera/verify/secondary" => verify_camera(body["sub_rtsp"].as_str().unwrap_or_default()).await,
        "/api/persistence/verify" => verify_vault(body).await,
        "/api/hub/verify" => Answer::json(400, &json!({"data": "Something went wrong while reaching the Kerberos Hub API."})),
        "/api/camera/restart" => {
            agent.restart();
            Answer::json(200, &json!({"restarted": true}))
        }
        "/api/camera/stop" => {
            agent.stop();
            Answer::json(200, &json!({"stopped": true}))
        }
        _ => {
            agent.trigger();
            Answer::json(200, &json!({"recording": true}))
        }
    }
}

fn dashboard(agent: &Agent) -> Answer {
    let entries = std::fs::read_dir(super::recorder::RECORDINGS).into_iter().flatten().flatten();
    let recordings = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "mp4")).count();
    Answer::json(
        200,
        &json!({
            "cameraOnline": agent.camera_online(), "cloudOnline": false, "days": [], "latestEvents": [], "numberOfRecordings": recordings,
            "offlineMode": agent.config().text("/offline"), "webrtcPending": 0, "webrtcReaders": 0,
        }),
    )
}

fn save(agent: &Agent, body: &Value) -> Answer {
    if !body.is_object() {
        return Answer::json(400, &json!({"data": "Something went wrong: not a configuration"}));
    }
    match config::store(body) {
        Ok(()) => {
            agent.restart();
            Answer::json(200, &json!({"data": "☄ Reconfiguring"}))
        }
        Err(error) => {
            Answer::json(400, &json!({"data": format!("Something went wrong: open {}: {}", config::FILE, http::os_text(&error))}))
        }
    }
}

async fn verify_camera(url: &str) -> Answer {
    match camera::codecs(url, Duration::from_secs(5)).await {
        Ok(codecs) if codecs.iter().any(|codec| codec == "H264" || codec == "H265") => {
            let streams: Vec<Value> = codecs.iter().map(|codec| json!({"name": codec})).collect();
            Answer::json(200, &json!({"message": "All good, detected a H264 codec.", "data": streams}))
        }
        Ok(_) => Answer::json(400, &json!({"message": "Stream doesn't have a H264 codec."})),
        Err(error) => Answer::json(400, &json!({"message": error})),
    }
}

/// Pings the Vault with the keys given, then leaves a small file there, as the real one does.
async fn verify_vault(body: Value) -> Answer {
    let refuse = |words: &str| Answer::json(400, &json!({"data": words}));
    let given = Config(body);
    let part = |name: &str| given.text(&format!("/kstorage/{name}"));
    if ["uri", "access_key", "secret_access_key"].iter().any(|name| part(name).is_empty()) {
        return refuse("VerifyPersistence: please fill-in the required Kerberos Vault credentials.");
    }
    if part("provider").is_empty() || part("directory").is_empty() {
        return refuse("VerifyPersistence: Provider and/or directory is missing from the request.");
    }
    let Some(mut vault) = given.vault() else { return refuse("VerifyPersistence: Provider and/or directory is missing from the request.") };
    if vault.device.is_empty() {
        vault.device = "fake-key".into();
    }
    let ping = http::send("POST", &format!("{}/ping", vault.uri), &cloud::headers(&vault), Default::default(), 10).await;
    if !ping.is_ok_and(|answer| answer.status == 200) {
        return refuse("VerifyPersistence: Something went wrong while verifying storage credentials.");
    }
    let name = format!("{}_6-967003_{}_200-200-400-400_24_769.mp4", jiff::Timestamp::now().as_second(), given.text("/name"));
    match cloud::legacy(&vault, &name, bytes::Bytes::from_static(b"stand-in test recording")).await {
        Ok(_) => Answer::json(200, &json!({"data": "VerifyPersistence: Upload allowed using the credentials provided."})),
        Err(_) => refuse(
            "VerifyPersistence: Something went wrong while creating a dummy upload. Make sure your provider is the same as the storage provider defined in your Kerberos Vault.",
        ),
    }
}
