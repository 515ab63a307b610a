//! The questions, each with sentences that are made of the numbers they stand on.

use statistics::closed_forms;
use statistics::comparisons::holm;
use statistics::intervals::{LEVEL, at_most};

use crate::layout::{heading, item, number, percent, percent_alone, plain};
use crate::measure::estimates::{
    ALLOCS, BIAS, BYTES, COVERAGE_PLAIN, COVERAGE_PLAIN_BY_KEY, COVERAGE_SCORE, LIVE_ALLOCS,
    LIVE_BYTES, RMSE, Subject, VARIANCE_RATIO, expected_samples, metric,
};
use crate::measure::gaps::{DISTANCE, DISTANCE_P, LAG1_P};
use crate::measure::leaks;
use crate::measure::ranking::{RANK, is_blind};
use crate::measure::rates::{BLIND, DISPERSION, EMPTY, EMPTY_CLOSED_FORM, PAGES};
use crate::paths::{Cell, Workload};
use crate::report::claims::{
    HASH, HYBRID, MONOTONIC, PAGE_HASH, POISSON, REUSE, SPLITMIX, Worst, by_worst_error,
};
use crate::report::errors::Error;
use crate::report::{Data, MAIN_SET, errors};
use crate::rows::{HORVITZ_THOMPSON, Number};
use crate::schemes::SCHEMES;

/// The document's own question.
pub const BEST: &str = "Which sampling scheme is best with headers?";
/// What follows from the others.
pub const WHEN: &str = "Which scheme to use when?";

/// Each question that has an answer, with its sentences.
pub fn all(data: &Data) -> Vec<(&'static str, Vec<String>)> {
    let mut answers = vec![
        (BEST, best(data)),
        ("Can its 95 % be believed?", coverage(data)),
        ("Who is blind?", blind(data)),
        ("Which leaks are seen?", leaks(data)),
        ("Do the gaps come as designed?", gaps(data)),
        ("What does a hash make of regular addresses?", strides(data)),
        ("Which estimator?", estimators(data)),
        (WHEN, uses(data)),
    ];
    answers.retain(|(_, sentences)| !sentences.is_empty());
    answers
}

/// All of them, for reading.
pub fn text(data: &Data) -> String {
    let mut text = heading("In short");
    for (question, sentences) in all(data) {
        text.push_str(&format!("\n{question}\n"));
        sentences.iter().for_each(|it| text.push_str(&item(it)));
    }
    text.push_str("\nWhat a header on every block takes, and whether exact frees are worth it: comparison.txt.\n");
    text
}

fn cells<'a>(data: &'a Data, scheme: &str) -> Vec<(&'a Workload, &'a Cell)> {
    let of_main = data.workloads.iter().filter(|it| it.set == MAIN_SET);
    let cells = of_main.flat_map(|it| it.cells.iter().map(move |cell| (it, cell)));
    cells
        .filter(|(_, cell)| cell.scheme.name == scheme)
        .collect()
}

fn ht(
    data: &Data,
    (workload, cell): (&Workload, &Cell),
    what: &str,
    subject: Subject,
) -> Option<Number> {
    data.of(workload, cell, HORVITZ_THOMPSON, &metric(what, subject))
}

/// The document's schemes by their worst error, then how often each scheme is first or cannot be told from it, on the workloads that all have.
fn best(data: &Data) -> Vec<String> {
    let mut lines: Vec<String> = by_worst_error(data)
        .map(|order| {
            let errors: Vec<String> = order.iter().map(Worst::text).collect();
            format!(
                "{}: its worst error is the least of the starting document's four. The larger RMSE of bytes on {MONOTONIC} and {REUSE}, at equal budget: {}.",
                order[0].scheme,
                errors.join(", ")
            )
        })
        .into_iter()
        .collect();
    lines.extend(
        [BYTES, ALLOCS, LIVE_BYTES]
            .map(|subject| firsts(data, subject))
            .into_iter()
            .flatten(),
    );
    for workload in [MONOTONIC, REUSE, "steady-300"] {
        let errors: Vec<String> = SCHEMES
            .iter()
            .filter_map(|scheme| {
                let error = errors::of(data, workload, scheme.name, BYTES)?;
                Some(format!("{} {}", scheme.name, error.text()))
            })
            .collect();
        if !errors.is_empty() {
            lines.push(format!("{workload}, RMSE of bytes: {}.", errors.join(", ")));
        }
    }
    lines
}

