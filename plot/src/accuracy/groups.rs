//! Categories side by side, in each of them one place a series: a marker with its interval, a box of quantiles, or a short line where a number was expected.

use gnuplot::PlotOption::{
    BorderColor, BoxWidth, Color, LineStyle, LineWidth, PointSize, PointSymbol,
};
use gnuplot::{Axes2D, AxesCommon, Dash, Figure, Fix, RGBString};

use super::table::Number;
use crate::canvas::{self, BLACK, Frame, centred, fit};
use crate::legend::{Entry, Legend, Sample};
use crate::marks::TARGET_COLOR;
use crate::text;

/// A figure of categories.
pub struct Groups {
    pub title: String,
    /// What is drawn; `N` stands for the number of runs.
    pub subtitle: Vec<String>,
    pub y_label: String,
    /// Names below the axis, each line by line.
    pub categories: Vec<Vec<String>>,
    pub series: Vec<Series>,
    /// By category, then by series.
    pub marks: Vec<Vec<Option<Mark>>>,
    /// A dashed line across, and what it is.
    pub guide: Option<(f64, String)>,
    /// What the short lines are.
    pub expected: Option<String>,
    pub axis: Axis,
}

/// What the values are drawn along.
pub enum Axis {
    Linear {
        low: f64,
        high: f64,
    },
    /// What lies below `floor` is drawn on it.
    Log {
        floor: f64,
        high: f64,
    },
}

pub struct Series {
    pub text: String,
    pub color: &'static str,
    pub fill: &'static str,
    pub marker: char,
}

#[derive(Clone, Copy)]
pub enum Mark {
    Value {
        number: Number,
        expected: Option<f64>,
    },
    /// Quantiles at 5, 25, 50, 75 and 95 %.
    Box { quantiles: [f64; 5], n: u64 },
}

const LINE_PX: f64 = 44.0;
const NAME_POINTS: f64 = 12.0;
const MARKER_SIZE: f64 = 0.8;

impl Mark {
    fn n(&self) -> u64 {
        match self {
            Mark::Value { number, .. } => number.n,
            Mark::Box { n, .. } => *n,
        }
    }
}

