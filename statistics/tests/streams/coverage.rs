//! Whether estimates hit the truth on average, and how often their intervals hold it.

use sampler_core::{Config, random, weight};
use statistics::intervals::{LEVEL, UNBOUNDED, log_scale, plain, scale_of, score};

use crate::drive::Decider;
use crate::population::{Mix, Population};

/// One cell of the table: a decider on a mix, many streams.
pub struct Cell {
    pub decider: Decider,
    pub mix: Mix,
    pub expected_samples: f64,
    pub streams: u32,
    /// Shares of streams whose interval for bytes holds the truth; a stream without an interval is one that does not.
    pub plain: f64,
    pub log_scale: f64,
    pub score: f64,
    /// Estimates over the truth, and what they err by.
    pub bytes: Moments,
    pub allocs: Moments,
    /// The estimated variance over the true one.
    pub bytes_variance: Moments,
    /// The true variance of [`Cell::bytes`].
    pub true_variance: f64,
    pub tcmalloc: Moments,
    pub draws: Moments,
    /// Draws below the mean, the rest whole.
    pub heapprofd: Moments,
    pub sum_then_unbias: Moments,
    /// What [`Cell::sum_then_unbias`] comes to with many samples, over the truth.
    pub sum_then_unbias_limit: f64,
}

/// Mean and standard deviation of what was added.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    pub fn add(&mut self, value: f64) {
        self.n += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.n
    }

    pub fn variance(&self) -> f64 {
        (self.squares - self.sum * self.sum / self.n) / (self.n - 1.0)
    }

    /// How many standard errors the mean is off.
    pub fn sigmas_from(&self, expected: f64) -> f64 {
        (self.mean() - expected) / (self.variance() / self.n).sqrt()
    }
}

/// Runs `streams` of them at `2^-halvings`, over as many blocks as it takes for `samples` to be expected.
pub fn measure(decider: Decider, mix: Mix, samples: usize, halvings: u32, streams: u32) -> Cell {
    let population = Population::new(mix, samples << halvings);
    let config = decider.config(&population, halvings);
    let truth = Truth::of(&population, &config);
    let mut cell = Cell {
        decider,
        mix,
        expected_samples: truth.samples,
        streams,
        plain: 0.0,
        log_scale: 0.0,
        score: 0.0,
        bytes: Moments::default(),
        allocs: Moments::default(),
        bytes_variance: Moments::default(),
        true_variance: truth.bytes_variance / truth.bytes.powi(2),
        tcmalloc: Moments::default(),
        draws: Moments::default(),
        heapprofd: Moments::default(),
        sum_then_unbias: Moments::default(),
        sum_then_unbias_limit: truth.sum_then_unbias,
    };
    // Bytes under gaps in bytes: one more byte brings a mean of variance. Elsewhere the samples must say.
    let is_by_bytes = matches!(decider, Decider::PoissonBytes | Decider::BernoulliBytes);
    let known_scale = is_by_bytes.then_some(config.mean_bytes as f64);
    for stream in 0..streams {
        // No two streams of any two cells draw alike.
        let cell_number = (samples as u64 * 8 + mix as u64) * 8 + decider as u64;
        let seed = random::mix(cell_number, u64::from(stream));
        let totals = decider.run(&population, &config, seed);
        let found = totals.estimates.all();
        let (bytes, variance) = (found.bytes, found.bytes_variance);
        let scale = known_scale.or(scale_of(bytes, variance));
        let holds = [
            plain(bytes, variance, LEVEL),
            log_scale(bytes, variance, LEVEL),
            Some(scale.map_or(UNBOUNDED, |scale| score(bytes, variance, scale, LEVEL))),
        ]
        .map(|interval| interval.is_some_and(|interval| interval.holds(truth.bytes)));
        for (share, holds) in [&mut cell.plain, &mut cell.log_scale, &mut cell.score]
            .into_iter()
            .zip(holds)
        {
            *share += f64::from(u8::from(holds)) / f64::from(streams);
        }
        let all = totals.all();
        let sampled = (all.sampled_allocs as f64, all.sampled_bytes as f64);
        cell.bytes.add(bytes / truth.bytes);
        cell.allocs.add(found.allocs / truth.allocs);
        cell.bytes_variance.add(variance / truth.bytes_variance);
        if is_by_bytes {
            cell.sum_then_unbias
                .add(sum_then_unbias(sampled, &config) / truth.bytes);
        }
        if decider == Decider::PoissonBytes {
            let others = totals.estimates.others;
            cell.tcmalloc.add(others.tcmalloc_bytes / truth.bytes);
            cell.draws.add(others.draws_bytes / truth.bytes);
            let whole = truth.bytes_from_mean_on;
            cell.heapprofd
                .add((others.draws_below_mean_bytes + whole) / truth.bytes);
        }
    }
    cell
}

