//! The workload itself, and the account that it keeps of what it asked for.
//!
//! Every block is checked just before it is freed, the leaked ones at the end: an allocator that hands out a block twice, or
//! writes into one, fails the run. The clock runs from the first allocation to the last free, drawing, writing and checking included.

use std::mem;
use std::str::FromStr;
use std::thread;
use std::time::Instant;

use crate::block;
use crate::random::Random;

/// What a header of 16 bytes and glibc's own 8 take of the distance between two blocks.
const OVERHEAD_BYTES: u64 = 24;

/// What to do.
pub struct Plan {
    /// Slots, at least one a thread.
    pub slots: u64,
    /// Turns of all threads.
    pub turns: u64,
    /// At least 1.
    pub threads: u64,
    /// Blocks that the first thread allocates in the last tenth of its turns and never frees.
    pub leaks: Vec<Leak>,
    /// Distance between neighbours, more than the overhead; `None` for mixed sizes.
    pub stride_bytes: Option<u64>,
    /// Of sizes and slots.
    pub seed: u64,
}

/// So many leaked blocks of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Blocks.
    pub count: u64,
    /// Bytes of each, at least 1.
    pub size_bytes: u64,
}

/// What was asked of the allocator.
#[derive(Default)]
pub struct Truth {
    allocs: u64,
    bytes: u64,
    frees: u64,
    freed_bytes: u64,
    leaked_blocks: u64,
    leaked_bytes: u64,
    elapsed_ns: u128,
}

impl FromStr for Leak {
    type Err = String;

    fn from_str(text: &str) -> Result<Leak, String> {
        let numbers = text.split_once('x').and_then(|(count, size_bytes)| {
            Some(Leak {
                count: count.parse().ok()?,
                size_bytes: size_bytes.parse().ok().filter(|&bytes| bytes > 0)?,
            })
        });
        numbers.ok_or_else(|| format!("expected COUNTxBYTES, as 100x48, found {text:?}"))
    }
}

impl Truth {
    /// The line that FORMAT.md describes under "Ground truth".
    pub fn to_json(&self, seed: u64) -> String {
        let Truth {
            allocs,
            bytes,
            frees,
            freed_bytes,
            leaked_blocks,
            leaked_bytes,
            elapsed_ns,
        } = self;
        format!(
            "{{\"workload\":\"steady\",\"seed\":\"{seed:#018x}\",\"allocs\":{allocs},\"bytes\":{bytes},\
             \"frees\":{frees},\"freed_bytes\":{freed_bytes},\"leaked_blocks\":{leaked_blocks},\
             \"leaked_bytes\":{leaked_bytes},\"elapsed_ns\":{elapsed_ns}}}"
        )
    }

    fn add(&mut self, other: &Truth) {
        self.allocs += other.allocs;
        self.bytes += other.bytes;
        self.frees += other.frees;
        self.freed_bytes += other.freed_bytes;
        self.leaked_blocks += other.leaked_blocks;
        self.leaked_bytes += other.leaked_bytes;
    }
}

/// Runs the plan and gives its account.
pub fn run(plan: &Plan) -> Result<Truth, String> {
    let start = Instant::now();
    let mut truth = if plan.threads == 1 {
        // On the first thread: one counter slot, one order of allocations.
        run_thread(plan, 0)?
    } else {
        run_threads(plan)?
    };
    truth.elapsed_ns = start.elapsed().as_nanos();
    Ok(truth)
}

fn run_threads(plan: &Plan) -> Result<Truth, String> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..plan.threads)
            .map(|index| scope.spawn(move || run_thread(plan, index)))
            .collect();
        let mut truth = Truth::default();
        for thread in threads {
            let ended = thread
                .join()
                .map_err(|_| "a thread ended early".to_string())?;
            truth.add(&ended?);
        }
        Ok(truth)
    })
}

/// The share of one thread: the rest of a division goes to the first ones.
fn share(of: u64, plan: &Plan, index: u64) -> u64 {
    of / plan.threads + u64::from(index < of % plan.threads)
}

