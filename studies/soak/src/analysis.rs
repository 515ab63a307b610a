//! What the readings amount to.
//!
//! Readings that follow each other share blocks and samples, so they are not as many observations as there are of them. Intervals are by batch means: the
//! readings are cut into [`BATCHES`] stretches, and Student's t is taken over the means of these (Law, "Simulation Modeling and Analysis", chapter on output
//! analysis). The slope of memory is a straight line through the means of whole cycles of the load, so that its swing is not taken for a trend.

use statistics::intervals::{self, LEVEL};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::Options;
use crate::reading::Second;

/// Stretches of readings.
const BATCHES: usize = 20;
/// Readings that a stretch needs.
const LEAST_IN_BATCH: usize = 3;
/// Cycles that a slope needs.
const LEAST_CYCLES: usize = 3;
/// Growth over the whole soak that is no creeping, as a share of the memory.
pub const CREEP: f64 = 0.01;

/// Coverage that is no less than the 95 % that are due by more than this is as it should be.
pub const COVERAGE_MARGIN: f64 = 0.05;

/// A number and its 95 % interval, if there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    /// Stretches, or cycles.
    pub n: usize,
}

/// Everything said of a soak.
pub struct Analysis {
    /// Readings with a sample alive.
    pub readings: usize,
    /// Share of them whose plain 95 % interval, estimate +- 1.96 standard errors, holds the truth.
    pub covered: Option<Value>,
    pub coverage: Coverage,
    /// Mean of estimate over truth, less 1.
    pub bias: Option<Value>,
    /// Largest of its absolute values.
    pub largest_error: Option<f64>,
    /// Mean of standard error over truth.
    pub standard_error: Option<f64>,
    /// Bytes a second.
    pub rss_slope: Option<Value>,
    /// The same of live bytes: memory that grows because more is stored does not creep.
    pub live_slope: Option<Value>,
    pub mean_rss_bytes: f64,
    pub creep: Creep,
}

/// Whether intervals hold the truth as often as they should. That an interval of the coverage holds 95 % shows nothing: one that is wide enough always does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All of the interval is within the margin.
    Near,
    /// None of it is.
    TooSeldom,
    Undecided,
}

/// Whether memory creeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creep {
    Yes,
    No,
    Undecided,
    TooShort,
}

/// Looks at the readings.
pub fn of(seconds: &[Second], options: &Options) -> Analysis {
    let sampled: Vec<&Second> = seconds
        .iter()
        .filter(|second| second.standard_error_bytes > 0.0 && second.live_bytes > 0)
        .collect();
    let error = |second: &&Second| second.estimate_bytes / second.live_bytes as f64 - 1.0;
    let covers = |second: &&Second| {
        let variance = second.standard_error_bytes.powi(2);
        let interval = intervals::plain(second.estimate_bytes, variance, LEVEL);
        f64::from(interval.is_some_and(|it| it.holds(second.live_bytes as f64)))
    };
    let errors: Vec<f64> = sampled.iter().map(error).collect();
    let covered: Vec<f64> = sampled.iter().map(covers).collect();
    let relative: Vec<f64> = sampled
        .iter()
        .map(|second| second.standard_error_bytes / second.live_bytes as f64)
        .collect();
    let rss: Vec<f64> = seconds
        .iter()
        .map(|second| second.rss_bytes as f64)
        .collect();
    let mean_rss_bytes = mean(&rss).unwrap_or(0.0);
    let cycle_s = options.cycle as f64;
    let rss_slope = slope(&cycle_means(seconds, cycle_s, |second| {
        second.rss_bytes as f64
    }));
    let live_slope = slope(&cycle_means(seconds, cycle_s, |second| {
        second.live_bytes as f64
    }));
    Analysis {
        readings: sampled.len(),
        covered: batch_mean(&covered),
        coverage: coverage(batch_mean(&covered)),
        bias: batch_mean(&errors),
        largest_error: errors.iter().map(|error| error.abs()).reduce(f64::max),
        standard_error: mean(&relative),
        rss_slope,
        live_slope,
        mean_rss_bytes,
        creep: creep(rss_slope, options.seconds as f64, mean_rss_bytes),
    }
}

