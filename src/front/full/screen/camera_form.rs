//! One camera is typed in. The password is dots until it is asked for, also where it stands in the address.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use secrecy::SecretString;

use super::{Reply, Screen};
use crate::flow::intent::CameraTyped;
use crate::flow::{Flow, Intent};
use crate::front::full::keys::{Hint, Key};
use crate::front::full::part::field::Field;
use crate::front::full::part::page::Page;
use crate::front::full::theme::Theme;
use crate::model::answers::{Camera, Record};
use crate::model::event::Event;
use crate::words::answers as words;

const LABELS: [&str; 4] = ["Address", "User", "Password", "Name"];
const NAME: usize = 3;
const RECORD: usize = 4;
const BUTTON: usize = 5;

/// The form. It is not printed by `Debug`: a password may be in it.
pub struct CameraForm {
    index: Option<usize>,
    fields: [Field; 4],
    record: Record,
    at: usize,
    reveal: bool,
    /// It was sent off to be understood, and no answer has come.
    sent: bool,
}

impl std::fmt::Debug for CameraForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CameraForm").field("index", &self.index).field("at", &self.at).finish_non_exhaustive()
    }
}

impl CameraForm {
    /// An empty form, or one with a camera that is changed. Its password is not in it: left empty, the old one stays.
    pub fn new(change: Option<(usize, &Camera)>) -> Self {
        let field = |text: Option<&str>| text.map(Field::new).unwrap_or_default();
        let camera = change.map(|(_, c)| c);
        let fields = [
            Field::address(camera.map_or("", |c| c.url.as_str())),
            field(camera.and_then(|c| c.user.as_deref())),
            Field::secret(),
            field(camera.map(|c| c.name.as_str())),
        ];
        CameraForm {
            index: change.map(|(i, _)| i),
            fields,
            record: camera.map_or(Record::Motion, |c| c.record),
            at: 0,
            reveal: false,
            sent: false,
        }
    }

    fn typed(&self) -> CameraTyped {
        let [url, user, password, name] = &self.fields;
        let text = |f: &Field| f.value().trim().to_string();
        CameraTyped {
            name: text(name),
            url: text(url),
            sub_url: None,
            user: text(user),
            password: SecretString::from(password.value().to_string()),
            record: self.record,
        }
    }

    fn flip(&mut self) {
        self.record = if self.record == Record::Motion { Record::Always } else { Record::Motion };
    }

    fn note(&self) -> &'static str {
        match self.at {
            0 => words::ADDRESS,
            1 => words::USER,
            2 if self.index.is_some() => words::PASSWORD_STAYS,
            2 => words::PASSWORD,
            3 => words::NAME,
            RECORD => words::RECORD,
            _ => words::TRY,
        }
    }
}

impl Screen for CameraForm {
    fn on(&mut self, key: Key, flow: &Flow) -> Reply {
        match key {
            // One Enter is enough: the answer comes in a moment.
            Key::Enter if self.sent => {}
            Key::Ctrl('v') => self.reveal = !self.reveal,
            Key::Tab | Key::Down => self.at = (self.at + 1) % (BUTTON + 1),
            Key::BackTab | Key::Up => self.at = (self.at + BUTTON) % (BUTTON + 1),
            Key::Char(' ') | Key::Left | Key::Right if self.at == RECORD => self.flip(),
            Key::Enter if self.at == BUTTON && self.fields.first().is_none_or(|f| f.value().trim().is_empty()) => {
                self.at = 0;
                return Reply::Say(words::NEEDS_ADDRESS.into());
            }
            // It stays open until the camera is understood: what cannot be is put right here, and nothing is typed twice.
            Key::Enter if self.at == BUTTON => {
                let typed = self.typed();
                match flow.camera_name(self.index, &typed.name) {
                    Ok(_) => self.sent = true,
                    Err(_) => self.at = NAME,
                }
                return Reply::Want(vec![Intent::Camera(self.index, typed)]);
            }
            Key::Enter => self.at += 1,
            _ => {
                return match self.fields.get_mut(self.at).map(|f| f.on(key)) {
                    Some(true) => Reply::Taken,
                    _ => Reply::Ignored,
                };
            }
        }
        Reply::Taken
    }

    fn typing(&self) -> bool {
        self.at < RECORD
    }

    fn seen(&mut self, event: &Event) -> bool {
        match event {
            Event::CameraSet { index, .. } => std::mem::take(&mut self.sent) && *index == self.index,
            Event::Failed { fault } if std::mem::take(&mut self.sent) => {
                self.at = if fault.code.starts_with("CAMERA-NAME") { NAME } else { 0 };
                false
            }
            _ => false,
        }
    }

    fn hints(&self, _: &Flow) -> Vec<Hint> {
        let mut hints = vec![Hint::key(Key::Tab, "next")];
        match self.at {
            BUTTON => hints.push(Hint::key(Key::Enter, "try and keep")),
            RECORD => hints.push(Hint::key(Key::Char(' '), "change")),
            _ => hints.push(Hint::key(Key::Enter, "next")),
        }
        hints.push(Hint::key(Key::Ctrl('v'), if self.reveal { "hide the password" } else { "show the password" }));
        hints
    }

    fn draw(&self, _: &Flow, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let mut page = Page::new(buf, area);
        let title = if self.index.is_some() { "Change this camera" } else { "A camera" };
        if !theme.narrow() {
            page.gap();
            page.text(&format!("  {title}"), theme.strong());
            page.gap();
        }
        let cells = page.width().saturating_sub(14).min(64);
        for (i, (label, field)) in LABELS.iter().zip(&self.fields).enumerate() {
            let here = i == self.at;
            let mark = if here { "› " } else { "  " };
            let mut spans = vec![Span::styled(mark, theme.accent())];
            spans.push(Span::styled(format!("{label:<12}"), if here { theme.accent() } else { theme.dim() }));
            spans.extend(field.line(cells, here, self.reveal, theme).spans);
            page.line(Line::from(spans));
        }
        let here = self.at == RECORD;
        let record = words::record(self.record);
        let style = if here { theme.accent() } else { theme.dim() };
        page.line(Line::from(vec![
            Span::styled(if here { "› " } else { "  " }, theme.accent()),
            Span::styled(format!("{:<12}", "Records"), style),
            Span::styled(if here { format!("‹ {record} ›") } else { record.into() }, if here { theme.strong() } else { theme.plain() }),
        ]));
        if !theme.narrow() {
            page.gap();
        }
        let style = if self.at == BUTTON { theme.selected() } else { theme.strong() };
        page.line(Line::from(vec![Span::raw("  "), Span::styled("[ Try it, and keep it ]", style)]));
        if !theme.narrow() {
            page.gap();
        }
        page.para(self.note(), theme.dim(), 2, 3);
    }
}
