//! The set of pages that held a header, exact, for the page hash.
//!
//! Two levels: a root of pointers for the 47-bit address space and a leaf of bits for each GiB in use. A page's first touch
//! is an atomic or; every later one only reads. A flat bitmap would reserve 4 GiB, which fails under an address space limit.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering::*};

use crate::{region, system};

const ADDRESS_BITS: u32 = 47;
const PAGE_SHIFT: u32 = sampler_core::hash::PAGE_SHIFT;
/// Pages a leaf holds, as a shift: 2^18 pages of 4 KiB are 1 GiB.
const LEAF_SHIFT: u32 = 18;
const WORD_SHIFT: u32 = u64::BITS.trailing_zeros();
const ROOTS: usize = 1 << (ADDRESS_BITS - PAGE_SHIFT - LEAF_SHIFT);
const LEAF_WORDS: usize = 1 << (LEAF_SHIFT - WORD_SHIFT);

#[repr(C)]
struct Leaf {
    bits: [AtomicU64; LEAF_WORDS],
    /// The leaf that was installed before this one.
    next: AtomicPtr<Leaf>,
}

static ROOT: [AtomicPtr<Leaf>; ROOTS] = [const { AtomicPtr::new(null_mut()) }; ROOTS];
static LEAVES: AtomicPtr<Leaf> = AtomicPtr::new(null_mut());

/// Adds a page; true for the one caller that was first.
#[cold]
#[inline(never)]
pub fn insert(page: u64) -> bool {
    let (root, word, bit) = place(page);
    let Some(leaf) = ROOT.get(root).and_then(leaf_of) else {
        region::live().pages_without_table.add_shared(1);
        return false;
    };
    // Look first: a page that is known is only read.
    leaf.bits[word].load(Relaxed) & bit == 0 && leaf.bits[word].fetch_or(bit, Relaxed) & bit == 0
}

/// In a forked child: no page held a header yet.
pub fn restart_in_child() {
    let mut leaf = LEAVES.load(Acquire);
    // SAFETY: installed leaves are never unmapped, and `next` is written before a leaf is in the list.
    while let Some(current) = unsafe { leaf.as_ref() } {
        for word in &current.bits {
            // Test first: untouched pages stay untouched.
            if word.load(Relaxed) != 0 {
                word.store(0, Relaxed);
            }
        }
        leaf = current.next.load(Acquire);
    }
}

fn place(page: u64) -> (usize, usize, u64) {
    let root = (page >> LEAF_SHIFT) as usize;
    let word = (page >> WORD_SHIFT) as usize % LEAF_WORDS;
    (root, word, 1 << (page % u64::from(u64::BITS)))
}

fn leaf_of(root: &AtomicPtr<Leaf>) -> Option<&Leaf> {
    let mut leaf = root.load(Acquire);
    if leaf.is_null() {
        leaf = system::map(size_of::<Leaf>())?.cast::<Leaf>();
        if let Err(installed) = root.compare_exchange(null_mut(), leaf, AcqRel, Acquire) {
            // SAFETY: another thread's leaf won; ours was seen by nobody.
            unsafe { system::unmap(leaf.cast(), size_of::<Leaf>()) };
            leaf = installed;
        } else {
            list(leaf);
        }
    }
    // SAFETY: zeroed memory is a leaf, and it is never unmapped once installed.
    unsafe { leaf.as_ref() }
}

fn list(leaf: *mut Leaf) {
    // SAFETY: zeroed memory is a leaf; we just installed it, and it is never unmapped.
    let next = unsafe { &(*leaf).next };
    let mut head = LEAVES.load(Acquire);
    loop {
        next.store(head, Release);
        match LEAVES.compare_exchange(head, leaf, AcqRel, Acquire) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}
