//! The loops of one thread.
//!
//! A block is a `Vec<u8>` with room for exactly its size, which is one `malloc`, and dropping it one `free`. Its first byte is
//! written, as every program would; writing more would measure memory.

use std::hint::black_box;
use std::mem::take;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

use crate::clock::cpu_ns;

/// One block.
pub type Block = Vec<u8>;

/// Live blocks of a window.
pub const WINDOW_BLOCKS: usize = 1000;
/// Blocks of a batch.
pub const BATCH_BLOCKS: usize = 10_000;
const TIGHT_BYTES: usize = 64;
/// Sizes of the window and the batch.
const SMALL_BYTES: (u64, u64) = (16, 256);
/// Bits of the sizes of the mixed window: 16 B to 64 KiB.
const MIXED_BITS: (u64, u64) = (4, 16);
/// Where a growing block ends, from 16 B.
const GROWN_BYTES: usize = 65_536;
const SEED: u64 = 1;

/// One loop, ready to be run: what is allocated before the clock starts is in it.
pub trait Pattern {
    /// Does `operations` of them.
    fn run(&mut self, operations: u64);

    /// What its halves took so far, in nanoseconds of processor time, if it has halves.
    fn halves_ns(&self) -> Option<[u64; 2]> {
        None
    }
}

/// Makes the loop that a thread runs.
pub type Make = fn() -> Box<dyn Pattern>;

/// The loop of this name, if there is one.
pub fn by_name(name: &str) -> Option<Make> {
    Some(match name {
        "tight" => || Box::new(Tight),
        "window" => || Box::new(Window::new(small_sizes())),
        "batch" => || Box::new(Batch::new()),
        "mixed" => || Box::new(Window::new(mixed_sizes())),
        "realloc" => || Box::new(Growth(Vec::new())),
        _ => return None,
    })
}

/// Asks `malloc` for exactly `size_bytes` and writes the first byte.
#[inline(always)]
pub fn allocate(size_bytes: usize) -> Block {
    let mut block = Vec::with_capacity(size_bytes);
    block.push(1);
    black_box(block)
}

/// Pairs of `malloc` and `free` with nothing in between.
struct Tight;

impl Pattern for Tight {
    fn run(&mut self, operations: u64) {
        for _ in 0..operations {
            drop(allocate(TIGHT_BYTES));
        }
    }
}

/// A free and a malloc in a random place of a window of live blocks.
struct Window {
    live: Vec<Block>,
    steps: Vec<(u16, u32)>,
    next: usize,
}

impl Window {
    fn new(sizes: Vec<u32>) -> Window {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED + 1);
        let place = |_| below(&mut random, WINDOW_BLOCKS as u64) as u16;
        let steps = (0..sizes.len()).map(place).zip(sizes).collect::<Vec<_>>();
        let first = steps.iter().cycle().take(WINDOW_BLOCKS);
        Window {
            live: first.map(|(_, size)| allocate(*size as usize)).collect(),
            steps,
            next: 0,
        }
    }
}

impl Pattern for Window {
    fn run(&mut self, operations: u64) {
        for _ in 0..operations {
            // The number of steps is a power of two.
            let (place, size) = self.steps[self.next & (self.steps.len() - 1)];
            self.next += 1;
            let block = &mut self.live[usize::from(place)];
            drop(take(block));
            *block = allocate(size as usize);
        }
    }
}

/// Blocks allocated one after the other, then freed in the same order.
struct Batch {
    blocks: Vec<Block>,
    sizes: Vec<u32>,
    halves_ns: [u64; 2],
}

impl Batch {
    fn new() -> Batch {
        Batch {
            blocks: Vec::with_capacity(BATCH_BLOCKS),
            sizes: small_sizes(),
            halves_ns: [0; 2],
        }
    }
}

impl Pattern for Batch {
    fn run(&mut self, operations: u64) {
        let mut left = operations as usize;
        while left > 0 {
            let count = left.min(BATCH_BLOCKS);
            let start = cpu_ns();
            allocate_batch(&mut self.blocks, &self.sizes, count);
            let middle = cpu_ns();
            free_batch(&mut self.blocks);
            self.halves_ns[0] += middle - start;
            self.halves_ns[1] += cpu_ns() - middle;
            left -= count;
        }
    }

    fn halves_ns(&self) -> Option<[u64; 2]> {
        Some(self.halves_ns)
    }
}

/// Half of a batch, by itself, so that a tool that counts instructions can be told to count this alone.
#[inline(never)]
fn allocate_batch(blocks: &mut Vec<Block>, sizes: &[u32], count: usize) {
    for i in 0..count {
        blocks.push(allocate(sizes[i & (sizes.len() - 1)] as usize));
    }
}

/// The other half.
#[inline(never)]
fn free_batch(blocks: &mut Vec<Block>) {
    blocks.clear();
}

/// A block that doubles from 16 B to 64 KiB, then starts again.
struct Growth(Block);

impl Pattern for Growth {
    fn run(&mut self, operations: u64) {
        for _ in 0..operations {
            match self.0.capacity() {
                0 => self.0 = allocate(16),
                GROWN_BYTES.. => self.0 = Vec::new(),
                // Full up to what it has, and half of the sizes in between, so that growth is not in powers of two alone.
                capacity => {
                    let grown = capacity + capacity / 2;
                    self.0.reserve_exact(grown - self.0.len());
                    self.0 = black_box(take(&mut self.0));
                }
            }
        }
    }
}

/// Uniform, 16 to 256 B; a power of two of them.
pub fn small_sizes() -> Vec<u32> {
    let (low, high) = SMALL_BYTES;
    sizes(|random| low + below(random, high - low + 1))
}

/// The bit length uniform, and the size uniform within it: as many blocks from 16 to 31 B as from 32 to 64 KiB.
fn mixed_sizes() -> Vec<u32> {
    let (low, high) = MIXED_BITS;
    sizes(|random| {
        let first = 1 << (low + below(random, high - low));
        first + below(random, first + 1)
    })
}

fn sizes(draw: impl Fn(&mut Xoshiro256PlusPlus) -> u64) -> Vec<u32> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    (0..1 << 14).map(|_| draw(&mut random) as u32).collect()
}

/// Uniform in `0..bound`, by multiply-shift.
fn below(random: &mut Xoshiro256PlusPlus, bound: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_within_what_the_help_says() {
        let (small, mixed) = (small_sizes(), mixed_sizes());
        assert_eq!(
            (small.iter().min(), small.iter().max()),
            (Some(&16), Some(&256))
        );
        assert_eq!(mixed.iter().min(), Some(&16));
        assert!(
            mixed
                .iter()
                .max()
                .is_some_and(|max| (60_000..=65_536).contains(max))
        );
        assert!(small.len().is_power_of_two() && small.len() == mixed.len());
    }

    #[test]
    fn a_window_stays_full() {
        let mut window = Window::new(small_sizes());
        window.run(5000);
        assert_eq!(window.live.len(), WINDOW_BLOCKS);
        assert!(window.live.iter().all(|block| block.len() == 1));
    }

    #[test]
    fn a_growing_block_reaches_its_end_and_starts_again() {
        let mut growth = Growth(Vec::new());
        let mut largest = 0;
        for _ in 0..100 {
            growth.run(1);
            largest = largest.max(growth.0.capacity());
        }
        assert!((GROWN_BYTES..2 * GROWN_BYTES).contains(&largest));
    }
}
