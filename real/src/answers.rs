//! What real programs answer to the starting document's questions.

use crate::layout::ratio;
use crate::measures::Measures;
use crate::metrics::{CPU, PEAK_RSS};
use crate::run::{PLAIN, POISSON, Runs, SAMPLE_HEADERS};

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
