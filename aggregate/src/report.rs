//! summary.txt: what people read first. A few tables for each set and workload, a line a scheme, and the notes below them.
//!
//! Every number and every sentence about one is made here from the runs; none is typed.

use std::fmt::Write;

use crate::layout::{NO_NUMBER, align, mean, note, number, runs, value};
use crate::notes;
use crate::runs::Runs;
use crate::summary::PathSummary;

const PERCENT: f64 = 100.0;
const MIB: f64 = 1.0 / 1_048_576.0;

const LEGEND: [&str; 5] = [
    "n counts the runs that have the number. The processes of a run are summed first; a rate is a ratio of a run's sums.",
    "a ± b is the mean over n runs and half of its 95 % confidence interval (Student's t). A mean alone has no interval: the notes say why.",
    "p50, p95 and p99 over runs are R type 8. Those of gaps within a run are the upper edges of the log2 bins that hold them.",
    "A ratio to NONE is over the NONE run of the same set, workload and number, run for run.",
    "Where only a dash stands, the number was not measured, or is a rate over nothing.",
];

/// The whole report.
pub fn summary_text(all: &Runs, summaries: &[PathSummary]) -> String {
    let mut text = format!("Summary of {} runs\n\n", all.all().count());
    LEGEND.iter().for_each(|line| text.push_str(&note(line)));
    let workload = |summary: &PathSummary| {
        let identity = &summary.runs[0].identity;
        (identity.set.clone(), identity.workload.clone())
    };
    for group in summaries.chunk_by(|a, b| workload(a) == workload(b)) {
        let (set, workload) = workload(&group[0]);
        let title = format!("Set {set}, workload {workload}");
        let _ = write!(text, "\n\n{title}\n{}\n", "=".repeat(title.chars().count()));
        text.push_str(&facts(group));
        tables(group).iter().for_each(|table| text.push_str(table));
        text.push_str("\nNotes\n");
        notes::of(group)
            .iter()
            .for_each(|line| text.push_str(&note(line)));
    }
    text
}

/// What the workload itself counted.
fn facts(group: &[PathSummary]) -> String {
    let truths: Vec<&[u64]> = group
        .iter()
        .flat_map(|path| &path.runs)
        .filter_map(|run| Some(&run.truth.as_ref()?.0[..]))
        .collect();
    let range = |index: usize| {
        let values = || truths.iter().map(|truth| truth[index]);
        match (values().min(), values().max()) {
            (Some(min), Some(max)) if min < max => format!("{min} to {max}"),
            (Some(min), _) => min.to_string(),
            (None, _) => NO_NUMBER.to_string(),
        }
    };
    if truths.is_empty() {
        return "The workload keeps no account of its own.\n".to_string();
    }
    format!(
        "By the workload's own account a run allocates {} blocks, {} B, and never frees {} of them, {} B ({} runs).\n",
        range(0),
        range(1),
        range(4),
        range(5),
        truths.len()
    )
}

fn tables(group: &[PathSummary]) -> [String; 6] {
    [
        samples(group),
        spread(group),
        dead_zones(group),
        gaps(group),
        live(group),
        cost(group),
    ]
}

/// A title, a header and a line a scheme; nothing where no scheme has a line.
fn table(
    title: &str,
    header: &[&str],
    group: &[PathSummary],
    cells: impl Fn(&PathSummary) -> Option<Vec<String>>,
) -> String {
    let mut rows: Vec<Vec<String>> = vec![header.iter().map(ToString::to_string).collect()];
    for path in group {
        rows.extend(cells(path).map(|cells| [vec![path.scheme().to_string()], cells].concat()));
    }
    if rows.len() == 1 {
        String::new()
    } else {
        format!("\n{title}\n{}", align(&rows))
    }
}

fn samples(group: &[PathSummary]) -> String {
    let header = [
        "scheme",
        "n",
        "mask",
        "mean gap, B",
        "of allocs, %",
        "of bytes, %",
        "samples a run",
        "allocs a run",
        "no sample in",
    ];
    table(
        "Sample rate: sampled over all allocations, and sampled over all bytes requested",
        &header,
        group,
        |path| {
            let rate = path.metric("sample_rate_allocs");
            path.metric("sampled_allocs")?;
            let parameters = &path.runs[0].origin.parameters;
            let without = path.metric("run_without_samples");
            Some(vec![
                runs(rate),
                parameters
                    .hash_mask
                    .0
                    .map_or(NO_NUMBER.to_string(), |mask| format!("{mask:#x}")),
                parameters
                    .poisson_mean_bytes
                    .0
                    .map_or(NO_NUMBER.to_string(), |mean_bytes| mean_bytes.to_string()),
                mean(rate, PERCENT),
                mean(path.metric("sample_rate_bytes"), PERCENT),
                mean(path.metric("sampled_allocs"), 1.0),
                value(path.metric("total_allocs"), 1.0, |stat| stat.mean),
                without.map_or(NO_NUMBER.to_string(), |stat| {
                    format!("{} of {} runs", notes::hits(stat), stat.n)
                }),
            ])
        },
    )
}

