//! A cursor in a list, and the part of a long list that is seen. Only rows that are seen are formatted.

use std::ops::Range;

use crate::front::full::keys::Key;

/// Where in a list one is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor(usize);

impl Cursor {
    /// At a place.
    pub fn to(at: usize) -> Self {
        Cursor(at)
    }

    /// The place, for a list that has so many rows now.
    pub fn at(self, len: usize) -> usize {
        self.0.min(len.saturating_sub(1))
    }

    /// Takes arrows, j and k, page keys, g and G. True where the key was one of these.
    pub fn on(&mut self, key: Key, len: usize) -> bool {
        const PAGE: usize = 10;
        let last = len.saturating_sub(1);
        let at = self.at(len);
        self.0 = match key {
            Key::Up | Key::Char('k') => at.saturating_sub(1),
            Key::Down | Key::Char('j') => (at + 1).min(last),
            Key::PageUp => at.saturating_sub(PAGE),
            Key::PageDown => (at + PAGE).min(last),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => last,
            _ => return false,
        };
        true
    }
}

/// The rows that are seen of a list when one of them must be: it stands at two thirds of the height once the list is longer.
pub fn window(at: usize, len: usize, height: usize) -> Range<usize> {
    let top = at.saturating_sub(height * 2 / 3).min(len.saturating_sub(height));
    top..(top + height).min(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_row_one_is_at_is_always_seen(len in 1usize..500, at in 0usize..500, height in 1usize..60) {
            let at = at.min(len - 1);
            let seen = window(at, len, height);
            prop_assert!(seen.contains(&at));
            prop_assert!(seen.len() == height.min(len));
        }
    }

    #[test]
    fn the_cursor_stays_in_the_list() {
        let mut cursor = Cursor::default();
        assert!(cursor.on(Key::Char('G'), 5));
        assert_eq!(cursor.at(5), 4);
        assert_eq!(cursor.at(2), 1, "the list became shorter");
        assert!(cursor.on(Key::Down, 0));
        assert_eq!(cursor.at(0), 0);
        assert!(!cursor.on(Key::Enter, 5));
    }
}
