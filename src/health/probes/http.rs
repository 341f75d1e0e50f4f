//! A part with a page of its own.

use super::{Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    let path = target.subject.path.as_deref().unwrap_or("/");
    match target.get(path, None).await {
        Ok(answer) if (200..400).contains(&answer.status) => Reading::new(ComponentState::Healthy, words::status(path, answer.status)),
        Ok(answer) if matches!(answer.status, 401 | 403) => Reading::new(ComponentState::Degraded, words::REFUSES),
        Ok(answer) => Reading::new(ComponentState::Degraded, words::status(path, answer.status)),
        Err(e) => unanswered(&e),
    }
}
