//! Do the tests of gaps leave a right sampler alone, and catch a wrong one?

use sampler_core::Config;
use sampler_core::counter::Shared;
use sampler_core::decision::{Bernoulli, Decision, Hybrid, PoissonBytes};
use std::fmt;

use sampler_core::gap_sample::Clock;
use sampler_core::random::{SplitMix64, mix};
use sampler_core::slot::{Slot, Totals};
use sampler_core::weight::of_mask;
use statistics::gaps::{Uniforms, kolmogorov_smirnov, lag1};

use crate::drive::{Decider, next_by_allocs, next_by_bytes};
use crate::population::{Mix, Population};

const GAPS: usize = 1000;
const HALVINGS: u32 = 4;
const LEVEL: f64 = 0.01;

/// Shares of trials that each test rejects.
#[derive(Default)]
struct Rejected {
    kolmogorov_smirnov: f64,
    lag1: f64,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Rejected {
            kolmogorov_smirnov,
            lag1,
        } = self;
        write!(
            f,
            "{kolmogorov_smirnov:.4} by distribution, {lag1:.4} by correlation"
        )
    }
}

fn rejected(trials: u64, level: f64, values: impl Fn(u64) -> Vec<Vec<f64>>) -> Rejected {
    let mut rejected = Rejected::default();
    for trial in 0..trials {
        let sequences = values(trial);
        let all = sequences.concat();
        let share = |p_value: f64| f64::from(u8::from(p_value <= level)) / trials as f64;
        rejected.kolmogorov_smirnov += share(kolmogorov_smirnov(&all).unwrap().p_value);
        let sequences = sequences.iter().map(Vec::as_slice);
        rejected.lag1 += share(lag1(sequences).unwrap().p_value);
    }
    rejected
}

/// The first gaps of a stream, each in bytes with the size that ended it; `next` leads to the next sample, and draws what is due then.
fn gaps_in_bytes(
    population: &Population,
    mut next: impl FnMut(usize) -> Option<usize>,
) -> Vec<(f64, f64)> {
    let mut at = 0;
    let mut gaps = Vec::with_capacity(GAPS);
    while gaps.len() < GAPS {
        let sampled = next(at).expect("the population is long enough");
        let gap = population.bytes_between(at, sampled);
        gaps.push((gap as f64, population.sizes[sampled] as f64));
        at = sampled + 1;
    }
    gaps
}

/// The real decision and the real draws.
fn right_gaps(population: &Population, config: &Config, seed: u64) -> Vec<(f64, f64)> {
    let slot = Slot::new();
    slot.begin(seed, config);
    gaps_in_bytes(population, |at| {
        let sampled = next_by_bytes(population, config, &slot, at);
        // Draws the next gap and does nothing else.
        slot.sample_failed(config);
        sampled
    })
}

/// A countdown of other gaps.
fn planted_gaps(population: &Population, mut gap: impl FnMut() -> f64) -> Vec<(f64, f64)> {
    gaps_in_bytes(population, |at| {
        let mut remaining = gap();
        (at..population.sizes.len()).find(|&index| {
            let size = population.sizes[index] as f64;
            let is_sampled = remaining <= size;
            remaining -= size;
            is_sampled
        })
    })
}

