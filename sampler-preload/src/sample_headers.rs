//! Trackings `sample-headers` and `sample-map`: 16 bytes before sampled blocks alone; all others are the next allocator's own.
//!
//! How a sampled block is recognised is a [`Recognition`]: by the tag before it, or through the [`table`] of addresses. Exponential gaps decide by the size,
//! so before the allocation; a hash of the address can decide only after it, so that every block must be allocated with room for a header.
//!
//! What recognises a block is taken away before the next allocator sees it, and put back if its realloc fails.

use core::ffi::c_void;
use core::ptr::null_mut;

use libc::ENOMEM;
use sampler_core::decision::{AddressHash, Decision, PoissonBytes};
use sampler_core::hash::PAGE_SHIFT;
use sampler_core::header::{HEADER_BYTES, Word};
use sampler_core::slot::Slot;

use crate::dispatch::Allocator;
use crate::next::NEXT;
use crate::slots::with_slot;
use crate::sums::Local;
use crate::table::{self, Hidden};
use crate::{floats, keys, region, secret, start, system, thread};

const HEADER: usize = HEADER_BYTES as usize;
const HEADER_SHIFT: u32 = HEADER.trailing_zeros();
/// Where the tag is, counted back from the block.
const TAG: usize = 8;
const PAGE_MASK: usize = (1 << PAGE_SHIFT) - 1;

/// The functions of a scheme that decides by exponential gaps.
pub const fn poisson_allocator<R: Recognition, const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: malloc::<R, TRUTH>,
        calloc: calloc::<R, TRUTH>,
        realloc: realloc::<R, TRUTH>,
        free: free::<R, TRUTH>,
        memalign: memalign::<R, TRUTH>,
        usable_size: usable_size::<R>,
        refused,
    }
}

/// The functions of `SAMPLE_HEADERS_HASH_MAP`.
pub const fn hash_map_allocator<H: AddressHash, const TRUTH: bool>() -> Allocator {
    Allocator {
        malloc: padded_malloc::<H, TRUTH>,
        calloc: padded_calloc::<H, TRUTH>,
        realloc: padded_realloc::<H, TRUTH>,
        free: free::<Addresses, TRUTH>,
        memalign: padded_memalign::<H, TRUTH>,
        usable_size: usable_size::<Addresses>,
        refused,
    }
}

/// How a sampled block is told from others. A block is any pointer that a program may free.
pub trait Recognition {
    /// A quick look: true for a block that is surely not sampled; false for NULL.
    ///
    /// # Safety
    /// The block is the next allocator's or ours, or NULL.
    unsafe fn is_surely_unsampled(block: *mut c_void) -> bool;

    /// Whether the block is sampled.
    ///
    /// # Safety
    /// As above, and not NULL.
    unsafe fn is_sampled(block: *mut c_void) -> bool;

    /// Makes a block recognisable; false if that cannot be.
    ///
    /// # Safety
    /// The 16 bytes before it are a header's.
    unsafe fn mark(block: *mut c_void) -> bool;

    /// Hides a block that is sampled; `None` if it is not.
    ///
    /// # Safety
    /// As [`Recognition::is_sampled`].
    unsafe fn hide(block: *mut c_void) -> Option<Mark>;
}

/// What a hidden block was recognised by.
pub struct Mark {
    tag: u64,
    entry: Option<Hidden>,
}

/// By the tag in the 8 bytes before a block.
///
/// Under glibc that word is the size of the block's own chunk, which no tag looks like. Under allocators without such a word it is the end of the block before,
/// which is another program's data by chance equal to the tag of this very address with probability 2^-60 (the secret's random bits); a tag that was written is taken back
/// before the next allocator gets the block. The bytes before a page start may be on a page that is not there: blocks there are also in the table, and looked up in it alone.
pub struct Tags;

/// Through the table.
pub struct Addresses;

impl Recognition for Tags {
    #[inline(always)]
    unsafe fn is_surely_unsampled(block: *mut c_void) -> bool {
        // SAFETY: not near a page start, as NULL is, the word is on the block's own page.
        !is_near_page_start(block) && unsafe { tag_before(block) } != tag_of(block)
    }

