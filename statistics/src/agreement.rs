//! Whether two independent measurements of many numbers agree as well as their intervals promise.
//!
//! **One number.** Of two estimates a < b with 95 % intervals, the interval of the difference is `b - a ± sqrt((a's upper half)^2 + (b's lower half)^2)`: the halves that face each other,
//! added as independent errors are (Zou and Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008). The two are *apart* if that leaves out 0.
//! Where both measure the same true number, and the intervals are right, 5 % of pairs are, however wide each is. Two simpler counts have no such fixed share: one value is
//! *outside* of the other's interval with [`outside`], 16.6 % if both are equally wide, and intervals that do not even touch would be 0.56 %.
//!
//! **Many numbers.** Of n independent pairs the share apart is Binomial(n, 0.05) over n. But numbers of the same runs go together. So they come in clusters, and n becomes n over the
//! design effect: the variance of the share between clusters, C/(C-1) sum of (hits - share rows)^2 / n^2, over the binomial one, share (1 - share) / n (Rao and Scott, "A simple method
//! for the analysis of clustered binary data", Biometrics 48, 1992). Never below 1, and at most the rows of a cluster on average: then they all say one thing.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};

use crate::intervals::{Interval, LEVEL};

/// Share of right pairs that are apart, at intervals of [`LEVEL`].
pub const APART: f64 = 1.0 - LEVEL;

/// An estimate with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Where the true one is.
    pub interval: Interval,
}

/// The difference of two estimates, over half the interval of that difference: above 1 they are apart. 0 where they are equal, infinite where two without any width are not.
pub fn distance(a: Estimate, b: Estimate) -> f64 {
    let (low, high) = if a.value <= b.value { (a, b) } else { (b, a) };
    let difference = high.value - low.value;
    if difference == 0.0 {
        return 0.0;
    }
    let facing = (low.interval.high - low.value).hypot(high.value - high.interval.low);
    difference / facing
}

/// The probability that the value of one of two right estimates is outside of the interval of the other, `2 (1 - Phi(z w / sqrt(w^2 + v^2)))`, for half widths w of that interval and
/// v of the estimate's own. Worked: w = v: 2 (1 - Phi(1.96 / sqrt 2)) = 0.1658.
pub fn outside(own_half: f64, other_half: f64) -> f64 {
    let both = own_half.hypot(other_half);
    if both == 0.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let z = normal.inverse_cdf(1.0 - APART / 2.0);
    2.0 * normal.cdf(-z * other_half / both)
}

/// Rows that go together, as those of the same runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// How many.
    pub rows: usize,
    /// Of them, those that are apart.
    pub apart: usize,
}

/// What chance makes of the share of rows that are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// So many independent rows say as much.
    pub effective_rows: usize,
    /// From the 2.5th to the 97.5th percentile of the share.
    pub share: Interval,
}

/// The share that is expected of these clusters; `None` without a row.
pub fn expected(clusters: &[Cluster]) -> Option<Expected> {
    let rows: usize = clusters.iter().map(|cluster| cluster.rows).sum();
    if rows == 0 {
        return None;
    }
    let effective_rows = ((rows as f64 / design_effect(clusters)).round() as usize).max(1);
    let n = effective_rows as f64;
    let binomial = Binomial::new(APART, effective_rows as u64).expect("0.05 is a probability");
    let tail = (1.0 - LEVEL) / 2.0;
    let share = |p| binomial.inverse_cdf(p) as f64 / n;
    Some(Expected {
        effective_rows,
        share: Interval {
            low: share(tail),
            high: share(1.0 - tail),
        },
    })
}

