//! The text: what was measured on which machine, the pair of malloc and free beside its bounds, then every other question.

use serde_json::{Value, json};

use crate::bounds;
use crate::files::File;
use crate::measured::{Measured, Subject};
use crate::median::Median;
use crate::rows::Row;
use crate::text::Table;

/// A scheme whose samples stand for what was counted, but for this share of it, samples at its rate.
const RATE_MARGIN: f64 = 0.1;

const PAIRS: &str = "A pair of free and malloc (loop window: 1000 live blocks of 16-256 B)";
const PAIRS_NOTE: &str = "Instructions: exact, by callgrind, over NONE (NONE itself: over PLAIN); of schemes that hash, at the share of samples that the\nmask expects, since the layout under callgrind is one draw (cost.csv has what was counted too). Time: processor time over PLAIN, median of paired\nrounds [95 % interval]. 'bound' is what this project set itself; 'over' marks what is above it with its whole interval, 'undecided' an interval that\nholds it, or is missing.";

/// What data/RESULTS.md takes of it, for cost-findings.json: the pair, and the bounds.
pub fn findings(files: &[File], measured: &Measured, rows: &[Row]) -> Vec<u8> {
    let rows = Rows(rows);
    let block = |section: &str, title: &str, sentences: Vec<String>, table: Value| json!({ "section": section, "title": title, "sentences": sentences, "table": table });
    let pairs = pairs(measured, &rows);
    let mut blocks = Vec::new();
    if let Some((header, pairs)) = pairs.split() {
        let note = PAIRS_NOTE.replace('\n', " ");
        let table = json!({ "header": header, "rows": pairs });
        blocks.push(block("Tables", PAIRS, vec![note], table));
    }
    blocks.push(block(
        "Tables",
        "Bounds of costs that the table has no column for",
        bounds_missed(&rows),
        Value::Null,
    ));
    blocks.push(block(
        "Where the numbers come from",
        "",
        conditions(measured),
        Value::Null,
    ));
    let findings = json!({
        "format": "sampler-findings",
        "format_version": 1,
        "part": "cost",
        "runs": rounds(files),
        "machines": [machine(files)],
        "blocks": blocks,
    });
    format!("{findings:#}\n").into_bytes()
}

/// The whole of it.
pub fn text(files: &[File], measured: &Measured, rows: &[Row]) -> String {
    let rows = Rows(rows);
    let mut text = head(files, measured);
    let mut section = |title: &str, table: Table, note: &str| {
        if !table.is_empty() {
            text += &format!("\n{title}\n{note}\n\n{}", table.text());
        }
    };
    section(PAIRS, pairs(measured, &rows), PAIRS_NOTE);
    section(
        "Every loop: time over PLAIN, one thread (cross: two)",
        loops(measured, &rows),
        "Median of paired rounds. PLAIN: nanoseconds of an operation.",
    );
    section(
        "malloc and free apart (loop batch)",
        halves(measured, &rows),
        "Nanoseconds, and instructions in parentheses; a sampled block is what a run that samples often takes over one that samples\nnothing, divided by the share of sampled blocks. 'extra': both together, loop window, median [95 % interval].",
    );
    section(
        "Simulated cache misses of a pair (loop window; callgrind, 32 KiB first level, 8 MiB last)",
        misses(measured, &rows),
        "Misses of data in a thousand pairs.",
    );
    section(
        "Resident memory",
        memory(measured, &rows),
        "Bytes a live block of each size; bytes whatever the program does, and of each thread, over PLAIN. A thread's slot is 3840 B; where blocks\nhave headers, those that starting a thread allocates have them too.",
    );
    section(
        "Throughput, loop window",
        throughput(measured, &rows),
        "Million operations a second of elapsed time; growth: two threads over one, paired [95 % interval].",
    );
    section(
        "Real programs: processor time over PLAIN",
        programs(measured, &rows),
        "Median of paired rounds [95 % interval]; redis: of the server alone, and its requests a second over PLAIN.",
    );
    section(
        "Whether the schemes sampled at their rate while they were timed",
        rates(measured, &rows),
        "What the samples stand for over what was counted, mean of runs (loops window, batch, mixed) [95 % interval]. At its rate: all of the interval is\nwithin 10 % of 1. Schemes that hash have few keys in a run: their spread is wide, and their interval, made for bell-shaped spreads, too narrow.",
    );
    text += &format!("\nOther bounds\n\n{}\n", bounds_missed(&rows).join("\n"));
    text
}