    unsafe fn is_sampled(block: *mut c_void) -> bool {
        if is_near_page_start(block) {
            return look_up(block);
        }
        // SAFETY: the word is on the block's own page.
        unsafe { tag_before(block) == tag_of(block) }
    }

    unsafe fn mark(block: *mut c_void) -> bool {
        if is_near_page_start(block) && !table::insert(block as u64) {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe { write_tag(block, tag_of(block)) };
        true
    }

    unsafe fn hide(block: *mut c_void) -> Option<Mark> {
        // SAFETY: the caller's promise; a block that is sampled has a header.
        unsafe {
            if !Self::is_sampled(block) {
                return None;
            }
            let entry = is_near_page_start(block).then(|| table::hide(block as u64));
            let tag = tag_of(block);
            write_tag(block, 0);
            let entry = entry.flatten();
            Some(Mark { tag, entry })
        }
    }
}

impl Recognition for Addresses {
    #[inline(always)]
    unsafe fn is_surely_unsampled(block: *mut c_void) -> bool {
        !table::may_hold(block as u64)
    }

    unsafe fn is_sampled(block: *mut c_void) -> bool {
        look_up(block)
    }

    unsafe fn mark(block: *mut c_void) -> bool {
        if !table::insert(block as u64) {
            return false;
        }
        // SAFETY: the caller's promise.
        unsafe { write_tag(block, tag_of(block)) };
        true
    }

    unsafe fn hide(block: *mut c_void) -> Option<Mark> {
        count_look_up();
        let entry = table::hide(block as u64)?;
        let tag = tag_of(block);
        // SAFETY: what is in the table has a header.
        unsafe {
            if tag_before(block) != tag {
                // The program wrote before its block: no word there is believed, and the next allocator is to judge.
                entry.remove();
                return None;
            }
            write_tag(block, 0);
        }
        let entry = Some(entry);
        Some(Mark { tag, entry })
    }
}

impl Mark {
    /// Makes the block recognisable again.
    ///
    /// # Safety
    /// It is the block that was hidden, with its header.
    unsafe fn show(self, block: *mut c_void) {
        // SAFETY: the caller's promise.
        unsafe { write_tag(block, self.tag) };
        if let Some(entry) = self.entry {
            entry.show();
        }
    }

