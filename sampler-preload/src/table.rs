//! A set of addresses of sampled blocks, in memory of the library's own.
//!
//! A bucket is one cache line of eight addresses. When a new block finds its bucket full, it goes to that of the next level, which has twice as many; a look-up
//! goes through the levels that are there. So nothing is ever moved: an address is put in and taken out by one compare-and-exchange each, there is no lock that a
//! fork or a signal handler could find held, and a forked child has the table as it was at any instant. Buckets take the place of shards.
//!
//! Before the table stands a filter, a counter for each of 65,536 classes of addresses: a free of a block that was not sampled reads one byte of it.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, Ordering::*};

use sampler_core::hash::splitmix;

use crate::{region, system};

const BUCKET_ENTRIES: usize = 8;
/// Buckets of the first level: a page.
const BUCKETS: usize = 64;
/// Enough for half a billion addresses.
const LEVELS: usize = 20;
const FILTER_BYTES: usize = 1 << 16;
/// Blocks are aligned to 16: the lowest four bits tell nothing.
const ADDRESS_SHIFT: u32 = 4;
/// A counter that reached this stays there: then the class is always looked up.
const FULL: u8 = u8::MAX;
/// Set in an entry whose block is with the next allocator's realloc: no address has it.
const HIDDEN: u64 = 1;

type Bucket = [AtomicU64; BUCKET_ENTRIES];

static FILTER: [AtomicU8; FILTER_BYTES] = [const { AtomicU8::new(0) }; FILTER_BYTES];
static TABLES: [AtomicPtr<Bucket>; LEVELS] = [const { AtomicPtr::new(null_mut()) }; LEVELS];
/// Addresses in the table; a child goes on from what it inherits.
static ENTRIES: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// An address that is hidden while its block is being moved: its place stays its own, so that it can be put back without fail.
pub struct Hidden(&'static AtomicU64);

/// Prepares for a scheme that asks the filter of every block: NULL is to be looked up, so that the common path need not ask for it.
pub fn start() {
    FILTER[class_of(0)].store(FULL, Relaxed);
    BYTES.store(FILTER_BYTES as u64, Relaxed);
    restart_in_child();
}

/// In a forked child: what the table holds it inherited.
pub fn restart_in_child() {
    let live = region::live();
    let entries = ENTRIES.load(Relaxed);
    live.table_inherited.set(entries);
    live.table_entries_peak.set(entries);
    live.table_bytes.set(BYTES.load(Relaxed));
}

/// Whether the address may be in the table; false is certain.
#[inline(always)]
pub fn may_hold(address: u64) -> bool {
    FILTER[class_of(address)].load(Relaxed) != 0
}

/// Whether the address is in the table.
pub fn holds(address: u64) -> bool {
    may_hold(address) && find(address).is_some()
}

/// Adds an address that is not in the table; false if there is no memory for it.
pub fn insert(address: u64) -> bool {
    for level in 0..LEVELS {
        let Some(table) = table_or_new(level) else {
            return false;
        };
        for entry in bucket(table, level, address) {
            let is_free = entry.load(Relaxed) == 0;
            if is_free && entry.compare_exchange(0, address, AcqRel, Relaxed).is_ok() {
                change_filter(address, |count| count.saturating_add(1));
                let entries = ENTRIES.fetch_add(1, Relaxed) + 1;
                let live = region::live();
                live.table_inserts.add_shared(1);
                live.table_entries_peak.raise_shared(entries);
                return true;
            }
        }
    }
    false
}

/// Hides an address from every look-up; `None` if it is not in the table.
pub fn hide(address: u64) -> Option<Hidden> {
    let entry = find(address)?;
    entry.store(address | HIDDEN, Release);
    Some(Hidden(entry))
}

impl Hidden {
    /// Puts the address back.
    pub fn show(self) {
        self.0.store(self.0.load(Relaxed) & !HIDDEN, Release);
    }

    /// Takes the address out.
    pub fn remove(self) {
        // Nobody else has a part in a hidden entry.
        let address = self.0.load(Relaxed) & !HIDDEN;
        self.0.store(0, Release);
        removed(address);
    }
}

fn removed(address: u64) {
    change_filter(address, |count| count - 1);
    ENTRIES.fetch_sub(1, Relaxed);
    region::live().table_deletes.add_shared(1);
}

/// A counter that is full, or that would fall below 0, stays as it is.
fn change_filter(address: u64, change: impl Fn(u8) -> u8) {
    let counter = &FILTER[class_of(address)];
    let changed = |count: u8| (count != FULL).then(|| change(count));
    // What is refused is meant to stay.
    let _ = counter.fetch_update(AcqRel, Acquire, changed);
}

fn find(address: u64) -> Option<&'static AtomicU64> {
    for (level, table) in TABLES.iter().enumerate() {
        let table = table.load(Acquire);
        if table.is_null() {
            return None;
        }
        let found = bucket(table, level, address)
            .iter()
            .find(|entry| entry.load(Acquire) == address);
        if found.is_some() {
            return found;
        }
    }
    None
}

fn bucket(table: *mut Bucket, level: usize, address: u64) -> &'static Bucket {
    let index = splitmix(address) as usize % (BUCKETS << level);
    // SAFETY: the table of a level has that many buckets, all atomics, and is never unmapped.
    unsafe { &*table.add(index) }
}

fn table_or_new(level: usize) -> Option<*mut Bucket> {
    let place = &TABLES[level];
    let table = place.load(Acquire);
    if !table.is_null() {
        return Some(table);
    }
    let bytes = (BUCKETS << level) * size_of::<Bucket>();
    let table = system::map(bytes)?.cast::<Bucket>();
    match place.compare_exchange(null_mut(), table, AcqRel, Acquire) {
        Ok(_) => {
            BYTES.fetch_add(bytes as u64, Relaxed);
            region::live().table_bytes.add_shared(bytes as u64);
            Some(table)
        }
        Err(installed) => {
            // SAFETY: another thread's table won; ours was seen by nobody.
            unsafe { system::unmap(table.cast(), bytes) };
            Some(installed)
        }
    }
}

#[inline(always)]
fn class_of(address: u64) -> usize {
    (address >> ADDRESS_SHIFT) as usize % FILTER_BYTES
}
