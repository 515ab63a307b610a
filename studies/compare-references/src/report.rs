//! What stands on the screen, and the rows as CSV.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use statistics::agreement::{self, APART, Cluster};
use statistics::intervals::Interval;

use crate::pairs::{Compared, Pair};

/// So many rows that differ most are named, and of those that one alone has.
const MOST_NAMED: usize = 20;
const ALONE_NAMED: usize = 3;

/// What does not depend on the machine, and what does.
const KINDS: [(bool, &str); 2] = [
    (false, "Counts, rates and estimates"),
    (true, "Times and memory, which are the machine's"),
];

/// The report.
pub fn text(
    both: [&PathBuf; 2],
    machines: &[BTreeSet<String>; 2],
    compared: &[Compared],
    missing: &[(&str, &str)],
) -> String {
    let mut text = String::new();
    for ((name, directory), machines) in ["A", "B"].iter().zip(both).zip(machines) {
        let machines: Vec<&str> = machines.iter().map(String::as_str).collect();
        let machines = match machines.is_empty() {
            true => "machine not known".into(),
            false => machines.join(" and "),
        };
        let _ = writeln!(text, "{name}: {} ({machines})", directory.display());
    }
    let _ = writeln!(
        text,
        "
Rows that both have with a 95 % interval. Apart: the difference of the values is more than the root of the sum of squares of the halves
of the intervals that face each other. Of two measurements of the same thing {:.0} % of rows are, by chance; rows of the same runs go
together, so the share varies more than that of as many independent rows, and what is expected is of the effective rows. Outside: A's
value is not within B's interval; beside it how many by chance, given how wide both are (16.6 % where they are equally wide). Exact
numbers, and those whose runs were all equal, have no interval.
",
        APART * 100.0
    );
    text.push_str(&counts(compared));
    let _ = writeln!(text);
    for (is_of_machine, name) in KINDS {
        let _ = writeln!(text, "{name}: {}", verdict(compared, is_of_machine));
    }
    for (file, of) in missing {
        let _ = writeln!(text, "{file}: in {of} alone, not compared.");
    }
    for table in compared {
        for (name, rows) in [("A", &table.only_in_a), ("B", &table.only_in_b)] {
            text.push_str(&alone(table.file, name, rows));
        }
    }
    text.push_str(&most_different(compared));
    text
}

fn counts(compared: &[Compared]) -> String {
    let header = [
        "table",
        "rows",
        "effective",
        "apart",
        "%",
        "expected %",
        "outside",
        "by chance",
        "exact, equal",
        "exact, other",
    ];
    let mut rows = vec![header.map(String::from).to_vec()];
    for table in compared {
        let mut row = vec![table.file.to_string()];
        row.extend(numbers(table, false));
        row.extend([table.exact_equal, table.exact_other].map(|count| count.to_string()));
        rows.push(row);
        if table.pairs_of(true).next().is_some() {
            let mut row = vec![format!("{}, times and memory", table.file)];
            row.extend(numbers(table, true));
            rows.push(row);
        }
    }
    align(&rows)
}

fn numbers(table: &Compared, is_of_machine: bool) -> Vec<String> {
    let outside = table.pairs_of(is_of_machine).filter(|pair| pair.is_outside);
    let by_chance = table
        .pairs_of(is_of_machine)
        .map(|pair| pair.outside_by_chance);
    let mut cells = share(&table.clusters(is_of_machine)).to_vec();
    cells.push(outside.count().to_string());
    cells.push(format!("{:.1}", by_chance.fold(0.0, |sum, p| sum + p)));
    cells
}

/// Rows, effective rows, those that are apart, their share, and the share that is expected.
fn share(clusters: &[Cluster]) -> [String; 5] {
    let sum = |of: fn(&Cluster) -> usize| clusters.iter().map(of).sum::<usize>();
    let (rows, apart) = (sum(|it| it.rows), sum(|it| it.apart));
    let Some(expected) = agreement::expected(clusters) else {
        return ["0", "0", "-", "-", "-"].map(String::from);
    };
    [
        rows.to_string(),
        expected.effective_rows.to_string(),
        apart.to_string(),
        format!("{:.1}", apart as f64 / rows as f64 * 100.0),
        format!(
            "{:.1} to {:.1}",
            expected.share.low * 100.0,
            expected.share.high * 100.0
        ),
    ]
}

