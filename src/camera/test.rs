//! One try of one camera: asked once only, since cameras lock an account after a few wrong passwords.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::model::camera::{CameraTried, From};
use crate::words;
use crate::world::network::Network;

/// How long a camera may take to answer.
const CONNECT: Duration = Duration::from_secs(5);

/// How long its picture is watched: two groups of pictures of what most cameras send by default (one to two seconds each).
const WATCH: Duration = Duration::from_secs(4);

/// Asks a camera for its picture, once, and says what came of it and what to do.
pub async fn try_camera(network: &dyn Network, name: &str, url: &Url, login: Option<(String, SecretString)>, from: From) -> CameraTried {
    let with_login = login.is_some() || !url.username().is_empty();
    let outcome = network.rtsp(url, login, CONNECT, WATCH).await;
    let (says, advice) = match &outcome {
        Ok(reading) => (words::camera::seen(reading), words::camera::hint(reading)),
        Err(error) => (words::camera::refused(error, with_login), words::camera::cure(error, with_login, from)),
    };
    CameraTried { name: name.into(), from, outcome, says, advice }
}
