//! Markers side by side, one group a workload: means with brackets, and bounds as short lines behind them.

use gnuplot::PlotOption::{Color, LineWidth, PointSize, PointSymbol};
use gnuplot::{Axes2D, AxesCommon, Figure, Fix, RGBString, Solid};

use super::{LOOKS, Look};
use crate::canvas::{self, BLACK, Frame, GRAY, centred, cut, fit};
use crate::legend::{Entry, Legend, Sample};

/// A figure of groups.
pub struct Grouped {
    pub title: String,
    pub subtitle: Vec<String>,
    pub y_label: &'static str,
    pub scale: Scale,
    /// What the legend says of brackets.
    pub interval: &'static str,
    /// What the legend says of bounds, where there are any.
    pub bound: Option<&'static str>,
    /// A workload, and its marks.
    pub groups: Vec<(String, Vec<(&'static Look, Mark)>)>,
}

/// A mean; its interval is drawn as a bracket.
pub struct Mark {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    pub bound: Option<f64>,
    pub n: u64,
}

/// The value axis.
#[derive(Clone, Copy, PartialEq)]
pub enum Scale {
    /// With a line at a value.
    LinearAround(f64),
    /// By tenfolds; what is not above zero stands on the axis.
    Log,
}

const BOUND_COLOR: &str = "#B00000";
/// Intervals of few rounds would press everything else together: the axis is at most so many times as high as the highest mean.
const HEADROOM: f64 = 2.5;
/// Percent that the axis shows in any case.
const LEAST_PERCENT: f64 = 5.0;
const MARGIN: f64 = 0.12;

impl Grouped {
    /// Draws the figure, if there is anything in it.
    pub fn draw(&self) -> Option<Figure> {
        self.marks().next()?;
        let (low, high) = self.range();
        let legend = Legend::new(self.legend());
        let frame = Frame::new(130.0, &legend);
        let count = self.groups.len() as f64;
        Some(canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, &self.title, &self.subtitle);
            canvas::y_label(axes, &frame, self.y_label);
            axes.set_x_range(Fix(0.0), Fix(count));
            axes.set_y_range(Fix(low), Fix(high));
            match self.scale {
                Scale::Log => drop(axes.set_y_log(Some(10.0))),
                Scale::LinearAround(base) => {
                    let look = [Color(RGBString(GRAY)), LineWidth(1.2)];
                    axes.lines([0.0, count], [base; 2], &look);
                }
            }
            for (place, (workload, marks)) in self.groups.iter().enumerate() {
                let left = place as f64;
                let step = (1.0 - 2.0 * MARGIN) / marks.len() as f64;
                for (i, (look, mark)) in marks.iter().enumerate() {
                    let x = left + MARGIN + step * (i as f64 + 0.5);
                    mark.draw(axes, look, x, step, (low, high));
                }
                let room = frame.width() / count;
                let style = centred(fit(workload, 14.0, room - 20.0));
                let name = cut(workload, style.points, room - 20.0);
                let x = frame.left + (left + 0.5) * room;
                frame.text(axes, x, frame.bottom - 50.0, &name, style);
            }
        }))
    }

    fn marks(&self) -> impl Iterator<Item = &(&'static Look, Mark)> {
        self.groups.iter().flat_map(|(_, marks)| marks)
    }

    fn range(&self) -> (f64, f64) {
        let ends = |mark: &Mark| {
            let (low, high) = mark.interval.unwrap_or((mark.value, mark.value));
            [low, high, mark.bound.unwrap_or(mark.value)]
        };
        let all: Vec<f64> = self.marks().flat_map(|(_, mark)| ends(mark)).collect();
        let extreme = |start, pick: fn(f64, f64) -> f64| all.iter().copied().fold(start, pick);
        match self.scale {
            Scale::Log => {
                let above_zero = all.iter().copied().filter(|value| *value > 0.0);
                // An interval may reach next to nothing: the axis follows the means.
                let means = self.marks().map(|(_, mark)| mark.value);
                let least = means
                    .filter(|value| *value > 0.0)
                    .fold(f64::INFINITY, f64::min);
                let most = above_zero.fold(0.0, f64::max);
                match most > 0.0 {
                    true => ((least / 5.0).min(most / 10.0), most * 1.5),
                    false => (0.01, 1.0),
                }
            }
            Scale::LinearAround(base) => {
                let anchors = self
                    .marks()
                    .flat_map(|(_, mark)| [Some(mark.value), mark.bound].into_iter().flatten());
                let farthest = anchors
                    .map(|value| (value - base).abs())
                    .fold(LEAST_PERCENT, f64::max);
                let high = extreme(base, f64::max).min(base + farthest * HEADROOM);
                let low = extreme(base, f64::min).max(base - farthest * HEADROOM);
                let room = (high - low) * 0.06;
                (low - room, high + room)
            }
        }
    }

    fn legend(&self) -> Vec<Entry> {
        let is_drawn = |look: &&Look| self.marks().any(|(drawn, _)| drawn.scheme == look.scheme);
        let mut entries: Vec<Entry> = LOOKS
            .iter()
            .filter(is_drawn)
            .map(|look| Entry {
                sample: Sample::Marker(look.marker, 1.0),
                color: look.color,
                text: look.scheme.into(),
            })
            .collect();
        if self.marks().any(|(_, mark)| mark.interval.is_some()) {
            entries.push(Entry {
                sample: Sample::Line(Solid),
                color: BLACK,
                text: self.interval.into(),
            });
        }
        let has_bounds = self.marks().any(|(_, mark)| mark.bound.is_some());
        entries.extend(self.bound.filter(|_| has_bounds).map(|text| Entry {
            sample: Sample::Line(Solid),
            color: BOUND_COLOR,
            text: text.into(),
        }));
        entries
    }
}

impl Mark {
    fn draw(&self, axes: &mut Axes2D, look: &Look, x: f64, step: f64, (low, high): (f64, f64)) {
        let color = || Color(RGBString(look.color));
        if let Some(bound) = self.bound {
            let options = [Color(RGBString(BOUND_COLOR)), LineWidth(2.0)];
            let half = (step * 0.45).min(0.07);
            axes.lines([x - half, x + half], [bound; 2], &options);
        }
        if let Some((from, to)) = self.interval {
            let options = [color(), LineWidth(1.4)];
            let (bottom, top) = (from.clamp(low, high), to.clamp(low, high));
            axes.lines([x, x], [bottom, top], &options);
            let half = (step * 0.18).min(0.03);
            for end in [from, to] {
                if (low..=high).contains(&end) {
                    axes.lines([x - half, x + half], [end; 2], &options);
                }
            }
        }
        let options = [color(), PointSymbol(look.marker), PointSize(1.1)];
        // On a logarithmic axis zero is nowhere; on its very end gnuplot draws no marker.
        let value = match self.value > 0.0 || low <= 0.0 {
            true => self.value,
            false => low * (high / low).powf(0.012),
        };
        axes.points([x], [value], &options);
    }
}
