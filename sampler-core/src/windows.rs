//! Windows of allocations, and those in which nothing was sampled.
//!
//! Allocations of a slot are numbered; window k of size w holds numbers `k w ..= k w + w - 1`. Nothing is done when a window ends:
//! a sample knows its own number, so the windows between it and the last sample are dead, and so are at reading time the finished windows after the last sample.
//! That keeps windows off the path of unsampled allocations, and a window that never finished is never counted as dead.

use crate::counter::Counter;
use crate::slot::add;

/// Scales: the base window, 10 and 100 times it.
pub const SCALES: usize = 3;

/// How many base windows make one window of each scale.
pub const SCALE_FACTORS: [u64; SCALES] = [1, 10, 100];

/// The dead windows of one slot.
#[derive(Debug)]
#[repr(C)]
pub struct Windows {
    scales: [Scale; SCALES],
}

#[derive(Debug)]
#[repr(C)]
struct Scale {
    /// Dead windows before the last sample.
    dead: Counter,
    /// The window after that of the last sample.
    next: Counter,
}

/// The windows of one scale, as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowTotals {
    /// Finished windows.
    pub total: u64,
    /// Finished windows without a sample.
    pub zero_sampled: u64,
    /// Allocations in the unfinished window.
    pub remainder_allocs: u64,
}

impl Windows {
    /// No sample yet.
    pub const fn new() -> Windows {
        Windows {
            scales: [const {
                Scale {
                    dead: Counter::new(),
                    next: Counter::new(),
                }
            }; SCALES],
        }
    }

    /// Notes that allocation `number` (from 0) of the slot was sampled.
    pub fn sampled(&self, number: u64, window_allocs: u64) {
        let base = number / window_allocs;
        for (scale, factor) in self.scales.iter().zip(SCALE_FACTORS) {
            let window = base / factor;
            scale.dead.add(window.saturating_sub(scale.next.get()));
            scale.next.set(window + 1);
        }
    }

    /// The counters, in the order of the layout.
    pub(crate) fn counters(&self) -> impl Iterator<Item = &Counter> {
        self.scales
            .iter()
            .flat_map(|scale| [&scale.dead, &scale.next])
    }

    /// What `allocs` allocations of the slot come to at scale `index`.
    pub fn totals(&self, index: usize, allocs: u64, window_allocs: u64) -> WindowTotals {
        let size = window_allocs.saturating_mul(SCALE_FACTORS[index]);
        let scale = &self.scales[index];
        let total = allocs / size;
        WindowTotals {
            total,
            zero_sampled: scale
                .dead
                .get()
                .wrapping_add(total.saturating_sub(scale.next.get())),
            remainder_allocs: allocs % size,
        }
    }
}

impl WindowTotals {
    /// Adds another slot's or process's.
    pub fn add(&mut self, other: WindowTotals) {
        add(&mut self.total, other.total);
        add(&mut self.zero_sampled, other.zero_sampled);
        add(&mut self.remainder_allocs, other.remainder_allocs);
    }
}

impl Default for Windows {
    fn default() -> Windows {
        Windows::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;
    use std::vec::Vec;

    /// The definition, word for word: cut the stream into windows and look into each.
    fn naive(stream: &[bool], size: usize) -> WindowTotals {
        let windows = stream.chunks_exact(size);
        let remainder_allocs = windows.remainder().len() as u64;
        let dead = windows.clone().filter(|window| !window.contains(&true));
        WindowTotals {
            total: windows.len() as u64,
            zero_sampled: dead.count() as u64,
            remainder_allocs,
        }
    }

    #[test]
    fn windows_are_those_of_the_naive_model() {
        let mut random = SplitMix64::new(7);
        for _ in 0..3000 {
            let base = 1 + random.next_u64() % 7;
            let rarity = 1 + random.next_u64() % 60;
            let length = random.next_u64() % 3000;
            let stream: Vec<bool> = (0..length)
                .map(|_| random.next_u64().is_multiple_of(rarity))
                .collect();
            let windows = Windows::new();
            for (number, _) in stream.iter().enumerate().filter(|(_, sampled)| **sampled) {
                windows.sampled(number as u64, base);
            }
            for (index, factor) in SCALE_FACTORS.into_iter().enumerate() {
                let found = windows.totals(index, length, base);
                assert_eq!(found, naive(&stream, (base * factor) as usize));
                assert_eq!(found.total * base * factor + found.remainder_allocs, length);
            }
        }
    }

    #[test]
    fn an_unfinished_window_is_never_dead() {
        let totals = Windows::new().totals(0, 999, 1000);
        assert_eq!((totals.total, totals.zero_sampled), (0, 0));
        assert_eq!(totals.remainder_allocs, 999);
    }

    #[test]
    fn numbers_near_the_end_of_64_bits() {
        let windows = Windows::new();
        windows.sampled(u64::MAX - 1, 1);
        let totals = windows.totals(0, u64::MAX, 1);
        assert_eq!(
            (totals.total, totals.zero_sampled),
            (u64::MAX, u64::MAX - 1)
        );
    }
}
