//! The seed's ranking of the four schemes with headers, by what their runs show where addresses return: the worse of two workloads.

use super::{About, Claim, MISSING_COST, MISSING_RUNS, Topic, Verdict};
use crate::costs::{MORE_THAN_NONE, place};
use crate::layout::number;
use crate::measures::{Measures, Part};
use crate::rates::{DISPERSION, EMPTY, ESTIMATE};
use crate::schemes::RETURNING;
use crate::spread::Spread;

/// Spread of samples over that of independent decisions: up to here consistency is high, then medium.
pub const HIGH_CONSISTENCY: f64 = 2.0;
/// From here on, or where a run has no sample, it is low.
pub const LOW_CONSISTENCY: f64 = 10.0;
/// The worst run's error of the estimated number of allocations: up to here there is no risk of bias, then low risk.
pub const NO_BIAS: f64 = 0.1;
/// From here on it is high; very high where a run has no sample, so no estimate at all.
pub const HIGH_BIAS: f64 = 0.3;

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

fn empty_share(measures: &Measures, workload: &str, scheme: &str) -> f64 {
    let share = measures.get(Part::Rates, workload, scheme, EMPTY);
    share.map_or(0.0, |share| share.value)
}

/// A grade, and the number and workload that it rests on.
#[derive(Clone, Copy)]
pub struct Graded {
    /// From `high` to `low`, or from `none` to `very high`.
    pub grade: &'static str,
    /// Its number.
    pub spread: Spread,
    /// Where it was measured.
    pub workload: &'static str,
    /// The worse, the higher.
    rank: usize,
}

const CONSISTENCY: [&str; 3] = ["high", "medium", "low"];
const BIAS: [&str; 4] = ["none", "low", "high", "very high"];

/// The worse of the workloads whose addresses return; `None` as long as one of them is missing.
fn worst(grade: impl Fn(&'static str) -> Option<Graded>) -> Option<Graded> {
    let graded: Option<Vec<Graded>> = RETURNING.into_iter().map(grade).collect();
    // Of equals the first.
    graded?.into_iter().rev().max_by_key(|graded| graded.rank)
}

/// The grade of a scheme's consistency.
pub fn consistency_of(measures: &Measures, scheme: &str) -> Option<Graded> {
    worst(|workload| {
        let spread = measures.get(Part::Rates, workload, scheme, DISPERSION)?;
        let rank = match spread.value {
            _ if empty_share(measures, workload, scheme) > 0.0 => 2,
            times if times <= HIGH_CONSISTENCY => 0,
            times if times <= LOW_CONSISTENCY => 1,
            _ => 2,
        };
        let grade = CONSISTENCY[rank];
        Some(Graded {
            grade,
            spread,
            workload,
            rank,
        })
    })
}

/// The grade of a scheme's risk of bias.
pub fn bias_of(measures: &Measures, scheme: &str) -> Option<Graded> {
    worst(|workload| {
        let spread = measures.get(Part::Rates, workload, scheme, ESTIMATE)?;
        let rank = match (spread.high - 1.0).max(1.0 - spread.low) {
            _ if empty_share(measures, workload, scheme) > 0.0 => 3,
            worst if worst <= NO_BIAS => 0,
            worst if worst <= HIGH_BIAS => 1,
            _ => 2,
        };
        let grade = BIAS[rank];
        Some(Graded {
            grade,
            spread,
            workload,
            rank,
        })
    })
}

fn consistency_claim(measures: &Measures, scheme: &'static str, claimed: &'static str) -> Claim {
    let claim = match claimed {
        "medium" => "consistency: medium",
        "low" => "consistency: low",
        _ => "consistency: high",
    };
    let graded = consistency_of(measures, scheme);
    about(scheme, claim, DISPERSION, graded).judged(graded.map(|graded| graded.spread), MISSING_RUNS, |times| {
        let (grade, workload) = graded.map_or(("", ""), |graded| (graded.grade, graded.workload));
        let empty = empty_share(measures, workload, scheme) * times.n as f64;
        let text = format!(
            "{grade}: samples spread {} times as far as independent decisions would; no sample in {} of {} runs",
            number(times.value),
            number(empty.round()),
            times.n
        );
        (Verdict::of(grade == claimed), text)
    })
}

fn bias_claim(measures: &Measures, scheme: &'static str, claimed: &'static str) -> Claim {
    let claim = match claimed {
        "high" => "bias risk: high",
        "very high" => "bias risk: very high",
        "none" => "bias risk: none",
        _ => "bias risk: low",
    };
    let graded = bias_of(measures, scheme);
    about(scheme, claim, ESTIMATE, graded).judged(graded.map(|graded| graded.spread), MISSING_RUNS, |ratio| {
        let grade = graded.map_or("", |graded| graded.grade);
        let text = format!(
            "{grade}: the estimated number of allocations is {} to {} times the true one over {} runs",
            number(ratio.low),
            number(ratio.high),
            ratio.n
        );
        (Verdict::of(grade == claimed), text)
    })
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
