//! Does the claim "no bias" tell a right sampler from wrong ones? Real decisions, and samplers with one planted fault each, under [`statistics::equivalence`], which is
//! what the report on accuracy calls.

use sampler_core::counter::Shared;
use sampler_core::random::{SplitMix64, mix};
use sampler_core::slot::Slot;
use sampler_core::{Config, weight};
use statistics::closed_forms;
use statistics::equivalence::{Bias, Judged, Verdict, judge, runs_to_decide};
use statistics::intervals::LEVEL;

use crate::drive::{Decider, next_by_bytes};
use crate::population::{Mix, Population};

/// As the report has it.
const MARGIN: f64 = 0.1;
/// Runs of each workload, by default.
const RUNS: usize = 200;
const STUDIES: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sampler {
    Right,
    /// Between 0 and twice the mean in place of exponential ones.
    UniformGaps,
    /// An address is decided about once.
    ReusedByAddress,
    /// What a sampled block goes beyond its gap shortens the next.
    OvershootCharged,
    /// In place of an exponential one.
    FirstGapIsMean,
}

/// A workload of the study.
struct Workload {
    population: Population,
    config: Config,
    /// Blocks by address.
    slots: Vec<Vec<usize>>,
    /// Of each block.
    probabilities: Vec<f64>,
    truths: [f64; 4],
    /// Relative, of one run of the right sampler.
    deviations: [f64; 4],
}

/// So many first blocks stay alive.
const LIVE_BLOCKS: usize = 100;

/// A quantity of a workload: what the claim has an error of.
#[derive(Clone, Copy)]
struct Subject {
    is_bytes: bool,
    is_live: bool,
}

const SUBJECTS: [Subject; 4] = [
    Subject {
        is_bytes: true,
        is_live: false,
    },
    Subject {
        is_bytes: false,
        is_live: false,
    },
    Subject {
        is_bytes: true,
        is_live: true,
    },
    Subject {
        is_bytes: false,
        is_live: true,
    },
];

impl Subject {
    fn y(self, population: &Population, block: usize) -> f64 {
        match () {
            () if self.is_live && block >= LIVE_BLOCKS => 0.0,
            () if self.is_bytes => population.sizes[block] as f64,
            () => 1.0,
        }
    }
}

impl Workload {
    /// At 1/256, with so many expected samples.
    fn new(mix: Mix, samples: usize) -> Workload {
        let population = Population::new(mix, samples << 8);
        let config = Decider::PoissonBytes.config(&population, 8);
        let blocks = population.sizes.len();
        let mut addresses = SplitMix64::new(0xADD2);
        let mut slots = vec![Vec::new(); if mix == Mix::Reuse { 100 } else { blocks }];
        for block in 0..blocks {
            let slot = match mix {
                Mix::Reuse => (addresses.next_u64() % 100) as usize,
                _ => block,
            };
            slots[slot].push(block);
        }
        let probabilities: Vec<f64> = population
            .sizes
            .iter()
            .map(|&size| weight::probability(&config, size))
            .collect();
        let truths = SUBJECTS.map(|subject| {
            let blocks = 0..blocks;
            blocks.map(|block| subject.y(&population, block)).sum()
        });
        let deviations = std::array::from_fn(|index| {
            let y = |block| SUBJECTS[index].y(&population, block);
            let terms = probabilities.iter().enumerate();
            closed_forms::variance(terms.map(|(block, p)| (1.0, y(block), *p))).sqrt()
                / truths[index]
        });
        Workload {
            population,
            config,
            slots,
            probabilities,
            truths,
            deviations,
        }
    }

    fn sampled(&self, sampler: Sampler, seed: u64) -> Vec<usize> {
        let mut random = SplitMix64::new(seed);
        let mut unit = move || ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let mean = self.config.mean_bytes as f64;
        let mut sampled = Vec::new();
        if sampler == Sampler::Right {
            let slot = Slot::new();
            slot.begin(seed, &self.config);
            let mut at = 0;
            while let Some(block) = next_by_bytes(&self.population, &self.config, &slot, at) {
                // It draws the next gap.
                slot.sampled::<Shared>(self.population.sizes[block], true, &self.config);
                sampled.push(block);
                at = block + 1;
            }
            return sampled;
        }
        if sampler == Sampler::ReusedByAddress {
            for slot in &self.slots {
                if slot
                    .first()
                    .is_some_and(|first| unit() < self.probabilities[*first])
                {
                    sampled.extend(slot);
                }
            }
            return sampled;
        }
        let mut gap = move || match sampler {
            Sampler::UniformGaps => 2.0 * mean * unit(),
            _ => -mean * unit().ln(),
        };
        let (mut at, mut left) = (0, gap());
        if sampler == Sampler::FirstGapIsMean {
            left = mean;
        }
        while let Some((block, overshoot)) = self.population.reached(at, left) {
            sampled.push(block);
            at = block + 1;
            left = gap();
            if sampler == Sampler::OvershootCharged {
                left -= overshoot;
            }
        }
        sampled
    }

