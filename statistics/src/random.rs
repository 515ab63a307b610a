//! Random numbers for draws that are no part of any sampler: xoshiro256++, repeated by its seed.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// Samplers here draw from the same generator: with a seed of theirs the draws would go in step with the gaps that they are to test, and reject right ones.
const OTHER: u64 = 0x5AFE_D1CE_0B5E_55ED;

/// A generator that repeats itself for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(Xoshiro256PlusPlus::seed_from_u64(seed ^ OTHER))
    }

    /// Uniform on the odd multiples of 2^-54 in `(0, 1)`.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / (1u64 << 53) as f64;
        ((self.0.next_u64() >> 11) as f64 + 0.5) * STEP
    }

    /// Uniform in `0..bound` to within 2^-64, by multiply-shift; `bound` is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }
}
