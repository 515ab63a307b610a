//! Streams of allocations under the real decisions, draws and estimates of `sampler-core`.

use sampler_core::counter::Shared;
use sampler_core::decision::{
    Bernoulli, Decision, HYBRID_THRESHOLD_BYTES, HashSplitmix, Hybrid, PoissonBytes,
};
use sampler_core::random::SplitMix64;
use sampler_core::slot::{Slot, Totals};
use sampler_core::{Config, Scheme};

use crate::population::Mix;
use crate::population::Population;

/// Who decides. The schemes whose randomness is that of addresses get addresses that never repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decider {
    PoissonBytes,
    Bernoulli,
    BernoulliBytes,
    /// Its hashed half over addresses drawn uniformly, over which even a linear hash is independent.
    Hybrid,
    /// Over consecutive addresses from a random one on.
    HashSplitmix,
}

impl Decider {
    pub fn scheme(self) -> Scheme {
        match self {
            Decider::PoissonBytes => Scheme::HeaderPoissonBytes,
            Decider::Bernoulli => Scheme::HeaderBernoulli,
            Decider::BernoulliBytes => Scheme::StatelessPoissonBernoulli,
            Decider::Hybrid => Scheme::HeaderHybrid,
            Decider::HashSplitmix => Scheme::HeaderHashSplitmix,
        }
    }

    /// At an expected share of `2^-halvings` of the population's blocks.
    pub fn config(self, population: &Population, halvings: u32) -> Config {
        let share = 0.5f64.powi(halvings as i32);
        let is_drawn = |size| self != Decider::Hybrid || size < HYBRID_THRESHOLD_BYTES;
        Config {
            scheme: self.scheme(),
            hash_mask: (1 << halvings) - 1,
            mean_bytes: population.mean_for(share, is_drawn),
            // Gaps and windows are the one thing that truth adds, and most of the time.
            truth: false,
            ..Config::default()
        }
    }

    /// One stream.
    pub fn run(self, population: &Population, config: &Config, seed: u64) -> Totals {
        let slot = Slot::new();
        slot.begin(seed, config);
        let mut addresses = SplitMix64::new(seed ^ 0xADD2E55);
        match self {
            Decider::PoissonBytes | Decider::BernoulliBytes => {
                let mut at = 0;
                while let Some(sampled) = next_by_bytes(population, config, &slot, at) {
                    slot.sampled::<Shared>(population.sizes[sampled], true, config);
                    at = sampled + 1;
                }
            }
            Decider::Bernoulli => {
                let mut at = 0;
                while let Some(sampled) = next_by_allocs(population, config, &slot, at) {
                    slot.sampled::<Shared>(population.sizes[sampled], true, config);
                    at = sampled + 1;
                }
            }
            Decider::Hybrid => {
                for &size in &population.sizes {
                    let header = addresses.next_u64() & !0xF;
                    if Hybrid::is_sampled(config, &slot, header, size) {
                        slot.sampled::<Shared>(size, Hybrid::draws(size), config);
                    }
                }
            }
            Decider::HashSplitmix => {
                let mut header = addresses.next_u64() >> 17 << 4;
                for &size in &population.sizes {
                    header += (size + 16).next_multiple_of(16);
                    if HashSplitmix::is_sampled(config, &slot, header, size) {
                        slot.sampled::<Shared>(size, false, config);
                    }
                }
            }
        }
        let mut totals = Totals::default();
        totals.add(&slot, config);
        totals
    }
}

/// The first sampled block from `at` on, under exponential gaps in bytes.
pub fn next_by_bytes(
    population: &Population,
    config: &Config,
    slot: &Slot,
    at: usize,
) -> Option<usize> {
    next(population.sizes.len(), at, |from, to| {
        PoissonBytes::is_sampled(config, slot, 0, population.bytes_between(from, to))
    })
}

/// The first sampled block from `at` on, under geometric gaps in allocations, which are gaps in bytes of blocks of one byte.
pub fn next_by_allocs(
    population: &Population,
    config: &Config,
    slot: &Slot,
    at: usize,
) -> Option<usize> {
    next(population.sizes.len(), at, |from, to| {
        PoissonBytes::is_sampled(config, slot, 0, (to - from) as u64)
    })
}

/// A run of unsampled blocks leaves a countdown as one block of their bytes does, and a run that would be sampled leaves it alone: so whole runs are asked for
/// first, then shorter ones.
fn next(
    blocks: usize,
    mut at: usize,
    mut is_sampled: impl FnMut(usize, usize) -> bool,
) -> Option<usize> {
    for leap in [128, 16, 1] {
        while at + leap <= blocks && !is_sampled(at, at + leap) {
            at += leap;
        }
    }
    (at < blocks).then_some(at)
}

#[test]
fn leaps_change_no_decision() {
    for mix in Mix::ALL {
        let population = Population::new(mix, 20_000);
        let bytes = Decider::PoissonBytes.config(&population, 6);
        leaps_as_steps::<PoissonBytes>(&population, &bytes, next_by_bytes);
        let allocs = Decider::Bernoulli.config(&population, 6);
        leaps_as_steps::<Bernoulli>(&population, &allocs, next_by_allocs);
    }
}

fn leaps_as_steps<D: Decision>(
    population: &Population,
    config: &Config,
    next: fn(&Population, &Config, &Slot, usize) -> Option<usize>,
) {
    let (leaping, stepping) = (Slot::new(), Slot::new());
    leaping.begin(7, config);
    stepping.begin(7, config);
    let mut at = 0;
    for (index, &size) in population.sizes.iter().enumerate() {
        if D::is_sampled(config, &stepping, 0, size) {
            stepping.sampled::<Shared>(size, true, config);
            assert_eq!(next(population, config, &leaping, at), Some(index));
            leaping.sampled::<Shared>(size, true, config);
            at = index + 1;
        }
    }
    assert!(at > 0);
    assert_eq!(next(population, config, &leaping, at), None);
}
