//! Aligned columns without boxes: a screen reader and a pipe read them alike.

use unicode_width::UnicodeWidthStr;

/// Rows of cells under their heads, two spaces between columns; a column whose head begins with a space is right-aligned.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let cell = |row: &[String], at: usize| row.get(at).map_or(0, |c| c.width());
    let widths: Vec<usize> =
        heads.iter().enumerate().map(|(at, head)| rows.iter().map(|r| cell(r, at)).max().unwrap_or(0).max(head.trim().width())).collect();
    let line = |cells: Vec<&str>| {
        let mut out = String::new();
        for (at, text) in cells.iter().enumerate() {
            let room = " ".repeat(widths.get(at).copied().unwrap_or(0).saturating_sub(text.width()));
            let right = heads.get(at).is_some_and(|h| h.starts_with(' '));
            let gap = if at == 0 { "" } else { "  " };
            out.push_str(&if right { format!("{gap}{room}{text}") } else { format!("{gap}{text}{room}") });
        }
        out.trim_end().to_string()
    };
    let mut lines = vec![line(heads.iter().map(|h| h.trim()).collect())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_what_is_shown() {
        let row = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        let lines = table(&["PART", " UP"], &[row("Événements", "3 d"), row("倉庫", "12 d")]);
        assert_eq!(lines, ["PART          UP", "Événements   3 d", "倉庫        12 d"]);
    }
}
