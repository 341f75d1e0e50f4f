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
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, width};
use crate::front::full::theme::{Mark, Theme};
use crate::model::answers::{Answers, Expose, PlatformKind, Shape};
use crate::model::check::Status;
use crate::words::answers as words;
use crate::words::disks::{self, Offer};
use crate::words::figures::{bytes, count, short_path};
use crate::words::stage;

/// Disks that are listed at once.
const DISKS: usize = 4;

/// A row that the cursor can be at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    #[default]
    Folder,
    /// One of the disks that are offered.
    Disk(usize),
    Days,
    Expose,
    /// The site gets a name of its own where others stand.
    Name,
    Go,
}

/// The disks to choose from: none where the site stands, since its recordings stay where they are.
fn offers(flow: &Flow) -> Vec<Offer> {
    if flow.kept_folder().is_some() { vec![] } else { disks::offered(&flow.host) }
}

/// The rows there are: a shape without a page does not ask who may open it.
fn rows(flow: &Flow) -> Vec<At> {
    let disks = (0..offers(flow).len()).map(At::Disk);
    let expose = (flow.answers.shape == Shape::Full).then_some(At::Expose);
    let name = flow.names_site().then_some(At::Name);
    [At::Folder].into_iter().chain(disks).chain([At::Days]).chain(expose).chain(name).chain([At::Go]).collect()
}

/// The screen.
#[derive(Debug, Default)]
pub struct Storage {
    /// Place among the rows there are.
    at: Cursor,
    typing: Option<Field>,
    /// The row that is typed in.
    row: At,
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
    fn here(&self, flow: &Flow) -> At {
        let rows = rows(flow);
        rows.get(self.at.at(rows.len())).copied().unwrap_or(At::Go)
    }

