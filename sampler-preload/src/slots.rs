//! Counter slots: who holds which, in memory that no two threads share a line of.
//!
//! A thread takes a slot at its first call and holds it to its very end, by a robust mutex that it locks and never unlocks. The
//! kernel marks the mutex when the thread is dead, and before `pthread_join` returns; who next needs a slot finds the mark. So no
//! destructor runs, no thread key is taken, and every destructor of the program is counted in its thread's own slot. Nobody ever
//! waits for such a mutex: there is no lock that a signal handler or a fork could find held.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, zeroed};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use sampler_core::random::thread_seed;
use sampler_core::slot::{SLOT_BYTES, Slot, Totals};

use crate::region::{self, FIRST_SLOTS};
use crate::{floats, output, start, system, thread};

/// Chunks of slots after the first ones: 64, 128, 256, ..., each as many as there are before it.
const CHUNKS: usize = 10;
/// Slots in all: threads alive at once beyond this are not counted, and that is.
const SLOTS: usize = FIRST_SLOTS << CHUNKS;
const WORD_BITS: usize = u64::BITS as usize;

static CHUNK_STARTS: [AtomicPtr<Slot>; CHUNKS] = [const { AtomicPtr::new(null_mut()) }; CHUNKS];
/// Bit s is set while slot s is held.
static HELD: [AtomicU64; SLOTS / WORD_BITS] = [const { AtomicU64::new(0) }; SLOTS / WORD_BITS];
/// Takings of a slot so far: what tells the draws of one thread from those of another.
static THREADS: AtomicU64 = AtomicU64::new(0);
/// Set in a child that could not get memory of its own: the slots are its parent's.
static IS_GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// What tells of the end of the thread that holds each slot.
// SAFETY: all zeros are a mutex, unlocked.
static LIVES: [Life; SLOTS] = [const { Life(UnsafeCell::new(unsafe { zeroed() })) }; SLOTS];
/// What the kernel leaves in the word of a mutex whose holder has died, if nobody waits for it.
const OWNER_DIED: u32 = 0x4000_0000;

