//! The terminal: taken for the full screen, and given back whatever happens, also when the program panics.

use std::io::{self, BufWriter, Write};
use std::mem::ManuallyDrop;
use std::sync::Once;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::front::mode::Before;
use crate::model::fault::{Fault, Whose};

/// The most that terminals take for their clipboard at once.
const CLIPBOARD_BYTES: usize = 74_000;

/// Bytes that a frame is gathered in: more than a whole one of 80x24 takes.
const FRAME_BYTES: usize = 16 * 1024;

/// Where frames go. What writes them writes a few bytes at a time, and stderr would send each of these on by itself.
type Screen = CrosstermBackend<BufWriter<io::Stderr>>;

/// A screen that knows of nothing that is shown.
fn blank() -> io::Result<Terminal<Screen>> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, io::stderr())))
}

/// The terminal while it is ours.
pub(super) struct Held {
    /// Never dropped: its own drop prints where it fails, and printing on a terminal that is gone would end the run. `release`
    /// gives back all that was taken.
    pub(super) terminal: ManuallyDrop<Terminal<Screen>>,
    ours: bool,
}

/// What a terminal that fails means for a person.
pub(super) fn fault(error: io::Error) -> Fault {
    Fault::new(Whose::Machine, "TERMINAL", "The terminal cannot be used for the full screen.")
        .because(error.to_string())
        .cure("Start kerbup with --output plain.")
}

/// There is one terminal.
static MODE: Before = Before::new();

fn enter() -> io::Result<()> {
    MODE.raw()?;
    execute!(io::stderr(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

fn leave() -> io::Result<()> {
    // Both are tried: half a terminal helps nobody.
    let screen = execute!(io::stderr(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    MODE.restore().and(screen)
}

impl Held {
    /// Takes the terminal. Data goes to stdout, so the screen is drawn on stderr.
    pub(super) fn take() -> io::Result<Held> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let _ = leave();
                before(info);
            }));
        });
        let terminal = enter().and_then(|()| blank());
        match terminal {
            Ok(terminal) => Ok(Held { terminal: ManuallyDrop::new(terminal), ours: true }),
            Err(error) => {
                let _ = leave();
                Err(error)
            }
        }
    }

    /// Gives it back for a while.
    pub(super) fn release(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.ours) { leave() } else { Ok(()) }
    }

    /// Takes it again; everything is to be drawn anew.
    pub(super) fn retake(&mut self) -> io::Result<()> {
        if !self.ours {
            enter()?;
            self.ours = true;
        }
        // A new one knows of nothing that is shown. `Terminal::clear` would ask the terminal where its cursor is, and wait for an
        // answer that the reader of keys may take, or that does not come.
        execute!(io::stderr(), Clear(ClearType::All))?;
        self.terminal = ManuallyDrop::new(blank()?);
        Ok(())
    }

    /// It is ours now.
    pub(super) fn ours(&self) -> bool {
        self.ours
    }

    /// Stops this program as the shell's job control does, and comes back with the terminal when the shell goes on with it.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.release()?;
        // The whole group, as the terminal itself would: the shell does not get it back while one that waits for us goes on.
        let group = rustix::process::getpgrp();
        rustix::process::kill_process_group(group, rustix::process::Signal::TSTP)?;
        // The signal may reach another thread first: this one waits for the stop, and sleeps through it.
        std::thread::sleep(Duration::from_millis(100));
        self.retake()
    }

    /// Sends a text to the terminal's clipboard (OSC 52). No answer comes, so nobody can say that it arrived.
    pub(super) fn copy(&mut self, text: &str, tmux: bool) -> io::Result<()> {
        if text.len() > CLIPBOARD_BYTES {
            return Ok(());
        }
        let sequence = osc52(text, tmux);
        let mut out = io::stderr();
        out.write_all(sequence.as_bytes()).and_then(|()| out.flush())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.release();
    }
}

/// The control sequence; inside tmux wrapped so that tmux passes it on.
fn osc52(text: &str, tmux: bool) -> String {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    if tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { plain }
}