/// Look-up by what a reader asks for.
struct Rows<'a>(&'a [Row]);

impl Rows<'_> {
    fn get(
        &self,
        place: &str,
        subject: &Subject,
        threads: Option<u64>,
        metric: &str,
    ) -> Option<Median> {
        let found = self.0.iter().find(|row| {
            row.place == place
                && row.subject == *subject
                && row.threads == threads
                && row.metric == metric
        });
        found?.median
    }
}

fn head(files: &[File], measured: &Measured) -> String {
    let lines = [
        format!("Cost of each scheme: {}", rounds(files)),
        machine(files),
    ];
    let lines = lines.into_iter().chain(conditions(measured));
    lines.map(|line| line + "\n").collect()
}

fn rounds(files: &[File]) -> String {
    let rounds = |part: &str| files.iter().filter(|file| file.part == part).count();
    format!(
        "{} rounds of loops, {} of programs",
        rounds("loops"),
        rounds("programs")
    )
}

fn machine(files: &[File]) -> String {
    let origin = &files[0].content["origin"];
    let word = |key: &str| origin[key].as_str().unwrap_or("unknown").to_string();
    format!(
        "{}, {} cores, Linux {}; build {}",
        word("cpu"),
        origin["cores"],
        word("kernel"),
        word("build"),
    )
}

/// With what it was measured, what was not, and how disturbed the machine was.
fn conditions(measured: &Measured) -> Vec<String> {
    let mut lines = vec![
        "mask 0xFF, mean gap 512 KiB; the schemes know the truth unless it says 'no truth'".into(),
    ];
    let left_out = measured.left_out.iter();
    lines.extend(left_out.map(|line| format!("not measured: {line}")));
    let mut shares: Vec<f64> = Vec::new();
    for (place, of_place) in &measured.times {
        if place.threads == 1 {
            let times = of_place.values().flat_map(|rounds| rounds.values());
            shares.extend(times.map(|time| time.share));
        }
    }
    shares.sort_by(f64::total_cmp);
    if let Some(low) = shares.get(shares.len() / 20) {
        let median = shares[shares.len() / 2];
        if *low < 0.9 {
            lines.push(format!(
                "noisy: a thread had a processor for {:.0} % of the elapsed time in the median run, and for {:.0} % or less in one run of twenty; stop what else runs, and measure again",
                median * 100.0,
                low * 100.0
            ));
        }
    }
    lines.extend(unsteady(measured));
    for (place, of_place) in &measured.times {
        let void: usize = of_place
            .values()
            .map(|rounds| rounds.values().filter(|time| time.is_void).count())
            .sum();
        let all: usize = of_place.values().map(|rounds| rounds.len()).sum();
        if void > 0 {
            lines.push(format!(
                "void: {void} of {all} runs of {} on {} threads, whose threads did not have a core each; rows with less than half of their rounds are empty",
                place.name, place.threads
            ));
        }
    }
    lines
}

/// The same loop under plain glibc ought to take the same in every round. It may not where a thread always had its processor too: the processor itself is
/// slower while its other half, or its caches, serve somebody else.
fn unsteady(measured: &Measured) -> Option<String> {
    /// The middle half of the rounds, over their median.
    const SPREAD_MAX: f64 = 0.1;
    let mut ns: Vec<f64> = measured
        .times
        .iter()
        .filter(|(place, _)| place.name == "window" && place.threads == 1 && place.rate == "usual")
        .flat_map(|(_, of_place)| of_place)
        .filter(|(subject, _)| subject.name == "PLAIN")
        .flat_map(|(_, rounds)| rounds.values().map(|time| time.ns))
        .collect();
    ns.sort_by(f64::total_cmp);
    let [low, median, high] = [1, 2, 3].map(|quarter| ns.get(ns.len() * quarter / 4));
    let (low, median, high) = (low?, median?, high?);
    (high - low > SPREAD_MAX * median).then(|| {
        format!(
            "noisy: the loop window under PLAIN took {low:.1} to {high:.1} ns an operation in the middle half of {} rounds, {median:.1} in the median; something else slows this machine, so measure again when it is quiet",
            ns.len()
        )
    })
}

