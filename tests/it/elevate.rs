//! From a user without root to an install as root, by the real sudo with a real password. The machine stays as it is: users, their
//! passwords and what sudo allows are files of the test's own, laid over the machine's in a mount namespace of its own.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::engine::{Site, machine, named, program, same, setting, tool_may_fail};
use crate::window::Window;

const ENTER: &[u8] = b"\r";
const RIGHT: &[u8] = b"\x1b[C";
const TAB: &[u8] = b"\t";
const CTRL_C: &[u8] = b"\x03";

const USER: &str = "kerbup-visitor";
const ID: u32 = 47_110;
const PASSWORD: &str = "four-Old-herons";
/// The same as crypt(3) writes it down.
const CRYPTED: &str = "$6$kerbup$JTZnQ6nPlTJ4Cfxn6lbIJYRaEI1n50lCiwDrGsCSpk6um.LBaNKtuJeIY4fpFMn8/c3rMA.QU.AQNcXOYbRR0/";
/// What sudo writes before it waits.
const ASKS: &str = "password for kerbup-visitor:";

/// No test of another user's can run where the parts of it are missing; that is said, and is no reason to leave it out.
fn needs_sudo() {
    let there = tool_may_fail("sudo", ["--version"].as_slice()).code == 0;
    assert!(there, "these tests need the program sudo where KERBUP_TEST_ENGINES names docker: apt-get install sudo");
}

/// A user with a password, who may do as root what `may` says.
struct Visitor<'a> {
    dir: &'a Path,
}

impl Visitor<'_> {
    fn comes<'a>(dir: &'a Path, may: &str) -> Visitor<'a> {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        // The program may lie where no other user looks.
        fs::copy(program(), dir.join("kerbup")).unwrap();
        for folder in ["etc", "home", "state"] {
            fs::create_dir(dir.join(folder)).unwrap();
        }
        for folder in ["home", "state"] {
            chown(dir.join(folder), Some(ID), Some(ID)).unwrap();
        }
        let own = |name: &str, mode: u32, text: String| {
            let path = dir.join("etc").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let with = |path: &str, line: String| format!("{}\n{line}\n", fs::read_to_string(path).unwrap().trim_end());
        own("passwd", 0o644, with("/etc/passwd", format!("{USER}:x:{ID}:{ID}::{}:/bin/sh", dir.join("home").display())));
        own("shadow", 0o640, with("/etc/shadow", format!("{USER}:{CRYPTED}:20000:0:99999:7:::")));
        own("group", 0o644, with("/etc/group", format!("{USER}:x:{ID}:")));
        // Nothing of it is remembered: no lecture, no time in which the password is not asked for.
        let rules = format!("Defaults env_reset, lecture=never, timestamp_timeout=0, !mail_no_user\nroot ALL=(ALL:ALL) ALL\n{may}\n");
        own("sudoers", 0o440, rules);
        Visitor { dir }
    }

    /// Before a terminal, whose every letter is kept in a file beside.
    fn starts(&self, args: &[&str]) -> Window {
        let (dir, state) = (self.dir.display(), self.dir.join("state"));
        let over = "for f in passwd shadow group sudoers; do mount --bind \"$0/etc/$f\" /etc/$f; done; cd \"$0\"; exec \"$@\"";
        let person = format!("setpriv --reuid {ID} --regid {ID} --clear-groups env HOME={dir}/home USER={USER}");
        let inside = format!(
            "stty rows 24 cols 80; exec unshare --mount --propagation private sh -ec '{over}' {dir} {person} {dir}/kerbup --state {} {}",
            state.display(),
            args.join(" ")
        );
        let mut command = CommandBuilder::new("script");
        command.args(["-q", "-e", "-f", "-c", &inside, self.dir.join("seen").to_str().unwrap()]);
        command.cwd(self.dir);
        Window::open(command)
    }

    fn answers_sudo(&self, window: &mut Window) {
        window.sees("Installing needs root", 20);
        window.sees(ASKS, 20);
        assert!(!window.shown().contains("NEEDS-ROOT"));
        window.press(PASSWORD.as_bytes());
        window.press(ENTER);
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.dir.join("seen")).unwrap()).into_owned()
    }

    /// Nothing of the way to root is left, and the password was never shown.
    fn left_nothing(&self) {
        assert!(!self.dir.join("state/handover.json").exists());
        assert!(!self.seen().contains(PASSWORD));
    }
}

