//! Everything measured, in one tidy table: a row is one number of a scheme on a workload.

use std::fmt::Write;

use statistics::intervals::{Interval, Mean};

/// The estimator that a scheme's own probabilities give.
pub const HORVITZ_THOMPSON: &str = "horvitz-thompson";

/// Whose number it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub set: String,
    pub workload: String,
    pub scheme: &'static str,
    /// As `1/256 of allocs`.
    pub budget: String,
}

/// A number, its 95 % interval if it has one, and how many runs it is over; 1 where it is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    pub interval: Option<Interval>,
    pub n: usize,
}

/// One row.
pub struct Row {
    pub place: Place,
    /// Empty where the number is of no estimate.
    pub estimator: &'static str,
    pub metric: String,
    /// A size bin, or empty for the whole run.
    pub bin: String,
    pub number: Number,
}

/// All rows, in the order in which they were added.
#[derive(Default)]
pub struct Rows {
    pub rows: Vec<Row>,
}

impl Number {
    /// Derived from exact sizes: no run can change it.
    pub fn exact(value: f64) -> Number {
        Number {
            value,
            interval: None,
            n: 1,
        }
    }

    pub fn of_mean(mean: Mean) -> Number {
        Number {
            value: mean.mean,
            interval: mean.interval,
            n: mean.n,
        }
    }
}

impl Rows {
    /// Adds a number, if there is one.
    pub fn add(
        &mut self,
        place: &Place,
        estimator: &'static str,
        metric: impl Into<String>,
        bin: &str,
        number: Option<Number>,
    ) {
        self.rows.extend(number.map(|number| Row {
            place: place.clone(),
            estimator,
            metric: metric.into(),
            bin: bin.to_string(),
            number,
        }));
    }

    /// A number of the whole run, if it was measured.
    pub fn get(&self, place: &Place, estimator: &str, metric: &str) -> Option<Number> {
        self.of_bin(place, estimator, metric, "")
    }

    /// The same of a size bin.
    pub fn of_bin(
        &self,
        place: &Place,
        estimator: &str,
        metric: &str,
        bin: &str,
    ) -> Option<Number> {
        let is_it = |row: &&Row| {
            row.metric == metric
                && row.estimator == estimator
                && row.bin == bin
                && row.place == *place
        };
        self.rows.iter().find(is_it).map(|row| row.number)
    }

    /// accuracy.csv.
    pub fn csv(&self) -> Vec<u8> {
        const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer
            .write_record([
                "set",
                "workload",
                "scheme",
                "estimator",
                "budget",
                "metric",
                "bin",
                "value",
                "low",
                "high",
                "n",
            ])
            .expect(IN_MEMORY);
        for row in &self.rows {
            let ends = row
                .number
                .interval
                .map_or([String::new(), String::new()], |it| {
                    [cell(it.low), cell(it.high)]
                });
            writer
                .write_record([
                    &row.place.set,
                    &row.place.workload,
                    row.place.scheme,
                    row.estimator,
                    &row.place.budget,
                    &row.metric,
                    &row.bin,
                    &cell(row.number.value),
                    &ends[0],
                    &ends[1],
                    &row.number.n.to_string(),
                ])
                .expect(IN_MEMORY);
        }
        writer.into_inner().expect(IN_MEMORY)
    }
}

/// Six digits: more than any of these numbers is sure of.
fn cell(value: f64) -> String {
    const DIGITS: i32 = 6;
    if value == 0.0 {
        return "0".to_string();
    }
    let decimals = DIGITS - 1 - value.abs().log10().floor() as i32;
    let mut text = String::new();
    let _ = write!(text, "{value:.*}", decimals.clamp(0, 30) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_six_digits_and_no_idle_zeros() {
        assert_eq!(cell(0.003_906_25), "0.00390625");
        assert_eq!(cell(200.0), "200");
        assert_eq!(cell(-1.0 / 3.0), "-0.333333");
        assert_eq!(cell(123_456_789.0), "123456789");
        assert_eq!(cell(0.0), "0");
    }
}
