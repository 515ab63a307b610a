//! Tracking `all-headers`: 16 bytes before every block, at every alignment, say its size and whether it was sampled.
//!
//! One set of functions for each decision, with and without the truth, resolved at compile time. What is common (no slot yet, a
//! sampled or specially aligned block, a pointer that is not ours) is apart from the path of an ordinary, unsampled block.
//!
//! The tag is cleared before the next allocator sees the block: from then on the memory may be another thread's. It is restored if its realloc fails.

use core::arch::asm;
use core::ffi::{CStr, c_void};
use core::ptr::null_mut;

use libc::ENOMEM;
use sampler_core::decision::Decision;
use sampler_core::hash::PAGE_SHIFT;
use sampler_core::header::{HEADER_BYTES, Word};
use sampler_core::slot::Slot;

use crate::dispatch::Allocator;
use crate::next::NEXT;
use crate::page_starts::{self, is_near};
use crate::pages;
use crate::slots::with_slot;
use crate::sums::Local;
use crate::system::{self, set_errno};
use crate::{chunk, floats, keys, secret, sizes, start, thread};

const HEADER: usize = HEADER_BYTES as usize;
const HEADER_SHIFT: u32 = HEADER.trailing_zeros();
/// Where the tag is, counted back from the block.
const TAG: usize = 8;

/// The functions of an all-headers scheme.
pub const fn allocator<D: Decision, const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: malloc::<D, TRUTH>,
        calloc: calloc::<D, TRUTH>,
        realloc: realloc::<D, TRUTH>,
        free: free::<TRUTH>,
        memalign: memalign::<D, TRUTH>,
        usable_size,
        refused,
    }
}

unsafe extern "C" fn malloc<D: Decision, const TRUTH: bool>(size: usize) -> *mut c_void {
    let padded = match size.checked_add(HEADER) {
        Some(padded) => padded,
        // It is not added: the block that this gets is freed when it is found to be sampled.
        None if D::SAMPLES_HUGE => size.wrapping_add(HEADER),
        None => return failed(),
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
        return failed();
    };
    let Some(padded) = size.checked_add(HEADER) else {
        return failed();
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
        return failed();
    };
    // SAFETY: the alignment is a power of two.
    let real = unsafe { (NEXT.get().memalign)(alignment, padded) };
    // SAFETY: as in `malloc`.
    unsafe { new_block::<D, TRUTH>(real, size, alignment.trailing_zeros()) }
}

unsafe extern "C" fn free<const TRUTH: bool>(block: *mut c_void) {
    // SAFETY: not near a page start, as NULL is, the header's bytes are on the block's own page.
    let is_ordinary = !is_near(block) && unsafe { has_ordinary_tag(block) };
    if !is_ordinary {
        // SAFETY: the same contract.
        return unsafe { free_rare::<TRUTH>(block) };
    }
    if TRUTH {
        let Some(slot) = thread::slot() else {
            // SAFETY: the same contract.
            return unsafe { free_rare::<TRUTH>(block) };
        };
        // SAFETY: the word of an ordinary block is its size.
        slot.freed(unsafe { word_before(block) });
    }
    // SAFETY: the header vouches that the block is ours, and an ordinary one is one header into its real block.
    unsafe {
        write_tag(block, 0);
        (NEXT.get().free)(moved_by::<-16>(block))
    }
}

/// A block that is sampled, specially aligned, near a page start, not ours or NULL, or a thread without a slot.
#[cold]
#[inline(never)]
unsafe fn free_rare<const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
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
    if let Some(noted) = page_starts::hide(block) {
        noted.remove();
    }
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
        return unsafe { page_starts::noted(malloc::<D, TRUTH>(size), size) };
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
        return failed();
    };
    // SAFETY: the header vouches for the real block. The next allocator keeps its usable bytes, up to the new size, and with
    // them ours; the distance is kept too, a multiple of 16, which is all that realloc owes an alignment.
    unsafe {
        let noted = page_starts::hide(block);
        let tag = tag_before(block);
        write_tag(block, 0);
        let real = (NEXT.get().realloc)(block.byte_sub(offset), padded);
        if real.is_null() {
            write_tag(block, tag);
            if let Some(noted) = noted {
                noted.show();
            }
            return failed();
        }
        if let Some(noted) = noted {
            noted.remove();
        }
        with_slot(|slot| {
            count_free::<TRUTH>(slot, block, old);
            if TRUTH {
                slot.reallocs.add(1);
            }
        });
        page_starts::noted(new_block::<D, TRUTH>(real, size, old.offset_shift()), size)
    }
}

