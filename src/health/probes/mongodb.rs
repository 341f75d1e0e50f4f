//! MongoDB: a login with the official driver, and a ping.

use std::time::Duration;

use secrecy::SecretString;

use super::{QUESTION, Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::model::percent::encoded;
use crate::words::health as words;
use crate::world::network::NetError;

/// Raising data takes a second or two; a large, slow disk may want more.
const RAISING: Duration = Duration::from_secs(45);

fn uri(target: &Target<'_>) -> SecretString {
    SecretString::from(format!("mongodb://{}:{}@{}/?authSource=admin", encoded(target.user()), encoded(target.password()), target.at()))
}

/// Tells it that its data belongs to this version from now on.
pub(super) async fn raise(target: &Target<'_>, version: &str) -> Result<(), NetError> {
    target.world.network.mongodb_raise(&uri(target), version, RAISING).await
}

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    match target.world.network.mongodb(&uri(target), QUESTION).await {
        Ok(version) => Reading::new(ComponentState::Healthy, words::answers(&format!("MongoDB {version}"))),
        Err(e) => unanswered(&e),
    }
}
