//! Whether the gaps between samples are those of an ideal sampler.
//!
//! # Gaps as uniform numbers
//! Blocks are discrete: a gap of B bytes that a block of s bytes ends says only that the drawn gap lay in `(B, B + s]`. Tested as it stands, B is too short, and a
//! right sampler is rejected. But if gaps are exponential, then a number drawn uniformly from
//!
//! `(1 - exp(-B/mean), 1 - exp(-(B + s)/mean))`
//!
//! is uniform on (0, 1) whatever the sizes and their order: the randomised probability integral transform (Brockwell, "Universal residuals: a multivariate transformation",
//! Statistics & Probability Letters 77, 2007). Allocations likewise: n unsampled ones before a sample of probability p, `(1 - (1-p)^n, 1 - (1-p)^(n+1))`.
//! Worked: mean 1000, 500 B, then a sampled block of 100 B: from 0.3935 to 0.4512.
//!
//! # Unfinished gaps
//! A gap that nothing has ended after B bytes is censored. Left out, long gaps are missed, as long ones are likelier to be unfinished. An exponential gap has no
//! memory: the end that it would have had is drawn from `(1 - exp(-B/mean), 1)`. Whether a gap is in a slot's sample is settled before the gap is drawn (there is room, and the run has
//! not ended yet), so for each x the sum of `1{u <= x} - x` over all gaps, the last one completed, is a martingale: expectation 0, variance `x (1-x)` a gap,
//! and with many slots the limits of [`kolmogorov_smirnov`] and [`lag1`] stand (`tests/streams` measures the false alarms).
//!
//! # Tests
//! [`kolmogorov_smirnov`] for their distribution, [`lag1`] for a gap that says something of the next.

use crate::intervals::two_sided;
use crate::random::Random;

/// Makes uniform numbers of gaps; what it draws repeats itself for the same seed.
#[derive(Clone, Debug)]
pub struct Uniforms(Random);

/// A one-sample Kolmogorov-Smirnov test against the uniform distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovSmirnov {
    /// Gaps.
    pub n: usize,
    /// Largest distance between their share and the ideal one.
    pub distance: f64,
    /// Probability of one at least as large under an ideal sampler.
    pub p_value: f64,
}

/// Correlation of a gap with the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag1 {
    /// Pairs of neighbours.
    pub n: usize,
    /// From -1 to 1, up to chance: 3 at most.
    pub correlation: f64,
    /// Probability of one at least as far from 0 under an ideal sampler.
    pub p_value: f64,
}

impl Uniforms {
    /// Repeats itself for the same `seed`.
    pub fn new(seed: u64) -> Uniforms {
        Uniforms(Random::new(seed))
    }

    /// Of `gap_bytes` unsampled bytes and the block of `size_bytes` that ended them; `mean_bytes` above 0.
    pub fn bytes(&mut self, gap_bytes: f64, size_bytes: f64, mean_bytes: f64) -> f64 {
        self.draw(
            gap_bytes / mean_bytes,
            (gap_bytes + size_bytes) / mean_bytes,
        )
    }

    /// Of `gap_bytes` that no sample has ended yet.
    pub fn unfinished_bytes(&mut self, gap_bytes: f64, mean_bytes: f64) -> f64 {
        self.draw(gap_bytes / mean_bytes, f64::INFINITY)
    }

    /// Of `gap_allocs` unsampled allocations before a sampled one; p in (0, 1].
    pub fn allocs(&mut self, gap_allocs: f64, p: f64) -> f64 {
        self.draw(hazard(gap_allocs, p), hazard(gap_allocs + 1.0, p))
    }

    /// Of `gap_allocs` that no sample has ended yet.
    pub fn unfinished_allocs(&mut self, gap_allocs: f64, p: f64) -> f64 {
        self.draw(hazard(gap_allocs, p), f64::INFINITY)
    }

    /// Uniform between `1 - exp(-from)` and `1 - exp(-to)`.
    fn draw(&mut self, from: f64, to: f64) -> f64 {
        let (low, high) = (-(-from).exp_m1(), -(-to).exp_m1());
        low + (high - low) * self.0.unit()
    }
}

/// Kolmogorov's test of values in [0, 1] against the uniform distribution.
///
/// The distance D is the largest of `i/n - u_i` and `u_i - (i-1)/n` over the sorted values. Its p-value is Kolmogorov's limit, `2 sum (-1)^(k-1) exp(-2 k^2 x^2)` at
/// `x = D (sqrt(n) + 0.12 + 0.11/sqrt(n))` (Stephens, "EDF statistics for goodness of fit and some comparisons", JASA 69, 1974), right to two digits from n = 5 on.
/// `None` below that, and for a value that is none in [0, 1].
pub fn kolmogorov_smirnov(values: &[f64]) -> Option<KolmogorovSmirnov> {
    const FEWEST: usize = 5;
    let n = values.len();
    if n < FEWEST || values.iter().any(|value| !(0.0..=1.0).contains(value)) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let step = 1.0 / n as f64;
    let distance = sorted
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let below = index as f64 * step;
            (value - below).max(below + step - value)
        })
        .fold(0.0, f64::max);
    let root = (n as f64).sqrt();
    Some(KolmogorovSmirnov {
        n,
        distance,
        p_value: kolmogorov_tail(distance * (root + 0.12 + 0.11 / root)),
    })
}

/// Whether neighbours go together, over sequences that are independent of each other (slots, runs): `r = 12 mean of (u - 1/2)(v - 1/2)`.
///
/// Under an ideal sampler the mean 1/2 and the variance 1/12 are known, each product has the expectation 0 whatever came before, and r has the variance `1/n`:
/// z = r sqrt(n). `None` with less than 30 pairs, where r is not yet about normal.
pub fn lag1<'a>(sequences: impl IntoIterator<Item = &'a [f64]>) -> Option<Lag1> {
    const FEWEST: usize = 30;
    let (mut n, mut sum) = (0, 0.0);
    for pair in sequences
        .into_iter()
        .flat_map(|sequence| sequence.windows(2))
    {
        n += 1;
        sum += (pair[0] - 0.5) * (pair[1] - 0.5);
    }
    let correlation = 12.0 * sum / n as f64;
    (n >= FEWEST).then(|| Lag1 {
        n,
        correlation,
        p_value: two_sided(correlation * (n as f64).sqrt()),
    })
}

/// `-ln((1-p)^allocs)`; at p = 1 the first allocation ends every gap.
fn hazard(allocs: f64, p: f64) -> f64 {
    if allocs == 0.0 {
        return 0.0;
    }
    -allocs * (-p).ln_1p()
}

/// `P(sqrt(n) D > x)` in the limit. Below 0.2 it is 1 to 12 digits, and the series would need many terms.
fn kolmogorov_tail(x: f64) -> f64 {
    if x < 0.2 {
        return 1.0;
    }
    let mut sum = 0.0;
    let mut sign = 1.0;
    for k in 1..=100 {
        let term = (-2.0 * (f64::from(k) * x).powi(2)).exp();
        sum += sign * term;
        sign = -sign;
        if term < 1e-16 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
