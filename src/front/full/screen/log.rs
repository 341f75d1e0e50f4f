//! A log: followed as it grows, searched, saved. The run's own, or a component's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::field::Field;
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, clean, wrap};
use crate::front::full::theme::{Mark, Theme};
use crate::words::figures::{count, time_of_day};

/// The screen.
#[derive(Debug)]
pub struct Log {
    component: Option<String>,
    /// The line at the top; none follows the end.
    top: Option<usize>,
    typing: Option<Field>,
    find: String,
    /// The chosen line is shown whole.
    whole: bool,
}

impl Log {
    /// A component's.
    pub fn of(component: String) -> Self {
        Log { component: Some(component), top: None, typing: None, find: String::new(), whole: false }
    }

    /// The run's.
    pub fn of_the_run() -> Self {
        Log { component: None, top: None, typing: None, find: String::new(), whole: false }
    }

    fn file(&self) -> String {
        format!("kerbup-{}.log", self.component.as_deref().unwrap_or("run"))
    }

    fn len(&self, flow: &Flow) -> usize {
        match (&self.component, &flow.open_log) {
            (None, _) => flow.log.len(),
            (Some(_), Some((_, lines))) => lines.len(),
            (Some(_), None) => 0,
        }
    }

    fn text(&self, flow: &Flow, i: usize) -> String {
        match (&self.component, &flow.open_log) {
            (None, _) => flow.log.get(i).map(|(_, from, text)| format!("{from} {text}")).unwrap_or_default(),
            (Some(_), Some((_, lines))) => lines.get(i).cloned().unwrap_or_default(),
            (Some(_), None) => String::new(),
        }
    }

    fn matches(&self, flow: &Flow, i: usize) -> bool {
        !self.find.is_empty() && self.text(flow, i).to_lowercase().contains(&self.find.to_lowercase())
    }

    /// Moves to the next hit, upwards or downwards, going around the end.
    fn seek(&mut self, flow: &Flow, down: bool) -> Reply {
        let len = self.len(flow);
        let from = self.top.unwrap_or(len.saturating_sub(1)).min(len.saturating_sub(1));
        let step = |n: usize| if down { (from + n) % len.max(1) } else { (from + len - n) % len.max(1) };
        match (1..=len).map(step).find(|i| self.matches(flow, *i)) {
            Some(i) => {
                self.top = Some(i);
                Reply::Taken
            }
            None => Reply::Say(format!("\"{}\" is not in this log.", self.find)),
        }
    }

    fn scroll(&mut self, flow: &Flow, by: isize) -> Reply {
        let len = self.len(flow);
        let from = self.top.unwrap_or(len.saturating_sub(1));
        let to = from.saturating_add_signed(by);
        self.top = if to + 1 >= len && by > 0 { None } else { Some(to.min(len.saturating_sub(1))) };
        Reply::Taken
    }

    fn line(&self, flow: &Flow, i: usize, theme: &Theme) -> Line<'static> {
        let style = if self.matches(flow, i) { theme.accent() } else { theme.plain() };
        match (&self.component, flow.log.get(i)) {
            (None, Some((at, from, text))) => {
                Row::new().left(&time_of_day(*at, &theme.zone), 9, theme.dim()).left(from, 10, theme.dim()).rest(text, style).into()
            }
            _ => Line::styled(clean(&self.text(flow, i)), style),
        }
    }
}

