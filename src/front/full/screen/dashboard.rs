//! The dashboard: parts, cameras, the disk, and the worst thing in one line. Only rows that are seen are formatted.

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::detail::{Detail, Of};
use super::log::Log;
use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::ask::{Ask, Then};
use crate::front::full::part::bar::bar;
use crate::front::full::part::frame::beside;
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, clip, width, wrap};
use crate::front::full::theme::{Mark, Theme};
use crate::model::health::{CameraHealth, CameraState, ComponentHealth, ComponentState, DiskHealth, HealthSnapshot};
use crate::words::figures::{bytes, memory, or_dash, part_of, percent, short_path, span};
use crate::words::help;
use crate::words::state as words;

/// The screen. One cursor goes through parts and cameras.
#[derive(Debug, Default)]
pub struct Dashboard {
    at: Cursor,
}

/// Mark of a component's state.
pub fn component_mark(state: ComponentState) -> Mark {
    match state {
        ComponentState::Healthy => Mark::Good,
        ComponentState::Starting => Mark::Starting,
        ComponentState::Degraded | ComponentState::NotConfigured => Mark::Warn,
        ComponentState::Down | ComponentState::Absent => Mark::Bad,
        ComponentState::Stopped => Mark::Off,
        ComponentState::Unknown => Mark::Idle,
    }
}

/// Mark of a camera's state.
pub fn camera_mark(state: CameraState) -> Mark {
    match state {
        CameraState::Recording | CameraState::Watching => Mark::Good,
        CameraState::Starting => Mark::Starting,
        CameraState::NoPicture | CameraState::WrongLogin => Mark::Bad,
        CameraState::Stopped => Mark::Off,
        CameraState::Unknown => Mark::Idle,
    }
}

/// What the name of a camera's recorder begins with.
const RECORDER: &str = "agent-";

/// The name of a camera's recorder among the components.
pub fn recorder(camera: &str) -> String {
    format!("{RECORDER}{camera}")
}

/// Components that have a row of their own: a camera's recorder is shown by its camera.
fn parts(health: &HealthSnapshot) -> Vec<&ComponentHealth> {
    let cameras: HashSet<&str> = health.cameras.iter().map(|c| c.name.as_str()).collect();
    let recorder = |c: &ComponentHealth| c.name.strip_prefix(RECORDER).is_some_and(|camera| cameras.contains(camera));
    health.components.iter().filter(|c| !recorder(c)).collect()
}

/// What needs a look most, with the row it stands in.
fn worst(health: &HealthSnapshot) -> Option<(usize, Mark, String)> {
    let parts = parts(health);
    let evidence = |e: &[String], means: &str| e.first().cloned().unwrap_or_else(|| means.into());
    let ill = parts
        .iter()
        .enumerate()
        .map(|(i, c)| (i, component_mark(c.state), c.title.clone(), evidence(&c.evidence, words::component_means(c.state))));
    let cameras = health.cameras.iter().enumerate();
    let blind =
        cameras.map(|(i, c)| (parts.len() + i, camera_mark(c.state), c.name.clone(), evidence(&c.evidence, words::camera_means(c.state))));
    let weight = |m: Mark| match m {
        Mark::Bad => 3,
        Mark::Warn => 2,
        Mark::Off => 1,
        _ => 0,
    };
    let all: Vec<_> = ill.chain(blind).filter(|(_, m, ..)| weight(*m) > 0).collect();
    let most = all.iter().map(|(_, m, ..)| weight(*m)).max()?;
    all.into_iter().find(|(_, m, ..)| weight(*m) == most).map(|(row, mark, who, says)| (row, mark, format!("{who}: {says}")))
}

/// The address less what every address begins with.
fn address(c: &ComponentHealth) -> String {
    c.url
        .as_deref()
        .map_or("inside only".into(), |u| u.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches('/').into())
}

impl Dashboard {
    fn chosen(&self, flow: &Flow) -> Option<Of> {
        let health = flow.health.as_ref()?;
        let parts = parts(health);
        let at = self.at.at(parts.len() + health.cameras.len());
        match parts.get(at) {
            Some(c) => Some(Of::Component(c.name.clone())),
            None => health.cameras.get(at.checked_sub(parts.len())?).map(|c| Of::Camera(c.name.clone())),
        }
    }

