//! The allocator that would have served the program: the next one in link order.
//!
//! All six functions are taken from one object, since a block of one allocator must not reach another. An object that offers only
//! some of them (a tracing wrapper, say) is passed over for libc, whose six belong together.
//!
//! Programs refer to `malloc@GLIBC_2.2.5`, and so reach an object that has it as an old version only: `libc_malloc_debug.so.0`, behind `MALLOC_CHECK_` and
//! `mtrace`. `dlsym` passes such a version over and `dlvsym` finds it, but in turn passes over what has no version. So both are asked, and the earlier object is
//! the one that the program would have reached.

use core::ffi::{CStr, c_int, c_void};
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
    let reached = look_up(libc::RTLD_DEFAULT, c"malloc", Version::Default);
    let versioned = look_up(libc::RTLD_DEFAULT, c"malloc", Version::Oldest);
    let Some(ours) = objects::containing((&raw const STATE).cast()) else {
        return false;
    };
    let is_other = objects::containing(reached).is_some_and(|its| its.base != ours.base);
    let is_before = objects::containing(versioned).is_some_and(|its| its.place < ours.place);
    is_other && is_defined(reached) || is_before && is_defined(versioned)
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
    let next = next_in_order();
    let found = next.or_else(|| {
        // SAFETY: a constant string; NOLOAD only looks.
        let libc_handle =
            unsafe { libc::dlopen(c"libc.so.6".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
        (!libc_handle.is_null()).then(|| from_handle(libc_handle, Version::Default))?
    });
    // SAFETY: a failed look-up left a message that the program's own dlerror() must not find.
    unsafe { libc::dlerror() };
    found
}

/// Which version of a symbol.
#[derive(Clone, Copy)]
enum Version {
    /// The one that new programs are linked against, or a symbol without.
    Default,
    /// The one that every x86-64 program refers to, as glibc has had no other.
    Oldest,
}

fn look_up(handle: *mut c_void, name: &CStr, version: Version) -> *mut c_void {
    // SAFETY: a valid handle and strings.
    unsafe {
        match version {
            Version::Default => libc::dlsym(handle, name.as_ptr()),
            Version::Oldest => libc::dlvsym(handle, name.as_ptr(), c"GLIBC_2.2.5".as_ptr()),
        }
    }
}

/// The six of the first object behind this one that has them in either version.
fn next_in_order() -> Option<Allocator> {
    let [default, oldest] =
        [Version::Default, Version::Oldest].map(|version| from_handle(libc::RTLD_NEXT, version));
    let (Some(default), Some(oldest)) = (default, oldest) else {
        return default.or(oldest);
    };
    let place = |allocator: &Allocator| {
        objects::containing(allocator.malloc as *const c_void).map(|object| object.place)
    };
    let is_oldest_first = place(&oldest) < place(&default);
    Some(if is_oldest_first { oldest } else { default })
}

fn from_handle(handle: *mut c_void, version: Version) -> Option<Allocator> {
    let names = [
        c"malloc",
        c"calloc",
        c"realloc",
        c"free",
        c"memalign",
        c"malloc_usable_size",
    ];
    let [malloc, calloc, realloc, free, memalign, usable_size] =
        names.map(|name| look_up(handle, name, version));
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
