//! Review: the whole plan. Enter looks at a row; only the button installs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::detail::{Detail, Of};
use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::frame::beside;
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::Row;
use crate::front::full::theme::{Mark, Theme};
use crate::model::plan::{HERE, Plan, Step, StepState, removals};
use crate::words::figures::{bytes, count, takes};
use crate::words::{stage, sum};

/// Files that a person asks for.
pub const SITE_FILE: &str = "kerbup-site.toml";
/// The commands of the plan.
pub const COMMANDS_FILE: &str = "kerbup-commands.sh";

/// The screen.
#[derive(Debug, Default)]
pub struct Review {
    at: Cursor,
    button: bool,
}

/// A row of the list.
#[derive(Debug, Clone, Copy)]
enum Item<'a> {
    /// Something that the plan has no more: what removing it is called.
    Gone(&'a str),
    /// A step, with its place in the plan.
    Step(usize, &'a Step),
}

fn different(flow: &Flow, step: &Step) -> bool {
    matches!(flow.states.get(&step.id), Some(StepState::Different { .. }))
}

fn there(flow: &Flow, step: &Step) -> bool {
    flow.states.get(&step.id).is_some_and(StepState::settled)
}

/// The rows: of a site that stands first what goes and what changes.
fn items<'a>(flow: &'a Flow, plan: &'a Plan) -> Vec<Item<'a>> {
    let gone = removals(&flow.states).map(|(_, title)| Item::Gone(title));
    let steps = || plan.steps.iter().enumerate().map(|(i, s)| Item::Step(i, s));
    let changes = |item: &Item<'_>| matches!(item, Item::Step(_, s) if different(flow, s));
    gone.chain(steps().filter(changes)).chain(steps().filter(|i| !changes(i))).collect()
}

/// The button counts what will be done, and nothing that stands already.
fn button(flow: &Flow, plan: &Plan, narrow: bool) -> String {
    let todo = || plan.steps.iter().filter(|s| !there(flow, s));
    let steps = todo().count() + removals(&flow.states).count();
    if steps == 0 {
        return format!("[ {} ]", stage::NOTHING_TO_CHANGE);
    }
    let what = if flow.stood() { "Change now" } else { "Install now" };
    if narrow {
        return format!("[ {what} ]");
    }
    match todo().filter(|s| s.preview.place == HERE).count() {
        0 => format!("[ {what}: {} ]", count(steps, "step")),
        1 => format!("[ {what}: {}, one of them changes this machine ]", count(steps, "step")),
        n => format!("[ {what}: {}, {n} of them change this machine ]", count(steps, "step")),
    }
}

impl Review {
    fn steps(&self, flow: &Flow, plan: &Plan, theme: &Theme, page: &mut Page<'_>, height: usize) {
        let items = items(flow, plan);
        let at = self.at.at(items.len());
        let cells = page.width().saturating_sub(2);
        let (place, size, time) = if theme.narrow() { (0, 8, 0) } else { (14, 9, 8) };
        let title = cells.saturating_sub(4 + place + size + time + 1);
        for i in window(at, items.len(), height) {
            let (number, s) = match items.get(i) {
                Some(Item::Gone(what)) => {
                    let row = Row::new().right("–", 2, theme.warn()).gap(2).rest(what, theme.plain());
                    page.row(i == at && !self.button, theme, row);
                    continue;
                }
                Some(Item::Step(_, s)) if different(flow, s) => ("~".to_string(), *s),
                Some(Item::Step(n, s)) => ((n + 1).to_string(), *s),
                None => continue,
            };
            let row = Row::new().right(&number, 2, theme.dim()).gap(2).left(&s.title, title.saturating_sub(1), theme.plain()).gap(1);
            let row = if there(flow, s) {
                row.cell(theme.state(Mark::Good, "there already"), place + size + time)
            } else {
                let size_text = s.preview.download_bytes.map(bytes).unwrap_or_default();
                let time_text = s.preview.seconds.map(|s| if s < 0.95 { takes(s) } else { format!("~{}", takes(s)) }).unwrap_or_default();
                row.left(&s.preview.place, place, theme.dim()).right(&size_text, size, theme.plain()).right(&time_text, time, theme.dim())
            };
            page.row(i == at && !self.button, theme, row);
        }
    }

    fn chosen(&self, flow: &Flow, plan: &Plan, theme: &Theme, page: &mut Page<'_>) {
        if self.button {
            if plan.notes.is_empty() {
                page.para("Every step can be undone. A power cut loses nothing: it goes on where it was.", theme.plain(), 2, 3);
            }
            // Each of them is told as far as there is room for the others.
            for (i, note) in plan.notes.iter().enumerate() {
                let most = usize::from(page.room()).saturating_sub(plan.notes.len() - i - 1).max(2);
                page.para(note, theme.plain(), 2, most);
            }
            return;
        }
        let items = items(flow, plan);
        let s = match items.get(self.at.at(items.len())) {
            Some(Item::Step(_, s)) => *s,
            Some(Item::Gone(..)) => {
                page.para(stage::REMOVED, theme.plain(), 2, 3);
                return page.para(stage::REMOVED_KEEPS, theme.dim(), 2, 3);
            }
            None => return,
        };
        let room = usize::from(page.room());
        page.para(&s.why, theme.plain(), 2, if theme.wide() { 6 } else { 2.min(room.saturating_sub(2)) });
        if let Some(StepState::Different { diff }) = flow.states.get(&s.id) {
            page.text(&format!("  differs now: {}", diff.join("; ")), theme.warn());
        }
        let label = |page: &mut Page<'_>, label: &str, text: &str| {
            if theme.wide() {
                if !label.is_empty() {
                    page.gap();
                    page.text(&format!("  {label}"), theme.dim());
                }
                page.para(text, theme.plain(), 2, 4);
            } else {
                page.line(Line::from(vec![Span::styled(format!("  {label:<9}"), theme.dim()), Span::raw(text.to_string())]));
            }
        };
        if let Some(said) = sum::step(s) {
            label(page, "takes", &said);
        }
        for (i, command) in s.preview.by_hand.iter().take(if theme.wide() { 6 } else { 1 }).enumerate() {
            label(page, if i == 0 { "by hand" } else { "" }, command);
        }
        label(page, "undo", &s.preview.undo);
    }

    fn no_plan(flow: &Flow, theme: &Theme, page: &mut Page<'_>) {
        page.gap();
        if flow.planning {
            page.line(Line::from(vec![
                Span::raw("  "),
                theme.state(Mark::Busy, "making the plan: asking for images, sizes, what stands already"),
            ]));
            return;
        }
        let Some(fault) = &flow.fault else {
            page.para("There is no plan yet. → makes it.", theme.plain(), 2, 2);
            return;
        };
        page.para(&format!("There is no plan: {}", fault.says), theme.strong(), 2, 3);
        page.gap();
        for because in &fault.because {
            page.para(because, theme.dim(), 2, 2);
        }
        page.gap();
        for cure in &fault.cure {
            page.para(cure, theme.plain(), 2, 2);
        }
    }
}

