//! What one sample adds to the sums of its size bin, and its free takes away from those of live blocks.
//!
//! The sums of live blocks go up and down for as long as a process runs. A floating-point sum keeps a
//! rounding error of each of these steps, and is not 0 when all is freed. So they are kept in whole
//! units: integers, which give back exactly what was added, in any order, and also where the thread that
//! frees is another than the one that allocated. They wrap around at 2^64, which does no harm as long as
//! the blocks that are alive, over all threads, come to less than 2^63 units.
//!
//! - Blocks of one probability are counted: their number, their bytes, and the squares of their sizes.
//!   Nothing is rounded; weights come in when the sums are read.
//! - Where the probability follows the size a unit is a power of two, `2^(bound - 62)`: `2^bound` is above
//!   what live samples can stand for under the mean gap ([`bounds`]). A term is off by half a unit at most.
//!   Worked, at a mean of 512 KiB and 64 bytes: the sample stands for 8192.5 allocations in units of 2^-18,
//!   and for 524,320 bytes in units of 2^-13; the variance of the allocations is 6.7 x 10^7 in units of 1/16,
//!   that of the bytes 2.7 x 10^11 in units of 64.

use crate::bins::BINS;
use crate::config::Config;
use crate::counter::Owner;
use crate::decision::HYBRID_THRESHOLD_BYTES;
use crate::scheme::DecisionName;
use crate::weight::{self, float};

/// Allocations, bytes, and the variance of each.
pub(crate) const SUMS: usize = 4;

/// What one sample adds.
pub(crate) type Terms = [f64; SUMS];

/// Of a sample of at least 1 byte, under a scheme that samples.
pub(crate) fn terms(config: &Config, size: u64) -> Terms {
    let p = weight::probability(config, size);
    let (weight, size) = (1.0 / p, float(size));
    let variance = (1.0 - p) * weight * weight;
    [weight, size * weight, variance, variance * size * size]
}

/// What one sample adds to the sums of live blocks, in units: as many as [`SUMS`], and of squares in the last
/// bin the remainder.
pub(crate) type Units = [u64; SUMS + 1];

/// Squares of the last bin are in units of `2^32`, with the remainders in a sum of their own: together they
/// hold the squares of all blocks that an address space has room for.
const SQUARE_BITS: u32 = 32;

/// `2^low` is below every size of the bin (or equal: 1 byte).
const LOW: [i32; BINS] = [0, 5, 6, 7, 8, 9, 10, 12, 14, 16];

/// All live blocks lie in less than `2^47` bytes.
const ADDRESS_BITS: i32 = 47;

/// At least 8 bytes each.
const BLOCKS_BITS: i32 = ADDRESS_BITS - 3;

/// Samples of the least likely kind that may be alive at once, where that is more than can be expected.
const LUCK_BITS: i32 = 24;

/// Sums stay below `2^62` units: half of what a signed word holds.
const SUM_BITS: i32 = 62;

/// What a sample of this bin adds to the sums of live blocks; `terms` is what it adds to those of all.
#[inline(always)]
pub(crate) fn units<O: Owner>(
    config: &Config,
    bin: usize,
    size: u64,
    terms: impl FnOnce() -> Terms,
) -> Units {
    if let Some(gaps) = gaps_bits(config, bin) {
        let (terms, per_unit) = (terms(), &PER_UNIT[gaps as usize % GAPS][bin]);
        let units = |index: usize| O::round(terms[index] * f64::from(per_unit[index]));
        return [units(0), units(1), units(2), units(3), 0];
    }
    // The third, of the variance of the number, is the number's.
    if bin < BINS - 1 {
        return [1, size, 0, size * size, 0];
    }
    let square = u128::from(size) * u128::from(size);
    let remainder = square as u64 % (1 << SQUARE_BITS);
    [1, size, 0, (square >> SQUARE_BITS) as u64, remainder]
}

/// What sums in units of this bin amount to.
pub(crate) fn amount(config: &Config, bin: usize, sums: Units) -> Terms {
    let [blocks, bytes, blocks_variance, squares, remainders] = sums.map(|sum| sum as i64);
    if let Some(gaps) = gaps_bits(config, bin) {
        let sums = [blocks, bytes, blocks_variance, squares];
        return core::array::from_fn(|index| {
            sums[index] as f64 / f64::from(PER_UNIT[gaps as usize % GAPS][bin][index])
        });
    }
    let squares = match bin < BINS - 1 {
        true => squares.into(),
        false => (i128::from(squares) << SQUARE_BITS) + i128::from(remainders),
    };
    // Of any size that is decided so.
    let p = weight::probability(config, HYBRID_THRESHOLD_BYTES);
    let variance = (1.0 - p) / (p * p);
    let (blocks, bytes) = (blocks as f64, bytes as f64);
    [
        blocks / p,
        bytes / p,
        variance * blocks,
        variance * squares as f64,
    ]
}

