//! real-instructions.txt: the same for reading.

use std::collections::BTreeSet;

use crate::rows::Row;
use crate::run::{NONE, PLAIN, Run};

const LEGEND: &str = "\
Instructions of real programs, by callgrind

Outside the kernel, of all processes of the program. Of a server: of one request, a long run less a short one, so that start and end are not in it.
Of a compilation and a script: of the whole, start and end included. A mean over n runs, and from the lowest to the highest; of ratios run over run of
the same round. Instructions are not time: misses of caches, mispredictions and the kernel's work are not in them.
";

/// The whole report.
pub fn text(runs: &[Run], rows: &[Row]) -> String {
    let mut text = String::from(LEGEND);
    for of_workload in runs.chunk_by(|a, b| a.workload == b.workload) {
        let workload = &of_workload[0].workload;
        let verified: u64 = of_workload.iter().map(|run| run.verified).sum();
        text += &format!(
            "\n{workload}: instructions a {} ({} runs, {verified} answers compared with what they must be)\n",
            of_workload[0].unit,
            of_workload.len()
        );
        let mut lines = vec![
            ["", "n", "instructions", "over no library", "over NONE"]
                .map(String::from)
                .to_vec(),
        ];
        let of_workload = rows.iter().filter(|row| row.workload == *workload);
        for row in of_workload.filter(|row| row.over.is_empty()) {
            lines.push(line(row, rows));
        }
        text += &align(&lines);
    }
    let machines: BTreeSet<&str> = runs.iter().map(|run| &run.machine[..]).collect();
    for machine in machines {
        text += &format!(
            "\nMachine (processor; cores; memory in bytes; kernel; C library; counted by): {machine}.\n"
        );
    }
    text
}

fn line(row: &Row, rows: &[Row]) -> Vec<String> {
    let ratio = |base| {
        let found = rows.iter().find(|other| {
            (&other.workload, other.scheme, &other.part, other.over)
                == (&row.workload, row.scheme, &row.part, base)
        });
        found.map_or("-".into(), |row| spread(row, 4))
    };
    let name = match row.part.is_empty() {
        true => row.scheme.to_string(),
        false => format!("  {}", row.part),
    };
    vec![
        name,
        row.n.to_string(),
        spread(row, 0),
        ratio(PLAIN),
        ratio(NONE),
    ]
}

/// `1.0984 (1.0980 to 1.0988)`: from the lowest to the highest run; the number alone where all gave the same.
fn spread(row: &Row, decimals: usize) -> String {
    let [value, low, high] = [row.value, row.low, row.high].map(|n| format!("{n:.decimals$}"));
    match low == high {
        true => value,
        false => format!("{value} ({low} to {high})"),
    }
}

/// Lines up columns, the first to the left, all others to the right.
fn align(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut text = String::new();
    for row in rows {
        let first = format!("{:<1$}", row[0], width(0));
        let others = row.iter().enumerate().skip(1);
        let others = others.map(|(column, cell)| format!("  {cell:>0$}", width(column)));
        let line = first + &others.collect::<String>();
        text += line.trim_end();
        text.push('\n');
    }
    text
}
