//! Storage: folder, days, who may look. What it comes to stands below and changes with every number.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Reply, Screen};
use crate::ask::valid;
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::bar::bar;
use crate::front::full::part::field::Field;
use crate::front::full::part::list::Cursor;
use crate::front::full::part::page::Page;
use crate::front::full::part::text::width;
use crate::front::full::theme::{Mark, Theme};
use crate::model::answers::{Answers, Expose, PlatformKind};
use crate::words::answers as words;
use crate::words::figures::{bytes, count};
use crate::words::stage::folder_stays;

const FOLDER: usize = 0;
const DAYS: usize = 1;
const EXPOSE: usize = 2;
const GO: usize = 3;

/// The screen.
#[derive(Debug, Default)]
pub struct Storage {
    at: Cursor,
    typing: Option<Field>,
    /// The days before they were typed anew.
    before: u32,
}

fn next_expose(answers: &Answers, forward: bool) -> Expose {
    let all: &[Expose] = match answers.platform {
        PlatformKind::Docker => &[Expose::Lan, Expose::Loopback],
        _ => &[Expose::Lan, Expose::Loopback, Expose::LoadBalancer, Expose::Ingress],
    };
    let at = all.iter().position(|e| *e == answers.expose).unwrap_or(0);
    let step = if forward { 1 } else { all.len() - 1 };
    all.get((at + step) % all.len()).copied().unwrap_or(answers.expose)
}

impl Storage {
    fn commit(&mut self) -> Reply {
        let Some(field) = &self.typing else { return Reply::Taken };
        let text = field.value().trim();
        let intent = if self.at.at(4) == DAYS { valid::days(text).map(Intent::Days) } else { valid::folder(text).map(Intent::Folder) };
        match intent {
            Ok(intent) => {
                self.typing = None;
                Reply::Want(vec![intent])
            }
            // The field stays open with what was typed.
            Err(why) => Reply::Say(why),
        }
    }

    fn on_typing(&mut self, key: Key) -> Reply {
        match key {
            Key::Enter | Key::Tab | Key::Down | Key::Up => self.commit(),
            Key::Esc => {
                self.typing = None;
                if self.at.at(4) == DAYS { Reply::Want(vec![Intent::Days(self.before)]) } else { Reply::Taken }
            }
            _ => {
                let days = self.at.at(4) == DAYS;
                let Some(field) = self.typing.as_mut() else { return Reply::Ignored };
                if matches!(key, Key::Char(c) if days && !c.is_ascii_digit()) {
                    return Reply::Say(words::DAYS.into());
                }
                if !field.on(key) {
                    return Reply::Ignored;
                }
                // Every number that is one is sized at once.
                match field.value().parse::<u32>() {
                    Ok(n) if days && n > 0 => Reply::Want(vec![Intent::Days(n)]),
                    _ => Reply::Taken,
                }
            }
        }
    }

    fn row(&self, row: usize, label: &str, value: Line<'static>, beside: &str, theme: &Theme, page: &mut Page<'_>) {
        let here = self.at.at(4) == row;
        let (mark, style) = if here { ("› ", theme.accent()) } else { ("  ", theme.dim()) };
        let label_cells = if theme.narrow() { 9 } else { 26 };
        let mut spans = vec![Span::styled(mark, theme.accent()), Span::styled(format!("{label:<label_cells$}"), style)];
        let taken: usize = value.spans.iter().map(|s| width(&s.content)).sum();
        spans.extend(value.spans);
        if !theme.narrow() {
            spans.push(Span::raw(" ".repeat(26usize.saturating_sub(taken).max(2))));
            spans.push(Span::styled(beside.to_string(), theme.dim()));
        }
        page.line(Line::from(spans));
    }

    fn sizing(flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        let Some(s) = &flow.sizing else {
            page.line(Line::from(vec![Span::raw("  "), theme.state(Mark::Busy, "working out what it needs")]));
            return;
        };
        let cameras = count(flow.answers.cameras.len(), "camera");
        let days = count(flow.answers.retention_days as usize, "day");
        match s.max_bytes {
            Some(max) => {
                page.para(
                    &format!("{cameras}, always recording: at most {} in {days}; with movement, less.", bytes(max)),
                    theme.plain(),
                    2,
                    2,
                );
            }
            None if flow.answers.cameras.is_empty() => {
                page.para(words::SIZE_LATER, theme.dim(), 2, 2);
            }
            None => page.para(words::SIZE_UNKNOWN, theme.dim(), 2, 2),
        }
        if let (Some(max), Some(free), Some(total)) = (s.max_bytes, s.free_bytes, s.total_bytes) {
            // Not all that is free may be used: what counts is the days that fit.
            let days = f64::from(flow.answers.retention_days);
            let part = s.fits_days.map_or(max as f64 / free.max(1) as f64, |fits| days / f64::from(fits.max(1)));
            let cells = page.width().saturating_sub(4).min(64);
            if !theme.narrow() {
                page.gap();
                let mut spans = vec![Span::raw("  ")];
                let warned = |s: Span<'static>| if part > 1.0 { s.style(theme.warn()) } else { s };
                spans.extend(bar(part, cells, theme).into_iter().map(warned));
                page.line(Line::from(spans));
            }
            let fits = part <= 1.0;
            let says = match theme.narrow() {
                true => format!("{} of {} free", bytes(free), bytes(total)),
                false => format!("needs at most {}, {} of {} free", bytes(max), bytes(free), bytes(total)),
            };
            let state = if fits { theme.state(Mark::Good, "fits") } else { theme.state(Mark::Warn, "may fill up") };
            page.line(Line::from(vec![Span::raw("  "), state, Span::styled(format!("   {says}"), theme.plain())]));
            if let (Some(fits_days), false) = (s.fits_days, fits) {
                let says = format!("About {} fit; then the oldest recordings go first.", count(fits_days as usize, "day"));
                page.para(&says, theme.warn(), 2, 2);
            }
        }
        if !theme.narrow() {
            page.gap();
            for note in &s.notes {
                page.para(note, theme.dim(), 2, 2);
            }
            page.para(&format!("Recordings older than {days} are deleted by the stack itself."), theme.dim(), 2, 2);
        }
    }
}

