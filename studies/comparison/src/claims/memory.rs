//! 16 MB, 92 KB, 0; "175 times", "256 times", "200 % for 16 bytes, 6 % for 256".

use super::frees::over_all;
use super::{About, Claim, MISSING_RUNS, Topic, Verdict, near, near_but};
use crate::frees::MISCOUNTED;
use crate::layout::{bytes, growth, number};
use crate::measures::{Measures, Part};
use crate::memory::{HEADERS, MORE, OVER_NONE, TABLE};
use crate::schemes::REUSE;
use crate::spread::Spread;

const HEADER: &str = "HEADER_POISSON_BYTES";
const TAGS: &str = "SAMPLE_HEADERS_POISSON";
const MAP: &str = "SAMPLE_HEADERS_POISSON_MAP";
const STATELESS: &str = "STATELESS_HASH_XOR";
/// A million live blocks of 64 B: headers and tables do not depend on the size.
const MILLION: &str = "live-1m-64";

/// All claims on memory.
pub fn claims(measures: &Measures) -> Vec<Claim> {
    vec![
        all_headers(measures),
        ten_million(measures),
        sample_headers(measures),
        sample_table(measures),
        sample_total(measures),
        reduction(measures),
        cost_of_exactness(measures),
        stateless(measures),
        growth_of_a_size(measures, "16 B -> 32 B total, 200 % overhead", 16, 3.0),
        growth_of_a_size(measures, "6 % overhead for 256 B", 256, 1.06),
    ]
}

fn get(measures: &Measures, scheme: &str, metric: &str) -> Option<Spread> {
    measures.get(Part::Memory, MILLION, scheme, metric)
}

fn about(
    subject: &'static str,
    claim: &'static str,
    metric: &'static str,
    unit: &'static str,
) -> About {
    About {
        topic: Topic::Memory,
        subject,
        claim,
        metric,
        unit,
        workload: MILLION.into(),
    }
}

fn all_headers(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 16e6;
    about("all-headers", "16 MB for 1M allocations", HEADERS, "bytes").judged(
        get(measures, HEADER, HEADERS),
        MISSING_RUNS,
        |headers| {
            let resident = get(measures, HEADER, MORE).map_or("-".into(), |more| bytes(more.value));
            let live = format!(
                "{} of headers for a million live blocks, and {resident} more resident than NONE",
                bytes(headers.value)
            );
            let of_reuse = measures.get(Part::Memory, REUSE, HEADER, HEADERS);
            match (near(headers, CLAIMED), of_reuse) {
                (Verdict::Right, Some(reuse)) if near(reuse, CLAIMED) == Verdict::Wrong => (
                    Verdict::NotAsStated,
                    format!("{live}; but {} after a million allocations of which few are alive: it is of live blocks", bytes(reuse.value)),
                ),
                (verdict, _) => (verdict, live),
            }
        },
    )
}

fn ten_million(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 160e6;
    let mut about = about("all-headers", "160 MB for 10M allocations", MORE, "bytes");
    about.workload = "live-10m-64".into();
    let more = measures.get(Part::Memory, &about.workload, HEADER, MORE);
    about.judged(more, MISSING_RUNS, |more| {
        let text = format!(
            "{} more resident than NONE with ten million live blocks",
            bytes(more.value)
        );
        (near(more, CLAIMED), text)
    })
}

fn sample_headers(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 62e3;
    about("sample-headers", "62 KB of headers", HEADERS, "bytes").judged(
        get(measures, MAP, HEADERS),
        MISSING_RUNS,
        |headers| {
            let text = format!(
                "{} for the {} sampled of a million live blocks",
                bytes(headers.value),
                number((headers.value / 16.0).round())
            );
            (near(headers, CLAIMED), text)
        },
    )
}

fn sample_table(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 30e3;
    about("sample-headers", "~30 KB of hash table", TABLE, "bytes").judged(
        get(measures, MAP, TABLE),
        MISSING_RUNS,
        |table| {
            let text = format!(
                "{} mapped, 64 KiB of it the filter that keeps unsampled frees from the table",
                bytes(table.value)
            );
            (near(table, CLAIMED), text)
        },
    )
}

