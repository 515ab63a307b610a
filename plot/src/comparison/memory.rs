//! What a scheme adds to a process, against the number of live blocks, on two logarithmic axes.
//!
//! The resident set of a process varies by some hundred KB from run to run, whatever it does. Below [`FLOOR_BYTES`] a difference of two of
//! them says nothing: what lies there is drawn on the axis, and the axis says so.

use gnuplot::PlotOption::{Color, LineStyle, LineWidth, PointSize, PointSymbol};
use gnuplot::TickOption::{Format, Inward, Mirror};
use gnuplot::{Auto, Axes2D, AxesCommon, Figure, Fix, RGBString};

use super::table::{Spread, Table};
use super::{LOOKS, Look};
use crate::canvas::{self, Frame, centred};
use crate::legend::{Entry, Legend, Sample};
use crate::text;

/// Sizes of blocks, one figure each.
pub const SIZES_BYTES: [u64; 4] = [16, 64, 256, 4096];

const BLOCKS: [(&str, f64); 3] = [("100k", 1e5), ("1m", 1e6), ("10m", 1e7)];
const FLOOR_BYTES: f64 = 1e4;
/// Curves of the same numbers of blocks stand side by side, by so much each.
const BESIDE: f64 = 1.045;

struct Curve {
    look: &'static Look,
    /// Blocks, and bytes more than `NONE`.
    points: Vec<(f64, Spread)>,
}

/// One curve a scheme.
pub fn against_live_blocks(table: &Table, size_bytes: u64) -> Option<Figure> {
    let curves: Vec<Curve> = LOOKS
        .iter()
        .filter_map(|look| curve(table, look, size_bytes))
        .collect();
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let highest = points()
        .map(|(_, more)| more.high)
        .fold(FLOOR_BYTES, f64::max);
    let (fewest, most) = points().fold((f64::INFINITY, 0.0), |(low, high), (blocks, _)| {
        (f64::min(low, *blocks), f64::max(high, *blocks))
    });
    if most == 0.0 {
        return None;
    }
    let legend = Legend::new(curves.iter().map(|curve| entry(curve.look)).collect());
    let frame = Frame::new(210.0, &legend);
    Some(canvas::figure(&frame, &legend, |axes| {
        let n = text::runs(points().map(|(_, more)| more.n));
        let subtitle = vec![
            format!("peak resident set less that under NONE, run for run; n = {n} a point; from the lowest to the highest run"),
            "one block in 256 sampled; on the axis: 10 KB or less, which two processes differ by anyway".into(),
        ];
        let title = format!(
            "What a scheme adds to a process with live blocks of {} B",
            text::thousands(size_bytes)
        );
        frame.heading(axes, &title, &subtitle);
        canvas::y_label(
            axes,
            &frame,
            "resident memory more than under NONE  (bytes)",
        );
        axes.set_x_range(Fix(fewest / 1.5), Fix(most * 1.7))
            .set_x_log(Some(10.0))
            .set_y_range(Fix(FLOOR_BYTES), Fix(highest * 2.0))
            .set_y_log(Some(10.0))
            .set_x_grid(true);
        for is_x in [true, false] {
            let ticks = [Mirror(false), Inward(false), Format("%.0s%c")];
            match is_x {
                true => axes.set_x_ticks(Some((Auto, 0)), &ticks, &[]),
                false => axes.set_y_ticks(Some((Auto, 0)), &ticks, &[]),
            };
        }
        let middle = (frame.left + frame.right) / 2.0;
        frame.text(axes, middle, 65.0, "live blocks", centred(15.0));
        for (place, curve) in curves.iter().enumerate() {
            curve.draw(
                axes,
                BESIDE.powf(place as f64 - (curves.len() as f64 - 1.0) / 2.0),
            );
        }
    }))
}

fn curve(table: &Table, look: &'static Look, size_bytes: u64) -> Option<Curve> {
    let point = |(name, blocks): (&str, f64)| {
        let workload = format!("live-{name}-{size_bytes}");
        Some((
            blocks,
            table.get(&workload, look.scheme, "more_than_none_bytes")?,
        ))
    };
    let points: Vec<(f64, Spread)> = BLOCKS.into_iter().filter_map(point).collect();
    (!points.is_empty()).then_some(Curve { look, points })
}

fn entry(look: &'static Look) -> Entry {
    Entry {
        sample: Sample::LineMarker(look.dash, look.marker),
        color: look.color,
        text: look.scheme.into(),
    }
}

impl Curve {
    fn draw(&self, axes: &mut Axes2D, beside: f64) {
        let color = || Color(RGBString(self.look.color));
        let on_axis = |bytes: f64| bytes.max(FLOOR_BYTES);
        let (xs, ys): (Vec<f64>, Vec<f64>) = self
            .points
            .iter()
            .map(|(blocks, more)| (blocks * beside, on_axis(more.value)))
            .unzip();
        let look = [
            color(),
            LineStyle(self.look.dash),
            LineWidth(1.4),
            PointSymbol(self.look.marker),
            PointSize(1.1),
        ];
        axes.lines_points(xs, ys, &look);
        for (blocks, more) in &self.points {
            let x = blocks * beside;
            let (low, high) = (on_axis(more.low), on_axis(more.high));
            let (left, right) = (x / 1.012, x * 1.012);
            axes.lines(
                [left, right, x, x, left, right],
                [high, high, high, low, low, low],
                &[color(), LineWidth(1.0)],
            );
        }
    }
}
