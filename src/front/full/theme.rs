//! Colours and glyphs. One accent, one each for good, warning and bad; the rest is the terminal's own foreground, dimmed for
//! what is secondary. A state is always a glyph and a word, so that nothing is lost without colour.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// Which colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// The sixteen that every terminal has, in its owner's own shades.
    Sixteen,
    /// None: bold, dim and reverse video alone.
    Mono,
}

/// How the screen is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours.
    pub colour: Colour,
    /// Letters and signs of ASCII alone.
    pub ascii: bool,
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Less than 40x12: one sentence.
    Tiny,
    /// Less than 72x20: one thing at a time.
    Narrow,
    /// The usual 80x24.
    Usual,
    /// From 110 columns: details stand beside lists.
    Wide,
}

impl Room {
    /// The room that a screen of this size gives.
    pub fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (0..40, _) | (_, 0..12) => Room::Tiny,
            (0..72, _) | (_, 0..20) => Room::Narrow,
            (0..110, _) => Room::Usual,
            _ => Room::Wide,
        }
    }
}

/// What a glyph stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Right.
    Good,
    /// To know.
    Warn,
    /// Wrong.
    Bad,
    /// Under way: the spinner.
    Busy,
    /// Begins.
    Starting,
    /// Waits, or is not known.
    Idle,
    /// Stopped by someone.
    Off,
}

/// Everything that drawing needs beside the flow: drawing reads no clock.
#[derive(Debug, Clone)]
pub struct Theme {
    /// How it is to look.
    pub look: Look,
    /// How much room there is.
    pub room: Room,
    /// Seconds since 1970.
    pub now: f64,
    /// When the health that is shown was read, in seconds since 1970.
    pub health_at: f64,
    /// The zone in which times are shown.
    pub zone: TimeZone,
}

const SPINNER: [&str; 8] = ["⣾", "⣽", "⣻", "⢿", "⡿", "⣟", "⣯", "⣷"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

impl Theme {
    fn colour(&self, colour: Color) -> Style {
        match self.look.colour {
            Colour::Sixteen => Style::new().fg(colour),
            Colour::Mono => Style::new(),
        }
    }

    /// The selected thing, the step one is at.
    pub fn accent(&self) -> Style {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Right.
    pub fn good(&self) -> Style {
        self.colour(Color::Green)
    }

    /// To know.
    pub fn warn(&self) -> Style {
        self.colour(Color::Yellow)
    }

    /// Wrong.
    pub fn bad(&self) -> Style {
        self.colour(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// Secondary.
    pub fn dim(&self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The terminal's own.
    pub fn plain(&self) -> Style {
        Style::new()
    }

    /// Headings and names.
    pub fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A whole row that is selected: reverse video, whatever was on it.
    pub fn selected(&self) -> Style {
        let style = Style::reset().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        match self.look.colour {
            Colour::Sixteen => style.fg(Color::Cyan),
            Colour::Mono => style,
        }
    }

    /// The banner that says that nothing is changed.
    pub fn banner(&self) -> Style {
        self.warn().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// Style of a mark and its word.
    pub fn style(&self, mark: Mark) -> Style {
        match mark {
            Mark::Good => self.good(),
            Mark::Warn => self.warn(),
            Mark::Bad => self.bad(),
            Mark::Busy => self.accent(),
            Mark::Starting => self.warn(),
            Mark::Idle | Mark::Off => self.dim(),
        }
    }

    /// The glyph of a mark.
    pub fn glyph(&self, mark: Mark) -> &'static str {
        match mark {
            Mark::Good => "✔",
            Mark::Warn => "!",
            Mark::Bad => "✘",
            Mark::Busy => self.spinner(),
            Mark::Starting => "◌",
            Mark::Idle => "·",
            Mark::Off => "■",
        }
    }

    /// Glyph and word in the mark's style.
    pub fn state(&self, mark: Mark, word: &str) -> Span<'static> {
        Span::styled(format!("{} {word}", self.glyph(mark)), self.style(mark))
    }

    /// The spinner as it stands now: five pictures a second.
    pub fn spinner(&self) -> &'static str {
        let frame = (self.now.max(0.0) * 5.0) as usize;
        let pick = |frames: &[&'static str]| frames.get(frame % frames.len().max(1)).copied().unwrap_or("*");
        if self.look.ascii { pick(&SPINNER_ASCII) } else { pick(&SPINNER) }
    }

    /// Two columns with lists and details beside each other.
    pub fn wide(&self) -> bool {
        self.room == Room::Wide
    }

    /// One thing at a time.
    pub fn narrow(&self) -> bool {
        self.room <= Room::Narrow
    }
}

/// Turns every sign that is not ASCII into one that is, cell by cell, so that no column moves. What came from outside (a
/// program's log, a folder's name) is caught here as well as what kerbup draws itself.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let sign = match cell.symbol() {
            "✔" => "+",
            "✘" | "×" => "x",
            "─" | "–" | "—" => "-",
            "│" => "|",
            "┌" | "┐" | "└" | "┘" | "├" | "┤" => "+",
            "●" | "•" | "■" => "*",
            "○" | "◌" => "o",
            "·" => ".",
            "›" | "→" => ">",
            "‹" | "←" => "<",
            "↑" => "^",
            "↓" => "v",
            "█" | "▇" => "#",
            "░" => ".",
            "…" => "~",
            "’" | "‘" => "'",
            "“" | "”" => "\"",
            _ => "?",
        };
        cell.set_symbol(sign);
    }
}
