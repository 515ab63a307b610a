//! What happens once: at the process's start, in a forked child, and at the end.
//!
//! The library is linked with `-z initfirst`: its constructor runs before all others, so that their allocations are counted; its exit
//! handler, registered first, runs after all others and after every destructor; its fork handler runs first in a child.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::Write;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use sampler_core::decision::{Hash, Hybrid, PageHash, PoissonBytes};
use sampler_core::header::Secret;
use sampler_core::random::mix;
use sampler_core::record::{self, Process};
use sampler_core::{BadValue, Config, Scheme, Variable};

use crate::dispatch::{Allocator, CURRENT};
use crate::headers::SECRET;
use crate::next::NEXT;
use crate::once::SetAtStart;
use crate::output::Text;
use crate::{arena, count, early, headers, next, output, pages, proc_file, slots, system};

const COMMAND_BYTES: usize = 2048;

static CONFIG: SetAtStart<Config> = SetAtStart::new(Config::DEFAULT);
static SEED: AtomicU64 = AtomicU64::new(0);
static PID: AtomicU32 = AtomicU32::new(0);
static PARENT_PID: AtomicU32 = AtomicU32::new(0);
static COMMAND: SetAtStart<Command> = SetAtStart::new(Command {
    bytes: [0; COMMAND_BYTES],
    used: 0,
    cut: false,
});

struct Command {
    bytes: [u8; COMMAND_BYTES],
    used: usize,
    cut: bool,
}

unsafe extern "C" {
    // libc offers these two to programs only through a static library, so that they know which object they belong to; ours must outlive all.
    fn __cxa_atexit(
        handler: unsafe extern "C" fn(*mut c_void),
        argument: *mut c_void,
        object: *mut c_void,
    ) -> c_int;
    fn __cxa_at_quick_exit(
        handler: unsafe extern "C" fn(*mut c_void),
        object: *mut c_void,
    ) -> c_int;
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char) = start;

/// The configuration of this process.
#[inline(always)]
pub fn config() -> &'static Config {
    CONFIG.get()
}

/// The seed of this process.
pub fn seed() -> u64 {
    SEED.load(Relaxed)
}

/// # Safety
/// Called by ld.so, before the program has a second thread, with the program's arguments and environment.
unsafe extern "C" fn start(
    _count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) {
    next::resolve();
    // SAFETY: one thread; both lists end with NULL.
    unsafe {
        COMMAND.set(read_command(arguments));
        let stats_file = find(environment, b"SAMPLER_STATS_FILE");
        match read_config(environment) {
            Ok(config) => CONFIG.set(config),
            Err((bad, found)) if !proc_file::parent_has_library() => refuse(bad, found),
            // A parent under the library has told its user; a child that changed a variable runs on, unrecorded.
            Err(_) => return,
        }
        PID.store(system::pid(), Relaxed);
        PARENT_PID.store(system::parent_pid(), Relaxed);
        let wanted = stats_file.is_some_and(|path| !path.is_empty() && output::set_path(path));
        let image = if wanted {
            output::create(system::pid())
        } else {
            None
        };
        SEED.store(first_seed(image.unwrap_or(0)), Relaxed);
        SECRET.set(Secret::new(system::random_u64()));
        if wanted {
            __cxa_atexit(at_exit, null_mut(), null_mut());
            __cxa_at_quick_exit(at_quick_exit, null_mut());
        }
        libc::pthread_atfork(None, None, Some(in_child));
        slots::start();
        install(scheme_allocator());
    }
}

/// Puts the scheme's functions in force.
unsafe fn install(allocator: Allocator) {
    // SAFETY: one thread, as in `start`.
    unsafe {
        if arena::was_used() {
            early::stand_before(allocator);
        } else {
            CURRENT.set(allocator);
        }
    }
}

fn scheme_allocator() -> Allocator {
    let config = config();
    match (config.scheme, config.truth) {
        (Scheme::HeaderHash, true) => headers::allocator::<Hash, true>(),
        (Scheme::HeaderHash, false) => headers::allocator::<Hash, false>(),
        (Scheme::HeaderPageHash, true) => headers::allocator::<PageHash, true>(),
        (Scheme::HeaderPageHash, false) => headers::allocator::<PageHash, false>(),
        (Scheme::HeaderPoissonBytes, true) => headers::allocator::<PoissonBytes, true>(),
        (Scheme::HeaderPoissonBytes, false) => headers::allocator::<PoissonBytes, false>(),
        (Scheme::HeaderHybrid, true) => headers::allocator::<Hybrid, true>(),
        (Scheme::HeaderHybrid, false) => headers::allocator::<Hybrid, false>(),
        (Scheme::Count, true) => count::ALLOCATOR,
        // Nothing is sampled and nothing else to be counted.
        (Scheme::Count, false) | (Scheme::None, _) => *NEXT.get(),
    }
}

