//! Done: it records, and where to see it. The same lines stay in the terminal when the full screen closes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, clip};
use crate::front::full::theme::{Mark, Theme};
use crate::model::event::Address;

/// The screen.
#[derive(Debug, Default)]
pub struct Done;

fn addresses(flow: &Flow) -> &[Address] {
    flow.ended.as_ref().map_or(&[], |e| e.addresses.as_slice())
}

fn secret(flow: &Flow) -> Option<&str> {
    addresses(flow).iter().find_map(|a| a.password.as_deref())
}

impl Screen for Done {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let installed = flow.left_standing();
        match key {
            Key::Enter if installed => Reply::Want(vec![Intent::Dashboard]),
            Key::Enter => Reply::Want(vec![Intent::Quit]),
            Key::Char('v') if flow.revealed.is_some() => Reply::Want(vec![Intent::Conceal]),
            Key::Char('v') => secret(flow).map_or(Reply::Ignored, |name| Reply::Want(vec![Intent::Reveal(name.into())])),
            Key::Char('c') => addresses(flow).first().map_or(Reply::Ignored, |a| Reply::Copy(a.url.clone())),
            Key::Char('q') => Reply::Want(vec![Intent::Quit]),
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![Hint::key(Key::Enter, if flow.left_standing() { "see how it is" } else { "leave" })];
        if secret(flow).is_some() {
            hints.push(Hint::letter('v', if flow.revealed.is_some() { "hide the password" } else { "show the password" }));
        }
        if !addresses(flow).is_empty() {
            hints.push(Hint::letter('c', "copy the address"));
        }
        hints.push(Hint::letter('q', if flow.recording() > 0 { "leave, it records on" } else { "leave" }));
        if !flow.left_standing() {
            hints.pop();
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let Some(came) = flow.came() else { return };
        if !theme.narrow() {
            page.gap();
        }
        let cells = page.width();
        let mark = if came.whole() { Mark::Good } else { Mark::Warn };
        page.line(Line::from(vec![Span::raw("  "), theme.state(mark, &clip(came.title(), cells.saturating_sub(4)))]));
        seen(came.recorded, theme, &mut page);
        if !theme.narrow() {
            page.gap();
        }
        let label = if theme.narrow() { 2 } else { 22 };
        // Names of one place stand together, and the login to it below them.
        let mut login = None;
        for (i, a) in came.addresses.iter().enumerate() {
            if theme.narrow() {
                page.text(&format!("  {}", a.title), theme.dim());
                page.text(&format!("  {}", a.url), theme.accent());
            } else {
                page.line(Row::new().gap(2).left(&a.title, label, theme.dim()).rest(&a.url, theme.accent()));
            }
            login = a.user.as_ref().map(|user| (user, a)).or(login);
            let next = came.addresses.get(i + 1);
            if let Some((user, a)) = login.filter(|_| next.is_none_or(|n| n.user.is_some())) {
                login = None;
                let shown = flow.revealed.as_ref().filter(|(name, _)| Some(name) == a.password.as_ref());
                let password = match (shown, &a.password) {
                    (Some((_, value)), _) => value.clone(),
                    (None, Some(_)) => "••••••••".into(),
                    (None, None) => "no password".into(),
                };
                let row = Row::new().gap(2).left(
                    if theme.narrow() { "" } else { "Name, password" },
                    label - 2 * usize::from(theme.narrow()),
                    theme.dim(),
                );
                page.line(row.rest(&format!("{user}   {password}"), theme.strong()));
            }
        }
        if !came.more().is_empty() && !came.addresses.is_empty() {
            page.gap();
        }
        // A cure is longer than a word; many of them leave each less room.
        let most = if came.more().len() > 2 { 2 } else { 4 };
        for line in came.more() {
            page.para(line, theme.plain(), 2, most);
        }
        let Some(goes_on) = came.goes_on() else { return };
        page.gap();
        page.para(&goes_on, theme.plain(), 2, 3);
        if theme.narrow() {
            return;
        }
        page.gap();
        for (command, what) in came.commands() {
            page.line(Row::new().gap(2).left(command, label, theme.strong()).rest(what, theme.dim()));
        }
        if let Some(says) = came.from_outside() {
            page.gap();
            page.para(says, theme.dim(), 2, 2);
        }
    }
}

/// What was seen of each camera; of many, the first few.
fn seen(recorded: &[(String, String)], theme: &Theme, page: &mut Page<'_>) {
    const MOST: usize = 4;
    for (camera, says) in recorded.iter().take(MOST) {
        if theme.narrow() {
            page.para(&format!("{camera}: {says}"), theme.dim(), 2, 2);
        } else {
            page.line(Row::new().gap(4).left(camera, 15, theme.plain()).rest(says, theme.dim()));
        }
    }
    if recorded.len() > MOST {
        page.line(Row::new().gap(4).rest(&format!("and {} more", recorded.len() - MOST), theme.dim()));
    }
}
