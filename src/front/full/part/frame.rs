//! What stands around every screen: where one is, what was said last, and what the keys do now.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::page::put;
use super::text::{clean, clip, width, wrap};
use crate::flow::state::Purpose;
use crate::flow::{Flow, Stage};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::screen::failed;
use crate::front::full::theme::{Mark, Theme};
use crate::model::answers::PlatformKind;
use crate::model::health::Overall;
use crate::words::{figures, state, welcome};

/// Version as it is read out on the phone.
pub const VERSION: &str = concat!("kerbup ", env!("CARGO_PKG_VERSION"));

/// Draws the frame and gives the area that is left for the screen.
pub fn frame(flow: &Flow, said: Option<&str>, hints: &[Hint], theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let top = if theme.narrow() { narrow_header(flow, theme, inner, buf) } else { header(flow, theme, inner, buf) };
    let bottom = area.bottom().saturating_sub(1);
    footer(hints, theme, Rect { y: bottom, height: 1, ..inner }, buf);
    let mut end = bottom;
    if !theme.narrow() {
        end = end.saturating_sub(1);
        rule(theme, inner, end, buf);
    }
    let lines = said_lines(flow, said, theme, inner.width.into());
    for line in lines.iter().rev() {
        end = end.saturating_sub(1);
        put(buf, inner.x, end, inner.width, line);
    }
    Rect { y: top, height: end.saturating_sub(top), ..inner }
}

/// Two areas beside each other with a quiet line between them; the left one takes so many of a hundred columns.
pub fn beside(area: Rect, left: u16, theme: &Theme, buf: &mut Buffer) -> (Rect, Rect) {
    let [a, gap, b] = Layout::horizontal([Constraint::Percentage(left), Constraint::Length(3), Constraint::Fill(1)]).areas(area);
    for y in gap.top()..gap.bottom() {
        put(buf, gap.x + 1, y, 1, &Line::styled("│", theme.dim()));
    }
    (a, b)
}

fn rule(theme: &Theme, area: Rect, y: u16, buf: &mut Buffer) {
    put(buf, area.x, y, area.width, &Line::styled("─".repeat(area.width.into()), theme.dim()));
}

/// Left and right end of a row; the left gives way.
fn ends(left: Vec<Span<'static>>, right: Span<'static>, area: Rect, y: u16, buf: &mut Buffer) {
    let w = width(&right.content) as u16;
    put(buf, area.x, y, area.width.saturating_sub(w + 2), &Line::from(left));
    put(buf, area.right().saturating_sub(w), y, w, &Line::from(right));
}

fn machine(flow: &Flow) -> Option<String> {
    flow.host.network.hostname.get().cloned()
}

fn header(flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let stage = flow.here();
    let right = if flow.practice { Span::styled(format!(" {} ", welcome::PRACTICE), theme.banner()) } else { Span::raw("") };
    if stage == Stage::Dashboard {
        dashboard_header(flow, theme, area, buf);
        rule(theme, area, area.y + 1, buf);
        return area.y + 2;
    }
    let mut left = vec![Span::styled(VERSION, theme.accent())];
    if stage != Stage::Welcome {
        left.push(Span::styled(format!("   {}", flow.answers.site), theme.strong()));
    }
    if let Some(host) = machine(flow) {
        left.push(Span::styled(if stage == Stage::Welcome { format!("   {host}") } else { format!(" on {host}") }, theme.dim()));
    }
    ends(left, right, area, area.y, buf);
    let mut y = area.y + 1;
    if Stage::RAIL.contains(&stage) || stage == Stage::Done {
        put(buf, area.x, y, area.width, &rail(flow, theme));
        y += 1;
    }
    rule(theme, area, y, buf);
    y + 1
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Welcome => "Welcome",
        Stage::Machine => "Machine",
        Stage::Where => "Where",
        Stage::Cameras => "Cameras",
        Stage::Storage => "Storage",
        Stage::Review => "Review",
        Stage::Install => "Install",
        Stage::Done => "Done",
        Stage::Dashboard => "Status",
    }
}

fn rail(flow: &Flow, theme: &Theme) -> Line<'static> {
    let here = flow.here();
    let mut spans = vec![];
    for (i, stage) in Stage::RAIL.into_iter().enumerate() {
        if i > 0 {
            spans.push(Span::styled(" ─ ", theme.dim()));
        }
        let word = match (stage, flow.purpose) {
            (Stage::Install, Purpose::Undo) => "Undo",
            (Stage::Install, Purpose::Uninstall) => "Take down",
            _ => name(stage),
        };
        let (glyph, style) = match stage.cmp(&here) {
            std::cmp::Ordering::Equal if failed::stands(flow) => (theme.glyph(Mark::Bad), theme.bad()),
            std::cmp::Ordering::Less => ("✔", theme.good()),
            std::cmp::Ordering::Equal => ("●", theme.accent()),
            std::cmp::Ordering::Greater => ("○", theme.dim()),
        };
        spans.push(Span::styled(glyph, style));
        spans.push(Span::styled(format!(" {word}"), if stage < here { theme.plain() } else { style }));
    }
    Line::from(spans)
}

