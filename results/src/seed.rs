//! Set seed beside the starting document's expected plots: rates by workload and scheme, their spread over runs, and pages.
//!
//! A rate is right if its whole 95 % interval is within 10 % of the expected one, wrong if none of it is, and undecided otherwise; equal
//! runs have no interval, and decide nothing. That a rate is 0 needs more than runs without a sample: it is right only if as many empty
//! runs would come by chance in less than one of twenty such sets. Worked: a page hash of 1/256 finds none of 11 pages in 95.8 % of runs, so
//! ten empty runs of ten have a chance of 65 %, and seventy of seventy 4.8 %.
//!
//! A scheme is consistent if its rate's standard deviation over runs is at most twice that of independent decisions at this rate,
//! sqrt(r (1 - r) / allocations): with r = 1/256 and 100,000 allocations 0.0197 %, so that "± 0.0001" would be half of what chance alone
//! gives. A standard deviation of ten runs is known to within 0.69 and 1.83 times, by chi-square, and that whole interval decides.
//!
//! Dead zones are judged at the document's own window, 100,000 allocations, or not at all.

use std::path::Path;

use statistics::deviations;
use statistics::intervals::{self, Interval, LEVEL};

use crate::findings::{Block, Findings, Table};
use crate::parts::{EXPECTS, ORIGIN};
use crate::summary::{Number, Summary};

const MONOTONIC: &str = "monotonic";
const REUSE: &str = "reuse";
const HASH: &str = "HEADER_HASH";
const PAGE_HASH: &str = "HEADER_PAGE_HASH";
const POISSON: &str = "HEADER_POISSON_BYTES";
const HYBRID: &str = "HEADER_HYBRID";
const SCHEMES: [&str; 4] = [HASH, PAGE_HASH, POISSON, HYBRID];

const RATE: &str = "sample_rate_allocs";
const RATE_BYTES: &str = "sample_rate_bytes";
const SAMPLES: &str = "sampled_allocs";
const ALLOCS: &str = "total_allocs";
const PAGES: &str = "unique_pages";
const SAMPLED_PAGES: &str = "sampled_pages";

/// What one of its plots is to show of a scheme.
struct Expectation {
    workload: &'static str,
    scheme: &'static str,
    /// In its words.
    says: &'static str,
    rate: f64,
    /// Whether it expects little spread over runs; `None` where it says nothing of it.
    is_consistent: Option<bool>,
}

const EXPECTATIONS: [Expectation; 8] = [
    expects(MONOTONIC, HASH, "~0.39 %, low variance", 0.0039, Some(true)),
    expects(
        MONOTONIC,
        PAGE_HASH,
        "~0.39 %, low variance",
        0.0039,
        Some(true),
    ),
    expects(
        MONOTONIC,
        POISSON,
        "~0.39 %, low variance",
        0.0039,
        Some(true),
    ),
    expects(
        MONOTONIC,
        HYBRID,
        "~0.39 %, low variance",
        0.0039,
        Some(true),
    ),
    expects(
        REUSE,
        HASH,
        "~0.37 %, works but variance",
        0.0037,
        Some(false),
    ),
    expects(REUSE, PAGE_HASH, "0 %, catastrophic failure", 0.0, None),
    expects(REUSE, POISSON, "~0.22 %, consistent", 0.0022, Some(true)),
    expects(REUSE, HYBRID, "~0.25 %, consistent", 0.0025, Some(true)),
];

const fn expects(
    workload: &'static str,
    scheme: &'static str,
    says: &'static str,
    rate: f64,
    is_consistent: Option<bool>,
) -> Expectation {
    Expectation {
        workload,
        scheme,
        says,
        rate,
        is_consistent,
    }
}

/// A rate this near is the expected one, as a share of it.
const TOLERANCE: f64 = 0.1;
/// More than this times the standard deviation of independent decisions is not consistent.
const CONSISTENT: f64 = 2.0;
/// More empty runs than chance gives, in this share of such sets.
const ALPHA: f64 = 0.05;
/// Its window, in allocations.
const CLAIMED_WINDOW: u64 = 100_000;
/// Its "near-zero" share of windows without a sample.
const NEAR_ZERO: f64 = 0.005;
/// Scales of windows in units of the base window, with the names of their numbers.
const WINDOWS: [(u64, &str, &str); 3] = [
    (1, "dead_zone_rate_1x", "windows_finished_1x"),
    (10, "dead_zone_rate_10x", "windows_finished_10x"),
    (100, "dead_zone_rate_100x", "windows_finished_100x"),
];
/// Its "± 0.0001" of all rates on monotonic.
const CLAIMED_DEVIATION: f64 = 0.0001;
/// Its "0/11 pages".
const CLAIMED_PAGES: f64 = 11.0;

