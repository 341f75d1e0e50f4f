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

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{IpAddr, SocketAddr};
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::model::camera::{StreamError, StreamReading};
    use crate::world::network::{NetError, Request, Response};

    /// A network with one camera behind it, that counts how often it is asked.
    struct One(Result<StreamReading, StreamError>, Mutex<u32>);

    #[async_trait]
    impl Network for One {
        async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
            Err(NetError::Name(name.into()))
        }
        async fn connect(&self, to: SocketAddr, _: Duration) -> Result<(), NetError> {
            Err(NetError::Refused(to.to_string()))
        }
        async fn can_listen(&self, _: SocketAddr) -> Result<(), ErrorKind> {
            Ok(())
        }
        async fn http(&self, _: Request) -> Result<Response, NetError> {
            Err(NetError::Refused(String::new()))
        }
        async fn rtsp(&self, _: &Url, _: Option<(String, SecretString)>, _: Duration, _: Duration) -> Result<StreamReading, StreamError> {
            *self.1.lock().unwrap() += 1;
            self.0.clone()
        }
        async fn mongodb(&self, _: &SecretString, _: Duration) -> Result<String, NetError> {
            Err(NetError::Refused(String::new()))
        }
        async fn amqp(&self, to: SocketAddr, _: &str, _: &SecretString, _: Duration) -> Result<String, NetError> {
            Err(NetError::Refused(to.to_string()))
        }
    }

    async fn tried(outcome: Result<StreamReading, StreamError>, login: Option<&str>) -> CameraTried {
        let network = One(outcome, Mutex::new(0));
        let login = login.map(|p| ("viewer".to_owned(), SecretString::from(p)));
        let tried = try_camera(&network, "yard", &Url::parse("rtsp://192.0.2.31/stream").unwrap(), login, From::Host).await;
        assert_eq!(*network.1.lock().unwrap(), 1, "a camera is asked once, so that no account is locked");
        tried
    }

    #[tokio::test]
    async fn what_came_of_a_try_is_one_line_and_what_to_do() {
        let reading = StreamReading {
            codec: "H.264".into(),
            size: Some((1920, 1080)),
            fps: Some(15.0),
            bits_per_second: Some(1e6),
            seconds: 4.0,
            audio: false,
        };
        let good = tried(Ok(reading), None).await;
        assert_eq!((good.says.as_str(), good.advice.as_str()), ("1080p H.264 15 fps", ""));
        let wrong = tried(Err(StreamError::Login), Some("hunter2")).await;
        assert_eq!(wrong.says, words::camera::WRONG_LOGIN);
        assert!(wrong.advice.contains("wait") && !format!("{wrong:?}").contains("hunter2"));
        assert_eq!(tried(Err(StreamError::Login), None).await.says, "asks for a login");
    }
}