/// Bits of the largest gap that a sample of the bin stands for, in bytes; `None` where all have one
/// probability.
#[inline(always)]
fn gaps_bits(config: &Config, bin: usize) -> Option<i32> {
    const SHARED: usize = crate::bins::bin(HYBRID_THRESHOLD_BYTES);
    // The mean is below 2^bits.
    let bits = (u64::BITS - config.mean_bytes.leading_zeros()) as i32;
    match config.scheme.decision() {
        DecisionName::PoissonBytes | DecisionName::BernoulliBytes => Some(bits),
        DecisionName::Hybrid if bin < SHARED => Some(bits),
        // Its largest blocks are hashed, and stand for as much as under a mean of their size over p.
        DecisionName::Hybrid if bin == SHARED => {
            Some(bits.max(config.hash_mask.count_ones() as i32 + HYBRID_SHIFT))
        }
        _ => None,
    }
}

/// `log2` of the size from which on the hybrid hashes.
const HYBRID_SHIFT: i32 = HYBRID_THRESHOLD_BYTES.trailing_zeros() as i32;

/// `log2` of what the sums of live samples of a bin stay below under exponential gaps, whose mean is below
/// `2^gaps`.
///
/// They are estimates, so they can be a little more than what is alive: `1/p` is less than `mean/size + 1`,
/// the variances of a sample at most `(mean/size)^2` and `mean^2`, and their sums on average at most those
/// of `mean/size` and of `mean size` over all live blocks. Where single samples stand for so much that few
/// of them come to more, there is room for `2^24` of them.
const fn bounds(gaps: i32, bin: usize) -> [i32; SUMS] {
    let low = LOW[bin];
    let blocks = least(BLOCKS_BITS, ADDRESS_BITS - low);
    let luck = least(LUCK_BITS, blocks);
    let weight = most(gaps - low, 0) + 1;
    [
        most(BLOCKS_BITS, weight + luck),
        most(ADDRESS_BITS, gaps + luck) + 2,
        most(blocks + weight, 2 * weight + luck),
        most(ADDRESS_BITS + gaps, 2 * gaps + luck) + 1,
    ]
}

const fn least(one: i32, other: i32) -> i32 {
    if one < other { one } else { other }
}

const fn most(one: i32, other: i32) -> i32 {
    if one > other { one } else { other }
}

/// Bits of gaps: of the largest mean, or of 2^64 blocks of 256 bytes.
const GAPS: usize = 64 + HYBRID_SHIFT as usize + 1;

/// Units in 1, by bits of gaps, bin and sum. A table: working it out takes a third of the time of what is alive.
static PER_UNIT: [[[f32; SUMS]; BINS]; GAPS] = {
    let mut table = [[[0.0; SUMS]; BINS]; GAPS];
    let mut gaps = 0;
    while gaps < GAPS {
        let mut bin = 0;
        while bin < BINS {
            let bounds = bounds(gaps as i32, bin);
            let mut index = 0;
            while index < SUMS {
                table[gaps][bin][index] = power_of_two(SUM_BITS - bounds[index]) as f32;
                index += 1;
            }
            bin += 1;
        }
        gaps += 1;
    }
    table
};

