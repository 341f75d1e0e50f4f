//! The camera: RTSP over TCP, opened again every 3 s for as long as it fails; its frames go to the recorder.

use super::config::Config;
use super::recorder::Recorder;
use super::{Agent, log};
use futures_util::StreamExt;
use retina::client::{Credentials, Demuxed, PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport};
use retina::codec::{CodecItem, FrameFormat};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

const RETRY: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether a stream is open, and what it carries.
struct Stream {
    session: Session<retina::client::Described>,
    place: usize,
}

/// Runs until the settings change.
pub async fn run(agent: Arc<Agent>, config: Config) {
    let delay = crate::misbehave::number("STANDIN_START_DELAY").unwrap_or(30);
    if !config.is("/offline") {
        // Without a Hub key every broker refuses the client, and the real one waits for it this long.
        tokio::time::sleep(Duration::from_secs(delay)).await;
        log::error("routers.mqtt.main.ConfigureMQTT(): timed out while establishing mqtt broker connection");
    }
    let url = config.text("/capture/ipcamera/rtsp").to_owned();
    loop {
        if url.is_empty() {
            log::error("components.Kerberos.RunAgent(): no rtsp url found in config, please provide one.");
        } else {
            match open(&url).await {
                Ok(stream) => {
                    log::info(&format!("components.Kerberos.RunAgent(): opened RTSP stream: {url}"));
                    try_sub_stream(&config, &url).await;
                    log::error("capture.golibrtsp.ConnectBackChannel(): audio backchannel not found");
                    let why = play(&agent, &config, stream).await;
                    agent.stream_ended();
                    log::error(&format!("components.Kerberos.RunAgent(): RTSP stream ended: {why}"));
                }
                Err(why) => log::error(&why),
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn try_sub_stream(config: &Config, main: &str) {
    let sub = config.text("/capture/ipcamera/sub_rtsp");
    if !sub.is_empty() && sub != main {
        match describe(sub, PATIENCE).await {
            Ok(_) => log::info(&format!("components.Kerberos.RunAgent(): opened RTSP sub stream: {sub}")),
            Err(error) => log::error(&format!("components.Kerberos.RunAgent(): error connecting to RTSP sub stream: {error}")),
        }
    }
}

/// The named codecs of a stream's description, for the verify route.
pub async fn codecs(url: &str, patience: Duration) -> Result<Vec<String>, String> {
    let session = describe(url, patience).await?;
    Ok(session.streams().iter().map(|stream| stream.encoding_name().to_uppercase()).collect())
}

async fn describe(url: &str, patience: Duration) -> Result<Session<retina::client::Described>, String> {
    let (address, login) = split_login(url)?;
    let place = format!("{}:{}", address.host_str().unwrap_or_default(), address.port().unwrap_or(554));
    let options = SessionOptions::default().creds(login).user_agent("standin".into());
    match tokio::time::timeout(patience, Session::describe(address, options)).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(error)) => Err(plain(&error.to_string(), &place)),
        Err(_) => Err(format!("dial tcp {place}: i/o timeout")),
    }
}

/// One line, and the usual words for the usual cases.
fn plain(error: &str, place: &str) -> String {
    let line = error.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.contains("Connection refused") {
        return format!("dial tcp {place}: connect: connection refused");
    }
    if line.contains("401") || line.contains("nauthorized") {
        return "bad status code: 401 (Unauthorized)".into();
    }
    if line.contains("404") {
        return "bad status code: 404 (Not Found)".into();
    }
    line
}

/// The library wants user and password beside the address, decoded.
fn split_login(text: &str) -> Result<(Url, Option<Credentials>), String> {
    let mut url = Url::parse(text).map_err(|error| format!("parse {text:?}: {error}"))?;
    if url.scheme() != "rtsp" {
        return Err(format!("unsupported scheme '{}'", url.scheme()));
    }
    let decode = |text: &str| {
        // A form decoder reads a plus as a space; in an address it is a plus.
        let pair = format!("x={}", text.replace('+', "%2B"));
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let login = (!url.username().is_empty())
        .then(|| Credentials { username: decode(url.username()), password: decode(url.password().unwrap_or_default()) });
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_err(|()| format!("parse {text:?}: no host"))?;
    Ok((url, login))
}

async fn open(url: &str) -> Result<Stream, String> {
    let session = describe(url, PATIENCE).await;
    let session = session.map_err(|error| format!("components.Kerberos.RunAgent(): error connecting to RTSP stream: {error}"))?;
    let video = session.streams().iter().position(|stream| stream.media() == "video" && matches!(stream.encoding_name(), "h264" | "h265"));
    match video {
        Some(place) => Ok(Stream { session, place }),
        None => {
            Err("components.Kerberos.RunAgent(): no video stream found, might be the wrong codec (we only support H264 for the moment)"
                .into())
        }
    }
}

async fn demuxed(stream: Stream) -> Result<Demuxed, retina::Error> {
    let Stream { mut session, place } = stream;
    let transport = Transport::Tcp(TcpTransportOptions::default());
    let setup = SetupOptions::default().transport(transport).frame_format(FrameFormat::SIMPLE);
    session.setup(place, setup).await?;
    session.play(PlayOptions::default()).await?.demuxed()
}

/// Hands frames to the recorder; returns why it ended.
async fn play(agent: &Agent, config: &Config, stream: Stream) -> String {
    let mut frames = match tokio::time::timeout(PATIENCE, demuxed(stream)).await {
        Ok(Ok(frames)) => Box::pin(frames),
        Ok(Err(error)) => return plain(&error.to_string(), ""),
        Err(_) => return "i/o timeout".into(),
    };
    let mut recorder = Recorder::new(config.clone());
    let (mut count, mut last, mut report) = (0_u64, Instant::now(), Instant::now());
    loop {
        let item = match tokio::time::timeout(PATIENCE, frames.next()).await {
            Ok(Some(Ok(item))) => item,
            Ok(Some(Err(error))) => return plain(&error.to_string(), ""),
            Ok(None) => return "EOF".into(),
            Err(_) => return "i/o timeout".into(),
        };
        let CodecItem::VideoFrame(frame) = item else { continue };
        let gap = last.elapsed();
        if count > 0 && gap > Duration::from_secs(2) {
            log::line(log::Level::Warning, &format!("capture.golibrtsp.health(main): {} ms since previous frame", gap.as_millis()));
        }
        (count, last) = (count + 1, Instant::now());
        agent.frame_came();
        recorder.frame(agent, frame.data());
        if report.elapsed() > Duration::from_secs(30) {
            report = Instant::now();
            log::info(&format!("capture.golibrtsp.health(main): {count} frames received"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_login_out_of_the_address() -> Result<(), String> {
        let (url, login) = split_login("rtsp://us%40er:p+w%2F@cam:8554/stream?x=1")?;
        assert_eq!(url.as_str(), "rtsp://cam:8554/stream?x=1");
        let login = login.ok_or("no login")?;
        assert_eq!((login.username.as_str(), login.password.as_str()), ("us@er", "p+w/"));
        assert!(split_login("http://cam").is_err());
        assert!(split_login("cam").is_err());
        Ok(())
    }
}
