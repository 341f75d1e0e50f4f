//! One thing in full: a step, a part or a camera, with the evidence. It is made anew from the flow at each drawing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::dashboard::{ask_restart, camera_mark, component_mark, copied, recorder};
use super::log::Log;
use super::{Reply, Screen};
use crate::flow::state::StepRun;
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::wrap;
use crate::front::full::theme::{Mark, Theme};
use crate::model::health::ComponentState;
use crate::words::figures::{bytes, count, memory, or_dash, percent, span, takes};
use crate::words::state as words;
use crate::words::vault;

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A step of the plan or the run.
    Step(String),
    /// A component.
    Component(String),
    /// A camera.
    Camera(String),
}

impl Of {
    /// The component behind it: a camera's recorder.
    pub fn component(&self) -> String {
        match self {
            Of::Step(name) | Of::Component(name) => name.clone(),
            Of::Camera(name) => recorder(name),
        }
    }
}

/// The screen.
#[derive(Debug)]
pub struct Detail {
    of: Of,
    top: usize,
}

type Lines = Vec<(String, Style)>;

/// Cells of a label.
const LABEL: usize = 14;

impl Detail {
    /// About this.
    pub fn of(of: Of) -> Self {
        Detail { of, top: 0 }
    }

    fn lines(&self, flow: &Flow, theme: &Theme) -> Lines {
        let lines = match &self.of {
            Of::Step(id) => step(flow, id, theme),
            Of::Component(name) => component(flow, name, theme),
            Of::Camera(name) => camera(flow, name, theme),
        };
        if lines.is_empty() { vec![("It is not there any more.".into(), theme.dim())] } else { lines }
    }
}

fn labelled(lines: &mut Lines, theme: &Theme, pairs: &[(&str, String)]) {
    lines.extend(pairs.iter().map(|(label, value)| (format!("{label:<LABEL$}{value}"), theme.plain())));
}

fn listed(lines: &mut Lines, theme: &Theme, title: &str, all: &[String], style: Style) {
    if !all.is_empty() {
        lines.push((String::new(), theme.plain()));
        lines.push((title.into(), theme.dim()));
        lines.extend(all.iter().map(|e| (e.clone(), style)));
    }
}

fn step(flow: &Flow, id: &str, theme: &Theme) -> Lines {
    let mut lines = vec![];
    lines.push((flow.titles.get(id).cloned().unwrap_or_else(|| id.into()), theme.strong()));
    if let Some(StepRun::Failed { fault, .. }) = flow.steps.get(id) {
        lines.push((format!("{} {}: {}", theme.glyph(Mark::Bad), fault.code, fault.says), theme.bad()));
        listed(&mut lines, theme, "How I know", &fault.because, theme.plain());
        listed(&mut lines, theme, "What helps", &fault.cure, theme.plain());
    }
    if let Some(s) = flow.plan.as_ref().and_then(|p| p.step(id)) {
        lines.push((s.why.clone(), theme.plain()));
        lines.push((String::new(), theme.plain()));
        let mut pairs = vec![("where", s.preview.place.clone())];
        pairs.extend(s.preview.download_bytes.map(|b| ("to download", bytes(b))));
        pairs.extend(s.preview.disk_bytes.map(|b| ("on the disk", bytes(b))));
        pairs.extend(s.preview.seconds.map(|s| ("takes about", takes(s))));
        pairs.push(("given up", format!("after {}", span(s.budget as f64))));
        pairs.push(("undo", s.preview.undo.clone()));
        labelled(&mut lines, theme, &pairs);
        let after: Vec<String> = s.after.iter().map(|a| flow.titles.get(a).unwrap_or(a).clone()).collect();
        listed(&mut lines, theme, "After", &after, theme.plain());
        listed(&mut lines, theme, "By hand", &s.preview.by_hand, theme.plain());
    }
    lines
}

fn component(flow: &Flow, name: &str, theme: &Theme) -> Lines {
    let Some(health) = &flow.health else { return vec![] };
    let Some(c) = health.components.iter().find(|c| c.name == name) else { return vec![] };
    let mark = component_mark(c.state);
    let mut lines = vec![(format!("{}  {}", c.title, c.product), theme.strong())];
    lines.push((format!("{} {}", theme.glyph(mark), words::component(c.state)), theme.style(mark)));
    lines.push((words::component_means(c.state).into(), theme.plain()));
    if c.state == ComponentState::NotConfigured {
        listed(&mut lines, theme, vault::TITLE, &vault::set_up(health, c.url.as_deref()), theme.plain());
    }
    lines.push((String::new(), theme.plain()));
    let pairs = [
        ("address", c.url.clone().unwrap_or_else(|| "inside only".into())),
        ("up", or_dash(c.up_seconds.map(span))),
        ("processor", or_dash(c.cpu.map(percent))),
        ("memory", or_dash(c.memory.map(memory))),
        ("restarts", c.restarts.to_string()),
        ("read", format!("{} ago", span(c.age_seconds + theme.now - theme.health_at))),
    ];
    labelled(&mut lines, theme, &pairs);
    listed(&mut lines, theme, "How I know", &c.evidence, theme.plain());
    lines
}

