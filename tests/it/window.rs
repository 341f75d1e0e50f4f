//! A terminal window of 80x24 with a program in it, for the tests that play the person before it.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

fn cells(n: u16) -> NonZero<u16> {
    NonZero::new(n).unwrap()
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

/// The window. The program ends with it.
pub struct Window {
    pub child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Window {
    pub fn open(mut command: CommandBuilder) -> Window {
        let pty = native_pty_system().openpty(size(80, 24)).unwrap();
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
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
        Window { master: pty.master, child, keys, screen }
    }

    pub fn press(&mut self, keys: &[u8]) {
        self.keys.write_all(keys).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn shown(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until this is so, at most that long. What a program wrote last may come after its end.
    pub fn until(&mut self, what: &str, seconds: u64, holds: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + Duration::from_secs(seconds);
        while !holds(self.screen.lock().unwrap().screen()) {
            let ended = self.child.try_wait().unwrap();
            assert!(Instant::now() < end, "waited {seconds} s for {what} in vain (ended: {ended:?}):\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn sees(&mut self, text: &str, seconds: u64) {
        self.until(text, seconds, |s| s.contents().contains(text));
    }

    pub fn resizes(&mut self, cols: u16, rows: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(cols));
        self.master.resize(size(cols, rows)).unwrap();
    }

    /// The exit code, once the program has ended.
    pub fn ends(&mut self, seconds: u64) -> u32 {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn finds_the_terminal_as_it_was(&mut self) {
        self.until("the terminal as it was", 20, |s| !s.alternate_screen() && !s.hide_cursor() && !s.bracketed_paste());
    }
}
