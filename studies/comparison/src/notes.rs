//! What the runs were, and what they lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::Runs;

/// All notes.
pub struct Notes {
    /// How many runs there were.
    pub runs: String,
    /// What they ran on, with how many of them did.
    pub machines: Vec<(String, usize)>,
    /// What is missing of them.
    pub lost: Vec<String>,
}

/// Gathers them.
pub fn of(runs: &Runs) -> Notes {
    let mut lost: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    let mut machines: BTreeMap<&str, usize> = BTreeMap::new();
    let mut counts = BTreeSet::new();
    for (_, _, path) in runs.paths() {
        counts.insert(path.len());
        for run in path {
            *machines.entry(&run.machine).or_default() += 1;
            for (name, count) in &run.record.losses {
                let (sum, runs) = lost.entry(name).or_default();
                *sum += count;
                *runs += 1;
            }
        }
    }
    let total: usize = machines.values().sum();
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let lost = match lost.is_empty() {
        true => vec!["Lost: nothing.".to_string()],
        false => lost
            .into_iter()
            .map(|(name, (sum, runs))| format!("Lost: {sum} {name} in {runs} runs."))
            .collect(),
    };
    Notes {
        runs: format!(
            "{total} runs; a scheme has {} of a workload.",
            counts.join(" or ")
        ),
        machines: machines
            .into_iter()
            .map(|(machine, runs)| (machine.to_string(), runs))
            .collect(),
        lost,
    }
}
