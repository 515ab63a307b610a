//! The CSV tables of runs, processes, size bins and gaps: what FORMAT.md says of their columns, in code.

use crate::gaps::{Gaps, edges};
use crate::metrics::METRICS;
use crate::rows::{Row, table};
use crate::run::{COUNTS, Count, GROUND_TRUTH, Process, Run, SIZE_BINS};
use crate::runs::Runs;

const PATH_COLUMNS: [&str; 3] = ["set", "workload", "scheme"];

/// runs.csv: one row a run.
pub fn runs(runs: &Runs) -> Vec<u8> {
    let in_runs = |count: Count| !matches!(count, Count::ForeignReallocs | Count::ZeroSizeAllocs);
    let sums: Vec<(Count, &str)> = COUNTS
        .into_iter()
        .filter(|(count, _)| in_runs(*count))
        .collect();
    let mut header = [
        "set",
        "workload",
        "scheme",
        "run",
        "hash_mask",
        "poisson_mean_bytes",
        "window_base",
        "truth",
        "seed",
        "hash_salt",
        "aslr",
        "machine",
        "processes",
        "threads",
        "unfinished_records",
        "descendants_alive",
    ]
    .map(String::from)
    .to_vec();
    header.extend(sums.iter().map(|(_, name)| name.to_string()));
    // Some metrics are sums that already have their column.
    let metrics: Vec<_> = METRICS
        .iter()
        .filter(|metric| !header.iter().any(|name| name == metric.name))
        .collect();
    header.extend(metrics.iter().map(|metric| metric.name.to_string()));
    header.extend(GROUND_TRUTH.map(|key| format!("truth_{key}")));

    let row = |run: &Run| {
        let mut row = Row::of_path(run);
        let parameters = &run.origin.parameters;
        row.push(run.identity.run);
        row.push_known(parameters.hash_mask.0);
        row.push_known(parameters.poisson_mean_bytes.0);
        row.push(parameters.window_base);
        row.push(parameters.truth);
        row.push(parameters.seed);
        row.push_known(parameters.hash_salt.0);
        row.push(parameters.aslr);
        row.push(&run.origin.machine);
        // Under PLAIN nobody counted the processes.
        row.push_known(Some(run.processes.len()).filter(|&processes| processes > 0));
        row.push_known(run.totals.threads);
        row.push(run.losses.unfinished_records);
        row.push(run.losses.descendants_alive);
        sums.iter()
            .for_each(|(count, _)| row.push_known(run.totals.count(*count)));
        metrics
            .iter()
            .for_each(|metric| row.push_known(metric.of(run, runs.none_of(run))));
        let truth = run.truth.as_ref();
        (0..GROUND_TRUTH.len()).for_each(|index| row.push_known(truth.map(|truth| truth.0[index])));
        row
    };
    table(&header, runs.all().map(row))
}

/// processes.csv: one row a process.
pub fn processes(runs: &Runs) -> Vec<u8> {
    let mut header: Vec<&str> = PATH_COLUMNS.to_vec();
    header.extend([
        "run",
        "pid",
        "parent_pid",
        "command",
        "next_allocator",
        "ended",
        "threads",
    ]);
    header.extend(COUNTS.map(|(_, name)| name));
    header.extend([
        "sampled_live_allocs_estimate",
        "sample_rate_allocs",
        "sample_rate_bytes",
    ]);
    header.extend([
        "windows_total",
        "windows_zero_sampled",
        "approx_unique_pages",
        "approx_sampled_pages",
    ]);

    let row = |run: &Run, process: &Process| {
        let mut row = Row::of_path(run);
        row.push(run.identity.run);
        row.push(process.pid);
        row.push(process.parent_pid);
        row.push(&process.command);
        row.push(&process.next_allocator);
        row.push(&process.ended);
        row.push_known(process.threads);
        process
            .counts
            .iter()
            .for_each(|count| row.push_known(*count));
        row.push_known(process.sampled_live_allocs);
        row.push_known(process.sample_rate_allocs);
        row.push_known(process.sample_rate_bytes);
        row.push_known(process.windows_total);
        row.push_known(process.windows_zero_sampled);
        row.push_known(process.unique_pages);
        row.push_known(process.sampled_pages);
        row
    };
    table(
        &header,
        runs.all()
            .flat_map(|run| run.processes.iter().map(move |process| row(run, process))),
    )
}

/// size_bins.csv: one row a path and size bin, summed over all runs. A path that counted nothing has no rows.
pub fn size_bins(runs: &Runs) -> Vec<u8> {
    let header = [
        "set",
        "workload",
        "scheme",
        "bin",
        "runs",
        "total_allocs",
        "total_bytes",
        "sampled_allocs",
        "sampled_bytes",
        "sample_rate_allocs",
        "sample_rate_bytes",
    ];
    let mut rows = Vec::new();
    for path in runs.paths() {
        for (index, name) in SIZE_BINS.iter().enumerate() {
            let sum = |column: usize| -> Option<u128> {
                path.iter().map(|run| run.totals.bins[index][column]).sum()
            };
            let sums = [0, 1, 2, 3].map(sum);
            if sums == [None; 4] {
                continue;
            }
            let rate = |sampled: Option<u128>, total: Option<u128>| -> Option<f64> {
                let total = total.filter(|&total| total > 0)?;
                Some(sampled? as f64 / total as f64)
            };
            let mut row = Row::of_path(path[0]);
            row.push(name);
            row.push(path.len());
            sums.into_iter().for_each(|sum| row.push_known(sum));
            row.push_known(rate(sums[2], sums[0]));
            row.push_known(rate(sums[3], sums[1]));
            rows.push(row);
        }
    }
    table(&header, rows)
}

type GapsOf = fn(&Run) -> Option<&Gaps>;

/// gaps.csv: one row a path, clock and log2 bin between the smallest and the largest that hold a gap, summed over all runs.
pub fn gaps(runs: &Runs) -> Vec<u8> {
    let header = [
        "set", "workload", "scheme", "clock", "low", "high", "gaps", "runs",
    ];
    let mut rows = Vec::new();
    for path in runs.paths() {
        let clocks: [(&str, GapsOf); 2] = [
            ("allocs", |run| run.totals.gaps_allocs.as_ref()),
            ("bytes", |run| run.totals.gaps_bytes.as_ref()),
        ];
        for (clock, gaps_of) in clocks {
            let mut sum = Gaps::default();
            let runs = path
                .iter()
                .filter_map(|run| gaps_of(run))
                .inspect(|gaps| sum.add(gaps))
                .count();
            let bins = sum
                .histogram
                .iter()
                .enumerate()
                .skip_while(|(_, gaps)| **gaps == 0);
            for (index, gaps) in bins {
                let (low, high) = edges(index);
                let mut row = Row::of_path(path[0]);
                row.push(clock);
                row.push(low);
                row.push(high);
                row.push(gaps);
                row.push(runs);
                rows.push(row);
            }
        }
    }
    table(&header, rows)
}