/// Takes the header off a block that nobody has seen yet: what is left is the next allocator's own, with the contents where it begins.
///
/// # Safety
/// The block is ours, and of this size.
pub unsafe fn without_header(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise; the real block holds the size behind the offset, and so before it.
    unsafe {
        let real = block.byte_sub(Word(word_before(block)).offset() as usize);
        write_tag(block, 0);
        core::ptr::copy(block.cast::<u8>(), real.cast::<u8>(), size);
        real
    }
}

unsafe extern "C" fn usable_size(block: *mut c_void) -> usize {
    // SAFETY: not near a page start, as NULL is, the header's bytes are on the block's own page.
    let is_ordinary = !is_near(block) && unsafe { has_ordinary_tag(block) };
    if !is_ordinary {
        // SAFETY: the same contract.
        return unsafe { usable_size_rare(block) };
    }
    // SAFETY: the header vouches that the block is ours, and an ordinary one is one header into its real block.
    unsafe { (NEXT.get().usable_size)(moved_by::<-16>(block)) - HEADER }
}

/// A block that is sampled, specially aligned, near a page start, not ours or NULL.
#[cold]
#[inline(never)]
unsafe fn usable_size_rare(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    let Some(word) = word_of(block) else {
        if is_wild(block) {
            // A block that was freed, say: glibc would take what it wrote there for a size, and look beyond it.
            return 0;
        }
        // SAFETY: not ours, so the next allocator's to judge.
        return unsafe { (NEXT.get().usable_size)(block) };
    };
    let offset = word.offset() as usize;
    // SAFETY: the header vouches for the real block. All beyond the offset is the program's.
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
    let Some(slot) = thread::slot() else {
        // SAFETY: the caller's promise.
        return unsafe { new_block_without_slot::<D, TRUTH>(real, size, offset_shift) };
    };
    // SAFETY: the caller's promise.
    unsafe { decided_block::<D, TRUTH>(slot, real, size, offset_shift) }
}

/// # Safety
/// As `new_block`, and `real` is not NULL.
#[inline(always)]
unsafe fn decided_block<D: Decision, const TRUTH: bool>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    let header = header_address(real, offset_shift);
    if !D::is_surely_unsampled(start::config(), slot, header, size as u64) {
        // SAFETY: the caller's promise.
        return unsafe { perhaps_sampled_block::<D, TRUTH>(slot, real, size, offset_shift) };
    }
    if TRUTH {
        slot.counted(size as u64);
    }
    // SAFETY: the caller's promise.
    unsafe { with_header(real, size, offset_shift, false) }
}

/// # Safety
/// As `decided_block`, but for room that a size had none for.
#[cold]
#[inline(never)]
unsafe fn perhaps_sampled_block<D: Decision, const TRUTH: bool>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    if D::SAMPLES_HUGE && size.checked_add(HEADER).is_none() {
        // SAFETY: the next allocator's block, which nobody has seen.
        unsafe { (NEXT.get().free)(real) };
        return failed();
    }
    if TRUTH {
        slot.counted(size as u64);
    }
    let header = header_address(real, offset_shift);
    let sampled = !D::LOOKS_TWICE || D::is_sampled(start::config(), slot, header, size as u64);
    if D::COUNTS_PAGES {
        let page = header >> PAGE_SHIFT;
        if TRUTH && pages::insert(page) {
            slot.unique_pages.add(1);
            slot.sampled_pages.add(sampled.into());
        }
        if !sampled {
            slot.set_plain_page(page);
        }
    }
    if sampled {
        let config = start::config();
        floats::apart(|| {
            slot.sampled::<Local>(size as u64, D::draws(size as u64), config);
            keys::sampled(slot, config, header, size as u64);
        });
        sizes::sampled(size as u64);
    }
    // SAFETY: the caller's promise.
    unsafe { with_header(real, size, offset_shift, sampled) }
}

/// The first call of a thread, or of a child that was made without fork handlers.
///
/// # Safety
/// As `decided_block`.
#[cold]
#[inline(never)]
unsafe fn new_block_without_slot<D: Decision, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    start::adopt_child_if_wiped();
    // SAFETY: the caller's promise. Where there is no slot the block is not counted, and not sampled.
    unsafe {
        with_slot(|slot| decided_block::<D, TRUTH>(slot, real, size, offset_shift))
            .unwrap_or_else(|| with_header(real, size, offset_shift, false))
    }
}

