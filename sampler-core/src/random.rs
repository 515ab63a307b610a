//! Random numbers: xoshiro256++ seeded by SplitMix64, and the exponential gaps drawn from it.
//!
//! Both generators are Blackman's and Vigna's (<https://prng.di.unimi.it>); the tests hold them to the published vectors.
//!
//! # Gaps
//! A gap is `ceil(-mean * ln(u))` bytes, at least 1, with u uniform on the 2^53 multiples of 2^-53 in `(0, 1]`. Rounding up makes it
//! geometric on 1, 2, 3, ...: `P(gap > s) = exp(-s / mean)` for whole s. A block of s bytes is sampled when the remaining gap is at most s,
//! so `p = 1 - exp(-s / mean)`. Worked: with a 512 KiB mean, 1 MiB has p = 1 - exp(-2) = 0.865; with a mean of 64, 16 bytes have
//! 0.2212 (drawing real gaps and truncating them would give 0.233).
//! The longest gap is 53 ln 2 = 36.7 means, cutting off a tail of probability 2^-53.

use crate::ln::ln;
use crate::weight::float;

/// SplitMix64: seeds the other generator, and mixes one number into another.
pub struct SplitMix64 {
    state: u64,
}

/// xoshiro256++.
#[derive(Clone, Copy)]
pub struct Xoshiro256PlusPlus {
    state: [u64; 4],
}

