//! The gaps between samples, as a histogram by bit length: entry 0 counts gap 0, entry k gaps of `2^(k-1) ..= 2^k - 1`, and the last that
//! there can be, 47, all from 2^46 on.
//!
//! What is lost is where inside its bin a gap lies, so a percentile is the upper edge of its bin and named so. Worked number:
//! a median gap of 255 allocations lies in entry 8, 128 to 255, and is reported as 255; so is one of 130.
//! The open entry has no upper edge below the largest gap of all, which is reported for it.

use sampler_core::gaps::HISTOGRAM;

/// The gaps of one or more processes on one clock (allocations or bytes).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gaps {
    /// Finished gaps.
    pub n: u128,
    /// Their sum.
    pub sum: u128,
    /// The largest; 0 if there is none.
    pub max: u64,
    /// Without trailing zeros.
    pub histogram: Vec<u128>,
}

/// The entry of all gaps that are longer than those of the others.
const OPEN: usize = HISTOGRAM - 1;

impl Gaps {
    /// Those of a record.
    pub fn of(gaps: &run_file::Gaps) -> Gaps {
        let histogram = &gaps.log2_histogram;
        let used = histogram.iter().rposition(|&count| count > 0);
        Gaps {
            n: gaps.n.into(),
            sum: gaps.sum.into(),
            max: gaps.max,
            histogram: histogram[..used.map_or(0, |last| last + 1)]
                .iter()
                .map(|&count| count.into())
                .collect(),
        }
    }

    /// Adds the gaps of another process or run.
    pub fn add(&mut self, other: &Gaps) {
        self.n += other.n;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
        if self.histogram.len() < other.histogram.len() {
            self.histogram.resize(other.histogram.len(), 0);
        }
        for (sum, count) in self.histogram.iter_mut().zip(&other.histogram) {
            *sum += count;
        }
    }

    /// Mean gap; `None` without a gap.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum as f64 / self.n as f64)
    }

    /// The largest gap; `None` without a gap.
    pub fn largest(&self) -> Option<f64> {
        (self.n > 0).then_some(self.max as f64)
    }

    /// Upper edge of the bin that holds the gap of rank `ceil(percent/100 * n)` in ascending order; `None` without a gap.
    pub fn percentile_upper(&self, percent: u32) -> Option<f64> {
        let rank = (self.n * u128::from(percent)).div_ceil(100);
        let mut gaps_so_far = 0;
        let holds_it = self.histogram.iter().position(|count| {
            gaps_so_far += count;
            gaps_so_far >= rank
        });
        let upper = |index| match index {
            OPEN => self.max,
            _ => edges(index).1,
        };
        holds_it
            .filter(|_| self.n > 0)
            .map(|index| upper(index) as f64)
    }
}

/// The smallest and the largest gap of an entry.
pub fn edges(index: usize) -> (u64, u64) {
    match index {
        0 => (0, 0),
        OPEN => (1 << (OPEN - 1), u64::MAX),
        _ => (1 << (index - 1), u64::MAX >> (64 - index)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(histogram: &[u128]) -> Gaps {
        Gaps {
            n: histogram.iter().sum(),
            histogram: histogram.to_vec(),
            ..Gaps::default()
        }
    }

    #[test]
    fn edges_follow_each_other_over_all_64_bits() {
        assert_eq!((edges(0), edges(1), edges(2)), ((0, 0), (1, 1), (2, 3)));
        assert_eq!(edges(46), (1 << 45, (1 << 46) - 1));
        assert_eq!(edges(47), (1 << 46, u64::MAX));
        for index in 1..HISTOGRAM {
            assert_eq!(edges(index).0, edges(index - 1).1 + 1);
        }
    }

    #[test]
    fn a_percentile_is_the_upper_edge_of_the_bin_of_its_rank() {
        // 100 gaps: 50 of 0, 45 of 2 or 3, 5 of 8 to 15. Rank 50 is the last 0, rank 95 the last 2 or 3.
        let gaps = gaps(&[50, 0, 45, 0, 5]);
        assert_eq!(
            [50, 51, 95, 96, 99].map(|percent| gaps.percentile_upper(percent).unwrap()),
            [0., 3., 3., 15., 15.]
        );
    }

    #[test]
    fn a_percentile_in_the_open_entry_is_the_largest_gap() {
        let mut counts = [0; HISTOGRAM];
        (counts[3], counts[OPEN]) = (1, 1);
        let gaps = Gaps {
            max: 1 << 50,
            ..gaps(&counts)
        };
        assert_eq!(
            [50, 99].map(|percent| gaps.percentile_upper(percent).unwrap()),
            [7., (1u64 << 50) as f64]
        );
    }

    #[test]
    fn no_gap_has_no_percentile_and_no_mean() {
        for empty in [gaps(&[]), gaps(&[0])] {
            assert_eq!(
                (empty.percentile_upper(50), empty.mean(), empty.largest()),
                (None, None, None)
            );
        }
    }

    #[test]
    fn adding_keeps_every_gap() {
        let mut sum = gaps(&[1]);
        sum.add(&gaps(&[2, 0, 3]));
        assert_eq!((sum.n, sum.histogram), (6, vec![3, 0, 3]));
    }
}
