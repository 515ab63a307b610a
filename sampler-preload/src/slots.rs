//! Counter slots: who holds which, in memory that no two threads share a line of.
//!
//! A thread takes a slot at its first call and gives it back when its last destructor has run; calls even later borrow a slot for
//! the one call. Taking and giving back are one atomic operation on a bitmap: there is no lock that a signal handler or a fork could find held.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use sampler_core::random::thread_seed;
use sampler_core::slot::{SLOT_BYTES, Slot, Totals};

use crate::once::SetAtStart;
use crate::start;
use crate::system;
use crate::thread;

/// Slots in the library's own zeroed memory, so that the first threads have one even where memory is out.
const FIRST_CHUNK: usize = 64;
/// Each further chunk doubles the number of slots: 64, 64, 128, 256, ...
const CHUNKS: usize = 11;
/// Slots in all: threads alive at once beyond this are not counted, and that is.
const SLOTS: usize = FIRST_CHUNK << (CHUNKS - 1);
const WORD_BITS: usize = u64::BITS as usize;

struct FirstSlots(UnsafeCell<[Slot; FIRST_CHUNK]>);
// SAFETY: a Slot is made of atomics; it is reached as `&Slot` only.
unsafe impl Sync for FirstSlots {}

static FIRST: FirstSlots = FirstSlots(UnsafeCell::new([const { Slot::new() }; FIRST_CHUNK]));
/// Chunk k >= 1 holds slots `64 << (k - 1)` to `64 << k`.
static CHUNK_STARTS: [AtomicPtr<Slot>; CHUNKS] = [const { AtomicPtr::new(null_mut()) }; CHUNKS];
/// Bit s is set while slot s is held.
static HELD: [AtomicU64; SLOTS / WORD_BITS] = [const { AtomicU64::new(0) }; SLOTS / WORD_BITS];
/// Slots ever held are below this.
static USED: AtomicUsize = AtomicUsize::new(0);
/// Threads so far.
static THREADS: AtomicU64 = AtomicU64::new(0);
static CALLS_WITHOUT_SLOT: AtomicU64 = AtomicU64::new(0);
static KEY: SetAtStart<Option<libc::pthread_key_t>> = SetAtStart::new(None);

/// Calls `count` with a slot that no other thread counts in meanwhile.
#[inline(always)]
pub fn with_slot<R>(count: impl FnOnce(&Slot) -> R) -> Option<R> {
    match thread::slot() {
        Some(slot) => Some(count(slot)),
        None => with_new_slot(count),
    }
}

/// As [`with_slot`], in a thread that holds none: it takes one, or borrows one if it is about to end.
#[cold]
#[inline(never)]
fn with_new_slot<R>(count: impl FnOnce(&Slot) -> R) -> Option<R> {
    let Some((index, slot)) = take() else {
        CALLS_WITHOUT_SLOT.fetch_add(1, Ordering::Relaxed);
        return None;
    };
    let config = start::config();
    if thread::is_late() {
        slot.prepare(start::seed(), config.mean_bytes);
        let result = count(slot);
        give_back(index);
        return Some(result);
    }
    thread::set_slot(Some(slot));
    let ordinal = THREADS.fetch_add(1, Ordering::Relaxed);
    slot.begin(thread_seed(start::seed(), ordinal), config.mean_bytes);
    rearm(FIRST_ROUND, index);
    Some(count(slot))
}

/// Prepares for threads that end. Without a key their slots are lost to later threads, but not what they counted.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn start() {
    let mut key = 0;
    // SAFETY: the destructor has the right type; the key is ours.
    let created = unsafe { libc::pthread_key_create(&mut key, Some(thread_ends)) } == 0;
    // SAFETY: the caller's promise.
    unsafe { KEY.set(created.then_some(key)) };
}

/// In a forked child: zero for all, one thread, which holds the slot that its parent held.
pub fn restart_in_child(seed: u64) {
    let own = thread::slot();
    for index in 0..USED.load(Ordering::Relaxed) {
        let Some(slot) = address(index) else { continue };
        let is_own = own.is_some_and(|own| core::ptr::eq(own, slot));
        let bit = 1 << (index % WORD_BITS);
        if !is_own {
            HELD[index / WORD_BITS].fetch_and(!bit, Ordering::Relaxed);
        }
        // SAFETY: a slot's memory; the child has no other thread, and zeros are a slot that was never used.
        unsafe { slot.write_bytes(0, 1) };
    }
    CALLS_WITHOUT_SLOT.store(0, Ordering::Relaxed);
    THREADS.store(0, Ordering::Relaxed);
    if let Some(slot) = own {
        THREADS.store(1, Ordering::Relaxed);
        slot.begin(seed, start::config().mean_bytes);
    }
}

