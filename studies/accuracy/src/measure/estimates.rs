//! How wrong the estimates are, and how often their intervals hold the truth.
//!
//! An error is relative: estimate over truth, less 1. Totals are of everything that was allocated, live ones of what is alive at the end.

use statistics::closed_forms;
use statistics::intervals::{self, Interval, LEVEL};

use crate::over_runs;
use crate::paths::{Cell, Workload};
use crate::rows::{HORVITZ_THOMPSON, Number, Place, Rows};
use crate::run::{Measured, Run, Totals};
use crate::schemes::Decision;

/// What is estimated, and where it is in a run.
#[derive(Clone, Copy)]
pub struct Subject {
    pub name: &'static str,
    of: fn(&Totals) -> &Measured,
    is_bytes: bool,
}

pub const ALLOCS: Subject = Subject {
    name: "allocs",
    of: |totals| &totals.allocs,
    is_bytes: false,
};
pub const BYTES: Subject = Subject {
    name: "bytes",
    of: |totals| &totals.bytes,
    is_bytes: true,
};
pub const LIVE_ALLOCS: Subject = Subject {
    name: "live_allocs",
    of: |totals| &totals.live_allocs,
    is_bytes: false,
};
pub const LIVE_BYTES: Subject = Subject {
    name: "live_bytes",
    of: |totals| &totals.live_bytes,
    is_bytes: true,
};

/// Metrics' names are these and the subject's.
pub const BIAS: &str = "bias";
pub const RMSE: &str = "rmse";
/// That of independent decisions, from exact sizes; of totals.
pub const RMSE_BY_DESIGN: &str = "rmse_by_design";
/// Mean absolute error: what ranks are by.
pub const MAE: &str = "mae";
pub const COVERAGE_PLAIN: &str = "coverage_plain";
pub const COVERAGE_PLAIN_BY_KEY: &str = "coverage_plain_by_key";
pub const COVERAGE_LOG: &str = "coverage_log";
pub const COVERAGE_SCORE: &str = "coverage_score";
/// Share of runs whose score interval has no upper end: it holds whatever is true, and says nothing.
pub const SCORE_WITHOUT_END: &str = "score_without_end";
/// By-key over independent variance, as the runs estimated both.
pub const DESIGN_EFFECT: &str = "design_effect";
/// Variance of the estimates over runs, over that of independent decisions, from exact sizes.
pub const VARIANCE_RATIO: &str = "variance_over_independent";
/// Quantiles of the errors over runs.
pub const QUANTILES: [(&str, f64); 5] = [
    ("error_p5", 0.05),
    ("error_p25", 0.25),
    ("error_p50", 0.5),
    ("error_p75", 0.75),
    ("error_p95", 0.95),
];

/// The name of a metric of a subject.
pub fn metric(what: &str, subject: Subject) -> String {
    format!("{what}_{}", subject.name)
}

/// Adds the rows of a cell.
pub fn measure(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    for subject in [ALLOCS, BYTES, LIVE_ALLOCS, LIVE_BYTES] {
        let measured: Vec<Measured> = cell
            .runs
            .iter()
            .map(|run| *(subject.of)(&run.total))
            .collect();
        let Some(errors) = errors(&measured) else {
            continue;
        };
        add_errors(place, HORVITZ_THOMPSON, "", subject, &errors, rows);
        add_coverage(cell, place, "", subject, &measured, rows);
        let mut add = |what: &str, number| {
            rows.add(place, HORVITZ_THOMPSON, metric(what, subject), "", number)
        };
        let mut sorted = errors.clone();
        sorted.sort_by(f64::total_cmp);
        for (name, p) in QUANTILES {
            let number = Number {
                value: over_runs::quantile(&sorted, p),
                interval: None,
                n: sorted.len(),
            };
            add(name, Some(number));
        }
        let variances: Vec<(f64, f64)> = measured
            .iter()
            .filter_map(|it| Some((it.variance_by_key?, it.variance)))
            .collect();
        if cell.scheme.decision.has_keys() {
            add(DESIGN_EFFECT, over_runs::ratio(&variances));
        }
        if subject.name == ALLOCS.name || subject.name == BYTES.name {
            let values: Vec<f64> = measured.iter().map(|it| it.estimate).collect();
            let by_design = deviation_by_design(workload, cell, subject);
            add(RMSE_BY_DESIGN, by_design.map(Number::exact));
            let independent = independent_variance(workload, cell, subject);
            add(
                VARIANCE_RATIO,
                over_runs::variance_over(&values, independent),
            );
        }
    }
    bins(workload, cell, place, rows);
}

