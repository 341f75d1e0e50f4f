//! HTTP by reqwest, with ring for TLS. No redirects; proxies of the environment only for what is not at home.

use std::error::Error;
use std::io;
use std::net::IpAddr;
use std::sync::{Mutex, Once, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::{Host, Url};

use crate::world::network::{Fetched, NetError, Request, Response};

/// Bytes of a body that are kept.
const BODY_LIMIT: usize = 1024 * 1024;

/// How long a connection waits for a next question.
const IDLE: Duration = Duration::from_secs(1);

/// A client, made when it is first needed.
type Lazy = OnceLock<Result<reqwest::Client, String>>;

/// Three clients: straight there without and with TLS, and one that heeds the environment's proxies; more where a request brings
/// certificates that it trusts. Those with TLS read every
/// CA certificate of this machine, some 10 ms: the parts at home, which speak plain HTTP, do not wait for that.
pub(super) struct Http {
    plain: Lazy,
    direct: Lazy,
    proxied: Lazy,
    trusting: Mutex<Vec<(Vec<u8>, bool, reqwest::Client)>>,
}

/// A client. On a host without any CA certificate there is none for TLS; plain HTTP must still work there. `more` is trusted
/// besides this machine's certificates.
fn client(direct: bool, tls: bool, more: &[reqwest::Certificate]) -> reqwest::Result<reqwest::Client> {
    let builder = || {
        let b = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("kerbup/", env!("CARGO_PKG_VERSION")))
            // A login and the question after it share a connection; the next reading makes its own.
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(IDLE);
        if direct { b.no_proxy() } else { b }
    };
    let alone = || builder().tls_certs_only(more.iter().cloned()).build();
    if tls { builder().tls_certs_merge(more.iter().cloned()).build().or_else(|_| alone()) } else { alone() }
}

/// The certificates of a PEM text that can be trusted; one that cannot would spoil the others.
fn authorities(pem: &[u8]) -> Vec<reqwest::Certificate> {
    let usable = |der: &CertificateDer<'static>| RootCertStore::empty().add(der.clone()).is_ok();
    let all = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).filter(usable);
    all.filter_map(|der| reqwest::Certificate::from_der(&der).ok()).collect()
}

impl Http {
    pub(super) fn new() -> Self {
        static RING: Once = Once::new();
        // Fails only where a provider was installed before, which then serves as well.
        RING.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        Http { plain: Lazy::new(), direct: Lazy::new(), proxied: Lazy::new(), trusting: Mutex::default() }
    }

    fn client(&self, request: &Request) -> Result<reqwest::Client, NetError> {
        let url = &request.url;
        if let (Some(pem), "https") = (&request.ca, url.scheme()) {
            return self.trusting(pem, at_home(url)).map_err(|e| NetError::Protocol(place(url), e.to_string()));
        }
        let (lazy, direct, tls) = match (at_home(url), url.scheme()) {
            (true, "http") => (&self.plain, true, false),
            (true, _) => (&self.direct, true, true),
            (false, _) => (&self.proxied, false, true),
        };
        let made = lazy.get_or_init(|| client(direct, tls, &[]).map_err(|e| e.to_string()));
        made.clone().map_err(|e| NetError::Protocol(place(url), e))
    }

