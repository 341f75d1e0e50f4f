//! Keys as screens know them, whatever the terminal calls them.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// A screenful up.
    PageUp,
    /// A screenful down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// A letter or sign, as typed.
    Char(char),
    /// With Ctrl.
    Ctrl(char),
    /// Function key.
    F(u8),
}

impl Key {
    /// The key of a terminal's event; none for releases and keys that no screen knows.
    pub fn of(event: &KeyEvent) -> Option<Key> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        Some(match event.code {
            KeyCode::Up => Key::Up,
            KeyCode::Down => Key::Down,
            KeyCode::Left => Key::Left,
            KeyCode::Right => Key::Right,
            KeyCode::Enter => Key::Enter,
            KeyCode::Esc => Key::Esc,
            KeyCode::Tab => Key::Tab,
            KeyCode::BackTab => Key::BackTab,
            KeyCode::PageUp => Key::PageUp,
            KeyCode::PageDown => Key::PageDown,
            KeyCode::Home => Key::Home,
            KeyCode::End => Key::End,
            KeyCode::Backspace => Key::Backspace,
            KeyCode::Delete => Key::Delete,
            KeyCode::F(n) => Key::F(n),
            KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::CONTROL) => Key::Ctrl(c.to_ascii_lowercase()),
            KeyCode::Char(c) if !event.modifiers.contains(KeyModifiers::ALT) => Key::Char(c),
            _ => return None,
        })
    }

    /// The key as it stands on a keyboard.
    pub fn name(self, ascii: bool) -> String {
        let pick = |sign: &str, word: &str| if ascii { word.to_string() } else { sign.to_string() };
        match self {
            Key::Up => pick("↑", "Up"),
            Key::Down => pick("↓", "Down"),
            Key::Left => pick("←", "Left"),
            Key::Right => pick("→", "Right"),
            Key::Enter => "Enter".into(),
            Key::Esc => "Esc".into(),
            Key::Tab => "Tab".into(),
            Key::BackTab => "Shift-Tab".into(),
            Key::PageUp => "PgUp".into(),
            Key::PageDown => "PgDn".into(),
            Key::Home => "Home".into(),
            Key::End => "End".into(),
            Key::Backspace => "Backspace".into(),
            Key::Delete => "Del".into(),
            Key::Char(' ') => "Space".into(),
            Key::Char(c) => c.to_string(),
            Key::Ctrl(c) => format!("Ctrl-{}", c.to_ascii_uppercase()),
            Key::F(n) => format!("F{n}"),
        }
    }
}

/// Keys and what they do now. Footer and help page are made of them, so they cannot lie.
#[derive(Debug, Clone)]
pub struct Hint {
    /// Keys that do it.
    pub keys: Vec<Key>,
    /// What they do, in one or two words.
    pub label: String,
}

impl Hint {
    /// One key.
    pub fn key(key: Key, label: &str) -> Self {
        Hint { keys: vec![key], label: label.into() }
    }

    /// A letter.
    pub fn letter(letter: char, label: &str) -> Self {
        Hint::key(Key::Char(letter), label)
    }

    /// Up and down.
    pub fn rows(label: &str) -> Self {
        Hint { keys: vec![Key::Up, Key::Down], label: label.into() }
    }

    /// The keys' names.
    pub fn names(&self, ascii: bool) -> String {
        let names: Vec<String> = self.keys.iter().map(|k| k.name(ascii)).collect();
        let arrows = names.iter().all(|n| !n.is_ascii());
        names.join(if arrows { "" } else { " " })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_sends_becomes_a_key() {
        let press = |code, modifiers| Key::of(&KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('C'), KeyModifiers::CONTROL), Some(Key::Ctrl('c')));
        assert_eq!(press(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Key::Char('?')));
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::ALT), None);
        let release = KeyEvent { kind: KeyEventKind::Release, ..KeyEvent::new(KeyCode::Up, KeyModifiers::NONE) };
        assert_eq!(Key::of(&release), None);
        assert_eq!(Hint::rows("look").names(false), "↑↓");
        assert_eq!(Hint::rows("look").names(true), "Up Down");
    }
}
