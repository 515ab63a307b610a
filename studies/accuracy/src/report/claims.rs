//! What the starting document expects of its four schemes, each with what was measured and a verdict that the numbers decide.
//!
//! Its rates were not at equal budget, so what is tested here is what it concludes from them: consistency, bias, dead zones, and its ranking.

use statistics::closed_forms::sees_bytes;
use statistics::equivalence::{self, Bias, Verdict};
use statistics::intervals::{self, LEVEL};

use crate::layout::{heading, item, percent, plain, rate};
use crate::measure::dead_zones;
use crate::measure::estimates::{
    ALLOCS, BYTES, LIVE_ALLOCS, LIVE_BYTES, Subject, deviation_by_design, errors_of,
};
use crate::measure::rates::{
    BLIND, DISPERSION, DISPERSION_IDEAL, EMPTY, EMPTY_CLOSED_FORM, PAGES, RATE_ALLOCS,
};
use crate::paths::Cell;
use crate::report::errors::{self, Error};
use crate::report::{Data, MAIN_SET};
use crate::rows::Number;

/// The workloads that stand for the document's two: the largest, on which a scheme shows what it can.
pub const MONOTONIC: &str = "monotonic-300";
pub const REUSE: &str = "reuse-400";

pub const POISSON: &str = "HEADER_POISSON_BYTES";
pub const HYBRID: &str = "HEADER_HYBRID";
pub const HASH: &str = "HEADER_HASH";
pub const SPLITMIX: &str = "HEADER_HASH_SPLITMIX";
pub const PAGE_HASH: &str = "HEADER_PAGE_HASH";
const SEEDS_SCHEMES: [&str; 4] = [POISSON, HYBRID, HASH, PAGE_HASH];

/// More than this times the variance of independent decisions is not consistent.
const CONSISTENT: f64 = 2.0;

/// One expectation.
pub struct Claim {
    /// In its words or nearly.
    pub claim: String,
    pub verdict: &'static str,
    /// Why, with the numbers.
    pub why: String,
}

const RIGHT: &str = "right";
const WRONG: &str = "wrong";
const UNDECIDED: &str = "undecided";

/// Those whose workloads ran.
pub fn all(data: &Data) -> Vec<Claim> {
    let single = [
        rates(data),
        unequal(data),
        consistency(data, MONOTONIC),
        consistency(data, REUSE),
        near_zero_dead_zones(data),
        page_hash_fails(data),
        no_bias(data),
    ];
    single.into_iter().flatten().chain(ranking(data)).collect()
}

/// The list; nothing where the two workloads did not run.
pub fn text(data: &Data) -> String {
    let claims = all(data);
    if claims.is_empty() {
        return String::new();
    }
    let line = |claim: &Claim| {
        let verdict = claim.verdict.to_uppercase();
        item(&format!("\"{}\": {verdict}. {}", claim.claim, claim.why))
    };
    let list: String = claims.iter().map(line).collect();
    format!("{}{list}", heading("What the starting document expects"))
}

fn claim(claim: impl Into<String>, is_right: bool, why: String) -> Claim {
    Claim {
        claim: claim.into(),
        verdict: if is_right { RIGHT } else { WRONG },
        why,
    }
}

/// A metric of the document's schemes on a workload; `None` if one is missing.
fn each(
    data: &Data,
    workload: &str,
    estimator: &str,
    metric: &str,
) -> Option<Vec<(&'static str, Number)>> {
    let of = |scheme| Some((scheme, data.get(workload, scheme, estimator, metric)?));
    SEEDS_SCHEMES.into_iter().map(of).collect()
}

fn list(numbers: &[(&str, Number)], write: impl Fn(Option<Number>) -> String) -> String {
    let items: Vec<String> = numbers
        .iter()
        .map(|(scheme, number)| format!("{scheme} {}", write(Some(*number))))
        .collect();
    items.join(", ")
}

