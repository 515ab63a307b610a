//! The secret that makes the tags of this address space.
//!
//! It lies on a page that the kernel wipes in a forked child: a child made without fork handlers (a raw system call) meets a zero and
//! knows what it is. `fork` runs our handler, which puts the secret back: a child inherits blocks.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use sampler_core::header::Secret;

use crate::once::SetAtStart;
use crate::system::{self, PAGE_BYTES};

#[repr(C, align(4096))]
struct WipedPage(AtomicU64, [u8; PAGE_BYTES - size_of::<AtomicU64>()]);

static SECRET: WipedPage = WipedPage(AtomicU64::new(0), [0; PAGE_BYTES - size_of::<AtomicU64>()]);
static KEPT: SetAtStart<u64> = SetAtStart::new(0);

/// The secret; zero in a child that has not been told that it is one.
#[inline(always)]
pub fn get() -> Secret {
    Secret(SECRET.0.load(Relaxed))
}

/// Whether this is a child that has not been told that it is one.
#[inline(always)]
pub fn is_wiped() -> bool {
    SECRET.0.load(Relaxed) == 0
}

/// Draws the secret.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn create() {
    let page = (&raw const SECRET).cast_mut().cast::<c_void>();
    // SAFETY: a page of our own, in zeroed private memory. Kernels before 4.14 refuse: then such children count as their parent.
    unsafe { libc::madvise(page, PAGE_BYTES, libc::MADV_WIPEONFORK) };
    // SAFETY: the caller's promise.
    unsafe { KEPT.set(Secret::new(system::random_u64()).0) };
    restore();
}

/// Puts the secret back into a forked child.
pub fn restore() {
    SECRET.0.store(*KEPT.get(), Relaxed);
}
