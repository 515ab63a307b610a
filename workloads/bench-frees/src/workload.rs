//! The four ways to free.
//!
//! What holds the blocks is never freed, or it would be a sampled free of a size that is none of the blocks'. Every block is
//! checked before it is freed or left behind.

use std::mem;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use crate::block::Block;
use crate::random::Random;
use crate::truth::Truth;

/// Sizes of freed blocks: just the bins 129-256 and 257-512. The runtime's own few blocks are smaller or larger.
const FREED_BYTES: (u64, u64) = (129, 512);
/// Sizes of leaked blocks: within the bin 1025-4096.
const LEAKED_BYTES: (u64, u64) = (1025, 4096);
/// Sizes that a block has for a while between two reallocs, once in [`LARGE_ONE_IN`]: beyond glibc's threshold of 128 KiB, from
/// which on blocks are mapped, and moved by the kernel. Just the bin above 65536.
const LARGE_BYTES: (u64, u64) = (140_000, 200_000);
const LARGE_ONE_IN: u64 = 256;
/// Blocks that are alive together where not all are.
const BATCH: usize = 1000;
/// Batches on their way between two threads.
const BATCHES: usize = 4;
/// Slots of the kind `reuse`.
const SLOTS: u64 = 100;

/// What to do.
pub struct Plan {
    /// How blocks are freed.
    pub kind: Kind,
    /// Blocks to allocate, at least 1.
    pub count: u64,
    /// Blocks never freed, at most `count`.
    pub leaks: u64,
    /// Of sizes and leaks.
    pub seed: u64,
}

/// How blocks are freed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// All are allocated, then freed in the order of their allocation.
    Plain,
    /// Each is resized twice before it is freed: larger, smaller, some to a mapped block and back.
    Realloc,
    /// One thread allocates, another frees.
    CrossThread,
    /// A few slots: a block is freed just before one of about its size is allocated.
    Reuse,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Plain, Kind::Realloc, Kind::CrossThread, Kind::Reuse];

    /// Its name as an option.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Realloc => "realloc",
            Kind::CrossThread => "cross-thread",
            Kind::Reuse => "reuse",
        }
    }

    /// The size bins of a record in which every allocation was freed again.
    pub fn freed_bins(self) -> &'static [&'static str] {
        match self {
            Kind::Realloc => &["129-256", "257-512", ">65536"],
            _ => &["129-256", "257-512"],
        }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Kind, String> {
        let names = Kind::ALL.map(Kind::name);
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| format!("expected {}, found {text:?}", names.join(", ")))
    }
}

/// Runs the plan and gives its account.
pub fn run(plan: &Plan) -> Result<Truth, String> {
    let start = Instant::now();
    let mut truth = match plan.kind {
        Kind::Plain => plain(plan),
        Kind::Realloc => realloc(plan),
        Kind::CrossThread => cross_thread(plan),
        Kind::Reuse => reuse(plan),
    }?;
    truth.elapsed_ns = start.elapsed().as_nanos();
    Ok(truth)
}

fn plain(plan: &Plan) -> Result<Truth, String> {
    let mut source = Source::new(plan);
    let mut truth = Truth::default();
    let capacity = usize::try_from(plan.count).unwrap_or(usize::MAX);
    let mut blocks = holder(capacity)?;
    while let Some(leaky) = source.next() {
        let size_bytes = source.size_bytes(leaky);
        blocks.push(source.allocate(size_bytes, leaky, &mut truth)?);
    }
    end_all(&mut blocks, &mut truth)?;
    mem::forget(blocks);
    Ok(truth)
}

