//! The median, and an interval for it that assumes no distribution.

use statrs::distribution::{Binomial, DiscreteCDF};

/// A median with its 95 % interval, over `n` values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    /// The middle value, or the mean of the two in the middle.
    pub value: f64,
    /// Order statistics that hold the median of the distribution with at least 95 %; none below 6 values, where even the
    /// smallest and the largest hold it less often (1 - 2^(1-n)).
    pub interval: Option<(f64, f64)>,
    /// How many values.
    pub n: usize,
}

/// Of these values; none if there are none.
pub fn median(values: &[f64]) -> Option<Median> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n == 0 {
        return None;
    }
    let value = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
    let interval = rank(n).map(|rank| (sorted[rank - 1], sorted[n - rank]));
    Some(Median { value, interval, n })
}

/// The largest r for which the r-th smallest and the r-th largest value hold the median with at least 95 %: the number of
/// values below the median is Binomial(n, 1/2), so each side is missed with P(X <= r - 1) (David and Nagaraja, Order
/// Statistics, 7.1). With n = 15, r = 4.
fn rank(n: usize) -> Option<usize> {
    let below = Binomial::new(0.5, n as u64).ok()?;
    (1..=n / 2)
        .rev()
        .find(|rank| below.cdf(*rank as u64 - 1) <= 0.025)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_tables() {
        // Conover, Practical Nonparametric Statistics, table A3.
        for (n, expected) in [
            (5, None),
            (6, Some(1)),
            (8, Some(1)),
            (9, Some(2)),
            (11, Some(2)),
            (12, Some(3)),
            (15, Some(4)),
            (20, Some(6)),
        ] {
            assert_eq!(rank(n), expected, "n = {n}");
        }
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        let found = median(&[4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!((found.value, found.interval, found.n), (2.5, None, 4));
        assert_eq!(median(&[]), None);
    }
}
