//! The two files of this process: the record, filled when it ends, and the live file, which it counts into.
//!
//! Both are created when the process starts and mapped, so that neither closed descriptors, a changed root or directory nor given-up
//! rights keep us from writing at the end, and no descriptor of ours is ever in the program's way. Whenever a process may end without a word, by
//! exec or a signal, the record is a whole one: one that counts nothing from the start, the last one from the end. In between its first byte, a blank
//! that is written last, is NUL.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_int};
use core::fmt::{self, Write};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering, fence};

use crate::once::SetAtStart;
use crate::region::REGION_BYTES;
use crate::system;

/// Bytes of a record file; a record takes about 8 KiB and at most 40.
const RECORD_BYTES: usize = 48 * 1024;
/// Records of one pid (of programs that exec others) at most.
const IMAGES_MAX: u32 = 100_000;

/// The longest path, with the NUL that ends it.
const PATH_BYTES: usize = 4096;

struct PathBuffer(UnsafeCell<[u8; PATH_BYTES]>);
// SAFETY: written at start and in a forked child, while there is one thread.
unsafe impl Sync for PathBuffer {}

/// Of the live file; the record's is the same without [`LIVE_SUFFIX`].
static PATH: PathBuffer = PathBuffer(UnsafeCell::new([0; PATH_BYTES]));
const LIVE_SUFFIX: &[u8] = b".live";
/// Bytes of the path before the pid; 0 if no record is wanted.
static PREFIX_BYTES: SetAtStart<usize> = SetAtStart::new(0);
static RECORD: AtomicPtr<u8> = AtomicPtr::new(null_mut());
/// Device and inode of the live file; 0 if there is none.
static LIVE_FILE: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Text in a fixed buffer; more than fits is an error.
pub struct Text<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl<'a> Text<'a> {
    /// Empty text in this buffer.
    pub fn new(bytes: &'a mut [u8]) -> Text<'a> {
        Text { bytes, used: 0 }
    }

    /// What was written so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// Makes what is left of the buffer one blank line.
    fn blank_rest(&mut self) {
        let rest = &mut self.bytes[self.used..];
        rest.fill(b' ');
        if let Some(last) = rest.last_mut() {
            *last = b'\n';
        }
    }

    /// Adds bytes that need not be UTF-8.
    pub fn push(&mut self, more: &[u8]) -> fmt::Result {
        let end = self.used + more.len();
        let room = self.bytes.get_mut(self.used..end).ok_or(fmt::Error)?;
        room.copy_from_slice(more);
        self.used = end;
        Ok(())
    }
}

impl Write for Text<'_> {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.push(more.as_bytes())
    }
}

/// Remembers where records go, as a path that a change of directory does not affect. False if it is too long.
///
/// # Safety
/// As [`SetAtStart::set`].
pub unsafe fn set_path(stats_file: &[u8]) -> bool {
    // SAFETY: one thread, by the caller's promise, and the slice ends with this function.
    let buffer = unsafe { &mut *PATH.0.get() };
    let mut text = Text::new(buffer);
    if stats_file.first() != Some(&b'/') {
        let mut directory = [0u8; PATH_BYTES];
        // SAFETY: the buffer is ours and of the stated length.
        if unsafe { libc::getcwd(directory.as_mut_ptr().cast(), directory.len()) }.is_null() {
            return false;
        }
        let Ok(directory) = CStr::from_bytes_until_nul(&directory) else {
            return false;
        };
        if text
            .push(directory.to_bytes())
            .and(text.push(b"/"))
            .is_err()
        {
            return false;
        }
    }
    if text.push(stats_file).is_err() {
        return false;
    }
    let prefix = text.used;
    // SAFETY: the caller's promise.
    unsafe { PREFIX_BYTES.set(prefix) };
    true
}

/// Whether processes leave records.
pub fn is_wanted() -> bool {
    *PREFIX_BYTES.get() != 0
}

/// Whether a process of this pid has left a record where ours will be. To be asked before [`create`], which uses the same buffer.
///
/// # Safety
/// The process has one thread.
pub unsafe fn has_record_of(pid: u32) -> bool {
    let prefix = *PREFIX_BYTES.get();
    if prefix == 0 {
        return false;
    }
    let before = system::errno();
    // SAFETY: one thread, by the caller's promise.
    let buffer = unsafe { &mut *PATH.0.get() };
    let named = name_record(buffer, prefix, pid, 0);
    // SAFETY: a path that ends with NUL.
    let found = named.is_some() && unsafe { libc::access(buffer.as_ptr().cast(), libc::F_OK) } == 0;
    system::set_errno(before);
    found
}