/// From the first screen to the button.
fn comes_to_the_plan(window: &mut Window) {
    window.sees("Video recording on this machine", 20);
    window.press(ENTER);
    window.sees("checks passed", 60);
    window.press(RIGHT);
    window.sees("Where shall it run?", 20);
    window.press(RIGHT);
    window.until("the cameras and what came of trying them", 60, |s| s.contents().contains("TRIED") && !s.contents().contains("trying"));
    window.press(RIGHT);
    window.sees("Folder for recordings", 30);
    window.press(RIGHT);
    window.sees("Install now:", 60);
    window.press(TAB);
    window.sees("Enter install", 10);
    window.press(ENTER);
}

/// A question stands, as the last thing on the screen.
fn asks(screen: &vt100::Screen) -> bool {
    screen.contents().trim_end().lines().last().is_some_and(|l| l.starts_with("? "))
}

/// The same line by line.
fn says_yes_to_the_plan(window: &mut Window) {
    let next = |window: &mut Window, what: &str, line: &str| {
        window.until(what, 60, |s| s.contents().contains(what) && asks(s));
        window.press(line.as_bytes());
        window.press(ENTER);
    };
    for (what, line) in [("Try it first", "1"), ("All checks", "1"), ("Where shall it run?", "small"), ("Add a camera", "1")] {
        next(window, what, line);
    }
    // Where disks are offered, another folder is the last of them, and its path is asked for then.
    next(window, "Folder for recordings", "");
    let days = |s: &vt100::Screen| s.contents().contains("Keep how many days");
    window.until("its path or the days", 60, |s| asks(s) && (days(s) || s.contents().matches("Folder for recordings").count() > 1));
    if !window.shown().contains("Keep how many days") {
        window.press(ENTER);
    }
    next(window, "Keep how many days", "");
    next(window, "Install now", "1");
}

fn small(site: &Site) -> Vec<String> {
    vec!["--answers".into(), site.file.display().to_string(), "--set".into(), "site.shape=small".into()]
}

fn camera() -> String {
    format!("[[camera]]\nname = \"front-door\"\nurl = \"{}\"\nrecord = \"always\"\n", setting("KERBUP_TEST_CAMERA"))
}

fn installs_as_root(test: &str, name: &str, plain: bool) {
    if !named("docker", test) {
        return;
    }
    needs_sudo();
    let Some(site) = Site::on("docker", test, name, &camera()) else { return };
    let visitor = Visitor::comes(site.dir.path(), &format!("{USER} ALL=(ALL:ALL) ALL"));
    // What the terminal showed is the test's own.
    fs::write(site.dir.path().join("seen"), "").unwrap();
    let before = machine(&site);
    let mut args = small(&site);
    if plain {
        args.extend(["--output".into(), "plain".into()]);
    }
    let mut window = visitor.starts(&args.iter().map(String::as_str).collect::<Vec<_>>());
    if plain {
        says_yes_to_the_plan(&mut window);
    } else {
        comes_to_the_plan(&mut window);
    }
    assert!(site.containers().is_empty() && !site.state().exists(), "nothing is done before root");
    visitor.answers_sudo(&mut window);
    // It goes on by itself: what was agreed to is not asked again.
    if plain {
        window.sees("Recording goes on when you close this", 180);
        window.until("the question", 20, asks);
        window.press(ENTER);
        assert_eq!(window.ends(20), 0);
    } else {
        window.sees("Installed.", 180);
        window.press(CTRL_C);
        window.press(CTRL_C);
        window.ends(20);
        window.finds_the_terminal_as_it_was();
    }
    let seen = visitor.seen();
    assert!(seen.contains("I look at this machine once more") && !seen.contains("As root I see more"), "{seen}");
    visitor.left_nothing();
    assert_eq!(fs::metadata(site.state().join("site.toml")).unwrap().uid(), 0, "it is root's");
    assert_eq!(site.containers().len(), 1);
    site.run(&["uninstall", "--purge-data", &site.name, "--yes"]).ok();
    // The visitor's own folder for what kerbup remembers was there before, and may go with the last site.
    let own = |all: std::collections::BTreeSet<String>| all.into_iter().filter(|l| !l.ends_with("/state")).collect();
    same(&own(before), &own(machine(&site)));
}