fn rates(data: &Data) -> Option<Claim> {
    let (workload, _) = data.cell(MONOTONIC, HASH)?;
    let target = workload.budget.share;
    let rates = each(data, MONOTONIC, "", RATE_ALLOCS)?;
    let is_right = rates
        .iter()
        .all(|(_, rate)| (rate.value / target - 1.0).abs() <= 0.1);
    let why = format!(
        "At equal budget, mean rate of allocations within 10 % of {:.4} %: {} %. With the means of its own defaults the four were not at one budget.",
        target * 100.0,
        list(&rates, rate)
    );
    Some(claim("Monotonic: all schemes about 0.39 %", is_right, why))
}

/// What its default parameters give, over the exact sizes of the counting runs.
fn unequal(data: &Data) -> Option<Claim> {
    const DEFAULT_MEAN_BYTES: f64 = 4096.0;
    const DEFAULT_MASK_SHARE: f64 = 1.0 / 256.0;
    let expected = |name| {
        let (workload, _) = data.cell(name, POISSON)?;
        let budget = &workload.budget;
        let samples: f64 = budget
            .sizes
            .iter()
            .map(|(size, allocs)| allocs * sees_bytes(1.0, *size, DEFAULT_MEAN_BYTES))
            .sum();
        Some(samples / budget.allocs * 100.0)
    };
    let why = format!(
        "That hides that they cost differently: with the default mean gap of {DEFAULT_MEAN_BYTES} B {POISSON} expects to sample {:.2} % of the allocations of {MONOTONIC} and {:.2} % of {REUSE}, where its mask samples {:.2} %. With that many more samples any scheme errs less.",
        expected(MONOTONIC)?,
        expected(REUSE)?,
        DEFAULT_MASK_SHARE * 100.0
    );
    Some(Claim {
        claim: "Each scheme with its own parameters".into(),
        verdict: "not comparable",
        why,
    })
}

/// What the spread of a scheme's samples over runs shows.
#[derive(Clone, Copy, PartialEq)]
enum Spread {
    Consistent,
    Inconsistent,
    /// No sample in more than half of the runs: that all gave the same is no consistency.
    Blind,
    /// The interval holds the bound, or there is none.
    Open,
}

fn spread(dispersion: Number, ideal: Number, empty: Number) -> Spread {
    let most = CONSISTENT * ideal.value;
    match dispersion.interval {
        _ if empty.value > BLIND => Spread::Blind,
        Some(it) if it.high <= most => Spread::Consistent,
        Some(it) if it.low > most => Spread::Inconsistent,
        _ => Spread::Open,
    }
}

fn consistency(data: &Data, workload: &str) -> Option<Claim> {
    let dispersions = each(data, workload, "", DISPERSION)?;
    let ideal = each(data, workload, "", DISPERSION_IDEAL)?;
    let empty = each(data, workload, "", EMPTY)?;
    let (says, expected) = match workload {
        MONOTONIC => (
            "Monotonic: low variance, because addresses are unique",
            [Spread::Consistent; 4],
        ),
        _ => (
            "High reuse: Poisson and hybrid are consistent, the hashes are not",
            [
                Spread::Consistent,
                Spread::Consistent,
                Spread::Inconsistent,
                Spread::Inconsistent,
            ],
        ),
    };
    let found: [Spread; 4] =
        std::array::from_fn(|it| spread(dispersions[it].1, ideal[it].1, empty[it].1));
    let contradicts = |(found, expected): (&Spread, &Spread)| {
        found != expected && matches!(found, Spread::Consistent | Spread::Inconsistent)
    };
    let verdict = match () {
        () if found.iter().zip(&expected).any(contradicts) => WRONG,
        () if found == expected => RIGHT,
        () => UNDECIDED,
    };
    let texts: Vec<String> = dispersions
        .iter()
        .zip(&empty)
        .zip(found)
        .map(|(((scheme, dispersion), (_, empty)), found)| match found {
            Spread::Blind => format!(
                "{scheme} blind (no sample in {} % of runs: neither)",
                percent(Some(*empty))
            ),
            _ => format!("{scheme} {}", plain(Some(*dispersion))),
        })
        .collect();
    Some(Claim {
        claim: says.into(),
        verdict,
        why: format!(
            "Variance of a run's samples over their expected number on {workload} (independent decisions: about 1; consistent: whole interval up to {CONSISTENT} times that, inconsistent: whole interval above): {}.",
            texts.join(", ")
        ),
    })
}