/// The sum of all slots as of now.
pub fn totals() -> Totals {
    let window_allocs = start::config().window_allocs;
    let mut totals = Totals::default();
    for index in 0..USED.load(Ordering::Acquire) {
        if let Some(slot) = existing(index) {
            totals.add(slot, window_allocs);
        }
    }
    totals
}

/// Calls that found no slot.
pub fn calls_without_slot() -> u64 {
    CALLS_WITHOUT_SLOT.load(Ordering::Relaxed)
}

fn take() -> Option<(usize, &'static Slot)> {
    for (word_index, word) in HELD.iter().enumerate() {
        loop {
            let held = word.load(Ordering::Relaxed);
            if held == u64::MAX {
                break;
            }
            let bit = held.trailing_ones() as usize;
            let index = word_index * WORD_BITS + bit;
            let slot = existing(index).or_else(|| grow(index))?;
            // Acquire: what the last holder counted is there before we add to it.
            if word.fetch_or(1 << bit, Ordering::Acquire) & (1 << bit) == 0 {
                USED.fetch_max(index + 1, Ordering::AcqRel);
                return Some((index, slot));
            }
        }
    }
    None
}

fn give_back(index: usize) {
    HELD[index / WORD_BITS].fetch_and(!(1 << (index % WORD_BITS)), Ordering::Release);
}

/// The slot of this index, if its memory is there.
fn existing(index: usize) -> Option<&'static Slot> {
    // SAFETY: memory of a slot, zeroed or used, is never unmapped; slots are only ever shared.
    address(index).map(|slot| unsafe { &*slot })
}

fn address(index: usize) -> Option<*mut Slot> {
    if index < FIRST_CHUNK {
        // SAFETY: within the array.
        return Some(unsafe { FIRST.0.get().cast::<Slot>().add(index) });
    }
    let (chunk, offset) = chunk_of(index);
    let start = CHUNK_STARTS.get(chunk)?.load(Ordering::Acquire);
    // SAFETY: a chunk that is there has room for every index that `chunk_of` gives it.
    (!start.is_null()).then(|| unsafe { start.add(offset) })
}

#[cold]
fn grow(index: usize) -> Option<&'static Slot> {
    let (chunk, _) = chunk_of(index);
    let bytes = (FIRST_CHUNK << (chunk - 1)) * SLOT_BYTES;
    let memory = system::map(bytes)?;
    let installed = CHUNK_STARTS[chunk].compare_exchange(
        null_mut(),
        memory.cast(),
        Ordering::AcqRel,
        Ordering::Acquire,
    );
    if installed.is_err() {
        // SAFETY: another thread's chunk won; ours was seen by nobody.
        unsafe { system::unmap(memory, bytes) };
    }
    existing(index)
}

/// Chunk (from 1) and place in it, of an index from [`FIRST_CHUNK`] on.
fn chunk_of(index: usize) -> (usize, usize) {
    let chunk = (index / FIRST_CHUNK).ilog2() as usize + 1;
    (chunk, index - (FIRST_CHUNK << (chunk - 1)))
}

/// Destructors of other keys may allocate after ours has run. So ours asks to be run again, and gives the slot back in the last
/// round of the four that POSIX promises (`PTHREAD_DESTRUCTOR_ITERATIONS`).
const FIRST_ROUND: usize = 1;
const LAST_ROUND: usize = 4;
const ROUND_BITS: u32 = 3;

fn rearm(round: usize, index: usize) {
    if let Some(key) = KEY.get() {
        let value = (index << ROUND_BITS | round) as *const c_void;
        // SAFETY: the key is ours; its first 32 values per thread are stored without allocating, and ours was created first.
        unsafe { libc::pthread_setspecific(*key, value) };
    }
}

unsafe extern "C" fn thread_ends(value: *mut c_void) {
    let (round, index) = (
        value as usize & ((1 << ROUND_BITS) - 1),
        value as usize >> ROUND_BITS,
    );
    if round < LAST_ROUND {
        rearm(round + 1, index);
        return;
    }
    thread::set_late();
    thread::set_slot(None);
    give_back(index);
}
