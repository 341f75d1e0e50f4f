//! Install: what runs at the same time is seen at the same time.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::detail::{Detail, Of};
use super::log::Log;
use super::{Reply, Screen};
use crate::flow::state::{Purpose, StepRun};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::bar::bar;
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, width};
use crate::front::full::theme::{Mark, Theme};
use crate::model::event::Unit;
use crate::words::figures::{bytes, part_of, percent, span, time_of_day};
use crate::words::stage;

/// The screen. The cursor follows what runs until it is moved.
#[derive(Debug, Default)]
pub struct Install {
    at: Option<Cursor>,
}

/// The step that is looked at when nobody chose one: the first that runs, else the last that is done.
fn follow(flow: &Flow) -> usize {
    let find = |f: fn(&StepRun) -> bool| flow.order.iter().position(|id| flow.steps.get(id).is_some_and(f));
    let running = find(|s| matches!(s, StepRun::Running { .. }));
    running.or_else(|| find(|s| matches!(s, StepRun::Waiting))).unwrap_or(flow.order.len().saturating_sub(1))
}

fn waits_for(flow: &Flow, id: &str) -> Option<String> {
    let step = flow.plan.as_ref()?.step(id)?;
    let open = step.after.iter().find(|a| !matches!(flow.steps.get(*a), Some(StepRun::Done { .. })))?;
    Some(format!("after: {}", flow.titles.get(open).unwrap_or(open)))
}

/// Seconds that are left, where every step that is not done says how long it takes.
fn left(flow: &Flow, now: f64) -> Option<f64> {
    let plan = flow.plan.as_ref()?;
    let (seconds, whole) = plan.lasts(|s| {
        let all = s.preview.seconds;
        match flow.steps.get(&s.id)? {
            StepRun::Waiting => Some(all),
            // What shares the line is told by its bytes.
            StepRun::Running { progress: Some((done, Some(total @ 1..), Unit::Bytes)), .. } => {
                Some(all.map(|all| all * (1.0 - *done as f64 / *total as f64).clamp(0.0, 1.0)))
            }
            StepRun::Running { since, .. } => Some(all.map(|all| (all - (now - since)).max(0.0))),
            _ => None,
        }
    });
    whole.then_some(seconds)
}

/// Cells below which a bar says less than a number.
const TIGHT: usize = 30;

fn progress(done: u64, total: Option<u64>, unit: Unit, seconds: f64, theme: &Theme, cells: usize) -> Vec<Span<'static>> {
    match (unit, total) {
        (Unit::Bytes, Some(total)) if cells < TIGHT => vec![Span::raw(percent(done as f64 / total.max(1) as f64))],
        (Unit::Bytes, Some(total)) => {
            let rate = if seconds > 1.0 { format!("{}/s", bytes((done as f64 / seconds) as u64)) } else { String::new() };
            let (amount, speed) = (17, 9);
            let mut spans = bar(done as f64 / total.max(1) as f64, cells.saturating_sub(amount + speed).min(40), theme);
            let row = Row::new().right(&part_of(done, total), amount, theme.plain()).right(&rate, speed, theme.dim());
            spans.extend(Line::from(row).spans);
            spans
        }
        (Unit::Bytes, None) => vec![Span::raw(bytes(done))],
        (Unit::Seconds, Some(total)) => vec![Span::styled(format!("{} of at most {}", span(done as f64), span(total as f64)), theme.dim())],
        // It does not count by itself: how long it has run is known here.
        (Unit::Seconds, None) => vec![Span::styled(format!("running, {}", span(seconds)), theme.dim())],
    }
}

fn row(flow: &Flow, id: &str, theme: &Theme, cells: usize) -> Line<'static> {
    let title = flow.titles.get(id).map_or(id, String::as_str);
    let wide = if theme.wide() { 46 } else { 34.min(cells / 2) };
    let cell = |mark: Mark| Row::new().left(theme.glyph(mark), 2, theme.style(mark)).left(title, wide, theme.plain()).gap(1);
    let rest = cells.saturating_sub(wide + 3);
    let end = |mark: Mark, word: &str, time: &str| -> Line<'static> {
        let (word, time) = if rest < TIGHT { (word.split([' ', ':']).next().unwrap_or(word), "") } else { (word, time) };
        cell(mark).left(word, rest.saturating_sub(width(time) + 1), theme.dim()).right(time, width(time) + 1, theme.dim()).into()
    };
    match flow.steps.get(id) {
        None | Some(StepRun::Waiting) => {
            let says = if flow.ended.is_some() { "not done".into() } else { waits_for(flow, id).unwrap_or_else(|| "waits".into()) };
            Row::new().left(theme.glyph(Mark::Idle), 2, theme.dim()).left(title, wide, theme.dim()).gap(1).rest(&says, theme.dim()).into()
        }
        Some(StepRun::Running { since, progress: so_far, note }) => {
            let seconds = theme.now - since;
            let mut line: Line<'static> = cell(Mark::Busy).into();
            match so_far {
                Some((done, total, unit)) => line.spans.extend(progress(*done, *total, *unit, seconds, theme, rest)),
                None if note.is_empty() => line.spans.push(Span::styled(format!("running, {}", span(seconds)), theme.dim())),
                None => line.spans.push(Span::styled(format!("{note}, {}", span(seconds)), theme.dim())),
            }
            line
        }
        Some(StepRun::Done { seconds, changed }) => end(Mark::Good, stage::done(id, *changed), &span(*seconds)),
        Some(StepRun::Failed { seconds, fault }) => end(Mark::Bad, &format!("failed: {}", fault.code), &span(*seconds)),
        Some(StepRun::Reverted) => end(Mark::Off, "done", ""),
    }
}