    fn part_heads(theme: &Theme, wide: usize) -> Row {
        let row = Row::new().gap(2).left("PART", wide, theme.dim()).left("STATE", 14, theme.dim());
        if theme.narrow() {
            return row;
        }
        row.right("UP", 6, theme.dim())
            .right("CPU", 6, theme.dim())
            .right("MEMORY", MEMORY, theme.dim())
            .gap(2)
            .rest("ADDRESS", theme.dim())
    }

    fn part_row(c: &ComponentHealth, theme: &Theme, cells: usize, wide: usize) -> Line<'static> {
        let title = clip(&c.title, wide.saturating_sub(1));
        let room = cells.saturating_sub(wide + FIGURES);
        // The product stands behind its job where both fit.
        let left = wide.saturating_sub(width(&title) + 2);
        let product = if width(&c.product) <= left && !theme.narrow() { c.product.as_str() } else { "" };
        let row =
            Row::new().left(&title, width(&title) + 1, theme.strong()).left(product, wide.saturating_sub(width(&title) + 1), theme.dim());
        let row = row.cell(theme.state(component_mark(c.state), words::component(c.state)), 14);
        if theme.narrow() {
            return row.into();
        }
        row.right(&or_dash(c.up_seconds.map(span)), 6, theme.plain())
            .right(&or_dash(c.cpu.map(percent)), 6, theme.plain())
            .right(&or_dash(c.memory.map(memory)), MEMORY, theme.plain())
            .gap(2)
            .rest(&short_path(&address(c), room), if c.url.is_some() { theme.plain() } else { theme.dim() })
            .into()
    }

    fn camera_heads(theme: &Theme, name: usize) -> Row {
        let row = Row::new().gap(2).left("CAMERA", name, theme.dim()).left("STATE", 14, theme.dim());
        if theme.narrow() {
            return row;
        }
        row.right("PICTURE", 8, theme.dim()).right("LAST SAVED", 12, theme.dim()).right("TO SAVE", 9, theme.dim()).right(
            "PER DAY",
            9,
            theme.dim(),
        )
    }

    fn camera_row(c: &CameraHealth, theme: &Theme, name: usize) -> Line<'static> {
        let row = Row::new().left(&c.name, name.saturating_sub(1), theme.strong()).gap(1);
        let row = row.cell(theme.state(camera_mark(c.state), words::camera(c.state)), 14);
        if theme.narrow() {
            return row.into();
        }
        let since = theme.now - theme.health_at;
        row.right(&or_dash(c.fps.map(|f| format!("{f:.0} fps"))), 8, theme.plain())
            .right(&or_dash(c.last_saved_seconds.map(|s| format!("{} ago", span(s + since.max(0.0))))), 12, theme.plain())
            .right(&or_dash(c.waiting.map(|w| w.to_string())), 9, theme.plain())
            .right(&or_dash(c.bytes_per_day.map(|b| bytes(b as u64))), 9, theme.plain())
            .into()
    }

    fn disk(d: &DiskHealth, theme: &Theme, cells: usize) -> Line<'static> {
        let used = d.total.saturating_sub(d.free);
        let part = used as f64 / d.total.max(1) as f64;
        let mut spans = vec![Span::raw(format!("Disk {}  ", clip(&d.path, 24)))];
        spans.extend(bar(part, if theme.narrow() { 6 } else { cells.saturating_sub(62).clamp(8, 40) }, theme));
        let style = if part > 0.95 { theme.warn() } else { theme.plain() };
        spans.push(Span::styled(format!("  {}", part_of(used, d.total)), style));
        let days = match (d.keeps_days, d.fits_days) {
            _ if theme.narrow() => None,
            (Some(keeps), _) if d.note.is_some() => Some((format!("  keeps {keeps} days for now"), theme.warn())),
            (Some(keeps), Some(fits)) if fits < keeps => Some((format!("  only {fits} of {keeps} days fit"), theme.warn())),
            (Some(keeps), Some(fits)) => Some((format!("  keeps {keeps} days, fits {fits}"), theme.dim())),
            (Some(keeps), None) => Some((format!("  keeps {keeps} days"), theme.dim())),
            _ => None,
        };
        spans.extend(days.map(|(text, style)| Span::styled(text, style)));
        Line::from(spans)
    }

    fn tables(&self, health: &HealthSnapshot, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let parts = parts(health);
        let at = self.at.at(parts.len() + health.cameras.len());
        let cells = page.width().saturating_sub(2);
        let narrow = theme.narrow();
        let wide = part_cells(theme, cells, &parts);
        let extra = if narrow { 2 } else { 5 + u16::from(health.disk.is_some()) };
        let room = usize::from(page.room().saturating_sub(extra));
        // Parts are few, cameras may be many: parts get what they need up to half, cameras the rest, and what is left over.
        let part_rows = parts.len().min((room / 2).max(room.saturating_sub(health.cameras.len())).max(1));
        let camera_rows = room.saturating_sub(part_rows).max(1);
        if !narrow {
            page.line(Self::part_heads(theme, wide));
        }
        for i in window(at.min(parts.len().saturating_sub(1)), parts.len(), part_rows) {
            if let Some(c) = parts.get(i) {
                page.row(i == at, theme, Self::part_row(c, theme, cells, wide));
            }
        }
        if !narrow {
            let all = health.cameras.len();
            let word = if camera_rows < all {
                format!("camera {} of {all}", at.saturating_sub(parts.len()).min(all - 1) + 1)
            } else {
                String::new()
            };
            page.rule(theme, &word);
            page.line(Self::camera_heads(theme, wide));
        }
        for i in window(at.saturating_sub(parts.len()), health.cameras.len(), camera_rows) {
            if let Some(c) = health.cameras.get(i) {
                page.row(i + parts.len() == at, theme, Self::camera_row(c, theme, wide));
            }
        }
        if health.cameras.is_empty() && !narrow {
            page.text(&format!("  {}", words::NO_CAMERA), theme.dim());
        }
        let disk = health.disk.as_ref();
        if narrow {
            page.keep(1 + u16::from(disk.is_some()));
        } else {
            page.rule(theme, "");
        }
        if let Some(d) = disk {
            page.line(Self::disk(d, theme, page.width()));
        }
        match worst(health) {
            Some((_, mark, says)) if narrow => page.line(Line::from(vec![theme.state(mark, &says)])),
            Some((row, mark, says)) => {
                let hint = if row == at { help::WHAT_TO_DO } else { help::GO_THERE };
                let room = page.width().saturating_sub(width(hint) + 3);
                // Where rows are left below, all of it is said.
                let rows = usize::from(page.room()).clamp(1, 3);
                let mut lines = wrap(&says, room.saturating_sub(2)).into_iter();
                let first = if rows == 1 { says.clone() } else { lines.next().unwrap_or_default() };
                page.line(Row::new().cell(theme.state(mark, &clip(&first, room.saturating_sub(2))), room).gap(3).rest(hint, theme.dim()));
                if rows > 1 {
                    let more = lines.collect::<Vec<_>>().join(" ");
                    page.para(&more, theme.style(mark), 2, rows - 1);
                }
            }
            None if health.components.is_empty() => page.line(Line::from(vec![theme.state(Mark::Idle, words::NOTHING_HERE)])),
            None => page.line(Line::from(vec![theme.state(Mark::Good, "nothing needs a look")])),
        }
    }
}

