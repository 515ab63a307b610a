//! Each metric over the runs of each path.

use crate::metrics::{METRICS, Metric, YES_OR_NO};
use crate::run::Run;
use crate::runs::Runs;
use crate::stats::Stat;

/// All that is said of one set, workload and scheme.
pub struct PathSummary<'a> {
    /// Its runs, at least one.
    pub runs: Vec<&'a Run>,
    /// The metrics that have a value in some run.
    pub metrics: Vec<(&'static Metric, Stat)>,
}

impl PathSummary<'_> {
    /// The metric of this name, if some run has a value for it.
    pub fn metric(&self, name: &str) -> Option<&Stat> {
        self.metrics
            .iter()
            .find(|(metric, _)| metric.name == name)
            .map(|(_, stat)| stat)
    }

    /// The scheme's name.
    pub fn scheme(&self) -> &'static str {
        self.runs[0].identity.scheme.name()
    }
}

/// One summary a path, in the order of the tables.
pub fn summarize(runs: &Runs) -> Vec<PathSummary<'_>> {
    runs.paths()
        .into_iter()
        .map(|path| summarize_path(runs, path))
        .collect()
}

fn summarize_path<'a>(runs: &Runs, path: Vec<&'a Run>) -> PathSummary<'a> {
    let of = |metric: &'static Metric| {
        let values: Vec<f64> = path
            .iter()
            .filter_map(|run| metric.of(run, runs.none_of(run)))
            .collect();
        Some((metric, Stat::of(&values, metric.unit == YES_OR_NO)?))
    };
    PathSummary {
        metrics: METRICS.iter().filter_map(of).collect(),
        runs: path,
    }
}
