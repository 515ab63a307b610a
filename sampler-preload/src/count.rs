//! Scheme `COUNT`: everything is counted, nothing sampled, no header written. What it costs over `NONE` is the cost of the truth.
//!
//! Without headers a freed block's size and owner are not known: frees are counted by number, all of them.

use core::ffi::c_void;

use libc::ENOMEM;

use crate::dispatch::Allocator;
use crate::next::NEXT;
use crate::slots::with_slot;
use crate::system::set_errno;
use crate::{start, thread};

/// The functions of the scheme.
pub const ALLOCATOR: Allocator = Allocator {
    malloc,
    calloc,
    realloc,
    free,
    memalign,
    usable_size,
    refused,
};

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    allocated(unsafe { (NEXT.get().malloc)(size) }, size)
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    let block = unsafe { (NEXT.get().calloc)(count, size) };
    // Where the product overflows the block is NULL, and the size not used.
    allocated(block, count.wrapping_mul(size))
}

unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    allocated(unsafe { (NEXT.get().memalign)(alignment, size) }, size)
}

unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { malloc(size) };
    }
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { free(block) };
        return core::ptr::null_mut();
    }
    // SAFETY: the same contract.
    let new = unsafe { (NEXT.get().realloc)(block, size) };
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if new.is_null() {
            slot.failed_calls.add(1);
        } else {
            slot.reallocs.add(1);
            slot.frees.add(1);
            slot.counted(size as u64);
        }
    });
    served(new)
}

unsafe extern "C" fn free(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    match thread::slot() {
        Some(slot) => slot.frees.add(1),
        // SAFETY: the same contract.
        None => return unsafe { free_rare(block) },
    }
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

#[cold]
#[inline(never)]
unsafe fn free_rare(block: *mut c_void) {
    start::adopt_child_if_wiped();
    with_slot(|slot| slot.frees.add(1));
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

unsafe extern "C" fn usable_size(block: *mut c_void) -> usize {
    // SAFETY: the same contract.
    unsafe { (NEXT.get().usable_size)(block) }
}

#[inline(always)]
fn allocated(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return allocated_rare(block, size);
    }
    let Some(slot) = thread::slot() else {
        return allocated_rare(block, size);
    };
    slot.counted(size as u64);
    block
}

/// A call that failed, a thread without a slot, or the first call of a child that was made without fork handlers.
#[cold]
#[inline(never)]
fn allocated_rare(block: *mut c_void, size: usize) -> *mut c_void {
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if block.is_null() {
            slot.failed_calls.add(1);
        } else {
            slot.counted(size as u64);
        }
    });
    served(block)
}

/// The next allocator may have left `errno` alone: see `headers.rs`.
fn served(block: *mut c_void) -> *mut c_void {
    if block.is_null() {
        set_errno(ENOMEM);
    }
    block
}

fn refused() {
    with_slot(|slot| slot.failed_calls.add(1));
}
