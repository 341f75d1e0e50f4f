//! A tiny camera answers here as the ones do that fail, and one that sends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const H264: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
    a=fmtp:96 packetization-mode=1;profile-level-id=640029;sprop-parameter-sets=Z2QAM6wVFKCgL/lQ,aO48sA==\r\na=control:track1\r\n\
    m=audio 0 RTP/AVP 0\r\na=control:track2\r\n";
const H265: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n\
    a=fmtp:96 profile-id=1;sprop-sps=QgEBAWAAAAMAsAAAAwAAAwBaoAWCAeFja5JFL83BQYFBAAADAAEAAAMADKE=;sprop-pps=RAHA8saNA7NA;\
    sprop-vps=QAEMAf//AWAAAAMAsAAAAwAAAwBarAwAAAMABAAAAwAyqA==\r\na=control:track1\r\n";
const MJPEG: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\na=control:track1\r\n";

/// What the camera of a test is like.
#[derive(Clone, Copy)]
enum Like {
    Status(u16),
    /// Wants Basic with `view:se#cret`.
    Locked,
    Sdp(&'static str),
    Frames,
    Frames265,
    Raw(&'static [u8]),
    Silent,
}

async fn request(from: &mut TcpStream) -> Option<(String, String)> {
    let mut text = vec![];
    while !text.ends_with(b"\r\n\r\n") {
        text.push(from.read_u8().await.ok()?);
    }
    let text = String::from_utf8(text).ok()?;
    let cseq = text.lines().find_map(|l| l.strip_prefix("CSeq: "))?.to_owned();
    Some((text, cseq))
}

/// One picture of one packet, 90 000 ticks a second, 10 pictures a second, every fifth a full one.
fn packet(n: u32, h265: bool) -> Vec<u8> {
    let key = n.is_multiple_of(5);
    let mut rtp = vec![0x80, 0x80 | 96];
    rtp.extend(u16::try_from(n).unwrap().to_be_bytes());
    rtp.extend((n * 9000).to_be_bytes());
    rtp.extend(7u32.to_be_bytes());
    match (h265, key) {
        (false, true) => rtp.push(0x65),
        (false, false) => rtp.push(0x41),
        (true, true) => rtp.extend([0x26, 1]),
        (true, false) => rtp.extend([0x02, 1]),
    }
    rtp.extend(vec![0x88; if key { 995 } else { 95 }]);
    let mut out = vec![b'$', 0];
    out.extend(u16::try_from(rtp.len()).unwrap().to_be_bytes());
    out.extend(rtp);
    out
}

async fn serve(mut to: TcpStream, like: Like) -> Option<()> {
    loop {
        let (text, cseq) = request(&mut to).await?;
        let describe = |sdp: &str| {
            format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len())
        };
        let answer = match (like, text.split(' ').next()?) {
            (Like::Silent, _) => continue,
            (Like::Raw(bytes), _) => {
                to.write_all(bytes).await.ok()?;
                return None;
            }
            (Like::Status(status), "DESCRIBE") => format!("RTSP/1.0 {status} No\r\nCSeq: {cseq}\r\n\r\n"),
            // view:se#cret
            (Like::Locked, "DESCRIBE") if !text.contains("Authorization: Basic dmlldzpzZSNjcmV0") => {
                format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {cseq}\r\nWWW-Authenticate: Basic realm=\"camera\"\r\n\r\n")
            }
            (Like::Sdp(sdp), "DESCRIBE") => describe(sdp),
            (Like::Frames265, "DESCRIBE") => describe(H265),
            (_, "DESCRIBE") => describe(H264),
            (_, "SETUP") => format!(
                "RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nSession: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=00000007\r\n\r\n"
            ),
            (_, "PLAY") => format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\nSession: 1\r\nRTP-Info: url=track1;seq=0;rtptime=0\r\n\r\n"),
            _ => format!("RTSP/1.0 200 OK\r\nCSeq: {cseq}\r\n\r\n"),
        };
        to.write_all(answer.as_bytes()).await.ok()?;
        if text.starts_with("PLAY") && matches!(like, Like::Frames | Like::Frames265 | Like::Locked) {
            for n in 0..12 {
                to.write_all(&packet(n, matches!(like, Like::Frames265))).await.ok()?;
            }
        }
    }
}

async fn camera(like: Like) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("rtsp://{}/stream", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((to, _)) = listener.accept().await {
            tokio::spawn(serve(to, like));
        }
    });
    url
}

async fn look_at(url: &Url, login: Option<(&str, &str)>) -> Result<StreamReading, StreamError> {
    let login = login.map(|(u, p)| (u.to_owned(), SecretString::from(p)));
    watch(url, login, Duration::from_millis(800), Duration::from_millis(1500)).await
}