fn realloc(plan: &Plan) -> Result<Truth, String> {
    let mut source = Source::new(plan);
    let mut truth = Truth::default();
    let mut blocks = holder(BATCH)?;
    loop {
        while blocks.len() < BATCH {
            let Some(leaky) = source.next() else { break };
            let size_bytes = source.size_bytes(false);
            blocks.push(source.allocate(size_bytes, leaky, &mut truth)?);
        }
        if blocks.is_empty() {
            mem::forget(blocks);
            return Ok(truth);
        }
        for block in &mut blocks {
            resize(block, source.size_between_bytes(), &mut truth)?;
        }
        for block in &mut blocks {
            resize(block, source.size_bytes(block.leaky), &mut truth)?;
        }
        end_all(&mut blocks, &mut truth)?;
    }
}

fn cross_thread(plan: &Plan) -> Result<Truth, String> {
    let (full, to_free) = sync_channel(BATCHES);
    let (empty, to_fill) = sync_channel(BATCHES);
    for _ in 0..BATCHES {
        let error = |_| "a channel has no room for its batches".to_string();
        empty.try_send(holder(BATCH)?).map_err(error)?;
    }
    thread::scope(|scope| {
        let other = thread::Builder::new()
            .spawn_scoped(scope, || free_batches(to_free, empty))
            .map_err(|error| format!("no second thread: {error}"))?;
        let allocated = fill_batches(plan, to_fill, full);
        let freed = other
            .join()
            .map_err(|_| "the second thread panicked".to_string())??;
        let mut truth = allocated?;
        truth.add(&freed);
        Ok(truth)
    })
}

/// Fills batches until all blocks are allocated. Where the other thread is gone it has an error of its own to tell.
fn fill_batches(
    plan: &Plan,
    to_fill: Receiver<Vec<Block>>,
    full: SyncSender<Vec<Block>>,
) -> Result<Truth, String> {
    let mut source = Source::new(plan);
    let mut truth = Truth::default();
    while source.still_to_come > 0 {
        let Ok(mut batch) = to_fill.recv() else { break };
        while batch.len() < BATCH {
            let Some(leaky) = source.next() else { break };
            let size_bytes = source.size_bytes(leaky);
            batch.push(source.allocate(size_bytes, leaky, &mut truth)?);
        }
        if full.send(batch).is_err() {
            break;
        }
    }
    drop(full);
    // What holds blocks is never freed: the empty batches come back here.
    to_fill.into_iter().for_each(mem::forget);
    Ok(truth)
}

fn free_batches(
    to_free: Receiver<Vec<Block>>,
    empty: SyncSender<Vec<Block>>,
) -> Result<Truth, String> {
    let mut truth = Truth::default();
    for mut batch in to_free {
        end_all(&mut batch, &mut truth)?;
        if empty.send(batch).is_err() {
            break;
        }
    }
    Ok(truth)
}

fn reuse(plan: &Plan) -> Result<Truth, String> {
    let mut source = Source::new(plan);
    let mut truth = Truth::default();
    let mut slots: Vec<Option<Block>> = holder(SLOTS as usize)?;
    slots.resize_with(SLOTS as usize, || None);
    while let Some(leaky) = source.next() {
        let slot = source.random.below(SLOTS) as usize;
        if let Some(block) = slots[slot].take_if(|_| !leaky) {
            end(block, &mut truth)?;
        }
        let size_bytes = source.size_bytes(leaky);
        let block = source.allocate(size_bytes, leaky, &mut truth)?;
        if leaky {
            end(block, &mut truth)?;
        } else {
            slots[slot] = Some(block);
        }
    }
    for block in slots.iter_mut().filter_map(Option::take) {
        end(block, &mut truth)?;
    }
    mem::forget(slots);
    Ok(truth)
}

/// Draws sizes, and which blocks leak.
///
/// Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): a block leaks with probability (still wanted) / (still to come), which
/// leaks exactly as many as wanted and every choice of them equally likely.
struct Source {
    random: Random,
    serial: u64,
    still_wanted: u64,
    still_to_come: u64,
}

impl Source {
    fn new(plan: &Plan) -> Source {
        Source {
            random: Random::new(plan.seed),
            serial: 0,
            still_wanted: plan.leaks,
            still_to_come: plan.count,
        }
    }

