//! 100 %, 100 %, "about 98 %", "may be 5 % wrong".

use super::{About, Claim, MISSING_RUNS, Topic, Verdict};
use crate::frees::{BYTES_OVER_TRUE, FREES_OVER_TRUE, MISCOUNTED, SIGMAS};
use crate::layout::{growth, number};
use crate::measures::{Measures, Part};
use crate::schemes::{FREES, Tracking, sampling};
use crate::spread::{Ends, Spread};

const BERNOULLI: &str = "STATELESS_POISSON_BERNOULLI";

/// All claims on frees.
pub fn claims(measures: &Measures) -> Vec<Claim> {
    let exact = |tracking: &[Tracking], subject, claim| {
        let wrong = over_all(measures, MISCOUNTED, |scheme, of| {
            tracking.contains(&of) && scheme != BERNOULLI
        });
        about(subject, claim, MISCOUNTED, "frees").judged(wrong, MISSING_RUNS, |wrong| {
            (Verdict::of(is_zero(wrong)), miscounted(wrong))
        })
    };
    let mut claims = vec![
        exact(&[Tracking::AllHeaders], "all-headers", "100 %"),
        exact(
            &[Tracking::SampleHeaders, Tracking::SampleMap],
            "sample-headers",
            "100 %",
        ),
    ];
    claims.extend([rehashed(measures), estimated(measures)]);
    claims
}

fn about(
    subject: &'static str,
    claim: &'static str,
    metric: &'static str,
    unit: &'static str,
) -> About {
    About {
        topic: Topic::Frees,
        subject,
        claim,
        metric,
        unit,
        workload: "frees-*".into(),
    }
}

/// "Re-hash ~98 %": of frees, and of their bytes.
fn rehashed(measures: &Measures) -> Claim {
    let is_hash = |scheme: &str, tracking| tracking == Tracking::Stateless && scheme != BERNOULLI;
    let wrong = over_all(measures, MISCOUNTED, is_hash);
    about("stateless", "~98 % (re-hash)", MISCOUNTED, "frees").judged(wrong, MISSING_RUNS, |wrong| {
        let bytes = over_all(measures, BYTES_OVER_TRUE, is_hash).map_or(String::new(), |bytes| {
            format!(
                "; freed bytes are off by {} to {} ({} on average), since usable sizes stand for requested ones",
                growth(bytes.low),
                growth(bytes.high),
                growth(bytes.value)
            )
        });
        let verdict = if is_zero(wrong) { Verdict::NotAsStated } else { Verdict::Wrong };
        (verdict, miscounted(wrong) + &bytes)
    })
}

fn estimated(measures: &Measures) -> Claim {
    const CLAIMED: f64 = 0.05;
    let is_estimate = |scheme: &str, _| scheme == BERNOULLI;
    let ratio = over_all(measures, FREES_OVER_TRUE, is_estimate);
    about(
        "stateless",
        "the estimate of frees may be +-5 % wrong",
        FREES_OVER_TRUE,
        "ratio",
    )
    .judged(ratio, MISSING_RUNS, |ratio| {
        let worst = (ratio.high - 1.0).max(1.0 - ratio.low);
        let sigmas = over_all(measures, SIGMAS, is_estimate).map_or(String::new(), |sigmas| {
            format!(
                ", {} of its own standard deviations on average",
                number(sigmas.value)
            )
        });
        let text = format!(
            "draws, estimated by sizes: {} to {} over all ways to free, {} on average{sigmas}",
            growth(ratio.low),
            growth(ratio.high),
            growth(ratio.value)
        );
        (Verdict::of(worst <= CLAIMED), text)
    })
}

/// One spread of a metric over all ways to free and all schemes that match.
pub fn over_all(
    measures: &Measures,
    metric: &str,
    matches: impl Fn(&str, Tracking) -> bool,
) -> Option<Spread> {
    let schemes = sampling().filter(|scheme| matches(scheme.name, scheme.tracking));
    let spreads: Vec<Spread> = schemes
        .flat_map(|scheme| {
            FREES.map(|(workload, _)| measures.get(Part::Frees, workload, scheme.name, metric))
        })
        .flatten()
        .collect();
    let first = spreads.first()?;
    let n: usize = spreads.iter().map(|spread| spread.n).sum();
    let weighted = |spread: &Spread| spread.value * spread.n as f64;
    Some(Spread {
        value: spreads.iter().map(weighted).sum::<f64>() / n as f64,
        low: spreads
            .iter()
            .map(|spread| spread.low)
            .fold(first.low, f64::min),
        high: spreads
            .iter()
            .map(|spread| spread.high)
            .fold(first.high, f64::max),
        ends: Ends::Range,
        n,
    })
}

fn is_zero(wrong: Spread) -> bool {
    wrong.low == 0.0 && wrong.high == 0.0
}

fn miscounted(wrong: Spread) -> String {
    if is_zero(wrong) {
        format!(
            "every sampled free known in {} runs, however blocks are freed",
            wrong.n
        )
    } else {
        format!(
            "from {} to {} sampled frees too many in {} runs",
            number(wrong.low),
            number(wrong.high),
            wrong.n
        )
    }
}
