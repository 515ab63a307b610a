//! Sampling rates: of one workload by scheme, and of all workloads side by side.

use std::collections::BTreeSet;

use gnuplot::Figure;

use crate::bars::{Bar, Bars, Group};
use crate::schemes::{ALL_HEADERS, masks};
use crate::tables::{Summary, Tables};
use crate::text;

/// A rate, and how figures call it.
#[derive(Clone, Copy)]
pub struct Rate {
    pub metric: &'static str,
    what: &'static str,
    y_label: &'static str,
}

/// Sampled over all allocations.
pub const ALLOCS: Rate = Rate {
    metric: "sample_rate_allocs",
    what: "allocations",
    y_label: "sampled allocations / all allocations  (%)",
};

/// Sampled over all bytes requested.
pub const BYTES: Rate = Rate {
    metric: "sample_rate_bytes",
    what: "bytes",
    y_label: "bytes of sampled allocations / all bytes  (%)",
};

const TARGET: &str = "the target is what the mask samples of evenly spread keys; byte schemes follow their mean instead";

/// One bar a scheme, with its parameters, mean, interval and number of runs below it.
pub fn of_workload(tables: &Tables, workload: &String, rate: Rate) -> Option<Figure> {
    let mut groups = Vec::new();
    for scheme in &ALL_HEADERS {
        let Some(mut bar) = Bar::of(tables, workload, scheme, rate.metric) else {
            continue;
        };
        let summary = tables.summary(workload, scheme, rate.metric)?;
        let mean = text::percent(summary.mean);
        let interval = match summary.interval {
            Some((low, high)) => {
                bar.note.clear(); // stands below
                format!("[{}, {}]", text::percent(low), text::percent(high))
            }
            None => "no interval".to_string(),
        };
        groups.push(Group {
            lines: vec![
                scheme.name.to_string(),
                summary.parameters(),
                format!("mean {mean} %  {interval}"),
                format!("n = {}", text::runs([summary.n])),
            ],
            bars: vec![bar],
        });
    }
    (!groups.is_empty()).then(|| {
        Bars {
            title: format!("Sampling rate of {}: workload {workload}", rate.what),
            subtitle: vec![
                format!(
                    "set {}; a header on every block; mean over the runs, [95 % interval by Student's t over runs]",
                    tables.set
                ),
                TARGET.into(),
            ],
            y_label: rate.y_label,
            groups,
            targets: masks(tables, [workload]),
            schemes: Vec::new(),
            may_be_log: true,
        }
        .draw()
    })
}

/// One group a workload, one bar a scheme.
pub fn across_workloads(tables: &Tables, rate: Rate) -> Option<Figure> {
    // Parameters stand in the legend where all workloads share them, else below each workload.
    let (mut schemes, mut own_parameters) = (Vec::new(), Vec::new());
    for scheme in &ALL_HEADERS {
        let summaries = tables
            .workloads
            .iter()
            .filter_map(|workload| tables.summary(workload, scheme, rate.metric));
        let parameters: BTreeSet<String> = summaries.map(Summary::parameters).collect();
        match parameters.len() {
            0 => {}
            1 => schemes.push((scheme, format!("{} ({})", scheme.name, parameters.first()?))),
            _ => {
                schemes.push((scheme, format!("{} (see below the axis)", scheme.name)));
                own_parameters.push(scheme);
            }
        }
    }

    let mut groups = Vec::new();
    for workload in &tables.workloads {
        let (mut bars, mut counts) = (Vec::new(), Vec::new());
        for scheme in &ALL_HEADERS {
            bars.extend(Bar::of(tables, workload, scheme, rate.metric));
            let summary = tables.summary(workload, scheme, rate.metric);
            counts.extend(summary.map(|summary| summary.n));
        }
        if bars.is_empty() {
            continue;
        }
        let mut lines = vec![workload.clone(), format!("n = {}", text::runs(counts))];
        for scheme in &own_parameters {
            let summary = tables.summary(workload, scheme, rate.metric);
            let parameters = summary.map(Summary::parameters).unwrap_or_default();
            lines.push(match own_parameters.len() {
                1 => parameters,
                _ => format!(
                    "{}: {parameters}",
                    scheme.name.trim_start_matches("HEADER_")
                ),
            });
        }
        groups.push(Group { lines, bars });
    }
    (!groups.is_empty()).then(|| {
        Bars {
            title: format!("Sampling rate of {} across workloads", rate.what),
            subtitle: vec![
                format!(
                    "set {}; a header on every block; mean over the runs of each scheme, interval by Student's t over runs",
                    tables.set
                ),
                TARGET.into(),
            ],
            y_label: rate.y_label,
            groups,
            targets: masks(tables, &tables.workloads),
            schemes,
            may_be_log: true,
        }
        .draw()
    })
}
