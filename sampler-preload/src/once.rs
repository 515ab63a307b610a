//! Values that are written while the process has one thread, before its first constructor ends, and are only read from then on.

use core::cell::UnsafeCell;

/// A value that is set at start.
pub struct SetAtStart<T>(UnsafeCell<T>);

// SAFETY: `set` is unsafe and its caller promises that no other thread is there; afterwards there are only reads.
unsafe impl<T> Sync for SetAtStart<T> {}

impl<T> SetAtStart<T> {
    /// What is read until `set`.
    pub const fn new(value: T) -> SetAtStart<T> {
        SetAtStart(UnsafeCell::new(value))
    }

    /// The value.
    #[inline(always)]
    pub fn get(&self) -> &T {
        // SAFETY: writes happen only while no reference is held (see `set`).
        unsafe { &*self.0.get() }
    }

    /// Replaces the value.
    ///
    /// # Safety
    /// The process has one thread, and no reference from `get` is in use.
    pub unsafe fn set(&self, value: T) {
        // SAFETY: the caller's promise.
        unsafe { *self.0.get() = value }
    }
}