    fn remove(self) {
        if let Some(entry) = self.entry {
            entry.remove();
        }
    }
}

unsafe extern "C" fn malloc<R: Recognition, const TRUTH: bool>(size: usize) -> *mut c_void {
    let Some(slot) = thread::slot() else {
        return without_slot(|slot| allocated::<R, TRUTH>(slot, 0, size), size);
    };
    allocated::<R, TRUTH>(slot, 0, size)
}

/// `alignment` is 0 for malloc.
#[inline(always)]
fn allocated<R: Recognition, const TRUTH: bool>(
    slot: &Slot,
    alignment: usize,
    size: usize,
) -> *mut c_void {
    if PoissonBytes::is_sampled(start::config(), slot, 0, size as u64) {
        return new_sample::<R, TRUTH>(slot, Request::new(alignment), size);
    }
    // Before the call, so that nothing need be kept over it but the size.
    if TRUTH {
        slot.counted(size as u64);
    }
    let next = NEXT.get();
    // SAFETY: malloc has no preconditions; the alignment is a power of two by the contract of memalign.
    let block = unsafe {
        match alignment {
            0 => (next.malloc)(size),
            _ => (next.memalign)(alignment, size),
        }
    };
    if TRUTH && block.is_null() {
        return unsampled_failed(size);
    }
    block
}

unsafe extern "C" fn calloc<R: Recognition, const TRUTH: bool>(
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else {
        return failed();
    };
    let cleared = |slot: &Slot| {
        if PoissonBytes::is_sampled(start::config(), slot, 0, size as u64) {
            return new_sample::<R, TRUTH>(slot, Request::Cleared, size);
        }
        if TRUTH {
            slot.counted(size as u64);
        }
        // SAFETY: calloc has no preconditions.
        let block = unsafe { (NEXT.get().calloc)(1, size) };
        if TRUTH && block.is_null() {
            return unsampled_failed(size);
        }
        block
    };
    match thread::slot() {
        Some(slot) => cleared(slot),
        // SAFETY: calloc has no preconditions.
        None => adopted_slot(cleared).unwrap_or_else(|| unsafe { (NEXT.get().calloc)(1, size) }),
    }
}

unsafe extern "C" fn memalign<R: Recognition, const TRUTH: bool>(
    alignment: usize,
    size: usize,
) -> *mut c_void {
    let aligned = |slot: &Slot| allocated::<R, TRUTH>(slot, alignment, size);
    match thread::slot() {
        Some(slot) => aligned(slot),
        None => adopted_slot(aligned)
            // SAFETY: the same contract.
            .unwrap_or_else(|| unsafe { (NEXT.get().memalign)(alignment, size) }),
    }
}

unsafe extern "C" fn free<R: Recognition, const TRUTH: bool>(block: *mut c_void) {
    // SAFETY: the same contract.
    if !unsafe { R::is_surely_unsampled(block) } {
        // SAFETY: the same contract.
        return unsafe { free_rare::<R, TRUTH>(block) };
    }
    if TRUTH {
        let Some(slot) = thread::slot() else {
            // SAFETY: the same contract.
            return unsafe { free_rare::<R, TRUTH>(block) };
        };
        slot.frees.add(1);
    }
    // SAFETY: the same contract.
    unsafe { (NEXT.get().free)(block) }
}

/// A block that may be sampled, NULL, or a thread without a slot.
#[cold]
#[inline(never)]
unsafe fn free_rare<R: Recognition, const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    start::adopt_child_if_wiped();
    // SAFETY: the same contract, and not NULL; a block that is sampled has a header.
    unsafe {
        let Some(mark) = R::hide(block) else {
            if TRUTH {
                with_slot(|slot| slot.frees.add(1));
            }
            return (NEXT.get().free)(block);
        };
        mark.remove();
        let word = word_before(block);
        with_slot(|slot| count_sampled_free::<TRUTH>(slot, block, word));
        (NEXT.get().free)(block.byte_sub(word.offset() as usize))
    }
}

unsafe extern "C" fn realloc<R: Recognition, const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { malloc::<R, TRUTH>(size) };
    }
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { free::<R, TRUTH>(block) };
        return null_mut();
    }
    start::adopt_child_if_wiped();
    // SAFETY: the same contract.
    let decided = |slot: &Slot| unsafe { decided_realloc::<R, TRUTH>(slot, block, size) };
    // SAFETY: the same contract. Without a slot nothing was sampled by this thread, but the block may have been by another.
    with_slot(decided).unwrap_or_else(|| unsafe { uncounted_realloc::<R>(block, size) })
}

