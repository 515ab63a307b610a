//! Two-sided intervals, each with the same probability in either tail.
//!
//! # Around one estimate
//! A run gives an estimate (sum of `y/p` over its samples) and the estimated variance of it (sum of `(1-p)/p^2 y^2`). Three intervals are made of them:
//!
//! - [`plain`]: `T +- z sqrt(V)`. Too narrow and too low with few samples, since V falls and rises with T.
//! - [`log_scale`]: `T exp(+- z sqrt(V)/T)`, the normal interval of `ln T`. Never below 0; too high with few samples.
//! - [`score`]: the totals t that the estimate does not contradict, `(T - t)^2 <= z^2 V(t)`, where the variance is that which the total t would have:
//!   `V(t) = V + c (t - T)`, `c` being the variance that one more unit of the total would bring. Wilson's idea (JASA 22, 1927), for Poisson counts `n + z^2/2 +- z sqrt(n + z^2/4)`.
//!   For exponential gaps in bytes c is the mean gap, whatever the sizes: a block of s bytes adds `s^2 (1-p)/p <= s mean`. Otherwise
//!   [`scale_of`] takes it from the samples, `V/T`.
//!
//! Which holds the truth how often is measured (METHODOLOGY.md): [`score`] is the one to use.
//! Worked: mean 1000 B, 4 samples of small blocks: T = 4000, V = 4 x 10^6. Plain 80 to 7920, log scale 1501 to 10,658, score 1556 to 10,286.
//!
//! Without a sample T and V are 0, and the two first would say "0, surely": [`without_sample`]. A sample stands for one block and one byte at least, so what is
//! below 1 is of none: where sums were taken back in floating point, rounding leaves some 10^-10.
//!
//! # Over runs
//! [`mean_over_runs`] for a number that each run gives, [`share`] for how many runs (or windows) something happened in.

use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// The level of all intervals unless something else is said.
pub const LEVEL: f64 = 0.95;

/// From `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What is known of bytes when a scheme sampled nothing whose probability does not follow the size: nothing. It holds every total.
pub const UNBOUNDED: Interval = Interval {
    low: 0.0,
    high: f64::INFINITY,
};

/// A mean over runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// Runs.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation with n - 1; `None` of a single run.
    pub deviation: Option<f64>,
    /// Student's interval; `None` of a single run, and of equal ones, which do not prove a spread of 0.
    pub interval: Option<Interval>,
}

impl Interval {
    /// Whether a value lies in it.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Both ends divided by the same positive number.
    pub fn over(&self, divisor: f64) -> Interval {
        Interval {
            low: self.low / divisor,
            high: self.high / divisor,
        }
    }
}

/// `T +- z sqrt(V)`, from 0 on: no total is negative. `None` without a sample, where it would be a point.
pub fn plain(estimate: f64, variance: f64, level: f64) -> Option<Interval> {
    let half = z(level) * variance.max(0.0).sqrt();
    has_sample(estimate).then(|| Interval {
        low: (estimate - half).max(0.0),
        high: estimate + half,
    })
}

/// `T exp(+- z sqrt(V)/T)`. `None` without a sample.
pub fn log_scale(estimate: f64, variance: f64, level: f64) -> Option<Interval> {
    has_sample(estimate).then(|| {
        let factor = (z(level) * variance.max(0.0).sqrt() / estimate).exp();
        Interval {
            low: estimate / factor,
            high: estimate * factor,
        }
    })
}

/// The totals t with `(T - t)^2 <= z^2 (V + c (t - T))`, that is `T + z^2 c / 2 +- z sqrt(V + z^2 c^2 / 4)`, from 0 on; `scale` is c, above 0.
///
/// Without a sample it would be `[0, z^2 c]`; [`without_sample`] is exact there, and is what is given.
pub fn score(estimate: f64, variance: f64, scale: f64, level: f64) -> Interval {
    if !has_sample(estimate) {
        return without_sample(scale, level);
    }
    let z = z(level);
    let middle = estimate + z * z * scale / 2.0;
    let half = z * (variance.max(0.0) + (z * scale / 2.0).powi(2)).sqrt();
    Interval {
        low: (middle - half).max(0.0),
        high: middle + half,
    }
}

/// The variance that one more unit of the total would bring, as the samples have it: `V/T`. For schemes whose probability does not follow the size.
/// `None` without a sample.
pub fn scale_of(estimate: f64, variance: f64) -> Option<f64> {
    (has_sample(estimate) && variance >= 0.0).then(|| variance / estimate)
}