    /// A client that trusts these certificates as well. There is one registry, so they are few.
    fn trusting(&self, pem: &[u8], direct: bool) -> reqwest::Result<reqwest::Client> {
        let mut all = self.trusting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, made)) = all.iter().find(|(known, straight, _)| known == pem && *straight == direct) {
            return Ok(made.clone());
        }
        let made = client(direct, true, &authorities(pem))?;
        all.push((pem.to_vec(), direct, made.clone()));
        Ok(made)
    }

    /// Asks, and answers with what came before the body.
    async fn begin(&self, request: Request) -> Result<(reqwest::Response, Response), NetError> {
        let at = place(&request.url);
        let client = self.client(&request)?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|e| NetError::Protocol(at.clone(), e.to_string()))?;
        let mut asked = client.request(method, request.url).timeout(request.timeout);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        if !request.body.is_empty() {
            asked = asked.body(request.body);
        }
        let answer = asked.send().await.map_err(|e| told(&at, &e))?;
        let headers =
            answer.headers().iter().map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
        let status = answer.status().as_u16();
        Ok((answer, Response { status, headers, body: vec![] }))
    }

    /// How fast a body comes, at most so much of it. A new connection is slow at first: the first eighth is not counted, unless
    /// no more than that comes.
    pub(super) async fn measure(&self, request: Request, most: u64) -> Result<Fetched, NetError> {
        let until = Instant::now() + request.timeout;
        let at = place(&request.url);
        let (mut answer, response) = self.begin(request).await?;
        // Bytes so far, and when: at the first that came, at the end of the first eighth, and last.
        let (mut sum, mut first, mut warm, mut last) = (0_u64, None, None, (0, Instant::now()));
        while sum < most && (200..300).contains(&response.status) {
            let left = until.saturating_duration_since(Instant::now());
            let part = match tokio::time::timeout(left, answer.chunk()).await {
                Ok(Ok(Some(part))) => part,
                Ok(Ok(None)) => break,
                // A line that stands still is slow as well.
                Ok(Err(e)) if !e.is_timeout() => return Err(told(&at, &e)),
                Ok(Err(_)) | Err(_) => {
                    last.1 = Instant::now();
                    break;
                }
            };
            sum = sum.saturating_add(part.len() as u64);
            last = (sum, Instant::now());
            first.get_or_insert(last);
            if sum >= most / 8 {
                warm.get_or_insert(last);
            }
        }
        let from = warm.filter(|w| w.0 < last.0).or(first).unwrap_or(last);
        Ok(Fetched { response, bytes: last.0 - from.0, seconds: (last.1 - from.1).as_secs_f64() })
    }

    pub(super) async fn exchange(&self, request: Request) -> Result<Response, NetError> {
        let at = place(&request.url);
        let (mut answer, mut got) = self.begin(request).await?;
        while got.body.len() < BODY_LIMIT {
            match answer.chunk().await {
                Ok(Some(part)) => got.body.extend_from_slice(&part[..part.len().min(BODY_LIMIT - got.body.len())]),
                Ok(None) => break,
                Err(e) => return Err(told(&at, &e)),
            }
        }
        Ok(got)
    }
}

/// Host and port, which is all of an address that an error may show.
fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("nowhere");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Addresses that no proxy on the internet can reach: private, local, and names without a dot or of the home.
fn at_home(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => {
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || (ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64)
        }
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.to_ipv4_mapped().is_some_and(|v4| IpAddr::V4(v4).is_loopback() || v4.is_private())
        }
        Some(Host::Domain(name)) => {
            !name.contains('.') || [".local", ".localhost", ".lan", ".home.arpa", ".internal"].iter().any(|end| name.ends_with(end))
        }
        None => true,
    }
}

/// Sorts reqwest's error by the innermost cause that says what happened.
fn told(at: &str, error: &reqwest::Error) -> NetError {
    if error.is_timeout() {
        return NetError::TimedOut(at.into());
    }
    let mut last = error.to_string();
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut system: Option<NetError> = None;
    while let Some(e) = cause {
        last = e.to_string();
        if last.contains("dns error") || last.contains("failed to lookup address") {
            return NetError::Name(at.rsplit_once(':').map_or(at, |(name, _)| name).into());
        }
        if let Some(tls) = e.downcast_ref::<rustls::Error>() {
            return NetError::Tls(at.into(), tls.to_string());
        }
        if let Some(io) = e.downcast_ref::<io::Error>() {
            // TLS faults travel inside an io::Error, whose own source skips them.
            if let Some(tls) = tls_inside(io) {
                return NetError::Tls(at.into(), tls);
            }
            if io.get_ref().is_none() || io.kind() == io::ErrorKind::UnexpectedEof {
                system = Some(super::reach(at, io));
            }
        }
        cause = e.source();
    }
    system.unwrap_or_else(|| NetError::Protocol(at.into(), last))
}

