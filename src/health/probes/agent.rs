//! The Agent: a login as its page does it, then what its dashboard says of the camera. It has no health page, and stays up
//! without a camera (facts of its public source, routers/http and components/kerberos.go).

use serde::Deserialize;

use super::{Target, json, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;

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
    let login = match target.login("/api/login").await {
        Ok(answer) => answer,
        Err(e) => return unanswered(&e),
    };
    match login.status {
        200 => {}
        401 | 403 => return Reading::new(ComponentState::Degraded, words::REFUSES),
        404 | 405 | 501 => return Reading::new(ComponentState::Degraded, words::OTHER_PROGRAM),
        status => return Reading::new(ComponentState::Degraded, words::status("/api/login", status)),
    }
    let Some(Token { token }) = json(&login).and_then(|v| serde_json::from_value(v).ok()) else {
        return Reading::new(ComponentState::Degraded, words::OTHER_PROGRAM);
    };
    let answer = match target.get("/api/dashboard", Some(&token)).await {
        Ok(answer) => answer,
        Err(e) => return unanswered(&e),
    };
    let dashboard = (answer.status == 200).then(|| json(&answer)).flatten().and_then(|v| serde_json::from_value::<Dashboard>(v).ok());
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
