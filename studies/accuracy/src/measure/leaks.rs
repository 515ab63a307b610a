//! Leaks: whether at least one leaked block was seen, and how wrong the estimated leaked bytes are.
//!
//! A workload `leaks-...` leaves blocks of one size alive in each of several size bins, and nothing else: what is alive in a bin at the end is the leak.
//! So one run holds as many leaks as there are bins, and the live estimate of a bin says whether its leak was seen.

use statistics::closed_forms;
use statistics::intervals::Interval;

use crate::over_runs;
use crate::paths::{Cell, Workload};
use crate::rows::{HORVITZ_THOMPSON, Number, Place, Rows};
use crate::schemes::Decision;

pub const BLOCKS: &str = "leak_blocks";
pub const SIZE_BYTES: &str = "leak_size_bytes";
pub const SEEN: &str = "leak_seen";
pub const CLOSED_FORM: &str = "leak_seen_closed_form";
pub const BIAS: &str = "leak_bias_bytes";
pub const RMSE: &str = "leak_rmse_bytes";

/// What workloads with leaks are called.
pub const WORKLOADS: &str = "leaks-";

const PAGE_BYTES: f64 = 4096.0;
/// Before every block; glibc's own 8 are left out, so this is a bound.
const HEADER_BYTES: f64 = 16.0;

/// Adds the rows of a cell.
pub fn measure(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    if !workload.name.starts_with(WORKLOADS) {
        return;
    }
    for (bin, blocks, bytes) in &workload.budget.live_by_bin {
        if *blocks == 0.0 {
            continue;
        }
        let size_bytes = bytes / blocks;
        let place_of = cell.runs[0]
            .bins
            .iter()
            .position(|found| found.name == *bin);
        let Some(index) = place_of else { continue };
        let estimates: Vec<f64> = cell
            .runs
            .iter()
            .map(|run| run.bins[index].total.live_bytes.estimate)
            .collect();
        let errors: Vec<f64> = estimates.iter().map(|it| it / bytes - 1.0).collect();
        // What is sampled and freed goes out of the sums by the same weight, which leaves roundings.
        let is_seen = |estimate: &f64| *estimate > 0.5;
        rows.add(place, "", BLOCKS, bin, Some(Number::exact(*blocks)));
        rows.add(place, "", SIZE_BYTES, bin, Some(Number::exact(size_bytes)));
        rows.add(
            place,
            "",
            SEEN,
            bin,
            over_runs::share(estimates.iter().map(is_seen)),
        );
        rows.add(
            place,
            "",
            CLOSED_FORM,
            bin,
            Some(closed_form(cell, *blocks, size_bytes)),
        );
        rows.add(place, HORVITZ_THOMPSON, BIAS, bin, over_runs::mean(&errors));
        rows.add(
            place,
            HORVITZ_THOMPSON,
            RMSE,
            bin,
            over_runs::root_mean_square(&errors),
        );
    }
}

/// Probability of at least one sample if decisions were independent: `1 - exp(-k size/mean)`, `1 - (1-p)^k`; of pages `1 - (1-p)^pages`, where the blocks have between as
/// few pages as they fit into and one each (the value).
fn closed_form(cell: &Cell, blocks: f64, size_bytes: f64) -> Number {
    let decision = cell.scheme.decision;
    let p = cell.design.probability(decision, size_bytes);
    let value = match cell.design.mean_bytes {
        Some(mean) if decision.draws_bytes(size_bytes) => {
            closed_forms::sees_bytes(blocks, size_bytes, mean as f64)
        }
        _ => closed_forms::sees_keys(blocks, p),
    };
    let fewest_pages = (blocks * (size_bytes + HEADER_BYTES) / PAGE_BYTES)
        .ceil()
        .min(blocks);
    let interval = (decision == Decision::PageHash).then(|| Interval {
        low: closed_forms::sees_keys(fewest_pages, p),
        high: value,
    });
    Number {
        value,
        interval: interval.filter(|it| it.low < it.high),
        n: 1,
    }
}