#[test]
fn sudo_asks_once_and_root_installs_what_was_agreed_to() {
    installs_as_root("elevate::sudo_asks_once_and_root_installs_what_was_agreed_to", "e2e-sudo", false);
}

#[test]
fn line_by_line_it_is_the_same() {
    installs_as_root("elevate::line_by_line_it_is_the_same", "e2e-sudo-plain", true);
}

/// A site file that no engine is needed for: nothing of it is installed.
fn stub(dir: &Path) -> String {
    let file = dir.join("site.toml");
    let text = format!(
        "[site]\nname = \"e2e-no\"\nshape = \"small\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"{}/disk\"\n",
        dir.display()
    );
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn whom_sudo_refuses_is_told_and_nothing_is_left() {
    if !named("docker", "elevate::whom_sudo_refuses_is_told_and_nothing_is_left") {
        return;
    }
    needs_sudo();
    let dir = TempDir::new().unwrap();
    let visitor = Visitor::comes(dir.path(), &format!("{USER} ALL=(ALL:ALL) /bin/true"));
    let mut window = visitor.starts(&["--answers", &stub(dir.path())]);
    comes_to_the_plan(&mut window);
    visitor.answers_sudo(&mut window);
    window.sees("sudo did not let kerbup go on as root", 20);
    assert_eq!(window.ends(20), 5);
    visitor.left_nothing();
    // Ctrl-C at the question is a no as well.
    let mut window = visitor.starts(&["--answers", &stub(dir.path())]);
    comes_to_the_plan(&mut window);
    window.sees(ASKS, 20);
    window.press(CTRL_C);
    window.sees("sudo did not let kerbup go on as root", 20);
    assert_eq!(window.ends(20), 5);
    visitor.left_nothing();
}

/// Root's eyes are those of a practice here: another machine, so another plan.
#[test]
fn a_plan_that_is_another_one_for_root_is_shown_once_more() {
    if !named("docker", "elevate::a_plan_that_is_another_one_for_root_is_shown_once_more") {
        return;
    }
    needs_sudo();
    let dir = TempDir::new().unwrap();
    let variables = dir.path().join("etc/variables");
    let visitor = Visitor::comes(dir.path(), &format!("Defaults use_pty, env_file={}\n{USER} ALL=(ALL:ALL) ALL", variables.display()));
    fs::write(&variables, "KERBUP_PRACTICE=nuc\n").unwrap();
    for plain in [false, true] {
        let stub = stub(dir.path());
        let mut window = if plain {
            let mut window = visitor.starts(&["--answers", &stub, "--output", "plain", "--ascii"]);
            says_yes_to_the_plan(&mut window);
            window
        } else {
            let mut window = visitor.starts(&["--answers", &stub]);
            comes_to_the_plan(&mut window);
            window
        };
        visitor.answers_sudo(&mut window);
        window.sees("the plan has changed", 60);
        window.sees("Install now", 20);
        window.press(CTRL_C);
        window.press(CTRL_C);
        assert_eq!(window.ends(20), 130);
        visitor.left_nothing();
    }
}

#[test]
fn without_a_terminal_root_is_asked_of_nobody() {
    if !named("docker", "elevate::without_a_terminal_root_is_asked_of_nobody") {
        return;
    }
    let dir = TempDir::new().unwrap();
    let visitor = Visitor::comes(dir.path(), "");
    let lines = dir.path().join("lines");
    fs::write(&lines, "1\n1\nsmall\n1\n\n\n\n1\n").unwrap();
    let mut window = visitor.starts(&["--answers", &stub(dir.path()), "--output", "plain", "<", lines.to_str().unwrap()]);
    window.sees("NEEDS-ROOT", 60);
    assert_eq!(window.ends(20), 5);
    visitor.left_nothing();
}