/// What is true of a population.
struct Truth {
    allocs: f64,
    bytes: f64,
    bytes_from_mean_on: f64,
    /// Expected samples.
    samples: f64,
    /// Of the estimate: sum of `s^2 (1-p)/p`.
    bytes_variance: f64,
    sum_then_unbias: f64,
}

impl Truth {
    fn of(population: &Population, config: &Config) -> Truth {
        let p = |size| weight::probability(config, size);
        let whole = |size| {
            if size < config.mean_bytes {
                0.0
            } else {
                size as f64
            }
        };
        Truth {
            allocs: population.sizes.len() as f64,
            bytes: population.bytes() as f64,
            bytes_from_mean_on: population.sum(whole),
            samples: population.sum(p),
            bytes_variance: population.sum(|size| {
                let (p, size) = (p(size), size as f64);
                size * size * (1.0 - p) / p
            }),
            sum_then_unbias: sum_then_unbias(
                (
                    population.sum(p),
                    population.sum(|size| p(size) * size as f64),
                ),
                config,
            ) / population.bytes() as f64,
        }
    }
}

/// The sampled bytes over the probability of their average size.
fn sum_then_unbias((allocs, bytes): (f64, f64), config: &Config) -> f64 {
    if allocs == 0.0 {
        return 0.0;
    }
    let average = bytes / allocs;
    bytes / -(-average / config.mean_bytes as f64).exp_m1()
}

impl Cell {
    pub const HEADER: &str = "| scheme | sizes | expected samples | streams | plain | log scale | score | error of bytes, % | of sum-then-unbias, % |\n|---|---|---|---|---|---|---|---|---|\n";

    /// A row under [`Cell::HEADER`].
    pub fn row(&self) -> String {
        let unbias = if self.has_mean() {
            format!("{:+.1}", 100.0 * (self.sum_then_unbias.mean() - 1.0))
        } else {
            String::new()
        };
        format!(
            "| `{}` | {} | {:.0} | {} | {:.1} | {:.1} | {:.1} | {:+.2} ± {:.2} | {unbias} |\n",
            self.decider.scheme().name(),
            self.mix.name(),
            self.expected_samples,
            self.streams,
            100.0 * self.plain,
            100.0 * self.log_scale,
            100.0 * self.score,
            100.0 * (self.bytes.mean() - 1.0),
            196.0 * (self.true_variance / f64::from(self.streams)).sqrt(),
        )
    }

    /// Horvitz and Thompson's sums, their variance estimate, and the estimators in use elsewhere, within 4 standard errors of the truth.
    pub fn assert_unbiased(&self) {
        let mut estimators = vec![
            ("bytes", self.bytes),
            ("allocations", self.allocs),
            ("variance", self.bytes_variance),
        ];
        if self.decider == Decider::PoissonBytes {
            estimators.extend([
                ("tcmalloc", self.tcmalloc),
                ("draws", self.draws),
                ("heapprofd", self.heapprofd),
            ]);
        }
        for (name, found) in estimators {
            let sigmas = found.sigmas_from(1.0);
            assert!(
                sigmas.abs() < 4.0,
                "{name} by {sigmas} sigmas: {}",
                self.row()
            );
        }
        // The variance of 5000 normal numbers has a standard error of sqrt(2/5000) of itself; 4 of these, and half as much again for longer tails.
        let ratio = self.bytes.variance() / self.true_variance;
        let tolerance = 6.0 * (2.0 / f64::from(self.streams)).sqrt();
        assert!((ratio - 1.0).abs() < tolerance, "{ratio}: {}", self.row());
    }

    /// What the intervals promise from 200 expected samples on.
    pub fn assert_holds(&self) {
        assert!(self.expected_samples > 199.0 && self.streams >= 5000);
        assert!((0.94..=0.96).contains(&self.score), "{}", self.row());
        assert!((0.93..=0.96).contains(&self.plain), "{}", self.row());
    }

    fn has_mean(&self) -> bool {
        matches!(
            self.decider,
            Decider::PoissonBytes | Decider::BernoulliBytes
        )
    }
}
