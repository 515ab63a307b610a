//! What glibc keeps in the word before each of its blocks: the size of the block's chunk. Where the next allocator is glibc, that says of a pointer that
//! nobody vouches for what can be known of it without a fault; glibc itself reads that word before any other.

use core::ffi::c_void;

use crate::next::{self, NEXT};

/// No chunk is this large. What glibc writes into freed blocks is larger, list pointers and random keys; so are most words that were never a size.
const CHUNK_BYTES_MAX: u64 = 1 << 40;
/// The lowest bits are flags.
const FLAGS: u64 = 7;
const IS_MAPPED: u64 = 2;
/// The word itself; a chunk with a mapping of its own has another one before it.
const WORD_BYTES: u64 = size_of::<u64>() as u64;

/// Whether `block` can be nobody's: what is before it is no size.
///
/// # Safety
/// The 8 bytes before the block can be read.
pub unsafe fn is_wild(block: *mut c_void) -> bool {
    // SAFETY: the caller's promise.
    next::is_libc() && unsafe { word_before(block) } >= CHUNK_BYTES_MAX
}

/// The usable size of a block that is to be freed or resized. Asked for it, glibc would fault over a pointer that its own `free` sees through and reports.
///
/// # Safety
/// A block of the next allocator; of a bad pointer, what that reads at the start of `free` can be read.
#[inline(always)]
pub unsafe fn usable_bytes_of_next(block: *mut c_void) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        if next::is_libc() {
            usable_bytes(block)
        } else {
            (NEXT.get().usable_size)(block)
        }
    }
}

/// As `malloc_usable_size` of a block of glibc, but without a look at the chunk behind, which a bad pointer may have on a page that is not there; 0 for what can
/// be no block.
///
/// # Safety
/// The next allocator is glibc, and the 8 bytes before the block can be read.
#[inline(always)]
pub unsafe fn usable_bytes(block: *mut c_void) -> usize {
    // SAFETY: the caller's promise.
    let word = unsafe { word_before(block) };
    if word & (IS_MAPPED | !(CHUNK_BYTES_MAX - 1)) != 0 {
        return usable_bytes_rare(word);
    }
    (word & !FLAGS).saturating_sub(WORD_BYTES) as usize
}

#[cold]
#[inline(never)]
fn usable_bytes_rare(word: u64) -> usize {
    if word >= CHUNK_BYTES_MAX {
        return 0;
    }
    (word & !FLAGS).saturating_sub(2 * WORD_BYTES) as usize
}

/// # Safety
/// The 8 bytes before the block can be read.
#[inline(always)]
unsafe fn word_before(block: *mut c_void) -> u64 {
    // SAFETY: the caller's promise; a pointer that is no block may be unaligned.
    unsafe {
        block
            .byte_sub(size_of::<u64>())
            .cast::<u64>()
            .read_unaligned()
    }
}
