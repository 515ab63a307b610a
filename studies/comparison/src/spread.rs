//! A number measured several times.
//!
//! Two kinds of ends stand beside such a number, and a text must not take one for the other: the lowest and the highest of few runs, which say what was seen, and
//! a 95 % interval, which says where the true value may be.

use statistics::intervals::{self, Interval, LEVEL};

/// What the ends of a [`Spread`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The lowest and the highest of the runs.
    Range,
    /// A 95 % interval.
    Interval,
}

impl Ends {
    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Ends::Range => "range",
            Ends::Interval => "interval",
        }
    }
}

/// A number of n runs, with its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mostly the mean.
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// What `low` and `high` are.
    pub ends: Ends,
    /// How many there were, at least 1.
    pub n: usize,
}

impl Spread {
    /// The mean of values, the lowest and the highest; `None` of no values.
    pub fn of(values: &[f64]) -> Option<Spread> {
        let first = *values.first()?;
        let fold = |pick: fn(f64, f64) -> f64| values.iter().copied().fold(first, pick);
        // A mean of equal values is that value, without an error of rounding.
        let mean =
            first + values.iter().map(|value| value - first).sum::<f64>() / values.len() as f64;
        Some(Spread {
            value: mean,
            low: fold(f64::min),
            high: fold(f64::max),
            ends: Ends::Range,
            n: values.len(),
        })
    }

    /// A number with its 95 % interval.
    pub fn with(value: f64, interval: Interval, n: usize) -> Spread {
        Spread {
            value,
            low: interval.low,
            high: interval.high,
            ends: Ends::Interval,
            n,
        }
    }

    /// The mean of values with Student's interval; `None` where there is none, of one value and of equal ones.
    pub fn of_mean(values: &[f64]) -> Option<Spread> {
        let mean = intervals::mean_over_runs(values, LEVEL)?;
        Some(Spread::with(mean.mean, mean.interval?, mean.n))
    }

    /// The number and its ends times a factor above 0.
    pub fn times(self, factor: f64) -> Spread {
        Spread {
            value: self.value * factor,
            low: self.low * factor,
            high: self.high * factor,
            ..self
        }
    }

    /// The number and its ends less another number.
    pub fn less(self, other: f64) -> Spread {
        Spread {
            value: self.value - other,
            low: self.low - other,
            high: self.high - other,
            ..self
        }
    }

    /// Whether both ends are between two numbers (true), both on one side of them (false), or neither.
    pub fn is_between(self, low: f64, high: f64) -> Option<bool> {
        match () {
            () if low <= self.low && self.high <= high => Some(true),
            () if self.high < low || high < self.low => Some(false),
            () => None,
        }
    }
}

impl std::ops::Add for Spread {
    type Output = Spread;

    /// The sum of two numbers that vary together; of the fewer runs.
    fn add(self, other: Spread) -> Spread {
        Spread {
            value: self.value + other.value,
            low: self.low + other.low,
            high: self.high + other.high,
            ends: self.ends,
            n: self.n.min(other.n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_lowest_and_highest() {
        let spread = Spread::of(&[2.0, 1.0, 6.0]).unwrap();
        assert_eq!(
            (spread.value, spread.low, spread.high, spread.n),
            (3.0, 1.0, 6.0, 3)
        );
        assert_eq!(Spread::of(&[0.1; 3]).unwrap().value, 0.1);
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of_mean(&[2.0]), None);
        let mean = Spread::of_mean(&[1.0, 2.0, 3.0]).unwrap();
        // t(0.975, 2) = 4.3027, over sqrt(3).
        assert!((mean.high - 2.0 - 2.4841).abs() < 1e-3 && mean.ends == Ends::Interval);
    }

    #[test]
    fn both_ends_decide() {
        let spread = Spread::of(&[2.0, 3.0]).unwrap();
        assert_eq!(spread.is_between(2.0, 3.0), Some(true));
        assert_eq!(spread.is_between(3.1, 4.0), Some(false));
        assert_eq!(spread.is_between(0.0, 1.9), Some(false));
        assert_eq!(spread.is_between(2.5, 4.0), None);
    }
}
