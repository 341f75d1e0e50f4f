//! What tests on a real engine share: which engines a run must have, a site of a test's own, the real program with a
//! deadline, and what stands on the machine before and after.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::forward::Forward;

/// One test at a time changes the engine; lists of before and after would see each other otherwise.
static TURN: Mutex<()> = Mutex::new(());

/// Waits until no other test changes this machine, and keeps the others waiting.
pub fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this run must have an engine. Where it is not named, says that the test is left out.
pub fn named(engine: &str, test: &str) -> bool {
    let engines = std::env::var("KERBUP_TEST_ENGINES").unwrap_or_default();
    // Docker 20.10 stands in for today's on the same socket: what needs Docker runs on whichever is named.
    let named = engines.split(',').any(|e| e.trim() == engine || (engine == "docker" && e.trim() == "docker-old"));
    if !named {
        eprintln!("left out: {test}: no engine {engine} named in KERBUP_TEST_ENGINES");
    }
    named
}

/// A setting that a named engine comes with.
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set where KERBUP_TEST_ENGINES names an engine"))
}

/// The program under test. KERBUP_TEST_PROGRAM names another build of it, such as the one that is handed out.
pub fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| std::env::var("KERBUP_TEST_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_kerbup").into()))
}

/// What a program said and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; a signal's number plus 128.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Asserts that it ended well.
    pub fn ok(self) -> Ran {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// Its one document.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no document ({e}):\n{}\n{}", self.out, self.err))
    }

    /// Its events, one a line.
    pub fn events(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("no event ({e}): {l}\n{}", self.err))).collect()
    }

    /// The last event, which must be `done`.
    pub fn done(&self) -> Value {
        let last = self.events().pop().unwrap_or_else(|| panic!("no event at all\n{}", self.err));
        assert_eq!((&last["schema"], &last["event"]), (&Value::from(1), &Value::from("done")), "{last}");
        last
    }
}

/// A program that runs.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    _dir: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts a command without a terminal; its output goes to files, so that it never waits for a reader.
    pub fn start(command: &mut Command) -> Running {
        let dir = TempDir::new().unwrap();
        let (out, err) = (dir.path().join("out"), dir.path().join("err"));
        let child = command.stdin(Stdio::null()).stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap()).spawn().unwrap();
        Running { child, out, err, _dir: dir }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it said so far.
    pub fn so_far(&self) -> (String, String) {
        let text = |p: &Path| String::from_utf8_lossy(&fs::read(p).unwrap_or_default()).into_owned();
        (text(&self.out), text(&self.err))
    }

    /// Waits until something holds; fails when the program ends before or the deadline passes.
    pub fn until(&mut self, what: &str, limit: Duration, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + limit;
        while !holds(&self.so_far().0) {
            let over = self.child.try_wait().unwrap();
            let (out, err) = self.so_far();
            assert!(over.is_none() && Instant::now() < end, "{what}: {over:?}\n{out}\n{err}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Power cut: SIGKILL.
    pub fn cut(mut self) -> Ran {
        self.child.kill().unwrap();
        self.end(Duration::from_secs(10))
    }

    /// Waits for its end.
    pub fn end(&mut self, limit: Duration) -> Ran {
        let end = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                let (out, err) = self.so_far();
                panic!("not ended after {} s\n{out}\n{err}", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let (out, err) = self.so_far();
        Ran { code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)), out, err }
    }
}

/// Runs another program and answers what it printed; its failure fails the test.
pub fn tool(name: &str, args: &[&str]) -> String {
    let ran = Running::start(Command::new(name).args(args)).end(Duration::from_secs(120));
    assert_eq!(ran.code, 0, "{name} {args:?}\n{}", ran.err);
    ran.out
}

/// The same, where failing is no failure; 127 where there is no such program.
pub fn tool_may_fail(name: &str, args: &[&str]) -> Ran {
    Running::start(Command::new("sh").args(["-c", "exec \"$0\" \"$@\"", name]).args(args)).end(Duration::from_secs(120))
}

/// Waits until something is there.
pub fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {} s", limit.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Images of the stack, as a registry has them.
pub const IMAGES: &[&str] = &["minio/minio:RELEASE.2024-11-07T00-52-20Z", "mongo:8.0.15", "uug-ai/vault:v1.4.9", "kerberos/agent:v3.11.1"];

/// A folder of the registry that only these tests fetch from, so that each run finds its images absent at first.
pub fn own_registry() -> String {
    static FILLED: OnceLock<String> = OnceLock::new();
    FILLED
        .get_or_init(|| {
            let registry = setting("KERBUP_TEST_REGISTRY");
            let own = format!("{registry}/kerbup-e2e-{}", std::process::id());
            for image in IMAGES {
                // A recorder opens its camera half a minute after its start; nothing here is about that wait.
                let asked: &[&str] = if image.contains("agent") { &["STANDIN_START_DELAY=5"] } else { &[] };
                copied(&format!("{registry}/{image}"), &format!("{own}/{image}"), asked);
            }
            own
        })
        .clone()
}

/// Puts an image under another name, with variables that its stand-in is asked to behave by.
pub fn copied(from: &str, to: &str, asked: &[&str]) {
    tool("docker", &["pull", "-q", from]);
    if asked.is_empty() {
        tool("docker", &["tag", from, to]);
    } else {
        let id = tool("docker", &["create", from]).trim().to_string();
        let changes = asked.iter().map(|variable| format!("--change=ENV {variable}")).collect::<Vec<_>>();
        let words: Vec<&str> = ["commit"].into_iter().chain(changes.iter().map(String::as_str)).chain([id.as_str(), to]).collect();
        tool("docker", &words);
        tool("docker", &["rm", "-v", &id]);
    }
    tool("docker", &["push", "-q", to]);
    tool("docker", &["rmi", to]);
}

/// Two ports that nobody listens on, each with a free one above it. They lie below those that the kernel gives to outgoing
/// connections, so none of these takes one while it is a test's.
fn free_ports() -> (u16, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let first = NEXT.fetch_add(4, Ordering::Relaxed);
        assert!(first < 32_000, "no free ports");
        if (first..first + 4).all(|port| TcpListener::bind(("0.0.0.0", port)).is_ok()) {
            return (first, first + 2);
        }
    }
}