fn label(subject: &Subject) -> String {
    match subject.truth {
        Some(false) => format!("{}, no truth", subject.name),
        _ => subject.name.clone(),
    }
}

fn plain_number(value: Option<f64>, digits: usize) -> String {
    // No "-0.00".
    value.map_or("-".into(), |value| format!("{:.digits$}", value + 0.0))
}

fn spread(median: Option<Median>, digits: usize) -> String {
    let value = plain_number(median.map(|median| median.value), digits);
    match median.and_then(|median| median.interval) {
        Some((low, high)) => format!("{value} [{low:.digits$}, {high:.digits$}]"),
        None => value,
    }
}

/// A bound, and on which side of it an exact number is.
fn against(value: Option<f64>, bound: Option<f64>, digits: usize) -> String {
    match (value, bound) {
        (Some(value), Some(bound)) if value > bound => format!("{bound:.digits$} over"),
        (_, Some(bound)) => format!("{bound:.digits$}"),
        _ => String::new(),
    }
}

/// The same of a median, by its whole interval.
fn median_against(median: Option<Median>, bound: Option<f64>, digits: usize) -> String {
    let Some(bound) = bound else {
        return String::new();
    };
    match median.map(|median| is_at_most(median, bound)) {
        Some(Some(false)) => format!("{bound:.digits$} over"),
        Some(None) => format!("{bound:.digits$} undecided"),
        Some(Some(true)) | None => format!("{bound:.digits$}"),
    }
}

/// Whether all of the interval is at most a bound, or all of it above; a median without an interval does not tell.
fn is_at_most(median: Median, bound: f64) -> Option<bool> {
    match median.interval? {
        (_, high) if high <= bound => Some(true),
        (low, _) if low > bound => Some(false),
        _ => None,
    }
}

fn pairs(measured: &Measured, rows: &Rows) -> Table {
    let mut table = Table::default();
    table.row([
        "",
        "instructions",
        "over COUNT",
        "bound",
        "1 thread",
        "bound",
        "2 threads",
        "bound",
    ]);
    for subject in &measured.subjects {
        let over = match subject.name.as_str() {
            "PLAIN" => "instructions",
            "NONE" => "instructions_over_plain",
            _ => "instructions_over_none",
        };
        let bounds = bounds::of(&subject.name, subject.truth);
        let value = |metric| {
            rows.get("window", subject, Some(1), metric)
                .map(|median| median.value)
        };
        let instructions = value(over);
        let is_scheme = bounds.is_some_and(|bounds| !["NONE", "COUNT"].contains(&bounds.name));
        let over_count = value("instructions_over_count").filter(|_| is_scheme);
        let [one, two] =
            [1, 2].map(|threads| rows.get("window", subject, Some(threads), "time_ratio"));
        let time_bound = |i: usize| bounds.and_then(|bounds| bounds.time[i]);
        table.row([
            label(subject),
            plain_number(instructions, 1),
            plain_number(over_count, 1),
            against(instructions, bounds.map(|bounds| bounds.instructions), 0),
            spread(one, 2),
            median_against(one, time_bound(0), 2),
            spread(two, 2),
            median_against(two, time_bound(1), 2),
        ]);
    }
    table
}

fn loops(measured: &Measured, rows: &Rows) -> Table {
    let names = ["tight", "window", "batch", "mixed", "realloc", "cross"];
    let mut table = Table::default();
    table.row([""].into_iter().chain(names));
    for subject in &measured.subjects {
        let cells = names.map(|name| {
            let threads = Some(if name == "cross" { 2 } else { 1 });
            match subject.name.as_str() {
                "PLAIN" => format!(
                    "{} ns",
                    plain_number(rows.get(name, subject, threads, "ns").map(|m| m.value), 1)
                ),
                _ => plain_number(
                    rows.get(name, subject, threads, "time_ratio")
                        .map(|m| m.value),
                    2,
                ),
            }
        });
        table.row([label(subject)].into_iter().chain(cells));
    }
    table
}

