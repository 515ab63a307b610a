//! real.txt: the same for reading; and its tables, of which real-findings.json is made too.

use std::fmt::Write;

use crate::answers;
use crate::bounds::MEAN_BYTES;
use crate::claims::{Claim, FEW, OVERHEAD};
use crate::counted::Instructions;
use crate::layout::{
    NO_NUMBER, align, effect_ratio, item, mean, number, p_value, ratio, spread, time_unit,
};
use crate::measures::{Measures, Row, phases};
use crate::metrics::{
    BYTES_ESTIMATE, CPU, DEAD_ZONES, LIVE_ESTIMATE, LIVE_EXACT, LIVE_SIGMAS, P50, P99, PEAK_RSS,
    PROCESSES, RATE_ALLOCS, RATE_BYTES, SAMPLED, SERVING_ALLOCS, SERVING_PER_UNIT, STARTUP_ALLOCS,
    THREADS, THROUGHPUT, TOTAL_PER_UNIT,
};
use crate::notes;
use crate::over_runs::Value;
use crate::run::{NONE, PLAIN, Runs, SCHEMES};

/// How to read the numbers.
pub const LEGEND: [&str; 4] = [
    "a [b, c] is a mean over n runs with its 95 % interval (Student's t); of ratios the geometric mean of run over run of the same round. No brackets: one run, or all runs gave the same.",
    "Smallest effect: the ratio that four of five such measurements would have told from 1. A ratio near 1 says no more than that.",
    "p: against the bound, by Student's t, two-sided, adjusted by Holm's method over the comparisons of the table. A bound is broken (outside), or an overhead not under 7 % (wrong), if the ratio is above and p < 0.05. It is kept (inside, right) if the ratio is below, p < 0.05, and an effect of the bound's own size could have been seen: the smallest effect is at most the bound. All else is undecided.",
    "Processor time is the server's (of a build: of all its processes) while it served, without its start; allocations are of its processes, without the driver's and the generator's.",
];

/// How to read counts of instructions, where there are some.
pub const LEGEND_OF_INSTRUCTIONS: &str = "a (b to c) of instructions is a mean over n counted runs, with the lowest and the highest; no parentheses: all gave the same to the last digit shown. They are those outside the kernel, counted by callgrind, of a server's requests without its start, of a compilation and a script from start to end. They are not time: misses of caches, mispredictions and the kernel's work are not in them.";

/// Rows under a head.
pub struct Table {
    pub title: String,
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Lined up; nothing without rows.
    fn text(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let rows = [vec![self.header.clone()], self.rows.clone()].concat();
        format!("\n{}\n{}", self.title, align(&rows))
    }
}

/// All tables of a workload; those without rows too.
pub fn tables(runs: &Runs, measures: &Measures, workload: &str) -> [Table; 6] {
    [
        cost(measures, workload),
        by_phase(runs, measures, workload),
        serving(measures, workload),
        allocations(measures, workload),
        samples(measures, workload),
        memory(measures, workload),
    ]
}

/// The whole report.
pub fn text(
    runs: &Runs,
    measures: &Measures,
    instructions: &Instructions,
    claims: &[Claim],
) -> String {
    let mut text = String::from("Real programs under the sampler\n\n");
    LEGEND.iter().for_each(|line| text.push_str(&item(line)));
    if !instructions.0.is_empty() {
        text.push_str(&item(LEGEND_OF_INSTRUCTIONS));
    }
    text.push_str(&in_short(runs, measures, instructions));
    text.push_str(&kept(measures, instructions));
    if !instructions.0.is_empty() {
        text.push_str(&heading("Instructions"));
        text.push_str(&counted(instructions).text());
    }
    text.push_str(&verdicts(claims));
    for workload in runs.workloads() {
        text.push_str(&heading(workload));
        for table in tables(runs, measures, workload) {
            text.push_str(&table.text());
        }
    }
    text.push_str(&heading("Notes"));
    let machine = |machine: &String| {
        format!("Machine (processor; cores; memory in bytes; kernel; C library): {machine}.")
    };
    let machines = notes::machines(runs);
    let notes = notes::all(runs, measures);
    for note in notes.into_iter().chain(machines.iter().map(machine)) {
        text.push_str(&item(&note));
    }
    text
}

fn heading(title: &str) -> String {
    format!("\n\n{title}\n{}\n", "=".repeat(title.chars().count()))
}

/// Rows whose cells after the first two are all empty are left out.
fn table(title: &str, header: &[&str], mut rows: Vec<Vec<String>>) -> Table {
    rows.retain(|row| row.iter().skip(2).any(|cell| cell != NO_NUMBER));
    Table {
        title: title.into(),
        header: header.iter().map(ToString::to_string).collect(),
        rows,
    }
}

