//! Intervals and tests where no formula holds, by drawing from the runs themselves. The run is the unit. The seed is fixed by the caller, so that a report
//! repeats itself.

use crate::intervals::Interval;
use crate::random::Random;

/// The bootstrap's percentile interval of `statistic`, which is given as many runs as there are, drawn with replacement (Efron and Tibshirani, "An Introduction to the
/// Bootstrap", 1993, chapter 13): the quantiles at `(1 - level)/2` and `(1 + level)/2` of `resamples` values, by R's type 7. 2000 resamples leave about 50 beyond each end.
///
/// It is too narrow with few runs: of a mean by sqrt((n-1)/n) and the normal over Student's quantile, 18 % at n = 10, 2 % at n = 100. `None` with less than
/// two runs, without resamples, where the statistic is no number for some draw of runs, and where all draws give the same value (which does not prove a spread of 0).
pub fn bootstrap<T>(
    runs: &[T],
    statistic: impl Fn(&[&T]) -> f64,
    level: f64,
    resamples: usize,
    seed: u64,
) -> Option<Interval> {
    if runs.len() < 2 || resamples == 0 {
        return None;
    }
    let mut random = Random::new(seed);
    let mut drawn: Vec<&T> = Vec::with_capacity(runs.len());
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| {
            drawn.clear();
            drawn.extend((0..runs.len()).map(|_| &runs[random.below(runs.len())]));
            statistic(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let are_numbers = values.iter().all(|value| value.is_finite());
    let (low, high) = (
        quantile(&values, (1.0 - level) / 2.0)?,
        quantile(&values, (1.0 + level) / 2.0)?,
    );
    (are_numbers && values[0] < values[resamples - 1]).then_some(Interval { low, high })
}

/// Probability of a difference of means at least as large, either way, if it were chance which value is in which group: `(1 + as large) / (1 + permutations)`, which never
/// is 0 and never too small (Phipson and Smyth, "Permutation p-values should never be zero", 2010). `None` if a group is empty.
pub fn permutation(a: &[f64], b: &[f64], permutations: usize, seed: u64) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut pool: Vec<f64> = a.iter().chain(b).copied().collect();
    let all: f64 = pool.iter().sum();
    // Both means follow from the sum of the first group.
    let difference = |pool: &[f64]| {
        let sum: f64 = pool[..a.len()].iter().sum();
        (sum / a.len() as f64 - (all - sum) / b.len() as f64).abs()
    };
    let mut random = Random::new(seed);
    let found = difference(&pool);
    let as_large = (0..permutations)
        .filter(|_| {
            // Fisher and Yates, as far as the first group reaches.
            for place in 0..a.len() {
                let other = place + random.below(pool.len() - place);
                pool.swap(place, other);
            }
            is_as_large(difference(&pool), found)
        })
        .count();
    Some((1 + as_large) as f64 / (1 + permutations) as f64)
}

/// The same for pairs, as two schemes in the same round: the sign of each difference would be chance. `None` without a pair.
pub fn sign_flips(differences: &[f64], permutations: usize, seed: u64) -> Option<f64> {
    if differences.is_empty() {
        return None;
    }
    let mut random = Random::new(seed);
    let found = differences.iter().sum::<f64>().abs();
    let as_large = (0..permutations)
        .filter(|_| {
            let sum: f64 = differences
                .iter()
                .map(|difference| {
                    if random.below(2) == 0 {
                        *difference
                    } else {
                        -difference
                    }
                })
                .sum();
            is_as_large(sum.abs(), found)
        })
        .count();
    Some((1 + as_large) as f64 / (1 + permutations) as f64)
}

/// Sums in another order differ by roundings: what is equal but for them counts as equal.
fn is_as_large(value: f64, found: f64) -> bool {
    value >= found * (1.0 - 1e-12)
}

/// R's type 7 of sorted values, p in [0, 1]: interpolated at rank `(n - 1) p`, counted from 0 (Hyndman and Fan, "Sample quantiles in statistical packages", The American
/// Statistician 50, 1996). `None` without a value.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let rank = sorted.len().checked_sub(1)? as f64 * p;
    let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
    let (low, high) = (sorted.get(below)?, sorted.get(above)?);
    Some(low + (high - low) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[&f64]) -> f64 {
        values.iter().copied().sum::<f64>() / values.len() as f64
    }

    #[test]
    fn quantiles_are_type_7() {
        // R: quantile(c(1, 2, 4, 8), c(0.25, 0.5, 1)) is 1.75, 3, 8.
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(
            [0.25, 0.5, 1.0].map(|p| quantile(&sorted, p)),
            [1.75, 3.0, 8.0].map(Some)
        );
        assert_eq!(
            (quantile(&[], 0.5), quantile(&[7.0], 0.3)),
            (None, Some(7.0))
        );
    }

    #[test]
    fn no_difference_is_as_large_under_every_sign() {
        assert_eq!(sign_flips(&[0.0; 3], 10, 1), Some(1.0));
    }

    #[test]
    fn two_runs_are_the_fewest_that_have_an_interval() {
        let interval = bootstrap(&[1.0, 2.0], mean, 0.95, 1000, 1).unwrap();
        assert_eq!((interval.low, interval.high), (1.0, 2.0));
        assert_eq!(bootstrap(&[1.0], mean, 0.95, 1000, 1), None);
        assert_eq!(bootstrap(&[1.0, 2.0], mean, 0.95, 0, 1), None);
    }

    #[test]
    fn of_a_mean_the_bootstrap_is_the_normal_interval() {
        // 0, 1, ... 99: mean 49.5, deviation (with n) 28.866, so +- 1.96 x 2.8866 = 5.658; the ends of 20,000 draws err by some 0.05.
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let interval = bootstrap(&values, mean, 0.95, 20_000, 1).unwrap();
        assert!((interval.low - (49.5 - 5.658)).abs() < 0.2, "{interval:?}");
        assert!((interval.high - (49.5 + 5.658)).abs() < 0.2, "{interval:?}");
        assert_eq!(bootstrap(&values, mean, 0.95, 20_000, 1), Some(interval));
        assert_ne!(bootstrap(&values, mean, 0.95, 20_000, 2), Some(interval));
    }

    #[test]
    fn the_bootstrap_says_nothing_of_too_little() {
        assert_eq!(bootstrap(&[1.0], mean, 0.95, 100, 1), None);
        assert_eq!(bootstrap(&[1.0; 10], mean, 0.95, 100, 1), None);
        assert_eq!(bootstrap(&[1.0, 2.0], |_| f64::NAN, 0.95, 100, 1), None);
        assert_eq!(bootstrap(&[1.0, 2.0], mean, 0.95, 0, 1), None);
    }

    #[test]
    fn permutations_count_as_by_hand() {
        // Of the 20 ways to choose 3 of 6, two are as extreme as 1 2 3 against 4 5 6: 0.1. Sigma over 20,000 draws: 0.0021.
        let p = permutation(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 20_000, 3).unwrap();
        assert!((p - 0.1).abs() < 0.0085, "{p}");
        // All signs equal: 2 of 2^5.
        let p = sign_flips(&[1.0, 2.0, 3.0, 1.0, 0.5], 20_000, 4).unwrap();
        assert!((p - 0.0625).abs() < 0.007, "{p}");
        assert_eq!(permutation(&[1.0, 1.0], &[1.0], 99, 5), Some(1.0));
        assert_eq!(
            (permutation(&[], &[1.0], 99, 5), sign_flips(&[], 99, 5)),
            (None, None)
        );
        // The least p that 99 permutations can say.
        let apart: Vec<f64> = (0..20).map(f64::from).collect();
        let far: Vec<f64> = (100..120).map(f64::from).collect();
        assert_eq!(permutation(&apart, &far, 99, 6), Some(0.01));
    }
}
