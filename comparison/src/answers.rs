//! The seed's questions, answered from the numbers: each sentence stands on those it names.

use crate::claims::{bias_of, consistency_of};
use crate::costs::{MORE_THAN_NONE, place};
use crate::frees::{BYTES_OVER_TRUE, MISCOUNTED};
use crate::layout::{bytes, growth, number};
use crate::measures::{Measures, Part};
use crate::memory::{HEADERS, MORE_PER_BLOCK, OVER_NONE, TABLE};
use crate::schemes::{FREES, LIVE_BYTES, REUSE};
use crate::spread::Spread;

const HEADER: &str = "HEADER_POISSON_BYTES";
const TAGS: &str = "SAMPLE_HEADERS_POISSON";
const MAP: &str = "SAMPLE_HEADERS_POISSON_MAP";
const HASH_MAP: &str = "SAMPLE_HEADERS_HASH_MAP";
const STATELESS: &str = "STATELESS_HASH_XOR";
const WITH_HEADERS: [&str; 4] = [
    "HEADER_HASH",
    "HEADER_PAGE_HASH",
    "HEADER_POISSON_BYTES",
    "HEADER_HYBRID",
];
/// A growth of the process below this is called small.
const SMALL: f64 = 1.01;

/// Each question and its sentences.
pub fn all(measures: &Measures) -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("Does header overhead matter?", overhead(measures)),
        ("Is exact tracking worth it?", exactness(measures)),
        ("Which scheme is best with headers?", best(measures)),
    ]
}

fn at_a_million(measures: &Measures, size: u64, scheme: &str, metric: &str) -> Option<Spread> {
    measures.get(Part::Memory, &format!("live-1m-{size}"), scheme, metric)
}

fn overhead(measures: &Measures) -> Vec<String> {
    let sizes: Vec<(u64, Spread)> = LIVE_BYTES
        .into_iter()
        .filter_map(|size| Some((size, at_a_million(measures, size, HEADER, OVER_NONE)?)))
        .collect();
    if sizes.is_empty() {
        return vec!["Not measured: there are no runs of a million live blocks.".into()];
    }
    let list = |pick: &dyn Fn(&(u64, Spread)) -> bool| -> Vec<String> {
        let picked = sizes.iter().filter(|size| pick(size));
        picked
            .map(|(size, ratio)| format!("{size} B ({})", growth(ratio.value)))
            .collect()
    };
    let large = list(&|(_, ratio)| ratio.value >= SMALL);
    let small = list(&|(_, ratio)| ratio.value < SMALL);
    let mut sentences = Vec::new();
    if !large.is_empty() {
        sentences.push(format!(
            "Yes for blocks of {}: by so much a process with a million of them alive grows with a header on each.",
            large.join(", ")
        ));
    }
    if !small.is_empty() {
        sentences.push(format!("Hardly for blocks of {}.", small.join(", ")));
    }
    let per_block: Vec<f64> = LIVE_BYTES
        .into_iter()
        .filter_map(|size| Some(at_a_million(measures, size, HEADER, MORE_PER_BLOCK)?.value))
        .collect();
    if let Some(spread) = Spread::of(&per_block) {
        sentences.push(format!(
            "It is {} to {} B a live block over these sizes.",
            number(spread.low),
            number(spread.high)
        ));
    }
    if let Some(headers) = measures.get(Part::Memory, REUSE, HEADER, HEADERS) {
        sentences.push(format!(
            "Of blocks alive, not of allocations: after a million of them over a few addresses there are {} of headers.",
            bytes(headers.value)
        ));
    }
    for (scheme, what) in [
        (TAGS, "Headers on sampled blocks alone, one in 256,"),
        (
            HASH_MAP,
            "Room for a header in every block, which headers on sampled blocks alone need where a hash of the address decides after the allocation,",
        ),
        (STATELESS, "No header at all"),
    ] {
        let growths: Vec<f64> = LIVE_BYTES
            .into_iter()
            .filter_map(|size| Some(at_a_million(measures, size, scheme, OVER_NONE)?.value))
            .collect();
        let per_block = at_a_million(measures, 64, scheme, MORE_PER_BLOCK);
        if let (Some(spread), Some(per_block)) = (Spread::of(&growths), per_block) {
            sentences.push(format!(
                "{what} cost {} to {} over these sizes, {} B a block of 64 B.",
                growth(spread.low),
                growth(spread.high),
                number(per_block.value)
            ));
        }
    }
    sentences
}

