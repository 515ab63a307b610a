//! What belongs to the calling thread: two words in initial-exec thread-local storage.
//!
//! `thread_local!` would call `__tls_get_addr`, which may allocate; these are one load and one more to read, with
//! no code that runs before first use.
//!
//! The first word is zero while the thread holds no slot, else the slot's address less the secret. Adding the secret then overflows, and only then: it
//! does not overflow from zero, nor where the secret was wiped because the process was forked behind our back. So one addition both finds the
//! slot and tells whether it is there to be counted in.

use core::arch::{asm, global_asm};
use core::ptr::with_exposed_provenance;

use sampler_core::header::Secret;
use sampler_core::slot::Slot;

use crate::secret;

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

/// The flag of the thread that is looking up the next allocator.
const RESOLVING: u64 = 1;

/// The slot that this thread holds; none in a child that has not been told that it is one.
#[inline(always)]
pub fn slot() -> Option<&'static Slot> {
    // The word first: then the compiler adds the secret from where it lies.
    let word = slot_word();
    slot_of(word, secret::get())
}

/// The slot that this thread holds, in such a child too: there it may still be the parent's.
pub fn held_slot() -> Option<&'static Slot> {
    slot_of(slot_word(), secret::kept())
}

#[inline(always)]
fn slot_word() -> u64 {
    let word: u64;
    // SAFETY: reads this thread's word, which exists from the thread's start to its end.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + sampler_thread_slot@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) word,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    word
}

#[inline(always)]
fn slot_of(word: u64, secret: Secret) -> Option<&'static Slot> {
    let (address, is_slot) = word.overflowing_add(secret.0);
    // SAFETY: what `set_slot` took the secret off: a slot, whose memory is never given back.
    is_slot.then(|| unsafe { &*with_exposed_provenance::<Slot>(address as usize) })
}

/// Replaces the slot that this thread holds.
pub fn set_slot(slot: Option<&'static Slot>) {
    let word = slot.map_or(0, |slot| {
        let address = (&raw const *slot).expose_provenance() as u64;
        address.wrapping_sub(secret::kept().0)
    });
    // SAFETY: writes this thread's word.
    unsafe {
        asm!(
            "mov {t}, qword ptr [rip + sampler_thread_slot@GOTTPOFF]",
            "mov qword ptr fs:[{t}], {word}",
            t = out(reg) _,
            word = in(reg) word,
            options(nostack, preserves_flags),
        );
    }
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