/// # Safety
/// As realloc, of a block and a size that are not 0.
unsafe fn decided_realloc<R: Recognition, const TRUTH: bool>(
    slot: &Slot,
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    let next = NEXT.get();
    let is_sample = PoissonBytes::is_sampled(start::config(), slot, 0, size as u64);
    // SAFETY: the same contract, and not NULL. What each line relies on is said there.
    unsafe {
        let mark = if R::is_surely_unsampled(block) {
            None
        } else {
            R::hide(block)
        };
        let Some(mark) = mark else {
            let Some(padded) = size.checked_add(if is_sample { HEADER } else { 0 }) else {
                return sample_refused(slot);
            };
            let real = (next.realloc)(block, padded);
            if real.is_null() {
                return realloc_failed(slot, is_sample);
            }
            if TRUTH {
                slot.frees.add(1);
                slot.reallocs.add(1);
            }
            if !is_sample {
                return counted_block::<TRUTH>(slot, real, size);
            }
            // There is room for the size and a header: the contents make place for it.
            move_bytes(real, real.byte_add(HEADER), size);
            return sampled_block::<R, TRUTH>(slot, real, size, HEADER_SHIFT, true, true);
        };
        let word = word_before(block);
        let offset = word.offset() as usize;
        let real = block.byte_sub(offset);
        if is_sample {
            let padded = size.checked_add(offset);
            // The next allocator keeps its bytes up to the new size, and with them the contents at the same offset.
            let new = padded.map_or(null_mut(), |padded| (next.realloc)(real, padded));
            if new.is_null() {
                mark.show(block);
                return match padded {
                    Some(_) => realloc_failed(slot, true),
                    None => sample_refused(slot),
                };
            }
            mark.remove();
            count_realloc::<TRUTH>(slot, block, word);
            return sampled_block::<R, TRUTH>(slot, new, size, word.offset_shift(), true, true);
        }
        // The contents go to where the block begins, and back if it cannot be had.
        let kept = usable_behind(real, offset).min(size);
        move_bytes(block, real, kept);
        let new = (next.realloc)(real, size);
        if new.is_null() {
            move_bytes(real, block, kept);
            write_word(block, word);
            mark.show(block);
            return realloc_failed(slot, false);
        }
        mark.remove();
        count_realloc::<TRUTH>(slot, block, word);
        counted_block::<TRUTH>(slot, new, size)
    }
}

/// # Safety
/// As realloc, of a block and a size that are not 0.
unsafe fn uncounted_realloc<R: Recognition>(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the same contract; a block that is sampled has a header, and keeps it.
    unsafe {
        let Some(mark) = R::hide(block) else {
            return (NEXT.get().realloc)(block, size);
        };
        let word = word_before(block);
        let offset = word.offset() as usize;
        let real = block.byte_sub(offset);
        let kept = usable_behind(real, offset).min(size);
        move_bytes(block, real, kept);
        let new = (NEXT.get().realloc)(real, size);
        if new.is_null() {
            move_bytes(real, block, kept);
            write_word(block, word);
            mark.show(block);
        } else {
            mark.remove();
        }
        new
    }
}

unsafe extern "C" fn usable_size<R: Recognition>(block: *mut c_void) -> usize {
    // SAFETY: the same contract.
    unsafe {
        if R::is_surely_unsampled(block) {
            return (NEXT.get().usable_size)(block);
        }
        usable_size_rare::<R>(block)
    }
}

/// A block that may be sampled, or NULL.
#[cold]
#[inline(never)]
unsafe fn usable_size_rare<R: Recognition>(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: the same contract; a block that is sampled has a header. All beyond the offset is the program's.
    unsafe {
        let offset = if R::is_sampled(block) {
            word_before(block).offset() as usize
        } else {
            0
        };
        usable_behind(block.byte_sub(offset), offset)
    }
}

/// What a program may write behind the offset: all of it is contents, which a realloc keeps.
///
/// # Safety
/// `real` is a block of the next allocator that is larger than the offset.
unsafe fn usable_behind(real: *mut c_void, offset: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (NEXT.get().usable_size)(real) - offset }
}

/// What is asked of the next allocator.
#[derive(Clone, Copy)]
enum Request {
    Plain,
    Cleared,
    Aligned(usize),
}

impl Request {
    /// Alignments that every block has need no more than a header.
    fn new(alignment: usize) -> Request {
        if alignment <= HEADER {
            Request::Plain
        } else {
            Request::Aligned(alignment)
        }
    }

    /// log2 of the distance from the real block: a header, or the alignment where that is larger.
    fn offset_shift(self) -> u32 {
        match self {
            Request::Plain | Request::Cleared => HEADER_SHIFT,
            Request::Aligned(alignment) => alignment.trailing_zeros(),
        }
    }