const RULES: [&str; 2] = [
    "Rates are means over n runs with their 95 % interval; without brackets all runs gave the same, or there is one. Right: the whole interval is within 10 % of the expected rate (0 %: no run had a sample, which chance alone gives in less than 5 % of such sets of runs); wrong: none of it is; undecided: neither, or no interval.",
    "Spread: the rate's standard deviation over runs, over that of independent decisions at this rate, with its 95 % interval (chi-square); consistent, or of low variance, is up to twice. By the whole interval too.",
];

/// What the set says; `None` where it was not measured.
pub fn findings(directory: &Path) -> Result<Option<Findings>, String> {
    let Some(summary) = Summary::read(directory)? else {
        return Ok(None);
    };
    let block = |section, title: &str, sentences, table| Block {
        section,
        title: title.into(),
        sentences,
        table,
    };
    let rules = RULES.map(String::from).to_vec();
    let blocks = vec![
        block(
            EXPECTS,
            "Its expected plots: rates of allocations",
            rules,
            Some(rates(&summary)),
        ),
        block(
            EXPECTS,
            "Its expected plots: spread, dead zones and pages",
            Vec::new(),
            Some(others(&summary)),
        ),
        block(
            EXPECTS,
            "What its unequal parameters hide",
            unequal(&summary),
            None,
        ),
        block(
            ORIGIN,
            "",
            vec!["a [b, c] is a mean over runs and its 95 % interval, Student's t; losses are in the notes of the report.".into()],
            None,
        ),
    ];
    Ok(Some(Findings {
        runs: format!("{} runs of set seed.", summary.runs),
        machines: summary.machines,
        blocks,
    }))
}

fn rates(summary: &Summary) -> Table {
    let header = [
        "workload",
        "scheme",
        "parameters",
        "it says",
        "rate of allocations, %",
        "n",
        "verdict",
        "spread",
        "verdict on spread",
    ];
    let row = |expected: &Expectation| {
        let (workload, scheme) = (expected.workload, expected.scheme);
        let said = [workload, scheme].map(String::from);
        let Some(rate) = summary.get(workload, scheme, RATE) else {
            let dash = || "-".to_string();
            let missing = "not measured".to_string();
            return [
                said.to_vec(),
                vec![dash(), expected.says.into(), dash(), dash()],
                vec![missing.clone(), dash(), missing],
            ]
            .concat();
        };
        let spread = spread(rate, summary.get(workload, scheme, ALLOCS));
        let is_consistent = spread.and_then(|(_, interval)| is_at_most(interval, CONSISTENT));
        let on_spread = match (expected.is_consistent, is_consistent) {
            (None, _) => "",
            (_, None) => "undecided",
            (Some(expected), Some(found)) if expected == found => "right",
            _ => "wrong",
        };
        let cells = [
            parameters(rate),
            expected.says.into(),
            shown(rate, 100.0, 3),
            rate.n.to_string(),
            match expected.rate {
                0.0 => if_none_was_sampled(rate, chance_of_none(summary, expected)).into(),
                expected => verdict(rate, expected).into(),
            },
            spread.map_or("-".into(), |(spread, it)| {
                format!("{spread:.2} [{:.2}, {:.2}]", it.low, it.high)
            }),
            on_spread.into(),
        ];
        [said.to_vec(), cells.to_vec()].concat()
    };
    Table {
        header: header.map(String::from).to_vec(),
        rows: EXPECTATIONS.iter().map(row).collect(),
    }
}

/// By the whole interval.
fn verdict(rate: &Number, expected: f64) -> &'static str {
    // Equal runs do not prove a spread of 0.
    let Some((low, high)) = rate.interval else {
        return "undecided";
    };
    let (least, most) = (expected * (1.0 - TOLERANCE), expected * (1.0 + TOLERANCE));
    match () {
        () if low >= least && high <= most => "right",
        () if high < least || low > most => "wrong",
        () => "undecided",
    }
}

