//! What real programs answer to the starting document's questions.

use crate::counted::{Instructions, Row};
use crate::layout::{ratio, spread};
use crate::measures::Measures;
use crate::metrics::{CPU, PEAK_RSS};
use crate::run::{NONE, PLAIN, POISSON, Runs, SAMPLE_HEADERS};

/// Its question.
pub const OVERHEAD: &str = "Does header overhead matter?";

/// A sentence for each workload that ran without the library and with headers.
pub fn header_overhead(runs: &Runs, measures: &Measures) -> Vec<String> {
    let of = |workload: &str, scheme, what: &str| {
        let time = measures.get(workload, scheme, PLAIN, CPU)?.value;
        let peak = measures.get(workload, scheme, PLAIN, PEAK_RSS);
        let peak = peak.map_or(String::new(), |row| {
            format!(" and {} times its peak memory", ratio(row.value))
        });
        Some(format!(
            "headers on {what} ({scheme}) take {} times its processor time a unit of work{peak} (n = {})",
            ratio(time),
            time.n
        ))
    };
    let sentence = |workload: &str| {
        let parts: Vec<String> = [(POISSON, "every block"), (SAMPLE_HEADERS, "sampled blocks")]
            .into_iter()
            .filter_map(|(scheme, what)| of(workload, scheme, what))
            .collect();
        (!parts.is_empty()).then(|| format!("{workload}, over no library: {}.", parts.join("; ")))
    };
    runs.workloads().into_iter().filter_map(sentence).collect()
}

/// A sentence for each workload whose instructions were counted without the library and with headers.
pub fn header_instructions(instructions: &Instructions) -> Vec<String> {
    let mut workloads: Vec<&str> = instructions.0.iter().map(|row| &row.workload[..]).collect();
    workloads.dedup();
    let sentence = |workload: &&str| {
        let found: Vec<(&str, &Row)> = [
            ("headers on every block", POISSON),
            ("headers on sampled blocks", SAMPLE_HEADERS),
            ("forwarding alone", NONE),
        ]
        .into_iter()
        .filter_map(|(what, scheme)| Some((what, instructions.get(workload, scheme, PLAIN)?)))
        .collect();
        let (_, first) = found.first()?;
        let parts: Vec<String> = found
            .iter()
            .map(|(what, row)| format!("{what} ({}) {}", row.scheme, spread(row)))
            .collect();
        Some(format!(
            "{workload}, instructions a {} outside the kernel, times those without the library: {} (n = {}).",
            first.per,
            parts.join("; "),
            first.n
        ))
    };
    workloads.iter().filter_map(sentence).collect()
}
