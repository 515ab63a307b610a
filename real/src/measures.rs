//! Everything measured, in one table: a row is a number of a workload under a scheme, or its ratio to a base.

use crate::bounds::{self, Bound};
use crate::metrics::{CPU, METRICS, PHASE_METRICS};
use crate::run::{NONE, PLAIN, Run, Runs};
use crate::statistics::{self, Value};

/// One row.
pub struct Row {
    pub workload: String,
    pub scheme: &'static str,
    /// A part of the work; empty for the whole.
    pub phase: String,
    /// The base of a ratio; empty where the row is none.
    pub over: &'static str,
    pub metric: &'static str,
    pub unit: &'static str,
    pub value: Value,
    /// What the project wants it to be at most, and whether it is.
    pub bound: Option<Bound>,
}

/// All rows.
#[derive(Default)]
pub struct Measures(pub Vec<Row>);

/// The bases that costs are compared with.
pub const BASES: [&str; 2] = [PLAIN, NONE];

impl Measures {
    /// A number of the whole work, if it was measured.
    pub fn get(&self, workload: &str, scheme: &str, over: &str, metric: &str) -> Option<&Row> {
        self.of_phase(workload, "", scheme, over, metric)
    }

    /// The same of a phase.
    pub fn of_phase(
        &self,
        workload: &str,
        phase: &str,
        scheme: &str,
        over: &str,
        metric: &str,
    ) -> Option<&Row> {
        self.0.iter().find(|row| {
            row.workload == workload
                && row.scheme == scheme
                && row.phase == phase
                && row.over == over
                && row.metric == metric
        })
    }
}

/// Measures all runs.
pub fn of(runs: &Runs) -> Measures {
    let mut measures = Measures::default();
    for (workload, scheme, path) in runs.paths() {
        let mut add = |phase: &str,
                       metric: &'static str,
                       unit: &'static str,
                       is_compared: bool,
                       of: &dyn Fn(&Run) -> Option<f64>| {
            let values: Vec<f64> = path.iter().filter_map(of).collect();
            let mut push = |over, unit, value: Option<Value>, bound| {
                measures.0.extend(value.map(|value| Row {
                    workload: workload.into(),
                    scheme,
                    phase: phase.into(),
                    over,
                    metric,
                    unit,
                    value,
                    bound,
                }));
            };
            push("", unit, statistics::mean(&values), None);
            for base in BASES
                .into_iter()
                .filter(|base| is_compared && *base != scheme)
            {
                let value = statistics::ratio(&ratios(path, runs.of(workload, base), of));
                let is_bounded = phase.is_empty() && metric == CPU && base == PLAIN;
                let bound = value
                    .filter(|_| is_bounded)
                    .and_then(|value| bounds::of(workload, scheme, path[0].mean_bytes, value));
                push(base, "ratio", value, bound);
            }
        };
        for metric in &PHASE_METRICS {
            let of = |run: &Run| (metric.of)(&run.measured.whole);
            add("", metric.name, metric.unit, metric.is_compared, &of);
        }
        for metric in &METRICS {
            add("", metric.name, metric.unit, metric.is_compared, &metric.of);
        }
        for name in phases(path) {
            for metric in &PHASE_METRICS {
                let of = |run: &Run| {
                    let mut phases = run.measured.phases.iter();
                    phases
                        .find(|(found, _)| *found == name)
                        .and_then(|(_, phase)| (metric.of)(phase))
                };
                add(&name, metric.name, metric.unit, metric.is_compared, &of);
            }
        }
    }
    measures
}

/// Names of the phases that runs have, in the order of the first.
pub fn phases(path: &[Run]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in path.iter().flat_map(|run| &run.measured.phases) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Run over run of the same number, where both have a number above 0.
fn ratios(path: &[Run], base: &[Run], of: &dyn Fn(&Run) -> Option<f64>) -> Vec<f64> {
    let ratio = |run: &Run| {
        let same_round = base.iter().find(|base| base.number == run.number)?;
        let (value, base) = (of(run)?, of(same_round)?);
        (value > 0.0 && base > 0.0).then(|| value / base)
    };
    path.iter().filter_map(ratio).collect()
}
