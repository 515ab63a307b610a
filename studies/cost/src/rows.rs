//! Every number of the table, one a row.

use std::collections::BTreeMap;

use crate::measured::{Counts, Measured, Place, Subject, Time};
use crate::median::{Median, median};

/// Rounds that are needed before an interval means something, and below which a row of several threads is void.
const SHARE_OF_ROUNDS: f64 = 0.5;

/// Of the mask that `measure-cost` gives, 0xFF.
const EXPECTED_SHARE: f64 = 1.0 / 256.0;

/// One row of `cost.csv`.
#[derive(Clone, Debug)]
pub struct Row {
    /// A loop, a half of one (`malloc`, `free`), a program, or `live-SIZE`.
    pub place: String,
    pub subject: Subject,
    /// None where it does not apply.
    pub threads: Option<u64>,
    pub metric: &'static str,
    pub unit: &'static str,
    /// None where nothing valid was measured.
    pub median: Option<Median>,
}

/// All of them.
pub fn all(measured: &Measured) -> Vec<Row> {
    let mut rows = Vec::new();
    for (place, of_place) in &measured.times {
        if place.rate == "usual" {
            times(&mut rows, measured, place, of_place);
        }
    }
    for subject in &measured.subjects {
        growth(&mut rows, measured, subject);
        samples(&mut rows, measured, subject);
    }
    halves(&mut rows, measured);
    counts(&mut rows, measured);
    memory(&mut rows, measured);
    rows
}

type Rounds = BTreeMap<u64, Time>;

fn named(of_place: &BTreeMap<Subject, Rounds>, name: &str) -> Option<Rounds> {
    let found = of_place.iter().find(|(subject, _)| subject.name == name);
    found.map(|(_, rounds)| rounds.clone())
}

fn times(
    rows: &mut Vec<Row>,
    measured: &Measured,
    place: &Place,
    of_place: &BTreeMap<Subject, Rounds>,
) {
    let is_program = place.threads == 0;
    let bases = [
        ("time_ratio", "PLAIN"),
        ("time_ratio_none", "NONE"),
        ("time_ratio_count", "COUNT"),
    ];
    for subject in &measured.subjects {
        let Some(rounds) = of_place.get(subject) else {
            continue;
        };
        let mut add = |metric, unit, values: Vec<f64>| {
            rows.push(Row {
                place: place.name.clone(),
                subject: subject.clone(),
                threads: (!is_program).then_some(place.threads),
                metric,
                unit,
                median: enough(values, rounds.len()),
            })
        };
        let valid = || rounds.values().filter(|time| !time.is_void);
        add("ns", "ns", valid().map(|time| time.ns).collect());
        let throughput: Vec<f64> = valid().map(|time| time.throughput).collect();
        if throughput.iter().all(|value| value.is_finite()) {
            let (metric, unit) = match is_program {
                true => ("throughput", "requests/s"),
                false => ("throughput", "operations/s"),
            };
            add(metric, unit, throughput);
        }
        for (metric, base) in bases {
            if let Some(base) = named(of_place, base) {
                add(metric, "ratio", paired(rounds, &base, |time| time.ns));
            }
        }
        if is_program
            && rounds.values().all(|time| time.throughput.is_finite())
            && let Some(base) = named(of_place, "PLAIN")
        {
            add(
                "throughput_ratio",
                "ratio",
                paired(rounds, &base, |time| time.throughput),
            );
        }
    }
}

/// Of each round in which both are valid.
fn paired(rounds: &Rounds, base: &Rounds, value: impl Fn(&Time) -> f64) -> Vec<f64> {
    let both = rounds
        .iter()
        .filter_map(|(round, time)| Some((time, base.get(round)?)));
    both.filter(|(time, base)| !time.is_void && !base.is_void)
        .map(|(time, base)| value(time) / value(base))
        .collect()
}

/// Void where too few of the rounds are valid.
fn enough(values: Vec<f64>, rounds: usize) -> Option<Median> {
    match values.len() as f64 >= SHARE_OF_ROUNDS * rounds as f64 {
        true => median(&values),
        false => None,
    }
}

/// Throughput of two threads over that of one.
fn growth(rows: &mut Vec<Row>, measured: &Measured, subject: &Subject) {
    let of = |threads| {
        let place = window(threads, "usual");
        measured.times.get(&place)?.get(subject)
    };
    if let (Some(one), Some(two)) = (of(1), of(2)) {
        rows.push(Row {
            place: "window".into(),
            subject: subject.clone(),
            threads: Some(2),
            metric: "throughput_growth",
            unit: "ratio",
            median: enough(paired(two, one, |time| time.throughput), two.len()),
        });
    }
}

