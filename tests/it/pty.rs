//! The wizard through a real pseudo-terminal at 80x24, by keys, from its first screen to the live dashboard on the real engine;
//! and what happens when the terminal is resized, closed, or left with Ctrl-C midway.

use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::engine::{Site, machine, own_registry, program, same, setting, tool_may_fail, wait_for};
use crate::window::Window;

const ENTER: &[u8] = b"\r";
const RIGHT: &[u8] = b"\x1b[C";
const TAB: &[u8] = b"\t";
const DOWN: &[u8] = b"\x1b[B";
const CTRL_U: &[u8] = b"\x15";
const CTRL_C: &[u8] = b"\x03";

/// A person before a terminal in which the program runs.
struct Person(Window);

impl Deref for Person {
    type Target = Window;
    fn deref(&self) -> &Window {
        &self.0
    }
}

impl DerefMut for Person {
    fn deref_mut(&mut self) -> &mut Window {
        &mut self.0
    }
}

impl Person {
    fn sits_down(state: &Path, args: &[&str], checkpoint: Option<&str>) -> Person {
        let mut command = CommandBuilder::new(program());
        command.args(["--state", state.to_str().unwrap()]);
        command.args(args);
        if let Some(place) = checkpoint {
            command.env("KERBUP_CHECKPOINT", place);
        }
        Person::before(command, state)
    }

    /// In a window of another program, which can be ended: then the terminal inside is gone for good.
    fn sits_down_in_a_window(state: &Path, args: &[&str]) -> Person {
        let mut command = CommandBuilder::new("script");
        command.args([
            "-q",
            "-e",
            "-c",
            &format!("stty rows 24 cols 80; exec {} --state {} {}", program(), state.display(), args.join(" ")),
            "/dev/null",
        ]);
        Person::before(command, state)
    }

    fn before(mut command: CommandBuilder, state: &Path) -> Person {
        command.cwd(state.parent().unwrap());
        Person(Window::open(command))
    }

    /// From the first screen to the plan, by the way that the program recommends.
    fn comes_to_the_plan(&mut self) {
        self.sees("Video recording on this machine", 20);
        self.press(ENTER);
        self.sees("checks passed", 60);
        self.press(RIGHT);
        self.sees("Where shall it run?", 20);
        self.press(ENTER);
        self.sees("TRIED", 20);
        self.press(RIGHT);
        self.sees("Folder for recordings", 30);
        self.press(RIGHT);
        self.sees("Install now:", 60);
    }

    fn installs(&mut self) {
        self.press(TAB);
        self.sees("Enter install", 10);
        self.press(ENTER);
    }
}

fn state(site: &Site) -> std::path::PathBuf {
    site.dir.path().join("state")
}

