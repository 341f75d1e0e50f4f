//! The lab's registry under another address: it listens on loopback alone, which Docker trusts without being told. Through this it
//! stands at this machine's own address, plain or behind TLS with an authority of its own.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::engine::tool;

/// This machine's address towards the network. Nothing is sent: a connected UDP socket only chooses its way.
pub fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("203.0.113.1:9").and_then(|()| socket.local_addr()).map(|a| a.ip()).ok();
    let listed = || tool("hostname", &["-I"]).split_whitespace().filter_map(|a| a.parse::<IpAddr>().ok()).find(IpAddr::is_ipv4);
    let address = routed.filter(|a| !a.is_loopback() && !a.is_unspecified()).or_else(listed);
    address.expect("this machine has an address besides loopback's")
}

/// Passes connections on until it is dropped.
pub struct Forward {
    /// Where it listens.
    pub at: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Forward {
    /// To a place of this machine, as it is.
    pub fn plain(to: &str) -> Forward {
        Forward::start(to, None)
    }

    /// Behind TLS, with a certificate for this machine's address that an authority of its own signed. The authority's certificate
    /// is `authority.pem` in the folder.
    pub fn tls(to: &str, folder: &Path) -> Forward {
        let file = |name: &str| folder.join(name).to_str().unwrap().to_string();
        let made = |args: &[&str]| drop(tool("openssl", args));
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
        let mut authority = vec!["req", "-x509", "-days", "2", "-subj", "/CN=kerbup test authority"];
        let (own_key, own) = (file("authority.key"), file("authority.pem"));
        authority.extend(key);
        authority.extend(["-keyout", &own_key, "-out", &own]);
        made(&authority);
        let (server_key, server, name) = (file("server.key"), file("server.pem"), format!("subjectAltName=IP:{}", own_address()));
        let mut certificate =
            vec!["req", "-x509", "-days", "2", "-subj", "/CN=registry", "-CA", &own, "-CAkey", &own_key, "-addext", &name];
        certificate.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
        certificate.extend(key);
        certificate.extend(["-keyout", &server_key, "-out", &server]);
        made(&certificate);
        let chain = CertificateDer::pem_file_iter(&server).unwrap().map(Result::unwrap).collect();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&server_key).unwrap())
            .unwrap();
        Forward::start(to, Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn start(to: &str, tls: Option<TlsAcceptor>) -> Forward {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((own_address(), 0))).unwrap();
        let (at, to) = (listener.local_addr().unwrap(), to.to_string());
        runtime.spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let (tls, to) = (tls.clone(), to.clone());
                tokio::spawn(async move {
                    let Ok(mut there) = TcpStream::connect(to).await else { return };
                    // A caller that goes away, or does not trust the certificate, is no fault of this.
                    let _ = match tls {
                        None => tokio::io::copy_bidirectional(&mut from, &mut there).await,
                        Some(tls) => match tls.accept(from).await {
                            Ok(mut from) => tokio::io::copy_bidirectional(&mut from, &mut there).await,
                            Err(e) => Err(e),
                        },
                    };
                });
            }
        });
        Forward { at, _runtime: runtime }
    }
}
