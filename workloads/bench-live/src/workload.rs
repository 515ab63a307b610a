//! The workload itself, and the account that it keeps of what it asked for.

use std::hint::black_box;
use std::mem;
use std::time::Instant;

use crate::resident;

/// What to do.
pub struct Plan {
    /// Blocks to allocate, at least 1.
    pub blocks: u64,
    /// Size of each, at least 1.
    pub size_bytes: u64,
    /// Of all blocks together.
    pub bytes: u64,
}

/// What was asked of the allocator.
pub struct Truth {
    allocs: u64,
    bytes: u64,
    resident_bytes: u64,
    elapsed_ns: u128,
}

impl Truth {
    /// The line that FORMAT.md describes under "Ground truth". Nothing is drawn: the seed is always 0.
    pub fn to_json(&self) -> String {
        let Truth {
            allocs,
            bytes,
            resident_bytes,
            elapsed_ns,
        } = self;
        format!(
            "{{\"workload\":\"live\",\"seed\":\"{:#018x}\",\"allocs\":{allocs},\"bytes\":{bytes},\
             \"frees\":0,\"freed_bytes\":0,\"leaked_blocks\":{allocs},\"leaked_bytes\":{bytes},\
             \"resident_bytes\":{resident_bytes},\"elapsed_ns\":{elapsed_ns}}}",
            0
        )
    }
}

/// Runs the plan and gives its account.
pub fn run(plan: &Plan) -> Result<Truth, String> {
    let start = Instant::now();
    for serial in 0..plan.blocks {
        mem::forget(allocate(plan.size_bytes, serial)?);
    }
    let elapsed_ns = start.elapsed().as_nanos();
    let resident_bytes = resident::bytes()?;
    check(plan, resident_bytes)?;
    Ok(Truth {
        allocs: plan.blocks,
        bytes: plan.bytes,
        resident_bytes,
        elapsed_ns,
    })
}

/// Asks `malloc` for exactly `size_bytes` (`vec![0; n]` would be a `calloc`) and writes all of them, so that all are resident.
fn allocate(size_bytes: u64, serial: u64) -> Result<Vec<u8>, String> {
    let no_memory = |_| format!("block {serial}: no memory for {size_bytes} B");
    let length = usize::try_from(size_bytes).map_err(|_| no_memory(()))?;
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(length).map_err(|_| no_memory(()))?;
    block.resize(length, serial as u8);
    Ok(black_box(block))
}

/// Blocks that were written and are all different are resident all together: fewer bytes mean that one was handed out twice.
fn check(plan: &Plan, resident_bytes: u64) -> Result<(), String> {
    if resident_bytes >= plan.bytes {
        return Ok(());
    }
    Err(format!(
        "{resident_bytes} B are resident, expected at least the {} B of {} live blocks",
        plan.bytes, plan.blocks
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_share_memory_are_found() {
        let plan = Plan {
            blocks: 10,
            size_bytes: 4096,
            bytes: 40_960,
        };
        assert!(check(&plan, 40_959).is_err());
        assert_eq!(check(&plan, 40_960), Ok(()));
    }

    #[test]
    fn a_block_has_exactly_the_size_asked_for() {
        for size_bytes in [1, 16, 4096] {
            let block = allocate(size_bytes, 7).unwrap();
            assert_eq!(
                (block.len(), block.capacity()),
                (block.capacity(), size_bytes as usize)
            );
            assert!(block.iter().all(|&byte| byte == 7));
        }
        assert_eq!(
            allocate(u64::MAX, 0),
            Err(format!("block 0: no memory for {} B", u64::MAX))
        );
    }
}