/// At the document's own window, or not at all: a shorter one answers another question.
fn near_zero_dead_zones(data: &Data) -> Option<Claim> {
    const NEAR_ZERO: f64 = 0.005;
    const ITS_WINDOW: u64 = 100_000;
    let (workload, _) = data.cell(MONOTONIC, POISSON)?;
    let window = |scale: usize| workload.budget.window_base * dead_zones::FACTORS[scale];
    let found_of = |scale: usize| each(data, MONOTONIC, "", dead_zones::RATE[scale]);
    let shortest = found_of(0)?;
    let design = data.get(MONOTONIC, POISSON, "", dead_zones::DESIGN[0])?;
    let scales = 0..dead_zones::FACTORS.len();
    let own = scales
        .clone()
        .find(|scale| window(*scale) == ITS_WINDOW)
        .and_then(found_of);
    let (verdict, found) = match &own {
        None => (
            UNDECIDED,
            format!(
                "Its windows had {ITS_WINDOW} allocations; a run of {MONOTONIC} finishes none."
            ),
        ),
        Some(rates) => (
            are_at_most(rates, NEAR_ZERO),
            format!(
                "Of windows of {ITS_WINDOW} allocations, as its own, {} % had no sample; near zero is up to {:.1} %.",
                list(rates, percent),
                NEAR_ZERO * 100.0
            ),
        ),
    };
    let others: String = scales
        .skip(1)
        .filter(|scale| window(*scale) != ITS_WINDOW)
        .filter_map(|scale| Some((window(scale), found_of(scale)?)))
        .map(|(window, rates)| format!("; of windows of {window} {} %", list(&rates, percent)))
        .collect();
    Some(Claim {
        claim: "Monotonic: near-zero dead zones".into(),
        verdict,
        why: format!(
            "{found} Other windows answer another question: of windows of {} {} % had no sample, where Poisson leaves {} % by its design{others}.",
            window(0),
            list(&shortest, percent),
            percent(Some(design))
        ),
    })
}

/// Right if all shares are, with their whole intervals, wrong if one is not with all of its own. Where all runs gave the same, what as many runs can tell of a share.
fn are_at_most(shares: &[(&str, Number)], most: f64) -> &'static str {
    let interval = |share: &Number| {
        let hits = (share.value * share.n as f64).round() as u64;
        let of_runs = || intervals::share(hits, share.n as u64, LEVEL);
        share.interval.or_else(of_runs)
    };
    let found = || shares.iter().filter_map(|(_, share)| interval(share));
    match () {
        () if found().any(|it| it.low > most) => WRONG,
        () if found().all(|it| it.high <= most) => RIGHT,
        () => UNDECIDED,
    }
}

