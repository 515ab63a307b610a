//! What belongs to the calling thread: two words in initial-exec thread-local storage.
//!
//! `thread_local!` would call `__tls_get_addr`, which may allocate; these are one load and one more to read, with
//! no code that runs before first use.

use core::arch::{asm, global_asm};

use sampler_core::slot::Slot;

global_asm!(
    ".section .tbss,\"awT\",@nobits",
    ".p2align 4",
    ".globl sampler_thread_slot",
    ".hidden sampler_thread_slot",
    ".type sampler_thread_slot,@object",
    ".size sampler_thread_slot,8",
    "sampler_thread_slot: .zero 8",
    ".globl sampler_thread_flags",
    ".hidden sampler_thread_flags",
    ".type sampler_thread_flags,@object",
    ".size sampler_thread_flags,8",
    "sampler_thread_flags: .zero 8",
    ".text",
);

/// The flag of a thread whose slot was given back because the thread is about to end.
const LATE: u64 = 1;
/// The flag of the thread that is looking up the next allocator.
const RESOLVING: u64 = 2;

/// The slot that this thread holds.
#[inline(always)]
pub fn slot() -> Option<&'static Slot> {
    let slot: *const Slot;
    // SAFETY: reads this thread's word, which exists from the thread's start to its end.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + sampler_thread_slot@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) slot,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    // SAFETY: zero, or what `set_slot` wrote: a slot, whose memory is never given back.
    unsafe { slot.as_ref() }
}

/// Replaces the slot that this thread holds.
pub fn set_slot(slot: Option<&'static Slot>) {
    let slot: *const Slot = slot.map_or(core::ptr::null(), |slot| slot);
    // SAFETY: writes this thread's word.
    unsafe {
        asm!(
            "mov {t}, qword ptr [rip + sampler_thread_slot@GOTTPOFF]",
            "mov qword ptr fs:[{t}], {slot}",
            t = out(reg) _,
            slot = in(reg) slot,
            options(nostack, preserves_flags),
        );
    }
}

/// Whether this thread gave its slot back for good.
pub fn is_late() -> bool {
    flags() & LATE != 0
}

/// Notes that this thread gave its slot back for good.
pub fn set_late() {
    set_flags(flags() | LATE);
}

/// Whether this thread is looking up the next allocator.
pub fn is_resolving() -> bool {
    flags() & RESOLVING != 0
}

/// Notes that this thread begins or ends looking up the next allocator.
pub fn set_resolving(resolving: bool) {
    set_flags(if resolving {
        flags() | RESOLVING
    } else {
        flags() & !RESOLVING
    });
}

fn flags() -> u64 {
    let flags: u64;
    // SAFETY: reads this thread's word.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + sampler_thread_flags@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) flags,
            options(readonly, nostack, preserves_flags),
        );
    }
    flags
}

fn set_flags(flags: u64) {
    // SAFETY: writes this thread's word.
    unsafe {
        asm!(
            "mov {t}, qword ptr [rip + sampler_thread_flags@GOTTPOFF]",
            "mov qword ptr fs:[{t}], {flags}",
            t = out(reg) _,
            flags = in(reg) flags,
            options(nostack, preserves_flags),
        );
    }
}
