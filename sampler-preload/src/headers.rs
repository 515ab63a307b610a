//! Tracking `all-headers`: 16 bytes before every block, at every alignment, say its size and whether it was sampled.
//!
//! One set of functions for each decision, with and without the truth, resolved at compile time. What is common (no slot yet, a
//! sampled or specially aligned block, a pointer that is not ours) is apart from the path of an ordinary, unsampled block.
//!
//! The tag is cleared before the next allocator sees the block: from then on the memory may be another thread's. It is restored if its realloc fails.

use core::ffi::{CStr, c_void};
use core::ptr::null_mut;

use libc::ENOMEM;
use sampler_core::decision::Decision;
use sampler_core::hash::PAGE_SHIFT;
use sampler_core::header::{HEADER_BYTES, Secret, Word};
use sampler_core::slot::Slot;

use crate::dispatch::Allocator;
use crate::next::{self, NEXT};
use crate::pages;
use crate::slots::with_slot;
use crate::system::{self, is_readable, set_errno};
use crate::{keys, secret, sizes, start, thread};

const HEADER: usize = HEADER_BYTES as usize;
const HEADER_SHIFT: u32 = HEADER.trailing_zeros();
/// Where the tag is, counted back from the block.
const TAG: usize = 8;
const PAGE_MASK: usize = (1 << PAGE_SHIFT) - 1;

/// The functions of an all-headers scheme.
pub const fn allocator<D: Decision, const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: malloc::<D, TRUTH>,
        calloc: calloc::<D, TRUTH>,
        realloc: realloc::<D, TRUTH>,
        free: free::<TRUTH>,
        memalign: memalign::<D, TRUTH>,
        usable_size,
        refused: || {
            failed();
        },
    }
}

unsafe extern "C" fn malloc<D: Decision, const TRUTH: bool>(size: usize) -> *mut c_void {
    let Some(padded) = size.checked_add(HEADER) else {
        return refused();
    };
    // SAFETY: malloc has no preconditions.
    let real = unsafe { (NEXT.get().malloc)(padded) };
    // SAFETY: the next allocator's answer to a request with room for the header.
    unsafe { new_block::<D, TRUTH>(real, size, HEADER_SHIFT) }
}

unsafe extern "C" fn calloc<D: Decision, const TRUTH: bool>(
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else {
        return refused();
    };
    let Some(padded) = size.checked_add(HEADER) else {
        return refused();
    };
    // SAFETY: calloc has no preconditions.
    let real = unsafe { (NEXT.get().calloc)(1, padded) };
    // SAFETY: as in `malloc`.
    unsafe { new_block::<D, TRUTH>(real, size, HEADER_SHIFT) }
}

/// `alignment` is a power of two. Above the header's size it is also the distance from the real block, which keeps the block aligned.
unsafe extern "C" fn memalign<D: Decision, const TRUTH: bool>(
    alignment: usize,
    size: usize,
) -> *mut c_void {
    if alignment <= HEADER {
        // SAFETY: the same contract.
        return unsafe { malloc::<D, TRUTH>(size) };
    }
    let Some(padded) = size.checked_add(alignment) else {
        return refused();
    };
    // SAFETY: the alignment is a power of two.
    let real = unsafe { (NEXT.get().memalign)(alignment, padded) };
    // SAFETY: as in `malloc`.
    unsafe { new_block::<D, TRUTH>(real, size, alignment.trailing_zeros()) }
}

unsafe extern "C" fn free<const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    let Some(slot) = thread::slot().filter(|_| !is_near_page_start(block)) else {
        // SAFETY: the same contract.
        return unsafe { free_rare::<TRUTH>(block) };
    };
    // SAFETY: the header's bytes are on the block's own page.
    let word = unsafe { believed_word(block) };
    let Some(word) = word.filter(|word| word.is_ordinary()) else {
        // SAFETY: the same contract.
        return unsafe { free_rare::<TRUTH>(block) };
    };
    if TRUTH {
        slot.freed(word.size());
    }
    // SAFETY: the header vouches that the block is ours, and an ordinary one is one header into its real block.
    unsafe {
        write_tag(block, 0);
        (NEXT.get().free)(block.byte_sub(HEADER))
    }
}

/// A block that is sampled, specially aligned, near a page start or not ours, or a thread without a slot.
#[cold]
#[inline(never)]
unsafe fn free_rare<const TRUTH: bool>(block: *mut c_void) {
    let Some(word) = word_of(block) else {
        refuse_wild(
            block,
            c"free(): invalid pointer (freed twice, or never allocated)\n",
        );
        with_slot(|slot| slot.foreign_frees.add(1));
        // SAFETY: not ours, so the next allocator's to judge.
        return unsafe { (NEXT.get().free)(block) };
    };
    with_slot(|slot| count_free::<TRUTH>(slot, block, word));
    // SAFETY: the header vouches for the block and for its real block.
    unsafe {
        write_tag(block, 0);
        (NEXT.get().free)(block.byte_sub(word.offset() as usize))
    }
}