/// How often each scheme is first, or cannot be told from the first, of the workloads on which every scheme ran at the budget: one denominator for all.
fn firsts(data: &Data, subject: Subject) -> Option<String> {
    let of_main: Vec<&Workload> = data
        .workloads
        .iter()
        .filter(|it| it.set == MAIN_SET)
        .collect();
    let ran = |workload: &Workload, scheme: &str| {
        let mut cells = workload
            .cells
            .iter()
            .filter(|cell| !cell.design.is_off_target);
        let cell = cells.position(|cell| cell.scheme.name == scheme);
        cell.is_some()
    };
    let schemes: Vec<&str> = SCHEMES
        .iter()
        .map(|scheme| scheme.name)
        .filter(|scheme| !cells(data, scheme).is_empty())
        .collect();
    let (common, others): (Vec<&Workload>, Vec<&Workload>) = of_main
        .into_iter()
        .partition(|workload| schemes.iter().all(|scheme| ran(workload, scheme)));
    if common.is_empty() {
        return None;
    }
    let count = |scheme: &str, is_it: &dyn Fn(&Workload, &Cell) -> bool| {
        let cells = cells(data, scheme).into_iter();
        cells
            .filter(|(workload, _)| common.iter().any(|it| it.name == workload.name))
            .filter(|(workload, cell)| is_it(workload, cell))
            .count()
    };
    let is_first = |workload: &Workload, cell: &Cell| {
        let rank = ht(data, (workload, cell), RANK, subject);
        rank.is_some_and(|rank| rank.value == 1.0)
    };
    let mut counts: Vec<(usize, String)> = schemes
        .iter()
        .map(|scheme| {
            let first = count(scheme, &is_first);
            let blind = match count(scheme, &|_, cell| is_blind(cell, subject)) {
                0 => String::new(),
                blind => format!(" (blind on {blind})"),
            };
            (first, format!("{scheme} {first}{blind}"))
        })
        .collect();
    counts.sort_by_key(|(first, _)| std::cmp::Reverse(*first));
    let counts: Vec<String> = counts.into_iter().map(|(_, text)| text).collect();
    let others: Vec<&str> = others
        .iter()
        .map(|workload| workload.name.as_str())
        .collect();
    let left_out = match others.is_empty() {
        true => String::new(),
        false => format!(" Not all of them ran on {}.", others.join(", ")),
    };
    Some(format!(
        "{}: of the {} workloads on which all {} schemes ran at the budget, a scheme has the least mean absolute error or cannot be told from the one that has on: {}. One that is blind, with an estimate of 0 in more than half of the runs, is not tied.{left_out}",
        subject.name.replace('_', " "),
        common.len(),
        schemes.len(),
        counts.join(", ")
    ))
}

/// The lowest and the highest coverage over workloads with enough samples, of plain and score intervals.
fn coverage(data: &Data) -> Vec<String> {
    const MANY_SAMPLES: f64 = 200.0;
    let mut lines = Vec::new();
    for scheme in &SCHEMES {
        let range = |what: &str, is_many: bool| {
            let values: Vec<f64> = cells(data, scheme.name)
                .into_iter()
                .filter(|(_, cell)| (cell.design.expected_samples >= MANY_SAMPLES) == is_many)
                .filter_map(|cell| Some(ht(data, cell, what, BYTES)?.value * 100.0))
                .collect();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (!values.is_empty()).then(|| format!("{low:.1} to {high:.1} %"))
        };
        let both = |is_many| {
            let plain = range(COVERAGE_PLAIN, is_many)?;
            let by_key = range(COVERAGE_PLAIN_BY_KEY, is_many).map_or(String::new(), |range| {
                format!(", with the variance by key {range}")
            });
            Some(format!(
                "plain {plain}{by_key}, score {}",
                range(COVERAGE_SCORE, is_many)?
            ))
        };
        let parts: Vec<String> = [(true, "from 200 expected samples on"), (false, "below")]
            .into_iter()
            .filter_map(|(is_many, name)| Some(format!("{name}: {}", both(is_many)?)))
            .collect();
        if !parts.is_empty() {
            lines.push(format!(
                "{}, bytes, lowest to highest workload; {}.",
                scheme.name,
                parts.join("; ")
            ));
        }
        let quantities = [BYTES, ALLOCS, LIVE_BYTES, LIVE_ALLOCS];
        lines.extend(
            quantities
                .map(|it| believed(data, scheme.name, it))
                .into_iter()
                .flatten(),
        );
    }
    lines
}