    /// Of each subject.
    fn biases(&self, sampler: Sampler, runs: usize, seed: u64) -> [Option<Bias>; 4] {
        let mut errors = [const { Vec::new() }; 4];
        for run in 0..runs {
            let sampled = self.sampled(sampler, mix(seed, run as u64));
            for (index, subject) in SUBJECTS.into_iter().enumerate() {
                let of =
                    |&block: &usize| subject.y(&self.population, block) / self.probabilities[block];
                let estimate: f64 = sampled.iter().map(of).sum();
                errors[index].push(estimate / self.truths[index] - 1.0);
            }
        }
        std::array::from_fn(|index| Bias::of(&errors[index], Some(self.deviations[index])))
    }
}

fn study() -> Vec<Workload> {
    [
        (Mix::Monotonic, 5),
        (Mix::Monotonic, 50),
        (Mix::Reuse, 50),
        (Mix::Reuse, 100),
        (Mix::Steady, 50),
        (Mix::Steady, 100),
    ]
    .map(|(mix, samples)| Workload::new(mix, samples))
    .into()
}

/// The claims of one study: about everything, and about what as many runs can decide by the closed form.
fn claims(study: &[Workload], sampler: Sampler, runs: usize, seed: u64) -> [Judged; 2] {
    let mut all = Vec::new();
    let mut decidable = Vec::new();
    for (number, workload) in study.iter().enumerate() {
        let biases = workload.biases(sampler, runs, mix(seed, number as u64));
        for (bias, deviation) in biases.into_iter().zip(workload.deviations) {
            all.push(bias);
            if runs_to_decide(deviation, MARGIN) <= runs as f64 {
                decidable.push(bias);
            }
        }
    }
    [all, decidable].map(|biases| judge(&biases, MARGIN, LEVEL))
}

fn count(claims: &[[Judged; 2]], which: usize, verdict: Verdict) -> usize {
    claims.iter().filter(|it| it[which].all == verdict).count()
}

fn studies(study: &[Workload], sampler: Sampler) -> Vec<[Judged; 2]> {
    let claims: Vec<[Judged; 2]> = (0..STUDIES)
        .map(|seed| claims(study, sampler, RUNS, mix(0xB1A5, seed)))
        .collect();
    println!(
        "{sampler:?}, {RUNS} runs, {STUDIES} studies: of all {} quantities right in {}, wrong in {}; of the {} that can be decided right in {}, wrong in {}",
        claims[0][0].each.len(),
        count(&claims, 0, Verdict::Within),
        count(&claims, 0, Verdict::Outside),
        claims[0][1].each.len(),
        count(&claims, 1, Verdict::Within),
        count(&claims, 1, Verdict::Outside),
    );
    claims
}

#[test]
fn a_right_sampler_is_called_so_where_it_can_be_and_seldom_wrong() {
    let study = study();
    let found = studies(&study, Sampler::Right);
    // At most 0.05 of studies, and 3 standard deviations.
    let most = STUDIES as f64 * 0.05 + 3.0 * (STUDIES as f64 * 0.05 * 0.95).sqrt();
    for which in [0, 1] {
        assert!(count(&found, which, Verdict::Outside) as f64 <= most);
    }
    // Each quantity is within with probability 0.9 at least, by the closed form.
    for quantity in 0..found[0][1].each.len() {
        let within = found
            .iter()
            .filter(|it| it[1].each[quantity] == Verdict::Within);
        let least = STUDIES as f64 * 0.9 - 3.0 * (STUDIES as f64 * 0.09).sqrt();
        assert!(within.count() as f64 >= least, "{quantity}");
    }
    assert!(count(&found, 1, Verdict::Within) as u64 > STUDIES / 2);
    // Of what is alive early no 200 runs can say anything: the claim about everything stays open.
    assert_eq!(count(&found, 0, Verdict::Within), 0);
}

#[test]
fn wrong_samplers_do_not_pass() {
    let study = study();
    for sampler in [
        Sampler::UniformGaps,
        Sampler::ReusedByAddress,
        Sampler::OvershootCharged,
    ] {
        let found = studies(&study, sampler);
        for which in [0, 1] {
            assert_eq!(count(&found, which, Verdict::Within), 0, "{sampler:?}");
        }
    }
    let found = studies(&study, Sampler::FirstGapIsMean);
    assert_eq!(count(&found, 0, Verdict::Within), 0);
}

/// Its totals are right. Only what comes within the first mean gap is never seen, and that takes the runs that the closed form names.
#[test]
fn a_first_gap_of_the_mean_is_found_with_the_runs_that_it_takes() {
    let early = Workload::new(Mix::Steady, 5);
    let live_bytes = 2;
    let runs = runs_to_decide(early.deviations[live_bytes], MARGIN) as usize;
    assert!(runs > 10 * RUNS, "{runs}");
    for (sampler, expected) in [
        (Sampler::Right, Verdict::Within),
        (Sampler::FirstGapIsMean, Verdict::Outside),
    ] {
        let bias = early.biases(sampler, runs, 7)[live_bytes];
        println!("{sampler:?}, {runs} runs: {bias:?}");
        assert_eq!(judge(&[bias], MARGIN, LEVEL).all, expected, "{sampler:?}");
    }
}
