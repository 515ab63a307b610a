//! What programs call: every allocating function of glibc, in a few lines each.
//!
//! `operator new` and `delete` are not here: C++ libraries build them on these, and a program's own must stay in force.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use libc::{EINVAL, ENOMEM};

use crate::dispatch::CURRENT;
use crate::system::{PAGE_BYTES, set_errno};

/// `malloc(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the caller keeps to malloc's contract, which is that of the function called.
    unsafe { (CURRENT.get().malloc)(size) }
}

/// `free(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: as for `malloc`.
    unsafe { (CURRENT.get().free)(block) }
}

/// `calloc(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: as for `malloc`.
    unsafe { (CURRENT.get().calloc)(count, size) }
}

/// `realloc(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: as for `malloc`.
    unsafe { (CURRENT.get().realloc)(block, size) }
}

/// `reallocarray(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn reallocarray(
    block: *mut c_void,
    count: usize,
    size: usize,
) -> *mut c_void {
    let Some(bytes) = count.checked_mul(size) else {
        return refused();
    };
    // SAFETY: as for `malloc`.
    let block = unsafe { (CURRENT.get().realloc)(block, bytes) };
    if bytes == 0 {
        // Freed, perhaps: NULL is no failure.
        return block;
    }
    served(block)
}

/// `memalign(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    // glibc rounds the alignment up to a power of two.
    let Some(alignment) = alignment.checked_next_power_of_two() else {
        (CURRENT.get().refused)();
        set_errno(EINVAL);
        return null_mut();
    };
    // SAFETY: as for `malloc`.
    served(unsafe { (CURRENT.get().memalign)(alignment, size) })
}

/// `aligned_alloc(3)`, which is `memalign` in glibc up to 2.37 (later ones refuse an alignment that is no power of two).
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: as for `malloc`.
    unsafe { memalign(alignment, size) }
}

/// `posix_memalign(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(
    result: *mut *mut c_void,
    alignment: usize,
    size: usize,
) -> c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        (CURRENT.get().refused)();
        return EINVAL;
    }
    // SAFETY: as for `malloc`.
    let block = unsafe { (CURRENT.get().memalign)(alignment, size) };
    if block.is_null() {
        return ENOMEM;
    }
    // SAFETY: the caller's pointer is valid for a write, by posix_memalign's contract.
    unsafe { result.write(block) };
    0
}

/// `valloc(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn valloc(size: usize) -> *mut c_void {
    // SAFETY: as for `malloc`.
    served(unsafe { (CURRENT.get().memalign)(PAGE_BYTES, size) })
}

/// `pvalloc(3)`: whole pages; they are what is counted.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pvalloc(size: usize) -> *mut c_void {
    let Some(pages) = size.checked_next_multiple_of(PAGE_BYTES) else {
        return refused();
    };
    // SAFETY: as for `malloc`.
    served(unsafe { (CURRENT.get().memalign)(PAGE_BYTES, pages) })
}

/// `malloc_usable_size(3)`
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: as for `malloc`.
    unsafe { (CURRENT.get().usable_size)(block) }
}

/// `free_sized` of C23; the size is a hint that we do not need.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_sized(block: *mut c_void, _size: usize) {
    // SAFETY: as for `malloc`.
    unsafe { free(block) }
}

/// `free_aligned_sized` of C23.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free_aligned_sized(block: *mut c_void, _alignment: usize, _size: usize) {
    // SAFETY: as for `malloc`.
    unsafe { free(block) }
}

/// `sdallocx` of jemalloc, whose `operator new` for large alignments calls `aligned_alloc`, which is ours, and whose `operator delete` calls this.
///
/// # Safety
/// As in jemalloc.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sdallocx(block: *mut c_void, _size: usize, _flags: c_int) {
    // SAFETY: as for `malloc`.
    unsafe { free(block) }
}

/// `cfree`, which programs linked against glibc before 2.26 may still call.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cfree(block: *mut c_void) {
    // SAFETY: as for `malloc`.
    unsafe { free(block) }
}

/// The block, or NULL with `ENOMEM`: these entries are built here, not by the next allocator, whose `memalign` and `realloc` may leave `errno` alone.
#[inline(always)]
fn served(block: *mut c_void) -> *mut c_void {
    if block.is_null() {
        set_errno(ENOMEM);
    }
    block
}

/// A request for more bytes than there are numbers.
#[cold]
#[inline(never)]
fn refused() -> *mut c_void {
    (CURRENT.get().refused)();
    served(null_mut())
}
