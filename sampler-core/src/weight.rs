//! How likely a sample was, and so how much it stands for.
//!
//! The weight of a sampled block is `1/p`, p being the probability with which a block like it is sampled (Horvitz and Thompson, "A generalization of
//! sampling without replacement from a finite universe", JASA 47, 1952): each sample stands for `1/p` blocks and `size/p` bytes, and the sums over
//! all samples have the true totals as their expectations, whatever the sizes. Worked: mean 512 KiB, a sampled block of 64 KiB: p = 0.1175, so it
//! stands for 8.51 blocks and 557,738 bytes.
//!
//! The estimators in use elsewhere, computed on the identical samples of exponential gaps in bytes ([`tcmalloc_bytes`], [`draws_bytes`]), count gaps of whole
//! bytes, whose mean is not the configured one but [`mean_of_whole_gaps`].

use crate::config::Config;
use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::exp::one_minus_exp;
use crate::random::{Xoshiro256PlusPlus, gap_bytes_above};
use crate::scheme::DecisionName;

/// The probability with which a block of this size is sampled; 0 if nothing is.
pub fn probability(config: &Config, size: u64) -> f64 {
    match config.scheme.decision() {
        DecisionName::Hash
        | DecisionName::PageHash
        | DecisionName::HashSplitmix
        | DecisionName::HashMurmurish
        | DecisionName::Bernoulli => of_mask(config.hash_mask),
        DecisionName::PoissonBytes | DecisionName::BernoulliBytes => {
            of_bytes(size, config.mean_bytes)
        }
        DecisionName::Hybrid if size < HYBRID_THRESHOLD_BYTES => of_bytes(size, config.mean_bytes),
        DecisionName::Hybrid => of_mask(config.hash_mask),
        DecisionName::Always => 1.0,
        DecisionName::Never => 0.0,
    }
}

/// A whole number below 2^63, as sizes and means are: then the processor has one instruction for it, else it takes six.
#[inline(always)]
pub(crate) const fn float(whole: u64) -> f64 {
    whole as i64 as f64
}

/// `2^-popcount(mask)`.
pub fn of_mask(mask: u64) -> f64 {
    // The bits of a power of two: the exponent alone. Exact down to 2^-64.
    f64::from_bits((1023 - u64::from(mask.count_ones())) << 52)
}

/// `1 - exp(-size/mean)`; 1 at mean 0.
pub fn of_bytes(size: u64, mean_bytes: u64) -> f64 {
    if mean_bytes == 0 {
        return 1.0;
    }
    one_minus_exp(float(size) / float(mean_bytes))
}

/// The mean of an exponential gap rounded up to whole bytes, `M = 1 / (1 - exp(-1/mean))`: about half a byte more than the mean. 1 at mean 0.
///
/// From a mean of 64 on by its series, `M = mean + 1/2 + x/12 - x^3/720 + ...` with `x = 1/mean`, the generating function of the Bernoulli numbers (Abramowitz
/// and Stegun, 23.1.1) over x: the next term, `x^5/30240`, is below 1e-15 of M.
#[inline(always)]
pub fn mean_of_whole_gaps(mean_bytes: u64) -> f64 {
    const SERIES_START: u64 = 64;
    if mean_bytes < SERIES_START {
        return mean_of_short_whole_gaps(mean_bytes);
    }
    let mean = float(mean_bytes);
    let x = 1.0 / mean;
    mean + 0.5 + x * (1.0 / 12.0 - x * x * (1.0 / 720.0))
}

#[cold]
fn mean_of_short_whole_gaps(mean_bytes: u64) -> f64 {
    1.0 / of_bytes(1, mean_bytes)
}

/// What tcmalloc has a sample stand for: a mean gap, and what the block reaches beyond the end of its gap (`tcmalloc/sampler.cc`, "weight").
/// `remaining_bytes`, 1 to `size`, was left of the gap. Its expectation over all blocks, sampled or not, is the size, and at mean 0 it is always that.
#[inline(always)]
pub fn tcmalloc_bytes(size: u64, remaining_bytes: u64, mean_bytes: u64) -> f64 {
    // At mean 0 each byte ends a gap, of which that one byte was left.
    let beyond = size.saturating_sub(remaining_bytes.max(1));
    mean_of_whole_gaps(mean_bytes) + float(beyond)
}

/// Draws that are followed one by one.
const DRAWS_MAX: u32 = 64;

/// What ddprof (`lib/allocation_tracker.cc`) and, below a mean, heapprofd (`src/profiling/memory/sampler.h`) have a sample stand for: a mean for each
/// gap that ends within the block; at mean 0 each of its bytes. `remaining_bytes` was left of the first; further ones come from `random_bits`, which are no
/// part of the decision.
///
/// The gaps of a huge block are not all drawn: after [`DRAWS_MAX`] the rest of it is taken for itself, which is what its draws are worth on average.
#[inline(always)]
pub fn draws_bytes(size: u64, remaining_bytes: u64, mean_bytes: u64, random_bits: u64) -> f64 {
    let beyond = size.saturating_sub(remaining_bytes);
    if mean_bytes == 0 {
        return float(size);
    }
    // Of most blocks the next gap ends outside.
    match beyond.checked_sub(gap_bytes_above(random_bits, beyond, mean_bytes)) {
        None => mean_of_whole_gaps(mean_bytes),
        Some(beyond) => several_draws_bytes(beyond, mean_bytes, random_bits),
    }
}

