//! A stack of the library's own, for what the program's may have no room for: the record takes 13
//! KiB to write, and a thread on the smallest stack, a coroutine or a signal handler on an
//! alternate stack may be the one that ends the process.
//!
//! Its memory is the library's, so that there is nothing to ask the kernel for when it is needed.

use core::arch::{asm, naked_asm};
use core::cell::UnsafeCell;
use core::ffi::c_void;

/// Many times what is needed (`the_record_fits_its_stack_several_times` measures it), since a
/// handler of the program may run on it. What is not touched takes no memory. There is no guard page
/// below it: leak checkers and garbage collectors read the data of every library from end to end.
const STACK_BYTES: usize = 256 * 1024;

#[repr(C, align(4096))]
struct Memory(UnsafeCell<[u8; STACK_BYTES]>);
// SAFETY: only ever reached as a stack, by the one user that `call` asks for.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new([0; STACK_BYTES]));

/// Calls `function` on the library's stack. Within such a call, as when a signal handler interrupts
/// it, further ones go on where they are.
///
/// # Safety
/// As for `function`; and no other thread is in here.
pub unsafe fn call(function: unsafe extern "C" fn(*mut c_void), argument: *mut c_void) {
    let lowest = MEMORY.0.get().addr();
    let is_here = (stack_pointer().wrapping_sub(lowest)) < STACK_BYTES;
    // SAFETY: the caller's promise; the top of a stack that nobody is on.
    unsafe {
        if is_here {
            function(argument);
        } else {
            switch(
                function,
                argument,
                MEMORY.0.get().byte_add(STACK_BYTES).cast(),
            );
        }
    }
}

fn stack_pointer() -> usize {
    let pointer: usize;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, rsp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// The caller's frame is found through rbp, by unwinders too.
#[unsafe(naked)]
unsafe extern "C" fn switch(
    function: unsafe extern "C" fn(*mut c_void),
    argument: *mut c_void,
    top: *mut c_void,
) {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rsp, rdx",
        "mov rax, rdi",
        "mov rdi, rsi",
        "call rax",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}