    /// Whether the next block leaks; `None` after the last.
    fn next(&mut self) -> Option<bool> {
        if self.still_to_come == 0 {
            return None;
        }
        let leaky = self.random.below(self.still_to_come) < self.still_wanted;
        self.still_to_come -= 1;
        self.still_wanted -= u64::from(leaky);
        Some(leaky)
    }

    /// The size with which a block ends.
    fn size_bytes(&mut self, leaky: bool) -> u64 {
        let (low, high) = if leaky { LEAKED_BYTES } else { FREED_BYTES };
        self.random.within(low, high)
    }

    /// A size that a block has for a while.
    fn size_between_bytes(&mut self) -> u64 {
        let is_large = self.random.below(LARGE_ONE_IN) == 0;
        let (low, high) = if is_large { LARGE_BYTES } else { FREED_BYTES };
        self.random.within(low, high)
    }

    fn allocate(
        &mut self,
        size_bytes: u64,
        leaky: bool,
        truth: &mut Truth,
    ) -> Result<Block, String> {
        let block = Block::allocate(size_bytes, self.serial, leaky)?;
        self.serial += 1;
        truth.allocated(&block);
        Ok(block)
    }
}

/// Of exactly `capacity` places: it must not grow among the blocks.
fn holder<T>(capacity: usize) -> Result<Vec<T>, String> {
    let mut holder = Vec::new();
    holder
        .try_reserve_exact(capacity)
        .map_err(|_| format!("no memory to hold {capacity} blocks"))?;
    Ok(holder)
}

/// A realloc to the size that a block has already would be none: `Vec` makes no call then.
fn resize(block: &mut Block, size_bytes: u64, truth: &mut Truth) -> Result<(), String> {
    let before_bytes = block.size_bytes();
    if size_bytes != before_bytes {
        block.resize(size_bytes)?;
        truth.resized(before_bytes, block);
    }
    Ok(())
}

fn end_all(blocks: &mut Vec<Block>, truth: &mut Truth) -> Result<(), String> {
    blocks.drain(..).try_for_each(|block| end(block, truth))
}

/// Frees a block, or leaves it alive.
fn end(block: Block, truth: &mut Truth) -> Result<(), String> {
    block.check()?;
    if block.leaky {
        truth.leaked(&block);
        mem::forget(block);
    } else {
        truth.freed(&block);
        drop(block);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_bins_hold_the_sizes_of_freed_blocks_and_no_leaked_one() {
        for kind in Kind::ALL {
            let edges = |bin: &str| match bin.strip_prefix('>') {
                Some(low) => (low.parse::<u64>().unwrap() + 1, u64::MAX),
                None => {
                    let (low, high) = bin.split_once('-').unwrap();
                    (low.parse().unwrap(), high.parse().unwrap())
                }
            };
            let holds = |size: u64| {
                let bins = kind.freed_bins().iter().map(|bin| edges(bin));
                bins.into_iter()
                    .any(|(low, high)| (low..=high).contains(&size))
            };
            assert!(holds(FREED_BYTES.0) && holds(FREED_BYTES.1));
            assert!((LEAKED_BYTES.0..=LEAKED_BYTES.1).all(|size| !holds(size)));
            assert_eq!(kind == Kind::Realloc, holds(LARGE_BYTES.0));
        }
    }

    #[test]
    fn exactly_the_wanted_number_leaks() {
        for kind in Kind::ALL {
            for leaks in [0, 50, 1000] {
                let mut source = Source::new(&Plan {
                    kind,
                    count: 1000,
                    leaks,
                    seed: 9,
                });
                let drawn: Vec<bool> = std::iter::from_fn(|| source.next()).collect();
                let leaky = drawn.iter().filter(|&&leaky| leaky).count() as u64;
                assert_eq!((drawn.len(), leaky), (1000, leaks));
            }
        }
    }
}
