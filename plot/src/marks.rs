//! What stands for numbers in bars: means, single runs, intervals, and the lines of targets.

use gnuplot::PlotOption::{
    BorderColor, BoxWidth, Color, LineStyle, LineWidth, PointSize, PointSymbol,
};
use gnuplot::{Axes2D, Dash, RGBString};

use crate::bars::Placed;
use crate::canvas::BLACK;
use crate::schemes::ALL_HEADERS;
use crate::value_axis::ValueAxis;

pub const TARGET_COLOR: &str = "#B22222";
pub const RUN_COLOR: &str = "#505050";
pub const MEAN_MARKER_SIZE: f64 = 1.3;

/// A bar stands in a slot of width 1.
const BAR_SLOTS: f64 = 0.8;

/// A box from zero in a slot; on a logarithmic axis, which has no zero, a marker.
pub fn means(axes: &mut Axes2D, axis: &ValueAxis, bars: &[Placed]) {
    for scheme in &ALL_HEADERS {
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        for Placed { x, bar, .. } in bars.iter().filter(|placed| placed.bar.scheme == scheme) {
            if let Some(mean) = bar.mean {
                xs.push(*x);
                ys.push(axis.percent(mean));
            }
        }
        let color = RGBString(scheme.color);
        if axis.log {
            let symbol = PointSymbol(scheme.marker);
            axes.points(xs, ys, &[Color(color), symbol, PointSize(MEAN_MARKER_SIZE)]);
        } else {
            let widths = BoxWidth(vec![BAR_SLOTS; xs.len()]);
            let fill = Color(RGBString(scheme.fill));
            axes.boxes(xs, ys, &[fill, BorderColor(color), widths]);
        }
    }
}

/// A dashed line at each of these ratios.
pub fn targets(axes: &mut Axes2D, targets: &[f64], slots: f64) {
    for rate in targets {
        let color = Color(RGBString(TARGET_COLOR));
        let look = [color, LineStyle(Dash), LineWidth(1.2)];
        axes.lines([0.0, slots], [rate * 100.0; 2], &look);
    }
}

/// Each run beside the others, in their order, so that equal values do not hide each other.
pub fn runs(axes: &mut Axes2D, axis: &ValueAxis, bars: &[Placed], slot_px: f64) {
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for Placed { x, bar, .. } in bars {
        let n = bar.runs.len() as f64;
        for (i, run) in bar.runs.iter().enumerate() {
            xs.push(x + ((i as f64 + 0.5) / n - 0.5) * BAR_SLOTS * 0.85);
            ys.push(axis.percent(*run));
        }
    }
    let size = if slot_px > 250.0 { 0.8 } else { 0.55 };
    let color = Color(RGBString(RUN_COLOR));
    axes.points(xs, ys, &[color, PointSymbol('o'), PointSize(size)]);
}

/// One stroke a bar, caps included: the crate's error bars punch holes into what they cross. Cut where no rate can be, since
/// Student's t knows no bounds.
pub fn intervals(axes: &mut Axes2D, axis: &ValueAxis, bars: &[Placed]) {
    for Placed { x, bar, .. } in bars {
        let Some((low, high)) = bar.interval else {
            continue;
        };
        let (low, high) = (axis.percent(low), axis.percent(high.min(1.0)));
        let (left, right) = (x - 0.1, x + 0.1);
        axes.lines(
            [left, right, *x, *x, left, right],
            [high, high, high, low, low, low],
            &[Color(RGBString(BLACK)), LineWidth(1.4)],
        );
    }
}