/// Down to how many expected samples of a quantity the score interval is not refuted, and what coverage the runs leave room for. Refuted on a workload is a
/// coverage below 95 % by the binomial test, adjusted by Holm's method over the workloads: of many right intervals some cover too little by luck.
fn believed(data: &Data, scheme: &str, subject: Subject) -> Option<String> {
    let mut found: Vec<(f64, &str, Number)> = cells(data, scheme)
        .into_iter()
        .filter_map(|(workload, cell)| {
            let share = ht(data, (workload, cell), COVERAGE_SCORE, subject)?;
            let samples = expected_samples(workload, cell, subject);
            Some((samples, workload.name.as_str(), share))
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let p_values: Option<Vec<f64>> = found
        .iter()
        .map(|(_, _, share)| {
            let hits = (share.value * share.n as f64).round() as u64;
            at_most(hits, share.n as u64, LEVEL)
        })
        .collect();
    let is_refuted: Vec<bool> = holm(&p_values?).iter().map(|p| *p <= 1.0 - LEVEL).collect();
    let name = subject.name.replace('_', " ");
    let refuted = found.iter().zip(&is_refuted).filter(|(_, is)| **is);
    let worst = refuted
        .clone()
        .map(|(it, _)| it)
        .min_by(|a, b| a.2.value.total_cmp(&b.2.value));
    let Some((samples, workload, share)) = worst else {
        let least = found.last()?;
        let room = found
            .iter()
            .filter_map(|(_, workload, share)| Some((share.interval?.low, workload)))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let room = room.map_or(String::new(), |(low, workload)| {
            format!(
                "; the runs leave room for a coverage of {:.1} % on {workload}",
                low * 100.0
            )
        });
        return Some(format!(
            "{scheme}, {name}: that the score interval holds 95 % is refuted on none of {} workloads, down to {} expected samples of them{room}.",
            found.len(),
            number(least.0)
        ));
    };
    let held = found.iter().zip(&is_refuted).take_while(|(_, is)| !**is);
    let from = held.last().map_or(
        "at any number of samples".to_string(),
        |((samples, ..), _)| format!("below {} expected samples of them", number(*samples)),
    );
    Some(format!(
        "{scheme}, {name}: the score interval cannot be believed {from}. That it holds 95 % is refuted on {} of {} workloads, at worst on {workload} ({} expected samples), where it holds in {} % of runs.",
        refuted.count(),
        found.len(),
        number(*samples),
        percent(Some(*share))
    ))
}

fn blind(data: &Data) -> Vec<String> {
    let mut lines = Vec::new();
    for scheme in &SCHEMES {
        let names: Vec<String> = cells(data, scheme.name)
            .into_iter()
            .filter_map(|(workload, cell)| {
                let empty = data.of(workload, cell, "", EMPTY)?;
                let of = |metric| data.of(workload, cell, "", metric);
                let by_chance = match of(EMPTY_CLOSED_FORM).zip(of(PAGES)) {
                    Some((chance, pages)) => format!(
                        "(1-p)^pages of its {:.1} pages: {} %",
                        pages.value,
                        percent_alone(Some(chance))
                    ),
                    None => {
                        let budget = &workload.budget;
                        let seen = closed_forms::sees_keys(budget.allocs, budget.share);
                        format!("independent decisions: {:.2} %", (1.0 - seen) * 100.0)
                    }
                };
                (empty.value > BLIND).then(|| {
                    format!(
                        "{} (no sample in {} % of runs; {by_chance})",
                        workload.name,
                        percent(Some(empty))
                    )
                })
            })
            .collect();
        if !names.is_empty() {
            lines.push(format!("{} is BLIND on {}.", scheme.name, names.join(", ")));
        }
    }
    if lines.is_empty() {
        lines.push("No scheme has no sample in more than half of the runs of a workload.".into());
    }
    lines
}

/// Of a middling number of leaked blocks, each size.
fn leaks(data: &Data) -> Vec<String> {
    const LEAKED: f64 = 100.0;
    let mut lines = Vec::new();
    let of_main = data.workloads.iter().filter(|it| it.set == MAIN_SET);
    for workload in of_main.filter(|it| it.name.starts_with(leaks::WORKLOADS)) {
        for (bin, blocks, bytes) in &workload.budget.live_by_bin {
            if *blocks != LEAKED {
                continue;
            }
            let seen = |cell: &Cell| {
                let place = data.place(workload, cell);
                let seen = data.rows.of_bin(&place, "", leaks::SEEN, bin)?;
                Some(format!("{} {}", cell.scheme.name, percent(Some(seen))))
            };
            let names: Vec<String> = workload.cells.iter().filter_map(seen).collect();
            if !names.is_empty() {
                lines.push((
                    bytes / blocks,
                    format!(
                        "{LEAKED} leaked blocks of {} B, runs that saw at least one, %: {}.",
                        bytes / blocks,
                        names.join(", ")
                    ),
                ));
            }
        }
    }
    lines.sort_by(|a, b| a.0.total_cmp(&b.0));
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The spread of samples over runs where neighbours lie a constant distance apart.
fn strides(data: &Data) -> Vec<String> {
    let mut lines = Vec::new();
    for workload in data
        .workloads
        .iter()
        .filter(|it| it.name.starts_with("stride-"))
    {
        let of = |scheme| data.get(&workload.name, scheme, "", DISPERSION);
        let gaps = |scheme| data.get(&workload.name, scheme, "", DISTANCE);
        let (Some(linear), Some(mixing)) = (of(HASH), of(SPLITMIX)) else {
            continue;
        };
        let Some((linear_gaps, mixing_gaps)) = gaps(HASH).zip(gaps(SPLITMIX)) else {
            continue;
        };
        let is_blind = |scheme| {
            let empty = data.get(&workload.name, scheme, "", EMPTY);
            empty.is_some_and(|empty| empty.value > BLIND)
        };
        if let Some(scheme) = [HASH, SPLITMIX].into_iter().find(|it| is_blind(it)) {
            lines.push(format!(
                "{}: {scheme} is blind, so its spread says nothing.",
                workload.name
            ));
            continue;
        }
        let how = match (linear.value < 0.5, linear.value > 2.0) {
            (true, _) => "spreads its samples more evenly over runs than chance",
            (_, true) => "clusters its samples",
            _ => "spreads its samples as chance does",
        };
        lines.push(format!(
            "{}: the linear {HASH} {how}: dispersion {}, {SPLITMIX} {}; its gaps are {} from their ideal distribution (0 to 1), those of {SPLITMIX} {}.",
            workload.name,
            plain(Some(linear)),
            plain(Some(mixing)),
            plain(Some(linear_gaps)),
            plain(Some(mixing_gaps))
        ));
    }
    lines
}

fn gaps(data: &Data) -> Vec<String> {
    const ALPHA: f64 = 0.05;
    let mut lines = Vec::new();
    for scheme in &SCHEMES {
        let all = cells(data, scheme.name);
        let rejected = |metric| {
            let p_values = all
                .iter()
                .filter_map(|(workload, cell)| data.of(workload, cell, "", metric));
            let (mut hits, mut n) = (0, 0);
            for p in p_values {
                hits += usize::from(p.value < ALPHA);
                n += 1;
            }
            (hits, n)
        };
        let ((distance, n), (lag, m)) = (rejected(DISTANCE_P), rejected(LAG1_P));
        if n > 0 {
            lines.push(format!(
                "{}: their distribution is rejected on {distance} of {n} workloads, independence of neighbours on {lag} of {m} (Holm's p < {ALPHA}).",
                scheme.name
            ));
        }
    }
    lines
}

fn estimators(data: &Data) -> Vec<String> {
    let all = cells(data, POISSON);
    let worst = |estimator: &'static str, what: &str| -> Option<(f64, &str, Number)> {
        let found = all.iter().filter_map(|(workload, cell)| {
            let number = data.of(workload, cell, estimator, &metric(what, BYTES))?;
            Some((number.value.abs(), workload.name.as_str(), number))
        });
        found.max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let mut lines = Vec::new();
    for estimator in [HORVITZ_THOMPSON]
        .into_iter()
        .chain(crate::measure::others::ESTIMATORS)
    {
        if let Some((bias, error)) = worst(estimator, BIAS).zip(worst(estimator, RMSE)) {
            lines.push(format!(
                "{estimator}: largest bias of bytes {} % ({}), largest RMSE {} % ({}).",
                percent(Some(bias.2)),
                bias.1,
                percent(Some(error.2)),
                error.1
            ));
        }
    }
    lines
}

/// Recommendations that the numbers make; each says by which.
/// Which of the two decisions to use, if the runs can tell them apart.
fn better(gaps: &Error, draws: &Error) -> &'static str {
    match (gaps.is_apart(draws), gaps.value() < draws.value()) {
        (false, _) => "these runs cannot tell gaps in bytes and equal probabilities apart",
        (true, true) => "use gaps in bytes",
        (true, false) => "use equal probabilities",
    }
}

fn uses(data: &Data) -> Vec<String> {
    let error = |workload, scheme| errors::of(data, workload, scheme, BYTES);
    let mut lines = Vec::new();
    if let Some((ours, draws)) =
        error("steady-300", POISSON).zip(error("steady-300", "HEADER_BERNOULLI"))
    {
        let better = better(&ours, &draws);
        lines.push(format!(
            "For bytes with a heavy tail of sizes {better}: on steady-300 the RMSE of bytes is {} with gaps in bytes ({POISSON}) and {} with equal probabilities (HEADER_BERNOULLI), at the same number of samples.",
            ours.text(),
            draws.text()
        ));
    }
    let of_allocs = |scheme| errors::of(data, "steady-300", scheme, ALLOCS);
    if let Some((ours, draws)) = of_allocs(POISSON).zip(of_allocs("HEADER_BERNOULLI")) {
        let better = better(&ours, &draws);
        lines.push(format!(
            "To count allocations, or to see leaks of small blocks, {better}: on steady-300 the RMSE of allocations is {} with gaps in bytes and {} with equal probabilities.",
            ours.text(),
            draws.text()
        ));
    }
    let ratio = |scheme| {
        let is_blind = error(REUSE, scheme).is_some_and(|error| error.is_blind());
        if is_blind {
            return None;
        }
        data.get(
            REUSE,
            scheme,
            HORVITZ_THOMPSON,
            &metric(VARIANCE_RATIO, BYTES),
        )
    };
    if let Some((hash, mixing)) = ratio(HASH).zip(ratio(SPLITMIX)) {
        let advice = if hash.value > 2.0 && mixing.value > 2.0 {
            "Do not decide by address where addresses return, with any hash"
        } else if hash.value > 2.0 {
            "Where addresses return decide by a hash that mixes"
        } else {
            "Deciding by address does no harm here"
        };
        lines.push(format!(
            "{advice}: on {REUSE} the variance of estimated bytes over that of independent decisions is {} under {HASH} and {} under HEADER_HASH_SPLITMIX.",
            plain(Some(hash)),
            plain(Some(mixing))
        ));
    }
    if let Some((hybrid, other)) = error(MONOTONIC, HYBRID).zip(error(MONOTONIC, POISSON)) {
        lines.push(format!(
            "The hybrid is its hash from 256 B on: on {MONOTONIC} its RMSE of bytes is {}, that of {POISSON} {}.",
            hybrid.text(),
            other.text()
        ));
    }
    if let Some(empty) = data.get(REUSE, PAGE_HASH, "", EMPTY) {
        let advice = if empty.value > BLIND {
            "Avoid the page hash"
        } else {
            "The page hash is usable"
        };
        lines.push(format!(
            "{advice} on small working sets: {} % of the runs of {REUSE} had no sample.",
            percent(Some(empty))
        ));
    }
    lines
}
