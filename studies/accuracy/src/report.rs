//! accuracy.txt: answers first, then the tables that they rest on, then what to beware of.

mod answers;
mod blind;
mod claims;
mod errors;
mod estimates;
mod findings;
mod notes;

use crate::layout::{heading, item};
use crate::measure::place;
use crate::paths::{Cell, Workload};
use crate::rows::{Number, Place, Rows};

const LEGEND: [&str; 7] = [
    "a [b, c] is a number and its 95 % interval: Student's of a mean over runs, Clopper and Pearson's of a share of runs, the bootstrap's over runs of everything else. No interval: exact, or nothing to say one by.",
    "Errors are relative: estimate over truth, less 1, in percent. Bias is their mean, MAE the mean of their absolute values, RMSE the root of their mean square. Estimates are Horvitz and Thompson's (each sample weighs 1/p) unless a table says otherwise.",
    "Coverage is the share of runs whose nominal 95 % interval holds the truth. plain: T +- 1.96 sqrt(V) with the variance of independent decisions; by key: the same with the variance of keys that share their fate; log: on the log scale; score: the one to use (METHODOLOGY.md). Log and score use the variance by key where there is one. *: the seed's hash is linear, so that its keys are not sampled independently of each other, as that variance supposes; on regular layouts it does not hold, and with it neither log nor score. Without a sample the score still has an upper end for bytes under gaps in bytes, and for allocations where all have one probability; elsewhere a block that is never seen can have any size, and an interval without end holds whatever is true.",
    "At equal budget every scheme expects the same share of samples; one whose expected rate is more than 2 % off is marked, and not ranked.",
    "Schemes that share rank 1 cannot be told from the best (blind ones, whose estimate is 0 in more than half of the runs, have no rank): a permutation test of absolute errors over runs, adjusted by Holm's method over a workload's schemes, gives p > 0.05.",
    "By design: the RMSE of independent decisions, the root of the sum of (1-p)/p y^2 over exact sizes. Of draws it is exact, and where addresses or pages decide what shared fates add to. Where one block decides it and no run hit that block, the runs show too little with an interval that misses it: then sentences have the design's number, and tell nothing apart by the runs'.",
    "The run is the unit of everything. The number in a workload's name is the number of samples that it expects at 1/256.",
];

/// What the parts of the report read.
pub struct Data<'a> {
    pub workloads: &'a [Workload],
    pub rows: &'a Rows,
}

impl Data<'_> {
    /// A number of a cell.
    pub fn of(
        &self,
        workload: &Workload,
        cell: &Cell,
        estimator: &str,
        metric: &str,
    ) -> Option<Number> {
        self.rows.get(&place(workload, cell), estimator, metric)
    }

    /// The cell of set accuracy, and the workload it is of.
    pub fn cell(&self, workload: &str, scheme: &str) -> Option<(&Workload, &Cell)> {
        let is_it = |it: &&Workload| it.set == MAIN_SET && it.name == workload;
        let workload = self.workloads.iter().find(is_it)?;
        let cell = workload
            .cells
            .iter()
            .find(|cell| cell.scheme.name == scheme)?;
        Some((workload, cell))
    }

    /// A number of set accuracy.
    pub fn get(
        &self,
        workload: &str,
        scheme: &str,
        estimator: &str,
        metric: &str,
    ) -> Option<Number> {
        let (workload, cell) = self.cell(workload, scheme)?;
        self.of(workload, cell, estimator, metric)
    }

    /// Where rows of a cell are.
    pub fn place(&self, workload: &Workload, cell: &Cell) -> Place {
        place(workload, cell)
    }
}

/// The set at equal samples.
pub const MAIN_SET: &str = "accuracy";

/// The answers and claims alone, for accuracy-findings.json.
pub fn findings(workloads: &[Workload], rows: &Rows) -> Vec<u8> {
    findings::json(&Data { workloads, rows })
}

/// The whole report.
pub fn text(workloads: &[Workload], rows: &Rows) -> String {
    let data = Data { workloads, rows };
    let mut text = String::from("How wrong each scheme is at equal budget\n\n");
    LEGEND.iter().for_each(|line| text.push_str(&item(line)));
    text.push_str(&answers::text(&data));
    text.push_str(&claims::text(&data));
    text.push_str(&heading("Samples"));
    text.push_str(&estimates::samples(&data));
    text.push_str(&heading("Errors and coverage"));
    text.push_str(&estimates::errors(&data));
    text.push_str(&heading("Coverage against the expected number of samples"));
    text.push_str(&estimates::coverage(&data));
    text.push_str(&heading("Size bins"));
    text.push_str(&estimates::bins(&data));
    text.push_str(&heading("Estimators on the same samples"));
    text.push_str(&estimates::others(&data));
    text.push_str(&heading(
        "What a hash's variance is, and what it is taken for",
    ));
    text.push_str(&estimates::design_effects(&data));
    text.push_str(&heading("Leaks"));
    text.push_str(&blind::leaks(&data));
    text.push_str(&heading("Dead zones"));
    text.push_str(&blind::dead_zones(&data));
    text.push_str(&heading("Gaps between samples"));
    text.push_str(&blind::gaps(&data));
    text.push_str(&heading("Notes"));
    text.push_str(&notes::of(&data).text());
    text
}
