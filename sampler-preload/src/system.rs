//! The few things we ask of the kernel and of libc, none of which allocates.

use core::arch::asm;
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

/// This process.
pub fn pid() -> u32 {
    // SAFETY: getpid has no preconditions.
    unsafe { libc::getpid() as u32 }
}

/// The parent of this process.
pub fn parent_pid() -> u32 {
    // SAFETY: getppid has no preconditions.
    unsafe { libc::getppid() as u32 }
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

/// Gives back what `map` gave.
///
/// # Safety
/// `memory` is from `map(bytes)`, and nobody uses it any more.
pub unsafe fn unmap(memory: *mut c_void, bytes: usize) {
    // SAFETY: the caller's promise. It cannot fail for a whole mapping.
    unsafe { libc::munmap(memory, bytes) };
}

/// Whether the 8 bytes at `address` can be read, asked without a fault.
///
/// rt_sigprocmask copies its argument before it looks at `how`: a `how` that does not exist is EFAULT for memory that cannot be read and
/// EINVAL for memory that can. Any sandbox that lets libc run allows this call.
pub fn is_readable(address: usize) -> bool {
    const NO_SUCH_HOW: isize = -1;
    let result: isize;
    // SAFETY: the kernel reads 8 bytes at `address` or fails; it writes nothing, since the old-set pointer is null and `how` is refused.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") libc::SYS_rt_sigprocmask as isize => result,
            in("rdi") NO_SUCH_HOW,
            in("rsi") address,
            in("rdx") 0,
            in("r10") 8,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result == -(libc::EINVAL as isize)
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
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    let stack = &raw const now as u64;
    sampler_core::random::mix(now.tv_nsec as u64 ^ (now.tv_sec as u64) << 30, stack)
}