/// That it sees nothing in most runs, and that its rate is 0, are two things: the second needs more empty runs than chance gives.
fn page_hash_fails(data: &Data) -> Option<Claim> {
    const ALPHA: f64 = 0.05;
    let (workload, _) = data.cell(REUSE, PAGE_HASH)?;
    let empty = data.get(REUSE, PAGE_HASH, "", EMPTY)?;
    let chance = data.get(REUSE, PAGE_HASH, "", EMPTY_CLOSED_FORM)?;
    let pages = data.get(REUSE, PAGE_HASH, "", PAGES)?;
    let rate_found = data.get(REUSE, PAGE_HASH, "", RATE_ALLOCS)?;
    let is_blind = empty.value > BLIND;
    let all_empty_by_chance = chance.value.powf(empty.n as f64);
    let (verdict, of_rate) = match () {
        () if !is_blind => (WRONG, String::new()),
        () if rate_found.value > 0.0 => (
            "not as stated",
            " Its rate is not 0: the few runs that find a page sample much of everything.".into(),
        ),
        () if all_empty_by_chance < ALPHA => (RIGHT, String::new()),
        () => (
            UNDECIDED,
            format!(
                " So many empty runs of as many come by chance with {:.1} %, and do not show a rate of 0.",
                all_empty_by_chance * 100.0
            ),
        ),
    };
    Some(Claim {
        claim: "High reuse: page hash samples 0 %, fails catastrophically on small working sets"
            .into(),
        verdict,
        why: format!(
            "It is {}: {} % of {} runs had no sample. With {:.1} pages on average, each sampled with a probability of {:.2} %, chance gives {} %: not a fault of the code but few keys. Its mean rate is {} %.{of_rate}",
            if is_blind { "BLIND" } else { "not blind" },
            percent(Some(empty)),
            empty.n,
            pages.value,
            workload.budget.share * 100.0,
            percent(Some(Number {
                interval: None,
                ..chance
            })),
            rate(Some(rate_found))
        ),
    })
}

/// A mean error up to here is no bias. A tenth is the error of a single run with 100 samples, so it is
/// never the larger part of what a user of up to 100 samples sees; and 200 runs can tell it from 0
/// wherever a run errs by 39 % at most, as from 7 samples of like blocks on.
const BIAS_MARGIN: f64 = 0.1;

/// One quantity of one workload that the claim is about.
struct Estimated<'a> {
    workload: &'a str,
    subject: Subject,
    bias: Option<Bias>,
    /// Of one run, by design.
    deviation: f64,
}

impl Estimated<'_> {
    fn name(&self) -> String {
        format!(
            "{} of {}",
            self.subject.name.replace('_', " "),
            self.workload
        )
    }

    fn text(&self) -> String {
        let number = self.bias.map(|bias| Number {
            value: bias.mean,
            interval: Some(bias.interval(LEVEL)),
            n: bias.n,
        });
        format!("{} {} %", self.name(), percent(number))
    }

    /// Runs that would decide it.
    fn runs(&self) -> f64 {
        equivalence::runs_to_decide(self.deviation, BIAS_MARGIN)
    }
}

/// That there is none is right only if every estimate of every workload shows it.
fn no_bias(data: &Data) -> Option<Claim> {
    let mut all: Vec<Estimated> = Vec::new();
    for workload in data.workloads.iter().filter(|it| it.set == MAIN_SET) {
        let of_scheme = |cell: &&Cell| cell.scheme.name == POISSON;
        for cell in workload.cells.iter().filter(of_scheme) {
            for subject in [BYTES, ALLOCS, LIVE_BYTES, LIVE_ALLOCS] {
                let Some(errors) = errors_of(cell, subject) else {
                    continue;
                };
                let deviation = deviation_by_design(workload, cell, subject);
                all.push(Estimated {
                    workload: &workload.name,
                    subject,
                    bias: Bias::of(&errors, deviation),
                    deviation: deviation.unwrap_or(f64::INFINITY),
                });
            }
        }
    }
    if all.is_empty() {
        return None;
    }
    let biases: Vec<Option<Bias>> = all.iter().map(|it| it.bias).collect();
    let judged = equivalence::judge(&biases, BIAS_MARGIN, LEVEL);
    let of = |verdict: Verdict| -> Vec<&Estimated> {
        let found = all.iter().zip(&judged.each);
        found
            .filter(|(_, it)| **it == verdict)
            .map(|(it, _)| it)
            .collect()
    };
    let names = |found: &[&Estimated], text: &dyn Fn(&Estimated) -> String| {
        let texts: Vec<String> = found.iter().map(|it| text(it)).collect();
        texts.join(", ")
    };
    let (within, outside, open) = (
        of(Verdict::Within),
        of(Verdict::Outside),
        of(Verdict::Undecided),
    );
    let mut why = format!(
        "Mean error of bytes and of allocations, allocated and live, on every workload, once each sample is weighted by 1/p. Right is that each one's whole interval lies within {:.0} % of 0, wrong that one lies beyond (Holm's p < {:.2} over all); an interval is made of what the runs spread or should spread by design, whichever is more. Within: {} of {}",
        BIAS_MARGIN * 100.0,
        1.0 - LEVEL,
        within.len(),
        all.len()
    );
    if !within.is_empty() {
        why += &format!(" ({})", names(&within, &|it| it.text()));
    }
    why += ".";
    if !outside.is_empty() {
        why += &format!(" Beyond: {}.", names(&outside, &|it| it.text()));
    }
    if !open.is_empty() {
        why += &format!(
            " Undecided, with the runs that would decide by design: {}.",
            names(&open, &|it| format!(
                "{} ({:.0} runs)",
                it.text(),
                it.runs()
            ))
        );
    }
    why += " Raw samples favour large blocks by design.";
    Some(Claim {
        claim: "Poisson: no bias".into(),
        verdict: match judged.all {
            Verdict::Within => RIGHT,
            Verdict::Outside => WRONG,
            Verdict::Undecided => UNDECIDED,
        },
        why,
    })
}