fn map_total(measures: &Measures) -> Option<Spread> {
    Some(get(measures, MAP, HEADERS)? + get(measures, MAP, TABLE)?)
}

fn sample_total(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 92e3;
    about(
        "sample-headers",
        "~92 KB in total",
        "header_and_table_bytes",
        "bytes",
    )
    .judged(map_total(measures), MISSING_RUNS, |total| {
        let tags = get(measures, TAGS, HEADERS).zip(get(measures, TAGS, TABLE));
        let text = tags.map_or(String::new(), |(headers, table)| {
            format!(
                "; known by their tags instead of a table: {} and {} for those at page starts",
                bytes(headers.value),
                bytes(table.value)
            )
        });
        (
            near(total, CLAIMED),
            format!("{} through a table{text}", bytes(total.value)),
        )
    })
}

fn reduction(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 175.0;
    let ratio = get(measures, HEADER, HEADERS)
        .zip(map_total(measures))
        .map(|(all, sampled)| all.times(1.0 / sampled.value));
    about(
        "sample-headers",
        "175 times less than all-headers",
        "all_headers_over_sample_map",
        "ratio",
    )
    .judged(ratio, MISSING_RUNS, |ratio| {
        let text = format!("{} times less, headers and table", number(ratio.value));
        (near(ratio, CLAIMED), text)
    })
}

fn cost_of_exactness(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 256.0;
    let ratio = get(measures, HEADER, HEADERS)
        .zip(get(measures, TAGS, HEADERS).filter(|headers| headers.value > 0.0))
        .map(|(all, sampled)| all.times(1.0 / sampled.value));
    about(
        "all-headers",
        "256 times the memory, for exact frees",
        "all_headers_over_sample_headers",
        "ratio",
    )
    .judged(ratio, MISSING_RUNS, |ratio| {
        let wrong = over_all(measures, MISCOUNTED, |scheme, _| scheme == TAGS);
        let is_as_exact = wrong.is_some_and(|wrong| wrong.low == 0.0 && wrong.high == 0.0);
        let text = format!(
            "{} times the headers of sample-headers, which {} frees as exactly",
            number(ratio.value),
            if is_as_exact {
                "know"
            } else {
                "are not known to know"
            }
        );
        let verdict = match is_as_exact {
            true => near_but(ratio, CLAIMED),
            false => near(ratio, CLAIMED),
        };
        (verdict, text)
    })
}

fn stateless(measures: &Measures) -> Claim {
    let total = get(measures, STATELESS, HEADERS).zip(get(measures, STATELESS, TABLE));
    about("stateless", "0", "header_and_table_bytes", "bytes").judged(
        total.map(|(headers, table)| headers + table),
        MISSING_RUNS,
        |total| {
            let more = get(measures, STATELESS, MORE).map_or("-".into(), |more| bytes(more.value));
            let text = format!(
                "{} of headers and table; the process has {more} more resident than NONE, which is counters and estimates",
                bytes(total.value)
            );
            (Verdict::of(total.value == 0.0), text)
        },
    )
}

/// `claimed` is the ratio of the process to that of `NONE`.
fn growth_of_a_size(
    measures: &Measures,
    claim: &'static str,
    size_bytes: u64,
    claimed: f64,
) -> Claim {
    let mut about = about("all-headers", claim, OVER_NONE, "ratio");
    about.workload = format!("live-1m-{size_bytes}");
    let ratio = measures.get(Part::Memory, &about.workload, HEADER, OVER_NONE);
    about.judged(ratio, MISSING_RUNS, |ratio| {
        let chunk = |bytes: u64| (bytes + 8).next_multiple_of(16).max(32);
        let text = format!(
            "a process with a million of them grows by {} (glibc: a chunk of {} B instead of {} B)",
            growth(ratio.value),
            chunk(size_bytes + 16),
            chunk(size_bytes)
        );
        (near(ratio.less(1.0), claimed - 1.0), text)
    })
}
