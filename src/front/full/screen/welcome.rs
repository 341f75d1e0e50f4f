//! Welcome: what will happen. An install that stands or was left half-done comes first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::ask::{Ask, Then};
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

#[derive(Debug, Clone)]
enum Do {
    Start,
    Practise,
    Resume(String),
    Status(String),
    Change(String),
    TakeDown(String),
}

fn items(flow: &Flow) -> Vec<(Do, String, String)> {
    let mut items = vec![];
    for s in &flow.standing {
        let site = || s.site.clone();
        if s.running {
            items.push((Do::Resume(site()), format!("Show the work on {}", s.site), words::AT_WORK.into()));
        } else if s.unfinished {
            items.push((Do::Resume(site()), format!("Go on with {}", s.site), words::half_done(s.done, s.of)));
        }
        items.push((Do::Status(site()), format!("See how {} is", s.site), "parts, cameras, disk".into()));
        items.push((Do::Change(site()), format!("Change {}", s.site), "cameras, days, folder".into()));
        items.push((Do::TakeDown(site()), format!("Take {} down", s.site), "asks first; recordings stay".into()));
    }
    let start = if flow.standing.is_empty() { "Start" } else { "Install another site" };
    items.push((Do::Start, start.into(), String::new()));
    if !flow.practice {
        items.push((Do::Practise, words::TRY_FIRST.into(), words::TRY_MEANS.into()));
    }
    items
}

impl Screen for Welcome {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let items = items(flow);
        if self.at.on(key, items.len()) {
            return Reply::Taken;
        }
        if key != Key::Enter {
            return Reply::Ignored;
        }
        let at = self.at.at(items.len());
        match items.into_iter().nth(at).map(|(what, ..)| what) {
            Some(Do::Practise) => Reply::Want(vec![Intent::Practise]),
            Some(Do::Resume(site)) => Reply::Want(vec![Intent::Pick(site.clone()), Intent::Resume(site)]),
            Some(Do::Status(site)) => Reply::Want(vec![Intent::Pick(site), Intent::Dashboard]),
            Some(Do::Change(site)) => Reply::Want(vec![Intent::Pick(site), Intent::Change]),
            Some(Do::TakeDown(site)) => Ask::new(
                format!("Take {site} down?"),
                "Nothing records after that. The recordings and the passwords stay, so it can be set up again.",
                "Keep it",
            )
            .or(format!("Take {site} down"), Then::Want(vec![Intent::Pick(site), Intent::Uninstall]))
            .open(),
            Some(Do::Start) | None => Reply::Want(vec![Intent::Next]),
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![Hint::key(Key::Enter, "go")];
        if items(flow).len() > 1 {
            hints.insert(0, Hint::rows("choose"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let items = items(flow);
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
                page.line(Row::new().gap(2).rest(words::AT_HAND, theme.plain()));
                page.gap();
            }
        } else if flow.standing.is_empty() {
            page.para(words::HEADING, theme.strong(), 0, 2);
            page.para(words::AT_HAND, theme.dim(), 0, 2);
            page.gap();
        }
        let at = self.at.at(items.len());
        let height = usize::from(page.room()).max(1);
        let label = items.iter().map(|(_, l, _)| l.chars().count()).max().unwrap_or(0) + 3;
        for i in window(at, items.len(), height) {
            if let Some((_, what, means)) = items.get(i) {
                let row = Row::new().left(what, label, theme.strong());
                page.row(i == at, theme, if theme.narrow() { row } else { row.rest(means, theme.dim()) });
            }
        }
    }
}
