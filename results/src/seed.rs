//! Set seed beside the starting document's expected plots: rates by workload and scheme, their spread over runs, and pages.
//!
//! A rate is right if its whole 95 % interval is within 10 % of the expected one, wrong if none of it is, and undecided otherwise. 0 is
//! right if no run had a sample. A scheme is consistent if its rate's standard deviation over runs is at most twice that of independent
//! decisions at this rate, sqrt(r (1 - r) / allocations): with r = 1/256 and 100,000 allocations 0.000197, so that "± 0.0001" would be
//! half of what chance alone gives.

use std::path::Path;

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
/// Its "± 0.0001" of all rates on monotonic.
const CLAIMED_DEVIATION: f64 = 0.0001;
/// Its "0/11 pages".
const CLAIMED_PAGES: f64 = 11.0;

const RULES: [&str; 2] = [
    "Rates are means over n runs with their 95 % interval; without brackets all runs gave the same, or there is one. Right: the whole interval is within 10 % of the expected rate (0 %: no run had a sample); wrong: none of it is; undecided: neither, or one run.",
    "Spread: the rate's standard deviation over runs, over that of independent decisions at this rate; consistent, or of low variance, is up to twice.",
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
            "Its expected plots: spread and pages",
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
        let on_spread = match (expected.is_consistent, spread) {
            (None, _) => "",
            (_, None) => "undecided",
            (Some(expected), Some(spread)) if expected == (spread <= CONSISTENT) => "right",
            _ => "wrong",
        };
        let cells = [
            parameters(rate),
            expected.says.into(),
            shown(rate, 100.0, 3),
            rate.n.to_string(),
            verdict(rate, expected.rate).into(),
            spread.map_or("-".into(), |spread| format!("{spread:.2}")),
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
    let (low, high) = match (rate.interval, rate.std) {
        (Some(interval), _) => interval,
        // All runs gave the same.
        (None, Some(0.0)) => (rate.mean, rate.mean),
        _ => return "undecided",
    };
    if expected == 0.0 {
        return if_none_was_sampled(rate);
    }
    let (least, most) = (expected * (1.0 - TOLERANCE), expected * (1.0 + TOLERANCE));
    match () {
        () if low >= least && high <= most => "right",
        () if high < least || low > most => "wrong",
        () => "undecided",
    }
}

/// Of a number that is claimed to be 0: in all runs, in most, or not.
fn if_none_was_sampled(number: &Number) -> &'static str {
    match (number.max, number.median) {
        (0.0, _) => "right",
        (_, 0.0) => "not as stated",
        _ => "wrong",
    }
}

/// Standard deviation over runs, over that of independent decisions.
fn spread(rate: &Number, allocs: Option<&Number>) -> Option<f64> {
    let chance = chance(rate, allocs?);
    (chance > 0.0).then_some(rate.std? / chance)
}

fn chance(rate: &Number, allocs: &Number) -> f64 {
    (rate.mean * (1.0 - rate.mean) / allocs.mean).sqrt()
}

fn others(summary: &Summary) -> Table {
    let rows = [deviation(summary), pages(summary)];
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
        Some((rate.std?, chance, scheme))
    };
    let found: Option<Vec<(f64, f64, &str)>> = SCHEMES.into_iter().map(of).collect();
    let Some(found) = found else {
        let missing = "not all four schemes have two runs".to_string();
        return [says, "not measured".into(), missing];
    };
    let is_right = found.iter().all(|(std, ..)| *std <= CLAIMED_DEVIATION);
    let list: Vec<String> = found
        .iter()
        .map(|(std, chance, scheme)| format!("{scheme} {std:.6} ({chance:.6})"))
        .collect();
    let measured = format!(
        "Standard deviation of the rate over runs, in brackets that of independent decisions: {}.",
        list.join(", ")
    );
    let verdict = if is_right { "right" } else { "wrong" };
    [says, verdict.into(), measured]
}

fn pages(summary: &Summary) -> [String; 3] {
    let says = format!("{REUSE}: 0/11 pages sampled, which shows why page hash fails");
    let of = |metric| summary.get(REUSE, PAGE_HASH, metric);
    let Some((pages, sampled)) = of(PAGES).zip(of(SAMPLED_PAGES)) else {
        return [says, "not measured".into(), "no run of it".into()];
    };
    let is_near = (pages.mean - CLAIMED_PAGES).abs() <= TOLERANCE * CLAIMED_PAGES;
    let verdict = match is_near {
        true => if_none_was_sampled(sampled),
        false => "wrong",
    };
    let by_chance = pages.hash_mask.map_or(String::new(), |mask| {
        let p = 0.5f64.powi(mask.count_ones() as i32);
        format!(
            " By chance, {:.1} % of runs find none of so many pages: it fails by having few keys.",
            (1.0 - p).powf(pages.mean) * 100.0
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
        assert_eq!(verdict(&rate(0.0039, None, Some(0.0)), 0.0039), "right");
    }

    #[test]
    fn nothing_is_of_all_runs() {
        let mut none = rate(0.0, None, Some(0.0));
        assert_eq!(verdict(&none, 0.0), "right");
        none.interval = Some((-0.001, 0.002));
        none.max = 0.01;
        assert_eq!(verdict(&none, 0.0), "not as stated");
        none.median = 0.001;
        assert_eq!(verdict(&none, 0.0), "wrong");
    }

    #[test]
    fn spread_is_over_that_of_chance() {
        // sqrt(1/256 * 255/256 / 100000) = 0.0001973.
        let rate = rate(1.0 / 256.0, None, Some(0.000_394_5));
        let mut allocs = rate.clone();
        allocs.mean = 100_000.0;
        let found = spread(&rate, Some(&allocs)).unwrap();
        assert!((found - 2.0).abs() < 0.001, "{found}");
    }
}
