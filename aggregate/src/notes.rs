//! What a reader has to know before believing a number: where a percentile is only the maximum, where an interval is missing
//! and why, what was lost, and where the runs come from. Each note appears only where it is true.

use std::collections::BTreeSet;

use run_file::Scheme;

use crate::layout::number;
use crate::run::Run;
use crate::stats::{Stat, is_max, last_n_of_max};
use crate::summary::PathSummary;

/// The metrics that the report shows with an interval.
const WITH_INTERVAL: [&str; 16] = [
    "sample_rate_allocs",
    "sample_rate_bytes",
    "sampled_allocs",
    "dead_zone_rate_1x",
    "dead_zone_rate_10x",
    "dead_zone_rate_100x",
    "sampled_live_allocs",
    "sampled_frees",
    "sampled_bytes_freed",
    "page_coverage",
    "wall_s",
    "cpu_s",
    "peak_rss_bytes",
    "wall_ratio_to_none",
    "cpu_ratio_to_none",
    "peak_rss_ratio_to_none",
];

/// What is to be said of one scheme; its name is put before it.
type Kind = fn(&PathSummary) -> Vec<String>;

/// The notes on one set and workload. Schemes of which the same is true share a note.
pub fn of(group: &[PathSummary]) -> Vec<String> {
    let kinds: [Kind; 6] = [
        runs_without_samples,
        missing_intervals,
        missing_numbers,
        settings,
        losses,
        mixed_machines,
    ];
    let mut schemes_by_text: Vec<(String, Vec<&str>)> = Vec::new();
    for kind in kinds {
        for path in group {
            for text in kind(path) {
                match schemes_by_text.iter_mut().find(|(known, _)| *known == text) {
                    Some((_, schemes)) => schemes.push(path.scheme()),
                    None => schemes_by_text.push((text, vec![path.scheme()])),
                }
            }
        }
    }
    let mut notes = percentiles_that_are_the_maximum(group);
    notes.extend(
        schemes_by_text
            .into_iter()
            .map(|(text, schemes)| format!("{}: {text}", schemes.join(", "))),
    );
    if group.iter().all(|path| losses(path).is_empty()) {
        notes.push("Lost: nothing; every process that was seen left its record, and every call in it was counted.".into());
    }
    notes.extend(machines(group));
    notes
}

/// How many runs said yes to a metric of unit `0/1`.
pub fn hits(share: &Stat) -> String {
    number((share.mean * share.n as f64).round())
}

fn percentiles_that_are_the_maximum(group: &[PathSummary]) -> Vec<String> {
    let run_counts: BTreeSet<usize> = group
        .iter()
        .flat_map(|path| &path.metrics)
        .map(|(_, stat)| stat.n)
        .collect();
    let over = |percent| {
        let counts: Vec<String> = run_counts
            .iter()
            .filter(|&&n| is_max(n, percent))
            .map(ToString::to_string)
            .collect();
        counts.join(" or ")
    };
    let (p95, p99) = (over(95), over(99));
    let limits = format!(
        "(R type 8: p95 up to {} runs, p99 up to {})",
        last_n_of_max(95),
        last_n_of_max(99)
    );
    match (p95.is_empty(), p99.is_empty()) {
        (_, true) => Vec::new(),
        (false, false) if p95 == p99 => vec![format!(
            "p95 and p99 over {p95} runs are the maximum {limits}."
        )],
        (false, false) => vec![format!(
            "p95 over {p95} runs and p99 over {p99} runs are the maximum {limits}."
        )],
        (true, false) => vec![format!("p99 over {p99} runs is the maximum {limits}.")],
    }
}

fn runs_without_samples(path: &PathSummary) -> Vec<String> {
    let share = path
        .metric("run_without_samples")
        .filter(|share| share.mean > 0.0);
    let Some((share, interval)) = share.and_then(|share| Some((share, share.interval?))) else {
        return Vec::new();
    };
    vec![format!(
        "{} of {} runs had no sample: {} [{}, {}] % (95 % interval, Clopper-Pearson).",
        hits(share),
        share.n,
        number(share.mean * 100.0),
        number(interval.low * 100.0),
        number(interval.high * 100.0)
    )]
}

fn missing_intervals(path: &PathSummary) -> Vec<String> {
    let scheme = path.runs[0].identity.scheme;
    let mut constant = Vec::new();
    let mut single = Vec::new();
    for (metric, stat) in &path.metrics {
        // NONE over itself is 1, and a scheme that never samples has 0 samples: nobody needs to be told.
        let is_shown = WITH_INTERVAL.contains(&metric.name)
            && !(scheme == Scheme::NONE && metric.name.ends_with("_to_none"))
            && (scheme.samples()
                || metric.name.ends_with("_s")
                || metric.name.contains("peak_rss"));
        match stat.n {
            _ if !is_shown || stat.interval.is_some() => {}
            1 => single.push(metric.name),
            n => constant.push((metric.name, n)),
        }
    }
    let mut notes = Vec::new();
    for same_n in constant.chunk_by(|a, b| a.1 == b.1) {
        let names: Vec<&str> = same_n.iter().map(|(name, _)| *name).collect();
        let n = same_n[0].1;
        notes.push(format!(
            "no interval: all {n} runs gave the same value ({}).",
            names.join(", ")
        ));
    }
    if !single.is_empty() {
        notes.push(format!("no interval: n = 1 ({}).", single.join(", ")));
    }
    notes
}

