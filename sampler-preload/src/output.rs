//! The record file of this process: created and mapped when it starts, filled when it ends.
//!
//! Mapped, so that neither closed descriptors, a changed root or directory nor given-up rights keep us from writing at the end,
//! and no descriptor of ours is ever in the program's way. The first byte, a blank, is written last: while it is NUL the record is unfinished.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_int};
use core::fmt::{self, Write};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering, fence};

use crate::once::SetAtStart;
use crate::system;

/// Bytes of a record file; a record takes about 4 KiB and at most 25.
const RECORD_BYTES: usize = 32 * 1024;
/// Records of one pid (of programs that exec others) at most.
const IMAGES_MAX: u32 = 100_000;

/// The longest path, with the NUL that ends it.
const PATH_BYTES: usize = 4096;

struct PathBuffer(UnsafeCell<[u8; PATH_BYTES]>);
// SAFETY: written at start and in a forked child, while there is one thread.
unsafe impl Sync for PathBuffer {}

static PATH: PathBuffer = PathBuffer(UnsafeCell::new([0; PATH_BYTES]));
/// Bytes of the path before the pid; 0 if no record is wanted.
static PREFIX_BYTES: SetAtStart<usize> = SetAtStart::new(0);
static RECORD: AtomicPtr<u8> = AtomicPtr::new(null_mut());

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

/// Creates this process's record file and says how many records this pid had before. `None` if there is none to write or it cannot be created.
///
/// # Safety
/// The process has one thread.
pub unsafe fn create(pid: u32) -> Option<u32> {
    RECORD.store(null_mut(), Ordering::Relaxed);
    let prefix = *PREFIX_BYTES.get();
    if prefix == 0 {
        return None;
    }
    let before = system::errno();
    let created = (0..IMAGES_MAX).find_map(|image| {
        // SAFETY: one thread, by the caller's promise.
        let buffer = unsafe { &mut *PATH.0.get() };
        let mut name = Text::new(&mut buffer[prefix..]);
        let named = match image {
            0 => write!(name, ".{pid}\0"),
            _ => write!(name, ".{pid}.{image}\0"),
        };
        if named.is_err() {
            return Some(None);
        }
        // SAFETY: the buffer holds a path that ends with NUL.
        let file = unsafe { create_file(buffer) };
        match file {
            Err(libc::EEXIST) => None,
            Err(_) => Some(None),
            Ok(file) => Some(map_record(file).map(|()| image)),
        }
    });
    system::set_errno(before);
    created.flatten()
}

/// Fills the record with what `write` writes; a second call does nothing.
pub fn finish(write: impl FnOnce(&mut Text) -> fmt::Result) {
    let record = RECORD.swap(null_mut(), Ordering::AcqRel);
    if record.is_null() {
        return;
    }
    // SAFETY: RECORD_BYTES are mapped, and the swap gave them to us alone.
    let bytes = unsafe { core::slice::from_raw_parts_mut(record, RECORD_BYTES) };
    let (first, rest) = bytes.split_at_mut(1);
    let mut text = Text::new(rest);
    if write(&mut text).is_err() {
        return;
    }
    let used = text.used;
    rest[used..].fill(b' ');
    rest[RECORD_BYTES - 2] = b'\n';
    fence(Ordering::Release);
    // SAFETY: within the mapping; volatile so that it is written, and last.
    unsafe { first.as_mut_ptr().write_volatile(b' ') };
}

/// # Safety
/// `path` holds a NUL.
unsafe fn create_file(path: &[u8]) -> Result<c_int, c_int> {
    const FLAGS: c_int =
        libc::O_CREAT | libc::O_EXCL | libc::O_NOFOLLOW | libc::O_RDWR | libc::O_CLOEXEC;
    // SAFETY: a path that ends with NUL.
    let file = unsafe { libc::open(path.as_ptr().cast(), FLAGS, 0o600) };
    if file < 0 {
        Err(system::errno())
    } else {
        Ok(file)
    }
}

/// Gives the file its size, maps it and closes it.
fn map_record(file: c_int) -> Option<()> {
    // SAFETY: the descriptor is ours; getrlimit fills in our structure.
    unsafe {
        // Growing a file beyond the limit would end the process by SIGXFSZ.
        let mut limit = core::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_FSIZE, &mut limit);
        let fits = limit.rlim_cur >= RECORD_BYTES as u64;
        // Allocated, not only extended: a full disk must say so here and not by SIGBUS later.
        let sized = fits && libc::posix_fallocate(file, 0, RECORD_BYTES as i64) == 0;
        let memory = if sized {
            libc::mmap(
                null_mut(),
                RECORD_BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file,
                0,
            )
        } else {
            libc::MAP_FAILED
        };
        libc::close(file);
        if memory == libc::MAP_FAILED {
            return None;
        }
        RECORD.store(memory.cast(), Ordering::Release);
        Some(())
    }
}
