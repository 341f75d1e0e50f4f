//! A machine described in a test: files, links and programs' answers in maps. Nothing of the real machine is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use secrecy::SecretString;
use url::Url;

use crate::model::camera::{StreamError, StreamReading};
use crate::model::engine::{ContainerSpec, EngineInfo, ImageInfo, LogLine, NetworkSpec, Observed, PullProgress, Usage};
use crate::world::World;
use crate::world::clock::Clock;
use crate::world::engine::{Engine, EngineError, LogFrom, Login};
use crate::world::files::{Appender, Files, Kind, Lock, Meta, Space};
use crate::world::network::{NetError, Network, Request, Response};
use crate::world::processes::{Command, Output, ProcessError, Processes};

/// The description. Each function adds one thing.
#[derive(Clone)]
pub(crate) struct Described {
    files: BTreeMap<String, Vec<u8>>,
    links: BTreeMap<String, String>,
    denied: BTreeSet<String>,
    spaces: BTreeMap<String, Space>,
    variables: BTreeMap<String, String>,
    programs: BTreeSet<String>,
    answers: BTreeMap<String, Output>,
    web: BTreeMap<String, Result<Response, NetError>>,
    engine: Result<EngineInfo, EngineError>,
    networks: Vec<NetworkSpec>,
    containers: Vec<Observed>,
    uid: u32,
}

impl Described {
    pub fn new() -> Self {
        Described {
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            denied: BTreeSet::new(),
            spaces: BTreeMap::new(),
            variables: BTreeMap::new(),
            programs: BTreeSet::new(),
            answers: BTreeMap::new(),
            web: BTreeMap::new(),
            engine: Err(EngineError::Unreachable("no socket".into())),
            networks: vec![],
            containers: vec![],
            uid: 0,
        }
    }
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.into(), text.as_bytes().to_vec());
        self
    }
    pub fn files(self, all: &[(&str, &str)]) -> Self {
        all.iter().fold(self, |host, (path, text)| host.file(path, text))
    }
    pub fn link(mut self, path: &str, to: &str) -> Self {
        self.links.insert(path.into(), to.into());
        self
    }
    pub fn denied(mut self, path: &str) -> Self {
        self.denied.insert(path.into());
        self
    }
    pub fn space(mut self, path: &str, total: u64, free: u64) -> Self {
        self.spaces.insert(path.into(), Space { total, free, inodes_free: Some(1000) });
        self
    }
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }
    pub fn program(mut self, name: &str) -> Self {
        self.programs.insert(name.into());
        self
    }
    /// A program that is there and answers this command line with exit code 0.
    pub fn answer(self, line: &str, stdout: &str) -> Self {
        self.ends(line, 0, stdout)
    }
    pub fn ends(mut self, line: &str, code: i32, stdout: &str) -> Self {
        self.programs.insert(line.split(' ').next().unwrap().into());
        self.answers.insert(line.into(), Output { code: Some(code), stdout: stdout.into(), stderr: String::new() });
        self
    }
    pub fn web(mut self, url: &str, answer: Result<Response, NetError>) -> Self {
        self.web.insert(url.into(), answer);
        self
    }
    pub fn engine(mut self, info: Result<EngineInfo, EngineError>) -> Self {
        self.engine = info;
        self
    }
    pub fn network(mut self, name: &str, subnet: &str) -> Self {
        self.networks.push(NetworkSpec { name: name.into(), subnet: Some(subnet.into()), ..NetworkSpec::default() });
        self
    }
    pub fn container(mut self, container: Observed) -> Self {
        self.containers.push(container);
        self
    }
    pub fn uid(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }
    pub fn world(self) -> World {
        let all = Arc::new(self);
        World { files: all.clone(), processes: all.clone(), network: all.clone(), engine: all.clone(), clock: all }
    }
    fn allowed(&self, path: &str) -> io::Result<()> {
        if self.denied.contains(path) { Err(ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }
    /// Follows links in all parts of a path.
    fn real(&self, path: &str) -> String {
        let mut path = path.to_string();
        for _ in 0..8 {
            let Some((link, to)) = self.links.iter().find(|(l, _)| path == **l || path.starts_with(&format!("{l}/"))) else { break };
            let rest = path[link.len()..].to_string();
            let mut parts: Vec<&str> = if to.starts_with('/') { vec![] } else { link.split('/').collect() };
            parts.pop();
            for part in to.split('/') {
                if part == ".." {
                    parts.pop();
                } else {
                    parts.push(part);
                }
            }
            path = parts.join("/") + &rest;
        }
        path
    }
    fn below(&self, path: &str) -> Vec<String> {
        let start = format!("{}/", path.trim_end_matches('/'));
        let names: BTreeSet<String> = self
            .files
            .keys()
            .chain(self.links.keys())
            .filter_map(|f| f.strip_prefix(&start))
            .filter_map(|rest| rest.split('/').next())
            .map(Into::into)
            .collect();
        names.into_iter().collect()
    }
}

fn no<T>() -> io::Result<T> {
    Err(ErrorKind::Unsupported.into())
}

impl Files for Described {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.allowed(path)?;
        self.files.get(&self.real(path)).cloned().ok_or_else(|| ErrorKind::NotFound.into())
    }
    fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.allowed(path)?;
        let names = self.below(&self.real(path));
        if names.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(names) }
    }
    fn meta(&self, path: &str) -> io::Result<Meta> {
        self.allowed(path)?;
        let (kind, size) = if self.links.contains_key(path) {
            (Kind::Link, 0)
        } else if let Some(bytes) = self.files.get(&self.real(path)) {
            (Kind::File, bytes.len() as u64)
        } else if self.spaces.contains_key(path) || !self.below(&self.real(path)).is_empty() {
            (Kind::Folder, 0)
        } else {
            return Err(ErrorKind::NotFound.into());
        };
        Ok(Meta { kind, size, mode: 0o755, uid: 0, gid: 0, device: 1 })
    }
    fn read_link(&self, path: &str) -> io::Result<String> {
        self.allowed(path)?;
        self.links.get(path).cloned().ok_or_else(|| ErrorKind::NotFound.into())
    }
    fn write(&self, _: &str, _: &[u8], _: u32) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn create_folder(&self, _: &str, _: u32) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn set_mode(&self, _: &str, _: u32) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn set_owner(&self, _: &str, _: u32, _: u32) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn link(&self, _: &str, _: &str) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn remove_file(&self, _: &str) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn remove_folder(&self, _: &str) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn remove_tree(&self, _: &str) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        panic!("the probe changes nothing")
    }
    fn append(&self, _: &str) -> io::Result<Box<dyn Appender>> {
        no()
    }
    fn space(&self, path: &str) -> io::Result<Space> {
        self.allowed(path)?;
        self.spaces.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }
    fn lock(&self, _: &str) -> io::Result<Option<Box<dyn Lock>>> {
        no()
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
    fn uid(&self) -> u32 {
        self.uid
    }
    fn program(&self) -> io::Result<String> {
        no()
    }
}

