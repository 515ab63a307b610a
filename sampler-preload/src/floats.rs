//! Computing with floats in an environment of the library's own.
//!
//! The program's may trap what is inexact or divided by zero, round upwards, or flush small numbers to zero; and it may ask which exceptions there were since it
//! last looked. All of that is one register, MXCSR, since the compiler uses SSE alone for floats: it is saved, set to what a process starts with, and put back.
//!
//! A signal handler in between starts with that environment too, by the kernel, and what it leaves by a jump was the kernel's.

use core::arch::asm;

/// What a process starts with: nothing traps, to nearest, denormal numbers as they are, no exception so far (System V ABI, AMD64, 3.2.1).
const DEFAULT: u32 = 0x1F80;

/// Calls `compute`, which may compute with floats. Nothing else in the library may.
#[inline(always)]
pub fn apart<R>(compute: impl FnOnce() -> R) -> R {
    let theirs = environment();
    set_environment(DEFAULT);
    let result = called(compute);
    set_environment(theirs);
    result
}

/// As [`apart`] without a call, for the one computation that is on the path of every free: `compute` gets `operand`, on which all that is not exact in it has
/// to depend, and has to hand its results to instructions that the compiler leaves in their place.
#[inline(always)]
pub fn apart_in_place(operand: u64, compute: impl FnOnce(u64)) {
    let mut theirs = 0u32;
    let place = &raw mut theirs;
    let mut operand = operand;
    // SAFETY: writes the register to 4 bytes of our own, and sets it as in `set_environment`. The operand passes through, so that nothing that is made of it can
    // come before.
    unsafe {
        asm!(
            "stmxcsr [{place}]",
            "ldmxcsr [rip + {default}]",
            "/* {operand} */",
            place = in(reg) place,
            default = sym DEFAULT_WORD,
            operand = inout(reg) operand,
            options(nostack, preserves_flags)
        );
    }
    compute(operand);
    // SAFETY: what was there before.
    unsafe { asm!("ldmxcsr [{}]", in(reg) place, options(nostack, preserves_flags)) };
}

/// In memory, where the instruction takes it from.
static DEFAULT_WORD: u32 = DEFAULT;

/// Not inlined: to the compiler arithmetic depends on its operands alone, and may be moved over a change of the environment; a call that reads memory may not.
#[inline(never)]
fn called<R>(compute: impl FnOnce() -> R) -> R {
    compute()
}

#[inline(always)]
fn environment() -> u32 {
    let mut word = 0u32;
    // SAFETY: writes the register to 4 bytes of our own.
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags));
    }
    word
}

#[inline(always)]
fn set_environment(word: u32) {
    // SAFETY: a word that the register held before, or one without reserved bits. Reads 4 bytes of our own. Where Rust code runs between two calls the word is
    // the default, which is what the compiler assumes; the program's is there again when the program runs.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags));
    }
}
