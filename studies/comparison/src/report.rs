//! comparison.txt: the matrix to read, with the seed's claims beside it.

use std::fmt::Write;

use crate::answers;
use crate::claims::{Claim, IS_BLIND, Topic, is_blind};
use crate::complexity::{NEEDED, OWN, obligations};
use crate::costs::{
    INSTRUCTIONS, LOOPS, MORE_THAN_COUNT, MORE_THAN_NONE, TIME, TIME_OVER_COUNT, TIME_OVER_NONE,
    place,
};
use crate::frees::{BYTES_OVER_TRUE, FREES_OVER_TRUE, MISCOUNTED, TRUE_FREES};
use crate::goals::{self, GOALS, MEMORY_GOAL};
use crate::layout::{NO_NUMBER, align, bytes, growth, growths, number, spread, wrapped};
use crate::measures::{Measures, Part};
use crate::memory::{HEADERS, MORE, MORE_PER_BLOCK, OVER_NONE, PEAK_RSS, TABLE};
use crate::notes;
use crate::rates::{DISPERSION, ESTIMATE, LIVE_ESTIMATE, RATE};
use crate::run::Runs;
use crate::schemes::{
    FREES, MONOTONIC, NONE, RETURNING, REUSE, SCHEMES, Tracking, live_cells, sampling,
};
use crate::spread::Spread;

/// How to read the numbers.
pub const LEGEND: [&str; 6] = [
    "a (b to c) is the mean over n runs, with the lowest and the highest run; a alone: all runs gave the same.",
    "a [b, c] is a number with its 95 % interval: costs (as the table of costs gives them), spreads over runs (chi-square, as if runs were normal), and mean estimates (Student's t). Where there is no interval the number stands alone.",
    "Every scheme expects to sample one allocation in 256: mask 0xFF, or the mean gap that gives it for the workload's sizes.",
    "A number of the seed is right if what was measured is within 10 % of it as a whole, from b to c, wrong if none of it is, and undecided otherwise. Not as stated: true of something else, or under a condition it leaves out.",
    "Consistency is the spread of samples over runs, over that of independent decisions: high up to 2 times, medium up to 10, low beyond. Bias is that of the mean estimate of allocations: none within 0.95 to 1.05 times the truth, low within 0.7 to 1.3, high beyond. Both need the whole interval. Blind: no sample in more than half of the runs, so neither.",
    "MB and KB are powers of ten, as the seed's. A ratio to NONE is over the NONE run of the same workload and number, run for run.",
];

/// The whole report.
pub fn text(runs: &Runs, measures: &Measures, claims: &[Claim]) -> String {
    let mut text = String::from("Headers on all blocks, on the sampled, or none\n\n");
    LEGEND
        .iter()
        .for_each(|line| text.push_str(&wrapped(line, "- ", "  ")));
    text.push_str(&matrix(claims));
    text.push_str(&questions(measures));
    text.push_str(&memory(runs, measures));
    text.push_str(&frees(measures));
    text.push_str(&rates(measures));
    text.push_str(&cost(measures));
    text.push_str(&complexity(measures));
    text.push_str(&notes(runs));
    text
}

fn heading(title: &str) -> String {
    format!("\n\n{title}\n{}\n", "=".repeat(title.chars().count()))
}

fn table(title: &str, header: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let header = header.iter().map(ToString::to_string).collect();
    format!("\n{title}\n{}", align(&[vec![header], rows].concat()))
}

fn matrix(claims: &[Claim]) -> String {
    let mut text = heading("The seed's matrix, measured");
    for (topic, title) in Topic::ALL {
        let _ = write!(text, "\n{title}\n");
        for claim in claims.iter().filter(|claim| claim.topic == topic) {
            let verdict = claim.verdict.name();
            let line = format!(
                "{}: \"{}\": {}. {}",
                claim.subject,
                claim.claim,
                verdict.to_uppercase(),
                claim.why
            );
            text.push_str(&wrapped(&line, "- ", "  "));
            if let Some(number) = claim.number() {
                text.push_str(&wrapped(&format!("By {number}."), "  ", "  "));
            }
        }
    }
    text
}

fn questions(measures: &Measures) -> String {
    let mut text = heading("The seed's questions");
    for (question, sentences) in answers::all(measures) {
        let _ = write!(text, "\n{question}\n");
        for sentence in sentences {
            text.push_str(&wrapped(&sentence, "- ", "  "));
        }
    }
    text
}

