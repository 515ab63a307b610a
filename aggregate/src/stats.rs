//! What several runs say together: mean, spread, percentiles and a 95 % confidence interval.
//!
//! - Percentiles are R type 8 (Hyndman and Fan, 1996): rank `h = (n + 1/3) p + 1/3`, interpolated between neighbours. Beyond
//!   the last rank that is the maximum: for p95 up to n = 13, for p99 up to n = 66.
//! - The interval of a mean is Student's t: mean +- t(0.975, n - 1) std / sqrt(n). With 10 runs of mean 5 and std 1 it is
//!   5 +- 2.262 / 3.162 = 4.285 to 5.715.
//! - The interval of a share of runs is Clopper and Pearson's (1934), which holds at 0 and at n of n too: 0 of 10 gives
//!   0 to 0.3085.

use statrs::distribution::{Beta, ContinuousCDF, StudentsT};
use statrs::statistics::{Data, Median, OrderStatistics};

/// Probability in each tail of a 95 % interval.
const TAIL: f64 = 0.025;

/// One metric over the runs of a path: the columns of summary.csv.
#[derive(Clone, Debug)]
pub struct Stat {
    pub n: usize,
    pub mean: f64,
    pub std: Option<f64>,
    pub min: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
    pub interval: Option<Interval>,
}

/// A 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How it was found.
    pub method: &'static str,
}

impl Stat {
    /// Describes at least one value; `share` says that all of them are 0 or 1. `None` without a value.
    pub fn of(values: &[f64], share: bool) -> Option<Stat> {
        let n = values.len();
        let mut data = Data::new(values.to_vec());
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        // Equal values are their own mean; summing and dividing could miss it by a rounding.
        let mean = if min == max {
            min
        } else {
            values.iter().sum::<f64>() / n as f64
        };
        let std = standard_deviation(values, mean);
        let mut percentile = |percent| {
            if is_max(n, percent) {
                max
            } else {
                data.quantile(f64::from(percent) / 100.0)
            }
        };
        Some(Stat {
            n,
            mean,
            std,
            min,
            p95: percentile(95),
            p99: percentile(99),
            // The median is type 8's p50, without the rounding of its rank.
            p50: data.median(),
            max,
            interval: if share {
                Some(share_interval(values.iter().sum(), n))
            } else {
                mean_interval(n, mean, std)
            },
        })
    }
}

/// Whether a percentile of `n` values is just the largest of them: `(n + 1/3) p + 1/3 >= n`, in whole numbers.
pub fn is_max(n: usize, percent: u32) -> bool {
    let (n, percent) = (n as u128, u128::from(percent));
    (3 * n + 1) * percent + 100 >= 300 * n
}

/// The largest `n` at which a percentile is the maximum.
pub fn last_n_of_max(percent: u32) -> usize {
    (1..)
        .take_while(|&n| is_max(n, percent))
        .last()
        .unwrap_or(0)
}

