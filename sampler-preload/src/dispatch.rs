//! The functions that serve the program's calls, one jump away.
//!
//! Which they are is decided once, when the configuration is read: no call asks for the scheme.

use core::ffi::c_void;

use crate::early;
use crate::once::SetAtStart;

/// `malloc`
pub type Malloc = unsafe extern "C" fn(usize) -> *mut c_void;
/// `calloc`
pub type Calloc = unsafe extern "C" fn(usize, usize) -> *mut c_void;
/// `realloc`
pub type Realloc = unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void;
/// `free`
pub type Free = unsafe extern "C" fn(*mut c_void);
/// `memalign`: the alignment comes first
pub type Memalign = unsafe extern "C" fn(usize, usize) -> *mut c_void;
/// `malloc_usable_size`
pub type UsableSize = unsafe extern "C" fn(*mut c_void) -> usize;

/// An allocator: every other entry point is built on its six functions.
#[derive(Clone, Copy)]
pub struct Allocator {
    /// Serves `malloc`.
    pub malloc: Malloc,
    /// Serves `calloc`.
    pub calloc: Calloc,
    /// Serves `realloc`.
    pub realloc: Realloc,
    /// Serves `free`.
    pub free: Free,
    /// Serves `memalign` and all that is built on it.
    pub memalign: Memalign,
    /// Serves `malloc_usable_size`.
    pub usable_size: UsableSize,
    /// Is told of a call that failed for its arguments and reached none of the others.
    pub refused: fn(),
}

/// What the exported functions call.
pub static CURRENT: SetAtStart<Allocator> = SetAtStart::new(early::ALLOCATOR);
