//! Dead zones: the share of finished windows without a sample, at 1, 10 and 100 times the base window.

use gnuplot::Figure;

use crate::bars::{Bar, Bars, Group};
use crate::schemes::{ALL_HEADERS, Scheme, with_parameters};
use crate::tables::{Summary, Tables};
use crate::text;

const FACTORS: [u64; 3] = [1, 10, 100];

/// One group a scale, one bar a scheme.
pub fn of_workload(tables: &Tables, workload: &str) -> Option<Figure> {
    let mut groups = Vec::new();
    let mut runs = Vec::new();
    for factor in FACTORS {
        let (mut bars, mut finished) = (Vec::new(), Vec::new());
        for scheme in &ALL_HEADERS {
            let metric = format!("windows_finished_{factor}x");
            if let Some(windows) = tables.summary(workload, scheme, &metric) {
                runs.push(windows.n);
                finished.extend([windows.min as u64, windows.max as u64]);
                bars.push(bar(tables, workload, scheme, factor, windows));
            }
        }
        if bars.is_empty() {
            continue;
        }
        let of_workload = tables.runs.iter().filter(|run| run.workload == workload);
        let sizes = of_workload.map(|run| run.window_base.saturating_mul(factor));
        groups.push(Group {
            lines: vec![
                format!("{factor}x: windows of {} allocations", text::range(sizes)),
                format!("finished windows a run: {}", text::range(finished)),
            ],
            bars,
        });
    }
    // A program that hardly allocates finishes none.
    let has_rate = groups
        .iter()
        .any(|group| group.bars.iter().any(|bar| bar.mean.is_some()));
    has_rate.then(|| {
        Bars {
            title: format!("Dead zones by window size: workload {workload}"),
            subtitle: vec![
                format!(
                    "set {}; a header on every block; n = {} a scheme; mean over the runs, interval by Student's t over runs",
                    tables.set,
                    text::runs(runs)
                ),
                "a dead zone is a finished window without a sample; unfinished windows are not counted".into(),
            ],
            y_label: "windows without a sample / finished windows  (%)",
            groups,
            targets: Vec::new(),
            schemes: with_parameters(tables, workload),
            may_be_log: false,
        }
        .draw()
    })
}

/// The rate of one scheme; a run in which no window finished has none.
fn bar(
    tables: &Tables,
    workload: &str,
    scheme: &'static Scheme,
    factor: u64,
    windows: &Summary,
) -> Bar {
    let metric = format!("dead_zone_rate_{factor}x");
    let rate = tables.summary(workload, scheme, &metric);
    match (rate, Bar::of(tables, workload, scheme, &metric)) {
        (Some(rate), Some(mut bar)) => {
            if rate.n < windows.n {
                bar.note += &format!(", n = {}", rate.n);
                bar.note_repeats = false;
            }
            bar
        }
        _ => Bar {
            scheme,
            mean: None,
            interval: None,
            runs: Vec::new(),
            note: "no window finished".into(),
            note_repeats: false,
        },
    }
}
