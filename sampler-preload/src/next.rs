//! The allocator that would have served the program: the next one in link order.
//!
//! All six functions are taken from one object, since a block of one allocator must not reach another. An object that offers only
//! some of them (a tracing wrapper, say) is passed over for libc, whose six belong together.

use core::ffi::{c_int, c_void};
use core::mem::{MaybeUninit, transmute};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::dispatch::Allocator;
use crate::once::SetAtStart;
use crate::{early, objects, system, thread};

/// The next allocator, once [`resolve`] has found it.
pub static NEXT: SetAtStart<Allocator> = SetAtStart::new(early::ALLOCATOR);

static IS_LIBC: AtomicBool = AtomicBool::new(false);
static STATE: AtomicU32 = AtomicU32::new(UNRESOLVED);
const UNRESOLVED: u32 = 0;
const RESOLVING: u32 = 1;
const RESOLVED: u32 = 2;

/// Finds the next allocator at the first call. False if this thread is in the middle of finding it: the caller is `dlsym`.
pub fn resolve() -> bool {
    if STATE.load(Ordering::Acquire) == RESOLVED {
        return true;
    }
    if thread::is_resolving() {
        return false;
    }
    if STATE
        .compare_exchange(UNRESOLVED, RESOLVING, Ordering::Acquire, Ordering::Acquire)
        .is_err()
    {
        while STATE.load(Ordering::Acquire) != RESOLVED {
            core::hint::spin_loop();
        }
        return true;
    }
    thread::set_resolving(true);
    let found = find();
    thread::set_resolving(false);
    let Some(allocator) = found else {
        system::say(c"sampler: no object in link order has malloc, calloc, realloc, free, memalign and malloc_usable_size\n");
        system::abort();
    };
    // A function that only libc has tells where libc is.
    let libc = objects::containing(libc::gnu_get_libc_version as *const c_void);
    let next = objects::containing(allocator.malloc as *const c_void);
    let is_libc = libc
        .zip(next)
        .is_some_and(|(libc, next)| libc.base == next.base);
    IS_LIBC.store(is_libc, Ordering::Relaxed);
    // SAFETY: this is the first call into the library, in the first thread; others wait above and read NEXT only after RESOLVED.
    unsafe { NEXT.set(allocator) };
    STATE.store(RESOLVED, Ordering::Release);
    true
}

/// The path of the object that serves the blocks. For the start only: it takes ld.so's lock.
pub fn object_path() -> &'static [u8] {
    path_of(NEXT.get().malloc as *const c_void)
}

/// The path of this library. For the start only, as above.
pub fn own_path() -> &'static [u8] {
    path_of((&raw const STATE).cast())
}

fn path_of(symbol: *const c_void) -> &'static [u8] {
    objects::containing(symbol).map_or(b"", |object| object.path.to_bytes())
}

/// Whether the blocks are glibc's own.
pub fn is_libc() -> bool {
    IS_LIBC.load(Ordering::Relaxed)
}

/// Whether the program reaches another object's `malloc` before ours: an executable that exports its own, say. For the start only, as above.
pub fn is_bypassed() -> bool {
    // SAFETY: a constant string.
    let reached = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"malloc".as_ptr()) };
    let ours = objects::containing((&raw const STATE).cast());
    let its = objects::containing(reached);
    its.zip(ours)
        .is_some_and(|(its, ours)| its.base != ours.base && is_defined(reached))
}

/// Whether this address of a function is its definition. In an executable that is not position independent and takes a function's address (node,
/// python3), look-ups find a symbol there that is undefined and has a value: a jump to whatever defines it, which may be ours.
fn is_defined(function: *const c_void) -> bool {
    /// The symbol's table entry as third argument; the libc crate lacks it.
    const RTLD_DL_SYMENT: c_int = 1;
    const SHN_UNDEF: u16 = 0;
    let mut info = MaybeUninit::uninit();
    let mut symbol = ptr::null_mut();
    // SAFETY: any address may be asked for; both places are ours.
    let found =
        unsafe { libc::dladdr1(function, info.as_mut_ptr(), &raw mut symbol, RTLD_DL_SYMENT) };
    let symbol = symbol.cast::<libc::Elf64_Sym>();
    if found == 0 || symbol.is_null() {
        return true;
    }
    // SAFETY: dladdr1 gave an entry of the object's symbol table, which lives as long as the object.
    unsafe { (*symbol).st_shndx != SHN_UNDEF }
}

fn find() -> Option<Allocator> {
    let next = from_handle(libc::RTLD_NEXT);
    let found = next.or_else(|| {
        // SAFETY: a constant string; NOLOAD only looks.
        let libc_handle =
            unsafe { libc::dlopen(c"libc.so.6".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        (!libc_handle.is_null()).then(|| from_handle(libc_handle))?
    });
    // SAFETY: a failed look-up left a message that the program's own dlerror() must not find.
    unsafe { libc::dlerror() };
    found
}

fn from_handle(handle: *mut c_void) -> Option<Allocator> {
    let names = [
        c"malloc",
        c"calloc",
        c"realloc",
        c"free",
        c"memalign",
        c"malloc_usable_size",
    ];
    // SAFETY: a valid handle and a constant string.
    let [malloc, calloc, realloc, free, memalign, usable_size] =
        names.map(|name| unsafe { libc::dlsym(handle, name.as_ptr()) });
    let base = objects::containing(malloc)?.base;
    for function in [calloc, realloc, free, memalign, usable_size] {
        if objects::containing(function)?.base != base {
            return None;
        }
    }
    // SAFETY: these are the C library's functions of these names, whose types they are; none is null, since each has an object.
    unsafe {
        Some(Allocator {
            malloc: transmute::<*mut c_void, crate::dispatch::Malloc>(malloc),
            calloc: transmute::<*mut c_void, crate::dispatch::Calloc>(calloc),
            realloc: transmute::<*mut c_void, crate::dispatch::Realloc>(realloc),
            free: transmute::<*mut c_void, crate::dispatch::Free>(free),
            memalign: transmute::<*mut c_void, crate::dispatch::Memalign>(memalign),
            usable_size: transmute::<*mut c_void, crate::dispatch::UsableSize>(usable_size),
            refused: || {},
        })
    }
}
