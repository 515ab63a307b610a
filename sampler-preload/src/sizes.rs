//! The table of exact sizes that scheme `SIZES` fills, in a file beside the record: no other scheme touches it.
//!
//! A forked child goes on in its parent's table, so that the table is the run's; a program that was started anew has a file of its own.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering::*};

use sampler_core::sizes::{SIZES_BYTES, Sizes};

use crate::{output, start};

static TABLE: AtomicPtr<Sizes> = AtomicPtr::new(null_mut());

/// Creates the file. Without it nothing is noted, and the reader finds no file.
///
/// # Safety
/// The process has one thread.
pub unsafe fn start() {
    // SAFETY: the caller's promise.
    if let Some(memory) = unsafe { output::create_beside(b".sizes", SIZES_BYTES) } {
        let table: *mut Sizes = memory.cast();
        // SAFETY: zeroed, shared memory of that size, made of atomics, and never unmapped.
        unsafe { (*table).begin(start::config().window_allocs) };
        TABLE.store(table, Release);
    }
}

/// Notes an allocation, if there is a table.
#[inline(always)]
pub fn sampled(size: u64) {
    // SAFETY: as in `start`.
    if let Some(table) = unsafe { TABLE.load(Acquire).as_ref() } {
        table.add(size);
    }
}