/// Of a number that is claimed to be 0: in more runs than chance leaves empty, in most, or not. `chance` is that of one run.
fn if_none_was_sampled(number: &Number, chance: Option<f64>) -> &'static str {
    match (number.max, number.median) {
        (0.0, _) if chance.is_some_and(|chance| chance.powf(number.n as f64) < ALPHA) => "right",
        (0.0, _) => "undecided",
        (_, 0.0) => "not as stated",
        _ => "wrong",
    }
}

/// That a run of the page hash finds none of its pages, each of which is sampled with the mask's probability; `None` of other schemes.
fn chance_of_none(summary: &Summary, expected: &Expectation) -> Option<f64> {
    let pages = summary.get(expected.workload, expected.scheme, PAGES)?;
    let p = 0.5f64.powi(pages.hash_mask?.count_ones() as i32);
    Some((1.0 - p).powf(pages.mean))
}

/// Standard deviation over runs, over that of independent decisions, with its interval; `None` where there is none.
fn spread(rate: &Number, allocs: Option<&Number>) -> Option<(f64, Interval)> {
    let (found, interval) = deviation_of(rate)?;
    let chance = chance(rate, allocs?);
    (chance > 0.0).then(|| (found / chance, interval.over(chance)))
}

fn deviation_of(number: &Number) -> Option<(f64, Interval)> {
    let found = number.std?;
    let interval = deviations::interval(found, number.n as usize, LEVEL)?;
    Some((found, interval))
}

/// By the whole interval.
fn is_at_most(interval: Interval, most: f64) -> Option<bool> {
    match () {
        () if interval.high <= most => Some(true),
        () if interval.low > most => Some(false),
        () => None,
    }
}

/// Right if all are, wrong if one is not, undecided else.
fn verdict_of_all(found: impl IntoIterator<Item = Option<bool>>) -> &'static str {
    let found: Vec<Option<bool>> = found.into_iter().collect();
    match () {
        () if found.contains(&Some(false)) => "wrong",
        () if found.contains(&None) => "undecided",
        () => "right",
    }
}

fn chance(rate: &Number, allocs: &Number) -> f64 {
    (rate.mean * (1.0 - rate.mean) / allocs.mean).sqrt()
}

fn others(summary: &Summary) -> Table {
    let rows = [deviation(summary), dead_zones(summary), pages(summary)];
    Table {
        header: ["it says", "verdict", "measured"]
            .map(String::from)
            .to_vec(),
        rows: rows.into_iter().map(Vec::from).collect(),
    }
}

fn deviation(summary: &Summary) -> [String; 3] {
    let says = format!("{MONOTONIC}: all schemes ~0.39 % ± 0.0001, near the target line");
    let of = |scheme| {
        let rate = summary.get(MONOTONIC, scheme, RATE)?;
        let chance = chance(rate, summary.get(MONOTONIC, scheme, ALLOCS)?);
        let (found, interval) = deviation_of(rate)?;
        Some((found, interval, chance, scheme))
    };
    let found: Option<Vec<(f64, Interval, f64, &str)>> = SCHEMES.into_iter().map(of).collect();
    let Some(found) = found else {
        let missing = "not all four schemes have two runs that differ".to_string();
        return [says, "not measured".into(), missing];
    };
    let verdict = verdict_of_all(
        found
            .iter()
            .map(|(_, interval, ..)| is_at_most(*interval, CLAIMED_DEVIATION)),
    );
    let list: Vec<String> = found
        .iter()
        .map(|(found, interval, chance, scheme)| {
            let [found, low, high, chance] =
                [*found, interval.low, interval.high, *chance].map(|it| it * 100.0);
            format!(
                "{scheme} {found:.4} [{low:.4}, {high:.4}], of independent decisions {chance:.4}"
            )
        })
        .collect();
    let measured = format!(
        "Standard deviation of the rate over runs in %, where ± 0.0001 is {:.4}: {}.",
        CLAIMED_DEVIATION * 100.0,
        list.join("; ")
    );
    [says, verdict.into(), measured]
}

