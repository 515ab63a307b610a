//! The seed's ranking of the four schemes with headers, by what their runs show where addresses return: the worse of two workloads.
//!
//! Consistency and bias are two things. Consistency is how far runs lie apart: the standard deviation of their samples, over that of independent decisions. Bias is
//! how far their *mean* estimate is from the truth; an estimate that is half or twice the truth in single runs and right on average has no bias, and little consistency.
//!
//! Both are known from few runs, so a grade is given only where the whole 95 % interval is within its limits. A claim is right if the interval is within the limits of the
//! claimed grade, wrong if it is outside of them, and undecided otherwise. A scheme that is blind, with no sample in more than half of a workload's runs, has no spread and no
//! estimate: it has neither grade.

use super::{About, Claim, MISSING_COST, MISSING_RUNS, Topic, Verdict};
use crate::costs::{MORE_THAN_NONE, place};
use crate::layout::{number, spread};
use crate::measures::{Measures, Part};
use crate::rates::{DISPERSION, EMPTY, ESTIMATE, MEAN_ESTIMATE};
use crate::schemes::RETURNING;
use crate::spread::Spread;

/// Spread of samples over that of independent decisions: up to here consistency is high, then medium.
const HIGH_CONSISTENCY: f64 = 2.0;
/// Above it is low.
const LOW_CONSISTENCY: f64 = 10.0;
/// Error of the mean estimate of the number of allocations: up to here there is no bias.
const NO_BIAS: f64 = 0.05;
/// Up to here it is low, beyond high.
const LOW_BIAS: f64 = 0.3;
/// More than this share of runs without a sample is blind.
const BLIND: f64 = 0.5;

/// Scheme, and the seed's cells: consistency, speed in bolts, bias risk.
const CELLS: [(&str, &str, &str, &str); 4] = [
    ("HEADER_HASH", "medium", "3 bolts", "high"),
    ("HEADER_PAGE_HASH", "low", "3 bolts", "very high"),
    ("HEADER_POISSON_BYTES", "high", "2 bolts", "none"),
    ("HEADER_HYBRID", "high", "2 bolts", "low"),
];

/// Twelve cells.
pub fn claims(measures: &Measures) -> Vec<Claim> {
    let of_scheme = |(scheme, consistency, speed, bias)| {
        [
            consistency_claim(measures, scheme, consistency),
            speed_claim(measures, scheme, speed),
            bias_claim(measures, scheme, bias),
        ]
    };
    CELLS.into_iter().flat_map(of_scheme).collect()
}

fn about(
    subject: &'static str,
    claim: &'static str,
    metric: &'static str,
    graded: Option<Graded>,
) -> About {
    About {
        topic: Topic::Ranking,
        subject,
        claim,
        metric,
        unit: "ratio",
        workload: graded.map_or(RETURNING[0], |graded| graded.workload).into(),
    }
}

/// A grade, and what it rests on.
#[derive(Clone, Copy)]
pub struct Graded {
    /// From `high` to `low`, or from `none` to `high`; `undecided`, or `blind`.
    pub grade: &'static str,
    /// Its number with the interval; of a blind scheme the share of runs without a sample.
    pub spread: Spread,
    /// Where it was measured.
    pub workload: &'static str,
    /// The worse, the higher.
    rank: f64,
}

impl Graded {
    /// The grade before a text, if there is one.
    fn begins(self) -> String {
        match self.grade {
            IS_UNDECIDED => String::new(),
            grade => format!("{grade}: "),
        }
    }
}

/// No number of runs makes it something else.
pub const IS_BLIND: &str = "blind";
const IS_UNDECIDED: &str = "undecided";

/// The limits of the grades of consistency.
const CONSISTENCY: [(&str, f64, f64); 3] = [
    ("high", 0.0, HIGH_CONSISTENCY),
    ("medium", HIGH_CONSISTENCY, LOW_CONSISTENCY),
    ("low", LOW_CONSISTENCY, f64::INFINITY),
];