/// A site of a test's own: its name, folders and ports. All of it goes when the test ends, however it ends.
pub struct Site {
    /// Everything of it lies below.
    pub dir: TempDir,
    /// Its name.
    pub name: String,
    /// Its site file.
    pub file: PathBuf,
    /// Ports of this machine for the recordings page and the video store.
    pub ports: (u16, u16),
    registry: String,
    /// The registry under another address, for as long as the site is there.
    pub forward: Option<Forward>,
    _turn: MutexGuard<'static, ()>,
}

impl Site {
    /// A site on the engine, or none where this run has no such engine. `more` goes to the end of its site file.
    pub fn on(engine: &str, test: &str, name: &str, more: &str) -> Option<Site> {
        if !named(engine, test) {
            return None;
        }
        let registry = own_registry();
        Some(Site::at(registry, name, more))
    }

    /// A site on a host that has no engine yet. Images come from the registry at an address that a new engine has to be told of.
    pub fn on_bare(test: &str, name: &str) -> Option<Site> {
        if !named("bare", test) {
            return None;
        }
        let forward = Forward::plain(&setting("KERBUP_TEST_REGISTRY"));
        let mut site = Site::at(forward.at.to_string(), name, "");
        site.forward = Some(forward);
        Some(site)
    }

    fn at(registry: String, name: &str, more: &str) -> Site {
        let turn = turn();
        let dir = TempDir::new().unwrap();
        let site = Site {
            file: dir.path().join("site.toml"),
            dir,
            name: name.into(),
            ports: free_ports(),
            registry: registry.clone(),
            forward: None,
            _turn: turn,
        };
        site.sweep();
        site.write(&format!(
            "[site]\nname = \"{name}\"\ntimezone = \"Europe/Brussels\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"{}\"\nretention_days = 4\n\
             [images]\nregistry = \"{registry}\"\ninsecure = true\n[network]\nports = {{ vault = {}, storage = {} }}\n{more}",
            site.storage().display(),
            site.ports.0,
            site.ports.1
        ));
        site
    }

    /// Writes its site file.
    pub fn write(&self, text: &str) {
        fs::write(&self.file, text).unwrap();
    }

    /// Folder for recordings.
    pub fn storage(&self) -> PathBuf {
        self.dir.path().join("disk/kerberos")
    }

