//! Which object of the process (the program, a library) an address belongs to.
//!
//! `dladdr` would say so too, but it also looks for the nearest symbol, through all of them: 65,000 instructions a question over libc, ten
//! questions at the start of each process. Here the loaded segments are enough.

use core::ffi::{CStr, c_int, c_void};
use core::ptr;

/// An object that ld.so loaded. Those we ask for are never unloaded, since they serve `malloc`.
#[derive(Clone, Copy)]
pub struct Object {
    /// How many objects are before it in link order.
    pub place: usize,
    /// What is added to the addresses in its file.
    pub base: u64,
    /// Its path, as it was found; empty for the program itself.
    pub path: &'static CStr,
}

struct Search {
    address: u64,
    place: usize,
    found: Option<Object>,
}

/// The object that has this address in one of its segments. For the start only: it takes ld.so's lock.
pub fn containing(address: *const c_void) -> Option<Object> {
    let mut search = Search {
        address: address.addr() as u64,
        place: 0,
        found: None,
    };
    // SAFETY: the callback has the right type, and gets back our structure, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

unsafe extern "C" fn look(
    info: *mut libc::dl_phdr_info,
    _bytes: usize,
    search: *mut c_void,
) -> c_int {
    // SAFETY: ld.so gives a filled structure, and passes on what `containing` gave it, which nobody else uses meanwhile.
    let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
    // SAFETY: that many program headers lie there, as long as the object is loaded.
    let headers =
        unsafe { ptr::slice_from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()).as_ref() };
    let is_within = headers.is_some_and(|headers| {
        headers
            .iter()
            .filter(|header| header.p_type == libc::PT_LOAD)
            .any(|header| {
                let start = info.dlpi_addr.wrapping_add(header.p_vaddr);
                search.address.wrapping_sub(start) < header.p_memsz
            })
    });
    if !is_within {
        search.place += 1;
        return 0;
    }
    let path = if info.dlpi_name.is_null() {
        c""
    } else {
        // SAFETY: a string that lives as long as the object.
        unsafe { CStr::from_ptr(info.dlpi_name) }
    };
    search.found = Some(Object {
        place: search.place,
        base: info.dlpi_addr,
        path,
    });
    1
}
