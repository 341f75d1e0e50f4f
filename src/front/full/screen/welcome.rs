//! Welcome: what will happen. An install that stands or was left half-done comes first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::farewell::Farewell;
use super::{Reply, Screen};
use crate::flow::welcome::Act;
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::Row;
use crate::front::full::theme::Theme;
use crate::words::welcome as words;

/// The screen.
#[derive(Debug, Default)]
pub struct Welcome {
    at: Cursor,
}

impl Screen for Welcome {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let offers = flow.offers();
        if self.at.on(key, offers.len()) {
            return Reply::Taken;
        }
        if key != Key::Enter {
            return Reply::Ignored;
        }
        let at = self.at.at(offers.len());
        match offers.into_iter().nth(at).map(|o| o.act) {
            Some(Act::Want(intent)) => {
                if matches!(intent, Intent::Practise) {
                    // After it comes the real thing.
                    self.at = Cursor::default();
                }
                Reply::Want(vec![intent])
            }
            Some(Act::Of(site, intent)) => Reply::Want(vec![Intent::Pick(site), intent]),
            Some(Act::TakeDown(site)) => Farewell::of(site),
            None => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![Hint::key(Key::Enter, "go")];
        if flow.offers().len() > 1 {
            hints.insert(0, Hint::rows("choose"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let items = flow.offers();
        if !theme.narrow() {
            page.gap();
            let heading = if flow.standing.is_empty() { words::HEADING } else { words::STANDING };
            page.line(Row::new().gap(2).rest(heading, theme.strong()));
            page.gap();
            if flow.standing.is_empty() {
                for (i, (what, means)) in words::STEPS.iter().enumerate() {
                    let number = (i + 1).to_string();
                    page.line(Row::new().gap(2).left(&number, 3, theme.accent()).left(what, 39, theme.plain()).rest(means, theme.dim()));
                }
                page.gap();
                match words::played_on(&flow.played.machine) {
                    Some(says) => page.para(&says, theme.plain(), 2, 3),
                    None => page.line(Row::new().gap(2).rest(words::AT_HAND, theme.plain())),
                }
                page.gap();
            }
        } else if flow.standing.is_empty() {
            page.para(words::HEADING, theme.strong(), 0, 2);
            page.para(words::AT_HAND, theme.dim(), 0, 2);
            page.gap();
        }
        let at = self.at.at(items.len());
        let height = usize::from(page.room()).max(1);
        let label = items.iter().map(|o| o.says.chars().count()).max().unwrap_or(0) + 3;
        for i in window(at, items.len(), height) {
            if let Some(o) = items.get(i) {
                let row = Row::new().left(&o.says, label, theme.strong());
                page.row(i == at, theme, if theme.narrow() { row } else { row.rest(&o.means, theme.dim()) });
            }
        }
    }
}