#[async_trait]
impl Processes for Described {
    fn find(&self, program: &str) -> Option<String> {
        self.programs.contains(program).then(|| format!("/usr/bin/{program}"))
    }
    async fn run(&self, command: &Command, _: Option<&(dyn for<'a> Fn(&'a str) + Send + Sync)>) -> Result<Output, ProcessError> {
        assert!(command.timeout.is_some(), "a probe never waits for ever");
        self.answers.get(&command.by_hand()).cloned().ok_or_else(|| ProcessError::Missing(command.program.clone()))
    }
}

#[async_trait]
impl Network for Described {
    async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        Err(NetError::Name(name.into()))
    }
    async fn connect(&self, to: SocketAddr, _: Duration) -> Result<(), NetError> {
        Err(NetError::Refused(to.to_string()))
    }
    async fn can_listen(&self, _: SocketAddr) -> Result<(), ErrorKind> {
        Ok(())
    }
    async fn http(&self, request: Request) -> Result<Response, NetError> {
        if request.url.host_str().is_some_and(|h| h.starts_with("silent")) {
            std::future::pending::<()>().await;
        }
        self.web.get(request.url.as_str()).cloned().unwrap_or_else(|| Err(NetError::Refused(request.url.to_string())))
    }
    async fn rtsp(&self, _: &Url, _: Option<(String, SecretString)>, _: Duration, _: Duration) -> Result<StreamReading, StreamError> {
        panic!("the probe asks no camera")
    }
    async fn mongodb(&self, _: &SecretString, _: Duration) -> Result<String, NetError> {
        panic!("the probe asks no database")
    }
    async fn amqp(&self, _: SocketAddr, _: &str, _: &SecretString, _: Duration) -> Result<String, NetError> {
        panic!("the probe asks no broker")
    }
}

type Asked<T> = Result<T, EngineError>;

#[async_trait]
impl Engine for Described {
    async fn info(&self) -> Asked<EngineInfo> {
        self.engine.clone()
    }
    async fn networks(&self) -> Asked<Vec<NetworkSpec>> {
        self.engine.clone().map(|_| self.networks.clone())
    }
    async fn containers(&self, _: Option<(&str, &str)>) -> Asked<Vec<Observed>> {
        self.engine.clone().map(|_| self.containers.clone())
    }
    async fn image(&self, _: &str) -> Asked<Option<ImageInfo>> {
        Ok(None)
    }
    async fn pull(&self, _: &str, _: Option<&Login>, _: &(dyn Fn(PullProgress) + Send + Sync)) -> Asked<ImageInfo> {
        panic!("the probe changes nothing")
    }
    async fn remove_image(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn image_file(&self, _: &str, _: &str) -> Asked<Option<Vec<u8>>> {
        panic!("the probe changes nothing")
    }
    async fn create_network(&self, _: &NetworkSpec) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn remove_network(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn container(&self, _: &str) -> Asked<Option<Observed>> {
        Ok(None)
    }
    async fn create(&self, _: &ContainerSpec, _: &[(String, SecretString)]) -> Asked<String> {
        panic!("the probe changes nothing")
    }
    async fn start(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn stop(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn restart(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn remove(&self, _: &str) -> Asked<()> {
        panic!("the probe changes nothing")
    }
    async fn logs(&self, _: &str, _: LogFrom, _: bool) -> Asked<BoxStream<'static, Asked<LogLine>>> {
        panic!("the probe reads no logs")
    }
    async fn usage(&self, _: &str) -> Asked<Usage> {
        Ok(Usage::default())
    }
}

#[async_trait]
impl Clock for Described {
    fn now(&self) -> f64 {
        1_750_000_000.0
    }
    fn ticks(&self) -> f64 {
        0.0
    }
    /// A hundred times faster than told, so that what never answers does not make a test slow.
    async fn sleep(&self, how_long: Duration) {
        let _ = tokio::time::timeout(how_long / 100, std::future::pending::<()>()).await;
    }
}
