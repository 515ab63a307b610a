//! "Exact but slower", and how simple each tracking is.

use super::{About, Claim, MISSING_COST, MISSING_RUNS, Topic, Verdict};
use crate::complexity::{NEEDED, OWN};
use crate::costs::{MORE_THAN_NONE, TIME, place};
use crate::layout::{number, spread};
use crate::measures::{Measures, Part};
use crate::schemes::Tracking;

const HEADER: &str = "HEADER_POISSON_BYTES";
const MAP: &str = "SAMPLE_HEADERS_POISSON_MAP";

/// Claims on cost.
pub fn claims(measures: &Measures) -> Vec<Claim> {
    let workload = place("window", 1, true);
    let of = |scheme, metric| measures.get(Part::Cost, &workload, scheme, metric);
    let about = About {
        topic: Topic::Cost,
        subject: "sample-headers",
        claim: "hash table lookup: exact but slower",
        metric: TIME,
        unit: "ratio",
        workload: workload.clone(),
    };
    let pair = of(MAP, TIME).zip(of(HEADER, TIME));
    vec![about.judged(pair.map(|(map, _)| map), MISSING_COST, |map| {
        let header = pair.map_or(map, |(_, header)| header);
        let instructions = |scheme| {
            of(scheme, MORE_THAN_NONE).map_or("-".to_string(), |more| number(more.value))
        };
        let text = format!(
            "{} times the time without a library, {} instructions over NONE; all-headers {} and {}, with the same decision",
            spread(Some(map)),
            instructions(MAP),
            spread(Some(header)),
            instructions(HEADER)
        );
        let verdict = match () {
            () if map.low > header.high => Verdict::Right,
            () if map.high < header.low => Verdict::Wrong,
            () => Verdict::Undecided,
        };
        (verdict, text)
    })]
}

/// A tracking is as simple as another if it needs at most twice its lines.
const SIMPLE_TIMES: f64 = 2.0;

/// Claims on complexity: stars are relative, so lines are held against those of the smallest tracking.
pub fn complexity_claims(measures: &Measures) -> Vec<Claim> {
    let of =
        |tracking: Tracking, metric| measures.get(Part::Complexity, "", tracking.name(), metric);
    let smallest = Tracking::ALL
        .into_iter()
        .filter_map(|tracking| of(tracking, NEEDED))
        .map(|lines| lines.value)
        .fold(f64::INFINITY, f64::min);
    let claim = |tracking: Tracking, subject, claim, is_simple: bool| {
        let about = About {
            topic: Topic::Complexity,
            subject,
            claim,
            metric: NEEDED,
            unit: "lines",
            workload: String::new(),
        };
        about.judged(of(tracking, NEEDED), MISSING_RUNS, |lines| {
            let own = of(tracking, OWN).map_or("-".to_string(), |own| number(own.value));
            let times = lines.value / smallest;
            let text = format!(
                "{} lines, {own} of them its own: {} times the smallest tracking's",
                number(lines.value),
                number(times)
            );
            (Verdict::of((times <= SIMPLE_TIMES) == is_simple), text)
        })
    };
    vec![
        claim(
            Tracking::AllHeaders,
            "all-headers",
            "* simple: just read/write header",
            true,
        ),
        claim(Tracking::Stateless, "stateless", "* simple: no state", true),
        claim(
            Tracking::SampleMap,
            "sample-headers",
            "*** complex: hash table and realloc logic",
            false,
        ),
    ]
}
