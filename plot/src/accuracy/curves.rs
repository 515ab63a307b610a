//! Curves over numbers: markers with their intervals, and lines of what is expected.

use gnuplot::DashType;
use gnuplot::PlotOption::{Color, LineStyle, LineWidth, PointSize, PointSymbol};
use gnuplot::TickOption::{Format, Inward, Mirror};
use gnuplot::{Auto, AxesCommon, Figure, Fix, RGBString};

use super::table::Number;
use crate::canvas::{self, Frame, centred};
use crate::legend::{Entry, Legend, Sample};

/// A figure of curves.
pub struct Curves {
    pub title: String,
    pub subtitle: Vec<String>,
    pub x_label: &'static str,
    pub y_label: &'static str,
    pub x: (f64, f64),
    pub is_x_log: bool,
    pub y: (f64, f64),
    pub curves: Vec<Curve>,
}

/// Markers, a line, or both.
pub struct Curve {
    pub text: String,
    pub color: &'static str,
    pub marker: Option<char>,
    pub dash: Option<DashType>,
    pub points: Vec<(f64, Number)>,
}

/// Markers of the same x stand side by side, by so much each: a factor on a logarithmic axis, a share of the axis on another.
const BESIDE: f64 = 1.05;

impl Curves {
    /// Draws the figure, if there is anything in it.
    pub fn draw(&self) -> Option<Figure> {
        self.curves.iter().find(|curve| !curve.points.is_empty())?;
        let legend = Legend::new(self.curves.iter().map(entry).collect());
        let frame = Frame::new(210.0, &legend);
        Some(canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, &self.title, &self.subtitle);
            canvas::y_label(axes, &frame, self.y_label);
            axes.set_x_range(Fix(self.x.0), Fix(self.x.1))
                .set_y_range(Fix(self.y.0), Fix(self.y.1))
                .set_x_grid(true);
            if self.is_x_log {
                axes.set_x_log(Some(10.0));
            }
            let ticks = [Mirror(false), Inward(false), Format("%g")];
            axes.set_x_ticks(Some((Auto, 0)), &ticks, &[]);
            let middle = (frame.left + frame.right) / 2.0;
            frame.text(axes, middle, 65.0, self.x_label, centred(15.0));
            let marked = self
                .curves
                .iter()
                .filter(|curve| curve.marker.is_some())
                .count();
            let mut place = 0;
            for curve in &self.curves {
                let beside = place as f64 - (marked as f64 - 1.0) / 2.0;
                place += usize::from(curve.marker.is_some());
                let x = |x: f64| match (curve.marker, self.is_x_log) {
                    (None, _) => x,
                    (_, true) => x * BESIDE.powf(beside),
                    (_, false) => x + beside * 0.006 * (self.x.1 - self.x.0),
                };
                let xs: Vec<f64> = curve.points.iter().map(|(at, _)| x(*at)).collect();
                let ys = curve.points.iter().map(|(_, number)| number.value);
                if let Some(dash) = curve.dash {
                    let look = [
                        Color(RGBString(curve.color)),
                        LineStyle(dash),
                        LineWidth(1.4),
                    ];
                    axes.lines(xs.clone(), ys.clone(), &look);
                }
                let Some(marker) = curve.marker else { continue };
                for (at, number) in &curve.points {
                    if let Some((low, high)) = number.interval {
                        let (low, high) = (low.max(self.y.0), high.min(self.y.1));
                        axes.lines(
                            [x(*at); 2],
                            [low, high],
                            &[Color(RGBString(curve.color)), LineWidth(1.0)],
                        );
                    }
                }
                let look = [
                    Color(RGBString(curve.color)),
                    PointSymbol(marker),
                    PointSize(0.9),
                ];
                axes.points(xs, ys, &look);
            }
        }))
    }
}

fn entry(curve: &Curve) -> Entry {
    Entry {
        sample: match (curve.dash, curve.marker) {
            (Some(dash), Some(marker)) => Sample::LineMarker(dash, marker),
            (Some(dash), None) => Sample::Line(dash),
            (None, marker) => Sample::Marker(marker.unwrap_or('o'), 1.0),
        },
        color: curve.color,
        text: curve.text.clone(),
    }
}
