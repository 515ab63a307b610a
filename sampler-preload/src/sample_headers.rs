//! Trackings `sample-headers` and `sample-map`: 16 bytes before sampled blocks alone; all others are the next allocator's own.
//!
//! How a sampled block is recognised is a [`Recognition`]: by the tag before it, or through the [`table`] of addresses. Exponential gaps decide by the size,
//! so before the allocation; a hash of the address can decide only after it, so that every block must be allocated with room for a header.
//!
//! What recognises a block is taken away before the next allocator sees it, and put back if its realloc fails.
//!
//! A block that has a header keeps it through every realloc, and its word says whether it is sampled: to take the header away would move all its contents, and to
//! sample it again would move them back. So contents are moved once in a block's life, when a realloc first samples it.

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
use crate::{chunk, floats, keys, region, secret, start, system, thread};

const HEADER: usize = HEADER_BYTES as usize;
const HEADER_SHIFT: u32 = HEADER.trailing_zeros();
/// Where the tag is, counted back from the block.
const TAG: usize = 8;
const PAGE_MASK: usize = (1 << PAGE_SHIFT) - 1;
/// From here on glibc maps a block: then its realloc copies nothing, and pages behind the old contents are not there until they are touched.
const MANY_BYTES: usize = 128 << 10;

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

/// How a block with a header is told from others. A block is any pointer that a program may free.
pub trait Recognition {
    /// A quick look: true for a block that surely has no header; false for NULL.
    ///
    /// # Safety
    /// The block is the next allocator's or ours, or NULL.
    unsafe fn is_surely_bare(block: *mut c_void) -> bool;

    /// Whether the block has a header.
    ///
    /// # Safety
    /// As above, and not NULL.
    unsafe fn has_header(block: *mut c_void) -> bool;

    /// Makes a block recognisable; false if that cannot be.
    ///
    /// # Safety
    /// The 16 bytes before it are a header's.
    unsafe fn mark(block: *mut c_void) -> bool;

    /// Hides a block that has a header; `None` if it has none.
    ///
    /// # Safety
    /// As [`Recognition::has_header`].
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
    unsafe fn is_surely_bare(block: *mut c_void) -> bool {
        // SAFETY: not near a page start, as NULL is, the word is on the block's own page.
        !is_near_page_start(block) && unsafe { tag_before(block) } != tag_of(block)
    }

