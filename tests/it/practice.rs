//! A practice that is chosen on the first screen: it has the terminal to itself, and leads back to the real first screen.

use std::path::Path;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::engine::program;
use crate::window::Window;

const DOWN: &[u8] = b"\x1b[B";
const ENTER: &[u8] = b"\r";
const CTRL_C: &[u8] = b"\x03";
const CTRL_Z: &[u8] = b"\x1a";

const BANNER: &str = "practice: nothing is changed";
const BACK: &str = "That was practice.";

fn kerbup(state: &Path, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(program());
    command.args(["--state", state.to_str().unwrap()]);
    command.args(args);
    command.cwd(state.parent().unwrap());
    command
}

fn begins(window: &mut Window) {
    window.sees("Try it first", 20);
    assert!(!window.shown().contains(BANNER));
    window.press(DOWN);
    window.sees("› Try it first", 10);
    window.press(ENTER);
    window.sees(BANNER, 30);
    assert!(!window.shown().contains("Try it first"), "no practice within a practice");
}

#[test]
fn it_is_chosen_on_the_first_screen_and_leads_back_to_it() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("state");
    let mut window = Window::open(kerbup(&state, &[]));
    begins(&mut window);
    window.press(ENTER);
    window.sees("checks passed", 60);
    window.press(CTRL_C);
    window.sees("Leave kerbup?", 10);
    window.press(CTRL_C);
    window.until("the real first screen", 20, |s| s.alternate_screen() && s.contents().contains(BACK));
    assert!(window.shown().contains("› Start") && !window.shown().contains(BANNER), "{}", window.shown());
    // It is the one from before, and draws itself at any size.
    window.resizes(40, 12);
    window.sees("? help", 20);
    window.resizes(80, 24);
    window.sees("changes nothing", 20);
    window.press(CTRL_C);
    window.sees("Leave kerbup?", 10);
    window.press(CTRL_C);
    assert_eq!(window.ends(20), 130);
    window.finds_the_terminal_as_it_was();
    assert!(!state.exists());
}

#[test]
fn the_shell_gets_the_terminal_back_also_from_a_practice() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("state");
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "set -m; \"$@\"; echo the shell has it; read line; fg", "sh", program(), "--state", state.to_str().unwrap()]);
    let mut window = Window::open(command);
    begins(&mut window);
    window.press(CTRL_Z);
    window.until("the shell's screen", 20, |s| !s.alternate_screen() && s.contents().contains("the shell has it"));
    window.press(ENTER);
    window.until("the practice", 20, |s| s.alternate_screen() && s.contents().contains(BANNER));
    window.press(CTRL_C);
    window.press(CTRL_C);
    window.sees(BACK, 20);
    window.press(CTRL_C);
    window.press(CTRL_C);
    assert_eq!(window.ends(20), 130);
}

#[test]
fn line_by_line_it_is_one_of_the_first_choices() {
    let dir = TempDir::new().unwrap();
    let state = dir.path().join("state");
    // With prompts that draw themselves, and with plain lines for a screen reader, where Ctrl-C reaches both programs.
    for accessible in [false, true] {
        let mut command = kerbup(&state, &["--output", "plain"]);
        if accessible {
            command.env("ACCESSIBLE", "1");
        }
        let mut window = Window::open(command);
        window.sees("2  Try it first", 20);
        window.sees("Choose", 20);
        window.press(b"2\r");
        window.sees("This is practice", 20);
        window.until("the practice's question", 20, |s| s.contents().matches("Choose").count() == 2);
        window.press(CTRL_C);
        window.sees(BACK, 20);
        let again =
            |s: &vt100::Screen| s.contents().rsplit(BACK).next().is_some_and(|l| l.contains("Try it first") && l.contains("Choose"));
        window.until("the real question", 20, again);
        window.press(b"3\r");
        assert_eq!(window.ends(20), 0);
    }
    assert!(!state.exists());
}
