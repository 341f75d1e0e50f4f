//! A person at a terminal is asked before a site stops and before a recorder goes, and may say no; and sees to the cameras by the
//! menu of plain mode. On a described machine on which a site with two cameras stands.

use std::fs;
use std::path::Path;

use kerbup::world::fake::{Described, Pace, named, paced};
use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::window::Window;

const SITE: &str = "[site]\nname = \"shop\"\n[platform]\nkind = \"docker\"\n[storage]\npath = \"/srv/kerberos\"\n\
    [[camera]]\nname = \"door\"\nurl = \"rtsp://192.168.1.64/Streaming/Channels/101\"\n\
    [[camera]]\nname = \"yard\"\nurl = \"rtsp://192.168.1.31/stream\"\n";

/// The program in the terminal: installs the site where that is asked for, then does each command, and says how it ended.
#[test]
#[ignore = "started in a pseudo-terminal by the tests below"]
fn commands_with_a_person() {
    let commands = std::env::var("KERBUP_TEST_COMMANDS").unwrap();
    let machine = Described { trouble: vec![], ..named("nuc").unwrap() };
    let (world, _) = paced(machine, Pace::Speed(60.0));
    crate::runs::lay(&world, Path::new(&std::env::var("KERBUP_TEST_FILE").unwrap()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for command in commands.lines() {
        let args = ["kerbup", "--output", "plain"].into_iter().chain(command.split(' ')).map(Into::into).collect();
        let code = runtime.block_on(kerbup::commands::run_on(args, Some(world.clone())));
        println!("== {command}: {code}");
    }
    runtime.shutdown_background();
    std::process::exit(0);
}

/// A terminal in which these commands are done, one after the other.
fn sits_down(dir: &TempDir, commands: &[&str]) -> Window {
    let file = dir.path().join("site.toml");
    fs::write(&file, SITE).unwrap();
    let lines: Vec<String> = commands.iter().map(|c| c.replace("FILE", file.to_str().unwrap())).collect();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "--nocapture", "asked::commands_with_a_person"]);
    command.env("KERBUP_TEST_COMMANDS", lines.join("\n"));
    command.env("KERBUP_TEST_FILE", &file);
    command.env("ACCESSIBLE", "1");
    command.cwd(dir.path());
    Window::open(command)
}

/// The question that waits is answered; what is then said comes, and how the command ends.
fn answers(window: &mut Window, asks: &str, typed: &str, says: &str, ends: &str) {
    window.until(asks, 60, |s| s.contents().trim_end().ends_with(asks));
    window.press(format!("{typed}\r").as_bytes());
    window.sees(says, 60);
    window.sees(ends, 60);
}

#[test]
fn a_stop_and_a_removal_are_asked_for_and_may_be_refused() {
    let dir = TempDir::new().unwrap();
    let commands = [
        "install --answers FILE --yes",
        "stop",
        "stop --site shop",
        "cameras remove yard",
        "cameras list",
        "cameras remove yard --site shop",
        "cameras list --site shop",
    ];
    let mut window = sits_down(&dir, &commands);
    window.sees("Stopping shop stops every part and every camera's recorder", 60);
    // Enter alone is no yes.
    answers(&mut window, "Stop it? [y/N]:", "", "Nothing was stopped.", "== stop: 2");
    answers(&mut window, "Stop it? [y/N]:", "y", "shop is stopped: nothing is recorded.", "== stop --site shop: 0");
    answers(&mut window, "Do it? [y/N]:", "no", "Nothing was changed.", "== cameras remove yard: 2");
    window.sees("== cameras list: 0", 20);
    // Once the plan has told what goes, that is behind the list, in which it still stands.
    window.until("the list and the plan", 60, |s| {
        let shown = s.contents();
        let (list, plan) = shown.split_once("== cameras list: 0").unwrap_or_default();
        list.lines().any(|l| l.starts_with("yard ")) && plan.contains("– Remove the recorder of yard")
    });
    answers(&mut window, "Do it? [y/N]:", "yes", "Remove the recorder of yard: done.", "== cameras remove yard --site shop: 0");
    window.sees("== cameras list --site shop: 0", 20);
    let shown = window.shown();
    let last = shown.rsplit("== cameras remove").next().unwrap();
    assert!(last.lines().any(|l| l.starts_with("door ")) && !last.lines().any(|l| l.starts_with("yard ")), "{shown}");
    assert_eq!(window.ends(20), 0);
}

/// Answers the prompt that waits, once what it asks for is there.
fn chooses(window: &mut Window, asks: &str, typed: &str) {
    window.until(asks, 60, |s| s.contents().trim_end().ends_with(':') && s.contents().contains(asks));
    window.press(format!("{typed}\r").as_bytes());
}

#[test]
fn the_cameras_are_seen_to_by_the_menu_of_plain_mode() {
    let dir = TempDir::new().unwrap();
    let mut window = sits_down(&dir, &["--answers FILE"]);
    chooses(&mut window, "Try it first", "1");
    chooses(&mut window, "All checks", "1");
    chooses(&mut window, "Where shall it run?", "1");
    // One is changed: what it has is offered, and Enter keeps it.
    chooses(&mut window, "8  Take yard out", "4");
    chooses(&mut window, "Address of the camera? [rtsp://192.168.1.64/Streaming/Channels/101]", "");
    chooses(&mut window, "User of the camera", "");
    chooses(&mut window, "When shall it record?", "2");
    let row = |s: &vt100::Screen, name: &str, word: &str| s.contents().lines().any(|l| l.starts_with(name) && l.contains(word));
    window.until("the change", 60, |s| row(s, "door ", "always"));
    // One is taken out, and one comes.
    chooses(&mut window, "8  Take yard out", "8");
    chooses(&mut window, "6  Go one step back", "2");
    chooses(&mut window, "Name of the camera? [", "gate");
    chooses(&mut window, "Address of the camera", "rtsp://192.168.1.31/stream");
    chooses(&mut window, "User of the camera, if it has one:", "");
    chooses(&mut window, "When shall it record?", "1");
    window.until("the new one", 60, |s| row(s, "gate ", "on movement"));
    chooses(&mut window, "8  Take gate out", "9");
    chooses(&mut window, "Where shall it run?", "9");
    window.press(b"\x03");
    window.ends(20);
}