impl Screen for Review {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let Some(plan) = &flow.plan else {
            self.button = false;
            return if key == Key::Enter { Reply::Want(vec![Intent::Next]) } else { Reply::Ignored };
        };
        match key {
            Key::Tab | Key::BackTab => {
                self.button = !self.button;
                Reply::Taken
            }
            Key::Enter if self.button => Reply::Want(vec![Intent::Install]),
            Key::Enter => match items(flow, plan).get(self.at.at(items(flow, plan).len())) {
                Some(Item::Step(_, step)) => Reply::Open(Box::new(Detail::of(Of::Step(step.id.clone()))), vec![]),
                Some(Item::Gone(..)) => Reply::Say(stage::REMOVED.into()),
                None => Reply::Taken,
            },
            Key::Char('w') => Reply::Want(vec![Intent::SaveSite(SITE_FILE.into())]),
            Key::Char('c') => Reply::Want(vec![Intent::SaveCommands(COMMANDS_FILE.into())]),
            Key::Esc if self.button => {
                self.button = false;
                Reply::Taken
            }
            _ if self.at.on(key, items(flow, plan).len()) => {
                self.button = false;
                Reply::Taken
            }
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        if flow.plan.is_none() {
            return if flow.planning { vec![] } else { vec![Hint::key(Key::Enter, "try again")] };
        }
        let mut hints = vec![Hint::rows("steps")];
        hints.push(Hint::key(Key::Enter, if self.button { "install" } else { "look" }));
        hints.push(Hint::key(Key::Tab, if self.button { "steps" } else { "button" }));
        hints.push(Hint::letter('w', "save answers"));
        hints.push(Hint::letter('c', "commands"));
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let Some(plan) = &flow.plan else { return Self::no_plan(flow, theme, &mut Page::new(buf, area)) };
        let (list, beside_it) = if theme.wide() {
            let (left, right) = beside(area, 60, theme, buf);
            (left, Some(right))
        } else {
            (area, None)
        };
        let mut page = Page::new(buf, list);
        if theme.narrow() {
            page.para(&sum::short(plan, &flow.states), theme.strong(), 2, 3);
        } else {
            let (all, time) = sum::parts(plan, &flow.states);
            page.para(&all.join(" · "), theme.strong(), 2, 2);
            if let Some(time) = time {
                page.para(&time, theme.plain(), 2, 1);
            }
            page.gap();
        }
        let below = if theme.narrow() || beside_it.is_some() { 2 } else { 8 };
        let height = usize::from(page.room()).saturating_sub(below).max(1);
        self.steps(flow, plan, theme, &mut page, height);
        if beside_it.is_none() && !theme.narrow() {
            page.keep(8);
            page.rule(theme, "");
            self.chosen(flow, plan, theme, &mut page);
        }
        page.keep(1);
        let style = if self.button { theme.selected() } else { theme.strong() };
        let text = button(flow, plan, theme.narrow());
        page.line(Line::from(vec![Span::raw("  "), Span::styled(text, style)]));
        if let Some(right) = beside_it {
            let mut page = Page::new(buf, right);
            page.gap();
            page.gap();
            self.chosen(flow, plan, theme, &mut page);
        }
    }
}
