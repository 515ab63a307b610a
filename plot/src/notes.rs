//! What is printed above a bar, fitted into the room there is.

use gnuplot::{AlignLeft, Axes2D};

use crate::bars::Bar;
use crate::canvas::{self, Frame, PX_PER_POINT, centred};
use crate::text;

const POINTS: f64 = 13.0;
const POINTS_MIN: f64 = 9.0;
/// Narrower than this many digits, lines are not worth breaking for.
const COLUMNS_MIN: f64 = 7.0;

/// A note in lines, or upwards in one.
pub struct Note {
    lines: Vec<String>,
    points: f64,
    upwards: bool,
    /// How far it reaches over its bar.
    pub height_px: f64,
}

impl Note {
    /// The bar's note in a width of `room_px`: in lines, upwards where that is too narrow, or not at all if it only repeats.
    pub fn new(bar: &Bar, room_px: f64) -> Note {
        let mut note = Note {
            lines: Vec::new(),
            points: POINTS,
            upwards: false,
            height_px: 0.0,
        };
        while !bar.note.is_empty() && note.points >= POINTS_MIN {
            let columns = room_px / canvas::width("0", note.points);
            note.lines = text::wrap(&bar.note, columns as usize);
            let fits = |line: &String| canvas::width(line, note.points) <= room_px;
            if columns >= COLUMNS_MIN && note.lines.iter().all(fits) {
                note.height_px = note.lines.len() as f64 * note.line_px();
                return note;
            }
            note.points -= 1.0;
        }
        note.lines.clear();
        if !bar.note.is_empty() && !bar.note_repeats {
            note.upwards = true;
            note.points = POINTS.min(room_px / PX_PER_POINT).max(8.0);
            note.height_px = canvas::width(&bar.note, note.points);
            note.lines.push(bar.note.clone());
        }
        note
    }

    /// Draws it over a bar whose middle is at `x` and that ends at `top`, or higher where one of the lines at `lines_px` would
    /// go through it.
    pub fn draw(&self, axes: &mut Axes2D, frame: &Frame, x: f64, top: f64, lines_px: &[f64]) {
        let mut bottom = top + 22.0;
        for line in lines_px {
            if *line > bottom - 8.0 && *line < bottom + self.height_px + 8.0 {
                bottom = line + 14.0;
            }
        }
        let mut style = centred(self.points);
        if self.upwards {
            style.upwards = true;
            style.align = AlignLeft;
            if let Some(line) = self.lines.first() {
                frame.text(axes, x, bottom, line, style);
            }
            return;
        }
        for (i, line) in self.lines.iter().rev().enumerate() {
            let y = bottom + self.line_px() * (i as f64 + 0.5);
            frame.text(axes, x, y, line, style);
        }
    }

    fn line_px(&self) -> f64 {
        self.points * PX_PER_POINT * 1.25
    }
}
