//! The account that the workload keeps of what it asked for.

use crate::block::Block;
use crate::workload::Plan;

/// What was asked of the allocator. A realloc is one free of the old size and one allocation of the new.
#[derive(Default)]
pub struct Truth {
    allocs: u64,
    bytes: u64,
    frees: u64,
    freed_bytes: u64,
    leaked_blocks: u64,
    leaked_bytes: u64,
    reallocs: u64,
    /// Of allocating and freeing, and of the writing and checking between.
    pub elapsed_ns: u128,
}

impl Truth {
    /// The line that FORMAT.md describes under "Ground truth".
    pub fn to_json(&self, plan: &Plan) -> String {
        let Truth {
            allocs,
            bytes,
            frees,
            freed_bytes,
            leaked_blocks,
            leaked_bytes,
            reallocs,
            elapsed_ns,
        } = self;
        let bins: Vec<String> = plan
            .kind
            .freed_bins()
            .iter()
            .map(|bin| format!("\"{bin}\""))
            .collect();
        format!(
            "{{\"workload\":\"frees\",\"kind\":\"{}\",\"seed\":\"{:#018x}\",\"allocs\":{allocs},\"bytes\":{bytes},\
             \"frees\":{frees},\"freed_bytes\":{freed_bytes},\"leaked_blocks\":{leaked_blocks},\
             \"leaked_bytes\":{leaked_bytes},\"reallocs\":{reallocs},\"freed_bins\":[{}],\"elapsed_ns\":{elapsed_ns}}}",
            plan.kind.name(),
            plan.seed,
            bins.join(",")
        )
    }

    /// A block was allocated.
    pub fn allocated(&mut self, block: &Block) {
        self.allocs += 1;
        self.bytes += block.size_bytes();
    }

    /// A block is about to be freed.
    pub fn freed(&mut self, block: &Block) {
        self.frees += 1;
        self.freed_bytes += block.size_bytes();
    }

    /// A block had another size before.
    pub fn resized(&mut self, before_bytes: u64, block: &Block) {
        self.reallocs += 1;
        self.frees += 1;
        self.freed_bytes += before_bytes;
        self.allocated(block);
    }

    /// A block will never be freed.
    pub fn leaked(&mut self, block: &Block) {
        self.leaked_blocks += 1;
        self.leaked_bytes += block.size_bytes();
    }

    /// Adds what another thread did.
    pub fn add(&mut self, other: &Truth) {
        self.allocs += other.allocs;
        self.bytes += other.bytes;
        self.frees += other.frees;
        self.freed_bytes += other.freed_bytes;
        self.leaked_blocks += other.leaked_blocks;
        self.leaked_bytes += other.leaked_bytes;
        self.reallocs += other.reallocs;
    }
}
