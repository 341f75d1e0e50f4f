//! RTSP by retina, over the one TCP connection: how the Agent takes a camera too.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use retina::client::{
    Credentials, InitialTimestampPolicy, PlayOptions, Session, SessionGroup, SessionOptions, SetupOptions, Stream, TeardownPolicy,
    Transport, UnassignedChannelDataPolicy,
};
use retina::codec::{CodecItem, ParametersRef};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};

use crate::model::camera::{StreamError, StreamReading};
use crate::model::percent::decoded;
use crate::world::network::NetError;

/// How long a camera may take to hear that we leave.
const LEAVE: Duration = Duration::from_millis(500);

/// One picture: when it belongs (seconds), its bytes, and whether it stands alone.
#[derive(Debug, Clone, Copy)]
struct Frame {
    at: f64,
    bytes: usize,
    key: bool,
}

/// Opens the stream and watches it.
pub(super) async fn watch(
    url: &Url,
    login: Option<(String, SecretString)>,
    connect: Duration,
    watch: Duration,
) -> Result<StreamReading, StreamError> {
    let (host, port) = place(url)?;
    let (url, from_url) = split(url);
    let login = login.or(from_url);
    if let Host::Domain(name) = &host {
        match super::addresses(name).await {
            Ok(_) => {}
            Err(NetError::Name(_)) => return Err(StreamError::Name { host: name.clone() }),
            Err(e) => return Err(StreamError::Unreachable { says: e.to_string() }),
        }
    }
    let group = Arc::new(SessionGroup::default());
    let creds =
        login.as_ref().map(|(user, password)| Credentials { username: user.clone(), password: password.expose_secret().to_owned() });
    let options = SessionOptions::default()
        .creds(creds)
        .user_agent("kerbup".into())
        .session_group(group.clone())
        // Some cameras let only two look at a time: ours must not linger.
        .teardown(TeardownPolicy::Always)
        .unassigned_channel_data(UnassignedChannelDataPolicy::Ignore);
    let got = match timeout(connect, Session::describe(url, options)).await {
        Ok(Ok(session)) => look(session, connect, watch, login.as_ref()).await,
        Ok(Err(e)) => Err(told(&e, login.as_ref())),
        Err(_) => Err(silent(&host, port, connect).await),
    };
    drop(timeout(LEAVE, group.await_teardown()).await);
    got
}

/// Host and port, or why this is no address that can be tried.
fn place(url: &Url) -> Result<(Host<String>, u16), StreamError> {
    let says = match (url.scheme(), url.host()) {
        ("rtsp", Some(host)) => return Ok((host.to_owned(), url.port().unwrap_or(554))),
        ("rtsp", None) => "it names no camera",
        ("rtsps", _) => "encrypted RTSP (rtsps) cannot be tried from here",
        _ => "it does not begin with rtsp://",
    };
    Err(StreamError::Address { says: says.into() })
}

/// The address without its login, which retina takes separately.
fn split(url: &Url) -> (Url, Option<(String, SecretString)>) {
    let login =
        (!url.username().is_empty()).then(|| (decoded(url.username()), SecretString::from(decoded(url.password().unwrap_or_default()))));
    let mut bare = url.clone();
    // These fail only for addresses without a host, which `place` refused.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    (bare, login)
}

async fn look(
    mut session: Session<retina::client::Described>,
    connect: Duration,
    watch: Duration,
    login: Option<&(String, SecretString)>,
) -> Result<StreamReading, StreamError> {
    let streams = session.streams();
    let taken = |s: &Stream| s.media() == "video" && matches!(s.encoding_name(), "h264" | "h265");
    let Some(index) = streams.iter().position(taken) else {
        return Err(StreamError::Codec {
            found: streams.iter().filter(|s| s.media() == "video").map(|s| codec(s.encoding_name())).collect(),
        });
    };
    let audio = streams.iter().any(|s| s.media() == "audio");
    let codec = codec(streams[index].encoding_name());
    let late = |_| StreamError::NoPicture { seconds: connect.as_secs() };
    let told = |e: retina::Error| told(&e, login);
    let begin = async {
        session.setup(index, SetupOptions::default().transport(Transport::Tcp(Default::default()))).await?;
        session.play(PlayOptions::default().initial_timestamp(InitialTimestampPolicy::Permissive)).await?.demuxed()
    };
    let mut playing = timeout(connect, begin).await.map_err(late)?.map_err(told)?;

    let began = Instant::now();
    let end = began + watch;
    let mut frames: Vec<Frame> = vec![];
    let mut broken = None;
    while let Ok(Some(item)) = timeout_at(end, playing.next()).await {
        match item {
            Ok(CodecItem::VideoFrame(f)) if f.stream_id() == index => {
                frames.push(Frame { at: f.timestamp().elapsed_secs(), bytes: f.data().len(), key: f.is_random_access_point() });
            }
            Ok(_) => {}
            Err(e) => {
                broken = Some(told(e));
                break;
            }
        }
    }
    if frames.is_empty() {
        return Err(broken.unwrap_or(StreamError::NoPicture { seconds: watch.as_secs() }));
    }
    let size = match playing.streams()[index].parameters() {
        Some(ParametersRef::Video(v)) => Some(v.pixel_dimensions()),
        _ => None,
    };
    let seconds = began.elapsed().as_secs_f64();
    let (fps, bits_per_second) = rates(&frames, seconds);
    Ok(StreamReading { codec, size, fps, bits_per_second, seconds, audio })
}