    /// A block with room for `size` bytes after the offset; NULL too if the sum overflows.
    fn allocate(self, size: usize) -> *mut c_void {
        let Some(padded) = size.checked_add(1 << self.offset_shift()) else {
            system::set_errno(ENOMEM);
            return null_mut();
        };
        let next = NEXT.get();
        // SAFETY: malloc and calloc have no preconditions, and the alignment is a power of two.
        unsafe {
            match self {
                Request::Plain => (next.malloc)(padded),
                Request::Cleared => (next.calloc)(1, padded),
                Request::Aligned(alignment) => (next.memalign)(alignment, padded),
            }
        }
    }
}

#[cold]
#[inline(never)]
fn new_sample<R: Recognition, const TRUTH: bool>(
    slot: &Slot,
    request: Request,
    size: usize,
) -> *mut c_void {
    let real = request.allocate(size);
    if real.is_null() {
        return realloc_failed(slot, true);
    }
    // SAFETY: a block with room for the offset; nothing is in it yet.
    unsafe { sampled_block::<R, TRUTH>(slot, real, size, request.offset_shift(), true, false) }
}

/// Counts a sample, writes its header and returns it. Without room in the table it is handed out unsampled, and the loss counted.
///
/// # Safety
/// `real` is a block of the next allocator with room for `1 << offset_shift` bytes more than `size`; with `has_contents`, they are at that offset.
unsafe fn sampled_block<R: Recognition, const TRUTH: bool>(
    slot: &Slot,
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    is_drawn: bool,
    has_contents: bool,
) -> *mut c_void {
    let config = start::config();
    // SAFETY: the caller's promise.
    unsafe {
        let block = real.byte_add(1 << offset_shift);
        write_word(block, Word::new(size as u64, offset_shift, true));
        if !R::mark(block) {
            region::live().samples_without_entry.add_shared(1);
            if is_drawn {
                floats::apart(|| slot.sample_failed(config));
            }
            if has_contents {
                move_bytes(block, real, size);
            } else {
                // A block that was to be all zeros.
                write_word(block, Word(0));
            }
            return counted_block::<TRUTH>(slot, real, size);
        }
        if TRUTH {
            slot.counted(size as u64);
        }
        floats::apart(|| {
            slot.sampled::<Local>(size as u64, is_drawn, config);
            keys::sampled(slot, config, block as u64 - HEADER_BYTES, size as u64);
        });
        block
    }
}

fn counted_block<const TRUTH: bool>(slot: &Slot, block: *mut c_void, size: usize) -> *mut c_void {
    if TRUTH {
        slot.counted(size as u64);
    }
    block
}

fn count_sampled_free<const TRUTH: bool>(slot: &Slot, block: *mut c_void, word: Word) {
    let config = start::config();
    if TRUTH {
        slot.frees.add(1);
    }
    floats::apart(|| {
        slot.sampled_freed::<Local>(word.size(), config);
        keys::freed(slot, config, block as u64 - HEADER_BYTES, word.size());
    });
}

fn count_realloc<const TRUTH: bool>(slot: &Slot, block: *mut c_void, word: Word) {
    count_sampled_free::<TRUTH>(slot, block, word);
    if TRUTH {
        slot.reallocs.add(1);
    }
}

/// The first call of a thread, or of a child that was made without fork handlers.
#[cold]
#[inline(never)]
fn without_slot(count: impl FnOnce(&Slot) -> *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: malloc has no preconditions. Where there is no slot the block is not counted, and not sampled.
    adopted_slot(count).unwrap_or_else(|| unsafe { (NEXT.get().malloc)(size) })
}

#[cold]
#[inline(never)]
fn adopted_slot<T>(count: impl FnOnce(&Slot) -> T) -> Option<T> {
    start::adopt_child_if_wiped();
    with_slot(count)
}

#[cold]
#[inline(never)]
fn unsampled_failed(size: usize) -> *mut c_void {
    with_slot(|slot| slot.uncounted(size as u64));
    failed()
}

#[cold]
#[inline(never)]
fn realloc_failed(slot: &Slot, is_sample: bool) -> *mut c_void {
    if is_sample {
        floats::apart(|| slot.sample_failed(start::config()));
    }
    slot.failed_calls.add(1);
    system::set_errno(ENOMEM);
    null_mut()
}

