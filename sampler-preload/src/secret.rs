//! The secret that makes the tags of this address space.
//!
//! It lies on a page that the kernel wipes in a forked child: a child made without fork handlers (a raw system call) meets a zero and
//! knows what it is. `fork` runs our handler, which puts the secret back: a child inherits blocks.

use core::ffi::c_void;

use sampler_core::header::{HEADER_BYTES, Secret};

use crate::once::SetAtStart;
use crate::system::{self, PAGE_BYTES};

#[derive(Clone, Copy)]
struct Words {
    secret: u64,
    /// The secret less a header's bytes, so that the tag of a block is one addition away from its own address too.
    of_block: u64,
}

/// Plain words, since the compiler adds no atomic ones straight from memory: they change only while the process has one thread.
#[repr(C, align(4096))]
struct WipedPage {
    words: SetAtStart<Words>,
    unused: [u8; PAGE_BYTES - size_of::<Words>()],
}

static WIPED: WipedPage = WipedPage {
    words: SetAtStart::new(Words {
        secret: 0,
        of_block: 0,
    }),
    unused: [0; PAGE_BYTES - size_of::<Words>()],
};
static KEPT: SetAtStart<u64> = SetAtStart::new(0);
static IS_WIPED_IN_CHILDREN: SetAtStart<bool> = SetAtStart::new(false);

/// The secret; zero in a child that has not been told that it is one.
#[inline(always)]
pub fn get() -> Secret {
    Secret(WIPED.words.get().secret)
}

/// What gives the tag of a block's header when the block's own address is added; zero likewise.
#[inline(always)]
pub fn of_block() -> Secret {
    Secret(WIPED.words.get().of_block)
}

/// The secret, in such a child too; zero before it is drawn.
pub fn kept() -> Secret {
    Secret(*KEPT.get())
}

/// Whether this is a child that has not been told that it is one.
#[inline(always)]
pub fn is_wiped() -> bool {
    WIPED.words.get().secret == 0
}

/// Whether such a child finds the page wiped: kernels before 4.14, and sandboxes that stood before we began, refuse it.
pub fn is_wiped_in_children() -> bool {
    *IS_WIPED_IN_CHILDREN.get()
}

/// Draws the secret.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn create() {
    let page = (&raw const WIPED).cast_mut().cast::<c_void>();
    // SAFETY: a page of our own, in zeroed private memory. Where it is refused such children count as their parent.
    let advised = unsafe { libc::madvise(page, PAGE_BYTES, libc::MADV_WIPEONFORK) };
    // SAFETY: the caller's promise.
    unsafe {
        IS_WIPED_IN_CHILDREN.set(advised == 0);
        KEPT.set(Secret::new(system::random_u64()).0);
        restore();
    }
}

/// Puts the secret back into a forked child.
///
/// # Safety
/// The process has one thread.
pub unsafe fn restore() {
    let secret = *KEPT.get();
    let of_block = secret.wrapping_sub(HEADER_BYTES);
    // SAFETY: the caller's promise; references to the words end with the functions above.
    unsafe { WIPED.words.set(Words { secret, of_block }) };
}
