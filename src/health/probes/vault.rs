//! The Vault. GET /api/health is documented; its login and settings are not (closed source), so a route that is missing is no
//! fault of the Vault: each is handled in both outcomes.

use serde_json::Value;

use super::{Target, json, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;
use crate::world::network::Response;

/// Settings without which no recording is kept: where to store, and who may.
const SETTINGS: [(&str, &str); 2] = [("/api/providers", "providers"), ("/api/accounts", "accounts")];

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    let path = target.subject.path.as_deref().unwrap_or("/api/health");
    let health = match target.get(path, None).await {
        Ok(answer) => answer,
        Err(e) => return unanswered(&e),
    };
    if !(200..300).contains(&health.status) {
        return Reading::new(ComponentState::Degraded, words::status(path, health.status));
    }
    let login = match target.login("/api/login").await {
        Ok(answer) => answer,
        Err(e) => return unanswered(&e),
    };
    let mut reading = match login.status {
        200..300 => set_up(target, &login).await,
        400 | 401 | 403 => return Reading::new(ComponentState::Degraded, words::REFUSES),
        // A page for people at the address of the health check is some other program's, or a Vault that serves no API.
        404 | 405 | 501 if is_page(&health) => return Reading::new(ComponentState::Degraded, words::OTHER_PROGRAM),
        404 | 405 | 501 => Reading::new(ComponentState::Healthy, words::NO_LOGIN_ROUTE),
        status => return Reading::new(ComponentState::Degraded, words::status("its login", status)),
    };
    reading.evidence.push(words::status(path, health.status));
    reading
}

/// Whether a storage and an account are entered, as far as it tells.
async fn set_up(target: &Target<'_>, login: &Response) -> Reading {
    let token = json(login).and_then(|v| v.get("token").and_then(Value::as_str).map(str::to_owned));
    let Some(token) = token else {
        return Reading::new(ComponentState::Degraded, words::OTHER_PROGRAM);
    };
    let mut counts = vec![];
    for (path, key) in SETTINGS {
        let count = target.get(path, Some(&token)).await.ok().filter(|a| a.status == 200).and_then(|a| count(&json(&a)?, key));
        counts.push(count);
    }
    if counts.contains(&Some(0)) {
        return Reading::new(ComponentState::NotConfigured, words::NOT_SET_UP);
    }
    let mut reading = Reading::new(ComponentState::Healthy, words::answers("the Vault"));
    if counts.contains(&None) {
        reading.evidence.push(words::NO_SETTINGS.into());
    }
    reading
}

/// How many there are: a list, or a list (or nothing) under the usual names.
fn count(value: &Value, key: &str) -> Option<usize> {
    match value {
        Value::Array(all) => Some(all.len()),
        Value::Null => Some(0),
        Value::Object(fields) => [key, "data", "items"].iter().find_map(|k| match fields.get(*k)? {
            Value::Array(all) => Some(all.len()),
            Value::Null => Some(0),
            _ => None,
        }),
        _ => None,
    }
}

fn is_page(answer: &Response) -> bool {
    answer.header("content-type").is_some_and(|t| t.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_counted_in_the_shapes_an_api_may_have() {
        let of = |text: &str| count(&serde_json::from_str(text).unwrap(), "providers");
        assert_eq!(of("[]"), Some(0));
        assert_eq!(of("null"), Some(0));
        assert_eq!(of(r#"{"data":null}"#), Some(0));
        assert_eq!(of(r#"{"providers":[{"name":"store"}]}"#), Some(1));
        assert_eq!(of(r#"{"code":200}"#), None);
        assert_eq!(of("7"), None);
    }
}
