//! n runs to one number with its 95 % interval.
//!
//! A mean has Student's t: mean +- t(0.975, n-1) s / sqrt(n). A ratio is paired: run k of a scheme over run k of its base, both of
//! one round, so that a machine that drifts does so for both; its mean and interval are those of the logarithms, raised again.
//! Worked: ratios 1.02 and 1.06 have logarithms 0.0198 and 0.0583, mean 0.0390, s / sqrt(2) = 0.01924; t(0.975, 1) = 12.71, so the interval
//! is exp(0.0390 +- 0.2445) = 0.81 to 1.33: two rounds tell next to nothing, and say so.
//!
//! The smallest effect that could have been seen: at a true ratio of exp(d) the interval leaves out 1 in four of five measurements like this one if
//! d = (t(0.975, n-1) + t(0.8, n-1)) s / sqrt(n), the usual approximation of the power of a t-test, with the s that was found.
//!
//! A ratio is held against another by the same t: p is the probability, if that other were true, of logarithms as far from it or farther, either way.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A number over n runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// Mean; of ratios the geometric one.
    pub value: f64,
    /// 95 % interval; `None` at n = 1, and where all runs gave the same.
    pub interval: Option<(f64, f64)>,
    /// How many runs.
    pub n: usize,
    /// Of ratios: the smallest growth that would have been told from none, as a ratio less 1.
    pub detectable: Option<f64>,
    /// Of ratios: the standard error of the mean logarithm; `None` where there is no interval.
    pub log_error: Option<f64>,
}

impl Value {
    /// The two-sided p-value of this ratio against the true ratio `ratio`; `None` without an interval. Below 0.05 exactly where the interval leaves `ratio` out.
    pub fn p_against(self, ratio: f64) -> Option<f64> {
        let t = (self.value / ratio).ln() / self.log_error?;
        Some(2.0 * students_t(self.n).cdf(-t.abs()))
    }
}

/// Probability in the lower tail.
const TAIL: f64 = 0.975;
/// Measurements of five that would have seen the smallest effect.
const POWER: f64 = 0.8;

/// The mean of values; `None` of none.
pub fn mean(values: &[f64]) -> Option<Value> {
    let (mean, error) = moments(values)?;
    Some(Value {
        value: mean,
        interval: error.map(|error| {
            let half = quantile(TAIL, values.len()) * error;
            (mean - half, mean + half)
        }),
        n: values.len(),
        detectable: None,
        log_error: None,
    })
}

/// The geometric mean of ratios above 0; `None` of none.
pub fn ratio(ratios: &[f64]) -> Option<Value> {
    let logarithms: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    let (mean, error) = moments(&logarithms)?;
    let n = ratios.len();
    Some(Value {
        value: mean.exp(),
        interval: error.map(|error| {
            let half = quantile(TAIL, n) * error;
            ((mean - half).exp(), (mean + half).exp())
        }),
        n,
        detectable: error.map(|error| ((quantile(TAIL, n) + quantile(POWER, n)) * error).exp_m1()),
        log_error: error,
    })
}

/// Mean and standard error; the error is `None` where there is no spread.
fn moments(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let first = *values.first()?;
    let n = values.len() as f64;
    // A mean of equal values is that value, without an error of rounding.
    let mean = first + values.iter().map(|value| value - first).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let error = (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt());
    Some((mean, error.filter(|error| *error > 0.0)))
}

fn quantile(probability: f64, n: usize) -> f64 {
    students_t(n).inverse_cdf(probability)
}

fn students_t(n: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, (n - 1) as f64).expect("n is at least 2 where there is a spread")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
    }

    #[test]
    fn a_ratio_of_two_rounds_is_as_wide_as_worked_above() {
        let ratio = ratio(&[1.02, 1.06]).unwrap();
        close(ratio.value, (1.02f64 * 1.06).sqrt());
        let (low, high) = ratio.interval.unwrap();
        close(low, 0.8143);
        close(high, 1.3278);
        // t(0.8, 1) is 1.3764.
        close(
            ratio.detectable.unwrap(),
            ((12.7062 + 1.3764) * 0.019235f64).exp_m1(),
        );
    }

    #[test]
    fn a_mean_has_students_interval() {
        // 1, 2, 3: s = 1, t(0.975, 2) = 4.3027.
        let mean = mean(&[1.0, 2.0, 3.0]).unwrap();
        let (low, high) = mean.interval.unwrap();
        close(low, 2.0 - 4.3027 / 3f64.sqrt());
        close(high, 2.0 + 4.3027 / 3f64.sqrt());
    }

    #[test]
    fn p_is_students_and_005_at_the_end_of_the_interval() {
        // Ratios e^0, e^0.1, e^0.2: mean 0.1, s / sqrt(3) = 0.057735. Against 1: t = 1.7321 with 2 degrees of freedom; its distribution has the closed
        // form 1/2 + t / (2 sqrt(2 + t^2)), so p = 1 - 1.7321 / sqrt(5) = 0.2254.
        let found = ratio(&[0.0f64, 0.1, 0.2].map(f64::exp)).unwrap();
        close(found.p_against(1.0).unwrap(), 0.2254);
        let (low, high) = found.interval.unwrap();
        close(found.p_against(low).unwrap(), 0.05);
        close(found.p_against(high).unwrap(), 0.05);
        assert_eq!(ratio(&[1.1]).unwrap().p_against(1.0), None);
    }

    #[test]
    fn one_run_and_equal_runs_have_no_interval() {
        assert_eq!(ratio(&[1.1]).unwrap().interval, None);
        assert_eq!(mean(&[0.1; 3]).unwrap().value, 0.1);
        assert_eq!(mean(&[0.1; 3]).unwrap().interval, None);
        assert_eq!(mean(&[]), None);
    }
}
