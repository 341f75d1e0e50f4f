//! How the terminal hands on keys: each at once for the full screen, a line that is not shown for a password. It is asked by the C
//! library's call, which every kernel and emulator knows: the newer one (TCGETS2), which crossterm makes, is refused by some (qemu
//! 7.2), and there the screen would stay away and a password be shown while it is typed.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nix::sys::termios::{LocalFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};

/// What the terminal on standard input was like before it was changed; nothing while it is as it was.
#[derive(Default)]
pub struct Before(Mutex<Option<Termios>>);

impl Before {
    /// Nothing is changed yet.
    pub const fn new() -> Self {
        Before(Mutex::new(None))
    }

    /// Each key comes at once and as it is. Fails where standard input is no terminal.
    pub fn raw(&self) -> io::Result<()> {
        self.change(cfmakeraw)
    }

    /// What is typed is not shown. Fails where standard input is no terminal.
    pub fn quiet(&self) -> io::Result<()> {
        self.change(|mode| mode.local_flags.remove(LocalFlags::ECHO))
    }

    /// As it was; once more changes nothing. Fails where the terminal is gone.
    pub fn restore(&self) -> io::Result<()> {
        match self.kept().take() {
            Some(was) => Ok(tcsetattr(io::stdin(), SetArg::TCSANOW, &was)?),
            None => Ok(()),
        }
    }

    fn change(&self, how: impl FnOnce(&mut Termios)) -> io::Result<()> {
        let mut kept = self.kept();
        if kept.is_some() {
            return Ok(());
        }
        let was = tcgetattr(io::stdin())?;
        let mut mode = was.clone();
        how(&mut mode);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &mode)?;
        *kept = Some(was);
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Option<Termios>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