/// Cells for memory.
const MEMORY: usize = 7;
/// Cells between a part's name and its address: state, time, processor, memory.
const FIGURES: usize = 14 + 6 + 6 + MEMORY + 2;

/// The same behind a camera's name: state, picture, last saved, to save, a day.
const CAMERA_FIGURES: usize = 14 + 8 + 12 + 9 + 9;

/// Cells for a part's or camera's name: what the longest address leaves.
fn part_cells(theme: &Theme, cells: usize, parts: &[&ComponentHealth]) -> usize {
    let address = parts.iter().map(|c| width(&address(c))).max().unwrap_or(0).max(11);
    if theme.narrow() {
        cells.saturating_sub(16)
    } else {
        cells.saturating_sub(FIGURES + address).min(cells.saturating_sub(CAMERA_FIGURES)).clamp(21, 28)
    }
}

/// The address that is meant by this thing: its own, else that of the page on which recordings are seen.
pub fn copied(health: &HealthSnapshot, of: Option<&Of>) -> Reply {
    let part = |name: &str| health.components.iter().find(|c| c.name == name).and_then(|c| c.url.clone());
    let own = of.filter(|of| matches!(of, Of::Component(_))).and_then(|of| part(&of.component()));
    let page = || health.components.iter().find(|c| c.kind == PAGE).and_then(|c| c.url.clone());
    own.or_else(page).map_or_else(|| Reply::Say(words::NO_ADDRESS.into()), Reply::Copy)
}

