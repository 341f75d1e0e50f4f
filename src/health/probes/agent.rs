//! The Agent: a login as its page does it, then what its dashboard says of the camera. It has no health page, and stays up
//! without a camera (facts of its public source, routers/http and components/kerberos.go).

use serde::Deserialize;

use super::{Target, json, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;
use crate::world::network::Response;

/// What GET /api/dashboard says, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::health) struct Dashboard {
    /// The camera's picture comes.
    pub(in crate::health) camera_online: bool,
    /// Recordings in its folder.
    pub(in crate::health) number_of_recordings: Option<u64>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    let login = &target.subject.login;
    let now = target.world.clock.ticks();
    if let Some(token) = login.token(now)
        && let Ok(answer) = target.get("/api/dashboard", Some(&token)).await
        && answer.status == 200
    {
        return told(&answer);
    }
    // It began anew, its password is another, or it does not answer: the login says which.
    login.keep(None, now);
    let token = match log_in(target).await {
        Ok(token) => token,
        Err(reading) => return reading,
    };
    match target.get("/api/dashboard", Some(&token)).await {
        Ok(answer) => {
            login.keep(Some(&token).filter(|_| answer.status == 200).map(String::as_str), now);
            told(&answer)
        }
        Err(e) => unanswered(&e),
    }
}

/// Asks it to record now, as when something moves (components/kerberos.go, MakeRecording). It answers 503 while it opens its
/// camera, and an older one does not answer while its queue is full.
pub(super) async fn record(target: &Target<'_>) -> Result<(), String> {
    let path = "/api/camera/record";
    let says = |reading: Reading| reading.evidence.join(" ");
    let token = match target.subject.login.token(target.world.clock.ticks()) {
        Some(token) => token,
        None => log_in(target).await.map_err(says)?,
    };
    let answer = target.post(path, &token).await.map_err(|e| says(unanswered(&e)))?;
    if answer.status == 200 { Ok(()) } else { Err(words::status(path, answer.status)) }
}

async fn log_in(target: &Target<'_>) -> Result<String, Reading> {
    let degraded = |says: String| Reading::new(ComponentState::Degraded, says);
    let login = target.login("/api/login").await.map_err(|e| unanswered(&e))?;
    match login.status {
        200 => {}
        401 | 403 => return Err(degraded(words::REFUSES.into())),
        404 | 405 | 501 => return Err(degraded(words::OTHER_PROGRAM.into())),
        status => return Err(degraded(words::status("/api/login", status))),
    }
    let token: Option<Token> = json(&login).and_then(|v| serde_json::from_value(v).ok());
    token.map(|t| t.token).ok_or_else(|| degraded(words::OTHER_PROGRAM.into()))
}

fn told(answer: &Response) -> Reading {
    let dashboard = (answer.status == 200).then(|| json(answer)).flatten().and_then(|v| serde_json::from_value::<Dashboard>(v).ok());
    match dashboard {
        Some(dashboard) => {
            let mut reading = Reading::new(ComponentState::Healthy, words::answers("a camera recorder"));
            reading.evidence.push(if dashboard.camera_online { words::CAMERA_ON } else { words::CAMERA_OFF }.into());
            reading.agent = Some(dashboard);
            reading
        }
        None => Reading::new(ComponentState::Degraded, words::status("/api/dashboard", answer.status)),
    }
}