fn run_thread(plan: &Plan, index: u64) -> Result<Truth, String> {
    // Threads far apart: each seed is the plan's plus a multiple of the golden ratio.
    let seed = plan
        .seed
        .wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut heap = Heap {
        plan,
        random: Random::new(seed),
        truth: Truth::default(),
    };
    let (slots, turns) = (
        share(plan.slots, plan, index),
        share(plan.turns, plan, index),
    );
    let leaks: Vec<u64> = match index {
        0 => interleaved(&plan.leaks),
        _ => Vec::new(),
    };
    // The holders have their full size before the first block: they must not grow among the blocks.
    let mut pool = holder(slots)?;
    let mut leaked = holder(leaks.len() as u64)?;
    for _ in 0..slots {
        pool.push(heap.allocate()?);
    }
    let quiet_turns = turns - turns / 10;
    let mut leaks = leaks.into_iter();
    for turn in 0..turns {
        let slot = &mut pool[heap.random.below(slots) as usize];
        heap.free(slot)?;
        *slot = heap.allocate()?;
        // Evenly over the last tenth.
        let due = (leaked.capacity() as u64 * (turn + 1).saturating_sub(quiet_turns))
            .checked_div(turns - quiet_turns)
            .unwrap_or(0);
        while (leaked.len() as u64) < due {
            match leaks.next() {
                Some(size_bytes) => leaked.push(heap.allocate_of(size_bytes)?),
                None => break,
            }
        }
    }
    for size_bytes in leaks {
        leaked.push(heap.allocate_of(size_bytes)?);
    }
    for slot in &mut pool {
        heap.free(slot)?;
    }
    for slot in leaked {
        block::check(&slot.block, slot.serial)?;
        heap.truth.leaked_blocks += 1;
        heap.truth.leaked_bytes += slot.block.len() as u64;
        mem::forget(slot.block);
    }
    Ok(heap.truth)
}

/// The sizes of all leaks, one of each kind after the other, so that all kinds leak throughout.
fn interleaved(leaks: &[Leak]) -> Vec<u64> {
    let rounds = leaks.iter().map(|leak| leak.count).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| leaks.iter().filter(move |leak| round < leak.count))
        .map(|leak| leak.size_bytes)
        .collect()
}

fn holder(slots: u64) -> Result<Vec<Slot>, String> {
    let mut holder = Vec::new();
    let error = |_| format!("no memory to hold {slots} blocks");
    let slots = usize::try_from(slots).map_err(|_| error(()))?;
    holder.try_reserve_exact(slots).map_err(|_| error(()))?;
    Ok(holder)
}

struct Slot {
    block: Vec<u8>,
    /// Which allocation of its thread it is: says what the block holds.
    serial: u64,
}

/// The allocator's customer: draws, asks, and keeps the account.
struct Heap<'a> {
    plan: &'a Plan,
    random: Random,
    truth: Truth,
}

impl Heap<'_> {
    fn allocate(&mut self) -> Result<Slot, String> {
        let size_bytes = match self.plan.stride_bytes {
            Some(stride) => stride - OVERHEAD_BYTES,
            None => self.mixed_size(),
        };
        self.allocate_of(size_bytes)
    }

    /// Of 1000 blocks 900 small, 99 middling and 1 of 1 MiB.
    fn mixed_size(&mut self) -> u64 {
        match self.random.below(1000) {
            0 => 1 << 20,
            1..100 => self.random.within(257, 8192),
            _ => self.random.within(16, 256),
        }
    }

    fn allocate_of(&mut self, size_bytes: u64) -> Result<Slot, String> {
        let serial = self.truth.allocs;
        let block = block::allocate(size_bytes, serial)?;
        self.truth.allocs += 1;
        self.truth.bytes += size_bytes;
        Ok(Slot { block, serial })
    }

    fn free(&mut self, slot: &mut Slot) -> Result<(), String> {
        block::check(&slot.block, slot.serial)?;
        self.truth.frees += 1;
        self.truth.freed_bytes += slot.block.len() as u64;
        drop(mem::take(&mut slot.block));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaks_are_written_as_count_and_bytes() {
        let leak = Leak {
            count: 100,
            size_bytes: 48,
        };
        assert_eq!("100x48".parse(), Ok(leak));
        for bad in ["", "x", "100", "100x", "x48", "100x0", "-1x48", "1x48x2"] {
            assert!(bad.parse::<Leak>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn kinds_of_leaks_take_turns() {
        let leaks = ["2x10", "1x20", "3x30"].map(|leak| leak.parse().unwrap());
        assert_eq!(interleaved(&leaks), [10, 20, 30, 10, 30, 30]);
        assert_eq!(interleaved(&[]), []);
    }
}
