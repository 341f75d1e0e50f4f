//! This machine: facts fill in as they are known, checks say what they mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::ask::{Ask, Then};
use crate::front::full::part::frame::beside;
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::Row;
use crate::front::full::theme::{Mark, Theme};
use crate::model::check::{Check, Status};
use crate::words::machine::{Known, rows};
use crate::words::stage::{fix_offered, status};

/// Where the report goes when a person asks for it.
pub const REPORT_FILE: &str = "kerbup-report.json";

/// The screen.
#[derive(Debug, Default)]
pub struct Machine {
    at: Cursor,
    all: bool,
}

fn mark(status: Status) -> Mark {
    match status {
        Status::Pass => Mark::Good,
        Status::Skip => Mark::Idle,
        Status::Warn => Mark::Warn,
        Status::Block => Mark::Bad,
    }
}

/// What a check came to, in a word: no colour is needed to tell.
fn word(check: &Check, flow: &Flow) -> &'static str {
    match check.status {
        Status::Block if check.fix.is_some_and(|f| flow.fixes.contains(&f)) => "agreed",
        other => status(other),
    }
}

impl Machine {
    /// What is listed: what needs a look first, the rest on request.
    fn listed<'a>(&self, flow: &'a Flow) -> Vec<&'a Check> {
        let mut list: Vec<&Check> = flow.checks.iter().filter(|c| self.all || c.status >= Status::Warn).collect();
        list.sort_by_key(|c| c.status.order());
        list
    }

    fn chosen<'a>(&self, flow: &'a Flow) -> Option<&'a Check> {
        let list = self.listed(flow);
        list.get(self.at.at(list.len())).copied()
    }

    fn facts(&self, flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        let seen = rows(&flow.host, &flow.pending);
        for s in &seen {
            let row = Row::new().gap(2).left(s.subject, 12, theme.dim());
            page.line(match s.known {
                Known::Yes => row.rest(&s.says, theme.plain()),
                Known::Soon => row.rest(&format!("{} {}", theme.spinner(), s.says), theme.accent()),
                // Before the first facts come, nothing is pending yet.
                Known::No if flow.probing => row.rest(&format!("{} looking", theme.spinner()), theme.accent()),
                Known::No => row.rest(&format!("not known: {}", s.says), theme.dim()),
            });
        }
        // What is asked for beyond the rows, such as the time: one line tells why it is not done yet.
        if let (Some(what), true) = (flow.pending.first(), flow.probing && seen.iter().all(|s| s.known == Known::Yes)) {
            page.line(Row::new().gap(2).left("", 12, theme.dim()).rest(&format!("{} {what}", theme.spinner()), theme.accent()));
        }
    }

    fn summary(flow: &Flow, theme: &Theme) -> Line<'static> {
        if flow.checks.is_empty() {
            return Line::from(vec![Span::raw("  "), theme.state(Mark::Busy, "looking at this machine; nothing is changed")]);
        }
        let count = |status: Status| flow.checks.iter().filter(|c| c.status == status).count();
        let blocks = flow.blocks().count();
        let way = format!("{blocks} in the way");
        let passed = if theme.narrow() { "fine" } else { "checks passed" };
        Line::from(vec![
            Span::raw("  "),
            Span::styled(format!("{} {passed}", count(Status::Pass)), theme.good()),
            Span::styled(format!(", {} to know, ", count(Status::Warn)), theme.plain()),
            Span::styled(way, if blocks > 0 { theme.bad() } else { theme.plain() }),
        ])
    }

    fn checks(&self, flow: &Flow, theme: &Theme, page: &mut Page<'_>, height: usize) {
        let list = self.listed(flow);
        let at = self.at.at(list.len());
        for i in window(at, list.len(), height) {
            if let Some(c) = list.get(i) {
                let row = Row::new()
                    .cell(theme.state(mark(c.status), word(c, flow)), 13)
                    .left(&c.area, 11, theme.strong())
                    .rest(&c.seen, theme.plain());
                page.row(i == at, theme, row);
            }
        }
    }

    fn advice(&self, flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        let Some(c) = self.chosen(flow) else { return };
        let fix = c.offer().filter(|f| !flow.fixes.contains(f));
        let rows = usize::from(page.room()).saturating_sub(if fix.is_some() { 1 } else { 0 });
        if theme.wide() {
            page.para(&c.seen, theme.strong(), 2, 4);
            page.gap();
            page.para(&c.advice, theme.plain(), 2, rows.clamp(1, 12));
        } else {
            // What the row had to cut is read here to its end.
            let rows = rows.saturating_sub(1);
            page.para(&c.seen, theme.strong(), 2, rows.clamp(1, 2));
            let rows = usize::from(page.room()).saturating_sub(1 + usize::from(fix.is_some()));
            page.para(&c.advice, theme.plain(), 2, rows.clamp(1, 4));
        }
        if let Some(fix) = fix {
            page.line(Line::from(vec![
                Span::raw("  "),
                Span::styled("Enter", theme.accent()),
                Span::styled(format!("  {}", fix_offered(fix)), theme.plain()),
            ]));
        }
        page.text(&format!("  {}", c.id), theme.dim());
    }
}