unsafe extern "C" fn realloc<D: Decision, const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { malloc::<D, TRUTH>(size) };
    }
    let Some(old) = word_of(block) else {
        refuse_wild(
            block,
            c"realloc(): invalid pointer (freed before, or never allocated)\n",
        );
        with_slot(|slot| slot.foreign_reallocs.add(1));
        // SAFETY: not ours, so the next allocator's to judge; it stays foreign.
        return unsafe { (NEXT.get().realloc)(block, size) };
    };
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { free::<TRUTH>(block) };
        return null_mut();
    }
    let offset = old.offset() as usize;
    let Some(padded) = size.checked_add(offset) else {
        return refused();
    };
    // SAFETY: the header vouches for the real block. The next allocator keeps its usable bytes, up to the new size, and with
    // them ours; the distance is kept too, a multiple of 16, which is all that realloc owes an alignment.
    unsafe {
        write_tag(block, 0);
        let real = (NEXT.get().realloc)(block.byte_sub(offset), padded);
        if real.is_null() {
            write_tag(block, secret::get().tag(block as u64 - HEADER_BYTES));
            return failed();
        }
        with_slot(|slot| {
            count_free::<TRUTH>(slot, block, old);
            if TRUTH {
                slot.reallocs.add(1);
            }
        });
        new_block::<D, TRUTH>(real, size, old.offset_shift())
    }
}

unsafe extern "C" fn usable_size(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    let offset = word_of(block).map_or(0, |word| word.offset() as usize);
    // SAFETY: the real block if it is ours; else the next allocator's to judge. All beyond the offset is the program's.
    unsafe { (NEXT.get().usable_size)(block.byte_sub(offset)) - offset }
}

/// Counts and decides an allocation, writes its header, and returns it. What is rare is a call in tail position, so that the common path saves no registers for it.
///
/// # Safety
/// `real` is NULL or a block of the next allocator with room for `1 << offset_shift` bytes more than `size`, aligned to 16.
#[inline(always)]
unsafe fn new_block<D: Decision, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    if real.is_null() {
        return failed();
    }
    let tag = secret::get().tag(header_address(real, offset_shift));
    if !Secret::is_tag(tag) {
        // SAFETY: the caller's promise.
        return unsafe { first_block_of_child::<D, TRUTH>(real, size, offset_shift) };
    }
    let Some(slot) = thread::slot() else {
        // SAFETY: the caller's promise.
        return unsafe { new_block_without_slot::<D, TRUTH>(real, size, offset_shift, tag) };
    };
    // SAFETY: the caller's promise.
    unsafe { counted_block::<D, TRUTH>(slot, real, size, offset_shift, tag) }
}

/// # Safety
/// As `new_block`, and `real` is not NULL.
#[inline(always)]
unsafe fn counted_block<D: Decision, const TRUTH: bool>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    tag: u64,
) -> *mut c_void {
    if TRUTH {
        slot.counted(size as u64);
        if D::COUNTS_PAGES && !pages::is_known(header_address(real, offset_shift) >> PAGE_SHIFT) {
            // SAFETY: the caller's promise.
            return unsafe { first_touch::<D>(slot, real, size, offset_shift, tag) };
        }
    }
    // SAFETY: the caller's promise.
    unsafe { decided_block::<D>(slot, real, size, offset_shift, tag) }
}

/// # Safety
/// As `counted_block`.
#[inline(always)]
unsafe fn decided_block<D: Decision>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    tag: u64,
) -> *mut c_void {
    let header = header_address(real, offset_shift);
    // SAFETY: the caller's promise.
    unsafe {
        if D::is_sampled(start::config(), slot, header, size as u64) {
            return sampled_block::<D>(slot, real, size, offset_shift, tag);
        }
        with_header(real, size, offset_shift, false, tag)
    }
}

/// # Safety
/// As `counted_block`.
#[cold]
#[inline(never)]
unsafe fn sampled_block<D: Decision>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    tag: u64,
) -> *mut c_void {
    let config = start::config();
    slot.sampled(size as u64, D::draws(size as u64), config);
    keys::sampled(
        slot,
        config,
        header_address(real, offset_shift),
        size as u64,
    );
    sizes::sampled(size as u64);
    // SAFETY: the caller's promise.
    unsafe { with_header(real, size, offset_shift, true, tag) }
}

