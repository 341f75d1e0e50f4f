//! Cameras: what was typed is tried at once; the answer stands beside it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::camera_form::CameraForm;
use super::{Reply, Screen};
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::ask::{Ask, Then};
use crate::front::full::part::list::{Cursor, window};
use crate::front::full::part::page::Page;
use crate::front::full::part::text::{Row, width};
use crate::front::full::theme::{Mark, Room, Theme};
use crate::model::answers::Camera;
use crate::words::answers as words;
use crate::words::camera::whence;
use crate::words::welcome;

/// The screen.
#[derive(Debug, Default)]
pub struct Cameras {
    at: Cursor,
}

/// The address as it is shown: the user stands in it, the password is dots.
pub fn shown(camera: &Camera) -> String {
    match (&camera.user, camera.url.split_once("://")) {
        (Some(user), Some((scheme, rest))) if !user.is_empty() => format!("{scheme}://{user}:••••@{rest}"),
        _ => camera.url.clone(),
    }
}

/// The same in so many cells: what every address begins with gives way first.
fn fitting(camera: &Camera, cells: usize) -> String {
    let all = shown(camera);
    if width(&all) <= cells { all } else { all.trim_start_matches("rtsp://").into() }
}

/// What came of trying it.
fn tried(flow: &Flow, name: &str, theme: &Theme) -> Span<'static> {
    match flow.tried.get(name) {
        None => theme.state(Mark::Idle, "not tried yet"),
        Some(None) => theme.state(Mark::Busy, "trying"),
        Some(Some(t)) => theme.state(if t.outcome.is_ok() { Mark::Good } else { Mark::Bad }, &t.says),
    }
}

impl Screen for Cameras {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        let cameras = &flow.answers.cameras;
        if self.at.on(key, cameras.len() + 1) {
            return Reply::Taken;
        }
        let at = self.at.at(cameras.len() + 1);
        match (key, cameras.get(at)) {
            (Key::Char('a'), _) | (Key::Enter, None) => {
                // The new one comes where "add one" stands now: it is looked at when it is tried.
                self.at = Cursor::to(cameras.len());
                Reply::Open(Box::new(CameraForm::new(None)), vec![])
            }
            (Key::Enter, Some(camera)) => Reply::Open(Box::new(CameraForm::new(Some((at, camera)))), vec![]),
            (Key::Char('t'), Some(_)) => Reply::Want(vec![Intent::TryCamera(at)]),
            (Key::Char('d') | Key::Delete, Some(camera)) => {
                Ask::new(format!("Remove {} from the list?", camera.name), "The camera itself is not touched.", "Keep it")
                    .or("Remove it", Then::Want(vec![Intent::RemoveCamera(at)]))
                    .open()
            }
            _ => Reply::Ignored,
        }
    }

    fn hints(&self, flow: &Flow) -> Vec<Hint> {
        let len = flow.answers.cameras.len();
        let mut hints = vec![];
        if len > 0 {
            hints.push(Hint::rows("choose"));
        }
        if self.at.at(len + 1) < len {
            hints.push(Hint::key(Key::Enter, "change"));
            hints.push(Hint::letter('a', "add"));
            hints.push(Hint::letter('t', "try again"));
            hints.push(Hint::letter('d', "remove"));
        } else {
            hints.push(Hint::key(Key::Enter, "add one"));
        }
        hints
    }

    fn draw(&self, flow: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let cameras = &flow.answers.cameras;
        let mut page = Page::new(buf, area);
        let cells = page.width().saturating_sub(2);
        let (name, rec, said) = match theme.room {
            Room::Wide => (18, 10, 34),
            Room::Usual => (13, 9, 23),
            Room::Narrow | Room::Tiny => (13, 0, cells.saturating_sub(13)),
        };
        let address = cells.saturating_sub(name + rec + said);
        if !theme.narrow() {
            page.gap();
            let heads = Row::new()
                .gap(2)
                .left("CAMERA", name, theme.dim())
                .left("ADDRESS", address, theme.dim())
                .left("RECORDS", rec, theme.dim())
                .left("TRIED", said, theme.dim());
            page.line(heads);
        }
        let at = self.at.at(cameras.len() + 1);
        let height = usize::from(page.room()).saturating_sub(if theme.narrow() { 3 } else { 6 }).max(1);
        for i in window(at, cameras.len() + 1, height) {
            let Some(c) = cameras.get(i) else {
                let row = Row::new().left("add one", name, theme.accent());
                let later = if cameras.is_empty() { "its address is enough; later is fine too" } else { "later is fine" };
                page.row(i == at, theme, if theme.narrow() { row } else { row.rest(later, theme.dim()) });
                continue;
            };
            let row = Row::new()
                .left(&c.name, name.saturating_sub(1), theme.strong())
                .gap(1)
                .left(&fitting(c, address.saturating_sub(1)), address.saturating_sub(1), theme.plain())
                .gap(address.min(1))
                .left(words::record_short(c.record), rec, theme.plain())
                .cell(tried(flow, &c.name, theme), said);
            page.row(i == at, theme, row);
        }
        page.gap();
        if let Some(Some(Some(t))) = cameras.get(at).map(|c| flow.tried.get(&c.name).and_then(Option::as_ref)).map(Some) {
            page.para(
                &format!("{}{}: {}", t.name, whence(t.from), t.says),
                if t.outcome.is_ok() { theme.good() } else { theme.bad() },
                2,
                2,
            );
            page.para(&t.advice, theme.plain(), 2, 3);
        } else if cameras.is_empty() && !theme.narrow() {
            page.para(words::NO_CAMERA_YET, theme.dim(), 2, 4);
            if let Some(says) = welcome::cameras_to_try(&flow.played.cameras) {
                page.gap();
                page.para(&says, theme.plain(), 2, 4);
            }
        }
    }
}