fn exactness(measures: &Measures) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut exact = Vec::new();
    for scheme in [HEADER, TAGS, MAP, STATELESS] {
        let wrong: Vec<Spread> = FREES
            .iter()
            .filter_map(|(workload, _)| measures.get(Part::Frees, workload, scheme, MISCOUNTED))
            .collect();
        let memory = at_a_million(measures, 64, scheme, HEADERS)
            .zip(at_a_million(measures, 64, scheme, TABLE))
            .map(|(headers, table)| headers.value + table.value);
        let Some(memory) = memory.filter(|_| !wrong.is_empty()) else {
            continue;
        };
        if wrong
            .iter()
            .all(|wrong| wrong.low == 0.0 && wrong.high == 0.0)
        {
            exact.push((scheme, memory));
        }
    }
    if exact.is_empty() {
        return vec!["Not measured, or no tracking knows its sampled frees.".into()];
    }
    let list: Vec<String> = exact
        .iter()
        .map(|(scheme, memory)| format!("{scheme} with {}", bytes(*memory)))
        .collect();
    let is_needed = exact.iter().all(|(scheme, _)| *scheme == HEADER);
    sentences.push(format!(
        "Exact numbers of sampled frees {} a header on every block. Every one is known to {} of headers and table for a million live blocks of 64 B.",
        if is_needed { "need" } else { "do not need" },
        list.join(", ")
    ));
    let ratios: Vec<f64> = FREES
        .iter()
        .filter_map(|(workload, _)| {
            Some(
                measures
                    .get(Part::Frees, workload, STATELESS, BYTES_OVER_TRUE)?
                    .value,
            )
        })
        .collect();
    if let Some(ratio) = Spread::of(&ratios) {
        sentences.push(format!(
            "What recomputing the decision at free does not give is the size that was asked for: {STATELESS} reports {} to {} of freed bytes.",
            growth(ratio.low),
            growth(ratio.high)
        ));
    }
    let exact_of = |scheme: &str| exact.iter().find(|(name, _)| *name == scheme);
    if let (Some((_, all)), Some((_, sampled))) = (exact_of(HEADER), exact_of(TAGS)) {
        sentences.push(format!(
            "So exact frees cost {} with headers on sampled blocks; headers on all take {}, {} times as much, for the same.",
            bytes(*sampled),
            bytes(*all),
            number(all / sampled)
        ));
    }
    sentences
}

fn best(measures: &Measures) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut good = Vec::new();
    for scheme in WITH_HEADERS {
        let graded = consistency_of(measures, scheme).zip(bias_of(measures, scheme));
        let Some((consistency, bias)) = graded else {
            continue;
        };
        let (times, ratio) = (consistency.spread, bias.spread);
        let more = measures.get(
            Part::Cost,
            &place("window", 1, true),
            scheme,
            MORE_THAN_NONE,
        );
        let cost = more.map_or(String::new(), |more| {
            format!(", {} instructions a pair over NONE", number(more.value))
        });
        sentences.push(format!(
            "{scheme}: consistency {} ({} times the spread of independent decisions), bias risk {} (estimates {} to {} times the truth){cost}.",
            consistency.grade,
            number(times.value),
            bias.grade,
            number(ratio.low),
            number(ratio.high)
        ));
        if consistency.grade == "high" && ["none", "low"].contains(&bias.grade) {
            good.push((scheme, times.value, more));
        }
    }
    if sentences.is_empty() {
        return vec![
            "Not measured: there are no runs of the workload whose addresses return.".into(),
        ];
    }
    let cheapest = good.iter().min_by(|a, b| {
        let cost =
            |scheme: &(&str, f64, Option<Spread>)| scheme.2.map_or(scheme.1, |more| more.value);
        cost(a).total_cmp(&cost(b))
    });
    sentences.push(match cheapest {
        Some((scheme, ..)) => {
            let names: Vec<&str> = good.iter().map(|(name, ..)| *name).collect();
            let by = if good.iter().all(|(_, _, more)| more.is_some()) { "instructions" } else { "spread" };
            format!(
                "Best where addresses return: {scheme}, the least in {by} of those that are consistent without bias ({}).",
                names.join(", ")
            )
        }
        None => "None of them is consistent and without bias where addresses return.".into(),
    });
    sentences
}