/// A second gap ended `beyond` bytes before the block's end.
#[cold]
#[inline(never)]
fn several_draws_bytes(mut beyond: u64, mean_bytes: u64, seed: u64) -> f64 {
    let mut random = Xoshiro256PlusPlus::from_seed(seed);
    for draws in 2..=DRAWS_MAX {
        match beyond.checked_sub(random.next_gap_bytes_above(beyond, mean_bytes)) {
            None => return f64::from(draws) * mean_of_whole_gaps(mean_bytes),
            Some(less) => beyond = less,
        }
    }
    // The gap that was drawn last ended within the block.
    f64::from(DRAWS_MAX + 1) * mean_of_whole_gaps(mean_bytes) + float(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Scheme;

    #[test]
    fn hand_worked_probabilities() {
        assert_eq!(of_mask(0), 1.0);
        assert_eq!(of_mask(0xFF), 1.0 / 256.0);
        assert_eq!(of_mask(u64::MAX), 2f64.powi(-64));
        assert_eq!((of_bytes(0, 64), of_bytes(0, 0)), (0.0, 1.0));
        let (found, expected) = (of_bytes(1 << 20, 1 << 19), 0.864_664_716_763_387_3);
        assert!((found - expected).abs() < 1e-15, "{found}");
        // 64 KiB under 512 KiB: x = 1/8.
        assert!((65536.0 / of_bytes(65536, 1 << 19) - 557_738.489).abs() < 1e-3);
        // exp(-1/64): M = 64.501; the half byte of rounding up.
        assert!((mean_of_whole_gaps(64) - 64.501_302).abs() < 1e-6);
        assert_eq!(mean_of_whole_gaps(0), 1.0);
    }

    #[test]
    fn the_series_of_whole_gaps_is_their_mean() {
        for mean in [64, 65, 100, 256, 4096, 1 << 19, crate::MEAN_BYTES_MAX] {
            let (found, expected) = (mean_of_whole_gaps(mean), mean_of_short_whole_gaps(mean));
            assert!((found / expected - 1.0).abs() < 2e-15, "{found} for {mean}");
        }
    }

    /// Nothing is left to chance there, so no estimator may err.
    #[test]
    fn at_mean_0_every_estimator_gives_the_size() {
        for size in [1u64, 2, 100, 1 << 40] {
            let size_f64 = size as f64;
            assert_eq!(tcmalloc_bytes(size, 0, 0), size_f64);
            assert_eq!(draws_bytes(size, 0, 0, 7), size_f64);
        }
    }

    #[test]
    fn the_hybrid_has_the_probability_of_its_half() {
        let config = Config {
            scheme: Scheme::HeaderHybrid,
            hash_mask: 0x3,
            mean_bytes: 1000,
            ..Config::default()
        };
        assert_eq!(probability(&config, 255), of_bytes(255, 1000));
        assert_eq!(probability(&config, 256), 0.25);
    }

    /// Sums over every remaining gap of a block, weighted with its probability `(1-q) q^(r-1)`: the expectation, without any draw.
    #[test]
    fn tcmallocs_weight_has_the_size_as_its_expectation() {
        for (mean, size) in [(64u64, 1u64), (64, 16), (64, 1000), (4096, 40_000)] {
            let q = (-1.0 / mean as f64).exp();
            let expectation: f64 = (1..=size)
                .map(|r| (1.0 - q) * q.powi(r as i32 - 1) * tcmalloc_bytes(size, r, mean))
                .sum();
            assert!(
                (expectation / size as f64 - 1.0).abs() < 1e-9,
                "{expectation} for {size} at {mean}"
            );
        }
    }

    #[test]
    fn draws_have_the_size_as_their_expectation() {
        // The last is far beyond the draws that are followed: 1000 means.
        for (index, (mean, size)) in [(64u64, 16u64), (64, 640), (1000, 3000), (64, 64_000)]
            .into_iter()
            .enumerate()
        {
            const TRIES: u32 = 100_000;
            let mut random = Xoshiro256PlusPlus::from_seed(40 + index as u64);
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..TRIES {
                let gap = random.next_gap_bytes(mean);
                if gap <= size {
                    let bytes = draws_bytes(size, gap, mean, random.next_u64());
                    sum += bytes;
                    squares += bytes * bytes;
                }
            }
            let n = f64::from(TRIES);
            let found = sum / n;
            // 4 standard errors of the mean, from the spread that was found.
            let sigma = ((squares / n - found * found) / n).sqrt();
            assert!(
                (found - size as f64).abs() < 4.0 * sigma,
                "{found} for {size} at {mean}, sigma {sigma}"
            );
        }
    }
}
