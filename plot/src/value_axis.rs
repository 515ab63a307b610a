//! The vertical axis of bars: in percent, from zero or logarithmic, and high enough for what stands on the bars.

use crate::bars::Bar;
use crate::canvas::Frame;
use crate::notes::Note;

/// Largest over smallest mean above zero, from which bars that start at zero would hide the small ones: at 30, a mean of
/// 0.39 % beside one of 12 % is 30 pixels high.
const FAR_APART: f64 = 30.0;

/// Its ends are in percent.
pub struct ValueAxis {
    pub low: f64,
    pub high: f64,
    pub log: bool,
}

impl ValueAxis {
    /// Whether the means are too far apart for an axis from zero.
    pub fn should_be_log<'a>(bars: impl Iterator<Item = &'a Bar>) -> bool {
        let means = bars.filter_map(|bar| bar.mean).filter(|mean| *mean > 0.0);
        let (smallest, largest) = means.fold((f64::INFINITY, 0.0), |(low, high), mean| {
            (f64::min(low, mean), f64::max(high, mean))
        });
        largest > smallest * FAR_APART
    }

    /// Where the axis begins, in percent. A logarithmic one begins at the decade below half of the smallest mean or run above
    /// zero, so that what stands on the axis is zero.
    pub fn low<'a>(log: bool, bars: impl Iterator<Item = &'a Bar>) -> f64 {
        let values = bars.flat_map(|bar| bar.mean.iter().chain(&bar.runs));
        let smallest = values
            .copied()
            .filter(|value| *value > 0.0)
            .fold(1.0, f64::min);
        if log {
            10f64.powf((smallest * 50.0).log10().floor())
        } else {
            0.0
        }
    }

    /// An axis for these bars and the notes over them; `targets` are ratios.
    pub fn new<'a>(
        log: bool,
        bars: impl Iterator<Item = (&'a Bar, &'a Note)> + Clone,
        targets: &[f64],
        frame: &Frame,
    ) -> ValueAxis {
        let mut axis = ValueAxis {
            low: ValueAxis::low(log, bars.clone().map(|(bar, _)| bar)),
            high: 0.0,
            log,
        };
        let base = axis.even(0.0);
        let room = |ratio: f64, px: f64| {
            let share = (1.0 - px / frame.height()).max(0.2);
            base + (axis.even(ratio) - base) / share
        };
        let targets = targets.iter().map(|rate| room(*rate, 40.0));
        let bars = bars.map(|(bar, note)| room(bar.top(), note.height_px + 60.0));
        let highest = targets.chain(bars).fold(base, f64::max);
        axis.high = match log {
            true => 10f64.powf(highest),
            false if highest == 0.0 => 1.0, // nothing but zeros
            false => highest,
        };
        axis
    }

    /// A ratio in percent, moved onto the axis where it lies below it.
    pub fn percent(&self, ratio: f64) -> f64 {
        (ratio * 100.0).max(self.low)
    }

    /// A ratio as a height on the sheet.
    pub fn px(&self, ratio: f64, frame: &Frame) -> f64 {
        let (base, end) = (self.even(0.0), self.even(self.high / 100.0));
        frame.bottom + (self.even(ratio) - base) / (end - base) * frame.height()
    }

    /// A ratio in the unit in which the axis is even: percent, or its decimal logarithm.
    fn even(&self, ratio: f64) -> f64 {
        let percent = self.percent(ratio);
        if self.log { percent.log10() } else { percent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::legend::Legend;
    use crate::schemes::PAGE_HASH;

    fn bar(mean: f64, note: &str) -> Bar {
        Bar {
            scheme: &PAGE_HASH,
            mean: Some(mean),
            interval: None,
            runs: Vec::new(),
            note: note.into(),
            note_repeats: false,
        }
    }

    #[test]
    fn means_far_apart_need_a_logarithmic_axis_and_zeros_do_not_count() {
        let close = [bar(0.0, ""), bar(0.01, ""), bar(0.29, "")];
        let far = [bar(0.0, ""), bar(0.01, ""), bar(0.31, "")];
        assert!(!ValueAxis::should_be_log(close.iter()));
        assert!(ValueAxis::should_be_log(far.iter()));
        assert!(!ValueAxis::should_be_log([bar(0.0, "")].iter()));
    }

    #[test]
    fn only_zero_stands_on_a_logarithmic_axis() {
        let mut spread = bar(0.004, "");
        spread.runs = vec![0.0, 0.00011, 0.4];
        let low = ValueAxis::low(true, [bar(0.0, ""), spread].iter());
        assert!((low - 0.001).abs() < 1e-9, "{low}"); // below half of 0.011 %
    }

    #[test]
    fn notes_and_targets_end_below_the_top() {
        let frame = Frame::new(300.0, &Legend::new(Vec::new()));
        for log in [false, true] {
            let bars = [bar(0.004, "a note in the room of its bar"), bar(0.4, "b")];
            let notes: Vec<Note> = bars.iter().map(|bar| Note::new(bar, 200.0)).collect();
            let axis = ValueAxis::new(log, bars.iter().zip(&notes), &[0.5], &frame);
            for (bar, note) in bars.iter().zip(&notes) {
                let end = axis.px(bar.top(), &frame) + note.height_px;
                assert!(end < frame.top, "{end} {}", frame.top);
            }
            assert!(axis.px(0.5, &frame) < frame.top);
            assert_eq!(axis.px(0.0, &frame), frame.bottom);
        }
    }
}
