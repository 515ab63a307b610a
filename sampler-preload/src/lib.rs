//! `libsampler_preload.so`: counts and samples the allocations of the program that it is preloaded under.
//!
//! It promises that the program cannot tell, except by time and memory; that nothing here panics, allocates through the functions it
//! interposes, or takes a lock; and that an unsampled malloc or free writes no cache line that another thread writes.
//!
//! Reading order: [`entry`] is what programs call; [`dispatch`] sends each call to the functions of the scheme, which are [`early`]
//! until the configuration is read, then those of [`headers`], [`sample_headers`], [`stateless`] or [`count`], or those of the [`next`] allocator itself. [`start`] reads the
//! configuration and is told of forks and of the end; [`output`] creates the files. [`keys`] and [`sizes`] are tables that samples alone touch. [`page_starts`] is about blocks whose header is on another page, [`stack`] is what the record is written on. [`region`] is the memory of the counters, which [`slots`] lends to threads
//! through [`thread`].
#![no_std]
#![deny(missing_docs)]

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
compile_error!("sampler-preload supports x86_64 Linux with glibc only");

mod arena;
mod chunk;
mod count;
mod dispatch;
mod early;
pub mod entry;
mod floats;
mod headers;
mod keys;
mod next;
mod objects;
mod once;
mod output;
mod page_starts;
mod pages;
mod proc_file;
mod region;
mod sample_headers;
mod secret;
mod sizes;
mod slots;
mod stack;
mod start;
mod stateless;
mod sums;
mod system;
mod table;
mod thread;

/// There is no unwinder and nobody to tell: the process ends. No code path here is meant to reach this.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    system::abort()
}
