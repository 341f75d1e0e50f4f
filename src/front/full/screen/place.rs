//! Where it shall run: for most people one question.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::Row;
use crate::front::full::theme::{Mark, Theme};
use crate::words::stage as words;

/// The screen.
#[derive(Debug, Default)]
pub struct Place {
    at: Cursor,
}

/// The recommendation, where there is one, then every choice.
fn rows(flow: &Flow) -> usize {
    flow.choices.len() + usize::from(flow.recommended.is_some())
}

impl Screen for Place {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        if self.at.on(key, rows(flow)) {
            return Reply::Taken;
        }
        if key != Key::Enter {
            return Reply::Ignored;
        }
        let first = usize::from(flow.recommended.is_some());
        match self.at.at(rows(flow)).checked_sub(first) {
            None => Reply::Want(vec![Intent::UseRecommended]),
            Some(i) => match flow.choices.get(i) {
                Some(c) if c.available.is_ok() => Reply::Want(vec![Intent::Choose(c.platform, c.shape), Intent::Next]),
                Some(c) => Reply::Say(words::not_here(c.available.as_ref().err().map_or("", String::as_str))),
                None => Reply::Want(vec![Intent::Next]),
            },
        }
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        vec![Hint::rows("choose"), Hint::key(Key::Enter, "take it")]
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        if !theme.narrow() {
            page.gap();
            page.line(Row::new().gap(2).rest("Where shall it run?", theme.strong()));
            page.gap();
        }
        let at = self.at.at(rows(flow));
        let mut first = 0;
        if flow.recommended.is_some() {
            first = 1;
            let choice = flow.choices.iter().find(|c| c.recommended);
            let title = choice.map_or("", |c| c.title.as_str());
            let row = Row::new().left(&format!("Use what I recommend: {title}"), page.width().min(40), theme.accent());
            page.row(at == 0, theme, row);
            if !theme.narrow() {
                page.para(choice.map_or("", |c| c.because.as_str()), theme.dim(), 2, 2);
                page.gap();
                page.line(Row::new().gap(2).rest("or choose:", theme.dim()));
            }
        }
        if flow.choices.is_empty() {
            page.line(Row::new().gap(2).cell(theme.state(Mark::Busy, "working out what is possible here"), 40));
            return;
        }
        // The chosen one is told to its end below the list; the others in as many words as a row has.
        let below = if theme.narrow() { 4 } else { 3 };
        let chosen = flow.choices.get(at.wrapping_sub(first)).map(|c| match &c.available {
            Err(why) => format!("{}: {} {}", c.title, c.says, words::not_here(why)),
            Ok(()) => format!("{}: {}", c.title, c.says),
        });
        let each = if theme.narrow() { 1 } else { 2 };
        let height = (usize::from(page.room()).saturating_sub(below + 1) / each).max(1);
        for i in window(at.saturating_sub(first), flow.choices.len(), height) {
            let Some(c) = flow.choices.get(i) else { continue };
            let now = (c.platform, c.shape) == (flow.answers.platform, flow.answers.shape);
            let (style, state) = match &c.available {
                Ok(()) if c.recommended => (theme.strong(), theme.state(Mark::Good, "recommended")),
                Ok(()) => (theme.strong(), theme.state(Mark::Idle, "possible")),
                Err(_) => (theme.dim(), theme.state(Mark::Off, "not here")),
            };
            let says = match &c.available {
                Err(why) => why.as_str(),
                Ok(()) if now => "your choice now",
                Ok(()) => "",
            };
            let row = Row::new().left(&c.title, 16, style).cell(state, 15);
            let row = if theme.narrow() { row } else { row.rest(says, theme.dim()) };
            page.row(i + first == at, theme, row);
            if each == 2 {
                page.para(&c.says, theme.dim(), 18, 1);
            }
        }
        if let Some(says) = chosen {
            page.keep(below as u16);
            page.para(&says, theme.plain(), 2, below);
        }
    }
}
