//! What the starting document says of real programs, each with a verdict that the numbers decide.

use crate::bounds::Verdict;
use crate::counted::Instructions;
use crate::layout::{growth, number, ratio, spread};
use crate::measures::{Measures, Row};
use crate::metrics::{CPU, GENERATOR_SHARE, SERVING_ALLOCS, SERVING_PER_UNIT, STARTUP_ALLOCS};
use crate::run::{ALL_HEADERS, PLAIN, Runs, SCHEMES};
use crate::statistics::Value;

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
        let schemes = ALL_HEADERS.into_iter();
        claims.extend(
            schemes
                .filter(|scheme| !runs.of(workload, scheme).is_empty())
                .map(|scheme| overhead(measures, instructions, workload, scheme)),
        );
    }
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
        why: "no run counted allocations while serving".into(),
    };
    let Some((scheme, per_unit)) = counting else {
        return claim;
    };
    claim.scheme = scheme;
    claim.measured = Some(per_unit);
    claim.verdict = match per_unit.value {
        few if few < FEW_PER_UNIT => "right",
        many if many > NOT_FEW_PER_UNIT => "wrong",
        _ => "not as stated",
    };
    let of = |metric| {
        measures
            .get(workload, scheme, "", metric)
            .map_or("an unknown number".into(), |row| number(row.value.value))
    };
    claim.why = format!(
        "{} allocations a request: {} while serving, {} at the start. Very few is less than 1 in {:.0} requests; more than {NOT_FEW_PER_UNIT} a request is wrong",
        number(per_unit.value),
        of(SERVING_ALLOCS),
        of(STARTUP_ALLOCS),
        1.0 / FEW_PER_UNIT,
    );
    claim
}

fn overhead(
    measures: &Measures,
    instructions: &Instructions,
    workload: &str,
    scheme: &'static str,
) -> Claim {
    let row = measures.get(workload, scheme, PLAIN, CPU);
    let mut claim = Claim {
        claim: OVERHEAD,
        workload: workload.into(),
        scheme,
        metric: CPU,
        unit: "ratio",
        measured: row.map(|row| row.value),
        verdict: "not measured",
        why: "no run without the library to compare with".into(),
    };
    let Some(row) = row else { return claim };
    claim.verdict = match Verdict::of(row.value, OVERHEAD_RATIO) {
        Verdict::Inside => "right",
        Verdict::Outside => "wrong",
        Verdict::Undecided => "undecided",
    };
    claim.why = format!(
        "{} of processor time a unit{}{}{}",
        ratio(row.value),
        seen(row),
        counted(instructions, workload, scheme),
        generator(measures, workload)
    );
    claim
}

/// How small an effect this measurement could have shown.
pub fn seen(row: &Row) -> String {
    match row.value.detectable {
        Some(effect) => format!(
            "; an effect of {} could have been seen",
            growth(1.0 + effect)
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