    fn commit(&mut self) -> Reply {
        let Some(field) = &self.typing else { return Reply::Taken };
        let text = field.value().trim();
        let intent = match self.row {
            At::Days => valid::days(text).map(Intent::Days),
            At::Name => valid::name(text).map(Intent::Name),
            _ => valid::folder(text).map(Intent::Folder),
        };
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
                if self.row == At::Days { Reply::Want(vec![Intent::Days(self.before)]) } else { Reply::Taken }
            }
            _ => {
                let days = self.row == At::Days;
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

    fn type_days(&mut self, flow: &Flow, text: &str) {
        self.before = flow.answers.retention_days;
        self.row = At::Days;
        self.typing = Some(Field::new(text));
    }

    fn row(here: bool, label: &str, value: Line<'static>, beside: &str, theme: &Theme, page: &mut Page<'_>) {
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
        // The plan keeps what fits, where that is less than what is wanted.
        let kept = s.max_bytes.and(s.fits_days).map_or(flow.answers.retention_days, |fits| flow.answers.retention_days.min(fits.max(1)));
        let known = s.max_bytes.is_some() || s.at_least_bytes.is_some();
        page.para(&words::sized(s, &flow.answers), if known { theme.plain() } else { theme.dim() }, 2, 2);
        if let (None, Some(least), Some(free)) = (s.max_bytes, s.at_least_bytes, s.free_bytes) {
            // What is not measured may be more than all that is: nothing is said to fit.
            let says = format!("needs at least {}, {} free", bytes(least), bytes(free));
            let mark = if least > free { theme.state(Mark::Warn, "does not fit") } else { theme.state(Mark::Idle, "not all is known") };
            page.line(Line::from(vec![Span::raw("  "), mark, Span::styled(format!("   {says}"), theme.plain())]));
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
            page.para(
                &format!("Recordings older than {} are deleted by the stack itself.", count(kept as usize, "day")),
                theme.dim(),
                2,
                2,
            );
        }
    }
}

/// The disks under the folder: the one that is taken has its mark, one that cannot be says why.
fn offered(at: At, flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
    let offers = offers(flow);
    let chosen = if let At::Disk(i) = at { Some(i) } else { None };
    let taken = offers.iter().position(|o| disks::taken(o, &flow.answers));
    let place = offers.iter().map(|o| width(&o.place)).max().unwrap_or(0).clamp(4, 20);
    let says = offers.iter().map(|o| width(&o.says)).max().unwrap_or(0).min(34);
    for i in window(chosen.or(taken).unwrap_or(0), offers.len(), DISKS.min(offers.len())) {
        let Some(offer) = offers.get(i) else { continue };
        let (mark, word) = match &offer.folder {
            Ok(_) if taken == Some(i) => (Mark::Good, "chosen".to_string()),
            Ok(_) => (Mark::Idle, String::new()),
            Err(why) => (Mark::Off, why.clone()),
        };
        let style = if offer.folder.is_ok() { theme.plain() } else { theme.dim() };
        let row =
            Row::new().gap(2).left(theme.glyph(mark), 2, theme.style(mark)).left(&short_path(&offer.place, place), place, style).gap(2);
        let row = match (theme.narrow(), &offer.folder) {
            (true, Err(_)) => row.rest(&word, style),
            (true, Ok(_)) => row.rest(&offer.says, style),
            (false, _) => row.left(&offer.says, says, style).gap(2).rest(&word, theme.style(mark)),
        };
        page.row(chosen == Some(i), theme, row);
    }
}

/// What the checks say of the disk below the folder, beside it at once.
fn concerns(flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
    for check in disks::concerns(&flow.checks).into_iter().take(if theme.narrow() { 1 } else { 2 }) {
        let (mark, style) = if check.status == Status::Block { (Mark::Bad, theme.bad()) } else { (Mark::Warn, theme.warn()) };
        let says = if check.status == Status::Block { stage::in_the_way(check) } else { check.seen.clone() };
        page.para(&format!("{} {says}", theme.glyph(mark)), style, 2, 2);
    }
}

impl Screen for Storage {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        if self.typing.is_some() {
            return self.on_typing(key);
        }
        let len = rows(flow).len();
        if self.at.on(key, len) {
            return Reply::Taken;
        }
        let days = flow.answers.retention_days;
        match (self.here(flow), key) {
            (_, Key::Tab) => {
                self.at = Cursor::to((self.at.at(len) + 1) % len);
                Reply::Taken
            }
            (At::Folder, Key::Enter) if flow.kept_folder().is_some() => {
                Reply::Say(stage::folder_stays(flow.kept_folder().unwrap_or_default()))
            }
            (At::Name, Key::Enter) => {
                self.row = At::Name;
                self.typing = Some(Field::new(&flow.answers.site));
                Reply::Taken
            }
            (At::Folder, Key::Enter) => {
                self.row = At::Folder;
                self.typing = Some(Field::new(&flow.answers.path));
                Reply::Taken
            }
            (At::Disk(i), Key::Enter | Key::Char(' ')) => match offers(flow).into_iter().nth(i) {
                Some(Offer { folder: Ok(folder), .. }) => Reply::Want(vec![Intent::Folder(folder)]),
                Some(offer) => Reply::Say(disks::not_usable(&offer, offer.folder.as_ref().err().map_or("", String::as_str))),
                None => Reply::Taken,
            },
            (At::Days, Key::Enter) => {
                self.type_days(flow, &days.to_string());
                Reply::Taken
            }
            (At::Days, Key::Char(c)) if c.is_ascii_digit() => {
                self.type_days(flow, "");
                self.on_typing(key)
            }
            (At::Days, Key::Char('+')) => Reply::Want(vec![Intent::Days(days + 1)]),
            (At::Days, Key::Char('-')) => Reply::Want(vec![Intent::Days(days.saturating_sub(1).max(1))]),
            (At::Expose, Key::Enter | Key::Char(' ') | Key::Right) => Reply::Want(vec![Intent::Expose(next_expose(&flow.answers, true))]),
            (At::Expose, Key::Left) => Reply::Want(vec![Intent::Expose(next_expose(&flow.answers, false))]),
            (At::Go, Key::Enter) => Reply::Want(vec![Intent::Next]),
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
        hints.push(match self.here(flow) {
            At::Folder if flow.kept_folder().is_some() => Hint::key(Key::Enter, "why it stays"),
            At::Folder | At::Name => Hint::key(Key::Enter, "change"),
            At::Disk(_) => Hint::key(Key::Enter, "take it"),
            At::Days => Hint { keys: vec![Key::Char('+'), Key::Char('-')], label: "days".into() },
            At::Expose => Hint::key(Key::Char(' '), "change"),
            At::Go => Hint::key(Key::Enter, "go on"),
        });
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let at = self.here(flow);
        // The button stands in every size of the window.
        let foot = 1.min(area.height);
        let mut page = Page::new(buf, Rect { height: area.height - foot, ..area });
        if !theme.narrow() {
            page.gap();
        }
        let a = &flow.answers;
        let typing = |here: bool| self.typing.as_ref().filter(|_| here);
        let cells = page.width().saturating_sub(if theme.narrow() { 12 } else { 30 });
        let folder = typing(at == At::Folder).map_or(Line::styled(a.path.clone(), theme.strong()), |f| f.line(cells, true, false, theme));
        let kind = flow.sizing.as_ref().map_or("", |s| s.kind.as_str());
        let wide = |long: &'static str, short: &'static str| if theme.narrow() { short } else { long };
        Self::row(at == At::Folder, wide("Folder for recordings", "Folder"), folder, kind, theme, &mut page);
        // A small window shows one thing at a time.
        let among_disks = matches!(at, At::Folder | At::Disk(_));
        if !theme.narrow() || among_disks {
            offered(at, flow, theme, &mut page);
        }
        concerns(flow, theme, &mut page);
        let days = typing(at == At::Days)
            .map_or(Line::styled(count(a.retention_days as usize, "day"), theme.strong()), |f| f.line(6, true, false, theme));
        Self::row(at == At::Days, wide("Keep recordings", "Keep"), days, "", theme, &mut page);
        if a.shape == Shape::Full {
            let here = at == At::Expose;
            let words = if theme.narrow() { words::who_short(a.expose) } else { words::who(a.expose) };
            let expose = if here { format!("‹ {words} ›") } else { words.into() };
            Self::row(here, wide("Who may open the page", "Page for"), Line::styled(expose, theme.strong()), "", theme, &mut page);
        }
        if flow.names_site() {
            let here = at == At::Name;
            let name = typing(here).map_or(Line::styled(a.site.clone(), theme.strong()), |f| f.line(33, true, false, theme));
            Self::row(here, wide("Name of this site", "Name"), name, "", theme, &mut page);
        }
        page.gap();
        Self::sizing(flow, theme, &mut page);
        // Below what stands above it, at the foot where that is long.
        let below = page.room().saturating_sub(1);
        let mut page = Page::new(buf, area);
        page.keep(foot + below);
        let style = if at == At::Go { theme.selected() } else { theme.strong() };
        page.line(Line::from(vec![
            Span::raw("  "),
            Span::styled("[ Show me the plan ]", style),
            Span::styled(if theme.narrow() { "" } else { "  still changes nothing" }, theme.dim()),
        ]));
    }
}