fn halves(measured: &Measured, rows: &Rows) -> Table {
    let names = ["malloc", "malloc-sampled", "free", "free-sampled"];
    let mut table = Table::default();
    table.row([""].into_iter().chain(names).chain(["extra", "bound"]));
    for subject in &measured.subjects {
        let cells = names.map(|name| {
            let of = |metric| {
                rows.get(name, subject, Some(1), metric)
                    .map(|median| median.value)
            };
            match (of("ns"), of("instructions")) {
                (None, None) => String::new(),
                (time, instructions) => format!(
                    "{} ({})",
                    plain_number(time, 1),
                    plain_number(instructions, 0)
                ),
            }
        });
        let extra = rows.get("window", subject, Some(1), "sample_extra");
        let bound = extra.map(|_| bounds::SAMPLE_EXTRA_NS);
        let extra_text = extra.map_or(String::new(), |_| spread(extra, 0));
        let bound = median_against(extra, bound, 0);
        table.row(
            [label(subject)]
                .into_iter()
                .chain(cells)
                .chain([extra_text, bound]),
        );
    }
    table
}

fn misses(measured: &Measured, rows: &Rows) -> Table {
    let mut table = Table::default();
    table.row(["", "first level", "last level"]);
    for subject in &measured.subjects {
        let of = |metric| {
            let found = rows.get("window", subject, Some(1), metric);
            found.map(|median| median.value * 1000.0)
        };
        if let (Some(first), Some(last)) = (of("misses_d1"), of("misses_last")) {
            table.row([
                label(subject),
                plain_number(Some(first), 0),
                plain_number(Some(last), 0),
            ]);
        }
    }
    table
}

fn memory(measured: &Measured, rows: &Rows) -> Table {
    let sizes: Vec<u64> = measured.memory.keys().copied().collect();
    let mut table = Table::default();
    let heads = sizes.iter().map(|size| format!("{size} B"));
    table.row([String::new()].into_iter().chain(heads).chain([
        "fixed".into(),
        "bound".into(),
        "a thread".into(),
        "bound".into(),
    ]));
    for subject in &measured.subjects {
        let of = |size: u64, metric| {
            let found = rows.get(&format!("live-{size}"), subject, None, metric);
            found.map(|median| median.value)
        };
        let Some(first) = sizes.first().copied() else {
            continue;
        };
        let is_ours = subject.name == subject.name.to_uppercase() && subject.name != "PLAIN";
        let only_ours = |bound: f64| is_ours.then_some(bound);
        let (fixed, thread) = (
            of(first, "resident_fixed_over_plain"),
            of(first, "resident_per_thread_over_plain"),
        );
        let cells = sizes
            .iter()
            .map(|size| plain_number(of(*size, "resident_per_block"), 1));
        table.row([label(subject)].into_iter().chain(cells).chain([
            plain_number(fixed, 0),
            against(fixed, only_ours(bounds::FIXED_BYTES), 0),
            plain_number(thread, 0),
            against(thread, only_ours(bounds::THREAD_BYTES), 0),
        ]));
    }
    table
}

fn throughput(measured: &Measured, rows: &Rows) -> Table {
    let mut threads: Vec<u64> = measured
        .times
        .keys()
        .filter(|place| place.name == "window" && place.rate == "usual")
        .map(|place| place.threads)
        .collect();
    threads.dedup();
    let mut table = Table::default();
    let heads = threads
        .iter()
        .map(|threads| format!("{threads} thread{}", if *threads == 1 { "" } else { "s" }));
    table.row(
        [String::new()]
            .into_iter()
            .chain(heads)
            .chain(["growth".into()]),
    );
    for subject in &measured.subjects {
        let cells = threads.iter().map(|threads| {
            let found = rows.get("window", subject, Some(*threads), "throughput");
            plain_number(found.map(|median| median.value / 1e6), 1)
        });
        let growth = rows.get("window", subject, Some(2), "throughput_growth");
        table.row(
            [label(subject)]
                .into_iter()
                .chain(cells)
                .chain([spread(growth, 2)]),
        );
    }
    table
}