fn design_effect(clusters: &[Cluster]) -> f64 {
    let of = |pick: fn(&Cluster) -> usize| clusters.iter().map(pick).sum::<usize>() as f64;
    let (rows, apart, count) = (
        of(|cluster| cluster.rows),
        of(|cluster| cluster.apart),
        clusters.len() as f64,
    );
    let most = (rows / count).max(1.0);
    if count < 2.0 {
        return most;
    }
    let share = apart / rows;
    let binomial = share * (1.0 - share) / rows;
    // All or none: how rows go together does not show.
    if binomial == 0.0 {
        return most;
    }
    let squares: f64 = clusters
        .iter()
        .map(|cluster| (cluster.apart as f64 - share * cluster.rows as f64).powi(2))
        .sum();
    let between = count / (count - 1.0) * squares / (rows * rows);
    (between / binomial).clamp(1.0, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn normal(random: &mut Random) -> f64 {
        Normal::standard().inverse_cdf(random.unit())
    }

    /// An estimate of 0 with this standard error, and a right 95 % interval.
    fn estimate(random: &mut Random, error: f64) -> Estimate {
        let value = error * normal(random);
        let half = 1.959_964 * error;
        Estimate {
            value,
            interval: Interval {
                low: value - half,
                high: value + half,
            },
        }
    }

    #[test]
    fn halves_that_face_each_other_count() {
        let at = |value, low, high| Estimate {
            value,
            interval: Interval { low, high },
        };
        // 3 up from 0 and 4 down from 10: half a difference of 5, of 10.
        let (a, b) = (at(0.0, -1.0, 3.0), at(10.0, 6.0, 11.0));
        assert_eq!(distance(a, b), 2.0);
        assert_eq!(distance(b, a), 2.0);
        assert_eq!(distance(a, a), 0.0);
        assert_eq!(
            distance(at(1.0, 1.0, 1.0), at(2.0, 2.0, 2.0)),
            f64::INFINITY
        );
        assert!((outside(1.0, 1.0) - 0.1658).abs() < 1e-4);
        assert!((outside(0.0, 1.0) - 0.05).abs() < 1e-9);
        assert_eq!((outside(1.0, 0.0), outside(0.0, 0.0)), (1.0, 0.0));
    }

    #[test]
    fn one_pair_in_twenty_is_apart_whatever_the_widths() {
        const PAIRS: u32 = 20_000;
        for other in [0.2, 1.0, 7.0] {
            let mut random = Random::new(11);
            let (mut apart, mut beyond) = (0, 0);
            for _ in 0..PAIRS {
                let a = estimate(&mut random, 1.0);
                let b = estimate(&mut random, other);
                apart += u32::from(distance(a, b) > 1.0);
                beyond += u32::from(!b.interval.holds(a.value));
            }
            let close = |found: u32, p: f64| {
                let sigma = (p * (1.0 - p) / f64::from(PAIRS)).sqrt();
                assert!(
                    (f64::from(found) / f64::from(PAIRS) - p).abs() < 4.0 * sigma,
                    "{found} of {PAIRS} for {p} at {other}"
                );
            };
            close(apart, 0.05);
            close(beyond, outside(1.0, other));
        }
    }

    #[test]
    fn independent_rows_have_the_binomial_range() {
        // Binomial(400, 0.05): 20 +- 1.96 x 4.36, so 12 to 29.
        let clusters: Vec<Cluster> = (0..400)
            .map(|number| Cluster {
                rows: 1,
                apart: usize::from(number % 20 == 0),
            })
            .collect();
        let found = expected(&clusters).unwrap();
        assert_eq!(found.effective_rows, 400);
        assert_eq!((found.share.low, found.share.high), (0.03, 0.0725));
        assert_eq!(expected(&[]), None);
    }

    #[test]
    fn rows_that_go_together_widen_the_range() {
        // 60 clusters of 10 equal rows say as much as 60 rows: the share is in a range for these in about 95 % of trials, a little more since counts are whole. The binomial range of
        // 600 rows would be sqrt(10) times too narrow, and hold it in some 45 %.
        const TRIALS: u32 = 1000;
        let mut random = Random::new(12);
        let held: u32 = (0..TRIALS)
            .map(|_| {
                let clusters: Vec<Cluster> = (0..60)
                    .map(|_| Cluster {
                        rows: 10,
                        apart: if random.unit() < APART { 10 } else { 0 },
                    })
                    .collect();
                let share = clusters.iter().map(|it| it.apart).sum::<usize>() as f64 / 600.0;
                u32::from(expected(&clusters).unwrap().share.holds(share))
            })
            .sum();
        // Sigma of 0.95: 0.0069.
        assert!(held > 920, "{held} of {TRIALS}");
        // One cluster is one row.
        let one = Cluster { rows: 50, apart: 2 };
        assert_eq!(expected(&[one]).unwrap().effective_rows, 1);
    }
}
