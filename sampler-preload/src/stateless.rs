//! Tracking `stateless`: nothing is remembered of a block. A hash of its address decides again when it is freed; what was drawn cannot be known then.
//!
//! Blocks are the next allocator's own. The size of a freed block is not known, so a sampled one is counted by its usable size.

use core::ffi::c_void;
use core::ptr::null_mut;

use libc::ENOMEM;
use sampler_core::decision::{AddressHash, Decision, PoissonBytes};
use sampler_core::slot::Slot;

use crate::dispatch::Allocator;
use crate::next::NEXT;
use crate::slots::with_slot;
use crate::sums::Local;
use crate::system::set_errno;
use crate::{chunk, floats, keys, start, thread};

/// The functions of a scheme that hashes addresses.
pub const fn hash_allocator<H: AddressHash, const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: malloc::<H, TRUTH>,
        calloc: calloc::<H, TRUTH>,
        realloc: realloc::<H, TRUTH>,
        free: free::<H, TRUTH>,
        memalign: memalign::<H, TRUTH>,
        usable_size,
        refused,
    }
}

/// The functions of `STATELESS_POISSON_BERNOULLI`.
pub const fn bernoulli_allocator<const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: drawn_malloc::<TRUTH>,
        calloc: drawn_calloc::<TRUTH>,
        realloc: drawn_realloc::<TRUTH>,
        free: drawn_free::<TRUTH>,
        memalign: drawn_memalign::<TRUTH>,
        usable_size,
        refused,
    }
}

unsafe extern "C" fn malloc<H: AddressHash, const TRUTH: bool>(size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    new_block::<H, TRUTH>(unsafe { (NEXT.get().malloc)(size) }, size)
}

unsafe extern "C" fn calloc<H: AddressHash, const TRUTH: bool>(
    count: usize,
    size: usize,
) -> *mut c_void {
    // SAFETY: the same contract.
    let block = unsafe { (NEXT.get().calloc)(count, size) };
    // Where the product overflows the block is NULL, and the size not used.
    new_block::<H, TRUTH>(block, count.wrapping_mul(size))
}

unsafe extern "C" fn memalign<H: AddressHash, const TRUTH: bool>(
    alignment: usize,
    size: usize,
) -> *mut c_void {
    // SAFETY: the same contract.
    new_block::<H, TRUTH>(unsafe { (NEXT.get().memalign)(alignment, size) }, size)
}

unsafe extern "C" fn realloc<H: AddressHash, const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { malloc::<H, TRUTH>(size) };
    }
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { free::<H, TRUTH>(block) };
        return null_mut();
    }
    // SAFETY: a block of the next allocator, by the contract; asked before it may be gone.
    let sampled_bytes = H::is_sampled_address(start::config(), block as u64)
        .then(|| unsafe { chunk::usable_bytes_of_next(block) });
    // SAFETY: the same contract.
    let new = unsafe { (NEXT.get().realloc)(block, size) };
    if new.is_null() {
        return failed();
    }
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if TRUTH {
            slot.reallocs.add(1);
            slot.frees.add(1);
        }
        if let Some(bytes) = sampled_bytes {
            slot.sampled_freed_of_usable_size(bytes as u64);
        }
    });
    new_block::<H, TRUTH>(new, size)
}

unsafe extern "C" fn free<H: AddressHash, const TRUTH: bool>(block: *mut c_void) {
    if H::is_sampled_address(start::config(), block as u64) {
        // SAFETY: the same contract.
        return unsafe { free_rare::<H, TRUTH>(block) };
    }
    if TRUTH {
        let Some(slot) = thread::slot() else {
            // SAFETY: the same contract.
            return unsafe { free_rare::<H, TRUTH>(block) };
        };
        slot.frees.add(1);
    }
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

/// A block that is sampled, NULL, or a thread without a slot.
#[cold]
#[inline(never)]
unsafe fn free_rare<H: AddressHash, const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if TRUTH {
            slot.frees.add(1);
        }
        if H::is_sampled_address(start::config(), block as u64) {
            // SAFETY: a block of the next allocator, by the contract of free.
            let bytes = unsafe { chunk::usable_bytes_of_next(block) };
            slot.sampled_freed_of_usable_size(bytes as u64);
        }
    });
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

unsafe extern "C" fn usable_size(block: *mut c_void) -> usize {
    // SAFETY: the same contract.
    unsafe { (NEXT.get().usable_size)(block) }
}

/// NULL is always sampled (see [`AddressHash`]), so that is asked for among the samples.
#[inline(always)]
fn new_block<H: AddressHash, const TRUTH: bool>(block: *mut c_void, size: usize) -> *mut c_void {
    if H::is_sampled_address(start::config(), block as u64) {
        return new_block_rare::<H, TRUTH>(block, size);
    }
    if TRUTH {
        let Some(slot) = thread::slot() else {
            return new_block_rare::<H, TRUTH>(block, size);
        };
        slot.counted(size as u64);
    }
    block
}