fn standard_deviation(values: &[f64], mean: f64) -> Option<f64> {
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

fn mean_interval(n: usize, mean: f64, std: Option<f64>) -> Option<Interval> {
    let std = std.filter(|&std| std > 0.0)?;
    let t = StudentsT::new(0.0, 1.0, (n - 1) as f64)
        .expect("n is at least 2 where there is a deviation");
    let half = t.inverse_cdf(1.0 - TAIL) * std / (n as f64).sqrt();
    Some(Interval {
        low: mean - half,
        high: mean + half,
        method: "student-t",
    })
}

/// The ends are quantiles of Beta(hits, n - hits + 1) and Beta(hits + 1, n - hits).
fn share_interval(hits: f64, n: usize) -> Interval {
    let misses = n as f64 - hits;
    let quantile = |a, b, p| {
        Beta::new(a, b)
            .expect("both shapes are at least 1")
            .inverse_cdf(p)
    };
    Interval {
        low: if hits == 0.0 {
            0.0
        } else {
            quantile(hits, misses + 1.0, TAIL)
        },
        high: if misses == 0.0 {
            1.0
        } else {
            quantile(hits + 1.0, misses, 1.0 - TAIL)
        },
        method: "clopper-pearson",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() < 1e-4 * expected.abs().max(1e-3),
            "found {found}, expected {expected}"
        );
    }

    fn counting(n: u32) -> Stat {
        let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
        Stat::of(&values, false).unwrap()
    }

    #[test]
    fn percentiles_are_type_8() {
        // Of 1..=n the value at rank h is h: n = 20: (20 + 1/3) 0.95 + 1/3 = 19.65; n = 100: 95.65 and 99.66333.
        close(counting(20).p95, 19.65);
        close(counting(100).p95, 95.65);
        close(counting(100).p99, 99.663333);
        assert_eq!((counting(4).p50, counting(5).p50), (2.5, 3.0));
        // R: quantile(c(1, 2, 4, 8), 0.5, type = 8) is 3.
        assert_eq!(Stat::of(&[8.0, 1.0, 4.0, 2.0], false).unwrap().p50, 3.0);
    }

    #[test]
    fn p95_is_the_maximum_up_to_13_and_p99_up_to_66() {
        assert_eq!((last_n_of_max(95), last_n_of_max(99)), (13, 66));
        assert_eq!((counting(13).p95, counting(66).p99), (13.0, 66.0));
        assert!(counting(14).p95 < 14.0 && counting(67).p99 < 67.0);
    }

    #[test]
    fn students_t_is_as_published() {
        // t(0.975) of NIST's table 1.3.6.7.2; the half-interval of 0 and 2 is t(1) * sqrt(2) / sqrt(2).
        for (n, t) in [
            (2, 12.706),
            (3, 4.303),
            (10, 2.262),
            (31, 2.042),
            (101, 1.984),
        ] {
            let interval = mean_interval(n, 0.0, Some((n as f64).sqrt())).unwrap();
            assert!(
                (interval.high - t).abs() < 6e-4,
                "n = {n}: {}",
                interval.high
            );
            assert_eq!(interval.low, -interval.high);
        }
        let interval = Stat::of(&[0.0, 2.0], false).unwrap().interval.unwrap();
        close(interval.high, 1.0 + 12.7062);
    }

    #[test]
    fn clopper_pearson_is_as_published() {
        // 0 of n: the upper end solves (1 - p)^n = 0.025. 1 of 10 and 5 of 10 are in every table of exact binomial limits.
        for (hits, n, low, high) in [
            (0, 10, 0.0, 0.308497),
            (10, 10, 0.691503, 1.0),
            (1, 10, 0.00252858, 0.445016),
            (5, 10, 0.187086, 0.812914),
            (0, 1, 0.0, 0.975),
            (0, 3, 0.0, 0.707598),
            (0, 10_000, 0.0, 0.00036882),
        ] {
            let interval = share_interval(f64::from(hits), n);
            close(interval.low, low);
            close(interval.high, high);
        }
    }

    #[test]
    fn no_share_is_certain_at_0_or_n_of_n() {
        let none = Stat::of(&[0.0; 10], true).unwrap().interval.unwrap();
        let all = Stat::of(&[1.0; 10], true).unwrap().interval.unwrap();
        assert!(none.low == 0.0 && none.high > 0.3 && all.low < 0.7 && all.high == 1.0);
    }

    #[test]
    fn equal_values_and_a_single_one_have_no_interval_of_the_mean() {
        let equal = Stat::of(&[0.1; 10], false).unwrap();
        assert_eq!(
            (equal.mean, equal.std, equal.interval),
            (0.1, Some(0.0), None)
        );
        let single = Stat::of(&[0.1], false).unwrap();
        assert_eq!(
            (single.mean, single.std, single.interval),
            (0.1, None, None)
        );
        assert!(Stat::of(&[], false).is_none());
    }

    #[test]
    fn deviation_has_n_minus_1() {
        close(
            Stat::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0], false)
                .unwrap()
                .std
                .unwrap(),
            2.138090,
        );
    }
}
