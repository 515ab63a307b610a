//! Grouped bars with intervals and single runs: the form of every figure but the gaps.
//!
//! Bars start at zero. Where a figure's means are too far apart for that, the axis is logarithmic ([`ValueAxis`]), means are
//! markers instead of bars, and what is zero stands on the axis and says so.
//!
//! A bar whose runs all gave the same value has no interval, and gets the sentence "0 in 10 of 10 runs" instead of a whisker of
//! length zero, which would read as certainty.

use gnuplot::{Axes2D, AxesCommon, Dash, Figure, Fix, Solid};

use crate::canvas::{self, BLACK, Frame, GRAY, PX_PER_POINT, centred, fit};
use crate::legend::{Entry, Legend, Sample};
use crate::marks::{self, MEAN_MARKER_SIZE, RUN_COLOR, TARGET_COLOR};
use crate::notes::Note;
use crate::schemes::{Scheme, mask_rate};
use crate::tables::Tables;
use crate::text;
use crate::value_axis::ValueAxis;

/// Slots left free between groups; a bar stands in a slot of width 1.
const GAP_SLOTS: f64 = 0.7;
const SLOTS_MIN: f64 = 5.0;

const LINE_POINTS: f64 = 14.0;

/// A whole figure. All values are ratios; the axis is in percent.
pub struct Bars {
    pub title: String,
    pub subtitle: Vec<String>,
    pub y_label: &'static str,
    pub groups: Vec<Group>,
    /// Masks whose rate is drawn as a dashed line.
    pub targets: Vec<u64>,
    /// What the legend says of the schemes; empty where the groups name them.
    pub schemes: Vec<(&'static Scheme, String)>,
    /// Whether the axis may be logarithmic.
    pub may_be_log: bool,
}

/// Bars side by side, with lines of text below them.
pub struct Group {
    pub lines: Vec<String>,
    pub bars: Vec<Bar>,
}

/// One mean.
pub struct Bar {
    pub scheme: &'static Scheme,
    /// None where nothing was measured: the note says why.
    pub mean: Option<f64>,
    pub interval: Option<(f64, f64)>,
    pub runs: Vec<f64>,
    /// Printed above the bar.
    pub note: String,
    /// Whether the note only repeats the mean, and can go where there is no room.
    pub note_repeats: bool,
}

/// A bar, its middle and the width it has to itself, in slots from the left end of the axis.
pub struct Placed<'a> {
    pub x: f64,
    pub room: f64,
    pub bar: &'a Bar,
}

impl Bar {
    /// The bar of a metric, if any run has a value for it.
    pub fn of(
        tables: &Tables,
        workload: &str,
        scheme: &'static Scheme,
        metric: &str,
    ) -> Option<Bar> {
        let summary = tables.summary(workload, scheme, metric)?;
        let (value, n) = (text::percent_unbroken(summary.mean), summary.n);
        let note = match summary.interval {
            Some(_) => format!("mean {value}"),
            None if n == 1 => format!("{value} in the one run"),
            None if summary.mean == 0.0 => format!("0 in {n} of {n} runs"),
            None => format!("{value} in {n} of {n} runs"),
        };
        Some(Bar {
            scheme,
            mean: Some(summary.mean),
            interval: summary.interval,
            runs: tables.runs_of(workload, scheme, metric),
            note,
            note_repeats: summary.interval.is_some(),
        })
    }

    /// The highest thing drawn of the bar, as a ratio.
    pub fn top(&self) -> f64 {
        let interval = self.interval.map_or(0.0, |(_, high)| high.min(1.0));
        let runs = self.runs.iter().copied().fold(0.0, f64::max);
        self.mean.unwrap_or(0.0).max(interval).max(runs)
    }
}

impl Bars {
    /// Draws the figure.
    pub fn draw(&self) -> Figure {
        let slots = self.groups.iter().map(Group::slots).sum::<f64>() + 2.0 * self.margin_slots();
        let lines = self.groups.iter().map(|group| group.lines.len()).max();
        let line_px = LINE_POINTS * PX_PER_POINT * 1.35;
        let log = self.may_be_log && ValueAxis::should_be_log(self.bars());
        let legend = Legend::new(self.legend(log));
        let frame = Frame::new(50.0 + line_px * lines.unwrap_or(0) as f64, &legend);
        let slot_px = frame.width() / slots;

        let placed = self.placed();
        let notes: Vec<Note> = placed
            .iter()
            .map(|placed| Note::new(placed.bar, placed.room * slot_px))
            .collect();
        let targets: Vec<f64> = self.targets.iter().map(|mask| mask_rate(*mask)).collect();
        let axis = ValueAxis::new(log, self.bars().zip(&notes), &targets, &frame);
        let lines_px: Vec<f64> = targets.iter().map(|rate| axis.px(*rate, &frame)).collect();

        canvas::figure(&frame, &legend, |axes| {
            frame.heading(axes, &self.title, &self.subtitle);
            canvas::y_label(axes, &frame, self.y_label);
            axes.set_x_range(Fix(0.0), Fix(slots));
            axes.set_y_range(Fix(axis.low), Fix(axis.high));
            if axis.log {
                axes.set_y_log(Some(10.0));
            }
            if !log {
                marks::means(axes, &axis, &placed);
            }
            marks::targets(axes, &targets, slots);
            marks::runs(axes, &axis, &placed, slot_px);
            marks::intervals(axes, &axis, &placed);
            if log {
                marks::means(axes, &axis, &placed); // markers are small: nothing may cover them
            }
            for (Placed { x, bar, .. }, note) in placed.iter().zip(&notes) {
                let middle = frame.left + x * slot_px;
                note.draw(axes, &frame, middle, axis.px(bar.top(), &frame), &lines_px);
            }
            self.draw_lines(axes, &frame, slot_px, line_px);
        })
    }