/// A block that is sampled or NULL, or a thread without a slot.
#[cold]
#[inline(never)]
fn new_block_rare<H: AddressHash, const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        return failed();
    }
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if TRUTH {
            slot.counted(size as u64);
        }
        let config = start::config();
        if H::is_sampled_address(config, block as u64) {
            floats::apart(|| {
                slot.sampled::<Local>(size as u64, false, config);
                keys::sampled(slot, config, block as u64, size as u64);
            });
        }
    });
    block
}

unsafe extern "C" fn drawn_malloc<const TRUTH: bool>(size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    drawn_block::<TRUTH>(unsafe { (NEXT.get().malloc)(size) }, size)
}

unsafe extern "C" fn drawn_calloc<const TRUTH: bool>(count: usize, size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    let block = unsafe { (NEXT.get().calloc)(count, size) };
    // Where the product overflows the block is NULL, and the size not used.
    drawn_block::<TRUTH>(block, count.wrapping_mul(size))
}

unsafe extern "C" fn drawn_memalign<const TRUTH: bool>(
    alignment: usize,
    size: usize,
) -> *mut c_void {
    // SAFETY: the same contract.
    drawn_block::<TRUTH>(unsafe { (NEXT.get().memalign)(alignment, size) }, size)
}

unsafe extern "C" fn drawn_realloc<const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { drawn_malloc::<TRUTH>(size) };
    }
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { drawn_free::<TRUTH>(block) };
        return null_mut();
    }
    // SAFETY: a block of the next allocator, by the contract; asked before it may be gone.
    let old_bytes = unsafe { chunk::usable_bytes_of_next(block) };
    // SAFETY: the same contract.
    let new = unsafe { (NEXT.get().realloc)(block, size) };
    if new.is_null() {
        return failed();
    }
    start::adopt_child_if_wiped();
    with_slot(|slot| {
        if TRUTH {
            slot.reallocs.add(1);
        }
        count_drawn_free::<TRUTH>(slot, old_bytes);
    });
    drawn_block::<TRUTH>(new, size)
}

unsafe extern "C" fn drawn_free<const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: a block of the next allocator, by the contract of free.
    let bytes = unsafe { chunk::usable_bytes_of_next(block) };
    match thread::slot() {
        Some(slot) => count_drawn_free::<TRUTH>(slot, bytes),
        None => drawn_free_without_slot::<TRUTH>(bytes),
    }
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

#[cold]
#[inline(never)]
fn drawn_free_without_slot<const TRUTH: bool>(bytes: usize) {
    start::adopt_child_if_wiped();
    with_slot(|slot| count_drawn_free::<TRUTH>(slot, bytes));
}

#[inline(always)]
fn count_drawn_free<const TRUTH: bool>(slot: &Slot, bytes: usize) {
    if TRUTH {
        slot.frees.add(1);
    }
    // The sums are added to by instructions of `Local`; the mean is a whole number that converts exactly.
    floats::apart_in_place(bytes as u64, |bytes| {
        slot.perhaps_sampled_freed::<Local>(bytes, start::config());
    });
}

#[inline(always)]
fn drawn_block<const TRUTH: bool>(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return failed();
    }
    let Some(slot) = thread::slot() else {
        return drawn_block_without_slot::<TRUTH>(block, size);
    };
    decided_block::<TRUTH>(slot, block, size)
}

#[inline(always)]
fn decided_block<const TRUTH: bool>(slot: &Slot, block: *mut c_void, size: usize) -> *mut c_void {
    if TRUTH {
        slot.counted(size as u64);
    }
    if PoissonBytes::is_sampled(start::config(), slot, block as u64, size as u64) {
        return drawn_sample(slot, block, size);
    }
    block
}

#[cold]
#[inline(never)]
fn drawn_sample(slot: &Slot, block: *mut c_void, size: usize) -> *mut c_void {
    floats::apart(|| slot.sampled::<Local>(size as u64, true, start::config()));
    block
}

#[cold]
#[inline(never)]
fn drawn_block_without_slot<const TRUTH: bool>(block: *mut c_void, size: usize) -> *mut c_void {
    start::adopt_child_if_wiped();
    with_slot(|slot| decided_block::<TRUTH>(slot, block, size));
    block
}

/// The next allocator may have left `errno` alone: see `headers.rs`.
#[cold]
#[inline(never)]
fn failed() -> *mut c_void {
    start::adopt_child_if_wiped();
    with_slot(|slot| slot.failed_calls.add(1));
    set_errno(ENOMEM);
    null_mut()
}

fn refused() {
    start::adopt_child_if_wiped();
    with_slot(|slot| slot.failed_calls.add(1));
}
