//! Columns side by side on a linear axis, one a scheme, with the scheme's name in lines below.

use gnuplot::PlotOption::{BorderColor, BoxWidth, Color, LineWidth, PointSize, PointSymbol};
use gnuplot::{Axes2D, AxesCommon, Figure, Fix, RGBString};

use super::table::Spread;
use super::{LOOKS, Look, TRACKINGS};
use crate::canvas::{self, BLACK, Frame, centred, fit};
use crate::legend::{Entry, Legend, Sample};
use crate::text;

/// A figure of columns.
pub struct Groups {
    pub title: String,
    pub subtitle: Vec<String>,
    pub y_label: &'static str,
    /// What each place within a column stands for.
    pub marks: Vec<Mark>,
    pub columns: Vec<Column>,
}

/// How the values at one place of all columns are drawn.
pub struct Mark {
    pub text: String,
    pub form: Form,
}

/// A bar from zero in the colour of the tracking, full or thin, or a marker.
#[derive(Clone, Copy, PartialEq)]
pub enum Form {
    Bar,
    ThinBar,
    Marker(char, &'static str),
}

/// One scheme.
pub struct Column {
    pub look: &'static Look,
    /// One value a mark, where there is one.
    pub values: Vec<Option<Spread>>,
}

const LINE_PX: f64 = 44.0;
const NAME_POINTS: f64 = 11.0;

impl Groups {
    /// Draws the figure, if there is anything in it.
    pub fn draw(&self) -> Option<Figure> {
        let values = || {
            self.columns
                .iter()
                .flat_map(|column| column.values.iter().flatten())
        };
        values().next()?;
        let high = values().map(|value| value.high).fold(0.0, f64::max);
        let low = values().map(|value| value.low).fold(0.0, f64::min);
        let names: Vec<Vec<String>> = self
            .columns
            .iter()
            .map(|column| lines(column.look.scheme))
            .collect();
        let most_lines = names.iter().map(Vec::len).max().unwrap_or(0);
        let legend = Legend::new(self.legend());
        let frame = Frame::new(60.0 + LINE_PX * most_lines as f64, &legend);
        let slot_px = frame.width() / self.columns.len() as f64;
        Some(canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, &self.title, &self.subtitle);
            canvas::y_label(axes, &frame, self.y_label);
            let room = (high - low) * 0.08;
            let bottom = if low < 0.0 { low - room } else { 0.0 };
            axes.set_x_range(Fix(0.0), Fix(self.columns.len() as f64));
            axes.set_y_range(Fix(bottom), Fix(high + room));
            self.draw_values(axes);
            if low < 0.0 {
                let end = self.columns.len() as f64;
                axes.lines(
                    [0.0, end],
                    [0.0, 0.0],
                    &[Color(RGBString(BLACK)), LineWidth(1.0)],
                );
            }
            let points = names
                .iter()
                .flatten()
                .map(|line| fit(line, NAME_POINTS, slot_px - 12.0));
            let style = centred(points.fold(NAME_POINTS, f64::min));
            for (place, lines) in names.iter().enumerate() {
                let x = frame.left + (place as f64 + 0.5) * slot_px;
                for (i, line) in lines.iter().enumerate() {
                    let y = frame.bottom - 30.0 - LINE_PX * (i as f64 + 0.5);
                    frame.text(axes, x, y, line, style);
                }
            }
        }))
    }

    fn draw_values(&self, axes: &mut Axes2D) {
        let width = 0.8 / self.marks.len() as f64;
        for (column, place) in self.columns.iter().zip(0..) {
            for (mark, (i, value)) in self.marks.iter().zip(column.values.iter().enumerate()) {
                let Some(value) = value else { continue };
                let x = f64::from(place) + 0.1 + width * (i as f64 + 0.5);
                mark.form.draw(axes, x, width, value, column.look);
                // A bracket of length zero would read as certainty.
                if value.low == value.high {
                    continue;
                }
                let (left, right) = (x - width * 0.2, x + width * 0.2);
                axes.lines(
                    [left, right, x, x, left, right],
                    [
                        value.high, value.high, value.high, value.low, value.low, value.low,
                    ],
                    &[Color(RGBString(BLACK)), LineWidth(1.0)],
                );
            }
        }
    }

    fn legend(&self) -> Vec<Entry> {
        let has_bars = self
            .marks
            .iter()
            .any(|mark| !matches!(mark.form, Form::Marker(..)));
        let trackings = TRACKINGS.iter().filter(|(_, color, _)| {
            has_bars
                && self
                    .columns
                    .iter()
                    .any(|column| column.look.color == *color)
        });
        let mut entries: Vec<Entry> = trackings
            .map(|(tracking, _, fill)| Entry {
                sample: Sample::Fill,
                color: fill,
                text: (*tracking).into(),
            })
            .collect();
        for mark in &self.marks {
            if let Form::Marker(symbol, color) = mark.form {
                entries.push(Entry {
                    sample: Sample::Marker(symbol, 1.0),
                    color,
                    text: mark.text.clone(),
                });
            }
        }
        entries
    }
}

impl Form {
    fn draw(self, axes: &mut Axes2D, x: f64, width: f64, value: &Spread, look: &Look) {
        let mut bar = |share: f64| {
            let options = [
                Color(RGBString(look.fill)),
                BorderColor(RGBString(look.color)),
                BoxWidth(vec![width * share]),
            ];
            axes.boxes([x], [value.value], &options);
        };
        match self {
            Form::Bar => bar(0.95),
            Form::ThinBar => bar(0.45),
            Form::Marker(symbol, color) => {
                let options = [Color(RGBString(color)), PointSymbol(symbol), PointSize(0.9)];
                axes.points([x], [value.value], &options);
            }
        }
    }
}

/// All schemes that have a value for at least one mark.
pub fn columns(values: impl Fn(&'static Look) -> Vec<Option<Spread>>) -> Vec<Column> {
    let column = |look: &'static Look| Column {
        look,
        values: values(look),
    };
    let has_values = |column: &Column| column.values.iter().any(Option::is_some);
    LOOKS.iter().map(column).filter(has_values).collect()
}

/// How many runs the values of a figure are of.
pub fn runs(columns: &[Column]) -> String {
    let values = columns
        .iter()
        .flat_map(|column| column.values.iter().flatten());
    text::runs(values.map(|value| value.n))
}

/// A scheme's name, broken after its underscores.
fn lines(scheme: &str) -> Vec<String> {
    scheme.split_inclusive('_').map(String::from).collect()
}