    unsafe fn has_header(block: *mut c_void) -> bool {
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
        // SAFETY: the caller's promise.
        unsafe {
            if !Self::has_header(block) {
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
    unsafe fn is_surely_bare(block: *mut c_void) -> bool {
        !table::may_hold(block as u64)
    }

    unsafe fn has_header(block: *mut c_void) -> bool {
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
    if !unsafe { R::is_surely_bare(block) } {
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

/// A block that may have a header, NULL, or a thread without a slot.
#[cold]
#[inline(never)]
unsafe fn free_rare<R: Recognition, const TRUTH: bool>(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    start::adopt_child_if_wiped();
    // SAFETY: the same contract, and not NULL; what can be hidden has a header.
    unsafe {
        let Some(mark) = R::hide(block) else {
            if TRUTH {
                with_slot(|slot| slot.frees.add(1));
            }
            return (NEXT.get().free)(block);
        };
        mark.remove();
        let word = word_before(block);
        with_slot(|slot| count_free::<TRUTH>(slot, block, word));
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
    let is_sample = PoissonBytes::is_sampled(start::config(), slot, 0, size as u64);
    // SAFETY: the same contract, and not NULL.
    unsafe {
        if let Some(headed) = Headed::hide::<R>(block) {
            return headed_realloc::<R, TRUTH>(slot, headed, size, is_sample);
        }
        let real = if is_sample {
            realloc_with_room(block, size)
        } else {
            (NEXT.get().realloc)(block, size)
        };
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
        let placed = place_header::<R>(real, size, HEADER_SHIFT, true, true);
        count_placed::<TRUTH>(slot, placed, size, true, true)
    }
}

/// # Safety
/// As [`decided_realloc`], of a block that was just hidden.
#[cold]
#[inline(never)]
unsafe fn headed_realloc<R: Recognition, const TRUTH: bool>(
    slot: &Slot,
    headed: Headed,
    size: usize,
    is_sample: bool,
) -> *mut c_void {
    // SAFETY: the same contract.
    unsafe {
        let Some(real) = headed.realloc(size) else {
            headed.show();
            return realloc_failed(slot, is_sample);
        };
        count_realloc::<TRUTH>(slot, headed.block, headed.word);
        let placed = headed.place::<R>(real, size, is_sample);
        count_placed::<TRUTH>(slot, placed, size, is_sample, true)
    }
}

/// The next allocator's realloc, of a block without a header to one whose contents leave room for it. What is behind the old contents is not moved: it may be
/// pages that nobody has touched.
///
/// # Safety
/// As realloc, of a block that is not NULL and has no header.
#[cold]
#[inline(never)]
unsafe fn realloc_with_room(block: *mut c_void, size: usize) -> *mut c_void {
    let Some(padded) = size.checked_add(HEADER) else {
        system::set_errno(ENOMEM);
        return null_mut();
    };
    // SAFETY: the caller's promise. There is room for the size and a header.
    unsafe {
        let kept = chunk::usable_bytes_of_next(block).min(size);
        let real = (NEXT.get().realloc)(block, padded);
        if !real.is_null() {
            move_bytes(real, real.byte_add(HEADER), kept);
        }
        real
    }
}

/// # Safety
/// As realloc, of a block and a size that are not 0.
unsafe fn uncounted_realloc<R: Recognition>(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the same contract.
    unsafe {
        let Some(headed) = Headed::hide::<R>(block) else {
            return (NEXT.get().realloc)(block, size);
        };
        match headed.realloc(size) {
            Some(real) => headed.place::<R>(real, size, false).block,
            None => {
                headed.show();
                null_mut()
            }
        }
    }
}

/// A block with a header that is hidden for its realloc.
struct Headed {
    block: *mut c_void,
    word: Word,
    mark: Mark,
}

impl Headed {
    /// `None` if the block has no header.
    ///
    /// # Safety
    /// As [`Recognition::hide`].
    #[inline(always)]
    unsafe fn hide<R: Recognition>(block: *mut c_void) -> Option<Headed> {
        // SAFETY: the caller's promise; what can be hidden has a header.
        unsafe {
            if R::is_surely_bare(block) {
                return None;
            }
            let mark = R::hide(block)?;
            let word = word_before(block);
            Some(Headed { block, word, mark })
        }
    }

    /// The next allocator's realloc, with room for the header: it keeps its bytes up to the new size, and with them the contents at the same offset.
    ///
    /// # Safety
    /// Called once; then the block is shown if there was no memory, and placed if there was.
    unsafe fn realloc(&self, size: usize) -> Option<*mut c_void> {
        let offset = self.word.offset() as usize;
        let Some(padded) = size.checked_add(offset) else {
            system::set_errno(ENOMEM);
            return None;
        };
        // SAFETY: the header says where the real block is.
        let real = unsafe { (NEXT.get().realloc)(self.block.byte_sub(offset), padded) };
        (!real.is_null()).then_some(real)
    }

    /// Undoes the hiding.
    ///
    /// # Safety
    /// The block is where it was.
    unsafe fn show(self) {
        // SAFETY: the caller's promise.
        unsafe { self.mark.show(self.block) }
    }

    /// Writes the header at the new place, and makes the block recognisable there.
    ///
    /// # Safety
    /// `real` is what [`Headed::realloc`] gave for this size.
    unsafe fn place<R: Recognition>(
        self,
        real: *mut c_void,
        size: usize,
        is_sampled: bool,
    ) -> Placed {
        let offset_shift = self.word.offset_shift();
        // SAFETY: the caller's promise: there is room for the offset, and the contents are behind it.
        unsafe {
            let block = real.byte_add(1 << offset_shift);
            if block != self.block {
                self.mark.remove();
                return place_header::<R>(real, size, offset_shift, is_sampled, true);
            }
            write_word(block, Word::new(size as u64, offset_shift, is_sampled));
            self.mark.show(block);
            Placed {
                block,
                has_header: true,
            }
        }
    }
}

unsafe extern "C" fn usable_size<R: Recognition>(block: *mut c_void) -> usize {
    // SAFETY: the same contract.
    unsafe {
        if R::is_surely_bare(block) {
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
        let offset = if R::has_header(block) {
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
    let placed = unsafe { place_header::<R>(real, size, request.offset_shift(), true, false) };
    count_placed::<TRUTH>(slot, placed, size, true, true)
}

/// What became of a block that was to have a header: without room in the table it has none.
struct Placed {
    block: *mut c_void,
    has_header: bool,
}

/// Writes a header and makes the block recognisable. Where that cannot be it is handed out without.
///
/// # Safety
/// `real` is a block of the next allocator with room for `1 << offset_shift` bytes more than `size`; with `has_contents`, they are at that offset.
unsafe fn place_header<R: Recognition>(
    real: *mut c_void,
    size: usize,
    offset_shift: u32,
    is_sampled: bool,
    has_contents: bool,
) -> Placed {
    // SAFETY: the caller's promise.
    unsafe {
        let block = real.byte_add(1 << offset_shift);
        write_word(block, Word::new(size as u64, offset_shift, is_sampled));
        let has_header = R::mark(block);
        if has_header {
            return Placed { block, has_header };
        }
        if has_contents {
            move_bytes(block, real, size);
        } else {
            // A block that was to be all zeros.
            write_word(block, Word(0));
        }
        let block = real;
        Placed { block, has_header }
    }
}

/// Counts an allocation that was to have a header, and returns the block. A sample without one is handed out unsampled, and the loss counted.
fn count_placed<const TRUTH: bool>(
    slot: &Slot,
    placed: Placed,
    size: usize,
    is_sample: bool,
    is_drawn: bool,
) -> *mut c_void {
    let Placed { block, has_header } = placed;
    counted_block::<TRUTH>(slot, block, size);
    let config = start::config();
    if is_sample && has_header {
        floats::apart(|| {
            slot.sampled::<Local>(size as u64, is_drawn, config);
            keys::sampled(slot, config, block as u64 - HEADER_BYTES, size as u64);
        });
    } else if is_sample {
        region::live().samples_without_entry.add_shared(1);
        if is_drawn {
            floats::apart(|| slot.sample_failed(config));
        }
    }
    block
}

fn counted_block<const TRUTH: bool>(slot: &Slot, block: *mut c_void, size: usize) -> *mut c_void {
    if TRUTH {
        slot.counted(size as u64);
    }
    block
}

/// Counts the free of a block with this header. `block` is only an address: after a realloc it is no longer there.
fn count_free<const TRUTH: bool>(slot: &Slot, block: *mut c_void, word: Word) {
    if TRUTH {
        slot.frees.add(1);
    }
    if word.is_sampled() {
        let config = start::config();
        floats::apart(|| {
            slot.sampled_freed::<Local>(word.size(), config);
            keys::freed(slot, config, block as u64 - HEADER_BYTES, word.size());
        });
    }
}

fn count_realloc<const TRUTH: bool>(slot: &Slot, block: *mut c_void, word: Word) {
    count_free::<TRUTH>(slot, block, word);
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
        let placed = unsafe { place_header::<Addresses>(real, size, offset_shift, true, false) };
        count_placed::<TRUTH>(slot, placed, size, true, false)
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
    // SAFETY: the same contract, and not NULL.
    unsafe {
        if let Some(headed) = Headed::hide::<Addresses>(block) {
            return padded_headed_realloc::<H, TRUTH>(headed, size);
        }
        let Some(padded) = size.checked_add(HEADER) else {
            return failed();
        };
        // As in `realloc_with_room`, but asked before it is known whether the block is sampled, and so only where it spares many pages.
        let kept = if size >= MANY_BYTES {
            chunk::usable_bytes_of_next(block).min(size)
        } else {
            size
        };
        let real = (NEXT.get().realloc)(block, padded);
        if real.is_null() {
            return failed();
        }
        let decided = |slot: &Slot| {
            if TRUTH {
                slot.frees.add(1);
                slot.reallocs.add(1);
            }
            if !is_sampled_header::<H>(real, HEADER_SHIFT) {
                return counted_block::<TRUTH>(slot, real, size);
            }
            move_bytes(real, real.byte_add(HEADER), kept);
            let placed = place_header::<Addresses>(real, size, HEADER_SHIFT, true, true);
            count_placed::<TRUTH>(slot, placed, size, true, false)
        };
        // No slot: not counted, and not sampled.
        with_slot(decided).unwrap_or(real)
    }
}

/// # Safety
/// As realloc, of a block that was just hidden and a size that is not 0.
#[cold]
#[inline(never)]
unsafe fn padded_headed_realloc<H: AddressHash, const TRUTH: bool>(
    headed: Headed,
    size: usize,
) -> *mut c_void {
    // SAFETY: the same contract.
    unsafe {
        let Some(real) = headed.realloc(size) else {
            headed.show();
            return failed();
        };
        let (old, word) = (headed.block, headed.word);
        let is_sample = is_sampled_header::<H>(real, word.offset_shift());
        // Sampled once it is counted: without a slot it is not.
        let placed = headed.place::<Addresses>(real, size, false);
        let Placed { block, has_header } = placed;
        let decided = |slot: &Slot| {
            count_realloc::<TRUTH>(slot, old, word);
            if is_sample && has_header {
                let word = Word::new(size as u64, word.offset_shift(), true);
                write_word(block, word);
            }
            count_placed::<TRUTH>(slot, placed, size, is_sample, false)
        };
        with_slot(decided).unwrap_or(block)
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
