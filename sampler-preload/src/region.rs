//! The memory that counters live in: the library's own, over which the process's live file is mapped.
//!
//! At a fixed address, so that a forked child can put a file of its own in the place of its parent's while a call that a signal handler
//! interrupted still holds the address of its slot.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use core::ptr::null_mut;

use sampler_core::live::{LIVE_BYTES, Live};
use sampler_core::slot::{SLOT_BYTES, Slot};

use crate::system::{self, PAGE_BYTES};

/// Slots that every process has; further ones are added to the file as threads need them, which takes an open: so they are enough for a program in a sandbox, and take
/// the disk 240 KiB, of which no more is written than is used. As many as make whole pages, since a file is mapped by pages; every later chunk is a multiple of them.
pub const FIRST_SLOTS: usize = 64;

/// Bytes of a live file with the first slots.
pub const REGION_BYTES: usize = size_of::<Region>();

#[repr(C, align(4096))]
struct Region {
    live: Live,
    slots: [Slot; FIRST_SLOTS],
}

/// Slots begin on a page, so their own bytes alone keep them apart by cache lines, and their chunks by pages.
const _: () = {
    assert!(LIVE_BYTES.is_multiple_of(PAGE_BYTES) && offset_of!(Region, slots) == LIVE_BYTES);
    assert!(SLOT_BYTES.is_multiple_of(128));
    assert!((FIRST_SLOTS * SLOT_BYTES).is_multiple_of(PAGE_BYTES));
    assert!(REGION_BYTES == LIVE_BYTES + FIRST_SLOTS * SLOT_BYTES);
};

struct Memory(UnsafeCell<Region>);
// SAFETY: made of atomics, reached by shared references only.
unsafe impl Sync for Memory {}

static REGION: Memory = Memory(UnsafeCell::new(Region {
    live: Live::new(),
    slots: [const { Slot::new() }; FIRST_SLOTS],
}));

/// The page that says who the process is.
pub fn live() -> &'static Live {
    // SAFETY: valid for the life of the process, whatever is mapped there.
    unsafe { &(*REGION.0.get()).live }
}

/// One of the first slots.
pub fn slot(index: usize) -> *mut Slot {
    debug_assert!(index < FIRST_SLOTS);
    // SAFETY: within the array, by the line above.
    unsafe { (&raw mut (*REGION.0.get()).slots).cast::<Slot>().add(index) }
}

/// The index of one of the first slots.
pub fn index_of(slot: &Slot) -> Option<usize> {
    let offset = (&raw const *slot)
        .addr()
        .checked_sub(self::slot(0).addr())?;
    Some(offset / SLOT_BYTES).filter(|&index| index < FIRST_SLOTS)
}

/// Where the slot of an index is in a live file.
pub const fn file_offset(slot: usize) -> usize {
    LIVE_BYTES + slot * SLOT_BYTES
}

/// Puts a file, or zeros if there is none, in the place of what was there. False if that fails: then what was there stays.
///
/// # Safety
/// The process has one thread. The file has [`REGION_BYTES`] allocated bytes, all zero.
pub unsafe fn replace(file: Option<c_int>) -> bool {
    let address = REGION.0.get().cast::<c_void>();
    // SAFETY: the range is the region's own; its pages are whole, and nobody else uses them.
    unsafe { replace_at(address, REGION_BYTES, file, 0) }
}

/// Maps slots of the file, or zeros if there is none; the first of a chunk and as many as it has, which are whole pages of the file.
pub fn map_slots(file: Option<c_int>, first_slot: usize, slots: usize) -> Option<*mut Slot> {
    let bytes = slots * SLOT_BYTES;
    let Some(file) = file else {
        return system::map(bytes).map(|memory| memory.cast());
    };
    // SAFETY: a new mapping changes nothing that exists.
    let memory = unsafe {
        libc::mmap(
            null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            file_offset(first_slot) as i64,
        )
    };
    (memory != libc::MAP_FAILED).then_some(memory.cast())
}

/// Puts zeros of our own in the place of slots that belong to the parent's file.
///
/// # Safety
/// The process has one thread; the memory is from [`map_slots`] with this many.
pub unsafe fn detach_slots(memory: *mut Slot, slots: usize) {
    // SAFETY: the caller's promise.
    unsafe { replace_at(memory.cast(), slots * SLOT_BYTES, None, 0) };
}

unsafe fn replace_at(address: *mut c_void, bytes: usize, file: Option<c_int>, offset: i64) -> bool {
    let kind = match file {
        Some(_) => libc::MAP_SHARED,
        None => libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
    };
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = kind | libc::MAP_FIXED;
    // SAFETY: the caller's range, in one step: no other memory is touched, and a call in progress finds the one or the other.
    let memory = unsafe {
        libc::mmap(
            address,
            bytes,
            protection,
            flags,
            file.unwrap_or(-1),
            offset,
        )
    };
    memory != libc::MAP_FAILED
}
