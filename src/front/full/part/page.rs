//! A page that is written from top to bottom and never over its edge.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{clip, width, wrap};
use crate::front::full::theme::Theme;

/// Where the next line goes.
pub struct Page<'a> {
    buf: &'a mut Buffer,
    area: Rect,
    y: u16,
}

impl<'a> Page<'a> {
    /// A page in an area, cut to what the buffer has.
    pub fn new(buf: &'a mut Buffer, area: Rect) -> Self {
        let area = area.intersection(buf.area);
        Page { buf, area, y: 0 }
    }

    /// Rows that are left.
    pub fn room(&self) -> u16 {
        self.area.height.saturating_sub(self.y)
    }

    /// Cells of a row.
    pub fn width(&self) -> usize {
        self.area.width.into()
    }

    /// The area that is left.
    pub fn rest(&self) -> Rect {
        Rect { y: self.area.y + self.y.min(self.area.height), height: self.room(), ..self.area }
    }

    /// The buffer, for parts that draw for themselves.
    pub fn buf(&mut self) -> &mut Buffer {
        self.buf
    }

    /// An empty row.
    pub fn gap(&mut self) {
        self.y = self.y.saturating_add(1);
    }

    /// Moves so that so many rows are left, where there are more.
    pub fn keep(&mut self, rows: u16) {
        self.y = self.y.max(self.area.height.saturating_sub(rows));
    }

    /// A row; what does not fit ends in an ellipsis.
    pub fn line(&mut self, line: impl Into<Line<'static>>) {
        if self.room() > 0 {
            put(self.buf, self.area.x, self.area.y + self.y, self.area.width, &line.into());
        }
        self.gap();
    }

    /// A row of plain text.
    pub fn text(&mut self, text: &str, style: Style) {
        self.line(Span::styled(super::text::clean(text), style));
    }

    /// A row of a list: marked and in reverse video where it is selected.
    pub fn row(&mut self, selected: bool, theme: &Theme, line: impl Into<Line<'static>>) {
        let y = self.area.y + self.y;
        if self.room() > 0 {
            let mark = if selected { "› " } else { "  " };
            put(self.buf, self.area.x, y, self.area.width, &Line::from(mark));
            put(self.buf, self.area.x.saturating_add(2), y, self.area.width.saturating_sub(2), &line.into());
            if selected {
                self.buf.set_style(Rect { y, height: 1, ..self.area }, theme.selected());
            }
        }
        self.gap();
    }

    /// Text over as many rows as it needs, at most so many; indented by so many cells.
    pub fn para(&mut self, text: &str, style: Style, indent: usize, most: usize) {
        let cells = self.width().saturating_sub(indent);
        let lines = wrap(text, cells);
        let over = lines.len() > most;
        for (i, line) in lines.iter().take(most).enumerate() {
            let line = if over && i + 1 == most { clip(&format!("{line} …"), cells.max(1)) } else { line.clone() };
            self.line(Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(line, style)]));
        }
    }

    /// A rule, with a word in it where there is one.
    pub fn rule(&mut self, theme: &Theme, word: &str) {
        let cells = self.width();
        let text = if word.is_empty() {
            "─".repeat(cells)
        } else {
            format!("── {word} {}", "─".repeat(cells.saturating_sub(width(word) + 4)))
        };
        self.line(Span::styled(text, theme.dim()));
    }
}

/// Writes a line into so many cells; what does not fit ends in an ellipsis.
pub fn put(buf: &mut Buffer, x: u16, y: u16, cells: u16, line: &Line<'_>) {
    let area = buf.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return;
    }
    let cells = cells.min(area.right() - x);
    let total: usize = line.spans.iter().map(|s| width(&s.content)).sum();
    // Blanks at the end are no loss.
    let blank = line
        .spans
        .iter()
        .rev()
        .map(|s| (s.content.len(), s.content.trim_end().len()))
        .try_fold(0usize, |sum, (all, kept)| if kept == 0 { Ok(sum + all) } else { Err(sum + all - kept) });
    let blank = blank.unwrap_or_else(|sum| sum);
    let mut left = usize::from(cells);
    let cut = total.saturating_sub(blank) > left;
    if cut {
        left = left.saturating_sub(1);
    }
    let mut x = x;
    let mut last = Style::new();
    for span in &line.spans {
        let content = span.content.as_ref();
        let style = line.style.patch(span.style);
        last = style;
        let mut shown = String::new();
        let mut used = 0;
        for c in content.chars() {
            let w = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if used + w > left {
                break;
            }
            used += w;
            shown.push(c);
        }
        buf.set_string(x, y, &shown, style);
        x += used as u16;
        left -= used;
        if shown.len() < content.len() {
            break;
        }
    }
    if cut && cells > 0 {
        buf.set_string(x, y, "…", last);
    }
}
