//! Where the numbers come from, and what is missing of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::claims::GENERATOR_BOUND;
use crate::layout::number;
use crate::measures::Measures;
use crate::metrics::GENERATOR_SHARE;
use crate::run::{PLAIN, Runs};

/// All notes, a sentence or two each.
pub fn all(runs: &Runs, measures: &Measures) -> Vec<String> {
    let workloads = runs.workloads().into_iter();
    let of_workload = |workload| of_workload(runs, measures, workload);
    workloads.map(of_workload).chain(losses(runs)).collect()
}

/// How many runs there were.
pub fn number_of_runs(runs: &Runs) -> String {
    let counts: Vec<usize> = runs.paths().map(|(_, _, path)| path.len()).collect();
    let distinct: BTreeSet<usize> = counts.iter().copied().collect();
    let distinct: Vec<String> = distinct.iter().map(ToString::to_string).collect();
    format!(
        "{} runs; a scheme has {} of a workload.",
        counts.iter().sum::<usize>(),
        distinct.join(" or ")
    )
}

/// What they ran on.
pub fn machines(runs: &Runs) -> BTreeSet<String> {
    let runs = runs.paths().flat_map(|(_, _, path)| path);
    runs.map(|run| run.machine.clone()).collect()
}

fn of_workload(runs: &Runs, measures: &Measures, workload: &str) -> String {
    let all: Vec<_> = runs.of_workload(workload).collect();
    let measured = || all.iter().map(|run| &run.measured);
    let distinct = |texts: BTreeSet<&str>| texts.into_iter().collect::<Vec<_>>().join(" or ");
    let unit = distinct(measured().map(|run| &run.unit[..]).collect());
    let verified: u64 = measured().map(|run| run.verified).sum();
    let units: u64 = measured().map(|run| run.whole.units).sum();
    let mut note = format!(
        "{workload}: {} runs of {units} {unit}s in all, of which {verified} answers were compared with what they must be.",
        all.len()
    );
    let generators: BTreeSet<&str> = measured()
        .filter_map(|run| run.generator.as_deref())
        .collect();
    if generators.is_empty() {
        return note;
    }
    note += &format!(
        " Load by {}; server on processors {}, generator on {}.",
        distinct(generators),
        distinct(measured().map(|run| &run.server_cpus[..]).collect()),
        distinct(
            measured()
                .filter_map(|run| run.generator_cpus.as_deref())
                .collect()
        ),
    );
    match measures.get(workload, PLAIN, "", GENERATOR_SHARE) {
        None => note += " The generator's own limit is not known.",
        Some(share) => {
            let share = share.value.value;
            note += &format!(
                " Without the library the throughput is {} of what the generator can do at most",
                number(share)
            );
            note += match share > GENERATOR_BOUND {
                true => {
                    ": it is the generator that was measured, and throughput and latency say nothing; processor time does."
                }
                false => ".",
            };
        }
    }
    note
}

fn losses(runs: &Runs) -> Vec<String> {
    let mut lost: BTreeMap<&str, (u64, BTreeSet<String>)> = BTreeMap::new();
    for (workload, scheme, path) in runs.paths() {
        for (name, count) in path.iter().flat_map(|run| &run.losses) {
            let (sum, paths) = lost.entry(name).or_default();
            *sum += count;
            paths.insert(format!("{workload} {scheme}"));
        }
    }
    if lost.is_empty() {
        return vec!["Lost: nothing.".into()];
    }
    let note = |(name, (sum, paths)): (&str, (u64, BTreeSet<String>))| {
        let paths: Vec<String> = paths.into_iter().collect();
        format!("Lost: {sum} {name} (in runs of {}).", paths.join(", "))
    };
    lost.into_iter().map(note).collect()
}
