//! Random numbers: xoshiro256++ seeded through SplitMix64, so that one seed gives the same workload on every machine.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// The workload's generator.
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// A generator that repeats itself for the same `seed`.
    pub fn new(seed: u64) -> Random {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Uniform in `0..bound`, by multiply-shift: the high 64 bits of `draw * bound`. No value is more likely than another
    /// by more than `2^-64`, which no workload can show; rejection would cost a branch and buy nothing. `bound` is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform in `low..=high`.
    pub fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
}

/// Reads a seed as people write it: `12345` or `0x3039`.
pub fn parse_seed(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| {
        format!("expected an unsigned 64-bit integer, decimal or 0x hex, found {text:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_reaches_both_ends_and_nothing_else() {
        let mut random = Random::new(1);
        let drawn: Vec<u64> = (0..1000).map(|_| random.within(16, 19)).collect();
        for value in 16..=19 {
            // Expected 250 of 1000, sigma 13.7; five sigmas are 69.
            let count = drawn.iter().filter(|&&drawn| drawn == value).count();
            assert!(
                (181..=319).contains(&count),
                "{value} was drawn {count} times"
            );
        }
        assert!(drawn.iter().all(|value| (16..=19).contains(value)));
    }

    #[test]
    fn seeds_are_decimal_or_hex() {
        assert_eq!(parse_seed("12345"), Ok(12345));
        assert_eq!(parse_seed("0xffffffffffffffff"), Ok(u64::MAX));
        for bad in ["", "0x", "-1", "1e3", "0x10000000000000000", "ff"] {
            assert!(parse_seed(bad).is_err(), "{bad:?}");
        }
    }
}
