//! RabbitMQ: a login as AMQP 0-9-1 has it.

use super::{QUESTION, Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    match target.world.network.amqp(target.at(), target.user(), &target.secret(), QUESTION).await {
        Ok(product) => Reading::new(ComponentState::Healthy, words::answers(&product)),
        Err(e) => unanswered(&e),
    }
}
