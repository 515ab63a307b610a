//! Numbers over the runs of a cell. The run is the unit: whatever happens within one is not independent under a hash.

use statistics::intervals::{self, LEVEL};
use statistics::resampling;

use crate::rows::Number;

/// Draws of as many runs as there are.
const RESAMPLES: usize = 1000;
/// Any fixed one: the report must repeat itself.
const SEED: u64 = 0xACC0_4AC1;

/// The mean, with Student's interval.
pub fn mean(values: &[f64]) -> Option<Number> {
    intervals::mean_over_runs(values, LEVEL).map(Number::of_mean)
}

/// In how many runs something happened, with Clopper and Pearson's interval.
pub fn share(happened: impl Iterator<Item = bool>) -> Option<Number> {
    let (mut hits, mut n) = (0u64, 0u64);
    for happened in happened {
        hits += u64::from(happened);
        n += 1;
    }
    Some(Number {
        value: hits as f64 / n as f64,
        interval: Some(intervals::share(hits, n, LEVEL)?),
        n: n as usize,
    })
}

/// Any other number of the runs, with the bootstrap's interval; `None` where it is none.
pub fn statistic<T>(runs: &[T], statistic: impl Fn(&[&T]) -> f64) -> Option<Number> {
    let all: Vec<&T> = runs.iter().collect();
    let value = statistic(&all);
    (value.is_finite() && !runs.is_empty()).then(|| Number {
        value,
        interval: resampling::bootstrap(runs, statistic, LEVEL, RESAMPLES, SEED),
        n: runs.len(),
    })
}

/// Root of the mean square.
pub fn root_mean_square(errors: &[f64]) -> Option<Number> {
    statistic(errors, |errors| {
        let squares: f64 = errors.iter().map(|error| *error * *error).sum();
        (squares / errors.len() as f64).sqrt()
    })
}

/// Sum of the first over sum of the second.
pub fn ratio(pairs: &[(f64, f64)]) -> Option<Number> {
    statistic(pairs, |pairs| {
        let sum = |pick: fn(&(f64, f64)) -> f64| pairs.iter().map(|pair| pick(pair)).sum::<f64>();
        sum(|pair| pair.0) / sum(|pair| pair.1)
    })
}

/// Variance with n - 1, over a fixed number.
pub fn variance_over(values: &[f64], ideal: f64) -> Option<Number> {
    if values.len() < 2 {
        return None;
    }
    statistic(values, |values| {
        let n = values.len() as f64;
        let mean = values.iter().copied().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (*value - mean).powi(2)).sum();
        squares / (n - 1.0) / ideal
    })
}

/// R's type 7 of sorted values.
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = (sorted.len() - 1) as f64 * p;
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_sums_and_not_means_of_ratios() {
        let number = ratio(&[(1.0, 2.0), (5.0, 8.0)]).unwrap();
        assert_eq!((number.value, number.n), (0.6, 2));
        assert_eq!(ratio(&[(0.0, 0.0)]), None);
        assert_eq!(ratio(&[]), None);
    }

    #[test]
    fn root_mean_square_and_variance_by_hand() {
        assert_eq!(
            root_mean_square(&[3.0, -4.0]).unwrap().value,
            12.5f64.sqrt()
        );
        assert_eq!(variance_over(&[1.0, 3.0], 4.0).unwrap().value, 0.5);
        assert_eq!(variance_over(&[1.0], 4.0), None);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
    }

    #[test]
    fn shares_are_over_all_runs() {
        let number = share([true, false, true, true].into_iter()).unwrap();
        assert_eq!((number.value, number.n), (0.75, 4));
        assert!(share([].into_iter()).is_none());
    }
}
