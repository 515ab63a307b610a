//! What the starting document says of real programs, each with a verdict that the numbers decide.

use crate::bounds::{self, Bound, Verdict};
use crate::counted::Instructions;
use crate::layout::{effect_ratio, mean, number, p_value, ratio, spread};
use crate::measures::{Measures, Row};
use crate::metrics::{CPU, GENERATOR_SHARE, SERVING_ALLOCS, SERVING_PER_UNIT, STARTUP_ALLOCS};
use crate::over_runs::Value;
use crate::run::{ALL_HEADERS, PLAIN, Runs, SCHEMES};

/// One claim on one workload.
pub struct Claim {
    pub claim: &'static str,
    pub workload: String,
    pub scheme: &'static str,
    pub metric: &'static str,
    pub unit: &'static str,
    pub measured: Option<Value>,
    /// `right`, `wrong`, `not as stated`, `undecided` or `not measured`.
    pub verdict: &'static str,
    /// Where it is a comparison: its p-value, adjusted over the claims of the same words.
    pub p: Option<f64>,
    pub why: String,
}

impl Claim {
    /// What it is of: `nginx`, or `nginx, HEADER_HASH`.
    pub fn subject(&self) -> String {
        match self.claim {
            OVERHEAD => format!("{}, {}", self.workload, self.scheme),
            _ => self.workload.clone(),
        }
    }
}

/// The claims, in its words.
pub const FEW: &str = "very few allocations while serving";
/// See [`FEW`].
pub const OVERHEAD: &str = "overhead under 7 %";

/// Fewer allocations a request are very few, and more are not few.
const FEW_PER_UNIT: f64 = 0.01;
const NOT_FEW_PER_UNIT: f64 = 1.0;
const OVERHEAD_RATIO: f64 = 1.07;
/// A generator this close to its own limit is what was measured.
pub const GENERATOR_BOUND: f64 = 0.9;

/// All claims with what they were held against.
pub fn all(runs: &Runs, measures: &Measures, instructions: &Instructions) -> Vec<Claim> {
    let mut claims = Vec::new();
    for workload in runs.workloads() {
        let serves = runs
            .of_workload(workload)
            .any(|run| run.measured.unit == "request");
        if serves {
            claims.push(few_allocations(measures, workload));
        }
    }
    claims.extend(overheads(runs, measures, instructions));
    claims
}

/// Judged by the first scheme that counts: the program's calls are the same under all.
fn few_allocations(measures: &Measures, workload: &str) -> Claim {
    let counting = SCHEMES.into_iter().find_map(|scheme| {
        let per_unit = measures.get(workload, scheme, "", SERVING_PER_UNIT)?;
        Some((scheme, per_unit.value))
    });
    let mut claim = Claim {
        claim: FEW,
        workload: workload.into(),
        scheme: "",
        metric: SERVING_PER_UNIT,
        unit: "allocations",
        measured: None,
        verdict: "not measured",
        p: None,
        why: "no run counted allocations while serving".into(),
    };
    let Some((scheme, per_unit)) = counting else {
        return claim;
    };
    claim.scheme = scheme;
    claim.measured = Some(per_unit);
    // Where all of several runs gave the same there is no interval, and none is needed.
    let ends = match (per_unit.interval, per_unit.n) {
        (Some(ends), _) => Some(ends),
        (None, 1) => None,
        (None, _) => Some((per_unit.value, per_unit.value)),
    };
    claim.verdict = match ends {
        Some((_, high)) if high < FEW_PER_UNIT => "right",
        Some((low, _)) if low > NOT_FEW_PER_UNIT => "wrong",
        Some((low, high)) if low >= FEW_PER_UNIT && high <= NOT_FEW_PER_UNIT => "not as stated",
        _ => "undecided",
    };
    let of = |metric| {
        measures
            .get(workload, scheme, "", metric)
            .map_or("an unknown number".into(), |row| number(row.value.value))
    };
    claim.why = format!(
        "{} allocations a request: {} while serving, {} at the start. Very few is less than 1 in {:.0} requests, with the whole interval; more than {NOT_FEW_PER_UNIT} a request is wrong",
        mean(Some(per_unit), 1.0),
        of(SERVING_ALLOCS),
        of(STARTUP_ALLOCS),
        1.0 / FEW_PER_UNIT,
    );
    claim
}

/// Of all programs and schemes, judged together.
fn overheads(runs: &Runs, measures: &Measures, instructions: &Instructions) -> Vec<Claim> {
    let workloads = runs.workloads().into_iter();
    let asked: Vec<(&str, &'static str)> = workloads
        .flat_map(|workload| ALL_HEADERS.map(|scheme| (workload, scheme)))
        .filter(|(workload, scheme)| !runs.of(workload, scheme).is_empty())
        .collect();
    let row = |(workload, scheme): (&str, &str)| measures.get(workload, scheme, PLAIN, CPU);
    let ratios: Vec<(Value, f64)> = asked
        .iter()
        .filter_map(|path| Some((row(*path)?.value, OVERHEAD_RATIO)))
        .collect();
    let mut judged = bounds::judge(&ratios).into_iter();
    let comparisons = ratios
        .iter()
        .filter(|(ratio, _)| ratio.log_error.is_some())
        .count();
    asked
        .into_iter()
        .map(|(workload, scheme)| {
            let row = row((workload, scheme));
            let judged = row.zip(row.and_then(|_| judged.next()));
            let why = judged.map(|(row, bound)| {
                format!(
                    "{} of processor time a unit{}{}{}{}",
                    ratio(row.value),
                    against(bound, comparisons),
                    seen(row),
                    counted(instructions, workload, scheme),
                    generator(measures, workload)
                )
            });
            Claim {
                claim: OVERHEAD,
                workload: workload.into(),
                scheme,
                metric: CPU,
                unit: "ratio",
                measured: row.map(|row| row.value),
                verdict: match judged.map(|(_, bound)| bound.verdict) {
                    None => "not measured",
                    Some(Verdict::Inside) => "right",
                    Some(Verdict::Outside) => "wrong",
                    Some(Verdict::Undecided) => "undecided",
                },
                p: judged.and_then(|(_, bound)| bound.p),
                why: why.unwrap_or("no run without the library to compare with".into()),
            }
        })
        .collect()
}

fn against(bound: Bound, comparisons: usize) -> String {
    bound.p.map_or(String::new(), |p| {
        let p = match p_value(p) {
            small if small.starts_with('<') => small,
            p => format!("= {p}"),
        };
        format!(
            "; against {} p {p} as one of {comparisons} comparisons",
            bound.at_most
        )
    })
}

/// How small an effect this measurement could have shown.
pub fn seen(row: &Row) -> String {
    match row.value.detectable {
        Some(effect) => format!(
            "; a ratio of {} could have been told from 1",
            effect_ratio(effect)
        ),
        None => "; no interval: one round, or all alike".into(),
    }
}

/// What does not suffer from noise, and is not time either.
fn counted(instructions: &Instructions, workload: &str, scheme: &str) -> String {
    let row = instructions.get(workload, scheme, PLAIN);
    row.map_or(String::new(), |row| {
        format!("; {} of the instructions", spread(row))
    })
}

fn generator(measures: &Measures, workload: &str) -> String {
    let share = measures.get(workload, PLAIN, "", GENERATOR_SHARE);
    match share.filter(|share| share.value.value > GENERATOR_BOUND) {
        Some(share) => format!(
            "; throughput says nothing: without the library it is {} of the generator's own limit",
            number(share.value.value)
        ),
        None => String::new(),
    }
}