#[test]
fn keys_lead_from_the_first_screen_to_the_live_dashboard() {
    let test = "pty::keys_lead_from_the_first_screen_to_the_live_dashboard";
    if !crate::engine::named("docker", test) {
        return;
    }
    let camera = format!("[[camera]]\nname = \"front-door\"\nurl = \"{}\"\nrecord = \"always\"\n", setting("KERBUP_TEST_CAMERA"));
    let Some(site) = Site::on("docker", test, "e2e-keys", &camera) else { return };
    let before = machine(&site);
    let mut person = Person::sits_down(&state(&site), &["--answers", site.file.to_str().unwrap()], None);
    person.comes_to_the_plan();
    // Only the button installs.
    assert!(site.containers().is_empty() && !site.state().exists());
    person.installs();
    person.sees("Installed.", 180);
    assert_eq!(site.containers().len(), 4);
    person.press(ENTER);
    person.sees("MongoDB", 30);
    person.sees("waits to be set up", 30);
    person.until("the camera that records", 60, |s| s.contents().lines().any(|l| l.contains("front-door") && l.contains("recording")));
    let secrets = std::fs::read_to_string(site.state().join("secrets.toml")).unwrap();
    let password = secrets.lines().find_map(|l| l.strip_prefix("\"vault.password\" = \"")).unwrap().trim_end_matches('"').to_string();
    assert!(!person.shown().contains(&password));
    // Smaller windows get smaller pictures, and never a crash.
    for (cols, rows) in [(40, 12), (1, 1), (200, 60), (80, 24)] {
        person.resizes(cols, rows);
        if rows > 1 {
            person.until("a picture of that size", 20, |s| s.contents().lines().filter(|l| !l.trim().is_empty()).count() > 4);
        }
        assert!(person.child.try_wait().unwrap().is_none(), "it lives on at {cols}x{rows}");
    }
    person.sees("MongoDB", 20);
    person.press(b"q");
    person.until("an end or a question", 10, |s| !s.alternate_screen() || s.contents().contains("Leave"));
    if person.shown().contains("Leave kerbup?") {
        person.press(b"\x1b[B");
        person.press(ENTER);
    }
    assert_eq!(person.ends(10), 0);
    person.finds_the_terminal_as_it_was();
    assert_eq!(site.containers().len(), 4, "it records on when the screen is closed");
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn everything_is_typed() {
    let test = "pty::everything_is_typed";
    if !crate::engine::named("docker", test) {
        return;
    }
    let Some(site) = Site::on("docker", test, "e2e-typed", "") else { return };
    let before = machine(&site);
    // No site file: only what no key can tell, where the images are and which ports are free here.
    let (vault, storage) = site.ports;
    let sets = [
        format!("site.name={}", site.name),
        format!("images.registry={}", own_registry()),
        "images.insecure=true".into(),
        format!("network.ports.vault={vault}"),
        format!("network.ports.storage={storage}"),
    ];
    let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let mut person = Person::sits_down(&state(&site), &args, None);
    person.sees("Video recording on this machine", 20);
    person.press(ENTER);
    person.sees("checks passed", 60);
    person.press(RIGHT);
    person.sees("Where shall it run?", 20);
    person.press(ENTER);

    let camera = url::Url::parse(&setting("KERBUP_TEST_CAMERA")).unwrap();
    let (user, password) = (camera.username().to_string(), camera.password().unwrap().to_string());
    let address = format!("rtsp://{}:{}{}", camera.host_str().unwrap(), camera.port().unwrap_or(554), camera.path());
    person.sees("add one", 20);
    person.press(ENTER);
    for (field, text) in [("Address", address.as_str()), ("User", &user), ("Password", &password), ("Name", "yard")] {
        person.sees(&format!("› {field}"), 10);
        person.press(text.as_bytes());
        let shown = if field == "Password" { "•".repeat(password.len()) } else { text.to_string() };
        person.sees(&shown, 10);
        assert!(!person.shown().contains(&password));
        person.press(ENTER);
    }
    person.sees("› Records", 10);
    person.press(b" ");
    person.sees("‹ always ›", 10);
    person.press(ENTER);
    person.sees("Enter try and keep", 10);
    person.press(ENTER);
    person.until("what came of trying it", 30, |s| s.contents().lines().any(|l| l.contains("yard") && l.contains("H.264")));
    person.press(RIGHT);

    person.sees("Folder for recordings", 30);
    person.press(ENTER);
    person.sees("Enter keep it", 10);
    let folder = site.storage().to_str().unwrap().to_string();
    person.press(CTRL_U);
    person.press(folder.as_bytes());
    person.press(ENTER);
    person.sees(&folder, 10);
    // The disks of this machine stand between.
    let chosen = |shown: &str| shown.lines().find(|l| l.contains('›')).map(str::to_string);
    while !person.shown().contains("› Keep recordings") {
        let before = chosen(&person.shown());
        person.press(DOWN);
        // Half a frame shows neither the old row chosen nor the new one.
        person.until("the next row", 10, |s| chosen(&s.contents()).is_some_and(|now| Some(now) != before));
    }
    person.press(b"7");
    person.press(ENTER);
    person.sees("7 days", 10);

    // The power fails before anything is installed: all that was typed is there at the next start, the password as well.
    let typed = state(&site).join("answers.json");
    wait_for("the last answer is kept", Duration::from_secs(10), || {
        std::fs::read_to_string(&typed).is_ok_and(|t| t.contains("retention_days = 7")).then_some(())
    });
    assert_eq!(std::fs::metadata(&typed).unwrap().permissions().mode() & 0o777, 0o600);
    drop(person);
    // Whoever names answers wants these; whoever names none is offered what was typed, with all that was named then.
    let mut other = Person::sits_down(&state(&site), &args, None);
    other.sees("Try it first", 20);
    assert!(!other.shown().contains("Go on with your answers"));
    drop(other);
    let mut person = Person::sits_down(&state(&site), &[], None);
    person.sees("Go on with your answers", 20);
    person.press(ENTER);
    person.sees("checks passed", 60);
    person.press(RIGHT);
    person.sees("Where shall it run?", 20);
    person.press(ENTER);
    person.until("the camera, tried again", 30, |s| s.contents().lines().any(|l| l.contains("yard") && l.contains("H.264")));
    person.press(RIGHT);
    person.sees(&folder, 30);
    person.press(RIGHT);
    person.sees("Install now:", 60);
    person.installs();

    // While the database starts, another program takes the port of the recordings page.
    wait_for("the run is under way", Duration::from_secs(60), || (!site.containers().is_empty()).then_some(()));
    let _taken = std::net::TcpListener::bind(("0.0.0.0", vault)).unwrap();
    person.sees("PORT-TAKEN", 120);
    person.sees("Take another port that is free", 10);
    person.press(ENTER);
    // The plan with the other port wants a yes of its own.
    person.sees("Install now:", 60);
    person.installs();
    person.sees("Installed.", 180);
    assert!(!typed.exists(), "what is installed need not be typed again");
    person.press(ENTER);
    person.sees("MongoDB", 30);
    person.until("the camera that records", 90, |s| s.contents().lines().any(|l| l.contains("yard") && l.contains("recording")));
    assert!(!person.shown().contains(&password));
    let saved = std::fs::read_to_string(site.state().join("site.toml")).unwrap();
    assert!(
        saved.contains(&format!("path = \"{folder}\"")) && saved.contains("retention_days = 7") && saved.contains("name = \"yard\""),
        "{saved}"
    );
    assert!(!saved.contains(&format!("vault = {vault}")) && !saved.contains(&password), "{saved}");
    person.press(CTRL_C);
    person.press(CTRL_C);
    person.ends(10);
    person.finds_the_terminal_as_it_was();
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn the_same_keys_work_in_practice_and_change_nothing() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("state");
    for world in ["nuc", "server"] {
        let mut person = Person::sits_down(&state, &[&format!("--practice={world}")], None);
        person.sees("practice", 20);
        person.sees("Video recording on this machine", 20);
        // A frame goes to the terminal in one piece, not a few bytes at a time: over a slow line each piece is a packet.
        let io = std::fs::read_to_string(format!("/proc/{}/io", person.child.process_id().unwrap())).unwrap();
        let writes: u64 = io.lines().find_map(|l| l.strip_prefix("syscw: ")).unwrap().parse().unwrap();
        assert!(writes < 200, "{writes} writes for the first screen");
        person.press(ENTER);
        person.sees("checks passed", 60);
        if world == "server" {
            // Another program has the port: the check offers other ones, and asks with the safe answer chosen.
            person.sees("1 in the way", 20);
            person.press(ENTER);
            person.sees("Not now", 20);
            person.press(b"j");
            person.press(ENTER);
            person.sees("0 in the way", 20);
        }
        person.press(RIGHT);
        person.sees("Where shall it run?", 20);
        person.press(ENTER);
        person.sees("add one", 20);
        person.press(RIGHT);
        person.sees("Folder for recordings", 30);
        person.press(RIGHT);
        person.sees("Install now:", 60);
        person.installs();
        if world == "nuc" {
            // Another program was quicker: the card says who, and its first cure takes another port, which is agreed to anew.
            person.sees("PORT-TAKEN", 180);
            person.sees("cockpit-ws (pid 2210)", 10);
            person.sees("› Take another port that is free", 10);
            person.press(ENTER);
            person.sees("Install now:", 60);
            person.installs();
        }
        person.sees("Installed.", 180);
        if world == "nuc" {
            person.sees(":8081", 10);
        }
        assert!(person.shown().contains("practice: nothing is changed"));
        person.press(ENTER);
        person.sees("MongoDB", 30);
        person.press(CTRL_C);
        person.press(CTRL_C);
        person.ends(10);
        person.finds_the_terminal_as_it_was();
    }
    assert!(!state.exists());
}

#[test]
fn two_ctrl_c_leave_a_terminal_and_a_journal_that_goes_on() {
    let Some(site) = Site::on("docker", "pty::two_ctrl_c", "e2e-ctrl", "") else { return };
    let before = machine(&site);
    let outside = TempDir::new().unwrap();
    let reached = outside.path().join("reached");
    let place = format!("container:after-undo={}", reached.display());
    let mut person = Person::sits_down(&state(&site), &["--answers", site.file.to_str().unwrap()], Some(&place));
    person.comes_to_the_plan();
    person.installs();
    wait_for("the run holds at its first part", Duration::from_secs(60), || reached.exists().then_some(()));
    person.press(CTRL_C);
    person.until("a question", 10, |s| s.contents().contains("Ctrl-C") || s.contents().contains("Leave") || s.contents().contains("Stop"));
    person.press(CTRL_C);
    assert_eq!(person.ends(20), 130);
    person.finds_the_terminal_as_it_was();
    let sites = site.run(&["sites", "--output", "json"]).ok().document();
    assert_eq!(sites["sites"][0]["unfinished"], true);
    // The next start offers to go on.
    let mut person = Person::sits_down(&state(&site), &[], None);
    person.sees(&site.name, 20);
    person.press(ENTER);
    person.sees("Installed.", 120);
    person.press(CTRL_C);
    person.press(CTRL_C);
    person.ends(10);
    assert_eq!(site.containers().len(), 3);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    same(&before, &machine(&site));
}

#[test]
fn a_closed_window_does_not_end_a_run() {
    let Some(site) = Site::on("docker", "pty::a_closed_window_does_not_end_a_run", "e2e-hup", "") else { return };
    let mut person = Person::sits_down_in_a_window(&state(&site), &["--answers", site.file.to_str().unwrap()]);
    person.comes_to_the_plan();
    person.installs();
    wait_for("the run begins", Duration::from_secs(30), || site.state().join("journal/0001.ndjson").exists().then_some(()));
    // The window's own program dies: the terminal inside hangs up.
    person.child.kill().unwrap();
    person.child.wait().unwrap();
    wait_for("the run ends without its window", Duration::from_secs(120), || {
        let receipt = kerbup::run::Receipt::read(&kerbup::world::real::files::RealFiles, site.state().to_str().unwrap()).ok()?;
        (!receipt.unfinished() && receipt.plan.is_some()).then_some(())
    });
    let inside = || tool_may_fail("pgrep", &["-f", &format!("^{} --state {}", program(), state(&site).display())]).out;
    wait_for("the program ends after its run", Duration::from_secs(60), || inside().trim().is_empty().then_some(()));
    assert_eq!(site.containers().len(), 3);
    assert_eq!(site.run(&site.install()).ok().done()["changed"], false);
}
