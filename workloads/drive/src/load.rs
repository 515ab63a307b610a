//! Load generators, and other programs that run to their end beside what is measured.

use std::env;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use crate::family::Member;

/// The path of a program of ours.
pub fn beside(name: &str) -> Result<String, String> {
    let own = env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let path = own.with_file_name(name);
    match path.is_file() {
        true => Ok(path.to_string_lossy().into_owned()),
        false => Err(format!(
            "{} is not there; cargo build --release makes it",
            path.display()
        )),
    }
}

/// Runs it to its end, which must be a good one, and gives what it printed.
pub fn output(command: &mut Command, name: &str) -> Result<Vec<u8>, String> {
    let (status, printed, said) = run(command, name)?;
    if status.success() {
        return Ok(printed);
    }
    let last = said.trim().lines().last().unwrap_or_default().to_string();
    Err(format!("{name} ended with {status}: {last}"))
}

/// Runs it to any end, and gives what it printed: some say their version with a status that is not 0.
pub fn output_of_any_end(command: &mut Command, name: &str) -> Result<String, String> {
    let (_, printed, said) = run(command, name)?;
    Ok(String::from_utf8_lossy(&printed).into_owned() + &said)
}

fn run(command: &mut Command, name: &str) -> Result<(ExitStatus, Vec<u8>, String), String> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut member = Member::start(command)?;
    let errors = member.take_stderr().map(|mut pipe| {
        thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    let mut printed = Vec::new();
    if let Some(mut pipe) = member.take_stdout() {
        pipe.read_to_end(&mut printed)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    let said = errors.and_then(|thread| thread.join().ok());
    Ok((member.wait()?, printed, said.unwrap_or_default()))
}

/// Processor time of all children whose end was taken note of.
pub fn children_cpu_ns() -> Result<u64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| format!("cannot read the time of programs: {error}"))?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as u64 * 1000)
}

/// Largest resident set among them.
pub fn children_peak_rss_bytes() -> Result<u64, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_err(|error| format!("cannot read the memory of programs: {error}"))?;
    Ok(usage.max_rss() as u64 * 1024)
}