/// One row a scheme that ran: its name, its number of runs, then what `cells` gives.
fn rows(
    measures: &Measures,
    workload: &str,
    cells: impl Fn(&'static str) -> Vec<String>,
) -> Vec<Vec<String>> {
    let row = |scheme: &'static str| {
        let n = measures.get(workload, scheme, "", CPU)?.value.n;
        Some([vec![scheme.to_string(), n.to_string()], cells(scheme)].concat())
    };
    SCHEMES.into_iter().filter_map(row).collect()
}

fn time(ns: f64) -> String {
    let (unit, unit_ns) = time_unit(ns);
    format!("{} {unit}", number(ns / unit_ns))
}

fn or_dash(row: Option<&Row>, show: impl Fn(&Row) -> String) -> String {
    row.map_or(NO_NUMBER.into(), show)
}

fn in_short(runs: &Runs, measures: &Measures, instructions: &Instructions) -> String {
    let mut sentences = answers::header_overhead(runs, measures);
    sentences.extend(answers::header_instructions(instructions));
    if sentences.is_empty() {
        return String::new();
    }
    let list: String = sentences.iter().map(|sentence| item(sentence)).collect();
    format!("{}\n{}\n{list}", heading("In short"), answers::OVERHEAD)
}

/// Every bound beside what was measured.
pub fn bounds(measures: &Measures, instructions: &Instructions) -> Table {
    let counted = |row: &Row| {
        let found = instructions.get(&row.workload, row.scheme, PLAIN);
        let found = found.filter(|found| found.mean_bytes == Some(MEAN_BYTES));
        found.map_or(NO_NUMBER.into(), spread)
    };
    let bounded = measures.0.iter().filter_map(|row| Some((row, row.bound?)));
    let cells = bounded.map(|(row, bound)| {
        vec![
            format!("{} {}", row.workload, row.scheme),
            row.value.n.to_string(),
            ratio(row.value),
            bound.at_most.to_string(),
            bound.verdict.name().to_string(),
            bound.p.map_or(NO_NUMBER.into(), p_value),
            row.value.detectable.map_or(NO_NUMBER.into(), effect_ratio),
            counted(row),
        ]
    });
    let header = [
        "",
        "n",
        "over no library",
        "at most",
        "",
        "p",
        "smallest effect",
        "instructions over no library",
    ];
    table(
        &format!(
            "Processor time a unit of work over that without the library, mean gap {MEAN_BYTES} B"
        ),
        &header,
        cells.collect(),
    )
}

/// Counted instructions of all programs.
pub fn counted(instructions: &Instructions) -> Table {
    let absolute = instructions.0.iter().filter(|row| row.over.is_empty());
    let cells = absolute.map(|row| {
        let ratio = |base| {
            let found = instructions.of_part(&row.workload, row.scheme, &row.part, base);
            found.map_or(NO_NUMBER.into(), spread)
        };
        let name = [&row.workload, row.scheme, &row.part].join(" ");
        vec![
            name.trim_end().to_string(),
            row.n.to_string(),
            spread(row),
            row.per.clone(),
            ratio(PLAIN),
            ratio(NONE),
        ]
    });
    let header = ["", "n", "instructions", "a", "over no library", "over NONE"];
    table(
        "Instructions outside the kernel, by callgrind",
        &header,
        cells.collect(),
    )
}

fn kept(measures: &Measures, instructions: &Instructions) -> String {
    let table = bounds(measures, instructions);
    let text = match table.rows.is_empty() {
        true => format!(
            "\nNothing to hold against them: no program that has one ran both without the library and at a mean gap of {MEAN_BYTES} B.\n"
        ),
        false => table.text(),
    };
    heading("Bounds") + &text
}

fn verdicts(claims: &[Claim]) -> String {
    let mut text = heading("What the starting document says");
    for claim in [FEW, OVERHEAD] {
        let _ = write!(text, "\n\"{claim}\"\n");
        let mut is_judged = false;
        for found in claims.iter().filter(|found| found.claim == claim) {
            let verdict = found.verdict.to_uppercase();
            let subject = found.subject();
            text.push_str(&item(&format!("{subject}: {verdict}: {}.", found.why)));
            is_judged = true;
        }
        if !is_judged {
            text.push_str(&item("not measured: no run that it could be held against."));
        }
    }
    text
}

fn cost(measures: &Measures, workload: &str) -> Table {
    let longest = SCHEMES
        .iter()
        .filter_map(|scheme| Some(measures.get(workload, scheme, "", CPU)?.value.value))
        .fold(0.0, f64::max);
    let (unit, unit_ns) = time_unit(longest);
    let rows = rows(measures, workload, |scheme| {
        let of = |over| measures.get(workload, scheme, over, CPU);
        vec![
            mean(of("").map(|row| row.value), unit_ns),
            or_dash(of(PLAIN), |row| ratio(row.value)),
            or_dash(of(PLAIN), |row| {
                let effect = row.value.detectable;
                effect.map_or(NO_NUMBER.into(), effect_ratio)
            }),
            or_dash(of(NONE), |row| ratio(row.value)),
            or_dash(measures.get(workload, scheme, PLAIN, PEAK_RSS), |row| {
                ratio(row.value)
            }),
        ]
    });
    let header = [
        "scheme",
        "n",
        &format!("{unit} a unit"),
        "over no library",
        "smallest effect",
        "over NONE",
        "peak RSS over no library",
    ];
    table("Processor time", &header, rows)
}

