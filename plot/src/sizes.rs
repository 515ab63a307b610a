//! Sampling rate by block size: hashes treat all sizes alike, byte draws prefer the large.

use gnuplot::Figure;

use crate::bars::{Bar, Bars, Group};
use crate::schemes::{ALL_HEADERS, Scheme, masks, with_parameters};
use crate::tables::{SizeBin, Tables};
use crate::text;

/// One group a range of sizes that any allocation fell into, one bar a scheme.
pub fn of_workload(tables: &Tables, workload: &String) -> Option<Figure> {
    let of_workload: Vec<&SizeBin> = tables
        .size_bins
        .iter()
        .filter(|bin| bin.workload == *workload && bin.total_allocs > 0)
        .filter(|bin| ALL_HEADERS.iter().any(|scheme| scheme.name == bin.scheme))
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for bin in &of_workload {
        if !names.contains(&bin.bin.as_str()) {
            names.push(&bin.bin);
        }
    }
    // A bin that only a later scheme has would come last: sort by the number that the name starts with.
    names.sort_by_key(|name| first_number(name));

    let mut groups = Vec::new();
    for name in names {
        let (mut bars, mut totals) = (Vec::new(), Vec::new());
        for scheme in &ALL_HEADERS {
            let is_it = |bin: &&&SizeBin| bin.bin == name && bin.scheme == scheme.name;
            if let Some(bin) = of_workload.iter().find(is_it) {
                totals.push(bin.total_allocs);
                bars.push(bar(scheme, bin));
            }
        }
        groups.push(Group {
            lines: vec![format!("{name} B"), format!("n = {}", text::range(totals))],
            bars,
        });
    }
    let runs = of_workload.iter().map(|bin| bin.runs);
    (!groups.is_empty()).then(|| {
        Bars {
            title: format!("Sampling rate by block size: workload {workload}"),
            subtitle: vec![
                format!(
                    "set {}; a header on every block; sums over {} a scheme, so there are no intervals",
                    tables.set,
                    text::runs(runs)
                ),
                "below the axis: requested size in bytes, and n, the allocations of that size under each scheme".into(),
            ],
            y_label: "sampled allocations / all allocations  (%)",
            groups,
            targets: masks(tables, [workload]),
            schemes: with_parameters(tables, workload),
            may_be_log: true,
        }
        .draw()
    })
}

fn bar(scheme: &'static Scheme, bin: &SizeBin) -> Bar {
    let rate = bin.sampled_allocs as f64 / bin.total_allocs as f64;
    Bar {
        scheme,
        mean: Some(rate),
        interval: None,
        runs: Vec::new(),
        note: match bin.sampled_allocs {
            0 => format!("0 of {}", text::thousands(bin.total_allocs)),
            _ => text::percent_unbroken(rate),
        },
        note_repeats: bin.sampled_allocs > 0,
    }
}

/// `0-32` is 0, `>65536` is 65536.
fn first_number(name: &str) -> u64 {
    let digits = name.trim_start_matches('>').split('-').next();
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(u64::MAX)
}