/// A TLS fault, however many times an io::Error wraps another one.
fn tls_inside(io: &io::Error) -> Option<String> {
    let inner = io.get_ref()?;
    match inner.downcast_ref::<rustls::Error>() {
        Some(tls) => Some(tls.to_string()),
        None => inner.downcast_ref::<io::Error>().and_then(tls_inside),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Answers every connection with these bytes and closes it.
    async fn says(answer: &'static [u8]) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://user:secret-word@{}/x?key=secret-word", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((mut to, _)) = listener.accept().await {
                let mut buffer = [0; 4096];
                let _ = to.read(&mut buffer).await;
                let _ = to.write_all(answer).await;
            }
        });
        url
    }

    async fn ask(url: Url) -> Result<Response, NetError> {
        Http::new().exchange(Request { timeout: Duration::from_millis(700), ..Request::get(url) }).await
    }

    #[tokio::test]
    async fn status_headers_and_body_come_back_and_redirects_are_not_followed() {
        let got = ask(says(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 2\r\n\r\nno").await).await.unwrap();
        assert_eq!((got.status, got.header("location"), got.body.as_slice()), (302, Some("http://192.0.2.1/"), b"no".as_slice()));
    }

    /// A body without end: so many bytes each 10 ms, and after so many times no more.
    async fn trickles(bytes: usize, times: u32) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            let (mut to, _) = listener.accept().await.unwrap();
            let _ = to.read(&mut [0; 4096]).await;
            let _ = to.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            for _ in 0..times {
                if to.write_all(&vec![b'x'; bytes]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            std::future::pending::<()>().await;
        });
        url
    }

    #[tokio::test]
    async fn a_body_is_measured_as_far_as_asked_for_or_as_time_allows() {
        let within = |url, ms| Request { timeout: Duration::from_millis(ms), ..Request::get(url) };
        let began = Instant::now();
        let much = Http::new().measure(within(trickles(100_000, u32::MAX).await, 5_000), 1_000_000).await.unwrap();
        assert!(much.response.status == 200 && (500_000..1_100_000).contains(&much.bytes), "{much:?}");
        assert!(began.elapsed() < Duration::from_secs(3) && much.response.body.is_empty());
        // 10 MB a second, and as much again for a reader that is late at the beginning.
        assert!(much.bytes as f64 / much.seconds <= 20_000_000.0, "{much:?}");
        let little = Http::new().measure(within(trickles(1_000, u32::MAX).await, 400), 1_000_000).await.unwrap();
        assert!(little.bytes > 0 && little.bytes < 60_000, "{little:?}");
        // What comes at once and no further is not fast.
        let still = Http::new().measure(within(trickles(100_000, 3).await, 1_000), 1_000_000).await.unwrap();
        assert!(still.bytes > 0 && still.seconds > 0.5, "{still:?}");
        let none = Http::new().measure(within(says(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno").await, 400), 9).await.unwrap();
        assert_eq!((none.response.status, none.bytes), (404, 0));
    }

    #[tokio::test]
    async fn a_body_is_cut_at_its_limit() {
        let got = Http::new().exchange(Request::get(trickles(BODY_LIMIT / 4, u32::MAX).await)).await.unwrap();
        assert_eq!(got.body.len(), BODY_LIMIT);
    }

    #[tokio::test]
    async fn each_failure_is_told_apart_and_shows_no_login() {
        let odd = says(b"AMQP\x00\x00\x09\x01").await;
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut closed = odd.clone();
        closed.set_port(Some(1)).unwrap();
        let mut quiet = odd.clone();
        quiet.set_port(Some(silent.local_addr().unwrap().port())).unwrap();
        let mut plain_for_tls = odd.clone();
        plain_for_tls = Url::parse(&plain_for_tls.as_str().replacen("http", "https", 1)).unwrap();
        let unknown = Url::parse("http://user:secret-word@no-such-host.invalid/").unwrap();
        let all = [ask(odd).await, ask(closed).await, ask(quiet).await, ask(plain_for_tls).await, ask(unknown).await];
        assert!(matches!(all[0], Err(NetError::Protocol(_, _))), "{all:?}");
        assert!(matches!(all[1], Err(NetError::Refused(_))), "{all:?}");
        assert!(matches!(all[2], Err(NetError::TimedOut(_))), "{all:?}");
        assert!(matches!(all[3], Err(NetError::Tls(_, _))), "{all:?}");
        assert!(matches!(all[4], Err(NetError::Name(_) | NetError::TimedOut(_))), "{all:?}");
        assert!(!format!("{all:?}").contains("secret-word"));
    }

    #[test]
    fn only_what_is_outside_goes_through_a_proxy() {
        for home in
            ["http://10.1.2.3/", "http://[fd00::1]/", "http://localhost:5000/", "http://vault/", "http://nas.local/", "http://100.64.0.9/"]
        {
            assert!(at_home(&Url::parse(home).unwrap()), "{home}");
        }
        for out in ["https://example.org/", "http://192.0.2.1/", "http://[2001:db8::1]/"] {
            assert!(!at_home(&Url::parse(out).unwrap()), "{out}");
        }
    }
}