fn codec(name: &str) -> String {
    match name {
        "h264" => "H.264".into(),
        "h265" => "H.265".into(),
        "jpeg" => "MJPEG".into(),
        "mp4v-es" => "MPEG-4".into(),
        other => other.to_uppercase(),
    }
}

/// Pictures and bits a second. By the camera's own times, since the network delivers in bursts; and over whole groups
/// from one full picture to the next, since a full one is many times as large as those after it.
fn rates(frames: &[Frame], watched: f64) -> (Option<f64>, Option<f64>) {
    let first_key = frames.iter().position(|f| f.key);
    let last_key = frames.iter().rposition(|f| f.key);
    let window = match (first_key, last_key) {
        (Some(a), Some(b)) if b > a => &frames[a..=b],
        _ => frames,
    };
    let (Some(first), Some((last, counted))) = (window.first(), window.split_last()) else { return (None, None) };
    let took = last.at - first.at;
    // Times that do not move, or move faster than the clock on the wall, are a camera's fault.
    let took = if took > 0.0 && took < 2.0 * watched + 1.0 {
        took
    } else if counted.len() + 1 == frames.len() {
        watched
    } else {
        return (None, None);
    };
    if counted.is_empty() || took <= 0.0 {
        return (None, None);
    }
    let bytes: usize = counted.iter().map(|f| f.bytes).sum();
    (Some(counted.len() as f64 / took), Some(bytes as f64 * 8.0 / took))
}

/// Nothing came in time: from the address, or from what listens there?
async fn silent(host: &Host<String>, port: u16, waited: Duration) -> StreamError {
    let host = host.to_string();
    let to = (host.trim_matches(['[', ']']), port);
    match timeout(Duration::from_secs(1), tokio::net::TcpStream::connect(to)).await {
        Ok(Ok(_)) => StreamError::Protocol { says: "it takes the connection and then says nothing".into() },
        Ok(Err(e)) if e.kind() == io::ErrorKind::ConnectionRefused => StreamError::Refused,
        Ok(Err(e)) => StreamError::Unreachable { says: super::plain(&e) },
        Err(_) => StreamError::Unreachable { says: format!("nothing within {} s", waited.as_secs().max(1)) },
    }
}

/// Sorts retina's error. Its causes are private, so that system errors are known by the number at their end.
fn told(error: &retina::Error, login: Option<&(String, SecretString)>) -> StreamError {
    let full = error.to_string();
    let first = full.lines().next().unwrap_or_default();
    if let Some(status) = error.status_code() {
        return match status {
            401 | 403 => StreamError::Login,
            400 | 404 | 410 | 451 | 454 | 459 | 460 => StreamError::Path { status },
            200..=299 => StreamError::Protocol { says: clean("its description of the stream is not understood", login) },
            _ => StreamError::Protocol { says: format!("it answers with status {status}") },
        };
    }
    let number = full.split("(os error ").nth(1).and_then(|t| t.split(')').next()).and_then(|n| n.parse().ok());
    if let Some(e) = number.map(io::Error::from_raw_os_error) {
        return match e.kind() {
            io::ErrorKind::ConnectionRefused => StreamError::Refused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => StreamError::Protocol { says: "it closes the connection".into() },
            _ => StreamError::Unreachable { says: super::plain(&e) },
        };
    }
    if first.contains("Invalid RTSP message") {
        return StreamError::Protocol { says: "it does not speak RTSP".into() };
    }
    if first.contains("EOF") {
        return StreamError::Protocol { says: "it closes the connection".into() };
    }
    StreamError::Protocol { says: clean(first, login) }
}

/// The text without anything of a login, cut to a line.
fn clean(text: &str, login: Option<&(String, SecretString)>) -> String {
    let mut text = text.to_owned();
    for word in login.iter().flat_map(|(user, password)| [password.expose_secret(), user.as_str()]).filter(|w| !w.is_empty()) {
        text = text.replace(word, "••••");
    }
    text.chars().filter(|c| !c.is_control()).take(160).collect()
}

#[cfg(test)]
mod tests;