impl SplitMix64 {
    /// A generator that starts from `seed`; every value is a good seed.
    pub const fn new(seed: u64) -> SplitMix64 {
        SplitMix64 { state: seed }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Xoshiro256PlusPlus {
    /// Seeded as its authors advise: four outputs of SplitMix64.
    pub const fn from_seed(seed: u64) -> Xoshiro256PlusPlus {
        let mut source = SplitMix64::new(seed);
        Xoshiro256PlusPlus {
            state: [
                source.next_u64(),
                source.next_u64(),
                source.next_u64(),
                source.next_u64(),
            ],
        }
    }

    /// Continues from a state; all zeros is the one state that stays zero, and no seed leads to it.
    pub const fn from_state(state: [u64; 4]) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus { state }
    }

    /// The state to continue from.
    pub const fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// The next gap in bytes: at least 1 for a mean above 0; 0 for the mean 0, with which every block is at the end of its gap.
    pub fn next_gap_bytes(&mut self, mean_bytes: u64) -> u64 {
        gap_bytes(unit_open_closed(self.next_u64()), mean_bytes)
    }

    /// The next of [`gap_bytes_above`].
    pub fn next_gap_bytes_above(&mut self, limit: u64, mean_bytes: u64) -> u64 {
        gap_bytes_above(self.next_u64(), limit, mean_bytes)
    }

    /// The number of allocations up to and with the next sample, where each is sampled with probability `2^-halvings`: geometric on 1, 2, 3, ...
    pub fn next_gap_allocs(&mut self, halvings: u32) -> u64 {
        gap_allocs(unit_open_closed(self.next_u64()), halvings)
    }
}

/// The seed of thread `ordinal` of a process with seed `seed`; ordinal 0 keeps it as given.
pub const fn thread_seed(seed: u64, ordinal: u64) -> u64 {
    if ordinal == 0 {
        return seed;
    }
    mix(seed, ordinal)
}

/// One number out of two, such that close pairs are far apart.
pub const fn mix(seed: u64, other: u64) -> u64 {
    let mixed = SplitMix64::new(other).next_u64();
    SplitMix64::new(seed ^ mixed).next_u64()
}

/// The gap in bytes that these random bits give, where of gaps above `limit` only that they are is of interest: then it may be `limit + 1`. A short limit is
/// passed by most gaps, which is seen without a logarithm: `u < 1 - x` means `-ln u > x`, and the gap is above `x mean`.
#[inline(always)]
pub fn gap_bytes_above(bits: u64, limit: u64, mean_bytes: u64) -> u64 {
    let unit = unit_open_closed(bits);
    // The margin is far above the rounding of both sides, and far below what would be missed.
    if unit < 1.0 - float(limit) / float(mean_bytes) - 1e-9 {
        return limit + 1;
    }
    gap_bytes(unit, mean_bytes)
}

/// Uniform on the multiples of 2^-53 in `(0, 1]`.
fn unit_open_closed(bits: u64) -> f64 {
    float((bits >> 11) + 1) * (1.0 / (1u64 << 53) as f64)
}

fn gap_bytes(unit: f64, mean_bytes: u64) -> u64 {
    if mean_bytes == 0 {
        return 0;
    }
    round_up(-float(mean_bytes) * ln(unit))
}

/// To a whole number from 1 to 2^63.
fn round_up(gap: f64) -> u64 {
    const MAX: u64 = 1 << 63;
    let whole = gap as u64;
    if whole >= MAX {
        return MAX;
    }
    let rounded_up = whole + u64::from((whole as f64) < gap);
    rounded_up.max(1)
}

/// `max(1, ceil(ln u / ln(1 - p)))`, whose `P(gap > n)` is `(1 - p)^n`. Worked: p = 1/256, u = 1/2: 0.6931 / 0.003914 = 177.1, so 178.
fn gap_allocs(unit: f64, halvings: u32) -> u64 {
    /// From here on `1 - p` has lost digits of p, and `ln(1 - p)` is `-p - p^2/2` to within p^2/3 = 2^-55 of itself.
    const SMALL: u32 = 27;
    if halvings == 0 {
        return 1;
    }
    let p = 1.0 / (1u128 << halvings) as f64;
    let ln_unsampled = if halvings < SMALL {
        ln(1.0 - p)
    } else {
        -p - p * p / 2.0
    };
    round_up(ln(unit) / ln_unsampled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    #[test]
    fn xoshiro_gives_its_published_numbers() {
        let mut random = Xoshiro256PlusPlus::from_state([1, 2, 3, 4]);
        let expected = [
            41943041,
            58720359,
            3588806011781223,
            3591011842654386,
            9228616714210784205,
            9973669472204895162,
            14011001112246962877,
            12406186145184390807,
            15849039046786891736,
            10450023813501588000,
        ];
        for number in expected {
            assert_eq!(random.next_u64(), number);
        }
    }

    #[test]
    fn splitmix_gives_its_published_numbers() {
        let mut random = SplitMix64::new(1_234_567);
        let expected = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
            4593380528125082431,
            16408922859458223821,
        ];
        for number in expected {
            assert_eq!(random.next_u64(), number);
        }
    }

    #[test]
    fn units_are_above_zero_and_reach_one() {
        assert_eq!(unit_open_closed(0), 1.0 / (1u64 << 53) as f64);
        assert_eq!(unit_open_closed(u64::MAX), 1.0);
    }

    #[test]
    fn gaps_are_at_least_one_byte_and_at_most_37_means() {
        for mean in [1, 64, 4096, crate::MEAN_BYTES_MAX] {
            assert_eq!(gap_bytes(1.0, mean), 1);
            let longest = gap_bytes(unit_open_closed(0), mean);
            assert!(longest <= 37 * mean, "{longest} for {mean}");
        }
        assert_eq!(gap_bytes(0.5, 0), 0);
    }

    #[test]
    fn gaps_above_a_limit_are_told_as_the_whole_gap_tells() {
        for (mean, limit) in [
            (64u64, 0u64),
            (64, 7),
            (1000, 999),
            (1000, 1000),
            (64, 6400),
        ] {
            let mut random = Xoshiro256PlusPlus::from_seed(6);
            let mut same = random;
            for _ in 0..100_000 {
                let gap = random.next_gap_bytes(mean);
                let found = same.next_gap_bytes_above(limit, mean);
                assert_eq!(found > limit, gap > limit, "{gap} {found} {limit} {mean}");
                assert!(found == gap || found == limit + 1);
            }
        }
        assert_eq!(
            Xoshiro256PlusPlus::from_seed(6).next_gap_bytes_above(9, 0),
            0
        );
    }

    #[test]
    fn whole_gaps_are_not_rounded_up_again() {
        // -ln(u) * mean lies in (g - 1, g] for the gap g.
        let mut random = Xoshiro256PlusPlus::from_seed(5);
        for _ in 0..10_000 {
            let unit = unit_open_closed(random.next_u64());
            let gap = gap_bytes(unit, 1000) as f64;
            let exact = -1000.0 * unit.ln();
            assert!(gap - 1.0 < exact + 1e-9 && exact <= gap + 1e-9);
        }
    }

    /// 1 - q^s of the rounded-up exponential, summed over bins of equal probability, against counts.
    #[test]
    fn gaps_follow_the_exponential_by_chi_square() {
        for (mean, seed) in [(64u64, 11), (4096, 12), (524_288, 13), (1 << 40, 14)] {
            const DRAWS: usize = 200_000;
            const BINS: usize = 40;
            // Edges at whole bytes, so that each bin's probability is exact.
            let edges: Vec<u64> = (1..BINS)
                .map(|k| (-(mean as f64) * (1.0 - k as f64 / BINS as f64).ln()).ceil() as u64)
                .collect();
            let mut counts = vec![0u64; BINS];
            let mut random = Xoshiro256PlusPlus::from_seed(seed);
            for _ in 0..DRAWS {
                let gap = random.next_gap_bytes(mean);
                counts[edges.partition_point(|&edge| edge < gap)] += 1;
            }
            let survival = |s: u64| (-(s as f64) / mean as f64).exp();
            let mut chi_square = 0.0;
            for (k, &count) in counts.iter().enumerate() {
                let above = if k == 0 { 1.0 } else { survival(edges[k - 1]) };
                let below = if k == BINS - 1 {
                    0.0
                } else {
                    survival(edges[k])
                };
                let expected = DRAWS as f64 * (above - below);
                chi_square += (count as f64 - expected).powi(2) / expected;
            }
            // 39 degrees of freedom: mean 39, standard deviation sqrt(78) = 8.8; 4 of them.
            assert!(
                (39.0 - 35.3..39.0 + 35.3).contains(&chi_square),
                "{chi_square} at mean {mean}"
            );
        }
    }

    #[test]
    fn mean_gap_is_that_of_the_rounded_up_exponential() {
        for (mean, seed) in [(1u64, 21), (64, 22), (4096, 23), (524_288, 24)] {
            const DRAWS: u64 = 1_000_000;
            let mut random = Xoshiro256PlusPlus::from_seed(seed);
            let sum: u64 = (0..DRAWS).map(|_| random.next_gap_bytes(mean)).sum();
            // Geometric with q = exp(-1/mean): mean 1/(1-q), standard deviation sqrt(q)/(1-q).
            let q = (-1.0 / mean as f64).exp();
            let expected = 1.0 / (1.0 - q);
            let sigma = q.sqrt() / (1.0 - q) / (DRAWS as f64).sqrt();
            let found = sum as f64 / DRAWS as f64;
            assert!(
                (found - expected).abs() < 4.0 * sigma,
                "{found} against {expected}"
            );
        }
    }

    #[test]
    fn gaps_in_allocations_are_geometric_by_chi_square() {
        for (halvings, seed) in [(1u32, 61), (8, 62), (30, 63)] {
            const DRAWS: usize = 200_000;
            const BINS: usize = 40;
            let p = 0.5f64.powi(halvings as i32);
            let unsampled = (-p).ln_1p();
            // P(gap > n) at whole n, so that each bin's probability is exact; bins that fall together at large p are one.
            let mut edges: Vec<u64> = (1..BINS)
                .map(|k| ((1.0 - k as f64 / BINS as f64).ln() / unsampled).ceil() as u64)
                .collect();
            edges.dedup();
            let bins = edges.len() + 1;
            let mut counts = vec![0u64; bins];
            let mut random = Xoshiro256PlusPlus::from_seed(seed);
            for _ in 0..DRAWS {
                let gap = random.next_gap_allocs(halvings);
                counts[edges.partition_point(|&edge| edge < gap)] += 1;
            }
            let survival = |n: u64| (n as f64 * unsampled).exp();
            let mut chi_square = 0.0;
            for (k, &count) in counts.iter().enumerate() {
                let above = if k == 0 { 1.0 } else { survival(edges[k - 1]) };
                let below = edges.get(k).map_or(0.0, |&edge| survival(edge));
                let expected = DRAWS as f64 * (above - below);
                chi_square += (count as f64 - expected).powi(2) / expected;
            }
            // Mean and variance of a chi-square: its degrees of freedom, and twice that; 4 standard deviations.
            let degrees = (bins - 1) as f64;
            assert!(
                (chi_square - degrees).abs() < 4.0 * (2.0 * degrees).sqrt(),
                "{chi_square} of {degrees} at {halvings}"
            );
        }
    }

    #[test]
    fn gaps_in_allocations_at_the_ends() {
        assert_eq!(gap_allocs(0.25, 0), 1);
        assert_eq!(gap_allocs(1.0, 8), 1);
        assert_eq!(gap_allocs(0.5, 8), 178);
        // 2^-64: 53 ln 2 of 2^64 is beyond the longest.
        assert_eq!(gap_allocs(unit_open_closed(0), 64), 1 << 63);
    }

    #[test]
    fn seeds_of_threads_differ_and_the_first_is_as_given() {
        assert_eq!(thread_seed(7, 0), 7);
        let mut seeds: Vec<u64> = (0..1000).map(|ordinal| thread_seed(7, ordinal)).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 1000);
    }

    #[test]
    fn the_zero_seed_is_not_the_zero_state() {
        assert_ne!(Xoshiro256PlusPlus::from_seed(0).state(), [0; 4]);
    }
}
