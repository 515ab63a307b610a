//! What happens once: at the process's start, in a forked child, and at the end.
//!
//! The library is linked with `-z initfirst`: its constructor runs before all others, so that their allocations are counted; its exit
//! handler, registered first, runs after all others and after every destructor; its fork handler runs first in a child.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::fmt::Write;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use sampler_core::decision::{
    AddressHash, Always, Bernoulli, Decision, Hash, HashMurmurish, HashSplitmix, Hybrid, PageHash,
    PoissonBytes, Salted,
};
use sampler_core::live::{Ending, Identity, Live};
use sampler_core::random::mix;
use sampler_core::record;
use sampler_core::{BadValue, Config, Scheme, TrackingName, Variable};

use crate::dispatch::{Allocator, CURRENT};
use crate::next::NEXT;
use crate::once::SetAtStart;
use crate::output::Text;
use crate::sample_headers::{Addresses, Tags};
use crate::{
    arena, count, early, floats, headers, keys, next, output, page_starts, pages, proc_file,
    region, sample_headers, secret, sizes, slots, stack, stateless, system, table,
};

static CONFIG: SetAtStart<Config> = SetAtStart::new(Config::DEFAULT);
static SEED: AtomicU64 = AtomicU64::new(0);
static PID: AtomicU32 = AtomicU32::new(0);
/// Keeps what the program is while a child replaces the page that says so; not on the stack, which may be small.
static PROGRAM: Live = Live::new();
/// Set while a child becomes a process of its own.
static IN_CHILD: AtomicBool = AtomicBool::new(false);

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
        let stats_file = find(environment, b"SAMPLER_STATS_FILE");
        match read_config(environment) {
            Ok(config) => CONFIG.set(config),
            Err((bad, found)) if !proc_file::parent_has_library() => refuse(bad, found),
            // A parent under the library has told its user; a child that changed a variable runs on, unrecorded.
            Err(_) => return,
        }
        let wanted = stats_file.is_some_and(|path| !path.is_empty() && output::set_path(path));
        let has_parent = config().seed.is_some() && output::has_record_of(system::parent_pid());
        let created = output::create(system::pid());
        let image = created.as_ref().map_or(0, |created| created.image);
        if let Some(file) = created.and_then(|created| created.live) {
            region::replace(Some(file));
            output::close(file);
        }
        if config().scheme == Scheme::Sizes && wanted {
            sizes::start();
        }
        // Arguments that do not fit are noted as missing.
        strings(arguments)
            .all(|argument| region::live().push_argument(argument.to_bytes_with_nul()));
        region::live().set_allocator(next::object_path(), next::is_bypassed());
        let [pid, parent_pid] = [system::pid(), system::parent_pid()];
        begin(image, pid, parent_pid, first_seed(image, pid, has_parent));
        if wanted {
            __cxa_atexit(at_exit, null_mut(), null_mut());
            __cxa_at_quick_exit(at_quick_exit, null_mut());
        }
        libc::pthread_atfork(None, None, Some(in_child));
        if has_table() {
            table::start();
        }
        secret::create();
        install(noting_page_starts(scheme_allocator()));
    }
}

/// Says who this process is.
fn begin(image: u32, pid: u32, parent_pid: u32, seed: u64) {
    PID.store(pid, Relaxed);
    SEED.store(seed, Relaxed);
    let identity = Identity {
        pid,
        parent_pid,
        image,
        config: *config(),
        seed,
    };
    region::live().begin(&identity, env!("CARGO_PKG_VERSION"));
    // SAFETY: the argument is what the function takes; one thread, as in `start` and `in_child`.
    unsafe { stack::call(write_begun, (&raw const identity).cast_mut().cast()) };
}

