//! Gaps between the samples of a slot: a histogram by bit length, and the sums that mean, variance and lag-1 correlation need.
//!
//! The histogram's last entry is open: a gap of 2^46 or more, which is 70 TB of requests between two samples of one thread, counts there whatever its length.
//! An entry for each of the 17 lengths above would be 272 bytes in every slot.

use crate::counter::Counter;
use crate::slot::add;

/// Histogram entries: gap 0, then one for each bit length from 1 to 46, and one for all that are longer.
pub const HISTOGRAM: usize = 48;

/// The finished gaps of one slot on one clock (allocations or bytes).
#[derive(Debug)]
#[repr(C)]
pub struct Gaps {
    sum: Counter,
    sum_squares: Counter,
    sum_lag1_products: Counter,
    max: Counter,
    last: Counter,
    histogram: [Counter; HISTOGRAM],
}

/// The gaps of several slots, and what is left unfinished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GapTotals {
    /// Finished gaps.
    pub n: u64,
    /// Their sum.
    pub sum: u64,
    /// Sum of squares; floating point, since bytes squared outgrow 64 bits.
    pub sum_squares: f64,
    /// Sum of products of each gap with the one before it in its slot.
    pub sum_lag1_products: f64,
    /// The largest.
    pub max: u64,
    /// Sum of the gaps that no sample has ended yet.
    pub unfinished_sum: u64,
    /// Entry k counts the gaps of bit length k, the last one also all that are longer.
    pub histogram: [u64; HISTOGRAM],
}

impl Default for GapTotals {
    fn default() -> GapTotals {
        GapTotals {
            n: 0,
            sum: 0,
            sum_squares: 0.0,
            sum_lag1_products: 0.0,
            max: 0,
            unfinished_sum: 0,
            histogram: [0; HISTOGRAM],
        }
    }
}

impl Gaps {
    /// No gap yet.
    pub const fn new() -> Gaps {
        Gaps {
            sum: Counter::new(),
            sum_squares: Counter::new(),
            sum_lag1_products: Counter::new(),
            max: Counter::new(),
            last: Counter::new(),
            histogram: [const { Counter::new() }; HISTOGRAM],
        }
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        [
            &self.sum,
            &self.sum_squares,
            &self.sum_lag1_products,
            &self.max,
            &self.last,
        ]
        .into_iter()
        .chain(&self.histogram)
    }

    /// Adds a finished gap.
    pub fn finished(&self, gap: u64) {
        self.sum.add(gap);
        self.sum_squares.add_f64(gap as f64 * gap as f64);
        // Before the first gap the last one is 0, which adds nothing.
        self.sum_lag1_products
            .add_f64(gap as f64 * self.last.get() as f64);
        self.last.set(gap);
        self.max.set(self.max.get().max(gap));
        self.histogram[entry(gap)].add(1);
    }
}

impl GapTotals {
    /// Adds a slot's gaps, of which `unfinished` has not ended.
    pub fn add(&mut self, gaps: &Gaps, unfinished: u64) {
        add(&mut self.sum, gaps.sum.get());
        self.sum_squares += gaps.sum_squares.get_f64();
        self.sum_lag1_products += gaps.sum_lag1_products.get_f64();
        self.max = self.max.max(gaps.max.get());
        add(&mut self.unfinished_sum, unfinished);
        for (total, count) in self.histogram.iter_mut().zip(&gaps.histogram) {
            let count = count.get();
            add(total, count);
            // The histogram is the one count of gaps: a process that was stopped between two counters cannot contradict itself.
            add(&mut self.n, count);
        }
    }
}

/// The bit length, at most that of the smallest gap of the open entry. As in [`crate::bins::fine_bin`], `2 * gap + 1` spares the compiler the case of zero.
fn entry(gap: u64) -> usize {
    const OPEN: u64 = 1 << (HISTOGRAM - 2);
    63 - (gap.min(OPEN) << 1 | 1).leading_zeros() as usize
}

impl Default for Gaps {
    fn default() -> Gaps {
        Gaps::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_histogram_of_a_hand_worked_row() {
        let gaps = Gaps::new();
        for gap in [3, 0, 5, 1] {
            gaps.finished(gap);
        }
        let mut totals = GapTotals::default();
        totals.add(&gaps, 7);
        assert_eq!((totals.n, totals.sum, totals.max), (4, 9, 5));
        assert_eq!(totals.sum_squares, 9.0 + 25.0 + 1.0);
        assert_eq!(totals.sum_lag1_products, 0.0 + 0.0 + 5.0);
        assert_eq!(totals.unfinished_sum, 7);
        assert_eq!(totals.histogram[..4], [1, 1, 1, 1]);
    }

    #[test]
    fn histogram_edges_are_powers_of_two_up_to_the_open_last_entry() {
        assert_eq!(entry(0), 0);
        for bit in 0..64 {
            assert_eq!(entry(1 << bit), (bit + 1).min(47));
            assert_eq!(entry((1u64 << bit).wrapping_sub(1)), bit.min(47));
        }
        let gaps = Gaps::new();
        for gap in [(1 << 46) - 1, 1 << 46, 1 << 47, u64::MAX] {
            gaps.finished(gap);
        }
        let found = [46, 47].map(|entry: usize| gaps.histogram[entry].get());
        assert_eq!(found, [1, 3]);
    }
}