fn camera(flow: &Flow, name: &str, theme: &Theme) -> Lines {
    let Some(health) = &flow.health else { return vec![] };
    let Some(c) = health.cameras.iter().find(|c| c.name == name) else { return vec![] };
    let since = theme.now - theme.health_at;
    let mark = camera_mark(c.state);
    let mut lines = vec![(c.name.clone(), theme.strong())];
    lines.push((format!("{} {}", theme.glyph(mark), words::camera(c.state)), theme.style(mark)));
    lines.push((words::camera_means(c.state).into(), theme.plain()));
    lines.push((String::new(), theme.plain()));
    let mut pairs = vec![
        ("picture", or_dash(c.fps.map(|f| format!("{f:.0} pictures a second")))),
        ("last saved", or_dash(c.last_saved_seconds.map(|s| format!("{} ago", span(s + since))))),
        ("recordings", or_dash(c.recordings.map(|n| n.to_string()))),
        ("to save", or_dash(c.waiting.map(|n| count(n as usize, "file")))),
        ("a day", or_dash(c.bytes_per_day.map(|b| bytes(b as u64)))),
        ("read", format!("{} ago", span(c.age_seconds + since))),
    ];
    if let Some(agent) = health.components.iter().find(|a| a.name == recorder(name)) {
        pairs.push(("recorder", format!("{}, {}", words::component(agent.state), or_dash(agent.memory.map(memory)))));
    }
    labelled(&mut lines, theme, &pairs);
    listed(&mut lines, theme, "How I know", &c.evidence, theme.plain());
    lines
}

impl Screen for Detail {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let live = !matches!(self.of, Of::Step(_));
        match key {
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top = (self.top + 1).min(200),
            Key::PageUp => self.top = self.top.saturating_sub(10),
            Key::PageDown => self.top = (self.top + 10).min(200),
            Key::Home | Key::Char('g') => self.top = 0,
            Key::Enter | Key::Left | Key::Char('q' | 'h') => return Reply::Close(vec![]),
            Key::Char('l') if live => {
                return Reply::Open(Box::new(Log::of(self.of.component())), vec![Intent::OpenLog(self.of.component())]);
            }
            Key::Char('e') if live => return Reply::Close(vec![Intent::Change]),
            Key::Char('r') if live => return ask_restart(&self.of, flow),
            Key::Char('c') if live => {
                return flow.health.as_ref().map_or(Reply::Taken, |health| copied(health, Some(&self.of)));
            }
            _ => return Reply::Ignored,
        }
        Reply::Taken
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        let mut hints = vec![Hint::rows("read on")];
        if !matches!(self.of, Of::Step(_)) {
            hints.push(Hint::letter('l', "log"));
            hints.push(Hint::letter('r', "restart"));
            hints.push(Hint::letter('c', "copy address"));
            hints.push(Hint::letter('e', "change answers"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let cells = page.width().saturating_sub(2);
        let all: Lines = self.lines(flow, theme).into_iter().flat_map(|(text, style)| fold(&text, cells, style)).collect();
        let height = usize::from(page.room());
        let top = self.top.min(all.len().saturating_sub(height));
        for (text, style) in all.into_iter().skip(top).take(height) {
            page.text(&format!("  {text}"), style);
        }
    }
}

/// What does not fit goes on below where it began: behind its label, its number or its blanks.
fn fold(text: &str, cells: usize, style: Style) -> Lines {
    if text.chars().count() <= cells {
        return vec![(text.to_string(), style)];
    }
    let hang = hang(text);
    let (head, rest) = text.split_at(text.char_indices().nth(hang).map_or(0, |(at, _)| at));
    let indent = |i: usize| if i == 0 { head.to_string() } else { " ".repeat(hang) };
    wrap(rest, cells.saturating_sub(hang).max(1)).into_iter().enumerate().map(|(i, l)| (format!("{}{l}", indent(i)), style)).collect()
}

/// Cells before the text proper of a line.
fn hang(text: &str) -> usize {
    let blanks = text.chars().take_while(|c| *c == ' ').count();
    let labelled = text.chars().take(LABEL).collect::<String>().ends_with("  ");
    let numbered = text.split_once(". ").filter(|(n, _)| n.parse::<u8>().is_ok()).map_or(0, |(n, _)| n.len() + 2);
    match (blanks, labelled) {
        (0, true) => LABEL,
        (0, false) => numbered,
        (blanks, _) => blanks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_where_it_began() {
        let folded = |text: &str| fold(text, 30, Style::new()).into_iter().map(|(l, _)| l).collect::<Vec<_>>();
        assert_eq!(
            folded("undo          Removes the image, if it was new."),
            ["undo          Removes the", "              image, if it was", "              new."]
        );
        assert_eq!(folded("2. Add a storage provider of this kind"), ["2. Add a storage provider of", "   this kind"]);
        assert_eq!(folded("   name minio, bucket recordings, on"), ["   name minio, bucket", "   recordings, on"]);
        assert_eq!(folded("Docker runs each part in a box of its own."), ["Docker runs each part in a box", "of its own."]);
    }
}
