//! valgrind's tool callgrind: how it is called to count instructions, and what it says when a program ends.
//!
//! It counts the instructions outside the kernel, exactly: all of a program's, its start and its end included. Whoever wants those of a piece of work takes
//! the difference of two runs. Its closing line, on standard error or in the file that `--log-file` names, is
//! `==<pid>== Collected : <instructions> <more counts if caches are simulated>`, one for each process that ends; one that becomes another program by
//! `exec` has none. A forked process begins with what its parent had counted.
#![forbid(unsafe_code)]

use std::process::Command;

/// What is called; `tools/need valgrind` installs it.
pub const PROGRAM: &str = "valgrind";

/// Counts, and no file of functions and calls, which nobody reads here.
pub const ARGUMENTS: [&str; 2] = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];

/// What one process took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Outside the kernel.
    pub instructions: u64,
    /// Of the first level's data, simulated: 0 without `--cache-sim=yes`.
    pub misses_d1: u64,
    /// Of the last level's data, the same.
    pub misses_last: u64,
}

/// Its version, or one line that says that it is not there.
pub fn version() -> Result<String, String> {
    version_of(PROGRAM)
}

fn version_of(program: &str) -> Result<String, String> {
    match Command::new(program).arg("--version").output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
        }
        _ => Err(format!(
            "{program} is not in PATH; it counts the instructions"
        )),
    }
}

/// The counts of all processes that said theirs; one that says nothing, or counted nothing, is not among them.
pub fn counts(said: &str) -> Vec<Counts> {
    said.lines().filter_map(of_line).collect()
}

fn of_line(line: &str) -> Option<Counts> {
    let (_, numbers) = line.split_once("Collected : ")?;
    let numbers: Result<Vec<u64>, _> = numbers.split_whitespace().map(str::parse).collect();
    // Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw; zeros at the end are left out.
    let mut numbers = numbers.ok()?;
    numbers.resize(9, 0);
    (numbers[0] > 0).then_some(Counts {
        instructions: numbers[0],
        misses_d1: numbers[4] + numbers[5],
        misses_last: numbers[7] + numbers[8],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_that_ended_has_its_counts() {
        let said = "==7== Callgrind, a call-graph generating cache profiler\n==7== Events    : Ir\n==7== Collected : 12124935\n==7== \n==7== I   refs:      12,124,935\n==8== Collected : 99\n";
        let found: Vec<u64> = counts(said).iter().map(|one| one.instructions).collect();
        assert_eq!(found, [12_124_935, 99]);
    }

    #[test]
    fn misses_are_those_of_data_and_zeros_may_be_left_out() {
        let all = counts("==1== Collected : 100 30 20 9 5 4 3 2 1\n");
        let expected = Counts {
            instructions: 100,
            misses_d1: 9,
            misses_last: 3,
        };
        assert_eq!(all, [expected]);
        let some = counts("==1== Collected : 100 30 20 9 5\n")[0];
        assert_eq!((some.misses_d1, some.misses_last), (5, 0));
    }

    #[test]
    fn what_is_no_count_is_none() {
        for said in [
            "",
            "==1== Collected : \n",
            "==1== Collected : 0\n",
            "==1== Collected : many\n",
            "==1== Collected : 12 3x\n",
        ] {
            assert_eq!(counts(said), [], "{said}");
        }
    }

    #[test]
    fn a_missing_program_is_one_line() {
        assert_eq!(
            version_of("no-such-valgrind"),
            Err("no-such-valgrind is not in PATH; it counts the instructions".into())
        );
    }
}