/// At its own window alone: shorter ones answer another question.
fn dead_zones(summary: &Summary) -> [String; 3] {
    let says = format!("{MONOTONIC}: near-zero dead zones");
    let base = summary.window_base;
    let scale = WINDOWS
        .iter()
        .find(|(scale, ..)| base.map(|base| base * scale) == Some(CLAIMED_WINDOW));
    let Some((_, dead, finished)) = scale else {
        let other = format!(
            "Its windows had {CLAIMED_WINDOW} allocations; these runs have none of that length."
        );
        return [says, "undecided".into(), other];
    };
    // Windows without a sample, and all that were finished, of all runs.
    let of = |scheme| {
        let rate = summary.get(MONOTONIC, scheme, dead)?;
        let finished = summary.get(MONOTONIC, scheme, finished)?;
        let windows = finished.mean * finished.n as f64;
        let share = intervals::share(
            (rate.mean * windows).round() as u64,
            windows.round() as u64,
            LEVEL,
        )?;
        Some((scheme, rate.mean, share, windows))
    };
    let found: Option<Vec<_>> = SCHEMES.into_iter().map(of).collect();
    let Some(found) = found else {
        let missing = format!("not all four schemes finished a window of {CLAIMED_WINDOW}");
        return [says, "not measured".into(), missing];
    };
    let verdict = verdict_of_all(
        found
            .iter()
            .map(|(_, _, share, _)| is_at_most(*share, NEAR_ZERO)),
    );
    let list: Vec<String> = found
        .iter()
        .map(|(scheme, rate, share, windows)| {
            let [rate, low, high] = [*rate, share.low, share.high].map(|it| it * 100.0);
            format!("{scheme} {rate:.1} [{low:.1}, {high:.1}] of {windows:.0}")
        })
        .collect();
    let measured = format!(
        "Finished windows of {CLAIMED_WINDOW} allocations, as its own, without a sample, in %: {}. Near zero is up to {:.1}.",
        list.join(", "),
        NEAR_ZERO * 100.0
    );
    [says, verdict.into(), measured]
}

fn pages(summary: &Summary) -> [String; 3] {
    let says = format!("{REUSE}: 0/11 pages sampled, which shows why page hash fails");
    let of = |metric| summary.get(REUSE, PAGE_HASH, metric);
    let Some((pages, sampled)) = of(PAGES).zip(of(SAMPLED_PAGES)) else {
        return [says, "not measured".into(), "no run of it".into()];
    };
    let is_it =
        |expected: &&Expectation| expected.scheme == PAGE_HASH && expected.workload == REUSE;
    let chance = EXPECTATIONS
        .iter()
        .find(is_it)
        .and_then(|expected| chance_of_none(summary, expected));
    let is_near = (pages.mean - CLAIMED_PAGES).abs() <= TOLERANCE * CLAIMED_PAGES;
    let verdict = match is_near {
        true => if_none_was_sampled(sampled, chance),
        false => "wrong",
    };
    let by_chance = chance.map_or(String::new(), |chance| {
        format!(
            " By chance, {:.1} % of runs find none of so many pages, and {:.1} % of sets of {} runs have none that does: its keys are few, and so many runs cannot tell it from never sampling.",
            chance * 100.0,
            chance.powf(sampled.n as f64) * 100.0,
            sampled.n
        )
    });
    let measured = format!(
        "{} pages a run, of which {} were sampled, at most {} in one of {} runs.{by_chance}",
        shown(pages, 1.0, 1),
        shown(sampled, 1.0, 1),
        sampled.max,
        sampled.n
    );
    [says, verdict.into(), measured]
}

/// That the schemes do not expect the same samples, so that the table above ranks nothing.
fn unequal(summary: &Summary) -> Vec<String> {
    let mut sentences = Vec::new();
    for workload in [MONOTONIC, REUSE] {
        let of = |scheme| {
            let samples = summary.get(workload, scheme, SAMPLES)?;
            let bytes = summary.get(workload, scheme, RATE_BYTES)?;
            Some(format!(
                "{scheme} ({}) {} samples a run and {} % of bytes",
                parameters(samples),
                shown(samples, 1.0, 0),
                shown(bytes, 100.0, 3)
            ))
        };
        let list: Vec<String> = SCHEMES.into_iter().filter_map(of).collect();
        if !list.is_empty() {
            sentences.push(format!("{workload}: {}.", list.join("; ")));
        }
    }
    sentences.push(
        "A mask fixes the share of keys, a mean gap the samples a byte, so the schemes do not expect the same number of samples: more samples err less whatever the scheme, and this table ranks none. Estimates at equal budget do.".into(),
    );
    sentences
}

