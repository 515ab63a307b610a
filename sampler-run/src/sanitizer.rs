//! Programs that AddressSanitizer is built into: its runtime ends a program in which another library stands before it, unless it is told not to look.
//!
//! Asked of the file that the command names, before it is started, since such a run only fails. What the command itself starts is not looked at.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use object::elf::{DT_NEEDED, FileHeader64, SHT_DYNSYM};
use object::read::elf::{FileHeader, Sym};
use object::{Endianness, ReadCache};

use crate::Failure;
use crate::options::Request;

const OPTIONS: &str = "ASAN_OPTIONS";
/// By which a program brings options of its own, which only it knows.
const OWN_OPTIONS: &[u8] = b"__asan_default_options";
/// Names of the runtime's library as GCC and Clang have it.
const RUNTIMES: [&[u8]; 2] = [b"libasan.so", b"libclang_rt.asan"];
/// As many interpreters as the kernel follows.
const INTERPRETERS_MAX: usize = 5;

/// Refuses a command that would end at once, with what lets it run.
pub fn check(request: &Request) -> Result<(), Failure> {
    let options = env::var_os(OPTIONS).unwrap_or_default();
    // A driver runs without the library.
    if request.scheme.is_none() || request.driver || is_let_run(options.as_bytes()) {
        return Ok(());
    }
    let command = &request.command[0];
    let Some(runtime) = find(command).and_then(|program| runtime_of(program, INTERPRETERS_MAX))
    else {
        return Ok(());
    };
    let mut needed = options;
    if !needed.is_empty() {
        needed.push(":");
    }
    needed.push("verify_asan_link_order=0");
    Err(Failure::own(format!(
        "{} is built with AddressSanitizer, whose {runtime} ends a program in which another library comes before it; {OPTIONS}={} in the environment lets it run",
        command.display(),
        needed.display()
    )))
}

/// The file that is started: the name itself if it has a slash, else the first of that name on the search path.
fn find(command: &OsStr) -> Option<PathBuf> {
    /// Where the C library looks without the variable.
    const DEFAULT: &str = "/bin:/usr/bin";
    if command.as_bytes().contains(&b'/') {
        return Some(command.into());
    }
    let path = env::var_os("PATH").unwrap_or_else(|| DEFAULT.into());
    env::split_paths(&path)
        .map(|directory| directory.join(command))
        .find(|file| file.is_file() && access(file, AccessFlags::X_OK).is_ok())
}

/// The runtime that a program, or the interpreter of a script, looks for a place before all others for. None too if the file is none of either.
fn runtime_of(program: PathBuf, interpreters_max: usize) -> Option<String> {
    // Neither a pipe nor a device is a program, and one may never end.
    let mut file = program.is_file().then(|| File::open(&program).ok())??;
    let mut first = [0; 2];
    file.read_exact(&mut first).ok()?;
    if &first == b"#!" {
        let interpreter = interpreter(file)?;
        return runtime_of(interpreter, interpreters_max.checked_sub(1)?);
    }
    file.rewind().ok()?;
    needed_runtime(&ReadCache::new(file))
}

/// The file that the rest of a script's first line names.
fn interpreter(script: File) -> Option<PathBuf> {
    /// The kernel reads no more.
    const LINE_BYTES: u64 = 256;
    let mut line = Vec::new();
    let mut rest = BufReader::new(script).take(LINE_BYTES);
    rest.read_until(b'\n', &mut line).ok()?;
    let name = line
        .split(|byte| b" \t\n".contains(byte))
        .find(|word| !word.is_empty())?;
    Some(OsString::from_vec(name.to_vec()).into())
}

/// Of a program that may say itself how it wants to be run nothing is known.
fn needed_runtime(data: &ReadCache<File>) -> Option<String> {
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, data).ok()?;
    let dynamic = sections.dynamic_table(endian, data).ok()?;
    let needed = dynamic.iter().filter(|entry| entry.tag == DT_NEEDED);
    let runtime = needed
        .filter_map(|entry| dynamic.string(entry).ok())
        .find(|name| is_runtime(name))?;
    let symbols = sections.symbols(endian, data, SHT_DYNSYM).ok()?;
    let has_options = symbols.iter().any(|symbol| {
        !symbol.is_undefined(endian) && symbol.name(endian, symbols.strings()) == Ok(OWN_OPTIONS)
    });
    (!has_options).then(|| String::from_utf8_lossy(runtime).into_owned())
}

fn is_runtime(library: &[u8]) -> bool {
    let name = Path::new(OsStr::from_bytes(library)).file_name();
    name.is_some_and(|name| {
        RUNTIMES
            .iter()
            .any(|runtime| name.as_bytes().starts_with(runtime))
    })
}

/// Whether the runtime's options let it run; the last of a name holds. Options in a file of their own are not read.
fn is_let_run(options: &[u8]) -> bool {
    let mut let_run = false;
    for option in options.split(|byte| b" ,:\n\t\r".contains(byte)) {
        let mut parts = option.splitn(2, |&byte| byte == b'=');
        let name = parts.next().unwrap_or_default();
        let value = parts.next().unwrap_or_default();
        let value = value.trim_ascii_start().trim_ascii_end();
        let_run = match name {
            b"verify_asan_link_order" => [&b"0"[..], b"no", b"false"].contains(&unquoted(value)),
            b"include" | b"include_if_exists" => true,
            _ => let_run,
        };
    }
    let_run
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_the_runtime_reads_them() {
        for options in [
            "verify_asan_link_order=0",
            "detect_leaks=0:verify_asan_link_order=false:halt_on_error=1",
            "verify_asan_link_order=1 verify_asan_link_order='no'",
            "include=/etc/options",
        ] {
            assert!(is_let_run(options.as_bytes()), "{options}");
        }
        for options in [
            "",
            "detect_leaks=0",
            "verify_asan_link_order=1",
            "verify_asan_link_order",
            "verify_asan_link_order=0,verify_asan_link_order=true",
            "log_path=verify_asan_link_order=0",
        ] {
            assert!(!is_let_run(options.as_bytes()), "{options}");
        }
    }

    #[test]
    fn the_runtime_is_known_by_its_name_in_any_directory() {
        for name in [
            "libasan.so.8",
            "/opt/lib/libasan.so.6",
            "libclang_rt.asan-x86_64.so",
            "libclang_rt.asan.so",
        ] {
            assert!(is_runtime(name.as_bytes()), "{name}");
        }
        for name in [
            "libc.so.6",
            "liblsan.so.0",
            "libtsan.so.2",
            "/libasan.so/libx.so",
        ] {
            assert!(!is_runtime(name.as_bytes()), "{name}");
        }
    }
}