/// The part on whose page recordings are seen.
const PAGE: &str = "vault";

impl Screen for Dashboard {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let Some(health) = &flow.health else {
            return if key == Key::Char('q') { Reply::Want(vec![Intent::Quit]) } else { Reply::Ignored };
        };
        let parts = parts(health);
        let len = parts.len() + health.cameras.len();
        if self.at.on(key, len) {
            return Reply::Taken;
        }
        let at = self.at.at(len);
        match (key, self.chosen(flow)) {
            // Tab goes between the two tables.
            (Key::Tab, _) => {
                self.at = Cursor::to(if at < parts.len() && !health.cameras.is_empty() { parts.len() } else { 0 });
                Reply::Taken
            }
            (Key::Char('w'), _) if worst(health).is_some() => {
                self.at = Cursor::to(worst(health).map_or(0, |(row, ..)| row));
                Reply::Taken
            }
            (Key::Enter, Some(of)) => Reply::Open(Box::new(Detail::of(of)), vec![]),
            (Key::Char('l'), Some(of)) => Reply::Open(Box::new(Log::of(of.component())), vec![Intent::OpenLog(of.component())]),
            (Key::Char('r'), Some(of)) => ask_restart(&of, flow),
            (Key::Char('c'), of) => copied(health, of.as_ref()),
            (Key::Char('e'), _) => Reply::Want(vec![Intent::Change]),
            (Key::Char('q'), _) => Reply::Want(vec![Intent::Quit]),
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let mut hints = vec![];
        let chosen = self.chosen(flow);
        if chosen.is_some() {
            hints.push(Hint::rows("look"));
            hints.push(Hint::key(Key::Enter, "open"));
            hints.push(Hint::letter('l', "log"));
            hints.push(Hint::letter('r', "restart"));
        }
        if flow.health.is_some() {
            hints.push(Hint::letter('c', "copy address"));
        }
        hints.push(Hint::letter('q', "quit"));
        if let Some(health) = &flow.health {
            if worst(health).is_some() {
                hints.push(Hint::letter('w', "what needs a look"));
            }
            hints.push(Hint::letter('e', "change answers"));
            hints.push(Hint::key(Key::Tab, "other table"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let Some(health) = &flow.health else {
            let mut page = Page::new(buf, area);
            page.gap();
            page.line(Line::from(vec![Span::raw("  "), theme.state(Mark::Busy, "asking each part how it is")]));
            return;
        };
        if !theme.wide() {
            return self.tables(health, theme, area, buf);
        }
        // The tables need their columns, whatever is left is the detail's.
        let (left, right) = beside(area, (8_600 / area.width.max(1)).clamp(50, 78), theme, buf);
        self.tables(health, theme, left, buf);
        if let Some(of) = self.chosen(flow) {
            Detail::of(of).draw(flow, theme, right, buf);
        }
    }
}

/// Restarting is asked first.
pub fn ask_restart(of: &Of, flow: &Flow) -> Reply {
    let component = of.component();
    let (name, says) = match of {
        Of::Camera(name) => (format!("the recorder of {name}"), "It is away for about half a minute. What is recorded stays."),
        _ => {
            let known = flow.health.as_ref().and_then(|h| h.components.iter().find(|c| c.name == component));
            let name = known.map_or(component.clone(), |c| format!("{} ({})", c.title, c.product));
            (name, "It is away for a few seconds up to a minute. What is recorded stays.")
        }
    };
    Ask::new(format!("Restart {name}?"), says, "Leave it running").or("Restart it", Then::Want(vec![Intent::Restart(component)])).open()
}