fn window(threads: u64, rate: &str) -> Place {
    Place {
        name: "window".into(),
        threads,
        rate: rate.into(),
    }
}

/// What a sampled block costs over an unsampled one, malloc and free together: from runs that sample often and runs that
/// sample as usual, divided by the difference of their shares.
fn samples(rows: &mut Vec<Row>, measured: &Measured, subject: &Subject) {
    let of = |rate| measured.times.get(&window(1, rate))?.get(subject);
    let (Some(usual), Some(often)) = (of("usual"), of("often")) else {
        return;
    };
    let of_round = |(round, often): (&u64, &Time)| {
        let usual = usual.get(round)?;
        let share = often.sampled_share? - usual.sampled_share?;
        (share > 0.0).then(|| (often.ns - usual.ns) / share)
    };
    let values: Vec<f64> = often.iter().filter_map(of_round).collect();
    if !values.is_empty() {
        rows.push(Row {
            place: "window".into(),
            subject: subject.clone(),
            threads: Some(1),
            metric: "sample_extra",
            unit: "ns",
            median: median(&values),
        });
    }
}

/// malloc and free apart, of blocks that are not sampled and of blocks that are.
fn halves(rows: &mut Vec<Row>, measured: &Measured) {
    let batch = |rate: &str| {
        let place = Place {
            name: "batch".into(),
            threads: 1,
            rate: rate.into(),
        };
        measured.times.get(&place)
    };
    let Some(usual) = batch("usual") else {
        return;
    };
    let plain = named(usual, "PLAIN");
    for subject in &measured.subjects {
        let unsampled = batch("nothing").and_then(|all| all.get(subject));
        let Some(unsampled) = unsampled.or_else(|| usual.get(subject)) else {
            continue;
        };
        let often = batch("often").and_then(|all| all.get(subject));
        for (half, names) in [["malloc", "malloc-sampled"], ["free", "free-sampled"]]
            .into_iter()
            .enumerate()
        {
            let ns = move |time: &Time| time.halves_ns.map_or(f64::NAN, |halves| halves[half]);
            let mut add = |place: &str, metric, unit, values: &[f64]| {
                rows.push(Row {
                    place: place.into(),
                    subject: subject.clone(),
                    threads: Some(1),
                    metric,
                    unit,
                    median: median(values),
                })
            };
            let values: Vec<f64> = unsampled.values().map(ns).collect();
            add(names[0], "ns", "ns", &values);
            if let Some(plain) = &plain {
                add(
                    names[0],
                    "time_ratio",
                    "ratio",
                    &paired(unsampled, plain, ns),
                );
            }
            let of_sample = |(round, often): (&u64, &Time)| {
                let unsampled = ns(unsampled.get(round)?);
                Some(
                    unsampled
                        + (ns(often) - unsampled)
                            / often.sampled_share.filter(|share| *share > 0.0)?,
                )
            };
            let values: Vec<f64> = often.into_iter().flatten().filter_map(of_sample).collect();
            if !values.is_empty() {
                add(names[1], "ns", "ns", &values);
            }
        }
    }
}

/// Schemes that take each block with the probability of the mask.
fn is_equal_probability(subject: &Subject) -> bool {
    subject.name.contains("HASH") || subject.name == "HEADER_BERNOULLI"
}

/// The layout under callgrind is one draw of the schemes that hash, and may have ten times the samples of another: moved to the share
/// that the mask expects, by the exact instructions of a sampled block over an unsampled one (loop batch).
fn at_expected_share(
    measured: &Measured,
    place: &Place,
    subject: &Subject,
    counts: &Counts,
) -> f64 {
    let sampled_extra = |half: &str| {
        let of = |rate: &str| {
            let place = Place {
                name: half.into(),
                threads: 1,
                rate: rate.into(),
            };
            measured.counts.get(&place)?.get(subject).copied()
        };
        let (often, nothing) = (of("often")?, of("nothing")?);
        Some((often.instructions - nothing.instructions) / often.sampled_share?)
    };
    let moved = || {
        let extra = sampled_extra("malloc")? + sampled_extra("free")?;
        Some(counts.instructions + (EXPECTED_SHARE - counts.sampled_share?) * extra)
    };
    let is_moved = place.rate == "usual" && is_equal_probability(subject);
    let moved = is_moved.then(moved).flatten();
    moved.unwrap_or(counts.instructions)
}