/// The first process of a run takes the seed as given; others, and other images of its pid, mix in who they are.
fn first_seed(image: u32) -> u64 {
    let Some(seed) = config().seed else {
        return system::random_u64();
    };
    if image == 0 && !proc_file::parent_has_library() {
        return seed;
    }
    mix(seed, identity(image))
}

fn identity(image: u32) -> u64 {
    u64::from(image) << 32 | u64::from(system::pid())
}

/// In a forked child: it starts from zero, with draws and a record of its own. It keeps the secret, since it inherits blocks.
unsafe extern "C" fn in_child() {
    PID.store(system::pid(), Relaxed);
    PARENT_PID.store(system::parent_pid(), Relaxed);
    // SAFETY: a forked child has one thread.
    let image = unsafe { output::create(system::pid()) }.unwrap_or(0);
    let seed = match config().seed {
        Some(seed) => mix(seed, identity(image)),
        None => system::random_u64(),
    };
    SEED.store(seed, Relaxed);
    pages::restart_in_child();
    slots::restart_in_child(seed);
}

unsafe extern "C" fn at_exit(_: *mut c_void) {
    end("exit");
}

unsafe extern "C" fn at_quick_exit(_: *mut c_void) {
    end("quick_exit");
}

fn end(ended: &str) {
    let pid = PID.load(Relaxed);
    if system::pid() != pid {
        // A child made without fork handlers shares its parent's record: it is not ours to fill.
        return;
    }
    let command = COMMAND.get();
    let process = Process {
        library_version: env!("CARGO_PKG_VERSION"),
        pid,
        parent_pid: PARENT_PID.load(Relaxed),
        command: &command.bytes[..command.used],
        command_cut: command.cut,
        next_allocator: next::object_path(),
        ended,
        config: *config(),
        seed: seed(),
        peak_rss_bytes: proc_file::peak_rss_bytes(),
        calls_without_slot: slots::calls_without_slot(),
        pages_without_table: pages::without_table(),
    };
    output::finish(|text| record::write(text, &process, &slots::totals()));
}

/// # Safety
/// `arguments` is a list of strings that ends with NULL.
unsafe fn read_command(arguments: *const *const c_char) -> Command {
    let mut command = Command {
        bytes: [0; COMMAND_BYTES],
        used: 0,
        cut: false,
    };
    let mut text = Text::new(&mut command.bytes);
    // SAFETY: the caller's promise.
    let cut = unsafe { strings(arguments) }
        .any(|argument| text.push(argument.to_bytes_with_nul()).is_err());
    let used = text.as_bytes().len();
    command.used = used;
    command.cut = cut;
    command
}

/// # Safety
/// `environment` is a list of strings that ends with NULL and stays as it is.
unsafe fn read_config(
    environment: *const *const c_char,
) -> Result<Config, (BadValue, &'static [u8])> {
    let mut config = Config::default();
    for variable in Variable::ALL {
        // SAFETY: the caller's promise.
        let found = unsafe { find(environment, variable.name().as_bytes()) };
        if let Some(text) = found {
            config.set(variable, text).map_err(|bad| (bad, text))?;
        }
    }
    Ok(config)
}

/// # Safety
/// As `read_config`.
unsafe fn find(environment: *const *const c_char, name: &[u8]) -> Option<&'static [u8]> {
    // SAFETY: the caller's promise.
    unsafe { strings(environment) }
        .find_map(|entry| entry.to_bytes().strip_prefix(name)?.strip_prefix(b"="))
}

/// # Safety
/// `list` ends with NULL; its strings stay as they are.
unsafe fn strings(list: *const *const c_char) -> impl Iterator<Item = &'static CStr> {
    // SAFETY: the caller's promise: every entry up to the NULL is there, and a string.
    (0..)
        .map_while(move |index| unsafe { list.add(index).read().as_ref() })
        .map(|string| unsafe { CStr::from_ptr(string) })
}

/// One line on what is wrong with a variable, and no program.
fn refuse(BadValue(variable): BadValue, found: &[u8]) -> ! {
    const SHOWN_BYTES: usize = 200;
    let mut line = [0u8; 1024];
    let mut text = Text::new(&mut line);
    // What does not fit is left out: the buffer holds the longest list and the shown part of any value.
    let _ = write!(text, "sampler: {} is '", variable.name());
    let _ = text.push(&found[..found.len().min(SHOWN_BYTES)]);
    let _ = writeln!(text, "'; accepted: {}", variable.accepted());
    // SAFETY: a buffer of that length; _exit ends the process before its constructors and main.
    unsafe {
        libc::write(2, text.as_bytes().as_ptr().cast(), text.as_bytes().len());
        libc::_exit(127)
    }
}