impl Screen for Log {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        if let Some(field) = self.typing.as_mut() {
            return match key {
                Key::Enter => {
                    self.find = field.value().to_string();
                    self.typing = None;
                    if self.find.is_empty() { Reply::Taken } else { self.seek(flow, false) }
                }
                Key::Esc => {
                    self.typing = None;
                    Reply::Taken
                }
                _ if field.on(key) => Reply::Taken,
                _ => Reply::Ignored,
            };
        }
        match key {
            Key::Up | Key::Char('k') => self.scroll(flow, -1),
            Key::Down | Key::Char('j') => self.scroll(flow, 1),
            Key::PageUp => self.scroll(flow, -15),
            Key::PageDown => self.scroll(flow, 15),
            Key::Home | Key::Char('g') => {
                self.top = Some(0);
                Reply::Taken
            }
            Key::End | Key::Char('G' | 'f') => {
                self.top = None;
                Reply::Taken
            }
            // Of a log that is followed it is the last line; choosing one holds it.
            Key::Enter if self.len(flow) > 0 => {
                self.whole = !self.whole;
                self.top = self.top.or(self.len(flow).checked_sub(1));
                Reply::Taken
            }
            Key::Char('/') => {
                self.typing = Some(Field::new(&self.find));
                Reply::Taken
            }
            Key::Char('n') if !self.find.is_empty() => self.seek(flow, true),
            Key::Char('N') if !self.find.is_empty() => self.seek(flow, false),
            Key::Char('s') if self.len(flow) > 0 => Reply::Want(vec![Intent::SaveLog(self.file())]),
            Key::Esc | Key::Left | Key::Char('q' | 'h') if self.component.is_some() => Reply::Close(vec![Intent::CloseLog]),
            Key::Esc | Key::Left | Key::Char('q' | 'h') => Reply::Close(vec![]),
            _ => Reply::Ignored,
        }
    }

    fn typing(&self) -> bool {
        self.typing.is_some()
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        if self.typing.is_some() {
            return vec![Hint::key(Key::Enter, "search"), Hint::key(Key::Esc, "leave it")];
        }
        let mut hints = vec![Hint::rows("scroll"), Hint::letter('/', "search")];
        if !self.find.is_empty() {
            hints.push(Hint { keys: vec![Key::Char('n'), Key::Char('N')], label: "next, last".into() });
        }
        if self.len(flow) > 0 {
            hints.push(Hint::key(Key::Enter, if self.whole { "one row" } else { "whole line" }));
        }
        hints.push(Hint::letter('f', "follow"));
        if self.len(flow) > 0 {
            hints.push(Hint::letter('s', "save"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let len = self.len(flow);
        let what = self.component.as_deref().unwrap_or("this run");
        let state = if self.top.is_some() { theme.state(Mark::Idle, "held") } else { theme.state(Mark::Good, "following") };
        page.line(Line::from(vec![
            Span::styled(format!("Log of {what}   "), theme.strong()),
            state,
            Span::styled(format!("   {}", count(len, "line")), theme.dim()),
        ]));
        let whole = self.top.filter(|_| self.whole).map(|i| wrap(&self.text(flow, i), page.width().saturating_sub(2)));
        let below = whole.as_ref().map_or(0, |lines| (lines.len() + 1).min(usize::from(page.room() / 2)));
        let height = usize::from(page.room()).saturating_sub(usize::from(self.typing.is_some()) + below).max(1);
        if len == 0 {
            page.text("nothing was written yet", theme.dim());
        }
        // A line that was found stands in the middle, so that what led to it is seen.
        let top = match self.top {
            None => len.saturating_sub(height),
            Some(i) => i.saturating_sub(height / 2).min(len.saturating_sub(height)),
        };
        for i in top..(top + height).min(len) {
            if self.top == Some(i) {
                page.row(true, theme, self.line(flow, i, theme));
            } else {
                let mut line = self.line(flow, i, theme);
                line.spans.insert(0, Span::raw("  "));
                page.line(line);
            }
        }
        if let Some(lines) = whole {
            page.keep(below as u16 + u16::from(self.typing.is_some()));
            page.rule(theme, "the whole line");
            for line in lines.into_iter().take(below.saturating_sub(1)) {
                page.text(&format!("  {line}"), theme.plain());
            }
        }
        if let Some(field) = &self.typing {
            page.keep(1);
            let mut line = field.line(page.width().saturating_sub(10), true, false, theme);
            line.spans.insert(0, Span::styled("Search: ", theme.accent()));
            page.line(line);
        }
    }
}
