//! The functions in force before the configuration is read, and for good where `dlsym` was served from the [`arena`].
//!
//! Before: calls (of ld.so, mostly) are forwarded as they are; their blocks are later recognised as not ours. The first of them finds the
//! next allocator. Afterwards these functions stay in front of the scheme's only if there are arena blocks to keep from it.

use core::ffi::c_void;
use core::ptr::{copy_nonoverlapping, null_mut};

use crate::arena;
use crate::dispatch::Allocator;
use crate::next::{self, NEXT};
use crate::once::SetAtStart;

/// These functions.
pub const ALLOCATOR: Allocator = Allocator {
    malloc,
    calloc,
    realloc,
    free,
    memalign,
    usable_size,
    refused,
};

/// The functions behind these: the next allocator's, or the scheme's.
static BEHIND: SetAtStart<Option<Allocator>> = SetAtStart::new(None);

/// Puts `allocator` behind these functions.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn stand_before(allocator: Allocator) {
    // SAFETY: the caller's promise.
    unsafe { BEHIND.set(Some(allocator)) }
}

/// The functions behind these, or `None` while `dlsym` is looking for them.
fn behind() -> Option<&'static Allocator> {
    if !next::resolve() {
        return None;
    }
    Some(BEHIND.get().as_ref().unwrap_or(NEXT.get()))
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    match behind() {
        // SAFETY: the same contract.
        Some(behind) => unsafe { (behind.malloc)(size) },
        None => arena::allocate(size),
    }
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    match behind() {
        // SAFETY: the same contract.
        Some(behind) => unsafe { (behind.calloc)(count, size) },
        None => count.checked_mul(size).map_or(null_mut(), arena::allocate),
    }
}

unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    if !arena::owns(block) {
        return match behind() {
            // SAFETY: the same contract.
            Some(behind) => unsafe { (behind.realloc)(block, size) },
            None if block.is_null() => arena::allocate(size),
            // A block of the next allocator cannot be there before it is found.
            None => null_mut(),
        };
    }
    if size == 0 {
        return null_mut();
    }
    // SAFETY: the new block has `size` bytes, the old one what the arena says; they do not overlap.
    unsafe {
        let new = malloc(size);
        if !new.is_null() {
            copy_nonoverlapping(
                block.cast::<u8>(),
                new.cast::<u8>(),
                size.min(arena::size(block)),
            );
        }
        new
    }
}

unsafe extern "C" fn free(block: *mut c_void) {
    if arena::owns(block) {
        return;
    }
    if let Some(behind) = behind() {
        // SAFETY: the same contract.
        unsafe { (behind.free)(block) }
    }
}

unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    match behind() {
        // SAFETY: the same contract.
        Some(behind) => unsafe { (behind.memalign)(alignment, size) },
        None if alignment <= 16 => arena::allocate(size),
        None => null_mut(),
    }
}

fn refused() {
    if let Some(behind) = BEHIND.get() {
        (behind.refused)();
    }
}

unsafe extern "C" fn usable_size(block: *mut c_void) -> usize {
    if arena::owns(block) {
        // SAFETY: the arena says that it is its own.
        return unsafe { arena::size(block) };
    }
    match behind() {
        // SAFETY: the same contract.
        Some(behind) => unsafe { (behind.usable_size)(block) },
        None => 0,
    }
}
