//! Which scheme errs least on a workload, and which others cannot be told from it.
//!
//! Among the schemes that meet the budget and are not blind, by the mean absolute error: a scheme that sees nothing of a subject errs by 100 % in every run, and is no tie of another that sees nothing either, or that errs as much on average. The others' absolute errors are held against those of the first by permuting runs, adjusted
//! by Holm's method over the workload's schemes. Not by squares: where one run in a hundred errs by a factor of fifty, no test of mean squares can tell anything.

use statistics::comparisons::holm;
use statistics::resampling;

use crate::measure::estimates::{ALLOCS, BYTES, LIVE_BYTES, Subject, errors_of, metric};
use crate::measure::rates::BLIND;
use crate::over_runs;
use crate::paths::{Cell, Workload};
use crate::rows::{HORVITZ_THOMPSON, Number, Place, Rows};

/// Place among the ranked ones, from 1; those that cannot be told from the first share it.
pub const RANK: &str = "rank";
/// Adjusted p-value of the difference from the first.
pub const P: &str = "rank_p_holm";

const PERMUTATIONS: usize = 2000;
const SEED: u64 = 0x4A6C;
const ALPHA: f64 = 0.05;

/// In how many runs a scheme saw nothing of a subject: its estimate was 0, but for roundings, where there was something. `None` where there is nothing to see.
pub fn blind_runs(cell: &Cell, subject: Subject) -> Option<Number> {
    const ROUNDING: f64 = 1e-9;
    let errors = errors_of(cell, subject)?;
    over_runs::share(errors.iter().map(|error| *error <= ROUNDING - 1.0))
}

/// Whether that is in more than half of a workload's runs.
pub fn is_blind(cell: &Cell, subject: Subject) -> bool {
    blind_runs(cell, subject).is_some_and(|share| share.value > BLIND)
}

/// Adds the rows of a workload.
pub fn measure(workload: &Workload, places: &[Place], rows: &mut Rows) {
    for subject in [ALLOCS, BYTES, LIVE_BYTES] {
        rank(workload, places, subject, rows);
    }
}

fn rank(workload: &Workload, places: &[Place], subject: Subject, rows: &mut Rows) {
    let mut ranked: Vec<(&Place, Vec<f64>)> = Vec::new();
    for (cell, place) in workload.cells.iter().zip(places) {
        let is_ranked = !cell.design.is_off_target && !is_blind(cell, subject);
        if let Some(errors) = errors_of(cell, subject).filter(|_| is_ranked) {
            ranked.push((place, errors.iter().map(|error| error.abs()).collect()));
        }
    }
    let mean = |absolute: &[f64]| absolute.iter().sum::<f64>() / absolute.len() as f64;
    ranked.sort_by(|a, b| mean(&a.1).total_cmp(&mean(&b.1)));
    let Some(((first, least), others)) = ranked.split_first() else {
        return;
    };
    let p_values: Vec<f64> = others
        .iter()
        .filter_map(|(_, absolute)| resampling::permutation(least, absolute, PERMUTATIONS, SEED))
        .collect();
    let mut add = |place: &Place, what, value| {
        let number = Number {
            value,
            interval: None,
            n: least.len(),
        };
        rows.add(
            place,
            HORVITZ_THOMPSON,
            metric(what, subject),
            "",
            Some(number),
        );
    };
    add(first, RANK, 1.0);
    for (index, ((place, _), p)) in others.iter().zip(holm(&p_values)).enumerate() {
        add(place, P, p);
        add(
            place,
            RANK,
            if p > ALPHA { 1.0 } else { index as f64 + 2.0 },
        );
    }
}