fn overall(flow: &Flow) -> Mark {
    match flow.health.as_ref().map(|h| h.overall) {
        Some(Overall::Healthy) => Mark::Good,
        Some(Overall::Starting) => Mark::Starting,
        Some(Overall::Degraded) => Mark::Warn,
        Some(Overall::Down) => Mark::Bad,
        Some(Overall::Stopped | Overall::Absent) => Mark::Off,
        Some(Overall::Unknown) => Mark::Idle,
        None => Mark::Busy,
    }
}

fn platform(kind: PlatformKind) -> &'static str {
    match kind {
        PlatformKind::Docker => "Docker",
        PlatformKind::Microk8s => "MicroK8s",
        PlatformKind::Kubernetes => "Kubernetes",
        PlatformKind::Eks => "EKS",
        PlatformKind::Gke => "GKE",
        PlatformKind::Aks => "AKS",
    }
}

fn dashboard_header(flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let site = flow.health.as_ref().map_or(flow.answers.site.clone(), |h| h.site.clone());
    let mut left = vec![Span::styled(site, theme.strong()), Span::raw("   ")];
    left.push(match &flow.health {
        Some(health) => theme.state(overall(flow), &state::heading(health)),
        None => theme.state(Mark::Busy, "reading how it is"),
    });
    if let Some(host) = machine(flow) {
        left.push(Span::styled(format!("   {} on {host}", platform(flow.answers.platform)), theme.dim()));
    }
    left.push(Span::styled(format!("   {VERSION}"), theme.dim()));
    let right = match (&flow.health, flow.practice) {
        (_, true) => Span::styled(format!(" {} ", welcome::PRACTICE), theme.banner()),
        (Some(_), _) => Span::styled(format!("{} ago", figures::span(theme.now - theme.health_at)), theme.dim()),
        (None, _) => Span::raw(""),
    };
    ends(left, right, area, area.y, buf);
}

fn narrow_header(flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) -> u16 {
    let stage = flow.here();
    let mut left = vec![Span::styled("kerbup ", theme.accent())];
    match Stage::RAIL.iter().position(|s| *s == stage) {
        Some(i) => left.push(Span::styled(format!("{}/6 {}", i + 1, name(stage)), theme.strong())),
        None if stage == Stage::Dashboard => {
            let says = flow.health.as_ref().map_or("reading how it is".into(), state::heading);
            left.push(theme.state(overall(flow), &says));
        }
        None => left.push(Span::styled(name(stage), theme.strong())),
    }
    let right = if flow.practice { Span::styled(" practice ", theme.banner()) } else { Span::raw("") };
    ends(left, right, area, area.y, buf);
    area.y + 1
}

fn said_lines(flow: &Flow, said: Option<&str>, theme: &Theme, cells: usize) -> Vec<Line<'static>> {
    let most = if theme.narrow() { 2 } else { 4 };
    // A person asked to see this: it stands until it is hidden again.
    let (text, style) = match (&flow.fault, said.or(flow.note.as_deref())) {
        (Some(fault), _) => {
            let cure = fault.cure.first().map(|c| format!(" {c}")).unwrap_or_default();
            (format!("{} {} {}{cure}", theme.glyph(Mark::Bad), fault.code, fault.says), theme.bad())
        }
        (None, Some(note)) => (note.to_string(), theme.warn()),
        (None, None) => return vec![],
    };
    let lines = wrap(&clean(&text), cells);
    let over = lines.len() > most;
    lines
        .into_iter()
        .take(most)
        .enumerate()
        .map(|(i, l)| Line::styled(if over && i + 1 == most { clip(&format!("{l} …"), cells) } else { l }, style))
        .collect()
}

/// As many hints as fit, the last two of them always: they lead to the rest.
fn footer(hints: &[Hint], theme: &Theme, area: Rect, buf: &mut Buffer) {
    let cells: usize = area.width.into();
    let long = |h: &Hint| width(&h.names(theme.look.ascii)) + 1 + width(&h.label);
    // Where there is room for one or two, the way on is the first of them.
    let leads = |h: &Hint| theme.narrow() && (h.label == "go on" || h.label == "install" || h.label == "button");
    let (first, rest): (Vec<&Hint>, Vec<&Hint>) = hints.iter().partition(|h| leads(h));
    let hints: Vec<&Hint> = first.into_iter().chain(rest).collect();
    let help = hints.iter().position(|h| h.keys.iter().any(|k| matches!(k, Key::Char('?') | Key::F(1))));
    let mut room = cells.saturating_sub(help.and_then(|i| hints.get(i)).map_or(0, |h| long(h)));
    let mut shown: Vec<&Hint> = vec![];
    for (i, hint) in hints.iter().enumerate() {
        if Some(i) != help && long(hint) + 3 <= room {
            room -= long(hint) + 3;
            shown.push(hint);
        } else if Some(i) != help {
            // What comes after one that does not fit is less important than it.
            break;
        }
    }
    shown.extend(help.and_then(|i| hints.get(i)).copied());
    let mut spans = vec![];
    for (i, hint) in shown.into_iter().enumerate() {
        if i > 0 {
            spans.push(Span::raw("   "));
        }
        spans.push(Span::styled(hint.names(theme.look.ascii), theme.accent()));
        spans.push(Span::styled(format!(" {}", hint.label), theme.dim()));
    }
    put(buf, area.x, area.y, area.width, &Line::from(spans));
}