fn missing_numbers(path: &PathSummary) -> Vec<String> {
    let runs = path.runs.len();
    let mut notes = Vec::new();
    for (scale, factor) in [("1x", 1), ("10x", 10), ("100x", 100)] {
        let finished = path.metric(&format!("windows_finished_{scale}"));
        let samples = path.runs[0].identity.scheme.samples();
        if let Some(finished) = finished.filter(|finished| samples && finished.min == 0.0) {
            let without = path
                .metric(&format!("dead_zone_rate_{scale}"))
                .map_or(finished.n, |rate| finished.n - rate.n);
            let allocs = path.runs[0].origin.parameters.window_base * factor;
            notes.push(format!(
                "no window of {allocs} allocations finished in {without} of {runs} runs."
            ));
        }
    }
    let with_gaps = path.metric("gap_allocs_mean").map_or(0, |gaps| gaps.n);
    let counted = path
        .runs
        .iter()
        .filter(|run| run.totals.gaps_allocs.is_some())
        .count();
    if path.runs[0].identity.scheme.samples() && with_gaps < counted {
        notes.push(format!(
            "no gap, for want of a sample, in {} of {runs} runs.",
            counted - with_gaps
        ));
    }
    let pairs = path.metric("wall_ratio_to_none").map_or(0, |ratio| ratio.n);
    if pairs < runs {
        notes.push(format!(
            "no NONE run of the same number and machine, so no ratio, for {} of {runs} runs.",
            runs - pairs
        ));
    }
    let with_rss = path.metric("peak_rss_bytes").map_or(0, |rss| rss.n);
    if with_rss < runs {
        let missing = runs - with_rss;
        notes.push(format!(
            "peak RSS is not known in {missing} of {runs} runs."
        ));
    }
    notes
}

fn settings(path: &PathSummary) -> Vec<String> {
    let parameters = &path.runs[0].origin.parameters;
    let mut notes = Vec::new();
    if !parameters.truth {
        notes.push(
            "unsampled calls were not counted: totals, rates, gaps and windows are not known."
                .to_string(),
        );
    }
    if !parameters.aslr {
        notes.push("addresses were not randomised.".to_string());
    }
    if parameters.hash_salt.0.is_some() {
        notes.push("the hash was salted, in each run by a number of its own.".to_string());
    }
    notes
}

type LostBy = fn(&Run) -> u64;

fn losses(path: &PathSummary) -> Vec<String> {
    let kinds: [(&str, LostBy); 8] = [
        (
            "processes that could not create a record, and are in no number",
            |run| run.losses.unfinished_records,
        ),
        (
            "processes that outlived the command, and are counted up to its end",
            |run| run.losses.descendants_alive,
        ),
        (
            "programs that bring a malloc of their own, of which little or nothing came by",
            |run| run.losses.bypassed_programs,
        ),
        ("calls not counted for want of a counter slot", |run| {
            run.totals.losses.calls_without_slot
        }),
        (
            "samples left out of gaps and windows, since a signal handler took them",
            |run| run.totals.losses.samples_in_reentry,
        ),
        ("pages not counted for want of a table", |run| {
            run.totals.losses.pages_without_table
        }),
        (
            "counter slots without room in a file, whose counts are known only of processes that ended by exit",
            |run| run.totals.losses.slots_outside_file,
        ),
        (
            "blocks that were to be sampled and were not, for want of memory for the table",
            |run| run.totals.losses.samples_without_entry,
        ),
    ];
    let mut notes = Vec::new();
    for (what, lost) in kinds {
        let sum: u128 = path.runs.iter().map(|run| u128::from(lost(run))).sum();
        let runs = path.runs.iter().filter(|run| lost(run) > 0).count();
        if sum > 0 {
            notes.push(format!(
                "lost: {sum} {what} (in {runs} of {} runs).",
                path.runs.len()
            ));
        }
    }
    notes
}

fn mixed_machines(path: &PathSummary) -> Vec<String> {
    match machines_of(path).len() {
        1 => Vec::new(),
        count => vec![format!(
            "runs of {count} machines are mixed; times of one are not those of another."
        )],
    }
}

fn machines(group: &[PathSummary]) -> Vec<String> {
    let all: BTreeSet<String> = group.iter().flat_map(machines_of).collect();
    let describe = |machine: String| {
        format!("Machine (processor; cores; memory in bytes; kernel; C library): {machine}.")
    };
    all.into_iter().map(describe).collect()
}

fn machines_of(path: &PathSummary) -> BTreeSet<String> {
    let machines = path.runs.iter().map(|run| &run.origin.machine);
    machines.map(ToString::to_string).collect()
}
