//! Everything measured, in one table: a row is a number of a workload under a scheme, or its ratio to a base.

use crate::bounds::{self, Bound};
use crate::metrics::{CPU, METRICS, PHASE_METRICS};
use crate::over_runs::{self, Value};
use crate::run::{NONE, PLAIN, Run, Runs};

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
    /// What the project wants it to be at most, and whether it is shown to be.
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
            let mut push = |over, unit, value: Option<Value>| {
                measures.0.extend(value.map(|value| Row {
                    workload: workload.into(),
                    scheme,
                    phase: phase.into(),
                    over,
                    metric,
                    unit,
                    value,
                    bound: None,
                }));
            };
            push("", unit, over_runs::mean(&values));
            for base in BASES
                .into_iter()
                .filter(|base| is_compared && *base != scheme)
            {
                let value = over_runs::ratio(&ratios(path, runs.of(workload, base), of));
                push(base, "ratio", value);
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
    hold_against_bounds(runs, &mut measures);
    measures
}

/// All bounds are one table, so they are judged together.
fn hold_against_bounds(runs: &Runs, measures: &mut Measures) {
    let at_most = |row: &Row| {
        let is_bounded = row.phase.is_empty() && row.metric == CPU && row.over == PLAIN;
        let run = runs.of(&row.workload, row.scheme).first()?;
        let at_most = bounds::at_most(&row.workload, row.scheme, run.mean_bytes)?;
        is_bounded.then_some(at_most)
    };
    let bounded = measures.0.iter_mut().filter_map(|row| {
        let at_most = at_most(row)?;
        Some((row, at_most))
    });
    let (rows, ratios): (Vec<&mut Row>, Vec<(Value, f64)>) = bounded
        .map(|(row, at_most)| {
            let ratio = (row.value, at_most);
            (row, ratio)
        })
        .unzip();
    for (row, bound) in rows.into_iter().zip(bounds::judge(&ratios)) {
        row.bound = Some(bound);
    }
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