fn by_phase(runs: &Runs, measures: &Measures, workload: &str) -> Table {
    let mut names: Vec<String> = Vec::new();
    for (_, _, path) in runs.paths().filter(|(name, ..)| *name == workload) {
        for name in phases(path) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    // Of one kind it is the whole.
    names.truncate(if names.len() < 2 { 0 } else { names.len() });
    let rows = rows(measures, workload, |scheme| {
        let cell = |name: &String| {
            let of = |over| measures.of_phase(workload, name, scheme, over, CPU);
            match scheme {
                PLAIN => or_dash(of(""), |row| time(row.value.value)),
                _ => or_dash(of(PLAIN), |row| ratio(row.value)),
            }
        };
        names.iter().map(cell).collect()
    });
    let mut header = vec!["scheme", "n"];
    header.extend(names.iter().map(String::as_str));
    table(
        "The same by kind of work, over no library (PLAIN: time a unit)",
        &header,
        rows,
    )
}

fn serving(measures: &Measures, workload: &str) -> Table {
    let rows = rows(measures, workload, |scheme| {
        let of = |over, metric| measures.get(workload, scheme, over, metric);
        let value = |metric| of("", metric).map(|row| row.value);
        vec![
            mean(value(THROUGHPUT), 1.0),
            or_dash(of(PLAIN, THROUGHPUT), |row| ratio(row.value)),
            mean(value(P50), 1e3),
            mean(value(P99), 1e3),
        ]
    });
    let header = [
        "scheme",
        "n",
        "units a second",
        "over no library",
        "p50, us",
        "p99, us",
    ];
    table("Throughput and latency", &header, rows)
}

fn allocations(measures: &Measures, workload: &str) -> Table {
    let rows = rows(measures, workload, |scheme| {
        let cell = |metric| {
            let value = measures.get(workload, scheme, "", metric);
            mean(value.map(|row| row.value), 1.0)
        };
        [
            STARTUP_ALLOCS,
            SERVING_ALLOCS,
            SERVING_PER_UNIT,
            TOTAL_PER_UNIT,
        ]
        .map(cell)
        .to_vec()
    });
    let header = [
        "scheme",
        "n",
        "at the start",
        "while serving",
        "a unit while serving",
        "a unit, all in all",
    ];
    table("Allocations", &header, rows)
}

fn samples(measures: &Measures, workload: &str) -> Table {
    let rows = rows(measures, workload, |scheme| {
        let value = |metric| {
            measures
                .get(workload, scheme, "", metric)
                .map(|row| row.value)
        };
        // A scheme that never samples has a rate of 0, which is no news.
        if value(SAMPLED).is_none_or(|sampled| sampled.value == 0.0) {
            return vec![NO_NUMBER.into()];
        }
        let percent = |metric| mean(value(metric), 0.01);
        let mib = |metric| {
            let value: Option<Value> = value(metric);
            value.map_or(NO_NUMBER.into(), |value| number(value.value / 1048576.0))
        };
        let mut cells = vec![
            mean(value(SAMPLED), 1.0),
            percent(RATE_ALLOCS),
            percent(RATE_BYTES),
            mean(value(BYTES_ESTIMATE), 1.0),
            mib(LIVE_EXACT),
            mib(LIVE_ESTIMATE),
            mean(value(LIVE_SIGMAS), 1.0),
        ];
        let dead = |metric| {
            let value = value(metric);
            value.map_or(NO_NUMBER.into(), |value| number(value.value * 100.0))
        };
        cells.extend(DEAD_ZONES.map(dead));
        cells
    });
    let header = [
        "scheme",
        "n",
        "samples",
        "% of allocations",
        "% of bytes",
        "bytes, estimate over true",
        "live, MiB",
        "estimate, MiB",
        "off by std. errors",
        "dead 1x, %",
        "10x",
        "100x",
    ];
    table("Samples, and what they say at the end", &header, rows)
}

fn memory(measures: &Measures, workload: &str) -> Table {
    let rows = rows(measures, workload, |scheme| {
        let value = |metric| {
            measures
                .get(workload, scheme, "", metric)
                .map(|row| row.value)
        };
        vec![
            mean(value(PEAK_RSS), 1048576.0),
            or_dash(measures.get(workload, scheme, NONE, PEAK_RSS), |row| {
                ratio(row.value)
            }),
            mean(value(PROCESSES), 1.0),
            mean(value(THREADS), 1.0),
        ]
    });
    let header = [
        "scheme",
        "n",
        "peak RSS, MiB",
        "over NONE",
        "processes",
        "threads",
    ];
    table("Memory, processes, threads", &header, rows)
}