    /// What kerbup remembers of it.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state").join(&self.name)
    }

    /// The program with this site's state folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("--state").arg(self.dir.path().join("state")).args(args).env("LANG", "C.UTF-8").env_remove("KERBUP_CHECKPOINT");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        Running::start(&mut self.command(args)).end(Duration::from_secs(240))
    }

    /// Starts it.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(&mut self.command(args))
    }

    /// Arguments of an unattended install with events as JSON.
    pub fn install(&self) -> Vec<&str> {
        vec!["install", "--answers", self.file.to_str().unwrap(), "--yes", "--output", "json"]
    }

    /// Its containers and their ids.
    pub fn containers(&self) -> BTreeSet<String> {
        let label = format!("label=io.kerbup.site={}", self.name);
        tool("docker", &["ps", "-a", "--no-trunc", "--filter", &label, "--format", "{{.Names}} {{.ID}}"])
            .lines()
            .map(str::to_string)
            .collect()
    }

    /// `status --output json`.
    pub fn status(&self) -> Value {
        self.run(&["status", "--output", "json"]).ok().document()
    }

    /// Removes what a failed test left in the engine, by its label and nothing else.
    fn sweep(&self) {
        let label = format!("label=io.kerbup.site={}", self.name);
        for id in tool_may_fail("docker", &["ps", "-aq", "--filter", &label]).out.lines() {
            tool_may_fail("docker", &["rm", "-f", "-v", id]);
        }
        for id in tool_may_fail("docker", &["network", "ls", "-q", "--filter", &label]).out.lines() {
            tool_may_fail("docker", &["network", "rm", id]);
        }
        let link = Path::new("/usr/local/bin/kerbup");
        if fs::read_link(link)
            .is_ok_and(|to| to.starts_with(self.dir.path()) || (!to.exists() && to.to_string_lossy().contains(&self.name)))
        {
            let _ = fs::remove_file(link);
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.sweep();
        if self.registry != setting("KERBUP_TEST_REGISTRY") {
            for image in IMAGES {
                tool_may_fail("docker", &["rmi", &format!("{}/{image}", self.registry)]);
            }
        }
    }
}

/// What stands on the machine that an install could leave behind. Another site of kerbup is that site's own affair.
pub fn machine(site: &Site) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (kind, args) in [
        ("container", &["ps", "-a", "--no-trunc", "--format", "{{.Label \"io.kerbup.site\"}} {{.ID}} {{.Names}}"][..]),
        ("network", &["network", "ls", "--no-trunc", "--format", "{{.Label \"io.kerbup.site\"}} {{.ID}} {{.Name}}"]),
        ("volume", &["volume", "ls", "--format", " {{.Name}}"]),
        ("image", &["images", "-a", "--no-trunc", "--format", " {{.ID}} {{.Repository}}:{{.Tag}}"]),
    ] {
        let listed = tool("docker", args);
        // Another run of these tests fetches from another folder of the registry.
        let theirs = |line: &str| line.contains("/kerbup-e2e-") && !line.contains(&own_registry());
        let own = |line: &&str| line.starts_with(' ') && !theirs(line) || line.starts_with(&format!("{} ", site.name));
        all.extend(listed.lines().filter(own).map(|l| format!("{kind} {l}")));
    }
    files(site.dir.path(), &mut all);
    let link = Path::new("/usr/local/bin/kerbup");
    all.extend(fs::read_link(link).ok().filter(|to| to.starts_with(site.dir.path())).map(|to| format!("link {}", to.display())));
    for dir in ["/etc/systemd/system", "/etc/docker", "/etc/cron.d", "/usr/local/bin"] {
        let found = fs::read_dir(dir).into_iter().flatten().flatten().map(|e| e.path());
        all.extend(found.filter(|p| p != link).map(|p| format!("file {}", p.display())));
    }
    all
}

/// Every file and folder below a path.
pub fn files(path: &Path, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        all.insert(format!("file {}", entry.path().display()));
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            files(&entry.path(), all);
        }
    }
}

/// Asserts that two lists are the same and shows what differs.
pub fn same(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let gone: Vec<_> = before.difference(after).collect();
    let left: Vec<_> = after.difference(before).collect();
    assert!(gone.is_empty() && left.is_empty(), "gone: {gone:#?}\nleft behind: {left:#?}");
}