/// The worse of the workloads whose addresses return; `None` as long as one of them is missing.
fn worst(
    measures: &Measures,
    scheme: &str,
    grade: impl Fn(&'static str) -> Option<Graded>,
) -> Option<Graded> {
    let of = |workload| blind(measures, workload, scheme).or_else(|| grade(workload));
    let graded: Option<Vec<Graded>> = RETURNING.into_iter().map(of).collect();
    // Of equals the first.
    let worse = |a: &Graded, b: &Graded| a.rank.total_cmp(&b.rank);
    graded?.into_iter().rev().max_by(worse)
}

fn blind(measures: &Measures, workload: &'static str, scheme: &str) -> Option<Graded> {
    let share = measures.get(Part::Rates, workload, scheme, EMPTY)?;
    is_blind(measures, workload, scheme).then_some(Graded {
        grade: IS_BLIND,
        spread: share,
        workload,
        rank: f64::INFINITY,
    })
}

/// Whether a scheme has no sample in more than half of a workload's runs.
pub fn is_blind(measures: &Measures, workload: &str, scheme: &str) -> bool {
    let share = measures.get(Part::Rates, workload, scheme, EMPTY);
    share.is_some_and(|share| share.value > BLIND)
}

/// The grade of a scheme's consistency.
pub fn consistency_of(measures: &Measures, scheme: &str) -> Option<Graded> {
    worst(measures, scheme, |workload| {
        let spread = measures.get(Part::Rates, workload, scheme, DISPERSION)?;
        let is_within =
            |limits: &&(&str, f64, f64)| spread.is_between(limits.1, limits.2) == Some(true);
        let found = CONSISTENCY.iter().find(is_within);
        Some(Graded {
            grade: found.map_or(IS_UNDECIDED, |(grade, ..)| grade),
            spread,
            workload,
            rank: spread.value,
        })
    })
}

/// The grade of a scheme's bias.
pub fn bias_of(measures: &Measures, scheme: &str) -> Option<Graded> {
    worst(measures, scheme, |workload| {
        let spread = measures.get(Part::Rates, workload, scheme, MEAN_ESTIMATE)?;
        let grade = match () {
            () if is_biased(spread, NO_BIAS) == Some(false) => "none",
            () if is_biased(spread, LOW_BIAS) == Some(false) => "low",
            () if is_biased(spread, LOW_BIAS) == Some(true) => "high",
            () => IS_UNDECIDED,
        };
        Some(Graded {
            grade,
            spread,
            workload,
            // The end that is farther from 1: if that is within a margin, so is all else.
            rank: (spread.high - 1.0).max(1.0 - spread.low),
        })
    })
}

/// Whether a mean estimate over truth is off by more than a margin (true), by less (false), or not known to be either.
fn is_biased(mean: Spread, margin: f64) -> Option<bool> {
    mean.is_between(1.0 - margin, 1.0 + margin)
        .map(|is_between| !is_between)
}

/// Estimates of single runs: what bias is not.
pub fn single_runs(measures: &Measures, scheme: &str, graded: Graded) -> String {
    let runs = measures.get(Part::Rates, graded.workload, scheme, ESTIMATE);
    runs.map_or(String::new(), |runs| {
        format!(
            ", in single runs {} to {}",
            number(runs.low),
            number(runs.high)
        )
    })
}

/// `no sample in 10 of 10 runs`
pub fn no_sample(graded: Graded) -> String {
    let Spread { value, n, .. } = graded.spread;
    format!(
        "no sample in {} of {n} runs",
        number((value * n as f64).round())
    )
}

fn consistency_claim(measures: &Measures, scheme: &'static str, claimed: &'static str) -> Claim {
    let claim = match claimed {
        "medium" => "consistency: medium",
        "low" => "consistency: low",
        _ => "consistency: high",
    };
    let graded = consistency_of(measures, scheme);
    let metric = metric_of(graded, DISPERSION);
    about(scheme, claim, metric, graded).judged(
        graded.map(|graded| graded.spread),
        MISSING_RUNS,
        |_| {
            let graded = graded.expect("a number that was judged has a grade");
            if graded.grade == IS_BLIND {
                let text = format!("BLIND: {}, so no spread to judge", no_sample(graded));
                return (Verdict::Undecided, text);
            }
            let limits = CONSISTENCY.iter().find(|(grade, ..)| *grade == claimed);
            let is_it = limits.and_then(|(_, low, high)| graded.spread.is_between(*low, *high));
            let text = format!(
                "{}samples spread {} times as far as independent decisions would",
                graded.begins(),
                spread(Some(graded.spread))
            );
            (is_it.map_or(Verdict::Undecided, Verdict::of), text)
        },
    )
}

fn bias_claim(measures: &Measures, scheme: &'static str, claimed: &'static str) -> Claim {
    let claim = match claimed {
        "high" => "bias risk: high",
        "very high" => "bias risk: very high",
        "none" => "bias risk: none",
        _ => "bias risk: low",
    };
    let graded = bias_of(measures, scheme);
    let metric = metric_of(graded, MEAN_ESTIMATE);
    about(scheme, claim, metric, graded).judged(graded.map(|graded| graded.spread), MISSING_RUNS, |_| {
        let graded = graded.expect("a number that was judged has a grade");
        if graded.grade == IS_BLIND {
            let text = format!(
                "BLIND: {}, so no estimate whose bias could be judged",
                no_sample(graded)
            );
            return (Verdict::Undecided, text);
        }
        let text = format!(
            "{}the estimated number of allocations is on average {} times the true one{}; how far runs lie apart is spread, which consistency is about",
            graded.begins(),
            spread(Some(graded.spread)),
            single_runs(measures, scheme, graded)
        );
        let is_right = match claimed {
            "none" => biased(measures, scheme, NO_BIAS).map(|is_biased| !is_biased),
            "low" => biased(measures, scheme, LOW_BIAS).map(|is_biased| !is_biased),
            _ => biased(measures, scheme, LOW_BIAS),
        };
        (is_right.map_or(Verdict::Undecided, Verdict::of), text)
    })
}

/// Whether estimates are biased by more than a margin on any workload (true), by less on every one (false), or not known to be.
fn biased(measures: &Measures, scheme: &str, margin: f64) -> Option<bool> {
    let of = |workload| {
        let mean = measures.get(Part::Rates, workload, scheme, MEAN_ESTIMATE);
        mean.and_then(|mean| is_biased(mean, margin))
    };
    let found = RETURNING.map(of);
    match () {
        () if found.contains(&Some(true)) => Some(true),
        () if found.contains(&None) => None,
        () => Some(false),
    }
}

fn metric_of(graded: Option<Graded>, metric: &'static str) -> &'static str {
    match graded {
        Some(graded) if graded.grade == IS_BLIND => EMPTY,
        _ => metric,
    }
}

/// Three bolts against two say that schemes that hash are faster than those that draw.
fn speed_claim(measures: &Measures, scheme: &'static str, claimed: &'static str) -> Claim {
    let workload = place("window", 1, true);
    let of = |scheme: &str| measures.get(Part::Cost, &workload, scheme, MORE_THAN_NONE);
    let others = || CELLS.iter().filter(|(_, _, bolts, _)| *bolts != claimed);
    let rivals: Option<Vec<f64>> = others()
        .map(|(name, ..)| of(name).map(|more| more.value))
        .collect();
    let about = About {
        topic: Topic::Ranking,
        subject: scheme,
        claim: if claimed == "3 bolts" {
            "speed: 3 bolts"
        } else {
            "speed: 2 bolts"
        },
        metric: MORE_THAN_NONE,
        unit: "instructions",
        workload: workload.clone(),
    };
    about.judged(
        of(scheme).filter(|_| rivals.is_some()),
        MISSING_COST,
        |own| {
            let rivals = rivals.unwrap_or_default();
            let is_faster = rivals.iter().all(|rival| own.value < *rival);
            let is_slower = rivals.iter().all(|rival| own.value > *rival);
            let names: Vec<&str> = others().map(|(name, ..)| *name).collect();
            let texts: Vec<String> = rivals.iter().map(|rival| number(*rival)).collect();
            let text = format!(
                "{} instructions over NONE; {} have {}",
                number(own.value),
                names.join(" and "),
                texts.join(" and ")
            );
            let is_right = if claimed == "3 bolts" {
                is_faster
            } else {
                is_slower
            };
            (Verdict::of(is_right), text)
        },
    )
}