fn parameters(number: &Number) -> String {
    let mask = number.hash_mask.map(|mask| format!("mask {mask:#x}"));
    let mean = number.mean_bytes.map(|mean| format!("mean gap {mean} B"));
    let both: Vec<String> = [mask, mean].into_iter().flatten().collect();
    both.join(", ")
}

/// `0.383 [0.362, 0.404]`
fn shown(number: &Number, factor: f64, decimals: usize) -> String {
    let mean = number.mean * factor;
    match number.interval {
        Some((low, high)) => format!(
            "{mean:.decimals$} [{:.decimals$}, {:.decimals$}]",
            low * factor,
            high * factor
        ),
        None => format!("{mean:.decimals$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(mean: f64, interval: Option<(f64, f64)>, std: Option<f64>) -> Number {
        Number {
            n: 10,
            mean,
            std,
            median: mean,
            max: mean,
            interval,
            hash_mask: Some(255),
            mean_bytes: None,
        }
    }

    #[test]
    fn the_whole_interval_decides() {
        let of = |low, high| verdict(&rate(0.0039, Some((low, high)), Some(0.0001)), 0.0039);
        assert_eq!(of(0.00352, 0.00428), "right");
        assert_eq!(of(0.00350, 0.00428), "undecided");
        assert_eq!(of(0.00430, 0.00440), "wrong");
        assert_eq!(of(0.00340, 0.00350), "wrong");
        assert_eq!(verdict(&rate(0.0039, None, None), 0.0039), "undecided");
        assert_eq!(verdict(&rate(0.0039, None, Some(0.0)), 0.0039), "undecided");
    }

    #[test]
    fn nothing_is_of_all_runs_and_more_than_chance_leaves_empty() {
        let mut none = rate(0.0, None, Some(0.0));
        // 11 pages of 1/256: 0.9579 of runs are empty, ten of ten with 0.65, seventy of seventy with 0.049.
        let chance = Some((255.0f64 / 256.0).powi(11));
        assert_eq!(if_none_was_sampled(&none, chance), "undecided");
        none.n = 69;
        assert_eq!(if_none_was_sampled(&none, chance), "undecided");
        none.n = 70;
        assert_eq!(if_none_was_sampled(&none, chance), "right");
        assert_eq!(if_none_was_sampled(&none, None), "undecided");
        none.interval = Some((-0.001, 0.002));
        none.max = 0.01;
        assert_eq!(if_none_was_sampled(&none, chance), "not as stated");
        none.median = 0.001;
        assert_eq!(if_none_was_sampled(&none, chance), "wrong");
    }

    #[test]
    fn spread_is_over_that_of_chance() {
        // sqrt(1/256 * 255/256 / 100000) = 0.0001973.
        let rate = rate(1.0 / 256.0, None, Some(0.000_394_5));
        let mut allocs = rate.clone();
        allocs.mean = 100_000.0;
        let (found, interval) = spread(&rate, Some(&allocs)).unwrap();
        assert!((found - 2.0).abs() < 0.001, "{found}");
        // Of ten runs it may be 0.688 to 1.826 times that: neither consistent nor not.
        assert!((interval.low - 2.0 * 0.6878).abs() < 0.002, "{interval:?}");
        assert!((interval.high - 2.0 * 1.8256).abs() < 0.004, "{interval:?}");
        assert_eq!(is_at_most(interval, CONSISTENT), None);
        assert_eq!(is_at_most(interval, 3.7), Some(true));
        assert_eq!(is_at_most(interval, 1.3), Some(false));
        assert_eq!(verdict_of_all([Some(true), None]), "undecided");
        assert_eq!(verdict_of_all([Some(true), None, Some(false)]), "wrong");
        assert_eq!(verdict_of_all([Some(true); 2]), "right");
    }
}
