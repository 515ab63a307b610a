//! Sums of the thread's own slot.

use core::arch::asm;
use core::arch::x86_64::{
    __m128i, _mm_add_epi64, _mm_cvtsd_si64, _mm_load_si128, _mm_set_sd, _mm_setzero_si128,
};

use sampler_core::bins::FINE_BINS;
use sampler_core::counter::{Counter, FineBins, Owner};

/// The thread that holds the slot: nobody else writes it but a signal handler of that thread.
pub struct Local;

impl Owner for Local {
    /// By one instruction on memory: a handler comes before it or after it.
    #[inline(always)]
    fn add(counter: &Counter, more: u64) {
        // SAFETY: the counter is 8 bytes of atomic memory, aligned, that lives as long as the borrow; readers in other threads see it before or after.
        unsafe {
            asm!(
                "add qword ptr [{counter}], {more}",
                counter = in(reg) core::ptr::from_ref(counter),
                more = in(reg) more,
                options(nostack),
            );
        }
    }

    /// By compare-and-exchange without the bus lock, a quarter of the locked one's time: a handler comes between instructions, not within one.
    #[inline(always)]
    fn add_f64(counter: &Counter, more: f64) {
        // SAFETY: the counter is 8 bytes of atomic memory, aligned, that lives as long as the borrow; they are read and written by one instruction, which
        // readers in other threads see whole. Where a handler has added in between, that instruction writes nothing and reads the new sum.
        unsafe {
            asm!(
                "mov rax, qword ptr [{counter}]",
                "2:",
                "movq {sum}, rax",
                "addsd {sum}, {more}",
                "movq {after}, {sum}",
                "cmpxchg qword ptr [{counter}], {after}",
                "jne 2b",
                counter = in(reg) core::ptr::from_ref(counter),
                more = in(xmm_reg) more,
                sum = out(xmm_reg) _,
                after = out(reg) _,
                out("rax") _,
                options(nostack),
            );
        }
    }

    /// One instruction, where the language's conversion takes six: it also handles numbers that do not fit.
    #[inline(always)]
    fn round(number: f64) -> u64 {
        // SAFETY: needs SSE2, which every x86-64 has.
        unsafe { _mm_cvtsd_si64(_mm_set_sd(number)) as u64 }
    }

    /// Two counters at a time, which atomics do not let the compiler do.
    #[inline(always)]
    fn sum(bins: &FineBins) -> u64 {
        let pairs: *const __m128i = core::ptr::from_ref(bins).cast();
        // SAFETY: needs SSE2, which every x86-64 has.
        let mut sums = unsafe { _mm_setzero_si128() };
        for pair in 0..FINE_BINS / 2 {
            // SAFETY: within the counters, and aligned as the type is. This thread alone writes them, so nothing changes them during the load; a handler's
            // changes come before or after it.
            let pair = unsafe { _mm_load_si128(pairs.add(pair)) };
            // SAFETY: as above.
            sums = unsafe { _mm_add_epi64(sums, pair) };
        }
        // SAFETY: two numbers of 64 bits, in other words.
        let [even, odd] = unsafe { core::mem::transmute::<__m128i, [u64; 2]>(sums) };
        even.wrapping_add(odd)
    }
}
