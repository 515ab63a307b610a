//! The legend: entries in rows, centred between the heading and the axes.
//!
//! Drawn by hand, since gnuplot's own gives every entry the width of the longest and then breaks rows where nobody expects it.

use gnuplot::LabelOption::{MarkerColor, MarkerSize, MarkerSymbol};
use gnuplot::PlotOption::{ArrowType, Color, LineWidth};
use gnuplot::{
    AlignLeft, ArrowheadType::NoArrow, Axes2D, AxesCommon, Dash, DashType, Dot, DotDash, RGBString,
};

use crate::canvas::{self, Frame, WIDTH, centred};

const POINTS: f64 = 14.0;
const SAMPLE_PX: f64 = 110.0;
const BETWEEN_PX: f64 = 60.0;
/// From row to row.
pub const ROW_PX: f64 = 56.0;

/// What an entry looks like.
#[derive(Clone, Copy)]
pub enum Sample {
    Fill,
    Line(DashType),
    Marker(char, f64),
    LineMarker(DashType, char),
}

/// One explanation.
pub struct Entry {
    pub sample: Sample,
    pub color: &'static str,
    pub text: String,
}

/// Entries that were given their rows.
pub struct Legend {
    rows: Vec<Vec<Entry>>,
}

impl Legend {
    /// As many entries in a row as fit.
    pub fn new(entries: Vec<Entry>) -> Legend {
        let mut rows: Vec<Vec<Entry>> = Vec::new();
        for entry in entries {
            match rows.last_mut() {
                Some(row) if row_px(row) + BETWEEN_PX + entry.px() < WIDTH - 100.0 => {
                    row.push(entry)
                }
                _ => rows.push(vec![entry]),
            }
        }
        Legend { rows }
    }

    /// Room that the rows take.
    pub fn height_px(&self) -> f64 {
        self.rows.len() as f64 * ROW_PX
    }

    /// Draws the rows above the axes.
    pub fn draw(&self, axes: &mut Axes2D, frame: &Frame) {
        let mut y = frame.top + 30.0 + self.height_px() - ROW_PX / 2.0;
        for row in &self.rows {
            let mut x = (WIDTH - row_px(row)) / 2.0;
            for entry in row {
                entry.draw(axes, frame, x, y);
                x += entry.px() + BETWEEN_PX;
            }
            y -= ROW_PX;
        }
    }
}

fn row_px(row: &[Entry]) -> f64 {
    let entries: f64 = row.iter().map(Entry::px).sum();
    entries + BETWEEN_PX * (row.len() as f64 - 1.0)
}

impl Entry {
    fn px(&self) -> f64 {
        SAMPLE_PX + 20.0 + canvas::width(&self.text, POINTS)
    }

    fn draw(&self, axes: &mut Axes2D, frame: &Frame, x: f64, y: f64) {
        let mut stroke = |from: f64, to: f64, width: f64| {
            let (x1, y1) = frame.at(x + from * SAMPLE_PX, y);
            let (x2, y2) = frame.at(x + to * SAMPLE_PX, y);
            let color = Color(RGBString(self.color));
            axes.arrow(
                x1,
                y1,
                x2,
                y2,
                &[ArrowType(NoArrow), color, LineWidth(width)],
            );
        };
        match self.sample {
            Sample::Fill => stroke(0.1, 0.9, 12.0),
            // The crate cannot dash an arrow, so its dashes are drawn one by one.
            Sample::Line(dash) | Sample::LineMarker(dash, _) => match dash {
                Dash => [0.0, 0.4, 0.8]
                    .iter()
                    .for_each(|at| stroke(*at, at + 0.2, 1.4)),
                Dot => {
                    (0..7).for_each(|i| stroke(f64::from(i) / 6.5, f64::from(i) / 6.5 + 0.03, 1.4))
                }
                DotDash => {
                    stroke(0.0, 0.25, 1.4);
                    stroke(0.35, 0.4, 1.4);
                    stroke(0.6, 0.65, 1.4);
                    stroke(0.75, 1.0, 1.4);
                }
                _ => stroke(0.0, 1.0, 1.4),
            },
            Sample::Marker(..) => {}
        }
        if let Sample::Marker(symbol, _) | Sample::LineMarker(_, symbol) = self.sample {
            let size = match self.sample {
                Sample::Marker(_, size) => size,
                _ => 0.9,
            };
            let (x, y) = frame.at(x + SAMPLE_PX / 2.0, y);
            let color = MarkerColor(RGBString(self.color));
            axes.label("", x, y, &[MarkerSymbol(symbol), color, MarkerSize(size)]);
        }
        let mut style = centred(POINTS);
        style.align = AlignLeft;
        frame.text(axes, x + SAMPLE_PX + 20.0, y, &self.text, style);
    }
}