fn counts(rows: &mut Vec<Row>, measured: &Measured) {
    for (place, of_place) in &measured.counts {
        let base = |name: &str| of_place.iter().find(|(subject, _)| subject.name == name);
        for subject in &measured.subjects {
            let Some(counts) = of_place.get(subject) else {
                continue;
            };
            let mut add = |place: &str, metric, unit, value: f64| {
                rows.push(Row {
                    place: place.into(),
                    subject: subject.clone(),
                    threads: Some(1),
                    metric,
                    unit,
                    median: median(&[value]),
                })
            };
            if place.rate == "often" {
                // Of one sampled block: what is over the unsampled, divided by the share.
                let unsampled = Place {
                    rate: "nothing".into(),
                    ..place.clone()
                };
                let unsampled = measured
                    .counts
                    .get(&unsampled)
                    .and_then(|all| all.get(subject));
                if let (Some(unsampled), Some(share)) = (unsampled, counts.sampled_share) {
                    let over = (counts.instructions - unsampled.instructions) / share;
                    let name = format!("{}-sampled", place.name);
                    add(
                        &name,
                        "instructions",
                        "instructions",
                        unsampled.instructions + over,
                    );
                }
                continue;
            }
            let instructions = at_expected_share(measured, place, subject, counts);
            add(&place.name, "instructions", "instructions", instructions);
            add(
                &place.name,
                "instructions_counted",
                "instructions",
                counts.instructions,
            );
            if let Some(share) = counts.sampled_share {
                add(&place.name, "sampled_share", "samples", share);
            }
            for (metric, name) in [
                ("instructions_over_plain", "PLAIN"),
                ("instructions_over_none", "NONE"),
                ("instructions_over_count", "COUNT"),
            ] {
                if let Some((_, base)) = base(name) {
                    add(
                        &place.name,
                        metric,
                        "instructions",
                        instructions - base.instructions,
                    );
                }
            }
            add(&place.name, "misses_d1", "misses", counts.misses_d1);
            add(&place.name, "misses_last", "misses", counts.misses_last);
        }
    }
}

fn memory(rows: &mut Vec<Row>, measured: &Measured) {
    for (size, of_size) in &measured.memory {
        let base = |name: &str| {
            let found = of_size.iter().find(|(subject, _)| subject.name == name);
            found.map(|(_, memory)| *memory)
        };
        for subject in &measured.subjects {
            let Some(memory) = of_size.get(subject) else {
                continue;
            };
            let mut add = |metric, unit, value: f64| {
                rows.push(Row {
                    place: format!("live-{size}"),
                    subject: subject.clone(),
                    threads: None,
                    metric,
                    unit,
                    median: median(&[value]),
                })
            };
            add("resident_per_block", "B", memory.block);
            if let Some(none) = base("NONE") {
                add(
                    "resident_per_block_over_none",
                    "B",
                    memory.block - none.block,
                );
            }
            if let Some(plain) = base("PLAIN") {
                add("resident_fixed_over_plain", "B", memory.fixed - plain.fixed);
                add(
                    "resident_per_thread_over_plain",
                    "B",
                    memory.thread - plain.thread,
                );
            }
        }
    }
}

/// As FORMAT.md has it.
pub fn to_csv(rows: &[Row]) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fail = |error: csv::Error| format!("cost.csv: {error}");
    writer
        .write_record([
            "loop", "subject", "truth", "threads", "metric", "unit", "value", "low", "high", "n",
        ])
        .map_err(fail)?;
    for row in rows {
        let interval = row.median.and_then(|median| median.interval);
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        writer
            .write_record([
                row.place.clone(),
                row.subject.name.clone(),
                row.subject
                    .truth
                    .map_or("", |truth| if truth { "1" } else { "0" })
                    .into(),
                row.threads
                    .map_or(String::new(), |threads| threads.to_string()),
                row.metric.into(),
                row.unit.into(),
                number(row.median.map(|median| median.value)),
                number(interval.map(|(low, _)| low)),
                number(interval.map(|(_, high)| high)),
                row.median.map_or(0, |median| median.n).to_string(),
            ])
            .map_err(fail)?;
    }
    writer
        .into_inner()
        .map_err(|error| format!("cost.csv: {error}"))
}