#[tokio::test]
async fn a_stream_is_measured_by_its_own_times_over_whole_groups() {
    let got = look_at(&camera(Like::Frames).await, None).await.unwrap();
    assert_eq!((got.codec.as_str(), got.audio), ("H.264", true));
    assert!(got.size.is_some_and(|(w, h)| w > 100 && h > 100), "{got:?}");
    assert!((got.fps.unwrap() - 10.0).abs() < 0.01, "{got:?}");
    // Two groups of 1000 + 4 × 100 bytes in one second; retina puts the 24 bytes of parameters before each full picture.
    let bits = got.bits_per_second.unwrap();
    assert!((bits - 2.0 * (1000.0 + 24.0 + 4.0 * 100.0) * 8.0).abs() < 1.0, "{bits}");
}

#[tokio::test]
async fn h265_is_taken_as_well() {
    let got = look_at(&camera(Like::Frames265).await, None).await.unwrap();
    assert_eq!((got.codec.as_str(), got.audio, got.fps.map(f64::round)), ("H.265", false, Some(10.0)), "{got:?}");
    assert!(got.size.is_some_and(|(w, h)| w > 100 && h > 100), "{got:?}");
}

#[tokio::test]
async fn logins_are_tried_from_the_address_or_beside_it_and_a_wrong_one_is_told() {
    let url = camera(Like::Locked).await;
    assert!(look_at(&url, Some(("view", "se#cret"))).await.is_ok());
    let mut with = url.clone();
    with.set_username("view").unwrap();
    with.set_password(Some("se%23cret")).unwrap();
    assert!(look_at(&with, None).await.is_ok());
    assert_eq!(look_at(&url, Some(("view", "wrong"))).await, Err(StreamError::Login));
    assert_eq!(look_at(&url, None).await, Err(StreamError::Login));
}

#[tokio::test]
async fn each_refusal_is_what_it_is() {
    let refused = Url::parse("rtsp://127.0.0.1:1/").unwrap();
    assert_eq!(look_at(&refused, None).await, Err(StreamError::Refused));
    assert_eq!(look_at(&camera(Like::Status(403)).await, None).await, Err(StreamError::Login));
    for status in [404, 454, 400] {
        assert_eq!(look_at(&camera(Like::Status(status)).await, None).await, Err(StreamError::Path { status }));
    }
    let busy = look_at(&camera(Like::Status(453)).await, None).await;
    assert!(matches!(&busy, Err(StreamError::Protocol { says }) if says.contains("453")), "{busy:?}");
    assert_eq!(look_at(&camera(Like::Sdp(MJPEG)).await, None).await, Err(StreamError::Codec { found: vec!["MJPEG".into()] }));
    assert_eq!(look_at(&camera(Like::Sdp(H264)).await, None).await, Err(StreamError::NoPicture { seconds: 1 }));
    let web = look_at(&camera(Like::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")).await, Some(("view", "HTTP/1.1"))).await;
    assert!(matches!(&web, Err(StreamError::Protocol { says }) if !says.contains("HTTP/1.1")), "{web:?}");
    assert!(matches!(look_at(&camera(Like::Raw(b"")).await, None).await, Err(StreamError::Protocol { .. })));
    let silent = look_at(&camera(Like::Silent).await, None).await;
    assert!(matches!(&silent, Err(StreamError::Protocol { says }) if says.contains("says nothing")), "{silent:?}");
}

#[tokio::test]
async fn addresses_that_cannot_be_tried_are_told_before_anything_is_sent() {
    for (typed, word) in [("http://192.0.2.1/", "rtsp://"), ("rtsps://192.0.2.1/", "encrypted")] {
        let got = look_at(&Url::parse(typed).unwrap(), None).await;
        assert!(matches!(&got, Err(StreamError::Address { says }) if says.contains(word)), "{got:?}");
    }
    let name = look_at(&Url::parse("rtsp://no-such-camera.invalid/").unwrap(), None).await;
    assert!(matches!(name, Err(StreamError::Name { .. } | StreamError::Unreachable { .. })), "{name:?}");
}

#[tokio::test]
async fn an_ipv6_address_is_taken() {
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let url = Url::parse(&format!("rtsp://{}/stream", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        while let Ok((to, _)) = listener.accept().await {
            tokio::spawn(serve(to, Like::Frames));
        }
    });
    assert!(look_at(&url, None).await.is_ok());
}

#[test]
fn rates_of_odd_times_are_not_told() {
    let frame = |at: f64| Frame { at, bytes: 100, key: false };
    assert_eq!(rates(&[frame(1.0)], 3.0), (None, None));
    let still = rates(&[frame(1.0), frame(1.0), frame(1.0)], 2.0);
    assert_eq!(still, (Some(1.0), Some(800.0)), "the clock on the wall serves instead");
}