/// What all rows of a kind say together.
fn verdict(compared: &[Compared], is_of_machine: bool) -> String {
    let clusters = compared
        .iter()
        .flat_map(|table| table.clusters(is_of_machine));
    let clusters: Vec<Cluster> = clusters.collect();
    let rows: usize = clusters.iter().map(|it| it.rows).sum();
    let apart: usize = clusters.iter().map(|it| it.apart).sum();
    let is_equal = |pair: &Pair| pair.a == pair.b;
    let Some(expected) = agreement::expected(&clusters) else {
        return "no row has an interval in both.".into();
    };
    let found = apart as f64 / rows as f64;
    let verdict = match () {
        () if compared
            .iter()
            .flat_map(|table| table.pairs_of(is_of_machine))
            .all(is_equal) =>
        {
            "EQUAL: every number and every interval is the same in both, as of the same runs; they are no second measurement"
        }
        () if found > expected.share.high => {
            "DIFFERENT: more rows are apart than two measurements of the same thing have by chance"
        }
        () if found < expected.share.low => {
            "CLOSER than chance: intervals are wider than they need be, or the two share runs"
        }
        () => {
            "AGREE: no more rows are apart than two measurements of the same thing have by chance"
        }
    };
    format!("{verdict}.")
}

fn alone(file: &str, of: &str, rows: &[String]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let named = rows.iter().take(ALONE_NAMED).cloned().collect::<Vec<_>>();
    let more = if rows.len() > ALONE_NAMED {
        "; ..."
    } else {
        ""
    };
    let count = rows.len();
    format!(
        "{file}: {count} rows in {of} alone: {}{more}\n",
        named.join("; ")
    )
}

fn most_different(compared: &[Compared]) -> String {
    let mut all: Vec<(&str, &Pair)> = compared
        .iter()
        .flat_map(|table| table.pairs.iter().map(|pair| (table.file, pair)))
        .filter(|(_, pair)| pair.distance > 1.0)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by(|a, b| b.1.distance.total_cmp(&a.1.distance));
    let mut rows = vec![
        ["row", "distance", "A", "n", "B", "n"]
            .map(String::from)
            .to_vec(),
    ];
    for (file, pair) in all.into_iter().take(MOST_NAMED) {
        let shown = |it: &agreement::Estimate| {
            let [value, low, high] = [it.value, it.interval.low, it.interval.high].map(number);
            format!("{value} [{low}, {high}]")
        };
        rows.push(vec![
            format!("{file} {}", pair.name),
            format!("{:.2}", pair.distance),
            shown(&pair.a),
            pair.n[0].clone(),
            shown(&pair.b),
            pair.n[1].clone(),
        ]);
    }
    format!(
        "\nThe rows that differ most; distance 1 is where rows begin to be apart\n{}",
        align(&rows)
    )
}

/// 4 significant digits; whole numbers in full.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return format!("{value:.0}");
    }
    let magnitude = value.abs().log10().floor() as i32;
    format!("{value:.*}", (3 - magnitude).clamp(0, 9) as usize)
}

/// The first column to the left, all others to the right.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            match column {
                0 => line.push_str(&format!("{cell:<width$}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

const COLUMNS: [&str; 13] = [
    "table",
    "row",
    "goes_with",
    "a",
    "a_low",
    "a_high",
    "a_n",
    "b",
    "b_low",
    "b_high",
    "b_n",
    "distance",
    "is_outside",
];

/// Every row that was compared.
pub fn csv(compared: &[Compared]) -> Vec<u8> {
    const IN_MEMORY: &str = "rows are as long as the header, and memory does not fail";
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(IN_MEMORY);
    for table in compared {
        for pair in &table.pairs {
            let mut row = vec![
                table.file.to_string(),
                pair.name.clone(),
                pair.cluster.clone(),
            ];
            for (estimate, n) in [&pair.a, &pair.b].into_iter().zip(&pair.n) {
                let Interval { low, high } = estimate.interval;
                row.extend([estimate.value, low, high].map(|number| number.to_string()));
                row.push(n.clone());
            }
            row.push(pair.distance.to_string());
            row.push(u8::from(pair.is_outside).to_string());
            writer.write_record(row).expect(IN_MEMORY);
        }
    }
    writer.into_inner().expect(IN_MEMORY)
}
