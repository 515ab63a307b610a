//! What live blocks take in memory: the process before and after, every page of every block written.
//!
//! Three accounts. *Resident* is all that the process has in memory, its code included. That is mapped 64 KiB at a time when it is first run: before the
//! blocks in one run, after them in the next. So blocks are weighed by *anonymous* memory, which is exact, and idle threads, whose counters are in a file,
//! by what was written (*dirty*), after all code that a thread runs was run once: pages of a program that was just built count as dirty too.

use std::fs;
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::pattern::{Block, allocate};

const PAGE_BYTES: usize = 4096;
/// Of fewer and of more idle threads: what starting the first ones takes is in both.
const IDLE_THREADS: [usize; 2] = [16, 528];

/// Allocates `blocks` of `size_bytes` and keeps them.
pub fn measure(blocks: u64, size_bytes: usize) -> Result<Value, String> {
    if !(1..=1 << 30).contains(&size_bytes) {
        return Err(format!(
            "--size-bytes: found {size_bytes}, expected 1 to 1073741824"
        ));
    }
    let mut kept: Vec<Block> = Vec::new();
    let no_memory = |_| format!("no memory for {blocks} blocks of {size_bytes} B");
    kept.try_reserve_exact(blocks as usize).map_err(no_memory)?;
    // The place of every block is resident before the first is allocated.
    kept.resize_with(blocks as usize, || Vec::with_capacity(0));
    let before = Memory::now()?;
    for slot in &mut kept {
        let mut block = Vec::new();
        block.try_reserve_exact(size_bytes).map_err(no_memory)?;
        touch(&mut block, size_bytes);
        *slot = block;
    }
    let after = Memory::now()?;
    // Once for nothing but the code that a thread runs.
    with_idle_threads(IDLE_THREADS[0])?;
    let [few, many] = IDLE_THREADS.map(with_idle_threads);
    let (few, many) = (few?, many?);
    // Read once more, so that no block is gone before the second reading.
    let intact = kept.iter().filter(|block| block[0] == 1).count() as u64;
    if intact != blocks {
        return Err(format!(
            "{} of {blocks} blocks lost their content",
            blocks - intact
        ));
    }
    Ok(json!({
        "operations": blocks,
        "size_bytes": size_bytes,
        "resident_before_bytes": before.resident_bytes,
        "anonymous_before_bytes": before.anonymous_bytes,
        "anonymous_after_bytes": after.anonymous_bytes,
        "idle_threads": IDLE_THREADS,
        "dirty_with_threads_bytes": [few.dirty_bytes, many.dirty_bytes],
    }))
}

/// Writes a block up to its last page. Without `unsafe` it is written whole where it is longer than one byte a page.
fn touch(block: &mut Block, size_bytes: usize) {
    let length = if size_bytes < PAGE_BYTES {
        1
    } else {
        size_bytes
    };
    block.resize(length, 1);
}

/// The process while threads live that have allocated one block each.
fn with_idle_threads(count: usize) -> Result<Memory, String> {
    let (allocated, measured) = (Barrier::new(count + 1), Barrier::new(count + 1));
    thread::scope(|scope| {
        let idle = || {
            let block = allocate(PAGE_BYTES / 64);
            allocated.wait();
            measured.wait();
            drop(block);
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(idle)).collect();
        allocated.wait();
        let memory = Memory::now();
        measured.wait();
        // The scope alone would wait for what they run, not for their ends: more threads than are asked for would be alive in the next round.
        for thread in threads {
            thread.join().map_err(|_| "an idle thread failed")?;
        }
        memory
    })
}

struct Memory {
    resident_bytes: u64,
    anonymous_bytes: u64,
    dirty_bytes: u64,
}

impl Memory {
    /// Added up page by page: what `status` says is kept in a count a processor, and up to 64 pages of each behind.
    fn now() -> Result<Memory, String> {
        const FILE: &str = "/proc/self/smaps_rollup";
        let text = fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
            kib.map(|kib: u64| kib * 1024)
                .ok_or_else(|| format!("{FILE}: no line '{name} N kB'"))
        };
        Ok(Memory {
            resident_bytes: bytes("Rss:")?,
            anonymous_bytes: bytes("Anonymous:")?,
            dirty_bytes: bytes("Private_Dirty:")? + bytes("Shared_Dirty:")?,
        })
    }
}
