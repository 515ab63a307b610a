//! How many samples there were, against how many were expected.

use statistics::closed_forms;

use crate::over_runs;
use crate::paths::{Cell, Workload};
use crate::rows::{Number, Place, Rows};

pub const EXPECTED_SAMPLES: &str = "expected_samples";
pub const EXPECTED_RATE_ALLOCS: &str = "expected_rate_allocs";
pub const EXPECTED_RATE_BYTES: &str = "expected_rate_bytes";
/// 1: no ranking takes it.
pub const OFF_TARGET: &str = "is_off_target";
pub const RATE_ALLOCS: &str = "rate_allocs";
pub const RATE_BYTES: &str = "rate_bytes";
pub const EMPTY: &str = "share_of_runs_without_samples";
/// More than this share of runs without a sample is blind.
pub const BLIND: f64 = 0.5;
/// Variance of a run's samples over the mean that is expected.
pub const DISPERSION: &str = "dispersion";
pub const DISPERSION_IDEAL: &str = "dispersion_ideal";
/// Pages that held a header, and the mean over runs of `(1-p)^pages`: what chance gives of runs without a sample. Page hash only.
pub const PAGES: &str = "pages";
pub const EMPTY_CLOSED_FORM: &str = "share_of_runs_without_samples_closed_form";
/// Distinct numbers of samples, by which one sees whether runs differ at all.
pub const DISTINCT: &str = "distinct_numbers_of_samples";

/// Adds the rows of a cell.
pub fn measure(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    let mut add = |metric, number| rows.add(place, "", metric, "", number);
    let design = &cell.design;
    let exact = |value| Some(Number::exact(value));
    add(EXPECTED_SAMPLES, exact(design.expected_samples));
    add(EXPECTED_RATE_ALLOCS, exact(design.expected_rate_allocs));
    add(EXPECTED_RATE_BYTES, exact(design.expected_rate_bytes));
    add(OFF_TARGET, exact(f64::from(design.is_off_target)));
    let samples: Vec<f64> = cell.runs.iter().map(|run| run.sampled_allocs).collect();
    let bytes: Vec<f64> = cell.runs.iter().map(|run| run.sampled_bytes).collect();
    let over =
        |values: &[f64], all: f64| -> Vec<f64> { values.iter().map(|value| value / all).collect() };
    let budget = &workload.budget;
    add(RATE_ALLOCS, over_runs::mean(&over(&samples, budget.allocs)));
    add(RATE_BYTES, over_runs::mean(&over(&bytes, budget.bytes)));
    let mut distinct = samples.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    add(DISTINCT, exact(distinct.len() as f64));
    add(
        EMPTY,
        over_runs::share(samples.iter().map(|&samples| samples == 0.0)),
    );
    add(
        DISPERSION,
        over_runs::variance_over(&samples, design.expected_samples),
    );
    add(
        DISPERSION_IDEAL,
        closed_forms::dispersion(design.expected_samples, design.sum_p_squared).map(Number::exact),
    );
    let pages: Option<Vec<f64>> = cell.runs.iter().map(|run| run.pages).collect();
    if let Some(pages) = pages {
        let blind = |pages: &f64| 1.0 - closed_forms::sees_keys(*pages, budget.share);
        add(
            EMPTY_CLOSED_FORM,
            over_runs::mean(&pages.iter().map(blind).collect::<Vec<f64>>()),
        );
        add(PAGES, over_runs::mean(&pages));
    }
}
