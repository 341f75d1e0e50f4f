//! `${…}` in recipes: what may stand inside, and what it becomes.
//!
//! Known holes: `secret.NAME`, `gives.COMPONENT.NAME`, `address.COMPONENT`, `camera.name`, `camera.continuous`, `site`,
//! `timezone`. Anything else is an error when the recipe is loaded.

use crate::model::text::{Piece, Text};

/// A piece of a recipe's string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// As it stands.
    Literal(&'a str),
    /// What stands between `${` and `}`.
    Hole(&'a str),
}

/// Splits a string into literals and holes. `$$` stands for one `$`. Errors name the byte where a hole is left open.
pub fn split(text: &str) -> Result<Vec<Part<'_>>, usize> {
    let mut parts = vec![];
    let (mut from, mut at) = (0, 0);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if bytes[at] == b'$' && bytes.get(at + 1) == Some(&b'$') {
            parts.push(Part::Literal(&text[from..=at]));
            at += 2;
            from = at;
        } else if bytes[at] == b'$' && bytes.get(at + 1) == Some(&b'{') {
            let Some(end) = text[at..].find('}') else { return Err(at) };
            if from < at {
                parts.push(Part::Literal(&text[from..at]));
            }
            parts.push(Part::Hole(&text[at + 2..at + end]));
            at += end + 1;
            from = at;
        } else {
            at += 1;
        }
    }
    if from < text.len() {
        parts.push(Part::Literal(&text[from..]));
    }
    Ok(parts)
}

/// Fills the holes; `fill` answers a hole, or none where it does not know it. The error is the hole's name.
pub fn fill(text: &str, fill: &dyn Fn(&str) -> Option<Text>) -> Result<Text, String> {
    let mut pieces: Vec<Piece> = vec![];
    for part in split(text).map_err(|at| text[at..].to_string())? {
        let more = match part {
            Part::Literal(t) => vec![Piece::Literal(t.to_string())],
            Part::Hole(h) => fill(h).ok_or_else(|| h.to_string())?.0,
        };
        for piece in more {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Literal(a)), Piece::Literal(b)) => a.push_str(&b),
                (_, piece) => pieces.push(piece),
            }
        }
    }
    Ok(Text(pieces))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn holes_become_references_and_literals_join() {
        let got = fill("a${x}b$$${secret.p}", &|h| match h {
            "x" => Some(Text::literal("-")),
            _ => h.strip_prefix("secret.").map(Text::secret),
        });
        assert_eq!(got, Ok(Text(vec![Piece::Literal("a-b$".into()), Piece::Secret { secret: "p".into() }])));
    }

    #[test]
    fn an_unknown_or_open_hole_is_named() {
        assert_eq!(fill("a ${nope}", &|_| None), Err("nope".into()));
        assert_eq!(split("ab ${open"), Err(3));
    }

    proptest! {
        #[test]
        fn wild_text_never_panics(s in "\\PC*") {
            let _ = split(&s);
        }
    }
}
