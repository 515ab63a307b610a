//! A small store for what `dlsym` allocates while we look up the allocator that would serve it.
//!
//! Blocks are never reused: in glibc as it is today none is ever asked for, and elsewhere it is a message or two.

use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const ARENA_BYTES: usize = 16 * 1024;
const ALIGNMENT: usize = 16;

#[repr(C, align(16))]
struct Memory(core::cell::UnsafeCell<[u8; ARENA_BYTES]>);

// SAFETY: only handed out, in parts that do not overlap; never read or written here but for a part's own size word.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(core::cell::UnsafeCell::new([0; ARENA_BYTES]));
static USED_BYTES: AtomicUsize = AtomicUsize::new(0);

/// A zeroed block, or NULL when the store is full.
pub fn allocate(size: usize) -> *mut c_void {
    // The size goes before the block.
    let Some(bytes) = size.checked_next_multiple_of(ALIGNMENT) else {
        return null_mut();
    };
    let Some(bytes) = bytes
        .checked_add(ALIGNMENT)
        .filter(|&bytes| bytes <= ARENA_BYTES)
    else {
        return null_mut();
    };
    let start = USED_BYTES.fetch_add(bytes, Relaxed);
    if start > ARENA_BYTES - bytes {
        return null_mut();
    }
    // SAFETY: start + bytes is within the memory, and fetch_add gave this part to us alone.
    unsafe {
        let part = MEMORY.0.get().cast::<u8>().add(start);
        part.cast::<usize>().write(size);
        part.add(ALIGNMENT).cast()
    }
}

/// Whether a block is from here.
pub fn owns(block: *mut c_void) -> bool {
    (block as usize).wrapping_sub(MEMORY.0.get() as usize) < ARENA_BYTES
}

/// Whether any block was handed out.
pub fn was_used() -> bool {
    USED_BYTES.load(Relaxed) != 0
}

/// The size that was asked for.
///
/// # Safety
/// `allocate` returned the block.
pub unsafe fn size(block: *mut c_void) -> usize {
    // SAFETY: `allocate` wrote it there.
    unsafe { block.cast::<u8>().sub(ALIGNMENT).cast::<usize>().read() }
}
