//! What the streams allocate: sizes in their order, the same for all streams of a population, as the workloads repeat theirs over runs.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// Which sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mix {
    /// `bench-monotonic`: 16 to 4096, uniform.
    Monotonic,
    /// `bench-reuse`: 16 to 256, uniform, a slot drawn before each.
    Reuse,
    /// `bench-steady`: of 1000 blocks 900 small, 99 middling, 1 of 1 MiB.
    Steady,
    /// Small blocks, and one in a thousand of 1 MiB: nothing in between.
    OneInAThousand,
    /// 16 B to 64 KiB, bit lengths uniform.
    BitLengths,
}

/// Allocations, and their sums up to each.
pub struct Population {
    pub sizes: Vec<u64>,
    bytes_before: Vec<u64>,
}

impl Mix {
    pub const ALL: [Mix; 5] = [
        Mix::Monotonic,
        Mix::Reuse,
        Mix::Steady,
        Mix::OneInAThousand,
        Mix::BitLengths,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Mix::Monotonic => "monotonic",
            Mix::Reuse => "reuse",
            Mix::Steady => "steady",
            Mix::OneInAThousand => "1 MiB in 1000",
            Mix::BitLengths => "bit lengths",
        }
    }
}

impl Population {
    /// So many allocations. The draws are those of the workloads: xoshiro256++, multiply and shift.
    pub fn new(mix: Mix, allocs: usize) -> Population {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(0x5EED);
        let mut below =
            move |bound: u64| ((u128::from(random.next_u64()) * u128::from(bound)) >> 64) as u64;
        let mut within = |low, high| low + below(high - low + 1);
        let sizes: Vec<u64> = (0..allocs)
            .map(|index| match mix {
                Mix::Monotonic => within(16, 4096),
                Mix::Reuse => {
                    within(0, 99);
                    within(16, 256)
                }
                Mix::Steady => match within(0, 999) {
                    0 => 1 << 20,
                    1..100 => within(257, 8192),
                    _ => within(16, 256),
                },
                Mix::OneInAThousand if index % 1000 == 500 => 1 << 20,
                Mix::OneInAThousand => within(16, 256),
                Mix::BitLengths => {
                    let length = within(5, 16);
                    within(1 << (length - 1), 1 << length)
                }
            })
            .collect();
        let mut bytes_before = Vec::with_capacity(allocs + 1);
        let mut sum = 0;
        bytes_before.push(sum);
        for size in &sizes {
            sum += size;
            bytes_before.push(sum);
        }
        Population {
            sizes,
            bytes_before,
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes_between(0, self.sizes.len())
    }

    pub fn bytes_between(&self, from: usize, to: usize) -> u64 {
        self.bytes_before[to] - self.bytes_before[from]
    }

    /// The block from `at` on with which a gap of so many bytes ends, and the bytes that it goes beyond.
    pub fn reached(&self, at: usize, gap_bytes: f64) -> Option<(usize, f64)> {
        let start = self.bytes_before[at];
        let bytes_to = |before: &u64| (before - start) as f64;
        let ends = &self.bytes_before[at + 1..];
        let block = ends.partition_point(|end| bytes_to(end) < gap_bytes);
        let end = ends.get(block)?;
        Some((at + block, bytes_to(end) - gap_bytes))
    }

    pub fn sum(&self, of: impl Fn(u64) -> f64) -> f64 {
        self.sizes.iter().map(|&size| of(size)).sum()
    }

    /// The mean gap, in whole bytes, with which blocks that `is_drawn` are sampled at `share` on average.
    pub fn mean_for(&self, share: f64, is_drawn: impl Fn(u64) -> bool) -> u64 {
        let drawn: Vec<f64> = self
            .sizes
            .iter()
            .filter(|&&size| is_drawn(size))
            .map(|&size| size as f64)
            .collect();
        let (mut low, mut high) = (1.0f64, 1e9f64);
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            let expected: f64 = drawn.iter().map(|size| -(-size / middle).exp_m1()).sum();
            if expected > share * drawn.len() as f64 {
                low = middle;
            } else {
                high = middle;
            }
        }
        low.round() as u64
    }
}
