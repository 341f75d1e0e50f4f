//! A part of which nothing more is known than its port.

use super::{QUESTION, Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    match target.world.network.connect(target.at(), QUESTION).await {
        Ok(()) => Reading::new(ComponentState::Healthy, format!("It takes connections on port {}.", target.subject.port)),
        Err(e) => unanswered(&e),
    }
}