/// Writes the header and returns the block behind it.
///
/// # Safety
/// As `decided_block`.
#[inline(always)]
unsafe fn with_header(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    sampled: bool,
) -> *mut c_void {
    let header = header_address(real, offset_shift);
    let tag = if sampled || offset_shift != HEADER_SHIFT {
        secret::get().special_tag(header)
    } else {
        secret::get().ordinary_tag(header)
    };
    // SAFETY: the offset is at least a header, and there is room for it.
    unsafe {
        let header = real.byte_add((1 << offset_shift) - HEADER);
        let word = Word::new(size as u64, offset_shift, sampled);
        header.cast::<u64>().write(word.0);
        write_tag(header.byte_add(HEADER), tag);
        moved_by::<16>(header)
    }
}

/// `pointer` and `BYTES`, after all that was written before. Left to itself the compiler adds first, keeps both, and moves the sum to where it belongs: up
/// to two instructions more for each call.
///
/// # Safety
/// As for `byte_offset`.
#[inline(always)]
#[allow(
    clippy::pointers_in_nomem_asm_block,
    reason = "the pointer is a number here"
)]
unsafe fn moved_by<const BYTES: isize>(mut pointer: *mut c_void) -> *mut c_void {
    // SAFETY: changes the register alone.
    unsafe {
        asm!("add {0}, {1}", inout(reg) pointer, const BYTES, options(pure, nomem, nostack));
    }
    pointer
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
        floats::apart(|| {
            slot.sampled_freed::<Local>(word.size(), config);
            keys::freed(slot, config, block as u64 - HEADER_BYTES, word.size());
        });
    }
}

/// A size to which no header can be added, or a request that the next allocator refused. It may have left `errno` alone: some do so for a size beyond their
/// limits, which a header can lift a size over.
#[cold]
#[inline(never)]
fn failed() -> *mut c_void {
    with_slot(|slot| slot.failed_calls.add(1));
    set_errno(ENOMEM);
    null_mut()
}

fn refused() {
    with_slot(|slot| slot.failed_calls.add(1));
}

/// Ends the process, as glibc would, if `block` can be nobody's. Under glibc the word before a block is the size of its chunk; in a block of ours that
/// was freed before, it is what glibc then wrote there: a list pointer or a random key. Left to itself glibc would take that for a size and fault.
fn refuse_wild(block: *mut c_void, line: &CStr) {
    if is_wild(block) {
        system::say(line);
        system::abort();
    }
}

fn is_wild(block: *mut c_void) -> bool {
    // SAFETY: looked at above glibc alone, which reads that word itself; and whoever owns the block promised that it is there.
    unsafe { chunk::is_wild(block) }
}

/// The header's word, if `block` is ours.
#[inline(always)]
fn word_of(block: *mut c_void) -> Option<Word> {
    start::adopt_child_if_wiped();
    if is_near(block) && !page_starts::may_be_ours(block) {
        return None;
    }
    // SAFETY: on the block's own page, or there because it is ours; under glibc the next allocator reads there too, and whoever owns the block promised it that.
    unsafe { believed_word(block) }
}

/// # Safety
/// The 16 bytes before the block can be read.
#[inline(always)]
unsafe fn believed_word(block: *mut c_void) -> Option<Word> {
    // SAFETY: the caller's promise.
    unsafe {
        let tag = tag_before(block);
        let is_ours = tag == secret::of_block().ordinary_tag(block as u64)
            || tag == secret::of_block().special_tag(block as u64);
        is_ours.then(|| Word(word_before(block)))
    }
}

/// Whether the block is ours, unsampled and not specially aligned.
///
/// # Safety
/// As `believed_word`.
#[inline(always)]
unsafe fn has_ordinary_tag(block: *mut c_void) -> bool {
    // SAFETY: the caller's promise.
    unsafe { tag_before(block) == secret::of_block().ordinary_tag(block as u64) }
}

/// # Safety
/// As `believed_word`.
#[inline(always)]
unsafe fn tag_before(block: *mut c_void) -> u64 {
    // SAFETY: the caller's promise; a pointer that is not ours may be unaligned.
    unsafe { block.byte_sub(TAG).cast::<u64>().read_unaligned() }
}

/// # Safety
/// As `believed_word`.
#[inline(always)]
unsafe fn word_before(block: *mut c_void) -> u64 {
    // SAFETY: as in `tag_before`.
    unsafe { block.byte_sub(HEADER).cast::<u64>().read_unaligned() }
}

/// # Safety
/// The 16 bytes before the block are ours to write, and it is aligned to 16.
#[inline(always)]
unsafe fn write_tag(block: *mut c_void, tag: u64) {
    // SAFETY: the caller's promise. Volatile, since to the compiler a write before free may look dead.
    unsafe { block.byte_sub(TAG).cast::<u64>().write_volatile(tag) }
}