    fn bars(&self) -> impl Iterator<Item = &Bar> + Clone {
        self.groups.iter().flat_map(|group| &group.bars)
    }

    fn placed(&self) -> Vec<Placed<'_>> {
        let mut placed = Vec::new();
        let mut left = self.margin_slots();
        for group in &self.groups {
            let room = if group.bars.len() == 1 {
                1.0 + GAP_SLOTS
            } else {
                1.0
            };
            for (i, bar) in group.bars.iter().enumerate() {
                let x = left + GAP_SLOTS / 2.0 + i as f64 + 0.5;
                placed.push(Placed { x, room, bar });
            }
            left += group.slots();
        }
        placed
    }

    fn legend(&self, log: bool) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (scheme, text) in &self.schemes {
            let (sample, color) = if log {
                (
                    Sample::Marker(scheme.marker, MEAN_MARKER_SIZE),
                    scheme.color,
                )
            } else {
                (Sample::Fill, scheme.fill)
            };
            let text = text.clone();
            entries.push(Entry {
                sample,
                color,
                text,
            });
        }
        for mask in &self.targets {
            entries.push(Entry {
                sample: Sample::Line(Dash),
                color: TARGET_COLOR,
                text: format!(
                    "target: mask 0x{mask:X}, 2^-{} = {} %",
                    mask.count_ones(),
                    text::percent(mask_rate(*mask))
                ),
            });
        }
        if self.bars().any(|bar| bar.interval.is_some()) {
            let axis_low = ValueAxis::low(log, self.bars());
            let beyond = |(low, high)| low * 100.0 < axis_low || high > 1.0;
            let cut = |bar: &Bar| bar.interval.is_some_and(beyond);
            let text = if self.bars().any(cut) {
                "95 % interval, cut at the axis or 100 %"
            } else {
                "95 % interval"
            };
            entries.push(Entry {
                sample: Sample::Line(Solid),
                color: BLACK,
                text: text.into(),
            });
        }
        if self.bars().any(|bar| !bar.runs.is_empty()) {
            let at_zero = log && self.bars().any(|bar| bar.runs.contains(&0.0));
            entries.push(Entry {
                sample: Sample::Marker('o', 0.8),
                color: RUN_COLOR,
                text: if at_zero {
                    "one run (on the axis: 0)"
                } else {
                    "one run"
                }
                .into(),
            });
        }
        entries
    }

    /// The lines below each group; a line has the same size under all groups.
    fn draw_lines(&self, axes: &mut Axes2D, frame: &Frame, slot_px: f64, line_px: f64) {
        let room_px = |group: &Group| group.slots() * slot_px - 20.0;
        let lines = self.groups.iter().map(|group| group.lines.len()).max();
        for i in 0..lines.unwrap_or(0) {
            let of_groups = || {
                self.groups
                    .iter()
                    .filter_map(|g| Some((g, g.lines.get(i)?)))
            };
            let sizes = of_groups().map(|(group, line)| fit(line, LINE_POINTS, room_px(group)));
            let mut style = centred(sizes.fold(LINE_POINTS, f64::min));
            style.color = if i == 0 { BLACK } else { GRAY };
            let y = frame.bottom - 20.0 - line_px * (i as f64 + 0.5);
            let mut left = frame.left + self.margin_slots() * slot_px;
            for group in &self.groups {
                let room = group.slots() * slot_px;
                if let Some(line) = group.lines.get(i) {
                    let line = canvas::cut(line, style.points, room);
                    frame.text(axes, left + room / 2.0, y, &line, style);
                }
                left += room;
            }
        }
    }

    /// Free slots on either side, so that few bars do not grow wide.
    fn margin_slots(&self) -> f64 {
        let slots: f64 = self.groups.iter().map(Group::slots).sum();
        (SLOTS_MIN - slots).max(0.0) / 2.0
    }
}

impl Group {
    fn slots(&self) -> f64 {
        self.bars.len() as f64 + GAP_SLOTS
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::schemes::{ALL_HEADERS, PAGE_HASH};

    #[test]
    fn equal_runs_have_a_sentence_instead_of_an_interval() {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture");
        let tables = Tables::read(&fixture, "seed").unwrap();
        let scheme = ALL_HEADERS.iter().find(|s| **s == PAGE_HASH).unwrap();
        let zero = Bar::of(&tables, "reuse", scheme, "sample_rate_allocs").unwrap();
        assert_eq!((zero.mean, zero.interval), (Some(0.0), None));
        assert_eq!(zero.note, "0 in 10 of 10 runs");
        assert_eq!(zero.runs, [0.0; 10]);

        let all = Bar::of(&tables, "reuse", scheme, "dead_zone_rate_1x").unwrap();
        assert_eq!(all.note, "100\u{a0}% in 10 of 10 runs");
        let spread = Bar::of(&tables, "monotonic", scheme, "page_coverage").unwrap();
        assert!(spread.interval.is_some() && spread.note.starts_with("mean 0.38"));
    }
}