/// A robust mutex, locked by the thread that holds the slot for as long as the thread lives.
struct Life(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: only the holder of the slot uses the mutex as one; others look at its first word, by atomic operations.
unsafe impl Sync for Life {}

impl Life {
    /// The futex of glibc's mutex.
    fn word(&self) -> &AtomicU32 {
        // SAFETY: glibc's mutex begins with it, and it is aligned; the kernel and glibc change it by atomic operations.
        unsafe { AtomicU32::from_ptr(self.0.get().cast()) }
    }

    /// Takes over from a holder that has died.
    fn inherit(&self) -> bool {
        // Acquire: what the last holder counted is there before we add to it. The kernel's exchange orders it before the mark.
        self.word().load(Ordering::Relaxed) == OWNER_DIED
            && self
                .word()
                .compare_exchange(OWNER_DIED, 0, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Ties the slot, which the calling thread has just taken, to the thread's life. Where that fails, the slot is lost to later
    /// threads, but not what they counted. No system call: nobody else locks this mutex.
    fn begin(&self) {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the slot is the caller's, so the mutex is too; no living thread has it in its list. It lives for ever.
        unsafe {
            libc::pthread_mutexattr_init(attributes.as_mut_ptr());
            libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), libc::PTHREAD_MUTEX_ROBUST);
            if libc::pthread_mutex_init(self.0.get(), attributes.as_ptr()) == 0 {
                libc::pthread_mutex_lock(self.0.get());
            }
        }
    }
}

/// Calls `count` with a slot that no other thread counts in meanwhile.
#[inline(always)]
pub fn with_slot<R>(count: impl FnOnce(&Slot) -> R) -> Option<R> {
    match thread::slot() {
        Some(slot) => Some(count(slot)),
        None => with_new_slot(count),
    }
}

/// As [`with_slot`], in a thread that holds none: it takes one.
#[cold]
#[inline(never)]
fn with_new_slot<R>(count: impl FnOnce(&Slot) -> R) -> Option<R> {
    if let Some(slot) = thread::held_slot() {
        // A child that is being told: a signal handler came in between.
        return Some(count(slot));
    }
    let Some((index, slot)) = take() else {
        region::live().calls_without_slot.add_shared(1);
        return None;
    };
    let config = start::config();
    let ordinal = THREADS.fetch_add(1, Ordering::Relaxed);
    thread::set_slot(Some(slot));
    floats::apart(|| slot.begin(thread_seed(start::seed(), ordinal), config));
    LIVES[index].begin();
    Some(count(slot))
}

/// In a forked child, once the region is its own: one thread, which keeps its slot if that is one of the region's and takes the first one otherwise.
pub fn restart_in_child(seed: u64) {
    for (chunk, start) in CHUNK_STARTS.iter().enumerate() {
        let start = start.swap(null_mut(), Ordering::Relaxed);
        if !start.is_null() {
            // SAFETY: a forked child has one thread; the memory is that of this chunk. It stays mapped for a call that was interrupted.
            unsafe { region::detach_slots(start, FIRST_SLOTS << chunk) };
        }
    }
    for (word_index, word) in HELD.iter().enumerate() {
        if word.load(Ordering::Relaxed) != 0 {
            word.store(0, Ordering::Relaxed);
            // A mark of a dead thread of the parent would give a slot of the child to two.
            let first = word_index * WORD_BITS;
            for life in &LIVES[first..first + WORD_BITS] {
                life.word().store(0, Ordering::Relaxed);
            }
        }
    }
    IS_GIVEN_UP.store(false, Ordering::Relaxed);
    THREADS.store(0, Ordering::Relaxed);
    let Some(slot) = thread::held_slot() else {
        return;
    };
    let index = region::index_of(slot).unwrap_or(0);
    HELD[0].store(1 << index, Ordering::Relaxed);
    region::live().used_slots.raise_shared(index as u64 + 1);
    let Some(slot) = existing(index) else { return };
    thread::set_slot(Some(slot));
    THREADS.store(1, Ordering::Relaxed);
    floats::apart(|| slot.begin(seed, start::config()));
}

/// Sampled blocks that are alive, inherited ones among them.
pub fn live_samples() -> u64 {
    let live = region::live();
    (0..live.used_slots.get() as usize)
        .filter_map(existing)
        .fold(live.inherited_samples.get(), |sum, slot| {
            sum.wrapping_add(slot.live_samples())
        })
}

/// In a forked child whose region is still its parent's: nothing is counted from here on, but for the calls that are not.
pub fn give_up_in_child() {
    IS_GIVEN_UP.store(true, Ordering::Relaxed);
    thread::set_slot(None);
}

/// The sum of all slots as of now.
pub fn totals() -> Totals {
    let config = start::config();
    let mut totals = Totals::default();
    for index in 0..region::live().used_slots.get() as usize {
        if let Some(slot) = existing(index) {
            totals.add(slot, config);
        }
    }
    totals
}

fn take() -> Option<(usize, &'static Slot)> {
    if IS_GIVEN_UP.load(Ordering::Relaxed) {
        return None;
    }
    for (word_index, word) in HELD.iter().enumerate() {
        loop {
            let held = word.load(Ordering::Relaxed);
            let bit = held.trailing_ones() as usize;
            let first = word_index * WORD_BITS;
            // Slots of threads that have died, before any that none has used.
            if let Some(index) = (first..first + bit).find(|index| LIVES[*index].inherit()) {
                return existing(index).map(|slot| (index, slot));
            }
            if held == u64::MAX {
                break;
            }
            let index = first + bit;
            let slot = existing(index).or_else(|| grow(index))?;
            // Acquire: what the last holder counted is there before we add to it.
            if word.fetch_or(1 << bit, Ordering::Acquire) & (1 << bit) == 0 {
                region::live().used_slots.raise_shared(index as u64 + 1);
                return Some((index, slot));
            }
        }
    }
    None
}

/// The slot of this index, if its memory is there.
fn existing(index: usize) -> Option<&'static Slot> {
    // SAFETY: memory of a slot, zeroed or used, is never unmapped; slots are only ever shared.
    address(index).map(|slot| unsafe { &*slot })
}

fn address(index: usize) -> Option<*mut Slot> {
    if index < FIRST_SLOTS {
        return Some(region::slot(index));
    }
    let (chunk, offset) = chunk_of(index);
    let start = CHUNK_STARTS.get(chunk)?.load(Ordering::Acquire);
    // SAFETY: a chunk that is there has room for every index that `chunk_of` gives it.
    (!start.is_null()).then(|| unsafe { start.add(offset) })
}

/// Adds the chunk of this index: to the live file if there is one and room in it.
#[cold]
fn grow(index: usize) -> Option<&'static Slot> {
    let before = system::errno();
    let (chunk, _) = chunk_of(index);
    let slots = FIRST_SLOTS << chunk;
    let bytes = slots * SLOT_BYTES;
    let file = output::reopen_live(region::file_offset(slots), bytes);
    let mapped = region::map_slots(file, slots, slots);
    if let Some(file) = file {
        output::close(file);
    }
    let in_file = file.is_some() && mapped.is_some();
    let memory = mapped.or_else(|| region::map_slots(None, slots, slots))?;
    let installed = CHUNK_STARTS[chunk].compare_exchange(
        null_mut(),
        memory,
        Ordering::AcqRel,
        Ordering::Acquire,
    );
    if installed.is_err() {
        // SAFETY: another thread's chunk won; ours was seen by nobody.
        unsafe { system::unmap(memory.cast(), bytes) };
    } else if !in_file {
        region::live().slots_outside_file.add_shared(slots as u64);
    }
    system::set_errno(before);
    existing(index)
}

/// Chunk and place in it, of an index from [`FIRST_SLOTS`] on: chunk k holds slots `64 << k` to `64 << (k + 1)`.
fn chunk_of(index: usize) -> (usize, usize) {
    let chunk = (index / FIRST_SLOTS).ilog2() as usize;
    (chunk, index - (FIRST_SLOTS << chunk))
}
