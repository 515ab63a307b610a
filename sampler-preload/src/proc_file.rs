//! What /proc tells, read without allocating.

use core::ffi::{CStr, c_int};
use core::fmt::Write;

use crate::output::Text;
use crate::{next, system};

/// Whether the parent process has this library mapped, as far as /proc tells.
pub fn parent_has_library() -> bool {
    let mut path = [0u8; 32];
    let mut text = Text::new(&mut path);
    if write!(text, "/proc/{}/maps\0", system::parent_pid()).is_err() {
        return false;
    }
    let Ok(path) = CStr::from_bytes_until_nul(&path) else {
        return false;
    };
    // Under whatever name it was preloaded.
    let own_path = next::own_path();
    let file_name = own_path
        .rsplit(|&byte| byte == b'/')
        .next()
        .unwrap_or(own_path);
    !file_name.is_empty() && find(path, file_name).is_some()
}

/// The largest resident set of this program image.
pub fn peak_rss_bytes() -> Option<u64> {
    let after = find(c"/proc/self/status", b"VmHWM:")?;
    let digits = after
        .trim_ascii_start()
        .split(|byte| *byte == b' ')
        .next()?;
    let kib: u64 = core::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(kib * 1024)
}

/// Bytes after a match that are kept.
const AFTER: usize = 32;

/// The bytes that follow `part` in a file. `errno` is kept.
fn find(path: &CStr, part: &[u8]) -> Option<[u8; AFTER]> {
    let before = system::errno();
    // SAFETY: a path that ends with NUL.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    let found = if file < 0 { None } else { find_in(file, part) };
    if file >= 0 {
        // SAFETY: the descriptor is ours.
        unsafe { libc::close(file) };
    }
    system::set_errno(before);
    found
}

fn find_in(file: c_int, part: &[u8]) -> Option<[u8; AFTER]> {
    let mut buffer = [0u8; 1024];
    let wanted = part.len() + AFTER;
    let mut kept = 0;
    loop {
        let room = &mut buffer[kept..];
        // SAFETY: reads into our buffer, within its length.
        let got = unsafe { libc::read(file, room.as_mut_ptr().cast(), room.len()) };
        let is_end = got <= 0;
        let filled = kept + got.max(0) as usize;
        let bytes = &buffer[..filled];
        let at = bytes.windows(part.len()).position(|here| here == part);
        if let Some(at) = at.filter(|at| is_end || at + wanted <= filled) {
            let rest = &bytes[at + part.len()..];
            let count = rest.len().min(AFTER);
            let mut after = [b' '; AFTER];
            after[..count].copy_from_slice(&rest[..count]);
            return Some(after);
        }
        if is_end {
            return None;
        }
        // A match, and what follows it, may lie across two reads.
        kept = filled.min(wanted - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}
