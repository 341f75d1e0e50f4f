//! Taking a site down: what goes and what stays, and the question. The safe answer is first and chosen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::list::Cursor;
use crate::front::full::part::page::Page;
use crate::front::full::theme::{Mark, Theme};
use crate::words::undo as words;

/// The screen.
#[derive(Debug)]
pub struct Farewell {
    site: String,
    at: Cursor,
}

impl Farewell {
    /// Over the first screen.
    pub fn of(site: String) -> Reply {
        let wants = vec![Intent::Farewell(site.clone())];
        Reply::Open(Box::new(Farewell { site, at: Cursor::default() }), wants)
    }

    fn known<'a>(&self, flow: &'a Flow) -> Option<(&'a [String], &'a [String])> {
        flow.farewell.as_ref().filter(|(site, ..)| *site == self.site).map(|(_, goes, stays)| (&goes[..], &stays[..]))
    }

    /// A list in so many rows; what does not fit is counted.
    fn list(head: &str, all: &[String], rows: usize, theme: &Theme, page: &mut Page<'_>) {
        page.text(&format!("  {head}"), theme.dim());
        let shown = if all.len() <= rows { all.len() } else { rows.saturating_sub(1) };
        for what in all.iter().take(shown) {
            page.text(&format!("    {what}"), theme.plain());
        }
        if shown < all.len() {
            page.text(&format!("    and {} more", all.len() - shown), theme.dim());
        }
    }
}

impl Screen for Farewell {
    fn on(&mut self, key: Key, _: &Flow) -> Reply {
        if self.at.on(key, 2) {
            return Reply::Taken;
        }
        match key {
            Key::Tab => {
                self.at = Cursor::to(1 - self.at.at(2));
                Reply::Taken
            }
            Key::Enter if self.at.at(2) == 1 => Reply::Close(vec![Intent::Pick(self.site.clone()), Intent::Uninstall]),
            Key::Enter => Reply::Close(vec![]),
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        vec![Hint::rows("choose"), Hint::key(Key::Enter, "answer")]
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        page.text(&format!("  Take {} down?", self.site), theme.strong());
        if !theme.narrow() {
            page.para(words::NOTHING_RECORDS, theme.plain(), 2, 2);
        }
        match self.known(flow) {
            None => page.line(Line::from(vec![Span::raw("  "), theme.state(Mark::Busy, "looking what there is")])),
            Some((goes, stays)) => {
                // Heads, gaps and the two answers; what stays is short, what goes gets the rest.
                let room = usize::from(page.room()).saturating_sub(5);
                let keep = stays.len().min((room / 2).max(1));
                Self::list(words::GOES, goes, room.saturating_sub(keep).max(1), theme, &mut page);
                if !stays.is_empty() {
                    Self::list(words::STAYS, stays, keep, theme, &mut page);
                }
            }
        }
        page.keep(2);
        let answers = [words::KEEP_IT.to_string(), format!("Take {} down", self.site)];
        for (i, answer) in answers.into_iter().enumerate() {
            page.row(i == self.at.at(2), theme, answer);
        }
    }
}
