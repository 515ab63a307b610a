//! The figures of real.csv: what sampling costs real programs, and what share of their allocations it takes; and that of real-instructions.csv.

mod grouped;
mod table;

use std::path::Path;

use gnuplot::Figure;

use crate::Plan;
use crate::text;
use grouped::{Grouped, Mark, Scale};
use table::{INSTRUCTIONS, Table};

/// A scheme's look: its place among a workload's columns.
struct Look {
    scheme: &'static str,
    color: &'static str,
    marker: char,
}

/// Schemes in the order in which they are drawn; the four with a header on every block look as in the other figures.
const LOOKS: [Look; 8] = [
    look("NONE", "#505050", 'o'),
    look("COUNT", "#000000", 'D'),
    look("HEADER_HASH", "#0072B2", 'O'),
    look("HEADER_PAGE_HASH", "#E69F00", 'S'),
    look("HEADER_POISSON_BYTES", "#009E73", 'T'),
    look("HEADER_HYBRID", "#CC79A7", 'R'),
    look("SAMPLE_HEADERS_POISSON", "#D55E00", 't'),
    look("SAMPLE_HEADERS_POISSON_MAP", "#56B4E9", 's'),
];

const fn look(scheme: &'static str, color: &'static str, marker: char) -> Look {
    Look {
        scheme,
        color,
        marker,
    }
}

/// All figures, or what is missing to draw them.
pub fn plans(data: &Path) -> Result<Vec<Plan>, String> {
    let table = Table::read(data)?;
    let plan = |name: &str, figure: Option<Figure>, missing| Plan {
        name: name.into(),
        figure: figure.ok_or(missing),
    };
    let no_rate = "no run of real.csv sampled";
    Ok(vec![
        plan(
            "overhead_by_program.png",
            overhead(&table),
            "no workload ran both under a scheme and as PLAIN",
        ),
        plan(
            "across_workloads_sample_rate_allocs.png",
            rates(&table, "sample_rate_allocs", "allocations"),
            no_rate,
        ),
        plan(
            "across_workloads_sample_rate_bytes.png",
            rates(&table, "sample_rate_bytes", "bytes"),
            no_rate,
        ),
    ])
}

/// The figure of counted instructions.
pub fn instruction_plans(data: &Path) -> Result<Vec<Plan>, String> {
    let table = Table::read_instructions(data)?;
    Ok(vec![Plan {
        name: "real_instructions.png".into(),
        figure: instructions(&table)
            .ok_or("no workload was counted both under a scheme and as PLAIN"),
    }])
}

fn instructions(table: &Table) -> Option<Figure> {
    let marks = |workload: &str, look: &Look| {
        let row = table.get(workload, look.scheme, "PLAIN", INSTRUCTIONS)?;
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        Some(Mark {
            value: percent(row.value),
            interval: row
                .interval
                .map(|(low, high)| (percent(low), percent(high))),
            bound: None,
            n: row.n,
        })
    };
    let groups = groups(table, marks);
    let n = counts(&groups);
    Grouped {
        title: "Instructions that sampling adds to real programs".into(),
        subtitle: vec![
            format!("by callgrind, outside the kernel: of a request to a server without its start, of a compilation and a script from start to end; {n}"),
            "over those without the library, run over run; from the lowest to the highest run. Not time: no cache misses, nothing of the kernel".into(),
        ],
        y_label: "instructions more than without the library  (%)",
        scale: Scale::LinearAround(0.0),
        interval: "lowest to highest run",
        bound: None,
        groups,
    }
    .draw()
}

fn overhead(table: &Table) -> Option<Figure> {
    let marks = |workload: &str, look: &Look| {
        let row = table.get(workload, look.scheme, "PLAIN", "cpu_per_unit")?;
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        Some(Mark {
            value: percent(row.value),
            interval: row
                .interval
                .map(|(low, high)| (percent(low), percent(high))),
            bound: row.bound.map(percent),
            n: row.n,
        })
    };
    let groups = groups(table, marks);
    let n = counts(&groups);
    Grouped {
        title: "What sampling costs real programs".into(),
        subtitle: vec![
            format!("processor time of the server a request (of a build, of a script: of all its processes) over that without the library; {n}"),
            "geometric mean of paired rounds, 95 % interval by Student's t on logarithms; an interval that the picture cuts ends without a bracket".into(),
        ],
        y_label: "processor time more than without the library  (%)",
        scale: Scale::LinearAround(0.0),
        interval: "95 % interval",
        bound: Some("what the project wants it to be at most"),
        groups,
    }
    .draw()
}

fn rates(table: &Table, metric: &'static str, what: &str) -> Option<Figure> {
    let marks = |workload: &str, look: &Look| {
        let row = table.get(workload, look.scheme, "", metric)?;
        // These two never sample: their rate is no result.
        (!["NONE", "COUNT"].contains(&look.scheme)).then(|| Mark {
            value: row.value * 100.0,
            // No share is above all of it, though an interval by Student's t may be.
            interval: row
                .interval
                .map(|(low, high)| (low * 100.0, high.min(1.0) * 100.0)),
            bound: None,
            n: row.n,
        })
    };
    let groups = groups(table, marks);
    let n = counts(&groups);
    Grouped {
        title: format!("Sampling rate of {what} of real programs"),
        subtitle: vec![
            format!("sampled over all {what} of the program's processes, without those of the driver; {n}"),
            "mean over runs, 95 % interval by Student's t, cut at the axis or 100 %; on the axis: no sample in any run".into(),
        ],
        y_label: match what {
            "bytes" => "bytes of sampled allocations / all bytes  (%)",
            _ => "sampled allocations / all allocations  (%)",
        },
        scale: Scale::Log,
        interval: "95 % interval",
        bound: None,
        groups,
    }
    .draw()
}

/// One group a workload that has a mark.
fn groups(
    table: &Table,
    mark: impl Fn(&str, &'static Look) -> Option<Mark>,
) -> Vec<(String, Vec<(&'static Look, Mark)>)> {
    let group = |workload: &String| {
        let marks = LOOKS
            .iter()
            .filter_map(|look| Some((look, mark(workload, look)?)));
        (workload.clone(), marks.collect())
    };
    let has_marks = |group: &(String, Vec<_>)| !group.1.is_empty();
    table
        .workloads
        .iter()
        .map(group)
        .filter(has_marks)
        .collect()
}

fn counts(groups: &[(String, Vec<(&'static Look, Mark)>)]) -> String {
    let marks = groups.iter().flat_map(|(_, marks)| marks);
    format!("n = {} a marker", text::runs(marks.map(|(_, mark)| mark.n)))
}
