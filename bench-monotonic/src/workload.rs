//! The workload itself, and the account that it keeps of what it asked for.
//!
//! Every block is checked before anything is freed, and the leaked ones once more at the end: an allocator that hands out a
//! block twice, or writes into one, fails the run. The clock runs while blocks are drawn, allocated, written and freed, not
//! while they are checked.

use std::mem;
use std::time::Instant;

use crate::block;
use crate::random::Random;

/// What to do.
pub struct Plan {
    /// Blocks to allocate, at least 1.
    pub count: u64,
    /// Smallest size, at least 1.
    pub min_bytes: u64,
    /// Largest size, included; not below `min_bytes`.
    pub max_bytes: u64,
    /// Blocks never freed, at most `count`.
    pub leaks: u64,
    /// Of sizes and leaks.
    pub seed: u64,
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
            "{{\"workload\":\"monotonic\",\"seed\":\"{seed:#018x}\",\"allocs\":{allocs},\"bytes\":{bytes},\
             \"frees\":{frees},\"freed_bytes\":{freed_bytes},\"leaked_blocks\":{leaked_blocks},\
             \"leaked_bytes\":{leaked_bytes},\"elapsed_ns\":{elapsed_ns}}}"
        )
    }
}

/// Runs the plan and gives its account.
pub fn run(plan: &Plan) -> Result<Truth, String> {
    let mut random = Random::new(plan.seed);
    let mut truth = Truth::default();
    // The holder has its full size before the clock starts: it must not grow among the blocks.
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let holder_error = |_| format!("no memory to hold {} blocks", plan.count);
    blocks
        .try_reserve_exact(usize::try_from(plan.count).map_err(|_| holder_error(()))?)
        .map_err(|_| holder_error(()))?;

    let start = Instant::now();
    for serial in 0..plan.count {
        let size_bytes = random.within(plan.min_bytes, plan.max_bytes);
        blocks.push(block::allocate(size_bytes, serial)?);
        truth.allocs += 1;
        truth.bytes += size_bytes;
    }
    let allocating_ns = start.elapsed().as_nanos();

    check_all(&blocks)?;

    let start = Instant::now();
    free_all_but(plan.leaks, &mut blocks, &mut random, &mut truth);
    truth.elapsed_ns = allocating_ns + start.elapsed().as_nanos();

    check_all(&blocks)?;
    for block in blocks {
        if !block.is_empty() {
            truth.leaked_blocks += 1;
            truth.leaked_bytes += block.len() as u64;
        }
        mem::forget(block);
    }
    Ok(truth)
}

/// Frees all blocks but `leaks` of them, in the order of their allocation; freed ones leave an empty `Vec`, which owns nothing.
///
/// Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): a block stays with probability (still wanted) / (still to come),
/// which leaves exactly `leaks` blocks and every choice of them equally likely.
fn free_all_but(leaks: u64, blocks: &mut [Vec<u8>], random: &mut Random, truth: &mut Truth) {
    let mut still_wanted = leaks;
    let mut still_to_come = blocks.len() as u64;
    for block in blocks {
        let leaked = random.below(still_to_come) < still_wanted;
        still_to_come -= 1;
        if leaked {
            still_wanted -= 1;
            continue;
        }
        truth.frees += 1;
        truth.freed_bytes += block.len() as u64;
        drop(mem::take(block));
    }
}

fn check_all(blocks: &[Vec<u8>]) -> Result<(), String> {
    blocks
        .iter()
        .zip(0..)
        .try_for_each(|(block, serial)| block::check(block, serial))
}