fn programs(measured: &Measured, rows: &Rows) -> Table {
    let names: Vec<&str> = measured
        .times
        .keys()
        .filter(|place| place.threads == 0)
        .map(|place| place.name.as_str())
        .collect();
    let mut table = Table::default();
    table.row(
        [""].into_iter()
            .chain(names.iter().copied())
            .chain(["redis requests"]),
    );
    for subject in &measured.subjects {
        let of = |name: &str, metric| rows.get(name, subject, None, metric);
        if names.iter().all(|name| of(name, "ns").is_none()) {
            continue;
        }
        let cells = names.iter().map(|name| match subject.name.as_str() {
            "PLAIN" => format!(
                "{} ms",
                plain_number(of(name, "ns").map(|m| m.value / 1e6), 0)
            ),
            _ => spread(of(name, "time_ratio"), 3),
        });
        let requests = match subject.name.as_str() {
            "PLAIN" => format!(
                "{} /s",
                plain_number(of("redis", "throughput").map(|m| m.value), 0)
            ),
            _ => spread(of("redis", "throughput_ratio"), 3),
        };
        table.row([label(subject)].into_iter().chain(cells).chain([requests]));
    }
    table
}

fn rates(measured: &Measured, rows: &Rows) -> Table {
    let mut table = Table::default();
    table.row(["", "estimated over counted", "runs", "at its rate"]);
    for subject in &measured.subjects {
        let found = rows.get(
            "window batch mixed",
            subject,
            None,
            "estimated_over_counted",
        );
        if let Some(found) = found {
            table.row([
                label(subject),
                spread(Some(found), 3),
                found.n.to_string(),
                is_at_its_rate(found).into(),
            ]);
        }
    }
    table
}

/// A wide interval holds 1 whatever the scheme does: it is at its rate only if all of the interval is near 1.
fn is_at_its_rate(ratio: Median) -> &'static str {
    let (least, most) = (1.0 - RATE_MARGIN, 1.0 + RATE_MARGIN);
    match ratio.interval {
        Some((low, high)) if low >= least && high <= most => "yes",
        Some((low, high)) if high < least || low > most => "no",
        _ => "undecided",
    }
}

/// The bounds of programs and of threads, which have no column of their own, and a count of all.
fn bounds_missed(rows: &Rows) -> Vec<String> {
    let mut lines = Vec::new();
    let mut judge = |name: String, found: Option<Median>, bound: f64, at_most: bool| {
        let line = match found {
            None => format!("{name}: not measured"),
            Some(median) => {
                // At least a bound is what has it at most.
                let verdict = match is_at_most(median, bound) {
                    None => "undecided",
                    Some(is_below) if is_below == at_most => "met",
                    Some(_) => "missed",
                };
                let limit = if at_most { "at most" } else { "at least" };
                format!(
                    "{name}: {}, {limit} {bound:.2}: {verdict}",
                    spread(Some(median), 3)
                )
            }
        };
        lines.push(line);
    };
    for (program, scheme, bound) in bounds::PROGRAMS {
        let subject = Subject {
            name: scheme.into(),
            truth: Some(true),
        };
        let found = rows.get(program, &subject, None, "time_ratio");
        judge(
            format!("{program} under {scheme}, time over PLAIN"),
            found,
            bound,
            true,
        );
    }
    for scheme in ["NONE", "COUNT", "HEADER_POISSON_BYTES"] {
        let subject = Subject {
            name: scheme.into(),
            truth: (scheme != "NONE").then_some(true),
        };
        let found = rows.get("window", &subject, Some(2), "throughput_growth");
        judge(
            format!("{scheme}, throughput of two threads over one"),
            found,
            bounds::GROWTH,
            false,
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_at_its_rate_by_its_whole_interval() {
        let ratio = |interval| {
            is_at_its_rate(Median {
                value: 1.0,
                interval,
                n: 7,
            })
        };
        assert_eq!(ratio(Some((0.95, 1.04))), "yes");
        assert_eq!(ratio(Some((0.5, 1.5))), "undecided");
        assert_eq!(ratio(Some((1.2, 1.5))), "no");
        assert_eq!(ratio(None), "undecided");
    }

    #[test]
    fn the_whole_interval_of_a_median_is_held_against_its_bound() {
        let median = |interval| {
            Some(Median {
                value: 1.4,
                interval,
                n: 7,
            })
        };
        let against = |interval| median_against(median(interval), Some(1.37), 2);
        assert_eq!(against(Some((1.38, 1.7))), "1.37 over");
        assert_eq!(against(Some((1.1, 1.37))), "1.37");
        assert_eq!(against(Some((1.1, 1.7))), "1.37 undecided");
        assert_eq!(against(None), "1.37 undecided");
        assert_eq!(median_against(None, Some(1.37), 2), "1.37");
        assert_eq!(median_against(median(None), None, 2), "");
    }
}