/// A scheme's larger error on the two workloads.
pub struct Worst {
    pub scheme: &'static str,
    workload: &'static str,
    error: Error,
}

impl Worst {
    /// `HEADER_HASH 79.0 [69.9, 87.3] % (reuse-400)`
    pub fn text(&self) -> String {
        format!("{} {} ({})", self.scheme, self.error.text(), self.workload)
    }
}

/// The document's schemes, the least first of the larger RMSE of bytes on its two workloads; one that is blind on either comes last.
pub fn by_worst_error(data: &Data) -> Option<Vec<Worst>> {
    let worst = |scheme| -> Option<Worst> {
        let of = |workload| {
            let error = errors::of(data, workload, scheme, BYTES)?;
            Some(Worst {
                scheme,
                workload,
                error,
            })
        };
        let (monotonic, reuse) = (of(MONOTONIC)?, of(REUSE)?);
        let is_monotonic = monotonic.error.value() > reuse.error.value();
        Some(if is_monotonic { monotonic } else { reuse })
    };
    let mut order: Vec<Worst> = SEEDS_SCHEMES
        .into_iter()
        .map(worst)
        .collect::<Option<_>>()?;
    order.sort_by(|a, b| a.error.value().total_cmp(&b.error.value()));
    Some(order)
}

/// Its winner, its runner-up, and what it says to avoid, by that order.
fn ranking(data: &Data) -> Vec<Claim> {
    let Some(order) = by_worst_error(data) else {
        return Vec::new();
    };
    let says = [
        ("Winner", POISSON, 0, "least"),
        ("Runner-up", HYBRID, 1, "second least"),
        ("Avoid", PAGE_HASH, 3, "largest"),
    ];
    says.map(|(place, scheme, index, what)| {
        let why = format!(
            "The {what} error is that of {}, by the larger RMSE of bytes on {MONOTONIC} and {REUSE}; what is blind stands behind all that see.",
            order[index].text()
        );
        // With a rival whose interval it overlaps it could change places.
        let is_right = order[index].scheme == scheme;
        let claimed = order.iter().find(|it| it.scheme == scheme);
        let is_decided = claimed.is_some_and(|claimed| match is_right {
            true => order.iter().all(|it| it.scheme == scheme || it.error.is_apart(&claimed.error)),
            false => order[index].error.is_apart(&claimed.error),
        });
        let mut claim = claim(format!("{place}: {scheme}"), is_right, why);
        if !is_decided {
            claim.verdict = UNDECIDED;
            claim.why += " Not all are apart that would have to be: intervals overlap, runs contradict the closed form, or a scheme is not surely blind.";
        }
        claim
    })
    .into()
}