impl Install {
    fn cursor(&self, flow: &Flow) -> usize {
        self.at.map_or_else(|| follow(flow), |c| c.at(flow.order.len()))
    }

    fn overall(flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        let (done, of) = flow.along();
        let cells = page.width().saturating_sub(40).clamp(8, 50);
        let mut spans = bar(done as f64 / of.max(1) as f64, cells, theme);
        spans.push(Span::styled(format!("  {done} of {of}"), theme.strong()));
        let says = match (&flow.ended, flow.stopping, flow.paused) {
            (Some(e), ..) if e.ok => "ended well".to_string(),
            (Some(_), ..) => "stopped; r goes on from here".into(),
            (None, true, _) => "stops after the step in hand".into(),
            (None, _, true) => "held; p goes on".into(),
            (None, ..) => left(flow, theme.now).filter(|s| *s > 0.0).map(|s| format!("about {} left", span(s))).unwrap_or_default(),
        };
        spans.push(Span::styled(format!("   {says}"), if flow.paused || flow.stopping { theme.warn() } else { theme.dim() }));
        page.line(Line::from(spans));
    }

    fn log_tail(flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        let rows = usize::from(page.room());
        let from = flow.log.len().saturating_sub(rows);
        for (at, who, text) in flow.log.iter().skip(from) {
            let row = Row::new().left(&time_of_day(*at, &theme.zone), 9, theme.dim()).left(who, 10, theme.dim()).rest(text, theme.plain());
            page.line(row);
        }
    }
}

impl Screen for Install {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let mut cursor = Cursor::to(self.cursor(flow));
        match key {
            Key::Char('p') if flow.holds() => Reply::Want(vec![Intent::Pause(!flow.paused)]),
            Key::Char('l') => Reply::Open(Box::new(Log::of_the_run()), vec![]),
            Key::Char('f') if self.at.is_some() => {
                self.at = None;
                Reply::Taken
            }
            Key::Char('r') if !flow.running && flow.ended.as_ref().is_some_and(|e| !e.ok) => Reply::Want(vec![Intent::Retry]),
            Key::Enter => match flow.order.get(self.cursor(flow)) {
                Some(id) => Reply::Open(Box::new(Detail::of(Of::Step(id.clone()))), vec![]),
                None => Reply::Taken,
            },
            _ if cursor.on(key, flow.order.len()) => {
                self.at = Some(cursor);
                Reply::Taken
            }
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![];
        if flow.holds() {
            hints.push(Hint::letter('p', if flow.paused { "go on" } else { "pause" }));
        }
        if !flow.running && flow.ended.as_ref().is_some_and(|e| !e.ok) {
            hints.push(Hint::letter('r', "go on"));
        }
        hints.push(Hint::letter('l', "log"));
        if !flow.order.is_empty() {
            hints.push(Hint::rows("look"));
            hints.push(Hint::key(Key::Enter, "detail"));
        }
        if self.at.is_some() {
            hints.push(Hint::letter('f', "follow"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let log = if theme.narrow() { 0 } else { 4 };
        let close = usize::from(flow.running && !theme.narrow() && flow.purpose == Purpose::Install);
        let height = usize::from(page.room()).saturating_sub(3 + log + close).max(1);
        let at = self.cursor(flow);
        let cells = page.width().saturating_sub(2);
        for i in window(at, flow.order.len(), height.min(flow.order.len().max(1))) {
            if let Some(id) = flow.order.get(i) {
                page.row(i == at && self.at.is_some(), theme, row(flow, id, theme, cells));
            }
        }
        if flow.order.is_empty() {
            page.line(theme.state(Mark::Busy, "getting ready"));
        }
        if !theme.narrow() {
            page.gap();
        }
        Self::overall(flow, theme, &mut page);
        if log > 0 {
            page.rule(theme, "log");
            let keep = page.rest();
            let tail = Rect { height: keep.height.saturating_sub(close as u16), ..keep };
            Self::log_tail(flow, theme, &mut Page::new(page.buf(), tail));
            if close > 0 {
                page.keep(1);
                page.text("You may close this window: it goes on. Start kerbup to see it again.", theme.dim());
            }
        }
    }
}
