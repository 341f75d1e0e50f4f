//! The full screen in a real terminal: this test binary starts itself in a pseudo-terminal and plays the person.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kerbup::flow::{Effect, Flow};
use kerbup::front::full::{self, Lease, Leave};
use kerbup::model::answers::Answers;
use kerbup::model::event::Event;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::screens::COLOUR;
use super::states;

/// The program in the terminal: a drive that answers a probe, lends the terminal for a report, and wants root for a check.
#[test]
#[ignore = "started in a pseudo-terminal by the tests below"]
fn the_screen_of_a_child() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let left = runtime.block_on(async {
        let (send, events) = tokio::sync::mpsc::unbounded_channel();
        let (lease, seat) = Lease::pair();
        let mut perform = |effect: Effect| match effect {
            Effect::Probe => {
                let known = states::state("machine", COLOUR).flow;
                send.send(Event::Host { report: Box::new(known.host), pending: vec![] }).unwrap();
                send.send(Event::Checks { checks: known.checks }).unwrap();
            }
            Effect::SaveReport(_) => {
                let lease = lease.clone();
                tokio::spawn(async move {
                    assert!(lease.release().await);
                    eprint!("the terminal is lent");
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    assert!(lease.retake().await);
                });
            }
            Effect::Check(_) => lease.elevate(),
            _ => {}
        };
        full::run(Flow::new(Answers::default(), vec![], true), COLOUR, seat, events, &mut perform, &|| {
            jiff::Timestamp::now().as_second() as f64
        })
        .await
    });
    eprintln!("left with {:?}", left.unwrap());
}

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

struct Seat {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Seat {
    fn take() -> Seat {
        Seat::with(CommandBuilder::new(std::env::current_exe().unwrap()))
    }

    /// Below a shell that does job control: a program that no shell watches over cannot be stopped.
    fn below_a_shell() -> Seat {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", "set -m; \"$@\"; echo the shell has it; read line; fg", "sh"]);
        command.arg(std::env::current_exe().unwrap());
        Seat::with(command)
    }

    fn with(mut command: CommandBuilder) -> Seat {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        command.args(["--ignored", "--exact", "--nocapture", "terminal::the_screen_of_a_child"]);
        command.env("TERM", "xterm-256color");
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(24), cells(80), 0)));
        let (mut reader, shown) = (pty.master.try_clone_reader().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 {
                    break;
                }
                shown.lock().unwrap().process(&bytes[..n]);
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Seat { master: pty.master, child, keys, screen }
    }

    fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until this is so, at most twenty seconds.
    fn until(&self, what: impl Fn(&vt100::Screen) -> bool, name: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !what(self.screen.lock().unwrap().screen()) {
            let shown = || self.screen.lock().unwrap().screen().contents();
            assert!(Instant::now() < end, "waited for {name} in vain:\n{}", shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn see(&self, text: &str) {
        self.until(|s| s.contents().contains(text), text);
    }

    /// The terminal is as it was: the first screen, a cursor, and the last word of the program on it.
    fn leaves_with(mut self, leave: Leave) {
        self.until(|s| !s.alternate_screen() && !s.hide_cursor(), "the terminal as it was");
        self.see(&format!("left with {leave:?}"));
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn keys_events_and_sizes_come_through_a_real_terminal() {
    let mut seat = Seat::take();
    seat.see("Video recording on this machine");
    seat.see("practice: nothing is changed");
    seat.until(|s| s.alternate_screen() && s.hide_cursor(), "the full screen");
    seat.press(b"\r");
    seat.see("Intel Celeron N5105");
    seat.see("44 checks passed");
    seat.screen.lock().unwrap().screen_mut().set_size(cells(12), cells(40));
    seat.master.resize(PtySize { rows: 12, cols: 40, pixel_width: 0, pixel_height: 0 }).unwrap();
    seat.see("kerbup 1/6 Machine");
    seat.press(b"?");
    seat.see("What this machine is");
    seat.press(b"\x1b");
    seat.see("44 fine");
    seat.press(b"q");
    seat.see("Leave kerbup?");
    seat.press(b"\x1b[B");
    seat.see("› Leave");
    seat.press(b"\r");
    seat.leaves_with(Leave::Quit(0));
}

#[test]
fn a_second_ctrl_c_stops_at_once() {
    let mut seat = Seat::take();
    seat.see("Video recording on this machine");
    seat.press(b"\x03");
    seat.see("Leave kerbup?");
    seat.press(b"\x03");
    seat.leaves_with(Leave::Interrupted);
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let mut seat = Seat::below_a_shell();
    seat.see("Video recording on this machine");
    seat.press(b"\x1a");
    seat.until(|s| !s.alternate_screen() && !s.hide_cursor(), "the shell's screen");
    seat.see("the shell has it");
    seat.press(b"\r");
    seat.until(|s| s.alternate_screen(), "the full screen");
    seat.see("Video recording on this machine");
    seat.press(b"\x03\x03");
    seat.leaves_with(Leave::Interrupted);
}

#[test]
fn the_terminal_is_lent_and_taken_back() {
    let mut seat = Seat::take();
    seat.see("Video recording on this machine");
    seat.press(b"\r");
    seat.see("44 checks passed");
    seat.press(b"w");
    seat.until(|s| !s.alternate_screen() && s.contents().contains("the terminal is lent"), "the lent terminal");
    seat.until(|s| s.alternate_screen() && s.contents().contains("44 checks passed"), "the full screen");
    // The second check offers a fix, which this drive answers by asking for root.
    seat.press(b"j\r");
    seat.see("Not now");
    seat.press(b"j\r");
    seat.leaves_with(Leave::Elevate);
}
