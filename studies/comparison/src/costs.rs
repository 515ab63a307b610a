//! What calls take, over no library, over `NONE` and over `COUNT`.

use crate::cost::Cost;
use crate::measures::{Measures, Part};
use crate::schemes::sampling;

/// Time over that without the library.
pub const TIME: &str = "time_over_plain";
/// Time over that of `NONE`.
pub const TIME_OVER_NONE: &str = "time_over_none";
/// Time over that of `COUNT`.
pub const TIME_OVER_COUNT: &str = "time_over_count";
/// Instructions of an operation.
pub const INSTRUCTIONS: &str = "instructions";
/// Instructions more than `NONE`.
pub const MORE_THAN_NONE: &str = "instructions_more_than_none";
/// Instructions more than `COUNT`.
pub const MORE_THAN_COUNT: &str = "instructions_more_than_count";

/// The loops that are compared, and what one operation of each is.
pub const LOOPS: [(&str, &str); 5] = [
    ("window", "a free and a malloc over live blocks"),
    ("malloc", "an unsampled malloc"),
    ("free", "an unsampled free"),
    ("malloc-sampled", "a sampled malloc"),
    ("free-sampled", "a sampled free"),
];

const COUNT: &str = "COUNT";
const NONE: &str = "NONE";

/// How a loop's rows are named: `window-t1`, `window-t1-no-truth`.
pub fn place(loop_name: &str, threads: u64, truth: bool) -> String {
    let suffix = if truth { "" } else { "-no-truth" };
    format!("{loop_name}-t{threads}{suffix}")
}

/// Adds the rows of all schemes that set comparison has, if costs were measured.
pub fn measure(costs: Option<&Vec<Cost>>, measures: &mut Measures) {
    for cost in costs.into_iter().flatten() {
        let is_compared = sampling().any(|scheme| scheme.name == cost.subject)
            || [COUNT, NONE].contains(&cost.subject.as_str());
        if !is_compared || !LOOPS.iter().any(|(name, _)| *name == cost.loop_name) {
            continue;
        }
        // NONE and COUNT have one mode alone: without truth they are what they are with it.
        let baseline = |subject: &str| costs.and_then(|costs| baseline_of(cost, subject, costs));
        let place = place(&cost.loop_name, cost.threads, cost.truth);
        let mut add = |metric, unit, spread| {
            let row = (Part::Cost, place.as_str(), cost.subject.as_str());
            measures.add(row, (metric, unit), spread);
        };
        match cost.metric.as_str() {
            "time_ratio" => {
                add(TIME, "ratio", Some(cost.spread));
                let over = |baseline: f64| cost.spread.times(1.0 / baseline);
                add(TIME_OVER_NONE, "ratio", baseline(NONE).map(over));
                // COUNT counts every call; what does not is no addition to it.
                let count = baseline(COUNT).filter(|_| cost.truth);
                add(TIME_OVER_COUNT, "ratio", count.map(over));
            }
            "instructions" => {
                add(INSTRUCTIONS, "instructions", Some(cost.spread));
                let more = |baseline: f64| cost.spread.less(baseline);
                add(MORE_THAN_NONE, "instructions", baseline(NONE).map(more));
                let count = baseline(COUNT).filter(|_| cost.truth);
                add(MORE_THAN_COUNT, "instructions", count.map(more));
            }
            _ => {}
        }
    }
}

fn baseline_of(cost: &Cost, subject: &str, costs: &[Cost]) -> Option<f64> {
    let of_truth = |truth| {
        costs.iter().find(|other| {
            other.subject == subject
                && other.loop_name == cost.loop_name
                && other.threads == cost.threads
                && other.metric == cost.metric
                && other.truth == truth
        })
    };
    let baseline = of_truth(cost.truth).or_else(|| of_truth(true));
    baseline.map(|baseline| baseline.spread.value)
}
