//! What the runs were, what they lost, and what to beware of.

use std::collections::{BTreeMap, BTreeSet};

use crate::layout::item;
use crate::report::Data;

/// All notes.
pub struct Notes {
    /// How many runs there were.
    pub runs: String,
    /// What they ran on, with how many of them did.
    pub machines: Vec<(String, usize)>,
    /// The rest.
    pub others: Vec<String>,
}

impl Notes {
    /// A list.
    pub fn text(&self) -> String {
        let machine = |(machine, runs): &(String, usize)| {
            format!(
                "Machine (processor; cores; memory in bytes; kernel; C library) of {runs} runs: {machine}."
            )
        };
        let lines = [&self.runs].into_iter().chain(&self.others).cloned();
        let lines = lines.chain(self.machines.iter().map(machine));
        lines.map(|line| item(&line)).collect()
    }
}

/// Gathers them.
pub fn of(data: &Data) -> Notes {
    let mut machines: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lost: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    let mut counts = BTreeSet::new();
    let mut off_target = Vec::new();
    let mut without_layout = 0;
    let mut salted = 0;
    for workload in data.workloads {
        for cell in &workload.cells {
            counts.insert(cell.runs.len());
            if cell.design.is_off_target {
                off_target.push(format!(
                    "{}/{} {}",
                    workload.set, workload.name, cell.scheme.name
                ));
            }
            for run in &cell.runs {
                without_layout += usize::from(!run.parameters.aslr);
                salted += usize::from(run.parameters.is_salted);
                *machines.entry(&run.machine).or_default() += 1;
                for (name, count) in &run.losses {
                    let (sum, runs) = lost.entry(name).or_default();
                    *sum += count;
                    *runs += 1;
                }
            }
        }
    }
    let total: usize = machines.values().sum();
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let mut lines = vec![match off_target.as_slice() {
        [] => "No scheme is off target.".to_string(),
        names => format!(
            "Off target by more than 2 %, and not ranked: {}.",
            names.join(", ")
        ),
    }];
    if without_layout > 0 {
        lines.push(format!(
            "{without_layout} runs were without address randomisation: of a hash without a salt all such runs are one."
        ));
    }
    if salted > 0 {
        lines.push(format!(
            "{salted} runs were of hashes that are salted, each run by a number of its own."
        ));
    }
    if lost.is_empty() {
        lines.push("Lost: nothing.".into());
    }
    for (name, (sum, runs)) in lost {
        lines.push(format!("Lost: {sum} {name} in {runs} runs."));
    }
    lines.push("Sizes and their order are the same in all runs of a workload: the errors are those of sampling alone.".into());
    lines.push("A mean error of a hash is over the layouts that this kernel gives. Its interval assumes that the mean of the runs is about normal, which a number that is zero in most runs and large in one is far from.".into());
    lines.push("Workloads hold their blocks in one array, which is an allocation like any other. Under equal probabilities it is in one run in 256, with 256 times its bytes: where it is a large share of all bytes (stride-80: a third) errors of bytes are mostly those of this one block, and 200 runs that do not see it look biased. Allocations do not have this.".into());
    Notes {
        runs: format!(
            "{total} runs; a scheme has {} of a workload.",
            counts.join(" or ")
        ),
        machines: machines
            .into_iter()
            .map(|(machine, runs)| (machine.to_string(), runs))
            .collect(),
        others: lines,
    }
}
