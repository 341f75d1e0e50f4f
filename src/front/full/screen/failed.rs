//! Something failed: one card with what, why, how it is known and what can be done now. Its code can be read out on the phone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::log::Log;
use super::machine::REPORT_FILE;
use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::ask::{Ask, Then};
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, clip, width, wrap};
use crate::front::full::theme::{Mark, Theme};
use crate::model::check::Fix;
use crate::words::figures::{count, span};
use crate::words::undo;

/// The screen.
#[derive(Debug, Default)]
pub struct Failed {
    at: Cursor,
}

/// The card stands: the run ended, and a step failed.
pub fn stands(flow: &Flow) -> bool {
    !flow.running && flow.failed().is_some()
}

#[derive(Debug, Clone, Copy)]
enum Do {
    Fix(Fix),
    Retry,
    Change,
    Log,
    Report,
    Undo,
}

fn options(flow: &Flow) -> Vec<(Do, &'static str, &'static str)> {
    let code = flow.failed().map_or("", |(_, _, fault)| fault.code.as_str());
    let mut options = vec![];
    if code.contains("PORT") {
        options.push((Do::Fix(Fix::OtherPort), "Take another port that is free", "shows the plan again"));
    }
    if code.contains("DISK") || code.contains("SPACE") {
        options.push((Do::Fix(Fix::OtherFolder), "Take the disk with most room", "shows the plan again"));
    }
    options.push((Do::Retry, "Try again from this step", "what is done stays done"));
    if flow.plan.is_some() {
        options.push((Do::Change, "Go back and change an answer", ""));
    }
    options.push((Do::Log, "Show the log", ""));
    options.push((Do::Report, "Write a report for support", "no passwords in it"));
    if flow.left_standing() {
        options.push((Do::Undo, undo::offered(flow.stood()), "asks first"));
    }
    options
}

/// Cells for what a paragraph is about.
const LABEL: usize = 14;

/// Sentences over as many rows as they need, the first one labelled.
fn labelled<'a>(label: &'a str, all: &[String], cells: usize) -> Vec<(&'a str, String)> {
    let lines = all.iter().flat_map(|text| wrap(text, cells.saturating_sub(LABEL + 2)));
    lines.enumerate().map(|(i, line)| (if i == 0 { label } else { "" }, line)).collect()
}

impl Screen for Failed {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let options = options(flow);
        if self.at.on(key, options.len()) {
            return Reply::Taken;
        }
        match key {
            Key::Enter => match options.get(self.at.at(options.len())).map(|(what, ..)| *what) {
                Some(Do::Fix(fix)) => Reply::Want(vec![Intent::Fix(fix)]),
                Some(Do::Retry) | None => Reply::Want(vec![Intent::Retry]),
                Some(Do::Change) => Reply::Want(vec![Intent::Back]),
                Some(Do::Log) => Reply::Open(Box::new(Log::of_the_run()), vec![]),
                Some(Do::Report) => Reply::Want(vec![Intent::SaveReport(REPORT_FILE.into())]),
                Some(Do::Undo) => {
                    let (what, means) = (undo::offered(flow.stood()), undo::means(flow.stood()));
                    Ask::new(format!("{what}?"), means, "Leave it as it is").or(what, Then::Want(vec![Intent::Undo])).open()
                }
            },
            Key::Char('r') => Reply::Want(vec![Intent::Retry]),
            Key::Char('l') => Reply::Open(Box::new(Log::of_the_run()), vec![]),
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        vec![Hint::rows("choose"), Hint::key(Key::Enter, "do it"), Hint::letter('r', "try again"), Hint::letter('l', "log")]
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let Some((id, seconds, fault)) = flow.failed() else { return };
        let options = options(flow);
        let mut page = Page::new(buf, area);
        let title = flow.titles.get(id).map_or(id, String::as_str);
        let right = format!("{}   after {}", fault.code, span(seconds));
        let room = page.width().saturating_sub(width(&right) + 4);
        let head = clip(title, room.max(4));
        page.line(Line::from(vec![
            Span::styled(format!("{} {head}", theme.glyph(Mark::Bad)), theme.bad()),
            Span::raw(" ".repeat(page.width().saturating_sub(width(&head) + 2 + width(&right)))),
            Span::styled(fault.code.clone(), theme.bad()),
            Span::styled(format!("   after {}", span(seconds)), theme.dim()),
        ]));
        if !theme.narrow() {
            page.gap();
        }
        let most = if theme.narrow() { 2 } else { 3 };
        page.para(&fault.says, theme.strong(), 2, most);
        if !theme.narrow() {
            page.gap();
            // Whole sentences; the blank rows around what stays done give way to them first.
            let room = usize::from(page.room()).saturating_sub(options.len() + 1);
            let told = [("How I know", &fault.because), ("What helps", &fault.cure)];
            let lines: Vec<(&str, String)> = told.iter().flat_map(|(label, all)| labelled(label, all, page.width())).collect();
            let spare = room.saturating_sub(lines.len());
            for (i, (label, line)) in lines.iter().enumerate().take(room) {
                let line = if i + 1 == room && lines.len() > room { format!("{line} …") } else { line.clone() };
                page.line(Row::new().gap(2).left(label, LABEL, theme.dim()).rest(&line, theme.plain()));
            }
            if spare > 0 {
                page.gap();
            }
            let (done, _) = flow.done_of();
            let safe = if done == 0 {
                "Nothing was changed before it.".into()
            } else {
                format!("Nothing is lost: {} stay done.", count(done, "step"))
            };
            page.line(Row::new().gap(2).rest(&safe, theme.good()));
            if spare > 1 {
                page.gap();
            }
        }
        let at = self.at.at(options.len());
        for i in window(at, options.len(), usize::from(page.room()).max(1)) {
            if let Some((_, what, means)) = options.get(i) {
                let means = if i == 0 {
                    if means.is_empty() { "recommended".to_string() } else { format!("recommended; {means}") }
                } else {
                    (*means).into()
                };
                let row = Row::new().left(what, 36.min(page.width().saturating_sub(2)), theme.strong());
                page.row(i == at, theme, if theme.narrow() { row } else { row.rest(&means, theme.dim()) });
            }
        }
    }
}
