//! A server whose certificate an authority signed that no machine knows: who names it is answered, all others are not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use url::Url;

use super::http::Http;
use crate::world::network::{NetError, Request, Response};

/// The authority that signed the server's certificate.
pub(crate) const AUTHORITY: &str = include_str!("../../../../tests/tls/authority.pem");
const SERVER: &[u8] = include_bytes!("../../../../tests/tls/server.pem");
const KEY: &[u8] = include_bytes!("../../../../tests/tls/server.key");

/// Answers every request over TLS at this address with what `answer` makes of it, and closes the connection.
pub(crate) async fn serves(at: &str, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> SocketAddr {
    let certificates = CertificateDer::pem_slice_iter(SERVER).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(versions.with_no_client_auth().with_single_cert(certificates, key).unwrap()));
    let listener = tokio::net::TcpListener::bind((at, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((to, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                let Ok(mut to) = acceptor.accept(to).await else { return };
                let mut buffer = vec![0; 8192];
                let read = to.read(&mut buffer).await.unwrap_or(0);
                let _ = to.write_all(answer(&String::from_utf8_lossy(&buffer[..read])).as_bytes()).await;
                let _ = to.shutdown().await;
            });
        }
    });
    at
}

async fn ask(http: &Http, url: &str, ca: Option<&[u8]>) -> Result<Response, NetError> {
    let ca = ca.map(<[u8]>::to_vec);
    http.exchange(Request { timeout: Duration::from_secs(5), ca, ..Request::get(Url::parse(url).unwrap()) }).await
}

#[tokio::test]
async fn only_who_names_the_authority_is_answered() {
    let at = serves("127.0.0.1", |_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".into()).await;
    let (by_name, by_address) = (format!("https://localhost:{}/v2/", at.port()), format!("https://{at}/v2/"));
    let http = Http::new();
    for url in [&by_name, &by_address] {
        assert!(matches!(ask(&http, url, None).await, Err(NetError::Tls(..))), "{url}");
        let got = ask(&http, url, Some(AUTHORITY.as_bytes())).await.unwrap();
        assert_eq!((got.status, got.body.as_slice()), (200, b"ok".as_slice()));
        // What one request trusted, the next does not.
        assert!(matches!(ask(&http, url, None).await, Err(NetError::Tls(..))), "{url}");
    }
    // Another authority, and a text that holds none, weaken nothing.
    for other in [&b"no certificate"[..], b"-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END CERTIFICATE-----\n"] {
        assert!(matches!(ask(&http, &by_name, Some(other)).await, Err(NetError::Tls(..))));
    }
    // It vouches for the names that it signed and no other.
    let elsewhere = serves("127.0.0.2", |_| String::new()).await;
    assert!(matches!(ask(&http, &format!("https://{elsewhere}/"), Some(AUTHORITY.as_bytes())).await, Err(NetError::Tls(..))));
}