/// Each bin has its own bias and coverage, beside the samples that are expected in it; one that expects less than one says nothing.
fn bins(workload: &Workload, cell: &Cell, place: &Place, rows: &mut Rows) {
    for (index, bin) in cell.runs[0].bins.iter().enumerate() {
        let expected: f64 = workload
            .budget
            .sizes
            .iter()
            .filter(|(size, _)| bin_holds(&bin.name, *size))
            .map(|&(size, allocs)| allocs * cell.design.probability(cell.scheme.decision, size))
            .sum();
        if expected < 1.0 {
            continue;
        }
        let number = Some(Number::exact(expected));
        rows.add(place, "", super::rates::EXPECTED_SAMPLES, &bin.name, number);
        for subject in [ALLOCS, BYTES] {
            let of = |run: &Run| *(subject.of)(&run.bins[index].total);
            let measured: Vec<Measured> = cell.runs.iter().map(of).collect();
            if let Some(errors) = errors(&measured) {
                let bias = over_runs::mean(&errors);
                let name = metric(BIAS, subject);
                rows.add(place, HORVITZ_THOMPSON, name, &bin.name, bias);
                add_coverage(cell, place, &bin.name, subject, &measured, rows);
            }
        }
    }
}

/// The errors of a cell's runs.
pub fn errors_of(cell: &Cell, subject: Subject) -> Option<Vec<f64>> {
    let measured: Vec<Measured> = cell
        .runs
        .iter()
        .map(|run| *(subject.of)(&run.total))
        .collect();
    errors(&measured)
}

/// `None` where a run has nothing to estimate.
fn errors(measured: &[Measured]) -> Option<Vec<f64>> {
    let error = |it: &Measured| Some(it.estimate / it.truth.filter(|&truth| truth > 0.0)? - 1.0);
    measured.iter().map(error).collect()
}

/// Bias and root mean square of errors.
pub fn add_errors(
    place: &Place,
    estimator: &'static str,
    bin: &str,
    subject: Subject,
    errors: &[f64],
    rows: &mut Rows,
) {
    rows.add(
        place,
        estimator,
        metric(BIAS, subject),
        bin,
        over_runs::mean(errors),
    );
    rows.add(
        place,
        estimator,
        metric(RMSE, subject),
        bin,
        over_runs::root_mean_square(errors),
    );
    let absolute: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    rows.add(
        place,
        estimator,
        metric(MAE, subject),
        bin,
        over_runs::mean(&absolute),
    );
}

fn add_coverage(
    cell: &Cell,
    place: &Place,
    bin: &str,
    subject: Subject,
    measured: &[Measured],
    rows: &mut Rows,
) {
    let mut add = |what, interval: &dyn Fn(&Measured) -> Option<Interval>| {
        // Without a sample the simple intervals are none, and hold nothing.
        let holds = |it: &Measured| {
            interval(it).is_some_and(|interval| interval.holds(it.truth.unwrap_or(f64::NAN)))
        };
        let number = over_runs::share(measured.iter().map(holds));
        rows.add(place, HORVITZ_THOMPSON, metric(what, subject), bin, number);
    };
    let best_variance = |it: &Measured| it.variance_by_key.unwrap_or(it.variance);
    add(COVERAGE_PLAIN, &|it| {
        intervals::plain(it.estimate, it.variance, LEVEL)
    });
    if measured.iter().any(|it| it.variance_by_key.is_some()) {
        add(COVERAGE_PLAIN_BY_KEY, &|it| {
            intervals::plain(it.estimate, best_variance(it), LEVEL)
        });
    }
    if bin.is_empty() {
        add(COVERAGE_LOG, &|it| {
            intervals::log_scale(it.estimate, best_variance(it), LEVEL)
        });
    }
    let score = |it: &Measured| score(cell, subject, it.estimate, best_variance(it));
    add(COVERAGE_SCORE, &|it| Some(score(it)));
    if bin.is_empty() {
        let endless = measured.iter().map(|it| score(it).high.is_infinite());
        let number = over_runs::share(endless);
        let name = metric(SCORE_WITHOUT_END, subject);
        rows.add(place, HORVITZ_THOMPSON, name, bin, number);
    }
}

