//! A bar: so much of so much, in cells. Never full before it is.

use ratatui::text::Span;

use crate::front::full::theme::Theme;

/// The bar in so many cells, for a part of a whole from 0 to 1.
pub fn bar(part: f64, cells: usize, theme: &Theme) -> Vec<Span<'static>> {
    let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
    let full = (part * cells as f64).floor() as usize;
    vec![Span::styled("▇".repeat(full), theme.accent()), Span::styled("░".repeat(cells.saturating_sub(full)), theme.dim())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::full::theme::{Colour, Look, Room};

    #[test]
    fn a_bar_is_full_only_at_the_end() {
        let look = Look { colour: Colour::Mono, ascii: false };
        let theme = Theme { look, room: Room::Usual, now: 0.0, health_at: 0.0, zone: jiff::tz::TimeZone::UTC };
        let full = |part| bar(part, 10, &theme)[0].content.chars().count();
        assert_eq!((full(0.0), full(0.55), full(0.999), full(1.0), full(7.0), full(f64::NAN)), (0, 5, 9, 10, 10, 0));
    }
}