fn unit(random: &mut SplitMix64) -> f64 {
    ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

fn uniforms_of(gaps: &[(f64, f64)], mean: f64, seed: u64) -> Vec<Vec<f64>> {
    let mut uniforms = Uniforms::new(seed);
    let uniform = |&(gap, size): &(f64, f64)| uniforms.bytes(gap, size, mean);
    vec![gaps.iter().map(uniform).collect()]
}

/// Long enough for every trial: twice the blocks that the gaps need on average.
fn population(mix: Mix) -> (Population, Config, f64) {
    let population = Population::new(mix, (2 * GAPS) << HALVINGS);
    let config = Decider::PoissonBytes.config(&population, HALVINGS);
    let mean = config.mean_bytes as f64;
    (population, config, mean)
}

#[test]
fn right_gaps_in_bytes_are_left_alone() {
    const TRIALS: u64 = 1500;
    for mix in [Mix::Monotonic, Mix::Reuse, Mix::Steady] {
        let (population, config, mean) = population(mix);
        let found = rejected(TRIALS, LEVEL, |seed| {
            uniforms_of(&right_gaps(&population, &config, seed), mean, seed)
        });
        println!("right gaps, {}, rejected at {LEVEL}: {found}", mix.name());
        assert!(found.kolmogorov_smirnov <= 0.015 && found.lag1 <= 0.015);
    }
}

#[test]
fn right_gaps_in_allocations_are_left_alone() {
    const TRIALS: u64 = 1500;
    let population = Population::new(Mix::Reuse, (2 * GAPS) << HALVINGS);
    let config = Decider::Bernoulli.config(&population, HALVINGS);
    let p = of_mask(config.hash_mask);
    let found = rejected(TRIALS, LEVEL, |seed| {
        let slot = Slot::new();
        slot.begin(seed, &config);
        let mut uniforms = Uniforms::new(seed);
        let mut at = 0;
        let values = (0..GAPS)
            .map(|_| {
                let sampled = next_by_allocs(&population, &config, &slot, at).unwrap();
                slot.sample_failed(&config);
                let gap = sampled - at;
                at = sampled + 1;
                uniforms.allocs(gap as f64, p)
            })
            .collect();
        vec![values]
    });
    println!("right gaps in allocations, rejected at {LEVEL}: {found}");
    assert!(found.kolmogorov_smirnov <= 0.015 && found.lag1 <= 0.015);
}

#[test]
fn uniform_gaps_of_the_right_mean_are_caught() {
    const TRIALS: u64 = 200;
    for mix in [Mix::Monotonic, Mix::Reuse, Mix::Steady] {
        let (population, _, mean) = population(mix);
        let found = rejected(TRIALS, LEVEL, |seed| {
            let mut random = SplitMix64::new(seed);
            let gaps = planted_gaps(&population, || (2.0 * mean * unit(&mut random)).ceil());
            uniforms_of(&gaps, mean, seed)
        });
        println!("uniform gaps, {}, rejected at {LEVEL}: {found}", mix.name());
        assert!(found.kolmogorov_smirnov >= 0.99, "{found}");
    }
}

/// Exponential each by itself, but a long one after each short one: only their order shows it.
#[test]
fn gaps_that_alternate_are_caught_by_their_correlation() {
    const TRIALS: u64 = 200;
    let (population, _, mean) = population(Mix::Reuse);
    let found = rejected(TRIALS, LEVEL, |seed| {
        let mut random = SplitMix64::new(seed);
        let mut last = None;
        let gaps = planted_gaps(&population, || {
            let u = match last.take() {
                Some(u) => 1.0 - u,
                None => {
                    let u = unit(&mut random);
                    last = Some(u);
                    u
                }
            };
            (-mean * u.ln()).ceil()
        });
        uniforms_of(&gaps, mean, seed)
    });
    println!("alternating gaps, rejected at {LEVEL}: {found}");
    assert!(found.lag1 >= 0.99, "{found}");
}

/// Why the draw is needed: the gap alone ends before the block that ended it.
#[test]
fn a_plain_test_of_gaps_in_bytes_rejects_a_right_sampler() {
    const TRIALS: u64 = 200;
    let (population, config, mean) = population(Mix::Monotonic);
    let found = rejected(TRIALS, LEVEL, |seed| {
        let gaps = right_gaps(&population, &config, seed);
        vec![
            gaps.iter()
                .map(|(gap, _)| -(-gap / mean).exp_m1())
                .collect(),
        ]
    });
    println!("right gaps without the draw, rejected at {LEVEL}: {found}");
    assert!(found.kolmogorov_smirnov >= 0.9, "{found}");
}

/// The samples that the library keeps: 16 gaps of a slot at most, the last one unfinished where the slot ended before.
#[test]
fn unfinished_gaps_are_completed_and_not_left_out() {
    fn stream<D: Decision>(population: &Population, config: &Config, seed: u64) -> Totals {
        let slot = Slot::new();
        slot.begin(seed, config);
        let mut headers = SplitMix64::new(seed ^ 0xADD2E55);
        for &size in &population.sizes {
            slot.counted(size);
            if D::is_sampled(config, &slot, headers.next_u64() & !0xF, size) {
                slot.sampled::<Shared>(size, D::draws(size), config);
            }
        }
        let mut totals = Totals::default();
        totals.add(&slot, config);
        totals
    }

    const TRIALS: u64 = 400;
    const STREAMS: u64 = 125;
    const AT: f64 = 0.05;
    type Run = fn(&Population, &Config, u64) -> Totals;
    let runs: [(Decider, Run); 3] = [
        (Decider::PoissonBytes, stream::<PoissonBytes>),
        (Decider::Bernoulli, stream::<Bernoulli>),
        (Decider::Hybrid, stream::<Hybrid>),
    ];
    for (decider, run) in runs {
        // 8 samples expected of each stream.
        let population = Population::new(Mix::Steady, 8 << HALVINGS);
        let config = Config {
            truth: true,
            ..decider.config(&population, HALVINGS)
        };
        let (mean, p) = (config.mean_bytes as f64, of_mask(config.hash_mask));
        let values = |trial: u64, completed: bool| {
            let mut uniforms = Uniforms::new(trial);
            let mut sequences = Vec::new();
            for index in 0..STREAMS {
                let totals = run(&population, &config, mix(trial, index));
                for sample in totals.gap_samples.samples() {
                    let mut sequence: Vec<f64> = sample
                        .gaps()
                        .iter()
                        .map(|gap| match sample.clock {
                            Clock::Bytes => uniforms.bytes(gap.gap as f64, gap.size as f64, mean),
                            Clock::Allocs => uniforms.allocs(gap.gap as f64, p),
                        })
                        .collect();
                    if let Some(gap) = sample.unfinished.filter(|_| completed) {
                        sequence.push(match sample.clock {
                            Clock::Bytes => uniforms.unfinished_bytes(gap as f64, mean),
                            Clock::Allocs => uniforms.unfinished_allocs(gap as f64, p),
                        });
                    }
                    sequences.push(sequence);
                }
            }
            sequences
        };
        let completed = rejected(TRIALS, AT, |trial| values(trial, true));
        let left_out = rejected(TRIALS / 10, AT, |trial| values(trial, false));
        let name = decider.scheme().name();
        println!(
            "{name}, unfinished gaps completed, rejected at {AT}: {completed}; left out: {left_out}"
        );
        // Sigma of the share 0.05 over 400 trials: 0.0109; 4 of these.
        assert!(completed.kolmogorov_smirnov < 0.094 && completed.lag1 < 0.094);
        assert!(left_out.kolmogorov_smirnov > 0.2, "{left_out}");
    }
}
