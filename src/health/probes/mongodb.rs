//! MongoDB: a login with the official driver, and a ping.

use secrecy::SecretString;

use super::{QUESTION, Target, unanswered};
use crate::health::Reading;
use crate::model::health::ComponentState;
use crate::words::health as words;
use crate::world::percent::encoded;

pub(super) async fn ask(target: &Target<'_>) -> Reading {
    let uri = SecretString::from(format!(
        "mongodb://{}:{}@{}/?authSource=admin",
        encoded(target.user()),
        encoded(target.password()),
        target.at()
    ));
    match target.world.network.mongodb(&uri, QUESTION).await {
        Ok(version) => Reading::new(ComponentState::Healthy, words::answers(&format!("MongoDB {version}"))),
        Err(e) => unanswered(&e),
    }
}