#[cold]
#[inline(never)]
fn sample_refused(slot: &Slot) -> *mut c_void {
    floats::apart(|| slot.sample_failed(start::config()));
    system::set_errno(ENOMEM);
    slot.failed_calls.add(1);
    null_mut()
}

/// The next allocator may have left `errno` alone: see `headers.rs`.
#[cold]
#[inline(never)]
fn failed() -> *mut c_void {
    with_slot(|slot| slot.failed_calls.add(1));
    system::set_errno(ENOMEM);
    null_mut()
}

fn refused() {
    with_slot(|slot| slot.failed_calls.add(1));
}

unsafe extern "C" fn padded_malloc<H: AddressHash, const TRUTH: bool>(size: usize) -> *mut c_void {
    let Some(padded) = size.checked_add(HEADER) else {
        return failed();
    };
    // SAFETY: malloc has no preconditions.
    let real = unsafe { (NEXT.get().malloc)(padded) };
    // SAFETY: the next allocator's answer to a request with room for the header.
    unsafe { padded_block::<H, TRUTH>(real, size, HEADER_SHIFT) }
}

unsafe extern "C" fn padded_calloc<H: AddressHash, const TRUTH: bool>(
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else {
        return failed();
    };
    // SAFETY: the next allocator's answer to a request with room for the header.
    unsafe { padded_block::<H, TRUTH>(Request::Cleared.allocate(size), size, HEADER_SHIFT) }
}

unsafe extern "C" fn padded_memalign<H: AddressHash, const TRUTH: bool>(
    alignment: usize,
    size: usize,
) -> *mut c_void {
    let request = Request::new(alignment);
    // SAFETY: the next allocator's answer to a request with room for the offset.
    unsafe { padded_block::<H, TRUTH>(request.allocate(size), size, request.offset_shift()) }
}

/// # Safety
/// `real` is NULL, or a block of the next allocator with room for `1 << offset_shift` bytes more than `size`, and nothing in it.
#[inline(always)]
unsafe fn padded_block<H: AddressHash, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    if real.is_null() {
        return failed();
    }
    if is_sampled_header::<H>(real, offset_shift) {
        // SAFETY: the caller's promise.
        return unsafe { padded_block_rare::<H, TRUTH>(real, size, offset_shift) };
    }
    if TRUTH {
        let Some(slot) = thread::slot() else {
            // SAFETY: the caller's promise.
            return unsafe { padded_block_rare::<H, TRUTH>(real, size, offset_shift) };
        };
        slot.counted(size as u64);
    }
    real
}

/// # Safety
/// As `padded_block`, and `real` is not NULL.
#[cold]
#[inline(never)]
unsafe fn padded_block_rare<H: AddressHash, const TRUTH: bool>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
) -> *mut c_void {
    let decided = |slot: &Slot| {
        if !is_sampled_header::<H>(real, offset_shift) {
            return counted_block::<TRUTH>(slot, real, size);
        }
        // SAFETY: the caller's promise.
        unsafe { sampled_block::<Addresses, TRUTH>(slot, real, size, offset_shift, false, false) }
    };
    adopted_slot(decided).unwrap_or(real)
}

