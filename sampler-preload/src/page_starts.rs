//! Blocks of ours that begin at a page, so that their header lies on the page before.
//!
//! Whether that page can be read is asked of nobody: a sandbox may refuse the question, or end the
//! program for it. Under glibc there is none. The word before every block of its own is the size of
//! its chunk, which it reads itself when it is given the block; so what cannot be read there is
//! nobody's block, and ends as it does without the library.
//!
//! Other allocators hand out blocks before which nothing is mapped. Above them the blocks of ours
//! at page starts are in the [`table`], and nothing is read before one that is not. Few blocks are:
//! one in 256 of sizes that are odd multiples of 16, and those aligned to pages. The functions that
//! note them stand before the scheme's, whose own paths do not change.

use core::ffi::c_void;

use sampler_core::header::HEADER_BYTES;

use crate::dispatch::Allocator;
use crate::once::SetAtStart;
use crate::system::PAGE_BYTES;
use crate::table::{self, Hidden};
use crate::{headers, next};

static BEHIND: SetAtStart<Option<Allocator>> = SetAtStart::new(None);

/// The functions that note what `allocator` hands out at page starts; `allocator` itself above
/// glibc.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn noting(allocator: Allocator) -> Allocator {
    if next::is_libc() {
        return allocator;
    }
    // SAFETY: the caller's promise.
    unsafe { BEHIND.set(Some(allocator)) };
    Allocator {
        malloc,
        calloc,
        memalign,
        ..allocator
    }
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the same contract; what comes back is ours.
    unsafe { noted((behind().malloc)(size), size) }
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: as above. Where the product overflows the block is NULL, and the size not used.
    unsafe { noted((behind().calloc)(count, size), count.wrapping_mul(size)) }
}

unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: as above.
    unsafe { noted((behind().memalign)(alignment, size), size) }
}

fn behind() -> &'static Allocator {
    // Set before these functions are in force.
    BEHIND.get().as_ref().unwrap_or(next::NEXT.get())
}

/// Whether the 16 bytes before the block reach into the page before. True for NULL.
#[inline(always)]
pub fn is_near(block: *mut c_void) -> bool {
    const BEYOND_HEADER: usize = (PAGE_BYTES - 1) & !(HEADER_BYTES as usize - 1);
    block as usize & BEYOND_HEADER == 0
}

/// A new block of ours, or NULL; noted if it must be.
///
/// # Safety
/// The block is NULL or ours, and of this size.
#[inline(always)]
pub unsafe fn noted(block: *mut c_void, size: usize) -> *mut c_void {
    if is_near(block) {
        // SAFETY: the caller's promise.
        return unsafe { noted_near(block, size) };
    }
    block
}

/// Without memory for the table the block goes out without a header: it is passed through when it
/// is freed, as a foreign one.
#[cold]
#[inline(never)]
unsafe fn noted_near(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() || next::is_libc() || table::insert(block as u64) {
        return block;
    }
    // SAFETY: the caller's promise.
    unsafe { headers::without_header(block, size) }
}

/// Whether there may be a header before a block near a page start: if not, nothing may be read
/// there.
pub fn may_be_ours(block: *mut c_void) -> bool {
    next::is_libc() || table::holds(block as u64)
}

/// Hides a block of ours, wherever it begins, before the next allocator gets it.
pub fn hide(block: *mut c_void) -> Option<Hidden> {
    (is_near(block) && !next::is_libc())
        .then(|| table::hide(block as u64))
        .flatten()
}
