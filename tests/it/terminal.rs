//! The full screen in a real terminal: this test binary starts itself in a pseudo-terminal and plays the person.

use std::time::Duration;

use kerbup::flow::{Effect, Flow};
use kerbup::front::full::{self, Lease, Leave};
use kerbup::model::answers::Answers;
use kerbup::model::event::Event;
use portable_pty::CommandBuilder;

use super::screens::COLOUR;
use super::states;
use super::window::Window;

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
                send.send(Event::Checks { checks: super::shop::checks(true) }).unwrap();
            }
            Effect::SaveReport(..) => {
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
        full::run(
            Flow::new(Answers::default(), vec![], true),
            COLOUR,
            seat,
            events,
            &mut perform,
            (&|| jiff::Timestamp::now().as_second() as f64, jiff::tz::TimeZone::UTC),
        )
        .await
    });
    eprintln!("left with {:?}", left.unwrap());
}

/// This binary's own child in a window.
struct Seat(Window);

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
        command.args(["--ignored", "--exact", "--nocapture", "terminal::the_screen_of_a_child"]);
        Seat(Window::open(command))
    }

    fn press(&mut self, keys: &[u8]) {
        self.0.press(keys);
    }

    fn until(&mut self, holds: impl Fn(&vt100::Screen) -> bool, what: &str) {
        self.0.until(what, 20, holds);
    }

    fn see(&mut self, text: &str) {
        self.0.sees(text, 20);
    }

    /// The terminal is as it was: the first screen, a cursor, and the last word of the program on it.
    fn leaves_with(mut self, leave: Leave) {
        self.0.finds_the_terminal_as_it_was();
        self.see(&format!("left with {leave:?}"));
        assert_eq!(self.0.ends(20), 0);
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
    seat.0.resizes(40, 12);
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
    // The first check offers a fix, which this drive answers by asking for root.
    seat.press(b"\r");
    seat.see("Not now");
    seat.press(b"j\r");
    seat.leaves_with(Leave::Elevate);
}