/// The files of a process that has just begun.
pub struct Created {
    /// Records that this pid had before.
    pub image: u32,
    /// The live file, with room for the region; to be closed by the caller.
    pub live: Option<c_int>,
}

/// Creates this process's files; `None` if none are wanted, the pid is not known or the record cannot be created. A record that could be created but not be given its size
/// stays behind, empty: it tells of the loss.
///
/// # Safety
/// The process has one thread.
pub unsafe fn create(pid: u32) -> Option<Created> {
    give_up_record();
    LIVE_FILE[1].store(0, Ordering::Relaxed);
    let prefix = *PREFIX_BYTES.get();
    if prefix == 0 || pid == 0 {
        return None;
    }
    let before = system::errno();
    // SAFETY: one thread, by the caller's promise.
    let buffer = unsafe { &mut *PATH.0.get() };
    let mut image = 0;
    let record = loop {
        name_record(buffer, prefix, pid, image)?;
        match open_new(buffer) {
            Err(libc::EEXIST) if image < IMAGES_MAX => image += 1,
            other => break other.ok(),
        }
    };
    let created = record.filter(|&file| map_record(file)).map(|_| Created {
        image,
        live: create_live(buffer),
    });
    system::set_errno(before);
    created
}

/// The live file, opened again to make room for `bytes` more from `offset` on; `None` if there is none, or no longer where it was.
pub fn reopen_live(offset: usize, bytes: usize) -> Option<c_int> {
    let identity = LIVE_FILE
        .each_ref()
        .map(|word| word.load(Ordering::Relaxed));
    if identity[1] == 0 {
        return None;
    }
    // SAFETY: written at start or in the child handler, before any other thread; ends with NUL.
    let path = unsafe { (*PATH.0.get()).as_ptr() };
    // SAFETY: as above.
    let file = unsafe {
        libc::open(
            path.cast(),
            libc::O_RDWR | libc::O_NOFOLLOW | libc::O_CLOEXEC,
        )
    };
    if file < 0 {
        return None;
    }
    if identity_of(file) == Some(identity) && allocate(file, offset, bytes) {
        return Some(file);
    }
    close(file);
    None
}

/// Creates a further file beside the record and maps it, zeroed and shared; `None` if that is not possible.
///
/// # Safety
/// The process has one thread, and its files were created.
pub unsafe fn create_beside(suffix: &[u8], bytes: usize) -> Option<*mut libc::c_void> {
    // SAFETY: the caller's promise.
    let path = unsafe { &*PATH.0.get() };
    let live = CStr::from_bytes_until_nul(path).ok()?.to_bytes();
    let record = live.strip_suffix(LIVE_SUFFIX)?;
    let mut buffer = [0u8; PATH_BYTES];
    let mut text = Text::new(&mut buffer);
    text.push(record).ok()?;
    text.push(suffix).ok()?;
    text.push(b"\0").ok()?;
    let file = open_new(&buffer).ok()?;
    let memory = map_whole(file, bytes);
    close(file);
    memory
}

/// Closes a descriptor of ours.
pub fn close(file: c_int) {
    // SAFETY: the descriptor is ours.
    unsafe { libc::close(file) };
}

/// Fills the record of a process that has only begun.
///
/// # Safety
/// The process has one thread.
pub unsafe fn begin(write: impl FnOnce(&mut Text) -> fmt::Result) {
    let record = RECORD.load(Ordering::Acquire);
    if record.is_null() {
        return;
    }
    // SAFETY: RECORD_BYTES are mapped, and there is no other thread, by the caller's promise.
    let bytes = unsafe { core::slice::from_raw_parts_mut(record, RECORD_BYTES) };
    // The rest is blank already: no more pages are touched than need be.
    fill(bytes, write);
}

