//! A told machine: one container behind one address, whose program behaves as asked.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::super::Subject;
use crate::model::camera::{StreamError, StreamReading};
use crate::model::engine::*;
use crate::world::World;
use crate::world::clock::Clock;
use crate::world::engine::{Engine, EngineError, LogFrom, Login, Result as Done};
use crate::world::files::{Appender, Files, Kind, Lock, Meta, Space};
use crate::world::network::{NetError, Network, Request, Response};
use crate::world::processes::{Command, Output, ProcessError, Processes};

pub const NOW: i64 = 1_795_371_489;

#[derive(Clone, Copy, PartialEq)]
pub enum Speaks {
    /// What it should.
    Right,
    /// HTTP, with the same page for everything.
    AnotherPage,
    /// Something that is no known protocol.
    Noise,
    /// It does not listen.
    Nothing,
    /// Its address cannot be reached from here.
    NoWay,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Vault {
    SetUp,
    Empty,
    OtherRoutes,
    NoLogin,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Store {
    Fine,
    NoQuorum,
    NoBucket,
    Skewed,
}

#[derive(Clone)]
pub struct Machine {
    pub observed: Observed,
    pub absent: bool,
    pub speaks: Speaks,
    /// Who may log in, where, and with what.
    pub user: &'static str,
    pub port: u16,
    pub password: &'static str,
    pub vault: Vault,
    pub store: Store,
    pub online: bool,
    pub log: Vec<&'static str>,
    /// When each recording began, and its bytes.
    pub saved: Vec<(i64, u64)>,
    pub free: u64,
    /// Bytes of the disk; roomy for what is free where it is not told.
    pub total: Option<u64>,
    /// What lies in the store under `front/`: when each recording began, and its bytes.
    pub stored: Vec<(i64, u64)>,
    pub inodes: Option<u64>,
    /// The folder for recordings has no mark: its disk is not mounted.
    pub unmounted: bool,
}

impl Default for Machine {
    fn default() -> Self {
        let observed = Observed {
            id: "1".into(),
            name: "s-x".into(),
            image: "x".into(),
            state: ContainerState::Running,
            exit_code: None,
            oom_killed: false,
            error: None,
            restarts: 0,
            started_at: Some(NOW - 5000),
            labels: Default::default(),
            addresses: [("s".to_owned(), "10.9.8.7".to_owned())].into(),
            publish: vec![],
            volumes: vec![],
        };
        Machine {
            observed,
            absent: false,
            speaks: Speaks::Right,
            user: "kerberos",
            port: 80,
            password: "right",
            vault: Vault::SetUp,
            store: Store::Fine,
            online: true,
            log: vec![],
            saved: vec![],
            free: 1 << 40,
            total: None,
            stored: vec![],
            inodes: None,
            unmounted: false,
        }
    }
}

impl Machine {
    pub fn world(self) -> World {
        let it = Arc::new(self);
        World { files: it.clone(), processes: it.clone(), network: it.clone(), engine: it.clone(), clock: it }
    }

    fn reached<T>(&self, then: impl FnOnce() -> Result<T, NetError>) -> Result<T, NetError> {
        match self.speaks {
            Speaks::Nothing => Err(NetError::Refused("x".into())),
            Speaks::NoWay => Err(NetError::Unreachable("x".into(), "no route to host".into())),
            _ => then(),
        }
    }

    fn native(&self, password: &str, says: &str) -> Result<String, NetError> {
        self.reached(|| match self.speaks {
            Speaks::Right if password == self.password => Ok(says.into()),
            Speaks::Right => Err(NetError::Login("x".into())),
            _ => Err(NetError::Protocol("x".into(), "it does not speak it".into())),
        })
    }

    fn page(&self, request: &Request) -> Response {
        let json = |status: u16, body: &str| Response {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.into(),
        };
        if self.speaks == Speaks::AnotherPage {
            let status = if request.method == "POST" { 405 } else { 200 };
            return Response { status, headers: vec![("content-type".into(), "text/html".into())], body: b"<html>".to_vec() };
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let token = request.headers.iter().any(|(n, v)| n == "Authorization" && *v == format!("Bearer t0ken-{}", self.password));
        let settings = |full: &str| match self.vault {
            _ if !token => json(401, "{}"),
            Vault::OtherRoutes => json(404, "404 page not found"),
            Vault::Empty => json(200, r#"{"data":[]}"#),
            _ => json(200, full),
        };
        match (request.method, request.url.path()) {
            ("POST", "/api/login") if self.vault == Vault::NoLogin => json(404, "404 page not found"),
            ("POST", "/api/login") if body["username"] == self.user && body["password"] == self.password => {
                json(200, &format!(r#"{{"code":200,"token":"t0ken-{}"}}"#, self.password))
            }
            ("POST", "/api/login") => json(401, r#"{"code":401,"message":"incorrect Username or Password"}"#),
            ("GET", "/api/dashboard") if token => {
                json(200, &format!(r#"{{"cameraOnline":{},"cloudOnline":false,"numberOfRecordings":1}}"#, self.online))
            }
            ("POST", "/api/camera/record") if token => json(if self.online { 200 } else { 503 }, r#"{"recording":true}"#),
            ("GET", "/api/health") => json(200, r#"{"status":"ok"}"#),
            ("GET", "/api/providers") => settings(r#"{"data":[{"name":"store"}]}"#),
            ("GET", "/api/accounts") => settings(r#"[{"account":"a"}]"#),
            ("GET", "/minio/health/cluster") if self.store == Store::NoQuorum => json(503, ""),
            ("GET", "/" | "/minio/health/live" | "/minio/health/cluster") => json(200, ""),
            ("GET", "/recordings" | "/recordings/") => self.listing(&request.url),
            _ => json(404, ""),
        }
    }
}

pub fn subject(kind: &str) -> Subject {
    Subject {
        name: kind.into(),
        kind: kind.into(),
        title: "Part".into(),
        product: "Product".into(),
        probe: kind.into(),
        port: 80,
        user: Some("kerberos".into()),
        password: Some(SecretString::from("right")),
        path: None,
        within_seconds: 90.0,
        url: None,
        network: "s".into(),
        container: "s-x".into(),
        camera: None,
        agent_folder: None,
        login: Default::default(),
        told: Default::default(),
    }
}

#[async_trait]
impl Network for Machine {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        Err(NetError::Name(name.into()))
    }
    async fn connect(&self, _: SocketAddr, _: Duration) -> Result<(), NetError> {
        self.reached(|| Ok(()))
    }
    async fn can_listen(&self, _: SocketAddr) -> Result<(), io::ErrorKind> {
        Ok(())
    }
    async fn http(&self, request: Request) -> Result<Response, NetError> {
        if request.url.host_str() == Some("127.0.0.1") {
            assert_eq!(request.url.port(), Some(9000));
            return Ok(self.page(&request));
        }
        assert_eq!(request.url.host_str(), Some("10.9.8.7"));
        self.reached(|| match self.speaks {
            Speaks::Noise => Err(NetError::Protocol("x".into(), "invalid HTTP version parsed".into())),
            _ => Ok(self.page(&request)),
        })
    }
    async fn rtsp(&self, _: &Url, _: Option<(String, SecretString)>, _: Duration, _: Duration) -> Result<StreamReading, StreamError> {
        Err(StreamError::Refused)
    }
    async fn mongodb(&self, uri: &SecretString, _: Duration) -> Result<String, NetError> {
        let uri = Url::parse(uri.expose_secret()).unwrap();
        assert_eq!((uri.username(), uri.port(), uri.query()), (self.user, Some(self.port), Some("authSource=admin")));
        self.native(uri.password().unwrap_or_default(), "8.0.15")
    }
    async fn amqp(&self, _: SocketAddr, _: &str, password: &SecretString, _: Duration) -> Result<String, NetError> {
        self.native(password.expose_secret(), "RabbitMQ 4.1.2")
    }
}

#[async_trait]
impl Engine for Machine {
    async fn info(&self) -> Done<EngineInfo> {
        none()
    }
    async fn image(&self, _: &str) -> Done<Option<ImageInfo>> {
        none()
    }
    async fn pull(&self, _: &str, _: Option<&Login>, _: &(dyn Fn(PullProgress) + Send + Sync)) -> Done<ImageInfo> {
        none()
    }
    async fn remove_image(&self, _: &str) -> Done<()> {
        none()
    }
    async fn image_file(&self, _: &str, _: &str) -> Done<Option<Vec<u8>>> {
        none()
    }
    async fn networks(&self) -> Done<Vec<NetworkSpec>> {
        none()
    }
    async fn create_network(&self, _: &NetworkSpec) -> Done<()> {
        none()
    }
    async fn remove_network(&self, _: &str) -> Done<()> {
        none()
    }
    async fn containers(&self, label: Option<(&str, &str)>) -> Done<Vec<Observed>> {
        assert_eq!(label.unwrap().0, "io.kerbup.site");
        Ok(if self.absent { vec![] } else { vec![self.observed.clone()] })
    }
    async fn container(&self, _: &str) -> Done<Option<Observed>> {
        none()
    }
    async fn create(&self, _: &ContainerSpec, _: &[(String, SecretString)]) -> Done<String> {
        none()
    }
    async fn start(&self, _: &str) -> Done<()> {
        none()
    }
    async fn stop(&self, _: &str) -> Done<()> {
        none()
    }
    async fn restart(&self, _: &str) -> Done<()> {
        none()
    }
    async fn remove(&self, _: &str) -> Done<()> {
        none()
    }
    async fn logs(&self, _: &str, _: LogFrom, _: bool) -> Done<BoxStream<'static, Done<LogLine>>> {
        let lines: Vec<_> = self.log.iter().map(|l| Ok(LogLine { time: String::new(), error: false, text: (*l).into() })).collect();
        Ok(stream::iter(lines).boxed())
    }
    async fn usage(&self, _: &str) -> Done<Usage> {
        Ok(Usage { cpu: Some(0.5), memory: 310, memory_limit: None })
    }
}

fn none<T>() -> Done<T> {
    Err(EngineError::Other("not told".into()))
}

fn untold<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

impl Files for Machine {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if self.unmounted && path == "/srv/.kerbup/site" { Err(io::ErrorKind::NotFound.into()) } else { untold() }
    }
    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        match path {
            "/srv/agent/recordings" => Ok(self.saved.iter().map(|(at, _)| format!("{at}_3-485_front_0-0-0-0_0_0_.mp4")).collect()),
            "/srv/agent/cloud" => Ok(vec![".test".into(), "a.mp4".into(), "b.mp4".into()]),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
    fn meta(&self, path: &str) -> io::Result<Meta> {
        let found = self.saved.iter().find(|(at, _)| path.contains(&at.to_string())).ok_or(io::ErrorKind::NotFound)?;
        Ok(Meta { kind: Kind::File, size: found.1, mode: 0o644, uid: 0, gid: 0, device: 1 })
    }
    fn read_link(&self, _: &str) -> io::Result<String> {
        untold()
    }
    fn write(&self, _: &str, _: &[u8], _: u32) -> io::Result<()> {
        untold()
    }
    fn create_folder(&self, _: &str, _: u32) -> io::Result<()> {
        untold()
    }
    fn set_mode(&self, _: &str, _: u32) -> io::Result<()> {
        untold()
    }
    fn set_owner(&self, _: &str, _: u32, _: u32) -> io::Result<()> {
        untold()
    }
    fn link(&self, _: &str, _: &str) -> io::Result<()> {
        untold()
    }
    fn remove_file(&self, _: &str) -> io::Result<()> {
        untold()
    }
    fn remove_folder(&self, _: &str) -> io::Result<()> {
        untold()
    }
    fn remove_tree(&self, _: &str) -> io::Result<()> {
        untold()
    }
    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        untold()
    }
    fn append(&self, _: &str) -> io::Result<Box<dyn Appender>> {
        untold()
    }
    fn space(&self, _: &str) -> io::Result<Space> {
        let total = self.total.unwrap_or((self.free * 2).max(1 << 31));
        Ok(Space { total, free: self.free, inodes_free: self.inodes })
    }
    fn lock(&self, _: &str) -> io::Result<Option<Box<dyn Lock>>> {
        untold()
    }
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
    fn uid(&self) -> u32 {
        0
    }
    fn program(&self) -> io::Result<String> {
        untold()
    }
}

#[async_trait]
impl Clock for Machine {
    fn now(&self) -> f64 {
        NOW as f64
    }
    fn ticks(&self) -> f64 {
        0.0
    }
    async fn sleep(&self, _: Duration) {}
}

#[async_trait]
impl Processes for Machine {
    fn find(&self, _: &str) -> Option<String> {
        None
    }
    async fn run(&self, command: &Command, _: Option<&(dyn for<'a> Fn(&'a str) + Send + Sync)>) -> Result<Output, ProcessError> {
        Err(ProcessError::Missing(command.program.clone()))
    }
}