/// # Safety
/// The process has one thread, and the argument is its [`Identity`].
unsafe extern "C" fn write_begun(identity: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe {
        let identity = &*identity.cast::<Identity>();
        output::begin(|text| record::write_unfinished(text, region::live(), identity));
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

/// # Safety
/// As `install`.
unsafe fn noting_page_starts(allocator: Allocator) -> Allocator {
    match config().scheme.tracking() {
        // SAFETY: the caller's promise.
        TrackingName::AllHeaders => unsafe { page_starts::noting(allocator) },
        _ => allocator,
    }
}

fn has_table() -> bool {
    let tracking = config().scheme.tracking();
    matches!(
        tracking,
        TrackingName::SampleHeaders | TrackingName::SampleMap
    )
}

fn scheme_allocator() -> Allocator {
    let truth = config().truth;
    match config().scheme {
        Scheme::HeaderHash => salted_headers::<Hash>(),
        Scheme::HeaderPageHash => salted_headers::<PageHash>(),
        Scheme::HeaderPoissonBytes => all_headers::<PoissonBytes>(),
        Scheme::HeaderHybrid => salted_headers::<Hybrid>(),
        Scheme::HeaderBernoulli => all_headers::<Bernoulli>(),
        Scheme::HeaderHashSplitmix => salted_headers::<HashSplitmix>(),
        Scheme::Sizes => all_headers::<Always>(),
        Scheme::SampleHeadersPoisson if truth => sample_headers::poisson_allocator::<Tags, true>(),
        Scheme::SampleHeadersPoisson => sample_headers::poisson_allocator::<Tags, false>(),
        Scheme::SampleHeadersPoissonMap if truth => {
            sample_headers::poisson_allocator::<Addresses, true>()
        }
        Scheme::SampleHeadersPoissonMap => sample_headers::poisson_allocator::<Addresses, false>(),
        Scheme::SampleHeadersHashMap => match (config().salt(), truth) {
            (None, true) => sample_headers::hash_map_allocator::<Hash, true>(),
            (None, false) => sample_headers::hash_map_allocator::<Hash, false>(),
            (Some(_), true) => sample_headers::hash_map_allocator::<Salted<Hash>, true>(),
            (Some(_), false) => sample_headers::hash_map_allocator::<Salted<Hash>, false>(),
        },
        Scheme::StatelessHashXor => stateless_hash::<Hash>(),
        Scheme::StatelessHashSplitmix => stateless_hash::<HashSplitmix>(),
        Scheme::StatelessHashMurmurish => stateless_hash::<HashMurmurish>(),
        Scheme::StatelessPoissonBernoulli if truth => stateless::bernoulli_allocator::<true>(),
        Scheme::StatelessPoissonBernoulli => stateless::bernoulli_allocator::<false>(),
        Scheme::Count if truth => count::ALLOCATOR,
        // Nothing is sampled and nothing else to be counted.
        Scheme::Count | Scheme::None => *NEXT.get(),
    }
}

fn salted_headers<D: Decision>() -> Allocator {
    match config().salt() {
        None => all_headers::<D>(),
        Some(_) => all_headers::<Salted<D>>(),
    }
}

fn all_headers<D: Decision>() -> Allocator {
    match config().truth {
        true => headers::allocator::<D, true>(),
        false => headers::allocator::<D, false>(),
    }
}

fn stateless_hash<H: AddressHash>() -> Allocator {
    match (config().salt(), config().truth) {
        (None, true) => stateless::hash_allocator::<H, true>(),
        (None, false) => stateless::hash_allocator::<H, false>(),
        (Some(_), true) => stateless::hash_allocator::<Salted<H>, true>(),
        (Some(_), false) => stateless::hash_allocator::<Salted<H>, false>(),
    }
}

/// The first process of a run takes the seed as given; others, and other images of its pid, mix in who they are. A parent's record is asked after first,
/// since /proc takes a tenth of a millisecond to list what a process has mapped.
fn first_seed(image: u32, pid: u32, parent_has_record: bool) -> u64 {
    let Some(seed) = config().seed else {
        return system::random_u64();
    };
    if image == 0 && !parent_has_record && !proc_file::parent_has_library() {
        return seed;
    }
    mix(seed, identity(image, pid))
}

fn identity(image: u32, pid: u32) -> u64 {
    u64::from(image) << 32 | u64::from(pid)
}

/// In a forked child: it starts from zero, with draws and files of its own. It keeps the secret, since it inherits blocks. Where no record is wanted and no seed
/// given nothing is asked of the kernel but memory: a sandbox may allow no more.
unsafe extern "C" fn in_child() {
    let before = system::errno();
    let parent = region::live();
    let is_wanted = output::is_wanted();
    let [mut pid, mut parent_pid] = [0; 2];
    if is_wanted || config().seed.is_some() {
        [pid, parent_pid] = [system::pid(), system::parent_pid()];
    }
    // SAFETY: a forked child has one thread.
    let created = unsafe { output::create(pid) };
    let image = created.as_ref().map_or(0, |created| created.image);
    if is_wanted && created.is_none() {
        // The parent's page is still in place: the loss is told there.
        parent.children_without_record.add_shared(1);
    }
    PROGRAM.copy_program(parent);
    let inherited_samples = slots::live_samples();
    let file = created.and_then(|created| created.live);
    // SAFETY: one thread; a live file has room for the region.
    unsafe {
        if !region::replace(file) && !region::replace(None) {
            // A sandbox that refuses both: what is mapped is the parent's, which is told that the child's calls are not counted.
            output::give_up_record();
            slots::give_up_in_child();
            secret::restore();
            system::set_errno(before);
            return;
        }
    }
    if let Some(file) = file {
        output::close(file);
    }
    region::live().copy_program(&PROGRAM);
    region::live().inherited_samples.set(inherited_samples);
    let seed = match config().seed {
        Some(seed) => mix(seed, identity(image, pid)),
        None => mix(self::seed(), mix(system::clock_u64(), pid.into())),
    };
    begin(image, pid, parent_pid, seed);
    pages::restart_in_child();
    keys::restart_in_child();
    table::restart_in_child();
    slots::restart_in_child(seed);
    // SAFETY: a forked child has one thread.
    unsafe { secret::restore() };
    system::set_errno(before);
}

/// For the rare paths: nothing may be counted into a parent's file.
pub fn adopt_child_if_wiped() {
    if secret::is_wiped() {
        adopt_child();
    }
}

/// In a child made without fork handlers (a raw system call, `_Fork`): its first call finds the secret wiped.
#[cold]
#[inline(never)]
pub fn adopt_child() {
    if IN_CHILD.swap(true, Relaxed) {
        // Called from within: whoever it was gets a block that is not counted.
        return;
    }
    // SAFETY: no handler of ours has run in this process yet, or the secret would be there; it has one thread.
    unsafe { in_child() }
    IN_CHILD.store(false, Relaxed);
}

unsafe extern "C" fn at_exit(_: *mut c_void) {
    end(Ending::Exit, "exit");
}

unsafe extern "C" fn at_quick_exit(_: *mut c_void) {
    end(Ending::QuickExit, "quick_exit");
}

/// Fills the record, without a call of the kernel: a sandbox may allow none but that which ends the process.
fn end(ending: Ending, name: &'static str) {
    if secret::is_wiped() || !secret::is_wiped_in_children() && system::pid() != PID.load(Relaxed) {
        // A child made without fork handlers shares its parent's files: they are not ours to end.
        return;
    }
    let Some(record) = output::take_record() else {
        return;
    };
    region::live().end(ending);
    let mut whole = Whole { record, name };
    // SAFETY: the argument is what the function takes; whoever took the record is alone.
    unsafe { stack::call(write_record, (&raw mut whole).cast()) };
}

/// A record to be written, and what it says of the end.
struct Whole {
    record: output::Record,
    name: &'static str,
}

/// # Safety
/// The argument is a [`Whole`] of the caller's.
unsafe extern "C" fn write_record(whole: *mut c_void) {
    // SAFETY: the caller's promise.
    let Whole { record, name } = unsafe { &mut *whole.cast::<Whole>() };
    let live = region::live();
    if let Some(identity) = live.identity() {
        floats::apart(|| {
            record.fill(|text| record::write(text, live, &identity, &slots::totals(), name));
        });
    }
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