unsafe extern "C" fn padded_realloc<H: AddressHash, const TRUTH: bool>(
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    if block.is_null() {
        // SAFETY: the same contract.
        return unsafe { padded_malloc::<H, TRUTH>(size) };
    }
    if size == 0 {
        // SAFETY: the same contract; glibc's realloc(p, 0) frees and returns NULL.
        unsafe { free::<Addresses, TRUTH>(block) };
        return null_mut();
    }
    start::adopt_child_if_wiped();
    // SAFETY: the same contract, and not NULL; a block that is sampled has a header. The next allocator keeps its bytes up to the new size.
    unsafe {
        let mark = if Addresses::is_surely_unsampled(block) {
            None
        } else {
            Addresses::hide(block)
        };
        let word = mark.as_ref().map(|_| word_before(block));
        let offset = word.map_or(0, |word| word.offset() as usize);
        let offset_shift = word.map_or(HEADER_SHIFT, |word| word.offset_shift());
        let padded = size.checked_add(1 << offset_shift);
        let new = padded.map_or(null_mut(), |padded| {
            (NEXT.get().realloc)(block.byte_sub(offset), padded)
        });
        if new.is_null() {
            if let Some(mark) = mark {
                mark.show(block);
            }
            return failed();
        }
        if let Some(mark) = mark {
            mark.remove();
        }
        let is_sample = is_sampled_header::<H>(new, offset_shift);
        let wanted = if is_sample { 1 << offset_shift } else { 0 };
        if wanted != offset {
            move_bytes(new.byte_add(offset), new.byte_add(wanted), size);
        }
        let decided = |slot: &Slot| {
            match word {
                Some(word) => count_realloc::<TRUTH>(slot, block, word),
                None if TRUTH => {
                    slot.frees.add(1);
                    slot.reallocs.add(1);
                }
                None => {}
            }
            if !is_sample {
                return counted_block::<TRUTH>(slot, new, size);
            }
            sampled_block::<Addresses, TRUTH>(slot, new, size, offset_shift, false, true)
        };
        with_slot(decided).unwrap_or_else(|| {
            // No slot: not counted, and not sampled.
            if is_sample {
                move_bytes(new.byte_add(wanted), new, size);
            }
            new
        })
    }
}

/// Whether the hash samples a block whose header, if it got one, would end at this offset.
#[inline(always)]
fn is_sampled_header<H: AddressHash>(real: *mut c_void, offset_shift: u32) -> bool {
    let header = real as u64 + (1 << offset_shift) - HEADER_BYTES;
    H::is_sampled_address(start::config(), header)
}

#[cold]
#[inline(never)]
fn look_up(block: *mut c_void) -> bool {
    count_look_up();
    table::holds(block as u64)
}

fn count_look_up() {
    with_slot(|slot| slot.table_lookups.add(1));
}

/// Whether the 16 bytes before the block reach into the page before.
#[inline(always)]
fn is_near_page_start(block: *mut c_void) -> bool {
    block as usize & PAGE_MASK & !(HEADER - 1) == 0
}

/// The tag of a sampled block at this address. By the secret that is kept: a child that has not been told that it is one frees what it inherits, too.
#[inline(always)]
fn tag_of(block: *mut c_void) -> u64 {
    secret::kept().special_tag((block as u64).wrapping_sub(HEADER_BYTES))
}

/// # Safety
/// The 8 bytes before the block can be read.
#[inline(always)]
unsafe fn tag_before(block: *mut c_void) -> u64 {
    // SAFETY: the caller's promise; a pointer that is not ours may be unaligned.
    unsafe { block.byte_sub(TAG).cast::<u64>().read_unaligned() }
}

/// # Safety
/// The 16 bytes before the block are a header's.
unsafe fn write_tag(block: *mut c_void, tag: u64) {
    // SAFETY: the caller's promise. Volatile, since to the compiler a write before free may look dead.
    unsafe { block.byte_sub(TAG).cast::<u64>().write_volatile(tag) }
}

/// # Safety
/// As `write_tag`.
unsafe fn word_before(block: *mut c_void) -> Word {
    // SAFETY: the caller's promise.
    Word(unsafe { block.byte_sub(HEADER).cast::<u64>().read() })
}

/// # Safety
/// As `write_tag`.
unsafe fn write_word(block: *mut c_void, word: Word) {
    // SAFETY: the caller's promise.
    unsafe { block.byte_sub(HEADER).cast::<u64>().write(word.0) }
}

/// # Safety
/// Both ranges are within one block.
unsafe fn move_bytes(from: *mut c_void, to: *mut c_void, bytes: usize) {
    // SAFETY: the caller's promise; they may overlap.
    unsafe { core::ptr::copy(from.cast::<u8>(), to.cast::<u8>(), bytes) }
}
