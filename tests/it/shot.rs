//! Pictures of screens: the very buffers that the screen tests look at, drawn cell by cell. Stored pictures may not drift.

use std::fs;
use std::path::Path;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::screens::{COLOUR, drawn};
use super::states;

const REGULAR: &[u8] = include_bytes!("fonts/DejaVuSansMono.ttf");
const BOLD: &[u8] = include_bytes!("fonts/DejaVuSansMono-Bold.ttf");
/// Pixels of a cell and around the screen.
const CELL: (usize, usize) = (12, 25);
const MARGIN: usize = 22;
const SIZE: f32 = 23.2;

type Rgb = [u8; 3];
const GROUND: Rgb = [0x14, 0x17, 0x1c];
const TEXT: Rgb = [0xd8, 0xdc, 0xe2];

fn rgb(colour: Color, otherwise: Rgb) -> Rgb {
    match colour {
        Color::Cyan => [0x56, 0xc8, 0xd8],
        Color::Green => [0x8c, 0xc8, 0x6e],
        Color::Yellow => [0xe6, 0xc0, 0x62],
        Color::Red => [0xf0, 0x71, 0x78],
        _ => otherwise,
    }
}

fn blend(under: Rgb, over: Rgb, part: f32) -> Rgb {
    let mix = |i: usize| (f32::from(under[i]) * (1.0 - part) + f32::from(over[i]) * part).round() as u8;
    [mix(0), mix(1), mix(2)]
}

struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Picture {
    fn new(width: usize, height: usize) -> Self {
        Picture { width, height, pixels: GROUND.repeat(width * height) }
    }

    fn dot(&mut self, x: usize, y: usize, colour: Rgb, part: f32) {
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 3;
            let under = [self.pixels[at], self.pixels[at + 1], self.pixels[at + 2]];
            self.pixels[at..at + 3].copy_from_slice(&blend(under, colour, part.clamp(0.0, 1.0)));
        }
    }

    fn fill(&mut self, x: usize, y: usize, w: usize, h: usize, colour: Rgb, part: f32) {
        for dy in 0..h {
            for dx in 0..w {
                self.dot(x + dx, y + dy, colour, part);
            }
        }
    }

    /// Lines, blocks and the spinner's dots fill their cells exactly, as terminals draw them.
    fn shape(&mut self, symbol: char, x: usize, y: usize, ink: Rgb) -> bool {
        let (w, h) = CELL;
        let (mx, my) = (w / 2 - 1, h / 2 - 1);
        let arms = |c| match c {
            '─' => Some((true, true, false, false)),
            '│' => Some((false, false, true, true)),
            '┌' => Some((false, true, false, true)),
            '┐' => Some((true, false, false, true)),
            '└' => Some((false, true, true, false)),
            '┘' => Some((true, false, true, false)),
            _ => None,
        };
        if let Some((left, right, up, down)) = arms(symbol) {
            if left {
                self.fill(x, y + my, mx + 2, 2, ink, 1.0);
            }
            if right {
                self.fill(x + mx, y + my, w - mx, 2, ink, 1.0);
            }
            if up {
                self.fill(x + mx, y, 2, my + 2, ink, 1.0);
            }
            if down {
                self.fill(x + mx, y + my, 2, h - my, ink, 1.0);
            }
            return true;
        }
        match symbol {
            '▇' => self.fill(x, y + 6, w, h - 12, ink, 1.0),
            '░' => self.fill(x, y + 6, w, h - 12, ink, 0.35),
            '\u{2800}'..='\u{28ff}' => {
                let bits = symbol as u32 - 0x2800;
                for (bit, (dx, dy)) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)].into_iter().enumerate() {
                    if bits >> bit & 1 == 1 {
                        self.fill(x + 2 + dx * 5, y + 3 + dy * 5, 3, 3, ink, 1.0);
                    }
                }
            }
            _ => return false,
        }
        true
    }

    fn cell(&mut self, fonts: &[FontRef<'_>; 2], cell: &Cell, x: usize, y: usize) {
        let mut ink = rgb(cell.fg, TEXT);
        let mut ground = rgb(cell.bg, GROUND);
        if cell.modifier.contains(Modifier::DIM) {
            ink = blend(ground, ink, 0.56);
        }
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut ink, &mut ground);
        }
        if ground != GROUND {
            self.fill(x, y, CELL.0, CELL.1, ground, 1.0);
        }
        let Some(symbol) = cell.symbol().chars().next().filter(|c| *c != ' ') else { return };
        if self.shape(symbol, x, y, ink) {
            return;
        }
        let font = &fonts[usize::from(cell.modifier.contains(Modifier::BOLD))];
        let scaled = font.as_scaled(PxScale::from(SIZE));
        assert!(font.glyph_id(symbol).0 != 0, "the font has no {symbol:?}");
        let base = y as f32 + (CELL.1 as f32 - scaled.height()) / 2.0 + scaled.ascent();
        let inset = (CELL.0 as f32 - scaled.h_advance(font.glyph_id(symbol))) / 2.0;
        let glyph = font.glyph_id(symbol).with_scale_and_position(PxScale::from(SIZE), point(x as f32 + inset, base.round()));
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            outline.draw(|dx, dy, part| {
                let (px, py) = (bounds.min.x + dx as f32, bounds.min.y + dy as f32);
                if px >= 0.0 && py >= 0.0 {
                    self.dot(px as usize, py as usize, ink, part);
                }
            });
        }
    }
}

fn picture(buf: &Buffer) -> Vec<u8> {
    let fonts = [FontRef::try_from_slice(REGULAR).unwrap(), FontRef::try_from_slice(BOLD).unwrap()];
    let (columns, lines) = (usize::from(buf.area.width), usize::from(buf.area.height));
    let mut picture = Picture::new(columns * CELL.0 + 2 * MARGIN, lines * CELL.1 + 2 * MARGIN);
    for (i, cell) in buf.content.iter().enumerate() {
        picture.cell(&fonts, cell, MARGIN + i % columns * CELL.0, MARGIN + i / columns * CELL.1);
    }
    let mut out = vec![];
    let mut encoder = png::Encoder::new(&mut out, picture.width as u32, picture.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&picture.pixels).unwrap();
    out
}

/// Pictures by name: the state and the size of the screen.
const SHOTS: [(&str, &str, u16, u16); 13] = [
    ("welcome", "welcome", 80, 24),
    ("machine", "machine", 80, 24),
    ("where", "where", 80, 24),
    ("cameras", "cameras", 80, 24),
    ("storage", "storage", 80, 24),
    ("review", "review", 80, 24),
    ("install", "install", 80, 24),
    ("failed", "failed", 80, 24),
    ("done", "done", 80, 24),
    ("dashboard", "dashboard", 80, 24),
    ("dashboard-wide", "dashboard-worst", 132, 28),
    ("log", "log", 80, 24),
    ("narrow", "dashboard", 40, 12),
];

#[test]
fn the_pictures_are_of_the_screens_as_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let update = std::env::var_os("KERBUP_UPDATE").is_some();
    let mut differ = vec![];
    for (name, state, w, h) in SHOTS {
        let now = picture(&drawn(&states::state(state, COLOUR), w, h));
        let path = folder.join(format!("{name}.png"));
        if update {
            fs::write(&path, &now).unwrap();
        } else if fs::read(&path).unwrap_or_default() != now {
            differ.push(name);
        }
    }
    assert!(differ.is_empty(), "run again with KERBUP_UPDATE=1 and look at screenshots/ of: {}", differ.join(", "));
}