/// The interval to use. Without a sample it goes up to what would have been sampled nearly surely; where a block that is never sampled can have any
/// size, and so nothing bounds the total, up to infinity.
fn score(cell: &Cell, subject: Subject, estimate: f64, variance: f64) -> Interval {
    let unbounded = Interval {
        low: 0.0,
        high: f64::INFINITY,
    };
    let p = cell.design.probability(cell.scheme.decision, f64::INFINITY);
    let scale = match (cell.scheme.decision, subject.is_bytes) {
        (Decision::PoissonBytes, true) => cell.design.mean_bytes.map(|mean| mean as f64),
        (Decision::PoissonBytes | Decision::Hybrid, _) | (_, true) => {
            intervals::scale_of(estimate, variance)
        }
        (_, false) => {
            intervals::scale_of(estimate, variance).or_else(|| Some(intervals::scale_of_allocs(p)))
        }
    };
    match scale {
        // Everything is sampled: nothing is unknown.
        Some(0.0) => Interval {
            low: estimate,
            high: estimate,
        },
        Some(scale) => intervals::score(estimate, variance, scale, LEVEL),
        None => unbounded,
    }
}

/// Of independent decisions, over all allocations by their exact sizes.
fn independent_variance(workload: &Workload, cell: &Cell, subject: Subject) -> f64 {
    let sizes = workload.budget.sizes.iter().copied();
    variance_of(sizes, cell, subject)
}

/// `blocks`: sizes with their numbers.
fn variance_of(blocks: impl Iterator<Item = (f64, f64)>, cell: &Cell, subject: Subject) -> f64 {
    closed_forms::variance(blocks.map(|(size, blocks)| {
        let p = cell.design.probability(cell.scheme.decision, size);
        let y = if subject.is_bytes { size } else { 1.0 };
        (blocks, y, p)
    }))
}

/// What the relative errors of single runs deviate by under independent decisions: exact from all sizes
/// for totals. Of live blocks only their numbers and bytes by size bin are known, and all of a bin are
/// taken for its average size: exact where they are of one size, and by a small part off elsewhere.
/// `None` where there is nothing to estimate.
pub fn deviation_by_design(workload: &Workload, cell: &Cell, subject: Subject) -> Option<f64> {
    let budget = &workload.budget;
    let is_live = [LIVE_ALLOCS.name, LIVE_BYTES.name].contains(&subject.name);
    let (variance, truth) = if is_live {
        let bins = || {
            budget
                .live_by_bin
                .iter()
                .filter(|(_, blocks, _)| *blocks > 0.0)
        };
        let sizes = bins().map(|(_, blocks, bytes)| (bytes / blocks, *blocks));
        let truth: f64 = bins()
            .map(|(_, blocks, bytes)| if subject.is_bytes { *bytes } else { *blocks })
            .sum();
        (variance_of(sizes, cell, subject), truth)
    } else {
        let truth = if subject.is_bytes {
            budget.bytes
        } else {
            budget.allocs
        };
        (independent_variance(workload, cell, subject), truth)
    };
    (truth > 0.0).then(|| variance.sqrt() / truth)
}

/// Samples of a subject that a run expects: of all blocks, or of those that stay alive, each taken for its bin's average size.
pub fn expected_samples(workload: &Workload, cell: &Cell, subject: Subject) -> f64 {
    if ![LIVE_ALLOCS.name, LIVE_BYTES.name].contains(&subject.name) {
        return cell.design.expected_samples;
    }
    let bins = workload.budget.live_by_bin.iter();
    bins.filter(|(_, blocks, _)| *blocks > 0.0)
        .map(|(_, blocks, bytes)| {
            blocks
                * cell
                    .design
                    .probability(cell.scheme.decision, bytes / blocks)
        })
        .sum()
}

/// Whether a size bin, named `33-64` or `>65536`, holds a size.
pub fn bin_holds(bin: &str, size_bytes: f64) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    match (bin.split_once('-'), bin.strip_prefix('>')) {
        (Some((low, high)), _) => {
            number(low).is_some_and(|low| low <= size_bytes)
                && number(high).is_some_and(|high| size_bytes <= high)
        }
        (None, Some(low)) => number(low).is_some_and(|low| low < size_bytes),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_ends() {
        assert!(bin_holds("33-64", 33.0) && bin_holds("33-64", 64.0));
        assert!(!bin_holds("33-64", 65.0) && !bin_holds("33-64", 32.0));
        assert!(bin_holds(">65536", 65537.0) && !bin_holds(">65536", 65536.0));
    }

    #[test]
    fn nothing_to_estimate_is_no_error() {
        let it = |truth, estimate| Measured {
            truth,
            estimate,
            variance: 1.0,
            variance_by_key: None,
        };
        assert_eq!(
            errors(&[it(Some(4.0), 5.0), it(Some(4.0), 3.0)]),
            Some(vec![0.25, -0.25])
        );
        assert_eq!(errors(&[it(Some(0.0), 0.0)]), None);
        assert_eq!(errors(&[it(None, 5.0)]), None);
    }
}
