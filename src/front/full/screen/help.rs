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
use crate::words::help as words;

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
        Stage::Welcome => words::WELCOME,
        Stage::Machine => words::MACHINE,
        Stage::Where => words::WHERE,
        Stage::Cameras => words::CAMERAS,
        Stage::Storage => words::STORAGE,
        Stage::Review => words::REVIEW,
        Stage::Install => words::INSTALL,
        Stage::Done => words::DONE,
        Stage::Dashboard => words::DASHBOARD,
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
