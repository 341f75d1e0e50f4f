//! Help for the screen one is on, made from the keys it has now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Reply, Screen};
use crate::flow::{Flow, Stage};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::frame::VERSION;
use crate::front::full::part::page::Page;
use crate::front::full::part::text::Row;
use crate::front::full::theme::Theme;

/// The screen.
#[derive(Debug)]
pub struct Help {
    hints: Vec<Hint>,
    top: usize,
}

impl Help {
    /// About a screen with these keys.
    pub fn of(hints: Vec<Hint>) -> Self {
        Help { hints, top: 0 }
    }
}

fn about(stage: Stage) -> &'static str {
    match stage {
        Stage::Welcome => {
            "kerbup sets up video recording on this machine and shows how it is. Nothing happens before you said yes to the plan."
        }
        Stage::Machine => {
            "What this machine is, and what that means. Whatever stands in the way says what to do; the rest is good to know."
        }
        Stage::Where => "Docker is right for one machine. Small is for little memory: cameras only, without a page to search recordings.",
        Stage::Cameras => {
            "Each camera is tried as soon as it was typed. One that does not answer now can stay in the list and is watched for."
        }
        Stage::Storage => {
            "Recordings older than the days to keep are deleted. Nobody outside your network gets in, whatever you choose here."
        }
        Stage::Review => "Every step that will be taken, with the commands to do it by hand. Only the button starts it.",
        Stage::Install => "Each step writes down how to undo it before it changes anything, so a power cut loses nothing.",
        Stage::Done => "It was seen that it records. The password stays readable with: kerbup passwords",
        Stage::Dashboard => "How every part and camera is, read again every few seconds. A dash is a reading that the stack does not give.",
    }
}

impl Screen for Help {
    fn on(&mut self, key: Key, _: &Flow) -> Reply {
        match key {
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top = (self.top + 1).min(self.hints.len()),
            Key::Enter | Key::Left | Key::Char('?' | 'q' | 'h') | Key::F(1) => return Reply::Close(vec![]),
            _ => return Reply::Ignored,
        }
        Reply::Taken
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        vec![Hint::rows("read on")]
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        if !theme.narrow() {
            page.gap();
        }
        page.para(about(flow.here()), theme.plain(), 2, 4);
        page.gap();
        for hint in self.hints.iter().skip(self.top) {
            let names: Vec<String> = hint.keys.iter().map(|k| k.name(theme.look.ascii)).collect();
            page.line(Row::new().gap(2).left(&names.join(" "), 14, theme.accent()).rest(&hint.label, theme.plain()));
        }
        let more = [
            ("PgUp PgDn", "a page"),
            ("g G", "first, last"),
            ("h j k l", "as the arrows"),
            ("Ctrl-L", "draw again"),
            ("Ctrl-Z", "to the shell, fg comes back"),
        ];
        for (keys, what) in more {
            page.line(Row::new().gap(2).left(keys, 14, theme.dim()).rest(what, theme.dim()));
        }
        page.gap();
        page.text(&format!("  {VERSION}"), theme.dim());
    }
}