/// The record, which has one writer.
pub struct Record(&'static mut [u8]);

/// The record of this process, for the first that asks.
pub fn take_record() -> Option<Record> {
    let record = RECORD.swap(null_mut(), Ordering::AcqRel);
    // SAFETY: RECORD_BYTES are mapped, are never unmapped, and the swap gave them to us alone.
    (!record.is_null())
        .then(|| Record(unsafe { core::slice::from_raw_parts_mut(record, RECORD_BYTES) }))
}

/// Leaves the record as it is.
pub fn give_up_record() {
    RECORD.store(null_mut(), Ordering::Relaxed);
}

impl Record {
    /// Fills it with what `write` writes.
    pub fn fill(&mut self, write: impl FnOnce(&mut Text) -> fmt::Result) {
        fill(self.0, |text| {
            write(text)?;
            text.blank_rest();
            Ok(())
        });
    }
}

/// Writes the first byte last.
fn fill(bytes: &mut [u8], write: impl FnOnce(&mut Text) -> fmt::Result) {
    let (first, rest) = bytes.split_at_mut(1);
    let first = first.as_mut_ptr();
    // SAFETY: within the mapping; volatile so that it is written, and first.
    unsafe { first.write_volatile(0) };
    fence(Ordering::Release);
    if write(&mut Text::new(rest)).is_err() {
        return;
    }
    fence(Ordering::Release);
    // SAFETY: as above, and last.
    unsafe { first.write_volatile(b' ') };
}

fn name_record(buffer: &mut [u8; PATH_BYTES], prefix: usize, pid: u32, image: u32) -> Option<()> {
    let mut name = Text::new(&mut buffer[prefix..]);
    match image {
        0 => write!(name, ".{pid}\0"),
        _ => write!(name, ".{pid}.{image}\0"),
    }
    .ok()
}

/// Creates the file of the path in the buffer, which ends with NUL; the error is errno.
fn open_new(path: &[u8]) -> Result<c_int, c_int> {
    const FLAGS: c_int =
        libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_RDWR | libc::O_CLOEXEC;
    let path = CStr::from_bytes_until_nul(path).map_err(|_| libc::ENAMETOOLONG)?;
    // SAFETY: a path that ends with NUL.
    let file = unsafe { libc::open(path.as_ptr(), FLAGS, 0o600) };
    if file < 0 {
        Err(system::errno())
    } else {
        Ok(file)
    }
}

/// Gives the record its size, maps it, makes it blank and closes it.
fn map_record(file: c_int) -> bool {
    let memory = map_whole(file, RECORD_BYTES).filter(|_| write_blanks(file));
    close(file);
    if let Some(memory) = memory {
        RECORD.store(memory.cast(), Ordering::Release);
    }
    memory.is_some()
}

/// Makes the record, but for its first byte, one blank line: through the descriptor, so that its pages do not count as this process's memory.
fn write_blanks(file: c_int) -> bool {
    const BLANKS: &[u8] = &[b' '; 1024];
    let mut left = RECORD_BYTES;
    while left > 0 {
        let piece = match left {
            RECORD_BYTES => b"\0",
            1 => b"\n",
            _ => &BLANKS[..BLANKS.len().min(left - 1)],
        };
        // SAFETY: the descriptor is ours, and the piece is of that length.
        let written = unsafe { libc::write(file, piece.as_ptr().cast(), piece.len()) };
        let Some(rest) = usize::try_from(written).ok().filter(|&n| n > 0) else {
            return false;
        };
        left -= rest;
    }
    true
}

/// Gives a new file its size and maps it.
fn map_whole(file: c_int, bytes: usize) -> Option<*mut libc::c_void> {
    if !allocate(file, 0, bytes) {
        return None;
    }
    // SAFETY: a new mapping changes nothing that exists.
    let memory = unsafe {
        libc::mmap(
            null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            0,
        )
    };
    (memory != libc::MAP_FAILED).then_some(memory)
}

/// Creates the live file beside the record whose path is in the buffer, and leaves its own path there.
fn create_live(buffer: &mut [u8; PATH_BYTES]) -> Option<c_int> {
    let end = buffer.iter().position(|&byte| byte == 0)?;
    let mut rest = Text::new(&mut buffer[end..]);
    rest.push(LIVE_SUFFIX).and(rest.push(b"\0")).ok()?;
    let file = open_new(buffer).ok()?;
    let identity = identity_of(file).filter(|_| allocate(file, 0, REGION_BYTES));
    let Some(identity) = identity else {
        close(file);
        return None;
    };
    for (word, value) in LIVE_FILE.iter().zip(identity) {
        word.store(value, Ordering::Relaxed);
    }
    Some(file)
}

/// Makes room in a file. A full disk must say so here: a page of the mapping for which there is none would end the process by SIGBUS.
fn allocate(file: c_int, offset: usize, bytes: usize) -> bool {
    // SAFETY: getrlimit fills in our structure; the descriptor is ours.
    unsafe {
        // Growing a file beyond the limit would end the process by SIGXFSZ.
        let mut limit = core::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit);
        limit.rlim_cur >= (offset + bytes) as u64
            && libc::posix_fallocate(file, offset as i64, bytes as i64) == 0
    }
}

fn identity_of(file: c_int) -> Option<[u64; 2]> {
    // SAFETY: fstat fills in our structure.
    unsafe {
        let mut status = core::mem::zeroed::<libc::stat>();
        (libc::fstat(file, &mut status) == 0).then_some([status.st_dev, status.st_ino])
    }
}
