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
    !file_name.is_empty() && contains(path, file_name)
}

/// Whether a file has `part` in it. `errno` is kept.
fn contains(path: &CStr, part: &[u8]) -> bool {
    let before = system::errno();
    // SAFETY: a path that ends with NUL.
    let file = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    let found = file >= 0 && is_in(file, part);
    if file >= 0 {
        // SAFETY: the descriptor is ours.
        unsafe { libc::close(file) };
    }
    system::set_errno(before);
    found
}

fn is_in(file: c_int, part: &[u8]) -> bool {
    let mut buffer = [0u8; 1024];
    let mut kept = 0;
    loop {
        let room = &mut buffer[kept..];
        // SAFETY: reads into our buffer, within its length.
        let got = unsafe { libc::read(file, room.as_mut_ptr().cast(), room.len()) };
        let filled = kept + got.max(0) as usize;
        if buffer[..filled]
            .windows(part.len())
            .any(|here| here == part)
        {
            return true;
        }
        if got <= 0 {
            return false;
        }
        // A match may lie across two reads.
        kept = filled.min(part.len() - 1);
        buffer.copy_within(filled - kept..filled, 0);
    }
}