/// What the total can be when nothing was sampled: `[0, scale ln(2 / (1 - level))]`, at 95 % 3.69 scales, since nothing of a larger total would be sampled with
/// probability `exp(-total/scale)`, less than the tail. `scale` is the mean gap in bytes for bytes under exponential gaps, where it is exact; for
/// allocations that are each sampled with probability p it is `1 / -ln(1 - p)`, [`scale_of_allocs`]. Bytes under such a scheme have no bound ([`UNBOUNDED`]): a block
/// that is never seen can have any size.
pub fn without_sample(scale: f64, level: f64) -> Interval {
    Interval {
        low: 0.0,
        high: -scale * tail(level).ln(),
    }
}

/// Allocations that go by, on average of an exponential, before one of probability p is sampled: `1 / -ln(1 - p)`, for p in (0, 1).
/// Worked: p = 1/256: 255.5; with no sample at most 942.5 allocations.
pub fn scale_of_allocs(p: f64) -> f64 {
    -1.0 / (-p).ln_1p()
}

/// Clopper and Pearson's interval of a share, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934: it never
/// holds less often than it says. Quantiles of Beta(hits, n - hits + 1) and Beta(hits + 1, n - hits). `None` for n = 0. Worked: 0 of 10: 0 to 0.3085.
pub fn share(hits: u64, n: u64, level: f64) -> Option<Interval> {
    let misses = n.checked_sub(hits).filter(|_| n > 0)?;
    let (hits, misses) = (hits as f64, misses as f64);
    let quantile = |a, b, p| {
        Beta::new(a, b)
            .expect("both shapes are at least 1")
            .inverse_cdf(p)
    };
    let tail = tail(level);
    Some(Interval {
        low: if hits > 0.0 {
            quantile(hits, misses + 1.0, tail)
        } else {
            0.0
        },
        high: if misses > 0.0 {
            quantile(hits + 1.0, misses, 1.0 - tail)
        } else {
            1.0
        },
    })
}

/// The probability of at most so many hits in n independent tries that each hit with this probability: the one-sided binomial test of whether they hit less
/// often. Worked: 0 of 3 at one half: 0.125. `None` for n = 0.
pub fn at_most(hits: u64, n: u64, probability: f64) -> Option<f64> {
    (n > 0).then_some(())?;
    Some(Binomial::new(probability, n).ok()?.cdf(hits))
}

/// Wilson's interval of a share (JASA 22, 1927): holds about as often as it says on average over shares, and is narrower than [`share`]. `None` for n = 0.
pub fn share_wilson(hits: u64, n: u64, level: f64) -> Option<Interval> {
    if n == 0 || hits > n {
        return None;
    }
    let (z2, n, share) = (z(level).powi(2), n as f64, hits as f64 / n as f64);
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = (z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
    Some(Interval {
        low: (middle - half).max(0.0),
        high: (middle + half).min(1.0),
    })
}

/// Mean of numbers that one run each gave, with Student's interval, `mean +- t(n - 1) s / sqrt(n)` ("The probable error of a mean", Biometrika 6, 1908). It assumes
/// that the *mean* is about normal: with many runs nearly always, with few only if the numbers are. `None` without a run.
pub fn mean_over_runs(values: &[f64], level: f64) -> Option<Mean> {
    let n = values.len();
    let mean = mean(values)?;
    let deviation = (n > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (squares / (n - 1) as f64).sqrt()
    });
    let interval = deviation
        .filter(|&deviation| deviation > 0.0)
        .map(|deviation| {
            let half = quantile_of_mean(n, level) * deviation / (n as f64).sqrt();
            Interval {
                low: mean - half,
                high: mean + half,
            }
        });
    Some(Mean {
        n,
        mean,
        deviation,
        interval,
    })
}

fn student_of_mean(n: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, (n - 1) as f64).expect("a mean with a deviation has two runs at least")
}

/// Half of Student's interval of a mean of n runs, in standard errors; n is at least 2.
pub(crate) fn quantile_of_mean(n: usize, level: f64) -> f64 {
    student_of_mean(n).inverse_cdf(1.0 - tail(level))
}

/// The two-sided probability that such a mean is more than so many standard errors off.
pub(crate) fn tail_of_mean(n: usize, errors: f64) -> f64 {
    2.0 * student_of_mean(n).cdf(-errors.abs())
}

/// Of equal values their own mean: summing and dividing could miss it by a rounding, and make a deviation.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    if values.iter().all(|&value| value == first) {
        return Some(first);
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}

/// The two-sided probability of a standard normal number beyond `z`.
pub(crate) fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().cdf(-z.abs())
}

/// Whether anything was sampled, by an estimate of blocks or of bytes.
fn has_sample(estimate: f64) -> bool {
    estimate >= 1.0
}

fn tail(level: f64) -> f64 {
    (1.0 - level) / 2.0
}

fn z(level: f64) -> f64 {
    // The level of nearly all calls, by a table: the inverse is slow, and is wanted thousands of times.
    if level == LEVEL {
        return 1.959_963_984_540_054;
    }
    Normal::standard().inverse_cdf(1.0 - tail(level))
}

#[cfg(test)]
mod tests;
