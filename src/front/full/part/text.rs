//! Text by the cells that a terminal shows: cut with an ellipsis, wrapped between words, never cut mid-word without a sign.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cells that a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text for a screen: what could move the cursor or hide text is a space.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { ' ' } else { c }
        })
        .collect()
}

/// The text in so many cells; what does not fit ends in an ellipsis.
pub fn clip(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_string();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > cells {
            break;
        }
        used += w;
        out.push(c);
    }
    if cells > 0 {
        out.push('…');
    }
    out
}

/// The text in lines of so many cells, broken between words; a word that is longer than a line is broken where it must.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut lines = vec![];
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in clean(paragraph).split_whitespace() {
            let mut word = word.to_string();
            if !line.is_empty() && width(&line) + 1 + width(&word) > cells {
                lines.push(std::mem::take(&mut line));
            }
            while width(&word) > cells {
                let mut used = 0;
                let at = word.char_indices().find(|(_, c)| {
                    used += c.width().unwrap_or(0);
                    used > cells
                });
                // A sign of two cells in a line of one still has to go somewhere.
                let at = at.map_or(word.len(), |(i, c)| if i == 0 { c.len_utf8() } else { i });
                let rest = word.split_off(at);
                lines.push(std::mem::replace(&mut word, rest));
            }
            if !word.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
        }
        lines.push(line);
    }
    lines
}

/// A row of cells that line up by what the terminal shows.
#[derive(Debug, Default, Clone)]
pub struct Row(Vec<Span<'static>>);

impl Row {
    /// An empty row.
    pub fn new() -> Self {
        Row::default()
    }

    /// A cell that begins at its left edge.
    pub fn left(mut self, text: &str, cells: usize, style: Style) -> Self {
        let text = clip(&clean(text), cells);
        let pad = cells.saturating_sub(width(&text));
        self.0.push(Span::styled(text, style));
        self.0.push(Span::raw(" ".repeat(pad)));
        self
    }

    /// A cell that ends at its right edge: numbers.
    pub fn right(mut self, text: &str, cells: usize, style: Style) -> Self {
        let text = clip(&clean(text), cells);
        let pad = cells.saturating_sub(width(&text));
        self.0.push(Span::raw(" ".repeat(pad)));
        self.0.push(Span::styled(text, style));
        self
    }

    /// A cell made before.
    pub fn cell(self, span: Span<'static>, cells: usize) -> Self {
        let style = span.style;
        self.left(&span.content, cells, style)
    }

    /// Empty cells.
    pub fn gap(mut self, cells: usize) -> Self {
        self.0.push(Span::raw(" ".repeat(cells)));
        self
    }

    /// The rest of the row, cut where the row ends.
    pub fn rest(mut self, text: &str, style: Style) -> Self {
        self.0.push(Span::styled(clean(text), style));
        self
    }
}

impl From<Row> for Line<'static> {
    fn from(row: Row) -> Self {
        Line::from(row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_cut_and_wrapped_by_cells() {
        assert_eq!(clip("front-door", 6), "front…");
        assert_eq!(clip("門門門", 4), "門…");
        assert_eq!(clip("x", 0), "");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(clean("a\x1b[2Jb\u{202e}"), "a [2Jb ");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_it_may_be(text in "\\PC*", cells in 0usize..30) {
            prop_assert!(width(&clip(&text, cells)) <= cells);
            if cells >= 2 {
                for line in wrap(&text, cells) {
                    prop_assert!(width(&line) <= cells, "{line:?}");
                }
            }
        }
    }
}