fn memory(runs: &Runs, measures: &Measures) -> String {
    let mut text = heading("Memory against live blocks");
    for cell in live_cells() {
        let title = format!("{} live blocks of {} B", cell.blocks, cell.size_bytes);
        if SCHEMES
            .iter()
            .all(|scheme| runs.of(&cell.workload, scheme.name).is_empty())
        {
            let _ = write!(
                text,
                "\n{title}: not run. It needs {} with headers; make runs a cell that needs at most half of the available memory.\n",
                bytes(cell.needed_bytes() as f64)
            );
            continue;
        }
        let header = [
            "scheme",
            "n",
            "peak RSS",
            "over NONE",
            "more than NONE",
            "B a block",
            "headers",
            "table",
        ];
        text.push_str(&table(
            &title,
            &header,
            memory_rows(measures, &cell.workload),
        ));
    }
    text
}

fn memory_rows(measures: &Measures, workload: &str) -> Vec<Vec<String>> {
    let row = |scheme: &str| {
        let of = |metric| measures.get(Part::Memory, workload, scheme, metric);
        let size = |metric| of(metric).map_or(NO_NUMBER.to_string(), |spread| bytes(spread.value));
        let rss = of(PEAK_RSS)?;
        let ratio = growths(of(OVER_NONE));
        let per_block = of(MORE_PER_BLOCK).map(|more| number((more.value * 100.0).round() / 100.0));
        let no_number = || NO_NUMBER.to_string();
        Some(vec![
            scheme.to_string(),
            rss.n.to_string(),
            bytes(rss.value),
            ratio,
            size(MORE),
            per_block.unwrap_or_else(no_number),
            size(HEADERS),
            size(TABLE),
        ])
    };
    SCHEMES
        .iter()
        .filter_map(|scheme| row(scheme.name))
        .collect()
}

fn frees(measures: &Measures) -> String {
    let mut text = heading("What is known of frees");
    let _ = write!(
        text,
        "\nThe error is that of reported over true sampled frees, and of their bytes; the workload's sizes tell the truth. Of the runtime's own few blocks it is\nnot known which were freed; outside: sampled frees beyond what can be true with them.\n"
    );
    for (workload, how) in FREES {
        let row = |scheme: &str| {
            let of = |metric| measures.get(Part::Frees, workload, scheme, metric);
            let true_frees = of(TRUE_FREES)?;
            let outside = match of(MISCOUNTED) {
                Some(outside) => spread(Some(outside)),
                None => "estimated".to_string(),
            };
            Some(vec![
                scheme.to_string(),
                true_frees.n.to_string(),
                number(true_frees.value.round()),
                growths(of(FREES_OVER_TRUE)),
                outside,
                growths(of(BYTES_OVER_TRUE)),
            ])
        };
        let header = [
            "scheme",
            "n",
            "sampled frees a run",
            "error",
            "outside",
            "error of bytes",
        ];
        let rows = sampling().filter_map(|scheme| row(scheme.name)).collect();
        text.push_str(&table(&format!("{workload}: {how}"), &header, rows));
    }
    text
}

fn rates(measures: &Measures) -> String {
    let mut text = heading("Rates and estimates");
    for (workload, what) in [
        (
            MONOTONIC,
            "a million allocations of 16 to 4096 B, 5 % leaked",
        ),
        (
            REUSE,
            "a million allocations of 16 to 256 B over a few addresses",
        ),
        (
            RETURNING[1],
            "a million allocations of 129 to 512 B over a few addresses, 5 % leaked",
        ),
    ] {
        let row = |scheme: &str| {
            let of = |metric| measures.get(Part::Rates, workload, scheme, metric);
            let rate = of(RATE)?;
            let memory = |metric| measures.get(Part::Memory, workload, scheme, metric);
            let blind = is_blind(measures, workload, scheme).then(|| IS_BLIND.to_string());
            Some(vec![
                scheme.to_string(),
                rate.n.to_string(),
                spread(Some(rate.times(100.0))),
                blind.clone().unwrap_or(spread(of(DISPERSION))),
                blind.unwrap_or(growths(of(ESTIMATE))),
                growths(of(LIVE_ESTIMATE)),
                memory(OVER_NONE).map_or(NO_NUMBER.to_string(), |ratio| growth(ratio.value)),
            ])
        };
        let header = [
            "scheme",
            "n",
            "sampled, %",
            "spread over independent",
            "error of estimate",
            "error of live estimate",
            "peak RSS over NONE",
        ];
        let rows = sampling().filter_map(|scheme| row(scheme.name)).collect();
        text.push_str(&table(&format!("{workload}: {what}"), &header, rows));
    }
    text
}

