//! Page coverage: how many of a program's pages the page hash samples. Few pages are few draws.

use gnuplot::Figure;

use crate::bars::{Bar, Bars, Group};
use crate::schemes::{ALL_HEADERS, PAGE_HASH, masks};
use crate::tables::Tables;
use crate::text;

const METRIC: &str = "page_coverage";

/// One bar a workload, with its sampled and unique pages.
pub fn coverage(tables: &Tables) -> Option<Figure> {
    let scheme = ALL_HEADERS.iter().find(|scheme| **scheme == PAGE_HASH)?;
    let mut groups = Vec::new();
    for workload in &tables.workloads {
        let Some(mut bar) = Bar::of(tables, workload, scheme, METRIC) else {
            continue;
        };
        let coverage = tables.summary(workload, scheme, METRIC)?;
        let pages = |metric| match tables.summary(workload, scheme, metric) {
            Some(pages) => text::mean_count(pages.mean),
            None => "?".to_string(),
        };
        let (sampled, unique) = (pages("sampled_pages"), pages("unique_pages"));
        bar.note = match coverage.interval {
            Some(_) => format!("{sampled}/{unique} pages"),
            None => format!("{sampled}/{unique} pages, {}", bar.note),
        };
        bar.note_repeats = false;
        let interval = match coverage.interval {
            Some((low, high)) => format!("[{}, {}]", text::percent(low), text::percent(high)),
            None => "no interval".to_string(),
        };
        groups.push(Group {
            lines: vec![
                workload.clone(),
                format!("mean {} %", text::percent(coverage.mean)),
                interval,
                format!("n = {}", text::runs([coverage.n])),
                coverage.parameters(),
            ],
            bars: vec![bar],
        });
    }
    (!groups.is_empty()).then(|| {
        Bars {
            title: "Page coverage of HEADER_PAGE_HASH".into(),
            subtitle: vec![
                format!(
                    "set {}; mean over the runs, [95 % interval by Student's t over runs]",
                    tables.set
                ),
                "on the bars: sampled/unique pages that held a header, means over the runs".into(),
            ],
            y_label: "sampled pages / unique pages  (%)",
            groups,
            targets: masks(tables, &tables.workloads),
            schemes: Vec::new(),
            may_be_log: false,
        }
        .draw()
    })
}
