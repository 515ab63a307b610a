//! What each sampled key holds, for decisions in which blocks share their fate with others of the same address or page: the spread of
//! their estimates is one over keys (`sampler_core::estimates`).
//!
//! Touched by samples and their frees alone. Fixed memory, mapped at the first such sample: a key that finds no room is counted, and the
//! process then reports no spread over keys. Entries are taken one after the other, so that few keys touch few pages. There is no lock: a thread links an
//! entry by one compare-and-exchange, and a signal handler finds the table whole at any time.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*};

use sampler_core::Config;
use sampler_core::bins::bin;
use sampler_core::counter::Shared;
use sampler_core::estimates::KeyBefore;
use sampler_core::hash::splitmix;
use sampler_core::slot::Slot;

use crate::region;
use crate::sums::Local;
use crate::system;

/// Entries that a process can have: a key takes one, and one for each size bin of its samples, two as a rule. With one address in 256 sampled that is 16
/// million addresses in use.
const ENTRIES: usize = 1 << 17;
const BUCKETS: usize = 1 << 15;

/// Which samples of a key an entry is of: all, or from 1 on those of a size bin.
const ALL: u32 = 0;

#[repr(C)]
struct Table {
    /// Entries handed out.
    used: AtomicU32,
    /// The place of the first entry of each bucket, from 1; 0 for none.
    buckets: [AtomicU32; BUCKETS],
    entries: [Entry; ENTRIES],
}

#[repr(C)]
struct Entry {
    key: AtomicU64,
    /// As in `buckets`.
    next: AtomicU32,
    part: AtomicU32,
    allocs: AtomicU64,
    bytes: AtomicU64,
    live_allocs: AtomicU64,
    live_bytes: AtomicU64,
}

static TABLE: AtomicPtr<Table> = AtomicPtr::new(null_mut());

/// Notes a sample whose header is at this address.
pub fn sampled(slot: &Slot, config: &Config, header: u64, size: u64) {
    if let Some((all, of_bin, bin)) = entries(slot, config, header, size) {
        slot.estimates
            .key_excess
            .sampled::<Local>(all.sampled(size), size);
        region::live().key_excess[bin].sampled::<Shared>(of_bin.sampled(size), size);
    }
}

/// Notes the free of a sampled block. Of one that a parent allocated its key then holds less than nothing, as this process's live sums do.
pub fn freed(slot: &Slot, config: &Config, header: u64, size: u64) {
    if let Some((all, of_bin, bin)) = entries(slot, config, header, size) {
        slot.estimates
            .key_excess
            .freed::<Local>(all.freed(size), size);
        region::live().key_excess[bin].freed::<Shared>(of_bin.freed(size), size);
    }
}

/// The entries of a block, of all sizes and of its bin, and its bin; none if it has no key, or found no room, which is counted.
fn entries(
    slot: &Slot,
    config: &Config,
    header: u64,
    size: u64,
) -> Option<(&'static Entry, &'static Entry, usize)> {
    let key = config.scheme.decision().key(header, size)?;
    if size == 0 {
        // Outside the estimates.
        return None;
    }
    let bin = bin(size);
    let entries = table().and_then(|table| {
        let of_bin = table.find_or_add(key, part_of(bin))?;
        Some((table.find_or_add(key, ALL)?, of_bin, bin))
    });
    if entries.is_none() {
        slot.estimates.without_key.add(1);
    }
    entries
}

/// In a forked child: no key was sampled yet. The memory stays where it is, for a call that was interrupted; where it cannot be cleared another is mapped in
/// its place when it is needed.
pub fn restart_in_child() {
    let table = TABLE.load(Acquire);
    // SAFETY: memory of our own from `map`, all atomics, for which zeros are a table without keys.
    if !table.is_null() && !unsafe { system::clear(table.cast(), size_of::<Table>()) } {
        TABLE.store(null_mut(), Release);
    }
}

fn table() -> Option<&'static Table> {
    let mut table = TABLE.load(Acquire);
    if table.is_null() {
        table = system::map(size_of::<Table>())?.cast();
        if let Err(installed) = TABLE.compare_exchange(null_mut(), table, AcqRel, Acquire) {
            // SAFETY: another thread's table won; ours was seen by nobody.
            unsafe { system::unmap(table.cast(), size_of::<Table>()) };
            table = installed;
        }
    }
    // SAFETY: zeroed memory is a table without keys, and it is never unmapped once installed.
    unsafe { table.as_ref() }
}

impl Entry {
    /// Adds a sample, and says what there was before.
    fn sampled(&self, size: u64) -> KeyBefore {
        KeyBefore {
            allocs: self.allocs.fetch_add(1, Relaxed),
            bytes: self.bytes.fetch_add(size, Relaxed),
            live_allocs: self.live_allocs.fetch_add(1, Relaxed),
            live_bytes: self.live_bytes.fetch_add(size, Relaxed),
        }
    }

    /// Takes away a live one, and says what there was before.
    fn freed(&self, size: u64) -> KeyBefore {
        KeyBefore {
            live_allocs: self.live_allocs.fetch_sub(1, Relaxed),
            live_bytes: self.live_bytes.fetch_sub(size, Relaxed),
            ..KeyBefore::default()
        }
    }
}

impl Table {
    fn find_or_add(&self, key: u64, part: u32) -> Option<&Entry> {
        if let Some(entry) = self.find(key, part) {
            return Some(entry);
        }
        let place = self.take()?;
        let entry = self.entries.get(place as usize - 1)?;
        entry.key.store(key, Relaxed);
        entry.part.store(part, Relaxed);
        let bucket = &self.buckets[bucket_of(key, part)];
        let mut head = bucket.load(Acquire);
        loop {
            entry.next.store(head, Relaxed);
            match bucket.compare_exchange(head, place, AcqRel, Acquire) {
                Ok(_) => return Some(entry),
                Err(now) => head = now,
            }
            // Somebody was faster, perhaps with this key: then the entry that we took stays unused.
            if let Some(entry) = self.find(key, part) {
                return Some(entry);
            }
        }
    }

    /// The place of an entry that nobody has; `None` when all are taken.
    fn take(&self) -> Option<u32> {
        let one_more = |used: u32| ((used as usize) < ENTRIES).then_some(used + 1);
        let before = self.used.fetch_update(Relaxed, Relaxed, one_more).ok()?;
        Some(before + 1)
    }

    fn find(&self, key: u64, part: u32) -> Option<&Entry> {
        let mut place = self.buckets[bucket_of(key, part)].load(Acquire);
        loop {
            let entry = self.entries.get((place as usize).checked_sub(1)?)?;
            if entry.key.load(Relaxed) == key && entry.part.load(Relaxed) == part {
                return Some(entry);
            }
            place = entry.next.load(Acquire);
        }
    }
}

fn part_of(bin: usize) -> u32 {
    bin as u32 + 1
}

fn bucket_of(key: u64, part: u32) -> usize {
    (splitmix(key) as usize).wrapping_add(part as usize) % BUCKETS
}
