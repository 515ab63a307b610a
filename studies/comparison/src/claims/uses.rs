//! The seed's lists of what to use headers on all blocks for, and what not.

use super::{About, Claim, MISSING_RUNS, Topic, Verdict, near, near_but};
use crate::claims::frees::over_all;
use crate::complexity::NEEDED;
use crate::frees::MISCOUNTED;
use crate::layout::{bytes, growth, number};
use crate::measures::{Measures, Part};
use crate::memory::{MORE, MORE_PER_BLOCK, OVER_NONE};
use crate::schemes::{LIVE_BYTES, Tracking};
use crate::spread::Spread;

const HEADER: &str = "HEADER_POISSON_BYTES";
const TAGS: &str = "SAMPLE_HEADERS_POISSON";

/// All items that a measurement bears on.
pub fn claims(measures: &Measures) -> Vec<Claim> {
    vec![
        accuracy_critical(measures),
        simple(measures),
        low_count(measures),
        production(measures),
        high_count(measures),
        small(measures),
    ]
}

fn about(
    claim: &'static str,
    metric: &'static str,
    unit: &'static str,
    workload: impl Into<String>,
) -> About {
    About {
        topic: Topic::Uses,
        subject: "all-headers",
        claim,
        metric,
        unit,
        workload: workload.into(),
    }
}

fn memory(measures: &Measures, workload: &str, metric: &str) -> Option<Spread> {
    measures.get(Part::Memory, workload, HEADER, metric)
}

fn accuracy_critical(measures: &Measures) -> Claim {
    let wrong_by = |tracking| over_all(measures, MISCOUNTED, |_, of| of == tracking);
    let wrong = wrong_by(Tracking::SampleHeaders);
    about(
        "use: where frees must be exact",
        MISCOUNTED,
        "frees",
        "frees-*",
    )
    .judged(
        wrong.filter(|_| wrong_by(Tracking::AllHeaders).is_some()),
        MISSING_RUNS,
        |wrong| {
            let is_exact = |wrong: Spread| wrong.low == 0.0 && wrong.high == 0.0;
            let all = wrong_by(Tracking::AllHeaders).is_some_and(is_exact);
            match (all, is_exact(wrong)) {
                (true, true) => (
                    Verdict::NotAsStated,
                    format!(
                        "exact, but sample-headers is too, in {} runs: no reason to pay for all",
                        wrong.n
                    ),
                ),
                (true, false) => (Verdict::Right, "exact, and sample-headers is not".into()),
                (false, _) => (Verdict::Wrong, "not exact".into()),
            }
        },
    )
}

fn simple(measures: &Measures) -> Claim {
    let lines = |tracking: Tracking| measures.get(Part::Complexity, "", tracking.name(), NEEDED);
    let own = lines(Tracking::AllHeaders);
    about(
        "use: for a simple implementation without external data",
        NEEDED,
        "lines",
        "",
    )
    .judged(own, MISSING_RUNS, |own| {
        let others = [Tracking::SampleHeaders, Tracking::SampleMap].map(lines);
        let least = others
            .iter()
            .flatten()
            .map(|lines| lines.value)
            .fold(f64::INFINITY, f64::min);
        let text = format!(
            "{} lines; the least with headers on sampled blocks alone has {}",
            number(own.value),
            number(least)
        );
        (Verdict::of(own.value < least), text)
    })
}

fn low_count(measures: &Measures) -> Claim {
    const WORKLOAD: &str = "live-1m-64";
    const CLAIMED: f64 = 16e6;
    about("use: below 1M allocations (16 MB), 10M (160 MB)", MORE, "bytes", WORKLOAD).judged(
        memory(measures, WORKLOAD, MORE),
        MISSING_RUNS,
        |more| {
            let text = format!(
                "{} with a million blocks alive; what counts is how many are alive and how large, not how many were allocated",
                bytes(more.value)
            );
            (near_but(more, CLAIMED), text)
        },
    )
}

/// Growth of a process of a million live blocks, by their size.
fn growths(measures: &Measures, scheme: &str) -> Option<Vec<(u64, Spread)>> {
    let of = |size: u64| {
        let workload = format!("live-1m-{size}");
        Some((
            size,
            measures.get(Part::Memory, &workload, scheme, OVER_NONE)?,
        ))
    };
    LIVE_BYTES.map(of).into_iter().collect()
}

fn production(measures: &Measures) -> Claim {
    /// What a service would hardly notice.
    const SMALL: f64 = 1.01;
    let growths = growths(measures, HEADER);
    let first = growths
        .as_ref()
        .and_then(|growths| Some(growths.first()?.1));
    about(
        "avoid: in production, 16 MB per 1M is too expensive",
        OVER_NONE,
        "ratio",
        "live-1m-*",
    )
    .judged(first, MISSING_RUNS, |_| {
        let growths = growths.unwrap_or_default();
        let texts: Vec<String> = growths
            .iter()
            .map(|(size, ratio)| format!("{} at {size} B", growth(ratio.value)))
            .collect();
        let is_small = |(_, ratio): &(u64, Spread)| ratio.high < SMALL;
        let verdict = match (growths.iter().any(is_small), growths.iter().all(is_small)) {
            (false, _) => Verdict::Right,
            (_, true) => Verdict::Wrong,
            _ => Verdict::NotAsStated,
        };
        (
            verdict,
            format!(
                "the process grows by {}: it depends on the size of blocks",
                texts.join(", ")
            ),
        )
    })
}

fn high_count(measures: &Measures) -> Claim {
    const WORKLOAD: &str = "live-10m-64";
    const CLAIMED: f64 = 16.0;
    about("avoid: 100M+ allocations (1.6 GB)", MORE_PER_BLOCK, "bytes", WORKLOAD).judged(
        memory(measures, WORKLOAD, MORE_PER_BLOCK),
        MISSING_RUNS,
        |more| {
            let text = format!(
                "{} B a live block: {} if 100 million are alive at once (computed), nothing for blocks that were freed",
                number(more.value),
                bytes(more.value * 1e8)
            );
            (near_but(more, CLAIMED), text)
        },
    )
}

fn small(measures: &Measures) -> Claim {
    const WORKLOAD: &str = "live-1m-16";
    /// 200 %.
    const CLAIMED: f64 = 2.0;
    /// Below this nobody would avoid anything.
    const SMALL: f64 = 0.05;
    about(
        "avoid: for small allocations (16 B: 200 % overhead)",
        OVER_NONE,
        "ratio",
        WORKLOAD,
    )
    .judged(
        memory(measures, WORKLOAD, OVER_NONE),
        MISSING_RUNS,
        |ratio| {
            let tags = measures.get(Part::Memory, WORKLOAD, TAGS, OVER_NONE);
            let tags = tags.map_or("-".into(), |tags| growth(tags.value));
            let text = format!(
                "{} for 16 B; with headers on sampled blocks alone {tags}",
                growth(ratio.value)
            );
            let verdict = match near(ratio.less(1.0), CLAIMED) {
                Verdict::Wrong if ratio.low - 1.0 > SMALL => Verdict::NotAsStated,
                Verdict::Wrong if ratio.high - 1.0 > SMALL => Verdict::Undecided,
                verdict => verdict,
            };
            (verdict, text)
        },
    )
}
