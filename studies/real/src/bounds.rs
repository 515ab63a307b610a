//! What the project wants sampling to cost a real program at most, and how a ratio is held against a number that it should not pass.
//!
//! A table has many ratios, and of twenty right ones one interval misses by chance. So each is held against its bound by Student's t, two-sided, and the p-values of a
//! table are adjusted together by Holm's method ("A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979). Below
//! 0.05 the ratio is on one side of the bound, and its whole 95 % interval is too.
//!
//! To be above is then shown. To be below is only evidence of a small cost if a cost as large as the bound allows could have been seen: a measurement that
//! cannot tell 1.29 from 1 does not show that a program keeps to 1.08, wherever its noise has put it. Worked: 0.884 [0.731, 1.070] of five rounds is below 1.08 as a
//! whole, but its smallest visible effect is 29 %, more than 8 %: undecided.

use statistics::comparisons::holm;

use crate::over_runs::Value;
use crate::run::{POISSON, SAMPLE_HEADERS};

/// A number that a ratio should not pass, and whether it does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    pub at_most: f64,
    pub verdict: Verdict,
    /// Two-sided p-value against `at_most`, adjusted over the table; `None` where the ratio has no interval.
    pub p: Option<f64>,
}

/// On which side of a bound a ratio is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Inside,
    Outside,
    Undecided,
}

impl Verdict {
    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Inside => "inside",
            Verdict::Outside => "outside",
            Verdict::Undecided => "undecided",
        }
    }
}

/// An adjusted p-value below it decides.
const ALPHA: f64 = 0.05;

/// Holds the ratios of a table against their bounds, in the order given. One without an interval decides nothing, and is no comparison.
pub fn judge(ratios: &[(Value, f64)]) -> Vec<Bound> {
    let p_values: Vec<Option<f64>> = ratios
        .iter()
        .map(|(ratio, at_most)| ratio.p_against(*at_most))
        .collect();
    let compared: Vec<f64> = p_values.iter().flatten().copied().collect();
    let mut adjusted = holm(&compared).into_iter();
    let judged = ratios.iter().zip(p_values).map(|((ratio, at_most), p)| {
        let p = p.and_then(|_| adjusted.next());
        Bound {
            at_most: *at_most,
            verdict: verdict(ratio, *at_most, p),
            p,
        }
    });
    judged.collect()
}

fn verdict(ratio: &Value, at_most: f64, p: Option<f64>) -> Verdict {
    let could_be_seen = ratio
        .detectable
        .is_some_and(|effect| effect <= at_most - 1.0);
    match p {
        Some(p) if p < ALPHA && ratio.value > at_most => Verdict::Outside,
        Some(p) if p < ALPHA && could_be_seen => Verdict::Inside,
        _ => Verdict::Undecided,
    }
}

/// The mean gap that bounds are for.
pub const MEAN_BYTES: u64 = 524_288;

/// Of `HEADER_POISSON_BYTES`, by the first word of a workload's name.
const ALL_HEADERS: [(&str, f64); 4] = [
    ("nginx", 1.08),
    ("memcached", 1.08),
    ("redis", 1.10),
    ("curl", 1.05),
];
/// Of `SAMPLE_HEADERS_POISSON`, on the same.
const SAMPLED_HEADERS: f64 = 1.04;

/// The bound of a path, if it has one: of server's processor time a unit over that without the library.
pub fn at_most(workload: &str, scheme: &str, mean_bytes: Option<u64>) -> Option<f64> {
    let program = workload.split('-').next().unwrap_or_default();
    let (_, of_program) = ALL_HEADERS.iter().find(|(name, _)| *name == program)?;
    match scheme {
        _ if mean_bytes != Some(MEAN_BYTES) => None,
        POISSON => Some(*of_program),
        SAMPLE_HEADERS => Some(SAMPLED_HEADERS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::over_runs::ratio;

    /// Five rounds whose logarithms have this mean, and this standard error of it.
    fn of(value: f64, log_error: f64) -> Value {
        // -2, -1, 0, 1, 2 have s = sqrt(2.5), over sqrt(5): 0.7071.
        let step = log_error / 0.5f64.sqrt();
        let rounds = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|place| value * f64::exp(place * step));
        ratio(&rounds).unwrap()
    }

    fn verdicts(ratios: &[(Value, f64)]) -> Vec<Verdict> {
        judge(ratios).iter().map(|bound| bound.verdict).collect()
    }

    #[test]
    fn the_whole_interval_decides() {
        // t(0.975, 4) = 2.776: intervals 1.03 [1.016, 1.044], 1.09 [1.075, 1.105], 1.13 [1.114, 1.146]. Smallest effect (2.776 + 0.941) 0.005: 1.9 %.
        for (value, expected) in [
            (1.03, Verdict::Inside),
            (1.09, Verdict::Undecided),
            (1.13, Verdict::Outside),
        ] {
            assert_eq!(verdicts(&[(of(value, 0.005), 1.1)]), [expected]);
        }
        let single = ratio(&[1.0]).unwrap();
        assert_eq!(verdicts(&[(single, 1.1)]), [Verdict::Undecided]);
    }

    #[test]
    fn inside_needs_an_effect_that_could_have_been_seen() {
        // The document's case: 0.884 [0.731, 1.070] is below 1.08 as a whole, and sees 29 % at best.
        let noisy = of(0.884, 0.0686);
        let (low, high) = noisy.interval.unwrap();
        assert!((low - 0.731).abs() < 1e-3 && (high - 1.070).abs() < 1e-3);
        assert!(noisy.p_against(1.08).unwrap() < ALPHA);
        assert!((noisy.detectable.unwrap() - 0.29).abs() < 0.01);
        assert_eq!(verdicts(&[(noisy, 1.08)]), [Verdict::Undecided]);
        // The same number, measured more sharply: 6.1 % could have been seen.
        assert_eq!(verdicts(&[(of(0.884, 0.016), 1.08)]), [Verdict::Inside]);
    }

    #[test]
    fn one_of_twenty_is_no_finding() {
        // 1.286 [1.125, 1.469] against 1.07: p = 0.019 alone, 0.37 as one of twenty.
        let found = of(1.286, 0.04806);
        assert_eq!(verdicts(&[(found, 1.07)]), [Verdict::Outside]);
        let mut table = vec![(of(1.05, 0.05), 1.07); 19];
        table.push((found, 1.07));
        let judged = judge(&table);
        assert_eq!(judged[19].verdict, Verdict::Undecided);
        assert!((judged[19].p.unwrap() - 0.37).abs() < 0.01);
        // What has no interval is no comparison.
        let mut table = vec![(ratio(&[1.05]).unwrap(), 1.07); 19];
        table.push((found, 1.07));
        assert_eq!(judge(&table)[19].verdict, Verdict::Outside);
        // Far enough above, it is one.
        let mut table = vec![(of(1.05, 0.05), 1.07); 19];
        table.push((of(1.6, 0.04806), 1.07));
        assert_eq!(judge(&table)[19].verdict, Verdict::Outside);
    }

    #[test]
    fn a_bound_holds_at_its_mean_and_program_alone() {
        assert_eq!(at_most("curl", POISSON, Some(MEAN_BYTES)), Some(1.05));
        let sampled = at_most("redis-4k", SAMPLE_HEADERS, Some(MEAN_BYTES));
        assert_eq!(sampled, Some(1.04));
        assert_eq!(at_most("curl", POISSON, Some(4096)), None);
        assert_eq!(at_most("python", POISSON, Some(MEAN_BYTES)), None);
        assert_eq!(at_most("nginx", "HEADER_HASH", None), None);
    }
}
