//! A number that one thread changes and any thread may read.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::bins::FINE_BINS;

/// A 64-bit counter with one writer at a time. Adding is a plain read and write, never a locked instruction: two writers at once
/// would lose counts, so each belongs to a slot that one thread holds.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Counter(AtomicU64);

impl Counter {
    /// A counter at zero.
    pub const fn new() -> Counter {
        Counter(AtomicU64::new(0))
    }

    /// The value.
    #[inline(always)]
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Replaces the value.
    #[inline(always)]
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Adds, wrapping around at 2^64.
    #[inline(always)]
    pub fn add(&self, more: u64) {
        self.set(self.get().wrapping_add(more));
    }

    /// Adds to a counter that several threads write; only for what is rare. Returns what it was before.
    pub fn add_shared(&self, more: u64) -> u64 {
        self.0.fetch_add(more, Relaxed)
    }

    /// Whether the counter holds this value, which it takes if it is 0; among several threads, one takes it.
    pub fn claim(&self, value: u64) -> bool {
        match self.0.compare_exchange(0, value, Relaxed, Relaxed) {
            Ok(_) => true,
            Err(found) => found == value,
        }
    }

    /// Raises a counter that several threads write; only for what is rare.
    pub fn raise_shared(&self, at_least: u64) {
        if self.get() < at_least {
            self.0.fetch_max(at_least, Relaxed);
        }
    }

    /// The value as a floating-point number, for sums that outgrow 64 bits.
    pub fn get_f64(&self) -> f64 {
        f64::from_bits(self.get())
    }

    /// Adds to a floating-point number; zero bits are 0.0. What a signal handler adds in between is lost: only where none can, or with [`Owner`].
    pub fn add_f64(&self, more: f64) {
        self.set((self.get_f64() + more).to_bits());
    }

    /// As [`Counter::add_f64`], where a signal handler or another thread may add in between; only for what is rare.
    pub fn add_f64_shared(&self, more: f64) {
        let sum = |bits| Some((f64::from_bits(bits) + more).to_bits());
        // It fails only if `sum` gives nothing.
        let _ = self.0.fetch_update(Relaxed, Relaxed, sum);
    }
}

/// A counter for each fine bin, aligned so that pairs of them can be read at once.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct FineBins(pub [Counter; FINE_BINS]);

impl FineBins {
    /// All at zero.
    pub const fn new() -> FineBins {
        FineBins([const { Counter::new() }; FINE_BINS])
    }
}

impl Default for FineBins {
    fn default() -> FineBins {
        FineBins::new()
    }
}

/// What the one thread that writes a slot may do faster than threads among themselves can.
pub trait Owner {
    /// Adds, wrapping around at 2^64, and loses nothing, whatever a signal handler adds in between.
    fn add(counter: &Counter, more: u64);

    /// Adds to a floating-point number, and loses nothing, whatever a signal handler adds in between.
    fn add_f64(counter: &Counter, more: f64);

    /// The nearest whole number to one of 0 to 2^63.
    fn round(number: f64) -> u64;

    /// The sum of all, wrapping around at 2^64.
    fn sum(bins: &FineBins) -> u64;
}

/// What every processor has, and can do among threads.
pub struct Shared;

impl Owner for Shared {
    fn add(counter: &Counter, more: u64) {
        counter.add_shared(more);
    }

    fn add_f64(counter: &Counter, more: f64) {
        counter.add_f64_shared(more);
    }

    fn round(number: f64) -> u64 {
        (number + 0.5) as u64
    }

    fn sum(bins: &FineBins) -> u64 {
        bins.0
            .iter()
            .fold(0, |sum, counter| sum.wrapping_add(counter.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_counter_is_the_largest_of_what_it_was_raised_to() {
        let counter = Counter::new();
        for (at_least, expected) in [(5, 5), (3, 5), (5, 5), (u64::MAX, u64::MAX), (1, u64::MAX)] {
            counter.raise_shared(at_least);
            assert_eq!(counter.get(), expected);
        }
    }

    #[test]
    fn a_claim_holds_for_one_value() {
        let counter = Counter::new();
        assert!(counter.claim(7) && counter.claim(7) && !counter.claim(8));
        assert_eq!(counter.get(), 7);
    }
}