fn coverage(covered: Option<Value>) -> Coverage {
    let least = LEVEL - COVERAGE_MARGIN;
    match covered.and_then(|covered| covered.interval) {
        Some((low, _)) if low >= least => Coverage::Near,
        Some((_, high)) if high < least => Coverage::TooSeldom,
        _ => Coverage::Undecided,
    }
}

fn creep(slope: Option<Value>, seconds: f64, mean_rss_bytes: f64) -> Creep {
    let Some((low, high)) = slope.and_then(|slope| slope.interval) else {
        return Creep::TooShort;
    };
    let allowed = CREEP * mean_rss_bytes / seconds;
    match () {
        () if low > allowed => Creep::Yes,
        () if high <= allowed => Creep::No,
        () => Creep::Undecided,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The mean, with an interval if there are readings enough for it.
fn batch_mean(values: &[f64]) -> Option<Value> {
    let value = mean(values)?;
    let length = values.len() / BATCHES;
    if length < LEAST_IN_BATCH {
        return Some(Value {
            value,
            interval: None,
            n: values.len(),
        });
    }
    // What is over goes to the last stretch.
    let end = |batch: usize| match batch {
        BATCHES => values.len(),
        batch => batch * length,
    };
    let means: Vec<f64> = (0..BATCHES)
        .filter_map(|batch| mean(&values[end(batch)..end(batch + 1)]))
        .collect();
    let squares: f64 = means.iter().map(|mean| (mean - value).powi(2)).sum();
    let error = (squares / (BATCHES - 1) as f64 / BATCHES as f64).sqrt();
    let half = students_t(BATCHES - 1) * error;
    Some(Value {
        value,
        interval: (error > 0.0).then_some((value - half, value + half)),
        n: BATCHES,
    })
}

/// Of the last two thirds, whole cycles only: middle of the cycle in seconds, and the mean of a number over it.
fn cycle_means(seconds: &[Second], cycle_s: f64, of: impl Fn(&Second) -> f64) -> Vec<(f64, f64)> {
    let end = seconds.last().map_or(0.0, |second| second.time_s);
    // A reading comes a little after the moment it is for.
    const LATE_CYCLES: f64 = 0.01;
    let first = (end / 3.0 / cycle_s - LATE_CYCLES).ceil() as u64;
    let last = (end / cycle_s + LATE_CYCLES).floor() as u64;
    let cycle = |number: u64| {
        let from = number as f64 * cycle_s;
        let values: Vec<f64> = seconds
            .iter()
            .filter(|second| (from..from + cycle_s).contains(&second.time_s))
            .map(&of)
            .collect();
        Some((from + cycle_s / 2.0, mean(&values)?))
    };
    (first..last).filter_map(cycle).collect()
}

/// Least squares: slope b with b +- t(0.975, n-2) s / sqrt(sum of (x - mean)^2).
fn slope(points: &[(f64, f64)]) -> Option<Value> {
    let n = points.len();
    if n < LEAST_CYCLES {
        return None;
    }
    let count = n as f64;
    let x_mean = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let y_mean = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let xx: f64 = points.iter().map(|(x, _)| (x - x_mean).powi(2)).sum();
    let xy: f64 = points
        .iter()
        .map(|(x, y)| (x - x_mean) * (y - y_mean))
        .sum();
    let slope = xy / xx;
    let residue = |(x, y): &(f64, f64)| (y - y_mean - slope * (x - x_mean)).powi(2);
    let variance = points.iter().map(residue).sum::<f64>() / (count - 2.0);
    let half = students_t(n - 2) * (variance / xx).sqrt();
    Some(Value {
        value: slope,
        interval: Some((slope - half, slope + half)),
        n,
    })
}

/// t(0.975) with so many degrees of freedom.
fn students_t(freedom: usize) -> f64 {
    StudentsT::new(0.0, 1.0, freedom as f64)
        .expect("callers have at least one degree of freedom")
        .inverse_cdf(0.975)
}

#[cfg(test)]
mod tests {
    use argh::FromArgs;
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{RngCore, SeedableRng};

    use super::*;

    /// Normal numbers of variance 1, each with a share `memory` of the one before: readings that follow each other.
    struct Follows {
        random: Xoshiro256PlusPlus,
        memory: f64,
        last: Option<f64>,
    }

    impl Follows {
        fn new(seed: u64, memory: f64) -> Follows {
            let random = Xoshiro256PlusPlus::seed_from_u64(seed);
            Follows {
                random,
                memory,
                last: None,
            }
        }

        /// Box and Muller's, of two numbers uniform in (0, 1).
        fn normal(&mut self) -> f64 {
            let mut unit = || ((self.random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
            (-2.0 * unit().ln()).sqrt() * (std::f64::consts::TAU * unit()).cos()
        }
    }

    impl Iterator for Follows {
        type Item = f64;

        fn next(&mut self) -> Option<f64> {
            let new = self.normal();
            let memory = self.memory;
            let next = self.last.map_or(new, |last| {
                memory * last + (1.0 - memory * memory).sqrt() * new
            });
            self.last = Some(next);
            Some(next)
        }
    }

    /// A soak of a reading a second, whose estimates are off by so many of their standard errors, which are 5 % of what is alive.
    fn soak(off: impl Iterator<Item = f64>) -> Analysis {
        let seconds: Vec<Second> = off
            .zip(1u32..)
            .map(|(off, second)| Second {
                time_s: f64::from(second),
                live_bytes: 100_000_000,
                estimate_bytes: 1e8 + off * 5e6,
                standard_error_bytes: 5e6,
                live_blocks: 1000,
                rss_bytes: 200_000_000,
                sampled_allocs: 1000,
                calls: 1,
                answered: 1,
            })
            .collect();
        let options = Options::from_args(&["soak"], &["--seconds", "600"]);
        of(&seconds, &options.expect("both are options"))
    }

    #[test]
    fn the_interval_of_a_reading_holds_the_truth_in_95_of_100() {
        // 20,000 readings of normal errors: 0.95 with a sigma of sqrt(0.95 0.05 / 20,000) = 0.00154. With 1.645 in place of 1.96 it would be 0.90, 32 sigmas away.
        let covered = soak(Follows::new(1, 0.0).take(20_000)).covered.unwrap();
        assert!((covered.value - 0.95).abs() < 4.0 * 0.00154, "{covered:?}");
        // And where it ends, to either side.
        for (off, expected) in [(1.959, 1.0), (1.961, 0.0), (-1.959, 1.0), (-1.961, 0.0)] {
            let covered = soak([off].into_iter()).covered.unwrap();
            assert_eq!(covered.value, expected, "{off} standard errors");
        }
    }

    #[test]
    fn the_interval_over_stretches_holds_although_readings_follow_each_other() {
        // A reading keeps 0.8 of the one before, so the mean of 600 varies as that of 600 (1 - 0.8) / (1 + 0.8) = 67 would. An interval over readings in place of stretches is
        // 3 times too narrow: it holds in P(|z| < 1.96 / 3) = 0.49. Stretches of 30 still go together a little: a stretch's mean has variance (9 - 40 / 30) / 30 = 0.2556, a
        // twentieth of it 0.0128 where that of all is 0.0149, so the interval holds in P(|t| < 2.093 sqrt(0.0128 / 0.0149)) = 0.932 with 19 degrees of freedom.
        const SOAKS: u64 = 1000;
        let holds = |value: Option<Value>, truth: f64| {
            let (low, high) = value.unwrap().interval.unwrap();
            u32::from((low..=high).contains(&truth))
        };
        let (mut of_bias, mut of_coverage) = (0, 0);
        for seed in 0..SOAKS {
            let analysis = soak(Follows::new(1000 + seed, 0.8).take(600));
            assert_eq!(analysis.bias.unwrap().n, BATCHES);
            of_bias += holds(analysis.bias, 0.0);
            of_coverage += holds(analysis.covered, 0.95);
        }
        // Sigma: sqrt(0.932 0.068 / 1000) = 0.0080. Neither too seldom nor, by an interval that is too wide, too often.
        let share = |holds: u32| f64::from(holds) / SOAKS as f64;
        assert!(
            (share(of_bias) - 0.932).abs() < 4.0 * 0.0080,
            "{}",
            share(of_bias)
        );
        // Whether a reading is covered goes with the one before less than its error does; few stretches miss more than one reading in twenty, and their means are skewed.
        // These seeds give 0.911, sigma 0.0090; an interval over readings gives 0.771, sigma 0.0133.
        assert!(share(of_coverage) > 0.85, "{}", share(of_coverage));
    }

    #[test]
    fn the_slope_is_that_of_the_line_and_its_interval_students() {
        // y = 0, 1, 1, 2 at x = 0..3: slope 0.6, residues sum to 0.2, s = sqrt(0.1), xx = 5; t(0.975, 2) = 4.3027.
        let found = slope(&[(0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (3.0, 2.0)]).unwrap();
        let half = 4.302_65 * (0.1f64 / 5.0).sqrt();
        assert!((found.value - 0.6).abs() < 1e-12);
        assert!((found.interval.unwrap().1 - 0.6 - half).abs() < 1e-4);
        assert_eq!(slope(&[(0.0, 0.0), (1.0, 1.0)]), None);
    }

    #[test]
    fn whole_cycles_of_a_swing_have_no_slope() {
        let second = |i: u32| Second {
            time_s: f64::from(i) + 0.002,
            live_bytes: 1,
            estimate_bytes: 1.0,
            standard_error_bytes: 1.0,
            live_blocks: 1,
            rss_bytes: (1e8 * (2.0 + (f64::from(i) / 40.0 * std::f64::consts::TAU).sin())) as u64,
            sampled_allocs: 1,
            calls: 1,
            answered: 1,
        };
        let seconds: Vec<Second> = (1..=600).map(second).collect();
        let means = cycle_means(&seconds, 40.0, |second| second.rss_bytes as f64);
        // 200 to 600 s, ten cycles, each the same but for the reading at its edge.
        assert_eq!(means.len(), 10);
        let found = slope(&means).unwrap();
        assert!(found.value.abs() < 2e8 / 40.0 / 400.0, "{found:?}");
        assert_eq!(creep(Some(found), 600.0, 2e8), Creep::No);
    }

    #[test]
    fn coverage_needs_the_whole_interval_within_the_margin() {
        let covered = |low, high| {
            coverage(Some(Value {
                value: (low + high) / 2.0,
                interval: Some((low, high)),
                n: BATCHES,
            }))
        };
        assert_eq!(covered(0.91, 0.96), Coverage::Near);
        // It holds 95 %, and much else.
        assert_eq!(covered(0.70, 0.99), Coverage::Undecided);
        assert_eq!(covered(0.80, 0.89), Coverage::TooSeldom);
        assert_eq!(coverage(None), Coverage::Undecided);
        // Errors half as large again as their standard errors say: 81 % are covered, and 20 stretches of 30 tell.
        let narrow = soak(Follows::new(3, 0.0).map(|off| off * 1.5).take(600));
        assert_eq!(narrow.coverage, Coverage::TooSeldom);
        assert_eq!(
            soak(Follows::new(3, 0.0).take(600)).coverage,
            Coverage::Near
        );
    }

    #[test]
    fn creeping_needs_the_whole_interval() {
        let slope = |low, high| {
            Some(Value {
                value: (low + high) / 2.0,
                interval: Some((low, high)),
                n: 10,
            })
        };
        // A hundredth of 6e8 in 600 s is 1e4 a second.
        assert_eq!(creep(slope(1.1e4, 2e4), 600.0, 6e8), Creep::Yes);
        assert_eq!(creep(slope(-2e4, 0.9e4), 600.0, 6e8), Creep::No);
        assert_eq!(creep(slope(0.0, 2e4), 600.0, 6e8), Creep::Undecided);
        assert_eq!(creep(None, 600.0, 6e8), Creep::TooShort);
    }

    #[test]
    fn batch_means_hold_the_mean_and_few_readings_have_no_interval() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 7)).collect();
        let found = batch_mean(&values).unwrap();
        let (low, high) = found.interval.unwrap();
        assert!(low < found.value && found.value < high && found.n == BATCHES);
        assert_eq!(batch_mean(&values[..59]).unwrap().interval, None);
        assert_eq!(batch_mean(&[]), None);
    }
}