/// Of exponents from -1022 to 1023.
const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bins::bin;
    use crate::config::MEAN_BYTES_MAX;
    use crate::counter::Shared;
    use crate::random::SplitMix64;
    use crate::scheme::Scheme;
    use std::vec::Vec;

    const SIZE_MAX: u64 = 1 << ADDRESS_BITS;

    /// Every scheme that samples, with each of these means and masks.
    fn configs(parameters: &[(u64, u64)]) -> Vec<Config> {
        let mut configs = Vec::new();
        for &(mean_bytes, hash_mask) in parameters {
            for scheme in Scheme::ALL {
                if scheme.decision() != DecisionName::Never {
                    configs.push(Config {
                        scheme,
                        mean_bytes,
                        hash_mask,
                        ..Config::default()
                    });
                }
            }
        }
        configs
    }

    /// Up to a mean of 512 MiB, with masks that take about as many blocks of 256 bytes, as a hybrid has them.
    fn usual() -> Vec<Config> {
        configs(&[
            (0, 0),
            (1, 0),
            (2, 0),
            (63, 0),
            (64, 0x1),
            (255, 0x1),
            (256, 0x1),
            (4096, 0xF),
            (4096, 0xFF),
            (1 << 19, 0xFF),
            (1 << 19, 0x7FF),
            (1 << 24, 0xFFFF),
            (1 << 29, 0x1F_FFFF),
        ])
    }

    fn all() -> Vec<Config> {
        let mut all = usual();
        all.extend(configs(&[
            (1 << 30, 0x3FFFF),
            (1 << 45, 0xFFFF_FFFF),
            (MEAN_BYTES_MAX, u64::MAX),
            (0, u64::MAX),
            (MEAN_BYTES_MAX, 0),
        ]));
        all
    }

    fn sizes() -> Vec<u64> {
        let mut random = SplitMix64::new(71);
        let mut sizes: Vec<u64> = (1..=300).collect();
        for shift in 8..=ADDRESS_BITS {
            sizes.extend([
                (1 << shift) - 1,
                1 << shift,
                ((1u64 << shift) + 1).min(SIZE_MAX),
            ]);
        }
        sizes.extend(
            (0..500).map(|_| 1 + random.next_u64() % (SIZE_MAX >> (random.next_u64() % 40))),
        );
        sizes
    }

    /// What a term may be off by, as a part of it: of the variances as a part of what they are at p = 1/2,
    /// 2 and 2 size^2, below which they mean nothing beside those of other blocks.
    #[test]
    fn rounding_to_units_changes_no_term_that_matters() {
        let mut worst = [0.0f64; SUMS];
        for config in usual() {
            for size in sizes() {
                let terms = terms(&config, size);
                let bin = bin(size);
                let found = amount(&config, bin, units::<Shared>(&config, bin, size, || terms));
                let least = [0.0, 0.0, 2.0, 2.0 * float(size) * float(size)];
                for index in 0..SUMS {
                    let off = (found[index] - terms[index]).abs() / terms[index].max(least[index]);
                    worst[index] = worst[index].max(off);
                }
            }
        }
        let limits = [2e-6, 4e-5, 1e-3, 1e-4];
        for (worst, limit) in worst.iter().zip(limits) {
            assert!(worst <= &limit, "{worst:e}, not {limit:e}");
        }
    }

    /// As many blocks of each size as an address space holds: where all have one probability all of them may be
    /// sampled, under gaps as many as are expected, or 2^24 where that is more.
    #[test]
    fn what_can_be_alive_fits_in_a_signed_word() {
        for config in all() {
            for size in sizes() {
                let terms = terms(&config, size);
                let bin = bin(size);
                let blocks = float(SIZE_MAX) / float(size.max(8));
                let samples = match gaps_bits(&config, bin) {
                    Some(_) => (blocks / terms[0]).max(blocks.min(float(1 << LUCK_BITS))),
                    None => blocks,
                };
                for (index, units) in units::<Shared>(&config, bin, size, || terms)
                    .into_iter()
                    .enumerate()
                {
                    let sum = samples * float(units);
                    assert!(
                        sum <= 2f64.powi(63),
                        "{sum:e} of {index}, {config:?}, {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn with_one_probability_for_all_nothing_is_rounded() {
        for scheme in [Scheme::HeaderHash, Scheme::HeaderBernoulli, Scheme::Sizes] {
            for hash_mask in [0, 1, 0xFF, 0x3FFFF] {
                let config = Config {
                    scheme,
                    hash_mask,
                    ..Config::default()
                };
                for size in sizes() {
                    let (terms, bin) = (terms(&config, size), bin(size));
                    let units = units::<Shared>(&config, bin, size, || terms);
                    let found = amount(&config, bin, units);
                    assert_eq!(found[..3], terms[..3], "{size}");
                    // The floating-point term is rounded three times.
                    let off = (found[3] - terms[3]).abs();
                    assert!(off <= 4.0 * f64::EPSILON * terms[3], "{size} {hash_mask}");
                }
            }
        }
    }

    #[test]
    fn bounds_are_of_the_bins() {
        for size in sizes() {
            let low = LOW[bin(size)];
            assert!(size > 1 << low || size == 1, "{size}");
            let next = LOW.get(bin(size) + 1).unwrap_or(&ADDRESS_BITS);
            assert!(size <= 1 << next, "{size}");
        }
    }
}
