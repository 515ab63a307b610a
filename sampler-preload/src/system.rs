//! The few things we ask of the kernel and of libc, none of which allocates.

use core::ffi::{CStr, c_int, c_void};
use core::ptr::null_mut;

// The crate libc names the library itself only where no other crate of the build asks it for its std feature.
#[link(name = "c")]
unsafe extern "C" {}

/// Bytes of a page on this architecture.
pub const PAGE_BYTES: usize = 4096;

/// This thread's `errno`.
pub fn errno() -> c_int {
    // SAFETY: the address is this thread's own errno, always valid.
    unsafe { *libc::__errno_location() }
}

/// Sets this thread's `errno`.
pub fn set_errno(value: c_int) {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = value }
}

/// Ends the process by SIGABRT.
pub fn abort() -> ! {
    // SAFETY: abort has no preconditions.
    unsafe { libc::abort() }
}

/// Writes one line to standard error.
pub fn say(line: &CStr) {
    // SAFETY: a valid buffer of that length.
    unsafe {
        libc::write(
            libc::STDERR_FILENO,
            line.as_ptr().cast(),
            line.count_bytes(),
        )
    };
}

/// This process; 0 where a sandbox refuses to say.
pub fn pid() -> u32 {
    // SAFETY: getpid has no preconditions.
    u32::try_from(unsafe { libc::getpid() }).unwrap_or(0)
}

/// The parent of this process; 0 likewise.
pub fn parent_pid() -> u32 {
    // SAFETY: getppid has no preconditions.
    u32::try_from(unsafe { libc::getppid() }).unwrap_or(0)
}

/// Zeroed private memory, or `None`. `errno` is kept.
pub fn map(bytes: usize) -> Option<*mut c_void> {
    let before = errno();
    // SAFETY: a new anonymous mapping changes nothing that exists.
    let memory = unsafe {
        libc::mmap(
            null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    set_errno(before);
    (memory != libc::MAP_FAILED).then_some(memory)
}

/// Makes memory from `map` zeroes again, at the same address; false if that is refused. By `mmap`, which every allocator calls: a sandbox that lets a
/// program allocate may still refuse `madvise`.
///
/// # Safety
/// `memory` is from `map(bytes)`, and zeroes are what its users may find there at any time.
pub unsafe fn clear(memory: *mut c_void, bytes: usize) -> bool {
    let before = errno();
    // SAFETY: the caller's promise: the mapping is ours.
    let cleared = unsafe {
        libc::mmap(
            memory,
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    set_errno(before);
    cleared != libc::MAP_FAILED
}

/// Gives back what `map` gave.
///
/// # Safety
/// `memory` is from `map(bytes)`, and nobody uses it any more.
pub unsafe fn unmap(memory: *mut c_void, bytes: usize) {
    // SAFETY: the caller's promise. It cannot fail for a whole mapping.
    unsafe { libc::munmap(memory, bytes) };
}

/// 64 bits from the kernel's generator; without it (an old kernel, a sandbox), from the clock and the address of the stack.
pub fn random_u64() -> u64 {
    let mut bytes = [0u8; 8];
    let before = errno();
    // SAFETY: the buffer is ours and of the stated length.
    let got =
        unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    set_errno(before);
    if got == bytes.len() as isize {
        return u64::from_ne_bytes(bytes);
    }
    clock_u64()
}

/// 64 bits from the clock, which libc reads without a system call, and the address of the stack.
pub fn clock_u64() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let stack = &raw const now as u64;
    sampler_core::random::mix(now.tv_nsec as u64 ^ (now.tv_sec as u64) << 30, stack)
}
