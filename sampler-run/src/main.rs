//! `sampler-run`: runs one command under one sampling scheme and writes one run file.
//!
//! What it promises: the command gets the library, and nothing else of it changes; the run file is whole or not there; a run that
//! cannot be believed leaves `FILE.failed` and a line that says why.
//!
//! Reading order: [`options`] what the user asked for, in [`arguments`] that need not be text; [`sanitizer`] whether it can run; [`child`] runs it, as
//! [`launch`] starts it; [`records`] gathers what its processes wrote; [`run_file`] puts it together, with the [`machine`] it ran on and, under one
//! scheme, the [`sizes`] it asked for.
#![forbid(unsafe_code)]

mod arguments;
mod child;
mod launch;
mod machine;
mod options;
mod records;
mod run_file;
mod sanitizer;
mod sizes;

use std::fmt::Display;
use std::io::{self, Write};
use std::process::exit;

use child::{Ended, Signals};
use options::Request;
use records::Records;
use run_file::RunFile;

/// Our own failures, as `env` and `timeout` have it; anything else is the command's status.
const STATUS_OWN_FAILURE: i32 = 125;

/// Why a run is not kept, and the status to exit with.
pub struct Failure {
    /// One line.
    pub line: String,
    /// Exit status.
    pub status: i32,
}

impl Failure {
    /// A failure of ours, not the command's.
    pub fn own(line: impl Display) -> Failure {
        Failure {
            line: line.to_string(),
            status: STATUS_OWN_FAILURE,
        }
    }
}

fn main() {
    match run() {
        Ok(status) => exit(status),
        Err(failure) => {
            // Not eprintln, which panics where nobody reads: the status is what counts then.
            let _ = writeln!(io::stderr(), "sampler-run: {}", failure.line);
            exit(failure.status)
        }
    }
}

fn run() -> Result<i32, Failure> {
    let request = Request::from_arguments()?;
    sanitizer::check(&request)?;
    // From here on a signal is the command's, and ends us only with it: nothing temporary stays behind.
    let signals = Signals::block()?;
    let output = RunFile::create(&request)?;
    let records_directory = records::create_directory()?;
    let ended = match child::run(&request, records_directory.path(), &signals) {
        Ok(ended) => ended,
        Err(failure) => {
            return Err(output.write_failed(&request, None, &Records::default(), failure));
        }
    };
    let records = Records::gather(records_directory.path(), ended.pid, &ended.in_a_word());
    let judged = judge(&request, &ended, &records)
        .and_then(|()| sizes::gather(records_directory.path(), request.scheme));
    match judged {
        Ok(sizes) => {
            output.write(&request, &ended, &records, sizes)?;
            Ok(ended.shell_status())
        }
        Err(failure) => Err(output.write_failed(&request, Some(&ended), &records, failure)),
    }
}

/// Whether the run can be believed.
fn judge(request: &Request, ended: &Ended, records: &Records) -> Result<(), Failure> {
    let command = request.command[0].display();
    if ended.timed_out {
        return Err(Failure {
            line: format!("{command} was stopped after {} s", request.timeout_s),
            status: 124,
        });
    }
    let status = ended.shell_status();
    if status != 0 && !request.ok_statuses.contains(&status) {
        return Err(Failure {
            line: format!("{command} {}", ended.describe()),
            status,
        });
    }
    if let Some(line) = &ended.ground_truth_problem {
        return Err(Failure::own(line));
    }
    if let Some(line) = &records.problem {
        return Err(Failure::own(line));
    }
    if request.scheme.is_none() {
        return Ok(());
    }
    if request.driver && records.found.is_empty() {
        return Err(Failure::own(format!(
            "{command} started no program under the library: with --driver it must give the value of SAMPLER_PRELOAD as LD_PRELOAD to what is measured"
        )));
    }
    if !request.driver && !records.command_was_loaded {
        return Err(Failure::own(format!(
            "the library did not load in {command}: it is static, setuid, of another architecture, or clears LD_PRELOAD; a program linked dynamically against glibc is needed"
        )));
    }
    if !request.driver && !records.command_has_record {
        return Err(Failure::own(format!(
            "{command} left no record: there was no room for it, or it executed a program that the library cannot enter (static, setuid, of another architecture)"
        )));
    }
    if records.bypassed > 0 && !records.saw_calls {
        return Err(Failure::own(format!(
            "{command} brings a malloc of its own, which it reaches before the library's: none of its allocations came by here"
        )));
    }
    Ok(())
}
