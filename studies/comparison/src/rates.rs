//! How steady and how right the samples are: their share, its spread over runs, and the estimates made of them.

use statistics::deviations::deviation;
use statistics::intervals::LEVEL;

use crate::measures::{Measures, Part};
use crate::run::{Run, Runs};
use crate::schemes::{MONOTONIC, RETURNING, sampling};
use crate::spread::Spread;

/// Sampled over all allocations.
pub const RATE: &str = "sample_rate_allocs";
/// Runs without a sample over all runs.
pub const EMPTY: &str = "share_of_runs_without_samples";
/// Standard deviation of a run's samples, over that of independent decisions at the budget's rate, with its 95 % interval.
pub const DISPERSION: &str = "spread_over_independent";
/// The estimate of all allocations (each sample weighted by 1/p) over their number.
pub const ESTIMATE: &str = "allocs_estimate_over_true";
/// The mean of these over runs with its 95 % interval: 1 where there is no bias.
pub const MEAN_ESTIMATE: &str = "mean_allocs_estimate_over_true";
/// The estimate of live blocks over their number, which is that of the leaked.
pub const LIVE_ESTIMATE: &str = "live_estimate_over_true";

/// The budget of all schemes of the set: one allocation in 256.
const BUDGET: f64 = 1.0 / 256.0;

/// Adds the rows of the workloads whose addresses hardly repeat, and return.
pub fn measure(runs: &Runs, measures: &mut Measures) {
    for workload in [MONOTONIC].into_iter().chain(RETURNING) {
        for scheme in sampling() {
            let path = runs.of(workload, scheme.name);
            let mut add = |metric, found| {
                let place = (Part::Rates, workload, scheme.name);
                measures.add(place, (metric, "ratio"), found);
            };
            let all = |value: fn(&Run) -> Option<f64>| -> Vec<f64> {
                path.iter().filter_map(value).collect()
            };
            add(RATE, Spread::of(&all(rate)));
            let is_empty = |run: &Run| Some(f64::from(run.record.sampled_allocs? == 0));
            add(EMPTY, Spread::of(&all(is_empty)));
            add(ESTIMATE, Spread::of(&all(estimate)));
            add(MEAN_ESTIMATE, Spread::of_mean(&all(estimate)));
            // Elsewhere few blocks are alive at the end, and none of them may be a sample.
            if workload == MONOTONIC {
                add(LIVE_ESTIMATE, Spread::of(&all(live_estimate)));
            }
            add(DISPERSION, dispersion(path));
        }
    }
}

fn rate(run: &Run) -> Option<f64> {
    Some(run.record.sampled_allocs? as f64 / run.record.total_allocs? as f64)
}

fn estimate(run: &Run) -> Option<f64> {
    Some(run.record.allocs_estimate? / run.record.total_allocs? as f64)
}

fn live_estimate(run: &Run) -> Option<f64> {
    let leaked = Some(run.truth.leaked_blocks).filter(|&leaked| leaked > 0)?;
    Some(run.record.live_allocs_estimate? / leaked as f64)
}

/// Independent decisions with probability p over n allocations have the variance n p (1 - p). Where p differs by size the sum is
/// smaller by the variance of p, which at p = 1/256 is below 1 part in 256. `None` where all runs had the same number of samples.
fn dispersion(path: &[Run]) -> Option<Spread> {
    let samples: Option<Vec<f64>> = path
        .iter()
        .map(|run| run.record.sampled_allocs.map(|samples| samples as f64))
        .collect();
    let allocs: Option<Vec<f64>> = path
        .iter()
        .map(|run| run.record.total_allocs.map(|allocs| allocs as f64))
        .collect();
    let independent = Spread::of(&allocs?)?.value * BUDGET * (1.0 - BUDGET);
    let (found, interval) = deviation(&samples?, LEVEL)?;
    let of_independent = independent.sqrt();
    Some(Spread::with(
        found / of_independent,
        interval.over(of_independent),
        path.len(),
    ))
}
