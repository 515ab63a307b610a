//! The workload itself, and the account that it keeps of what it asked for.
//!
//! Every block is checked just before it is freed, the leaky ones at the end: an allocator that hands out a block twice, or
//! writes into one, fails the run. The clock runs over the first fill, all turns and the last frees, and so over drawing,
//! writing and checking too: within a turn of some ten nanoseconds they cannot be told apart without disturbing it.

use std::mem;
use std::time::Instant;

use crate::block;
use crate::random::Random;

/// What to do.
pub struct Plan {
    /// Slots, at least 1.
    pub slots: u64,
    /// Turns; the leaks begin before turn `turns / 2`, counted from 0.
    pub turns: u64,
    /// Smallest size, at least 1.
    pub min_bytes: u64,
    /// Largest size, included; not below `min_bytes`.
    pub max_bytes: u64,
    /// Slots that turn leaky, at most `slots`.
    pub leaky_slots: u64,
    /// Of sizes, slots and leaks.
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
            "{{\"workload\":\"reuse\",\"seed\":\"{seed:#018x}\",\"allocs\":{allocs},\"bytes\":{bytes},\
             \"frees\":{frees},\"freed_bytes\":{freed_bytes},\"leaked_blocks\":{leaked_blocks},\
             \"leaked_bytes\":{leaked_bytes},\"elapsed_ns\":{elapsed_ns}}}"
        )
    }
}

/// Runs the plan and gives its account.
pub fn run(plan: &Plan) -> Result<Truth, String> {
    let mut heap = Heap {
        plan,
        random: Random::new(plan.seed),
        truth: Truth::default(),
    };
    // The holder has its full size before the clock starts: it must not grow among the blocks.
    let mut slots: Vec<Slot> = Vec::new();
    let holder_error = |_| format!("no memory to hold {} slots", plan.slots);
    slots
        .try_reserve_exact(usize::try_from(plan.slots).map_err(|_| holder_error(()))?)
        .map_err(|_| holder_error(()))?;

    let start = Instant::now();
    for _ in 0..plan.slots {
        slots.push(heap.allocate()?);
    }
    heap.take_turns(plan.turns / 2, &mut slots)?;
    heap.choose_leaky(&mut slots);
    heap.take_turns(plan.turns - plan.turns / 2, &mut slots)?;
    for slot in slots.iter_mut().filter(|slot| !slot.leaky) {
        heap.free(slot)?;
    }
    heap.truth.elapsed_ns = start.elapsed().as_nanos();

    for slot in slots.into_iter().filter(|slot| slot.leaky) {
        block::check(&slot.block, slot.serial)?;
        heap.truth.leaked_blocks += 1;
        heap.truth.leaked_bytes += slot.block.len() as u64;
        mem::forget(slot.block);
    }
    Ok(heap.truth)
}

struct Slot {
    block: Vec<u8>,
    /// Which allocation of the run it is: says what the block holds.
    serial: u64,
    leaky: bool,
}

/// The allocator's customer: draws, asks, and keeps the account.
struct Heap<'a> {
    plan: &'a Plan,
    random: Random,
    truth: Truth,
}

impl Heap<'_> {
    fn take_turns(&mut self, turns: u64, slots: &mut [Slot]) -> Result<(), String> {
        for _ in 0..turns {
            let slot = &mut slots[self.random.below(self.plan.slots) as usize];
            if slot.leaky {
                continue;
            }
            self.free(slot)?;
            *slot = self.allocate()?;
        }
        Ok(())
    }

    fn allocate(&mut self) -> Result<Slot, String> {
        let size_bytes = self.random.within(self.plan.min_bytes, self.plan.max_bytes);
        let serial = self.truth.allocs;
        let block = block::allocate(size_bytes, serial)?;
        self.truth.allocs += 1;
        self.truth.bytes += size_bytes;
        Ok(Slot {
            block,
            serial,
            leaky: false,
        })
    }

    fn free(&mut self, slot: &mut Slot) -> Result<(), String> {
        block::check(&slot.block, slot.serial)?;
        self.truth.frees += 1;
        self.truth.freed_bytes += slot.block.len() as u64;
        drop(mem::take(&mut slot.block));
        Ok(())
    }

    /// Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): a slot turns leaky with probability (still wanted) / (still to
    /// come), which gives exactly `leaky_slots` of them and every choice equally likely.
    fn choose_leaky(&mut self, slots: &mut [Slot]) {
        let mut still_wanted = self.plan.leaky_slots;
        let mut still_to_come = self.plan.slots;
        for slot in slots {
            slot.leaky = self.random.below(still_to_come) < still_wanted;
            still_wanted -= u64::from(slot.leaky);
            still_to_come -= 1;
        }
    }
}