/// The first header on its page.
///
/// # Safety
/// As `counted_block`.
#[cold]
#[inline(never)]
unsafe fn first_touch<D: Decision>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    tag: u64,
) -> *mut c_void {
    let header = header_address(real, offset_shift);
    if pages::insert(header >> PAGE_SHIFT) {
        slot.unique_pages.add(1);
        // Of all decisions only the page hash counts pages, and asking it changes nothing.
        if D::is_sampled(start::config(), slot, header, size as u64) {
            slot.sampled_pages.add(1);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { decided_block::<D>(slot, real, size, offset_shift, tag) }
}

/// # Safety
/// As `counted_block`.
#[cold]
#[inline(never)]
unsafe fn new_block_without_slot<D: Decision, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    tag: u64,
) -> *mut c_void {
    // SAFETY: the caller's promise. Where there is no slot the block is not counted, and not sampled.
    unsafe {
        with_slot(|slot| counted_block::<D, TRUTH>(slot, real, size, offset_shift, tag))
            .unwrap_or_else(|| with_header(real, size, offset_shift, false, tag))
    }
}

/// The first call of a child that was made without fork handlers.
///
/// # Safety
/// As `new_block`.
#[cold]
#[inline(never)]
unsafe fn first_block_of_child<D: Decision, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    start::adopt_child();
    // SAFETY: the caller's promise.
    unsafe {
        let tag = secret::get().tag(header_address(real, offset_shift));
        new_block_without_slot::<D, TRUTH>(real, size, offset_shift, tag)
    }
}

/// Writes the header and returns the block behind it.
///
/// # Safety
/// As `counted_block`.
#[inline(always)]
unsafe fn with_header(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    sampled: bool,
    tag: u64,
) -> *mut c_void {
    // SAFETY: the offset is at least a header, and there is room for it.
    unsafe {
        let block = real.byte_add(1 << offset_shift);
        let word = Word::new(size as u64, offset_shift, sampled);
        block.byte_sub(HEADER).cast::<u64>().write(word.0);
        write_tag(block, tag);
        block
    }
}

/// The address that hashes decide by, and that the tag is of.
#[inline(always)]
fn header_address(real: *mut c_void, offset_shift: u32) -> u64 {
    real as u64 + (1 << offset_shift) - HEADER_BYTES
}

/// `block` is only an address: after a realloc it is no longer there.
fn count_free<const TRUTH: bool>(slot: &Slot, block: *mut c_void, word: Word) {
    if TRUTH {
        slot.freed(word.size());
    }
    if word.is_sampled() {
        let config = start::config();
        slot.sampled_freed(word.size(), config);
        keys::freed(slot, config, block as u64 - HEADER_BYTES, word.size());
    }
}

#[cold]
#[inline(never)]
fn failed() -> *mut c_void {
    with_slot(|slot| slot.failed_calls.add(1));
    null_mut()
}

/// A size to which no header can be added.
#[cold]
#[inline(never)]
fn refused() -> *mut c_void {
    set_errno(ENOMEM);
    failed()
}

/// Ends the process, as glibc would, if `block` can be nobody's. Under glibc the word before a block is the size of its chunk; in a block of ours that
/// was freed before, it is what glibc then wrote there: a list pointer or a random key. Left to itself glibc would take that for a size and fault.
fn refuse_wild(block: *mut c_void, line: &CStr) {
    /// No chunk is this large; list pointers and keys are larger.
    const CHUNK_BYTES_MAX: u64 = 1 << 40;
    if !next::is_libc() || is_near_page_start(block) {
        return;
    }
    // SAFETY: on the block's own page.
    let size = unsafe { block.byte_sub(TAG).cast::<u64>().read_unaligned() };
    if size >= CHUNK_BYTES_MAX {
        system::say(line);
        system::abort();
    }
}

/// The header's word, if `block` is ours.
fn word_of(block: *mut c_void) -> Option<Word> {
    if secret::is_wiped() {
        start::adopt_child();
    }
    if is_near_page_start(block) && !is_readable(block as usize - HEADER) {
        return None;
    }
    // SAFETY: on the block's own page, or on one that can be read.
    unsafe { believed_word(block) }
}

/// Whether the 16 bytes before the block reach into the page before.
#[inline(always)]
fn is_near_page_start(block: *mut c_void) -> bool {
    block as usize & PAGE_MASK & !(HEADER - 1) == 0
}

/// # Safety
/// The 16 bytes before the block can be read.
#[inline(always)]
unsafe fn believed_word(block: *mut c_void) -> Option<Word> {
    // SAFETY: the caller's promise.
    unsafe {
        let tag = block.byte_sub(TAG).cast::<u64>().read_unaligned();
        if tag != secret::get().tag(block as u64 - HEADER_BYTES) {
            return None;
        }
        Some(Word(block.byte_sub(HEADER).cast::<u64>().read_unaligned()))
    }
}

/// # Safety
/// The 16 bytes before the block are ours to write, and it is aligned to 16.
#[inline(always)]
unsafe fn write_tag(block: *mut c_void, tag: u64) {
    // SAFETY: the caller's promise. Volatile, since to the compiler a write before free may look dead.
    unsafe { block.byte_sub(TAG).cast::<u64>().write_volatile(tag) }
}