impl Groups {
    /// Draws the figure, if there is anything in it.
    pub fn draw(&self) -> Option<Figure> {
        let marks = || self.marks.iter().flatten().flatten();
        marks().next()?;
        let n = text::runs(marks().map(Mark::n));
        let subtitle: Vec<String> = self
            .subtitle
            .iter()
            .map(|line| line.replace("N runs", &n))
            .collect();
        let most_lines = self.categories.iter().map(Vec::len).max().unwrap_or(0);
        let legend = Legend::new(self.legend());
        let frame = Frame::new(60.0 + LINE_PX * most_lines as f64, &legend);
        let slots = self.categories.len() as f64;
        let slot_px = frame.width() / slots;
        Some(canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, &self.title, &subtitle);
            canvas::y_label(axes, &frame, &self.y_label);
            axes.set_x_range(Fix(0.0), Fix(slots));
            match self.axis {
                Axis::Linear { low, high } => axes.set_y_range(Fix(low), Fix(high)),
                Axis::Log { floor, high } => axes
                    .set_y_range(Fix(floor), Fix(high))
                    .set_y_log(Some(10.0)),
            };
            let (low, high) = self.axis.ends();
            for place in 1..self.categories.len() {
                let look = [Color(RGBString("#C8C8C8")), LineWidth(0.7)];
                axes.lines([place as f64; 2], [low, high], &look);
            }
            if let Some((guide, _)) = &self.guide {
                let look = [
                    Color(RGBString(TARGET_COLOR)),
                    LineStyle(Dash),
                    LineWidth(1.2),
                ];
                axes.lines([0.0, slots], [*guide; 2], &look);
            }
            for (place, marks) in self.marks.iter().enumerate() {
                self.draw_marks(axes, place as f64, marks);
            }
            let longest = self.categories.iter().flatten();
            let points = longest
                .map(|line| fit(line, NAME_POINTS, slot_px - 14.0))
                .fold(NAME_POINTS, f64::min);
            for (place, lines) in self.categories.iter().enumerate() {
                let x = frame.left + (place as f64 + 0.5) * slot_px;
                for (i, line) in lines.iter().enumerate() {
                    let y = frame.bottom - 32.0 - LINE_PX * (i as f64 + 0.5);
                    frame.text(axes, x, y, line, centred(points));
                }
            }
        }))
    }

    fn draw_marks(&self, axes: &mut Axes2D, place: f64, marks: &[Option<Mark>]) {
        let width = 0.84 / self.series.len() as f64;
        for (i, (series, mark)) in self.series.iter().zip(marks).enumerate() {
            let x = place + 0.08 + width * (i as f64 + 0.5);
            let color = || Color(RGBString(series.color));
            match mark {
                None => {}
                Some(Mark::Value { number, expected }) => {
                    if let Some(expected) = expected {
                        let y = self.axis.on(*expected);
                        let look = [Color(RGBString(TARGET_COLOR)), LineWidth(2.0)];
                        axes.lines([x - width * 0.45, x + width * 0.45], [y, y], &look);
                    }
                    if let Some((low, high)) = number.interval {
                        let (low, high) = (self.axis.on(low), self.axis.on(high));
                        let (left, right) = (x - width * 0.2, x + width * 0.2);
                        axes.lines(
                            [left, right, x, x, left, right],
                            [high, high, high, low, low, low],
                            &[color(), LineWidth(1.0)],
                        );
                    }
                    let look = [color(), PointSymbol(series.marker), PointSize(MARKER_SIZE)];
                    axes.points([x], [self.axis.on(number.value)], &look);
                }
                Some(Mark::Box { quantiles, .. }) => {
                    let [least, lower, middle, upper, most] = quantiles.map(|it| self.axis.on(it));
                    axes.lines([x, x], [least, lower], &[color(), LineWidth(1.0)]);
                    axes.lines([x, x], [upper, most], &[color(), LineWidth(1.0)]);
                    axes.box_and_whisker(
                        [x],
                        [lower],
                        [lower],
                        [upper],
                        [upper],
                        &[
                            Color(RGBString(series.fill)),
                            BorderColor(RGBString(series.color)),
                            BoxWidth(vec![width * 0.75]),
                        ],
                    );
                    let half = width * 0.375;
                    axes.lines(
                        [x - half, x + half],
                        [middle, middle],
                        &[Color(RGBString(BLACK)), LineWidth(1.6)],
                    );
                }
            }
        }
    }

    fn legend(&self) -> Vec<Entry> {
        let is_box = self
            .marks
            .iter()
            .flatten()
            .flatten()
            .any(|mark| matches!(mark, Mark::Box { .. }));
        let mut entries: Vec<Entry> = self
            .series
            .iter()
            .map(|series| Entry {
                sample: if is_box {
                    Sample::Fill
                } else {
                    Sample::Marker(series.marker, 1.0)
                },
                color: if is_box { series.fill } else { series.color },
                text: series.text.clone(),
            })
            .collect();
        if let Some((_, text)) = &self.guide {
            entries.push(Entry {
                sample: Sample::Line(Dash),
                color: TARGET_COLOR,
                text: text.clone(),
            });
        }
        if let Some(text) = &self.expected {
            entries.push(Entry {
                sample: Sample::Line(gnuplot::Solid),
                color: TARGET_COLOR,
                text: text.clone(),
            });
        }
        entries
    }
}

impl Axis {
    fn ends(&self) -> (f64, f64) {
        match *self {
            Axis::Linear { low, high } => (low, high),
            Axis::Log { floor, high } => (floor, high),
        }
    }

    /// A value, or the end of the axis that it lies beyond.
    fn on(&self, value: f64) -> f64 {
        let (low, high) = self.ends();
        value.clamp(low, high)
    }
}