impl Screen for Machine {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let len = self.listed(flow).len();
        if len > 0 && self.at.on(key, len) {
            return Reply::Taken;
        }
        match key {
            Key::Char('a') => {
                self.all = !self.all;
                self.at = Cursor::default();
                Reply::Taken
            }
            Key::Char('w') if !flow.checks.is_empty() => Reply::Want(vec![Intent::SaveReport(REPORT_FILE.into())]),
            Key::Enter => match self.chosen(flow).and_then(|c| c.offer().map(|f| (c, f))) {
                Some((c, fix)) if !flow.fixes.contains(&fix) => {
                    Ask::new(c.seen.clone(), c.advice.clone(), "Not now").or(fix_offered(fix), Then::Want(vec![Intent::Fix(fix)])).open()
                }
                _ => Reply::Want(vec![Intent::Next]),
            },
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![];
        if !self.listed(flow).is_empty() {
            hints.push(Hint::rows("look"));
        }
        let fix = self.chosen(flow).and_then(Check::offer).filter(|f| !flow.fixes.contains(f));
        hints.push(Hint::key(Key::Enter, if fix.is_some() { "agree" } else { "go on" }));
        if !flow.checks.is_empty() {
            hints.push(Hint::letter('a', if self.all { "what needs a look" } else { "all checks" }));
            hints.push(Hint::letter('w', "report"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        if theme.wide() {
            let (left, right) = beside(area, 60, theme, buf);
            let mut page = Page::new(buf, left);
            self.facts(flow, theme, &mut page);
            page.gap();
            page.line(Self::summary(flow, theme));
            let height = page.room().into();
            self.checks(flow, theme, &mut page, height);
            self.advice(flow, theme, &mut Page::new(buf, right));
            return;
        }
        let mut page = Page::new(buf, area);
        if theme.narrow() {
            page.line(Self::summary(flow, theme));
            let height = usize::from(page.room() / 2).max(1);
            self.checks(flow, theme, &mut page, height);
            page.gap();
            self.advice(flow, theme, &mut page);
            return;
        }
        let listed = self.listed(flow).len();
        // With all checks on request the facts make room.
        if !self.all {
            self.facts(flow, theme, &mut page);
            page.gap();
        }
        page.line(Self::summary(flow, theme));
        // Below it: the gap, what was seen and what to do, the fix, the check's name.
        let height = usize::from(page.room()).saturating_sub(8).clamp(2, listed.max(2));
        self.checks(flow, theme, &mut page, height);
        if page.room() > 4 {
            page.gap();
        }
        self.advice(flow, theme, &mut page);
    }
}