fn spread(group: &[PathSummary]) -> String {
    let header = ["scheme", "n", "min", "p50", "p95", "p99", "max"];
    table(
        "Sample rate of allocations over runs, %",
        &header,
        group,
        |path| {
            let rate = path.metric("sample_rate_allocs");
            rate.filter(|_| path.runs[0].identity.scheme.samples())?;
            Some(vec![
                runs(rate),
                value(rate, PERCENT, |stat| stat.min),
                value(rate, PERCENT, |stat| stat.p50),
                value(rate, PERCENT, |stat| stat.p95),
                value(rate, PERCENT, |stat| stat.p99),
                value(rate, PERCENT, |stat| stat.max),
            ])
        },
    )
}

fn dead_zones(group: &[PathSummary]) -> String {
    let header = [
        "scheme",
        "n",
        "1x is, allocs",
        "1x, %",
        "windows",
        "10x, %",
        "windows",
        "100x, %",
        "windows",
        "unfinished, allocs",
    ];
    let title = "Dead zones: finished windows without a sample, over finished windows a run (mean); \
                 allocations in the unfinished 100x window count nowhere";
    table(title, &header, group, |path| {
        let first = path
            .metric("windows_finished_1x")
            .filter(|_| path.runs[0].identity.scheme.samples())?;
        let mut cells = vec![
            runs(Some(first)),
            path.runs[0].origin.parameters.window_base.to_string(),
        ];
        for scale in ["1x", "10x", "100x"] {
            cells.push(mean(
                path.metric(&format!("dead_zone_rate_{scale}")),
                PERCENT,
            ));
            cells.push(value(
                path.metric(&format!("windows_finished_{scale}")),
                1.0,
                |stat| stat.mean,
            ));
        }
        cells.push(value(
            path.metric("window_remainder_allocs_100x"),
            1.0,
            |stat| stat.mean,
        ));
        Some(cells)
    })
}

fn gaps(group: &[PathSummary]) -> String {
    let header = [
        "scheme",
        "n",
        "allocs p50",
        "p95",
        "p99",
        "mean",
        "max",
        "bytes p50",
        "p95",
        "p99",
        "mean",
        "max",
    ];
    let title = "Gaps between samples within a run, in allocations and in bytes (medians over runs; max: over all runs)";
    table(title, &header, group, |path| {
        let first = path.metric("gap_allocs_p50_upper")?;
        let mut cells = vec![runs(Some(first))];
        for clock in ["allocs", "bytes"] {
            for name in ["p50_upper", "p95_upper", "p99_upper", "mean"] {
                cells.push(value(
                    path.metric(&format!("gap_{clock}_{name}")),
                    1.0,
                    |stat| stat.p50,
                ));
            }
            cells.push(value(
                path.metric(&format!("gap_{clock}_max")),
                1.0,
                |stat| stat.max,
            ));
        }
        Some(cells)
    })
}

fn live(group: &[PathSummary]) -> String {
    let header = [
        "scheme",
        "n",
        "live at the end",
        "frees",
        "freed, B",
        "pages",
        "sampled pages",
        "sampled pages, %",
    ];
    let title = "Sampled blocks: live at the end, freed; pages that held a block and those sampled (page hash only)";
    table(title, &header, group, |path| {
        let live = path
            .metric("sampled_live_allocs")
            .filter(|_| path.runs[0].identity.scheme.samples())?;
        Some(vec![
            runs(Some(live)),
            mean(Some(live), 1.0),
            mean(path.metric("sampled_frees"), 1.0),
            mean(path.metric("sampled_bytes_freed"), 1.0),
            value(path.metric("unique_pages"), 1.0, |stat| stat.mean),
            value(path.metric("sampled_pages"), 1.0, |stat| stat.mean),
            mean(path.metric("page_coverage"), PERCENT),
        ])
    })
}

fn cost(group: &[PathSummary]) -> String {
    let header = [
        "scheme",
        "n",
        "wall, s",
        "cpu, s",
        "peak RSS, MiB",
        "pairs",
        "wall/NONE",
        "cpu/NONE",
        "peak RSS/NONE",
    ];
    table(
        "Cost: the whole command's times and its largest process, and their ratios to NONE",
        &header,
        group,
        |path| {
            let pairs = path.metric("wall_ratio_to_none");
            Some(vec![
                number(path.runs.len() as f64),
                mean(path.metric("wall_s"), 1.0),
                mean(path.metric("cpu_s"), 1.0),
                mean(path.metric("peak_rss_bytes"), MIB),
                runs(pairs),
                mean(pairs, 1.0),
                mean(path.metric("cpu_ratio_to_none"), 1.0),
                mean(path.metric("peak_rss_ratio_to_none"), 1.0),
            ])
        },
    )
}
