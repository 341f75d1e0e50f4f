//! AMQP 0-9-1 as far as the login: protocol header, Start, Start-Ok with PLAIN, Tune, Close.
//! Frames and numbers are those of the public specification (amqp0-9-1.pdf, sections 4.2 and 1.4).

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::network::NetError;

/// Largest frame that is read; brokers start below 128 KiB.
const FRAME_LIMIT: usize = 256 * 1024;
const CONNECTION: u16 = 10;
const START: u16 = 10;
const SECURE: u16 = 20;
const TUNE: u16 = 30;
const CLOSE: u16 = 50;
/// Reply code of a login that was refused.
const ACCESS_REFUSED: u16 = 403;

/// Logs in and leaves again. Answers product and version.
pub(super) async fn login(to: SocketAddr, user: &str, password: &SecretString, timeout: Duration) -> Result<String, NetError> {
    match tokio::time::timeout(timeout, talk(to, user, password, timeout)).await {
        Ok(done) => done,
        Err(_) => Err(NetError::TimedOut(to.to_string())),
    }
}

async fn talk(to: SocketAddr, user: &str, password: &SecretString, timeout: Duration) -> Result<String, NetError> {
    let at = to.to_string();
    let odd = |what: &str| NetError::Protocol(at.clone(), what.to_owned());
    let mut stream = super::open(to, timeout).await?;
    stream.write_all(b"AMQP\x00\x00\x09\x01").await.map_err(|e| super::reach(&at, &e))?;

    let start = method(&mut stream, &at).await?;
    let mut read = Reader(&start);
    if (read.u16(), read.u16()) != (Some(CONNECTION), Some(START)) {
        return Err(odd("it does not begin as AMQP 0-9-1 does"));
    }
    read.take(2);
    let says = Reader(read.long().unwrap_or_default()).table();
    let mechanisms = String::from_utf8_lossy(read.long().unwrap_or_default()).into_owned();
    if !mechanisms.split(' ').any(|m| m == "PLAIN") {
        return Err(odd("it takes no login by name and password"));
    }

    stream.write_all(&start_ok(user, password)).await.map_err(|e| super::reach(&at, &e))?;
    // A broker that knows no better closes the connection on a wrong login, after a pause; nothing else is a reason to, here.
    let answer = match method(&mut stream, &at).await {
        Ok(answer) => answer,
        Err(NetError::Protocol(_, what)) if what.contains("closes") => return Err(NetError::Login(at)),
        Err(e) => return Err(e),
    };
    let mut read = Reader(&answer);
    match (read.u16(), read.u16()) {
        (Some(CONNECTION), Some(TUNE)) => {
            drop(stream.write_all(&goodbye()).await);
            let known = |key: &str| says.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
            Ok([known("product"), known("version")].into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        (Some(CONNECTION), Some(CLOSE)) if read.u16() == Some(ACCESS_REFUSED) => Err(NetError::Login(at)),
        (Some(CONNECTION), Some(SECURE)) => Err(NetError::Login(at)),
        _ => Err(odd("it does not answer the login as AMQP 0-9-1 does")),
    }
}

/// Reads one method frame and answers its payload. Heartbeats are passed over.
async fn method(stream: &mut TcpStream, at: &str) -> Result<Vec<u8>, NetError> {
    let odd = |what: &str| NetError::Protocol(at.to_owned(), what.to_owned());
    loop {
        let mut head = [0u8; 7];
        stream.read_exact(&mut head).await.map_err(|e| super::reach(at, &e))?;
        if head.starts_with(b"AMQP") {
            return Err(odd("it speaks another version of AMQP"));
        }
        let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        if !matches!(head[0], 1 | 8) || size > FRAME_LIMIT {
            return Err(odd("it does not speak AMQP"));
        }
        let mut payload = vec![0u8; size + 1];
        stream.read_exact(&mut payload).await.map_err(|e| super::reach(at, &e))?;
        if payload.pop() != Some(0xCE) {
            return Err(odd("it does not speak AMQP"));
        }
        if head[0] == 1 {
            return Ok(payload);
        }
    }
}

/// What was read so far, bounds checked: it comes from whoever listens there.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|b| b[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    fn long(&mut self) -> Option<&'a [u8]> {
        let size = self.take(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))?;
        self.take(size as usize)
    }

    /// Texts of a field table, without its header; other sorts of values are passed over, an unknown sort ends it.
    fn table(mut self) -> Vec<(String, String)> {
        let mut found = vec![];
        while let Some((key, value)) = self.entry() {
            if let Some(value) = value {
                found.push((key, value));
            }
        }
        found
    }

    fn entry(&mut self) -> Option<(String, Option<String>)> {
        let size = self.u8()?;
        let key = String::from_utf8_lossy(self.take(size.into())?).into_owned();
        let value = match self.u8()? {
            b'S' => Some(String::from_utf8_lossy(self.long()?).into_owned()),
            b'F' | b'A' | b'x' => self.long().map(|_| None)?,
            b'V' => None,
            b't' | b'b' | b'B' => self.take(1).map(|_| None)?,
            b's' | b'u' | b'U' => self.take(2).map(|_| None)?,
            b'I' | b'i' | b'f' => self.take(4).map(|_| None)?,
            b'D' => self.take(5).map(|_| None)?,
            b'l' | b'L' | b'd' | b'T' => self.take(8).map(|_| None)?,
            _ => return None,
        };
        Some((key, value))
    }
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![1, 0, 0];
    out.extend(u32::try_from(payload.len()).unwrap_or(0).to_be_bytes());
    out.extend(payload);
    out.push(0xCE);
    out
}