fn cost(measures: &Measures) -> String {
    let mut text = heading("Cost");
    if !measures.rows.iter().any(|row| row.part == Part::Cost) {
        text.push_str(
            "\nNot measured: make bench gives it (data/cost.csv); then make comparison again.\n",
        );
    }
    for (loop_name, what) in LOOPS {
        for (threads, truth) in [(1, true), (2, true), (1, false)] {
            let workload = place(loop_name, threads, truth);
            let counted = if truth {
                ""
            } else {
                ", unsampled calls not counted"
            };
            let title = format!("{what} ({loop_name}, threads: {threads}{counted})");
            let header = [
                "scheme",
                "n",
                "time over no library",
                "over NONE",
                "over COUNT",
                "instructions",
                "over NONE",
                "over COUNT",
            ];
            text.push_str(&table(&title, &header, cost_rows(measures, &workload)));
        }
    }
    text.push_str(&budgets(measures));
    text
}

fn cost_rows(measures: &Measures, workload: &str) -> Vec<Vec<String>> {
    let row = |scheme: &str| {
        let of = |metric| measures.get(Part::Cost, workload, scheme, metric);
        let n = of(TIME).or(of(INSTRUCTIONS))?.n;
        let mean = |metric| of(metric).map_or(NO_NUMBER.to_string(), |spread| number(spread.value));
        Some(vec![
            scheme.to_string(),
            n.to_string(),
            spread(of(TIME)),
            mean(TIME_OVER_NONE),
            mean(TIME_OVER_COUNT),
            mean(INSTRUCTIONS),
            mean(MORE_THAN_NONE),
            mean(MORE_THAN_COUNT),
        ])
    };
    let names = [NONE, "COUNT"]
        .into_iter()
        .chain(sampling().map(|scheme| scheme.name));
    names.filter_map(row).collect()
}

fn budgets(measures: &Measures) -> String {
    let mut rows = Vec::new();
    for goal in &GOALS {
        let mut row = |what: &str, measured: Option<Spread>, at_most: f64, before: &str| {
            rows.push(vec![
                format!("{}, {what}", goal.scheme),
                spread(measured),
                number(at_most),
                goals::verdict(measured, at_most).to_string(),
                before.to_string(),
            ]);
        };
        let [with_truth, without] = goals::instructions(measures, goal.scheme);
        let [one, two] = goals::times(measures, goal.scheme);
        row(
            "instructions over NONE",
            with_truth,
            goal.instructions[0],
            goal.before[0],
        );
        row(
            "the same without truth",
            without,
            goal.instructions[1],
            NO_NUMBER,
        );
        row(
            "time over no library, 1 thread",
            one,
            goal.time,
            goal.before[1],
        );
        row(
            "time over no library, 2 threads",
            two,
            goal.time,
            goal.before[2],
        );
    }
    for (size, ratio) in goals::memory(measures) {
        rows.push(vec![
            format!("SAMPLE_HEADERS_POISSON, peak RSS over NONE, 1M blocks of {size} B"),
            spread(Some(ratio)),
            number(MEMORY_GOAL),
            goals::verdict(Some(ratio), MEMORY_GOAL).to_string(),
            NO_NUMBER.to_string(),
        ]);
    }
    let header = [
        "budget (a free and a malloc)",
        "measured",
        "at most",
        "",
        "starting implementation, elsewhere",
    ];
    table(
        "Budgets, and what the starting implementation was measured to take on another machine",
        &header,
        rows,
    )
}

fn complexity(measures: &Measures) -> String {
    let mut text = heading("Complexity");
    let row = |tracking: Tracking| {
        let of = |metric| measures.get(Part::Complexity, "", tracking.name(), metric);
        vec![
            tracking.name().to_string(),
            spread(of(OWN)),
            spread(of(NEEDED)),
            obligations(tracking).len().to_string(),
        ]
    };
    let header = [
        "tracking",
        "lines its own",
        "with those shared by some",
        "obligations",
    ];
    let title = "Lines of code (tools/lines-of-tracking; what all trackings share is left out)";
    text.push_str(&table(title, &header, Tracking::ALL.map(row).to_vec()));
    text.push_str("\nWhat each must handle\n");
    for tracking in Tracking::ALL {
        let line = format!("{}: {}.", tracking.name(), obligations(tracking).join("; "));
        text.push_str(&wrapped(&line, "- ", "  "));
    }
    text
}

fn notes(runs: &Runs) -> String {
    let notes = notes::of(runs);
    let machine = |(machine, runs): &(String, usize)| {
        format!(
            "Machine (processor; cores; memory in bytes; kernel; C library) of {runs} runs: {machine}."
        )
    };
    let lines = [&notes.runs].into_iter().chain(&notes.lost).cloned();
    let lines: String = lines
        .chain(notes.machines.iter().map(machine))
        .map(|line| wrapped(&line, "- ", "  "))
        .collect();
    heading("Notes") + &lines
}
