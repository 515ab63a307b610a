//! Whether each scheme sampled at its rate while it was timed: a scheme that samples less than it says is fast for no merit.
//!
//! What the samples stand for must be what was counted, over all runs of the loops whose addresses are many (window, batch,
//! mixed). Schemes that draw are tested by the spread between runs: the mean of estimated over counted allocations is within
//! [`SIGMAS`] standard errors of 1. Those that hash are not: a run has few keys, so most runs say nothing and a few say a lot;
//! their mean must be within a factor of [`FACTOR`], which needs [`RUNS_MIN`] runs.

use ::statistics::intervals::{self, LEVEL};
use statrs::statistics::Statistics;

use crate::measured::{Measured, Subject};
use crate::median::Median;
use crate::rows::Row;

const SIGMAS: f64 = 6.0;
const FACTOR: f64 = 4.0;
const RUNS_MIN: usize = 12;

/// A row for each scheme that samples and counts, or which one did not sample at its rate.
pub fn check(measured: &Measured) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for subject in &measured.subjects {
        let shares = shares(measured, subject);
        if shares.len() < 2 {
            continue;
        }
        let mean = shares.iter().mean();
        let error = shares.iter().std_dev() / (shares.len() as f64).sqrt();
        let is_keyed = subject.name.contains("HASH") || subject.name == "HEADER_HYBRID";
        let is_fine = match is_keyed {
            true => shares.len() < RUNS_MIN || (1.0 / FACTOR..=FACTOR).contains(&mean),
            false => (mean - 1.0).abs() <= SIGMAS * error,
        };
        if !is_fine {
            return Err(format!(
                "{} did not sample at its rate while it was timed: its samples stand for {mean:.3} of the counted allocations (standard error {error:.3}, {} runs), expected 1",
                subject.name,
                shares.len()
            ));
        }
        rows.push(Row {
            place: "window batch mixed".into(),
            subject: subject.clone(),
            threads: None,
            metric: "estimated_over_counted",
            unit: "ratio",
            median: intervals::mean_over_runs(&shares, LEVEL).map(|found| Median {
                value: found.mean,
                interval: found.interval.map(|it| (it.low, it.high)),
                n: found.n,
            }),
        });
    }
    Ok(rows)
}

fn shares(measured: &Measured, subject: &Subject) -> Vec<f64> {
    let mut shares = Vec::new();
    for (place, of_place) in &measured.times {
        let is_among = ["window", "batch", "mixed"].contains(&place.name.as_str());
        if is_among && place.rate == "usual" {
            let rounds = of_place.get(subject).into_iter().flatten();
            shares.extend(rounds.filter_map(|(_, time)| time.estimated_share));
        }
    }
    shares
}