fn put_long(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend(u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    to.extend(bytes);
}

fn put_short(to: &mut Vec<u8>, text: &str) {
    to.push(u8::try_from(text.len()).unwrap_or(0));
    to.extend(text.as_bytes());
}

fn start_ok(user: &str, password: &SecretString) -> Vec<u8> {
    // `authentication_failure_close`: a refused login is then told as Close 403 instead of a cut line.
    let mut capabilities = vec![];
    put_short(&mut capabilities, "authentication_failure_close");
    capabilities.extend([b't', 1]);
    let mut properties = vec![];
    put_short(&mut properties, "product");
    properties.push(b'S');
    put_long(&mut properties, b"kerbup");
    put_short(&mut properties, "capabilities");
    properties.push(b'F');
    put_long(&mut properties, &capabilities);
    let mut payload = vec![0, 10, 0, 11];
    put_long(&mut payload, &properties);
    put_short(&mut payload, "PLAIN");
    put_long(&mut payload, format!("\0{user}\0{}", password.expose_secret()).as_bytes());
    put_short(&mut payload, "en_US");
    frame(&payload)
}

/// Tune-Ok without heartbeats, then Close.
fn goodbye() -> Vec<u8> {
    let mut out = frame(&[0, 10, 0, 31, 0, 0, 0, 2, 0, 0, 0, 0]);
    let mut close = vec![0, 10, 0, 50, 0, 200];
    put_short(&mut close, "done");
    close.extend([0, 0, 0, 0]);
    out.extend(frame(&close));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Vec<u8> {
        let mut table = vec![];
        for (key, value) in [("product", "RabbitMQ"), ("version", "4.1.2")] {
            put_short(&mut table, key);
            table.push(b'S');
            put_long(&mut table, value.as_bytes());
        }
        let mut payload = vec![0, 10, 0, 10, 0, 9];
        put_long(&mut payload, &table);
        put_long(&mut payload, b"AMQPLAIN PLAIN");
        put_long(&mut payload, b"en_US");
        frame(&payload)
    }

    /// A broker that says Start, compares the login, and then tells or cuts the line.
    async fn broker(tells: bool) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut to, _)) = listener.accept().await {
                let mut header = [0; 8];
                to.read_exact(&mut header).await.unwrap();
                assert_eq!(&header, b"AMQP\x00\x00\x09\x01");
                to.write_all(&start()).await.unwrap();
                let said = method(&mut to, "").await.unwrap();
                let right = said.windows(16).any(|w| w == b"\0kerberos\0secret");
                if right {
                    to.write_all(&frame(&[0, 10, 0, 30, 0, 0, 0, 2, 0, 0, 0, 60])).await.unwrap();
                    assert_eq!(method(&mut to, "").await.unwrap()[2..4], [0, 31]);
                } else if tells {
                    to.write_all(&frame(&[0, 10, 0, 50, 1, 147, 0, 0, 0, 0, 0])).await.unwrap();
                }
            }
        });
        at
    }

    async fn ask(at: SocketAddr, password: &str) -> Result<String, NetError> {
        login(at, "kerberos", &SecretString::from(password), Duration::from_millis(900)).await
    }

    #[tokio::test]
    async fn the_right_login_gives_product_and_version_and_a_wrong_one_is_refused_in_either_way() {
        for tells in [true, false] {
            let at = broker(tells).await;
            assert_eq!(ask(at, "secret").await, Ok("RabbitMQ 4.1.2".into()));
            assert_eq!(ask(at, "other").await, Err(NetError::Login(at.to_string())));
        }
    }

    #[tokio::test]
    async fn what_is_not_amqp_is_said_so() {
        for answer in [
            b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
            b"AMQP\x00\x01\x00\x00".as_slice(),
            b"".as_slice(),
            &[1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 99, 0xCE],
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = listener.local_addr().unwrap();
            tokio::spawn(async move {
                let (mut to, _) = listener.accept().await.unwrap();
                let mut header = [0; 8];
                to.read_exact(&mut header).await.unwrap();
                to.write_all(answer).await.unwrap();
            });
            assert!(matches!(ask(at, "secret").await, Err(NetError::Protocol(_, _))));
        }
    }

    proptest::proptest! {
        #[test]
        fn wild_tables_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = Reader(&bytes).table();
        }
    }
}
