//! A line of text that is typed. A password is dots until it is asked for; one that stands in an address, unless the cursor is in it.

use ratatui::text::{Line, Span};
use tui_input::{Input, InputRequest};

use super::text::width;
use crate::front::full::keys::Key;
use crate::front::full::theme::Theme;
use crate::model::address::passwords;

/// A field.
#[derive(Debug, Clone, Default)]
pub struct Field {
    input: Input,
    kind: Kind,
}

/// What of a field's text is dots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Open,
    Secret,
    Address,
}

impl Field {
    /// A field with a text in it, the cursor behind it.
    pub fn new(text: &str) -> Self {
        Field { input: Input::new(text.into()), kind: Kind::Open }
    }

    /// A field whose text is dots.
    pub fn secret() -> Self {
        Field { input: Input::default(), kind: Kind::Secret }
    }

    /// A field for a camera's address, in which a password may stand.
    pub fn address(text: &str) -> Self {
        Field { input: Input::new(text.into()), kind: Kind::Address }
    }

    /// The text as it is shown, letter for letter, so that the cursor stands where it belongs.
    fn shown(&self, typing: bool, reveal: bool) -> Vec<char> {
        let value = self.value();
        let hidden = if self.kind == Kind::Address { passwords(value) } else { vec![] };
        let cursor = value.char_indices().nth(self.input.cursor()).map_or(value.len(), |(at, _)| at);
        let away = |r: &std::ops::Range<usize>| !typing || cursor < r.start || cursor > r.end;
        let dots = |at: usize| !reveal && (self.kind == Kind::Secret || hidden.iter().any(|r| r.contains(&at) && away(r)));
        let clean = super::text::clean(value);
        value.char_indices().zip(clean.chars()).map(|((at, _), c)| if dots(at) { '•' } else { c }).collect()
    }

    /// What was typed.
    pub fn value(&self) -> &str {
        self.input.value()
    }

    /// Takes letters and the keys that move and delete.
    pub fn on(&mut self, key: Key) -> bool {
        let request = match key {
            Key::Char(c) => InputRequest::InsertChar(c),
            Key::Backspace => InputRequest::DeletePrevChar,
            Key::Delete => InputRequest::DeleteNextChar,
            Key::Left => InputRequest::GoToPrevChar,
            Key::Right => InputRequest::GoToNextChar,
            Key::Home | Key::Ctrl('a') => InputRequest::GoToStart,
            Key::End | Key::Ctrl('e') => InputRequest::GoToEnd,
            Key::Ctrl('u') => InputRequest::DeleteLine,
            Key::Ctrl('w') => InputRequest::DeletePrevWord,
            _ => return false,
        };
        self.input.handle(request);
        true
    }

    /// The text in so many cells; with a cursor while it is typed in. The part around the cursor is what is seen.
    pub fn line(&self, cells: usize, typing: bool, reveal: bool, theme: &Theme) -> Line<'static> {
        let shown = self.shown(typing, reveal);
        let cursor = self.input.cursor().min(shown.len());
        if !typing {
            return Line::raw(super::text::clip(&shown.iter().collect::<String>(), cells));
        }
        let room = cells.saturating_sub(1);
        let mut from = cursor;
        let mut used = 0;
        while let Some(c) = from.checked_sub(1).and_then(|i| shown.get(i)) {
            used += width(&c.to_string());
            if used > room {
                break;
            }
            from -= 1;
        }
        let text = |range: &[char]| range.iter().collect::<String>();
        let before = text(shown.get(from..cursor).unwrap_or_default());
        let at = shown.get(cursor).map_or(" ".into(), |c| c.to_string());
        let after =
            super::text::clip(&text(shown.get(cursor + 1..).unwrap_or_default()), cells.saturating_sub(width(&before) + width(&at)));
        Line::from(vec![Span::styled(before, theme.strong()), Span::styled(at, theme.selected()), Span::styled(after, theme.strong())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::full::theme::{Colour, Look, Room};

    fn shown(field: &Field, cells: usize, reveal: bool) -> String {
        let look = Look { colour: Colour::Mono, ascii: false };
        let theme = Theme { look, room: Room::Usual, now: 0.0, health_at: 0.0, zone: jiff::tz::TimeZone::UTC };
        field.line(cells, true, reveal, &theme).to_string()
    }

    #[test]
    fn a_password_is_dots_until_it_is_asked_for() {
        let mut field = Field::secret();
        for c in "geheim".chars() {
            assert!(field.on(Key::Char(c)));
        }
        assert_eq!(shown(&field, 20, false), "•••••• ");
        assert_eq!(shown(&field, 20, true), "geheim ");
        assert!(!field.on(Key::Enter));
    }

    #[test]
    fn a_password_in_an_address_shows_only_while_the_cursor_is_in_it() {
        let mut field = Field::address("rtsp://viewer:geheim");
        assert_eq!(shown(&field, 50, false), "rtsp://viewer:geheim ");
        for c in "@192.0.2.31/s".chars() {
            field.on(Key::Char(c));
        }
        assert_eq!(shown(&field, 50, false), "rtsp://viewer:••••••@192.0.2.31/s ");
        assert_eq!(shown(&field, 50, true), "rtsp://viewer:geheim@192.0.2.31/s ");
        for _ in 0.."@192.0.2.31/s".len() {
            field.on(Key::Left);
        }
        assert_eq!(shown(&field, 50, false), "rtsp://viewer:geheim@192.0.2.31/s");
        let look = Look { colour: Colour::Mono, ascii: false };
        let theme = Theme { look, room: Room::Usual, now: 0.0, health_at: 0.0, zone: jiff::tz::TimeZone::UTC };
        assert_eq!(field.line(50, false, false, &theme).to_string(), "rtsp://viewer:••••••@192.0.2.31/s", "it was left");
    }

    #[test]
    fn a_long_text_follows_its_cursor() {
        let mut field = Field::new("rtsp://192.0.2.31/stream");
        assert_eq!(shown(&field, 8, false), "/stream ");
        field.on(Key::Home);
        assert_eq!(shown(&field, 8, false), "rtsp://…");
    }
}
