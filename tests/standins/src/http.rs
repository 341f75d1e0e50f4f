//! HTTP/1.1 both ways over hyper: a server that hands whole requests to one async function,
//! and a client whose errors read like Go's, because the real programs log Go's errors.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Larger bodies are refused: no stand-in needs them, and nothing unbounded is kept in memory.
const BODY_LIMIT: usize = 256 << 20;

/// A whole request.
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Bytes,
    headers: hyper::HeaderMap,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that is present and not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.header(name).map(str::trim).filter(|value| !value.is_empty())
    }

    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// A whole answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    pub fn new(status: u16, kind: &str, body: impl Into<Bytes>) -> Self {
        Answer { status, headers: vec![("content-type".into(), kind.into())], body: body.into() }
    }

    pub fn empty(status: u16) -> Self {
        Answer { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Answer::new(status, "text/plain", body.to_owned())
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Answer::new(status, "application/json; charset=utf-8", body.to_string())
    }

    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// As Go's `response.Status`: "403 Forbidden".
    pub fn status_line(&self) -> String {
        let reason = hyper::StatusCode::from_u16(self.status).ok().and_then(|code| code.canonical_reason());
        format!("{} {}", self.status, reason.unwrap_or_default()).trim_end().to_owned()
    }
}

/// Runs a future to its end outside any runtime. Work that still blocks then (a slow name lookup) does not hold up the end.
pub fn block_on<F: Future>(future: F) -> Result<F::Output, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let output = runtime.block_on(future);
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(output)
}

/// Serves until the process ends. Each connection has its own task.
pub async fn serve<H, F>(listener: TcpListener, handler: H)
where
    H: Fn(Request) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let handler = handler.clone();
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| answer(request, handler.clone()));
            // A client that goes away in the middle is its own affair.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer<H, F>(request: hyper::Request<Incoming>, handler: H) -> Result<hyper::Response<Full<Bytes>>, Infallible>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let (parts, body) = request.into_parts();
    let answer = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => {
            handler(Request {
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                body: body.to_bytes(),
                headers: parts.headers,
            })
            .await
        }
        Err(_) => Answer::text(413, "request body too large"),
    };
    let mut response = hyper::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(answer.body)).unwrap_or_else(|_| hyper::Response::new(Full::new(Bytes::new()))))
}

/// Sends one request and reads the whole answer.
pub async fn send(method: &str, url: &str, headers: &[(String, String)], body: Bytes, seconds: u64) -> Result<Answer, String> {
    let verb = format!("{}{}", &method[..1], method[1..].to_lowercase());
    match tokio::time::timeout(Duration::from_secs(seconds), exchange(method, url, headers, body)).await {
        Ok(result) => result.map_err(|error| format!("{verb} {url:?}: {error}")),
        Err(_) => Err(format!("{verb} {url:?}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)")),
    }
}

async fn exchange(method: &str, url: &str, headers: &[(String, String)], body: Bytes) -> Result<Answer, String> {
    let parsed = url::Url::parse(url).map_err(|error| error.to_string())?;
    if parsed.scheme() != "http" {
        return Err(format!("unsupported protocol scheme {:?}", parsed.scheme()));
    }
    let host = parsed.host_str().ok_or("no Host in request URL")?.to_owned();
    let port = parsed.port().unwrap_or(80);
    let stream = dial(host.trim_matches(['[', ']']), port).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let target = match parsed.query() {
        Some(query) => format!("{}?{query}", parsed.path()),
        None => parsed.path().to_owned(),
    };
    let authority = if port == 80 { host } else { format!("{host}:{port}") };
    let mut request = hyper::Request::builder().method(method).uri(target).header("host", authority);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| go_text(&error))?;
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect();
    let body = Limited::new(response.into_body(), BODY_LIMIT).collect().await.map_err(|error| error.to_string())?;
    Ok(Answer { status, headers, body: body.to_bytes() })
}

/// A connection, or Go's words for why there is none.
pub async fn dial(host: &str, port: u16) -> Result<TcpStream, String> {
    let unknown = || format!("dial tcp: lookup {host}{}: no such host", name_server());
    let found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(|_| unknown())?.collect();
    let mut last = unknown();
    for address in found {
        match tokio::time::timeout(Duration::from_secs(10), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = format!("dial tcp {address}: connect: {}", os_text(&error)),
            Err(_) => last = format!("dial tcp {address}: i/o timeout"),
        }
    }
    Err(last)
}

/// " on ADDRESS:53", as Go names the server it asked.
fn name_server() -> String {
    let settings = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let server = settings.lines().find_map(|line| line.strip_prefix("nameserver "));
    server.map(|server| format!(" on {}:53", server.trim())).unwrap_or_default()
}

/// The system's words for an error, lower case and without Rust's "(os error 111)".
pub fn os_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn go_text(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_closed() { "EOF".to_owned() } else { error.to_string() }
}
