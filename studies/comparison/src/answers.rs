//! The seed's questions, answered from the numbers: each sentence stands on those it names.

use crate::claims::{IS_BLIND, bias_of, consistency_of, no_sample, single_runs};
use crate::costs::{MORE_THAN_NONE, place};
use crate::frees::{BYTES_OVER_TRUE, MISCOUNTED};
use crate::layout::{bytes, growth, growths, number, sizes as bytes_of, spread};
use crate::measures::{Measures, Part};
use crate::memory::{HEADERS, MORE_PER_BLOCK, OVER_NONE, TABLE};
use crate::schemes::{FREES, LIVE_BYTES, REUSE, sampling};
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

/// Each question that has an answer, with its sentences.
pub fn all(measures: &Measures) -> Vec<(&'static str, Vec<String>)> {
    let mut answers = vec![
        ("Does header overhead matter?", overhead(measures)),
        ("Is exact free tracking worth it?", exactness(measures)),
        (
            "Which sampling scheme is best with headers?",
            best(measures),
        ),
        ("Which scheme to use when?", uses(measures)),
    ];
    answers.retain(|(_, sentences)| !sentences.is_empty());
    answers
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
            .map(|(size, ratio)| format!("of {size} B by {}", growths(Some(*ratio))))
            .collect()
    };
    let large = list(&|(_, ratio)| ratio.low >= SMALL);
    let small = list(&|(_, ratio)| ratio.high < SMALL);
    let between = list(&|(_, ratio)| ratio.low < SMALL && ratio.high >= SMALL);
    let mut sentences = Vec::new();
    if !large.is_empty() {
        sentences.push(format!(
            "Yes for small blocks: with a header on each, a process with a million of them alive grows with blocks {} (n = {}).",
            large.join(", "),
            sizes[0].1.n
        ));
    }
    if !small.is_empty() {
        sentences.push(format!("Hardly for large ones: {}.", small.join(", ")));
    }
    if !between.is_empty() {
        sentences.push(format!(
            "Between, some runs below {} and some above: {}.",
            growth(SMALL),
            between.join(", ")
        ));
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

/// Headers and table of a million live blocks of 64 B.
fn memory_of(measures: &Measures, scheme: &str) -> Option<Spread> {
    Some(at_a_million(measures, 64, scheme, HEADERS)? + at_a_million(measures, 64, scheme, TABLE)?)
}

/// In how many runs every sampled free was known; `None` if not in all, or if none ran.
fn runs_exact(measures: &Measures, scheme: &str) -> Option<usize> {
    let of = |(workload, _)| measures.get(Part::Frees, workload, scheme, MISCOUNTED);
    let wrong: Vec<Spread> = FREES.into_iter().filter_map(of).collect();
    let is_exact = |wrong: &Spread| wrong.low == 0.0 && wrong.high == 0.0;
    let n = wrong.iter().map(|wrong| wrong.n).sum();
    (n > 0 && wrong.iter().all(is_exact)).then_some(n)
}

fn exactness(measures: &Measures) -> Vec<String> {
    let exact: Vec<(&str, Spread, usize)> = [HEADER, TAGS, MAP, STATELESS]
        .into_iter()
        .filter_map(|scheme| {
            let runs = runs_exact(measures, scheme)?;
            Some((scheme, memory_of(measures, scheme)?, runs))
        })
        .collect();
    if exact.is_empty() {
        return vec!["Not measured, or no tracking knows its sampled frees.".into()];
    }
    let mut sentences = Vec::new();
    let exact_of = |scheme: &str| exact.iter().find(|(name, ..)| *name == scheme);
    if let (Some((_, all, _)), Some((_, sampled, _))) = (exact_of(HEADER), exact_of(TAGS)) {
        sentences.push(format!(
            "Exact frees cost {} with headers on sampled blocks; headers on all take {}, {} times as much, for the same.",
            bytes_of(*sampled),
            bytes_of(*all),
            number(all.value / sampled.value)
        ));
    }
    let list: Vec<String> = exact
        .iter()
        .map(|(scheme, memory, runs)| format!("{scheme} with {} ({runs} runs)", bytes_of(*memory)))
        .collect();
    let is_needed = exact.iter().all(|(scheme, ..)| *scheme == HEADER);
    sentences.push(format!(
        "Exact numbers of sampled frees {} a header on every block. Every one is known to {}, of headers and table for a million live blocks of 64 B.",
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
    sentences
}

/// High consistency, and no more than a low bias, where addresses return; `None` if that was not measured.
fn is_good(measures: &Measures, scheme: &str) -> Option<bool> {
    let consistency = consistency_of(measures, scheme)?.grade;
    let bias = bias_of(measures, scheme)?.grade;
    Some(consistency == "high" && ["none", "low"].contains(&bias))
}

fn best(measures: &Measures) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut good = Vec::new();
    for scheme in WITH_HEADERS {
        let graded = consistency_of(measures, scheme).zip(bias_of(measures, scheme));
        let Some((consistency, bias)) = graded else {
            continue;
        };
        let more = measures.get(
            Part::Cost,
            &place("window", 1, true),
            scheme,
            MORE_THAN_NONE,
        );
        let cost = more.map_or(String::new(), |more| {
            format!(", {} instructions a pair over NONE", number(more.value))
        });
        if consistency.grade == IS_BLIND {
            sentences.push(format!(
                "{scheme}: BLIND on {}, {}{cost}.",
                consistency.workload,
                no_sample(consistency)
            ));
            continue;
        }
        sentences.push(format!(
            "{scheme}: consistency {} ({} times the spread of independent decisions), bias {} (estimates on average {} times the truth{}){cost}.",
            consistency.grade,
            spread(Some(consistency.spread)),
            bias.grade,
            spread(Some(bias.spread)),
            single_runs(measures, scheme, bias)
        ));
        if is_good(measures, scheme) == Some(true) {
            good.push((scheme, consistency.spread.value, more));
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
    let in_short = match cheapest {
        Some((scheme, ..)) => {
            let names: Vec<&str> = good.iter().map(|(name, ..)| *name).collect();
            let by = if good.iter().all(|(_, _, more)| more.is_some()) {
                "instructions"
            } else {
                "spread"
            };
            let estimates = bias_of(measures, scheme).map_or(String::new(), |bias| {
                format!(
                    ", whose estimates are on average {} times the truth (n = {})",
                    spread(Some(bias.spread)),
                    bias.spread.n
                )
            });
            format!(
                "Best where addresses return: {scheme}{estimates}; the least in {by} of those that are consistent without bias ({}).",
                names.join(", ")
            )
        }
        None => {
            "None of them is shown to be consistent and without bias where addresses return.".into()
        }
    };
    sentences.insert(0, in_short);
    sentences
}

/// Recommendations that the numbers make; each says by which.
fn uses(measures: &Measures) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut exact: Vec<(&str, Spread)> = sampling()
        .filter(|scheme| is_good(measures, scheme.name) == Some(true))
        .filter(|scheme| runs_exact(measures, scheme.name).is_some())
        .filter_map(|scheme| Some((scheme.name, memory_of(measures, scheme.name)?)))
        .collect();
    exact.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let list: Vec<String> = exact
        .iter()
        .map(|(scheme, memory)| format!("{scheme} {}", bytes_of(*memory)))
        .collect();
    if let Some((scheme, _)) = exact.first() {
        sentences.push(format!(
            "To know the frees of sampled blocks use {scheme}: the least headers and table for a million live blocks of 64 B of those measured that know every sampled free and are consistent without bias where addresses return ({}).",
            list.join(", ")
        ));
    }
    let growth_at = |size| at_a_million(measures, size, HEADER, OVER_NONE);
    if let (Some(small), Some(large)) = (growth_at(LIVE_BYTES[0]), growth_at(LIVE_BYTES[3])) {
        sentences.push(format!(
            "Use a header on every block where the sizes of unsampled frees are to be known too, so that freed and live bytes are exact; no other tracking has them. A process grows by {} for it at {} B a block, by {} at {} B.",
            growths(Some(small)),
            LIVE_BYTES[0],
            growths(Some(large)),
            LIVE_BYTES[3]
        ));
    }
    let low: Vec<String> = sampling()
        .filter_map(|scheme| Some((scheme.name, consistency_of(measures, scheme.name)?)))
        .filter_map(|(scheme, graded)| match graded.grade {
            IS_BLIND => Some(format!("{scheme} (blind, {})", no_sample(graded))),
            "low" => Some(format!("{scheme} {}", spread(Some(graded.spread)))),
            _ => None,
        })
        .collect();
    if !low.is_empty() {
        sentences.push(format!(
            "Where addresses return avoid schemes of low consistency, and blind ones; the spread of their samples over that of independent decisions: {}.",
            low.join(", ")
        ));
    }
    sentences
}