impl Screen for Storage {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        if self.typing.is_some() {
            return self.on_typing(key);
        }
        if self.at.on(key, 4) {
            return Reply::Taken;
        }
        let days = flow.answers.retention_days;
        match (self.at.at(4), key) {
            (at, Key::Tab) => {
                self.at = Cursor::to((at + 1) % 4);
                Reply::Taken
            }
            (FOLDER, Key::Enter) if flow.kept_folder().is_some() => Reply::Say(folder_stays(flow.kept_folder().unwrap_or_default())),
            (FOLDER, Key::Enter) => {
                self.typing = Some(Field::new(&flow.answers.path));
                Reply::Taken
            }
            (DAYS, Key::Enter) => {
                self.before = days;
                self.typing = Some(Field::new(&days.to_string()));
                Reply::Taken
            }
            (DAYS, Key::Char(c)) if c.is_ascii_digit() => {
                self.before = days;
                self.typing = Some(Field::default());
                self.on_typing(key)
            }
            (DAYS, Key::Char('+')) => Reply::Want(vec![Intent::Days(days + 1)]),
            (DAYS, Key::Char('-')) => Reply::Want(vec![Intent::Days(days.saturating_sub(1).max(1))]),
            (EXPOSE, Key::Enter | Key::Char(' ') | Key::Right) => Reply::Want(vec![Intent::Expose(next_expose(&flow.answers, true))]),
            (EXPOSE, Key::Left) => Reply::Want(vec![Intent::Expose(next_expose(&flow.answers, false))]),
            (GO, Key::Enter) => Reply::Want(vec![Intent::Next]),
            _ => Reply::Ignored,
        }
    }

    fn typing(&self) -> bool {
        self.typing.is_some()
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        if self.typing.is_some() {
            return vec![Hint::key(Key::Enter, "keep it"), Hint::key(Key::Esc, "as it was")];
        }
        let mut hints = vec![Hint::rows("choose")];
        hints.push(match self.at.at(4) {
            FOLDER if flow.kept_folder().is_some() => Hint::key(Key::Enter, "why it stays"),
            FOLDER => Hint::key(Key::Enter, "change"),
            DAYS => Hint { keys: vec![Key::Char('+'), Key::Char('-')], label: "days".into() },
            EXPOSE => Hint::key(Key::Char(' '), "change"),
            _ => Hint::key(Key::Enter, "go on"),
        });
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        if !theme.narrow() {
            page.gap();
        }
        let a = &flow.answers;
        let typing = |row: usize| self.typing.as_ref().filter(|_| self.at.at(4) == row);
        let cells = page.width().saturating_sub(if theme.narrow() { 12 } else { 30 });
        let folder = typing(FOLDER).map_or(Line::styled(a.path.clone(), theme.strong()), |f| f.line(cells, true, false, theme));
        let kind = flow.sizing.as_ref().map_or("", |s| s.kind.as_str());
        let wide = |long: &'static str, short: &'static str| if theme.narrow() { short } else { long };
        self.row(FOLDER, wide("Folder for recordings", "Folder"), folder, kind, theme, &mut page);
        let days =
            typing(DAYS).map_or(Line::styled(count(a.retention_days as usize, "day"), theme.strong()), |f| f.line(6, true, false, theme));
        self.row(DAYS, wide("Keep recordings", "Keep"), days, "", theme, &mut page);
        let here = self.at.at(4) == EXPOSE;
        let words = if theme.narrow() { words::who_short(a.expose) } else { words::who(a.expose) };
        let expose = if here { format!("‹ {words} ›") } else { words.into() };
        self.row(EXPOSE, wide("Who may open the page", "Page for"), Line::styled(expose, theme.strong()), "", theme, &mut page);
        page.gap();
        Self::sizing(flow, theme, &mut page);
        if !theme.narrow() {
            page.gap();
        }
        let style = if self.at.at(4) == GO { theme.selected() } else { theme.strong() };
        page.line(Line::from(vec![
            Span::raw("  "),
            Span::styled("[ Show me the plan ]", style),
            Span::styled(if theme.narrow() { "" } else { "  still changes nothing" }, theme.dim()),
        ]));
    }
}
