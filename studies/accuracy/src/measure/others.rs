//! Estimators in use elsewhere, on the same samples of exponential gaps in bytes.
//!
//! - `tcmalloc`: a mean gap, and what the block reaches beyond the end of its gap (tcmalloc/sampler.cc).
//! - `ddprof`: a mean for each gap that ends within the block (lib/allocation_tracker.cc).
//! - `heapprofd`: the same below a mean; blocks of at least the mean are all recorded, whole (src/profiling/memory/sampler.h).
//! - `sum-then-unbias`: samples are summed first and then weighted once, by the p of their mean size, as jemalloc's dump did before it weighted each. The
//!   whole run is one call site here.

use crate::measure::estimates::{ALLOCS, BYTES, add_errors};
use crate::paths::{Cell, Workload};
use crate::rows::{Place, Rows};
use crate::run::Run;

/// In the order of the report.
pub const ESTIMATORS: [&str; 4] = ["tcmalloc", "ddprof", "heapprofd", "sum-then-unbias"];

/// Adds the rows of a cell whose records have these estimates.
pub fn measure(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    let Some(mean_bytes) = cell.design.mean_bytes.map(|mean| mean as f64) else {
        return;
    };
    let whole = whole_blocks(workload, mean_bytes);
    for (index, estimator) in ESTIMATORS.into_iter().enumerate() {
        let estimates: Option<Vec<[f64; 2]>> = cell
            .runs
            .iter()
            .map(|run| estimates(run, mean_bytes, whole).map(|all| all[index]))
            .collect();
        let Some(estimates) = estimates else { continue };
        for (part, subject) in [(0, ALLOCS), (1, BYTES)] {
            let errors: Option<Vec<f64>> = cell
                .runs
                .iter()
                .zip(&estimates)
                .map(|(run, estimate)| {
                    let truth = [run.total.allocs.truth?, run.total.bytes.truth?][part];
                    Some(estimate[part] / truth - 1.0)
                })
                .collect();
            if let Some(errors) = errors {
                add_errors(place, estimator, "", subject, &errors, rows);
            }
        }
    }
}

/// Allocations and bytes, by every estimator.
fn estimates(run: &Run, mean_bytes: f64, whole: [f64; 2]) -> Option<[[f64; 2]; 4]> {
    let others = run.other_estimators.as_ref()?;
    let below = others.draws_below_mean;
    Some([
        others.tcmalloc,
        others.draws,
        [below[0] + whole[0], below[1] + whole[1]],
        sum_then_unbias(run.sampled_allocs, run.sampled_bytes, mean_bytes),
    ])
}

/// Blocks of at least the mean, and their bytes: exact.
fn whole_blocks(workload: &Workload, mean_bytes: f64) -> [f64; 2] {
    let large = workload
        .budget
        .sizes
        .iter()
        .filter(|(size, _)| *size >= mean_bytes);
    large.fold([0.0, 0.0], |[blocks, bytes], (size, allocs)| {
        [blocks + allocs, bytes + allocs * size]
    })
}

/// `n / p` and `bytes / p`, p being that of a block of the samples' mean size.
fn sum_then_unbias(samples: f64, bytes: f64, mean_bytes: f64) -> [f64; 2] {
    if samples == 0.0 {
        return [0.0, 0.0];
    }
    let p = -(-bytes / samples / mean_bytes).exp_m1();
    [samples / p, bytes / p]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_then_unbias_by_hand() {
        // 10 samples of 100 B under a mean of 1000: p = 1 - exp(-0.1) = 0.095163.
        let [allocs, bytes] = sum_then_unbias(10.0, 1000.0, 1000.0);
        assert!((allocs - 105.083).abs() < 1e-3 && (bytes - 10_508.3).abs() < 0.1);
        assert_eq!(sum_then_unbias(0.0, 0.0, 1000.0), [0.0, 0.0]);
    }
}
