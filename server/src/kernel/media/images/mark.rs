//! The mark burnt into a picture's foot: Unifont's bitmaps in whole-pixel sizes, so that Chinese is readable on
//! any machine without a font file.

use image::{Rgb, RgbImage};
use unifont::get_glyph;

use super::blend;

/// Lines of a mark at most, after wrapping.
const MOST_LINES: usize = 6;
/// Height of a glyph before scaling.
const GLYPH: u32 = 16;

/// Draws the mark: a dark translucent band at the foot with white letters of whole-pixel size.
pub fn burn(picture: &mut RgbImage, mark: &[String]) {
    let (width, height) = picture.dimensions();
    let scale = if width >= 1000 {
        3
    } else if width >= 520 {
        2
    } else {
        1
    };
    let margin = 8 * scale;
    let lines = wrap(mark, width.saturating_sub(2 * margin) / scale);
    if lines.is_empty() {
        return;
    }
    let pitch = (GLYPH + 4) * scale;
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let band = (pitch.saturating_mul(count) + margin).min(height);
    let top = height - band;
    for y in top..height {
        for x in 0..width {
            if let Some(pixel) = picture.get_pixel_mut_checked(x, y) {
                pixel.0 = pixel.0.map(|channel| blend(channel, 0, 150));
            }
        }
    }
    let mut y = top + margin / 2 + 2 * scale;
    for line in lines {
        let mut x = margin;
        for shape in line {
            shape.draw(picture, (x, y), scale);
            x += shape.width() * scale;
        }
        y += pitch;
    }
}

/// One character as bits.
#[derive(Clone, Copy)]
enum Shape {
    Glyph(&'static unifont::Glyph),
    /// In place of emoji and of whatever else has no glyph.
    Box,
}

impl Shape {
    fn of(c: char) -> Option<Shape> {
        if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}') {
            return None;
        }
        Some(get_glyph(c).map_or(Shape::Box, Shape::Glyph))
    }

    fn width(self) -> u32 {
        match self {
            Shape::Glyph(glyph) if !glyph.is_fullwidth() => GLYPH / 2,
            Shape::Glyph(_) | Shape::Box => GLYPH,
        }
    }

    fn has(self, x: u32, y: u32) -> bool {
        match self {
            Shape::Glyph(glyph) => {
                usize::try_from(x).ok().zip(usize::try_from(y).ok()).is_some_and(|(x, y)| glyph.get_pixel(x, y))
            }
            Shape::Box => {
                let (inside, edge) = (|at: u32| (2..=13).contains(&at), |at: u32| at == 2 || at == 13);
                inside(x) && inside(y) && (edge(x) || edge(y))
            }
        }
    }

    fn draw(self, picture: &mut RgbImage, (left, top): (u32, u32), scale: u32) {
        for y in 0..GLYPH * scale {
            for x in 0..self.width() * scale {
                if self.has(x / scale, y / scale)
                    && let Some(pixel) = picture.get_pixel_mut_checked(left + x, top + y)
                {
                    *pixel = Rgb([255, 255, 255]);
                }
            }
        }
    }
}

/// Breaks lines at the picture's width (`room` in unscaled pixels); past the last line the text is cut.
fn wrap(mark: &[String], room: u32) -> Vec<Vec<Shape>> {
    let mut lines: Vec<Vec<Shape>> = Vec::new();
    for text in mark {
        let (mut line, mut used) = (Vec::new(), 0);
        for shape in text.chars().filter_map(Shape::of) {
            if used + shape.width() > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            used += shape.width();
            line.push(shape);
            if lines.len() >= MOST_LINES {
                return lines;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines.truncate(MOST_LINES);
    lines
}
